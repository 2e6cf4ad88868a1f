/*
 * pg_sync: a blocking connection for the builder thread (catalog reads, metadata store, run_sql, LISTEN).
 * One thread at a time. Every call obeys the deadline set last; past it the statement is cancelled at the server and,
 * when that does not help within a second, the connection is closed.
 * Errors of statements are read with pg_sync_error until the next call.
 */
#pragma once
#include "pg/pg_error.h"
#include "pg/pg_params.h"
#include "pg/pg_result.h"

typedef struct pg_sync pg_sync;

/* deadline_ns: of clock_mono_ns, 0 = the source's connect timeout. Error: as pg_error_map_query maps connection errors. */
pg_sync *pg_sync_connect(pg_params *p, uint64_t deadline_ns, error *err);
void pg_sync_close(pg_sync *s); /* NULL is fine */
/* For all following calls; 0 = none. */
void pg_sync_set_deadline(pg_sync *s, uint64_t deadline_ns);
/* Waiting calls return an error (PG_ERR_CLOSED) when fd becomes readable: for shutdown. -1 = none. */
void pg_sync_set_wakeup(pg_sync *s, int fd);
/* Largest result kept, 0 = no cap (the default). */
void pg_sync_set_max_bytes(pg_sync *s, size_t n);
bool pg_sync_alive(const pg_sync *s);
const pg_error *pg_sync_error(const pg_sync *s);
const pg_server *pg_sync_server(const pg_sync *s);

/* Simple protocol, any number of statements; the last one's result, or NULL. COPY FROM STDIN / TO STDOUT are errors. */
pg_result *pg_sync_exec(pg_sync *s, const char *sql);
/*
 * The same, row by row: nothing is kept, and max_bytes is a row's. f gets each row as a result of its own, and after the rows of
 * a statement (or when it has none) a result without rows. False from f ends it: the statement is cancelled, and the error is
 * PG_ERR_TOO_LARGE.
 */
typedef bool pg_sync_row_fn(void *data, const pg_result *r);
MUST_CHECK bool pg_sync_each(pg_sync *s, const char *sql, pg_sync_row_fn *f, void *data);
/* One statement with parameters in text format; NULL value = SQL NULL. NULL on error. */
pg_result *pg_sync_query(pg_sync *s, const char *sql, size_t n, const char *const *values);
/* pg_sync_exec without the result. */
MUST_CHECK bool pg_sync_run(pg_sync *s, const char *sql);

MUST_CHECK bool pg_sync_begin(pg_sync *s, pg_isolation iso, bool read_only);
MUST_CHECK bool pg_sync_commit(pg_sync *s);
/* Also out of a failed transaction; a no-op outside of one. */
void pg_sync_rollback(pg_sync *s);
bool pg_sync_in_tx(const pg_sync *s);

typedef struct pg_notify {
	str channel;
	str payload;
	int pid; /* of the notifying backend */
} pg_notify;

MUST_CHECK bool pg_sync_listen(pg_sync *s, str channel);
/*
 * Waits until a notification came, timeout_ms passed (-1 = for ever) or the wakeup fd is readable.
 * 1: *out is filled, text in a; 0: nothing came; -1: the connection is lost.
 */
int pg_sync_wait(pg_sync *s, arena *a, int timeout_ms, pg_notify *out);
/* For the owner's own poll; -1 when closed. */
int pg_sync_fd(const pg_sync *s);
int pg_sync_backend_pid(const pg_sync *s);
