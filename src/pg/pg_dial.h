/* pg_dial: makes a connection, blocking; for helper threads only. For this room only. */
#pragma once
#include "pg/pg_error_in.h"
#include "pg/pg_params.h"
#include "pg/pg_replication.h"

/*
 * A connection that is ready (status OK), or NULL with e filled (PG_ERR_CONNECT; sqlstate when one can be told).
 * Reads dynamic_from_file anew. A pooler that refuses start-up options is asked again without them.
 */
PGconn *pg_dial(pg_params *p, pg_error *e);
/* The same, of a WAL sender that decodes this database's changes. */
PGconn *pg_dial_replication(pg_params *p, pg_error *e);
/*
 * The settings of p as they stand now, one call each: libpq's variable for the key (NULL or empty: it has none), the key,
 * the value, which is gone after the call. Of a key told twice the last counts. For programs that connect by themselves.
 */
bool pg_dial_settings(const pg_params *p,
	void (*tell)(void *arg, const char *variable, const char *key, const char *value), void *arg, pg_error *e);
/* What the connection tells of itself. */
void pg_dial_server(const PGconn *c, pg_server *out);
