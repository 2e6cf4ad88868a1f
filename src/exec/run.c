/* run: a request from its text to its answer. */
#include "base/clock.h"
#include "exec/cache.h"
#include "exec/sources.h"
#include "loop/http_client.h"

struct exec_worker {
	exec_shared *shared;
	source_pools *pools;
	plan_cache *cache;
	snapshot *snap;
	exec_run *runs;
	uv_loop_t *loop;
	http_client *http; /* NULL until a webhook is asked */
};

/* ---- the worker ---- */

exec_worker *exec_worker_new(exec_shared *s, uv_loop_t *loop)
{
	exec_worker *w = mem_alloc(sizeof(*w));
	w->shared = s;
	w->loop = loop;
	w->pools = source_pools_new(s, loop);
	w->cache = plan_cache_new(exec_shared_config(s)->plan_cache_bytes);
	return w;
}

void exec_worker_snapshot(exec_worker *w, snapshot *s)
{
	if (w->snap == s) return;
	snapshot *old = w->snap;
	w->snap = snapshot_ref(s);
	plan_cache_drop_others(w->cache, s->id);
	source_pools_keep(w->pools, s);
	if (old) snapshot_unref(old);
}

void exec_worker_close(exec_worker *w, void (*closed)(void *data), void *data)
{
	while (w->runs)
		exec_cancel(w->runs->req);
	plan_cache_free(w->cache);
	if (w->snap) snapshot_unref(w->snap);
	http_client_close(w->http);
	source_pools *pools = w->pools;
	mem_free(w);
	source_pools_close(pools, closed, data);
}

bool exec_pool(exec_worker *w, const snap_source *src, pg_pool **to, error *err)
{
	return source_pools_get(w->pools, src, to, err);
}

void exec_worker_stats(const exec_worker *w, exec_cache_stats *to)
{
	plan_cache_stats(w->cache, to);
}

void exec_worker_pools(const exec_worker *w, void (*fn)(void *data, str source, const pg_pool *p), void *data)
{
	source_pools_each(w->pools, fn, data);
}

bool exec_plan(exec_worker *w, const exec_request *r, cached **to, error *err)
{
	bool hit;
	return plan_cache_get(w->cache, r, to, &hit, err);
}

const exec_config *exec_run_config(const exec_run *run)
{
	return exec_shared_config(run->w->shared);
}

const exec_config *exec_worker_config(const exec_worker *w)
{
	return exec_shared_config(w->shared);
}

uv_loop_t *exec_run_loop(const exec_run *run)
{
	return run->w->loop;
}

http_client *exec_run_http(const exec_run *run)
{
	if (!run->w->http) run->w->http = http_client_new(run->w->loop, NULL);
	return run->w->http;
}

bool exec_run_is_fast(const exec_run *run)
{
	return cached_is_fast(run->entry, exec_run_config(run)->fast_ns);
}

void exec_log_statement(exec_run *run, str source, const statement *st, uint64_t duration_ns, size_t rows)
{
	exec_statement_log l = {
		.source = source, .sql = str_make(st->sql, st->sql_len), .duration_ns = duration_ns, .rows = rows};
	vec_push(run->a, &run->log, l);
}

/* ---- steps of a plan ---- */

static const exec_step_kind *kind_of(const exec_run *run, const sql_root *r)
{
	switch (r->root->kind) {
	case ROOT_ROWS: return run->explain ? &exec_explain_step : &exec_read_step;
	case ROOT_MUTATION:
	case ROOT_MUTATION_FUNCTION: return &exec_mutation_step;
	case ROOT_JSON: return r->root->introspect && !run->explain ? &exec_introspect_step : NULL;
	case ROOT_TYPENAME: break;
	}
	return NULL;
}

static const snap_source *source_of(const plan_root *root)
{
	if (root->introspect) return NULL;
	return root->mutation ? root->mutation->source : root->select->source;
}

static bool alone(const sql_root *r)
{
	return r->read_write && r->root->kind == ROOT_ROWS;
}

/* Root fields of one source and kind are one step; VOLATILE functions have a step each, one after the other. */
static exec_step *step_for(exec_run *run, const exec_step_kind *kind, const sql_root *r)
{
	const snap_source *src = source_of(r->root);
	bool own = alone(r) || r->root->introspect;
	for (size_t i = 0; i < run->nsteps && !own; i++) {
		exec_step *s = &run->steps[i];
		if (s->kind == kind && s->source == src && !alone(&run->sql->roots[s->roots[0]])) return s;
	}
	exec_step *s = &run->steps[run->nsteps++];
	*s = (exec_step){.kind = kind, .run = run, .source = src, .ordered = kind == &exec_mutation_step || alone(r)};
	s->roots = NEW_ARRAY(run->a, size_t, run->plan->nroots);
	return s;
}

static void make_steps(exec_run *run)
{
	run->steps = NEW_ARRAY(run->a, exec_step, run->plan->nroots);
	for (size_t i = 0; i < run->plan->nroots; i++) {
		const sql_root *r = &run->sql->roots[i];
		const exec_step_kind *kind = kind_of(run, r);
		if (!kind) continue;
		exec_step *s = step_for(run, kind, r);
		((size_t *)s->roots)[s->nroots++] = i;
	}
	run->unfinished = run->nsteps;
}

/* ---- the answer ---- */

static bool write_root(exec_run *run, size_t root, buf *b)
{
	for (size_t i = 0; i < run->nsteps; i++)
		for (size_t k = 0; k < run->steps[i].nroots; k++)
			if (run->steps[i].roots[k] == root)
				return run->steps[i].kind->write(&run->steps[i], k, b, &run->err);
	if (run->explain) buf_puts(b, "\"sql\":null,\"plan\":null");
	else buf_put(b, run->sql->roots[root].out->text);
	return true;
}

/* Introspection answers are kept compressed: where the client takes gzip, one alone goes out as it is. */
static bool goes_gzipped(const exec_run *run)
{
	return run->req->accept_gzip && run->plan->nroots == 1 && run->plan->roots[0].introspect;
}

static bool write_data(exec_run *run, buf *b)
{
	if (goes_gzipped(run)) {
		run->req->gzip = exec_introspect_take(&run->steps[0]);
		return true;
	}
	buf_puts(b, "{\"data\":{");
	for (size_t i = 0; i < run->plan->nroots; i++) {
		if (i) buf_putc(b, ',');
		/* A GraphQL name: nothing to escape. */
		buf_putc(b, '"');
		buf_put(b, run->plan->roots[i].alias);
		buf_puts(b, "\":");
		if (!write_root(run, i, b)) return false;
	}
	buf_puts(b, "}}");
	return true;
}

static bool write_explanation(exec_run *run, buf *b)
{
	bool one = run->plan->kind == GQ_SUBSCRIPTION;
	if (!one) buf_putc(b, '[');
	for (size_t i = 0; i < run->plan->nroots && (!one || !i); i++) {
		buf_puts(b, i ? ",{" : "{");
		if (!one) {
			buf_puts(b, "\"field\":");
			json_write_str(b, run->plan->roots[i].name);
			buf_putc(b, ',');
		}
		if (!write_root(run, i, b)) return false;
		buf_putc(b, '}');
	}
	if (!one) buf_putc(b, ']');
	return true;
}

static void fill_details(exec_run *run)
{
	exec_details *d = &run->req->details;
	str *names = NEW_ARRAY(run->a, str, run->plan->nroots);
	for (size_t i = 0; i < run->plan->nroots; i++)
		names[i] = str_copy(run->a, run->plan->roots[i].name);
	d->roots = names;
	d->nroots = run->plan->nroots;
	d->kind = run->plan->kind;
	d->operation_name = str_copy(run->a, run->plan->operation_name);
	d->query_hash = str_copy(run->a, str_from(run->entry->query_hash));
	for (size_t i = 0; i < run->log.n; i++)
		run->log.v[i].sql = str_copy(run->a, run->log.v[i].sql);
	d->statements = run->log.v;
	d->nstatements = run->log.n;
}

static void unlink_run(exec_run *run)
{
	if (run->prev) run->prev->next = run->next;
	else if (run->w->runs == run) run->w->runs = run->next;
	if (run->next) run->next->prev = run->prev;
}

/* Steps that run are stopped, everything held is given back. */
static void release(exec_run *run)
{
	for (size_t i = 0; i < run->nsteps; i++) {
		exec_step *s = &run->steps[i];
		if (s->state == STEP_RUNNING) s->kind->cancel(s);
		s->state = STEP_DONE;
		if (s->kind->release) s->kind->release(s);
	}
	unlink_run(run);
	if (run->entry) cached_release(run->entry);
	run->entry = NULL;
	snapshot_unref(run->snap);
	run->req->run = NULL;
}

static void finish(exec_run *run)
{
	exec_request *r = run->req;
	uint64_t now = clock_mono_ns();
	r->details.run_ns = now - run->started_ns;
	if (!run->failed) run->failed = !(run->explain ? write_explanation(run, &r->body) : write_data(run, &r->body));
	r->details.write_ns = clock_mono_ns() - now;
	if (run->plan) fill_details(run);
	bool learn = !run->failed && !run->explain && run->plan->kind != GQ_MUTATION && run->nsteps;
	if (learn) cached_learn(run->w->cache, run->entry, &run->took, exec_run_config(run)->fast_ns, run->rows_seen);
	r->ok = !run->failed;
	if (run->failed) {
		r->err = run->err;
		buf_free(&r->body);
	}
	release(run);
	r->done(r);
}

/* ---- running ---- */

static bool ordered_under_way(const exec_run *run)
{
	for (size_t i = 0; i < run->nsteps; i++)
		if (run->steps[i].ordered && run->steps[i].state == STEP_RUNNING) return true;
	return false;
}

/* Starts what may start; a step may be done before it returns. */
static void advance(exec_run *run)
{
	if (run->starting) return;
	run->starting = true;
	for (size_t i = 0; i < run->nsteps && !run->failed; i++) {
		exec_step *s = &run->steps[i];
		if (s->state != STEP_WAITING || (s->ordered && ordered_under_way(run))) continue;
		s->state = STEP_RUNNING;
		s->kind->start(s);
	}
	run->starting = false;
	if (run->failed || !run->unfinished) finish(run);
}

void exec_step_done(exec_step *s, bool ok)
{
	exec_run *run = s->run;
	s->state = STEP_DONE;
	run->unfinished--;
	if (!ok) run->failed = true;
	advance(run);
}

static bool refuse(const exec_run *run, error *err)
{
	const exec_request *r = run->req;
	gq_operation_kind kind = run->plan->kind;
	if (run->explain) {
		if (kind == GQ_MUTATION)
			return error_set(err, ERR_INVALID_PARAMS, STR(""), "only queries can be explained");
		return true;
	}
	if (kind == GQ_SUBSCRIPTION && !r->subscription)
		return error_set(err, ERR_UNEXPECTED_PAYLOAD, STR(""),
			"subscriptions are not supported over HTTP, use websockets instead");
	if (kind == GQ_MUTATION && r->read_only)
		return error_set(
			err, ERR_NOT_SUPPORTED, STR(""), "Mutations are not allowed when read-only mode is enabled");
	return true;
}

static bool prepare(exec_run *run)
{
	exec_request *r = run->req;
	uint64_t from = clock_mono_ns();
	bool fine = plan_cache_get(run->w->cache, r, &run->entry, &r->details.cached, &run->err);
	r->details.plan_ns = clock_mono_ns() - from;
	if (!fine) {
		run->entry = NULL;
		return false;
	}
	run->plan = run->entry->plan;
	run->sql = plan_sql(run->plan);
	if (!refuse(run, &run->err)) return false;
	run->rows_seen = NEW_ARRAY(run->a, uint64_t, run->plan->nroots);
	make_steps(run);
	return true;
}

static void start(exec_worker *w, exec_request *r, bool explain)
{
	exec_run *run = NEW(r->a, exec_run);
	r->run = run;
	run->w = w;
	run->req = r;
	run->a = r->a;
	run->snap = snapshot_ref(r->snap);
	run->session = r->session;
	run->variables = r->variables;
	run->explain = explain;
	error_init(&run->err, r->a);
	run->next = w->runs;
	if (w->runs) w->runs->prev = run;
	w->runs = run;
	run->failed = !prepare(run);
	run->started_ns = clock_mono_ns();
	advance(run);
}

void exec_start(exec_worker *w, exec_request *r)
{
	start(w, r, false);
}

void exec_explain(exec_worker *w, exec_request *r)
{
	start(w, r, true);
}

void exec_cancel(exec_request *r)
{
	if (r->run) release(r->run);
}
