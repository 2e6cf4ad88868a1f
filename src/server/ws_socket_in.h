/* ws_socket_in: what the files of a worker's sockets share: life and reading (ws_socket.c), the queue of what goes out
 * (ws_queue.c), time-outs and end of a turn (ws_loop.c). For these only. */
#pragma once
#include "base/arena.h"
#include "server/ws_socket.h"

enum { WS_READ_BYTES = 65536 };

struct ws_loop {
	worker *w;
	ws_loop_config config;
	ws_shared *shared;
	ws_socket *sockets;
	ws_socket *dirty;
	ws_socket *grave; /* closed in this turn, by next */
	size_t count;
	ws_counts counts; /* but sockets */
	size_t peak;      /* of count, since memory was given back */
	uint64_t trim_ms; /* loop time at which memory is given back; 0: not due */
	timeout_list ticks, hellos, silences, writes, lingers;
	timer *sweep;
	bool sweeping;
	bool stopped;
	buf zip;
	char read_buf[WS_READ_BYTES];
};

static inline uint64_t ws_loop_now(const ws_loop *l)
{
	return uv_now(&l->w->loop);
}

/* The time-outs are looked at while there is a socket. */
void ws_loop_sweep_on(ws_loop *l);

/* Reads or pauses, as the queues want it. */
void ws_socket_read_fit(ws_socket *s);

/* At the end of this turn its queue is written. */
void ws_queue_mark(ws_socket *s);
void ws_queue_control(ws_socket *s, unsigned opcode, str payload);
/* Writes what the kernel takes. May cut the socket. */
void ws_queue_flush(ws_socket *s);
/* Unsent messages go; one that is partly out or on its way must stay whole. */
void ws_queue_drop(ws_socket *s);
/* All of it; nothing is on its way. */
void ws_queue_free(ws_socket *s);
/* Bytes that have not reached the client's machine. */
int64_t ws_queue_untaken(const ws_socket *s);
/* Bytes the client has taken, ever; negative at first, since the handshake was not queued here. What is queued meanwhile
 * must not hide that it takes some. */
int64_t ws_queue_taken(const ws_socket *s);
