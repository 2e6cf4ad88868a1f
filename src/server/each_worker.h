/* each_worker: a question that every worker answers on its own thread; the one that was asked then has all answers. */
#pragma once
#include "server/call.h"

typedef struct each_worker {
	size_t size; /* of a worker's part: zeroed memory, aligned */
	/* On the worker's thread. about: a copy of what was asked; several read it at once. */
	void (*tell)(server_worker *sw, void *part, const void *about);
	void (*answer)(call *c, void *const *parts, size_t n); /* on the call's thread: answers the call */
	void (*drop)(void *part);                              /* what the part holds; NULL: nothing */
} each_worker;

/* The client may leave meanwhile. q is static; about has n bytes (0: nothing more to say). */
void each_worker_ask(call *c, const each_worker *q, const void *about, size_t n);
