/*
 * server_config: the values of the command line and environment the server needs; filled by cli/options, read-only
 * afterwards. Texts live as long as the options' arena.
 */
#pragma once
#include "base/log.h"
#include "base/vec.h"
#include "live/changes.h"
#include "server/cors.h"
#include "server/http_limits.h"
#include "server/ws_limits.h"

/* X(name, text): --enabled-apis. */
#define SERVER_APIS(X)                \
	X(API_METADATA, "metadata")   \
	X(API_GRAPHQL, "graphql")     \
	X(API_PGDUMP, "pgdump")       \
	X(API_DEVELOPER, "developer") \
	X(API_CONFIG, "config")       \
	X(API_METRICS, "metrics")

enum {
#define X(name, text) name##_INDEX,
	SERVER_APIS(X)
#undef X
		SERVER_API_COUNT
};

typedef enum server_api {
#define X(name, text) name = 1u << name##_INDEX,
	SERVER_APIS(X)
#undef X
} server_api;

typedef enum tx_isolation { TX_READ_COMMITTED, TX_REPEATABLE_READ, TX_SERIALIZABLE } tx_isolation;

/* What a change of metadata does to WebSockets: those whose operations it affects are closed, all (Hasura v2), or the
 * affected operations end and the sockets stay. */
typedef enum ws_on_change { WS_CLOSE_AFFECTED, WS_CLOSE_ALL, WS_CLOSE_NONE } ws_on_change;

typedef struct server_config {
	/* where and how wide */
	str host; /* effective: after the rule "no admin secret and no host given: this machine only" */
	bool host_given;
	uint16_t port;
	uint32_t workers; /* 0: one per core */
	uint64_t graceful_ms;
	http_limits limits;
	cors_policy cors;
	bool ws_read_cookie;
	/* who may */
	str admin_secret;      /* empty: none; --admin-secret or --access-key */
	str_vec admin_secrets; /* all of them, the one above included */
	str unauthorized_role;
	bool unauthorized_drops_variables; /* its requests get no session variables from their headers */
	str jwt_secret;                    /* JSON text */
	str jwt_secrets;                   /* JSON array text */
	bool jwt_lenient;                  /* any algorithm that suits the key */
	str auth_hook;
	bool auth_hook_post;
	bool auth_hook_send_body;
	uint64_t auth_hook_timeout_ms;
	bool enable_allowlist;
	bool preserve_401_errors;
	/* what is served */
	uint32_t apis; /* set of server_api */
	uint64_t pg_dump_ms;
	size_t pg_dump_bytes;
	bool enable_console;
	str console_assets_dir;
	str console_environment; /* name in the console's top bar */
	str console_environment_color;
	bool enable_relay;
	bool enable_apollo_federation;
	str metrics_secret;
	/* how GraphQL behaves */
	bool dev_mode;
	bool admin_internal_errors;
	bool stringify_numeric_types;
	bool v1_boolean_null_collapse;
	bool null_in_nonnullable_variables;
	bool infer_function_permissions;
	bool remote_schema_permissions;
	bool graphql_default_naming;
	bool configured_headers_first; /* webhooks: configured headers win over the client's */
	bool maintenance_mode;
	str_vec experimental_features;
	/* PostgreSQL */
	uint32_t pg_connections; /* total for a source, over workers */
	uint32_t pg_stripes;
	uint64_t pg_idle_ms;
	uint64_t pg_lifetime_ms;     /* 0: for ever */
	uint64_t pg_pool_timeout_ms; /* 0: for ever */
	uint64_t query_timeout_ms;   /* of an operation of a source; 0: none */
	size_t max_result_bytes;     /* of one operation; 0: no limit */
	bool use_prepared_statements;
	tx_isolation tx_isolation;
	uint64_t schema_poll_ms; /* 0: off */
	str extensions_schema;
	str metadata_defaults; /* JSON text */
	/* realtime */
	uint64_t live_refetch_ms;
	uint64_t live_min_interval_ms; /* of operations that ask for one of their own; 0: none may */
	uint32_t live_batch_size;
	uint64_t stream_refetch_ms;
	uint32_t stream_batch_size;
	changes_config live_changes;
	uint64_t ws_keepalive_ms;
	uint64_t ws_init_timeout_ms;
	bool ws_compression;
	ws_on_change ws_on_change;
	ws_limits ws_limits;
	/* logs */
	log_config log;
	bool metadata_query_logging;
	bool http_log_query_only_on_error;
	str_vec log_masked_variables;
} server_config;
