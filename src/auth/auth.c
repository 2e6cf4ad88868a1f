#include "auth/auth.h"
#include "auth/hook.h"
#include "auth/jwt.h"
#include "auth/make.h"
#include "auth/secret.h"
#include "base/clock.h"
#include "base/log.h"

typedef enum auth_mode { MODE_NONE, MODE_SECRET, MODE_HOOK, MODE_JWT } auth_mode;

struct auth {
	arena *a;
	auth_mode mode;
	admin_secrets secrets;
	str unauthorized_role; /* empty: none */
	bool drops_variables;
	hook_config hook;
	jwt *jwt;
};

struct auth_worker {
	auth *auth;
	http_client *client; /* of the hook */
	jwt_worker *jwt;
	uint64_t refused; /* requests with a wrong admin secret */
	uint64_t told_ns; /* when the log was last told so */
};

#define TELL_EVERY_NS UINT64_C(60000000000)

/* ---- settings. Hasura v2: Server/Auth.hs setupAuthMode ---- */

#define NEEDS_SECRET                                                 \
	" requires --admin-secret (HASURA_GRAPHQL_ADMIN_SECRET) or " \
	" --access-key (HASURA_GRAPHQL_ACCESS_KEY) to be set"

static bool fatal(error *err, const char *what)
{
	return error_set(err, ERR_INVALID_CONFIGURATION, STR_NULL, "%s", what);
}

static bool check_config(const auth_config *c, error *err)
{
	bool jwt_mode = c->jwt_secret.n || c->jwt_secrets.n, hook = c->hook_url.n > 0, secret = c->nsecrets > 0;
	for (size_t i = 0; i < c->nsecrets; i++)
		if (!c->secrets[i].n)
			return fatal(err, "Fatal Error: an admin secret is empty: leave it out or write one");
	if (c->unauthorized_role.n && (hook || !secret)) {
		return fatal(err,
			"Fatal Error: --unauthorized-role (HASURA_GRAPHQL_UNAUTHORIZED_ROLE)" NEEDS_SECRET
			" and is not allowed when --auth-hook (HASURA_GRAPHQL_AUTH_HOOK) is set");
	}
	if (hook && jwt_mode)
		return fatal(err, "Fatal Error: Both webhook and JWT mode cannot be enabled at the same time");
	if (hook && !secret) return fatal(err, "Fatal Error : --auth-hook (HASURA_GRAPHQL_AUTH_HOOK)" NEEDS_SECRET);
	if (jwt_mode && !secret)
		return fatal(err, "Fatal Error : --jwt-secret (HASURA_GRAPHQL_JWT_SECRET)" NEEDS_SECRET);
	if (hook && !str_starts_nocase(c->hook_url, STR("http://")) &&
		!str_starts_nocase(c->hook_url, STR("https://"))) {
		return fatal(err,
			"Fatal Error: --auth-hook (HASURA_GRAPHQL_AUTH_HOOK): write a URL that begins with http:// or "
			"https://");
	}
	return true;
}

bool auth_new(const auth_config *c, auth **out, error *err)
{
	if (!check_config(c, err)) return false;
	jwt *tokens;
	if (!jwt_new(c, &tokens, err)) return false;
	auth *a = mem_alloc(sizeof *a);
	a->a = arena_new(512);
	a->jwt = tokens;
	a->mode = tokens ? MODE_JWT : c->hook_url.n ? MODE_HOOK : c->nsecrets ? MODE_SECRET : MODE_NONE;
	admin_secrets_set(&a->secrets, a->a, c->secrets, c->nsecrets);
	a->unauthorized_role = str_copy(a->a, c->unauthorized_role);
	a->drops_variables = c->unauthorized_drops_variables;
	a->hook = (hook_config){.url = str_copy(a->a, c->hook_url),
		.post = c->hook_post,
		.send_body = c->hook_send_body,
		.timeout_ms = c->hook_timeout_ms,
		.agent = str_cat(a->a, 2, STR("hasura-graphql-engine/"), c->version)};
	*out = a;
	return true;
}

void auth_free(auth *a)
{
	if (!a) return;
	jwt_free(a->jwt);
	admin_secrets_wipe(&a->secrets);
	arena_free(a->a);
	mem_free(a);
}

auth_worker *auth_worker_new(auth *a, uv_loop_t *loop, unsigned index)
{
	static const http_client_limits limits = {HOOK_RUNNING, HOOK_WAITING};
	auth_worker *w = mem_alloc(sizeof *w);
	w->auth = a;
	if (a->mode == MODE_HOOK) w->client = http_client_new(loop, &limits);
	if (a->mode == MODE_JWT) w->jwt = jwt_worker_new(a->jwt, loop, index == 0);
	return w;
}

void auth_worker_free(auth_worker *w)
{
	if (!w) return;
	http_client_close(w->client);
	jwt_worker_free(w->jwt);
	mem_free(w);
}

/* ---- who asks ---- */

/* With the right secret, or when none is configured: the headers say the role; without one it is admin. */
static bool as_admin(auth_request *r, session **out, error *err)
{
	session_parts p = {.a = r->a};
	if (!session_parts_headers(&p, r, err)) return auth_step_failed(r, "session variables", err);
	str role = session_parts_role(&p);
	session *s = session_parts_make(&p, role.n ? role : STR("admin"));
	s->admin_secret = true;
	if (!session_read_backend(s, err)) return auth_step_failed(r, "backend only permissions", err);
	auth_step(r, "role", true,
		role.n ? "%.*s, from the header x-hasura-role" : "%.*s, without the header x-hasura-role",
		STR_ARG(s->role));
	*out = s;
	return true;
}

/* The role of whoever brings no credentials. Hasura v2 takes the client's x-hasura-* headers as session variables; a
 * setting drops them. */
static bool as_unauthorized(const auth *a, auth_request *r, session **out, error *err)
{
	session_parts p = {.a = r->a};
	if (!a->drops_variables && !session_parts_headers(&p, r, err))
		return auth_step_failed(r, "session variables", err);
	*out = session_parts_make(&p, str_copy(r->a, a->unauthorized_role));
	auth_step(r, "role", true, "%.*s, the role of requests without credentials; %s", STR_ARG(a->unauthorized_role),
		a->drops_variables ? "x-hasura-* headers are dropped" : "x-hasura-* headers are session variables");
	return true;
}

static bool denied(auth_request *r, error *err, const char *text)
{
	error_set(err, ERR_ACCESS_DENIED, STR_NULL, "%s", text);
	err->status = 401;
	return auth_step_failed(r, "admin secret", err);
}

typedef enum secret_state { SECRET_ABSENT, SECRET_RIGHT, SECRET_WRONG } secret_state;

/*
 * Guesses are not slowed down by their address: behind a proxy all clients have one, and who guesses could lock everybody
 * out. They are counted, and told.
 */
static void count_refused(auth_worker *w)
{
	uint64_t now = clock_mono_ns();
	w->refused++;
	if (w->told_ns && now - w->told_ns < TELL_EVERY_NS) return;
	w->told_ns = now;
	log_text(LOG_UNSTRUCTURED, LOG_WARN, "auth",
		"a request came with a wrong admin secret; this worker has refused %llu such requests so far",
		(unsigned long long)w->refused);
}

uint64_t auth_worker_refused_secrets(const auth_worker *w)
{
	return w->refused;
}

/* Every value of the two headers must be right: a second, wrong one is no credential to overlook. */
static secret_state check_secret(const auth *a, const auth_request *r)
{
	secret_state found = SECRET_ABSENT;
	for (size_t i = 0; i < r->nheaders; i++) {
		str name = r->headers[i].name;
		if (!str_eq_nocase(name, STR("x-hasura-admin-secret")) &&
			!str_eq_nocase(name, STR("x-hasura-access-key")))
			continue;
		if (!admin_secrets_match(&a->secrets, r->headers[i].value)) return SECRET_WRONG;
		found = SECRET_RIGHT;
	}
	return found;
}

static bool without_credentials(const auth *a, auth_request *r, session **out, error *err)
{
	if (a->unauthorized_role.n) return as_unauthorized(a, r, out, err);
	if (a->mode == MODE_SECRET)
		return denied(r, err, "\"x-hasura-admin-secret\"/\"x-hasura-access-key\" required, but not found");
	error_set(err, ERR_INVALID_HEADERS, STR_NULL,
		"Missing 'Authorization' or 'Cookie' header in JWT authentication mode");
	return auth_step_failed(r, "role", err);
}

static bool by_token(auth_worker *w, auth_request *r, session **out, error *err)
{
	switch (jwt_authenticate(w->jwt, r, out, err)) {
	case JWT_SESSION: return true;
	case JWT_FAILED: return false;
	case JWT_NONE: break;
	}
	return without_credentials(w->auth, r, out, err);
}

/* Everything but the hook. *ask: the hook has to be asked. */
static bool resolve_here(auth_worker *w, auth_request *r, bool *ask, session **out, error *err)
{
	const auth *a = w->auth;
	if (a->mode == MODE_NONE) {
		auth_step(r, "admin secret", true, "none is configured: everybody may do everything");
		return as_admin(r, out, err);
	}
	switch (check_secret(a, r)) {
	case SECRET_RIGHT: auth_step(r, "admin secret", true, "right"); return as_admin(r, out, err);
	case SECRET_WRONG:
		count_refused(w);
		return denied(r, err, "invalid \"x-hasura-admin-secret\"/\"x-hasura-access-key\"");
	case SECRET_ABSENT: break;
	}
	auth_step(r, "admin secret", true, "not sent");
	*ask = a->mode == MODE_HOOK;
	if (*ask) return false;
	return a->mode == MODE_JWT ? by_token(w, r, out, err) : without_credentials(a, r, out, err);
}

void auth_resolve(auth_worker *w, auth_request *r)
{
	bool ask = false;
	session *s = NULL;
	error err;
	error_init(&err, r->a);
	r->w = w;
	r->call = NULL;
	bool ok = resolve_here(w, r, &ask, &s, &err);
	if (ask) hook_ask(&w->auth->hook, w->client, r);
	else r->done(r, ok ? s : NULL, ok ? NULL : &err);
}

void auth_request_cancel(auth_request *r)
{
	if (r->call) http_call_cancel(r->call);
	r->call = NULL;
}

/* ---- explanations ---- */

static json *describe_session(arena *mem, const session *s)
{
	json *o = json_new_object(mem);
	json_setz(o, "role", json_new_str(mem, s->role));
	json_setz(o, "variables", json_copy(mem, session_json(mem, s)));
	json_setz(o, "backend_only", json_new_bool(mem, s->backend));
	json_setz(o, "admin_secret", json_new_bool(mem, s->admin_secret));
	json_setz(
		o, "expires", s->expires_ms ? json_new_i64(mem, (int64_t)(s->expires_ms / 1000)) : json_new_null(mem));
	return o;
}

json *auth_explanation(const auth *a, arena *mem, const auth_request *r, const session *s, const error *err)
{
	static const char *const modes[] = {"none", "admin secret", "admin secret and hook", "admin secret and JWT"};
	json *o = json_new_object(mem);
	json_setz(o, "mode", json_new_str(mem, str_from(modes[a->mode])));
	json_setz(o, "steps", r->steps ? json_copy(mem, r->steps) : json_new_array(mem));
	if (s) {
		json_setz(o, "session", describe_session(mem, s));
		return o;
	}
	json *e = json_new_object(mem);
	json_setz(e, "code", json_new_str(mem, error_code_text(err->code)));
	json_setz(e, "message", json_new_str(mem, str_copy(mem, err->message)));
	json_setz(e, "status", json_new_i64(mem, error_status(err)));
	json_setz(o, "error", e);
	return o;
}

typedef struct explain_state {
	const auth *auth;
	auth_worker *w;
	arena *mem;
	json *out;
} explain_state;

static void explained(auth_request *r, const session *s, const error *err)
{
	explain_state *e = r->data;
	e->out = auth_explanation(e->auth, e->mem, r, s, err);
}

json *auth_explain(auth *a, arena *mem, auth_request *r)
{
	uv_loop_t loop;
	if (uv_loop_init(&loop)) mem_fail("no event loop");
	explain_state e = {a, auth_worker_new(a, &loop, 1), mem, NULL};
	r->steps = json_new_array(r->a);
	r->done = explained;
	r->data = &e;
	auth_resolve(e.w, r);
	while (!e.out)
		uv_run(&loop, UV_RUN_ONCE);
	auth_worker_free(e.w);
	uv_run(&loop, UV_RUN_DEFAULT);
	uv_loop_close(&loop);
	return e.out;
}
