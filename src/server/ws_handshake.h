/*
 * ws_handshake: may this request become a WebSocket, and what is said to it. RFC 6455, 4.2.
 * Hasura v2: GraphQL/Transport/WebSocket.hs onConn.
 */
#pragma once
#include "server/http.h"
#include "server/ws_message.h"

typedef struct ws_hello {
	ws_protocol protocol;
	bool named;  /* the client offered the protocol: only then it is named in the answer */
	bool legacy; /* /v1alpha1/graphql: errors in the flat form */
	bool relay;
	bool deflate;
	unsigned window;  /* of deflate */
	bool drop_cookie; /* CORS is disabled: cookies of foreign pages must not count */
	str key;
} ws_hello;

/* The request asks for a WebSocket (whether or not it may have one). */
bool ws_handshake_asked(const http_request *req);
/* May it? Errors with their HTTP status: not-found (path), access-denied (origin), bad-request (not RFC 6455's form). */
MUST_CHECK bool ws_handshake_read(
	const http_request *req, const cors_policy *cors, bool read_cookie, bool deflate, ws_hello *out, error *err);
/* The headers of the request that count as the client's, copied into a. */
str_pair *ws_handshake_headers(arena *a, const http_request *req, const ws_hello *h, size_t *n);
/* Appends the whole answer "HTTP/1.1 101 …". */
void ws_handshake_put(buf *b, const ws_hello *h);
