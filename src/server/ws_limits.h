/*
 * ws_limits: everything a WebSocket client controls has a row here; docs/limits.md says the same for users.
 * 0 means "no limit" for sizes and "never" for times. The number of sockets is bounded with the connections
 * (http_limits.h), the time a client may take nothing by --server-timeout.
 */
#pragma once
#include "server/http_limits.h"

/* X(field, default, setting, what the client gets) */
#define WS_LIMITS(X)                                                                                                \
	X(message_bytes, 4194304, "--websocket-max-message-size", "closed with 1009; counted after decompression")  \
	X(operations, 1000, "--websocket-max-operations", "an error for the operation: open at once on one socket") \
	X(subscription_bytes, 67108864, "", "an error for the operation: start messages of the open subscriptions") \
	X(output_bytes, 16777216, "--websocket-max-queue", "closed with 1013: messages the client does not take")   \
	X(silence_ms, 30000, "--websocket-ping-timeout", "closed: nothing came, not even the answer to a ping")     \
	X(waiting_bytes, 65536, "", "reading pauses: messages behind an operation that runs")                       \
	X(pause_bytes, 1048576, "", "reading pauses: answers the client does not take")                             \
	X(headers, 100, "", "refused: headers in connection_init")                                                  \
	X(linger_ms, 3000, "", "cut: the client does not answer a close frame")

typedef struct ws_limits {
#define X(field, dflt, setting, effect) uint64_t field;
	WS_LIMITS(X)
#undef X
} ws_limits;

ws_limits ws_limits_default(void);
/* The table as data, as http_limits_rows. */
size_t ws_limits_rows(const http_limit_row **rows);
