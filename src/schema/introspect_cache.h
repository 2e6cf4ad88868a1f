/* introspect_cache: rendered introspection answers of one snapshot. Private to schema/. */
#pragma once
#include "base/arena.h"

/* Made with the snapshot, freed with its arena. */
void *introspect_cache_new(arena *a);
