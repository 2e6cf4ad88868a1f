/* json_path: the `path` argument of json and jsonb fields: $.a.b[0], a.b, ["x y"]. Private to plan/. */
#pragma once
#include "base/vec.h"

/* Steps as text (indices too). "$": none. False: not a path. Hasura v2: Data/Parser/JSONPath.hs. */
bool json_path_parse(arena *a, str text, str_vec *out);
