#include "catalog/types.h"

#include <stdlib.h>

/* PostgreSQL allows domains over domains without end; a loop cannot exist, but a torn read could look like one. */
enum { DOMAIN_DEPTH_MAX = 64 };

cat_types *cat_types_ref(cat_types *t)
{
	atomic_fetch_add_explicit(&t->refs, 1, memory_order_relaxed);
	return t;
}

void cat_types_unref(cat_types *t)
{
	if (t && atomic_fetch_sub_explicit(&t->refs, 1, memory_order_acq_rel) == 1) arena_free(t->a);
}

static cat_type *types_find(cat_type *v, size_t n, pg_oid oid)
{
	size_t lo = 0, hi = n;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (v[mid].oid < oid) lo = mid + 1;
		else hi = mid;
	}
	return lo < n && v[lo].oid == oid ? &v[lo] : NULL;
}

const cat_type *cat_types_get(const cat_types *t, pg_oid oid)
{
	return t ? types_find(t->v, t->n, oid) : NULL;
}

/* ---- by name ---- */

static int schema_rank(str schema)
{
	return str_eq(schema, STR("pg_catalog")) ? 0 : 1;
}

static int type_name_cmp(const cat_type *x, const cat_type *y)
{
	int c = str_cmp(x->name.name, y->name.name);
	if (!c) c = schema_rank(x->name.schema) - schema_rank(y->name.schema);
	return c ? c : str_cmp(x->name.schema, y->name.schema);
}

static int by_name_cmp(const void *x, const void *y, void *types)
{
	const cat_type *v = types;
	return type_name_cmp(&v[*(const uint32_t *)x], &v[*(const uint32_t *)y]);
}

const cat_type *cat_types_named(const cat_types *t, qname name)
{
	if (!t) return NULL;
	size_t lo = 0, hi = t->n;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (str_cmp(t->v[t->by_name[mid]].name.name, name.name) < 0) lo = mid + 1;
		else hi = mid;
	}
	for (; lo < t->n; lo++) {
		const cat_type *found = &t->v[t->by_name[lo]];
		if (!str_eq(found->name.name, name.name)) return NULL;
		if (!name.schema.p || str_eq(found->name.schema, name.schema)) return found;
	}
	return NULL;
}

/* ---- making ---- */

static int oid_cmp(const void *x, const void *y)
{
	pg_oid a = ((const cat_type *)x)->oid, b = ((const cat_type *)y)->oid;
	return a < b ? -1 : a > b;
}

static void resolve_domain(cat_types *t, cat_type *type)
{
	for (int i = 0; i < DOMAIN_DEPTH_MAX; i++) {
		const cat_type *base = types_find(t->v, t->n, type->base);
		if (!base) return;
		type->json_cast = type->json_cast || base->json_cast;
		if (!base->base) return;
		type->base = base->base;
	}
}

static uint64_t type_hash(const cat_type *t, uint64_t h)
{
	const uint64_t facts[] = {
		t->oid,
		t->base,
		t->elem,
		t->array,
		t->relid,
		(uint64_t)(unsigned char)t->kind | (uint64_t)(unsigned char)t->category << 8 |
			(uint64_t)(unsigned char)t->delim << 16 | (uint64_t)t->json_cast << 24 |
			(uint64_t)t->can_send << 25,
	};
	h = str_hash(str_make((const char *)facts, sizeof(facts)), h);
	h = str_hash(t->name.schema, str_hash(t->name.name, h));
	for (size_t i = 0; i < t->nlabels; i++)
		h = str_hash(t->labels[i], h);
	return h;
}

/* Schemas repeat, so each is kept once. */
static str schema_once(arena *a, map *schemas, str schema)
{
	const str *kept = map_get(schemas, schema);
	if (kept) return *kept;
	str *copy = NEW(a, str);
	*copy = str_copy(a, schema);
	map_put(a, schemas, *copy, copy);
	return *copy;
}

/* Copies the texts of v[] into the table's own arena. */
static void types_own(cat_types *t)
{
	map schemas = {0};
	size_t bytes = 0;
	for (size_t i = 0; i < t->n; i++)
		bytes = size_add(bytes, t->v[i].name.name.n);
	char *names = arena_alloc_raw(t->a, bytes);
	for (size_t i = 0; i < t->n; i++) {
		cat_type *x = &t->v[i];
		memcpy(names, x->name.name.p, x->name.name.n);
		x->name.name.p = names;
		names += x->name.name.n;
		x->name.schema = schema_once(t->a, &schemas, x->name.schema);
		if (!x->nlabels) continue;
		str *labels = NEW_ARRAY(t->a, str, x->nlabels);
		for (size_t k = 0; k < x->nlabels; k++)
			labels[k] = str_copy(t->a, x->labels[k]);
		x->labels = labels;
	}
}

cat_types *cat_types_make(const cat_type *src, size_t n, cat_types *previous, bool keep)
{
	arena *a = arena_new(0);
	cat_types *t = NEW(a, cat_types);
	t->a = a;
	atomic_init(&t->refs, 1);
	size_t old = previous && keep ? previous->n : 0;
	t->v = NEW_ARRAY(a, cat_type, size_add(n, old));
	if (n) memcpy(t->v, src, size_mul(n, sizeof(*src)));
	qsort(t->v, n, sizeof(*t->v), oid_cmp);
	t->n = n;
	for (size_t i = 0; i < old; i++)
		if (!types_find(t->v, n, previous->v[i].oid)) t->v[t->n++] = previous->v[i];
	if (t->n > n) qsort(t->v, t->n, sizeof(*t->v), oid_cmp);
	for (size_t i = 0; i < t->n; i++)
		if (t->v[i].base) resolve_domain(t, &t->v[i]);
	for (size_t i = 0; i < t->n; i++)
		t->fingerprint = type_hash(&t->v[i], t->fingerprint);
	if (previous && previous->n == t->n && previous->fingerprint == t->fingerprint) {
		arena_free(a);
		return cat_types_ref(previous);
	}
	types_own(t);
	t->by_name = NEW_ARRAY(a, uint32_t, t->n);
	for (size_t i = 0; i < t->n; i++)
		t->by_name[i] = (uint32_t)i;
	qsort_r(t->by_name, t->n, sizeof(*t->by_name), by_name_cmp, t->v);
	return t;
}
