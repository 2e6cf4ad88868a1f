#include "base/buf.h"

#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void buf_free(buf *b)
{
	mem_free(b->p);
	*b = (buf){0};
}

void buf_reserve(buf *b, size_t more)
{
	if (more <= b->cap - b->n) return;
	size_t need = size_add(b->n, more);
	size_t cap = b->cap ? b->cap : 64;
	while (cap < need)
		cap = cap > SIZE_MAX / 2 ? need : cap * 2;
	b->p = mem_realloc(b->p, cap);
	b->cap = cap;
}

void buf_put(buf *b, str s)
{
	if (!s.n) return;
	if (s.n > b->cap - b->n) buf_reserve(b, s.n);
	memcpy(b->p + b->n, s.p, s.n);
	b->n += s.n;
}

void buf_put_u64(buf *b, uint64_t v)
{
	char tmp[20];
	size_t at = sizeof(tmp);
	do {
		tmp[--at] = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	buf_put(b, str_make(tmp + at, sizeof(tmp) - at));
}

void buf_put_i64(buf *b, int64_t v)
{
	if (v < 0) buf_putc(b, '-');
	buf_put_u64(b, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

void buf_printf(buf *b, const char *fmt, ...)
{
	va_list ap, again;
	va_start(ap, fmt);
	va_copy(again, ap);
	buf_reserve(b, 64);
	int n = vsnprintf(b->p + b->n, b->cap - b->n, fmt, ap);
	va_end(ap);
	if (n > 0) {
		if ((size_t)n >= b->cap - b->n) {
			buf_reserve(b, (size_t)n + 1);
			n = vsnprintf(b->p + b->n, b->cap - b->n, fmt, again);
		}
		b->n += (size_t)n;
	}
	va_end(again);
}
