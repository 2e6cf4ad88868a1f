/*
 * roots: the root fields of all sources by name. Thousands of tables have tens of thousands of them, so a snapshot that
 * follows another copies its maps and changes what changed.
 */
#include "schema/build_in.h"

/* What snapshot.roots points at. */
typedef struct root_store {
	snap_root *v;
	size_t n;
	size_t cap;
	bool conflicts; /* a name was asked for twice: nothing to copy from */
} root_store;

/* ---- adding ---- */

/* Hasura v2: MetadataObjId as its errors print it. */
static str owner_of(building *b, const snap_root *r)
{
	bool table = r->kind == SNAP_ROOT_TABLE;
	str name = qname_display(b->a, table ? r->table->name : r->fn->md->name);
	return str_printf(
		b->a, "%s %.*s in source %.*s", table ? "table" : "function", STR_ARG(name), STR_ARG(r->source->name));
}

static void table_conflict(building *b, const snap_root *r)
{
	str table = qname_display(b->a, r->table->name);
	str name = str_printf(b->a, "%.*s in source %.*s", STR_ARG(table), STR_ARG(r->source->name));
	str why =
		str_printf(b->a, "the root field \"%.*s\" of table \"%.*s\" is already taken by another tracked object",
			STR_ARG(r->name), STR_ARG(table));
	snap_inconsistency i = issue_make(b->a, "table", name, md_qname_json(b->a, r->table->name), why);
	i.source = r->source->name;
	i.object = r->table->name;
	vec_push(b->a, &b->issues, i);
}

/* `taken` has the name that r asks for. What queries have subscriptions have too, and they are made first. */
static void conflict(building *b, const map *roots, const snap_root *r, const snap_root *taken)
{
	((root_store *)b->s->roots)->conflicts = true;
	if (r->kind == SNAP_ROOT_TABLE) table_conflict(b, r);
	else
		build_function_issue(
			b, r->source, r->fn->md, STR("its root field name is already taken by another tracked object"));
	snap_inconsistency *i = &b->issues.v[b->issues.n - 1];
	i->clash_type = roots == &b->s->mutation_roots ? STR("mutation_root") : STR("subscription_root");
	i->clash_field = r->name;
	i->clash_between[0] = owner_of(b, r);
	i->clash_between[1] = owner_of(b, taken);
}

static map *roots_of(snapshot *s, md_root_field f)
{
	return f == ROOT_SELECT_STREAM ? &s->subscription_roots
		: f < ROOT_INSERT      ? &s->query_roots
				       : &s->mutation_roots;
}

static void add_root(building *b, map *roots, snap_root root)
{
	root_store *st = b->s->roots;
	snap_root *r = &st->v[st->n];
	if (!map_add(b->a, roots, root.name, r)) {
		conflict(b, roots, &root, map_get(roots, root.name));
		return;
	}
	*r = root;
	st->n++;
	if (roots != &b->s->query_roots) return;
	/* A stream of that name gives way: the field is in query_root too. */
	const snap_root *stream = map_get(&b->s->subscription_roots, root.name);
	if (stream) conflict(b, &b->s->subscription_roots, stream, r);
	map_put(b->a, &b->s->subscription_roots, root.name, r);
}

static void add_table_roots(building *b, const snap_source *src, const snap_table *t)
{
	if (build_clashes(b, t)) return;
	for (size_t f = 0; f < ROOT_FIELD_COUNT; f++) {
		if (!t->roots[f].name.p) continue;
		add_root(b, roots_of(b->s, (md_root_field)f),
			(snap_root){.kind = SNAP_ROOT_TABLE,
				.name = t->roots[f].name,
				.source = src,
				.table = t,
				.field = (md_root_field)f});
	}
}

static void add_function_roots(building *b, const snap_source *src, const snap_function *fn)
{
	map *roots = fn->mutation ? &b->s->mutation_roots : &b->s->query_roots;
	add_root(b, roots, (snap_root){.kind = SNAP_ROOT_FUNCTION, .name = fn->gql_name, .source = src, .fn = fn});
	if (fn->mutation || !fn->aggregate_name.p) return;
	add_root(b, roots,
		(snap_root){.kind = SNAP_ROOT_FUNCTION_AGG, .name = fn->aggregate_name, .source = src, .fn = fn});
}

static root_store *store_new(building *b, size_t more)
{
	size_t n = more;
	for (size_t i = 0; i < b->s->sources.n; i++) {
		const snap_source *src = b->s->sources.items[i].value;
		n += src->tables.n * ROOT_FIELD_COUNT + src->functions.n * 2;
	}
	root_store *st = NEW(b->a, root_store);
	st->cap = n;
	st->v = NEW_ARRAY(b->a, snap_root, n);
	return st;
}

static void add_all(building *b)
{
	size_t tables = 0;
	for (size_t i = 0; i < b->s->sources.n; i++)
		tables += ((const snap_source *)b->s->sources.items[i].value)->tables.n;
	map_reserve(b->a, &b->s->query_roots, tables * 3);
	map_reserve(b->a, &b->s->subscription_roots, tables * 4);
	map_reserve(b->a, &b->s->mutation_roots, tables * 7);
	for (size_t i = 0; i < b->s->sources.n; i++) {
		const snap_source *src = b->s->sources.items[i].value;
		for (size_t t = 0; t < src->tables.n; t++)
			add_table_roots(b, src, src->tables.items[t].value);
		for (size_t f = 0; f < src->functions.n; f++)
			add_function_roots(b, src, src->functions.items[f].value);
	}
}

/* ---- following the snapshot before ---- */

static bool same_name(str x, str y)
{
	return (x.p != NULL) == (y.p != NULL) && str_eq(x, y);
}

static bool same_table_names(const snap_table *x, const snap_table *y)
{
	if (x == y) return true;
	for (size_t f = 0; f < ROOT_FIELD_COUNT; f++)
		if (!same_name(x->roots[f].name, y->roots[f].name)) return false;
	return true;
}

static bool same_function_names(const snap_function *x, const snap_function *y)
{
	return x->mutation == y->mutation && same_name(x->gql_name, y->gql_name) &&
		same_name(x->aggregate_name, y->aggregate_name);
}

/* Everything that was there still is, under the same names. */
static bool source_follows(const snap_source *old, const snap_source *src)
{
	if (!src || old->tables.n > src->tables.n || old->functions.n > src->functions.n) return false;
	for (size_t i = 0; i < old->tables.n; i++) {
		const snap_table *t = map_get(&src->tables, old->tables.items[i].key);
		if (!t || !same_table_names(old->tables.items[i].value, t)) return false;
	}
	for (size_t i = 0; i < old->functions.n; i++) {
		const snap_function *f = map_get(&src->functions, old->functions.items[i].key);
		if (!f || !same_function_names(old->functions.items[i].value, f)) return false;
	}
	return true;
}

static bool can_follow(const building *b)
{
	const snapshot *old = b->previous;
	if (b->clashing.n || !old || build_had_conflicts(old)) return false;
	if (old->sources.n != b->s->sources.n) return false;
	for (size_t i = 0; i < old->sources.n; i++)
		if (!source_follows(old->sources.items[i].value, snapshot_source(b->s, old->sources.items[i].key)))
			return false;
	return true;
}

static void copy_map(building *b, map *to, const map *from, const snap_root *old, snap_root *fresh)
{
	map_copy(b->a, to, from);
	for (size_t i = 0; i < to->n; i++) {
		snap_root *r = &fresh[(const snap_root *)to->items[i].value - old];
		to->items[i] = (map_item){.key = r->name, .value = r};
	}
}

/* The copied roots of one source, pointed at what is there now. */
static void redirect_source(building *b, const snap_source *old, const snap_source *src)
{
	root_store *st = b->s->roots;
	for (size_t i = 0; i < st->n; i++)
		if (st->v[i].source == old) st->v[i].source = src;
	for (size_t i = 0; i < old->tables.n; i++) {
		const snap_table *t = map_get(&src->tables, old->tables.items[i].key);
		if (t == old->tables.items[i].value) continue;
		for (size_t f = 0; f < ROOT_FIELD_COUNT; f++) {
			if (!t->roots[f].name.p) continue;
			snap_root *r = map_get(roots_of(b->s, (md_root_field)f), t->roots[f].name);
			r->table = t;
			r->name = t->roots[f].name;
		}
	}
}

static void redirect_functions(building *b, const snap_source *src, const snap_function *fn)
{
	map *roots = fn->mutation ? &b->s->mutation_roots : &b->s->query_roots;
	str names[2] = {fn->gql_name, fn->mutation ? STR_NULL : fn->aggregate_name};
	(void)src;
	for (size_t i = 0; i < 2; i++) {
		snap_root *r = names[i].p ? map_get(roots, names[i]) : NULL;
		if (!r) continue;
		r->fn = fn;
		r->name = names[i];
	}
}

static void add_new(building *b, const snap_source *old, const snap_source *src)
{
	for (size_t i = 0; i < src->functions.n; i++) {
		const snap_function *fn = src->functions.items[i].value;
		if (map_has(&old->functions, src->functions.items[i].key)) redirect_functions(b, src, fn);
		else add_function_roots(b, src, fn);
	}
	if (src->tables.n == old->tables.n) return;
	for (size_t i = 0; i < src->tables.n; i++)
		if (!map_has(&old->tables, src->tables.items[i].key))
			add_table_roots(b, src, src->tables.items[i].value);
}

/* Keys of a map point into the tables and functions of the snapshot they were made for. */
static void renew_keys(map *m)
{
	for (size_t i = 0; i < m->n; i++)
		m->items[i].key = ((const snap_root *)m->items[i].value)->name;
}

static void follow(building *b)
{
	const snapshot *old = b->previous;
	const root_store *was = old->roots;
	root_store *st = b->s->roots;
	memcpy(st->v, was->v, was->n * sizeof *st->v);
	st->n = was->n;
	copy_map(b, &b->s->query_roots, &old->query_roots, was->v, st->v);
	copy_map(b, &b->s->subscription_roots, &old->subscription_roots, was->v, st->v);
	copy_map(b, &b->s->mutation_roots, &old->mutation_roots, was->v, st->v);
	for (size_t i = 0; i < old->sources.n; i++) {
		const snap_source *from = old->sources.items[i].value, *src = snapshot_source(b->s, from->name);
		redirect_source(b, from, src);
		add_new(b, from, src);
	}
	renew_keys(&b->s->query_roots);
	renew_keys(&b->s->subscription_roots);
	renew_keys(&b->s->mutation_roots);
}

bool build_had_conflicts(const snapshot *s)
{
	return !s->roots || ((const root_store *)s->roots)->conflicts;
}

void build_roots(building *b)
{
	b->s->roots = store_new(b, 0);
	if (can_follow(b)) follow(b);
	else add_all(b);
	if (b->clashing.n) ((root_store *)b->s->roots)->conflicts = true;
}
