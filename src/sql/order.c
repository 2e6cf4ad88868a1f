/* order: ORDER BY, through relationships and aggregates. */
#include "sql/select.h"

/* A join made for an earlier item may serve a later one. */
typedef struct made_join {
	const snap_rel *rel;
	const bexp *filter;
	unsigned from;
	unsigned alias;
} made_join;

typedef VEC(made_join) made_joins;

typedef struct order_ctx {
	sql_build *b;
	buf *joins;
	made_joins made;
	const plan_select *sel;
	unsigned visible; /* of put_visible_distinct */
} order_ctx;

static unsigned join_step(order_ctx *c, const order_step *s, unsigned from)
{
	for (size_t i = 0; i < c->made.n; i++) {
		made_join *m = &c->made.v[i];
		if (m->rel == s->rel && m->filter == s->filter && m->from == from) return m->alias;
	}
	sql_build *b = c->b;
	made_join m = {.rel = s->rel, .filter = s->filter, .from = from, .alias = sql_alias(b)};
	bool flat = s->rel->target_unique && s->rel->npairs;
	buf cond = {0};
	sql_put_pairs(&cond, s->rel->pairs, s->rel->npairs, from, m.alias);
	if (s->filter && s->filter->kind != BEXP_TRUE) {
		buf_puts(&cond, " AND ");
		sql_put_bexp(b, &cond, s->filter, m.alias, m.alias);
	}
	buf_puts(c->joins, flat ? " LEFT JOIN " : " LEFT JOIN LATERAL (SELECT * FROM ");
	sql_put_qname(c->joins, s->table->name);
	buf_putc(c->joins, ' ');
	sql_put_alias(c->joins, m.alias);
	buf_puts(c->joins, flat ? " ON " : " WHERE ");
	buf_put(c->joins, buf_str(&cond));
	if (!flat) {
		buf_puts(c->joins, " LIMIT 1) ");
		sql_put_alias(c->joins, m.alias);
		buf_puts(c->joins, " ON true");
	}
	buf_free(&cond);
	vec_push(b->a, &c->made, m);
	return m.alias;
}

static void put_value(sql_build *b, buf *text, const plan_order *o, const sql_row *row)
{
	if (o->visible_if) {
		buf_puts(text, "CASE WHEN ");
		sql_put_bexp(b, text, o->visible_if, row->alias, row->alias);
		buf_puts(text, " THEN ");
	}
	if (o->computed && o->kind == ORDER_COMPUTED) sql_put_row_call(b, text, &o->call, row);
	else sql_put_column(text, row->alias, o->col->cat->name);
	if (o->visible_if) buf_puts(text, " END");
}

/* (SELECT agg(x.col) FROM the rows of a relationship, or of a computed field) */
static void put_aggregate_of(order_ctx *c, buf *text, const plan_order *o, const sql_row *from)
{
	sql_build *b = c->b;
	sql_row row = {.alias = sql_alias(b)};
	const order_step *s = o->npath ? &o->path[o->npath - 1] : NULL;
	bool call = o->kind == ORDER_COMPUTED_AGG;
	buf_puts(text, "(SELECT ");
	buf_put(text, o->agg);
	buf_putc(text, '(');
	if (o->col) sql_put_column(text, row.alias, o->col->cat->name);
	else buf_putc(text, '*');
	buf_puts(text, ") FROM ");
	if (call) sql_put_row_call(b, text, &o->call, from);
	else sql_put_qname(text, s->table->name);
	buf_putc(text, ' ');
	sql_put_alias(text, row.alias);
	bool any = false;
	buf cond = {0};
	if (s && s->rel) {
		put_condition(&cond, &any);
		sql_put_pairs(&cond, s->rel->pairs, s->rel->npairs, from->alias, row.alias);
	}
	if (s && s->filter && s->filter->kind != BEXP_TRUE) {
		put_condition(&cond, &any);
		sql_put_bexp(b, &cond, s->filter, row.alias, row.alias);
	}
	if (any) buf_puts(text, " WHERE ");
	buf_put(text, buf_str(&cond));
	buf_free(&cond);
	buf_putc(text, ')');
}

/* The order is by what DISTINCT ON is about, where that is a cell not always visible. */
static bool is_redacted_distinct(const order_ctx *c, const plan_order *o)
{
	if (!c->visible || o->kind != ORDER_COLUMN || o->npath || !o->visible_if) return false;
	for (size_t i = 0; i < c->sel->ndistinct; i++)
		if (c->sel->distinct[i] == o->col) return true;
	return false;
}

static order_item make_item(order_ctx *c, const plan_order *o, const sql_row *row)
{
	order_item item = {.desc = o->desc, .nulls = o->nulls};
	bool agg = o->kind == ORDER_AGG || o->kind == ORDER_COMPUTED_AGG;
	/* The last step of an aggregate is what it is taken over. */
	size_t joins = agg && o->npath ? o->npath - 1 : o->npath;
	sql_row at = *row;
	for (size_t i = 0; i < joins; i++)
		at = (sql_row){.alias = join_step(c, &o->path[i], at.alias), .table = o->path[i].table};
	if (o->kind == ORDER_COLUMN && !o->npath && !o->visible_if) item.column = o->col->cat->name;
	buf text = {0};
	/* A function is not asked about a row that is not there. */
	bool guard =
		joins && (o->kind == ORDER_COMPUTED || o->kind == ORDER_COMPUTED_AGG) && o->path[joins - 1].rel->npairs;
	if (guard) {
		buf_puts(&text, "CASE WHEN ");
		sql_put_column(&text, at.alias, o->path[joins - 1].rel->pairs[0].remote);
		buf_puts(&text, " IS NOT NULL THEN ");
	}
	if (agg) put_aggregate_of(c, &text, o, &at);
	else if (is_redacted_distinct(c, o)) sql_put_column(&text, c->visible, o->col->cat->name);
	else put_value(c->b, &text, o, &at);
	if (guard) buf_puts(&text, " END");
	item.expr = str_copy(c->b->a, buf_str(&text));
	buf_free(&text);
	return item;
}

static bool has_column(const order_items *items, str column)
{
	for (size_t i = 0; i < items->n; i++)
		if (items->v[i].column.p && str_eq(items->v[i].column, column)) return true;
	return false;
}

static void append_key(sql_build *b, const plan_select *sel, const sql_row *row, order_items *items)
{
	const cat_key *pk = sel->function ? NULL : sel->table->pk;
	for (size_t i = 0; pk && i < pk->ncols; i++) {
		const cat_column *col = cat_table_column_num(sel->table->cat, pk->cols[i]);
		if (has_column(items, col->name)) continue;
		buf text = {0};
		sql_put_column(&text, row->alias, col->name);
		order_item item = {.expr = str_copy(b->a, buf_str(&text)), .column = col->name};
		buf_free(&text);
		vec_push(b->a, items, item);
	}
}

void order_make(sql_build *b, const plan_select *sel, const sql_row *row, unsigned visible, bool total, buf *joins,
	order_items *items)
{
	order_ctx c = {.b = b, .joins = joins, .sel = sel, .visible = visible};
	for (size_t i = 0; i < sel->norder; i++) {
		order_item item = make_item(&c, &sel->order[i], row);
		vec_push(b->a, items, item);
	}
	if (total) append_key(b, sel, row, items);
}

bool order_needs_row(const plan_select *sel)
{
	for (size_t i = 0; i < sel->norder; i++)
		if (sel->order[i].computed) return true;
	return false;
}

void put_order_column(buf *text, size_t i)
{
	buf_puts(text, "\"weir order ");
	buf_put_u64(text, i + 1);
	buf_putc(text, '"');
}

void order_write(buf *text, const order_items *items, bool derived, unsigned alias)
{
	for (size_t i = 0; i < items->n; i++) {
		const order_item *o = &items->v[i];
		if (i) buf_puts(text, ", ");
		if (derived) {
			if (o->column.p) {
				sql_put_column(text, alias, o->column);
			} else {
				sql_put_alias(text, alias);
				buf_putc(text, '.');
				put_order_column(text, i);
			}
		} else {
			buf_put(text, o->expr);
		}
		if (o->desc) buf_puts(text, " DESC");
		if (o->nulls == NULLS_FIRST) buf_puts(text, " NULLS FIRST");
		if (o->nulls == NULLS_LAST) buf_puts(text, " NULLS LAST");
	}
}
