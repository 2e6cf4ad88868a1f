/*
 * ws_socket: one WebSocket over a handed-over TCP connection: frames in and out, the queue of what the client has not
 * taken, the closing handshake, silence. It knows nothing of GraphQL. Messages are queued and go out together when the
 * loop is about to sleep; their bodies are referred to, not copied.
 *
 * Life: ws_socket_open … ws_socket_close (the handshake; messages that come are dropped) or the client leaves → on->gone,
 * once, after which the owner must not touch the socket; its memory is given back through on->release when nothing
 * refers to it any more.
 * Threads: everything belongs to the worker's thread.
 */
#pragma once
#include "loop/timeouts.h"
#include "server/http.h"
#include "server/ws_frame.h"
#include "server/ws_limits.h"

typedef struct ws_socket ws_socket;
typedef struct ws_loop ws_loop;
typedef struct ws_out ws_out;

typedef struct ws_callbacks {
	void (*message)(ws_socket *s, str text); /* may close the socket */
	void (*tick)(ws_socket *s);              /* every keep-alive interval */
	void (*hello_over)(ws_socket *s);        /* ws_socket_hello_done was not called in time */
	void (*full)(ws_socket *s);              /* more than pause_bytes wait: hold back what can be */
	void (*drained)(ws_socket *s);           /* … and the client has taken it */
	void (*closing)(ws_socket *s, uint16_t code, str reason); /* a close frame is queued or was received; 0: gone */
	void (*gone)(ws_socket *s);
	void (*release)(ws_socket *s);
} ws_callbacks;

/* A message's body that is shared: dropped once by release(arg). */
typedef struct ws_body {
	str bytes;
	void (*release)(void *arg);
	void *arg;
} ws_body;

struct ws_socket {
	ws_loop *loop;
	const ws_callbacks *on;
	http_socket hs;
	ws_socket *prev, *next; /* of the loop */
	ws_socket *dirty;       /* next one with something to send */
	ws_reader in;
	ws_out *first, *last;
	size_t waiting;     /* bytes queued */
	size_t written;     /* of the first message */
	uint64_t queued;    /* bytes, ever */
	int64_t write_mark; /* bytes the client had taken at the last look of the write time-out */
	int64_t quiet_mark; /* the same of silence (INT64_MAX: nothing waited) and of lingering */
	uv_write_t *write;  /* under way */
	size_t write_bytes; /* in it */
	unsigned writing;   /* messages in it */
	unsigned window;    /* of deflate; 0: not negotiated */
	timeout_link tick, hello, silence, write_wait, linger;
	uint64_t heard_ms;
	bool is_dirty;
	bool reading;
	bool held; /* the owner wants no more messages for now */
	bool full;
	bool pinged;
	bool closing; /* our close frame is queued */
	bool closed;  /* the client's close frame was received */
	bool deaf;    /* what comes cannot be understood: it is thrown away */
	bool shut;    /* our side of the connection is closed */
	bool dead;
	bool raw; /* no WebSocket: bytes go out as they are, what comes is thrown away (server-sent events) */
};

/* ---- a worker's sockets ---- */

typedef struct ws_loop_config {
	ws_limits limits;
	uint64_t tick_ms;  /* 0: never */
	uint64_t hello_ms; /* 0: no limit */
	uint64_t write_ms;
} ws_loop_config;

ws_loop *ws_loop_new(worker *w, const ws_loop_config *c);
/* Cuts all sockets (gone and release are called). The memory follows with ws_loop_free, when the loop has turned. */
void ws_loop_stop(ws_loop *l);
void ws_loop_free(ws_loop *l); /* after the thread has ended; NULL is fine */
size_t ws_loop_count(const ws_loop *l);
/* What went over its sockets; those without frames are counted apart. */
typedef struct ws_counts {
	size_t sockets, streams;
	uint64_t sent, received; /* bytes, of WebSockets */
} ws_counts;
void ws_loop_counts(const ws_loop *l, ws_counts *out);
/* Calls fn for every open socket; fn may close it. */
void ws_loop_each(ws_loop *l, void (*fn)(ws_socket *s, void *arg), void *arg);

/* ---- a socket ---- */

/* s is zeroed memory of the owner's. hs is taken over. window: of deflate, 0 when not negotiated. */
void ws_socket_open(ws_socket *s, ws_loop *l, http_socket *hs, unsigned window, const ws_callbacks *on);
/* The same for a connection that carries no frames: after ws_socket_close it ends when all is written. */
void ws_socket_open_raw(ws_socket *s, ws_loop *l, http_socket *hs, const ws_callbacks *on);
/* Begins to read; messages that came with the handshake are handed over at once. */
void ws_socket_begin(ws_socket *s);
void ws_socket_hello_done(ws_socket *s);
/* Queues a message of data: before + body + after. before and after are copied; body.release NULL: that is copied too. With
 * more than output_bytes waiting the socket is closed instead. */
void ws_socket_send(ws_socket *s, str before, ws_body body, str after);
/* Queues a message of the protocol, which is small and belongs to one that was let in: the limit does not ask for it. */
void ws_socket_say(ws_socket *s, str text);
/* The same for what a client can do without: left out beyond the limit. */
void ws_socket_keep_alive(ws_socket *s, str text);
/* Says goodbye: what is queued goes out before, unless `drop`. A second call does nothing. */
void ws_socket_close(ws_socket *s, uint16_t code, str reason, bool drop);
/* Cuts the connection. */
void ws_socket_cut(ws_socket *s);
/* No further message is handed over once those read are through; and on again. */
void ws_socket_hold(ws_socket *s, bool hold);
