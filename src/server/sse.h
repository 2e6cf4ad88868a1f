/*
 * sse: GraphQL over server-sent events, the distinct connections mode of the graphql-sse library: one operation a request,
 * its results as events `next`, its end as `complete` (docs/realtime.md). For clients behind proxies that let no WebSocket
 * through; Hasura v2 has none.
 */
#pragma once
#include "server/call.h"
#include "server/graphql_body.h"

typedef enum sse_choice {
	SSE_NO,   /* the client takes no events */
	SSE_MAY,  /* it takes JSON too: only a subscription is answered so */
	SSE_MUST, /* it takes nothing else */
} sse_choice;

/* What the Accept headers of the request say. */
sse_choice sse_asked(const http_request *req);
/* The operation of a GET: members query, variables, operationName of the query string, as a body in a. Error: parse-failed. */
MUST_CHECK bool sse_query_body(arena *a, str query, json **out, error *err);

/* Answers c with the events of the subscription; the request is gone afterwards. */
void sse_subscribe(call *c, const graphql_body *body);
/* Answers c with one result and the end. *json_text is taken over. */
void sse_reply(call *c, buf *json_text);
/* The same with an error. */
void sse_fail(call *c, const error *err);
