#include "sql/multiplex.h"

/*
 * Types of pg_catalog whose elements are separated by commas and have no typmod to lose. As cat_sql_type writes them.
 */
static const char *const typed[] = {"integer", "bigint", "smallint", "numeric", "real", "float8", "text", "varchar",
	"bpchar", "boolean", "uuid", "date", "timestamp", "timestamptz", "timetz", "json", "jsonb"};

static bool is_typed(const val *v)
{
	if (v->from_geojson) return false;
	for (size_t i = 0; i < sizeof typed / sizeof *typed; i++)
		if (str_eqz(v->cast, typed[i])) return true;
	return false;
}

bool multiplex_possible(const statement *s)
{
	for (size_t i = 0; i < s->nparams; i++)
		if (!s->params[i].cast.n && !s->params[i].from_geojson) return false;
	return true;
}

static void put_columns(buf *out, size_t n)
{
	for (size_t i = 1; i <= n; i++) {
		buf_putc(out, 'p');
		buf_put_u64(out, i);
		buf_puts(out, ", ");
	}
	buf_puts(out, "i)");
}

static void put_unnest(buf *out, const val *params, size_t n)
{
	buf_puts(out, "unnest(");
	for (size_t i = 0; i < n; i++) {
		if (i) buf_puts(out, ", ");
		buf_putc(out, '$');
		buf_put_u64(out, i + 1);
		buf_puts(out, "::");
		buf_put(out, is_typed(&params[i]) ? params[i].cast : STR("text"));
		buf_puts(out, "[]");
	}
	buf_puts(out, ") WITH ORDINALITY ");
}

/* (SELECT u.p1, (u.p2)::integer[] AS p2, u.i FROM unnest(…) u(…) OFFSET 0) v */
static void put_cast_rows(buf *out, const val *params, size_t n)
{
	buf_puts(out, "(SELECT ");
	for (size_t i = 0; i < n; i++) {
		bool cast = !is_typed(&params[i]) && !params[i].from_geojson;
		buf_puts(out, cast ? "(u.p" : "u.p");
		buf_put_u64(out, i + 1);
		if (cast) {
			buf_puts(out, ")::");
			buf_put(out, params[i].cast);
			buf_puts(out, " AS p");
			buf_put_u64(out, i + 1);
		}
		buf_puts(out, ", ");
	}
	buf_puts(out, "u.i FROM ");
	put_unnest(out, params, n);
	buf_puts(out, "u(");
	put_columns(out, n);
	buf_puts(out, " OFFSET 0) v");
}

void multiplex_wrap(buf *out, const val *params, size_t n, str text)
{
	bool plain = true;
	for (size_t i = 0; i < n; i++)
		plain &= is_typed(&params[i]) || params[i].from_geojson;
	buf_puts(out, "SELECT v.i, q.* FROM ");
	if (plain) {
		put_unnest(out, params, n);
		buf_puts(out, "v(");
		put_columns(out, n);
	} else {
		put_cast_rows(out, params, n);
	}
	buf_puts(out, " CROSS JOIN LATERAL (SELECT x.* FROM (");
	buf_put(out, text);
	buf_puts(out, ") x OFFSET 0) q");
}
