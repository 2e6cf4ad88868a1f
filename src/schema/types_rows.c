/* types_rows: rows of tables and what is selected with them. Hasura v2: GraphQL/Schema/{Select,Table,SubscriptionStream}.hs. */
#include "schema/types_impl.h"

/* ---- arguments ---- */

void add_select_args(tgen *g, gfield *f, const snap_table *t)
{
	types_ctx *x = g->x;
	const snap_select_perm *p = role_perms(x->s, g->src, t, x->role)->select;
	gref columns = ref_table(x, GF_SELECT_COLUMN, g->src, t, 0, NONNULL),
	     order = ref_table(x, GF_ORDER_BY, g->src, t, 0, NONNULL);
	columns.lists = order.lists = 1;
	if (any_selected(t, p)) add_arg(g, f, STR("distinct_on"), "distinct select on columns", columns);
	add_arg(g, f, STR("limit"), "limit the number of rows returned", ref_scalar("Int", 0));
	add_arg(g, f, STR("offset"), "skip the first n rows. Use only with order_by", ref_scalar("Int", 0));
	add_arg(g, f, STR("order_by"), "sort the rows by one or more columns", order);
	add_arg(g, f, STR("where"), "filter the rows returned", ref_table(x, GF_BOOL_EXP, g->src, t, 0, 0));
}

static gref arg_type(tgen *g, const cat_arg *a)
{
	bool list, no_lists = g->x->s->options.disable_postgres_arrays;
	str name = cat_graphql_type(g->a, g->src->cat, a->type, no_lists, &list);
	return (gref){.name = name, .lists = list, .nonnull = list, .of = {.family = GF_SCALAR, .scalar = name}};
}

void add_function_args(tgen *g, gfield *f, const snap_function *fn, str function)
{
	if (!fn->args_type.p) return;
	bool required = false;
	for (size_t i = 0; i < fn->cat->nargs; i++)
		required |= i != fn->session_arg && !fn->cat->args[i].has_default;
	str text = str_cat(g->a, 3, STR("input parameters for function \""), function, STR("\""));
	gdesc d = {.family = GF_FUNCTION_ARGS, .scalar = fn->args_type, .src = g->src, .fn = fn};
	add_arg(g, f, STR("args"), NULL, ref_of(g->x, d, required));
	f->args[f->nargs - 1].description = text;
}

void gen_function_args(tgen *g)
{
	const snap_function *fn = g->d->fn;
	for (size_t i = 0; i < fn->cat->nargs; i++)
		if (i != fn->session_arg) add_field(g, fn->arg_names[i], STR_NULL, arg_type(g, &fn->cat->args[i]));
}

static bool user_arg(const snap_computed *c, size_t i)
{
	return i != c->call.table_arg && i != c->call.session_arg;
}

static void add_computed_args(tgen *g, gfield *f, const snap_computed *c)
{
	if (!c->nuser_args) return;
	bool required = false;
	for (size_t i = 0; i < c->fn->nargs; i++)
		required |= user_arg(c, i) && !c->fn->args[i].has_default;
	gdesc d = {.family = GF_COMPUTED_ARGS, .scalar = c->name, .src = g->src, .t = g->t, .computed = c};
	add_arg(g, f, STR("args"), NULL, ref_of(g->x, d, required));
	f->args[f->nargs - 1].description =
		types_expand(g->x, "input parameters for computed field \"$\" defined on table %", &d);
}

void gen_computed_args(tgen *g)
{
	const snap_computed *c = g->d->computed;
	size_t unnamed = 0;
	for (size_t i = 0; i < c->fn->nargs; i++) {
		if (!user_arg(c, i)) continue;
		str name = c->fn->args[i].name;
		if (!name.n) name = str_printf(g->a, "arg_%zu", ++unnamed);
		add_field(g, name, STR_NULL, arg_type(g, &c->fn->args[i]));
	}
}

/* ---- a row ---- */

static void add_path_arg(tgen *g, gfield *f, uint32_t flags)
{
	if (flags & (TYPE_JSON | TYPE_JSONB)) add_arg(g, f, STR("path"), "JSON select path", ref_scalar("String", 0));
}

static void row_column(tgen *g, size_t i)
{
	const snap_column *c = &g->t->cols[i];
	if (!selects(g, i)) return;
	bool redacted = g->p->select->col_filter && g->p->select->col_filter[i];
	gfield *f = add_field(g, c->gql_name, c->comment, ref_column(g, c, c->nullable || redacted));
	add_path_arg(g, f, column_flags(g, c));
}

static gref list_of_rows(tgen *g, const snap_table *t)
{
	gref r = ref_table(g->x, GF_ROW, g->src, t, 0, LIST_NONNULL);
	r.lists = 1;
	return r;
}

static void row_relationship(tgen *g, const snap_field *field)
{
	const snap_rel *rel = &g->t->rels[field->index];
	const snap_table *t;
	const snap_select_perm *p = select_on(g, rel->target, &t);
	if (!p) return;
	if (field->kind == FIELD_OBJECT) {
		add_field(g, field->name, STR("An object relationship"),
			ref_table(g->x, GF_ROW, g->src, t, 0, !rel->nullable));
	} else if (field->kind == FIELD_ARRAY) {
		add_select_args(g, add_field(g, field->name, STR("An array relationship"), list_of_rows(g, t)), t);
	} else if (p->aggregations) {
		gref type = ref_table(g->x, GF_AGGREGATE, g->src, t, 0, NONNULL);
		add_select_args(g, add_field(g, field->name, STR("An aggregate relationship"), type), t);
	}
}

static void scalar_computed(tgen *g, const snap_computed *c)
{
	gref type = {.name = c->scalar,
		.lists = c->list,
		.nonnull = c->list,
		.of = {.family = GF_SCALAR, .scalar = c->scalar}};
	gfield *f = add_field(g, c->name, c->comment, type);
	add_computed_args(g, f, c);
	add_path_arg(g, f, cat_type_flags(g->src->cat, c->type));
}

/* A set is a nullable list. Hasura v2: computedFieldPG. */
static void row_computed(tgen *g, const snap_field *field)
{
	const snap_computed *c = &g->t->computed[field->index];
	if (!c->returns_table) {
		if (g->p->select->computed[field->index]) scalar_computed(g, c);
		return;
	}
	const snap_table *t;
	if (!select_on(g, c->target, &t)) return;
	gref type = list_of_rows(g, t);
	type.nonnull = NONNULL;
	gfield *f = add_field(g, c->name, c->comment, type);
	add_computed_args(g, f, c);
	add_select_args(g, f, t);
}

void gen_row(tgen *g)
{
	g->out->description = g->t->description;
	if (!g->p->select) return;
	for (size_t i = 0; i < g->t->fields.n; i++) {
		const snap_field *f = g->t->fields.items[i].value;
		if (f->kind == FIELD_COLUMN) row_column(g, f->index);
		else if (f->kind == FIELD_COMPUTED) row_computed(g, f);
		else if (f->kind != FIELD_COMPUTED_AGG) row_relationship(g, f);
	}
}

void gen_enum_table(tgen *g)
{
	for (size_t i = 0; i < g->t->nenum; i++)
		add_field(g, g->t->enum_values[i], g->t->enum_comments ? g->t->enum_comments[i] : STR_NULL, (gref){0});
}

void gen_select_column(tgen *g)
{
	for (size_t i = 0; i < g->t->ncols; i++)
		if (selects(g, i)) add_field(g, g->t->cols[i].gql_name, STR("column name"), (gref){0});
}

/* ---- aggregates ---- */

const types_op types_agg_ops[TYPES_AGG_OPS] = {
	{STR_INIT("avg"), NULL, NULL, TYPE_NUMERIC, "Float"},
	{STR_INIT("max"), NULL, NULL, TYPE_COMPARABLE, NULL},
	{STR_INIT("min"), NULL, NULL, TYPE_COMPARABLE, NULL},
	{STR_INIT("stddev"), NULL, NULL, TYPE_NUMERIC, "Float"},
	{STR_INIT("stddev_pop"), NULL, NULL, TYPE_NUMERIC, "Float"},
	{STR_INIT("stddev_samp"), NULL, NULL, TYPE_NUMERIC, "Float"},
	{STR_INIT("sum"), NULL, NULL, TYPE_NUMERIC, NULL},
	{STR_INIT("var_pop"), NULL, NULL, TYPE_NUMERIC, "Float"},
	{STR_INIT("var_samp"), NULL, NULL, TYPE_NUMERIC, "Float"},
	{STR_INIT("variance"), NULL, NULL, TYPE_NUMERIC, "Float"},
};

void gen_aggregate(tgen *g)
{
	add_field(g, STR("aggregate"), STR_NULL, ref_own(g, GF_AGGREGATE_FIELDS, 0));
	add_field(g, STR("nodes"), STR_NULL, ref_own_list(g, GF_ROW, LIST_NONNULL));
}

static bool computed_fits(tgen *g, size_t i, uint32_t flags)
{
	const snap_computed *c = &g->t->computed[i];
	return !c->returns_table && g->p->select->computed[i] && (cat_type_flags(g->src->cat, c->type) & flags);
}

/* The TYPE_* bits that any selectable column or computed field has. */
static uint32_t selected_flags(tgen *g)
{
	uint32_t all = 0;
	for (size_t i = 0; i < g->t->ncols; i++)
		if (selects(g, i)) all |= column_flags(g, &g->t->cols[i]);
	for (size_t i = 0; i < g->t->ncomputed; i++)
		if (computed_fits(g, i, UINT32_MAX)) all |= cat_type_flags(g->src->cat, g->t->computed[i].type);
	return all;
}

void gen_aggregate_fields(tgen *g)
{
	if (!g->p->select) return;
	gfield *count = add_field(g, STR("count"), STR_NULL, ref_scalar("Int", NONNULL));
	if (any_selected(g->t, g->p->select))
		add_arg(g, count, STR("columns"), NULL, ref_own_list(g, GF_SELECT_COLUMN, NONNULL));
	add_arg(g, count, STR("distinct"), NULL, ref_scalar("Boolean", 0));
	uint32_t have = selected_flags(g);
	for (unsigned op = 0; op < TYPES_AGG_OPS; op++)
		if (types_agg_ops[op].flags & have)
			add_field(g, types_agg_ops[op].name, STR_NULL,
				ref_table(g->x, GF_AGGREGATE_OP, g->src, g->t, op, 0));
}

void gen_aggregate_op(tgen *g)
{
	const types_op *op = &types_agg_ops[g->d->op];
	if (!g->p->select) return;
	for (size_t i = 0; i < g->t->ncols; i++) {
		const snap_column *c = &g->t->cols[i];
		if (!selects(g, i) || !(column_flags(g, c) & op->flags)) continue;
		add_field(g, c->gql_name, c->comment, op->value ? ref_scalar(op->value, 0) : ref_column(g, c, true));
	}
	for (size_t i = 0; i < g->t->ncomputed; i++)
		if (computed_fits(g, i, op->flags)) scalar_computed(g, &g->t->computed[i]);
}

/* ---- streams ---- */

void gen_stream_cursor(tgen *g)
{
	add_field(g, STR("initial_value"), STR("Stream column input with initial value"),
		ref_own(g, GF_STREAM_VALUE, NONNULL));
	add_field(g, STR("ordering"), STR("cursor ordering"), ref_enum(g->x, GF_CURSOR_ORDERING, 0));
}

void gen_stream_value(tgen *g)
{
	for (size_t i = 0; i < g->t->ncols; i++) {
		const snap_column *c = &g->t->cols[i];
		if (selects(g, i)) add_field(g, c->gql_name, c->comment, ref_column(g, c, true));
	}
}
