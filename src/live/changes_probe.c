/*
 * Level PROBE, and under LOGICAL what the WAL does not tell (unlogged tables, materialized views).
 *
 * One statement per interval asks what is visible. PostgreSQL: the snapshot of a primary moves with the end of each
 * transaction that wrote, so an equal one means equal answers: at rest nothing else runs. When it moved, the tables'
 * statistics say who was written to; but they come up to ten seconds late (more on a busy server), so who is not named
 * stays suspect and is marked some intervals later all the same: statistics make it quicker or cheaper, never wrong.
 */
#include "live/changes_internal.h"

enum { UNSURE_INTERVALS = 5, FAILURES_MAX = 3, BACKOFF_MAX = 10 };

static bool needs_probe(const feed *f, const watched *w)
{
	return f->level == CHANGES_LOGICAL ? w->unseen : true;
}

static bool is_needed(const feed *f)
{
	if (!f->nwatched || f->closing || !f->asked || f->hub->config.mode == CHANGES_MAX_POLL) return false;
	return f->level != CHANGES_LOGICAL || f->nunseen;
}

static void probe(void *arg);

static uint64_t interval(const feed *f)
{
	uint64_t ms = f->hub->config.probe_ms;
	unsigned n = f->failures > BACKOFF_MAX ? BACKOFF_MAX : f->failures;
	return n ? ms * n : ms;
}

void feed_probe_schedule(feed *f)
{
	if (!is_needed(f)) {
		if (!f->nunseen || !f->nwatched) feed_probe_stop(f);
		return;
	}
	if (!f->probe_timer && !f->probe.busy && !f->counts.busy) feed_timer(f, &f->probe_timer, interval(f), probe);
}

void feed_probe_stop(feed *f)
{
	feed_timer_stop(&f->probe_timer);
	feed_job_cancel(&f->probe);
	feed_job_cancel(&f->counts);
	f->snapshot[0] = '\0';
}

/* ---- who is marked ---- */

static void mark_one(feed *f, marks *m, watched *w)
{
	w->suspect = false;
	w->marked_ms = feed_now(f);
	mark_all(marks_of(m, w->oid));
}

static bool is_overdue(const feed *f, const watched *w)
{
	return feed_now(f) - w->marked_ms >= UNSURE_INTERVALS * f->hub->config.probe_ms;
}

static void mark_suspects(feed *f, bool all)
{
	marks m = {0};
	HTABLE_EACH(&f->watched, x)
	{
		watched *w = (watched *)x;
		if (w->suspect && needs_probe(f, w) && (all || is_overdue(f, w))) mark_one(f, &m, w);
	}
	if (m.n) feed_tell(f, &m, CHANGES_BY_PROBE);
	marks_free(&m);
}

static void mark_readers(feed *f, marks *m, const base_table *t)
{
	for (size_t i = 0; i < t->readers.n; i++) {
		watched *w = t->readers.v[i].w;
		if (w->suspect && needs_probe(f, w)) mark_one(f, m, w);
	}
}

static void take_counts(feed *f, const pg_result *r)
{
	marks m = {0};
	for (size_t i = 0; i < pg_result_rows(r); i++) {
		uint64_t oid, count;
		if (!str_to_u64(pg_result_value(r, i, 0), &oid)) continue;
		base_table *t = feed_base_oid(f, (pg_oid)oid);
		if (!t || !str_to_u64(pg_result_value(r, i, 1), &count)) continue;
		if (!t->count_known || t->count != count) mark_readers(f, &m, t);
		t->count = count;
		t->count_known = true;
	}
	if (m.n) feed_tell(f, &m, CHANGES_BY_PROBE);
	marks_free(&m);
}

static void counted(pg_job *job, const pg_result *const *r, size_t n, const pg_error *e)
{
	feed *f = job->data;
	f->counts.busy = false;
	if (!e && n == 1) take_counts(f, r[0]);
	mark_suspects(f, e != NULL);
	feed_probe_schedule(f);
}

/* Those no statistics are kept of are marked at once. */
static size_t ask_counts(feed *f)
{
	arena *a = feed_job_arena(&f->counts);
	VEC(pg_oid) oids = {0};
	for (size_t i = 0; i < f->base_list.n; i++) {
		const base_table *t = f->base_list.v[i];
		bool wanted = false;
		for (size_t k = 0; k < t->readers.n; k++)
			wanted = wanted || t->readers.v[k].w->suspect;
		if (wanted && t->counted) vec_push(a, &oids, t->oid);
	}
	f->counts.values[0] = feed_oid_array(a, oids.v, oids.n);
	return oids.n;
}

static bool any_suspect(const feed *f)
{
	HTABLE_EACH(&f->watched, x)
	if (((watched *)x)->suspect && needs_probe(f, (watched *)x)) return true;
	return false;
}

static void suspect_all(feed *f)
{
	HTABLE_EACH(&f->watched, x)
	((watched *)x)->suspect = true;
}

/* ---- probes ---- */

/* Equal: nothing was committed between. Long lists of running transactions count by their hash. */
static bool moved(feed *f, const feed_snapshot *s)
{
	char now[sizeof f->snapshot];
	str what = s->standby ? s->wal : s->whole;
	if (what.n < sizeof now) {
		memcpy(now, what.p, what.n);
		now[what.n] = '\0';
	} else {
		hash128 h = hash128_of(what);
		snprintf(now, sizeof now, "#%016llx%016llx", (unsigned long long)h.a, (unsigned long long)h.b);
	}
	/* The first one: whoever watches ran before it, so what came between is not known. */
	bool changed = strcmp(now, f->snapshot) != 0;
	memcpy(f->snapshot, now, sizeof now);
	return changed;
}

static void failed(feed *f, const pg_error *e)
{
	char why[200];
	f->failures++;
	/* Under LOGICAL the stream knows more. */
	if (f->level != CHANGES_LOGICAL && (f->failures >= FAILURES_MAX || (e && e->kind == PG_ERR_SERVER))) {
		str said = e ? str_sub(e->message, 0, 150) : STR("no answer");
		snprintf(why, sizeof why, "probes fail: %.*s", STR_ARG(said));
		feed_set_level(f, CHANGES_POLL, why);
	}
	f->snapshot[0] = '\0';
	feed_probe_schedule(f);
}

static void probed(pg_job *job, const pg_result *const *r, size_t n, const pg_error *e)
{
	feed *f = job->data;
	feed_snapshot s;
	f->probe.busy = false;
	atomic_fetch_add(&f->n_probes, 1);
	if (e || n != 1 || !feed_snapshot_read(r[0], &s)) {
		failed(f, e);
		return;
	}
	f->failures = 0;
	if (f->level == CHANGES_POLL) feed_level_reached(f, CHANGES_PROBE, "probes work again");
	if (moved(f, &s)) suspect_all(f);
	/* PostgreSQL: a standby counts nothing of what it replays. */
	if (any_suspect(f) && !s.standby && ask_counts(f) &&
		feed_job_start(f, &f->counts, PG_READ_ALONE, feed_counts_sql, 1, counted))
		return;
	mark_suspects(f, true);
	feed_probe_schedule(f);
}

static void probe(void *arg)
{
	feed *f = arg;
	feed_timer_stop(&f->probe_timer);
	if (!is_needed(f)) return;
	if (!feed_job_start(f, &f->probe, PG_READ_ALONE, feed_snapshot_sql, 0, probed)) feed_probe_schedule(f);
}
