#include "auth/make.h"
#include "base/vec.h"

#include <stdlib.h>

static const str role_name = STR_INIT("x-hasura-role");

void session_parts_add(session_parts *p, str name, str value)
{
	if (!str_starts_nocase(name, STR("x-hasura-")) || str_eq_nocase(name, STR("x-hasura-admin-secret")) ||
		str_eq_nocase(name, STR("x-hasura-access-key")))
		return;
	if (p->n == p->cap) vec_grow(p->a, (void **)&p->vars, &p->cap, p->n, sizeof *p->vars);
	p->vars[p->n++] = (session_var){str_lower(p->a, name), value};
}

bool session_parts_headers(session_parts *p, const auth_request *r, error *err)
{
	for (size_t i = 0; i < r->nheaders; i++)
		session_parts_add(p, r->headers[i].name, r->headers[i].value);
	return session_parts_close(p, err);
}

static int compare_vars(const void *a, const void *b)
{
	return str_cmp(((const session_var *)a)->name, ((const session_var *)b)->name);
}

bool session_parts_close(session_parts *p, error *err)
{
	size_t n = 0;
	if (p->n > 1) qsort(p->vars, p->n, sizeof *p->vars, compare_vars);
	for (size_t i = 0; i < p->n; i++) {
		if (!n || !str_eq(p->vars[n - 1].name, p->vars[i].name)) {
			p->vars[n++] = p->vars[i];
		} else if (!str_eq(p->vars[n - 1].value, p->vars[i].value)) {
			return error_set(err, ERR_BAD_REQUEST, STR_NULL,
				"\"%.*s\" was given twice, with different values", STR_ARG(p->vars[i].name));
		}
	}
	p->n = n;
	return true;
}

/* Index of the first variable not before name. */
static size_t lower_bound(const session_parts *p, str name)
{
	size_t i = 0;
	while (i < p->n && str_cmp(p->vars[i].name, name) < 0)
		i++;
	return i;
}

str session_parts_role(const session_parts *p)
{
	size_t i = lower_bound(p, role_name);
	return i < p->n && str_eq(p->vars[i].name, role_name) ? p->vars[i].value : STR("");
}

session *session_parts_make(session_parts *p, str role)
{
	session *s = NEW(p->a, session);
	size_t i = lower_bound(p, role_name);
	bool there = i < p->n && str_eq(p->vars[i].name, role_name);
	s->role = role;
	s->nvars = p->n + !there;
	s->vars = NEW_ARRAY(p->a, session_var, s->nvars);
	if (p->vars && i) memcpy(s->vars, p->vars, i * sizeof *s->vars);
	s->vars[i] = (session_var){role_name, role};
	if (i + there < p->n) memcpy(s->vars + i + 1, p->vars + i + there, (p->n - i - there) * sizeof *s->vars);
	return s;
}

/* Hasura v2: Authentication/User.hs parseStringAsBool. */
bool session_read_backend(session *s, error *err)
{
	static const str name = STR_INIT("x-hasura-use-backend-only-permissions");
	static const char *const yes[] = {"true", "t", "yes", "y"}, *const no[] = {"false", "f", "no", "n"};
	const str *v = session_get(s, name);
	if (!v) return true;
	for (size_t i = 0; i < 4; i++) {
		if (str_eq_nocase(*v, str_from(yes[i]))) return s->backend = true;
		if (str_eq_nocase(*v, str_from(no[i]))) return true;
	}
	return error_set(err, ERR_BAD_REQUEST, STR_NULL,
		"\"%.*s\":  Not a valid boolean text. True values are [\"true\",\"t\",\"yes\",\"y\"] and  False values are "
		"[\"false\",\"f\",\"no\",\"n\"]. All values are case insensitive",
		STR_ARG(name));
}

str auth_header(const auth_request *r, str name)
{
	for (size_t i = 0; i < r->nheaders; i++)
		if (str_eq_nocase(r->headers[i].name, name)) return r->headers[i].value;
	return STR_NULL;
}

/* ---- explanations ---- */

static void put_step(auth_request *r, const char *step, bool ok, str detail)
{
	json *o = json_new_object(r->a);
	json_setz(o, "step", json_new_str(r->a, str_from(step)));
	json_setz(o, "ok", json_new_bool(r->a, ok));
	json_setz(o, "detail", json_new_str(r->a, detail));
	json_push(r->steps, o);
}

void auth_step(auth_request *r, const char *step, bool ok, const char *fmt, ...)
{
	va_list ap;
	if (!r->steps) return;
	va_start(ap, fmt);
	put_step(r, step, ok, str_vprintf(r->a, fmt, ap));
	va_end(ap);
}

bool auth_step_failed(auth_request *r, const char *step, const error *err)
{
	if (r->steps) put_step(r, step, false, str_copy(r->a, err->message));
	return false;
}

/* ---- a session that somebody describes ---- */

bool auth_session_from_json(arena *a, const json *user, session **out, error *err)
{
	session_parts p = {.a = a};
	if (!json_is_null(user) && !json_is(user, JSON_OBJECT))
		return error_set(err, ERR_PARSE_FAILED, STR("$.user"), "expected an object of session variables");
	JSON_EACH (v, json_is_null(user) ? NULL : user) {
		if (!json_is(v, JSON_STRING))
			return error_set(err, ERR_PARSE_FAILED, STR("$.user"), "session variables must be strings");
		session_parts_add(&p, v->key, v->text);
	}
	if (!session_parts_close(&p, err)) return false;
	str role = session_parts_role(&p);
	session *s = session_parts_make(&p, role.n ? role : STR("admin"));
	s->admin_secret = true;
	*out = s;
	return session_read_backend(s, err);
}
