/*
 * ws_message: what GraphQL clients say over a WebSocket, and the words of the answers. Both sub-protocols use one set of
 * messages of the client's. Hasura v2: GraphQL/Transport/WebSocket/Protocol.hs.
 */
#pragma once
#include "base/buf.h"
#include "base/pair.h"
#include "server/graphql_body.h"
#include <stdint.h>

typedef enum ws_protocol {
	WS_APOLLO,    /* "graphql-ws", of subscriptions-transport-ws; also when none is named */
	WS_TRANSPORT, /* "graphql-transport-ws", of the graphql-ws library */
} ws_protocol;

typedef enum ws_type { MSG_INIT, MSG_START, MSG_STOP, MSG_TERMINATE, MSG_PING, MSG_PONG } ws_type;

typedef struct ws_message {
	ws_type type;
	size_t size;             /* bytes of its text */
	str id;                  /* start, stop */
	graphql_body body;       /* start */
	const json *payload;     /* start, ping, pong; NULL: none */
	const str_pair *headers; /* init: of payload.headers */
	size_t nheaders;
} ws_message;

/*
 * Reads one message; everything lives in a, text is copied. max_headers: of connection_init; 0: no limit.
 * Error: parse-failed; its message reads as Hasura's: "Error in $.payload: …".
 */
MUST_CHECK bool ws_message_read(arena *a, str text, uint64_t max_headers, ws_message *out, error *err);

/* What a close frame with a 44xx code carries as its reason: {"server_error_msg":"4400: …"}, the text cut so that it fits
 * (RFC 6455: 123 bytes). Appends to b. */
void ws_put_reason(buf *b, unsigned code, str text);
