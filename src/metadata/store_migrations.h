/*
 * store_migrations: which migrations of a source have run: the part "migrations" of the CLI's state in hdb_catalog, in the form
 * Hasura's CLI has ({source: {version: dirty}}), and Weir's own "weir"."checksums" beside it. Builder thread.
 */
#pragma once
#include "metadata/store.h"
#include "pg/pg_sync.h"

typedef struct migration_entry {
	str source;
	str version;  /* digits */
	str checksum; /* of the file; empty: none */
	bool gone;    /* the entry is taken away */
	bool dirty;   /* begun, and not known to have ended */
} migration_entry;

/* Waits until no other instance runs a migration of the source. session: held until the connection is closed, else to the
 * end of the transaction. False: pg_sync_error. */
MUST_CHECK bool migrations_lock(pg_sync *pg, str source, bool session);
/* Is the database of pg (in a transaction) the store's? By an advisory lock that only one database can have. False:
 * pg_sync_error, or err is set. */
MUST_CHECK bool migrations_same_database(metadata_store *s, pg_sync *pg, bool *same, error *err);
/* Is there an entry? */
MUST_CHECK bool migrations_find(
	metadata_store *s, arena *a, str source, str version, bool *found, bool *dirty, error *err);
/* Writes the entry on a connection to the store's database: part of its transaction. False: pg_sync_error. */
MUST_CHECK bool migrations_write(pg_sync *pg, const migration_entry *e);
/* The same on the store's own connection. */
MUST_CHECK bool migrations_store(metadata_store *s, const migration_entry *e, error *err);
