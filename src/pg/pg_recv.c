#include "pg/pg_pool_in.h"
#include "pg/pg_wire.h"
#include <openssl/ssl.h>
#include <stdlib.h>
#include <sys/ioctl.h>

enum {
	MAX_READS = 32,       /* in one event: others want the loop too */
	MAX_ORPHAN = 1 << 24, /* of a result that nobody waits for */
};

static void pop(pg_conn *c)
{
	c->ops_head = (c->ops_head + 1) & (c->ops_cap - 1);
	c->ops_n--;
	c->popped++;
	c->op_bytes = 0;
}

/* coming: the rest of the answer, which only closing ends. */
static void too_large(pg_conn *c, pg_job *j, bool coming)
{
	pg_error e = {0};
	char text[128];
	snprintf(text, sizeof(text), "the result is larger than the limit of %zu bytes", j->max_result_bytes);
	pg_error_text(&e, PG_ERR_TOO_LARGE, text);
	if (coming) pg_conn_break(c, text);
	pg_job_fail(j, &e);
	pg_error_clear(&e);
}

static void store(pg_conn *c, pg_op *op, PGresult *res)
{
	pg_job *j = op->job;
	op->got = true;
	if (!j || op->kind != OP_STMT) {
		PQclear(res);
		return;
	}
	assert(j->nresults == op->index);
	j->bytes += PQresultMemorySize(res);
	j->results[j->nresults++] = res;
	/* What is here already does no more harm; a write is not undone for it. */
	if (j->max_result_bytes && j->bytes > j->max_result_bytes && !pg_job_is_write(j)) too_large(c, j, false);
}

/* The first answer of a connection: only now it is sure that the server is there. */
static void prove(pg_conn *c)
{
	pg_pool *p = c->pool;
	c->proved = true;
	p->fails = 0;
	p->outage_ns = 0;
	p->next_dial_ns = 0;
}

/* The Sync of the oldest segment was answered. */
static void end_segment(pg_conn *c)
{
	pg_pool *p = c->pool;
	pg_seg *s = c->seg_first;
	uint64_t now = clock_mono_ns();
	uint64_t took = now - (s->sent_ns > c->answered_ns ? s->sent_ns : c->answered_ns);
	pop(c);
	if (!c->proved) prove(c);
	if (s->sent_ns > c->answered_ns) pg_trip_bound(&p->trip, s->sent_ns, now);
	c->seg_first = s->next;
	if (!c->seg_first) c->seg_last = NULL;
	c->nsegs--;
	if (!s->fast) c->nslow--;
	if (s->fast && !s->house && !s->failed) p->batch_ns = p->batch_ns - p->batch_ns / 8 + took / 8;
	/* After an error the neighbours of the culprit were skipped: alone they will show who is who. */
	while (s->jobs.first) {
		if (s->failed) pg_job_replay(s->jobs.last, true);
		else pg_job_finish(s->jobs.first);
	}
	c->answered_ns = now;
	s->next = p->free_segs;
	p->free_segs = s;
	p->dirty = true;
	if (c->nsegs) return;
	if (c->rollback_due) pg_send_rollback(c);
	if (c->nsegs) return;
	c->idle_ns = now;
	if (c->preps.ndead >= PG_DEAD_NAMES && !c->broken) pg_send_dead_names(c);
}

/* The bare Sync before a segment was answered. */
static void end_trip(pg_conn *c)
{
	pg_trip_answered(&c->pool->trip, c->seg_first->sent_ns, clock_mono_ns());
	pop(c);
}

static void end_op(pg_conn *c)
{
	pg_op op = *pg_ops_at(c, 0);
	pop(c);
	if (op.kind == OP_CONTROL && op.control == CTL_ROLLBACK) c->rolling_back = false;
	if (op.job && op.last && !c->seg_first->failed) pg_job_finish(op.job);
}

static const char out_of_order[] = "PostgreSQL's answers came out of order";

static void unexpected(pg_conn *c, const char *what, PGresult *res)
{
	pg_conn_break(c, what);
	PQclear(res);
}

/*
 * libpq passes over some messages of the wrong kind, and takes rows that are followed by other columns for a result. So a
 * row may be missing after a network broke a byte; the server tells at the end how many it has sent.
 */
static bool is_whole(const pg_op *op, PGresult *res)
{
	const char *tag = PQcmdStatus(res);
	if (op->got || tag[0] == '\0') return false;
	return strncmp(tag, "SELECT ", 7) != 0 || strtoull(tag + 7, NULL, 10) == (uint64_t)PQntuples(res);
}

static void take(pg_conn *c, PGresult *res)
{
	pg_op *op = pg_ops_at(c, 0);
	switch (PQresultStatus(res)) {
	case PGRES_TUPLES_OK:
		if (is_whole(op, res)) store(c, op, res);
		else unexpected(c, out_of_order, res);
		break;
	case PGRES_COMMAND_OK:
	case PGRES_EMPTY_QUERY:
		if (op->kind == OP_PARSE) pg_preps_confirm(&c->preps, op->id, op->serial);
		store(c, op, res);
		break;
	case PGRES_PIPELINE_SYNC:
		PQclear(res);
		if (op->kind == OP_SYNC) end_segment(c);
		else if (op->kind == OP_TRIP) end_trip(c);
		else pg_conn_break(c, out_of_order);
		break;
	case PGRES_PIPELINE_ABORTED:
		op->got = true;
		c->seg_first->failed = true;
		if (op->kind == OP_PARSE) pg_preps_remove(&c->preps, op->id, op->serial, false);
		PQclear(res);
		break;
	case PGRES_FATAL_ERROR:
	case PGRES_BAD_RESPONSE:
		op->got = true;
		pg_heal_answer(c, *op, res);
		PQclear(res);
		break;
	default: unexpected(c, "PostgreSQL's answer is of a kind that is not served", res); break;
	}
}

static void drain(pg_conn *c)
{
	int nothing = 0;
	while (c->ops_n > 0 && !c->broken && !PQisBusy(c->pg)) {
		PGresult *res = PQgetResult(c->pg);
		if (res) {
			nothing = 0;
			take(c, res);
		} else if (pg_ops_at(c, 0)->got && pg_ops_at(c, 0)->kind != OP_SYNC) {
			end_op(c);
		} else if (++nothing > 3) {
			pg_conn_break(c, out_of_order);
		}
	}
}

/* Something waits in the socket. */
static bool pending(const pg_conn *c)
{
	int n = 0;
	return ioctl(PQsocket(c->pg), FIONREAD, &n) == 0 && n > 0;
}

static bool tls_pending(const pg_conn *c)
{
	/* libpq 15 may leave decrypted bytes behind that no event of the socket will announce. */
	const SSL *ssl = c->tls ? PQsslStruct(c->pg, "OpenSSL") : NULL;
	return ssl && SSL_pending(ssl) > 0;
}

/* libpq buffers a whole result and does not tell how far it is: what it has read for the answer at the head is counted. */
static void account(pg_conn *c, size_t bytes)
{
	pg_job *j = pg_ops_at(c, 0)->job;
	c->op_bytes += bytes;
	if (j && j->max_result_bytes && j->bytes + c->op_bytes > j->max_result_bytes) too_large(c, j, true);
	if (!j && c->op_bytes > MAX_ORPHAN) pg_conn_break(c, "an abandoned result is too large to be read");
}

static void consume(pg_conn *c)
{
	uint64_t popped = c->popped;
	pg_wire_begin();
	bool good = PQconsumeInput(c->pg);
	size_t bytes = pg_wire_end();
	drain(c);
	/* Also while nothing is expected: libpq handles parameters and the server's farewell. */
	if (c->ops_n == 0 && !c->broken) (void)PQisBusy(c->pg);
	if (!good || PQstatus(c->pg) == CONNECTION_BAD) pg_conn_break(c, "the connection to PostgreSQL was lost");
	if (!c->broken && c->ops_n > 0 && c->popped == popped) account(c, bytes);
}

void pg_recv(pg_conn *c)
{
	consume(c);
	for (int i = 0; i < MAX_READS && !c->broken && c->ops_n > 0; i++) {
		if (!pending(c) && !tls_pending(c)) break;
		consume(c);
	}
	/* Reading may have made room for what could not be written. */
	if (c->writing) pg_conn_flush(c);
}
