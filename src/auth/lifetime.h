/* lifetime: how long an answer holds, from Cache-Control and Expires. Hasura v2: Data/Parser/{CacheControl,Expires}.hs. */
#pragma once
#include "base/str.h"
#include <stdint.h>

typedef struct cache_control {
	bool no_cache, no_store, must_revalidate;
	bool has_max_age; /* max-age or s-maxage, whichever comes first */
	uint64_t max_age; /* seconds */
} cache_control;

/* False: not of the header's form, or an age that is no number. */
bool cache_control_parse(str text, cache_control *out);
/* "Sun, 06 Nov 1994 08:49:37 GMT" to wall milliseconds; false: no such date. */
bool expires_parse(str text, uint64_t *wall_ms);
