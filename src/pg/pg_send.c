#include "pg/pg_pool_in.h"

static const char *const begin_sql[] = {
	"BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
	"BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE",
	"BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE",
};

static const char begin_read[] = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

static void expect(pg_conn *c, pg_op op)
{
	if (c->ops_n == c->ops_cap) {
		size_t cap = c->ops_cap ? size_mul(c->ops_cap, 2) : 64;
		pg_op *ops = mem_alloc(size_mul(cap, sizeof(*ops)));
		for (size_t i = 0; i < c->ops_n; i++)
			ops[i] = *pg_ops_at(c, i);
		mem_free(c->ops);
		c->ops = ops;
		c->ops_cap = cap;
		c->ops_head = 0;
	}
	c->ops_n++;
	*pg_ops_at(c, c->ops_n - 1) = op;
}

static void check(pg_conn *c, int ok)
{
	if (!ok) pg_conn_break(c, "cannot send to PostgreSQL");
}

void pg_send_trip(pg_conn *c, const pg_seg *s)
{
	pg_trip *t = &c->pool->trip;
	if (c->nsegs > 1 || c->broken || !pg_trip_is_due(t, s->sent_ns)) return;
	pg_trip_asked(t, s->sent_ns);
	check(c, PQpipelineSync(c->pg));
	expect(c, (pg_op){.kind = OP_TRIP});
}

pg_seg *pg_send_open(pg_conn *c, bool fast, bool tx, bool house)
{
	pg_pool *p = c->pool;
	pg_seg *s = p->free_segs;
	if (s) p->free_segs = s->next;
	else s = mem_alloc(sizeof(*s));
	*s = (pg_seg){.fast = fast, .tx = tx, .house = house, .sent_ns = clock_mono_ns()};
	*(c->seg_last ? &c->seg_last->next : &c->seg_first) = s;
	c->seg_last = s;
	c->nsegs++;
	if (!fast) c->nslow++;
	return s;
}

void pg_send_control(pg_conn *c, pg_control ctl, const char *sql, pg_job *j, bool last)
{
	if (c->broken) return;
	check(c, PQsendQueryParams(c->pg, sql, 0, NULL, NULL, NULL, NULL, 0));
	expect(c, (pg_op){.kind = OP_CONTROL, .control = (uint8_t)ctl, .job = j, .last = last});
}

/* Parse goes ahead in the same write when this connection has not prepared the statement. */
static void send_named(pg_conn *c, const pg_stmt *st, pg_job *j, uint32_t index, bool last)
{
	pg_prep *prep = pg_preps_get(&c->preps, st->id);
	if (!prep) {
		prep = pg_preps_add(&c->preps, st->id);
		check(c, PQsendPrepare(c->pg, prep->name, st->sql, (int)st->nparams, st->types));
		expect(c, (pg_op){.kind = OP_PARSE, .job = j, .index = index, .id = st->id, .serial = prep->serial});
	}
	check(c, PQsendQueryPrepared(c->pg, prep->name, (int)st->nparams, st->values, NULL, NULL, 0));
	expect(c,
		(pg_op){.kind = OP_STMT, .job = j, .index = index, .id = st->id, .serial = prep->serial, .last = last});
}

static void send_stmt(pg_conn *c, const pg_stmt *st, pg_job *j, uint32_t index, bool last)
{
	if (c->broken) return;
	if (st->id && !c->pool->unnamed) {
		send_named(c, st, j, index, last);
		return;
	}
	check(c, PQsendQueryParams(c->pg, st->sql, (int)st->nparams, st->types, st->values, NULL, NULL, 0));
	expect(c, (pg_op){.kind = OP_STMT, .job = j, .index = index, .last = last});
}

static void start(pg_conn *c, pg_seg *s, pg_job *j)
{
	pg_pool *p = c->pool;
	if (j->nstmts > sizeof(j->results_in) / sizeof(j->results_in[0]))
		j->results = mem_alloc(size_mul(j->nstmts, sizeof(*j->results)));
	else j->results = j->results_in;
	j->nresults = 0;
	j->bytes = 0;
	j->state = JOB_SENT;
	j->seg = s;
	j->conn = c;
	j->sent_ns = s->sent_ns;
	j->wait_ns = s->sent_ns - j->submitted_ns;
	pg_queue_push(&s->jobs, j);
	s->njobs++;
	c->live++;
	p->in_flight++;
	p->stats.jobs++;
}

void pg_send_job(pg_conn *c, pg_seg *s, pg_job *j)
{
	/* The Sync commits: only its answer says that the job is done. */
	bool at_sync = pg_job_is_implicit(j);
	start(c, s, j);
	if (s->tx) {
		pg_isolation iso = c->pool->params->isolation;
		pg_send_control(c, CTL_BEGIN, j->mode == PG_READ_TX ? begin_read : begin_sql[iso], j, false);
	}
	for (size_t i = 0; i < j->nstmts; i++)
		send_stmt(c, &j->stmts[i], j, (uint32_t)i, !s->tx && !at_sync && i + 1 == j->nstmts);
	if (s->tx) pg_send_control(c, CTL_COMMIT, "COMMIT", j, true);
}

void pg_send_close(pg_conn *c, pg_seg *s)
{
	if (c->broken) return;
	if (s->njobs > 1) {
		c->pool->stats.batches++;
		c->pool->stats.batched += s->njobs;
	}
	/* libpq 15: a Sync flushes, so this is the one write of the segment. */
	check(c, PQpipelineSync(c->pg));
	expect(c, (pg_op){.kind = OP_SYNC});
	pg_conn_flush(c);
}

void pg_send_rollback(pg_conn *c)
{
	if (c->rolling_back || c->broken) return;
	/*
	 * libpq 15: sending while a pipeline is aborted, between an error and the NULL behind it, swallows that NULL
	 * (pqAppendCmdQueueEntry). So nothing is sent before the Sync.
	 */
	c->rollback_due = c->nsegs > 0;
	if (c->rollback_due) return;
	c->rolling_back = true;
	pg_seg *s = pg_send_open(c, false, false, true);
	pg_send_control(c, CTL_ROLLBACK, "ROLLBACK", NULL, false);
	pg_send_close(c, s);
}

void pg_send_dead_names(pg_conn *c)
{
	char name[PG_NAME_MAX], sql[PG_NAME_MAX + 16];
	pg_seg *s = pg_send_open(c, true, false, true);
	for (size_t i = 0; i < c->preps.ndead; i++) {
		pg_preps_name(&c->preps, c->preps.dead[i], name);
		snprintf(sql, sizeof(sql), "DEALLOCATE %s", name);
		pg_send_control(c, CTL_CLOSE, sql, NULL, false);
	}
	c->preps.ndead = 0;
	pg_send_close(c, s);
}
