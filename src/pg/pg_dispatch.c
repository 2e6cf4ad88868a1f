/*
 * From the queues to the connections. Everything submitted in one loop tick is looked at together at its end.
 *
 * Fast work takes an idle connection, as much as fits under one Sync; when all are busy it waits for an answer and goes
 * as a larger batch then (as group commit does), or stands behind one fast batch when much is waiting. Everything else
 * needs an idle connection for itself. Writes leave one to the fast, slow reads one more to the writes, as long as such
 * work comes: a lock or a long report holds up its own kind.
 */
#include "pg/pg_pool_in.h"

enum {
	MEMORY_S = 5,          /* so long a connection is left to a kind of work after one of it was seen */
	FAST_PATIENCE_MS = 3,  /* waiting longer opens another connection */
	CLAIM_PATIENCE_MS = 2, /* waiting longer makes a busy connection run dry for the others */
	QUIET_MS = 1000,       /* after a cancel request a connection gets no write for so long */
	SUSPECT_MS = 50,       /* after a connection was lost: until then a dying server has told all the others */
	YIELD_MS = 50,
	DIAL_PATIENCE_MS = 250, /* what takes longer to open is not waited for while there is another connection */
	MAX_ROUNDS = 16,
};

static bool waited(const pg_queue *q, uint64_t now, uint64_t ms)
{
	return q->first && now - q->first->submitted_ns >= ms * PG_MS;
}

/*
 * Another worker has work and no connection: the next one that may be opened is its. One that has given its only
 * connection up for it waits no longer than it takes the other to notice.
 */
static bool is_others_turn(const pg_pool *p, uint64_t now)
{
	bool may_wait = p->nconns > 0 || now - p->yielded_ns < YIELD_MS * PG_MS;
	return may_wait && pg_limit_starving(p->limit, p->starving);
}

static bool can_open(const pg_pool *p, uint64_t now)
{
	return p->nconns + p->ndials < p->max_conns && p->nstuck < PG_MAX_STUCK_DIALS && now >= p->next_dial_ns &&
		pg_limit_has_room(p->limit) && !is_others_turn(p, now);
}

/* Another connection will be there soon. Not so over a slow network, or when the server does not answer. */
static bool is_one_coming(const pg_pool *p, uint64_t now)
{
	size_t coming = 0;
	for (const pg_dialing *d = p->dials; d; d = d->next) {
		if (d->stuck) continue;
		if (now - d->since_ns >= DIAL_PATIENCE_MS * PG_MS) return false;
		coming++;
	}
	return coming || can_open(p, now);
}

/* --- fast --- */

static pg_conn *pick_fast(pg_pool *p, uint64_t now)
{
	pg_conn *least = NULL;
	for (pg_conn *c = p->conns; c; c = c->next) {
		if (c->broken || c->draining || c->cancelling || c == p->claim) continue;
		if (c->nsegs == 0) return c;
		bool company = c->nsegs == 1 && c->nslow == 0 && !c->rollback_due && !c->seg_first->house &&
			c->live > 0 && now - c->seg_first->sent_ns < p->fast_deadline_ns + pg_trip_ns(&p->trip);
		if (company && (!least || c->live < least->live)) least = c;
	}
	return p->fast.n * 2 >= p->depth ? least : NULL;
}

static void send_fast(pg_pool *p, pg_conn *c)
{
	pg_job *j = p->fast.first;
	bool tx = j->mode == PG_READ_TX;
	pg_seg *s = pg_send_open(c, true, tx, false);
	pg_send_trip(c, s);
	do {
		pg_queue_remove(&p->fast, j);
		pg_send_job(c, s, j);
		j = p->fast.first;
	} while (!tx && j && j->mode == PG_READ_FAST && s->njobs < p->depth);
	pg_send_close(c, s);
}

static void dispatch_fast(pg_pool *p, uint64_t now)
{
	if (p->fast.n) p->fast_seen_ns = now;
	while (p->fast.first) {
		pg_conn *c = pick_fast(p, now);
		if (!c) return;
		send_fast(p, c);
	}
}

/* --- everything else --- */

static bool seen(uint64_t seen_ns, uint64_t now)
{
	return seen_ns && now - seen_ns < MEMORY_S * PG_SEC;
}

/* Taking c would leave too few connections to quicker kinds of work. */
static bool is_reserved(const pg_pool *p, const pg_conn *c, bool write, uint64_t now)
{
	size_t need = (size_t)seen(p->fast_seen_ns, now) + (size_t)(!write && seen(p->write_seen_ns, now)), spare = 0;
	for (const pg_conn *x = p->conns; x; x = x->next)
		spare += x != c && !x->broken && !x->draining && x->nslow == 0;
	if (spare >= need) return false;
	if (is_one_coming(p, now)) return true;
	/* With fewer connections than that, one is left. */
	return spare < (need < p->nconns ? need : p->nconns - 1);
}

/* What must not, or not again, be sent in vain. */
static bool is_trusted(const pg_pool *p, const pg_conn *c, bool write, uint64_t now)
{
	bool quiet = !c->cancelled_ns || now - c->cancelled_ns > QUIET_MS * PG_MS;
	bool suspect = p->suspect_ns && c->opened_ns < p->suspect_ns && now - p->suspect_ns < SUSPECT_MS * PG_MS;
	return !suspect && (quiet || !write);
}

static pg_conn *pick_slow(pg_pool *p, const pg_job *j, uint64_t now)
{
	pg_conn *best = NULL;
	bool write = pg_job_is_write(j);
	for (pg_conn *c = p->conns; c; c = c->next) {
		if (!pg_conn_idle(c) || c->draining) continue;
		if ((write || j->broken) && !is_trusted(p, c, write, now)) continue;
		if (c == p->claim) return c;
		best = c; /* the oldest: the list begins with the newest, where the fast look first */
	}
	return best && is_reserved(p, best, write, now) ? NULL : best;
}

/* Fast work alone could keep every connection busy for ever. */
static void claim(pg_pool *p, uint64_t now)
{
	bool late = waited(&p->slow, now, CLAIM_PATIENCE_MS) || waited(&p->write, now, CLAIM_PATIENCE_MS);
	if (p->claim || !late || is_one_coming(p, now)) return;
	pg_conn *least = NULL;
	for (pg_conn *c = p->conns; c; c = c->next) {
		if (c->broken || c->draining || c->cancelling) continue;
		if (c->nslow) return; /* it will be free some time */
		if (!least || c->live < least->live) least = c;
	}
	p->claim = least;
}

static void send_slow(pg_pool *p, pg_conn *c, pg_job *j)
{
	if ((pg_job_is_write(j) || j->broken) && !pg_conn_peek(c)) {
		pg_conn_break(c, "the connection to PostgreSQL was lost");
		return;
	}
	if (p->claim == c) p->claim = NULL;
	pg_queue_remove(pg_pool_queue_of(p, j), j);
	bool tx = j->mode == PG_READ_TX || (j->mode == PG_WRITE_TX && !pg_job_is_implicit(j));
	pg_seg *s = pg_send_open(c, false, tx, false);
	if (!pg_job_is_write(j)) pg_send_trip(c, s);
	pg_send_job(c, s, j);
	pg_send_close(c, s);
}

/* Sends the head of q when it may go; false when it must wait. */
static bool dispatch_head(pg_pool *p, pg_queue *q, uint64_t now)
{
	pg_job *j = q->first;
	pg_conn *c = j ? pick_slow(p, j, now) : NULL;
	if (!c) return false;
	send_slow(p, c, j);
	return true;
}

static void dispatch_slow(pg_pool *p, uint64_t now)
{
	if (p->write.n) p->write_seen_ns = now;
	bool going = true;
	while (going && (p->slow.first || p->write.first)) {
		bool slow_first = p->slow.first &&
			(!p->write.first || p->slow.first->submitted_ns < p->write.first->submitted_ns);
		going = dispatch_head(p, slow_first ? &p->slow : &p->write, now) ||
			dispatch_head(p, slow_first ? &p->write : &p->slow, now);
	}
	if (!p->slow.first && !p->write.first) p->claim = NULL;
	else claim(p, now);
}

/* --- opening and giving up --- */

static void set_starving(pg_pool *p, bool starving)
{
	if (p->starving == starving) return;
	p->starving = starving;
	pg_limit_starve(p->limit, starving);
}

static size_t wanted(const pg_pool *p, uint64_t now)
{
	size_t n = p->slow.n + p->write.n;
	if (p->fast.n && (p->nconns == 0 || waited(&p->fast, now, FAST_PATIENCE_MS))) n++;
	if (p->warm > p->nconns) n += p->warm - p->nconns;
	return n;
}

void pg_pool_maybe_open(pg_pool *p)
{
	uint64_t now = clock_mono_ns();
	size_t want = p->closing && !p->drain ? 0 : wanted(p, now);
	size_t dials = p->fails ? 1 : PG_MAX_DIALS;
	bool full = false;
	while (want > p->ndials && p->ndials < dials && p->nconns + p->ndials < p->max_conns &&
		p->nstuck < PG_MAX_STUCK_DIALS && now >= p->next_dial_ns) {
		full = is_others_turn(p, now) || !pg_limit_take(p->limit);
		if (full) break;
		pg_conn_dial(p);
	}
	set_starving(p, full && p->nconns == 0 && p->ndials == 0);
	if (p->nconns >= p->warm) p->warm = 0;
}

/* Another worker has work and no connection, and all that are allowed are taken. */
static void yield(pg_pool *p, uint64_t now)
{
	if (p->starving || p->nconns == 0 || !pg_limit_starving(p->limit, false) ||
		now - p->yielded_ns < YIELD_MS * PG_MS)
		return;
	pg_conn *least = NULL;
	for (pg_conn *c = p->conns; c; c = c->next) {
		if (c->draining) return;
		if (!c->broken && (!least || c->live < least->live)) least = c;
	}
	/* The only connection, and just opened: let it serve as long as it took to open. */
	uint64_t turn = p->dial_ns > YIELD_MS * PG_MS ? p->dial_ns : YIELD_MS * PG_MS;
	if (!least || (p->nconns == 1 && now - least->opened_ns < turn)) return;
	p->yielded_ns = now;
	least->draining = true;
}

static void drop_drained(pg_pool *p)
{
	for (pg_conn *c = p->conns, *next; c; c = next) {
		next = c->next;
		if (!c->draining || c->nsegs > 0 || c->broken) continue;
		pg_conn_close(c);
		if (pg_limit_starving(p->limit, p->starving)) p->yielded_ns = clock_mono_ns();
	}
}

/* --- dialling --- */

static void unlink_dial(pg_pool *p, pg_dialing *d)
{
	pg_dialing **at = &p->dials;
	while (*at != d)
		at = &(*at)->next;
	*at = d->next;
	if (d->stuck) p->nstuck--;
	else p->ndials--;
}

void pg_pool_dialed(pg_pool *p, pg_dialing *d)
{
	unlink_dial(p, d);
	p->dial_ns = clock_mono_ns() - d->since_ns;
	p->dirty = true;
	bool unwanted = d->stuck || (p->closing && !p->drain);
	if (d->pg && !unwanted && pg_conn_adopt(p, d->pg)) {
		p->ever = true;
		return;
	}
	if (d->pg && unwanted) PQfinish(d->pg);
	pg_limit_give(p->limit);
	if (unwanted) return;
	if (d->err.kind == PG_ERR_NONE) pg_error_text(&d->err, PG_ERR_CONNECT, "the connection cannot be watched");
	pg_pool_dial_failed(p, &d->err);
}

static void fail_waiting(pg_queue *q, const pg_error *e)
{
	/* Callbacks may submit again: those wait for the next attempt. */
	for (size_t n = q->n; n > 0 && q->first; n--) {
		pg_job *j = q->first;
		pg_queue_remove(q, j);
		pg_job_fail(j, e);
	}
}

/* How long requests wait for a database that does not answer, in ms. */
static uint64_t patience(const pg_pool *p, const pg_error *e)
{
	if (strcmp(e->sqlstate, "53300") == 0) return p->params->pool.pool_timeout_ms ? UINT64_MAX / PG_SEC : 10000;
	/* A restart takes a second; a source that never was there is told at once. */
	return p->ever || strcmp(e->sqlstate, "57P03") == 0 ? 1500 : 0;
}

static bool is_permanent(const pg_error *e)
{
	return strncmp(e->sqlstate, "28", 2) == 0 || strcmp(e->sqlstate, "3D000") == 0;
}

void pg_pool_dial_failed(pg_pool *p, const pg_error *e)
{
	uint64_t now = clock_mono_ns();
	bool crowded = strcmp(e->sqlstate, "53300") == 0;
	p->stats.connect_failures++;
	p->silent = str_find(e->message, STR("timeout expired")) != SIZE_MAX;
	if (!p->outage_ns) p->outage_ns = now;
	if (p->fails < 16) p->fails++;
	/* Hasura v2: 100 ms, doubled; here up to a second, a quarter up or down. A full server is asked less often. */
	uint64_t ms = crowded ? 1000 : (UINT64_C(100) << (p->fails - 1));
	if (ms > 1000) ms = 1000;
	p->next_dial_ns = now + ms * PG_MS * 3 / 4 + (now / 1000) % (ms * PG_MS / 2);
	if (p->nconns > 0) return;
	bool tried = p->fails > p->params->pool.retries || p->fails > 6;
	if (!is_permanent(e) && (!tried || now - p->outage_ns < patience(p, e) * PG_MS)) return;
	fail_waiting(&p->fast, e);
	fail_waiting(&p->slow, e);
	fail_waiting(&p->write, e);
}

/* --- the end of a tick --- */

static const char *failing_text(pg_error_kind kind)
{
	switch (kind) {
	case PG_ERR_TIMEOUT: return "connection acquisition timeout expired"; /* Hasura v2: pg-client, Pool.hs */
	case PG_ERR_DEADLINE: return "the operation took longer than its time limit";
	case PG_ERR_CLOSED: return "the connection pool was closed";
	default: return "the connection to PostgreSQL was lost";
	}
}

static void fail_pending(pg_pool *p)
{
	while (p->failing.first) {
		pg_job *j = p->failing.first;
		pg_error e = {0};
		pg_queue_remove(&p->failing, j);
		pg_error_text(&e, j->fail, failing_text(j->fail));
		pg_job_fail(j, &e);
		pg_error_clear(&e);
	}
}

static void reap_broken(pg_pool *p)
{
	pg_conn *c = p->conns;
	while (c) {
		if (c->broken) {
			pg_heal_reap(c);
			c = p->conns; /* callbacks ran: the list is another */
		} else {
			c = c->next;
		}
	}
}

static void on_handle_closed(uv_handle_t *h)
{
	pg_pool_torn_one(h->data);
}

static void on_mailbox_closed(void *data)
{
	pg_pool_torn_one(data);
}

/* Moves the closing of the pool on; true when its handles are being closed. */
static bool tear_down(pg_pool *p)
{
	if (p->torn) return true;
	if (!p->drain) {
		while (pg_pool_waiting(p)) {
			pg_queue *q = p->fast.first ? &p->fast : p->slow.first ? &p->slow : &p->write;
			pg_job *j = q->first;
			pg_queue_remove(q, j);
			pg_pool_fail_later(p, j, PG_ERR_CLOSED);
		}
		for (pg_conn *c = p->conns; c; c = c->next)
			pg_conn_break(c, "the connection pool was closed");
		reap_broken(p);
		fail_pending(p);
	} else if (pg_pool_waiting(p) + p->failing.n == 0) {
		for (pg_conn *c = p->conns; c; c = c->next)
			c->draining = true;
		drop_drained(p);
	}
	if (p->nconns || pg_pool_waiting(p) || p->failing.n) return false;
	set_starving(p, false);
	p->torn = true;
	uv_close((uv_handle_t *)&p->prepare, on_handle_closed);
	uv_close((uv_handle_t *)&p->check, on_handle_closed);
	uv_close((uv_handle_t *)&p->timer, on_handle_closed);
	pg_mailbox_close(p->mailbox, on_mailbox_closed, p);
	return true;
}

void pg_pool_flush(pg_pool *p)
{
	for (int round = 0; p->dirty && !p->torn && round < MAX_ROUNDS; round++) {
		p->dirty = false;
		reap_broken(p);
		fail_pending(p);
		if (p->closing && tear_down(p)) return;
		uint64_t now = clock_mono_ns();
		dispatch_fast(p, now);
		dispatch_slow(p, now);
		yield(p, now);
		drop_drained(p);
		pg_pool_maybe_open(p);
	}
}
