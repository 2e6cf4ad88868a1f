/*
 * arena: memory of one unit of work (request, snapshot part, metadata change), freed whole.
 * Ownership: whoever calls arena_new frees it; everything allocated in it dies with it.
 * Threads: an arena belongs to one thread at a time. Out of memory aborts in mem_fail, the one place.
 * Under AddressSanitizer each allocation is its own malloc, so that overflows are seen.
 */
#pragma once
#include <stddef.h>

typedef struct arena arena;

/* A new arena; its first chunk holds about `hint` bytes (0: a default). */
arena *arena_new(size_t hint);
void arena_free(arena *a);
/* Forgets all allocations, keeps the first chunk for the next unit of work. */
void arena_reset(arena *a);
/* Bytes handed out since new or reset. */
size_t arena_used(const arena *a);
/* Bytes it takes of the process: what was handed out, what is free, and its own. */
size_t arena_held(const arena *a);

/* n bytes, aligned for any type, zeroed. n may be 0. */
void *arena_alloc(arena *a, size_t n) __attribute__((malloc, alloc_size(2), returns_nonnull));
/* n bytes, not zeroed. */
void *arena_alloc_raw(arena *a, size_t n) __attribute__((malloc, alloc_size(2), returns_nonnull));
/* n bytes, not zeroed and not aligned: for text. */
char *arena_bytes(arena *a, size_t n) __attribute__((malloc, alloc_size(2), returns_nonnull));
/* count * size with checked arithmetic, zeroed. */
void *arena_array(arena *a, size_t count, size_t size) __attribute__((malloc, alloc_size(2, 3), returns_nonnull));
/* Calls fn(data) when the arena is freed or reset; last registered first. */
void arena_on_free(arena *a, void (*fn)(void *), void *data);

#define NEW(a, T) ((T *)arena_alloc((a), sizeof(T)))
#define NEW_ARRAY(a, T, n) ((T *)arena_array((a), (n), sizeof(T)))

/* The heap, for what does not live in an arena. They abort when memory runs out; mem_free(NULL) is fine. */
void *mem_alloc(size_t n) __attribute__((malloc, alloc_size(1), returns_nonnull)); /* zeroed */
void *mem_realloc(void *p, size_t n) __attribute__((alloc_size(2), returns_nonnull));
void mem_free(void *p);
/* Gives free memory back to the system, as far as the C library can. After much was freed: it looks at all of the heap. */
void mem_trim(void);
/* Says why on stderr and aborts: memory ran out, or a size or an invariant is broken. */
_Noreturn void mem_fail(const char *why);
/* Overwrites a secret so that the compiler cannot drop it. */
void mem_wipe(void *p, size_t n);
/* a*b and a+b, aborting on overflow: for sizes. */
size_t size_mul(size_t a, size_t b);
size_t size_add(size_t a, size_t b);
