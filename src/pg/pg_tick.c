#include "pg/pg_pool_in.h"

enum {
	ORPHAN_MS = 10,
	CANCEL_AGAIN_MS = 1000,
	/* What was cancelled, or is a ROLLBACK, is answered at once by a server that lives. */
	SILENT_MS = 10000,
};

static bool has_work(const pg_pool *p)
{
	return pg_pool_waiting(p) || p->failing.n || p->in_flight || p->ndials || p->warm || p->closing;
}

void pg_pool_start_ticking(pg_pool *p)
{
	if (p->ticking || p->torn) return;
	p->ticking = true;
	uv_timer_start(&p->timer, pg_pool_on_tick, PG_TICK_MS, PG_TICK_MS);
}

static void slow_down(pg_pool *p)
{
	if (p->torn || has_work(p)) return;
	for (const pg_conn *c = p->conns; c; c = c->next)
		if (c->nsegs) return;
	p->ticking = false;
	if (p->nconns || p->nstuck) uv_timer_start(&p->timer, pg_pool_on_tick, PG_TICK_IDLE_MS, PG_TICK_IDLE_MS);
	else uv_timer_stop(&p->timer);
}

/* --- waiting --- */

static void expire_waiting(pg_pool *p, pg_queue *q, uint64_t now)
{
	uint64_t ms = p->params->pool.pool_timeout_ms;
	while (ms && q->first && now - q->first->submitted_ns >= ms * PG_MS) {
		pg_job *j = q->first;
		pg_queue_remove(q, j);
		pg_pool_fail_later(p, j, PG_ERR_TIMEOUT);
	}
}

static bool is_late(const pg_job *j, uint64_t now)
{
	return j->timeout_ms && now - j->submitted_ns >= j->timeout_ms * PG_MS;
}

static void expire_queue(pg_pool *p, pg_queue *q, bool queued, uint64_t now)
{
	for (pg_job *j = q->first, *next; j; j = next) {
		next = j->next;
		if (!is_late(j, now)) continue;
		if (queued) pg_queue_remove(q, j);
		pg_pool_fail_later(p, j, PG_ERR_DEADLINE);
	}
}

static void expire_jobs(pg_pool *p, uint64_t now)
{
	expire_queue(p, &p->fast, true, now);
	expire_queue(p, &p->slow, true, now);
	expire_queue(p, &p->write, true, now);
	for (pg_conn *c = p->conns; c; c = c->next)
		for (pg_seg *s = c->seg_first; s; s = s->next)
			expire_queue(p, &s->jobs, false, now);
}

/* --- slow answers --- */

static bool can_run_elsewhere(const pg_pool *p)
{
	for (const pg_conn *c = p->conns; c; c = c->next)
		if (pg_conn_idle(c) && !c->draining) return true;
	return p->nconns + p->ndials < p->max_conns && pg_limit_has_room(p->limit);
}

/*
 * A batch that takes much longer than batches do has a slow one among it, and its neighbours wait for the common Sync:
 * they run again elsewhere. Few may at a time, so that a database slow as a whole does not get its load twice.
 */
static void rescue(pg_pool *p, pg_conn *c, uint64_t now)
{
	uint64_t limit = p->fast_deadline_ns + pg_trip_ns(&p->trip);
	if (limit < p->batch_ns * 4) limit = p->batch_ns * 4;
	pg_seg *s = c->seg_first;
	if (c->broken || !s || !s->fast || s->house || now - s->sent_ns < limit || !can_run_elsewhere(p)) return;
	if (s->njobs == 1) s = s->next;
	for (; s; s = s->next) {
		while (s->jobs.last && p->rescue_credit >= 100) {
			p->rescue_credit -= 100;
			p->stats.rescued++;
			pg_job_replay(s->jobs.last, true);
		}
	}
}

/*
 * A connection that a network swallowed takes no answer and no cancel request, and nobody is told. It would hold its place
 * in the pool for ever.
 */
static bool is_silent(const pg_conn *c, const pg_seg *s, uint64_t now)
{
	uint64_t since = s->house ? s->sent_ns : s->orphan_ns;
	return since && now - since >= SILENT_MS * PG_MS && now - c->answered_ns >= SILENT_MS * PG_MS;
}

/* Nobody waits for what the server still does here. */
static void stop_orphans(pg_conn *c, uint64_t now)
{
	pg_seg *s = c->seg_first;
	if (!s || c->live || c->broken) return;
	if (is_silent(c, s, now)) pg_conn_break(c, "PostgreSQL does not answer any more");
	if (s->house || c->broken || c->cancelling) return;
	/* A quick one is answered before a request to cancel it gets there. */
	if (!s->orphan_ns || now - s->orphan_ns < ORPHAN_MS * PG_MS + pg_trip_ns(&c->pool->trip)) return;
	if (c->cancelled_ns && now - c->cancelled_ns < CANCEL_AGAIN_MS * PG_MS && c->cancelled_ns > s->orphan_ns)
		return;
	pg_cancel_start(c);
}

/* --- age --- */

/* A reload of the server's configuration changes what it told at the start. */
static void ask_again(pg_pool *p, pg_conn *c, uint64_t now)
{
	if (now - c->told_ns < PG_SEC || c->broken) return;
	c->told_ns = now;
	pg_dial_server(c->pg, &c->server);
	p->server = c->server;
	if (p->params->iso_dates && !c->server.iso_dates) c->draining = true;
}

static void age(pg_pool *p, pg_conn *c, uint64_t now)
{
	uint64_t idle = p->params->pool.idle_timeout_s;
	/* Its successor is there before a busy connection goes. */
	if (c->expires_ns && c->proved && !c->replaced && now + PG_SEC >= c->expires_ns &&
		now - c->answered_ns < PG_SEC) {
		c->replaced = true;
		if (p->nconns < p->max_conns) p->warm = p->nconns + 1;
	}
	if (c->expires_ns && now >= c->expires_ns) c->draining = true;
	if (idle && pg_conn_idle(c) && now - c->idle_ns >= idle * PG_SEC) c->draining = true;
}

/* A thread that hangs in a name lookup or before a dead host: its connection is not waited for any longer. */
static void give_up_dials(pg_pool *p, uint64_t now)
{
	for (pg_dialing *d = p->dials; d; d = d->next) {
		if (d->stuck || now - d->since_ns < (p->params->connect_timeout_ms + 1000) * PG_MS) continue;
		pg_error e = {0};
		d->stuck = true;
		p->ndials--;
		p->nstuck++;
		pg_error_text(&e, PG_ERR_CONNECT, "timeout expired while connecting to PostgreSQL");
		pg_pool_dial_failed(p, &e);
		pg_error_clear(&e);
	}
}

void pg_pool_on_tick(uv_timer_t *t)
{
	pg_pool *p = t->data;
	uint64_t now = clock_mono_ns();
	expire_waiting(p, &p->fast, now);
	expire_waiting(p, &p->slow, now);
	expire_waiting(p, &p->write, now);
	if (p->timed) expire_jobs(p, now);
	for (pg_conn *c = p->conns; c; c = c->next) {
		rescue(p, c, now);
		stop_orphans(c, now);
		age(p, c, now);
		ask_again(p, c, now);
	}
	give_up_dials(p, now);
	p->dirty = true;
	pg_pool_flush(p);
	slow_down(p);
}
