#include "base/arena.h"
#include "base/log.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_EACH_MALLOC 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_EACH_MALLOC 1
#endif
#endif
#ifndef ARENA_EACH_MALLOC
#define ARENA_EACH_MALLOC 0
#endif

enum {
	ALIGN = alignof(max_align_t),
	FIRST_DEFAULT = 4096,
	CHUNK_MIN = 1024,
	CHUNK_MAX = 64 * 1024,
};

/* A further chunk, or under AddressSanitizer one allocation. Its bytes follow it. */
typedef struct chunk {
	alignas(max_align_t) struct chunk *next;
} chunk;

typedef struct cleanup {
	struct cleanup *next;
	void (*fn)(void *);
	void *data;
} cleanup;

/* The first chunk's bytes follow the header in the same malloc: small arenas are one allocation. */
struct arena {
	alignas(max_align_t) char *p; /* free bytes of the current chunk */
	char *end;
	chunk *chunks; /* all but the first */
	cleanup *cleanups;
	size_t used;
	size_t chunked; /* bytes of the chunks */
	size_t first_size;
	size_t next_size;
};

_Noreturn void mem_fail(const char *why)
{
	fprintf(stderr, "weir: %s\n", why);
	log_last_words(why);
	abort();
}

static _Noreturn void out_of_memory(size_t n)
{
	char why[200];
	snprintf(why, sizeof why,
		"out of memory: %zu bytes more are more than the process, its cgroup or the machine may have "
		"(--max-result-size bounds what one answer takes)",
		n);
	mem_fail(why);
}

static void *mem_get(size_t n)
{
	void *p = malloc(n ? n : 1);
	if (!p) out_of_memory(n);
	return p;
}

size_t size_mul(size_t a, size_t b)
{
	size_t r;
	if (__builtin_mul_overflow(a, b, &r)) mem_fail("size overflow");
	return r;
}

size_t size_add(size_t a, size_t b)
{
	size_t r;
	if (__builtin_add_overflow(a, b, &r)) mem_fail("size overflow");
	return r;
}

void *mem_alloc(size_t n)
{
	void *p = calloc(1, n ? n : 1);
	if (!p) out_of_memory(n);
	return p;
}

void *mem_realloc(void *p, size_t n)
{
	void *q = realloc(p, n ? n : 1);
	if (!q) out_of_memory(n);
	return q;
}

void mem_free(void *p)
{
	free(p);
}

void mem_trim(void)
{
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}

void mem_wipe(void *p, size_t n)
{
	if (n) explicit_bzero(p, n);
}

static size_t align_up(size_t n)
{
	return size_add(n, ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

static void arena_rewind(arena *a)
{
	a->p = (char *)(a + 1);
	a->end = a->p + a->first_size;
	a->next_size = a->first_size < CHUNK_MIN / 2 ? CHUNK_MIN : a->first_size * 2;
	if (a->next_size > CHUNK_MAX) a->next_size = CHUNK_MAX;
	a->used = 0;
	a->chunked = 0;
}

arena *arena_new(size_t hint)
{
	size_t first = hint ? align_up(hint) : FIRST_DEFAULT - sizeof(arena);
	if (ARENA_EACH_MALLOC) first = 0;
	arena *a = mem_get(size_add(first, sizeof(arena)));
	a->chunks = NULL;
	a->cleanups = NULL;
	a->first_size = first;
	arena_rewind(a);
	return a;
}

static void arena_drop(arena *a)
{
	/* Each entry is unlinked before its call, so that a cleanup may use the arena. */
	while (a->cleanups) {
		cleanup *c = a->cleanups;
		a->cleanups = c->next;
		c->fn(c->data);
	}
	while (a->chunks) {
		chunk *c = a->chunks;
		a->chunks = c->next;
		free(c);
	}
}

void arena_free(arena *a)
{
	if (!a) return;
	arena_drop(a);
	free(a);
}

void arena_reset(arena *a)
{
	arena_drop(a);
	arena_rewind(a);
}

size_t arena_used(const arena *a)
{
	return a->used;
}

size_t arena_held(const arena *a)
{
	return sizeof(*a) + a->first_size + a->chunked;
}

static char *chunk_add(arena *a, size_t n)
{
	chunk *c = mem_get(size_add(sizeof(chunk), n));
	c->next = a->chunks;
	a->chunks = c;
	a->chunked += sizeof(chunk) + n;
	return (char *)(c + 1);
}

/* The current chunk has no room for n bytes. */
static char *arena_more(arena *a, size_t n)
{
	size_t size = a->next_size;
	if (a->next_size < CHUNK_MAX) a->next_size = size * 2 < CHUNK_MAX ? size * 2 : CHUNK_MAX;
	/* Large ones get their own chunk; the rest of the current chunk stays in use. */
	if (ARENA_EACH_MALLOC || n > size / 4) return chunk_add(a, n);
	char *p = chunk_add(a, size);
	a->p = p + n;
	a->end = p + size;
	return p;
}

char *arena_bytes(arena *a, size_t n)
{
	a->used += n;
	if (ARENA_EACH_MALLOC || n > (size_t)(a->end - a->p)) return arena_more(a, n);
	char *p = a->p;
	a->p += n;
	return p;
}

void *arena_alloc_raw(arena *a, size_t n)
{
	a->used += n;
	size_t pad = -(uintptr_t)a->p & (ALIGN - 1);
	size_t room = (size_t)(a->end - a->p);
	if (ARENA_EACH_MALLOC || pad > room || n > room - pad) return arena_more(a, n);
	char *p = a->p + pad;
	a->p = p + n;
	return p;
}

void *arena_alloc(arena *a, size_t n)
{
	return memset(arena_alloc_raw(a, n), 0, n);
}

void *arena_array(arena *a, size_t count, size_t size)
{
	return arena_alloc(a, size_mul(count, size));
}

void arena_on_free(arena *a, void (*fn)(void *), void *data)
{
	cleanup *c = NEW(a, cleanup);
	*c = (cleanup){.next = a->cleanups, .fn = fn, .data = data};
	a->cleanups = c;
}
