#include "base/clock.h"
#include "live/changes_internal.h"

enum { PROBE_MS = 1000, TRUTH_LOGICAL_MS = 300000, TRUTH_PROBE_MS = 60000, LINGER_MS = 30000, STOP_GRACE_MS = 5000 };
#define MAX_WAL_BYTES ((uint64_t)1 << 30)

str changes_level_name(changes_level l)
{
	static const str names[] = {[CHANGES_POLL] = STR_INIT("poll"),
		[CHANGES_PROBE] = STR_INIT("probe"),
		[CHANGES_LOGICAL] = STR_INIT("logical")};
	return names[l];
}

str changes_why_name(changes_why w)
{
	static const str names[] = {[CHANGES_BY_WAL] = STR_INIT("wal"),
		[CHANGES_BY_PROBE] = STR_INIT("probe"),
		[CHANGES_BY_TRUTH] = STR_INIT("truth"),
		[CHANGES_BY_LEVEL] = STR_INIT("level")};
	return names[w];
}

/* ---- news ---- */

void changes_news_free(changes_news *n)
{
	if (n->marks && atomic_fetch_sub(&n->marks->refs, 1) == 1) {
		marks_free(&n->marks->m);
		mem_free(n->marks);
	}
	changes_client_unref(n->client);
	mem_free(n);
}

/* ---- sources ---- */

static feed *find_feed(const changes_hub *h, const char *name, uint64_t connection)
{
	for (feed *f = h->feeds; f; f = f->next)
		if (!f->closing && f->connection == connection && strcmp(f->name, name) == 0) return f;
	return NULL;
}

static bool in_snapshot(const feed *f, const snapshot *s)
{
	const snap_source *src = snapshot_source(s, str_from(f->name));
	return src && src->connection == f->connection;
}

static void add_feed(changes_hub *h, const snap_source *src)
{
	pg_params *params;
	pg_limit *limit;
	arena *a = arena_new(0);
	error err;
	error_init(&err, a);
	if (!find_feed(h, str_z(a, src->name), src->connection) &&
		exec_shared_source(h->shared, src, &params, &limit, &err)) {
		feed *f = feed_new(h, src, params);
		pg_limit_unref(limit);
		pg_params_unref(params);
		uv_mutex_lock(&h->lock);
		f->next = h->feeds;
		h->feeds = f;
		uv_mutex_unlock(&h->lock);
	}
	arena_free(a);
}

typedef struct snapshot_news {
	changes_hub *hub;
	snapshot *s;
} snapshot_news;

static void take_snapshot(void *arg)
{
	snapshot_news *n = arg;
	changes_hub *h = n->hub;
	for (feed *f = h->feeds, *next; f; f = next) {
		next = f->next;
		if (f->closing) continue;
		if (!in_snapshot(f, n->s)) feed_close(f);
		else feed_resolve(f); /* tables may have changed */
	}
	for (size_t i = 0; i < n->s->sources.n && !h->stopping; i++) {
		const snap_source *src = n->s->sources.items[i].value;
		if (src->cat) add_feed(h, src);
	}
	snapshot_unref(n->s);
	mem_free(n);
}

void changes_hub_snapshot(changes_hub *h, snapshot *s)
{
	snapshot_news *n = mem_alloc(sizeof *n);
	*n = (snapshot_news){h, snapshot_ref(s)};
	if (worker_post(h->w, take_snapshot, n)) return;
	snapshot_unref(s);
	mem_free(n);
}

/* ---- orders ---- */

static feed_client *client_of(feed *f, const watch_order *o)
{
	for (feed_client *c = f->clients; c; c = c->next)
		if (c->client == o->client && c->source == o->source) return c;
	feed_client *c = mem_alloc(sizeof *c);
	c->client = changes_client_ref(o->client);
	c->source = o->source;
	c->next = f->clients;
	f->clients = c;
	return c;
}

static void client_leaves(feed *f, feed_client *c)
{
	if (--c->refs) return;
	for (feed_client **at = &f->clients; *at; at = &(*at)->next) {
		if (*at != c) continue;
		*at = c->next;
		changes_client_unref(c->client);
		mem_free(c);
		return;
	}
}

/*
 * A client may ask for several columns of the same thing: the thing is its once. Who has it is not kept here: the client
 * asks with the first group and leaves with the last.
 */
static void watch_it(feed *f, const watch_order *o)
{
	feed_client *c = client_of(f, o);
	bool begins = !f->nwatched;
	watched *w = feed_watch(f, o->function, o->oid, o->column);
	if (!o->again) {
		c->refs++;
		w->refs++;
	}
	if (begins) feed_wake(f);
	feed_tell_client(f, c, w);
}

static void unwatch_it(feed *f, const watch_order *o)
{
	watched *w = (watched *)htable_get(&f->watched, watched_key(o->function, o->oid));
	if (!w) return;
	client_leaves(f, client_of(f, o));
	if (--w->refs == 0) feed_unwatch(f, w);
	if (!f->nwatched) feed_rest(f);
}

/* A source that has just gone: nothing will be told of it. */
static void refuse(const watch_order *o)
{
	changes_news *n = mem_alloc(sizeof *n);
	n->client = changes_client_ref(o->client);
	n->source = o->source;
	n->level = CHANGES_POLL;
	changes_client_post(n);
}

static void take_order(void *arg)
{
	watch_order *o = arg;
	feed *f = find_feed(o->hub, o->name, o->connection);
	if (f && o->kind == WATCH) watch_it(f, o);
	else if (f) unwatch_it(f, o);
	else if (o->kind == WATCH) refuse(o);
	changes_client_unref(o->client);
	mem_free(o);
}

void changes_hub_order(watch_order *o)
{
	if (worker_post(o->hub->w, take_order, o)) return;
	changes_client_unref(o->client);
	mem_free(o);
}

/* ---- life ---- */

static bool hub_start(worker *w, void *ctx, error *err)
{
	(void)w;
	(void)ctx;
	(void)err;
	return true;
}

static void hub_stop(worker *w, void *ctx)
{
	changes_hub *h = ctx;
	(void)w;
	h->stopping = true;
	for (feed *f = h->feeds, *next; f; f = next) {
		next = f->next;
		if (!f->closing) feed_close(f);
	}
}

static void set_default(uint64_t *v, uint64_t dflt)
{
	if (!*v) *v = dflt;
}

bool changes_hub_new(const changes_config *c, exec_shared *shared, changes_hub **out, error *err)
{
	changes_hub *h = mem_alloc(sizeof *h);
	worker_service service = {"changes", hub_start, NULL, hub_stop, h};
	h->config = *c;
	h->shared = shared;
	set_default(&h->config.probe_ms, PROBE_MS);
	set_default(&h->config.truth_logical_ms, TRUTH_LOGICAL_MS);
	set_default(&h->config.truth_probe_ms, TRUTH_PROBE_MS);
	set_default(&h->config.max_wal_bytes, MAX_WAL_BYTES);
	set_default(&h->config.linger_ms, LINGER_MS);
	uv_mutex_init(&h->lock);
	if (!worker_group_new("changes", 1, &h->group, err)) {
		uv_mutex_destroy(&h->lock);
		mem_free(h);
		return false;
	}
	h->w = worker_group_get(h->group, 0);
	worker_group_add(h->group, &service);
	*out = h;
	if (worker_group_start(h->group, err)) return true;
	worker_group_free(h->group);
	uv_mutex_destroy(&h->lock);
	mem_free(h);
	return false;
}

void changes_hub_free(changes_hub *h)
{
	if (!h) return;
	worker_group_stop(h->group, STOP_GRACE_MS);
	worker_group_join(h->group);
	worker_group_free(h->group);
	uv_mutex_destroy(&h->lock);
	mem_free(h);
}

/* ---- seeing it ---- */

static json *feed_info(arena *a, const feed *f)
{
	json *o = json_new_object(a);
	json_setz(o, "source", json_new_strf(a, "%s", f->name));
	json_setz(o, "level", json_new_str(a, changes_level_name(f->level)));
	json_setz(o, "why", json_new_strf(a, "%s", f->why));
	json_setz(o, "best_level", json_new_str(a, changes_level_name(f->best)));
	json_setz(o, "since_ms", json_new_i64(a, (int64_t)(clock_wall_ms() - f->level_ms)));
	json_setz(o, "plugin",
		!f->s.live                                ? json_new_null(a)
			: f->s.plugin == CHANGES_PGOUTPUT ? json_new_str(a, STR("pgoutput"))
							  : json_new_str(a, STR("test_decoding")));
	json_setz(o, "slot", f->s.live ? json_new_strf(a, "%s", f->s.slot) : json_new_null(a));
	json_setz(o, "watched", json_new_i64(a, (int64_t)f->nwatched));
	json_setz(o, "watched_by_probe",
		json_new_i64(a, (int64_t)(f->level == CHANGES_PROBE ? f->nwatched : f->nunseen)));
	json_setz(o, "transactions", json_new_i64(a, (int64_t)f->n_transactions));
	json_setz(o, "marks", json_new_i64(a, (int64_t)f->n_marks));
	json_setz(o, "probes", json_new_i64(a, (int64_t)f->n_probes));
	json_setz(o, "looks", json_new_i64(a, (int64_t)f->n_looks));
	json_setz(o, "reopened", json_new_i64(a, (int64_t)f->n_reopened));
	return o;
}

/* The counters are read while the hub's thread writes them: they may be of slightly different moments. */
json *changes_hub_info(changes_hub *h, arena *a)
{
	json *all = json_new_array(a);
	uv_mutex_lock(&h->lock);
	for (const feed *f = h->feeds; f; f = f->next)
		if (!f->closing) json_push(all, feed_info(a, f));
	uv_mutex_unlock(&h->lock);
	return all;
}

changes_level changes_hub_level(changes_hub *h, arena *a, str source, str *why)
{
	changes_level level = CHANGES_POLL;
	if (why) *why = STR("the source is not known");
	uv_mutex_lock(&h->lock);
	for (const feed *f = h->feeds; f; f = f->next) {
		if (f->closing || !str_eqz(source, f->name)) continue;
		level = f->level;
		if (why) *why = str_copy(a, str_from(f->why));
		break;
	}
	uv_mutex_unlock(&h->lock);
	return level;
}
