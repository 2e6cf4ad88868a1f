/* introspect: __schema and __type(name:) as root fields. Private to plan/. */
#pragma once
#include "plan/build.h"

/* __schema or __type: fills out->kind (ROOT_JSON) and out->introspect. */
MUST_CHECK bool root_introspect(plan_ctx *c, const sel_field *f, const plan_path *at, plan_root *out);
