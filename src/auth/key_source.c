#include "auth/key_source.h"
#include "auth/lifetime.h"
#include "base/clock.h"
#include "base/log.h"
#include <openssl/sha.h>
#include <stdatomic.h>

enum { TRIES = 6, FIRST_WAIT_MS = 200, BODY_MAX = 1 << 20, FETCH_MS = 15000, REDIRECTS = 5 };

struct key_source {
	arena *a;
	str url, agent;
	uv_mutex_t lock; /* of current */
	key_set *current;
	atomic_uint *generation;
	atomic_bool asked; /* an unknown key was seen since the last fetch */
	/* the fetching worker's */
	uint64_t refresh_ms; /* monotonic: when the set is old */
	uint64_t fetched_ms;
	http_call *call;
	unsigned char digest[SHA256_DIGEST_LENGTH]; /* of the text of current */
};

static uint64_t now_ms(void)
{
	return clock_mono_ns() / 1000000;
}

bool key_lifetime(str cache_control_text, str expires, uint64_t wall_ms, uint64_t *ms)
{
	cache_control cc;
	uint64_t at;
	if (cache_control_text.p) {
		if (!cache_control_parse(cache_control_text, &cc)) return false;
		uint64_t age = cc.max_age > UINT64_MAX / 1000 ? UINT64_MAX : cc.max_age * 1000;
		if (cc.must_revalidate || !(cc.no_cache || cc.no_store)) {
			*ms = cc.has_max_age ? age : 0;
			if (cc.has_max_age || cc.must_revalidate) return true;
		} else {
			*ms = 0;
			return true;
		}
	}
	if (!expires.p || !expires_parse(expires, &at)) return false;
	*ms = at > wall_ms ? at - wall_ms : 0;
	return true;
}

/* ---- log: Hasura v2: Server/Auth/JWT/Logging.hs ---- */

static void log_line(arena *a, log_level level, str message, str problem)
{
	if (!log_enabled(LOG_JWK_REFRESH, level)) return;
	json *o = json_new_object(a), *e = json_new_null(a);
	json_setz(o, "message", message.n ? json_new_str(a, message) : json_new_null(a));
	if (problem.n) {
		e = json_new_object(a);
		json_setz(e, "message", json_new_str(a, problem));
	}
	json_setz(o, "error", e);
	log_json(LOG_JWK_REFRESH, level, o);
}

/* ---- an answer ---- */

static bool read_answer(arena *a, key_source *s, const http_call_result *r, key_set **set, error *err)
{
	if (r->failure != HTTP_CALL_OK)
		return error_set(
			err, ERR_INVALID_CONFIGURATION, STR_NULL, "Error fetching JWK: %s", r->why ? r->why : "");
	if (r->status < 200 || r->status > 299) {
		return error_set(err, ERR_INVALID_CONFIGURATION, STR_NULL,
			"Non-2xx response on fetching JWK from: %.*s", STR_ARG(s->url));
	}
	if (key_set_from_json(a, r->body, set, err)) return true;
	err->message =
		str_printf(err->a, "Error parsing JWK from url: %.*s: %.*s", STR_ARG(s->url), STR_ARG(err->message));
	err->code = ERR_INVALID_CONFIGURATION;
	return false;
}

static void schedule(key_source *s, const http_call_result *r)
{
	uint64_t ms;
	str cc = http_call_header(r, STR("Cache-Control")), expires = http_call_header(r, STR("Expires"));
	if (!key_lifetime(cc, expires, clock_wall_ms(), &ms) || ms > KEY_REFRESH_MAX_MS) ms = KEY_REFRESH_MAX_MS;
	if (ms < KEY_REFRESH_MIN_MS) ms = KEY_REFRESH_MIN_MS;
	s->refresh_ms = now_ms() + ms;
}

/* The same text again changes nothing: verified tokens stay known. */
static void publish(key_source *s, key_set *set, str text)
{
	unsigned char digest[SHA256_DIGEST_LENGTH];
	SHA256((const unsigned char *)text.p, text.n, digest);
	if (s->current && memcmp(digest, s->digest, sizeof digest) == 0) {
		key_set_unref(set);
		return;
	}
	memcpy(s->digest, digest, sizeof digest);
	uv_mutex_lock(&s->lock);
	key_set *old = s->current;
	s->current = set;
	atomic_fetch_add_explicit(s->generation, 1, memory_order_release);
	uv_mutex_unlock(&s->lock);
	key_set_unref(old);
}

static bool take_answer(key_source *s, const http_call_result *r, error *err)
{
	arena *scratch = arena_new(0);
	key_set *set = NULL;
	bool ok = read_answer(scratch, s, r, &set, err);
	s->fetched_ms = now_ms();
	if (ok) {
		publish(s, set, r->body);
		schedule(s, r);
	} else {
		s->refresh_ms = s->fetched_ms + KEY_RETRY_MS;
		log_line(scratch, LOG_ERROR, STR_NULL, err->message);
	}
	arena_free(scratch);
	return ok;
}

/* ---- fetching ---- */

static void fetch_options(key_source *s, arena *a, http_call_options *o)
{
	str_pair *h = NEW_ARRAY(a, str_pair, 2);
	h[0] = (str_pair){STR("Content-Type"), STR("application/json")};
	h[1] = (str_pair){STR("User-Agent"), s->agent};
	*o = (http_call_options){.method = "GET",
		.url = s->url,
		.headers = h,
		.nheaders = 2,
		.timeout_ms = FETCH_MS,
		.max_body = BODY_MAX,
		.redirects = REDIRECTS};
	log_line(a, LOG_INFO, str_cat(a, 2, STR("Refreshing JWK from endpoint: "), s->url), STR_NULL);
}

static void fetched(const http_call_result *r, void *data)
{
	key_source *s = data;
	arena *a = arena_new(0);
	error err;
	error_init(&err, a);
	s->call = NULL;
	bool ok = take_answer(s, r, &err);
	(void)ok; /* said in the log; the old keys stay */
	arena_free(a);
}

void key_source_tick(key_source *s, http_client *c)
{
	uint64_t now = now_ms();
	bool unknown = atomic_load_explicit(&s->asked, memory_order_relaxed) && now >= s->fetched_ms + KEY_UNKNOWN_MS;
	if (s->call || (now < s->refresh_ms && !unknown)) return;
	arena *a = arena_new(0);
	http_call_options o;
	const char *why;
	fetch_options(s, a, &o);
	o.done = fetched;
	o.data = s;
	atomic_store_explicit(&s->asked, false, memory_order_relaxed);
	s->call = http_client_start(c, &o, &why);
	if (!s->call) s->refresh_ms = now + KEY_RETRY_MS;
	arena_free(a);
}

void key_source_cancel(key_source *s)
{
	if (s->call) http_call_cancel(s->call);
	s->call = NULL;
}

void key_source_ask(key_source *s)
{
	atomic_store_explicit(&s->asked, true, memory_order_relaxed);
}

key_set *key_source_keys(key_source *s)
{
	uv_mutex_lock(&s->lock);
	key_set *found = key_set_ref(s->current);
	uv_mutex_unlock(&s->lock);
	return found;
}

/* ---- life ---- */

static bool fetch_first(key_source *s, error *err)
{
	unsigned wait = FIRST_WAIT_MS;
	for (unsigned i = 0; i < TRIES; i++, wait *= 2) {
		arena *a = arena_new(0);
		http_call_options o;
		http_call_result r;
		fetch_options(s, a, &o);
		http_call_wait(a, &o, &r);
		bool ok = take_answer(s, &r, err), may_heal = r.failure != HTTP_CALL_OK || r.status >= 500;
		arena_free(a);
		if (ok) return true;
		if (!may_heal) return false;
		if (i + 1 < TRIES) uv_sleep(wait);
	}
	return false;
}

bool key_source_new(str url, str version, _Atomic unsigned *generation, key_source **out, error *err)
{
	key_source *s = mem_alloc(sizeof *s);
	s->a = arena_new(256);
	s->url = str_copy(s->a, url);
	s->agent = str_cat(s->a, 2, STR("hasura-graphql-engine/"), version);
	s->generation = generation;
	if (uv_mutex_init(&s->lock)) mem_fail("no mutex");
	if (!fetch_first(s, err)) {
		key_source_free(s);
		return false;
	}
	*out = s;
	return true;
}

void key_source_free(key_source *s)
{
	if (!s) return;
	key_set_unref(s->current);
	uv_mutex_destroy(&s->lock);
	arena_free(s->a);
	mem_free(s);
}
