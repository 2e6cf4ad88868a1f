/* missing: why a field is not there, in words for developers (dev mode). Private to plan/. Empty when nobody asked. */
#pragma once
#include "plan/build.h"

/* The error at hand says so too, where developers look. Returns false. */
bool missing_because(plan_ctx *c, str reason);
str missing_field(plan_ctx *c, const snap_source *src, const snap_table *t, str name);
/* A column or relationship in an insert, a column in an update. */
str missing_write(
	plan_ctx *c, const snap_source *src, const snap_table *t, const snap_write_perm *p, bool insert, str name);
/* Of <T>_mutation_response. */
str missing_returning(plan_ctx *c, const snap_source *src, const snap_table *t, str name);
str missing_mutations(plan_ctx *c);
str missing_root(plan_ctx *c, gq_operation_kind kind, str name);
