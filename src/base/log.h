/*
 * log: one line per event on stdout: JSON in Hasura's shape {"type","timestamp","level","detail"}, or human text on a terminal.
 * Thread-safe; lines are not mixed. A reader of stdout that stands still loses lines, and is told how many when it goes on.
 */
#pragma once
#include "json.h"

typedef enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR } log_level;

typedef struct log_config {
	log_level level;
	bool human;     /* text for a person instead of JSON */
	uint32_t types; /* bit set of log_type that are on */
} log_config;

/* Types that can be switched (Hasura's --enabled-log-types) first; the rest are always on. */
#define LOG_TYPES(X)                                    \
	X(LOG_STARTUP, "startup")                       \
	X(LOG_HTTP, "http-log")                         \
	X(LOG_WEBHOOK, "webhook-log")                   \
	X(LOG_WEBSOCKET, "websocket-log")               \
	X(LOG_QUERY, "query-log")                       \
	X(LOG_EXECUTION, "execution-log")               \
	X(LOG_LIVEQUERY_POLLER, "livequery-poller-log") \
	X(LOG_ACTION_HANDLER, "action-handler-log")     \
	X(LOG_DATA_CONNECTOR, "data-connector-log")     \
	X(LOG_JWK_REFRESH, "jwk-refresh-log")           \
	X(LOG_VALIDATE_INPUT, "validate-input-log")     \
	X(LOG_UNSTRUCTURED, "unstructured")             \
	X(LOG_SCHEMA_SYNC, "schema-sync")               \
	X(LOG_METADATA, "metadata")                     \
	X(LOG_PG_CLIENT, "pg-client")                   \
	X(LOG_WS_SERVER, "ws-server")

typedef enum log_type {
#define X(name, text) name,
	LOG_TYPES(X)
#undef X
		LOG_TYPE_COUNT
} log_type;

enum { LOG_TYPES_SWITCHABLE = LOG_VALIDATE_INPUT + 1 };

/* Called once at start, before other threads. */
void log_configure(const log_config *c);
bool log_enabled(log_type t, log_level l);
str log_type_name(log_type t);
/* LOG_TYPE_COUNT when there is none of that name. */
log_type log_type_from(str name);
/* detail is written as JSON; in human mode as `level type: key=value …`. */
void log_json(log_type t, log_level l, const json *detail);
/* detail {"kind": kind, "info": text}; for lines about the program itself. */
void log_text(log_type t, log_level l, const char *kind, const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/*
 * A busy thread may gather its lines and write them together: from log_gather on, its lines wait until log_flush (or
 * until there are 32 KB of them). log_gather_end flushes and ends it. Lines of one thread keep their order.
 */
void log_gather(void);
void log_flush(void);
void log_gather_end(void);

/* For mem_fail: one line of level error, by who may have no memory left; text is plain ASCII without quotes. Nothing before
 * log_configure, or for a person, who reads standard error. */
void log_last_words(const char *text);
