#include "sql/live.h"
#include "sql/multiplex.h"
#include "sql/select.h"

/* Lists of subscriptions are short as a rule: what is made for few rows is right for many too. */
enum { ROWS_THOUGHT = 20 };

static bool made_alike(const sql_live_root *r, const maker *m)
{
	if (r->nstmts != m->stmts.n) return false;
	for (size_t i = 0; i < r->nstmts; i++)
		if (r->stmts[i]->nparams != m->stmts.v[i]->nparams) return false;
	return true;
}

static void make_multiplexed(maker *m, const plan_select *sel, sql_live_root *r)
{
	for (size_t i = 0; i < r->nstmts; i++)
		if (!multiplex_possible(r->stmts[i])) return;
	m->multiplex = true;
	m->stmts.v = NULL;
	m->stmts.n = m->stmts.cap = 0;
	make_rows(m, sel);
	if (!made_alike(r, m)) return;
	for (size_t i = 0; i < r->nstmts; i++)
		if (!r->stmts[i]->nparams) m->stmts.v[i] = r->stmts[i];
	r->multiplexed = m->stmts.v;
}

static bool make_select(
	arena *a, const plan *p, str alias, const plan_select *sel, sql_live *l, sql_live_root *r, error *err)
{
	maker m = {.a = a, .p = p, .source = sel->source, .rows = ROWS_THOUGHT};
	m.stringify = p->snap->options.stringify_numerics;
	m.stream = sel->stream != NULL;
	bool read_write = sel->function && sel->function->fn->volatile_read;
	/* One statement, so that the function runs once. */
	if (read_write) m.strategy = SQL_JSON;
	r->alias = str_copy(a, alias);
	r->out = make_rows(&m, sel);
	r->stmts = m.stmts.v;
	r->nstmts = m.stmts.n;
	r->cursor = m.cursor;
	r->reached = m.reached;
	sql_root sized = {.stmts = r->stmts, .nstmts = r->nstmts};
	if (!sql_check_sizes(&sized, err)) return false;
	if (!read_write) make_multiplexed(&m, sel, r);
	l->read_write |= read_write;
	l->multiplexed &= r->multiplexed != NULL;
	return true;
}

static const plan_select *select_of(const plan_root *root, bool next)
{
	return next ? root->select->stream->next : root->select;
}

bool sql_make_live(arena *a, const plan *p, bool next, sql_live *l, error *err)
{
	*l = (sql_live){.nroots = p->nroots, .multiplexed = true};
	l->roots = NEW_ARRAY(a, sql_live_root, p->nroots);
	for (size_t i = 0; i < p->nroots; i++)
		if (!make_select(a, p, p->roots[i].alias, select_of(&p->roots[i], next), l, &l->roots[i], err))
			return false;
	return true;
}

bool sql_make_front(arena *a, const plan *p, bool next, sql_live *l, error *err)
{
	*l = (sql_live){.nroots = 1, .multiplexed = true};
	l->roots = NEW(a, sql_live_root);
	return make_select(a, p, STR(""), stream_front(a, select_of(p->roots, next)), l, l->roots, err);
}
