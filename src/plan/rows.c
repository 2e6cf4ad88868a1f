/* rows: the fields of a row. Hasura v2: GraphQL/Schema/Select.hs, fieldSelection. */
#include "plan/input.h"
#include "plan/json_path.h"
#include "plan/missing.h"

typedef struct row_ctx {
	plan_ctx *c;
	const snap_source *src;
	const snap_table *t;
	const snap_select_perm *perm;
} row_ctx;

plan_select *select_new(
	plan_ctx *c, const snap_source *src, const snap_table *t, select_shape shape, const plan_path *at)
{
	plan_select *s = NEW(c->a, plan_select);
	*s = (plan_select){.source = src, .table = t, .shape = shape, .path = path_text(c, at)};
	return s;
}

bool select_fields(plan_ctx *c, plan_select *s, const sel_field *f, const plan_path *at)
{
	if (s->shape == SHAPE_AGGREGATE) return aggregate_fields(c, s, &f->sub, at);
	return row_fields(c, s->source, s->table, &f->sub, at, &s->fields, &s->nfields);
}

bool select_rows(plan_ctx *c, plan_select *s, const sel_field *f, const plan_path *at)
{
	if (!select_args(c, f, at, s)) return false;
	permit_rows(c, s, true);
	return select_fields(c, s, f, at);
}

/* ---- scalars ---- */

static bool read_json_path(plan_ctx *c, const sel_field *f, const plan_path *at, plan_field *out)
{
	input in;
	str text;
	str_vec steps;
	if (!sel_argument(c, f, at, STR("path"), &in)) return true;
	if (!input_peel_value(c, &in, type_nullable(STR("String"))) || !input_string(c, &in, &text)) return false;
	if (!json_path_parse(c->a, text, &steps))
		return plan_fail(c, path_key(c, at, STR("args")),
			"parse json path error: %.*s. Accept letters, digits, underscore (_) or hyphen (-) only. Use quotes "
			"enclosed in bracket ([\"...\"]) if there is any special character",
			STR_ARG(text));
	out->json_path = steps.v;
	out->njson_path = steps.n;
	return true;
}

static bool is_json(const snap_source *src, pg_oid type)
{
	return (cat_type_flags(src->cat, type) & (TYPE_JSON | TYPE_JSONB)) != 0;
}

static bool read_column(const row_ctx *r, size_t index, const sel_field *f, const plan_path *at, plan_field *out)
{
	static const str path = STR_INIT("path");
	const snap_column *col = &r->t->cols[index];
	bool is_doc = is_json(r->src, col->type);
	out->kind = PF_COLUMN;
	out->col = col;
	out->visible_if = permit_column_filter(r->c, r->perm, index);
	if (!sel_leaf(r->c, f, at) || !sel_arguments(r->c, f, at, &path, is_doc)) return false;
	return !is_doc || read_json_path(r->c, f, at, out);
}

/* ---- relationships ---- */

static bool read_object(const row_ctx *r, const snap_rel *rel, const sel_field *f, const plan_path *at, plan_field *out)
{
	plan_ctx *c = r->c;
	const snap_table *target = snap_source_table(r->src, rel->target);
	if (!sel_arguments(c, f, at, NULL, 0)) return false;
	out->kind = PF_OBJECT;
	out->rel = rel;
	out->select = select_new(c, r->src, target, SHAPE_ONE, at);
	permit_rows(c, out->select, false);
	return select_fields(c, out->select, f, at);
}

static bool read_array(
	const row_ctx *r, const snap_rel *rel, bool agg, const sel_field *f, const plan_path *at, plan_field *out)
{
	const snap_table *target = snap_source_table(r->src, rel->target);
	if (!sel_arguments(r->c, f, at, SELECT_ARG_NAMES, 5)) return false;
	out->kind = agg ? PF_ARRAY_AGG : PF_ARRAY;
	out->rel = rel;
	out->select = select_new(r->c, r->src, target, agg ? SHAPE_AGGREGATE : SHAPE_LIST, at);
	return select_rows(r->c, out->select, f, at);
}

/* ---- computed fields ---- */

static size_t computed_names(const snap_computed *cf, bool is_doc, str *names)
{
	size_t n = 0;
	if (cf->nuser_args) names[n++] = STR("args");
	if (is_doc) names[n++] = STR("path");
	for (size_t i = 0; cf->returns_table && i < 5; i++)
		names[n++] = SELECT_ARG_NAMES[i];
	return n;
}

bool computed_scalar(plan_ctx *c, const snap_source *src, const snap_table *t, const snap_computed *cf,
	const sel_field *f, const plan_path *at, plan_field *out)
{
	str names[8];
	bool is_doc = is_json(src, cf->type);
	out->kind = PF_COMPUTED;
	out->computed = cf;
	out->visible_if = permit_computed_filter(c, permit_select(c, src, t), (size_t)(cf - t->computed));
	if (!sel_leaf(c, f, at) || !sel_arguments(c, f, at, names, computed_names(cf, is_doc, names))) return false;
	if (!computed_args(c, src, t, cf, f, at, &out->call)) return false;
	return !is_doc || read_json_path(c, f, at, out);
}

static bool read_computed(
	const row_ctx *r, const snap_computed *cf, const sel_field *f, const plan_path *at, plan_field *out)
{
	str names[8];
	if (!cf->returns_table) return computed_scalar(r->c, r->src, r->t, cf, f, at, out);
	if (!sel_arguments(r->c, f, at, names, computed_names(cf, false, names))) return false;
	out->kind = PF_COMPUTED_ROWS;
	out->computed = cf;
	if (!computed_args(r->c, r->src, r->t, cf, f, at, &out->call)) return false;
	out->select = select_new(r->c, r->src, snap_source_table(r->src, cf->target), SHAPE_LIST, at);
	return select_rows(r->c, out->select, f, at);
}

/* ---- all ---- */

static bool read_field(const row_ctx *r, const sel_field *f, const plan_path *at, plan_field *out)
{
	plan_ctx *c = r->c;
	const snap_field *sf = snap_table_field(r->t, f->name);
	bool known = sf && sf->kind != FIELD_COMPUTED_AGG && role_sees_field(c->snap, r->src, r->t, sf, c->role);
	if (!known) return sel_unknown(c, f, at, r->t->type, missing_field(c, r->src, r->t, f->name));
	switch (sf->kind) {
	case FIELD_COLUMN: return read_column(r, sf->index, f, at, out);
	case FIELD_OBJECT: return read_object(r, &r->t->rels[sf->index], f, at, out);
	case FIELD_ARRAY: return read_array(r, &r->t->rels[sf->index], false, f, at, out);
	case FIELD_ARRAY_AGG: return read_array(r, &r->t->rels[sf->index], true, f, at, out);
	case FIELD_COMPUTED:
	case FIELD_COMPUTED_AGG: break;
	}
	return read_computed(r, &r->t->computed[sf->index], f, at, out);
}

/* Depth: the document's, bounded by gq_select_operation. */
bool row_fields(plan_ctx *c, const snap_source *src, const snap_table *t, const sel_set *set, const plan_path *at,
	plan_field **fields, size_t *n)
{
	row_ctx r = {.c = c, .src = src, .t = t, .perm = permit_select(c, src, t)};
	const plan_path *here = path_key(c, at, STR("selectionSet"));
	sel_field_vec all;
	if (!sel_collect(c, t->type, set, here, &all)) return false;
	plan_field *out = NEW_ARRAY(c->a, plan_field, all.n);
	for (size_t i = 0; i < all.n; i++) {
		const sel_field *f = &all.v[i];
		out[i].alias = f->key;
		if (str_eqz(f->name, "__typename")) {
			out[i].kind = PF_TYPENAME;
			out[i].text = t->type;
			continue;
		}
		if (!read_field(&r, f, path_key(c, here, f->name), &out[i])) return false;
	}
	*fields = out;
	*n = all.n;
	return true;
}
