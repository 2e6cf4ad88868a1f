#include "base/vec.h"

#include <string.h>

void vec_grow(arena *a, void **v, size_t *cap, size_t n, size_t size)
{
	/* v is really a T**: it is read and written as bytes, for strict aliasing. */
	void *old;
	memcpy(&old, v, sizeof(old));
	size_t ncap = *cap ? size_mul(*cap, 2) : 4;
	void *fresh = arena_array(a, ncap, size);
	if (n) memcpy(fresh, old, n * size);
	memcpy(v, &fresh, sizeof(fresh));
	*cap = ncap;
}
