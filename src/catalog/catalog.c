#include "catalog/catalog.h"

#include "catalog/types.h"
#include <stdlib.h>

/* Longer than any pair of PostgreSQL names (NAMEDATALEN is 64; forks go to 256). */
enum { KEY_MAX = 1024 };

str qname_display(arena *a, qname q)
{
	if (str_eq(q.schema, STR("public"))) return str_copy(a, q.name);
	return str_cat(a, 3, q.schema, STR("."), q.name);
}

str catalog_key(arena *a, qname name)
{
	return str_cat(a, 3, name.schema, str_make("", 1), name.name);
}

/* The key in a buffer of KEY_MAX bytes; empty when it does not fit, and then nothing has that name. */
static str key_in(char *buf, qname name)
{
	if (name.schema.n >= KEY_MAX / 2 || name.name.n >= KEY_MAX / 2) return STR_NULL;
	if (name.schema.n) memcpy(buf, name.schema.p, name.schema.n);
	buf[name.schema.n] = '\0';
	if (name.name.n) memcpy(buf + name.schema.n + 1, name.name.p, name.name.n);
	return str_make(buf, name.schema.n + 1 + name.name.n);
}

/* ---- references ---- */

cat_table *cat_table_ref(cat_table *t)
{
	atomic_fetch_add_explicit(&t->refs, 1, memory_order_relaxed);
	return t;
}

void cat_table_unref(cat_table *t)
{
	if (t && atomic_fetch_sub_explicit(&t->refs, 1, memory_order_acq_rel) == 1) arena_free(t->a);
}

cat_function *cat_function_ref(cat_function *f)
{
	atomic_fetch_add_explicit(&f->refs, 1, memory_order_relaxed);
	return f;
}

void cat_function_unref(cat_function *f)
{
	if (f && atomic_fetch_sub_explicit(&f->refs, 1, memory_order_acq_rel) == 1) arena_free(f->a);
}

catalog *catalog_ref(catalog *c)
{
	atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
	return c;
}

void catalog_unref(catalog *c)
{
	if (!c || atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel) != 1) return;
	for (size_t i = 0; i < c->tables.n; i++)
		cat_table_unref(c->tables.items[i].value);
	for (size_t i = 0; i < c->functions.n; i++) {
		fn_list *fns = c->functions.items[i].value;
		for (size_t k = 0; k < fns->n; k++)
			cat_function_unref(fns->v[k]);
	}
	cat_types_unref(c->types);
	arena_free(c->a);
}

/* ---- look-ups ---- */

const cat_table *catalog_table(const catalog *c, qname name)
{
	char buf[KEY_MAX];
	str key = key_in(buf, name);
	return key.n ? map_get(&c->tables, key) : NULL;
}

const fn_list *catalog_functions(const catalog *c, qname name)
{
	char buf[KEY_MAX];
	str key = key_in(buf, name);
	return key.n ? map_get(&c->functions, key) : NULL;
}

const cat_table *catalog_table_by_oid(const catalog *c, pg_oid oid)
{
	size_t lo = 0, hi = c->tables.n;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (c->by_oid[mid]->oid < oid) lo = mid + 1;
		else hi = mid;
	}
	return lo < c->tables.n && c->by_oid[lo]->oid == oid ? c->by_oid[lo] : NULL;
}

/* First foreign key whose referenced table is >= oid. */
static size_t fk_ref_from(const catalog *c, pg_oid oid)
{
	size_t lo = 0, hi = c->nfk_refs;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (c->fk_refs[mid].fk->ref_oid < oid) lo = mid + 1;
		else hi = mid;
	}
	return lo;
}

const cat_fk_ref *catalog_fks_to(const catalog *c, pg_oid table, size_t *n)
{
	size_t from = fk_ref_from(c, table);
	size_t to = from;
	while (to < c->nfk_refs && c->fk_refs[to].fk->ref_oid == table)
		to++;
	*n = to - from;
	return *n ? c->fk_refs + from : NULL;
}

const cat_type *catalog_type(const catalog *c, pg_oid oid)
{
	return cat_types_get(c->types, oid);
}

const cat_type *catalog_type_named(const catalog *c, qname name)
{
	return cat_types_named(c->types, name);
}

const cat_type *catalog_base_type(const catalog *c, pg_oid oid)
{
	const cat_type *t = cat_types_get(c->types, oid);
	return t && t->base ? cat_types_get(c->types, t->base) : t;
}

/* ---- tables ---- */

const cat_column *cat_table_column(const cat_table *t, str name)
{
	for (size_t i = 0; i < t->ncols; i++)
		if (str_eq(t->cols[i].name, name)) return &t->cols[i];
	return NULL;
}

const cat_column *cat_table_column_num(const cat_table *t, int16_t attnum)
{
	size_t lo = 0, hi = t->ncols;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (t->cols[mid].attnum < attnum) lo = mid + 1;
		else hi = mid;
	}
	return lo < t->ncols && t->cols[lo].attnum == attnum ? &t->cols[lo] : NULL;
}

const cat_key *cat_table_pk(const cat_table *t)
{
	return t->nkeys && t->keys[0].primary ? &t->keys[0] : NULL;
}

static bool key_within(const cat_key *k, const int16_t *attnums, size_t n)
{
	for (size_t i = 0; i < k->ncols; i++) {
		size_t j = 0;
		while (j < n && attnums[j] != k->cols[i])
			j++;
		if (j == n) return false;
	}
	return k->ncols > 0;
}

bool cat_table_unique_on(const cat_table *t, const int16_t *attnums, size_t n)
{
	if (t->has_children) return false;
	for (size_t i = 0; i < t->nkeys; i++)
		if (t->keys[i].provable && key_within(&t->keys[i], attnums, n)) return true;
	return false;
}
