/*
 * call: one request on its way through a route: who asks, what the body says, and the answer in the route's envelope.
 * Lives in the request's arena; gone with the answer. Worker's thread.
 */
#pragma once
#include "base/blob.h"
#include "server/server_internal.h"

typedef enum route_auth {
	ROUTE_OPEN,    /* nobody is asked who they are */
	ROUTE_SESSION, /* the session first, then the handler reads the body (Hasura v2: AHGet, AHPost) */
	ROUTE_GRAPHQL, /* the body first: an authentication hook may want it (Hasura v2: AHGraphQLRequest) */
} route_auth;

typedef enum route_envelope {
	ENVELOPE_FLAT,        /* {"path","error","code"} and the error's own status */
	ENVELOPE_GRAPHQL,     /* {"errors":[…]} and the error's own status */
	ENVELOPE_GRAPHQL_200, /* {"errors":[…]} and 200, but for 401 with --preserve-401-errors */
} route_envelope;

typedef struct call call;

typedef struct route {
	http_method method;
	const char *path; /* a trailing "*" stands for any rest, the slash before it included */
	uint32_t api;     /* server_api that must be enabled; 0: always there */
	route_auth auth;
	route_envelope envelope;
	void (*handle)(call *c);
	int tag; /* for handlers of several routes */
} route;

struct call {
	server *srv;
	server_worker *sw;
	http_request *req;
	arena *a;
	const route *route;
	const session *session; /* NULL on open routes, and until it is known */
	json *body;             /* ROUTE_GRAPHQL: parsed; else NULL until call_parse_body */
	bool body_broken;       /* ROUTE_GRAPHQL: body_error is the answer to whoever may ask at all */
	error body_error;
	auth_request ask;
};

/* Runs the route for the request. */
void call_begin(server *s, http_request *req, const route *r);

/* Parses the body into c->body. Error: invalid-json. */
MUST_CHECK bool call_parse_body(call *c, error *err);
/* Error: access-denied, Hasura's text, unless the session's role is admin. */
MUST_CHECK bool call_check_admin(const call *c, error *err);
/* A copy of a GraphQL body with the values of --log-masked-variables hidden. */
json *masked_body(const server *s, arena *a, const json *body);
/* `internal` of errors may be shown to this session. */
bool call_shows_internal(const call *c);

/* 200 with the bytes of *json, taken over. */
void call_reply(call *c, buf *json);
/* The same with SQL text. */
void call_reply_sql(call *c, buf *sql);
/* The same with bytes that are a gzip stream, only to clients that accept one. They live until release(arg) is called. */
void call_reply_gzip(call *c, const blob *bytes, void (*release)(void *arg), void *arg);
/* For the log only: the handler answers by itself. NULL: it succeeded. */
void call_log_error(call *c, const error *err);
/* The error in the route's envelope and status. err may live anywhere. */
void call_fail(call *c, const error *err);
