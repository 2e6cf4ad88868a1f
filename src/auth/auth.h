/*
 * auth: who asks. From the headers of a request (and what they lead to: a token, a hook) to a session, or to the error
 * to answer with. The only place where sessions are made. Hasura v2: Server/Auth.hs.
 *
 * Four modes (feature by feature as that engine): no secret: everybody is admin · admin secret · secret + hook ·
 * secret + JSON web tokens. An answer of the hook or a token never falls back to another role.
 *
 * Life: auth_new (fatal errors at start; fetches key sets, so it may take seconds) → auth_worker_new on each worker's
 * loop → auth_resolve … → auth_worker_free when the worker stops → auth_free after all loops have ended.
 * Threads: `auth` is shared; what changes in it (key sets) is under its own locks. An auth_worker and its requests
 * belong to their loop's thread.
 */
#pragma once
#include "auth/session.h"
#include "base/error.h"
#include "base/pair.h"
#include <uv.h>

typedef struct auth auth;
typedef struct auth_worker auth_worker;

typedef struct auth_config {
	const str *secrets; /* admin secrets, all valid; none: no authentication */
	size_t nsecrets;
	str unauthorized_role;             /* empty: none */
	bool unauthorized_drops_variables; /* requests without credentials get no session variables but the role */
	str hook_url;                      /* empty: no hook */
	bool hook_post;                    /* POST with the headers as a body, else GET with the headers */
	bool hook_send_body;               /* POST: the GraphQL request goes along */
	uint64_t hook_timeout_ms;          /* 0: 30 s */
	str jwt_secret;                    /* JSON object; empty: none */
	str jwt_secrets;                   /* JSON array of such; empty: none. Both: all of them */
	bool jwt_lenient; /* any algorithm that suits the key; tokens without the configured aud or iss */
	str version;      /* for "User-Agent: hasura-graphql-engine/<version>" */
} auth_config;

/* Texts are copied, secrets only as digests. Errors: ERR_INVALID_CONFIGURATION with Hasura's texts ("Fatal Error: …"). */
MUST_CHECK bool auth_new(const auth_config *config, auth **out, error *err);
/* When no worker uses it any more; NULL is fine. */
void auth_free(auth *a);

/* Per worker: the hook's client, the cache of verified tokens. index 0 also keeps the key sets fresh. */
auth_worker *auth_worker_new(auth *a, uv_loop_t *loop, unsigned index);
/* Requests under way end without an answer; handles close while the loop runs on; NULL is fine. */
void auth_worker_free(auth_worker *w);

/* Requests with a wrong admin secret since the start. */
uint64_t auth_worker_refused_secrets(const auth_worker *w);

/* One question. The asker's memory until done or auth_request_cancel. */
typedef struct auth_request auth_request;
struct auth_request {
	arena *a; /* where session and error go */
	const str_pair
		*headers; /* as received; live until done. A socket's connection_init: its payload's headers first */
	size_t nheaders;
	const json *graphql; /* body of a GraphQL request (object or array) for the hook; NULL: none */
	json *steps; /* an array: what was decided is appended, one object a step; NULL: no explanation wanted */
	/* Called once, perhaps before auth_resolve returns (always so but for the hook). s NULL: err says why. */
	void (*done)(auth_request *r, const session *s, const error *err);
	void *data;
	/* private */
	auth_worker *w;
	void *call;
};

/* Errors: access-denied (401: secret, hook; 400: role), invalid-headers, invalid-jwt, jwt-invalid-claims,
 * jwt-missing-role-claims, invalid-params, bad-request, unexpected (500: the hook). */
void auth_resolve(auth_worker *w, auth_request *r);
/* done will not be called. */
void auth_request_cancel(auth_request *r);

/* Waits for the answer to r on a loop of its own and describes it, for `weir auth check`:
 * {"mode":…, "steps":[{"step":…,"ok":…,"detail":…}…], "session":{"role":…,"variables":{…},…} | "error":{…}}. r->done,
 * data and steps are set here. Values of secrets and tokens are not shown. */
json *auth_explain(auth *a, arena *mem, auth_request *r);
/* The same description of an answer that came to a request with steps. */
json *auth_explanation(const auth *a, arena *mem, const auth_request *r, const session *s, const error *err);

/* The session that `user` of an explain request describes: {"x-hasura-role": …, …}; NULL or null: admin.
 * Error: parse-failed. */
MUST_CHECK bool auth_session_from_json(arena *a, const json *user, session **out, error *err);
