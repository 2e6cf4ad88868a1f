/*
 * connection: how to reach a source's database, from its `configuration` with environment and files resolved.
 * Results live in the arena given and hold secrets: they are for pg/ only, never for logs, errors or answers.
 */
#pragma once
#include "metadata/metadata.h"
#include "pg/pg_params.h"

/* Where names of environment variables are looked up; get gives false when the variable is not set. */
typedef struct md_env {
	bool (*get)(void *data, str name, str *value);
	void *data;
} md_env;

typedef enum md_isolation { MD_READ_COMMITTED, MD_REPEATABLE_READ, MD_SERIALIZABLE } md_isolation;

typedef struct md_connection {
	str url; /* connection string; for connection_parameters one made of them, percent-encoded; empty with url_file */
	str url_env;             /* the variable it came from; p NULL: none */
	str url_file;            /* dynamic_from_file: read again (resolve again) before each connect; p NULL: none */
	int64_t max_connections; /* 50 */
	int64_t total_max_connections; /* 0: none */
	int64_t idle_timeout_s;        /* 180 */
	int64_t retries;               /* 1 */
	int64_t pool_timeout_ms;       /* -1: wait for ever */
	int64_t connection_lifetime_s; /* 600; 0: for ever */
	bool use_prepared_statements;  /* false when not said */
	md_isolation isolation;
	str extensions_schema; /* public */
	/* ssl_configuration; p NULL: not given. Certificates and keys are PEM text, not file names. */
	str sslmode, sslrootcert, sslcert, sslkey, sslpassword;
} md_connection;

/*
 * Resolves the connection of s. Errors with Hasura's texts: not-found `environment variable 'X' not set`;
 * permission-error for a dynamic_from_file outside HASURA_GRAPHQL_DYNAMIC_SECRETS_ALLOWED_PATH_PREFIX.
 */
MUST_CHECK bool md_source_connection(arena *a, const md_source *s, const md_env *env, md_connection *out, error *err);
/* The same for any connection_info object (test of a connection before it is stored). */
MUST_CHECK bool md_connection_info(arena *a, const json *info, const md_env *env, md_connection *out, error *err);
/* `{{NAME}}` in a URL replaced by the environment (Hasura v2: URLTemplate). */
MUST_CHECK bool md_url_template(arena *a, str text, const md_env *env, str *out, error *err);
/* The same as pg/ wants it. Text is shared with c. */
void md_connection_spec(const md_connection *c, pg_params_spec *out);
