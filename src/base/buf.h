/*
 * buf: a growing byte buffer on the heap; buf_free gives it back. p is not NUL-terminated.
 * No pointer into p survives an append.
 */
#pragma once
#include "str.h"
#include <stdint.h>

typedef struct buf {
	char *p;
	size_t n;
	size_t cap;
} buf;

void buf_free(buf *b);
/* Room for `more` bytes behind n. */
void buf_reserve(buf *b, size_t more);
void buf_put(buf *b, str s);
void buf_put_i64(buf *b, int64_t v);
void buf_put_u64(buf *b, uint64_t v);
void buf_printf(buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static inline void buf_putc(buf *b, char c)
{
	if (b->n == b->cap) buf_reserve(b, 1);
	b->p[b->n++] = c;
}
static inline void buf_puts(buf *b, const char *z)
{
	buf_put(b, str_from(z));
}
static inline str buf_str(const buf *b)
{
	return str_make(b->p, b->n);
}
static inline void buf_clear(buf *b)
{
	b->n = 0;
}
