/*
 * vec: a growing array in an arena. VEC(T) declares the type; members v, n, cap.
 * No pointer into v survives a push.
 */
#pragma once
#include "arena.h"
#include "str.h"

#define VEC(T)              \
	struct {            \
		T *v;       \
		size_t n;   \
		size_t cap; \
	}

/* Makes room for one more element of `size` bytes; used by vec_push only. */
void vec_grow(arena *a, void **v, size_t *cap, size_t n, size_t size);

#define vec_push(a, vecp, item)                                                                          \
	do {                                                                                             \
		if ((vecp)->n == (vecp)->cap)                                                            \
			vec_grow((a), (void **)&(vecp)->v, &(vecp)->cap, (vecp)->n, sizeof(*(vecp)->v)); \
		(vecp)->v[(vecp)->n++] = (item);                                                         \
	} while (0)

typedef VEC(str) str_vec;
