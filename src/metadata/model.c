#include "metadata/model_impl.h"

#include <stdlib.h>

/* ---- references ---- */

static bool last_ref(atomic_int *refs)
{
	return atomic_fetch_sub_explicit(refs, 1, memory_order_acq_rel) == 1;
}

static void one_more(atomic_int *refs)
{
	atomic_fetch_add_explicit(refs, 1, memory_order_relaxed);
}

md_part *md_part_new(arena *a, json *value)
{
	md_part *p = NEW(a, md_part);
	atomic_init(&p->refs, 1);
	p->a = a;
	p->value = value;
	return p;
}

md_part *md_part_ref(md_part *p)
{
	one_more(&p->refs);
	return p;
}

void md_part_unref(md_part *p)
{
	if (p && last_ref(&p->refs)) arena_free(p->a);
}

md_table *md_table_ref(md_table *t)
{
	one_more(&t->refs);
	return t;
}

void md_table_unref(md_table *t)
{
	if (t && last_ref(&t->refs)) arena_free(t->a);
}

md_function *md_function_ref(md_function *f)
{
	one_more(&f->refs);
	return f;
}

void md_function_unref(md_function *f)
{
	if (f && last_ref(&f->refs)) arena_free(f->a);
}

md_source *md_source_ref(md_source *s)
{
	one_more(&s->refs);
	return s;
}

void md_source_unref(md_source *s)
{
	if (!s || !last_ref(&s->refs)) return;
	for (size_t i = 0; i < s->tables.n; i++)
		md_table_unref(s->tables.items[i].value);
	for (size_t i = 0; i < s->functions.n; i++)
		md_function_unref(s->functions.items[i].value);
	md_part_unref(s->own);
	arena_free(s->a);
}

metadata *metadata_ref(metadata *m)
{
	one_more(&m->refs);
	return m;
}

void metadata_unref(metadata *m)
{
	if (!m || !last_ref(&m->refs)) return;
	for (size_t i = 0; i < m->sources.n; i++)
		md_source_unref(m->sources.items[i].value);
	for (size_t i = 0; i < m->parts.n; i++)
		md_part_unref(m->parts.items[i].value);
	arena_free(m->a);
}

/* ---- lookup ---- */

const md_source *metadata_source(const metadata *m, str name)
{
	return map_get(&m->sources, name);
}

/* Value under the key of name, without an arena for usual lengths. */
static void *get_by_qname(const map *m, qname name)
{
	char small[256];
	size_t n = size_add(size_add(name.schema.n, name.name.n), 1);
	char *key = n <= sizeof(small) ? small : mem_alloc(n);
	if (name.schema.n) memcpy(key, name.schema.p, name.schema.n);
	key[name.schema.n] = 0; /* the form of catalog_key */
	if (name.name.n) memcpy(key + name.schema.n + 1, name.name.p, name.name.n);
	void *value = map_get(m, str_make(key, n));
	if (key != small) mem_free(key);
	return value;
}

const md_table *md_source_table(const md_source *s, qname name)
{
	return get_by_qname(&s->tables, name);
}

const md_function *md_source_function(const md_source *s, qname name)
{
	return get_by_qname(&s->functions, name);
}

const md_relationship *md_table_relationship(const md_table *t, str name)
{
	for (size_t i = 0; i < t->nrels; i++)
		if (str_eq(t->rels[i].name, name)) return &t->rels[i];
	return NULL;
}

bool metadata_introspects(const metadata *m, str role)
{
	const md_part *part = map_get(&m->parts, STR("graphql_schema_introspection"));
	JSON_EACH (r, part ? json_getz(part->value, "disabled_for_roles") : NULL)
		if (json_is(r, JSON_STRING) && str_eq(r->text, role)) return false;
	return true;
}

const md_permission *md_table_permission(const md_table *t, md_perm_kind kind, str role)
{
	size_t lo = 0, hi = t->nperms[kind];
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int d = str_cmp(t->perms[kind][mid].role, role);
		if (!d) return &t->perms[kind][mid];
		if (d < 0) lo = mid + 1;
		else hi = mid;
	}
	return NULL;
}

/* ---- making ---- */

bool md_kind_is_pg(str kind)
{
	static const char *const kinds[] = {"postgres", "alloy", "citus", "cockroach"};
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (str_eqz(kind, kinds[i])) return true;
	return false;
}

md_source *md_source_around(md_part *own)
{
	arena *a = arena_new(1024);
	md_source *s = NEW(a, md_source);
	atomic_init(&s->refs, 1);
	s->a = a;
	s->own = own;
	s->raw = own->value;
	s->name = json_str_or(s->raw, "name", STR(""));
	s->kind = json_str_or(s->raw, "kind", STR("postgres"));
	s->configuration = json_getz(s->raw, "configuration");
	JSON_EACH (m, s->raw) {
		bool served = str_eqz(m->key, "name") || str_eqz(m->key, "kind") || str_eqz(m->key, "configuration");
		if (!served) map_put(a, &s->unserved, m->key, m);
	}
	return s;
}

bool md_source_safe_streams(const md_source *s)
{
	return json_bool_or(json_getz(s->configuration, "weir"), "safe_streams", false);
}

void md_source_add_table(md_source *s, md_table *t)
{
	if (t->unserved.n) s->nunserved_tables++;
	map_add(s->a, &s->tables, t->key, t);
}

void md_source_add_function(md_source *s, md_function *f)
{
	map_add(s->a, &s->functions, f->key, f);
}

metadata *md_root_new(void)
{
	arena *a = arena_new(1024);
	metadata *m = NEW(a, metadata);
	atomic_init(&m->refs, 1);
	m->a = a;
	return m;
}

metadata *metadata_empty(void)
{
	metadata *m = md_root_new();
	md_root_finish(m);
	return m;
}

void md_root_put_source(metadata *m, md_source *s)
{
	map_add(m->a, &m->sources, s->name, s);
}

void md_root_put_part(metadata *m, str key, md_part *p)
{
	md_part *old = map_get(&m->parts, key);
	if (old) map_put(m->a, &m->parts, key, p);
	else map_put(m->a, &m->parts, str_copy(m->a, key), p);
	md_part_unref(old);
}

static void view_inherited_roles(metadata *m, const json *list)
{
	m->inherited_roles = NEW_ARRAY(m->a, md_inherited_role, list->count);
	JSON_EACH (entry, list) {
		md_inherited_role *r = &m->inherited_roles[m->ninherited_roles++];
		const json *set = json_getz(entry, "role_set");
		r->name = json_str_or(entry, "role_name", STR(""));
		r->parents = NEW_ARRAY(m->a, str, set->count);
		JSON_EACH (role, set)
			r->parents[r->nparents++] = role->text;
	}
}

void md_root_finish(metadata *m)
{
	for (size_t i = 0; i < m->parts.n; i++) {
		const md_part *p = m->parts.items[i].value;
		if (str_eqz(m->parts.items[i].key, "inherited_roles")) view_inherited_roles(m, p->value);
		else map_put(m->a, &m->unserved, m->parts.items[i].key, p->value);
	}
}

/* ---- order ---- */

static int by_table_key(const void *x, const void *y)
{
	return str_cmp((*(const md_table *const *)x)->key, (*(const md_table *const *)y)->key);
}

static int by_function_key(const void *x, const void *y)
{
	return str_cmp((*(const md_function *const *)x)->key, (*(const md_function *const *)y)->key);
}

/* Hasura v2: SourceName is ordered with `default` before every other name. */
static int by_source_name(const void *x, const void *y)
{
	str a = (*(const md_source *const *)x)->name, b = (*(const md_source *const *)y)->name;
	bool da = str_eqz(a, "default"), db = str_eqz(b, "default");
	return da != db ? (da ? -1 : 1) : str_cmp(a, b);
}

static void *sorted_values(arena *a, const map *m, int (*cmp)(const void *, const void *))
{
	void **v = NEW_ARRAY(a, void *, m->n);
	for (size_t i = 0; i < m->n; i++)
		v[i] = m->items[i].value;
	if (m->n > 1) qsort(v, m->n, sizeof(*v), cmp);
	return v;
}

const md_table **md_source_tables_sorted(arena *a, const md_source *s)
{
	return sorted_values(a, &s->tables, by_table_key);
}

const md_function **md_source_functions_sorted(arena *a, const md_source *s)
{
	return sorted_values(a, &s->functions, by_function_key);
}

const md_source **metadata_sources_sorted(arena *a, const metadata *m)
{
	return sorted_values(a, &m->sources, by_source_name);
}
