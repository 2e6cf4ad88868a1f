/*
 * server_internal: what the files of the API share; nobody else includes it.
 *
 * The snapshot: admin/ hands a new one in on the builder thread. It is kept under a lock with a version; each worker has
 * a reference of its own and compares versions (one atomic load) whenever it needs the snapshot, so that a change
 * answered to a client holds for that client's next request on any worker.
 */
#pragma once
#include "admin/admin.h"
#include "auth/auth.h"
#include "exec/exec.h"
#include "live/live.h"
#include "server/http.h"
#include "server/metrics.h"
#include "server/server.h"
#include <stdatomic.h>

typedef struct server_worker {
	server *srv;
	worker *w;
	exec_worker *exec;
	live_worker *live;
	auth_worker *auth;
	struct ws_worker *ws;
	server_metrics metrics;
	snapshot *snap; /* by server_worker_snapshot only */
	uint64_t version;
} server_worker;

struct server {
	const server_config *config;
	server_databases db;
	arena *a;
	worker_group *group;
	http_server *http;
	admin *admin;
	exec_shared *exec;
	live_shared *live;
	auth *auth;
	server_worker *workers; /* by worker index */
	uv_mutex_t lock;        /* of current */
	snapshot *current;
	atomic_int reloads;           /* asked for by server_reload and not done */
	atomic_uint_fast64_t version; /* counts snapshots; 0: none yet */
	uint64_t made_ns;             /* monotonic */
	bool log_http;                /* http-log lines are on */
	bool log_query;               /* query-log lines are on */
};

/* The newest snapshot; borrowed until the worker's next turn of the loop. Worker's thread. */
snapshot *server_worker_snapshot(server_worker *sw);
/* The newest snapshot, a reference for the caller. Any thread. */
snapshot *server_snapshot(server *s);
/* Of the request's worker. */
server_worker *server_worker_of(http_request *req, server *s);

/* routes.c: the http_handler; ctx is the server. */
void routes_handle(http_request *req, void *ctx);

/* startup_log.c */
void startup_log_config(const server *s);
void startup_log_started(const server *s);
