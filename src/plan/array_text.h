/* array_text: a JSON list as the text of a PostgreSQL array. */
#pragma once
#include "base/json.h"

/*
 * {"a","b",NULL}; nested lists are further dimensions, unless json_elems: then every element is JSON text. list must be a
 * JSON array. Lives in a.
 */
str array_text(arena *a, const json *list, bool json_elems);
