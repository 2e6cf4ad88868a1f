/* missing: why a field is not there, in words for developers (dev mode). Private to plan/. Empty when nobody asked. */
#pragma once
#include "plan/build.h"

str missing_field(plan_ctx *c, const snap_source *src, const snap_table *t, str name);
str missing_root(plan_ctx *c, gq_operation_kind kind, str name);
