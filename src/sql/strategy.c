/*
 * strategy: which form a list inside rows takes; the one place that decides. Measured: research on the data path.
 * Many parents: a statement per level. Few: one array per column where the list has plain columns only. Else JSON.
 */
#include "sql/select.h"

enum {
	ROWS_UNKNOWN = 1000, /* an unlimited list nobody has run yet */
	ROWS_FEW = 40,       /* up to here a second statement costs more than it saves */
	ROWS_MARGIN = 2      /* by how much the truth must differ before the choice is made again */
};

static uint64_t rows_expected(const maker *m, const plan_select *sel)
{
	if (sel->by_key || sel->shape == SHAPE_ONE) return 1;
	uint64_t rows = m->rows ? m->rows : ROWS_UNKNOWN;
	return sel->has_limit && (uint64_t)sel->limit < rows ? (uint64_t)sel->limit : rows;
}

static bool has_lists(const plan_field *fields, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (fields[i].kind == PF_ARRAY || fields[i].kind == PF_ARRAY_AGG || fields[i].kind == PF_COMPUTED_ROWS)
			return true;
		if (fields[i].kind == PF_OBJECT && has_lists(fields[i].select->fields, fields[i].select->nfields))
			return true;
	}
	return false;
}

static bool plain(const plan_field *fields, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const plan_field *f = &fields[i];
		bool object = f->kind == PF_OBJECT && plain(f->select->fields, f->select->nfields);
		if (f->kind != PF_COLUMN && f->kind != PF_TYPENAME && !object) return false;
	}
	return true;
}

bool sql_is_plain(const plan_select *sel)
{
	return sel->shape != SHAPE_AGGREGATE && plain(sel->fields, sel->nfields);
}

bool strategy_many(maker *m, const plan_select *sel, const level *of)
{
	if (m->strategy == SQL_JSON || m->strategy == SQL_ARRAYS) return false;
	if (!has_lists(sel->fields, sel->nfields) || sel->stream || !level_repeatable(m, sel)) return false;
	if (m->strategy == SQL_LEVELS) return true;
	/* A level has at least as many rows to look after as the one above seemed to. */
	if (of) return true;
	if (sel->by_key || sel->shape == SHAPE_ONE || (sel->has_limit && sel->limit <= ROWS_FEW)) return false;
	m->asked = true;
	return rows_expected(m, sel) > ROWS_FEW;
}

list_form strategy_list(cells *c, const place *p, const plan_select *sel, const snap_rel *rel)
{
	const maker *m = c->m;
	if (c->json_only || m->strategy == SQL_JSON) return LIST_JSON;
	if (c->many && level_allowed(m, p, rel)) return LIST_LEVEL;
	if (m->strategy != SQL_LEVELS && arrays_allowed(m, sel)) return LIST_ARRAYS;
	return LIST_JSON;
}

bool strategy_aggregate_level(const cells *c, const place *p, const plan_select *sel, const snap_rel *rel)
{
	return !c->json_only && c->many && !aggregate_bounded(sel) && level_allowed(c->m, p, rel);
}

bool sql_rechoose(const sql_root *r, uint64_t rows)
{
	if (r->few) return rows > ROWS_FEW * ROWS_MARGIN;
	if (r->many) return rows < ROWS_FEW / ROWS_MARGIN;
	return false;
}
