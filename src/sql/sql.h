/*
 * sql: plan → statements. The result hangs on plan->statements and lives in the plan's arena.
 * Which form a list inside a row takes is chosen in sql/strategy.c only; all forms give equal JSON.
 */
#pragma once
#include "plan/plan.h"
#include "sql/statement.h"

/* How lists inside rows are read (ARCHITECTURE §3.1). */
typedef enum sql_strategy {
	SQL_AUTO,   /* by what is known of the number of parents */
	SQL_JSON,   /* a JSON column made by the database: right for every shape, the reference */
	SQL_LEVELS, /* one statement per level wherever that is allowed, else SQL_JSON */
	SQL_ARRAYS  /* one array per child column wherever that is allowed, else SQL_JSON */
} sql_strategy;

typedef struct sql_options {
	sql_strategy strategy;
	/* SQL_AUTO: rows the roots had the last times, by root; NULL: nothing known. */
	const uint64_t *rows_seen;
} sql_options;

/* The statements of one root field. */
typedef struct sql_root {
	const plan_root *root;
	const statement **stmts; /* none: ROOT_TYPENAME, ROOT_JSON */
	size_t nstmts;
	const out_node *out;
	bool read_write; /* a VOLATILE function: a read-write transaction of its own */
	bool few;        /* made for few parents: sql_rechoose asks for another form when there were many */
	bool many;
	struct sql_mutation *mutation; /* ROOT_MUTATION: private to sql/mutation.c and exec/mutation.c */
} sql_root;

typedef struct sql_plan {
	sql_root *roots; /* as plan->roots */
	size_t nroots;
	const statement *session; /* mutations: hands the session's variables to triggers (hasura.user) */
	/* The same as the first statement of a transaction in READ COMMITTED that no BEGIN began (pg_job.implicit). */
	const statement *opening;
} sql_plan;

static inline const sql_plan *plan_sql(const plan *p)
{
	return p->statements;
}

/*
 * Makes the statements of every root. opt NULL: SQL_AUTO with nothing known.
 * Error: a query whose statement would have more parameters or columns than PostgreSQL takes. O(size of the plan).
 */
MUST_CHECK bool sql_make(plan *p, const sql_options *opt, error *err);
/* True if a root that returned `rows` rows should be made again with rows_seen. O(1). */
bool sql_rechoose(const sql_root *r, uint64_t rows);
/* Columns, and columns of objects, are all that is asked of sel's rows. */
bool sql_is_plain(const plan_select *sel);
/* EXPLAIN (FORMAT TEXT) of a statement, with its parameters; NUL-terminated, in a. */
const char *sql_explain(arena *a, const statement *s);
