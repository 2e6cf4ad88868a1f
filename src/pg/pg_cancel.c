/*
 * Cancelling at the server. PQcancel blocks, so it has a thread of its own. It hits whatever the connection runs when it
 * arrives: therefore the connection gets no work until the request is done, and it is asked for only when nobody waits
 * for anything on the connection any more. A read that is hit all the same is sent again (pg_heal.c).
 */
#include "pg/pg_pool_in.h"

struct pg_cancelling {
	pg_task task;
	pg_conn *conn; /* NULL: closed meanwhile */
	PGcancel *cancel;
};

static void cancel_run(pg_task *t)
{
	pg_cancelling *k = (pg_cancelling *)t;
	char text[256];
	(void)PQcancel(k->cancel, text, sizeof(text));
}

static void cancel_drop(pg_task *t)
{
	pg_cancelling *k = (pg_cancelling *)t;
	PQfreeCancel(k->cancel);
	mem_free(k);
}

static void cancel_done(pg_task *t)
{
	pg_conn *c = ((pg_cancelling *)t)->conn;
	if (c) {
		c->cancelling = NULL;
		c->cancelled_ns = clock_mono_ns();
		c->pool->dirty = true;
	}
	cancel_drop(t);
}

void pg_cancel_start(pg_conn *c)
{
	PGcancel *cancel = c->cancelling ? NULL : PQgetCancel(c->pg);
	if (!cancel) return;
	pg_cancelling *k = mem_alloc(sizeof(*k));
	*k = (pg_cancelling){
		.task = {.run = cancel_run, .done = cancel_done, .drop = cancel_drop}, .conn = c, .cancel = cancel};
	c->cancelling = k;
	c->pool->stats.cancels++;
	if (pg_task_start(c->pool->mailbox, &k->task)) return;
	c->cancelling = NULL;
	cancel_drop(&k->task);
}

void pg_cancel_forget(pg_conn *c)
{
	c->cancelling->conn = NULL;
	c->cancelling = NULL;
}
