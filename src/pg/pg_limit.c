#include "pg/pg_params.h"
#include <stdatomic.h>

struct pg_limit {
	atomic_uint refs;
	atomic_size_t cap;
	atomic_size_t used;
	atomic_size_t starving; /* pools, not connections */
};

pg_limit *pg_limit_new(size_t cap)
{
	pg_limit *l = mem_alloc(sizeof(*l));
	atomic_init(&l->refs, 1);
	atomic_init(&l->used, 0);
	atomic_init(&l->starving, 0);
	atomic_init(&l->cap, cap ? cap : 1);
	return l;
}

pg_limit *pg_limit_ref(pg_limit *l)
{
	atomic_fetch_add(&l->refs, 1);
	return l;
}

void pg_limit_unref(pg_limit *l)
{
	if (l && atomic_fetch_sub(&l->refs, 1) == 1) mem_free(l);
}

void pg_limit_set_cap(pg_limit *l, size_t cap)
{
	atomic_store(&l->cap, cap ? cap : 1);
}

size_t pg_limit_used(const pg_limit *l)
{
	return atomic_load(&l->used);
}

bool pg_limit_has_room(const pg_limit *l)
{
	return atomic_load(&l->used) < atomic_load(&l->cap);
}

bool pg_limit_take(pg_limit *l)
{
	size_t used = atomic_load(&l->used);
	while (used < atomic_load(&l->cap))
		if (atomic_compare_exchange_weak(&l->used, &used, used + 1)) return true;
	return false;
}

void pg_limit_give(pg_limit *l)
{
	atomic_fetch_sub(&l->used, 1);
}

void pg_limit_starve(pg_limit *l, bool starving)
{
	if (starving) atomic_fetch_add(&l->starving, 1);
	else atomic_fetch_sub(&l->starving, 1);
}

bool pg_limit_starving(const pg_limit *l, bool self)
{
	return atomic_load(&l->starving) > (size_t)self;
}
