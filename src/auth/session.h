/*
 * session: who asks. Made by auth/ only; lives in the arena of the request (or socket) it was made for.
 */
#pragma once
#include "base/json.h"
#include "base/str.h"
#include "base/vec.h"

typedef struct session_var {
	str name; /* lower case, begins with x-hasura- */
	str value;
} session_var;

typedef struct session {
	str role;
	session_var *vars; /* sorted by name; x-hasura-role included; secrets taken out */
	size_t nvars;
	bool backend;        /* may use backend_only permissions */
	bool admin_secret;   /* the admin secret was presented, or none is configured */
	uint64_t expires_ms; /* wall clock; 0: never */
	str *set_cookies;    /* to hand to the client on success */
	size_t nset_cookies;
} session;

/* Value of a variable (name lower case), or NULL. O(log n). */
const str *session_get(const session *s, str name);
/* {"x-hasura-role": …} sorted by name. */
json *session_json(arena *a, const session *s);
