/*
 * changes_marks: what was touched, gathered: by watched object, and of its columns that somebody watches by value which
 * values. Many marks of one object become one; too many values of a column become all of them. Private to live/changes*.
 */
#pragma once
#include "catalog/catalog.h"

/* MARK_KEYS: values of one column that are told apart; a transaction that touches more has touched all. */
enum { MARK_COLUMNS = 8, MARK_KEYS = 4096 };

typedef struct mark_column {
	uint64_t column; /* changes_column_hash of its name */
	bool all;
	uint64_t *keys; /* changes_key_hash_output */
	size_t n;
	size_t cap;
} mark_column;

/* An object's mark. Somebody who watches a column that is not among cols has to take it for touched. */
typedef struct mark {
	pg_oid oid;
	mark_column cols[MARK_COLUMNS];
	size_t ncols;
	bool all; /* whatever is known of columns: every value of each is touched */
} mark;

typedef struct marks {
	mark *v;
	size_t n;
	size_t cap;
	uint32_t *slots; /* by oid: index + 1; 0: free */
	size_t nslots;   /* power of two, or 0 */
} marks;

/* The mark of oid, made when there is none; it is touched from now on. Valid until the next call. */
mark *marks_of(marks *m, pg_oid oid);
void mark_all(mark *k);
/* A value of a column; key 0: its values are not known, all of them are touched. */
void mark_key(mark *k, uint64_t column, uint64_t key);
/* The column was looked at: what is not marked in it is not touched. */
void mark_column_known(mark *k, uint64_t column);
/* Adds `from` to `to`. */
void marks_add(marks *to, const marks *from);
void marks_clear(marks *m);
void marks_free(marks *m);
/* Moves the keys of each column into order, without repetition. */
void marks_tidy(marks *m);
