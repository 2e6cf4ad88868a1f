/* Hasura v2: GraphQL/Schema/BoolExp/AggregationPredicates.hs; functions: Backends/Postgres/Instances/Schema.hs. */
#include "plan/aggregate_bool_exp.h"

typedef struct agg_function {
	str name;
	const char *type; /* of its argument and result in pg_type; NULL: count */
	bool two;         /* takes {Y, X} */
} agg_function;

static const agg_function functions[] = {
	{STR_INIT("count"), NULL, false},
	{STR_INIT("bool_and"), "bool", false},
	{STR_INIT("bool_or"), "bool", false},
	{STR_INIT("avg"), "float8", false},
	{STR_INIT("max"), "float8", false},
	{STR_INIT("min"), "float8", false},
	{STR_INIT("sum"), "float8", false},
	{STR_INIT("corr"), "float8", true},
	{STR_INIT("covar_samp"), "float8", true},
	{STR_INIT("stddev_samp"), "float8", false},
	{STR_INIT("var_samp"), "float8", false},
};

typedef struct reading {
	plan_ctx *c;
	const snap_source *src;
	const snap_table *target;
	const agg_function *fn;
	str type; /* input type of this function */
	bexp_agg *agg;
	str_vec cols; /* PostgreSQL names */
	const bexp *visible;
} reading;

/* Columns usable as arguments. */
static void argument_columns(reading *r, str **names, size_t **indices, size_t *n)
{
	select_columns(r->c, r->src, r->target, names, indices, n);
	if (!r->fn->type) return;
	size_t kept = 0;
	for (size_t i = 0; i < *n; i++) {
		const snap_column *col = &r->target->cols[(*indices)[i]];
		const cat_type *t = catalog_type(r->src->cat, col->type);
		if (!t || !str_eqz(t->name.name, r->fn->type) || col->enum_table.name.p) continue;
		(*names)[kept] = (*names)[i];
		(*indices)[kept++] = (*indices)[i];
	}
	*n = kept;
}

static bool read_column(reading *r, str enum_type, const input *given)
{
	str *names;
	size_t *indices, n, at;
	input in = *given;
	argument_columns(r, &names, &indices, &n);
	if (!input_peel_value(r->c, &in, type_required(enum_type)) || !input_enum(r->c, &in, enum_type, names, n, &at))
		return false;
	const bexp *visible = permit_visible(r->c, permit_select(r->c, r->src, r->target), indices[at]);
	r->visible = bexp_and(r->c->a, r->visible, visible);
	vec_push(r->c->a, &r->cols, r->target->cols[indices[at]].cat->name);
	return true;
}

static bool read_list(reading *r, const input *given)
{
	str type = str_cat(r->c->a, 2, r->target->type, STR("_select_column"));
	input in = *given;
	input_list items;
	if (!input_peel_value(r->c, &in, type_list(type)) || !input_items(r->c, &in, &items)) return false;
	for (size_t i = 0; i < items.n; i++)
		if (!read_column(r, type, &items.v[i])) return false;
	return true;
}

static bool read_pair(reading *r, str enum_type, const input *given)
{
	static const str names[] = {STR_INIT("Y"), STR_INIT("X")};
	str type = str_cat(r->c->a, 2, r->type, STR("_arguments"));
	input in = *given;
	input_object o;
	if (!input_peel_value(r->c, &in, type_required(type)) || !input_members(r->c, &in, type, &o)) return false;
	if (!input_only(r->c, &o, type, names, 2)) return false;
	for (size_t i = 0; i < 2; i++) {
		const input *one = input_get(&o, names[i]);
		if (!one)
			return plan_fail(r->c, path_key(r->c, in.at, names[i]), "missing required field '%.*s'",
				STR_ARG(names[i]));
		if (!read_column(r, enum_type, one)) return false;
	}
	return true;
}

static bool read_arguments(reading *r, const input *in, const plan_path *at)
{
	if (!r->fn->type) return !in || read_list(r, in);
	if (!in) return plan_fail(r->c, path_key(r->c, at, STR("arguments")), "missing required field 'arguments'");
	str enum_type =
		str_cat(r->c->a, 4, r->target->type, STR("_select_column_"), r->type, STR("_arguments_columns"));
	return r->fn->two ? read_pair(r, enum_type, in) : read_column(r, enum_type, in);
}

static bool read_predicate(reading *r, const input *given, const plan_path *at)
{
	plan_ctx *c = r->c;
	if (!given) return plan_fail(c, path_key(c, at, STR("predicate")), "missing required field 'predicate'");
	value_type t = value_type_named(c, r->src, r->fn->type ? str_from(r->fn->type) : STR("int4"));
	bexp_lhs lhs = {.type = t.oid, .nullable = true};
	bexp_vec all = {0};
	input in = *given;
	if (!input_peel_value(c, &in, type_required(compare_type(c, &t))) || !compare_read(c, &t, &lhs, &in, &all))
		return false;
	r->agg->predicate = bexp_all(c, &all);
	return true;
}

static bool read_function(reading *r, const input *given)
{
	static const str names[] = {
		STR_INIT("arguments"), STR_INIT("distinct"), STR_INIT("filter"), STR_INIT("predicate")};
	plan_ctx *c = r->c;
	input in = *given;
	input_object o;
	if (!input_peel_value(c, &in, type_nullable(r->type)) || !input_members(c, &in, r->type, &o)) return false;
	if (!input_only(c, &o, r->type, names, 4)) return false;
	const bexp *filter = NULL;
	input *distinct = input_get(&o, names[1]), *where = input_get(&o, names[2]);
	if (!read_arguments(r, input_get(&o, names[0]), in.at)) return false;
	if (distinct &&
		(!input_peel_value(c, distinct, type_nullable(STR("Boolean"))) ||
			!input_bool(c, distinct, &r->agg->distinct)))
		return false;
	if (where && !where_read_optional(c, r->src, r->target, where, &filter)) return false;
	if (!read_predicate(r, input_get(&o, names[3]), in.at)) return false;
	r->agg->function = r->fn->name;
	r->agg->columns = r->cols.v;
	r->agg->ncolumns = r->cols.n;
	r->agg->filter = permit_related(c, r->src, r->target, bexp_and(c->a, r->visible, filter));
	return true;
}

/* A function is offered only if some column can be its argument. */
static const agg_function *find_function(reading *r, str name)
{
	for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
		if (!str_eq(functions[i].name, name)) continue;
		str *names;
		size_t *indices, n;
		r->fn = &functions[i];
		argument_columns(r, &names, &indices, &n);
		return n || !functions[i].type ? r->fn : NULL;
	}
	return NULL;
}

static bool read_one(
	plan_ctx *c, const snap_source *src, const snap_rel *rel, str type, const input_member *m, bexp **out)
{
	reading r = {.c = c, .src = src, .target = snap_source_table(src, rel->target)};
	if (!find_function(&r, m->name)) return input_unknown_field(c, m, type);
	bexp *e = bexp_new(c->a, BEXP_REL_AGG);
	e->rel = (bexp_rel){.target = rel->target, .pairs = rel->pairs, .npairs = rel->npairs};
	r.agg = &e->agg;
	r.type = str_cat(c->a, 3, type, STR("_"), r.fn->name);
	*out = e;
	return read_function(&r, &m->value);
}

bool aggregate_predicate_read(
	plan_ctx *c, const snap_source *src, const snap_rel *rel, const input *given, bexp_vec *out)
{
	const snap_table *target = snap_source_table(src, rel->target);
	str type = str_cat(c->a, 2, target->type, STR("_aggregate_bool_exp"));
	input in = *given;
	input_object o;
	bexp *e = NULL;
	if (!plan_enter(c, in.at) || !input_peel_value(c, &in, type_nullable(type)) || !input_members(c, &in, type, &o))
		return false;
	for (size_t i = 0; i < o.n; i++)
		if (!read_one(c, src, rel, type, &o.v[i], &e)) return false;
	plan_leave(c);
	if (o.n != 1) return plan_fail(c, in.at, "exactly one predicate should be specified");
	vec_push(c->a, out, e);
	return true;
}
