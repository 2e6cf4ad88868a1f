#include "server/session.h"

#include <stdlib.h>

struct session_shared {
	const str_vec *secrets;
};

struct session_worker {
	session_shared *shared;
};

bool session_shared_new(const server_config *config, session_shared **out, error *err)
{
	(void)err;
	*out = mem_alloc(sizeof **out);
	(*out)->secrets = &config->admin_secrets;
	return true;
}

void session_shared_free(session_shared *s)
{
	mem_free(s);
}

session_worker *session_worker_new(session_shared *s, worker *w)
{
	(void)w;
	session_worker *sw = mem_alloc(sizeof *sw);
	sw->shared = s;
	return sw;
}

void session_worker_free(session_worker *w)
{
	mem_free(w);
}

static int compare_vars(const void *a, const void *b)
{
	return str_cmp(((const session_var *)a)->name, ((const session_var *)b)->name);
}

static void var_set(arena *a, session *s, size_t *cap, str name, str value)
{
	for (size_t i = 0; i < s->nvars; i++) {
		if (str_eq(s->vars[i].name, name)) {
			s->vars[i].value = value;
			return;
		}
	}
	if (s->nvars == *cap) vec_grow(a, (void **)&s->vars, cap, s->nvars, sizeof *s->vars);
	s->vars[s->nvars++] = (session_var){name, value};
}

static bool bool_text(str v, bool *out)
{
	static const char *const yes[] = {"true", "t", "yes", "y"}, *const no[] = {"false", "f", "no", "n"};
	for (size_t i = 0; i < 4; i++) {
		if (str_eq_nocase(v, str_from(yes[i]))) return *out = true;
		if (str_eq_nocase(v, str_from(no[i]))) return !(*out = false);
	}
	return false;
}

static bool session_finish(arena *a, session *s, size_t *cap, error *err)
{
	static const str backend = STR_INIT("x-hasura-use-backend-only-permissions");
	for (size_t i = 0; i < s->nvars; i++) {
		if (str_eqz(s->vars[i].name, "x-hasura-role") && s->vars[i].value.n) s->role = s->vars[i].value;
		if (str_eq(s->vars[i].name, backend) && !bool_text(s->vars[i].value, &s->backend)) {
			return error_set(err, ERR_BAD_REQUEST, STR_NULL,
				"\"%.*s\":  Not a valid boolean text. True values are [\"true\",\"t\",\"yes\",\"y\"] and "
				"False values are [\"false\",\"f\",\"no\",\"n\"]. All values are case insensitive",
				STR_ARG(backend));
		}
	}
	if (!s->role.n) s->role = STR("admin");
	var_set(a, s, cap, STR("x-hasura-role"), s->role);
	qsort(s->vars, s->nvars, sizeof *s->vars, compare_vars);
	s->admin_secret = true;
	return true;
}

static bool secret_ok(const session_worker *w, str given)
{
	bool found = false;
	for (size_t i = 0; i < w->shared->secrets->n; i++)
		found |= str_eq_secret(w->shared->secrets->v[i], given);
	return found;
}

static bool check_secret(const session_worker *w, const http_request *req, error *err)
{
	str given = http_request_header(req, STR("x-hasura-admin-secret"));
	if (!w->shared->secrets->n) return true;
	if (!given.p) given = http_request_header(req, STR("x-hasura-access-key"));
	if (!given.p) {
		error_set(err, ERR_ACCESS_DENIED, STR_NULL,
			"\"x-hasura-admin-secret\"/\"x-hasura-access-key\" required, but not found");
	} else if (secret_ok(w, given)) {
		return true;
	} else {
		error_set(
			err, ERR_ACCESS_DENIED, STR_NULL, "invalid \"x-hasura-admin-secret\"/\"x-hasura-access-key\"");
	}
	err->status = 401;
	return false;
}

static session *from_headers(arena *a, const http_request *req, error *err)
{
	session *s = NEW(a, session);
	size_t cap = 0;
	for (size_t i = 0; i < req->header_count; i++) {
		str name = req->headers[i].name;
		if (!str_starts_nocase(name, STR("x-hasura-")) || str_eq_nocase(name, STR("x-hasura-admin-secret")) ||
			str_eq_nocase(name, STR("x-hasura-access-key")))
			continue;
		var_set(a, s, &cap, str_lower(a, name), req->headers[i].value);
	}
	return session_finish(a, s, &cap, err) ? s : NULL;
}

void session_resolve(session_worker *w, session_ask *ask)
{
	error err;
	error_init(&err, ask->a);
	session *s = check_secret(w, ask->req, &err) ? from_headers(ask->a, ask->req, &err) : NULL;
	ask->done(ask, s, s ? NULL : &err);
}

void session_cancel(session_ask *ask)
{
	ask->done = NULL;
}

bool session_from_variables(arena *a, const json *user, session **out, error *err)
{
	session *s = NEW(a, session);
	size_t cap = 0;
	if (!json_is_null(user) && !json_is(user, JSON_OBJECT))
		return error_set(err, ERR_PARSE_FAILED, STR("$.user"), "expected an object of session variables");
	JSON_EACH (v, json_is_null(user) ? NULL : user) {
		if (!json_is(v, JSON_STRING))
			return error_set(err, ERR_PARSE_FAILED, STR("$.user"), "session variables must be strings");
		if (str_starts_nocase(v->key, STR("x-hasura-"))) var_set(a, s, &cap, str_lower(a, v->key), v->text);
	}
	if (!session_finish(a, s, &cap, err)) return false;
	*out = s;
	return true;
}
