/*
 * http_limits: everything an HTTP peer controls has a row here; docs/limits.md says the same for users.
 * 0 means "no limit" for sizes and "never" for times.
 */
#pragma once
#include "base/str.h"
#include <stdint.h>

/* X(field, default, setting, what the client gets) */
#define HTTP_LIMITS(X)                                                                                     \
	X(head_bytes, 65536, "--max-total-header-length", "431; 414 while still in the request line")      \
	X(header_count, 100, "--max-header-count", "431")                                                  \
	X(body_bytes, 16777216, "--max-body-size", "413")                                                  \
	X(connections, 16384, "--max-connections", "503, then closed")                                     \
	X(pipeline_bytes, 65536, "", "reading pauses: unread pipelined bytes kept while a request runs")   \
	X(output_bytes, 1048576, "--max-output-queue", "reading pauses: answers the client does not take") \
	X(head_ms, 30000, "--server-timeout", "408; silence when not one byte came")                       \
	X(body_ms, 30000, "--server-timeout", "408 unless another 64 KB came in the time")                 \
	X(write_ms, 30000, "--server-timeout", "closed unless the client took something in the time")      \
	X(idle_ms, 75000, "--keep-alive-timeout", "closed between two requests")                           \
	X(linger_ms, 3000, "", "time after an error during which the rest of a request is read and thrown away")

typedef struct http_limits {
#define X(field, dflt, setting, effect) uint64_t field;
	HTTP_LIMITS(X)
#undef X
} http_limits;

typedef struct http_limit_row {
	const char *name;
	uint64_t dflt;
	const char *setting;
	const char *effect;
} http_limit_row;

http_limits http_limits_default(void);
/* The table as data, for help, tests and documentation. Returns the number of rows. */
size_t http_limits_rows(const http_limit_row **rows);
