/*
 * http_internal: what the files of the HTTP engine share; nobody else includes it.
 *
 * A connection is READING (idle or inside a request), BUSY (a handler has its request), LINGER (its last answer is out,
 * what still comes is thrown away) or CLOSED (waiting to be freed at the end of the loop's turn). While idle it owns no
 * buffer: requests with their arena, head and body come from the worker's pool, bytes are read into one buffer of the
 * worker.
 */
#pragma once
#include "server/gzip.h"
#include "server/http.h"
#include "server/http_parse.h"
#include <stdatomic.h>

typedef struct http_conn http_conn;
typedef struct http_worker http_worker;

enum {
	HTTP_READ_BYTES = 65536,     /* read buffer, one per worker */
	HTTP_POOL_REQUESTS = 64,     /* kept for reuse, per worker */
	HTTP_POOL_BUF_BYTES = 65536, /* larger buffers of a pooled request are given back */
	HTTP_CORK_BYTES = 16384,     /* pipelined answers are gathered up to this size */
	HTTP_ACCEPT_BATCH = 64,      /* connections accepted before others have their turn */
	HTTP_ACCEPT_PAUSE_MS = 100,  /* without a file left to open */
	HTTP_SWEEP_MS = 250,
	HTTP_PROBE_MS = 250,
	HTTP_ID_MAX = 128,
	HTTP_IP_MAX = 48,
};

typedef enum conn_state { CONN_READING, CONN_BUSY, CONN_LINGER, CONN_CLOSED } conn_state;

/* Read-side timeouts: a connection is in at most one of these lists. */
typedef enum conn_wait { WAIT_HEAD, WAIT_BODY, WAIT_IDLE, WAIT_LINGER, WAIT_PROBE, WAIT_COUNT } conn_wait;

struct http_request_private {
	http_message msg;
	http_conn *conn; /* NULL: the client has left */
	http_worker *hw;
	void (*on_abort)(void *data);
	void *abort_data;
	uint8_t id_n; /* 0: not decided yet */
	bool gzip_known;
	gzip_choice gzip;
	char id[HTTP_ID_MAX];
	http_request *prev, *next; /* in the worker's list of requests in use, or (next) in its pool */
};

struct http_conn {
	uv_tcp_t *tcp; /* NULL once handed over */
	http_worker *hw;
	http_conn *prev, *next; /* in hw->conns */
	timeout_link wait;
	timeout_link write_wait;
	http_parser parser;
	http_request *req; /* being read or handled */
	buf pending;       /* unread bytes while BUSY or while the output is full */
	size_t pending_at; /* first unread one */
	buf out;           /* gathered answers of pipelined requests */
	const char *cur;   /* input being processed, for the hand-over */
	size_t cur_n;
	size_t write_mark; /* bytes waiting at the last look of the write timeout */
	size_t body_mark;
	uint32_t writes; /* uv_writes in flight */
	uint32_t probes;
	conn_wait wait_kind;
	conn_state state;
	bool in_loop; /* conn_process is on the stack */
	bool reading;
	bool eof; /* the client will send nothing more */
	bool close_when_written;
	bool linger_when_written;
	bool continued; /* 100 Continue is out */
	uint8_t ip_n;
	char ip[HTTP_IP_MAX];
};

/* One per worker; only its thread touches it. */
struct http_worker {
	http_server *server;
	worker *w;
	uv_poll_t listener;
	int listen_fd;
	bool listening;
	timer *accept_again;
	timer *sweep;
	bool sweeping;
	http_conn *conns;
	http_conn *graveyard; /* closed in this turn of the loop, by next */
	timeout_list waits[WAIT_COUNT];
	timeout_list write_waits;
	http_request *pool;
	unsigned pool_n;
	http_request *used;
	http_counts counts;
	buf head; /* head of the answer being made */
	buf zip;  /* its compressed body */
	gzip *gzip;
	uint64_t date_s;
	char date[40]; /* "Date: …\r\n" of that second */
	unsigned char random[4096];
	size_t random_at; /* first unused byte */
	bool random_ready;
	char read_buf[HTTP_READ_BYTES];
};

struct http_server {
	http_config config;
	worker_group *group;
	http_worker **workers; /* by worker index */
	int *fds;
	uint16_t port;
	atomic_uint_fast64_t connections;
};

/* http_server.c */
http_request *http_request_take(http_conn *c);
void http_request_put(http_request *req);
void http_worker_sweep_on(http_worker *hw);

/* http_conn.c */
/* A new socket; takes it. */
void conn_accept(http_worker *hw, int fd);
void conn_close(http_conn *c);
/* The client has left, or its socket is broken. */
void conn_gone(http_conn *c);
void conn_sweep(http_worker *hw);
void conn_bury(http_worker *hw);
/* The request of c is over and its answer written or queued: goes on with what waits. */
void conn_answered(http_conn *c);
/* Goes on after an answer or when output has drained. */
void conn_resume(http_conn *c);
void conn_detach(http_conn *c);
/* No further request: closes when all is written. linger: input may still come and is thrown away for a while, so that
 * a reset does not overtake the last answer. Gives c->req back. */
void conn_end(http_conn *c, bool linger);
/* From http_write: the last queued byte is out. */
void conn_drained(http_conn *c);

/* http_request.c */
void http_request_fill(http_conn *c, http_request *req);
gzip_choice http_request_gzip(http_request *req);

/* http_write.c */
/* What follows a head; as in http_response. */
typedef struct http_body {
	str bytes;
	int file;
	void (*release)(void *arg);
	void *arg;
} http_body;

static inline void http_body_release(http_body *b)
{
	if (b->release) b->release(b->arg);
	b->release = NULL;
	b->file = 0;
}

/* Sends out + head + body. */
void conn_write(http_conn *c, str head, http_body body);
/* Sends out + head. */
void conn_write_head(http_conn *c, str head);
void conn_flush(http_conn *c);
/* Bytes waiting in this process; and those the client has not acknowledged besides. */
size_t conn_unsent(const http_conn *c);
size_t conn_untaken(const http_conn *c);
static inline bool conn_output_full(const http_conn *c, uint64_t limit)
{
	return limit && c->writes && conn_unsent(c) > limit;
}

/* http_response.c */
/* Answers an error the engine itself found, then closes. c->req may be NULL. */
void conn_reject(http_conn *c, int status, const char *code, const char *reason);
/* Makes such an answer in hw->head. */
void http_put_rejection(http_worker *hw, int status, const char *code, const char *reason);
/* Answers what needs no handler (preflight, foreign forms). */
bool http_answer_early(http_request *req);
