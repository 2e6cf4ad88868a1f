/* explain: what a role's filters do to the rows a plan reaches, as statements and as text. For admins only. */
#include "sql/explain.h"
#include "sql/select.h"

/* Depth: that of the selection, bounded by gq_select_operation. */
static void put_parents(sql_build *b, buf *out, const sql_reach *r, unsigned alias)
{
	static const row_source plain = {0};
	unsigned parent = sql_alias(b);
	buf cond = {0};
	buf_puts(out, "EXISTS (SELECT 1 FROM ");
	put_table(b, out, r->from->sel, &plain, parent);
	buf_puts(out, " WHERE ");
	sql_put_pairs(out, r->rel->pairs, r->rel->npairs, parent, alias);
	if (sql_put_filters(b, &cond, r->from->sel->filter, r->from->sel->where, parent)) {
		buf_puts(out, " AND ");
		buf_put(out, buf_str(&cond));
	}
	buf_free(&cond);
	if (r->from->from) {
		buf_puts(out, " AND ");
		put_parents(b, out, r->from, parent);
	}
	buf_putc(out, ')');
}

const statement *sql_count_seen(arena *a, const snapshot *snap, const sql_reach *r)
{
	static const row_source plain = {0};
	const plan_select *sel = r->sel;
	sql_build b = sql_build_new(a, snap, sel->source);
	unsigned alias = sql_alias(&b);
	bool any = false;
	buf text = {0}, where = {0};
	buf_puts(&text, "SELECT count(*), count(*) FILTER (WHERE ");
	if (!sql_put_filters(&b, &text, sel->filter, NULL, alias)) buf_puts(&text, "true");
	buf_puts(&text, ") FROM ");
	put_table(&b, &text, sel, &plain, alias);
	if (sql_put_filters(&b, &where, NULL, sel->where, alias)) any = true;
	if (r->from) {
		put_condition(&where, &any);
		put_parents(&b, &where, r, alias);
	}
	if (where.n) {
		buf_puts(&text, " WHERE ");
		buf_put(&text, buf_str(&where));
	}
	const statement *s = sql_finish(&b, &text, 2);
	buf_free(&where);
	buf_free(&text);
	return s;
}

const statement *sql_condition(arena *a, const snapshot *snap, const snap_source *src, const bexp *e)
{
	sql_build b = sql_build_new(a, snap, src);
	unsigned alias = sql_alias(&b);
	buf text = {0};
	sql_put_bexp(&b, &text, e, alias, alias);
	const statement *s = sql_finish(&b, &text, 0);
	buf_free(&text);
	return s;
}
