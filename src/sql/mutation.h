/*
 * mutation: the statements of a mutation root and how their answers are read. Shared by sql/mutation*.c and exec/mutation.c.
 *
 * Everything one request does to one source is one pipelined write: BEGIN, the session's variables, the statements of each
 * root in order, COMMIT. So nothing may wait for an answer:
 * - a check that fails raises an error inside its statement, which aborts the rest; the text of the error carries MUT_CHECK;
 * - what a later statement needs of an earlier one (keys of nested inserts, changed rows whose relationships are selected
 *   afterwards) travels through settings local to the transaction (set_config(…, true), current_setting).
 */
#pragma once
#include "sql/sql.h"

/* Inside the message of the error a statement raises (PostgreSQL quotes the text it cannot read, in any language). */
#define MUT_CHECK "weir: the check of a permission has failed"
#define MUT_NO_ROW "weir: no row to build on"

/* How the rows a statement changed are counted. */
typedef enum mut_count {
	MUT_COUNT_NONE,   /* it selects */
	MUT_COUNT_TAG,    /* by the command tag */
	MUT_COUNT_CELL,   /* a number in cell `cell` of the first row */
	MUT_COUNT_PRESENT /* its only row counts if cell `cell` is not NULL */
} mut_count;

typedef struct mut_statement {
	const statement *st;
	mut_count count;
	size_t cell;
	bool rows; /* its rows (those that count, with MUT_COUNT_PRESENT) are rows of `returning` */
	str path;  /* of its errors */
	/* What MUT_NO_ROW means here. */
	str no_row;
	str no_row_path;
} mut_statement;

/* A field of the response. */
typedef struct mut_item {
	str head; /* `"alias":` with its comma */
	response_kind kind;
	const out_node *value; /* MR_TYPENAME: text; MR_RETURNING: one row */
} mut_item;

/* Statements first … first+n-1 answer for one response object. */
typedef struct mut_part {
	size_t first;
	size_t n;
} mut_part;

typedef struct sql_mutation {
	const plan_mutation *m;
	mut_statement *stmts;
	size_t nstmts;
	mut_part *parts; /* update_many: one per update; else one */
	size_t nparts;
	bool many;
	const out_node *row; /* m->one: the row; else NULL */
	mut_item *items;
	size_t nitems;
} sql_mutation;
