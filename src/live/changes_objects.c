/*
 * What is watched, and the tables it is really made of. All of it is looked up by one statement whenever something comes
 * that is not known yet, when the metadata changes, with each slow poll, and when the stream names a table nobody knows
 * (a new partition, a renamed table).
 */
#include "live/changes_internal.h"
#include "live/changes_key.h"

enum { RESOLVE_SOON_MS = 2, RESOLVE_GAP_MS = 1000, RESOLVE_AGAIN_MS = 2000 };

hash128 watched_key(bool function, pg_oid oid)
{
	uint64_t v[2] = {function, oid};
	return hash128_of(str_make((const char *)v, sizeof v));
}

static hash128 name_key(str schema, str name)
{
	char text[160];
	size_t a = schema.n < 64 ? schema.n : 64, b = name.n < 64 ? name.n : 64;
	memcpy(text, schema.p ? schema.p : "", a);
	text[a] = '\0';
	memcpy(text + a + 1, name.p ? name.p : "", b);
	return hash128_of(str_make(text, a + 1 + b));
}

base_table *feed_base(feed *f, str schema, str name)
{
	return (base_table *)htable_get(&f->bases, name_key(schema, name));
}

base_table *feed_base_oid(feed *f, pg_oid oid)
{
	hlink *l = htable_get(&f->bases_by_oid, watched_key(false, oid));
	return l ? (base_table *)(void *)((char *)l - offsetof(base_table, by_oid)) : NULL;
}

/* ---- watching ---- */

static void add_column(watched *w, const char *column)
{
	uint64_t hash = changes_column_hash(str_from(column));
	for (size_t i = 0; i < w->ncols; i++)
		if (w->cols[i].hash == hash) return;
	if (!column[0] || w->ncols == MARK_COLUMNS) return;
	snprintf(w->cols[w->ncols].name, sizeof w->cols[w->ncols].name, "%s", column);
	w->cols[w->ncols++].hash = hash;
	feed_resolve(w->f);
}

watched *feed_watch(feed *f, bool function, pg_oid oid, const char *column)
{
	hash128 key = watched_key(function, oid);
	watched *w = (watched *)htable_get(&f->watched, key);
	if (!w) {
		w = mem_alloc(sizeof *w);
		w->link.key = key;
		w->f = f;
		w->function = function;
		w->oid = oid;
		htable_put(&f->watched, &w->link);
		atomic_fetch_add(&f->nwatched, 1);
		feed_resolve(f);
	}
	add_column(w, column);
	return w;
}

static void forget_reader(const feed *f, const watched *w)
{
	for (size_t i = 0; i < f->base_list.n; i++) {
		base_table *t = f->base_list.v[i];
		for (size_t k = 0; k < t->readers.n; k++)
			if (t->readers.v[k].w == w) t->readers.v[k--] = t->readers.v[--t->readers.n];
	}
}

void feed_unwatch(feed *f, watched *w)
{
	forget_reader(f, w);
	if (w->unseen) atomic_fetch_sub(&f->nunseen, 1);
	atomic_fetch_sub(&f->nwatched, 1);
	htable_remove(&f->watched, &w->link);
	mem_free(w);
}

/* ---- what they are made of ---- */

typedef VEC(object_news) news_list;

typedef struct lookup {
	feed *f;
	arena *a; /* of the bases */
	feed_dep *deps;
	size_t n;
	marks marks; /* of what may have changed before it was known */
} lookup;

static const char *reason_text(feed_reason r)
{
	static const char *const texts[] = {
		[FEED_CLOCK] = "it reads the clock, a setting, or something volatile",
		[FEED_SYSTEM] = "it reads PostgreSQL's own catalogs",
		[FEED_FUNCTION] = "it calls a function whose body does not say what it reads",
		[FEED_FOREIGN] = "it reads a foreign table",
	};
	return texts[r];
}

static base_table *base_of(lookup *l, const feed_dep *d)
{
	feed *f = l->f;
	base_table *t = feed_base_oid(f, d->oid);
	if (t) return t;
	t = NEW(l->a, base_table);
	t->oid = d->oid;
	t->name = (qname){str_copy(l->a, d->name.schema), str_copy(l->a, d->name.name)};
	t->kind = d->kind;
	t->has_identity = d->has_identity;
	t->logged = d->persistence == 'p';
	t->counted = d->kind == 'r';
	t->by_name.key = name_key(t->name.schema, t->name.name);
	t->by_oid.key = watched_key(false, d->oid);
	htable_put(&f->bases, &t->by_name);
	htable_put(&f->bases_by_oid, &t->by_oid);
	vec_push(l->a, &f->base_list, t);
	return t;
}

static bool in_identity(const feed_dep *d, const char *column)
{
	for (size_t i = 0; i < d->nidentity; i++)
		if (str_eqz(d->identity[i], column)) return true;
	return false;
}

/* Columns that readers watch by value, as far as the stream tells of them. */
static void add_base_columns(lookup *l, base_table *t, const feed_dep *d, const watched *w)
{
	for (size_t i = 0; i < w->ncols; i++) {
		bool there = !in_identity(d, w->cols[i].name);
		for (size_t k = 0; k < t->ncols; k++)
			there = there || t->cols[k].hash == w->cols[i].hash;
		if (there || t->ncols == MARK_COLUMNS) continue;
		t->cols[t->ncols++] = (base_column){
			.name = str_copy(l->a, str_from(w->cols[i].name)), .hash = w->cols[i].hash, .at = SIZE_MAX};
	}
}

/* PostgreSQL: refreshed materialized views and unlogged tables leave nothing to decode. */
static bool seen_in_wal(const feed *f, const feed_dep *d)
{
	if (d->kind == 'm' || d->persistence != 'p') return false;
	return f->hub->config.plugin != CHANGES_PGOUTPUT || d->has_identity;
}

/* Of a view's tables no row is a row of the view. */
static bool rows_are_its_own(const lookup *l, const watched *w, const feed_dep *d)
{
	if (w->function) return false;
	for (size_t i = 0; i < l->n; i++)
		if (!l->deps[i].root_function && l->deps[i].root == w->oid && l->deps[i].oid == w->oid &&
			!l->deps[i].function)
			return l->deps[i].kind == 'r' || l->deps[i].kind == 'p' || d->oid == w->oid;
	return false;
}

typedef struct verdict {
	object_state state;
	const char *why;
	bool unseen;
	buf made;
} verdict;

static void judge_dep(lookup *l, watched *w, const feed_dep *d, verdict *v)
{
	buf_put_u64(&v->made, d->oid);
	buf_putc(&v->made, d->function ? 'f' : d->kind ? d->kind : '?');
	buf_putc(&v->made, d->persistence ? d->persistence : '?');
	buf_put_u64(&v->made, d->reason);
	if (d->reason != FEED_FINE) {
		v->state = OBJECT_OUTSIDE;
		v->why = reason_text(d->reason);
	}
	if (d->function) return;
	if (!d->kind) {
		v->state = OBJECT_OUTSIDE;
		v->why = "the relation is not there";
	}
	if (d->kind != 'r' && d->kind != 'm' && d->kind != 'p') return;
	if (d->kind != 'p' && !seen_in_wal(l->f, d)) v->unseen = true;
	base_table *t = base_of(l, d);
	bool by_value = rows_are_its_own(l, w, d);
	vec_push(l->a, &t->readers, ((reader){w, by_value}));
	if (by_value) add_base_columns(l, t, d, w);
}

static void set_unseen(feed *f, watched *w, bool unseen)
{
	if (w->unseen == unseen) return;
	w->unseen = unseen;
	if (unseen) atomic_fetch_add(&f->nunseen, 1);
	else atomic_fetch_sub(&f->nunseen, 1);
}

static bool take_verdict(lookup *l, watched *w, verdict *v)
{
	hash128 made = hash128_of(buf_str(&v->made));
	bool changed = w->state != v->state || w->why != v->why || !hash128_eq(made, w->made);
	buf_free(&v->made);
	if (!changed) return false;
	w->made = made;
	w->state = v->state;
	w->why = v->why;
	set_unseen(l->f, w, v->unseen);
	mark_all(marks_of(&l->marks, w->oid));
	return true;
}

static void look_at(lookup *l, watched *w, news_list *news, arena *a)
{
	verdict v = {.state = OBJECT_FOLLOWED};
	bool found = false;
	for (size_t i = 0; i < l->n; i++) {
		if (l->deps[i].root != w->oid || l->deps[i].root_function != w->function) continue;
		found = true;
		judge_dep(l, w, &l->deps[i], &v);
	}
	/* Came after the question was sent. */
	if (!found) {
		buf_free(&v.made);
		return;
	}
	if (take_verdict(l, w, &v)) vec_push(a, news, ((object_news){w->function, w->oid, w->state, w->why}));
}

static bool still_new(const feed *f)
{
	HTABLE_EACH(&f->watched, x)
	if (((watched *)x)->state == OBJECT_NEW) return true;
	return false;
}

typedef struct old_count {
	pg_oid oid;
	uint64_t count;
} old_count;

typedef VEC(old_count) old_counts;

static void forget_bases(feed *f)
{
	htable_free(&f->bases);
	htable_free(&f->bases_by_oid);
	memset(&f->base_list, 0, sizeof f->base_list);
	if (f->bases_arena) arena_free(f->bases_arena);
	f->bases_arena = NULL;
}

static void keep_counts(const feed *f, arena *a, old_counts *to)
{
	for (size_t i = 0; i < f->base_list.n; i++)
		if (f->base_list.v[i]->count_known)
			vec_push(a, to, ((old_count){f->base_list.v[i]->oid, f->base_list.v[i]->count}));
}

static void give_counts(feed *f, const old_counts *from)
{
	for (size_t i = 0; i < from->n; i++) {
		base_table *t = feed_base_oid(f, from->v[i].oid);
		if (!t) continue;
		t->count = from->v[i].count;
		t->count_known = true;
	}
}

static void install(feed *f, arena *a, feed_dep *deps, size_t n)
{
	old_counts counts = {0};
	news_list news = {0};
	keep_counts(f, a, &counts);
	forget_bases(f);
	f->bases_arena = arena_new(4096);
	lookup l = {.f = f, .a = f->bases_arena, .deps = deps, .n = n};
	HTABLE_EACH(&f->watched, x)
	look_at(&l, (watched *)x, &news, a);
	give_counts(f, &counts);
	for (size_t i = 0; i < f->base_list.n; i++)
		feed_stream_places(f, f->base_list.v[i]);
	feed_tell_objects(f, news.v, news.n);
	if (news.n) feed_tell(f, &l.marks, CHANGES_BY_LEVEL);
	marks_free(&l.marks);
	if (f->hub->config.plugin == CHANGES_PGOUTPUT) feed_publish_again(f);
	feed_probe_schedule(f);
}

static void resolve_now(void *arg);

static void resolved(pg_job *job, const pg_result *const *r, size_t n, const pg_error *e)
{
	feed *f = job->data;
	arena *a = arena_new(0);
	error err;
	error_init(&err, a);
	feed_dep *deps;
	size_t count;
	f->resolve.busy = false;
	f->resolved_ms = feed_now(f);
	if (e || n != 1 || !feed_depends_read(a, r[0], &deps, &count, &err)) {
		if (f->nwatched) feed_timer(f, &f->resolve_timer, RESOLVE_AGAIN_MS, resolve_now);
	} else {
		install(f, a, deps, count);
		if (f->resolve_wanted || still_new(f)) feed_resolve(f);
	}
	arena_free(a);
}

static void resolve_now(void *arg)
{
	feed *f = arg;
	feed_timer_stop(&f->resolve_timer);
	if (f->resolve.busy || !f->nwatched) return;
	arena *a = feed_job_arena(&f->resolve);
	VEC(pg_oid) rels = {0};
	VEC(pg_oid) functions = {0};
	HTABLE_EACH(&f->watched, x)
	{
		const watched *w = (watched *)x;
		if (w->function) vec_push(a, &functions, w->oid);
		else vec_push(a, &rels, w->oid);
	}
	f->resolve_wanted = false;
	f->resolve.values[0] = feed_oid_array(a, rels.v, rels.n);
	f->resolve.values[1] = feed_oid_array(a, functions.v, functions.n);
	(void)feed_job_start(f, &f->resolve, PG_READ_ALONE, feed_depends_sql, 2, resolved);
}

void feed_resolve(feed *f)
{
	if (f->closing || !f->nwatched || !f->asked) return;
	f->resolve_wanted = true;
	if (f->resolve.busy || f->resolve_timer) return;
	/* What is new is looked up at once, with its neighbours of the same moment; all else can wait a little. */
	uint64_t since = feed_now(f) - f->resolved_ms;
	bool wait = f->resolved_ms && since < RESOLVE_GAP_MS && !still_new(f);
	feed_timer(f, &f->resolve_timer, wait ? RESOLVE_GAP_MS - since : RESOLVE_SOON_MS, resolve_now);
}

void feed_objects_free(feed *f)
{
	feed_job_cancel(&f->resolve);
	forget_bases(f);
	while (f->watched.n) {
		watched *w = (watched *)htable_any(&f->watched);
		htable_remove(&f->watched, &w->link);
		mem_free(w);
	}
	htable_free(&f->watched);
	f->nwatched = f->nunseen = 0;
}
