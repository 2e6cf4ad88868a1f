#include "pg/pg_pool_in.h"

enum { DEFAULT_TIMEOUT_MS = 60000 };

static void on_wait_failed(pg_job *wait, const pg_result *const *results, size_t n, const pg_error *err)
{
	(void)results;
	(void)n;
	pg_tx *tx = wait->data;
	tx->ready(tx, err);
}

void pg_tx_open(pg_pool *p, pg_tx *tx)
{
	tx->wait = (pg_job){.mode = PG_WRITE_TX, .tx = tx, .done = on_wait_failed, .data = tx};
	tx->conn = NULL;
	tx->running = NULL;
	tx->begun = false;
	tx->deadline_ns = clock_mono_ns() + (tx->timeout_ms ? tx->timeout_ms : DEFAULT_TIMEOUT_MS) * PG_MS;
	p->ntx++;
	pg_pool_admit(p, &tx->wait);
}

void pg_tx_grant(pg_conn *c, pg_tx *tx)
{
	c->tx = tx;
	tx->conn = c;
	tx->wait.state = JOB_FREE;
	tx->ready(tx, NULL);
}

void pg_tx_run(pg_tx *tx, pg_job *job, bool commit)
{
	pg_pool *p = tx->wait.pool;
	assert(p && !tx->running);
	job->tx = tx;
	job->pool = p;
	job->commit = commit;
	job->submitted_ns = clock_mono_ns();
	job->alone = false;
	job->broken = job->replans = 0;
	job->seg = NULL;
	if (job->timeout_ms) p->timed++;
	tx->running = job;
	if (!tx->conn || tx->conn->broken) {
		/* When broken only now, reaping parts the handle; the job does not stand on the connection. */
		pg_pool_fail_later(p, job, PG_ERR_BROKEN);
		return;
	}
	pg_seg *s = pg_send_open(tx->conn, false, true, false);
	pg_send_job(tx->conn, s, job);
	pg_send_close(tx->conn, s);
	pg_pool_start_ticking(p);
}

void pg_tx_part(pg_tx *tx)
{
	pg_conn *c = tx->conn;
	if (!c) return;
	tx->conn = NULL;
	c->tx = NULL;
	c->idle_ns = clock_mono_ns();
	c->pool->dirty = true;
	if (tx->begun && !c->broken) pg_send_rollback(c);
}

void pg_tx_over(pg_tx *tx)
{
	pg_pool *p = tx->wait.pool;
	if (!p) return;
	if (tx->conn) {
		/* Committed: nothing to roll back. */
		tx->begun = false;
		pg_tx_part(tx);
	}
	tx->wait.pool = NULL;
	p->ntx--;
	p->dirty = true;
}

void pg_tx_abort(pg_tx *tx)
{
	pg_pool *p = tx->wait.pool;
	if (!p) return;
	pg_job *job = tx->running ? tx->running : &tx->wait;
	tx->running = NULL;
	if (job->seg) pg_job_detach(job);
	else if (job->state == JOB_QUEUED) pg_queue_remove(&p->write, job);
	else if (job->state == JOB_FAILING) pg_queue_remove(&p->failing, job);
	if (job->timeout_ms) p->timed--;
	job->state = JOB_FREE;
	pg_tx_part(tx);
	pg_tx_over(tx);
}
