/*
 * The publication of pgoutput: the tables that are watched and have a replica identity, and no others.
 * PostgreSQL: of a published table without one, UPDATE and DELETE fail. A table that loses its primary key while it is
 * published is such a table: therefore pgoutput is for those who ask for it, and test_decoding needs no publication.
 */
#include "live/changes_internal.h"

/* Of a partitioned table every partition is published with it, those to come too. */
static bool is_fit(const base_table *t)
{
	return (t->kind == 'r' || t->kind == 'p') && t->has_identity && t->logged;
}

static size_t published_tables(const feed *f, arena *a, qname **out)
{
	VEC(qname) all = {0};
	for (size_t i = 0; i < f->base_list.n; i++)
		if (is_fit(f->base_list.v[i])) vec_push(a, &all, f->base_list.v[i]->name);
	*out = all.v;
	return all.n;
}

static bool run(feed *f, const char *sql, pg_job_cb done)
{
	return feed_job_start(f, &f->publish, PG_WRITE_TX, sql, 0, done);
}

static void refused(feed *f, const pg_error *e)
{
	feed_log(f, LOG_WARN, "no publication can be kept: %.*s", STR_ARG(str_sub(e->message, 0, 200)));
	feed_stream_close(f);
	feed_level_reached(f, CHANGES_PROBE, "no publication can be kept for pgoutput");
	feed_stream_failed(f, true);
}

static void next_step(feed *f);

/* Changes of tables that were not in it before have been missed. */
static void set_done(pg_job *job, const pg_result *const *r, size_t n, const pg_error *e)
{
	feed *f = job->data;
	(void)r;
	(void)n;
	f->publish.busy = false;
	if (e && pg_error_is(e, "42P01")) feed_resolve(f);
	else if (e) refused(f, e);
	if (e) return;
	if (f->s.r) feed_tell(f, NULL, CHANGES_BY_LEVEL);
	next_step(f);
}

static bool is_news(feed *f, const char *sql)
{
	hash128 h = hash128_of(str_from(sql));
	if (hash128_eq(h, f->published_as)) return false;
	f->published_as = h;
	return true;
}

/* The one thing that is due: its tables, then the stream. */
static void next_step(feed *f)
{
	arena *a;
	qname *tables;
	if (!f->published || f->publish.busy) return;
	a = feed_job_arena(&f->publish);
	if (f->publish_set) {
		f->publish_set = false;
		size_t n = published_tables(f, a, &tables);
		const char *sql = feed_publication_set(a, str_from(f->s.slot), tables, n);
		/* PostgreSQL: SET TABLE wants one at least; without any the old ones stay, and nobody watches them. */
		if (n && is_news(f, sql) && run(f, sql, set_done)) return;
	}
	feed_stream_open(f);
}

static void created(pg_job *job, const pg_result *const *r, size_t n, const pg_error *e)
{
	feed *f = job->data;
	(void)r;
	(void)n;
	f->publish.busy = false;
	if (e) {
		refused(f, e);
		return;
	}
	f->published = true;
	next_step(f);
}

static void create(feed *f)
{
	arena *a = feed_job_arena(&f->publish);
	uv_mutex_lock(&f->hub->lock);
	feed_stream_name(f);
	uv_mutex_unlock(&f->hub->lock);
	(void)run(f, feed_publication_create(a, str_from(f->s.slot), NULL, 0), created);
}

static void stale_dropped(pg_job *job, const pg_result *const *r, size_t n, const pg_error *e);

static void stale_found(pg_job *job, const pg_result *const *r, size_t n, const pg_error *e)
{
	feed *f = job->data;
	f->publish.busy = false;
	if (e || n != 1 || !pg_result_rows(r[0])) {
		create(f);
		return;
	}
	arena *a = feed_job_arena(&f->publish);
	(void)run(f, feed_publication_drop(a, str_copy(a, pg_result_value(r[0], 0, 0))), stale_dropped);
}

/* One of those that died is enough each time: they are rare. */
static void stale_dropped(pg_job *job, const pg_result *const *r, size_t n, const pg_error *e)
{
	feed *f = job->data;
	(void)r;
	(void)n;
	(void)e;
	f->publish.busy = false;
	create(f);
}

void feed_publish_begin(feed *f)
{
	if (f->publish.busy || f->s.r) return;
	if (!f->facts.may_publish) {
		feed_level_reached(f, CHANGES_PROBE, "the role may not make a publication");
		feed_stream_failed(f, true);
		return;
	}
	/* Another slot, another publication: whose slot is gone counts as stale. */
	feed_publish_drop(f);
	f->publish_set = true;
	f->published_as = (hash128){0};
	(void)feed_job_start(f, &f->publish, PG_READ_ALONE, feed_stale_publications_sql, 0, stale_found);
}

void feed_publish_again(feed *f)
{
	f->publish_set = true;
	next_step(f);
}

static void dropped(pg_job *job, const pg_result *const *r, size_t n, const pg_error *e)
{
	feed_job *j = job->data;
	(void)r;
	(void)n;
	(void)e;
	arena_free(j->a);
	mem_free(j);
}

/* With memory of its own: the feed may be gone before it is done. */
void feed_publish_drop(feed *f)
{
	feed_job_cancel(&f->publish);
	if (!f->published) return;
	f->published = false;
	feed_job *j = mem_alloc(sizeof *j);
	j->a = arena_new(256);
	j->stmt = (pg_stmt){.sql = feed_publication_drop(j->a, str_from(f->s.slot))};
	j->job = (pg_job){
		.mode = PG_WRITE_TX, .stmts = &j->stmt, .nstmts = 1, .timeout_ms = 2000, .done = dropped, .data = j};
	pg_job_submit(f->pool, &j->job);
}
