/* types_input: filters and orders. Hasura v2: GraphQL/Schema/{BoolExp,OrderBy}.hs, BoolExp/AggregationPredicates.hs. */
#include "schema/types_impl.h"

/* ---- boolean expressions ---- */

static gref comparison_of(tgen *g, str scalar, bool list, pg_oid type)
{
	gdesc d = {.family = GF_COMPARISON, .scalar = scalar, .list = list, .src = g->src};
	d.flags = cat_type_flags(g->src->cat, type);
	return ref_of(g->x, d, 0);
}

/* Values of an enum table are compared for equality alone. */
static gref comparison_of_column(tgen *g, const snap_column *c)
{
	if (!c->enum_type.p) return comparison_of(g, c->scalar, c->list, c->type);
	gdesc d = {.family = GF_COMPARISON, .scalar = c->scalar, .flags = TYPE_ENUM, .src = g->src};
	d.t = snap_source_table(g->src, c->enum_table);
	return ref_of(g->x, d, 0);
}

static void filter_field(tgen *g, const snap_field *f)
{
	const snap_table *t;
	if (f->kind == FIELD_COLUMN) {
		if (selects(g, f->index))
			add_field(g, f->name, STR_NULL, comparison_of_column(g, &g->t->cols[f->index]));
	} else if (f->kind == FIELD_OBJECT || f->kind == FIELD_ARRAY) {
		if (select_on(g, g->t->rels[f->index].target, &t))
			add_field(g, f->name, STR_NULL, ref_table(g->x, GF_BOOL_EXP, g->src, t, 0, 0));
	} else if (f->kind == FIELD_COMPUTED) {
		const snap_computed *c = &g->t->computed[f->index];
		if (c->nuser_args) return;
		if (c->returns_table) {
			if (select_on(g, c->target, &t))
				add_field(g, f->name, STR_NULL, ref_table(g->x, GF_BOOL_EXP, g->src, t, 0, 0));
		} else if (g->p->select->computed[f->index]) {
			add_field(g, f->name, STR_NULL, comparison_of(g, c->scalar, c->list, c->type));
		}
	}
}

/* Is there a column of t the predicate can be asked of? */
static bool predicate_applies(tgen *g, const snap_table *t, const snap_select_perm *p, unsigned op);

static void aggregate_filter(tgen *g, const snap_field *f)
{
	const snap_table *t;
	const snap_select_perm *p = select_on(g, g->t->rels[f->index].target, &t);
	if (!p || !p->aggregations) return;
	bool any = false;
	for (unsigned op = 0; op < TYPES_PREDICATES; op++)
		any |= predicate_applies(g, t, p, op);
	if (any) add_field(g, f->name, STR_NULL, ref_table(g->x, GF_AGG_BOOL_EXP, g->src, t, 0, 0));
}

void gen_bool_exp(tgen *g)
{
	add_field(g, STR("_and"), STR_NULL, ref_own_list(g, GF_BOOL_EXP, NONNULL));
	add_field(g, STR("_or"), STR_NULL, ref_own_list(g, GF_BOOL_EXP, NONNULL));
	add_field(g, STR("_not"), STR_NULL, ref_own(g, GF_BOOL_EXP, 0));
	for (size_t i = 0; i < g->t->fields.n; i++) {
		const snap_field *f = g->t->fields.items[i].value;
		if (f->kind == FIELD_ARRAY_AGG) {
			if (!g->x->s->options.hide_aggregation_predicates) aggregate_filter(g, f);
		} else if (g->p->select) {
			filter_field(g, f);
		}
	}
}

/* ---- predicates on aggregates ---- */

/* value: type of the result; flags: of the columns (0: any number of columns of any type); Y and X for those of two arguments. */
const types_op types_predicates[TYPES_PREDICATES] = {
	{STR_INIT("avg"), NULL, NULL, TYPE_BIG, "float8"},
	{STR_INIT("bool_and"), NULL, NULL, TYPE_BOOL, "Boolean"},
	{STR_INIT("bool_or"), NULL, NULL, TYPE_BOOL, "Boolean"},
	{STR_INIT("corr"), NULL, NULL, TYPE_BIG, "float8"},
	{STR_INIT("count"), NULL, NULL, 0, "Int"},
	{STR_INIT("covar_samp"), NULL, NULL, TYPE_BIG, "float8"},
	{STR_INIT("max"), NULL, NULL, TYPE_BIG, "float8"},
	{STR_INIT("min"), NULL, NULL, TYPE_BIG, "float8"},
	{STR_INIT("stddev_samp"), NULL, NULL, TYPE_BIG, "float8"},
	{STR_INIT("sum"), NULL, NULL, TYPE_BIG, "float8"},
	{STR_INIT("var_samp"), NULL, NULL, TYPE_BIG, "float8"},
};
enum { PREDICATE_CORR = 3, PREDICATE_COUNT = 4, PREDICATE_COVAR_SAMP = 5 };

static bool predicate_column(const snap_column *c, unsigned op)
{
	return !c->enum_type.p && !c->list && str_eqz(c->scalar, types_predicates[op].value);
}

static bool predicate_applies(tgen *g, const snap_table *t, const snap_select_perm *p, unsigned op)
{
	(void)g;
	if (op == PREDICATE_COUNT) return any_selected(t, p);
	for (size_t i = 0; i < t->ncols; i++)
		if (p->cols[i] && predicate_column(&t->cols[i], op)) return true;
	return false;
}

void gen_agg_bool_exp(tgen *g)
{
	for (unsigned op = 0; op < TYPES_PREDICATES && g->p->select; op++)
		if (predicate_applies(g, g->t, g->p->select, op))
			add_field(g, types_predicates[op].name, STR_NULL,
				ref_table(g->x, GF_AGG_PREDICATE, g->src, g->t, op, 0));
}

static gref predicate_arguments(tgen *g, unsigned op)
{
	if (op == PREDICATE_COUNT) return ref_own_list(g, GF_SELECT_COLUMN, NONNULL);
	gfamily family =
		op == PREDICATE_CORR || op == PREDICATE_COVAR_SAMP ? GF_AGG_PREDICATE_ARGS : GF_AGG_PREDICATE_COLUMN;
	return ref_table(g->x, family, g->src, g->t, op, NONNULL);
}

void gen_agg_predicate(tgen *g)
{
	static const uint32_t flags[] = {
		TYPE_NUMERIC | TYPE_COMPARABLE | TYPE_BIG, TYPE_BOOL, TYPE_NUMERIC | TYPE_COMPARABLE};
	unsigned op = g->d->op;
	str value = str_from(types_predicates[op].value);
	gdesc compare = {.family = GF_COMPARISON, .scalar = value, .src = g->src};
	compare.flags = flags[op == PREDICATE_COUNT ? 2 : types_predicates[op].flags == TYPE_BOOL];
	add_field(g, STR("arguments"), STR_NULL, predicate_arguments(g, op));
	add_field(g, STR("distinct"), STR_NULL, ref_scalar("Boolean", 0));
	add_field(g, STR("filter"), STR_NULL, ref_own(g, GF_BOOL_EXP, 0));
	add_field(g, STR("predicate"), STR_NULL, ref_of(g->x, compare, NONNULL));
}

void gen_agg_predicate_args(tgen *g)
{
	gref column = ref_table(g->x, GF_AGG_PREDICATE_COLUMN, g->src, g->t, g->d->op, NONNULL);
	add_field(g, STR("X"), STR_NULL, column);
	add_field(g, STR("Y"), STR_NULL, column);
}

void gen_agg_predicate_column(tgen *g)
{
	for (size_t i = 0; i < g->t->ncols; i++)
		if (selects(g, i) && predicate_column(&g->t->cols[i], g->d->op))
			add_field(g, g->t->cols[i].gql_name, STR("column name"), (gref){0});
}

/* ---- orders ---- */

void gen_order_by_enum(tgen *g)
{
	static const struct {
		str name, description;
	} values[] = {
		{STR_INIT("asc"), STR_INIT("in ascending order, nulls last")},
		{STR_INIT("asc_nulls_first"), STR_INIT("in ascending order, nulls first")},
		{STR_INIT("asc_nulls_last"), STR_INIT("in ascending order, nulls last")},
		{STR_INIT("desc"), STR_INIT("in descending order, nulls first")},
		{STR_INIT("desc_nulls_first"), STR_INIT("in descending order, nulls first")},
		{STR_INIT("desc_nulls_last"), STR_INIT("in descending order, nulls last")},
	};
	for (size_t i = 0; i < sizeof values / sizeof *values; i++)
		add_field(g, values[i].name, values[i].description, (gref){0});
}

void gen_cursor_ordering(tgen *g)
{
	add_field(g, STR("ASC"), STR("ascending ordering of the cursor"), (gref){0});
	add_field(g, STR("DESC"), STR("descending ordering of the cursor"), (gref){0});
}

static void order_relationship(tgen *g, const snap_field *f)
{
	const snap_table *t;
	if (!select_on(g, g->t->rels[f->index].target, &t)) return;
	gfamily family = f->kind == FIELD_OBJECT ? GF_ORDER_BY : GF_AGG_ORDER_BY;
	add_field(g, f->name, STR_NULL, ref_table(g->x, family, g->src, t, 0, 0));
}

static void order_computed(tgen *g, const snap_field *f)
{
	const snap_computed *c = &g->t->computed[f->index];
	const snap_table *t;
	if (c->nuser_args) return;
	if (f->kind == FIELD_COMPUTED_AGG) {
		if (select_on(g, c->target, &t))
			add_field(g, f->name, STR_NULL, ref_table(g->x, GF_AGG_ORDER_BY, g->src, t, 0, 0));
	} else if (!c->returns_table && g->p->select->computed[f->index]) {
		add_field(g, f->name, STR_NULL, ref_enum(g->x, GF_ORDER_BY_ENUM, 0));
	}
}

void gen_order_by(tgen *g)
{
	if (!g->p->select) return;
	for (size_t i = 0; i < g->t->fields.n; i++) {
		const snap_field *f = g->t->fields.items[i].value;
		if (f->kind == FIELD_COLUMN) {
			if (selects(g, f->index)) add_field(g, f->name, STR_NULL, ref_enum(g->x, GF_ORDER_BY_ENUM, 0));
		} else if (f->kind == FIELD_OBJECT || f->kind == FIELD_ARRAY_AGG) {
			order_relationship(g, f);
		} else if (f->kind != FIELD_ARRAY) {
			order_computed(g, f);
		}
	}
}

void gen_agg_order_by(tgen *g)
{
	add_field(g, STR("count"), STR_NULL, ref_enum(g->x, GF_ORDER_BY_ENUM, 0));
	uint32_t have = 0;
	for (size_t i = 0; i < g->t->ncols; i++)
		if (selects(g, i)) have |= column_flags(g, &g->t->cols[i]);
	for (unsigned op = 0; op < TYPES_AGG_OPS; op++)
		if (types_agg_ops[op].flags & have)
			add_field(g, types_agg_ops[op].name, STR_NULL,
				ref_table(g->x, GF_AGG_OP_ORDER_BY, g->src, g->t, op, 0));
}

void gen_agg_op_order_by(tgen *g)
{
	uint32_t flags = types_agg_ops[g->d->op].flags;
	for (size_t i = 0; i < g->t->ncols; i++) {
		const snap_column *c = &g->t->cols[i];
		if (selects(g, i) && (column_flags(g, c) & flags))
			add_field(g, c->gql_name, c->comment, ref_enum(g->x, GF_ORDER_BY_ENUM, 0));
	}
}
