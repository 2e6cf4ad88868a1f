/* admin: the builder thread and its life. */
#include "admin/admin_in.h"
#include "admin/aside.h"
#include "base/clock.h"
#include "base/log.h"
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define MS UINT64_C(1000000)
#define SECOND UINT64_C(1000000000)

enum {
	PING_MS = 5000, /* without polling, for health checks */
	LISTEN_RETRY_S = 15,
	NOTHING_MS = 60000
};

/* A random UUID (version 4). */
static str new_uuid(arena *a)
{
	uint8_t b[16];
	if (getrandom(b, sizeof b, 0) != (ssize_t)sizeof b) mem_fail("no random bytes");
	b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
	b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
	buf out = {0};
	for (size_t i = 0; i < sizeof b; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10) buf_putc(&out, '-');
		buf_printf(&out, "%02x", b[i]);
	}
	str s = str_copy(a, buf_str(&out));
	buf_free(&out);
	return s;
}

/* ---- the start ---- */

static md_source *first_source(const admin_config *c)
{
	if (!c->database_url.n) return NULL;
	md_source_defaults d = c->source_defaults;
	d.url = STR_NULL;
	d.url_env = c->database_url_env;
	if (!c->database_url_env.n) d.url = c->database_url;
	return md_source_default(&d);
}

/* The document of a new catalog. */
static str first_document(arena *a, const admin_config *c)
{
	metadata *m = metadata_empty();
	md_source *s = first_source(c);
	if (s) {
		metadata *with = metadata_with_source(m, s);
		metadata_unref(m);
		md_source_unref(s);
		m = with;
	}
	buf b = {0};
	metadata_write(&b, m);
	str doc = str_copy(a, buf_str(&b));
	buf_free(&b);
	metadata_unref(m);
	return doc;
}

/* Hasura v2: --retries, one second apart. */
static bool init_store(admin *adm, error *err)
{
	store_outcome outcome;
	int from;
	str first = first_document(adm->a, &adm->config);
	for (int64_t attempt = 0;; attempt++) {
		if (metadata_store_init(adm->store, first, &outcome, &from, err)) return true;
		bool away = err->code == ERR_POSTGRES || err->code == ERR_POSTGRES_MAX_CONNECTIONS;
		if (!away || attempt >= adm->config.retries) return false;
		log_text(LOG_STARTUP, LOG_WARN, "retry", "the metadata database did not answer: %.*s",
			STR_ARG(err->message));
		nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
		error_init(err, err->a);
	}
}

static bool load(admin *adm, error *err)
{
	arena *a = arena_new(0);
	store_document doc;
	json *j;
	error own;
	error_init(&own, a);
	bool ok = metadata_store_load(adm->store, a, &doc, &own);
	if (ok && !doc.metadata.p) {
		adm->md = metadata_empty();
	} else if (ok) {
		ok = json_parse(a, doc.metadata, &j, &own) && metadata_parse(j, NULL, &adm->md, &own);
	}
	adm->version = ok ? doc.resource_version : 0;
	if (!ok) {
		(void)error_set(err, own.code, own.path, "%.*s", STR_ARG(own.message));
		err->internal = own.internal ? json_copy(err->a, own.internal) : NULL;
	}
	arena_free(a);
	return ok;
}

static void log_issues(const snapshot *s)
{
	if (!s->ninconsistencies) return;
	log_text(LOG_STARTUP, LOG_WARN, "inconsistent_metadata",
		"%zu objects of the metadata are inconsistent, the first: %.*s: %.*s", s->ninconsistencies,
		STR_ARG(s->inconsistencies[0].name), STR_ARG(s->inconsistencies[0].reason));
}

/* ---- the thread ---- */

static admin_request *take_request(mailbox *b)
{
	pthread_mutex_lock(&b->lock);
	admin_request *r = b->requests;
	if (r) {
		b->requests = r->next;
		if (!b->requests) b->requests_end = &b->requests;
	}
	pthread_mutex_unlock(&b->lock);
	return r;
}

/* Others may have stored something since the last poll. A store that is away says so when something is stored. */
static void look_around(admin *adm, arena *a)
{
	error ignored;
	error_init(&ignored, a);
	if (adm->config.sync_interval_ms && atomic_load(&adm->metadata_ok) && !admin_sync(adm, &ignored))
		adm->poll_ns = clock_mono_ns() + 2 * SECOND;
}

static void run_request(admin *adm, admin_request *r)
{
	if (dispatch_is_aside(r)) {
		aside_submit(adm->aside, r);
		return;
	}
	look_around(adm, r->a);
	candidate c;
	candidate_begin(&c, adm, r);
	r->ok = dispatch_run(&c, &r->err);
	if (r->ok && c.modifies) r->ok = candidate_commit(&c, &r->err);
	if (!r->ok) {
		buf_free(&r->out);
		r->out = (buf){0};
		links_keep(adm, adm->md);
		if (c.ran_sql) admin_rebuild(adm);
	}
	candidate_end(&c);
	r->done(r);
}

static void empty_eventfd(int fd)
{
	uint64_t n;
	while (read(fd, &n, sizeof n) > 0)
		;
}

static void log_sync_failure(admin *adm, bool was_ok, const error *err)
{
	if (was_ok)
		log_text(LOG_SCHEMA_SYNC, LOG_ERROR, "schema_sync", "metadata cannot be read: %.*s",
			STR_ARG(err->message));
	(void)adm;
}

static void poll_store(admin *adm, uint64_t now)
{
	uint64_t every = adm->config.sync_interval_ms ? adm->config.sync_interval_ms : PING_MS;
	adm->poll_ns = now + every * MS;
	arena *a = arena_new(0);
	error err;
	error_init(&err, a);
	bool was_ok = atomic_load(&adm->metadata_ok);
	if (adm->config.sync_interval_ms) {
		if (!admin_sync(adm, &err)) log_sync_failure(adm, was_ok, &err);
	} else {
		atomic_store(&adm->metadata_ok, metadata_store_ping(adm->store, &err));
	}
	if (!atomic_load(&adm->metadata_ok)) adm->poll_ns = now + 2 * SECOND;
	arena_free(a);
}

static void wait_fd(const admin *adm, int ms)
{
	struct pollfd p = {.fd = adm->box->fd, .events = POLLIN};
	(void)poll(&p, 1, ms);
}

/* Until a request, a reader, another instance's NOTIFY or the time. */
static void wait_work(admin *adm, uint64_t until, uint64_t now)
{
	int ms = until > now ? (int)((until - now) / MS + 1) : 0;
	if (ms > NOTHING_MS) ms = NOTHING_MS;
	if (!adm->config.sync_interval_ms || adm->listen_ns > now || !atomic_load(&adm->metadata_ok)) {
		wait_fd(adm, ms);
		return;
	}
	arena *a = arena_new(0);
	error err;
	error_init(&err, a);
	bool woken = false;
	if (!metadata_store_wait(adm->store, adm->instance_id, ms, adm->box->fd, &woken, &err)) {
		adm->listen_ns = clock_mono_ns() + LISTEN_RETRY_S * SECOND;
	} else if (woken) {
		adm->poll_ns = 0;
	}
	arena_free(a);
}

static void *run(void *arg)
{
	admin *adm = arg;
	while (!atomic_load(&adm->stop)) {
		empty_eventfd(adm->box->fd);
		admin_request *r;
		while (!atomic_load(&adm->stop) && (r = take_request(adm->box)))
			run_request(adm, r);
		if (atomic_load(&adm->stop)) break;
		if (links_collect(adm)) admin_rebuild(adm);
		uint64_t now = clock_mono_ns();
		uint64_t retry = links_tend(adm, now);
		if (now >= adm->poll_ns) poll_store(adm, now);
		uint64_t until = adm->poll_ns;
		if (retry && retry < until) until = retry;
		wait_work(adm, until, clock_mono_ns());
	}
	return NULL;
}

/* ---- life ---- */

static admin *admin_new(const admin_config *c)
{
	arena *a = arena_new(0);
	admin *adm = NEW(a, admin);
	adm->a = a;
	adm->config = *c;
	adm->instance_id = new_uuid(a);
	adm->box = mailbox_new();
	adm->aside = aside_new(adm);
	pthread_mutex_init(&adm->lock, NULL);
	adm->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	atomic_init(&adm->stop, false);
	atomic_init(&adm->metadata_ok, true);
	return adm;
}

static void admin_free(admin *adm)
{
	aside_free(adm->aside);
	pthread_mutex_lock(&adm->box->lock);
	adm->box->closed = true;
	pthread_mutex_unlock(&adm->box->lock);
	links_close(adm);
	metadata_store_close(adm->store);
	if (adm->snap) snapshot_unref(adm->snap);
	if (adm->md) metadata_unref(adm->md);
	mailbox_unref(adm->box);
	close(adm->stop_fd);
	pthread_mutex_destroy(&adm->lock);
	arena_free(adm->a);
}

static bool begin(admin *adm, error *err)
{
	if (!metadata_store_open(adm->config.metadata_url, &adm->store, err)) return false;
	if (!init_store(adm, err) || !load(adm, err)) return false;
	links_open(adm, adm->md);
	admin_rebuild(adm);
	log_issues(adm->snap);
	return true;
}

bool admin_start(arena *a, const admin_config *c, admin **out, error *err)
{
	(void)a;
	admin *adm = admin_new(c);
	bool ok = begin(adm, err);
	if (ok && pthread_create(&adm->thread, NULL, run, adm) != 0)
		ok = error_set(err, ERR_UNEXPECTED, STR(""), "the builder thread could not start");
	if (!ok) {
		admin_free(adm);
		return false;
	}
	adm->threaded = true;
	*out = adm;
	return true;
}

/* Requests that nobody will run any more. */
static void refuse_waiting(admin *adm)
{
	admin_request *r;
	while ((r = take_request(adm->box))) {
		r->ok = error_set(&r->err, ERR_UNEXPECTED, STR(""), "the server is stopping");
		r->done(r);
	}
}

void admin_stop(admin *adm)
{
	if (!adm) return;
	atomic_store(&adm->stop, true);
	uint64_t one = 1;
	if (write(adm->stop_fd, &one, sizeof one) < 0) mem_fail("eventfd cannot be written");
	mailbox_wake(adm->box);
	if (adm->threaded) pthread_join(adm->thread, NULL);
	refuse_waiting(adm);
	admin_free(adm);
}

void admin_submit(admin *adm, admin_request *r)
{
	r->next = NULL;
	r->ok = false;
	r->out = (buf){0};
	r->operation = STR_NULL;
	error_init(&r->err, r->a);
	pthread_mutex_lock(&adm->box->lock);
	*adm->box->requests_end = r;
	adm->box->requests_end = &r->next;
	pthread_mutex_unlock(&adm->box->lock);
	mailbox_wake(adm->box);
}

bool admin_metadata_ok(const admin *adm)
{
	return atomic_load(&adm->metadata_ok);
}

snapshot *admin_snapshot(admin *adm)
{
	pthread_mutex_lock(&adm->lock);
	snapshot *s = snapshot_ref(adm->snap);
	pthread_mutex_unlock(&adm->lock);
	return s;
}
