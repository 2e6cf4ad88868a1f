/*
 * ws: GraphQL over WebSockets: who asks, operations, the messages of both sub-protocols (docs/realtime.md).
 * Hasura v2: GraphQL/Transport/WebSocket.hs, WSServerApp.hs.
 */
#pragma once
#include "server/server_internal.h"
#include "server/ws_socket.h"

typedef struct ws_worker ws_worker;

/* On the worker's thread, when exec, auth and live of sw are there. */
ws_worker *ws_worker_new(server_worker *sw);
/* A graceful stop: sockets are told to come back elsewhere; queries and mutations under way are answered first. */
void ws_worker_drain(ws_worker *w);
/* Ends everything that is open, before exec, auth and live are closed. */
void ws_worker_stop(ws_worker *w);
/* After the thread has ended; NULL is fine. */
void ws_worker_free(ws_worker *w);
/* A new snapshot is there. live/ tells whose operations it affects; with the setting that closes all, all are closed. */
void ws_worker_changed(ws_worker *w);
size_t ws_worker_sockets(const ws_worker *w);
void ws_worker_counts(const ws_worker *w, ws_counts *out);

/* The request asks for a WebSocket: ws_accept answers it. */
bool ws_asked(const http_request *req);
void ws_accept(server_worker *sw, http_request *req);
