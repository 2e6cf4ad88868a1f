/* ops_info: what there is: tables and functions of a source, kinds of sources. Nothing is changed. */
#include "admin/args.h"
#include "admin/perm_explain.h"
#include "catalog/type_info.h"

/* The source's catalog as the database has it now. */
static bool fresh_catalog(
	candidate *c, const json *args, const char *what, str *source, const catalog **out, error *err)
{
	const snap_source *s;
	if (!arg_object(c, args, what, err) || !arg_nonempty(c, args, "source", source, err)) return false;
	if (!find_source(c, *source, &s, err)) return false;
	db_link *l = link_of(c->adm, s->md);
	if (!link_refresh(l, NULL, 0, err)) return false;
	*out = l->cat;
	return true;
}

static json *tables_json(candidate *c, const catalog *cat)
{
	json *list = json_new_array(c->a);
	for (size_t i = 0; i < cat->tables.n; i++) {
		const cat_table *t = cat->tables.items[i].value;
		if (!t->from_extension) json_push(list, md_qname_json(c->a, t->name));
	}
	return list;
}

static bool get_source_tables(candidate *c, const json *args, buf *out, error *err)
{
	str source;
	const catalog *cat;
	return fresh_catalog(c, args, "GetSourceTables", &source, &cat, err) && reply_json(out, tables_json(c, cat));
}

static bool get_source_trackables(candidate *c, const json *args, buf *out, error *err)
{
	str source;
	const catalog *cat;
	if (!fresh_catalog(c, args, "GetSourceFunctions", &source, &cat, err)) return false;
	json *o = json_new_object(c->a), *functions = json_new_array(c->a);
	for (size_t i = 0; i < cat->functions.n; i++) {
		const fn_list *l = cat->functions.items[i].value;
		/* What can be tracked: one of that name, returning rows of a table. */
		if (l->n == 1 && !l->v[0]->from_extension && l->v[0]->returns_rel)
			json_push(functions, md_qname_json(c->a, l->v[0]->name));
	}
	json_setz(o, "functions", functions);
	json_setz(o, "tables", tables_json(c, cat));
	return reply_json(out, o);
}

static json *column_json(candidate *c, const catalog *cat, const cat_table *t, const cat_column *col)
{
	json *o = json_new_object(c->a);
	const cat_type *type = catalog_type(cat, col->type);
	json_setz(o, "name", json_new_str(c->a, col->name));
	json_setz(o, "type", json_new_str(c->a, type ? type->name.name : STR("unknown")));
	json_setz(o, "nullable", json_new_bool(c->a, !col->not_null));
	json_setz(o, "insertable", json_new_bool(c->a, t->insertable && !col->generated && col->identity != 'a'));
	json_setz(o, "updatable",
		json_new_bool(c->a, t->updatable && col->updatable && !col->generated && col->identity != 'a'));
	if (col->comment.p) json_setz(o, "description", json_new_str(c->a, col->comment));
	return o;
}

static json *names_json(candidate *c, const cat_table *t, const int16_t *nums, size_t n)
{
	json *list = json_new_array(c->a);
	for (size_t i = 0; i < n; i++) {
		const cat_column *col = cat_table_column_num(t, nums[i]);
		if (col) json_push(list, json_new_str(c->a, col->name));
	}
	return list;
}

static json *fks_json(candidate *c, const cat_table *t)
{
	json *all = json_new_object(c->a);
	for (size_t i = 0; i < t->nfks; i++) {
		const cat_fk *fk = &t->fks[i];
		json *o = json_new_object(c->a), *pairs = json_new_object(c->a);
		for (size_t k = 0; k < fk->ncols; k++)
			json_set(
				pairs, cat_table_column_num(t, fk->cols[k])->name, json_new_str(c->a, fk->ref_cols[k]));
		json_setz(o, "foreign_table", md_qname_json(c->a, fk->ref));
		json_setz(o, "column_mapping", pairs);
		json_set(all, fk->name, o);
	}
	return all;
}

static bool get_table_info(candidate *c, const json *args, buf *out, error *err)
{
	str source;
	qname table;
	const catalog *cat;
	if (!arg_object(c, args, "GetTableInfo_", err) || !arg_qname(c, args, "table", &table, err)) return false;
	if (!fresh_catalog(c, args, "GetTableInfo_", &source, &cat, err)) return false;
	const cat_table *t = catalog_table(cat, table);
	if (!t) {
		buf_puts(out, "null");
		return true;
	}
	json *o = json_new_object(c->a), *columns = json_new_array(c->a);
	for (size_t i = 0; i < t->ncols; i++)
		json_push(columns, column_json(c, cat, t, &t->cols[i]));
	const cat_key *pk = cat_table_pk(t);
	json_setz(o, "name", md_qname_json(c->a, t->name));
	json_setz(o, "columns", columns);
	if (pk) json_setz(o, "primary_key", names_json(c, t, pk->cols, pk->ncols));
	json_setz(o, "foreign_keys", fks_json(c, t));
	if (t->comment.p) json_setz(o, "description", json_new_str(c->a, t->comment));
	json_setz(o, "insertable", json_new_bool(c->a, t->insertable));
	json_setz(o, "updatable", json_new_bool(c->a, t->updatable));
	json_setz(o, "deletable", json_new_bool(c->a, t->deletable));
	return reply_json(out, o);
}

/* Only what can be used: Hasura's console offers what is listed here. */
static bool list_source_kinds(candidate *c, const json *args, buf *out, error *err)
{
	static const char *const KINDS[] = {"pg", "alloy"};
	if (!arg_object(c, args, "ListSourceKinds", err)) return false;
	json *o = json_new_object(c->a), *list = json_new_array(c->a);
	for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++) {
		json *k = json_new_object(c->a);
		json_setz(k, "available", json_new_bool(c->a, true));
		json_setz(k, "builtin", json_new_bool(c->a, true));
		json_setz(k, "display_name", json_new_str(c->a, str_from(KINDS[i])));
		json_setz(k, "kind", json_new_str(c->a, str_from(KINDS[i])));
		json_push(list, k);
	}
	json_setz(o, "sources", list);
	return reply_json(out, o);
}

static bool get_capabilities(candidate *c, const json *args, buf *out, error *err)
{
	str name;
	(void)out;
	if (!arg_object(c, args, "GetSourceKindCapabilities", err) || !arg_nonempty(c, args, "name", &name, err))
		return false;
	return error_set(err, ERR_DATA_CONNECTOR, STR(""), "%.*s does not support Capabilities", STR_ARG(name));
}

static json *source_state(candidate *c, const snap_source *s)
{
	json *o = json_new_object(c->a), *tables = json_new_array(c->a), *functions = json_new_array(c->a);
	for (size_t i = 0; i < s->tables.n; i++)
		json_push(tables, md_qname_json(c->a, ((snap_table *)s->tables.items[i].value)->name));
	for (size_t i = 0; i < s->functions.n; i++)
		json_push(functions, md_qname_json(c->a, ((snap_function *)s->functions.items[i].value)->cat->name));
	json_setz(o, "functions", functions);
	json_setz(o, "tables", tables);
	return o;
}

/* Undocumented in Hasura v2 and tied to its insides; this is ours. */
static bool dump_internal_state(candidate *c, const json *args, buf *out, error *err)
{
	(void)args;
	(void)err;
	json *o = json_new_object(c->a), *sources = json_new_object(c->a), *roles = json_new_array(c->a);
	for (size_t i = 0; i < c->snap->sources.n; i++)
		json_set(sources, c->snap->sources.items[i].key, source_state(c, c->snap->sources.items[i].value));
	for (size_t i = 0; i < c->snap->roles.n; i++)
		json_push(roles, json_new_str(c->a, c->snap->roles.items[i].key));
	json_setz(o, "inconsistent_objects", snapshot_issues_json(c->a, c->snap));
	json_setz(o, "resource_version", json_new_i64(c->a, c->adm->version));
	json_setz(o, "roles", roles);
	json_setz(o, "sources", sources);
	return reply_json(out, o);
}

const op ops_info[] = {
	{"get_source_tables", get_source_tables, OP_METADATA | OP_PG},
	{"get_source_trackables", get_source_trackables, OP_METADATA | OP_PG},
	{"get_table_info", get_table_info, OP_METADATA | OP_PG},
	{"get_table_info", get_table_info, OP_METADATA},
	{"list_source_kinds", list_source_kinds, OP_METADATA},
	{"get_source_kind_capabilities", get_capabilities, OP_METADATA},
	{"dump_internal_state", dump_internal_state, OP_METADATA | OP_V1 | OP_NO_ARGS},
	{"weir_explain_permissions", perm_explain, OP_METADATA},
	{0},
};
