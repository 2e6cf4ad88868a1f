#include "schema/resolve.h"

const enum_rows *source_enum(const source_catalog *sc, const md_table *md)
{
	return md->is_enum ? map_get(&sc->enums, md->key) : NULL;
}

const md_table *column_enum(resolving *r, const cat_table *cat, const cat_column *c, const enum_rows **rows)
{
	for (size_t i = 0; i < cat->nfks; i++) {
		const cat_fk *fk = &cat->fks[i];
		if (fk->ncols != 1 || fk->cols[0] != c->attnum) continue;
		const md_table *md;
		const cat_table *ref;
		if (!resolve_target(r, fk->ref, &md, &ref)) continue;
		*rows = source_enum(r->sc, md);
		if (*rows && !(*rows)->error.p) return md;
	}
	*rows = NULL;
	return NULL;
}

static const char *other_field(const md_table *md, str name)
{
	if (md_table_relationship(md, name)) return "relationship";
	for (size_t i = 0; i < md->ncomputed; i++)
		if (str_eq(md->computed[i].name, name)) return "computed field";
	return NULL;
}

bool no_such_column(const md_table *md, str name, str why, str path, error *err)
{
	const char *other = other_field(md, name);
	if (!other) return error_set(err, ERR_NOT_EXISTS, path, "column \"%.*s\" does not exist", STR_ARG(name));
	return error_set(err, ERR_UNEXPECTED_PAYLOAD, path, "expecting a database column; but, \"%.*s\" is a %s; %.*s",
		STR_ARG(name), other, STR_ARG(why));
}

static const md_column_config *column_config(const md_table *md, str column)
{
	for (size_t i = 0; i < md->ncolumns; i++)
		if (str_eq(md->columns[i].column, column)) return &md->columns[i];
	return NULL;
}

static str column_comment(const cat_column *c, const md_column_config *cfg)
{
	if (cfg && cfg->comment.p) return cfg->comment.n ? cfg->comment : STR_NULL;
	return c->comment;
}

static void fill_type(resolving *r, snap_column *out, const cat_column *c)
{
	const cat_type *base = catalog_base_type(r->sc->cat, c->type);
	out->type = base ? base->oid : c->type;
	bool no_lists = r->opt->disable_postgres_arrays;
	out->scalar = str_copy(r->a, cat_graphql_type(r->a, r->sc->cat, c->type, no_lists, &out->list));
	out->cast = cat_sql_type(r->a, r->sc->cat, c->type);
	const enum_rows *rows;
	const md_table *e = column_enum(r, r->cat, c, &rows);
	if (!e) return;
	out->enum_table = e->name;
	out->enum_type = str_cat(r->a, 2, base_name(r->a, e->custom_name, e->name), STR("_enum"));
	out->scalar = out->enum_type;
}

void resolve_columns(resolving *r)
{
	snap_table *t = r->t;
	bool view = r->cat->kind == 'v' || r->cat->kind == 'm';
	t->cols = NEW_ARRAY(r->a, snap_column, r->cat->ncols);
	for (size_t i = 0; i < r->cat->ncols; i++) {
		const cat_column *c = &r->cat->cols[i];
		const md_column_config *cfg = column_config(r->md, c->name);
		str name = cfg && cfg->custom_name.p ? cfg->custom_name : c->name;
		/* A column GraphQL cannot name is not in the schema; it still counts in permissions and relationships. */
		if (!str_is_name(name)) continue;
		snap_column *out = &t->cols[t->ncols];
		out->cat = c;
		out->gql_name = name;
		out->nullable = view || !c->not_null;
		out->comment = column_comment(c, cfg);
		fill_type(r, out, c);
		if (str_is_name(out->scalar)) t->ncols++;
		else *out = (snap_column){0};
	}
}
