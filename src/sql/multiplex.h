/*
 * multiplex: one statement that runs another for many sets of values. The values come as one array for each parameter;
 * unnested they are rows v(p1, p2, …, i), and for each of them the statement's rows follow the number i (from 1).
 *
 *     SELECT v.i, q.* FROM unnest($1::integer[], $2::text[]) WITH ORDINALITY v(p1, p2, i)
 *     CROSS JOIN LATERAL (SELECT x.* FROM (…) x OFFSET 0) q
 *
 * OFFSET 0 keeps the planner from joining the rows another way, so that their order is that of the plain statement.
 * A set of values without rows is not there. Arrays have elements of the parameter's own type where that is written in
 * array literals like any other; else of text, cast once for each row (arrays: unnest would flatten them).
 */
#pragma once
#include "sql/build.h"

/* The multiplexed form of a statement whose values were written as (v.p1), (v.p2) … */
void multiplex_wrap(buf *out, const val *params, size_t n, str text);
/* Values without a cast get their type from where they stand, which a column of text would not. */
bool multiplex_possible(const statement *s);
