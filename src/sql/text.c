/* text: names, values and calls as SQL. */
#include "sql/build.h"
#include "pg/pg_quote.h"
#include "base/map.h"
#include "sql/multiplex.h"

sql_build sql_build_new(arena *a, const snapshot *snap, const snap_source *source)
{
	return (sql_build){.a = a, .snap = snap, .source = source};
}

const statement *sql_finish(sql_build *b, const buf *text, size_t ncols)
{
	statement *s = NEW(b->a, statement);
	str t = buf_str(text);
	buf many = {0};
	if (b->multiplex && b->params.n) {
		multiplex_wrap(&many, b->params.v, b->params.n, t);
		t = buf_str(&many);
		ncols++;
	}
	s->sql = str_z(b->a, t);
	s->sql_len = t.n;
	t = str_make(s->sql, t.n);
	buf_free(&many);
	s->id = str_hash(t, hash_seed());
	if (!s->id) s->id = 1;
	s->params = b->params.v;
	s->nparams = b->params.n;
	s->ncols = ncols;
	return s;
}

unsigned sql_alias(sql_build *b)
{
	return ++b->aliases;
}

void sql_put_alias(buf *out, unsigned alias)
{
	buf_putc(out, 't');
	buf_put_u64(out, alias);
}

void sql_put_ident(buf *out, str name)
{
	pg_quote_ident(out, name);
}

void sql_put_qname(buf *out, qname q)
{
	pg_quote_qualified(out, q.schema, q.name);
}

void sql_put_column(buf *out, unsigned alias, str name)
{
	sql_put_alias(out, alias);
	buf_putc(out, '.');
	sql_put_ident(out, name);
}

void sql_put_literal(buf *out, str text)
{
	pg_quote_literal(out, text);
}

void sql_put_row(buf *out, const sql_row *r)
{
	sql_put_alias(out, r->alias);
	if (r->derived) {
		buf_putc(out, '.');
		sql_put_ident(out, STR(SQL_ROW_COLUMN));
		return;
	}
	buf_puts(out, ".*");
}

/* ---- parameters ---- */

static bool same_path(const val *x, const val *y)
{
	if (x->npath != y->npath) return false;
	for (size_t i = 0; i < x->npath; i++)
		if (x->path[i].index != y->path[i].index || !str_eq(x->path[i].key, y->path[i].key)) return false;
	return true;
}

static bool same_val(const val *x, const val *y)
{
	return x->kind == y->kind && x->conv == y->conv && x->cursor == y->cursor && x->bound == y->bound &&
		x->from_geojson == y->from_geojson && str_eq(x->text, y->text) && str_eq(x->cast, y->cast) &&
		same_path(x, y);
}

/* Equal values are found among the first parameters only, so that long inserts stay linear. */
enum { SHARE_AMONG = 64 };

static size_t param_of(sql_build *b, const val *v)
{
	size_t n = b->params.n < SHARE_AMONG ? b->params.n : SHARE_AMONG;
	for (size_t i = 0; i < n; i++)
		if (same_val(&b->params.v[i], v)) return i + 1;
	val copy = *v;
	copy.elems = NULL;
	copy.nelems = 0;
	vec_push(b->a, &b->params, copy);
	return b->params.n;
}

/* ($3), or the third column of the row of values. */
static void put_param(const sql_build *b, buf *out, size_t n)
{
	buf_puts(out, b->multiplex ? "(v.p" : "($");
	buf_put_u64(out, n);
	buf_putc(out, ')');
}

static void put_cast(buf *out, str cast)
{
	if (!cast.n) return;
	buf_puts(out, "::");
	buf_put(out, cast);
}

void sql_put_val(sql_build *b, buf *out, const val *v)
{
	if (v->kind == VAL_NULL) {
		buf_puts(out, "NULL");
		put_cast(out, v->cast);
		return;
	}
	size_t n = param_of(b, v);
	if (v->from_geojson) {
		buf_puts(out, "(ST_GeomFromGeoJSON(");
		put_param(b, out, n);
		buf_puts(out, "::text))");
		put_cast(out, v->cast);
		return;
	}
	put_param(b, out, n);
	put_cast(out, v->cast);
}

void sql_put_elems(sql_build *b, buf *out, const val *v)
{
	size_t n = 1;
	while (n < v->nelems)
		n *= 2;
	buf_putc(out, '(');
	for (size_t i = 0; i < n; i++) {
		const val *e = &v->elems[i < v->nelems ? i : v->nelems - 1];
		if (i) buf_puts(out, ", ");
		if (i < v->nelems || e->kind == VAL_NULL) {
			sql_put_val(b, out, e);
			continue;
		}
		/* A parameter of its own, so that lists of three and of four are one statement. */
		val copy = *e;
		copy.elems = NULL;
		copy.nelems = 0;
		vec_push(b->a, &b->params, copy);
		put_param(b, out, b->params.n);
		put_cast(out, e->cast);
	}
	buf_putc(out, ')');
}

/* ---- calls ---- */

static void put_arg(sql_build *b, buf *out, const fn_arg *arg)
{
	if (arg->name.p) {
		sql_put_ident(out, arg->name);
		buf_puts(out, " => ");
	}
	sql_put_val(b, out, &arg->value);
}

void sql_put_call(sql_build *b, buf *out, qname fn, const fn_arg *args, size_t nargs)
{
	sql_put_qname(out, fn);
	buf_putc(out, '(');
	for (size_t i = 0; i < nargs; i++) {
		if (i) buf_puts(out, ", ");
		put_arg(b, out, &args[i]);
	}
	buf_putc(out, ')');
}

void sql_put_row_call(sql_build *b, buf *out, const row_call *call, const sql_row *row)
{
	size_t fixed = 1 + (call->session_arg != SIZE_MAX);
	size_t total = call->nargs + fixed, next = 0;
	sql_put_qname(out, call->function);
	buf_putc(out, '(');
	for (size_t i = 0; i < total; i++) {
		if (i) buf_puts(out, ", ");
		/* What is left when the user's arguments are used up are the fixed ones. */
		if (i == call->table_arg || (next == call->nargs && i != call->session_arg)) {
			sql_put_row(out, row);
		} else if (i == call->session_arg) {
			val v = {.kind = VAL_SESSION_JSON, .cast = call->session_cast};
			sql_put_val(b, out, &v);
		} else {
			put_arg(b, out, &call->args[next++]);
		}
	}
	buf_putc(out, ')');
}
