/*
 * http: the HTTP/1.1 engine: sockets and bytes on one side, one callback per request on the other.
 *
 * A handler is called on a worker's thread with a complete request. It answers now or later, on the same thread, with
 * exactly one of http_respond / http_respond_buf / http_send      an answer http_upgrade takes the socket over
 * (WebSocket) After that call the request is gone: do not touch it. Or the client leaves first:
 *   - with a callback set by http_request_on_abort: it is called, and when it returns the request is gone (cancel the
 * work, forget the pointer)
 *   - without one: the request stays, and the answer is thrown away when it comes.
 * Requests of one connection are handled one after the other; pipelined ones wait.
 *
 * Ownership: everything a request shows (texts, headers, body) lives until the request is gone; its arena dies with it.
 * Threads: everything belongs to the request's worker; http_server_new/add/free to the thread that puts the server
 * together.
 */
#pragma once
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/json.h"
#include "base/pair.h"
#include "base/str.h"
#include "loop/worker.h"
#include "server/cors.h"
#include "server/http_limits.h"

typedef struct http_server http_server;
typedef struct http_request http_request;

typedef enum http_method {
	METHOD_OTHER,
	METHOD_GET,
	METHOD_HEAD,
	METHOD_POST,
	METHOD_PUT,
	METHOD_PATCH,
	METHOD_DELETE,
	METHOD_OPTIONS
} http_method;

typedef str_pair http_header;

/* What the http-log line says about the operation; the handler fills what it knows before it answers (arena of the
 * request). Hasura v2: Server/Logging.hs OperationLog. */
typedef struct http_log {
	bool skip;             /* no line for this request (health probes) */
	const char *mode;      /* request_mode: "single", "batched", "non-graphql" (default), "error" */
	json *user_vars;       /* session variables; NULL: null */
	json *query;           /* as log settings allow; NULL: left out */
	str raw_query;         /* empty: left out */
	json *error;           /* error object; makes the line's level error */
	str query_hash;        /* parameterized_query_hash; empty: left out */
	json *batch;           /* array for "batched_operations"; NULL: none */
	uint64_t execution_ns; /* 0: time from the complete request to the answer */
} http_log;

struct http_request {
	/* read-only for handlers */
	http_method method;
	str method_text; /* "GET" */
	str path;        /* as sent, not decoded; of an absolute-form target the path part; at least "/" or "*" */
	str query;       /* behind '?', as sent; empty if none */
	const http_header *headers; /* names as sent; values without blanks around */
	size_t header_count;
	str body;              /* complete, de-chunked */
	uint8_t version_minor; /* HTTP/1.x */
	bool keep_alive;       /* as the client wants it */
	bool wants_upgrade;    /* Connection: upgrade with an Upgrade header */
	str peer_ip;           /* of the socket */
	worker *worker;
	http_server *server;
	uint64_t start_ns; /* monotonic: first byte */
	uint64_t ready_ns; /* monotonic: request complete */
	arena *arena;
	/* the handler's own */
	void *user;
	http_log log;
	/* private to the engine */
	struct http_request_private *priv;
};

typedef void (*http_handler)(http_request *req, void *ctx);

typedef struct http_config {
	http_limits limits;
	cors_policy cors;
	bool log_requests; /* write http-log lines (base/log decides on type and level) */
	http_handler handler;
	void *ctx;
} http_config;

typedef struct http_response {
	int status;
	const http_header *headers; /* further ones; values must hold no CR, LF or NUL (such a header is dropped) */
	size_t header_count;
	str content_type; /* empty: "application/json; charset=utf-8" when there is a body */
	str body;
	int body_file; /* with release: a file that holds body from its start, which goes out without a copy; 0: none */
	/* When set, body is not copied if it cannot be written at once: it stays valid until release(release_arg) is
	 * called, once, also when the client is gone. When NULL, body only needs to live during the call. */
	void (*release)(void *arg);
	void *release_arg;
	bool gzipped; /* body is gzip already (ask http_request_accepts_gzip first) */
	bool plain;   /* never compress */
	bool close;   /* close the connection afterwards */
	/* Error answers (status >= 400 or set here) carry neither x-request-id nor compression. Hasura v2:
	 * Server/App.hs. */
	bool error;
} http_response;

/* Engine for *config (copied; its pointers must outlive the server). Opens the listeners on host:port, one per worker
 * of g, and adds itself to g as a service. Before worker_group_start. Error: see listen_open. */
MUST_CHECK bool http_server_new(
	worker_group *g, str host, uint16_t port, const http_config *config, http_server **out, error *err);
/* After worker_group_join. */
void http_server_free(http_server *s);
uint16_t http_server_port(const http_server *s);
const http_config *http_server_config(const http_server *s);
/* Open connections over all workers, upgraded ones included. Any thread. */
uint64_t http_server_connections(const http_server *s);
/* Bytes of bodies over a worker's connections, but those that are not logged. Worker's thread. */
typedef struct http_counts {
	uint64_t sent, received;
} http_counts;
void http_server_counts(const http_server *s, unsigned index, http_counts *out);

/* First value of the header (name in any case), or an empty str with p == NULL when there is none. O(headers). */
str http_request_header(const http_request *req, str name);
/* x-request-id of the client when it is plain (1-128 of [A-Za-z0-9._:+/=@-]), else a UUID v4 made now; the same on
 * every call. */
str http_request_id(http_request *req);
/* Value of the first of x-real-ip / x-forwarded-for in the request's order, else the socket's address. For logs only: a
 * client can forge it. */
str http_request_client_ip(const http_request *req);
/* May an answer be gzip? (for bodies that exist in compressed form) */
bool http_request_accepts_gzip(http_request *req);
/* See above; NULL takes it back. Calls fn(data) at most once. */
void http_request_on_abort(http_request *req, void (*fn)(void *data), void *data);
/* The client has left (only seen by handlers without an abort callback): work may stop, an answer is still due. */
bool http_request_gone(const http_request *req);

/* The answer with everything settable. */
void http_send(http_request *req, const http_response *res);
/* body is copied where needed. */
void http_respond(http_request *req, int status, const http_header *headers, size_t n, str body);
/* Takes the bytes of *body over and empties it: no copy. */
void http_respond_buf(http_request *req, int status, const http_header *headers, size_t n, buf *body);
/* {"path":…,"error":…,"code":…} with the error's status. Fills req->log.error unless set. */
void http_respond_error(http_request *req, const error *err);

/* A socket whose HTTP life is over. tcp is open, not reading; unread came behind the request. The new owner sets
 * tcp->data, closes with http_socket_close, frees `unread`; it holds the worker during a graceful stop and must close
 * when its own service's stop hook runs. */
typedef struct http_socket {
	uv_tcp_t *tcp;
	buf unread;
	worker *worker;
	http_server *server;
} http_socket;

/* Writes head (a complete "HTTP/1.1 101 …\r\n\r\n") and hands the socket over; the request is gone afterwards. False:
 * the client has left or other bytes still waited to be sent; the request has been ended all the same and *out is
 * empty. */
MUST_CHECK bool http_upgrade(http_request *req, str head, http_socket *out);
/* Closes and frees s->tcp (later, by itself) and s->unread, and ends the hold on the worker. */
void http_socket_close(http_socket *s);
