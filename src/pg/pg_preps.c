#include "pg/pg_preps.h"
#include "base/arena.h"
#include "base/map.h"
#include <inttypes.h>
#include <stdio.h>
#include <sys/random.h>

void pg_preps_init(pg_preps *p, size_t cap)
{
	*p = (pg_preps){.cap = cap ? cap : 1};
	if (getrandom(&p->nonce, sizeof(p->nonce), 0) != (ssize_t)sizeof(p->nonce)) {
		/* No randomness from the kernel: the seed of the process and the address still tell connections apart. */
		p->nonce = hash_seed() ^ (uint64_t)(uintptr_t)p;
	}
}

void pg_preps_free(pg_preps *p)
{
	for (pg_prep *e = p->newest, *older; e; e = older) {
		older = e->older;
		mem_free(e);
	}
	mem_free(p->slots);
	mem_free(p->dead);
	*p = (pg_preps){0};
}

static pg_prep **slot(const pg_preps *p, uint64_t id)
{
	/* Ids may be small numbers in a row: Fibonacci hashing spreads them. */
	return &p->slots[((id * UINT64_C(0x9E3779B97F4A7C15)) >> 32) & (p->nslots - 1)];
}

static void unlink_age(pg_preps *p, pg_prep *e)
{
	*(e->newer ? &e->newer->older : &p->newest) = e->older;
	*(e->older ? &e->older->newer : &p->oldest) = e->newer;
}

static void link_newest(pg_preps *p, pg_prep *e)
{
	e->newer = NULL;
	e->older = p->newest;
	*(p->newest ? &p->newest->newer : &p->oldest) = e;
	p->newest = e;
}

pg_prep *pg_preps_get(pg_preps *p, uint64_t id)
{
	pg_prep *e = p->slots ? *slot(p, id) : NULL;
	while (e && e->id != id)
		e = e->chain;
	if (e && e != p->newest) {
		unlink_age(p, e);
		link_newest(p, e);
	}
	return e;
}

static void grow(pg_preps *p)
{
	size_t want = 64;
	while (want < p->n + 1)
		want *= 2;
	if (want <= p->nslots) return;
	mem_free(p->slots);
	p->slots = mem_alloc(size_mul(want, sizeof(*p->slots)));
	p->nslots = want;
	for (pg_prep *e = p->newest; e; e = e->older) {
		pg_prep **s = slot(p, e->id);
		e->chain = *s;
		*s = e;
	}
}

pg_prep *pg_preps_add(pg_preps *p, uint64_t id)
{
	if (p->n >= p->cap) pg_preps_remove(p, p->oldest->id, p->oldest->serial, true);
	grow(p);
	pg_prep *e = mem_alloc(sizeof(*e));
	e->id = id;
	e->serial = p->next++;
	pg_preps_name(p, e->serial, e->name);
	pg_prep **s = slot(p, id);
	e->chain = *s;
	*s = e;
	link_newest(p, e);
	p->n++;
	return e;
}

static void add_dead(pg_preps *p, uint64_t serial)
{
	if (p->ndead == p->dead_cap) {
		p->dead_cap = p->dead_cap ? p->dead_cap * 2 : 16;
		p->dead = mem_realloc(p->dead, size_mul(p->dead_cap, sizeof(*p->dead)));
	}
	p->dead[p->ndead++] = serial;
}

void pg_preps_remove(pg_preps *p, uint64_t id, uint64_t serial, bool close)
{
	pg_prep **at = p->slots ? slot(p, id) : NULL;
	while (at && *at && (*at)->id != id)
		at = &(*at)->chain;
	if (!at || !*at || (*at)->serial != serial) return;
	pg_prep *e = *at;
	*at = e->chain;
	unlink_age(p, e);
	p->n--;
	if (close) add_dead(p, serial);
	mem_free(e);
}

void pg_preps_confirm(pg_preps *p, uint64_t id, uint64_t serial)
{
	pg_prep *e = p->slots ? *slot(p, id) : NULL;
	while (e && e->id != id)
		e = e->chain;
	if (e && e->serial == serial) e->confirmed = true;
}

void pg_preps_name(const pg_preps *p, uint64_t serial, char out[PG_NAME_MAX])
{
	snprintf(out, PG_NAME_MAX, "w_%" PRIx64 "_%" PRIu64, p->nonce, serial);
}
