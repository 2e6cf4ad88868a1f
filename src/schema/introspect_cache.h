/*
 * introspect_cache: rendered introspection answers of one snapshot, by key. Bounded in bytes; the least recently used go first.
 * Answers are kept compressed, ready to be sent; small ones also as they are. An entry never changes once it is made.
 * Thread-safe; entries are reference-counted, so that a response can hold one while it is written.
 */
#pragma once
#include "base/arena.h"
#include "base/blob.h"
#include "base/buf.h"
#include "schema/types.h"
#include <stdatomic.h>

enum {
	INTROSPECT_CACHE_BYTES = 32 << 20,
	INTROSPECT_MAX_BYTES = 256 << 20, /* of one answer, as JSON */
	INTROSPECT_PLAIN_BYTES = 32 << 10 /* larger answers are kept compressed only */
};

typedef struct introspect_entry {
	atomic_int refs;
	buf key;
	size_t before;     /* bytes of text in front of the value */
	size_t after;      /* … and behind it */
	size_t json_bytes; /* of the value */
	buf json;          /* the value: {"queryType":…}; empty when it is large */
	blob gzip;         /* a whole gzip stream: text before, value, text after */
	struct introspect_entry *newer, *older;
} introspect_entry;

/* Made with the snapshot, freed with its arena. */
void *introspect_cache_new(arena *a);
/* A reference for the caller, or NULL. */
introspect_entry *introspect_cache_get(void *cache, str key);
/* Takes e (with its key set) over; returns a reference for the caller: e, or the one that was faster. */
introspect_entry *introspect_cache_put(void *cache, introspect_entry *e);
void introspect_entry_unref(introspect_entry *e); /* NULL is fine */

/*
 * The types of one role by name, kept for the next question: a tool that reads a large schema type by type asks many, and each
 * would walk all types first. The last role that asked stays; never changed once made.
 */
typedef struct introspect_types {
	atomic_int refs;
	arena *a;
	str role;
	bool backend;
	types_index ix;
} introspect_types;

/* A reference for the caller. O(all types of the role) when another role asked before. Thread-safe. */
introspect_types *introspect_types_get(void *cache, const snapshot *s, str role, bool backend);
void introspect_types_unref(introspect_types *t); /* NULL is fine */

/* Appends the JSON value. Inflates large answers: O(their bytes). */
void introspect_entry_json(const introspect_entry *e, buf *out);

/* ---- making an entry: JSON is appended to `text` and compressed as it comes ---- */

typedef struct introspect_writer {
	buf text; /* not compressed yet */
	buf gzip;
	introspect_entry *e;
	struct z_stream_s *z;
} introspect_writer;

void introspect_writer_begin(introspect_writer *w, str key, str before);
/* To be called now and then: compresses what has come once it is enough. */
void introspect_writer_flush(introspect_writer *w);
/* The entry, for introspect_cache_put. */
introspect_entry *introspect_writer_end(introspect_writer *w, str after);
