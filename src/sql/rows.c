/* rows: FROM, WHERE, ORDER BY, LIMIT of a select. */
#include "sql/select.h"

bool select_bounded(const plan_select *sel)
{
	return sel->has_limit || sel->has_offset || sel->ndistinct;
}

bool select_deep(const plan_field *fields, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (fields[i].kind != PF_TYPENAME && fields[i].kind != PF_COLUMN) return true;
	return false;
}

bool select_needs_row(const plan_field *fields, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (fields[i].kind == PF_COMPUTED || fields[i].kind == PF_COMPUTED_ROWS) return true;
	return false;
}

static bool ordered_by(const plan_select *sel, str column)
{
	for (size_t i = 0; i < sel->norder; i++) {
		const plan_order *o = &sel->order[i];
		if (o->kind == ORDER_COLUMN && !o->npath && !o->visible_if && str_eq(o->col->cat->name, column))
			return true;
	}
	return false;
}

/* Only over the table itself: a function may return a row twice. */
bool select_total_order(const plan_select *sel)
{
	const cat_table *t = sel->table->cat;
	if (sel->function || t->has_children) return false;
	for (size_t k = 0; k < t->nkeys; k++) {
		const cat_key *key = &t->keys[k];
		if (!key->provable) continue;
		bool all = true;
		for (size_t i = 0; i < key->ncols && all; i++) {
			const cat_column *c = cat_table_column_num(t, key->cols[i]);
			all = c && c->not_null && ordered_by(sel, c->name);
		}
		if (all) return true;
	}
	return false;
}

void put_table(sql_build *b, buf *text, const plan_select *sel, const row_source *src, unsigned alias)
{
	if (src->cte.p) buf_put(text, src->cte);
	else if (src->call) sql_put_row_call(b, text, src->call, src->call_row);
	else if (sel->function)
		sql_put_call(b, text, sel->function->fn->cat->name, sel->function->args, sel->function->nargs);
	else sql_put_qname(text, sel->table->name);
	buf_putc(text, ' ');
	sql_put_alias(text, alias);
}

void put_condition(buf *where, bool *any)
{
	if (*any) buf_puts(where, " AND ");
	*any = true;
}

static void put_keys(buf *where, const row_source *src, unsigned alias)
{
	const snap_rel *rel = src->keys->rel;
	for (size_t i = 0; i < rel->npairs; i++) {
		if (i) buf_puts(where, " AND ");
		buf_putc(where, '(');
		sql_put_column(where, alias, rel->pairs[i].remote);
		buf_puts(where, " = ");
		sql_put_alias(where, src->parent);
		buf_puts(where, ".k");
		buf_put_u64(where, i + 1);
		buf_putc(where, ')');
	}
}

static void put_where(sql_build *b, buf *where, const plan_select *sel, const row_source *src, unsigned alias)
{
	bool any = false;
	if (src->rel) {
		put_condition(where, &any);
		sql_put_pairs(where, src->rel->pairs, src->rel->npairs, src->parent, alias);
	}
	if (src->keys) {
		put_condition(where, &any);
		put_keys(where, src, alias);
	}
	if (src->level) {
		buf cond = {0};
		if (put_level_condition(b, &cond, src->level, alias)) {
			put_condition(where, &any);
			buf_put(where, buf_str(&cond));
		}
		buf_free(&cond);
	}
	if (src->cte.p) return;
	buf cond = {0};
	if (sql_put_filters(b, &cond, sel->filter, sel->where, alias)) {
		put_condition(where, &any);
		buf_put(where, buf_str(&cond));
	}
	buf_free(&cond);
	if (!sel->function || !sel->function->fn->single) return;
	/* PostgreSQL: NULL instead of a row becomes a row of nulls. */
	put_condition(where, &any);
	buf_puts(where, "NOT (");
	sql_put_alias(where, alias);
	buf_puts(where, " IS NULL)");
}

static void put_cursor(sql_build *b, buf *text, const plan_stream *st, unsigned alias)
{
	if (st->visible_if) {
		buf_puts(text, "CASE WHEN ");
		sql_put_bexp(b, text, st->visible_if, alias, alias);
		buf_puts(text, " THEN ");
	}
	sql_put_column(text, alias, st->col->cat->name);
	if (st->visible_if) buf_puts(text, " END");
}

/* c <= (SELECT x.c FROM (the first ones' c) x ORDER BY x.c DESC LIMIT 1) */
static void put_ties(sql_build *b, buf *where, const plan_select *sel, const row_source *src, unsigned alias)
{
	const plan_stream *st = sel->stream;
	unsigned x = sql_alias(b), inner = sql_alias(b);
	buf cond = {0};
	put_cursor(b, where, st, alias);
	buf_puts(where, st->desc ? " >= (SELECT " : " <= (SELECT ");
	sql_put_alias(where, x);
	buf_puts(where, ".c FROM (SELECT ");
	put_cursor(b, where, st, inner);
	buf_puts(where, " AS c FROM ");
	put_table(b, where, sel, src, inner);
	if (sql_put_filters(b, &cond, sel->filter, sel->where, inner)) {
		buf_puts(where, " WHERE ");
		buf_put(where, buf_str(&cond));
	}
	buf_free(&cond);
	buf_puts(where, st->desc ? " ORDER BY 1 DESC LIMIT " : " ORDER BY 1 LIMIT ");
	buf_put_i64(where, sel->limit);
	buf_puts(where, ") ");
	sql_put_alias(where, x);
	buf_puts(where, " ORDER BY ");
	sql_put_alias(where, x);
	buf_puts(where, st->desc ? ".c LIMIT 1)" : ".c DESC LIMIT 1)");
}

/*
 * Cells the role may not see are NULL to DISTINCT ON too. PostgreSQL: it and ORDER BY must name equal expressions, which two
 * copies of a condition with sub-selects are not, so both name a column of this join. Its alias; 0: all cells are visible.
 */
static unsigned put_visible_distinct(sql_build *b, buf *from, const plan_select *sel, const sql_row *row)
{
	unsigned alias = 0;
	for (size_t i = 0; sel->distinct_visible && i < sel->ndistinct; i++) {
		const bexp *visible = sel->distinct_visible[i];
		for (size_t k = 0; k < i; k++)
			if (sel->distinct[k] == sel->distinct[i]) visible = NULL; /* named twice */
		if (!visible) continue;
		buf_puts(from, alias ? ", " : " CROSS JOIN LATERAL (SELECT ");
		if (!alias) alias = sql_alias(b);
		buf_puts(from, "CASE WHEN ");
		sql_put_bexp(b, from, visible, row->alias, row->alias);
		buf_puts(from, " THEN ");
		sql_put_column(from, row->alias, sel->distinct[i]->cat->name);
		buf_puts(from, " END AS ");
		sql_put_ident(from, sel->distinct[i]->cat->name);
	}
	if (!alias) return 0;
	buf_puts(from, ") ");
	sql_put_alias(from, alias);
	return alias;
}

static void put_distinct(buf *head, const plan_select *sel, unsigned alias, unsigned visible)
{
	if (!sel->ndistinct) return;
	buf_puts(head, "DISTINCT ON (");
	for (size_t i = 0; i < sel->ndistinct; i++) {
		if (i) buf_puts(head, ", ");
		bool redacted = sel->distinct_visible && sel->distinct_visible[i];
		sql_put_column(head, redacted ? visible : alias, sel->distinct[i]->cat->name);
	}
	buf_puts(head, ") ");
}

/* Rows with equal cursors are in one batch, or the rest of them would be passed over. */
static bool with_ties(const plan_select *sel)
{
	return sel->stream && sel->stream->ties;
}

/* PostgreSQL: WITH TIES came with 13. */
static bool ties_by_hand(const sql_build *b, const plan_select *sel)
{
	return with_ties(sel) && b->source->cat->version && b->source->cat->version < 130000;
}

static void put_tail(const sql_build *b, buf *tail, const plan_select *sel)
{
	bool ties = with_ties(sel);
	if (sel->has_limit && !ties_by_hand(b, sel)) {
		buf_puts(tail, ties ? " FETCH FIRST " : " LIMIT ");
		buf_put_i64(tail, sel->limit);
		if (ties) buf_puts(tail, " ROWS WITH TIES");
	}
	if (sel->has_offset) {
		buf_puts(tail, " OFFSET ");
		buf_put_i64(tail, sel->offset);
	}
}

void rows_write(const row_set *r, buf *text, const buf *list)
{
	buf_puts(text, "SELECT ");
	buf_put(text, buf_str(&r->head));
	buf_put(text, buf_str(list));
	buf_puts(text, " FROM ");
	buf_put(text, buf_str(&r->from));
	if (r->where.n) {
		buf_puts(text, " WHERE ");
		buf_put(text, buf_str(&r->where));
	}
	if (r->order.n) {
		buf_puts(text, " ORDER BY ");
		buf_put(text, buf_str(&r->order));
	}
	buf_put(text, buf_str(&r->tail));
}

void rows_free(row_set *r)
{
	buf_free(&r->head);
	buf_free(&r->from);
	buf_free(&r->where);
	buf_free(&r->order);
	buf_free(&r->tail);
}

/* Everything selected so far becomes a derived table of the same alias; what cannot be asked of its columns it carries. */
static void wrap(row_set *r, const order_items *items, unsigned flags)
{
	buf list = {0}, text = {0};
	sql_put_alias(&list, r->row.alias);
	buf_puts(&list, ".*");
	if (flags & ROWS_WHOLE_ROW) {
		buf_puts(&list, ", ");
		sql_put_row(&list, &r->row);
		if (!r->row.derived) {
			buf_puts(&list, "::");
			sql_put_qname(&list, r->row.table->name);
		}
		buf_puts(&list, " AS ");
		sql_put_ident(&list, STR(SQL_ROW_COLUMN));
	}
	for (size_t i = 0; i < items->n; i++) {
		if (items->v[i].column.p) continue;
		buf_puts(&list, ", ");
		buf_put(&list, items->v[i].expr);
		buf_puts(&list, " AS ");
		put_order_column(&list, i);
	}
	buf_putc(&text, '(');
	rows_write(r, &text, &list);
	buf_puts(&text, ") ");
	sql_put_alias(&text, r->row.alias);
	buf_free(&list);
	rows_free(r);
	r->head = r->where = r->order = r->tail = (buf){0};
	r->from = text;
	r->row.derived = true;
	if (!(flags & ROWS_ANY_ORDER)) order_write(&r->order, items, true, r->row.alias);
}

void rows_begin(sql_build *b, row_set *r, const plan_select *sel, const row_source *src, unsigned flags)
{
	*r = (row_set){.row = {.alias = sql_alias(b), .table = sel->table, .derived = src->cte.p != NULL}};
	bool bounded = select_bounded(sel);
	put_table(b, &r->from, sel, src, r->row.alias);
	put_where(b, &r->where, sel, src, r->row.alias);
	if (ties_by_hand(b, sel)) {
		buf_puts(&r->where, " AND ");
		put_ties(b, &r->where, sel, src, r->row.alias);
	}
	order_items items = {0};
	unsigned visible = put_visible_distinct(b, &r->from, sel, &r->row);
	if (bounded || !(flags & ROWS_ANY_ORDER))
		order_make(b, sel, &r->row, visible, bounded && (flags & ROWS_TOTAL), &r->from, &items);
	put_distinct(&r->head, sel, r->row.alias, visible);
	order_write(&r->order, &items, false, 0);
	put_tail(b, &r->tail, sel);
	if (bounded && (flags & ROWS_WRAP)) wrap(r, &items, flags);
}
