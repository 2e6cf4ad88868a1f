#include "catalog/build.h"
#include "catalog/read_sql.h"
#include <stdlib.h>

enum { FIRST_USER_OID = 16384 };

typedef struct label {
	double order;
	str text;
} label;

static int label_cmp(const void *x, const void *y)
{
	double a = ((const label *)x)->order, b = ((const label *)y)->order;
	return a < b ? -1 : a > b;
}

static bool build_labels(arena *a, cat_rows rows, cat_type *t, error *err)
{
	label *v = NEW_ARRAY(a, label, rows.n);
	for (size_t i = 0; i < rows.n; i++) {
		str order;
		if (!cat_row_fields(a, &rows.v[i], &order, 1, err)) return false;
		v[i] = (label){.order = strtod(str_z(a, order), NULL), .text = rows.v[i].name};
	}
	qsort(v, rows.n, sizeof(*v), label_cmp);
	t->labels = NEW_ARRAY(a, str, rows.n);
	t->nlabels = rows.n;
	for (size_t i = 0; i < rows.n; i++)
		t->labels[i] = v[i].text;
	return true;
}

static pg_oid oid_of(str text)
{
	uint64_t n = 0;
	return text.p && str_to_u64(text, &n) && n <= UINT32_MAX ? (pg_oid)n : 0;
}

static bool build_type(arena *a, const cat_answer *rows, const cat_row *row, cat_type *t, error *err)
{
	str f[6];
	if (!cat_row_fields(a, row, f, 6, err)) return false;
	if (f[0].n != 5) return error_set(err, ERR_UNEXPECTED, STR(""), "unexpected flags of a type");
	*t = (cat_type){
		.oid = row->oid,
		.name = {.schema = f[5], .name = row->name},
		.kind = f[0].p[0],
		.category = f[0].p[1],
		.delim = f[0].p[2],
		.can_send = f[0].p[3] == '1',
		.base = oid_of(f[1]),
		.elem = f[0].p[4] == '1' ? oid_of(f[2]) : 0,
		.array = oid_of(f[3]),
		.relid = oid_of(f[4]),
	};
	/* PostgreSQL: json.c asks for casts of types made by users only. */
	t->json_cast = t->oid >= FIRST_USER_OID && cat_rows_of(rows->kind[ROW_CAST], t->oid).n > 0;
	return t->kind != 'e' || build_labels(a, cat_rows_of(rows->kind[ROW_LABEL], t->oid), t, err);
}

bool cat_build_types(
	arena *scratch, const cat_answer *rows, cat_types *previous, bool keep, cat_types **out, error *err)
{
	cat_rows types = rows->kind[ROW_TYPE];
	cat_type *v = NEW_ARRAY(scratch, cat_type, types.n);
	for (size_t i = 0; i < types.n; i++)
		if (!build_type(scratch, rows, &types.v[i], &v[i], err)) return false;
	*out = cat_types_make(v, types.n, previous, keep);
	return true;
}
