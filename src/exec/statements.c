#include "exec/statements.h"

const sql_root *exec_step_root(const exec_step *s, size_t i)
{
	return &s->run->sql->roots[s->roots[i]];
}

void exec_statements_init(exec_statements *d, exec_step *s, size_t before)
{
	arena *a = s->run->a;
	d->step = s;
	d->n = before;
	d->first = NEW_ARRAY(a, size_t, s->nroots);
	for (size_t i = 0; i < s->nroots; i++) {
		d->first[i] = d->n;
		d->n += exec_step_root(s, i)->nstmts;
	}
	d->statements = NEW_ARRAY(a, const statement *, d->n);
	d->stmts = NEW_ARRAY(a, pg_stmt, d->n);
	d->results = NEW_ARRAY(a, const pg_result *, d->n);
	for (size_t i = 0; i < s->nroots; i++)
		for (size_t k = 0; k < exec_step_root(s, i)->nstmts; k++)
			d->statements[d->first[i] + k] = exec_step_root(s, i)->stmts[k];
}

bool exec_statements_bind(exec_statements *d, error *err)
{
	exec_run *run = d->step->run;
	for (size_t i = 0; i < d->n; i++)
		if (!exec_bind(run->a, d->statements[i], run->session, run->variables, &d->stmts[i], err)) return false;
	return true;
}

void exec_statements_submit(
	exec_statements *d, pg_pool *pool, void (*done)(pg_job *, const pg_result *const *, size_t, const pg_error *))
{
	const exec_config *config = exec_run_config(d->step->run);
	d->job.stmts = d->stmts;
	d->job.nstmts = d->n;
	d->job.max_result_bytes = config->max_result_bytes;
	d->job.timeout_ms = config->query_timeout_ms;
	d->job.done = done;
	d->job.data = d;
	pg_job_submit(pool, &d->job);
}

pg_statement_info exec_statements_failed(const exec_statements *d, const pg_error *e)
{
	const pg_stmt *st = &d->stmts[e->stmt < d->n ? e->stmt : 0];
	return (pg_statement_info){
		.sql = str_from(st->sql), .prepared = st->id != 0, .nargs = st->nparams, .args = st->values};
}

void exec_statements_take(exec_statements *d, size_t n, size_t logged)
{
	exec_run *run = d->step->run;
	for (size_t i = 0; i < n && i < d->n; i++) {
		const pg_result *r = d->results[i] = pg_job_take_result(&d->job, i);
		if (i >= logged)
			exec_log_statement(run, d->step->source->name, d->statements[i], d->job.duration_ns / n,
				pg_result_rows(r));
	}
	if (d->job.work_ns > run->took.work_ns) run->took.work_ns = d->job.work_ns;
	if (d->job.trip_ns > run->took.trip_ns) run->took.trip_ns = d->job.trip_ns;
	run->took.quick |= d->job.quick;
}

void exec_statements_free(exec_statements *d)
{
	for (size_t i = 0; i < d->n; i++)
		pg_result_free((pg_result *)d->results[i]);
}
