#include "pg/pg_replication.h"
#include "base/buf.h"
#include "pg/pg_dial.h"
#include "pg/pg_quote.h"
#include "pg/pg_thread.h"
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

/* PostgreSQL: a WAL sender that hears nothing for wal_sender_timeout (60 s) ends. */
enum { REPORT_MS = 10000, STATUS_BYTES = 34, DATA_HEAD = 25, KEEPALIVE_BYTES = 18 };

/* Seconds between 1970 and PostgreSQL's 2000. */
#define PG_EPOCH INT64_C(946684800)

typedef enum repl_state { CONNECTING, CREATING, STARTING, STREAMING, ENDED } repl_state;

typedef struct dialling dialling;

struct pg_replication {
	uv_loop_t *loop;
	pg_params *params;
	pg_mailbox *mailbox;
	dialling *dialling; /* under way */
	PGconn *pg;
	uv_poll_t poll;
	uv_timer_t timer;
	/* What is polled is a copy of the socket: libpq closes its own when the server ends the connection. -1: none. */
	int fd;
	repl_state state;
	buf create;
	buf start;
	const pg_replication_events *events;
	void *data;
	uint64_t confirmed;
	uint64_t reported;
	bool closing;
	unsigned open; /* handles to be closed */
	void (*closed)(void *);
	void *closed_data;
};

/* ---- connecting, on a helper thread ---- */

struct dialling {
	pg_task task;
	pg_replication *r; /* NULL: closed meanwhile */
	pg_params *params;
	PGconn *pg;
	pg_error err;
};

static void dial_run(pg_task *t)
{
	dialling *d = (dialling *)t;
	d->pg = pg_dial_replication(d->params, &d->err);
}

static void dial_drop(pg_task *t)
{
	dialling *d = (dialling *)t;
	PQfinish(d->pg);
	pg_error_clear(&d->err);
	pg_params_unref(d->params);
	mem_free(d);
}

static void stop_handles(pg_replication *r)
{
	uv_timer_stop(&r->timer);
	if (r->fd >= 0) uv_poll_stop(&r->poll);
}

/* e is cleared. */
static void end(pg_replication *r, pg_error *e)
{
	if (r->state == ENDED) return;
	r->state = ENDED;
	stop_handles(r);
	r->events->ended(r->data, e);
	pg_error_clear(e);
}

static void lost(pg_replication *r)
{
	pg_error e = {0};
	pg_error_from_conn(&e, PG_ERR_BROKEN, r->pg, "the connection to PostgreSQL was lost");
	end(r, &e);
}

static void refused(pg_replication *r, const PGresult *res)
{
	pg_error e = {0};
	pg_error_from_result(&e, res);
	if (!e.sqlstate[0]) e.kind = PG_ERR_BROKEN;
	end(r, &e);
}

/* ---- sending ---- */

static void on_poll(uv_poll_t *h, int status, int events);

/* Writes what is queued, and asks for more events as needed. */
static void flush(pg_replication *r)
{
	int left = PQflush(r->pg);
	if (left < 0) {
		lost(r);
		return;
	}
	uv_poll_start(&r->poll, UV_READABLE | (left ? UV_WRITABLE : 0), on_poll);
}

static void put_u64(char *at, uint64_t v)
{
	for (int i = 0; i < 8; i++)
		at[i] = (char)(v >> (56 - 8 * i));
}

static uint64_t get_u64(const char *at)
{
	uint64_t v = 0;
	for (int i = 0; i < 8; i++)
		v = v << 8 | (unsigned char)at[i];
	return v;
}

/* PostgreSQL: protocol-replication, "Standby status update". */
static void report(pg_replication *r)
{
	char m[STATUS_BYTES] = {'r'};
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	for (int i = 0; i < 3; i++)
		put_u64(m + 1 + 8 * i, r->confirmed);
	put_u64(m + 25, (uint64_t)((now.tv_sec - PG_EPOCH) * 1000000 + now.tv_nsec / 1000));
	r->reported = r->confirmed;
	uv_timer_stop(&r->timer);
	if (PQputCopyData(r->pg, m, STATUS_BYTES) != 1) lost(r);
	else flush(r);
}

static void on_timer(uv_timer_t *h)
{
	pg_replication *r = h->data;
	if (r->state == STREAMING) report(r);
}

void pg_replication_confirm(pg_replication *r, uint64_t lsn)
{
	if (lsn <= r->confirmed) return;
	r->confirmed = lsn;
	if (r->state == STREAMING && !uv_is_active((uv_handle_t *)&r->timer))
		uv_timer_start(&r->timer, on_timer, REPORT_MS, 0);
}

static void send_command(pg_replication *r, repl_state next, buf *text)
{
	r->state = next;
	if (!PQsendQuery(r->pg, text->p)) lost(r);
	else flush(r);
}

/* ---- receiving ---- */

static void take_message(pg_replication *r, str m)
{
	if (m.n >= DATA_HEAD && m.p[0] == 'w') {
		r->events->message(r->data, get_u64(m.p + 1), str_from_at(m, DATA_HEAD));
		return;
	}
	if (m.n < KEEPALIVE_BYTES || m.p[0] != 'k') return;
	r->events->keepalive(r->data, get_u64(m.p + 1));
	if (m.p[KEEPALIVE_BYTES - 1] && r->state == STREAMING && !r->closing) report(r);
}

static void stream_over(pg_replication *r)
{
	PGresult *res = PQgetResult(r->pg);
	if (res && PQresultStatus(res) == PGRES_FATAL_ERROR) refused(r, res);
	else lost(r);
	PQclear(res);
}

static void read_stream(pg_replication *r)
{
	char *p = NULL;
	int n = 0;
	while (r->state == STREAMING && !r->closing && (n = PQgetCopyData(r->pg, &p, 1)) > 0) {
		take_message(r, str_make(p, (size_t)n));
		PQfreemem(p);
		p = NULL;
	}
	if (r->closing || r->state != STREAMING) return;
	if (n < 0) stream_over(r);
	else r->events->drained(r->data);
}

/* The answers to the two commands. */
static void read_answer(pg_replication *r)
{
	while ((r->state == CREATING || r->state == STARTING) && !PQisBusy(r->pg)) {
		PGresult *res = PQgetResult(r->pg);
		ExecStatusType status = res ? PQresultStatus(res) : PGRES_TUPLES_OK;
		if (status == PGRES_FATAL_ERROR) refused(r, res);
		else if (status == PGRES_COPY_BOTH && r->state == STARTING) r->state = STREAMING;
		else if (!res && r->state == CREATING) send_command(r, STARTING, &r->start);
		else if (!res) lost(r);
		PQclear(res);
	}
	if (r->state == STREAMING) r->events->streaming(r->data);
}

static void on_poll(uv_poll_t *h, int status, int events)
{
	pg_replication *r = h->data;
	if (status == 0 && (events & UV_WRITABLE)) flush(r);
	if (r->state == ENDED || r->closing) return;
	if (status == 0 && !(events & UV_READABLE)) return;
	if (!PQconsumeInput(r->pg)) {
		/* What had come before the end is worth reading: the reason is in it. */
		if (r->state == STREAMING) read_stream(r);
		if (!r->closing) lost(r);
		return;
	}
	if (r->state != STREAMING) read_answer(r);
	if (r->state == STREAMING && !r->closing) read_stream(r);
	/* libuv stops a poll that failed; what is behind the bytes just read comes with the next one. */
	if (status != 0 && r->state != ENDED && !r->closing) flush(r);
}

/* ---- life ---- */

static bool watch_socket(pg_replication *r)
{
	int fd = fcntl(PQsocket(r->pg), F_DUPFD_CLOEXEC, 0);
	if (fd < 0) return false;
	if (uv_poll_init(r->loop, &r->poll, fd) != 0) {
		close(fd);
		return false;
	}
	r->fd = fd;
	r->poll.data = r;
	return true;
}

static void dial_done(pg_task *t)
{
	dialling *d = (dialling *)t;
	pg_replication *r = d->r;
	if (!r) {
		dial_drop(t);
		return;
	}
	r->dialling = NULL;
	r->pg = d->pg;
	d->pg = NULL;
	if (!r->pg) {
		end(r, &d->err);
	} else if (!watch_socket(r)) {
		lost(r);
	} else {
		PQsetnonblocking(r->pg, 1);
		send_command(r, CREATING, &r->create);
	}
	dial_drop(t);
}

static void no_thread(uv_timer_t *h)
{
	pg_error e = {0};
	pg_error_text(&e, PG_ERR_CONNECT, "no thread for a connection");
	end(h->data, &e);
}

static void dial_start(pg_replication *r)
{
	dialling *d = mem_alloc(sizeof(*d));
	d->task = (pg_task){.run = dial_run, .done = dial_done, .drop = dial_drop};
	d->r = r;
	d->params = pg_params_ref(r->params);
	if (pg_task_start(r->mailbox, &d->task)) {
		r->dialling = d;
		return;
	}
	dial_drop(&d->task);
	uv_timer_start(&r->timer, no_thread, 0, 0);
}

static void write_commands(pg_replication *r, const pg_replication_options *o)
{
	buf_puts(&r->create, "CREATE_REPLICATION_SLOT ");
	pg_quote_ident(&r->create, str_from(o->slot));
	buf_puts(&r->create, " TEMPORARY LOGICAL ");
	pg_quote_ident(&r->create, str_from(o->plugin));
	buf_puts(&r->create, " NOEXPORT_SNAPSHOT");
	buf_putc(&r->create, '\0');
	buf_puts(&r->start, "START_REPLICATION SLOT ");
	pg_quote_ident(&r->start, str_from(o->slot));
	buf_puts(&r->start, " LOGICAL 0/0 (");
	for (size_t i = 0; o->settings && o->settings[i]; i += 2) {
		if (i) buf_puts(&r->start, ", ");
		pg_quote_ident(&r->start, str_from(o->settings[i]));
		buf_putc(&r->start, ' ');
		pg_quote_literal(&r->start, str_from(o->settings[i + 1]));
	}
	buf_puts(&r->start, ")");
	buf_putc(&r->start, '\0');
}

pg_replication *pg_replication_open(uv_loop_t *loop, pg_params *params, const pg_replication_options *o,
	const pg_replication_events *events, void *data)
{
	pg_replication *r = mem_alloc(sizeof(*r));
	r->loop = loop;
	r->fd = -1;
	r->params = pg_params_ref(params);
	r->events = events;
	r->data = data;
	r->mailbox = pg_mailbox_new(loop);
	uv_timer_init(loop, &r->timer);
	r->timer.data = r;
	write_commands(r, o);
	dial_start(r);
	return r;
}

static void handle_closed(pg_replication *r)
{
	if (--r->open > 0) return;
	void (*closed)(void *) = r->closed;
	void *data = r->closed_data;
	pg_params_unref(r->params);
	buf_free(&r->create);
	buf_free(&r->start);
	mem_free(r);
	if (closed) closed(data);
}

static void uv_closed(uv_handle_t *h)
{
	pg_replication *r = h->data;
	if (r->fd >= 0 && h == (uv_handle_t *)&r->poll) close(r->fd);
	handle_closed(r);
}

static void mailbox_closed(void *data)
{
	handle_closed(data);
}

void pg_replication_close(pg_replication *r, void (*closed)(void *data), void *data)
{
	r->closing = true;
	r->closed = closed;
	r->closed_data = data;
	stop_handles(r);
	if (r->dialling) r->dialling->r = NULL;
	r->open = 2 + (r->fd >= 0 ? 1 : 0);
	if (r->fd >= 0) uv_close((uv_handle_t *)&r->poll, uv_closed);
	PQfinish(r->pg);
	r->pg = NULL;
	uv_close((uv_handle_t *)&r->timer, uv_closed);
	pg_mailbox_close(r->mailbox, mailbox_closed, r);
}
