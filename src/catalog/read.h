/*
 * read: PostgreSQL's own catalogs → catalog, in one statement (a second one only when a partial read meets types it has
 * not seen). PostgreSQL 12 to 18. Blocks: for the builder thread. May run inside an open transaction, as run_sql does.
 */
#pragma once
#include "base/error.h"
#include "catalog/catalog.h"
#include "pg/pg_sync.h"

/*
 * Reads everything, or, with n_only > 0 and a previous catalog, only the tables and functions of these names: the rest is
 * shared with `previous`, names that are gone are gone from the result too. Tables, functions and types that did not change
 * are shared with `previous` (may be NULL) in both cases.
 * *out: a new reference. Errors: what pg_sync reports; ERR_NOT_SUPPORTED below PostgreSQL 12.
 * Concurrent DDL: the statement sees one snapshot of the catalogs.
 */
MUST_CHECK bool catalog_read(
	pg_sync *pg, const catalog *previous, const qname *only, size_t n_only, catalog **out, error *err);

/* Schemas whose content is never shown: PostgreSQL's own, hdb_catalog and those of extensions' innards. */
bool catalog_schema_hidden(str schema);
