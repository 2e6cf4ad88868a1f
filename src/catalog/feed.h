/*
 * feed: what finding changes (live/changes) asks of PostgreSQL: what a source allows, what a plan's relations and
 * functions really read, whether anything was committed. The statements are texts for the caller's own connection, and
 * readers of their answers; nothing here waits. PostgreSQL 12 to 18.
 * Texts read live in the arena given.
 */
#pragma once
#include "base/error.h"
#include "catalog/catalog.h"
#include "pg/pg_result.h"

/* ---- what a source allows ---- */

typedef struct feed_facts {
	int version;
	bool wal_logical;      /* wal_level = logical */
	bool may_replicate;    /* the role has REPLICATION, or what a provider calls it */
	bool standby;          /* in recovery */
	bool would_be_standby; /* synchronous_standby_names counts every connection, ours too */
	bool may_publish;      /* CREATE on the database */
	int64_t free_slots;
} feed_facts;

/* $1 the name of the replication connection. */
extern const char feed_facts_sql[];
MUST_CHECK bool feed_facts_read(const pg_result *r, feed_facts *out);

/* ---- whether anything was committed ---- */

/*
 * What is visible now. PostgreSQL: two statements that see the same snapshot give the same rows; on a primary it moves
 * with the end of every transaction that wrote. On a standby the running ones are not in it: there the replay position
 * counts.
 */
typedef struct feed_snapshot {
	bool standby;
	uint64_t xmin, xmax;
	str running; /* text: the ids between them that still run, with commas */
	str whole;   /* as read: equal text, equal snapshot */
	str wal;     /* insert or replay position */
} feed_snapshot;

extern const char feed_snapshot_sql[];
/* Texts point into r. */
MUST_CHECK bool feed_snapshot_read(const pg_result *r, feed_snapshot *out);
/* The transaction with these low 32 bits of its id is over for who sees s. O(running). */
bool feed_snapshot_sees(const feed_snapshot *s, uint32_t xid);
/* Every transaction up to xid is. */
bool feed_snapshot_past(const feed_snapshot *s, uint32_t xid);

/* Rows written so far: $1 oid[] → oid, count. Delayed: up to 10 s after a commit, more on a busy server. */
extern const char feed_counts_sql[];

/* ---- dependencies ---- */

typedef enum feed_reason {
	FEED_FINE,
	FEED_CLOCK,    /* reads the clock or a setting, or calls something volatile */
	FEED_SYSTEM,   /* reads PostgreSQL's own catalogs */
	FEED_FUNCTION, /* a function whose body says nothing of what it reads */
	FEED_FOREIGN,  /* a foreign table */
} feed_reason;

/* One thing that `root` reads, itself included. */
typedef struct feed_dep {
	bool root_function, function;
	pg_oid root, oid;
	qname name;
	char kind;         /* relkind */
	char persistence;  /* relpersistence */
	bool has_identity; /* replica identity: updates and deletes tell the old key */
	feed_reason reason;
	const str *identity; /* columns of the identity whose equality is that of their texts */
	size_t nidentity;
} feed_dep;

/* $1 oid[] relations, $2 oid[] functions. */
extern const char feed_depends_sql[];
/* Error: an answer of another shape. */
MUST_CHECK bool feed_depends_read(arena *a, const pg_result *r, feed_dep **out, size_t *n, error *err);

/* ---- the slot, and publications ---- */

/* $1 slot → bytes of WAL it holds back (no row: there is no such slot). */
extern const char feed_slot_sql[];
/* Publications of Weir's that no slot goes with any more: their server died. */
extern const char feed_stale_publications_sql[];

/* Statements that make, change and drop a publication; NUL-terminated, in a. No tables: one of none. */
const char *feed_publication_create(arena *a, str name, const qname *tables, size_t n);
const char *feed_publication_set(arena *a, str name, const qname *tables, size_t n);
const char *feed_publication_drop(arena *a, str name);
/* Text form of an oid[]; NUL-terminated, in a. */
const char *feed_oid_array(arena *a, const pg_oid *oids, size_t n);
