/*
 * step: a request is run as a list of steps, as data: reads of one source together, each mutation of a source, and whatever
 * kinds rooms above add. Reads run at the same time, steps marked `ordered` one after the other.
 * Private to exec/ and to rooms that add kinds.
 */
#pragma once
#include "exec/exec.h"
#include "plan/plan.h"
#include "sql/sql.h"

typedef struct exec_step exec_step;

typedef struct exec_step_kind {
	const char *name;
	/* Begins; leads to exec_step_done once, then or later. */
	void (*start)(exec_step *s);
	/* Started and not done: stop, nothing will be asked of it any more. */
	void (*cancel)(exec_step *s);
	/* After all steps are done: the JSON value of the i-th of its roots. */
	bool (*write)(exec_step *s, size_t i, buf *out, error *err);
	/* Before the request's memory goes (results taken, for instance); may be NULL. */
	void (*release)(exec_step *s);
} exec_step_kind;

struct exec_step {
	const exec_step_kind *kind;
	exec_run *run;
	const snap_source *source;
	const size_t *roots; /* indexes into plan->roots */
	size_t nroots;
	bool ordered;
	enum { STEP_WAITING, STEP_RUNNING, STEP_DONE } state;
	void *data; /* the kind's own */
};

/* What a run of a plan took. */
typedef struct cached_run {
	uint64_t work_ns; /* of a job, the network not counted */
	uint64_t trip_ns; /* the network */
	bool quick;       /* it could have had company */
} cached_run;

/* One request under way; lives in its request's arena. */
struct exec_run {
	exec_worker *w;
	exec_request *req;
	arena *a;
	snapshot *snap;
	struct cached *entry; /* private to cache.c */
	const plan *plan;
	const sql_plan *sql; /* as it was when the run began */
	const session *session;
	const json *variables;
	exec_step *steps;
	size_t nsteps;
	size_t unfinished;
	error err; /* the first failure */
	bool failed;
	bool starting; /* inside the loop that starts steps */
	bool explain;
	uint64_t started_ns;
	cached_run took;     /* the longest of its jobs */
	uint64_t *rows_seen; /* by root */
	VEC(exec_statement_log) log;
	exec_run *next; /* of the worker's runs */
	exec_run *prev;
};

/* ok false: s->run->err is filled. The run may be over, and the step gone, when this returns. */
void exec_step_done(exec_step *s, bool ok);

/*
 * Text values of a statement's parameters for this request; array and text in a.
 * Error not-found: a session variable is missing (Hasura v2: `missing session variable: "x-hasura-user-id"`).
 */
MUST_CHECK bool exec_bind(
	arena *a, const statement *st, const session *s, const json *variables, pg_stmt *out, error *err);
/* The same for values alone. */
MUST_CHECK bool exec_bind_vals(
	arena *a, const val *vals, size_t n, const session *s, const json *variables, const char **out, error *err);

/* Some rows of a result, whose first columns are not the statement's own. */
typedef struct exec_slice {
	const uint32_t *rows; /* their numbers, in order; NULL: all */
	size_t n;
	size_t skip; /* columns */
} exec_slice;

/* Results of one root's statements, in order. */
typedef struct exec_rows {
	const pg_result *const *results;
	size_t n;
	const exec_slice *slices; /* by statement; NULL: the results are whole */
} exec_rows;

/* Writes o over the rows. Error: the answer would be larger than max bytes (0: no cap). O(size of the results). */
MUST_CHECK bool exec_write(arena *a, const out_node *o, const exec_rows *rows, size_t max_bytes, buf *b, error *err);
/* Writes one row of results[0] by a recipe that describes a row (sql_select_fields). */
void exec_write_row(const out_node *row, const pg_result *r, size_t i, buf *b);

struct mut_statement;

/* The answer of a mutation root over the results of its statements. Error: as exec_write. */
MUST_CHECK bool exec_write_mutation(
	const struct sql_mutation *m, const pg_result *const *results, size_t max_bytes, buf *b, error *err);
/* Rows it changed. */
uint64_t exec_mutation_affected(const struct sql_mutation *m, const pg_result *const *results);
/* What the failure of its statement m means to the client; false, with err filled. */
bool exec_mutation_failed(const struct mut_statement *m, const pg_error *e, const pg_statement_info *info, error *err);

/* The plan of a request, from this worker's cache or made now; a reference for the caller (exec/cache.h). Error: as
 * exec_start would say, but what kind of operation it is is not asked. */
MUST_CHECK bool exec_plan(exec_worker *w, const exec_request *r, struct cached **out, error *err);

/* Notes a statement for the query log. */
void exec_log_statement(exec_run *run, str source, const statement *st, uint64_t duration_ns, size_t rows);

const exec_config *exec_worker_config(const exec_worker *w);
/* This worker's settings, and whether the run's plan is known to be quick. */
const exec_config *exec_run_config(const exec_run *run);
bool exec_run_is_fast(const exec_run *run);
/* This worker's client for webhooks, made on first use. */
struct http_client *exec_run_http(const exec_run *run);

uv_loop_t *exec_run_loop(const exec_run *run);
/* The answer of an introspection step that is done; the reference is the caller's. */
struct introspect_entry *exec_introspect_take(exec_step *s);

extern const exec_step_kind exec_introspect_step;
extern const exec_step_kind exec_read_step;
extern const exec_step_kind exec_explain_step;
extern const exec_step_kind exec_mutation_step; /* exec/mutation.c: all mutation roots of one source, one transaction */
