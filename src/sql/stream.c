/* stream: what statements of streams carry beside the fields of their rows, and what is asked around them. */
#include "sql/live.h"
#include "sql/select.h"

static void put_cursor(cells *c, buf *text, const place *p, const plan_stream *st)
{
	plan_field f = {.kind = PF_COLUMN, .col = st->col, .visible_if = st->visible_if};
	put_scalar(c->b, text, p, &f);
}

void stream_cells(cells *c, const place *p, const plan_stream *st)
{
	buf column = {0};
	put_cursor(c, &column, p, st);
	c->m->cursor = cells_add(c, buf_str(&column));
	if (st->safe) {
		buf reached = {0};
		buf_putc(&reached, '(');
		buf_put(&reached, buf_str(&column));
		buf_puts(&reached, st->desc ? " >= " : " <= ");
		sql_put_val(c->b, &reached, &st->bound);
		buf_putc(&reached, ')');
		c->m->reached = cells_add(c, buf_str(&reached));
		buf_free(&reached);
	}
	buf_free(&column);
}

const plan_select *stream_front(arena *a, const plan_select *sel)
{
	plan_select *front = NEW(a, plan_select);
	plan_stream *st = NEW(a, plan_stream);
	plan_order *o = NEW(a, plan_order);
	*front = *sel;
	*st = *sel->stream;
	*o = sel->order[0];
	o->desc = !o->desc;
	st->ties = st->safe = false;
	front->stream = st;
	front->order = o;
	front->limit = 1;
	front->fields = NULL;
	front->nfields = 0;
	return front;
}

/*
 * A transaction holds its virtual id from its first moment; one that is prepared has given that up, but is known by the
 * lock on its xid that belongs to nobody. PostgreSQL: VACUUM may run for hours and brings no rows.
 */
#define WATCH                                                                                              \
	"SELECT CASE WHEN l.pid IS NULL THEN 'x' || l.transactionid::text ELSE l.virtualtransaction END, " \
	"l.pid IS NULL "                                                                                   \
	"FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_get_activity(NULL) a ON a.pid = l.pid "   \
	"WHERE NOT pg_catalog.pg_is_in_recovery() AND l.granted AND ("                                     \
	"(l.locktype = 'transactionid' AND l.pid IS NULL) OR "                                             \
	"(l.locktype = 'virtualxid' AND l.virtualxid = l.virtualtransaction "                              \
	"AND l.pid <> pg_catalog.pg_backend_pid() AND (a.datid IS NULL OR a.datid = "                      \
	"(SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())) "   \
	"AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_stat_progress_vacuum w WHERE w.pid = l.pid))) "       \
	"UNION ALL SELECT NULL, false WHERE pg_catalog.pg_is_in_recovery()"

const statement *sql_stream_watch(arena *a)
{
	sql_build b = sql_build_new(a, NULL, NULL);
	buf text = {0};
	buf_puts(&text, WATCH);
	const statement *s = sql_finish(&b, &text, 2);
	buf_free(&text);
	return s;
}
