/* aggregate: <T>_aggregate and <T>_aggregate_fields. Hasura v2: GraphQL/Schema/Select.hs, tableAggregationFields. */
#include "plan/agg_ops.h"
#include "plan/input.h"
#include "plan/missing.h"

typedef VEC(plan_agg_column) agg_column_vec;

typedef struct agg_ctx {
	plan_ctx *c;
	const plan_select *s;
	const snap_select_perm *perm;
} agg_ctx;

static bool read_count_columns(const agg_ctx *g, const input *given, plan_agg *out)
{
	plan_ctx *c = g->c;
	const snap_table *t = g->s->table;
	str type = str_cat(c->a, 2, t->type, STR("_select_column"));
	input in = *given;
	input_list items;
	str *names;
	size_t *indices, n;
	select_columns(c, g->s->source, t, &names, &indices, &n);
	if (!input_peel_value(c, &in, type_list(type)) || !input_items(c, &in, &items)) return false;
	plan_agg_column *cols = NEW_ARRAY(c->a, plan_agg_column, items.n);
	for (size_t i = 0; i < items.n; i++) {
		size_t at;
		input one = items.v[i];
		if (!input_peel_value(c, &one, type_required(type)) || !input_enum(c, &one, type, names, n, &at))
			return false;
		cols[i].col = &t->cols[indices[at]];
		cols[i].visible_if = permit_column_filter(c, g->perm, indices[at]);
	}
	out->cols = cols;
	out->ncols = items.n;
	return true;
}

/* `columns` is not there when the role sees no column. */
static bool read_count(const agg_ctx *g, const sel_field *f, const plan_path *at, plan_agg *out)
{
	static const str names[] = {STR_INIT("distinct"), STR_INIT("columns")};
	plan_ctx *c = g->c;
	input in;
	str *cols;
	size_t *indices, n;
	out->kind = AGG_COUNT;
	select_columns(c, g->s->source, g->s->table, &cols, &indices, &n);
	if (!sel_leaf(c, f, at) || !sel_arguments(c, f, at, names, n ? 2 : 1)) return false;
	if (sel_argument(c, f, at, names[0], &in) &&
		(!input_peel_value(c, &in, type_nullable(STR("Boolean"))) || !input_bool(c, &in, &out->distinct)))
		return false;
	return !sel_argument(c, f, at, names[1], &in) || read_count_columns(g, &in, out);
}

static bool read_agg_computed(
	const agg_ctx *g, const snap_computed *cf, const sel_field *f, const plan_path *at, plan_agg_column *out)
{
	plan_field field = {0};
	if (!computed_scalar(g->c, g->s->source, g->s->table, cf, f, at, &field)) return false;
	out->computed = cf;
	out->call = field.call;
	out->visible_if = field.visible_if;
	return true;
}

static bool read_agg_column(
	const agg_ctx *g, str type, bool numeric, const sel_field *f, const plan_path *at, plan_agg_column *out)
{
	plan_ctx *c = g->c;
	const snap_table *t = g->s->table;
	const snap_source *src = g->s->source;
	const snap_field *sf = snap_table_field(t, f->name);
	bool seen = sf && role_sees_field(c->snap, src, t, sf, c->role);
	if (seen && sf->kind == FIELD_COLUMN && agg_takes_column(src, &t->cols[sf->index], numeric)) {
		out->col = &t->cols[sf->index];
		out->visible_if = permit_column_filter(c, g->perm, sf->index);
		return sel_leaf(c, f, at) && sel_arguments(c, f, at, NULL, 0);
	}
	const snap_computed *cf = seen && sf->kind == FIELD_COMPUTED ? &t->computed[sf->index] : NULL;
	if (cf && !cf->returns_table && agg_takes_type(src, cf->type, numeric))
		return read_agg_computed(g, cf, f, at, out);
	return sel_unknown(c, f, at, type, missing_field(c, src, t, f->name));
}

static bool read_op(const agg_ctx *g, bool numeric, const sel_field *f, const plan_path *at, plan_agg *out)
{
	plan_ctx *c = g->c;
	str type = str_cat(c->a, 4, g->s->table->type, STR("_"), out->op, STR("_fields"));
	const plan_path *here = path_key(c, at, STR("selectionSet"));
	sel_field_vec all;
	out->kind = AGG_OP;
	if (!sel_arguments(c, f, at, NULL, 0) || !sel_collect(c, type, &f->sub, here, &all)) return false;
	plan_agg_column *cols = NEW_ARRAY(c->a, plan_agg_column, all.n);
	for (size_t i = 0; i < all.n; i++) {
		cols[i].alias = all.v[i].key;
		if (str_eqz(all.v[i].name, "__typename")) {
			cols[i].typename = type;
		} else if (!read_agg_column(g, type, numeric, &all.v[i], path_key(c, here, all.v[i].name), &cols[i])) {
			return false;
		}
	}
	out->cols = cols;
	out->ncols = all.n;
	return true;
}

/* sum exists only if some column or computed field can be summed. */
static bool op_exists(const agg_ctx *g, bool numeric)
{
	const snap_table *t = g->s->table;
	for (size_t i = 0; i < t->ncols; i++)
		if (permit_column(g->perm, i) && agg_takes_column(g->s->source, &t->cols[i], numeric)) return true;
	for (size_t i = 0; i < t->ncomputed; i++)
		if (!t->computed[i].returns_table && g->perm->computed[i] &&
			agg_takes_type(g->s->source, t->computed[i].type, numeric))
			return true;
	return false;
}

static bool read_aggregate(const agg_ctx *g, const sel_field *f, const plan_path *at, plan_field *out)
{
	plan_ctx *c = g->c;
	str type = str_cat(c->a, 2, g->s->table->type, STR("_aggregate_fields"));
	const plan_path *here = path_key(c, at, STR("selectionSet"));
	sel_field_vec all;
	if (!sel_collect(c, type, &f->sub, here, &all)) return false;
	plan_agg *aggs = NEW_ARRAY(c->a, plan_agg, all.n);
	for (size_t i = 0; i < all.n; i++) {
		const sel_field *a = &all.v[i];
		const plan_path *p = path_key(c, here, a->name);
		bool numeric = false;
		aggs[i].alias = a->key;
		aggs[i].op = agg_op(a->name, &numeric);
		if (str_eqz(a->name, "__typename")) {
			aggs[i].kind = AGG_TYPENAME;
			aggs[i].typename = type;
		} else if (str_eqz(a->name, "count")) {
			if (!read_count(g, a, p, &aggs[i])) return false;
		} else if (!aggs[i].op.p || !op_exists(g, numeric)) {
			return sel_unknown(c, a, p, type, STR(""));
		} else if (!read_op(g, numeric, a, p, &aggs[i])) {
			return false;
		}
	}
	out->kind = PF_AGGREGATE;
	out->aggs = aggs;
	out->naggs = all.n;
	return true;
}

bool aggregate_fields(plan_ctx *c, plan_select *s, const sel_set *set, const plan_path *at)
{
	agg_ctx g = {.c = c, .s = s, .perm = permit_select(c, s->source, s->table)};
	str type = str_cat(c->a, 2, s->table->type, STR("_aggregate"));
	const plan_path *here = path_key(c, at, STR("selectionSet"));
	sel_field_vec all;
	if (!sel_collect(c, type, set, here, &all)) return false;
	s->fields = NEW_ARRAY(c->a, plan_field, all.n);
	s->nfields = all.n;
	for (size_t i = 0; i < all.n; i++) {
		const sel_field *f = &all.v[i];
		plan_field *out = &s->fields[i];
		const plan_path *p = path_key(c, here, f->name);
		bool nodes = str_eqz(f->name, "nodes"), aggregate = str_eqz(f->name, "aggregate");
		out->alias = f->key;
		if (str_eqz(f->name, "__typename")) {
			out->kind = PF_TYPENAME;
			out->text = type;
			continue;
		}
		if (!nodes && !aggregate) return sel_unknown(c, f, p, type, STR(""));
		if (!sel_arguments(c, f, p, NULL, 0)) return false;
		if (aggregate && !read_aggregate(&g, f, p, out)) return false;
		if (!nodes) continue;
		out->kind = PF_NODES;
		if (!row_fields(c, s->source, s->table, &f->sub, p, &out->fields, &out->nfields)) return false;
	}
	return true;
}
