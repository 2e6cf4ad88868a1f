/* order_by: <T>_order_by. Hasura v2: GraphQL/Schema/OrderBy.hs. */
#include "plan/agg_ops.h"
#include "plan/missing.h"
#include "plan/input.h"

typedef VEC(plan_order) order_vec;

/* The way from the ordered table to where we are. */
typedef struct ordering {
	plan_ctx *c;
	const snap_source *src;
	const order_step *path;
	size_t npath;
	order_vec *out;
} ordering;

static bool read_object(const ordering *o, const snap_table *t, const input *in);

/* asc is NULLS LAST and desc NULLS FIRST: PostgreSQL's defaults. */
static bool read_direction(const ordering *o, const input *given, plan_order item)
{
	static const str names[] = {
		STR_INIT("asc"),
		STR_INIT("asc_nulls_first"),
		STR_INIT("asc_nulls_last"),
		STR_INIT("desc"),
		STR_INIT("desc_nulls_first"),
		STR_INIT("desc_nulls_last"),
	};
	plan_ctx *c = o->c;
	str type = STR("order_by");
	input in = *given;
	size_t i;
	if (!input_peel_value(c, &in, type_nullable(type))) return false;
	if (input_is_null(&in)) return true;
	if (!input_enum(c, &in, type, names, sizeof names / sizeof *names, &i)) return false;
	item.path = o->path;
	item.npath = o->npath;
	item.desc = i >= 3;
	if (i == 1) item.nulls = NULLS_FIRST;
	if (i == 5) item.nulls = NULLS_LAST;
	vec_push(c->a, o->out, item);
	return true;
}

static bool read_column(const ordering *o, const snap_table *t, size_t index, const input *in)
{
	plan_order item = {.kind = ORDER_COLUMN, .col = &t->cols[index]};
	item.visible_if = permit_column_filter(o->c, permit_select(o->c, o->src, t), index);
	return read_direction(o, in, item);
}

static ordering step_along(const ordering *o, const snap_rel *rel, const snap_table *target, const bexp *filter)
{
	ordering next = *o;
	order_step *path = NEW_ARRAY(o->c->a, order_step, o->npath + 1);
	if (o->npath) memcpy(path, o->path, o->npath * sizeof *path);
	path[o->npath] = (order_step){.rel = rel, .table = target, .filter = filter};
	next.path = path;
	next.npath = o->npath + 1;
	return next;
}

static bool read_relationship(const ordering *o, const snap_rel *rel, const input *given)
{
	plan_ctx *c = o->c;
	const snap_table *target = snap_source_table(o->src, rel->target);
	input in = *given;
	if (!input_peel_value(c, &in, type_nullable(str_cat(c->a, 2, target->type, STR("_order_by"))))) return false;
	if (input_is_null(&in)) return true;
	if (!plan_enter(c, in.at)) return false;
	ordering next = step_along(o, rel, target, permit_table(c, o->src, target));
	bool ok = read_object(&next, target, &in);
	plan_leave(c);
	return ok;
}

/* ---- aggregates ---- */

static bool read_agg_columns(
	const ordering *o, const snap_table *t, str op, bool numeric, plan_order item, const input *given)
{
	plan_ctx *c = o->c;
	str type = str_cat(c->a, 4, t->type, STR("_"), op, STR("_order_by"));
	const snap_select_perm *perm = permit_select(c, o->src, t);
	input in = *given;
	input_object cols;
	if (!input_peel_value(c, &in, type_nullable(type))) return false;
	if (input_is_null(&in)) return true;
	if (!input_members(c, &in, type, &cols)) return false;
	for (size_t i = 0; i < cols.n; i++) {
		const snap_field *f = snap_table_field(t, cols.v[i].name);
		bool ok = f && f->kind == FIELD_COLUMN && permit_column(perm, f->index) &&
			agg_takes_column(o->src, &t->cols[f->index], numeric);
		if (!ok) return input_unknown_field(c, &cols.v[i], type);
		item.col = &t->cols[f->index];
		item.agg = op;
		/* Rows where the role may not see the column do not count. */
		ordering at = *o;
		const bexp *visible = permit_visible(c, perm, f->index);
		if (visible) {
			order_step *path = NEW_ARRAY(c->a, order_step, o->npath);
			memcpy(path, o->path, o->npath * sizeof *path);
			path[o->npath - 1].filter = bexp_and(c->a, path[o->npath - 1].filter, visible);
			at.path = path;
		}
		if (!read_direction(&at, &cols.v[i].value, item)) return false;
	}
	return true;
}

/* o's last step is what is aggregated. */
static bool read_aggregate(const ordering *o, const snap_table *t, plan_order item, const input *given)
{
	plan_ctx *c = o->c;
	str type = str_cat(c->a, 2, t->type, STR("_aggregate_order_by"));
	input in = *given;
	input_object ops;
	if (!input_peel_value(c, &in, type_nullable(type))) return false;
	if (input_is_null(&in)) return true;
	if (!input_members(c, &in, type, &ops)) return false;
	for (size_t i = 0; i < ops.n; i++) {
		const input_member *m = &ops.v[i];
		bool numeric, ok;
		str op = agg_op(m->name, &numeric);
		if (str_eqz(m->name, "count")) {
			item.agg = STR("count");
			ok = read_direction(o, &m->value, item);
		} else {
			if (!op.p) return input_unknown_field(c, m, type);
			ok = read_agg_columns(o, t, op, numeric, item, &m->value);
		}
		if (!ok) return false;
	}
	return true;
}

static bool read_array(const ordering *o, const snap_rel *rel, const input *in)
{
	const snap_table *target = snap_source_table(o->src, rel->target);
	ordering next = step_along(o, rel, target, permit_table(o->c, o->src, target));
	return read_aggregate(&next, target, (plan_order){.kind = ORDER_AGG}, in);
}

static bool read_computed(const ordering *o, const snap_table *t, size_t index, bool agg, const input *in)
{
	plan_ctx *c = o->c;
	const snap_computed *cf = &t->computed[index];
	plan_order item = {.computed = cf, .call = cf->call, .kind = agg ? ORDER_COMPUTED_AGG : ORDER_COMPUTED};
	permit_call(c, &cf->call);
	if (!agg) {
		item.visible_if = permit_computed_filter(c, permit_select(c, o->src, t), index);
		return read_direction(o, in, item);
	}
	const snap_table *target = snap_source_table(o->src, cf->target);
	/* A step without relationship: the function's rows, under their table's filter. */
	ordering next = step_along(o, NULL, target, permit_table(c, o->src, target));
	return read_aggregate(&next, target, item, in);
}

/* ---- rows ---- */

static bool read_field(const ordering *o, const snap_table *t, const input_member *m, bool *known)
{
	const snap_field *f = snap_table_field(t, m->name);
	/* An order by aggregates needs the target to be selectable, not its aggregations (Hasura v2). */
	snap_field as = f ? *f : (snap_field){0};
	if (as.kind == FIELD_ARRAY_AGG) as.kind = FIELD_ARRAY;
	if (as.kind == FIELD_COMPUTED_AGG) as.kind = FIELD_COMPUTED;
	*known = f && role_sees_field(o->c->snap, o->src, t, &as, o->c->role);
	if (!*known) return false;
	const snap_computed *cf = as.kind == FIELD_COMPUTED ? &t->computed[f->index] : NULL;
	switch (f->kind) {
	case FIELD_COLUMN: return read_column(o, t, f->index, &m->value);
	case FIELD_OBJECT: return read_relationship(o, &t->rels[f->index], &m->value);
	case FIELD_ARRAY_AGG: return read_array(o, &t->rels[f->index], &m->value);
	case FIELD_COMPUTED:
	case FIELD_COMPUTED_AGG:
		*known = !cf->nuser_args && cf->returns_table == (f->kind == FIELD_COMPUTED_AGG);
		return *known && read_computed(o, t, f->index, cf->returns_table, &m->value);
	case FIELD_ARRAY: break;
	}
	return *known = false;
}

static bool read_object(const ordering *o, const snap_table *t, const input *in)
{
	str type = str_cat(o->c->a, 2, t->type, STR("_order_by"));
	input_object members;
	if (!input_members(o->c, in, type, &members)) return false;
	for (size_t i = 0; i < members.n; i++) {
		bool known;
		if (read_field(o, t, &members.v[i], &known)) continue;
		if (known || input_unknown_field(o->c, &members.v[i], type)) return false;
		return missing_because(o->c, missing_field(o->c, o->src, t, members.v[i].name));
	}
	return true;
}

bool order_read(
	plan_ctx *c, const snap_source *src, const snap_table *t, const input *in, const plan_order **out, size_t *n)
{
	order_vec all = {0};
	ordering o = {.c = c, .src = src, .out = &all};
	str type = str_cat(c->a, 2, t->type, STR("_order_by"));
	input_list items;
	if (!input_items(c, in, &items)) return false;
	for (size_t i = 0; i < items.n; i++) {
		input one = items.v[i];
		if (!input_peel_value(c, &one, type_required(type)) || !read_object(&o, t, &one)) return false;
	}
	*out = all.v;
	*n = all.n;
	return true;
}
