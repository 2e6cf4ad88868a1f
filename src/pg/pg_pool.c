#include "pg/pg_pool_in.h"

enum { DEFAULT_DEPTH = 32, DEFAULT_DEADLINE_MS = 50, DEFAULT_STMTS = 1000, DEFAULT_QUEUE = 16384 };

/* --- queues --- */

void pg_queue_push(pg_queue *q, pg_job *j)
{
	j->next = NULL;
	j->prev = q->last;
	*(q->last ? &q->last->next : &q->first) = j;
	q->last = j;
	q->n++;
}

void pg_queue_push_front(pg_queue *q, pg_job *j)
{
	j->prev = NULL;
	j->next = q->first;
	*(q->first ? &q->first->prev : &q->last) = j;
	q->first = j;
	q->n++;
}

void pg_queue_remove(pg_queue *q, pg_job *j)
{
	*(j->prev ? &j->prev->next : &q->first) = j->next;
	*(j->next ? &j->next->prev : &q->last) = j->prev;
	j->next = j->prev = NULL;
	q->n--;
}

pg_queue *pg_pool_queue_of(pg_pool *p, const pg_job *j)
{
	if (pg_job_is_write(j)) return &p->write;
	bool fast = j->mode == PG_READ_FAST || (j->mode == PG_READ_TX && j->quick);
	return fast && !j->alone ? &p->fast : &p->slow;
}

void pg_pool_enqueue(pg_pool *p, pg_job *j, bool front)
{
	pg_queue *q = pg_pool_queue_of(p, j);
	j->state = JOB_QUEUED;
	if (front) pg_queue_push_front(q, j);
	else pg_queue_push(q, j);
	p->dirty = true;
}

void pg_pool_fail_later(pg_pool *p, pg_job *j, pg_error_kind kind)
{
	if (j->seg) pg_job_detach(j);
	j->state = JOB_FAILING;
	j->fail = (uint8_t)kind;
	pg_queue_push(&p->failing, j);
	p->dirty = true;
	pg_pool_start_ticking(p);
}

/* --- life --- */

static void on_prepare(uv_prepare_t *h)
{
	pg_pool_flush(h->data);
}

static void on_check(uv_check_t *h)
{
	pg_pool_flush(h->data);
}

static size_t or_default(size_t v, size_t dflt)
{
	return v ? v : dflt;
}

pg_pool *pg_pool_new(uv_loop_t *loop, pg_params *params, pg_limit *limit, const pg_pool_options *opt)
{
	const pg_pool_options none = {0};
	const pg_pool_options *o = opt ? opt : &none;
	pg_pool *p = mem_alloc(sizeof(*p));
	p->loop = loop;
	p->params = pg_params_ref(params);
	p->limit = pg_limit_ref(limit);
	p->max_conns = or_default(o->max_conns, params->pool.max_connections);
	p->depth = or_default(o->depth, DEFAULT_DEPTH);
	p->fast_deadline_ns = or_default(o->fast_deadline_ms, DEFAULT_DEADLINE_MS) * PG_MS;
	p->stmt_cache = or_default(o->stmt_cache, DEFAULT_STMTS);
	p->max_queue = or_default(o->max_queue, DEFAULT_QUEUE);
	p->unnamed = !params->prepared;
	p->rescue_credit = 3200;
	p->mailbox = pg_mailbox_new(loop);
	uv_prepare_init(loop, &p->prepare);
	uv_check_init(loop, &p->check);
	uv_timer_init(loop, &p->timer);
	p->prepare.data = p->check.data = p->timer.data = p;
	uv_prepare_start(&p->prepare, on_prepare);
	uv_check_start(&p->check, on_check);
	p->handles = 4;
	return p;
}

void pg_pool_torn_one(pg_pool *p)
{
	if (--p->handles > 0 || !p->torn) return;
	void (*closed)(void *) = p->closed;
	void *data = p->closed_data;
	for (pg_seg *s = p->free_segs, *next; s; s = next) {
		next = s->next;
		mem_free(s);
	}
	pg_params_unref(p->params);
	pg_limit_unref(p->limit);
	mem_free(p);
	if (closed) closed(data);
}

void pg_pool_close(pg_pool *p, bool drain, void (*closed)(void *), void *data)
{
	if (p->closing && (drain || !p->drain)) return;
	p->closing = true;
	p->drain = drain;
	if (closed) {
		p->closed = closed;
		p->closed_data = data;
	}
	p->dirty = true;
	pg_pool_start_ticking(p);
}

void pg_pool_warm(pg_pool *p, size_t n)
{
	p->warm = n < p->max_conns ? n : p->max_conns;
	p->dirty = true;
	pg_pool_start_ticking(p);
}

void pg_pool_get_stats(const pg_pool *p, pg_pool_stats *out)
{
	*out = p->stats;
	out->open = p->nconns;
	out->connecting = p->ndials;
	out->queued = pg_pool_waiting(p);
	out->in_flight = p->in_flight;
	out->unnamed_only = p->unnamed;
	out->away = p->outage_ns && p->nconns == 0;
	out->timed_out = out->away && p->silent;
	out->idle = 0;
	for (const pg_conn *c = p->conns; c; c = c->next)
		if (pg_conn_idle(c)) out->idle++;
}

const pg_server *pg_pool_server(const pg_pool *p)
{
	return p->ever ? &p->server : NULL;
}

pg_params *pg_pool_params(const pg_pool *p)
{
	return p->params;
}

/* --- jobs --- */

void pg_job_submit(pg_pool *p, pg_job *j)
{
	assert(j->nstmts > 0 && j->done);
	j->pool = p;
	j->seg = NULL;
	j->conn = NULL;
	j->results = NULL;
	j->nresults = 0;
	j->alone = false;
	j->broken = j->replans = 0;
	j->submitted_ns = clock_mono_ns();
	if (j->timeout_ms) p->timed++;
	if (p->closing) pg_pool_fail_later(p, j, PG_ERR_CLOSED);
	else if (pg_pool_waiting(p) >= p->max_queue) pg_pool_fail_later(p, j, PG_ERR_TIMEOUT);
	else pg_pool_enqueue(p, j, false);
	pg_pool_start_ticking(p);
}

void pg_job_cancel(pg_job *job)
{
	pg_pool *p = job->pool;
	if (!p || job->state == JOB_FREE) return;
	if (job->state == JOB_QUEUED) pg_queue_remove(pg_pool_queue_of(p, job), job);
	else if (job->state == JOB_FAILING) pg_queue_remove(&p->failing, job);
	else pg_job_detach(job);
	if (job->timeout_ms) p->timed--;
	job->state = JOB_FREE;
	p->dirty = true;
}

pg_result *pg_job_take_result(pg_job *job, size_t i)
{
	pg_pool *p = job->pool;
	if (i >= p->nanswer) return NULL;
	pg_result *r = p->answer[i];
	p->answer[i] = NULL;
	return r;
}
