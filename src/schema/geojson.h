/* geojson: is a JSON object a geometry? Private to schema/. Hasura v2: SQL/GeoJSON.hs. */
#pragma once
#include "base/json.h"

/* j is an object. False: *why is Hasura's text. O(positions). */
bool geojson_judge(arena *a, const json *j, str *why);
