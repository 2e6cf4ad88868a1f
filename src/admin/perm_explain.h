/*
 * perm_explain: what a role may do with a request, field by field. Parts: perm_refuse.c (a plan in spite of what is
 * refused), perm_walk.c (the plan as a list of fields), perm_count.c (rows seen and hidden), perm_explain.c (the operation).
 */
#pragma once
#include "admin/admin_in.h"
#include "plan/plan.h"
#include "sql/explain.h"

/* A field that is not in the plan. */
typedef struct perm_refusal {
	str path; /* $.selectionSet.author.selectionSet.salary */
	str name;
	str message; /* what the client reads */
	str reason;  /* why; may be equal */
} perm_refusal;

typedef VEC(perm_refusal) perm_refusals;

typedef struct perm_question {
	arena *a;
	const snapshot *snap;
	const session *who;
	str query;
	str operation_name; /* p NULL: absent */
	const json *variables;
} perm_question;

/*
 * Plans the query as its role; each field that cannot be had is taken down and stands in the plan as a __typename whose
 * alias perm_refusal_of knows. Error: what no field is to blame for (syntax, variables, fragments).
 */
MUST_CHECK bool perm_plan(const perm_question *q, plan **out, perm_refusals *refused, error *err);
/* The refusal an alias stands for, or NULL. */
const perm_refusal *perm_refusal_of(const perm_refusals *refused, str alias);

/* Counts rows, source by source, in read-only transactions of bounded time. */
typedef struct perm_counter {
	admin *adm;
	arena *a;
	const perm_question *q;
	const snap_source *source; /* whose transaction is open; NULL: none */
	pg_sync *pg;
	uint64_t end_ns; /* no count after it; 0: none was made yet */
} perm_counter;

/* {"seen": n, "hidden": n}, or {"not_counted": why}. */
json *perm_count(perm_counter *k, const sql_reach *r);
void perm_count_end(perm_counter *k);

/* The list of fields. */
json *perm_walk(perm_counter *k, const plan *p, const perm_refusals *refused);

/* The operation weir_explain_permissions. */
bool perm_explain(candidate *c, const json *args, buf *out, error *err);
