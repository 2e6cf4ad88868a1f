/*
 * store: where the metadata document lives: schema hdb_catalog of the metadata database, laid out as Hasura v2 does at catalog
 * version 48, so that either engine can take the database over from the other.
 * Ownership: whoever opens a store closes it. Threads: one at a time (the builder thread); it blocks.
 * A connection that was lost is opened again: reads are then sent again, a write never is; whether a write arrived that was
 * never answered is looked up. Every call has a time limit of STORE_TIME_LIMIT_MS.
 */
#pragma once
#include "metadata/metadata.h"

enum { STORE_CATALOG_VERSION = 48, STORE_OLDEST_VERSION = 43, STORE_TIME_LIMIT_MS = 30000 };
/* Other instances of Weir listen here; payload: `<resource_version> <instance id>`. */
#define STORE_CHANNEL "weir_schema_sync"

typedef struct metadata_store metadata_store;

/* url: libpq connection string of the metadata database. */
MUST_CHECK bool metadata_store_open(str url, metadata_store **out, error *err);
void metadata_store_close(metadata_store *s);

typedef enum store_outcome { STORE_NOTHING_TO_DO, STORE_INITIALIZED, STORE_MIGRATED } store_outcome;

/*
 * Makes the catalog, or brings one of version 43 to 47 up to 48; idempotent, under an advisory lock, in one transaction.
 * first: document of a new catalog. *from: the version found (migrated). Errors: not-supported with the version named, for
 * a catalog older than 43 or newer than 48.
 */
MUST_CHECK bool metadata_store_init(metadata_store *s, str first, store_outcome *outcome, int *from, error *err);

typedef struct store_document {
	int64_t resource_version; /* 0: there is no row yet (Hasura v2: initialResourceVersion) */
	str metadata;             /* JSON text; p NULL: no row yet */
} store_document;
MUST_CHECK bool metadata_store_load(metadata_store *s, arena *a, store_document *out, error *err);

/*
 * Stores document if the stored version is still `expected`; *version is the new one. In the same transaction it leaves the
 * notification (JSON: Hasura's CacheInvalidations) for other instances and NOTIFYs them.
 * Errors: ERR_CONFLICT with Hasura's text when somebody else was quicker; ERR_POSTGRES.
 */
MUST_CHECK bool metadata_store_save(metadata_store *s, int64_t expected, str document, str instance_id,
	str notification, int64_t *version, error *err);

typedef struct store_change {
	int64_t resource_version; /* the stored one now */
	bool foreign; /* not what was asked about: newer and written by another instance, older, or written anew */
	str notification; /* of that write; p NULL: none (write was without one, or more than one write since: read all anew) */
} store_change;
/* What happened since `version`. One round trip; a write that follows right behind it is seen by the next poll. */
MUST_CHECK bool metadata_store_poll(
	metadata_store *s, arena *a, int64_t version, str instance_id, store_change *out, error *err);
/*
 * Waits up to timeout_ms (-1: for ever) until another instance has stored something; *woken says so. Also returns, with
 * *woken false, when wakeup_fd (-1: none) becomes readable. It keeps a second connection, on which it LISTENs; behind a
 * transaction pooler nothing ever comes, so that a poll now and then stays the truth. Error: the connection is lost (the
 * next call makes a new one: wait a while before).
 */
MUST_CHECK bool metadata_store_wait(
	metadata_store *s, str instance_id, int timeout_ms, int wakeup_fd, bool *woken, error *err);

typedef struct store_state {
	str id;            /* hasura_uuid */
	str cli_state;     /* JSON text */
	str console_state; /* JSON text */
} store_state;
MUST_CHECK bool metadata_store_state(metadata_store *s, arena *a, store_state *out, error *err);
typedef enum store_state_kind { STORE_STATE_CLI, STORE_STATE_CONSOLE } store_state_kind;
MUST_CHECK bool metadata_store_set_state(metadata_store *s, store_state_kind kind, str json_text, error *err);
/* Is this advisory lock free? (taken and given back at once) key: a number as text. */
MUST_CHECK bool metadata_store_try_lock(metadata_store *s, const char *key, bool *taken, error *err);
/* One statement of store_sql.h that may be sent twice. */
MUST_CHECK bool metadata_store_write(
	metadata_store *s, const char *sql, size_t n, const char *const *values, error *err);
/* SELECT 1, for /healthz. */
MUST_CHECK bool metadata_store_ping(metadata_store *s, error *err);
