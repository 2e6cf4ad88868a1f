/*
 * session: who sends a request. The one place of this room where sessions are asked for; how they are found is auth/'s.
 * Threads: a session_worker belongs to its worker.
 */
#pragma once
#include "auth/session.h"
#include "server/http.h"
#include "server/server_config.h"

typedef struct session_shared session_shared;
typedef struct session_worker session_worker;

/* What all workers share. Error: settings that cannot work, fatal at start. */
MUST_CHECK bool session_shared_new(const server_config *config, session_shared **out, error *err);
void session_shared_free(session_shared *s); /* NULL is fine */
session_worker *session_worker_new(session_shared *s, worker *w);
void session_worker_free(session_worker *w); /* NULL is fine; asks under way end without an answer */

/* One question; the asker's memory, until done or session_cancel. */
typedef struct session_ask session_ask;
struct session_ask {
	arena *a;            /* where the session goes */
	http_request *req;   /* its headers are read */
	const json *graphql; /* body of a GraphQL request for an authentication hook; NULL: none */
	/* Called once, perhaps before session_resolve returns. *s is NULL when err says why. */
	void (*done)(session_ask *ask, const session *s, const error *err);
	void *data;
	/* private */
	void *state;
};

void session_resolve(session_worker *w, session_ask *ask);
/* The client has left: done will not be called. */
void session_cancel(session_ask *ask);

/* The session that `user` of an explain request describes: {"x-hasura-role": …, …}. NULL or null: admin. Error: parse-failed. */
MUST_CHECK bool session_from_variables(arena *a, const json *user, session **out, error *err);
