/* plan_print: a plan as text, one line a root or nested select; for tests. */
#pragma once
#include "base/buf.h"
#include "plan/plan.h"

void print_bexp(buf *b, const bexp *e);
void print_val(buf *b, const val *v);
void print_select(buf *b, const plan_select *s);
/* All roots, separated by "; ". */
void print_plan(buf *b, const plan *p);
