/* root: root fields that read rows. */
#include "plan/input.h"

/* ---- by primary key ---- */

bool key_equalities(plan_ctx *c, const snap_source *src, const snap_table *t, const plan_path *args,
	bool (*get)(plan_ctx *c, void *data, str name, input *out), void *data, const bexp **out)
{
	const snap_select_perm *perm = permit_select(c, src, t);
	bexp *all = bexp_new(c->a, BEXP_AND);
	all->kids = NEW_ARRAY(c->a, const bexp *, t->pk->ncols);
	for (size_t k = 0; k < t->pk->ncols; k++) {
		size_t i = 0;
		while (i < t->ncols && t->cols[i].cat->attnum != t->pk->cols[k])
			i++;
		if (i == t->ncols) return plan_fail(c, args, "a primary key column is not in the GraphQL schema");
		const snap_column *col = &t->cols[i];
		value_type type = value_type_column(c, src, col);
		bexp *e = bexp_new(c->a, BEXP_CMP);
		input in;
		if (!get(c, data, col->gql_name, &in))
			return plan_fail(c, path_key(c, args, col->gql_name), "missing required field '%.*s'",
				STR_ARG(col->gql_name));
		e->lhs = (bexp_lhs){.column = col->cat->name, .type = col->type};
		e->lhs.visible_if = permit_column_filter(c, perm, i);
		e->op = CMP_EQ;
		if (!value_read(c, &type, false, &in, &e->rhs)) return false;
		all->kids[all->nkids++] = e;
	}
	*out = all;
	return true;
}

typedef struct field_at {
	const sel_field *f;
	const plan_path *at;
} field_at;

static bool key_argument(plan_ctx *c, void *data, str name, input *out)
{
	field_at *f = data;
	return sel_argument(c, f->f, f->at, name, out);
}

static bool by_pk(plan_ctx *c, const snap_root *r, const sel_field *f, const plan_path *at, plan_root *out)
{
	const snap_table *t = r->table;
	str *names = NEW_ARRAY(c->a, str, t->pk->ncols);
	size_t n = 0;
	for (size_t k = 0; k < t->pk->ncols; k++)
		for (size_t i = 0; i < t->ncols; i++)
			if (t->cols[i].cat->attnum == t->pk->cols[k]) names[n++] = t->cols[i].gql_name;
	field_at data = {.f = f, .at = at};
	plan_select *s = select_new(c, r->source, t, SHAPE_ONE, at);
	if (!sel_arguments(c, f, at, names, n)) return false;
	if (!key_equalities(c, r->source, t, path_key(c, at, STR("args")), key_argument, &data, &s->where))
		return false;
	s->by_key = t->pk->provable && !t->cat->has_children;
	permit_rows(c, s, false);
	out->select = s;
	return select_fields(c, s, f, at);
}

/* ---- lists, aggregates, functions ---- */

static bool table_rows(plan_ctx *c, const snap_root *r, const sel_field *f, const plan_path *at, plan_root *out)
{
	bool agg = r->field == ROOT_SELECT_AGGREGATE;
	if (r->field == ROOT_SELECT_BY_PK) return by_pk(c, r, f, at, out);
	if (r->field == ROOT_SELECT_STREAM) return stream_root(c, r, f, at, out);
	if (!sel_arguments(c, f, at, SELECT_ARG_NAMES, 5)) return false;
	out->select = select_new(c, r->source, r->table, agg ? SHAPE_AGGREGATE : SHAPE_LIST, at);
	return select_rows(c, out->select, f, at);
}

static bool function_rows(plan_ctx *c, const snap_root *r, const sel_field *f, const plan_path *at, plan_root *out)
{
	str names[6];
	size_t n = 0;
	if (r->fn->args_type.p) names[n++] = STR("args");
	for (size_t i = 0; i < 5; i++)
		names[n++] = SELECT_ARG_NAMES[i];
	if (!sel_arguments(c, f, at, names, n)) return false;
	const snap_table *t = snap_source_table(r->source, r->fn->target);
	bool agg = r->kind == SNAP_ROOT_FUNCTION_AGG;
	out->select = select_new(c, r->source, t, agg ? SHAPE_AGGREGATE : r->fn->single ? SHAPE_ONE : SHAPE_LIST, at);
	plan_from_function *from;
	if (!function_args(c, r->source, r->fn, f, at, &from)) return false;
	out->select->function = from;
	return select_rows(c, out->select, f, at);
}

bool root_rows(plan_ctx *c, const snap_root *r, const sel_field *f, const plan_path *at, plan_root *out)
{
	out->kind = ROOT_ROWS;
	return r->kind == SNAP_ROOT_TABLE ? table_rows(c, r, f, at, out) : function_rows(c, r, f, at, out);
}
