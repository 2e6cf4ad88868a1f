/* make: the parts all modes make sessions of. */
#pragma once
#include "auth/auth.h"

/* What is known of a session while it is made. Names come in any order, lower case. */
typedef struct session_parts {
	arena *a;
	session_var *vars;
	size_t n, cap;
} session_parts;

/* Adds a variable; name in any case, value not copied. Names without x-hasura- are skipped, and the headers of the admin
 * secret, so that no session ever holds it. */
void session_parts_add(session_parts *p, str name, str value);
/* All x-hasura-* headers. Error: a name twice with different values (bad-request). */
MUST_CHECK bool session_parts_headers(session_parts *p, const auth_request *r, error *err);
/* Sorts and looks for names that came twice: equal values are one, others an error. Error: bad-request. */
MUST_CHECK bool session_parts_close(session_parts *p, error *err);
/* x-hasura-role; empty: none. After session_parts_close. */
str session_parts_role(const session_parts *p);
/* The session with that role (closed parts). */
session *session_parts_make(session_parts *p, str role);
/* x-hasura-use-backend-only-permissions into s->backend. Error: bad-request, Hasura's text. */
MUST_CHECK bool session_read_backend(session *s, error *err);

/* Header of that name in any case; the first. p NULL: none. */
str auth_header(const auth_request *r, str name);

/* Appends {"step":…, "ok":…, "detail":…} to r->steps, if an explanation is wanted. */
void auth_step(auth_request *r, const char *step, bool ok, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* The same with the message of err; returns false. */
bool auth_step_failed(auth_request *r, const char *step, const error *err);
