/*
 * pg_wire: what libpq reads from sockets, counted and bounded. libpq buffers a whole result, reads on while there is something
 * to read, and tells nobody how far it is, so a limit for results can only be kept below it: pg_wire.c has a recv that stands
 * before libc's.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* Until pg_wire_end this thread's recv gives at most this much; then it says EAGAIN, and the socket stays readable. */
enum { PG_WIRE_TURN = 256 * 1024 };
/* Around a call of libpq that does not wait. */
void pg_wire_begin(void);
/* The bytes read since. */
size_t pg_wire_end(void);
