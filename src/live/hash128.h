/*
 * hash128: 128-bit hashes under a key of this process (SipHash-2-4 with the long output, Aumasson and Bernstein 2012).
 * What clients or rows hold cannot be made to collide without the key; two different inputs are taken for different.
 */
#pragma once
#include "base/str.h"

typedef struct hash128 {
	uint64_t a;
	uint64_t b;
} hash128;

/* O(n); *h is not zero. */
hash128 hash128_of(str bytes);

static inline bool hash128_eq(hash128 x, hash128 y)
{
	return x.a == y.a && x.b == y.b;
}

/* ---- tables of things that begin with a link ---- */

typedef struct hlink {
	hash128 key;
	struct hlink *chain;
} hlink;

typedef struct htable {
	hlink **slots;
	size_t cap; /* power of two, or 0 */
	size_t n;
} htable;

/* The first with this key, or NULL. */
hlink *htable_get(const htable *t, hash128 key);
/* l->key is set; a key that is there already may be put again. */
void htable_put(htable *t, hlink *l);
void htable_remove(htable *t, hlink *l);
/* Any one, or NULL. */
hlink *htable_any(const htable *t);
void htable_free(htable *t);
#define HTABLE_EACH(t, var)                               \
	for (size_t slot_ = 0; slot_ < (t)->cap; slot_++) \
		for (hlink *var = (t)->slots[slot_]; var; var = var->chain)
