#include "live/hash128.h"
#include "base/map.h"

typedef struct sip {
	uint64_t v0, v1, v2, v3;
} sip;

static inline uint64_t rotl(uint64_t x, unsigned n)
{
	return x << n | x >> (64 - n);
}

static inline void rounds(sip *s, unsigned n)
{
	while (n--) {
		s->v0 += s->v1;
		s->v2 += s->v3;
		s->v1 = rotl(s->v1, 13) ^ s->v0;
		s->v3 = rotl(s->v3, 16) ^ s->v2;
		s->v0 = rotl(s->v0, 32);
		s->v2 += s->v1;
		s->v0 += s->v3;
		s->v1 = rotl(s->v1, 17) ^ s->v2;
		s->v3 = rotl(s->v3, 21) ^ s->v0;
		s->v2 = rotl(s->v2, 32);
	}
}

static inline void word(sip *s, uint64_t m)
{
	s->v3 ^= m;
	rounds(s, 2);
	s->v0 ^= m;
}

hash128 hash128_of(str in)
{
	/* The process has one random seed; the key's other half is made of it. */
	uint64_t k0 = hash_seed(), k1 = rotl(k0 * 0x9e3779b97f4a7c15u, 29) ^ 0xbf58476d1ce4e5b9u;
	sip s = {k0 ^ 0x736f6d6570736575u, k1 ^ 0x646f72616e646f6du ^ 0xee, k0 ^ 0x6c7967656e657261u,
		k1 ^ 0x7465646279746573u};
	size_t whole = in.n / 8 * 8;
	uint64_t m;
	for (size_t i = 0; i < whole; i += 8) {
		memcpy(&m, in.p + i, 8);
		word(&s, m);
	}
	m = (uint64_t)in.n << 56;
	for (size_t i = whole; i < in.n; i++)
		m |= (uint64_t)(unsigned char)in.p[i] << 8 * (i - whole);
	word(&s, m);
	s.v2 ^= 0xee;
	rounds(&s, 4);
	hash128 h = {.a = s.v0 ^ s.v1 ^ s.v2 ^ s.v3};
	s.v1 ^= 0xdd;
	rounds(&s, 4);
	h.b = s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
	if (!h.a && !h.b) h.a = 1;
	return h;
}

/* ---- tables ---- */

hlink *htable_get(const htable *t, hash128 key)
{
	if (!t->cap) return NULL;
	hlink *l = t->slots[key.a & (t->cap - 1)];
	while (l && !hash128_eq(l->key, key))
		l = l->chain;
	return l;
}

static void grow(htable *t)
{
	size_t cap = t->cap ? t->cap * 2 : 8;
	hlink **slots = mem_alloc(size_mul(cap, sizeof *slots));
	for (size_t i = 0; i < t->cap; i++)
		for (hlink *l = t->slots[i], *next; l; l = next) {
			next = l->chain;
			hlink **at = &slots[l->key.a & (cap - 1)];
			l->chain = *at;
			*at = l;
		}
	mem_free(t->slots);
	t->slots = slots;
	t->cap = cap;
}

void htable_put(htable *t, hlink *l)
{
	if (t->n == t->cap) grow(t);
	hlink **at = &t->slots[l->key.a & (t->cap - 1)];
	l->chain = *at;
	*at = l;
	t->n++;
}

void htable_remove(htable *t, hlink *l)
{
	hlink **at = &t->slots[l->key.a & (t->cap - 1)];
	while (*at != l)
		at = &(*at)->chain;
	*at = l->chain;
	l->chain = NULL;
	t->n--;
}

hlink *htable_any(const htable *t)
{
	for (size_t i = 0; t->n && i < t->cap; i++)
		if (t->slots[i]) return t->slots[i];
	return NULL;
}

void htable_free(htable *t)
{
	mem_free(t->slots);
	*t = (htable){0};
}
