/*
 * batch: one job: a cohort by the plain statements, or several by the multiplexed ones, and what its answer means.
 * A failure that may be one cohort's own (a value the database refuses) is found by halving the batch: only that one is
 * told. Lost connections are nobody's: the cohorts wait and run again.
 */
#include "base/clock.h"
#include "exec/step.h"
#include "live/live_internal.h"
#include "pg/pg_quote.h"

enum { LOST_FIRST_MS = 100, LOST_MAX_MS = 5000 };

struct live_batch {
	live_group *group;
	live_shape *shape;
	const live_form *form;
	uint8_t number;        /* of the form */
	live_cohort **cohorts; /* NULL: has left */
	size_t n;
	bool many; /* the multiplexed form runs */
	arena *a;
	pg_job job;
	pg_stmt *stmts;
	uint64_t sent_ns;
	size_t left; /* cohorts that have not left */
	live_batch *parent;
};

/* ---- values ---- */

static void bind_one(live_batch *b, size_t i, pg_stmt *to)
{
	const statement *st = b->form->stmts[i];
	to->values = b->cohorts[0]->values + b->form->values[i];
	to->id = st->id;
	to->sql = st->sql;
	to->nparams = st->nparams;
}

/* One array for each parameter, with an element for each cohort. */
static void bind_many(live_batch *b, size_t i, pg_stmt *to)
{
	const statement *st = b->form->multiplexed[i];
	const char **arrays = NEW_ARRAY(b->a, const char *, st->nparams);
	str *elems = NEW_ARRAY(b->a, str, b->n);
	for (size_t p = 0; p < st->nparams; p++) {
		for (size_t c = 0; c < b->n; c++)
			elems[c] = str_from(b->cohorts[c]->values[b->form->values[i] + p]);
		arrays[p] = str_z(b->a, pg_quote_array_str(b->a, elems, b->n));
	}
	to->values = arrays;
	to->id = st->id;
	to->sql = st->sql;
	to->nparams = st->nparams;
}

/* ---- life ---- */

static live_batch *batch_new(live_group *g, uint8_t form, size_t max)
{
	arena *a = arena_new(0);
	live_batch *b = NEW(a, live_batch);
	b->a = a;
	b->group = g;
	b->shape = g->shape;
	b->shape->refs++;
	b->form = live_form_at(b->shape, form);
	b->number = form;
	b->cohorts = NEW_ARRAY(a, live_cohort *, max);
	return b;
}

static void batch_add(live_batch *b, live_cohort *c)
{
	c->state = COHORT_RUNNING;
	c->batch = b;
	c->batch_at = b->n;
	b->cohorts[b->n++] = c;
	b->left++;
}

/* The cohorts are out; the group may go. */
static void batch_end(live_batch *b)
{
	live_group *g = b->group;
	live_worker *w = g->w;
	g->running--;
	g->source->running--;
	w->stats.running--;
	live_shape_release(b->shape);
	arena_free(b->a);
	live_group_polled(g, g->polled);
	live_group_tidy(g);
	live_wake(w);
}

void live_batch_leave(live_cohort *c)
{
	live_batch *b = c->batch;
	if (!b) return;
	b->cohorts[c->batch_at] = NULL;
	c->batch = NULL;
	/* While results are told, the loop there ends the batch. */
	if (--b->left || b->group->w->push_busy == b) return;
	pg_job_cancel(&b->job);
	batch_end(b);
}

static live_cohort *take_out(live_batch *b, size_t i)
{
	live_cohort *c = b->cohorts[i];
	b->cohorts[i] = NULL;
	if (!c) return NULL;
	c->batch = NULL;
	b->left--;
	return c;
}

/* ---- lost connections ---- */

/* What happened to the connection, and not to the statement. */
static bool is_lost(const pg_error *e)
{
	static const char *const classes[] = {"08", "57P", "53300", "40"};
	if (e->kind != PG_ERR_SERVER)
		return e->kind != PG_ERR_TOO_LARGE && e->kind != PG_ERR_PROTOCOL && e->kind != PG_ERR_DEADLINE;
	for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
		if (str_starts(str_from(e->sqlstate), str_from(classes[i]))) return true;
	return false;
}

static void lost(live_batch *b)
{
	live_worker *w = b->group->w;
	live_source *s = b->group->source;
	uint64_t wait = LOST_FIRST_MS;
	for (unsigned i = 0; i < s->lost && wait < LOST_MAX_MS; i++)
		wait *= 2;
	s->lost++;
	s->blocked_ms = live_now(w) + (wait < LOST_MAX_MS ? wait : LOST_MAX_MS);
	w->stats.retries++;
	for (size_t i = b->n; i-- > 0;) {
		live_cohort *c = take_out(b, i);
		if (c) live_requeue(c);
	}
	batch_end(b);
}

/* ---- starting ---- */

static void answered(pg_job *job, const pg_result *const *results, size_t n, const pg_error *e);

static pg_mode mode_of(const live_batch *b)
{
	if (b->form->sql.read_write) return PG_WRITE_TX;
	if (b->form->nstmts > 1) return PG_READ_TX;
	uint64_t best = b->group->best_ns;
	return !b->many && best && best < exec_worker_config(b->group->w->exec)->fast_ns ? PG_READ_FAST : PG_READ_ALONE;
}

static void submit(live_batch *b)
{
	live_group *g = b->group;
	live_worker *w = g->w;
	const exec_config *config = exec_worker_config(w->exec);
	const snap_source *src = snapshot_source(w->snap, b->shape->source);
	pg_pool *pool = NULL;
	error err;
	error_init(&err, b->a);
	g->running++;
	g->source->running++;
	w->stats.running++;
	b->many = b->n > 1;
	b->sent_ns = clock_mono_ns();
	b->stmts = NEW_ARRAY(b->a, pg_stmt, b->form->nstmts);
	for (size_t i = 0; i < b->form->nstmts; i++) {
		if (b->many && b->form->stmts[i]->nparams) bind_many(b, i, &b->stmts[i]);
		else bind_one(b, i, &b->stmts[i]);
	}
	/* A source that is gone or changed: its operations are about to be told so. */
	if (!src || src->connection != b->shape->connection || !exec_pool(w->exec, src, &pool, &err)) {
		lost(b);
		return;
	}
	w->stats.statements += b->form->nstmts;
	w->stats.multiplexed += b->many;
	b->job = (pg_job){.mode = mode_of(b),
		.stmts = b->stmts,
		.nstmts = b->form->nstmts,
		.max_result_bytes = config->max_result_bytes,
		.timeout_ms = config->query_timeout_ms,
		.done = answered,
		.data = b};
	pg_job_submit(pool, &b->job);
}

static size_t batch_size(const live_group *g, uint8_t form)
{
	const live_config *c = &g->w->shared->config;
	if (!live_form_at(g->shape, form)->multiplexed) return 1;
	return g->shape->stream ? c->stream_batch_size : c->batch_size;
}

void live_batch_start(live_group *g)
{
	live_cohort *first = g->ready;
	uint8_t form = live_run_form(first);
	size_t max = first->alone ? 1 : batch_size(g, form);
	live_batch *b = batch_new(g, form, max);
	while (b->n < max && g->ready && live_run_form(g->ready) == form && (!b->n || !g->ready->alone))
		batch_add(b, live_take_ready(g));
	submit(b);
}

/* ---- failures ---- */

/* May be the fault of one set of values: neither the statement's, nor the server's. */
static bool may_be_one(const pg_error *e)
{
	static const char *const all[] = {"42", "57", "58", "XX", "0A", "28", "3D", "3F"};
	if (e->kind != PG_ERR_SERVER) return false;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (str_starts(str_from(e->sqlstate), str_from(all[i]))) return false;
	return true;
}

/* What was asked for cannot be had, rather than not at the moment. */
static bool refuses(const pg_error *e)
{
	static const char *const servers[] = {"53", "57", "58", "XX"};
	if (e->kind != PG_ERR_SERVER) return false;
	for (size_t i = 0; i < sizeof servers / sizeof *servers; i++)
		if (pg_error_in_class(e, servers[i])) return false;
	return true;
}

static void split(live_batch *b)
{
	live_batch *half[2];
	for (size_t k = 0; k < 2; k++)
		half[k] = batch_new(b->group, b->number, b->n);
	size_t moved = 0, total = b->left;
	for (size_t i = 0; i < b->n; i++) {
		live_cohort *c = take_out(b, i);
		if (c) batch_add(half[moved++ * 2 >= total], c);
	}
	for (size_t k = 0; k < 2; k++) {
		if (half[k]->n) {
			submit(half[k]);
			continue;
		}
		live_shape_release(half[k]->shape);
		arena_free(half[k]->a);
	}
	batch_end(b);
}

static void failed(live_batch *b, const pg_error *e)
{
	live_worker *w = b->group->w;
	pg_statement_info info = {0};
	error err;
	error_init(&err, b->a);
	size_t i = e->stmt < b->form->nstmts ? e->stmt : 0;
	bool many = b->many, ends = refuses(e);
	info.sql = str_from(b->stmts[i].sql);
	info.prepared = b->stmts[i].id != 0;
	info.nargs = b->stmts[i].nparams;
	info.args = b->stmts[i].values;
	bool filled = pg_error_map_read(e, &info, STR(""), &err);
	(void)filled;
	w->stats.failures++;
	w->push_busy = b;
	for (size_t k = 0; k < b->n; k++) {
		live_cohort *c = take_out(b, k);
		if (!c) continue;
		c->alone = !many;
		live_cohort_ran(c, true);
		if (ends) live_deliver_refusal(c, &err);
		else live_deliver_error(c, &err);
	}
	w->push_busy = NULL;
	batch_end(b);
}

/* ---- answers ---- */

/* The rows of each cohort, by number; one array for all. */
static void slice(live_batch *b, const pg_result *r, exec_slice *out, size_t step)
{
	size_t rows = pg_result_rows(r);
	uint32_t *index = NEW_ARRAY(b->a, uint32_t, rows + 1);
	size_t *at = NEW_ARRAY(b->a, size_t, b->n + 1);
	uint32_t *of = NEW_ARRAY(b->a, uint32_t, rows);
	for (size_t i = 0; i < rows; i++) {
		uint64_t number = 0;
		if (!str_to_u64(pg_result_value(r, i, 0), &number) || !number || number > b->n) number = 0;
		of[i] = (uint32_t)number;
		if (number) at[number]++;
	}
	for (size_t c = 0; c < b->n; c++) {
		out[c * step] = (exec_slice){.n = at[c + 1], .skip = 1};
		at[c + 1] += at[c];
	}
	for (size_t c = 0; c < b->n; c++)
		out[c * step].rows = index + at[c];
	for (size_t i = 0; i < rows; i++)
		if (of[i]) index[at[of[i] - 1]++] = (uint32_t)i;
}

/* By cohort and statement; NULL: the results are one cohort's. */
static exec_slice *slices_of(live_batch *b, const pg_result *const *results)
{
	if (!b->many) return NULL;
	size_t n = b->form->nstmts;
	exec_slice *all = NEW_ARRAY(b->a, exec_slice, size_mul(n, b->n));
	for (size_t i = 0; i < n; i++)
		if (b->form->stmts[i]->nparams) slice(b, results[i], all + i, n);
	return all;
}

/* {"data":{…}} of the c-th cohort into w->out. */
static bool write_data(live_batch *b, const pg_result *const *results, const exec_slice *slices, error *err)
{
	live_worker *w = b->group->w;
	size_t max = exec_worker_config(w->exec)->max_result_bytes;
	buf_clear(&w->out);
	buf_puts(&w->out, "{\"data\":{");
	for (size_t i = 0; i < b->form->sql.nroots; i++) {
		const sql_live_root *r = &b->form->sql.roots[i];
		size_t first = b->form->first[i];
		exec_rows rows = {.results = results + first, .n = r->nstmts, .slices = slices ? slices + first : NULL};
		if (i) buf_putc(&w->out, ',');
		/* A GraphQL name: nothing to escape. */
		buf_putc(&w->out, '"');
		buf_put(&w->out, r->alias);
		buf_puts(&w->out, "\":");
		arena_reset(w->scratch);
		if (!exec_write(w->scratch, r->out, &rows, max, &w->out, err)) return false;
	}
	buf_puts(&w->out, "}}");
	return true;
}

/* As a plan's history does it: exec/cache.c. */
static void note_best(live_group *g, uint64_t ns)
{
	uint64_t kept = g->best_ns + g->best_ns / 32, least = exec_worker_config(g->w->exec)->fast_ns / 64;
	g->best_ns = !g->best_ns || ns < kept ? ns : kept;
	if (g->best_ns < least) g->best_ns = least;
}

static void note_run(live_batch *b)
{
	live_group *g = b->group;
	uint64_t ns = b->job.duration_ns;
	histogram_add(&g->w->stats.of[b->shape->stream].database, &live_time_bounds, ns);
	g->source->lost = 0;
	g->source->blocked_ms = 0;
	g->runs++;
	g->last_ms = clock_wall_ms();
	g->last_ns = ns;
	if (!b->many) note_best(g, b->job.work_ns);
	for (size_t i = 0; i < b->n; i++) {
		if (!b->cohorts[i]) continue;
		b->cohorts[i]->shown.ran_ms = g->last_ms;
		b->cohorts[i]->shown.why = b->cohorts[i]->why;
		g->last_why = (live_why)b->cohorts[i]->why;
		g->by[g->last_why]++;
		g->cohort_runs++;
		g->w->stats.cohort_runs++;
	}
}

static void answered(pg_job *job, const pg_result *const *results, size_t n, const pg_error *e)
{
	live_batch *b = job->data;
	live_worker *w = b->group->w;
	(void)n;
	if (e && is_lost(e)) {
		lost(b);
		return;
	}
	if (e && b->many && (may_be_one(e) || e->kind == PG_ERR_TOO_LARGE)) {
		split(b);
		return;
	}
	note_run(b);
	b->group->failing = e != NULL;
	if (e) {
		failed(b, e);
		return;
	}
	exec_slice *slices = slices_of(b, results);
	w->push_busy = b;
	for (size_t i = 0; i < b->n; i++) {
		error err;
		error_init(&err, b->a);
		live_cohort *c = take_out(b, i);
		if (!c) continue;
		c->alone = false;
		live_proved(c);
		if (b->shape->stream) {
			live_stream_answered(c, b->form, results[0], slices ? slices + i * b->form->nstmts : NULL);
			continue;
		}
		bool fine = write_data(b, results, slices ? slices + i * b->form->nstmts : NULL, &err);
		live_cohort_ran(c, !fine);
		if (fine) live_deliver(c);
		else live_deliver_error(c, &err);
	}
	w->push_busy = NULL;
	histogram_add(&w->stats.of[b->shape->stream].total, &live_time_bounds, clock_mono_ns() - b->sent_ns);
	batch_end(b);
}
