#include "pg/pg_pool_in.h"
#include <errno.h>
#include <sys/socket.h>

/* --- dialling --- */

static void dial_free(pg_dialing *d)
{
	pg_error_clear(&d->err);
	pg_params_unref(d->params);
	pg_limit_unref(d->limit);
	mem_free(d);
}

static void dial_run(pg_task *t)
{
	pg_dialing *d = (pg_dialing *)t;
	d->pg = pg_dial(d->params, &d->err);
}

static void dial_drop(pg_task *t)
{
	pg_dialing *d = (pg_dialing *)t;
	PQfinish(d->pg);
	pg_limit_give(d->limit);
	dial_free(d);
}

static void dial_done(pg_task *t)
{
	pg_dialing *d = (pg_dialing *)t;
	pg_pool_dialed(d->pool, d);
	dial_free(d);
}

void pg_conn_dial(pg_pool *p)
{
	pg_dialing *d = mem_alloc(sizeof(*d));
	d->task = (pg_task){.run = dial_run, .done = dial_done, .drop = dial_drop};
	d->params = pg_params_ref(p->params);
	d->limit = pg_limit_ref(p->limit);
	d->pool = p;
	d->since_ns = clock_mono_ns();
	d->next = p->dials;
	p->dials = d;
	p->ndials++;
	if (pg_task_start(p->mailbox, &d->task)) return;
	p->dials = d->next;
	p->ndials--;
	pg_limit_give(p->limit);
	/* No thread: as a refused connection, tried again later. Callers stand in a flush, so nothing is told now. */
	p->fails++;
	p->next_dial_ns = clock_mono_ns() + PG_SEC;
	dial_free(d);
}

/* --- the socket --- */

static void watch(pg_conn *c);

static void on_io(uv_poll_t *h, int status, int events)
{
	pg_conn *c = ((pg_poll *)h)->conn;
	if (!c || c->broken) return;
	if (status == 0 && (events & UV_WRITABLE)) pg_conn_flush(c);
	/* On an error of the poll itself libpq finds out what it is by reading. */
	if (status != 0 || (events & UV_READABLE)) pg_recv(c);
	/* libuv has stopped the poll, and the server's last words may stand before the error: it comes again. */
	if (status != 0 && !c->broken) watch(c);
}

static void watch(pg_conn *c)
{
	int events = c->writing ? UV_READABLE | UV_WRITABLE : UV_READABLE;
	if (uv_poll_start(&c->io->handle, events, on_io) != 0) pg_conn_break(c, "cannot watch the connection");
}

void pg_conn_flush(pg_conn *c)
{
	if (c->broken) return;
	int left = PQflush(c->pg);
	if (left < 0) {
		pg_conn_break(c, "cannot send to PostgreSQL");
	} else if (c->writing != (left == 1)) {
		c->writing = left == 1;
		watch(c);
	}
}

bool pg_conn_peek(pg_conn *c)
{
	char byte;
	/* Bytes may be a notice, or the server's farewell before the end: libpq takes them, then the socket is asked again. */
	for (int i = 0; i < 8 && !c->broken; i++) {
		ssize_t n = recv(PQsocket(c->pg), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
		if (n < 0) return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
		if (n == 0) return false;
		pg_recv(c);
	}
	return !c->broken;
}

void pg_conn_break(pg_conn *c, const char *why)
{
	c->pool->dirty = true;
	if (c->broken) return;
	c->broken = true;
	/*
	 * libpq closes the socket where it finds the end of it. While the loop still has it, the next socket of the same number
	 * could not be watched: an accepted client would be turned away.
	 */
	uv_poll_stop(&c->io->handle);
	if (c->err.kind == PG_ERR_NONE) pg_error_from_conn(&c->err, PG_ERR_BROKEN, c->pg, why);
}

/* --- life --- */

static void set_expiry(pg_conn *c, uint64_t now)
{
	uint64_t life = c->pool->params->pool.connection_lifetime_s;
	if (life == 0) return;
	if (life > UINT32_MAX) life = UINT32_MAX;
	/* Up to a tenth earlier, so that connections opened together do not end together. */
	uint64_t ns = life * PG_SEC;
	c->expires_ns = now + ns - c->preps.nonce % (ns / 10 + 1);
}

bool pg_conn_adopt(pg_pool *p, PGconn *pg)
{
	pg_poll *io = mem_alloc(sizeof(*io));
	if (PQsetnonblocking(pg, 1) != 0 || !PQenterPipelineMode(pg) ||
		uv_poll_init(p->loop, &io->handle, PQsocket(pg)) != 0) {
		PQfinish(pg);
		mem_free(io);
		return false;
	}
	pg_conn *c = mem_alloc(sizeof(*c));
	uint64_t now = clock_mono_ns();
	*c = (pg_conn){.pool = p, .pg = pg, .io = io, .opened_ns = now, .idle_ns = now, .answered_ns = now};
	io->conn = c;
	io->pool = p;
	p->handles++;
	c->tls = PQsslInUse(pg);
	pg_preps_init(&c->preps, p->stmt_cache);
	set_expiry(c, now);
	pg_dial_server(pg, &c->server);
	p->server = c->server;
	c->next = p->conns;
	if (c->next) c->next->prev = c;
	p->conns = c;
	p->nconns++;
	p->stats.connects++;
	watch(c);
	return true;
}

static void on_poll_closed(uv_handle_t *h)
{
	pg_poll *io = (pg_poll *)h;
	pg_pool *p = io->pool;
	mem_free(io);
	pg_pool_torn_one(p);
}

static void free_segs(pg_conn *c)
{
	for (pg_seg *s = c->seg_first, *next; s; s = next) {
		next = s->next;
		assert(s->jobs.n == 0);
		mem_free(s);
	}
}

void pg_conn_close(pg_conn *c)
{
	pg_pool *p = c->pool;
	assert(c->live == 0);
	*(c->prev ? &c->prev->next : &p->conns) = c->next;
	if (c->next) c->next->prev = c->prev;
	p->nconns--;
	if (p->claim == c) p->claim = NULL;
	if (c->cancelling) pg_cancel_forget(c);
	uv_poll_stop(&c->io->handle);
	c->io->conn = NULL;
	uv_close((uv_handle_t *)&c->io->handle, on_poll_closed);
	PQfinish(c->pg);
	pg_limit_give(p->limit);
	free_segs(c);
	mem_free(c->ops);
	pg_preps_free(&c->preps);
	pg_error_clear(&c->err);
	mem_free(c);
}
