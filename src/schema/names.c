#include "schema/resolve.h"

/* How a root field's default name and description are made (Hasura v2: GraphQL/Schema). */
typedef struct root_rule {
	const char *prefix;
	const char *suffix;
	const char *description; /* %s: the table's name */
} root_rule;

static const root_rule RULES[ROOT_FIELD_COUNT] = {
	[ROOT_SELECT] = {"", "", "fetch data from the table: \"%.*s\""},
	[ROOT_SELECT_BY_PK] = {"", "_by_pk", "fetch data from the table: \"%.*s\" using primary key columns"},
	[ROOT_SELECT_AGGREGATE] = {"", "_aggregate", "fetch aggregated fields from the table: \"%.*s\""},
	[ROOT_SELECT_STREAM] = {"", "_stream", "fetch data from the table in a streaming manner: \"%.*s\""},
	[ROOT_INSERT] = {"insert_", "", "insert data into the table: \"%.*s\""},
	[ROOT_INSERT_ONE] = {"insert_", "_one", "insert a single row into the table: \"%.*s\""},
	[ROOT_UPDATE] = {"update_", "", "update data of the table: \"%.*s\""},
	[ROOT_UPDATE_BY_PK] = {"update_", "_by_pk", "update single row of the table: \"%.*s\""},
	[ROOT_UPDATE_MANY] = {"update_", "_many", "update multiples rows of table: \"%.*s\""},
	[ROOT_DELETE] = {"delete_", "", "delete data from the table: \"%.*s\""},
	[ROOT_DELETE_BY_PK] = {"delete_", "_by_pk", "delete single row from the table: \"%.*s\""},
};

str base_name(arena *a, str custom, qname name)
{
	if (custom.p) return custom;
	if (str_eqz(name.schema, "public")) return name.name;
	return str_cat(a, 3, name.schema, STR("_"), name.name);
}

/* Which root fields the table can have at all. Hasura v2: viewInfo; DELETE asks for insertable, a quirk of its source. */
static bool root_possible(const resolving *r, md_root_field f)
{
	const cat_table *c = r->cat;
	switch (f) {
	case ROOT_SELECT_BY_PK: return r->t->pk != NULL;
	case ROOT_INSERT:
	case ROOT_INSERT_ONE:
	case ROOT_DELETE: return c->insertable;
	case ROOT_UPDATE: return c->updatable;
	case ROOT_UPDATE_MANY: return c->updatable && !r->opt->hide_update_many_fields;
	case ROOT_UPDATE_BY_PK: return c->updatable && r->t->pk;
	case ROOT_DELETE_BY_PK: return c->insertable && r->t->pk;
	case ROOT_SELECT_STREAM: return !r->opt->hide_stream_fields;
	default: return true;
	}
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* the formats are the table above */
static snap_root_name root_name(resolving *r, md_root_field f, str table)
{
	const md_custom_root *custom = &r->md->roots[f];
	snap_root_name out = {0};
	out.name = custom->name.p
		? custom->name
		: str_cat(r->a, 3, str_from(RULES[f].prefix), r->t->gql_name, str_from(RULES[f].suffix));
	if (!custom->comment.p) out.description = str_printf(r->a, RULES[f].description, STR_ARG(table));
	else if (custom->comment.n) out.description = custom->comment;
	return out;
}
#pragma GCC diagnostic pop

void resolve_names(resolving *r)
{
	snap_table *t = r->t;
	str table = qname_display(r->a, r->md->name);
	t->gql_name = base_name(r->a, r->md->custom_name, r->md->name);
	t->type = t->gql_name;
	t->hidden = !str_is_name(t->gql_name);
	if (r->md->comment.p) t->description = r->md->comment.n ? r->md->comment : STR_NULL;
	else if (r->cat->comment.p) t->description = r->cat->comment;
	else t->description = str_printf(r->a, "columns and relationships of \"%.*s\"", STR_ARG(table));
	t->pk = cat_table_pk(r->cat);
	for (size_t f = 0; f < ROOT_FIELD_COUNT; f++)
		if (!t->hidden && root_possible(r, (md_root_field)f))
			t->roots[f] = root_name(r, (md_root_field)f, table);
}
