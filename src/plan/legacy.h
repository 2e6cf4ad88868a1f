/*
 * legacy: plans of the older JSON API: select, count, insert, update, delete of /v1/query and /v2/query.
 * Permissions enter by plan/permission.c, as everywhere. Hasura v2: RQL/DML.
 */
#pragma once
#include "plan/plan.h"

typedef enum legacy_op { LEGACY_SELECT, LEGACY_COUNT, LEGACY_INSERT, LEGACY_UPDATE, LEGACY_DELETE } legacy_op;

typedef struct legacy_request {
	const snapshot *snap;
	const snap_source *source;
	str role;
	bool backend; /* may use backend_only permissions */
	legacy_op op;
	const json *args;
} legacy_request;

/*
 * A plan with one root: rows of a table, {"aggregate":{"count":n}}, or a mutation that answers affected_rows and, when asked
 * for, returning. args are the variables of its run, and must live as long as the plan.
 * Error: Hasura's codes and texts, at paths from "$"; *form tells that it is about the form of args rather than about what
 * they name. O(size of args and of the tables they name).
 */
MUST_CHECK bool legacy_plan(const legacy_request *req, plan **out, bool *form, error *err);
