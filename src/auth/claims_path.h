/* claims_path: where a value stands in a token: $.a['b c'][0]. Hasura v2: Data/Parser/JSONPath.hs. */
#pragma once
#include "base/error.h"
#include "base/json.h"

typedef struct claims_step {
	str key; /* p NULL: index */
	size_t index;
} claims_step;

typedef struct claims_path {
	claims_step *steps;
	size_t n;
} claims_path;

enum { CLAIMS_PATH_MAX = 64 };

/* Error: parse-failed with Hasura's text. */
MUST_CHECK bool claims_path_parse(arena *a, str text, claims_path *out, error *err);
/* The path in its usual writing. */
str claims_path_text(arena *a, const claims_path *p);
/* What stands there (perhaps null), or NULL. */
const json *claims_path_get(const claims_path *p, const json *root);
