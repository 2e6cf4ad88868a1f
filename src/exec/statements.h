/*
 * statements: what reading and changing steps have in common: the statements of all roots of a step, in one job.
 * Private to exec/.
 */
#pragma once
#include "exec/step.h"

typedef struct exec_statements {
	exec_step *step;
	pg_job job; /* mode and what concerns it: the step's */
	const statement **statements;
	pg_stmt *stmts; /* bound */
	size_t n;
	size_t *first;             /* by root of the step: its first statement */
	const pg_result **results; /* taken; NULL until done */
} exec_statements;

const sql_root *exec_step_root(const exec_step *s, size_t i);

/* The statements of s's roots after `before` places for the caller's own. */
void exec_statements_init(exec_statements *d, exec_step *s, size_t before);
MUST_CHECK bool exec_statements_bind(exec_statements *d, error *err);
/* With the worker's limits; done(job) has d as its data. */
void exec_statements_submit(
	exec_statements *d, pg_pool *pool, void (*done)(pg_job *, const pg_result *const *, size_t, const pg_error *));
/* The statement that failed, for pg_error_map_*. */
pg_statement_info exec_statements_failed(const exec_statements *d, const pg_error *e);
/* Keeps the n results of the job; those from `logged` on go into the query log. */
void exec_statements_take(exec_statements *d, size_t n, size_t logged);
void exec_statements_free(exec_statements *d);
