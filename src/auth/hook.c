#include "auth/hook.h"
#include "auth/lifetime.h"
#include "auth/make.h"
#include "base/clock.h"
#include "base/jsonpath.h"
#include "base/log.h"

enum { LOGGED_MAX = 1024, COOKIES_MAX = 64 };

/* ---- the call ---- */

/* Not passed on by GET. Hasura v2: Authentication/Headers.hs; behind the line what belongs to the client's connection
 * alone (RFC 9110 §7.6.1) and would break ours. */
static const char *const not_passed[] = {"Content-Length", "Content-MD5", "User-Agent", "Host", "Origin", "Referer",
	"Accept", "Accept-Encoding", "Accept-Language", "Accept-Datetime", "Cache-Control", "Connection", "DNT",
	"Content-Type",
	/* - */
	"Transfer-Encoding", "Upgrade", "Keep-Alive", "TE", "Trailer", "Expect", "HTTP2-Settings", "Proxy-Connection",
	"Proxy-Authorization", "Sec-WebSocket-Key", "Sec-WebSocket-Version", "Sec-WebSocket-Extensions",
	"Sec-WebSocket-Protocol", "X-Hasura-Admin-Secret", "X-Hasura-Access-Key"};

bool hook_passes_on(str name)
{
	for (size_t i = 0; i < sizeof not_passed / sizeof *not_passed; i++)
		if (str_eq_nocase(name, str_from(not_passed[i]))) return false;
	return true;
}

/* {operationName, query, variables} of one request, or NULL when it is none. */
static json *graphql_request(arena *a, const json *body)
{
	static const char *const keys[] = {"operationName", "query", "variables"};
	json *o = json_new_object(a);
	if (!json_is(json_getz(body, "query"), JSON_STRING)) return NULL;
	for (size_t i = 0; i < 3; i++) {
		const json *value = json_getz(body, keys[i]);
		if (!json_is_null(value)) json_setz(o, keys[i], json_copy(a, value));
	}
	return o;
}

static json *request_json(arena *a, const json *body)
{
	json *one = NULL, *list;
	if (!json_is(body, JSON_ARRAY)) {
		one = graphql_request(a, body);
		return one ? one : json_new_null(a);
	}
	list = json_new_array(a);
	JSON_EACH (j, body) {
		one = graphql_request(a, j);
		if (!one) return json_new_null(a);
		json_push(list, one);
	}
	return list;
}

static str post_body(const hook_config *h, arena *a, const auth_request *r)
{
	json *o = json_new_object(a), *headers = json_new_object(a);
	for (size_t i = 0; i < r->nheaders; i++)
		if (str_is_utf8(r->headers[i].value))
			json_set(headers, r->headers[i].name, json_new_str(a, r->headers[i].value));
	json_setz(o, "headers", headers);
	if (h->send_body) json_setz(o, "request", request_json(a, r->graphql));
	return json_to_str(a, o);
}

void hook_call(const hook_config *h, arena *a, const auth_request *r, http_call_options *out)
{
	str_pair *headers = NEW_ARRAY(a, str_pair, r->nheaders + 2);
	size_t n = 0;
	headers[n++] = (str_pair){STR("Content-Type"), STR("application/json")};
	headers[n++] = (str_pair){STR("User-Agent"), h->agent};
	for (size_t i = 0; !h->post && i < r->nheaders; i++)
		if (hook_passes_on(r->headers[i].name)) headers[n++] = r->headers[i];
	*out = (http_call_options){.method = h->post ? "POST" : "GET",
		.url = h->url,
		.headers = headers,
		.nheaders = n,
		.body = h->post ? post_body(h, a, r) : STR_NULL,
		.timeout_ms = h->timeout_ms ? h->timeout_ms : HOOK_TIMEOUT_MS,
		.max_body = HOOK_BODY_MAX};
}

/* ---- log. Hasura v2: Server/Logging.hs WebHookLog ---- */

static void log_call(const hook_config *h, auth_request *r, log_level level, const http_call_result *answer,
	const char *problem, str message)
{
	if (!log_enabled(LOG_WEBHOOK, level)) return;
	arena *a = r->a;
	bool shown = level != LOG_INFO && answer && answer->failure == HTTP_CALL_OK;
	str response = shown ? str_sub(answer->body, 0, LOGGED_MAX) : STR_NULL;
	json *o = json_new_object(a);
	json_setz(o, "status_code", answer && answer->status ? json_new_i64(a, answer->status) : json_new_null(a));
	json_setz(o, "url", json_new_str(a, h->url));
	json_setz(o, "method", json_new_str(a, h->post ? STR("POST") : STR("GET")));
	json_setz(o, "http_error", problem ? json_new_str(a, str_from(problem)) : json_new_null(a));
	json_setz(o, "response", shown && str_is_utf8(response) ? json_new_str(a, response) : json_new_null(a));
	json_setz(o, "message", message.n ? json_new_str(a, message) : json_new_null(a));
	log_json(LOG_WEBHOOK, level, o);
}

/* ---- the answer ---- */

static bool broken(error *err, const char *why)
{
	error_set(err, ERR_UNEXPECTED, STR_NULL, "Invalid response from authorization hook: %s", why);
	return false;
}

static bool parse_answer(arena *a, str body, json **out, error *err)
{
	error why;
	str copy = str_copy(a, body);
	error_init(&why, a);
	if (!json_parse(a, copy, out, &why))
		return broken(err, str_z(a, str_cat(a, 2, STR("Error in $: "), why.message)));
	if ((*out)->kind != JSON_OBJECT) {
		return broken(err,
			str_z(a,
				str_printf(a,
					"Error in $: parsing HashMap ~Text failed, expected Object, but "
					"encountered %s",
					json_kind_name(*out))));
	}
	JSON_EACH (j, *out) {
		str path = jsonpath_key(a, STR("$"), j->key);
		if (!json_is(j, JSON_STRING)) {
			return broken(err,
				str_z(a,
					str_printf(a,
						"Error in %.*s: parsing Text failed, expected String, but "
						"encountered %s",
						STR_ARG(path), json_kind_name(j))));
		}
		/* PostgreSQL has no U+0000 in a text; nothing may be cut off there. */
		if (str_find_char(j->text, '\0') != SIZE_MAX)
			return broken(err,
				str_z(a,
					str_printf(a, "Error in %.*s: the character U+0000 is not allowed",
						STR_ARG(path))));
	}
	return true;
}

/* Cache-Control before Expires, each only if it can be read; the keys in exactly this case, as in Hasura. */
static uint64_t expires_of(
	const hook_config *h, auth_request *r, const http_call_result *answer, const json *o, uint64_t wall_ms)
{
	const json *cc = json_getz(o, "Cache-Control"), *expires = json_getz(o, "Expires");
	cache_control c;
	uint64_t at;
	if (cc && cache_control_parse(cc->text, &c) && c.has_max_age)
		return c.max_age > (UINT64_MAX - wall_ms) / 1000 ? 0 : wall_ms + c.max_age * 1000;
	if (cc) log_call(h, r, LOG_WARN, answer, NULL, STR("could not parse max-age/s-maxage value"));
	if (expires && expires_parse(expires->text, &at)) return at;
	if (expires) log_call(h, r, LOG_WARN, answer, NULL, STR("Value of Expires header is not a valid timestamp"));
	return 0;
}

static void copy_cookies(arena *a, const http_call_result *answer, session *s)
{
	s->set_cookies = NEW_ARRAY(a, str, COOKIES_MAX);
	for (size_t i = 0; i < answer->nheaders && s->nset_cookies < COOKIES_MAX; i++)
		if (str_eq_nocase(answer->headers[i].name, STR("Set-Cookie")))
			s->set_cookies[s->nset_cookies++] = str_copy(a, answer->headers[i].value);
}

static bool check_status(const http_call_result *answer, error *err)
{
	if (answer->failure != HTTP_CALL_OK)
		return error_set(err, ERR_UNEXPECTED, STR_NULL, "webhook authentication request failed");
	if (answer->status == 200) return true;
	if (answer->status != 401)
		return error_set(err, ERR_UNEXPECTED, STR_NULL, "Invalid response from authorization hook");
	error_set(err, ERR_ACCESS_DENIED, STR_NULL, "Authentication hook unauthorized this request");
	err->status = 401;
	return false;
}

/* For who asks why: what the client is not told. */
static void say_answer(auth_request *r, const http_call_result *answer)
{
	str body = str_sub(answer->body, 0, LOGGED_MAX);
	if (!r->steps) return;
	if (answer->failure != HTTP_CALL_OK)
		auth_step(r, "hook answered", false, "no answer: %s", answer->why ? answer->why : "");
	else
		auth_step(r, "hook answered", answer->status == 200, "HTTP %d: %.*s", answer->status,
			STR_ARG(str_is_utf8(body) ? body : STR("(no text)")));
}

bool hook_read_answer(const hook_config *h, auth_request *r, const http_call_result *answer, uint64_t wall_ms,
	session **out, error *err)
{
	session_parts p = {.a = r->a};
	json *o;
	say_answer(r, answer);
	if (!check_status(answer, err) || !parse_answer(r->a, answer->body, &o, err)) {
		log_call(h, r, LOG_ERROR, answer, answer->why, STR_NULL);
		return auth_step_failed(r, "hook", err);
	}
	JSON_EACH (j, o)
		session_parts_add(&p, j->key, j->text);
	if (!session_parts_close(&p, err)) {
		error_set(
			err, ERR_UNEXPECTED, STR_NULL, "Invalid response from authorization hook: a name occurs twice");
		return auth_step_failed(r, "hook", err);
	}
	str role = session_parts_role(&p);
	if (!role.n) {
		error_set(err, ERR_INVALID_PARAMS, STR_NULL, "\"x-hasura-role\" not found in session variables");
		return auth_step_failed(r, "hook", err);
	}
	log_call(h, r, LOG_INFO, answer, NULL, STR_NULL);
	session *s = session_parts_make(&p, role);
	s->expires_ms = expires_of(h, r, answer, o, wall_ms);
	copy_cookies(r->a, answer, s);
	auth_step(r, "hook", true, "answered 200 with the role %.*s and %zu variables", STR_ARG(role), s->nvars);
	*out = s;
	return true;
}

static void finish(auth_request *r, const hook_config *h, const http_call_result *answer)
{
	error err;
	session *s = NULL;
	error_init(&err, r->a);
	bool ok = hook_read_answer(h, r, answer, clock_wall_ms(), &s, &err);
	r->done(r, ok ? s : NULL, ok ? NULL : &err);
}

typedef struct hook_state {
	const hook_config *h;
	auth_request *r;
} hook_state;

static void answered(const http_call_result *answer, void *data)
{
	hook_state *s = data;
	s->r->call = NULL;
	finish(s->r, s->h, answer);
}

void hook_ask(const hook_config *h, http_client *c, auth_request *r)
{
	http_call_options o;
	const char *why = NULL;
	hook_state *s = NEW(r->a, hook_state);
	*s = (hook_state){h, r};
	hook_call(h, r->a, r, &o);
	o.done = answered;
	o.data = s;
	auth_step(r, "hook asked", true, "%s %.*s", o.method, STR_ARG(h->url));
	r->call = http_client_start(c, &o, &why);
	if (r->call) return;
	http_call_result refused = {.failure = HTTP_CALL_BROKEN, .why = why};
	finish(r, h, &refused);
}
