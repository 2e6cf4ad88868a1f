#include "pg/pg_sync.h"
#include "base/clock.h"
#include "pg/pg_dial.h"
#include "pg/pg_params_in.h"
#include "pg/pg_quote.h"
#include "pg/pg_thread.h"
#include "pg/pg_wire.h"
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <time.h>

#define MS UINT64_C(1000000)
#define GRACE_NS UINT64_C(1000000000)

typedef struct meeting meeting;

struct pg_sync {
	PGconn *pg;
	meeting *cancelling; /* a cancel request of this call */
	pg_error err;
	pg_server server;
	uint64_t deadline_ns;
	int wakeup;
	size_t max_bytes;
	size_t bytes;
};

/* --- work on a thread that may hang without holding the caller: connecting, cancelling --- */

struct meeting {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	unsigned refs;
	bool done;
	pg_params *params; /* to connect with */
	PGcancel *cancel;  /* or what to cancel */
	PGconn *pg;
	pg_error err;
};

static void leave(meeting *m)
{
	pthread_mutex_lock(&m->lock);
	bool last = --m->refs == 0;
	pthread_mutex_unlock(&m->lock);
	if (!last) return;
	PQfinish(m->pg);
	PQfreeCancel(m->cancel);
	pg_error_clear(&m->err);
	pg_params_unref(m->params);
	pthread_cond_destroy(&m->cond);
	pthread_mutex_destroy(&m->lock);
	mem_free(m);
}

static void work(void *arg)
{
	meeting *m = arg;
	char text[256];
	pg_error err = {0};
	PGconn *pg = NULL;
	if (m->cancel) (void)PQcancel(m->cancel, text, sizeof(text));
	else pg = pg_dial(m->params, &err);
	pthread_mutex_lock(&m->lock);
	m->pg = pg;
	m->err = err;
	m->done = true;
	pthread_cond_signal(&m->cond);
	pthread_mutex_unlock(&m->lock);
	leave(m);
}

/* Starts the work; the caller has one of the two references. NULL when there is no thread for it. */
static meeting *meet(pg_params *params, PGcancel *cancel)
{
	meeting *m = mem_alloc(sizeof(*m));
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&m->lock, NULL);
	pthread_cond_init(&m->cond, &attr);
	pthread_condattr_destroy(&attr);
	m->refs = 2;
	m->params = params ? pg_params_ref(params) : NULL;
	m->cancel = cancel;
	if (pg_thread_start(work, m)) return m;
	leave(m);
	leave(m);
	return NULL;
}

/* Until the work is done; false when the deadline passes first. Takes what came of it, and the caller's reference. */
static bool await(meeting *m, uint64_t deadline_ns, PGconn **pg, pg_error *e)
{
	struct timespec until = {.tv_sec = (time_t)(deadline_ns / GRACE_NS), .tv_nsec = (long)(deadline_ns % GRACE_NS)};
	pthread_mutex_lock(&m->lock);
	while (!m->done && pthread_cond_timedwait(&m->cond, &m->lock, &until) != ETIMEDOUT)
		;
	bool done = m->done;
	*pg = m->pg;
	m->pg = NULL;
	if (done) pg_error_move(e, &m->err);
	pthread_mutex_unlock(&m->lock);
	leave(m);
	return done;
}

pg_sync *pg_sync_connect(pg_params *p, uint64_t deadline_ns, error *err)
{
	pg_error e = {0};
	PGconn *pg = NULL;
	if (deadline_ns == 0) deadline_ns = clock_mono_ns() + p->connect_timeout_ms * MS;
	meeting *m = meet(p, NULL);
	if (!m) pg_error_text(&e, PG_ERR_CONNECT, "no thread for a connection");
	else if (!await(m, deadline_ns, &pg, &e))
		pg_error_text(&e, PG_ERR_CONNECT, "timeout expired while connecting to PostgreSQL");
	if (!pg) {
		(void)pg_error_map_query(&e, NULL, STR(""), err);
		pg_error_clear(&e);
		return NULL;
	}
	pg_sync *s = mem_alloc(sizeof(*s));
	s->pg = pg;
	s->wakeup = -1;
	PQsetnonblocking(pg, 1);
	pg_dial_server(pg, &s->server);
	return s;
}

static void hang_up(pg_sync *s)
{
	if (s->cancelling) leave(s->cancelling);
	s->cancelling = NULL;
	PQfinish(s->pg);
	s->pg = NULL;
}

void pg_sync_close(pg_sync *s)
{
	if (!s) return;
	hang_up(s);
	pg_error_clear(&s->err);
	mem_free(s);
}

void pg_sync_set_deadline(pg_sync *s, uint64_t deadline_ns)
{
	s->deadline_ns = deadline_ns;
}

void pg_sync_set_wakeup(pg_sync *s, int fd)
{
	s->wakeup = fd;
}

void pg_sync_set_max_bytes(pg_sync *s, size_t n)
{
	s->max_bytes = n;
}

bool pg_sync_alive(const pg_sync *s)
{
	return s->pg && PQstatus(s->pg) == CONNECTION_OK;
}

const pg_error *pg_sync_error(const pg_sync *s)
{
	return &s->err;
}

const pg_server *pg_sync_server(const pg_sync *s)
{
	return &s->server;
}

/* --- waiting --- */

typedef enum waited { WAIT_READY, WAIT_TIMEOUT, WAIT_WAKEUP } waited;

static waited wait_until(const pg_sync *s, bool writing, uint64_t deadline_ns, bool wakeable)
{
	struct pollfd fds[2] = {
		{.fd = PQsocket(s->pg), .events = (short)(writing ? POLLIN | POLLOUT : POLLIN)},
		{.fd = wakeable ? s->wakeup : -1, .events = POLLIN},
	};
	for (;;) {
		int ms = -1;
		if (deadline_ns) {
			uint64_t now = clock_mono_ns();
			uint64_t left = now < deadline_ns ? (deadline_ns - now + MS - 1) / MS : 0;
			ms = left > INT32_MAX ? INT32_MAX : (int)left;
		}
		int n = poll(fds, 2, ms);
		if (n < 0 && errno == EINTR) continue;
		if (n == 0) return WAIT_TIMEOUT;
		if (fds[1].revents) return WAIT_WAKEUP;
		return WAIT_READY;
	}
}

/* Asks the server to stop, once a call. PQcancel may hang before a dead host, so not on this thread. */
static void request_cancel(pg_sync *s)
{
	PGcancel *c = PQgetCancel(s->pg);
	if (c) s->cancelling = meet(NULL, c);
}

static void lost(pg_sync *s)
{
	pg_error_from_conn(&s->err, PG_ERR_BROKEN, s->pg, "the connection to PostgreSQL was lost");
}

/* Takes what is there. */
static bool consume(pg_sync *s)
{
	pg_wire_begin();
	bool good = PQconsumeInput(s->pg);
	s->bytes += pg_wire_end();
	return good;
}

static bool give_up(pg_sync *s, pg_error_kind kind, const char *text)
{
	pg_error_text(&s->err, kind, text);
	hang_up(s);
	return false;
}

/* The deadline passed or the owner wants to stop: false when that was said before. */
static bool interrupt(pg_sync *s, waited why, uint64_t *until)
{
	if (s->cancelling) return false;
	if (why == WAIT_WAKEUP) pg_error_text(&s->err, PG_ERR_CLOSED, "interrupted");
	else pg_error_text(&s->err, PG_ERR_DEADLINE, "the operation took longer than its time limit");
	request_cancel(s);
	*until = clock_mono_ns() + GRACE_NS;
	return s->cancelling != NULL;
}

/* Until libpq has a whole result, or nothing more. Past the deadline: cancel, a second of grace, then hang up. */
static bool await_result(pg_sync *s, uint64_t *until)
{
	s->bytes = 0;
	for (;;) {
		int left = PQflush(s->pg);
		if (left == 0 && !PQisBusy(s->pg)) return true;
		waited w = left < 0 ? WAIT_READY : wait_until(s, left > 0, *until, !s->cancelling);
		if (w != WAIT_READY) {
			if (interrupt(s, w, until)) continue;
			return give_up(s, s->err.kind, "PostgreSQL did not answer in time");
		}
		if (!consume(s)) {
			lost(s);
			return false;
		}
		if (s->max_bytes && s->bytes > s->max_bytes)
			return give_up(s, PG_ERR_TOO_LARGE, "the result is larger than the limit");
	}
}

/* --- results --- */

/* COPY has no place here: libpq must be led out of it before the next statement. */
static void leave_copy(pg_sync *s, ExecStatusType status)
{
	char *row = NULL;
	if (status == PGRES_COPY_IN) (void)PQputCopyEnd(s->pg, "COPY FROM STDIN is not supported");
	while (status == PGRES_COPY_OUT && s->pg) {
		int n = PQgetCopyData(s->pg, &row, 1);
		PQfreemem(row);
		row = NULL;
		if (n < 0) break;
		if (n > 0) continue;
		if (wait_until(s, false, s->deadline_ns, true) != WAIT_READY || !PQconsumeInput(s->pg)) hang_up(s);
	}
}

/* Where results go: to a function, or the last one is kept. */
typedef struct taker {
	PGresult *kept;
	pg_sync_row_fn *f;
	void *data;
	uint64_t until; /* no later */
} taker;

/* The function has enough: what still comes until the server heard of it is thrown away. */
static void stop_rows(pg_sync *s, taker *t)
{
	pg_error_text(&s->err, PG_ERR_TOO_LARGE, "the result is larger than the limit");
	request_cancel(s);
	t->until = clock_mono_ns() + GRACE_NS;
	if (!s->cancelling) hang_up(s);
}

static void give(pg_sync *s, taker *t, PGresult *res)
{
	bool stopped = s->err.kind == PG_ERR_TOO_LARGE;
	if (!stopped && !t->f(t->data, (pg_result *)(void *)res)) stop_rows(s, t);
	else if (stopped && clock_mono_ns() > t->until) hang_up(s);
	PQclear(res);
}

static void keep(taker *t, PGresult *res)
{
	PQclear(t->kept);
	t->kept = res;
}

/* Takes one answer into the error, or to where results go. */
static void take(pg_sync *s, PGresult *res, taker *t)
{
	ExecStatusType status = PQresultStatus(res);
	bool failed = s->err.kind != PG_ERR_NONE;
	switch (status) {
	case PGRES_SINGLE_TUPLE: give(s, t, res); return;
	case PGRES_TUPLES_OK:
	case PGRES_COMMAND_OK:
	case PGRES_EMPTY_QUERY:
		/* It was done before the cancel request arrived. */
		if (s->err.kind == PG_ERR_DEADLINE || s->err.kind == PG_ERR_CLOSED) pg_error_clear(&s->err);
		if (t->f) give(s, t, res);
		else keep(t, res);
		return;
	case PGRES_COPY_IN:
	case PGRES_COPY_OUT:
	case PGRES_COPY_BOTH:
		if (!failed)
			pg_error_text(&s->err, PG_ERR_PROTOCOL,
				status == PGRES_COPY_IN ? "Unexpected execStatus: CopyIn"
							: "Unexpected execStatus: CopyOut");
		PQclear(res);
		leave_copy(s, status);
		return;
	default:
		/* The first error counts; a cancel that our deadline asked for is told as the deadline. */
		if (!failed) {
			pg_error_from_result(&s->err, res);
			if (!s->err.sqlstate[0]) s->err.kind = PG_ERR_BROKEN;
		}
		PQclear(res);
	}
}

/* A cancel request that is still under way would hit the next statement. */
static void settle(pg_sync *s)
{
	PGconn *none;
	pg_error ignored = {0};
	if (!s->cancelling) return;
	meeting *m = s->cancelling;
	s->cancelling = NULL;
	if (!await(m, clock_mono_ns() + GRACE_NS, &none, &ignored)) hang_up(s);
	pg_error_clear(&ignored);
}

/* Takes all answers to what was sent; true: without an error. */
static bool collect(pg_sync *s, int sent, taker *t)
{
	t->until = s->deadline_ns;
	if (!sent) {
		lost(s);
		return false;
	}
	while (s->pg && await_result(s, &t->until)) {
		PGresult *res = PQgetResult(s->pg);
		if (!res) break;
		take(s, res, t);
		if (s->pg && PQstatus(s->pg) == CONNECTION_BAD) break;
	}
	settle(s);
	if (s->err.kind == PG_ERR_NONE) return true;
	keep(t, NULL);
	return false;
}

static pg_result *collect_last(pg_sync *s, int sent)
{
	taker t = {0};
	return collect(s, sent, &t) ? (pg_result *)(void *)t.kept : NULL;
}

/* Before each call: no old error, a connection. */
static bool ready(pg_sync *s)
{
	pg_error_clear(&s->err);
	if (pg_sync_alive(s)) return true;
	pg_error_text(&s->err, PG_ERR_BROKEN, "the connection to PostgreSQL was lost");
	return false;
}

pg_result *pg_sync_exec(pg_sync *s, const char *sql)
{
	return ready(s) ? collect_last(s, PQsendQuery(s->pg, sql)) : NULL;
}

bool pg_sync_each(pg_sync *s, const char *sql, pg_sync_row_fn *f, void *data)
{
	taker t = {.f = f, .data = data};
	return ready(s) && collect(s, PQsendQuery(s->pg, sql) && PQsetSingleRowMode(s->pg), &t);
}

pg_result *pg_sync_query(pg_sync *s, const char *sql, size_t n, const char *const *values)
{
	if (!ready(s)) return NULL;
	return collect_last(s, PQsendQueryParams(s->pg, sql, (int)n, NULL, values, NULL, NULL, 0));
}

bool pg_sync_run(pg_sync *s, const char *sql)
{
	pg_result *r = pg_sync_exec(s, sql);
	pg_result_free(r);
	return r != NULL;
}

/* --- transactions --- */

static bool control(pg_sync *s, const char *sql)
{
	bool good = pg_sync_run(s, sql);
	s->err.tx_control = !good && s->err.kind == PG_ERR_SERVER;
	return good;
}

bool pg_sync_begin(pg_sync *s, pg_isolation iso, bool read_only)
{
	static const char *const levels[] = {"READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"};
	char sql[96];
	snprintf(sql, sizeof(sql), "BEGIN ISOLATION LEVEL %s %s", levels[iso], read_only ? "READ ONLY" : "READ WRITE");
	return control(s, sql);
}

bool pg_sync_commit(pg_sync *s)
{
	return control(s, "COMMIT");
}

bool pg_sync_in_tx(const pg_sync *s)
{
	return s->pg && PQtransactionStatus(s->pg) != PQTRANS_IDLE && PQtransactionStatus(s->pg) != PQTRANS_UNKNOWN;
}

void pg_sync_rollback(pg_sync *s)
{
	if (!pg_sync_in_tx(s)) return;
	/* What went wrong before stays readable; a passed deadline must not keep the transaction open. */
	pg_error before = {0};
	uint64_t deadline = s->deadline_ns, grace = clock_mono_ns() + GRACE_NS;
	pg_error_move(&before, &s->err);
	if (deadline && deadline < grace) s->deadline_ns = grace;
	if (!pg_sync_run(s, "ROLLBACK") && s->pg) hang_up(s);
	s->deadline_ns = deadline;
	pg_error_move(&s->err, &before);
}

/* --- notifications --- */

bool pg_sync_listen(pg_sync *s, str channel)
{
	buf b = {0};
	buf_puts(&b, "LISTEN ");
	pg_quote_ident(&b, channel);
	buf_putc(&b, '\0');
	bool good = pg_sync_run(s, b.p);
	buf_free(&b);
	return good;
}

static bool next_notify(pg_sync *s, arena *a, pg_notify *out)
{
	PGnotify *n = PQnotifies(s->pg);
	if (!n) return false;
	out->channel = str_copy(a, str_from(n->relname));
	out->payload = str_copy(a, str_from(n->extra));
	out->pid = n->be_pid;
	PQfreemem(n);
	return true;
}

int pg_sync_wait(pg_sync *s, arena *a, int timeout_ms, pg_notify *out)
{
	if (!ready(s)) return -1;
	uint64_t until = timeout_ms < 0 ? 0 : clock_mono_ns() + (uint64_t)timeout_ms * MS + 1;
	for (;;) {
		if (next_notify(s, a, out)) return 1;
		if (wait_until(s, false, until, true) != WAIT_READY) return 0;
		if (PQconsumeInput(s->pg) && PQstatus(s->pg) == CONNECTION_OK) continue;
		lost(s);
		return -1;
	}
}

int pg_sync_fd(const pg_sync *s)
{
	return s->pg ? PQsocket(s->pg) : -1;
}

int pg_sync_backend_pid(const pg_sync *s)
{
	return s->pg ? PQbackendPID(s->pg) : 0;
}
