/*
 * read: the step that reads the rows of all root fields of one source, in one job; and its twin that explains them.
 * How the job travels: statements known to be quick share a pipeline; several statements of one root are one snapshot;
 * VOLATILE functions have a read-write transaction to themselves (checks: snapshots, batching, pools).
 */
#include "base/clock.h"
#include "exec/statements.h"

static void make_explain(exec_statements *d)
{
	for (size_t i = 0; i < d->n; i++) {
		d->stmts[i].id = 0;
		d->stmts[i].sql = sql_explain(d->step->run->a, d->statements[i]);
	}
}

static void set_mode(exec_statements *d)
{
	const exec_step *s = d->step;
	bool fast = exec_run_is_fast(s->run), several = false, read_write = false;
	for (size_t i = 0; i < s->nroots; i++) {
		several |= exec_step_root(s, i)->nstmts > 1;
		read_write |= exec_step_root(s, i)->read_write;
	}
	d->job.mode = fast ? PG_READ_FAST : PG_READ_ALONE;
	if (several) d->job.mode = PG_READ_TX;
	if (read_write) d->job.mode = PG_WRITE_TX;
	d->job.quick = fast;
}

static bool fail(const exec_statements *d, const pg_error *e)
{
	error *err = &d->step->run->err;
	if (!d->n) return pg_error_map_read(e, NULL, STR(""), err);
	pg_statement_info info = exec_statements_failed(d, e);
	return pg_error_map_read(e, &info, STR(""), err);
}

static void answered(pg_job *job, const pg_result *const *results, size_t n, const pg_error *e)
{
	(void)results;
	exec_statements *d = job->data;
	exec_step *s = d->step;
	exec_run *run = s->run;
	if (e) {
		exec_step_done(s, fail(d, e));
		return;
	}
	exec_statements_take(d, n, 0);
	for (size_t i = 0; i < s->nroots && !run->explain; i++)
		if (exec_step_root(s, i)->nstmts) run->rows_seen[s->roots[i]] = pg_result_rows(d->results[d->first[i]]);
	exec_step_done(s, true);
}

static void begin(exec_step *s, bool explain)
{
	exec_run *run = s->run;
	exec_statements *d = s->data = NEW(run->a, exec_statements);
	pg_pool *pool;
	exec_statements_init(d, s, 0);
	/* An aggregate of which only __typename is asked: nothing to read. */
	if (!d->n) {
		exec_step_done(s, true);
		return;
	}
	if (!exec_statements_bind(d, &run->err) || !exec_pool(run->w, s->source, &pool, &run->err)) {
		exec_step_done(s, false);
		return;
	}
	d->job.mode = PG_READ_ALONE;
	if (explain) make_explain(d);
	else set_mode(d);
	exec_statements_submit(d, pool, answered);
}

static void read_start(exec_step *s)
{
	begin(s, false);
}

static void explain_start(exec_step *s)
{
	begin(s, true);
}

static void read_cancel(exec_step *s)
{
	exec_statements *d = s->data;
	if (d) pg_job_cancel(&d->job);
}

static void read_release(exec_step *s)
{
	exec_statements *d = s->data;
	if (d) exec_statements_free(d);
	s->data = NULL;
}

static bool read_write(exec_step *s, size_t i, buf *b, error *err)
{
	exec_statements *d = s->data;
	exec_rows rows = {.results = d->results + d->first[i], .n = exec_step_root(s, i)->nstmts};
	return exec_write(
		s->run->a, exec_step_root(s, i)->out, &rows, exec_run_config(s->run)->max_result_bytes, b, err);
}

/* v and w are elements of one list in a variable. */
static bool of_one_list(const val *v, const val *w)
{
	if (!v->npath || v->path[v->npath - 1].key.p) return false;
	bool same = v->kind == w->kind && v->npath == w->npath && str_eq(v->text, w->text);
	for (size_t i = 0; i + 1 < v->npath && same; i++)
		same = str_eq(v->path[i].key, w->path[i].key) && v->path[i].index == w->path[i].index;
	return same && !w->path[w->npath - 1].key.p;
}

/* PostgreSQL: array_out: quoted only where it must be. */
static void put_element(buf *b, str s)
{
	bool plain = s.n && !str_eq_nocase(s, STR("null"));
	for (size_t i = 0; i < s.n && plain; i++)
		plain = (unsigned char)s.p[i] > ' ' && !strchr("{},\"\\", s.p[i]);
	if (plain) {
		buf_put(b, s);
		return;
	}
	buf_putc(b, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\') buf_putc(b, '\\');
		buf_putc(b, s.p[i]);
	}
	buf_putc(b, '"');
}

/* The i-th value of a statement, a list as the array it is; gives the next one. */
static size_t write_value(const statement *st, const pg_stmt *s, size_t i, buf *b)
{
	const val *v = &st->params[i];
	if (!of_one_list(v, v)) {
		if (s->values[i]) json_write_str(b, str_from(s->values[i]));
		else buf_puts(b, "null");
		return i + 1;
	}
	buf text = {0};
	size_t n = 0, first = v->path[v->npath - 1].index;
	/* The statement has places to spare, which repeat the last element. */
	for (; i < st->nparams && of_one_list(v, &st->params[i]); i++) {
		if (st->params[i].path[v->npath - 1].index != first + n) continue;
		buf_putc(&text, n++ ? ',' : '{');
		put_element(&text, str_from(s->values[i]));
	}
	buf_putc(&text, '}');
	json_write_str(b, buf_str(&text));
	buf_free(&text);
	return i;
}

/* Hasura v2: what a cohort of the subscription is told apart by; all values are shown as made by the engine. */
static void write_variables(const exec_statements *d, size_t from, size_t n, buf *b)
{
	bool any = false;
	buf_puts(b, ",\"variables\":{\"session\":{},\"query\":{},\"synthetic\":[");
	for (size_t k = from; k < from + n; k++)
		for (size_t i = 0; i < d->stmts[k].nparams;) {
			if (any) buf_putc(b, ',');
			any = true;
			i = write_value(d->statements[k], &d->stmts[k], i, b);
		}
	buf_puts(b, "],\"cursor\":{}}");
}

/* "sql":"…","plan":["…"]: several statements are shown one after the other. */
static bool explain_write(exec_step *s, size_t i, buf *b, error *err)
{
	(void)err;
	exec_statements *d = s->data;
	size_t from = d->first[i], n = exec_step_root(s, i)->nstmts;
	buf sql = {0};
	for (size_t k = from; k < from + n; k++) {
		if (k > from) buf_puts(&sql, ";\n");
		buf_put(&sql, str_make(d->statements[k]->sql, d->statements[k]->sql_len));
	}
	buf_puts(b, "\"sql\":");
	json_write_str(b, buf_str(&sql));
	buf_free(&sql);
	buf_puts(b, ",\"plan\":[");
	bool any = false;
	for (size_t k = from; k < from + n; k++)
		for (size_t row = 0; row < pg_result_rows(d->results[k]); row++) {
			if (any) buf_putc(b, ',');
			any = true;
			json_write_str(b, pg_result_value(d->results[k], row, 0));
		}
	buf_putc(b, ']');
	if (s->run->plan->kind == GQ_SUBSCRIPTION) write_variables(d, from, n, b);
	return true;
}

const exec_step_kind exec_read_step = {
	.name = "read", .start = read_start, .cancel = read_cancel, .write = read_write, .release = read_release};
const exec_step_kind exec_explain_step = {.name = "explain",
	.start = explain_start,
	.cancel = read_cancel,
	.write = explain_write,
	.release = read_release};
