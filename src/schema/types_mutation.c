/* types_mutation: inputs and answers of mutations. Hasura v2: GraphQL/Schema/{Mutation,Update}.hs, Postgres/Schema/OnConflict.hs. */
#include "schema/types_impl.h"

/* ---- insert ---- */

/* A relationship is there when its target may be inserted into. */
static void nested_insert(tgen *g, const snap_field *f)
{
	const snap_table *t = snap_source_table(g->src, g->t->rels[f->index].target);
	if (!t || !role_perms(g->x->s, g->src, t, g->x->role)->insert) return;
	gfamily family = f->kind == FIELD_OBJECT ? GF_OBJ_REL_INSERT : GF_ARR_REL_INSERT;
	add_field(g, f->name, STR_NULL, ref_table(g->x, family, g->src, t, 0, 0));
}

void gen_insert_input(tgen *g)
{
	for (size_t i = 0; i < g->t->fields.n; i++) {
		const snap_field *f = g->t->fields.items[i].value;
		if (f->kind == FIELD_OBJECT || f->kind == FIELD_ARRAY) nested_insert(g, f);
		if (f->kind != FIELD_COLUMN || !g->p->insert || !g->p->insert->cols[f->index]) continue;
		const snap_column *c = &g->t->cols[f->index];
		add_field(g, c->gql_name, c->comment, ref_column(g, c, true));
	}
}

static bool offered(const cat_key *k)
{
	return k->constraint && str_is_name(k->name);
}

static bool has_conflict(const tgen *g)
{
	for (size_t i = 0; i < g->t->cat->nkeys; i++)
		if (offered(&g->t->cat->keys[i])) return true;
	return false;
}

void add_conflict_arg(tgen *g, gfield *f)
{
	if (has_conflict(g)) add_arg(g, f, STR("on_conflict"), "upsert condition", ref_own(g, GF_ON_CONFLICT, 0));
}

static void relationship_insert(tgen *g, gref data)
{
	add_field(g, STR("data"), STR_NULL, data);
	if (has_conflict(g)) add_field(g, STR("on_conflict"), STR("upsert condition"), ref_own(g, GF_ON_CONFLICT, 0));
}

void gen_obj_rel_insert(tgen *g)
{
	relationship_insert(g, ref_own(g, GF_INSERT_INPUT, NONNULL));
}

void gen_arr_rel_insert(tgen *g)
{
	relationship_insert(g, ref_own_list(g, GF_INSERT_INPUT, LIST_NONNULL));
}

void gen_on_conflict(tgen *g)
{
	add_field(g, STR("constraint"), STR_NULL, ref_own(g, GF_CONSTRAINT, NONNULL));
	add_field(g, STR("update_columns"), STR_NULL, ref_own_list(g, GF_UPDATE_COLUMN, LIST_NONNULL))->dflt =
		STR("[]");
	add_field(g, STR("where"), STR_NULL, ref_own(g, GF_BOOL_EXP, 0));
}

static str constraint_text(tgen *g, const cat_key *k)
{
	str out = STR("unique or primary key constraint on columns ");
	for (size_t i = 0; i < k->ncols; i++) {
		const cat_column *c = cat_table_column_num(g->t->cat, k->cols[i]);
		if (c) out = str_cat(g->a, 5, out, i ? STR(", ") : STR(""), STR("\""), c->name, STR("\""));
	}
	return out;
}

void gen_constraint(tgen *g)
{
	for (size_t i = 0; i < g->t->cat->nkeys; i++) {
		const cat_key *k = &g->t->cat->keys[i];
		if (offered(k)) add_field(g, k->name, constraint_text(g, k), (gref){0});
	}
}

/* An enum needs a value. Hasura v2: updateColumnsPlaceholderParser. */
void gen_update_column(tgen *g)
{
	for (size_t i = 0; i < g->t->ncols; i++)
		if (g->p->update && g->p->update->cols[i])
			add_field(g, g->t->cols[i].gql_name, STR("column name"), (gref){0});
	if (g->f.n) return;
	g->out->description = types_expand(
		g->x, "placeholder for update columns of table % (current role has no relevant permissions)", g->d);
	add_field(g, STR("_PLACEHOLDER"), STR("placeholder (do not use)"), (gref){0});
}

/* ---- update ---- */

const types_op types_update_ops[TYPES_UPDATE_OPS] = {
	{STR_INIT("append"), "append existing jsonb value of filtered columns with new jsonb value", NULL, TYPE_JSONB,
		NULL},
	{STR_INIT("delete_at_path"),
		"delete the field or element with specified path (for JSON arrays, negative integers count from the end)",
		NULL, TYPE_JSONB, "[String!]"},
	{STR_INIT("delete_elem"),
		"delete the array element with specified index (negative integers count from the end). throws an error if top level "
		"container is not an array",
		NULL, TYPE_JSONB, "Int"},
	{STR_INIT("delete_key"),
		"delete key/value pair or string element. key/value pairs are matched based on their key value", NULL,
		TYPE_JSONB, "String"},
	{STR_INIT("inc"), "increments the numeric columns with given value of the filtered values",
		"input type for incrementing numeric columns in table %", TYPE_NUMERIC, NULL},
	{STR_INIT("prepend"), "prepend existing jsonb value of filtered columns with new jsonb value", NULL, TYPE_JSONB,
		NULL},
	{STR_INIT("set"), "sets the columns of the filtered rows to the given values",
		"input type for updating data in table %", 0, NULL},
};

static bool updates(const tgen *g, size_t i, uint32_t flags)
{
	if (!g->p->update || !g->p->update->cols[i]) return false;
	return !flags || (column_flags(g, &g->t->cols[i]) & flags);
}

void add_update_ops(tgen *g, gfield *f)
{
	for (unsigned op = 0; op < TYPES_UPDATE_OPS; op++) {
		const types_op *o = &types_update_ops[op];
		bool any = false;
		for (size_t i = 0; i < g->t->ncols && !any; i++)
			any = updates(g, i, o->flags);
		if (!any) continue;
		str name = str_cat(g->a, 2, STR("_"), o->name);
		gref type = ref_table(g->x, GF_UPDATE_OP, g->src, g->t, op, 0);
		if (f) add_arg(g, f, name, o->description, type);
		else add_field(g, name, str_from(o->description), type);
	}
}

static gref op_value(tgen *g, const types_op *o, const snap_column *c)
{
	if (!o->value) return ref_column(g, c, true);
	return *o->value == '[' ? ref_scalar_list("String", NONNULL) : ref_scalar(o->value, 0);
}

void gen_update_op(tgen *g)
{
	const types_op *o = &types_update_ops[g->d->op];
	g->out->description = types_expand(g->x, o->input_description ? o->input_description : o->description, g->d);
	for (size_t i = 0; i < g->t->ncols; i++) {
		const snap_column *c = &g->t->cols[i];
		if (updates(g, i, o->flags)) add_field(g, c->gql_name, c->comment, op_value(g, o, c));
	}
}

void add_pk_columns(tgen *g, const snap_table *t, gfield *f)
{
	for (size_t k = 0; t->pk && k < t->pk->ncols; k++) {
		for (size_t i = 0; i < t->ncols; i++) {
			const snap_column *c = &t->cols[i];
			if (c->cat->attnum != t->pk->cols[k]) continue;
			if (!f) {
				add_field(g, c->gql_name, c->comment, ref_column(g, c, false));
				continue;
			}
			add_arg(g, f, c->gql_name, NULL, ref_column(g, c, false));
			f->args[f->nargs - 1].description = c->comment;
		}
	}
}

void gen_pk_columns(tgen *g)
{
	g->out->description =
		str_cat(g->a, 2, STR("primary key columns input for table: "), qname_display(g->a, g->t->name));
	add_pk_columns(g, g->t, NULL);
}

void gen_updates(tgen *g)
{
	add_field(g, STR("where"), STR("filter the rows which have to be updated"), ref_own(g, GF_BOOL_EXP, NONNULL));
	add_update_ops(g, NULL);
}

/* ---- the answer ---- */

void gen_mutation_response(tgen *g)
{
	add_field(g, STR("affected_rows"), STR("number of rows affected by the mutation"), ref_scalar("Int", NONNULL));
	if (g->p->select)
		add_field(g, STR("returning"), STR("data from the rows affected by the mutation"),
			ref_own_list(g, GF_ROW, LIST_NONNULL));
}
