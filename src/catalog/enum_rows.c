#include "catalog/enum_rows.h"
#include "catalog/type_info.h"
#include "pg/pg_quote.h"
#include <stdlib.h>

enum { ENUM_ROWS_MAX = 10000 };

typedef VEC(str) reason_vec;

typedef struct reading {
	arena *a;
	const catalog *c;
	const cat_table *t;
	reason_vec reasons;
	const cat_column *key;
	const cat_column *comment;
} reading;

static int by_text(const void *x, const void *y)
{
	return str_cmp(*(const str *)x, *(const str *)y);
}

static str join(arena *a, str *v, size_t n)
{
	str s = STR("");
	for (size_t i = 0; i < n; i++)
		s = str_cat(a, 3, s, i ? STR(", ") : STR(""), v[i]);
	return s;
}

static bool is_text(const reading *r, const cat_column *col)
{
	const cat_type *t = catalog_type(r->c, col->type);
	return t && str_eqz(t->name.name, "text");
}

static str quoted(arena *a, str s)
{
	return str_cat(a, 3, STR("\""), s, STR("\""));
}

/* Hasura v2: typeMismatch. */
static str mismatch(const reading *r, const char *what, const cat_column *col)
{
	str type = cat_type_text(r->a, r->c, col->type);
	return str_printf(r->a, "the table\u2019s %s (\"%.*s\") must have type \"text\", not type \"%.*s\"", what,
		STR_ARG(col->name), STR_ARG(type));
}

static void check_key(reading *r)
{
	const cat_key *pk = cat_table_pk(r->t);
	if (!pk) {
		vec_push(r->a, &r->reasons, STR("the table must have a primary key"));
		return;
	}
	if (pk->ncols == 1) {
		const cat_column *col = cat_table_column_num(r->t, pk->cols[0]);
		if (col && is_text(r, col)) r->key = col;
		else if (col) vec_push(r->a, &r->reasons, mismatch(r, "primary key", col));
		return;
	}
	str *names = NEW_ARRAY(r->a, str, pk->ncols);
	for (size_t i = 0; i < pk->ncols; i++) {
		const cat_column *col = cat_table_column_num(r->t, pk->cols[i]);
		names[i] = col ? col->name : STR("");
	}
	qsort(names, pk->ncols, sizeof *names, by_text);
	str list = join(r->a, names, pk->ncols);
	vec_push(r->a, &r->reasons,
		str_printf(r->a, "the table\u2019s primary key must not span multiple columns (%.*s)", STR_ARG(list)));
}

static void check_columns(reading *r)
{
	str *names = NEW_ARRAY(r->a, str, r->t->ncols);
	size_t n = 0;
	const cat_column *other = NULL;
	for (size_t i = 0; i < r->t->ncols; i++) {
		if (&r->t->cols[i] == r->key) continue;
		other = &r->t->cols[i];
		names[n++] = other->name;
	}
	if (n == 0) return;
	if (n == 1 && is_text(r, other)) {
		r->comment = other;
		return;
	}
	if (n == 1) {
		vec_push(r->a, &r->reasons, mismatch(r, "comment column", other));
		return;
	}
	qsort(names, n, sizeof *names, by_text);
	str list = join(r->a, names, n);
	vec_push(r->a, &r->reasons,
		str_printf(r->a,
			"the table must have exactly one primary key and optionally one comment column, not %zu columns (%.*s)",
			n, STR_ARG(list)));
}

static bool valid_value(str s)
{
	return str_is_name(s) && !str_eqz(s, "true") && !str_eqz(s, "false") && !str_eqz(s, "null");
}

static void bad_values(reading *r, str *bad, size_t n)
{
	qsort(bad, n, sizeof *bad, by_text);
	if (n == 1) {
		str one = quoted(r->a, bad[0]);
		vec_push(r->a, &r->reasons,
			str_printf(r->a, "the value %.*s is not a valid GraphQL enum value name", STR_ARG(one)));
		return;
	}
	for (size_t i = 0; i < n; i++)
		bad[i] = quoted(r->a, bad[i]);
	str most = join(r->a, bad, n - 1);
	vec_push(r->a, &r->reasons,
		str_printf(r->a, "the values %.*s%s and %.*s are not valid GraphQL enum value names", STR_ARG(most),
			n > 2 ? "," : "", STR_ARG(bad[n - 1])));
}

static void take_rows(reading *r, const pg_result *res, enum_rows *out)
{
	size_t n = pg_result_rows(res), nbad = 0;
	if (!n) vec_push(r->a, &r->reasons, STR("the table must have at least one row"));
	if (n > ENUM_ROWS_MAX) {
		vec_push(r->a, &r->reasons,
			str_printf(r->a, "the table must not have more than %d rows", ENUM_ROWS_MAX));
		return;
	}
	out->values = NEW_ARRAY(r->a, str, n);
	out->comments = NEW_ARRAY(r->a, str, n);
	str *bad = NEW_ARRAY(r->a, str, n);
	for (size_t i = 0; i < n; i++) {
		str value = str_copy(r->a, pg_result_value(res, i, 0));
		if (!valid_value(value)) bad[nbad++] = value;
		out->values[i] = value;
		if (!pg_result_is_null(res, i, 1)) out->comments[i] = str_copy(r->a, pg_result_value(res, i, 1));
	}
	out->n = n;
	if (nbad) bad_values(r, bad, nbad);
}

static void read_rows(reading *r, pg_sync *pg, enum_rows *out)
{
	buf sql = {0};
	buf_puts(&sql, "SELECT ");
	pg_quote_ident(&sql, r->key->name);
	buf_puts(&sql, ", ");
	if (r->comment) pg_quote_ident(&sql, r->comment->name);
	else buf_puts(&sql, "NULL");
	buf_puts(&sql, " FROM ");
	pg_quote_qualified(&sql, r->t->name.schema, r->t->name.name);
	buf_puts(&sql, " ORDER BY 1");
	buf_putc(&sql, '\0');
	pg_result *res = pg_sync_query(pg, sql.p, 0, NULL);
	if (res) {
		take_rows(r, res, out);
	} else {
		str why = pg_sync_error(pg)->message;
		vec_push(r->a, &r->reasons, str_cat(r->a, 2, STR("postgres error: "), why));
	}
	pg_result_free(res);
	buf_free(&sql);
}

/* Hasura v2: makeReasonMessage. */
static str error_text(reading *r)
{
	str table = qname_display(r->a, r->t->name);
	buf b = {0};
	buf_printf(&b, "the table \"%.*s\" cannot be used as an enum ", STR_ARG(table));
	if (r->reasons.n == 1) {
		buf_puts(&b, "because ");
		buf_put(&b, r->reasons.v[0]);
	} else {
		buf_puts(&b, "for the following reasons:");
		for (size_t i = 0; i < r->reasons.n; i++)
			buf_printf(&b, "\n  \u2022 %.*s", STR_ARG(r->reasons.v[i]));
		buf_putc(&b, '\n');
	}
	str s = str_copy(r->a, buf_str(&b));
	buf_free(&b);
	return s;
}

enum_rows *enum_rows_read(arena *a, pg_sync *pg, const catalog *c, const cat_table *t)
{
	enum_rows *out = NEW(a, enum_rows);
	reading r = {.a = a, .c = c, .t = t};
	check_key(&r);
	check_columns(&r);
	if (r.key && !r.reasons.n) read_rows(&r, pg, out);
	if (r.reasons.n) out->error = error_text(&r);
	return out;
}

str enum_value_refusal(arena *a, const str *values, size_t n, qname table, str given)
{
	buf b = {0};
	buf_puts(&b, "expected one of the values ");
	for (size_t i = 0; i < n; i++)
		buf_printf(&b, "%s\"%.*s\"", i ? ", " : "", STR_ARG(values[i]));
	bool public = str_eqz(table.schema, "public");
	buf_printf(&b, " for type \"%.*s%s%.*s\", given \"%.*s\"", public ? 0 : (int)table.schema.n, table.schema.p,
		public ? "" : "_", STR_ARG(table.name), STR_ARG(given));
	str out = str_copy(a, buf_str(&b));
	buf_free(&b);
	return out;
}
