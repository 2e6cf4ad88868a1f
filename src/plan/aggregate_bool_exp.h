/* aggregate_bool_exp: predicates over aggregates of an array relationship in `where`. Private to plan/. */
#pragma once
#include "plan/compare.h"

/* <rel>_aggregate: {function: {arguments, distinct, filter, predicate}}. in is not peeled. */
MUST_CHECK bool aggregate_predicate_read(
	plan_ctx *c, const snap_source *src, const snap_rel *rel, const input *in, bexp_vec *out);
/* <T>_bool_exp at an optional place; not peeled. Null is an error. */
MUST_CHECK bool where_read_optional(
	plan_ctx *c, const snap_source *src, const snap_table *t, const input *in, const bexp **out);
