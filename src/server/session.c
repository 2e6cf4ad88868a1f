#include "server/session.h"
#include "auth/auth.h"
#include "server/server.h"

struct session_shared {
	auth *auth;
};

struct session_worker {
	auth_worker *auth;
};

bool session_shared_new(const server_config *config, session_shared **out, error *err)
{
	auth_config c = {.secrets = config->admin_secrets.v,
		.nsecrets = config->admin_secrets.n,
		.unauthorized_role = config->unauthorized_role,
		.unauthorized_drops_variables = config->unauthorized_drops_variables,
		.hook_url = config->auth_hook,
		.hook_post = config->auth_hook_post,
		.hook_send_body = config->auth_hook_send_body,
		.hook_timeout_ms = config->auth_hook_timeout_ms,
		.jwt_secret = config->jwt_secret,
		.jwt_secrets = config->jwt_secrets,
		.jwt_lenient = config->jwt_lenient,
		.version = STR(SERVER_VERSION)};
	auth *a;
	if (!auth_new(&c, &a, err)) return false;
	*out = mem_alloc(sizeof **out);
	(*out)->auth = a;
	return true;
}

void session_shared_free(session_shared *s)
{
	if (!s) return;
	auth_free(s->auth);
	mem_free(s);
}

session_worker *session_worker_new(session_shared *s, worker *w)
{
	session_worker *sw = mem_alloc(sizeof *sw);
	sw->auth = auth_worker_new(s->auth, &w->loop, w->index);
	return sw;
}

void session_worker_free(session_worker *w)
{
	if (!w) return;
	auth_worker_free(w->auth);
	mem_free(w);
}

static void resolved(auth_request *r, const session *s, const error *err)
{
	session_ask *ask = r->data;
	ask->state = NULL;
	ask->done(ask, s, err);
}

void session_resolve(session_worker *w, session_ask *ask)
{
	auth_request *r = NEW(ask->a, auth_request);
	*r = (auth_request){.a = ask->a,
		.headers = ask->req->headers,
		.nheaders = ask->req->header_count,
		.graphql = ask->graphql,
		.done = resolved,
		.data = ask};
	ask->state = r;
	auth_resolve(w->auth, r);
}

void session_cancel(session_ask *ask)
{
	if (ask->state) auth_request_cancel(ask->state);
	ask->state = NULL;
}

bool session_from_variables(arena *a, const json *user, session **out, error *err)
{
	return auth_session_from_json(a, user, out, err);
}
