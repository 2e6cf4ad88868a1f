#include "catalog/rows.h"

#include "catalog/cat_array.h"
#include "catalog/read_sql.h"
#include <stdlib.h>

enum { COL_KIND, COL_OID, COL_NUM, COL_NAME, COL_TEXT, COL_COUNT };

static bool bad_answer(error *err)
{
	return error_set(err, ERR_UNEXPECTED, STR(""), "PostgreSQL's catalogs were answered in an unexpected form");
}

static str cell(const pg_result *r, size_t row, size_t col)
{
	return pg_result_is_null(r, row, col) ? STR_NULL : pg_result_value(r, row, col);
}

static bool cell_number(str text, int64_t *out)
{
	*out = 0;
	return !text.p || str_to_i64(text, out);
}

static int row_cmp(const cat_row *x, const cat_row *y, char kind)
{
	if (x->oid != y->oid) return x->oid < y->oid ? -1 : 1;
	int64_t a = x->num, b = y->num;
	if (kind == ROW_COLUMN) {
		a = row_attnum(a);
		b = row_attnum(b);
	}
	if (a != b) return a < b ? -1 : 1;
	int c = str_cmp(x->name, y->name);
	return c ? c : str_cmp(x->text, y->text);
}

static int row_cmp_any(const void *x, const void *y)
{
	return row_cmp(x, y, 0);
}

static int row_cmp_column(const void *x, const void *y)
{
	return row_cmp(x, y, ROW_COLUMN);
}

/* PostgreSQL gives most of them in order already: then one pass is all. */
static void rows_sort(cat_rows *rows, char kind)
{
	size_t i = 1;
	while (i < rows->n && row_cmp(&rows->v[i - 1], &rows->v[i], kind) <= 0)
		i++;
	if (i >= rows->n) return;
	qsort(rows->v, rows->n, sizeof(*rows->v), kind == ROW_COLUMN ? row_cmp_column : row_cmp_any);
}

static bool kind_of(const pg_result *r, size_t row, unsigned char *kind)
{
	str k = pg_result_value(r, row, COL_KIND);
	*kind = k.n == 1 ? (unsigned char)k.p[0] : 0;
	return *kind > 0 && *kind < 128;
}

bool cat_answer_load(arena *a, const pg_result *r, cat_answer *out, error *err)
{
	*out = (cat_answer){0};
	size_t n = pg_result_rows(r);
	if (pg_result_cols(r) != COL_COUNT) return bad_answer(err);
	unsigned char kind;
	size_t count[128] = {0};
	for (size_t i = 0; i < n; i++) {
		if (!kind_of(r, i, &kind)) return bad_answer(err);
		count[kind]++;
	}
	for (size_t k = 0; k < 128; k++)
		if (count[k]) out->kind[k].v = NEW_ARRAY(a, cat_row, count[k]);
	for (size_t i = 0; i < n; i++) {
		if (!kind_of(r, i, &kind)) return bad_answer(err);
		cat_row *row = &out->kind[kind].v[out->kind[kind].n++];
		int64_t oid;
		if (!cell_number(cell(r, i, COL_OID), &oid) || oid < 0 || oid > UINT32_MAX) return bad_answer(err);
		if (!cell_number(cell(r, i, COL_NUM), &row->num)) return bad_answer(err);
		row->oid = (pg_oid)oid;
		row->name = cell(r, i, COL_NAME);
		row->text = cell(r, i, COL_TEXT);
	}
	for (size_t k = 0; k < 128; k++)
		rows_sort(&out->kind[k], (char)k);
	return true;
}

static size_t rows_from(cat_rows all, uint64_t oid)
{
	size_t lo = 0, hi = all.n;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (all.v[mid].oid < oid) lo = mid + 1;
		else hi = mid;
	}
	return lo;
}

cat_rows cat_rows_of(cat_rows all, pg_oid oid)
{
	if (!all.n) return all;
	size_t from = rows_from(all, oid), to = rows_from(all, (uint64_t)oid + 1);
	return (cat_rows){.v = all.v + from, .n = to - from};
}

bool cat_row_fields(arena *a, const cat_row *row, str *out, size_t n, error *err)
{
	str_vec found = {0};
	if (!row->text.p || !cat_array_parse(a, row->text, &found) || found.n != n) return bad_answer(err);
	memcpy(out, found.v, n * sizeof(*out));
	return true;
}

uint64_t cat_rows_hash(cat_rows rows, uint64_t h)
{
	for (size_t i = 0; i < rows.n; i++) {
		const cat_row *row = &rows.v[i];
		const uint64_t numbers[] = {row->oid, (uint64_t)row->num, row->text.p != NULL};
		h = str_hash(str_make((const char *)numbers, sizeof(numbers)), h);
		h = str_hash(row->name, h);
		if (row->text.p) h = str_hash(row->text, h);
	}
	return str_hash(str_make((const char *)&rows.n, sizeof(rows.n)), h);
}
