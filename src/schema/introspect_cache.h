/*
 * introspect_cache: rendered introspection answers of one snapshot, by (role, backend, selection). Bounded in bytes; the least
 * recently used go first. Thread-safe; entries are reference-counted, so that a response can hold one while it is written.
 * Private to schema/, but for introspect_entry.
 */
#pragma once
#include "base/arena.h"
#include "base/buf.h"
#include <stdatomic.h>

enum { INTROSPECT_CACHE_BYTES = 32 << 20 };

typedef struct introspect_entry {
	atomic_int refs;
	buf key;
	buf json; /* the value of the field: {"queryType":…} */
	buf gzip; /* of json, made by whoever asks first for it; empty until then */
	struct introspect_entry *newer, *older;
} introspect_entry;

/* Made with the snapshot, freed with its arena. */
void *introspect_cache_new(arena *a);
/* A reference for the caller, or NULL. O(1) hash by key over a bounded number of entries. */
introspect_entry *introspect_cache_get(void *cache, str key);
/* Keeps json (taken over) under key; returns a reference for the caller. */
introspect_entry *introspect_cache_put(void *cache, str key, buf *json);
void introspect_entry_unref(introspect_entry *e); /* NULL is fine */
