/*
 * mutation: the step that runs the mutations of one source, in the order of the selection, as one transaction in one write
 * (sql/mutation.h). All of it is done, or nothing.
 */
#include "exec/mutation_validate.h"
#include "exec/statements.h"
#include "sql/mutation.h"

typedef struct mutation_data {
	exec_statements all; /* the session's, then those of each root */
	mutation_validation *validation;
} mutation_data;

/* ---- errors ---- */

static const mut_statement *statement_at(const exec_statements *d, size_t stmt)
{
	const exec_step *s = d->step;
	for (size_t i = 0; i < s->nroots; i++) {
		const sql_root *r = exec_step_root(s, i);
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

static bool fail(const exec_statements *d, const pg_error *e)
{
	error *err = &d->step->run->err;
	pg_statement_info info = exec_statements_failed(d, e);
	const mut_statement *m = e->kind == PG_ERR_SERVER && !e->tx_control ? statement_at(d, e->stmt) : NULL;
	/* Functions exposed as mutations select. */
	if (!m) return pg_error_map_dml(e, &info, STR(""), err);
	return exec_mutation_failed(m, e, &info, err);
}

/* ---- running ---- */

static void answered(pg_job *job, const pg_result *const *results, size_t n, const pg_error *e)
{
	(void)results;
	exec_statements *d = job->data;
	if (!e) exec_statements_take(d, n, 1);
	exec_step_done(d->step, e ? fail(d, e) : true);
}

static bool submit(exec_statements *d, error *err)
{
	exec_run *run = d->step->run;
	pg_pool *pool;
	if (!exec_pool(run->w, d->step->source, &pool, err)) return false;
	/* PostgreSQL: the default of default_transaction_isolation. */
	d->job.implicit = pg_params_isolation(pg_pool_params(pool)) == PG_READ_COMMITTED;
	d->statements[0] = d->job.implicit ? run->sql->opening : run->sql->session;
	if (!exec_statements_bind(d, err)) return false;
	d->job.mode = PG_WRITE_TX;
	exec_statements_submit(d, pool, answered);
	return true;
}

/* The input has been found good. */
static void change(exec_step *s, bool valid)
{
	mutation_data *d = s->data;
	d->validation = NULL;
	/* Nothing to change: the database is not asked. */
	if (valid && d->all.n == 1) exec_step_done(s, true);
	else if (!valid || !submit(&d->all, &s->run->err)) exec_step_done(s, false);
}

static void mutation_start(exec_step *s)
{
	mutation_data *d = s->data = NEW(s->run->a, mutation_data);
	exec_statements_init(&d->all, s, 1);
	d->validation = mutation_validate(s, change);
	if (d->validation) mutation_validate_start(d->validation);
	else change(s, true);
}

static void mutation_cancel(exec_step *s)
{
	mutation_data *d = s->data;
	if (!d) return;
	mutation_validate_cancel(d->validation);
	pg_job_cancel(&d->all.job);
}

static void mutation_release(exec_step *s)
{
	mutation_data *d = s->data;
	if (d) exec_statements_free(&d->all);
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
	const exec_statements *d = &((mutation_data *)s->data)->all;
	const sql_root *r = exec_step_root(s, i);
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
