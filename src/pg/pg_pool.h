/*
 * pg_pool: the connections of one worker thread to one source, and the queue before them.
 *
 * Everything here runs on the loop's thread; a pool keeps its loop alive until it is closed. A job is the caller's memory (libuv's idiom): it, its statements, SQL text
 * and values must live until `done` was called or pg_job_cancel returned. `done` is called exactly once, never from
 * inside pg_job_submit, and never after pg_job_cancel. Callbacks may submit, cancel and close.
 *
 * Jobs of one loop tick are collected and written at its end. Fast reads share a pipeline and ONE Sync; an error among
 * them replays the unanswered ones alone. Reads that lose their connection are sent again on another one; writes never
 * are once sent, except when the server's own answer proves that nothing of them happened (26000, 42P05, 0A000).
 */
#pragma once
#include "pg/pg_error.h"
#include "pg/pg_params.h"
#include "pg/pg_result.h"
#include <uv.h>

typedef struct pg_pool pg_pool;
typedef struct pg_job pg_job;

typedef enum pg_mode {
	PG_READ_FAST,  /* known to be quick: may share a Sync with its kind; each statement has its own snapshot */
	PG_READ_ALONE, /* unknown or slow: a Sync and a connection of its own while it runs */
	PG_READ_TX, /* BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; statements; COMMIT in one write: one snapshot */
	PG_WRITE_TX, /* BEGIN (isolation of the source) READ WRITE; statements; COMMIT in one write, a connection of its own */
} pg_mode;

/* One statement. `id` names the text (and parameter types): equal id means equal text; 0 = used once, never prepared. */
typedef struct pg_stmt {
	uint64_t id;
	const char *sql; /* NUL-terminated; one statement */
	size_t nparams;
	const char *const *values; /* text format, NUL-terminated; NULL = SQL NULL */
	const pg_oid *types;       /* NULL or 0 = let the server infer */
} pg_stmt;

/* results: n of them, one per statement, in order; n = 0 and err set on failure. */
typedef void (*pg_job_cb)(pg_job *job, const pg_result *const *results, size_t n, const pg_error *err);

struct pg_seg;
struct pg_conn;

struct pg_job {
	/* Set by the owner; zero everything else. */
	pg_mode mode;
	/*
	 * PG_WRITE_TX only: its first statement makes sure, by set_config('transaction_isolation', …, true) and
	 * ('transaction_read_only', 'off', true), that the transaction is as it must be. Then no BEGIN and COMMIT need be
	 * sent: what lies before one Sync is a transaction. Where the server's own defaults differ (25001) they are, after all.
	 */
	bool implicit;
	bool quick; /* PG_READ_TX only: known to be quick, may stand behind other quick work on a connection */
	const pg_stmt *stmts;
	size_t nstmts;
	size_t max_result_bytes; /* over all its results; 0 = no cap */
	uint64_t timeout_ms;     /* from submit to done; 0 = none */
	pg_job_cb done;
	void *data;
	/* Answers, valid in done. */
	uint64_t duration_ns; /* the server's and the wire's share for this job: a shared batch is divided evenly */
	uint64_t work_ns;     /* the same without the way to the server and back, as far as that is known */
	uint64_t trip_ns;     /* that way, both directions; 0: not known, or next to nothing */
	uint64_t wait_ns;     /* in the queue */
	size_t shared;        /* jobs under the same Sync, this one included */
	const pg_server *server;
	/* Private. */
	pg_pool *pool;
	struct pg_seg *seg;
	struct pg_conn *conn;
	pg_job *next;
	pg_job *prev;
	void **results;
	void *results_in[4];
	size_t nresults;
	size_t bytes;
	uint64_t submitted_ns;
	uint64_t sent_ns;
	uint8_t state;
	uint8_t fail;    /* what to fail with */
	uint8_t broken;  /* times its connection was lost under it */
	uint8_t replans; /* times it was sent again because of prepared statements */
	bool alone;      /* was in a batch that failed: own Sync from now on */
};

typedef struct pg_pool_options {
	size_t max_conns; /* of this worker; 0 = the source's max_connections */
	size_t depth;     /* jobs under one Sync; 0 = 32 */
	uint32_t
		fast_deadline_ms; /* after the network's time; a batch unanswered for longer gets no company and its jobs run elsewhere; 0 = 50 */
	size_t stmt_cache; /* prepared statements a connection; 0 = 1,000 */
	size_t max_queue;  /* waiting jobs; 0 = 16,384 */
} pg_pool_options;

typedef struct pg_pool_stats {
	size_t open, idle, connecting, queued, in_flight;
	uint64_t connects, connect_failures, broken, replayed, rescued, cancels;
	uint64_t jobs, batches, batched; /* batches: Syncs shared by more than one; batched: jobs in them */
	bool away;                       /* there is no connection, and the last attempts to open one failed */
	bool timed_out;                  /* away: because no answer came */
	bool unnamed_only;               /* a transaction pooler was found (or prepared statements are off) */
} pg_pool_stats;

/* params and limit are referenced. opt may be NULL. Connects when the first job comes. */
pg_pool *pg_pool_new(uv_loop_t *loop, pg_params *params, pg_limit *limit, const pg_pool_options *opt);
/*
 * Stops the pool. drain: what was submitted is still served; else queued jobs fail with PG_ERR_CLOSED and running ones
 * with PG_ERR_BROKEN. closed(data) is called when all handles are closed and the pool is freed; it may be NULL.
 */
void pg_pool_close(pg_pool *p, bool drain, void (*closed)(void *), void *data);
/* Opens connections until there are n, without waiting for work. */
void pg_pool_warm(pg_pool *p, size_t n);
void pg_pool_get_stats(const pg_pool *p, pg_pool_stats *out);
/* Of the newest connection; NULL before the first. */
const pg_server *pg_pool_server(const pg_pool *p);
pg_params *pg_pool_params(const pg_pool *p);

/* Errors come through done. */
void pg_job_submit(pg_pool *p, pg_job *job);
/*
 * The owner leaves: done will not be called, the job's memory is free again on return. A queued job is removed; one that
 * has a connection to itself is cancelled at the server; of one that shares, only the answer is dropped. No-op when the
 * job is not under way.
 */
void pg_job_cancel(pg_job *job);
/* In done only: takes the i-th result out of the job; the caller frees it with pg_result_free. */
pg_result *pg_job_take_result(pg_job *job, size_t i);
