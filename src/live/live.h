/*
 * live: live queries and streaming subscriptions. A *subscription* is one operation of one client; subscriptions whose
 * operations became the same statements form a *group*; those of a group whose statements also get the same values (of
 * variables, literals and the session variables that are used) are a *cohort*: it is run once for all of them. Cohorts
 * that are due together run as one multiplexed statement. A result goes to a subscription when it differs from what that
 * one saw last.
 *
 * Threads: a live_shared is shared by all workers. A live_worker and everything of it belongs to its worker's thread.
 * Callbacks come on that thread, never from inside a function of this header, and may call any of them for any
 * subscription of the worker.
 */
#pragma once
#include "auth/session.h"
#include "base/histogram.h"
#include "base/pair.h"
#include "exec/exec.h"
#include "live/changes.h"
#include "loop/worker.h"

typedef struct live_shared live_shared;
typedef struct live_worker live_worker;
typedef struct live_sub live_sub;

typedef struct live_config {
	uint64_t refetch_ms;        /* between results of a live query, and between polls; 0: 1000 */
	uint32_t batch_size;        /* cohorts a statement; 0: 100 */
	uint64_t stream_refetch_ms; /* the same for streams */
	uint32_t stream_batch_size;
	changes_config changes; /* how it is found out what has to run; probe_ms 0: refetch_ms */
} live_config;

/* exec must outlive it. Error: its thread cannot start. */
MUST_CHECK bool live_shared_new(const live_config *c, exec_shared *exec, live_shared **out, error *err);
/* A new snapshot came. Any thread; beside live_worker_snapshot, which each worker calls for itself. */
void live_shared_snapshot(live_shared *s, snapshot *snap);
void live_shared_free(live_shared *s); /* after all its workers are closed; NULL is fine */

/* exec is this worker's and must be closed after the live_worker. */
live_worker *live_worker_new(live_shared *s, exec_worker *exec, worker *w);
/* Ends all subscriptions without callbacks and frees w; its handles are gone when the loop has turned. */
void live_worker_close(live_worker *w);
/*
 * A new snapshot came. Every operation is planned again, some at a time: those that become the same statements go on
 * undisturbed, of the others `affected` is called.
 */
void live_worker_snapshot(live_worker *w, snapshot *snap);

/* ---- subscriptions ---- */

/* {"data":{…}}. Counted, by one thread: a callback that wants to keep it takes a reference. */
typedef struct live_payload {
	size_t refs;
	size_t n;
	char bytes[];
} live_payload;

static inline str live_payload_str(const live_payload *p)
{
	return str_make(p->bytes, p->n);
}
live_payload *live_payload_hold(live_payload *p);
void live_payload_release(live_payload *p);

/* What a subscription is told; static. */
typedef struct live_callbacks {
	/* A new result. p is the caller's: hold it to keep it. */
	void (*next)(void *data, live_payload *p);
	/*
	 * The database refuses the operation: its first run failed, by a value or what was made of it (Hasura v2 runs every
	 * subscription once before it begins). No callback follows: unsubscribe. err dies with the call.
	 */
	void (*refused)(void *data, const error *err);
	/*
	 * The statement failed, later or for reasons of the server. The subscription lives on, and next follows once the statement works again (Hasura v2); the
	 * same error is not told twice in a row. A client whose protocol ends an operation by an error is to be unsubscribed.
	 * Lost connections are not told: the subscription waits. err dies with the call.
	 */
	void (*failed)(void *data, const error *err);
	/* The metadata changed what the operation means (or it is no longer valid). No callback follows: unsubscribe. */
	void (*affected)(void *data);
} live_callbacks;

/* Everything is copied but the snapshot (of which no reference is kept) and callbacks. */
typedef struct live_request {
	snapshot *snap;
	const session *session;
	str query;
	str operation_name;    /* p NULL: absent */
	const json *variables; /* NULL: none; an object */
	const str_pair *headers;
	size_t nheaders;
	bool explain_missing; /* dev mode: errors say in `internal` why a field is missing */
	uint64_t
		interval_ms; /* of its own, instead of refetch_ms: rounded up to 1, 2 or 5 times a power of ten; 0: none */
	const live_callbacks *on;
	void *data;
} live_request;

/*
 * Begins a subscription: the first result (or failure) follows as soon as the database has answered; streams: when there
 * are rows. Error: the operation's own, Hasura's texts and codes (feature-map 3.4); it is then not begun.
 */
MUST_CHECK bool live_subscribe(live_worker *w, const live_request *r, live_sub **out, error *err);
/* Ends it; the memory is gone. NULL is fine. O(1), but for the last of its cohort. */
void live_unsubscribe(live_sub *s);
/*
 * Back-pressure: the client takes nothing at the moment. Results of live queries are left out until live_resume, which
 * brings the newest if it differs from the last one told; a stream stands still.
 */
void live_pause(live_sub *s);
void live_resume(live_sub *s);
/* A stream (one root field <t>_stream), not a live query. */
bool live_is_stream(const live_sub *s);

/* ---- seeing it ---- */

/* Of live queries, or of streams. */
typedef struct live_kind_stats {
	size_t subs, groups;
	size_t failing;     /* groups whose last batch failed; counted when asked for */
	histogram database; /* of a batch: at the database */
	histogram total;    /* and until its results were told */
} live_kind_stats;

extern const histogram_bounds live_time_bounds;

typedef struct live_stats {
	size_t subs, cohorts, groups, running;
	uint64_t statements, multiplexed, cohort_runs, pushes, unchanged, failures, retries;
	live_kind_stats of[2]; /* streams: 1 */
} live_stats;

/* O(groups). */
void live_worker_stats(const live_worker *w, live_stats *out);
/* What is asked for. */
typedef struct live_question {
	bool extended; /* with the cohorts */
	str poller;    /* that group only; empty: all */
	size_t limit;  /* cohorts of a group; 0: all */
} live_question;

/*
 * Adds this worker's groups to the lists, in Hasura's shape (feature-map 3.6) and with why each ran. In a. O(groups),
 * extended: O(subscriptions).
 */
void live_worker_info(const live_worker *w, arena *a, const live_question *q, json *live_list, json *stream_list);
/* {batch_size, refetch_delay} (seconds) of live queries and streams; what the change feeds do. Any thread. */
json *live_options_info(const live_shared *s, arena *a, bool streams);
json *live_sources_info(live_shared *s, arena *a);
