/*
 * mutation: the step that runs the mutations of one source, in the order of the selection, as one transaction in one write
 * (sql/mutation.h). All of it is done, or nothing.
 */
#include "exec/mutation_validate.h"
#include "sql/mutation.h"

typedef struct mutation_data {
	exec_step *step;
	pg_job job;
	const statement **statements; /* the session's, then those of each root */
	pg_stmt *stmts;
	size_t n;
	size_t *first;             /* by root of the step: its first statement */
	const pg_result **results; /* taken; NULL until done */
	mutation_validation *validation;
} mutation_data;

static const sql_root *root_at(const exec_step *s, size_t i)
{
	return &s->run->sql->roots[s->roots[i]];
}

static mutation_data *gather(exec_step *s)
{
	arena *a = s->run->a;
	mutation_data *d = NEW(a, mutation_data);
	size_t n = 1;
	d->step = s;
	d->first = NEW_ARRAY(a, size_t, s->nroots);
	for (size_t i = 0; i < s->nroots; i++) {
		d->first[i] = n;
		n += root_at(s, i)->nstmts;
	}
	d->n = n;
	d->statements = NEW_ARRAY(a, const statement *, n);
	d->stmts = NEW_ARRAY(a, pg_stmt, n);
	d->results = NEW_ARRAY(a, const pg_result *, n);
	for (size_t i = 0; i < s->nroots; i++)
		for (size_t k = 0; k < root_at(s, i)->nstmts; k++)
			d->statements[d->first[i] + k] = root_at(s, i)->stmts[k];
	s->data = d;
	return d;
}

static bool bind_all(mutation_data *d, error *err)
{
	exec_run *run = d->step->run;
	for (size_t i = 0; i < d->n; i++)
		if (!exec_bind(run->a, d->statements[i], run->session, run->variables, &d->stmts[i], err)) return false;
	return true;
}

/* ---- errors ---- */

static const mut_statement *statement_at(const mutation_data *d, size_t stmt)
{
	const exec_step *s = d->step;
	for (size_t i = 0; i < s->nroots; i++) {
		const sql_root *r = root_at(s, i);
		if (r->mutation && stmt >= d->first[i] && stmt - d->first[i] < r->nstmts)
			return &r->mutation->stmts[stmt - d->first[i]];
	}
	return NULL;
}

bool exec_mutation_failed(const mut_statement *m, const pg_error *e, const pg_statement_info *info, error *err)
{
	bool raised = pg_error_is(e, "22P02");
	if (raised && str_find(e->message, STR(MUT_CHECK)) != SIZE_MAX)
		return error_set(err, ERR_PERMISSION_ERROR, m->path,
			"check constraint of an insert/update permission has failed");
	if (raised && m->no_row.p && str_find(e->message, STR(MUT_NO_ROW)) != SIZE_MAX)
		return error_set(err, ERR_NOT_SUPPORTED, m->no_row_path, "%.*s", STR_ARG(m->no_row));
	return pg_error_map_dml(e, info, m->path, err);
}

static bool fail(const mutation_data *d, const pg_error *e)
{
	error *err = &d->step->run->err;
	size_t i = e->stmt < d->n ? e->stmt : 0;
	pg_statement_info info = {.sql = str_from(d->stmts[i].sql), .prepared = d->stmts[i].id != 0};
	info.nargs = d->stmts[i].nparams;
	info.args = d->stmts[i].values;
	const mut_statement *m = e->kind == PG_ERR_SERVER && !e->tx_control ? statement_at(d, e->stmt) : NULL;
	/* Functions exposed as mutations select. */
	if (!m) return pg_error_map_dml(e, &info, STR(""), err);
	return exec_mutation_failed(m, e, &info, err);
}

/* ---- running ---- */

static void answered(pg_job *job, const pg_result *const *results, size_t n, const pg_error *e)
{
	(void)results;
	mutation_data *d = job->data;
	exec_step *s = d->step;
	exec_run *run = s->run;
	if (e) {
		exec_step_done(s, fail(d, e));
		return;
	}
	for (size_t i = 0; i < n && i < d->n; i++) {
		const pg_result *r = d->results[i] = pg_job_take_result(job, i);
		if (i)
			exec_log_statement(
				run, s->source->name, d->statements[i], job->duration_ns / n, pg_result_rows(r));
	}
	if (job->duration_ns > run->db_ns) run->db_ns = job->duration_ns;
	exec_step_done(s, true);
}

static bool submit(mutation_data *d, error *err)
{
	exec_run *run = d->step->run;
	pg_pool *pool;
	if (!exec_pool(run->w, d->step->source, &pool, err)) return false;
	/* PostgreSQL: the default of default_transaction_isolation. */
	d->job.implicit = pg_params_isolation(pg_pool_params(pool)) == PG_READ_COMMITTED;
	d->statements[0] = d->job.implicit ? run->sql->opening : run->sql->session;
	if (!bind_all(d, err)) return false;
	d->job.mode = PG_WRITE_TX;
	d->job.stmts = d->stmts;
	d->job.nstmts = d->n;
	d->job.max_result_bytes = exec_run_config(run)->max_result_bytes;
	d->job.timeout_ms = exec_run_config(run)->query_timeout_ms;
	d->job.done = answered;
	d->job.data = d;
	pg_job_submit(pool, &d->job);
	return true;
}

/* The input has been found good. */
static void change(exec_step *s, bool valid)
{
	mutation_data *d = s->data;
	d->validation = NULL;
	/* Nothing to change: the database is not asked. */
	if (valid && d->n == 1) exec_step_done(s, true);
	else if (!valid || !submit(d, &s->run->err)) exec_step_done(s, false);
}

static void mutation_start(exec_step *s)
{
	mutation_data *d = gather(s);
	d->validation = mutation_validate(s, change);
	if (d->validation) mutation_validate_start(d->validation);
	else change(s, true);
}

static void mutation_cancel(exec_step *s)
{
	mutation_data *d = s->data;
	if (!d) return;
	mutation_validate_cancel(d->validation);
	pg_job_cancel(&d->job);
}

static void mutation_release(exec_step *s)
{
	mutation_data *d = s->data;
	for (size_t i = 0; d && i < d->n; i++)
		pg_result_free((pg_result *)d->results[i]);
	s->data = NULL;
}

/* ---- the answer ---- */

/* Statements and results of one response object. */
typedef struct answer {
	const sql_mutation *m;
	const mut_statement *stmts;
	const pg_result *const *results;
	size_t n;
} answer;

static bool is_there(const answer *x, size_t i)
{
	const mut_statement *s = &x->stmts[i];
	return s->count != MUT_COUNT_PRESENT || !pg_result_is_null(x->results[i], 0, s->cell);
}

static uint64_t affected(const answer *x)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < x->n; i++) {
		const mut_statement *s = &x->stmts[i];
		uint64_t n = 0;
		if (s->count == MUT_COUNT_TAG) sum += pg_result_affected(x->results[i]);
		if (s->count == MUT_COUNT_PRESENT) sum += is_there(x, i);
		if (s->count == MUT_COUNT_CELL && str_to_u64(pg_result_value(x->results[i], 0, s->cell), &n)) sum += n;
	}
	return sum;
}

static bool put_rows(const answer *x, const out_node *row, bool one, size_t max, buf *b)
{
	size_t written = 0;
	for (size_t i = 0; i < x->n; i++) {
		if (!x->stmts[i].rows || !is_there(x, i)) continue;
		for (size_t k = 0; k < pg_result_rows(x->results[i]) && !(one && written); k++) {
			if (written++) buf_putc(b, ',');
			exec_write_row(row, x->results[i], k, b);
			if (max && b->n > max) return false;
		}
	}
	if (one && !written) buf_puts(b, "null");
	return true;
}

static bool put_response(const answer *x, size_t max, buf *b)
{
	if (x->m->m->one) return put_rows(x, x->m->row, true, max, b);
	buf_putc(b, '{');
	for (size_t i = 0; i < x->m->nitems; i++) {
		const mut_item *item = &x->m->items[i];
		buf_put(b, item->head);
		if (item->kind == MR_TYPENAME) buf_put(b, item->value->text);
		if (item->kind == MR_AFFECTED_ROWS) buf_put_u64(b, affected(x));
		if (item->kind != MR_RETURNING) continue;
		buf_putc(b, '[');
		if (!put_rows(x, item->value, false, max, b)) return false;
		buf_putc(b, ']');
	}
	buf_putc(b, '}');
	return true;
}

uint64_t exec_mutation_affected(const sql_mutation *m, const pg_result *const *results)
{
	uint64_t sum = 0;
	for (size_t k = 0; k < m->nparts; k++) {
		const mut_part *p = &m->parts[k];
		answer x = {.m = m, .stmts = m->stmts + p->first, .results = results + p->first, .n = p->n};
		sum += affected(&x);
	}
	return sum;
}

bool exec_write_mutation(const sql_mutation *m, const pg_result *const *results, size_t max, buf *b, error *err)
{
	size_t cap = max && max < SIZE_MAX - b->n ? b->n + max : 0;
	if (m->many) buf_putc(b, '[');
	for (size_t k = 0; k < m->nparts; k++) {
		const mut_part *p = &m->parts[k];
		answer x = {.m = m, .stmts = m->stmts + p->first, .results = results + p->first, .n = p->n};
		if (k) buf_putc(b, ',');
		if (!put_response(&x, cap, b))
			return error_set(err, ERR_POSTGRES, STR(""), "the result is larger than %zu bytes", max);
	}
	if (m->many) buf_putc(b, ']');
	return true;
}

static bool mutation_write(exec_step *s, size_t i, buf *b, error *err)
{
	mutation_data *d = s->data;
	const sql_root *r = root_at(s, i);
	size_t max = exec_run_config(s->run)->max_result_bytes;
	if (r->mutation) return exec_write_mutation(r->mutation, d->results + d->first[i], max, b, err);
	exec_rows rows = {.results = d->results + d->first[i], .n = r->nstmts};
	return exec_write(s->run->a, r->out, &rows, max, b, err);
}

const exec_step_kind exec_mutation_step = {.name = "mutation",
	.start = mutation_start,
	.cancel = mutation_cancel,
	.write = mutation_write,
	.release = mutation_release};
