/* functions: tracked functions of a source. Private to schema/. */
#pragma once
#include "schema/snapshot.h"

/* Fills out for a function whose table is tracked in src (tables resolved already); false with *why. All in a. */
bool function_resolve(arena *a, const snap_source *src, const md_function *md, snap_function *out, str *why);
