#include "base/uuid.h"
#include "base/arena.h"
#include <string.h>
#include <sys/random.h>
#include <sys/types.h>

enum { POOL = 4096 };

void uuid_make(unsigned char out[UUID_BYTES])
{
	/* A singleton of each thread: a call of the kernel for 256 identifiers, no lock. */
	static _Thread_local struct pool {
		unsigned char bytes[POOL];
		size_t left;
	} pool;
	if (pool.left < UUID_BYTES) {
		size_t got = 0;
		while (got < POOL) {
			ssize_t n = getrandom(pool.bytes + got, POOL - got, 0);
			if (n > 0) got += (size_t)n;
		}
		pool.left = POOL;
	}
	pool.left -= UUID_BYTES;
	memcpy(out, pool.bytes + pool.left, UUID_BYTES);
	mem_wipe(pool.bytes + pool.left, UUID_BYTES);
	out[6] = (unsigned char)((out[6] & 0x0f) | 0x40);
	out[8] = (unsigned char)((out[8] & 0x3f) | 0x80);
}

void uuid_format(const unsigned char id[UUID_BYTES], char out[UUID_TEXT])
{
	static const char hex[] = "0123456789abcdef";
	size_t n = 0;
	for (size_t i = 0; i < UUID_BYTES; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10) out[n++] = '-';
		out[n++] = hex[id[i] >> 4];
		out[n++] = hex[id[i] & 15];
	}
}
