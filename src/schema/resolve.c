#include "schema/resolve.h"

static const table_dep *find_dep(const table_deps *d, str key)
{
	for (size_t i = 0; i < d->tables.n; i++)
		if (str_eq(d->tables.v[i].key, key)) return &d->tables.v[i];
	return NULL;
}

static str field_name(const md_table *md, str column)
{
	for (size_t i = 0; i < md->ncolumns; i++)
		if (str_eq(md->columns[i].column, column))
			return md->columns[i].custom_name.p ? md->columns[i].custom_name : column;
	return column;
}

/* Columns that would have the same name in GraphQL. Hasura v2: assertNoDuplicateFieldNames. */
static str same_names(arena *a, const md_table *md, const cat_table *cat)
{
	map seen = {0};
	for (size_t i = 0; md->ncolumns && i < cat->ncols; i++) {
		str name = field_name(md, cat->cols[i].name);
		const cat_column *other = map_get(&seen, name);
		if (other)
			return str_printf(a,
				"the definitions of columns \"%.*s\" and \"%.*s\" are in conflict: they are mapped to the same "
				"field name, \"%.*s\"",
				STR_ARG(other->name), STR_ARG(cat->cols[i].name), STR_ARG(name));
		map_put(a, &seen, name, &cat->cols[i]);
	}
	return STR_NULL;
}

/* What the table's configuration says of columns. */
static str bad_columns(arena *a, const md_table *md, const cat_table *cat)
{
	for (size_t i = 0; i < md->ncolumns; i++) {
		str name = md->columns[i].column;
		if (!cat_table_column(cat, name))
			return str_printf(a,
				"configuration was given for the column \"%.*s\", but no such column exists",
				STR_ARG(name));
	}
	return same_names(a, md, cat);
}

/* Will the table be in the snapshot? */
static bool is_usable(const source_catalog *sc, const md_table *md, const cat_table *cat)
{
	if (!md || !cat) return false;
	const enum_rows *rows = source_enum(sc, md);
	if (md->is_enum && (!rows || rows->error.p)) return false;
	if (!md->ncolumns) return true;
	arena *a = arena_new(0);
	bool good = !bad_columns(a, md, cat).p;
	arena_free(a);
	return good;
}

/* Changes with the values of an enum table. */
static uint64_t enum_mark(const source_catalog *sc, const md_table *md)
{
	const enum_rows *rows = md ? source_enum(sc, md) : NULL;
	uint64_t mark = 0;
	for (size_t i = 0; rows && i < rows->n; i++)
		mark = str_hash(rows->values[i], mark + 1);
	return mark;
}

bool resolve_target(resolving *r, qname name, const md_table **md, const cat_table **cat)
{
	str key = catalog_key(r->a, name);
	const table_dep *known = find_dep(r->deps, key);
	table_dep dep = known
		? *known
		: (table_dep){
			  .key = key, .md = map_get(&r->source->tables, key), .cat = map_get(&r->sc->cat->tables, key)};
	dep.usable = is_usable(r->sc, dep.md, dep.cat);
	dep.enum_mark = enum_mark(r->sc, dep.md);
	if (!known) vec_push(r->a, &r->deps->tables, dep);
	*md = dep.md;
	*cat = dep.cat;
	return dep.usable;
}

static bool same_options(const schema_options *x, const schema_options *y)
{
	return memcmp(x, y, sizeof *x) == 0;
}

static const cat_function *only_function(const catalog *c, qname name)
{
	const fn_list *list = catalog_functions(c, name);
	return list && list->n == 1 ? list->v[0] : NULL;
}

static bool same_enum(const snap_table *t, const source_catalog *sc, const md_table *md)
{
	if (!md->is_enum) return !t->is_enum;
	const enum_rows *rows = source_enum(sc, md);
	if (!rows || rows->error.p || rows->n != t->nenum) return false;
	for (size_t i = 0; i < rows->n; i++)
		if (!str_eq(rows->values[i], t->enum_values[i]) || !str_eq(rows->comments[i], t->enum_comments[i]))
			return false;
	return true;
}

bool resolve_still_fits(const snap_table *t, const md_source *source, const source_catalog *sc, const md_table *md,
	const schema_options *opt)
{
	const table_deps *d = t->deps;
	if (t->md != md || t->cat != map_get(&sc->cat->tables, md->key) || d->types != sc->cat->types) return false;
	if (!str_eq(d->source, source->name) || !same_options(&d->options, opt) || !same_enum(t, sc, md)) return false;
	for (size_t i = 0; i < d->tables.n; i++) {
		const table_dep *x = &d->tables.v[i];
		if (map_get(&source->tables, x->key) != x->md || map_get(&sc->cat->tables, x->key) != x->cat)
			return false;
		if (is_usable(sc, x->md, x->cat) != x->usable) return false;
		if (enum_mark(sc, x->md) != x->enum_mark) return false;
	}
	for (size_t i = 0; i < d->functions.n; i++)
		if (only_function(sc->cat, d->functions.v[i].name) != d->functions.v[i].fn) return false;
	return true;
}

static void copy_enum(resolving *r)
{
	const enum_rows *rows = source_enum(r->sc, r->md);
	if (!rows) return;
	snap_table *t = r->t;
	t->is_enum = true;
	t->nenum = rows->n;
	t->enum_values = NEW_ARRAY(r->a, str, rows->n);
	t->enum_comments = NEW_ARRAY(r->a, str, rows->n);
	for (size_t i = 0; i < rows->n; i++) {
		t->enum_values[i] = str_copy(r->a, rows->values[i]);
		if (rows->comments[i].p) t->enum_comments[i] = str_copy(r->a, rows->comments[i]);
	}
}

/* Why the table cannot be in the schema at all; p NULL: it can. */
static str refusal(arena *a, const source_catalog *sc, const md_table *md, const cat_table *cat)
{
	str name = qname_display(a, md->name);
	if (!cat) return str_printf(a, "no such table/view exists in source: \"%.*s\"", STR_ARG(name));
	const enum_rows *rows = source_enum(sc, md);
	if (md->is_enum && !rows)
		return str_printf(a, "the table \"%.*s\" cannot be used as an enum because its rows could not be read",
			STR_ARG(name));
	if (rows && rows->error.p) return rows->error;
	return bad_columns(a, md, cat);
}

static snap_table *table_new(const md_table *md, const cat_table *cat)
{
	arena *a = arena_new(2048);
	snap_table *t = NEW(a, snap_table);
	atomic_init(&t->refs, 1);
	t->a = a;
	t->md = md_table_ref((md_table *)md);
	t->cat = cat_table_ref((cat_table *)cat);
	t->name = md->name;
	return t;
}

snap_table *resolve_table(const md_source *source, const source_catalog *sc, const md_table *md,
	const schema_options *opt, arena *scratch, snap_inconsistency *issue)
{
	const cat_table *cat = map_get(&sc->cat->tables, md->key);
	str why = refusal(scratch, sc, md, cat);
	if (why.p) {
		str table = qname_display(scratch, md->name);
		str name = str_printf(scratch, "%.*s in source %.*s", STR_ARG(table), STR_ARG(source->name));
		*issue = issue_make(scratch, "table", name, md_qname_json(scratch, md->name), why);
		issue->source = source->name;
		issue->object = md->name;
		return NULL;
	}
	snap_table *t = table_new(md, cat);
	table_deps *deps = NEW(t->a, table_deps);
	deps->source = str_copy(t->a, source->name);
	deps->types = sc->cat->types;
	deps->options = *opt;
	t->deps = deps;
	resolving r = {.a = t->a, .source = source, .sc = sc, .opt = opt, .md = md, .cat = cat, .t = t, .deps = deps};
	copy_enum(&r);
	resolve_names(&r);
	resolve_columns(&r);
	resolve_relationships(&r);
	resolve_computed(&r);
	resolve_fields(&r);
	resolve_permissions(&r);
	return t;
}
