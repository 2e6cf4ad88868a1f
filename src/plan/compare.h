/* compare: <X>_comparison_exp, the operators on one column, computed field or aggregate. Private to plan/. */
#pragma once
#include "plan/input.h"

typedef VEC(const bexp *) bexp_vec;

/* {op: value, …}, peeled; appends one BEXP_CMP per operator. lhs is copied into each; its type is t's. */
MUST_CHECK bool compare_read(plan_ctx *c, const value_type *t, const bexp_lhs *lhs, const input *in, bexp_vec *out);
/* Name of the input type for t. */
str compare_type(plan_ctx *c, const value_type *t);
/* AND of the expressions; TRUE when there are none. */
const bexp *bexp_all(plan_ctx *c, const bexp_vec *v);
