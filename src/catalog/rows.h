/*
 * rows: the answer of catalog/read.c's statements, sorted by what a row tells and by what it belongs to. Private to
 * catalog/.
 * Everything lives in the arena given; texts point into the results, which must outlive it.
 */
#pragma once
#include "base/error.h"
#include "catalog/catalog.h"
#include "pg/pg_result.h"

typedef struct cat_row {
	pg_oid oid;
	int64_t num;
	str name;
	str text; /* p NULL: SQL NULL */
} cat_row;

typedef struct cat_rows {
	cat_row *v;
	size_t n;
} cat_rows;

/* Rows of each kind, sorted by oid, then by num (columns: attnum), name and text. */
typedef struct cat_answer {
	cat_rows kind[128];
} cat_answer;

/* False (ERR_UNEXPECTED): an answer of another shape. */
MUST_CHECK bool cat_answer_load(arena *a, const pg_result *r, cat_answer *out, error *err);
/* Rows that belong to oid; n 0: none. O(log n). */
cat_rows cat_rows_of(cat_rows all, pg_oid oid);
/* Array text of a row's t into exactly n elements (SQL NULL: p NULL). */
MUST_CHECK bool cat_row_fields(arena *a, const cat_row *row, str *out, size_t n, error *err);
/* Folds rows into a fingerprint. */
uint64_t cat_rows_hash(cat_rows rows, uint64_t h);

/* Parts of a ROW_COLUMN's num. */
static inline int16_t row_attnum(int64_t num)
{
	return (int16_t)((num >> 2) & 0x3fff);
}
static inline pg_oid row_atttype(int64_t num)
{
	return (pg_oid)(num >> 16);
}
