/* graphql_body: what a client asks in one GraphQL request, over any transport. */
#pragma once
#include "base/error.h"
#include "base/json.h"

typedef struct graphql_body {
	str query;
	str operation_name;    /* p NULL: absent */
	const json *variables; /* NULL: none; an object */
} graphql_body;

/* Points into body. Hasura v2: GQLReq's FromJSON; unknown keys are ignored, null is as good as absent. Errors:
 * parse-failed, not-supported. */
MUST_CHECK bool graphql_body_read(const json *body, graphql_body *out, error *err);
/* extensions.weir.interval, in milliseconds, of a subscription; 0: absent. min: the least that may be asked for, 0: none may. */
MUST_CHECK bool graphql_body_interval(const json *body, uint64_t min, uint64_t *out, error *err);
/* The operation it names is of that kind. False also when the text is none: whoever runs it finds out why. */
bool graphql_body_is_subscription(arena *a, const graphql_body *body);
bool graphql_body_is_mutation(arena *a, const graphql_body *body);
