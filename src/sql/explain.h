/*
 * explain: what a role's filters do to the rows a plan reaches: statements that count them, and the filters as text.
 * Nothing of it may reach anybody but an admin: it looks at rows without their filter.
 */
#pragma once
#include "sql/sql.h"

/* The rows of sel; below the root those that hang on the rows of `from` by rel, as far as the role sees these. */
typedef struct sql_reach sql_reach;
struct sql_reach {
	const sql_reach *from; /* NULL: a root */
	const snap_rel *rel;
	const plan_select *sel;
};

/*
 * One row of two counts: all rows that the client's conditions of r fit, and those of them the role's filter lets through.
 * Limits, offsets and distinct_on are not looked at. The statement lives in a.
 */
const statement *sql_count_seen(arena *a, const snapshot *snap, const sql_reach *r);
/* A condition as SQL, its table called t1, with its parameters; only to be shown. */
const statement *sql_condition(arena *a, const snapshot *snap, const snap_source *src, const bexp *e);
