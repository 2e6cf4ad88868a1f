/*
 * map: str -> pointer, insertion order kept, memory in an arena. Keys are not copied.
 * Hashing is seeded per process, so that a client cannot choose collisions. Lookups O(1).
 */
#pragma once
#include "arena.h"
#include "str.h"
#include <stdbool.h>

typedef struct map_item {
	str key;
	void *value;
} map_item;

typedef struct map {
	map_item *items; /* in insertion order; n of them */
	size_t n;
	size_t cap;
	uint32_t *slots; /* index+1 into items, 0 = free */
	size_t slot_cap; /* power of two */
} map;

/* Value of key, or NULL. */
void *map_get(const map *m, str key);
bool map_has(const map *m, str key);
/* Sets or replaces. */
void map_put(arena *a, map *m, str key, void *value);
/* Sets if absent; returns false when the key was there. */
bool map_add(arena *a, map *m, str key, void *value);
/* Room for n items in an empty map, so that it does not grow step by step. */
void map_reserve(arena *a, map *m, size_t n);
/* *to (empty) becomes a copy of from, in its order, with room for one more item. No hashing: two memory copies. */
void map_copy(arena *a, map *to, const map *from);
/* Removes, keeping the order of the rest. O(n). */
bool map_remove(map *m, str key);
/* Sorts items by key (byte order) and rebuilds the slots. */
void map_sort(map *m);
/* A random seed chosen once per process, for hashes of client-chosen text. */
uint64_t hash_seed(void);
