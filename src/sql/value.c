/* value: scalar values of a row, and aggregates of one column. */
#include "base/vec.h"
#include "pg/pg_quote.h"
#include "sql/select.h"

static void put_redacted(sql_build *b, buf *text, const bexp *visible_if, unsigned alias)
{
	if (!visible_if) return;
	buf_puts(text, "CASE WHEN ");
	sql_put_bexp(b, text, visible_if, alias, alias);
	buf_puts(text, " THEN ");
}

/* A function is not asked about a row that is not there. */
static void put_guarded_call(sql_build *b, buf *text, const place *p, const plan_field *f)
{
	bool guard = p->guard.p != NULL;
	if (guard) {
		buf_puts(text, "CASE WHEN ");
		sql_put_column(text, p->row.alias, p->guard);
		buf_puts(text, " IS NOT NULL THEN ");
	}
	sql_put_row_call(b, text, &f->call, &p->row);
	if (guard) buf_puts(text, " END");
}

void put_scalar(sql_build *b, buf *text, const place *p, const plan_field *f)
{
	bool path = f->njson_path > 0;
	if (path) buf_putc(text, '(');
	put_redacted(b, text, f->visible_if, p->row.alias);
	if (f->kind == PF_COMPUTED) put_guarded_call(b, text, p, f);
	else sql_put_column(text, p->row.alias, f->col->cat->name);
	if (f->visible_if) buf_puts(text, " END");
	if (path) {
		val v = {.kind = VAL_CONST, .conv = CONV_SCALAR, .cast = STR("text[]")};
		v.text = pg_quote_array_str(b->a, f->json_path, f->njson_path);
		buf_puts(text, " #> ");
		sql_put_val(b, text, &v);
		buf_putc(text, ')');
	}
}

static pg_oid scalar_type(const plan_field *f)
{
	return f->kind == PF_COMPUTED ? f->computed->type : f->col->cat->type;
}

codec scalar_codec(const maker *m, const plan_field *f)
{
	return cat_codec(m->source->cat, scalar_type(f), m->stringify);
}

static bool stringified(const maker *m, pg_oid type)
{
	return m->stringify && (cat_type_flags(m->source->cat, type) & TYPE_BIG);
}

bool scalar_stringified(const maker *m, const plan_field *f)
{
	return stringified(m, scalar_type(f));
}

void put_coded(buf *text, codec k, str expr)
{
	if (k == CODEC_TO_JSON) {
		buf_puts(text, "to_json(");
		buf_put(text, expr);
		buf_putc(text, ')');
	} else if (k == CODEC_GEOJSON) {
		/* Hasura v2: 15 digits; 4 asks for the long form of the CRS member. */
		buf_puts(text, "ST_AsGeoJSON(");
		buf_put(text, expr);
		buf_puts(text, ", 15, 4)::json");
	} else {
		buf_put(text, expr);
	}
}

/* ---- aggregates ---- */

static void put_agg_column(sql_build *b, buf *text, const plan_agg_column *col, const sql_row *row)
{
	put_redacted(b, text, col->visible_if, row->alias);
	if (col->computed) sql_put_row_call(b, text, &col->call, row);
	else sql_put_column(text, row->alias, col->col->cat->name);
	if (col->visible_if) buf_puts(text, " END");
}

void put_aggregate(sql_build *b, buf *text, const plan_agg *g, const plan_agg_column *col, const sql_row *row)
{
	if (col) {
		buf_put(text, g->op);
		buf_putc(text, '(');
		put_agg_column(b, text, col, row);
		buf_putc(text, ')');
		return;
	}
	buf_puts(text, g->distinct && g->ncols ? "count(DISTINCT " : "count(");
	if (!g->ncols) buf_putc(text, '*');
	/* Hasura v2: several columns are counted as one value, COUNT(("a", "b")). */
	if (g->ncols > 1) buf_putc(text, '(');
	for (size_t i = 0; i < g->ncols; i++) {
		if (i) buf_puts(text, ", ");
		put_agg_column(b, text, &g->cols[i], row);
	}
	if (g->ncols > 1) buf_putc(text, ')');
	buf_putc(text, ')');
}

enum {
	OID_INT8 = 20,
	OID_INT2 = 21,
	OID_INT4 = 23,
	OID_FLOAT4 = 700,
	OID_FLOAT8 = 701,
	OID_MONEY = 790,
	OID_NUMERIC = 1700
};

/* PostgreSQL: types of aggregate results (pg_aggregate). */
static pg_oid result_type(str op, pg_oid type)
{
	bool is_float = type == OID_FLOAT4 || type == OID_FLOAT8;
	if (str_eqz(op, "max") || str_eqz(op, "min")) return type;
	if (!str_eqz(op, "sum")) return is_float ? OID_FLOAT8 : OID_NUMERIC;
	if (type == OID_INT2 || type == OID_INT4) return OID_INT8;
	return is_float || type == OID_MONEY ? type : OID_NUMERIC;
}

static pg_oid column_type(const maker *m, const plan_agg_column *col)
{
	pg_oid type = col->computed ? col->computed->type : col->col->cat->type;
	const cat_type *base = catalog_base_type(m->source->cat, type);
	return base ? base->oid : type;
}

/* Hasura v2: the column's type decides, not the result's: sum of an Int stays a number. */
bool aggregate_stringified(const maker *m, const plan_agg *g, const plan_agg_column *col)
{
	return col && g->kind == AGG_OP && stringified(m, column_type(m, col));
}

codec aggregate_codec(const maker *m, const plan_agg *g, const plan_agg_column *col)
{
	if (!col) return CODEC_NUMBER;
	codec k = cat_codec(m->source->cat, result_type(g->op, column_type(m, col)), false);
	bool number = k == CODEC_NUMBER || k == CODEC_FLOAT;
	return number && aggregate_stringified(m, g, col) ? CODEC_QUOTED : k;
}
