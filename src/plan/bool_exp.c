/* bool_exp: <T>_bool_exp. Hasura v2: GraphQL/Schema/BoolExp.hs. */
#include "plan/aggregate_bool_exp.h"
#include "plan/missing.h"
#include "plan/compare.h"

static str bool_exp_type(plan_ctx *c, const snap_table *t)
{
	return str_cat(c->a, 2, t->type, STR("_bool_exp"));
}

bool where_read_optional(plan_ctx *c, const snap_source *src, const snap_table *t, const input *given, const bexp **out)
{
	input in = *given;
	*out = NULL;
	return input_peel_value(c, &in, type_nullable(bool_exp_type(c, t))) && where_read(c, src, t, &in, out);
}

static bool read_list(
	plan_ctx *c, const snap_source *src, const snap_table *t, const input *given, bexp_kind kind, bexp_vec *out)
{
	input in = *given;
	input_list items;
	in_type type = type_list(bool_exp_type(c, t));
	if (!input_peel_value(c, &in, type) || !input_items(c, &in, &items)) return false;
	bexp *e = bexp_new(c->a, kind);
	e->kids = NEW_ARRAY(c->a, const bexp *, items.n);
	for (size_t i = 0; i < items.n; i++) {
		input one = items.v[i];
		if (!input_peel_value(c, &one, type_required(type.name)) || !where_read(c, src, t, &one, &e->kids[i]))
			return false;
		e->nkids++;
	}
	vec_push(c->a, out, e);
	return true;
}

static bool read_not(plan_ctx *c, const snap_source *src, const snap_table *t, const input *in, bexp_vec *out)
{
	const bexp *kid;
	if (!where_read_optional(c, src, t, in, &kid)) return false;
	bexp *e = bexp_new(c->a, BEXP_NOT);
	e->kids = NEW(c->a, const bexp *);
	e->kids[0] = kid;
	e->nkids = 1;
	vec_push(c->a, out, e);
	return true;
}

static bool read_comparison(plan_ctx *c, const value_type *t, const bexp_lhs *lhs, const input *given, bexp_vec *out)
{
	input in = *given;
	return input_peel_value(c, &in, type_nullable(compare_type(c, t))) && compare_read(c, t, lhs, &in, out);
}

static bool read_column(
	plan_ctx *c, const snap_source *src, const snap_table *t, size_t index, const input *in, bexp_vec *out)
{
	const snap_column *col = &t->cols[index];
	value_type type = value_type_column(c, src, col);
	bexp_lhs lhs = {.column = col->cat->name, .type = col->type, .nullable = col->nullable};
	lhs.visible_if = permit_column_filter(c, permit_select(c, src, t), index);
	return read_comparison(c, &type, &lhs, in, out);
}

static const bexp **one_kid(plan_ctx *c, const bexp *kid)
{
	const bexp **kids = NEW(c->a, const bexp *);
	kids[0] = kid;
	return kids;
}

static bool read_related(
	plan_ctx *c, const snap_source *src, const snap_table *target, const input *in, bexp *e, bexp_vec *out)
{
	const bexp *where;
	if (!plan_enter(c, in->at) || !where_read_optional(c, src, target, in, &where)) return false;
	plan_leave(c);
	const bexp *kid = permit_related(c, src, target, where);
	e->nkids = kid ? 1 : 0;
	if (kid) e->kids = one_kid(c, kid);
	vec_push(c->a, out, e);
	return true;
}

static bool read_relationship(plan_ctx *c, const snap_source *src, const snap_rel *rel, const input *in, bexp_vec *out)
{
	bexp *e = bexp_new(c->a, BEXP_REL);
	e->rel = (bexp_rel){.target = rel->target, .pairs = rel->pairs, .npairs = rel->npairs};
	return read_related(c, src, snap_source_table(src, rel->target), in, e, out);
}

static bool read_computed(
	plan_ctx *c, const snap_source *src, const snap_table *t, size_t index, const input *in, bexp_vec *out)
{
	const snap_computed *cf = &t->computed[index];
	permit_call(c, &cf->call);
	if (cf->returns_table) {
		bexp *e = bexp_new(c->a, BEXP_COMPUTED_TABLE);
		e->lhs.computed = &cf->call;
		return read_related(c, src, snap_source_table(src, cf->target), in, e, out);
	}
	value_type type = value_type_oid(c, src, cf->type);
	bexp_lhs lhs = {.computed = &cf->call, .type = type.oid, .nullable = true};
	lhs.visible_if = permit_computed_filter(c, permit_select(c, src, t), index);
	return read_comparison(c, &type, &lhs, in, out);
}

/* False with *known false: no such field for this role. */
static bool read_field(
	plan_ctx *c, const snap_source *src, const snap_table *t, const input_member *m, bool *known, bexp_vec *out)
{
	const snap_field *f = snap_table_field(t, m->name);
	*known = f && role_sees_field(c->snap, src, t, f, c->role);
	if (!*known) return false;
	switch (f->kind) {
	case FIELD_COLUMN: return read_column(c, src, t, f->index, &m->value, out);
	case FIELD_OBJECT:
	case FIELD_ARRAY: return read_relationship(c, src, &t->rels[f->index], &m->value, out);
	case FIELD_COMPUTED:
		*known = t->computed[f->index].nuser_args == 0;
		return *known && read_computed(c, src, t, f->index, &m->value, out);
	case FIELD_ARRAY_AGG:
		*known = !c->snap->options.hide_aggregation_predicates;
		return *known && aggregate_predicate_read(c, src, &t->rels[f->index], &m->value, out);
	case FIELD_COMPUTED_AGG: break;
	}
	return *known = false;
}

/* Depth: the document's or the variables' own, relationships bounded by plan_enter. */
bool where_read(plan_ctx *c, const snap_source *src, const snap_table *t, const input *in, const bexp **out)
{
	input_object o;
	bexp_vec all = {0};
	str type = bool_exp_type(c, t);
	if (!input_members(c, in, type, &o)) return false;
	for (size_t i = 0; i < o.n; i++) {
		const input_member *m = &o.v[i];
		bool known = true, ok;
		if (str_eqz(m->name, "_and")) ok = read_list(c, src, t, &m->value, BEXP_AND, &all);
		else if (str_eqz(m->name, "_or")) ok = read_list(c, src, t, &m->value, BEXP_OR, &all);
		else if (str_eqz(m->name, "_not")) ok = read_not(c, src, t, &m->value, &all);
		else ok = read_field(c, src, t, m, &known, &all);
		if (!known)
			return input_unknown_field(c, m, type) || missing_because(c, missing_field(c, src, t, m->name));
		if (!ok) return false;
	}
	*out = bexp_all(c, &all);
	return true;
}
