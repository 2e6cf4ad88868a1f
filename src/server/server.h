/*
 * server: the HTTP API over everything below it: routes, one file per endpoint family.
 *
 * Life: server_new (reaches the metadata database, builds the first snapshot, binds the port) -> server_start (answers
 * requests) -> server_stop -> server_join -> server_free. All by one thread, except server_stop: any.
 */
#pragma once
#include "base/error.h"
#include "server/server_config.h"

/* What clients read as the engine's version: they switch features on by it. */
#define SERVER_ENGINE_VERSION "v2.48.0"
#define SERVER_VERSION SERVER_ENGINE_VERSION "-weir." WEIR_VERSION

typedef struct server server;

/* Where the data are; texts must outlive the server. */
typedef struct server_databases {
	str metadata_url;     /* of the metadata database */
	str database_url;     /* of the source made on the first start; empty: none */
	str database_url_env; /* the variable it came from (stored as from_env); empty: from the command line */
	/* A variable this process answers for itself, not from its environment (the embedded cluster's URL); empty: none. */
	str own_variable;
	uint32_t retries;
} server_databases;

/*
 * Makes the workers, starts admin/ (blocks until metadata and catalogs are read) and listens. *config must outlive the
 * server. Errors: metadata database away or unreadable, bad authentication settings, port taken; nothing is left running.
 */
MUST_CHECK bool server_new(const server_config *config, const server_databases *db, server **out, error *err);
/* Starts answering. Error: a worker could not start. */
MUST_CHECK bool server_start(server *s, error *err);
/* Begins a graceful stop; a second call with a shorter grace shortens the wait. Any thread. */
void server_stop(server *s, uint64_t grace_ms);
/* Waits until the workers have ended. */
void server_join(server *s);
/* After server_join, or when never started. NULL is fine. */
void server_free(server *s);

/*
 * A request of the metadata API, as an admin, without HTTP; from server_new to server_free. Blocks; any thread but the
 * server's own. path: "v1/metadata", "v2/query", "v1/query", "v1/version". The status as HTTP's, the answer in a.
 */
long server_call(server *s, arena *a, str path, str body, str *answer);

/* As the operation reload_metadata with all sources, on the builder thread; how it went is logged. Any thread; returns at once. */
void server_reload(server *s);

uint16_t server_port(const server *s);
/* No source has a tracked table: the first start. */
bool server_tracks_nothing(server *s);
