#include "pg/pg_pool_in.h"

/* --- jobs that leave a connection --- */

void pg_job_clear_results(pg_job *j)
{
	for (size_t i = 0; i < j->nresults; i++)
		pg_result_free(j->results[i]);
	if (j->results != j->results_in) mem_free(j->results);
	j->results = NULL;
	j->nresults = 0;
	j->bytes = 0;
}

static void leave_segment(pg_job *j)
{
	pg_queue_remove(&j->seg->jobs, j);
	j->conn->live--;
	j->pool->in_flight--;
	j->seg = NULL;
	j->conn = NULL;
}

void pg_job_detach(pg_job *j)
{
	pg_conn *c = j->conn;
	pg_seg *s = j->seg;
	for (size_t i = 0; i < c->ops_n; i++) {
		pg_op *op = pg_ops_at(c, i);
		if (op->job == j) op->job = NULL;
	}
	leave_segment(j);
	if (s->jobs.n == 0) s->orphan_ns = clock_mono_ns();
	pg_job_clear_results(j);
}

static void leave_pool(pg_job *j)
{
	if (j->timeout_ms) j->pool->timed--;
	j->state = JOB_FREE;
}

/* From when on the server was at it, as seen from here; the way back is counted to the way there. */
static uint64_t begun(const pg_conn *c, const pg_seg *s, uint64_t now)
{
	uint64_t there = s->sent_ns + pg_trip_ns(&c->pool->trip);
	/* It came back sooner than it could: the way is another now. */
	if (there > now + PG_MS) there = s->sent_ns;
	if (there < c->answered_ns) there = c->answered_ns;
	return there < now ? there : now;
}

static void measure(pg_job *j)
{
	const pg_conn *c = j->conn;
	const pg_seg *s = j->seg;
	uint64_t now = clock_mono_ns(), from = s->sent_ns > c->answered_ns ? s->sent_ns : c->answered_ns;
	j->duration_ns = (now - from) / s->njobs;
	j->work_ns = (now - begun(c, s, now)) / s->njobs;
	j->trip_ns = pg_trip_ns(&c->pool->trip);
	j->shared = s->njobs;
}

void pg_job_finish(pg_job *j)
{
	pg_pool *p = j->pool;
	pg_conn *c = j->conn;
	void *few[4];
	void **results = j->results, **outer = p->answer;
	size_t n = j->nresults, nouter = p->nanswer;
	measure(j);
	j->server = &c->server;
	leave_segment(j);
	leave_pool(j);
	if (p->rescue_credit < 6400) p->rescue_credit += 2;
	/* The callback may give the job's memory away or submit it again: what it is shown must not live in there. */
	if (results == j->results_in) results = memcpy(few, results, sizeof(few));
	bool heap = results != few;
	j->results = NULL;
	j->nresults = 0;
	p->answer = results;
	p->nanswer = n;
	j->done(j, (const pg_result *const *)results, n, NULL);
	p->answer = outer;
	p->nanswer = nouter;
	for (size_t i = 0; i < n; i++)
		pg_result_free(results[i]);
	if (heap) mem_free(results);
}

void pg_job_fail(pg_job *j, const pg_error *e)
{
	if (j->seg) pg_job_detach(j);
	leave_pool(j);
	j->done(j, NULL, 0, e);
}

void pg_job_replay(pg_job *j, bool alone)
{
	pg_pool *p = j->pool;
	pg_job_detach(j);
	if (alone) j->alone = true;
	p->stats.replayed++;
	pg_pool_enqueue(p, j, true);
}

/* --- errors the server tells --- */

typedef enum verdict { FAIL, REPLAY } verdict;

/* The server says that a name is unknown or taken. */
static verdict lost_name(pg_conn *c, const pg_op *op, const pg_error *e)
{
	pg_prep *prep = op->id ? pg_preps_get(&c->preps, op->id) : NULL;
	bool same = prep && prep->serial == op->serial;
	if (!op->id) return FAIL;
	/* It had been there: another server is behind the connection now. */
	if (pg_error_is(e, "42P05") || (same && prep->confirmed)) c->pool->unnamed = true;
	if (same) pg_preps_remove(&c->preps, op->id, op->serial, false);
	return REPLAY;
}

/* PostgreSQL: a result's columns changed under a prepared statement (plancache.c); the words depend on the language. */
static bool is_stale_plan(const pg_error *e, const PGresult *res)
{
	const char *function = PQresultErrorField(res, PG_DIAG_SOURCE_FUNCTION);
	return pg_error_is(e, "0A000") && function && strcmp(function, "RevalidateCachedQuery") == 0;
}

static bool cancelled_lately(const pg_conn *c)
{
	return c->cancelling || (c->cancelled_ns && clock_mono_ns() - c->cancelled_ns < 2 * PG_SEC);
}

/*
 * A standby answers where a primary was: all connections may lead there. They are given up, at most once a second, since
 * a source may be a standby by intention.
 */
static void leave_standby(pg_conn *c)
{
	pg_pool *p = c->pool;
	uint64_t now = clock_mono_ns();
	if (now - p->readonly_ns < PG_SEC) return;
	p->readonly_ns = now;
	for (pg_conn *x = p->conns; x; x = x->next)
		x->draining = true;
}

static verdict judge(pg_conn *c, const pg_op *op, const pg_error *e, const PGresult *res)
{
	pg_job *j = op->job;
	if (pg_error_is(e, "26000") || pg_error_is(e, "42P05")) return lost_name(c, op, e);
	if (is_stale_plan(e, res) && op->id) {
		pg_preps_remove(&c->preps, op->id, op->serial, true);
		return REPLAY;
	}
	/* Nothing happened but its first statement, which asked for another kind of transaction than the server began. */
	if (pg_error_is(e, "25001") && pg_job_is_implicit(j) && op->index == 0) {
		c->pool->explicit_tx = true;
		return REPLAY;
	}
	/* The transaction before it on this connection failed, and its ROLLBACK is on the way. */
	if (pg_error_is(e, "25P02")) return REPLAY;
	if (pg_error_is(e, "57014") && cancelled_lately(c) && !pg_job_is_write(j)) return REPLAY;
	if (pg_error_is(e, "25006") && pg_job_is_write(j)) leave_standby(c);
	return FAIL;
}

static bool is_fatal(const PGresult *res, const pg_error *e)
{
	const char *severity = PQresultErrorField(res, PG_DIAG_SEVERITY_NONLOCALIZED);
	if (!severity) severity = PQresultErrorField(res, PG_DIAG_SEVERITY);
	if (severity && (strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0)) return true;
	/* libpq's own errors have no SQLSTATE: the connection is gone. */
	return e->sqlstate[0] == '\0' || pg_error_in_class(e, "08");
}

void pg_heal_answer(pg_conn *c, pg_op op, const PGresult *res)
{
	pg_seg *s = c->seg_first;
	pg_job *j = op.job;
	pg_error e = {0};
	pg_error_from_result(&e, res);
	/* The commit of an implicit transaction failed. */
	bool commit = op.kind == OP_SYNC && s->jobs.n == 1 && pg_job_is_write(s->jobs.first);
	if (commit) j = s->jobs.first;
	s->failed = true;
	if (is_fatal(res, &e)) {
		e.kind = PG_ERR_BROKEN;
		pg_error_move(&c->err, &e);
		pg_conn_break(c, "");
		return;
	}
	e.stmt = op.index;
	e.tx_control = op.kind == OP_CONTROL || commit;
	verdict v = j && !commit ? judge(c, &op, &e, res) : FAIL;
	if (op.kind == OP_PARSE) pg_preps_remove(&c->preps, op.id, op.serial, false);
	if (s->tx) pg_send_rollback(c);
	if (j && v == REPLAY && j->replans < PG_MAX_REPLANS) {
		j->replans++;
		pg_job_replay(j, false);
	} else if (j) {
		pg_job_fail(j, &e);
	}
	pg_error_clear(&e);
}

/* --- connections that are lost --- */

static void reap_job(pg_job *j, const pg_error *e)
{
	pg_pool *p = j->pool;
	if (!pg_job_is_write(j) && j->broken < PG_MAX_BROKEN && !(p->closing && !p->drain)) {
		j->broken++;
		/* Alone: it may be the one that brings servers down. */
		pg_job_replay(j, true);
	} else {
		pg_job_fail(j, e);
	}
}

/* The server may have gone as a whole: idle connections are asked before anything is sent on them. */
static void check_idle(pg_pool *p)
{
	for (pg_conn *c = p->conns; c; c = c->next)
		if (pg_conn_idle(c) && !pg_conn_peek(c)) pg_conn_break(c, "the connection to PostgreSQL was lost");
}

void pg_heal_reap(pg_conn *c)
{
	pg_pool *p = c->pool;
	bool closing = p->closing && !p->drain;
	pg_error e = {0};
	pg_error_move(&e, &c->err);
	e.kind = PG_ERR_BROKEN;
	if (!closing) {
		p->stats.broken++;
		p->suspect_ns = clock_mono_ns();
	}
	for (pg_seg *s = c->seg_first; s; s = s->next)
		while (s->jobs.last)
			reap_job(s->jobs.last, &e);
	bool useless = !c->proved && !closing && c->ops_n > 0;
	pg_conn_close(c);
	if (useless) pg_pool_dial_failed(p, &e);
	pg_error_clear(&e);
	if (!closing) check_idle(p);
}
