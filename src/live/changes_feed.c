/*
 * One source. What may be is asked once at its start (and before each attempt at the stream); nothing is open until
 * somebody watches. Then probes begin at once, and the stream takes over when its slot is there.
 */
#include "base/clock.h"
#include "live/changes_internal.h"
#include <stdarg.h>

enum { RETRY_MIN_MS = 1000, RETRY_MAX_MS = 60000, RETRY_REFUSED_MS = 300000, JOB_TIMEOUT_MS = 10000 };

uint64_t feed_now(const feed *f)
{
	return uv_now(&f->hub->w->loop);
}

void feed_log(const feed *f, log_level l, const char *fmt, ...)
{
	char text[512];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	arena *a = arena_new(0);
	json *o = json_new_object(a);
	json_setz(o, "kind", json_new_str(a, STR("changes")));
	json_setz(o, "source", json_new_strf(a, "%s", f->name));
	json_setz(o, "level", json_new_str(a, changes_level_name(f->level)));
	json_setz(o, "info", json_new_str(a, str_from(text)));
	log_json(LOG_PG_CLIENT, l, o);
	arena_free(a);
}

/* ---- timers and jobs ---- */

void feed_timer(feed *f, timer **t, uint64_t ms, void (*fn)(void *))
{
	if (*t) timer_again(*t, ms, 0);
	else *t = timer_start(f->hub->w, ms, 0, fn, f);
}

void feed_timer_stop(timer **t)
{
	timer_stop(*t);
	*t = NULL;
}

arena *feed_job_arena(feed_job *j)
{
	if (!j->a) j->a = arena_new(1024);
	else if (!j->busy) arena_reset(j->a);
	return j->a;
}

bool feed_job_start(feed *f, feed_job *j, pg_mode mode, const char *sql, size_t n, pg_job_cb done)
{
	if (j->busy || f->closing) return false;
	j->busy = true;
	j->stmt = (pg_stmt){.sql = sql, .nparams = n, .values = j->values};
	j->job = (pg_job){
		.mode = mode, .stmts = &j->stmt, .nstmts = 1, .timeout_ms = JOB_TIMEOUT_MS, .done = done, .data = f};
	pg_job_submit(f->pool, &j->job);
	return true;
}

void feed_job_cancel(feed_job *j)
{
	if (j->busy) pg_job_cancel(&j->job);
	j->busy = false;
	if (j->a) arena_free(j->a);
	j->a = NULL;
}

/* ---- telling ---- */

static changes_news *news_for(const feed *f, const feed_client *c, size_t n)
{
	changes_news *m = mem_alloc(size_add(sizeof *m, size_mul(n, sizeof *m->objects)));
	m->client = changes_client_ref(c->client);
	m->source = c->source;
	m->level = f->level;
	m->n = n;
	return m;
}

void feed_tell(feed *f, marks *m, changes_why why)
{
	shared_marks *shared = NULL;
	size_t n = 0;
	for (const feed_client *c = f->clients; c; c = c->next)
		n++;
	if (m && n) {
		shared = mem_alloc(sizeof *shared);
		marks_tidy(m);
		shared->m = *m;
		atomic_init(&shared->refs, (unsigned)n);
		atomic_fetch_add(&f->n_marks, m->n);
		*m = (marks){0};
	} else if (m) {
		marks_clear(m);
	}
	for (const feed_client *c = f->clients; c; c = c->next) {
		changes_news *news = news_for(f, c, 0);
		news->why = why;
		news->everything = !m;
		news->marks = shared;
		changes_client_post(news);
	}
}

void feed_tell_objects(feed *f, const object_news *v, size_t n)
{
	for (const feed_client *c = f->clients; n && c; c = c->next) {
		changes_news *news = news_for(f, c, n);
		memcpy(news->objects, v, n * sizeof *v);
		changes_client_post(news);
	}
}

void feed_tell_client(feed *f, feed_client *c, const watched *w)
{
	bool known = w->state != OBJECT_NEW;
	changes_news *news = news_for(f, c, known);
	if (known) {
		news->objects[0] = (object_news){w->function, w->oid, w->state, w->why};
		/* What changed between its first query and now is not known to have been told. */
		news->marks = mem_alloc(sizeof *news->marks);
		atomic_init(&news->marks->refs, 1);
		mark_all(marks_of(&news->marks->m, w->oid));
		news->why = CHANGES_BY_LEVEL;
	}
	changes_client_post(news);
}

void feed_set_level(feed *f, changes_level l, const char *why)
{
	bool changed = l != f->level;
	bool same = !changed && strcmp(why, f->why) == 0;
	if (same) return;
	uv_mutex_lock(&f->hub->lock);
	f->level = l;
	f->level_ms = clock_wall_ms();
	snprintf(f->why, sizeof f->why, "%s", why);
	uv_mutex_unlock(&f->hub->lock);
	feed_log(f, LOG_INFO, "%s", f->why);
	if (changed) feed_tell(f, NULL, CHANGES_BY_LEVEL);
}

/* ---- what may be ---- */

static const char opening[] = "the replication slot is being made";

static void set_best(feed *f, changes_level best, const char *why)
{
	uv_mutex_lock(&f->hub->lock);
	f->best = best;
	uv_mutex_unlock(&f->hub->lock);
	if (!f->nwatched) {
		feed_set_level(f, best, why);
		return;
	}
	if (best == CHANGES_LOGICAL) {
		if (!f->s.live && !f->retry_timer) feed_set_level(f, CHANGES_PROBE, opening);
		return;
	}
	feed_stream_close(f);
	feed_set_level(f, best, why);
}

static void judge(feed *f)
{
	const feed_facts *x = &f->facts;
	changes_mode mode = f->hub->config.mode;
	if (mode == CHANGES_MAX_POLL) set_best(f, CHANGES_POLL, "polling was asked for");
	else if (mode == CHANGES_MAX_PROBE) set_best(f, CHANGES_PROBE, "probes were asked for");
	else if (!x->wal_logical) set_best(f, CHANGES_PROBE, "wal_level is not logical");
	else if (!x->may_replicate) set_best(f, CHANGES_PROBE, "the role has no REPLICATION attribute");
	else if (x->would_be_standby)
		set_best(f, CHANGES_PROBE, "synchronous_standby_names would count a replication connection as standby");
	else if (x->free_slots <= 0 && !f->s.live) set_best(f, CHANGES_PROBE, "no replication slot is free");
	else if (x->standby && x->version < 160000)
		set_best(f, CHANGES_PROBE, "a standby before PostgreSQL 16 does not decode");
	else set_best(f, CHANGES_LOGICAL, "logical decoding");
}

static void retry(void *arg);

static void retry_in(feed *f, uint64_t ms)
{
	if (f->nwatched && !f->closing) feed_timer(f, &f->retry_timer, ms, retry);
}

static void begin(feed *f)
{
	/* An attempt that failed is repeated when its time has come. */
	if (!f->nwatched || f->closing || f->retry_timer) return;
	if (f->best == CHANGES_LOGICAL && !f->s.r) {
		if (f->hub->config.plugin == CHANGES_PGOUTPUT) feed_publish_begin(f);
		else feed_stream_open(f);
	} else if (f->hub->config.mode == CHANGES_AUTO && !f->s.r) {
		/* A slot may become free, a right be given. */
		retry_in(f, RETRY_REFUSED_MS);
	}
	feed_resolve(f);
	feed_probe_schedule(f);
}

static void facts_done(pg_job *job, const pg_result *const *r, size_t n, const pg_error *e)
{
	feed *f = job->data;
	f->facts_job.busy = false;
	if (!e && n == 1 && feed_facts_read(r[0], &f->facts)) {
		f->asked = true;
		f->failures = 0;
		judge(f);
		begin(f);
		return;
	}
	/* The stream itself will notice. */
	if (f->s.live) return;
	char why[200];
	str said = e ? str_sub(e->message, 0, 150) : STR("");
	snprintf(why, sizeof why, "the database does not answer: %.*s", STR_ARG(said));
	/* Not PostgreSQL itself, but something that speaks like it: it will not learn. */
	bool refused = !e || e->kind == PG_ERR_SERVER;
	if (refused) snprintf(why, sizeof why, "the database has no facts about changes");
	set_best(f, refused ? CHANGES_PROBE : CHANGES_POLL, why);
	if (refused) begin(f);
	else retry_in(f, f->backoff_ms = f->backoff_ms ? (f->backoff_ms * 2 < 10000 ? f->backoff_ms * 2 : 10000) : 500);
}

static void ask(feed *f)
{
	f->facts_job.values[0] = PG_REPLICATION_NAME;
	(void)feed_job_start(f, &f->facts_job, PG_READ_ALONE, feed_facts_sql, 1, facts_done);
}

static void retry(void *arg)
{
	feed *f = arg;
	feed_timer_stop(&f->retry_timer);
	ask(f);
}

void feed_stream_failed(feed *f, bool refused)
{
	uint64_t ms = f->backoff_ms ? f->backoff_ms * 2 : RETRY_MIN_MS;
	f->backoff_ms = ms > RETRY_MAX_MS ? RETRY_MAX_MS : ms;
	retry_in(f, refused ? RETRY_REFUSED_MS : f->backoff_ms);
	feed_probe_schedule(f);
}

/* ---- somebody watches, nobody does ---- */

static void truth(void *arg)
{
	feed *f = arg;
	const changes_config *c = &f->hub->config;
	feed_timer_stop(&f->truth_timer);
	if (!f->nwatched) return;
	feed_tell(f, NULL, CHANGES_BY_TRUTH);
	feed_resolve(f);
	if (f->s.live) feed_stream_check(f);
	/* What was found at the start may have changed: synchronous standbys, for instance. */
	if (!f->facts_job.busy && f->s.live) ask(f);
	feed_timer(f, &f->truth_timer, f->level == CHANGES_LOGICAL ? c->truth_logical_ms : c->truth_probe_ms, truth);
}

static void set_truth(feed *f)
{
	const changes_config *c = &f->hub->config;
	feed_timer(f, &f->truth_timer, f->level == CHANGES_LOGICAL ? c->truth_logical_ms : c->truth_probe_ms, truth);
}

void feed_level_reached(feed *f, changes_level l, const char *why)
{
	feed_set_level(f, l, why);
	if (f->nwatched) set_truth(f);
	feed_probe_schedule(f);
}

void feed_wake(feed *f)
{
	feed_timer_stop(&f->linger_timer);
	set_truth(f);
	/* Until the stream is there, probes are what there is. */
	if (f->best == CHANGES_LOGICAL && !f->s.live) feed_set_level(f, CHANGES_PROBE, opening);
	if (f->asked && !f->s.r) begin(f);
	else if (!f->asked) ask(f);
	feed_probe_schedule(f);
}

static void lingered(void *arg)
{
	feed *f = arg;
	feed_timer_stop(&f->linger_timer);
	if (f->nwatched) return;
	feed_timer_stop(&f->truth_timer);
	feed_timer_stop(&f->retry_timer);
	feed_probe_stop(f);
	feed_stream_close(f);
	feed_publish_drop(f);
	if (f->asked) judge(f);
}

void feed_rest(feed *f)
{
	if (!f->closing) feed_timer(f, &f->linger_timer, f->hub->config.linger_ms, lingered);
}

/* ---- life ---- */

feed *feed_new(changes_hub *h, const snap_source *src, pg_params *params)
{
	/* Beside the source's own limit: what tells whether queries are needed must not wait behind them. */
	pg_limit *limit = pg_limit_new(2);
	pg_pool_options o = {.max_conns = 2};
	feed *f = mem_alloc(sizeof *f);
	f->hub = h;
	f->open = 1; /* the pool */
	f->name = mem_alloc(src->name.n + 1);
	memcpy(f->name, src->name.p, src->name.n);
	f->connection = src->connection;
	f->params = pg_params_ref(params);
	f->pool = pg_pool_new(&h->w->loop, params, limit, &o);
	pg_limit_unref(limit);
	f->level_ms = clock_wall_ms();
	snprintf(f->why, sizeof f->why, "not known yet");
	ask(f);
	return f;
}

static void free_feed(feed *f)
{
	changes_hub *h = f->hub;
	uv_mutex_lock(&h->lock);
	for (feed **at = &h->feeds; *at; at = &(*at)->next) {
		if (*at != f) continue;
		*at = f->next;
		break;
	}
	uv_mutex_unlock(&h->lock);
	pg_params_unref(f->params);
	mem_free(f->name);
	mem_free(f);
}

void feed_closed_one(void *data)
{
	feed *f = data;
	if (--f->open == 0) free_feed(f);
}

static void drop_clients(feed *f)
{
	while (f->clients) {
		feed_client *c = f->clients;
		f->clients = c->next;
		changes_client_unref(c->client);
		mem_free(c);
	}
}

void feed_close(feed *f)
{
	timer **timers[] = {&f->truth_timer, &f->look_timer, &f->retry_timer, &f->resolve_timer, &f->linger_timer};
	/* Whoever watches has to run on its own from now on. */
	feed_set_level(f, CHANGES_POLL, "the source is gone");
	feed_stream_close(f);
	feed_probe_stop(f);
	feed_publish_drop(f);
	uv_mutex_lock(&f->hub->lock);
	f->closing = true;
	uv_mutex_unlock(&f->hub->lock);
	for (size_t i = 0; i < sizeof timers / sizeof *timers; i++)
		feed_timer_stop(timers[i]);
	feed_job_cancel(&f->facts_job);
	feed_objects_free(f);
	drop_clients(f);
	/* What drops the publication is waited for; it has a deadline. */
	pg_pool_close(f->pool, true, feed_closed_one, f);
}
