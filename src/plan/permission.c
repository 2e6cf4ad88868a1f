/*
 * permission: the one place where filters of roles enter a plan. Every select, every table met in an expression, an order or an
 * aggregate asks here; nobody else reads a permission's filter.
 */
#include "plan/build.h"

const snap_perms *permit_all(plan_ctx *c, const snap_source *src, const snap_table *t)
{
	return role_perms(c->snap, src, t, c->role);
}

const snap_select_perm *permit_select(plan_ctx *c, const snap_source *src, const snap_table *t)
{
	return permit_all(c, src, t)->select;
}

bool permit_column(const snap_select_perm *p, size_t col)
{
	return p && p->cols[col];
}

/* ---- session variables ---- */

void permit_val(plan_ctx *c, const val *v)
{
	if (v->kind == VAL_SESSION || v->kind == VAL_SESSION_OPT) {
		str name = str_copy(c->a, v->text);
		map_add(c->a, &c->session, name, c);
	}
	/* All of them: their set is part of what the answer depends on. */
	if (v->kind == VAL_SESSION_JSON) map_add(c->a, &c->session, STR("*"), c);
	for (size_t i = 0; i < v->nelems; i++)
		permit_val(c, &v->elems[i]);
}

void permit_call(plan_ctx *c, const row_call *call)
{
	if (call->session_arg != SIZE_MAX) map_add(c->a, &c->session, STR("*"), c);
	for (size_t i = 0; i < call->nargs; i++)
		permit_val(c, &call->args[i].value);
}

/* Depth: as deep as the metadata it was read from (JSON_MAX_DEPTH). */
static void note(plan_ctx *c, const bexp *e)
{
	if (!e) return;
	for (size_t i = 0; i < e->nkids; i++)
		note(c, e->kids[i]);
	if (e->lhs.computed) permit_call(c, e->lhs.computed);
	note(c, e->lhs.visible_if);
	note(c, e->agg.filter);
	note(c, e->agg.predicate);
	permit_val(c, &e->rhs);
	for (size_t i = 0; i < e->nextra; i++)
		permit_val(c, &e->extra[i]);
}

const bexp *permit_filter(plan_ctx *c, const bexp *filter)
{
	if (!filter || filter->kind == BEXP_TRUE) return NULL;
	str key = str_copy(c->a, str_make((const char *)&filter, sizeof filter));
	if (map_add(c->a, &c->noted, key, c)) note(c, filter);
	return filter;
}

/* ---- uses ---- */

void permit_rows(plan_ctx *c, plan_select *s, bool limit)
{
	const snap_select_perm *p = permit_select(c, s->source, s->table);
	/* The caller has found the table selectable; without a permission nothing may be seen. */
	if (!p) {
		s->filter = bexp_new(c->a, BEXP_FALSE);
		return;
	}
	s->filter = permit_filter(c, p->filter);
	if (!limit || !p->has_limit) return;
	if (!s->has_limit || p->limit < s->limit) s->limit = p->limit;
	s->has_limit = true;
}

/* The filter with a root of its own: `$` in it is the row it filters, wherever it is put. */
static const bexp *rooted(plan_ctx *c, const bexp *filter)
{
	bexp *e = bexp_new(c->a, filter->kind);
	*e = *filter;
	e->own_root = true;
	return e;
}

const bexp *permit_related(plan_ctx *c, const snap_source *src, const snap_table *t, const bexp *where)
{
	const snap_select_perm *p = permit_select(c, src, t);
	if (!p) return bexp_new(c->a, BEXP_FALSE);
	const bexp *filter = permit_filter(c, p->filter);
	const bexp *both = bexp_and(c->a, filter ? rooted(c, filter) : NULL, where);
	return both && both->kind != BEXP_TRUE ? both : NULL;
}

const bexp *permit_column_filter(plan_ctx *c, const snap_select_perm *p, size_t col)
{
	if (!p || !p->col_filter) return NULL;
	return permit_filter(c, p->col_filter[col]);
}

const bexp *permit_computed_filter(plan_ctx *c, const snap_select_perm *p, size_t computed)
{
	if (!p || !p->computed_filter) return NULL;
	return permit_filter(c, p->computed_filter[computed]);
}

const bexp *permit_visible(plan_ctx *c, const snap_select_perm *p, size_t col)
{
	const bexp *e = permit_column_filter(c, p, col);
	return e ? rooted(c, e) : NULL;
}

const bexp *permit_table(plan_ctx *c, const snap_source *src, const snap_table *t)
{
	const snap_select_perm *p = permit_select(c, src, t);
	return p ? permit_filter(c, p->filter) : bexp_new(c->a, BEXP_FALSE);
}
