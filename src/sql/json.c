/*
 * json: the universal form of a nested value: a JSON expression made by the database, right for every shape.
 * A row is a composite whose columns bear the response names; where a name is longer than PostgreSQL's identifiers, or there
 * are more fields than a row may have columns, the object is put together as text instead.
 */
#include "base/vec.h"
#include "sql/select.h"

enum { NAME_MAX_BYTES = 63, ROW_MAX_COLUMNS = 1500, OBJECT_MAX_PAIRS = 45 };

void json_items_add(arena *a, json_items *items, str alias, buf *expr)
{
	json_item item = {.alias = alias, .expr = str_copy(a, buf_str(expr))};
	vec_push(a, items, item);
	buf_free(expr);
}

/* ('{' || '"a":' || coalesce(to_json(x)::text, 'null') || … || '}')::json */
static void put_concat(buf *text, const json_items *items)
{
	buf_puts(text, "('{'");
	for (size_t i = 0; i < items->n; i++) {
		buf_puts(text, i ? " || ',\"" : " || '\"");
		buf_put(text, items->v[i].alias);
		buf_puts(text, "\":' || coalesce(to_json(");
		buf_put(text, items->v[i].expr);
		buf_puts(text, ")::text, 'null')");
	}
	buf_puts(text, " || '}')::json");
}

void put_json_object(buf *text, const json_items *items)
{
	if (items->n > OBJECT_MAX_PAIRS) {
		put_concat(text, items);
		return;
	}
	buf_puts(text, "json_build_object(");
	for (size_t i = 0; i < items->n; i++) {
		if (i) buf_puts(text, ", ");
		sql_put_literal(text, items->v[i].alias);
		buf_puts(text, ", ");
		buf_put(text, items->v[i].expr);
	}
	buf_putc(text, ')');
}

/* The select list of a row; true when the row itself is the object, false when its column j is. */
static bool put_row_list(buf *list, const json_items *items)
{
	bool plain = items->n > 0 && items->n <= ROW_MAX_COLUMNS;
	for (size_t i = 0; i < items->n && plain; i++)
		plain = items->v[i].alias.n <= NAME_MAX_BYTES;
	if (!plain) {
		if (items->n) put_concat(list, items);
		else buf_puts(list, "'{}'::json");
		buf_puts(list, " AS j");
		return false;
	}
	for (size_t i = 0; i < items->n; i++) {
		if (i) buf_puts(list, ", ");
		buf_put(list, items->v[i].expr);
		buf_puts(list, " AS ");
		sql_put_ident(list, items->v[i].alias);
	}
	return true;
}

/* ---- fields of a row ---- */

typedef struct json_ctx {
	sql_build *b;
	maker *m;
	row_set *r;
} json_ctx;

static void put_items(json_ctx *c, const place *p, const plan_field *fields, size_t n, json_items *items);

static void put_constant(buf *text, str value)
{
	sql_put_literal(text, value);
	buf_puts(text, "::text");
}

static void put_scalar_json(json_ctx *c, buf *text, const place *p, const plan_field *f)
{
	buf bare = {0};
	put_scalar(c->b, &bare, p, f);
	codec k = scalar_codec(c->m, f);
	if (k == CODEC_GEOJSON) {
		put_coded(text, k, buf_str(&bare));
	} else if (scalar_stringified(c->m, f)) {
		buf_putc(text, '(');
		buf_put(text, buf_str(&bare));
		buf_puts(text, ")::text");
	} else {
		buf_put(text, buf_str(&bare));
	}
	buf_free(&bare);
}

/* At most one row: a lateral join, which the planner can turn into any join; its row is the object, NULL without a match. */
static void put_object(json_ctx *c, buf *text, const place *p, const plan_field *f)
{
	if (!f->rel->target_unique || !f->rel->npairs) {
		row_source src = {.rel = f->rel, .parent = p->row.alias};
		put_json(c->b, text, c->m, f->select, &src);
		return;
	}
	row_source src = {.rel = f->rel, .parent = p->row.alias};
	row_set r;
	rows_begin(c->b, &r, f->select, &src, 0);
	place at = {.row = r.row, .sel = f->select};
	json_ctx in = {.b = c->b, .m = c->m, .r = &r};
	json_items items = {0};
	put_items(&in, &at, f->select->fields, f->select->nfields, &items);
	buf columns = {0};
	bool plain = put_row_list(&columns, &items);
	unsigned alias = sql_alias(c->b);
	buf_puts(&c->r->from, " LEFT JOIN LATERAL (");
	rows_write(&r, &c->r->from, &columns);
	buf_puts(&c->r->from, ") ");
	sql_put_alias(&c->r->from, alias);
	buf_puts(&c->r->from, " ON true");
	if (plain) buf_puts(text, "to_json(");
	sql_put_alias(text, alias);
	buf_puts(text, plain ? ".*)" : ".j");
	buf_free(&columns);
	rows_free(&r);
}

static void put_item(json_ctx *c, buf *text, const place *p, const plan_field *f)
{
	row_source src = {.rel = f->rel, .parent = p->row.alias};
	switch (f->kind) {
	case PF_COLUMN:
	case PF_COMPUTED: put_scalar_json(c, text, p, f); break;
	case PF_OBJECT: put_object(c, text, p, f); break;
	case PF_ARRAY:
	case PF_ARRAY_AGG: put_json(c->b, text, c->m, f->select, &src); break;
	case PF_COMPUTED_ROWS:
		src = (row_source){.call = &f->call, .call_row = &p->row};
		put_json(c->b, text, c->m, f->select, &src);
		break;
	case PF_TYPENAME:
	case PF_NODES:
	case PF_AGGREGATE: put_constant(text, f->text); break;
	}
}

/* Depth: as deep as the document nests (gq_limits.depth). */
static void put_items(json_ctx *c, const place *p, const plan_field *fields, size_t n, json_items *items)
{
	for (size_t i = 0; i < n; i++) {
		buf expr = {0};
		put_item(c, &expr, p, &fields[i]);
		json_items_add(c->b->a, items, fields[i].alias, &expr);
	}
}

/* (SELECT head x tail FROM (SELECT … ) x), where x stands for the row's JSON. */
static void put_rows_json(sql_build *b, buf *text, maker *m, const plan_select *sel, const row_source *src)
{
	bool one = sel->shape == SHAPE_ONE;
	unsigned flags = 0;
	if (select_deep(sel->fields, sel->nfields)) flags |= ROWS_WRAP;
	if (select_needs_row(sel->fields, sel->nfields)) flags |= ROWS_WHOLE_ROW;
	row_set r;
	rows_begin(b, &r, sel, src, flags);
	place at = {.row = r.row, .sel = sel};
	json_ctx in = {.b = b, .m = m, .r = &r};
	json_items items = {0};
	put_items(&in, &at, sel->fields, sel->nfields, &items);
	buf columns = {0};
	bool plain = put_row_list(&columns, &items);
	unsigned alias = sql_alias(b);
	if (one) buf_puts(text, plain ? "(SELECT to_json(" : "(SELECT ");
	else buf_puts(text, "(SELECT coalesce(json_agg(");
	sql_put_alias(text, alias);
	buf_puts(text, plain ? ".*" : ".j");
	if (one) buf_puts(text, plain ? ") FROM (" : " FROM (");
	else buf_puts(text, "), '[]'::json) FROM (");
	rows_write(&r, text, &columns);
	if (one && !sel->has_limit && src->rel) buf_puts(text, " LIMIT 1");
	buf_puts(text, ") ");
	sql_put_alias(text, alias);
	buf_putc(text, ')');
	buf_free(&columns);
	rows_free(&r);
}

/* ---- aggregates ---- */

static void put_aggregate_value(
	maker *m, sql_build *b, buf *text, const plan_agg *g, const plan_agg_column *col, const sql_row *row)
{
	buf bare = {0};
	put_aggregate(b, &bare, g, col, row);
	codec k = aggregate_codec(m, g, col);
	if (k == CODEC_GEOJSON) {
		put_coded(text, k, buf_str(&bare));
	} else {
		buf_put(text, buf_str(&bare));
		if (aggregate_stringified(m, g, col)) buf_puts(text, "::text");
	}
	buf_free(&bare);
}

static void put_agg_object(maker *m, sql_build *b, buf *text, const plan_agg *g, const sql_row *row)
{
	json_items items = {0};
	for (size_t i = 0; i < g->ncols; i++) {
		const plan_agg_column *col = &g->cols[i];
		buf expr = {0};
		if (col->typename.p) put_constant(&expr, col->typename);
		else put_aggregate_value(m, b, &expr, g, col, row);
		json_items_add(b->a, &items, col->alias, &expr);
	}
	put_json_object(text, &items);
}

/* (SELECT json_build_object(…) FROM rows): aggregates may stand inside the call. */
static void put_aggregate_json(
	sql_build *b, buf *text, maker *m, const plan_select *sel, const plan_field *f, const row_source *src)
{
	unsigned flags = ROWS_WRAP | ROWS_ANY_ORDER;
	if (aggregate_needs_row(sel)) flags |= ROWS_WHOLE_ROW;
	row_set r;
	rows_begin(b, &r, select_of_aggregate(b->a, sel, src->cte.p != NULL), src, flags);
	json_items items = {0};
	for (size_t i = 0; i < f->naggs; i++) {
		const plan_agg *g = &f->aggs[i];
		buf expr = {0};
		if (g->kind == AGG_TYPENAME) put_constant(&expr, g->typename);
		else if (g->kind == AGG_COUNT) put_aggregate_value(m, b, &expr, g, NULL, &r.row);
		else put_agg_object(m, b, &expr, g, &r.row);
		json_items_add(b->a, &items, g->alias, &expr);
	}
	/* Without an aggregate in it the query would have as many rows as it reads. */
	buf columns = {0};
	put_json_object(&columns, &items);
	buf_putc(text, '(');
	rows_write(&r, text, &columns);
	buf_puts(text, " HAVING true)");
	buf_free(&columns);
	rows_free(&r);
}

/* WITH t1 AS (the rows both see) */
static row_source put_shared_rows(sql_build *b, buf *text, const plan_select *sel, const row_source *src)
{
	row_set r;
	bool whole = aggregate_shared_row(sel);
	unsigned flags = ROWS_ANY_ORDER | ROWS_WRAP | (whole ? ROWS_WHOLE_ROW : 0u);
	rows_begin(b, &r, select_of_aggregate(b->a, sel, false), src, flags);
	buf columns = {0}, name = {0};
	sql_put_alias(&columns, r.row.alias);
	buf_puts(&columns, ".*");
	if (whole && !r.row.derived) {
		buf_puts(&columns, ", ");
		sql_put_row(&columns, &r.row);
		buf_puts(&columns, "::");
		sql_put_qname(&columns, sel->table->name);
		buf_puts(&columns, " AS ");
		sql_put_ident(&columns, STR(SQL_ROW_COLUMN));
	}
	sql_put_alias(&name, sql_alias(b));
	str cte = str_copy(b->a, buf_str(&name));
	buf_puts(text, "WITH ");
	buf_put(text, cte);
	buf_puts(text, " AS MATERIALIZED (");
	rows_write(&r, text, &columns);
	buf_puts(text, ") ");
	buf_free(&columns);
	buf_free(&name);
	rows_free(&r);
	return (row_source){.cte = cte};
}

static void put_aggregate_select(sql_build *b, buf *text, maker *m, const plan_select *sel, const row_source *src)
{
	bool shared = aggregate_has(sel, PF_NODES) && aggregate_has(sel, PF_AGGREGATE) &&
		(aggregate_bounded(sel) || src->call || !select_steady(m, sel));
	row_source own = *src;
	buf_puts(text, "(");
	if (shared) own = put_shared_rows(b, text, sel, src);
	buf_puts(text, "SELECT ");
	json_items items = {0};
	for (size_t i = 0; i < sel->nfields; i++) {
		const plan_field *f = &sel->fields[i];
		buf expr = {0};
		if (f->kind == PF_NODES) put_json(b, &expr, m, select_of_nodes(b->a, sel, f, shared), &own);
		else if (f->kind == PF_AGGREGATE) put_aggregate_json(b, &expr, m, sel, f, &own);
		else put_constant(&expr, f->text);
		json_items_add(b->a, &items, f->alias, &expr);
	}
	put_json_object(text, &items);
	buf_putc(text, ')');
}

void put_json(sql_build *b, buf *text, maker *m, const plan_select *sel, const row_source *src)
{
	if (sel->shape == SHAPE_AGGREGATE) put_aggregate_select(b, text, m, sel, src);
	else put_rows_json(b, text, m, sel, src);
}
