#include "schema/snapshot.h"

snapshot *snapshot_ref(snapshot *s)
{
	atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
	return s;
}

static void table_unref(snap_table *t)
{
	if (atomic_fetch_sub_explicit(&t->refs, 1, memory_order_acq_rel) != 1) return;
	md_table_unref((md_table *)t->md);
	cat_table_unref((cat_table *)t->cat);
	for (size_t i = 0; i < t->ncomputed; i++)
		if (t->computed[i].fn) cat_function_unref((cat_function *)t->computed[i].fn);
	arena_free(t->a);
}

static void source_release(snap_source *src)
{
	for (size_t i = 0; i < src->tables.n; i++)
		table_unref(src->tables.items[i].value);
	if (src->cat) catalog_unref(src->cat);
}

void snapshot_unref(snapshot *s)
{
	if (!s || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1) return;
	for (size_t i = 0; i < s->sources.n; i++)
		source_release(s->sources.items[i].value);
	metadata_unref((metadata *)s->md);
	arena_free(s->a);
}

const snap_source *snapshot_source(const snapshot *s, str name)
{
	return map_get(&s->sources, name);
}

const snap_table *snap_source_table(const snap_source *s, qname name)
{
	/* The form of catalog_key, on the stack: plans look tables up often. PostgreSQL's names have at most 63 bytes. */
	char key[256];
	if (!name.schema.n || !name.name.n || name.schema.n + name.name.n >= sizeof key) return NULL;
	memcpy(key, name.schema.p, name.schema.n);
	key[name.schema.n] = '\0';
	memcpy(key + name.schema.n + 1, name.name.p, name.name.n);
	return map_get(&s->tables, str_make(key, name.schema.n + 1 + name.name.n));
}

const snap_field *snap_table_field(const snap_table *t, str gql_name)
{
	return map_get(&t->fields, gql_name);
}

const snap_column *snap_table_column(const snap_table *t, str pg_name)
{
	for (size_t i = 0; i < t->ncols; i++)
		if (str_eq(t->cols[i].cat->name, pg_name)) return &t->cols[i];
	return NULL;
}
