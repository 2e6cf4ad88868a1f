/* mutation_build: what the files that make the statements of mutations share. Private to sql/mutation*.c. */
#pragma once
#include "sql/mutation.h"
#include "sql/select.h"

typedef VEC(mut_statement) mut_statement_vec;

/* The statements of one mutation root under construction. */
typedef struct mut_maker {
	arena *a;
	plan *p;
	const plan_mutation *m;
	sql_mutation *out;
	mut_statement_vec stmts;
	const plan_select **sels; /* what is selected of the changed rows: each `returning`, or the row itself */
	size_t nsels;
	bool after;            /* selected by a statement of its own, afterwards: relationships show the new state */
	const out_node **rows; /* recipes, by sels; NULL until the first statement is made */
	bool *slots;           /* settings in use, by number */
	size_t nslots;
	size_t kept; /* rows of nested inserts put away to be selected afterwards */
} mut_maker;

/* One INSERT, UPDATE or DELETE: its text as far as it has been written. */
typedef struct change {
	mut_maker *mk;
	sql_build b;
	buf text;
	const snap_table *t;
	unsigned alias;    /* of the changed table */
	const bexp *check; /* NULL: none */
	const plan_conflict *conflict;
	str path;
} change;

void sql_change_begin(change *ch, mut_maker *mk, const snap_table *t, str path);
/* Adds RETURNING and makes the statement. select: its rows are the mutation's. */
void change_finish(change *ch, bool select);

/* A row that later statements build on is put into this setting; SIZE_MAX: none. */
typedef struct change_row {
	size_t slot;
	bool select;
	str no_row;
	str no_row_path;
} change_row;

/* The same for one row of a nested insert. */
void change_finish_row(change *ch, const change_row *how);
/* The select over the rows put away by change_finish_row. */
void change_select_kept(mut_maker *mk, str path);

/* A setting not in use. */
size_t slot_take(mut_maker *mk);
void slot_give(mut_maker *mk, size_t slot);
/* current_setting of a slot, as text. */
void put_slot(sql_build *b, buf *text, size_t slot);

/* The statements of an insert with what is nested in it. */
void make_insert(mut_maker *mk, const plan_insert *ins);
/* SET a = …, b = … of an update or an upsert. alias: the table's. */
void put_set_items(sql_build *b, buf *text, const plan_set_item *items, size_t n, unsigned alias);
