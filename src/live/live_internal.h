/*
 * live_internal: what the files of this room share.
 *
 * shape.c      what a plan becomes: statements, recipe, dependencies; the key of its group
 * subscribe.c  subscriptions, cohorts, groups come and go
 * schedule.c   which cohort runs when; the timer
 * batch.c      one job: some cohorts of a group at the database, and what its answer means
 * deliver.c    results and failures to subscriptions
 * stream.c     what is different about streams
 * watch.c      the room's end of changes.h
 * review.c     a new snapshot: operations planned again
 * info.c       /dev/subscriptions
 */
#pragma once
#include "exec/cache.h"
#include "live/hash128.h"
#include "live/live.h"
#include "loop/timeouts.h"
#include "sql/live.h"

typedef struct live_shape live_shape;
typedef struct live_group live_group;
typedef struct live_cohort live_cohort;
typedef struct live_batch live_batch;
typedef struct live_source live_source;
typedef struct live_text live_text;
typedef struct live_hold live_hold;

enum { LIVE_RETRY_MS = 5000 }; /* after a failure that polls do not repeat */

/* Why a cohort runs. The first ones are the engine's own. */
typedef enum live_why {
	LIVE_BY_SUBSCRIBE, /* someone new, or someone who takes results again */
	LIVE_BY_POLL,      /* the refetch interval of a group nothing is known of */
	LIVE_BY_RETRY,     /* it failed, or the connection was lost */
	LIVE_BY_MORE,      /* a stream whose batch was full */
	LIVE_BY_WAL,       /* changes.h */
	LIVE_BY_PROBE,
	LIVE_BY_TRUTH,
	LIVE_BY_LEVEL,
	LIVE_WHY_COUNT
} live_why;
str live_why_name(live_why w);

struct live_shared {
	live_config config;
	exec_shared *exec;
	changes_hub *changes;
};

/* Groups with one interval. */
typedef struct live_pace {
	struct live_pace *next;
	uint64_t ms;
	timeout_list cooling;
	timeout_list polls;
} live_pace;

/* ---- shapes ---- */

/* Of a stream: where things are in the values and the cells of a form (stream.c). */
typedef struct live_stream {
	str column;    /* the cursor's, as GraphQL names it */
	size_t cursor; /* value; SIZE_MAX: the form has none */
	size_t bound;  /* value of safe streams */
	size_t cursor_cell;
	size_t reached_cell;
	bool safe;
	bool front; /* asks how far a safe stream may go */
	uint64_t settle_ms;
	uint64_t limit;     /* rows of a full batch */
	const size_t *from; /* by value: its place in the first form; SIZE_MAX: cursor and bound */
} live_stream;

/* The statements of one form, over all roots. */
typedef struct live_form {
	sql_live sql;
	const statement **stmts;       /* over all roots, in order */
	const statement **multiplexed; /* p NULL: none */
	size_t nstmts;
	size_t *first;             /* by root: its first statement */
	size_t *values;            /* by statement: its first value among the form's */
	size_t nvalues;            /* parameters of all statements */
	const live_stream *stream; /* NULL: no stream */
} live_form;

/* A stream that begins with a null cursor has two forms: without and with a cursor. Everything else has one. */
enum { LIVE_FORMS = 2 };

struct live_shape {
	hlink link; /* first; of the worker: by plan */
	size_t refs;
	arena *a;
	cached *entry;  /* the plan it was made of: params point into it. NULL: not of this snapshot any more */
	hash128 key;    /* equal: the same statements read and written the same way: one group */
	hash128 recipe; /* also the same values from the same places of session and variables */
	live_form forms[LIVE_FORMS];
	live_form fronts[LIVE_FORMS]; /* of safe streams: what runs before each; its values are the form's first ones */
	size_t nforms;
	str source;
	uint64_t connection;
	str role;
	str query_hash; /* as in the http-log */
	bool stream;
	bool kept; /* in the worker's table */
};

/* Forms by number: forms, then fronts. */
static inline const live_form *live_form_at(const live_shape *s, uint8_t i)
{
	return i < LIVE_FORMS ? &s->forms[i] : &s->fronts[i - LIVE_FORMS];
}

/* The shape of a plan; a reference for the caller. Error: Hasura's, of what cannot be a subscription. */
MUST_CHECK bool live_shape_of(live_worker *w, cached *entry, live_shape **out, error *err);
void live_shape_release(live_shape *s);
/* Kept with its plan, so that it is found by it; or no longer. */
void live_shape_keep(live_worker *w, live_shape *s);
void live_shape_forget(live_worker *w, live_shape *s);

/* ---- groups, cohorts, subscriptions ---- */

/* A text that many hold. */
struct live_text {
	hlink link; /* first */
	size_t refs;
	size_t n;
	char bytes[];
};

/* Of a cohort, to be shown only. Times: wall clock, ms; 0: never. */
typedef struct live_shown {
	uint64_t ran_ms;
	uint64_t changed_ms;
	size_t bytes;  /* of the newest result */
	size_t before; /* of the one before */
	uint8_t why;   /* live_why of the last run */
	bool failing;
} live_shown;

typedef enum cohort_state { COHORT_IDLE, COHORT_READY, COHORT_RUNNING } cohort_state;

struct live_cohort {
	hlink link; /* first; of the group: by form and values */
	live_group *group;
	live_sub *subs;
	size_t nsubs;
	size_t npaused;
	size_t nfresh;       /* members for whom no run has worked yet */
	hash128 result;      /* newest */
	const char **values; /* of its form, text format; NULL: SQL NULL. One block with their texts */
	live_text *session;  /* session variables used, JSON; to be shown */
	live_hold *hold;     /* stream.c: rows of a safe stream that were seen and wait; NULL: none */
	/* schedule.c */
	live_cohort *prev; /* of the ready ones */
	live_cohort *next;
	timeout_link cooling;
	live_batch *batch;
	size_t batch_at;
	changes_member watch;
	uint8_t state;
	uint8_t form;
	uint8_t why; /* live_why */
	bool dirty;  /* runs when it has cooled */
	bool again;  /* running: once more, when it has cooled; urgent: at once */
	bool urgent;
	bool missed; /* not run because all its members are paused */
	bool alone;  /* fails: no company for a while */
	live_shown shown;
};

struct live_sub {
	live_worker *w;
	live_cohort *cohort;
	live_sub *prev; /* of the cohort */
	live_sub *next;
	live_sub *wprev; /* of the worker, newest first */
	live_sub *wnext;
	const live_callbacks *on;
	void *data;
	live_text *query;
	live_text *operation_name; /* NULL: absent */
	live_text *variables;      /* NULL: none; JSON */
	hash128 recipe;
	hash128 seen; /* the result (or failure) told last; zero: none */
	uint64_t id;
	bool backend;
	bool paused;
	bool stream;
	bool fresh; /* no run has worked since it came */
	bool ended; /* affected or refused was called */
};

struct live_group {
	hlink link; /* first; of the worker: by key */
	live_worker *w;
	live_shape *shape;
	live_source *source;
	live_pace *pace;
	htable cohorts;
	live_cohort *ready;
	live_cohort *ready_last;
	live_group *rprev; /* of the source: groups with ready cohorts */
	live_group *rnext;
	bool queued;
	size_t running; /* batches */
	timeout_link poll;
	changes_group watch;
	arena *watch_arena;   /* of its dependencies */
	hash128 watch_recipe; /* where their values come from */
	size_t clocks;        /* cohorts whose values read the clock */
	bool polled;
	bool failing; /* the last batch failed */
	uint64_t id;
	/* To be shown, and to choose how to travel. */
	uint64_t runs, cohort_runs, pushes, best_ns;
	uint64_t by[LIVE_WHY_COUNT]; /* cohort runs */
	uint64_t last_ms;            /* wall clock; 0: never */
	uint64_t last_ns;            /* of the statement */
	live_why last_why;
};

/* A source as groups of this worker use it. */
struct live_source {
	live_worker *w;
	live_source *next;
	char *name;
	uint64_t connection;
	live_group *ready;
	live_group *ready_last;
	size_t groups;
	size_t running;
	struct settler *settler; /* stream.c; NULL: not needed yet */
	unsigned lost;           /* connections lost in a row */
	uint64_t blocked_ms;     /* loop time until which nothing is sent; 0: none */
};

struct live_worker {
	live_shared *shared;
	exec_worker *exec;
	worker *w;
	changes_client *changes;
	snapshot *snap;
	uv_timer_t *timer;
	live_source *sources;
	htable groups;
	htable texts;
	htable shapes; /* by plan */
	live_sub *subs;
	live_sub *push_next;   /* of the loop in deliver.c */
	live_batch *push_busy; /* whose results are being told */
	live_sub *review_next; /* of the loop in review.c */
	bool reviewing;
	live_pace *paces;
	live_pace *pace[2]; /* those of the configuration; streams: 1 */
	timeout_list retries;
	bool closing;
	bool flushing;
	buf out;
	arena *scratch;
	uint64_t next_id;
	live_stats stats;
};

/* subscribe.c */
live_text *live_text_of(live_worker *w, str s);
void live_text_release(live_worker *w, live_text *t);
static inline str live_text_str(const live_text *t)
{
	return t ? str_make(t->bytes, t->n) : STR_NULL;
}
/* The cohort of these values, made when there is none. values: of the form, copied. used: the session's variables. */
live_cohort *live_cohort_of(live_group *g, uint8_t form, const char *const *values, live_text *used);
/* c has these values from now on; false: there is a cohort that has them. values: copied; none of c's own. */
bool live_cohort_become(live_cohort *c, uint8_t form, const char *const *values);
/* Takes s out of its cohort, which goes when it was the last one; then puts it into c (NULL: none). */
void live_sub_move(live_sub *s, live_cohort *c);
/* Frees a group without cohorts and batches. */
void live_group_tidy(live_group *g);

/* schedule.c */
/* Something may have changed: runs when it has cooled. */
void live_mark(live_cohort *c, live_why why);
/* Runs now, whatever the interval. */
void live_run_now(live_cohort *c, live_why why);
void live_mark_group(live_group *g, live_why why);
/* Its run has ended: well, or with a failure that is tried again later. */
void live_cohort_ran(live_cohort *c, bool failed);
/* Out of every queue. */
void live_unschedule(live_cohort *c);
/* Back to the front, without having run. */
void live_requeue(live_cohort *c);
/* Takes the first ready cohort of g; NULL: none. */
live_cohort *live_take_ready(live_group *g);
void live_group_polled(live_group *g, bool polled);
/* Sees to it that what is ready starts, soon. */
void live_wake(live_worker *w);
uint64_t live_now(const live_worker *w); /* ms, the loop's clock */
/* Made when there is none yet; lives as long as the worker. */
live_pace *live_pace_of(live_worker *w, uint64_t ms);

/* watch.c: what of the database a group and the values of a cohort depend on is watched, and marked. */
void live_watch_group(live_group *g);
void live_unwatch_group(live_group *g);
/* shape: of this snapshot, with its plan; its values come from s and variables. */
void live_watch_cohort(live_cohort *c, const live_shape *shape, const session *s, const json *variables);
void live_unwatch_cohort(live_cohort *c);
/* How it is watched, into o. */
void live_watch_info(const live_group *g, arena *a, json *o);

/* batch.c */
/* Starts some of g's ready cohorts. */
void live_batch_start(live_group *g);
/* c leaves; a batch nobody is left in is cancelled. */
void live_batch_leave(live_cohort *c);

/* stream.c */
void live_stream_form(live_shape *s, live_form *f, const plan_select *sel);
/* The number of the form that c runs by next. */
uint8_t live_run_form(const live_cohort *c);
/* The rows of c's run have come: told, and the cursor moved; c may be gone. slice NULL: all of r. */
void live_stream_answered(live_cohort *c, const live_form *f, const pg_result *r, const exec_slice *slice);
/* c goes, or begins anew. */
void live_stream_drop(live_cohort *c);
/* {bound, waits_for} of a safe stream that has seen rows it does not tell yet; NULL: it has not. waits_for: virtual
 * transactions as pg_locks names them. */
json *live_stream_info(arena *a, const live_cohort *c);

/* deliver.c */
live_payload *live_payload_of(const buf *b);
/* A new result of so many bytes. */
void live_note_change(live_cohort *c, size_t bytes);
/* The JSON of {"data":…} is in w->out. c may be gone afterwards. */
void live_deliver(live_cohort *c);
void live_deliver_error(live_cohort *c, const error *err);
/* A run of c has worked: what fails from now on is told to its members and ends none of them. */
void live_proved(live_cohort *c);
/* A run of c failed for what its members asked for: ends those for whom none has worked yet, tells the others. c may be gone
 * afterwards. */
void live_deliver_refusal(live_cohort *c, const error *err);

/* review.c */
/* The shape of s's operation by the snapshot of now; a reference for the caller. False: it is no longer valid. */
MUST_CHECK bool live_shape_again(arena *a, const live_sub *s, live_shape **out);
/* Plans more of the operations again; true: there are more. */
bool live_review_some(live_worker *w);
