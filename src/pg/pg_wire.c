#include "pg/pg_wire.h"
#include <errno.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

/* A singleton of each thread: recv has no argument that could lead to an owner. */
static _Thread_local struct {
	bool counting;
	size_t read;
} turn;

/*
 * The dynamic linker takes the program's recv for all libraries; libpq reads with it, under TLS too. As libc's own recv it
 * is recvfrom without an address.
 */
__attribute__((visibility("default"))) ssize_t recv(int fd, void *to, size_t n, int flags)
{
	if (!turn.counting) return recvfrom(fd, to, n, flags, NULL, NULL);
	if (turn.read >= PG_WIRE_TURN) {
		errno = EAGAIN;
		return -1;
	}
	size_t left = PG_WIRE_TURN - turn.read;
	ssize_t got = recvfrom(fd, to, n < left ? n : left, flags, NULL, NULL);
	if (got > 0) turn.read += (size_t)got;
	return got;
}

void pg_wire_begin(void)
{
	turn.counting = true;
	turn.read = 0;
}

size_t pg_wire_end(void)
{
	turn.counting = false;
	return turn.read;
}
