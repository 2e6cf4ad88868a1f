/*
 * steady: whether asking again, under the same snapshot, gives the same rows. Those of a view may be others (it can call
 * random()), those of a foreign table too (its server's snapshots are its own), and those that a computed field chooses or
 * orders: its function is STABLE by declaration only.
 */
#include "sql/select.h"

static bool steady_table(const snap_table *t)
{
	return t && t->cat->kind != 'v' && t->cat->kind != 'f';
}

/* Depth: that of the expression, bounded by who read it. */
static bool steady_bexp(const snap_source *s, const bexp *e)
{
	if (!e) return true;
	if (e->lhs.computed || !steady_bexp(s, e->lhs.visible_if)) return false;
	if (e->rel.target.name.n && !steady_table(snap_source_table(s, e->rel.target))) return false;
	for (size_t i = 0; i < e->nkids; i++)
		if (!steady_bexp(s, e->kids[i])) return false;
	return steady_bexp(s, e->agg.filter);
}

static bool steady_order(const snap_source *s, const plan_order *o)
{
	if (o->computed || !steady_bexp(s, o->visible_if)) return false;
	for (size_t i = 0; i < o->npath; i++)
		if (!steady_table(o->path[i].table) || !steady_bexp(s, o->path[i].filter)) return false;
	return true;
}

bool select_steady(const maker *m, const plan_select *sel)
{
	const snap_source *s = m->source;
	if (sel->function || !steady_table(sel->table)) return false;
	if (!steady_bexp(s, sel->filter) || !steady_bexp(s, sel->where)) return false;
	for (size_t i = 0; i < sel->norder; i++)
		if (!steady_order(s, &sel->order[i])) return false;
	for (size_t i = 0; sel->distinct_visible && i < sel->ndistinct; i++)
		if (!steady_bexp(s, sel->distinct_visible[i])) return false;
	return true;
}
