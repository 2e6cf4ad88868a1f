/*
 * pg_error: what went wrong at or on the way to PostgreSQL, and how the engine's API tells it.
 * Ownership: text lives in `mem` (heap; pg_error_clear) or, in copies made by pg_error_copy, in the arena.
 * Hasura v2: Backends/Postgres/Execute/Types.hs (handlers), Base/Error.hs (connection errors).
 */
#pragma once
#include "base/error.h"
#include "pg/pg_result.h"

typedef enum pg_error_kind {
	PG_ERR_NONE,
	PG_ERR_SERVER,    /* an answer with an SQLSTATE; the connection lives; a transaction is rolled back */
	PG_ERR_CONNECT,   /* no connection could be made; nothing was sent */
	PG_ERR_BROKEN,    /* the connection was lost after sending: the outcome of a write is unknown */
	PG_ERR_TIMEOUT,   /* no connection became free within pool_timeout, or the queue is full; nothing was sent */
	PG_ERR_DEADLINE,  /* the job's own deadline passed */
	PG_ERR_TOO_LARGE, /* the result is larger than max_result_bytes */
	PG_ERR_CLOSED,    /* the pool was closed; nothing was sent */
	PG_ERR_PROTOCOL,  /* an answer this client does not serve (COPY …) */
} pg_error_kind;

typedef struct pg_error {
	pg_error_kind kind;
	char sqlstate[6]; /* "" when there is none */
	bool tx_control;  /* BEGIN or COMMIT failed, not a statement (a deferred constraint, for instance) */
	size_t stmt;      /* index of the failed statement in the job */
	int position;     /* 1-based character of the statement; 0 = unknown */
	str message;      /* primary message; for connection errors libpq's text (has no password in it) */
	str detail;
	str hint;
	str context;
	str schema;
	str table;
	str column;
	str datatype;
	str constraint;
	char *mem; /* owns the text; private */
} pg_error;

/* What the statement was, for `internal`. args: text values, NULL = SQL NULL. */
typedef struct pg_statement_info {
	str sql;
	bool prepared;
	size_t nargs;
	const char *const *args;
	const pg_oid *types; /* may be NULL */
} pg_statement_info;

void pg_error_clear(pg_error *e);
/* Copy with its text in the arena. */
pg_error *pg_error_copy(arena *a, const pg_error *e);
bool pg_error_is(const pg_error *e, const char *sqlstate);
/* SQLSTATE class, as "23". */
bool pg_error_in_class(const pg_error *e, const char *cls);

/*
 * Fill err (text in err->a) and return false, so that callers write `return pg_error_map_query(...)`.
 * st may be NULL: internal then has no statement. path as in error_set.
 * query: what the engine itself asks: class 40 is concurrent-update, everything else `unexpected` / "database query error"
 * with `internal`.
 * dml: mutations and the JSON CRUD: constraint, data and 42704/42P10 errors become the client's (400).
 * read: what clients ask: as dml (Hasura v2: Instances/Execute.hs, mkCurPlanTx), class 40 as query.
 * All map failures of BEGIN/COMMIT ("postgres tx error") and of connections ("connection error", …).
 */
bool pg_error_map_query(const pg_error *e, const pg_statement_info *st, str path, error *err);
bool pg_error_map_dml(const pg_error *e, const pg_statement_info *st, str path, error *err);
bool pg_error_map_read(const pg_error *e, const pg_statement_info *st, str path, error *err);
/* {statement, prepared, error{exec_status,hint,message,status_code,description}, arguments}; st may be NULL. */
struct json *pg_error_internal(arena *a, const pg_error *e, const pg_statement_info *st);
