/* links: databases of sources: connected and read by threads of their own, so that a hung one holds up nobody else. */
#include "admin/admin_in.h"
#include "base/clock.h"
#include "base/log.h"
#include "catalog/read.h"
#include <errno.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define SECOND UINT64_C(1000000000)

enum {
	LINK_DEADLINE_S = 60, /* a whole catalog, thousands of partitions */
	LINK_PATIENCE_S = 15, /* a request or the start waits that long for new sources together */
	LINK_IDLE_S = 10,
	LINK_RETRY_MAX_S = 30
};

/* ---- the mailbox ---- */

mailbox *mailbox_new(void)
{
	mailbox *b = mem_alloc(sizeof(*b));
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&b->lock, NULL);
	pthread_cond_init(&b->reads_changed, &attr);
	pthread_condattr_destroy(&attr);
	b->refs = 1;
	b->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	b->requests_end = &b->requests;
	return b;
}

mailbox *mailbox_ref(mailbox *b)
{
	pthread_mutex_lock(&b->lock);
	b->refs++;
	pthread_mutex_unlock(&b->lock);
	return b;
}

static void read_free(link_read *r)
{
	pg_sync_close(r->pg);
	if (r->cat) catalog_unref(r->cat);
	arena_free(r->a);
}

void mailbox_unref(mailbox *b)
{
	pthread_mutex_lock(&b->lock);
	bool last = --b->refs == 0;
	pthread_mutex_unlock(&b->lock);
	if (!last) return;
	while (b->reads) {
		link_read *next = b->reads->next;
		read_free(b->reads);
		b->reads = next;
	}
	close(b->fd);
	pthread_cond_destroy(&b->reads_changed);
	pthread_mutex_destroy(&b->lock);
	mem_free(b);
}

void mailbox_wake(mailbox *b)
{
	uint64_t one = 1;
	/* Full means that it is readable already. */
	if (write(b->fd, &one, sizeof(one)) < 0 && errno != EAGAIN) mem_fail("eventfd cannot be written");
}

/* ---- reading, on a thread ---- */

typedef struct read_job {
	mailbox *box;
	uint64_t link;
	pg_params *params;
	catalog *previous;
} read_job;

static link_read *read_now(const read_job *j)
{
	arena *a = arena_new(0);
	link_read *r = NEW(a, link_read);
	r->a = a;
	r->link = j->link;
	error_init(&r->err, a);
	r->pg = pg_sync_connect(j->params, 0, &r->err);
	if (!r->pg) return r;
	pg_sync_set_deadline(r->pg, clock_mono_ns() + LINK_DEADLINE_S * SECOND);
	if (!catalog_read(r->pg, j->previous, NULL, 0, &r->cat, &r->err)) {
		pg_sync_close(r->pg);
		r->pg = NULL;
	}
	return r;
}

static void *read_thread(void *arg)
{
	read_job *j = arg;
	link_read *r = read_now(j);
	pthread_mutex_lock(&j->box->lock);
	bool wanted = !j->box->closed;
	if (wanted) {
		r->next = j->box->reads;
		j->box->reads = r;
		pthread_cond_broadcast(&j->box->reads_changed);
	}
	pthread_mutex_unlock(&j->box->lock);
	if (wanted) mailbox_wake(j->box);
	else read_free(r);
	mailbox_unref(j->box);
	pg_params_unref(j->params);
	if (j->previous) catalog_unref(j->previous);
	mem_free(j);
	return NULL;
}

static void start_reading(admin *adm, db_link *l)
{
	if (l->reading || !l->params) return;
	read_job *j = mem_alloc(sizeof(*j));
	j->box = mailbox_ref(adm->box);
	j->link = l->id;
	j->params = pg_params_ref(l->params);
	j->previous = l->cat ? catalog_ref(l->cat) : NULL;
	l->reading = true;
	l->retry_ns = 0;
	pthread_t thread;
	pthread_attr_t attr;
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	if (pthread_create(&thread, &attr, read_thread, j) != 0) read_thread(j); /* no thread: here and now */
	pthread_attr_destroy(&attr);
}

/* ---- links ---- */

static json *own_words(arena *a, const char *text)
{
	return json_new_str(a, str_from(text));
}

static void set_why(db_link *l, const error *err)
{
	if (l->why_a) arena_free(l->why_a);
	l->why_a = arena_new(0);
	l->why = str_copy(l->why_a, err->message);
	l->internal = err->internal ? json_copy(l->why_a, err->internal) : NULL;
}

str link_key(arena *a, const md_source *s)
{
	return str_cat(a, 3, s->kind, STR(" "), json_to_str(a, s->configuration));
}

static pg_params *params_of(admin *adm, const md_source *s, error *err)
{
	arena *a = arena_new(0);
	md_connection c;
	pg_params *p = NULL;
	if (md_source_connection(a, s, &adm->config.env, &c, err)) {
		pg_params_spec spec;
		pg_params_spec_init(&spec);
		md_connection_spec(&c, &spec);
		p = pg_params_new(&spec, err);
	}
	arena_free(a);
	return p;
}

static db_link *link_new(admin *adm, const md_source *s, str key)
{
	arena *a = arena_new(0);
	db_link *l = NEW(a, db_link);
	l->a = a;
	l->key = str_copy(a, key);
	l->ids = &adm->next_link;
	l->id = l->connection = ++*l->ids;
	arena *scratch = arena_new(0);
	error err;
	error_init(&err, scratch);
	l->params = params_of(adm, s, &err);
	if (!l->params) {
		set_why(l, &err);
	} else {
		error_init(&err, scratch);
		(void)error_set(&err, ERR_UNEXPECTED, STR(""), "connection error");
		err.internal = own_words(scratch, "the source's database has not answered yet");
		set_why(l, &err);
	}
	arena_free(scratch);
	vec_push(adm->a, &adm->links, l);
	return l;
}

static void link_free(db_link *l)
{
	pg_sync_close(l->pg);
	if (l->cat) catalog_unref(l->cat);
	pg_params_unref(l->params);
	if (l->why_a) arena_free(l->why_a);
	if (l->enums_a) arena_free(l->enums_a);
	arena_free(l->a);
}

static db_link *find_key(const admin *adm, str key)
{
	for (size_t i = 0; i < adm->links.n; i++)
		if (str_eq(adm->links.v[i]->key, key)) return adm->links.v[i];
	return NULL;
}

static db_link *find_id(const admin *adm, uint64_t id)
{
	for (size_t i = 0; i < adm->links.n; i++)
		if (adm->links.v[i]->id == id) return adm->links.v[i];
	return NULL;
}

void link_set_catalog(db_link *l, catalog *cat)
{
	/* The statements become others, and need connections that speak the way they take it. */
	if (l->cat && cat && l->cat->iso_dates != cat->iso_dates) l->connection = ++*l->ids;
	if (l->cat) catalog_unref(l->cat);
	l->cat = cat;
}

void link_forget_enums(db_link *l)
{
	if (l->enums_a) arena_free(l->enums_a);
	l->enums_a = NULL;
	l->enums = (map){0};
}

void link_hang_up(db_link *l)
{
	pg_sync_close(l->pg);
	l->pg = NULL;
}

/* Takes over what r has. True when the catalog changed hands. */
static bool take_in(db_link *l, link_read *r)
{
	l->reading = false;
	if (r->cat) {
		link_set_catalog(l, r->cat);
		r->cat = NULL;
		link_hang_up(l);
		l->pg = r->pg;
		l->pg_used_ns = clock_mono_ns();
		r->pg = NULL;
		l->tries = 0;
		l->retry_ns = 0;
		link_forget_enums(l);
		return true;
	}
	bool known = l->tries > 0;
	set_why(l, &r->err);
	unsigned wait = l->tries >= 5 ? LINK_RETRY_MAX_S : 1U << l->tries;
	l->tries++;
	l->retry_ns = clock_mono_ns() + wait * SECOND;
	if (!known)
		log_text(LOG_METADATA, LOG_WARN, "source", "a source's database cannot be read: %.*s", STR_ARG(l->why));
	return false;
}

bool links_collect(admin *adm)
{
	pthread_mutex_lock(&adm->box->lock);
	link_read *r = adm->box->reads;
	adm->box->reads = NULL;
	pthread_mutex_unlock(&adm->box->lock);
	bool changed = false;
	while (r) {
		link_read *next = r->next;
		db_link *l = find_id(adm, r->link);
		if (l) changed |= take_in(l, r);
		read_free(r);
		r = next;
	}
	return changed;
}

static bool any_reading(const admin *adm)
{
	for (size_t i = 0; i < adm->links.n; i++)
		if (adm->links.v[i]->reading) return true;
	return false;
}

/* Waits for the reads under way, all of them or as many as are done in time. */
static void wait_reads(admin *adm)
{
	uint64_t until = clock_mono_ns() + LINK_PATIENCE_S * SECOND;
	struct timespec ts = {.tv_sec = (time_t)(until / SECOND), .tv_nsec = (long)(until % SECOND)};
	while (any_reading(adm)) {
		pthread_mutex_lock(&adm->box->lock);
		int rc = 0;
		while (!adm->box->reads && rc != ETIMEDOUT)
			rc = pthread_cond_timedwait(&adm->box->reads_changed, &adm->box->lock, &ts);
		pthread_mutex_unlock(&adm->box->lock);
		(void)links_collect(adm);
		if (rc == ETIMEDOUT) return;
	}
}

/* Asks for a source's link without waiting. */
static db_link *link_ask(admin *adm, const md_source *s)
{
	arena *scratch = arena_new(0);
	str key = link_key(scratch, s);
	db_link *l = find_key(adm, key);
	if (!l) {
		l = link_new(adm, s, key);
		start_reading(adm, l);
	}
	arena_free(scratch);
	return l;
}

db_link *link_of(admin *adm, const md_source *s)
{
	size_t before = adm->links.n;
	db_link *l = link_ask(adm, s);
	if (adm->links.n != before && l->reading) wait_reads(adm);
	return l;
}

void links_open(admin *adm, const metadata *m)
{
	for (size_t i = 0; i < m->sources.n; i++)
		(void)link_ask(adm, m->sources.items[i].value);
	wait_reads(adm);
}

void link_reload(admin *adm, db_link *l)
{
	link_hang_up(l);
	link_forget_enums(l);
	start_reading(adm, l);
	wait_reads(adm);
}

void links_keep(admin *adm, const metadata *m)
{
	arena *scratch = arena_new(0);
	map wanted = {0};
	for (size_t i = 0; i < m->sources.n; i++)
		map_put(scratch, &wanted, link_key(scratch, m->sources.items[i].value), adm);
	size_t kept = 0;
	for (size_t i = 0; i < adm->links.n; i++) {
		db_link *l = adm->links.v[i];
		if (map_has(&wanted, l->key)) adm->links.v[kept++] = l;
		else link_free(l);
	}
	adm->links.n = kept;
	arena_free(scratch);
}

pg_sync *link_connect(db_link *l, error *err)
{
	if (l->pg && !pg_sync_alive(l->pg)) link_hang_up(l);
	if (!l->params) {
		(void)error_set(err, ERR_POSTGRES, STR(""), "%.*s", STR_ARG(l->why));
		err->internal = l->internal;
		return NULL;
	}
	if (!l->pg) l->pg = pg_sync_connect(l->params, 0, err);
	if (!l->pg) return NULL;
	l->pg_used_ns = clock_mono_ns();
	pg_sync_set_deadline(l->pg, l->pg_used_ns + LINK_DEADLINE_S * SECOND);
	return l->pg;
}

bool link_refresh(db_link *l, const qname *only, size_t n, error *err)
{
	for (int attempt = 0;; attempt++) {
		bool old = l->pg != NULL;
		pg_sync *pg = link_connect(l, err);
		if (!pg) return false;
		catalog *cat;
		if (catalog_read(pg, l->cat, only, n, &cat, err)) {
			link_set_catalog(l, cat);
			return true;
		}
		/* A connection that died while it lay idle is no reason to fail. */
		if (!old || attempt || pg_sync_alive(pg)) return false;
		link_hang_up(l);
	}
}

uint64_t links_tend(admin *adm, uint64_t now_ns)
{
	uint64_t next = 0;
	for (size_t i = 0; i < adm->links.n; i++) {
		db_link *l = adm->links.v[i];
		if (l->pg && now_ns - l->pg_used_ns > LINK_IDLE_S * SECOND) link_hang_up(l);
		uint64_t at = l->pg ? l->pg_used_ns + (LINK_IDLE_S + 1) * SECOND : 0;
		if (l->retry_ns && l->retry_ns <= now_ns) start_reading(adm, l);
		if (l->retry_ns) at = l->retry_ns;
		if (at && (!next || at < next)) next = at;
	}
	return next;
}

void links_close(admin *adm)
{
	for (size_t i = 0; i < adm->links.n; i++)
		link_free(adm->links.v[i]);
	adm->links.n = 0;
}
