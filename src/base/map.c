#include "base/map.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* Up to here a scan over the items is faster than hashing, and needs no slots. */
enum { MAP_SCAN_MAX = 8 };

uint64_t hash_seed(void)
{
	/* The one seed of the process; 0 = not chosen yet. Documented singleton. */
	static _Atomic uint64_t chosen;
	uint64_t seed = atomic_load_explicit(&chosen, memory_order_relaxed);
	if (seed) return seed;
	uint64_t fresh = 0;
	while (!fresh)
		if (getrandom(&fresh, sizeof(fresh), 0) != (ssize_t)sizeof(fresh)) fresh = 0;
	if (atomic_compare_exchange_strong(&chosen, &seed, fresh)) return fresh;
	return seed;
}

/* The slot of key, or the free slot where it would go. */
static size_t map_slot(const map *m, str key)
{
	size_t mask = m->slot_cap - 1;
	size_t i = str_hash(key, hash_seed()) & mask;
	while (m->slots[i] && !str_eq(m->items[m->slots[i] - 1].key, key))
		i = (i + 1) & mask;
	return i;
}

static map_item *map_find(const map *m, str key)
{
	if (!m->slots) {
		for (size_t i = 0; i < m->n; i++)
			if (str_eq(m->items[i].key, key)) return &m->items[i];
		return NULL;
	}
	uint32_t at = m->slots[map_slot(m, key)];
	return at ? &m->items[at - 1] : NULL;
}

static void map_fill_slots(map *m)
{
	if (!m->slots) return;
	memset(m->slots, 0, m->slot_cap * sizeof(*m->slots));
	for (size_t i = 0; i < m->n; i++)
		m->slots[map_slot(m, m->items[i].key)] = (uint32_t)(i + 1);
}

/* Room for one more item, keeping the slots at most half full. */
static void map_grow(arena *a, map *m)
{
	if (m->n == m->cap) {
		size_t cap = m->cap ? size_mul(m->cap, 2) : 4;
		if (cap >= UINT32_MAX) mem_fail("map too large");
		map_item *items = NEW_ARRAY(a, map_item, cap);
		if (m->n) memcpy(items, m->items, m->n * sizeof(*items));
		m->items = items;
		m->cap = cap;
	}
	if (m->n >= MAP_SCAN_MAX && (m->n + 1) * 2 > m->slot_cap) {
		m->slot_cap = m->slot_cap ? m->slot_cap * 2 : (size_t)MAP_SCAN_MAX * 4;
		m->slots = NEW_ARRAY(a, uint32_t, m->slot_cap);
		map_fill_slots(m);
	}
}

void map_reserve(arena *a, map *m, size_t n)
{
	if (m->n || m->cap >= n || n <= MAP_SCAN_MAX) return;
	if (n >= UINT32_MAX / 2) mem_fail("map too large");
	m->cap = n;
	m->items = NEW_ARRAY(a, map_item, n);
	m->slot_cap = (size_t)MAP_SCAN_MAX * 4;
	while (m->slot_cap < (n + 1) * 2)
		m->slot_cap *= 2;
	m->slots = NEW_ARRAY(a, uint32_t, m->slot_cap);
}

static void map_append(arena *a, map *m, str key, void *value)
{
	map_grow(a, m);
	if (m->slots) m->slots[map_slot(m, key)] = (uint32_t)(m->n + 1);
	m->items[m->n++] = (map_item){.key = key, .value = value};
}

void *map_get(const map *m, str key)
{
	map_item *it = map_find(m, key);
	return it ? it->value : NULL;
}

bool map_has(const map *m, str key)
{
	return map_find(m, key) != NULL;
}

void map_put(arena *a, map *m, str key, void *value)
{
	map_item *it = map_find(m, key);
	if (it) it->value = value;
	else map_append(a, m, key, value);
}

bool map_add(arena *a, map *m, str key, void *value)
{
	if (map_find(m, key)) return false;
	map_append(a, m, key, value);
	return true;
}

void map_copy(arena *a, map *to, const map *from)
{
	*to = (map){.n = from->n, .cap = size_add(from->n, 1), .slot_cap = from->slot_cap};
	to->items = arena_alloc_raw(a, size_mul(to->cap, sizeof(*to->items)));
	if (from->n) memcpy(to->items, from->items, from->n * sizeof(*to->items));
	if (!from->slots) return;
	to->slots = arena_alloc_raw(a, size_mul(from->slot_cap, sizeof(*to->slots)));
	memcpy(to->slots, from->slots, from->slot_cap * sizeof(*to->slots));
}

bool map_remove(map *m, str key)
{
	map_item *it = map_find(m, key);
	if (!it) return false;
	size_t at = (size_t)(it - m->items);
	memmove(it, it + 1, (m->n - at - 1) * sizeof(*it));
	m->n--;
	map_fill_slots(m);
	return true;
}

static int map_item_cmp(const void *x, const void *y)
{
	return str_cmp(((const map_item *)x)->key, ((const map_item *)y)->key);
}

void map_sort(map *m)
{
	if (m->n > 1) qsort(m->items, m->n, sizeof(*m->items), map_item_cmp);
	map_fill_slots(m);
}
