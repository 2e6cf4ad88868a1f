/* jsonpath: the paths of errors, as "$.args.where["odd key"][0]"; the root is "$". Results live in the arena. */
#pragma once
#include "arena.h"
#include "str.h"

/* path + ".key", or path + "['odd key']" when key is no identifier (Hasura v2: as aeson's formatPath). */
str jsonpath_key(arena *a, str path, str key);
/* path + "[i]". */
str jsonpath_index(arena *a, str path, size_t i);
