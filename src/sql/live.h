/*
 * live: the statements of a subscription, plain for one cohort and multiplexed for many (multiplex.h). Both write equal
 * bytes: the form of lists is fixed. Everything is in the arena given, and of the plan only the values of parameters
 * (statement.params) point at it: text and recipes outlive it.
 */
#pragma once
#include "sql/sql.h"

typedef struct sql_live_root {
	str alias;
	const statement **stmts;
	/* As stmts; a statement without parameters is its own multiplexed form. NULL: many cohorts cannot run at once. */
	const statement **multiplexed;
	size_t nstmts;
	const out_node *out;
	/* Streams: cells of the first statement's rows (of the multiplexed form: one further). */
	size_t cursor;  /* the cursor, as text it can be read from again */
	size_t reached; /* safe streams: t when the row is within the bound */
} sql_live_root;

typedef struct sql_live {
	sql_live_root *roots;
	size_t nroots;
	bool multiplexed; /* all roots have that form */
	bool read_write;  /* a VOLATILE function: a read-write transaction */
} sql_live;

/*
 * Of a plan all of whose roots read rows. Error: as sql_make. O(size of the plan).
 * next: of a stream that began without a cursor, the form that has one.
 */
MUST_CHECK bool sql_make_live(arena *a, const plan *p, bool next, sql_live *out, error *err);

/* ---- streams (stream.c) ---- */

/*
 * The last of all rows after the cursor: how far a safe stream may go once nothing can come before it. Its parameters are
 * the first ones of the form sql_make_live gives; of its rows only the cursor's cell counts. Error: as sql_make_live.
 */
MUST_CHECK bool sql_make_front(arena *a, const plan *p, bool next, sql_live *out, error *err);

/*
 * What might still bring rows whose values are made already: a row for each transaction under way in this database,
 * prepared ones included, but for this one and those of VACUUM: (name, prepared: t or f). On a standby one row whose name
 * is NULL. Names are unique as long as the server runs. PostgreSQL: a transaction without an xid has made values too
 * (now(), nextval), so snapshots, which know of xids only, cannot tell.
 */
const statement *sql_stream_watch(arena *a);
