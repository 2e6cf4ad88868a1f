/* select_args: distinct_on, limit, offset, order_by, where. Hasura v2: GraphQL/Schema/Select.hs, defaultTableArgs. */
#include "plan/input.h"

const str SELECT_ARG_NAMES[5] = {
	STR_INIT("distinct_on"), STR_INIT("limit"), STR_INIT("offset"), STR_INIT("order_by"), STR_INIT("where")};

void select_columns(plan_ctx *c, const snap_source *src, const snap_table *t, str **names, size_t **indices, size_t *n)
{
	const snap_select_perm *p = permit_select(c, src, t);
	*names = NEW_ARRAY(c->a, str, t->ncols);
	*indices = NEW_ARRAY(c->a, size_t, t->ncols);
	*n = 0;
	for (size_t i = 0; i < t->ncols; i++) {
		if (!permit_column(p, i)) continue;
		(*names)[*n] = t->cols[i].gql_name;
		(*indices)[(*n)++] = i;
	}
}

/* The argument, peeled; false in *given when it is absent or null. */
static bool optional(
	plan_ctx *c, const sel_field *f, const plan_path *at, str name, in_type type, input *in, bool *given)
{
	*given = false;
	if (!sel_argument(c, f, at, name, in)) return true;
	if (!input_peel_value(c, in, type)) return false;
	*given = !input_is_null(in);
	return true;
}

static bool read_distinct(plan_ctx *c, const sel_field *f, const plan_path *at, plan_select *s)
{
	str type = str_cat(c->a, 2, s->table->type, STR("_select_column"));
	input in;
	bool given;
	if (!optional(c, f, at, SELECT_ARG_NAMES[0], type_list(type), &in, &given)) return false;
	if (!given) return true;
	str *names;
	size_t *indices, n;
	input_list items;
	select_columns(c, s->source, s->table, &names, &indices, &n);
	/* Not offered to a role that sees no column. */
	if (!n) return plan_fail(c, at, "'%.*s' has no argument named 'distinct_on'", STR_ARG(f->name));
	if (!input_items(c, &in, &items)) return false;
	s->distinct = NEW_ARRAY(c->a, const snap_column *, items.n);
	s->distinct_visible = NEW_ARRAY(c->a, const bexp *, items.n);
	for (size_t i = 0; i < items.n; i++) {
		size_t col;
		input one = items.v[i];
		if (!input_peel_value(c, &one, type_required(type)) || !input_enum(c, &one, type, names, n, &col))
			return false;
		s->distinct_visible[s->ndistinct] =
			permit_column_filter(c, permit_select(c, s->source, s->table), indices[col]);
		s->distinct[s->ndistinct++] = &s->table->cols[indices[col]];
	}
	return true;
}

static bool read_window(plan_ctx *c, const sel_field *f, const plan_path *at, plan_select *s)
{
	input in;
	bool given;
	if (!optional(c, f, at, SELECT_ARG_NAMES[1], type_nullable(STR("Int")), &in, &given)) return false;
	if (given && !input_nonnegative(c, &in, &s->limit)) return false;
	s->has_limit = s->has_agg_limit = given;
	s->agg_limit = s->limit;
	if (!optional(c, f, at, SELECT_ARG_NAMES[2], type_nullable(STR("Int")), &in, &given)) return false;
	if (given && !input_bigint(c, &in, &s->offset)) return false;
	s->has_offset = given;
	return true;
}

static bool read_order(plan_ctx *c, const sel_field *f, const plan_path *at, plan_select *s)
{
	input in;
	bool given;
	in_type type = type_list(str_cat(c->a, 2, s->table->type, STR("_order_by")));
	if (!optional(c, f, at, SELECT_ARG_NAMES[3], type, &in, &given)) return false;
	return !given || order_read(c, s->source, s->table, &in, &s->order, &s->norder);
}

static bool read_where(plan_ctx *c, const sel_field *f, const plan_path *at, plan_select *s)
{
	input in;
	bool given;
	in_type type = type_nullable(str_cat(c->a, 2, s->table->type, STR("_bool_exp")));
	if (!optional(c, f, at, SELECT_ARG_NAMES[4], type, &in, &given)) return false;
	if (given && !where_read(c, s->source, s->table, &in, &s->where)) return false;
	if (s->where && s->where->kind == BEXP_TRUE) s->where = NULL;
	return true;
}

/* The first items of the order must be the distinct columns, in any order. */
static bool check_distinct(plan_ctx *c, const plan_path *at, const plan_select *s)
{
	if (!s->ndistinct || !s->norder) return true;
	bool ok = s->norder >= s->ndistinct;
	for (size_t i = 0; ok && i < s->ndistinct; i++) {
		bool found = false;
		for (size_t k = 0; k < s->ndistinct; k++)
			found |= s->order[k].kind == ORDER_COLUMN && !s->order[k].npath &&
				s->order[k].col == s->distinct[i];
		ok = found && s->order[i].kind == ORDER_COLUMN && !s->order[i].npath;
	}
	if (ok) return true;
	return plan_fail(
		c, path_key(c, at, STR("args")), "\"distinct_on\" columns must match initial \"order_by\" columns");
}

bool select_args(plan_ctx *c, const sel_field *f, const plan_path *at, plan_select *s)
{
	return read_where(c, f, at, s) && read_order(c, f, at, s) && read_window(c, f, at, s) &&
		read_distinct(c, f, at, s) && check_distinct(c, at, s);
}
