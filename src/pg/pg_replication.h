/*
 * pg_replication: a stream of what transactions changed, by logical decoding on a slot of its own.
 *
 * The slot is TEMPORARY: PostgreSQL drops it when the connection ends, however it ends, so nothing ever holds WAL back
 * for a program that is gone. Making it waits for the transactions that run at that moment; `streaming` tells when it is
 * there. Messages come whole, transaction by transaction, in the order of commits.
 *
 * At rest nothing is sent but the answer to PostgreSQL's keep-alive (every half wal_sender_timeout).
 * Threads: everything on the loop's thread.
 */
#pragma once
#include "pg/pg_error.h"
#include "pg/pg_params.h"
#include <uv.h>

/* Name of the connection in pg_stat_activity. It must not be one that synchronous_standby_names waits for. */
#define PG_REPLICATION_NAME "weir changes"

typedef struct pg_replication pg_replication;

typedef struct pg_replication_options {
	const char *slot;            /* [a-z0-9_], at most 63 bytes; made here */
	const char *plugin;          /* output plugin */
	const char *const *settings; /* name, value, name, value … of the plugin; NULL: end */
} pg_replication_options;

typedef struct pg_replication_events {
	/* The slot is there: every commit from now on will come. */
	void (*streaming)(void *data);
	/* One message of the plugin; it dies with the call. lsn: where it ends in the WAL. */
	void (*message)(void *data, uint64_t lsn, str message);
	/* Everything before wal_end was sent. */
	void (*keepalive)(void *data, uint64_t wal_end);
	/* What had arrived has been handed out. */
	void (*drained)(void *data);
	/* Could not begin, or is over; nothing follows. Close it. */
	void (*ended)(void *data, const pg_error *err);
} pg_replication_events;

/* Copies what it is given; events must live as long as the stream. Errors come through `ended`, never from inside. */
pg_replication *pg_replication_open(uv_loop_t *loop, pg_params *params, const pg_replication_options *o,
	const pg_replication_events *events, void *data);
/* What was before lsn is not needed any more: the WAL may go. Told to the server within 10 seconds. */
void pg_replication_confirm(pg_replication *r, uint64_t lsn);
/* No event comes any more; closed(data) (may be NULL) when its handles are closed and r is freed. Allowed in events. */
void pg_replication_close(pg_replication *r, void (*closed)(void *data), void *data);
