/*
 * exec: plan cache (document, plan, statements), runs plans on the worker's pools, writes the response JSON straight from the
 * rows. One exec_worker per worker thread; nothing in it is shared but exec_shared.
 */
#pragma once
#include "auth/session.h"
#include "base/buf.h"
#include "base/pair.h"
#include "graphql/document.h"
#include "metadata/connection.h"
#include "pg/pg_pool.h"
#include "schema/snapshot.h"

typedef struct exec_worker exec_worker;
typedef struct exec_shared exec_shared;

typedef struct exec_config {
	md_env env;                /* for the sources' connections; must be thread-safe */
	size_t plan_cache_bytes;   /* a worker; 0: 32 MiB */
	size_t max_result_bytes;   /* of one request; 0: 1 GiB */
	uint64_t query_timeout_ms; /* from start to answer; 0: none */
	uint64_t fast_ns;     /* statements quicker than this, the network not counted, share a pipeline; 0: 2 ms */
	pg_pool_options pool; /* zero: defaults */
	/* Of a webhook's headers the configured ones win over the client's (Hasura v2: --configured-header-precedence). */
	bool configured_headers_first;
} exec_config;

/* What the workers share: connection settings and caps of the sources. Any thread. */
exec_shared *exec_shared_new(const exec_config *c);
void exec_shared_free(exec_shared *s); /* after all workers are closed */
/* A source's settings and the cap of its connections: new references. Error: Hasura's, of resolving the connection. */
MUST_CHECK bool exec_shared_source(
	exec_shared *s, const snap_source *src, pg_params **params, pg_limit **limit, error *err);

exec_worker *exec_worker_new(exec_shared *s, uv_loop_t *loop);
/* Cancels what runs (done is not called), closes the pools; closed(data) when all handles are closed and w is freed. */
void exec_worker_close(exec_worker *w, void (*closed)(void *data), void *data);
/* A new snapshot came: plans of others are dropped, pools of connections it does not have are drained. Keeps a reference. */
void exec_worker_snapshot(exec_worker *w, snapshot *s);
/* This worker's pool of a source, made on first use. Error: connection settings that cannot be resolved. */
MUST_CHECK bool exec_pool(exec_worker *w, const snap_source *src, pg_pool **out, error *err);

/* ---- requests ---- */

typedef struct exec_statement_log {
	str source;
	str sql;
	uint64_t duration_ns;
	size_t rows;
} exec_statement_log;

/* For the query log and the access log; text lives in the request's arena or the plan, valid in done. */
typedef struct exec_details {
	gq_operation_kind kind;
	str operation_name;
	str query_hash;   /* Hasura's parameterized_query_hash */
	bool cached;      /* plan came from the cache */
	uint64_t plan_ns; /* parse, plan, statements */
	uint64_t run_ns;  /* from sending to the last answer */
	uint64_t write_ns;
	const str *roots; /* names of root fields */
	size_t nroots;
	const exec_statement_log *statements;
	size_t nstatements;
} exec_details;

typedef struct exec_request exec_request;
typedef struct exec_run exec_run;

/*
 * One GraphQL operation. The caller owns the memory; it and what it points at must live until done was called or
 * exec_cancel returned. Zero what is not set.
 */
struct exec_request {
	arena *a;       /* of the request: error texts, details, bound parameters */
	snapshot *snap; /* a reference is taken for the duration */
	const session *session;
	str query;
	str operation_name;      /* p NULL: absent */
	const json *variables;   /* NULL: none; an object */
	const str_pair *headers; /* of the client's request, for webhooks that want them; NULL: none */
	size_t nheaders;
	bool introspection;   /* the role may ask __schema and __type */
	bool read_only;       /* mutations are refused (read-only mode) */
	bool subscription;    /* a subscription may run once, as a query (live queries); else it is refused */
	bool explain_missing; /* dev mode: errors say in `internal` why a field is missing */
	bool accept_gzip;     /* the client takes gzip: an answer that is kept compressed may come so */
	/* Called once, on the worker's thread; for what needs no database before exec_start returns. May free the request. */
	void (*done)(exec_request *r);
	void *data;
	/* The answer. */
	bool ok;
	buf body; /* ok: {"data":{…}}; the caller frees it (or takes it) */
	struct introspect_entry
		*gzip; /* instead of body, with accept_gzip: gzip->gzip; the caller gives the reference back */
	error err;     /* !ok */
	exec_details details;
	/* Private. */
	exec_run *run;
};

void exec_start(exec_worker *w, exec_request *r);
/* The client left: done will not be called, running statements are cancelled. No-op when done. */
void exec_cancel(exec_request *r);
/*
 * Explains instead of running: body is the JSON of feature-map 6.6: a list of {field, sql, plan} for a query, one object
 * for a subscription. Error invalid-params for a mutation.
 */
void exec_explain(exec_worker *w, exec_request *r);

typedef struct exec_cache_stats {
	uint64_t hits, misses, evicted, remade;
	size_t entries, bytes;
} exec_cache_stats;

void exec_worker_stats(const exec_worker *w, exec_cache_stats *out);
/* Each of its pools: fn(data, source, pool). */
void exec_worker_pools(const exec_worker *w, void (*fn)(void *data, str source, const pg_pool *p), void *data);
