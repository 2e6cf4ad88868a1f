/* errors: the two envelopes. Hasura v2: Base/Error.hs encodeQErr, encodeGQLErr. */
#pragma once
#include "base/buf.h"
#include "base/error.h"
#include "base/json.h"

/* {"error","path","code"[,"internal"]} */
void error_write_flat(buf *b, const error *err, bool internal);
/* {"errors":[{"message","extensions":{"path","code"[,"internal"]}}]}; extensions of the error replace those. */
void error_write_graphql(buf *b, const error *err, bool internal);
/* One error of that list. */
void error_write_graphql_one(buf *b, const error *err, bool internal);
/* The flat form as JSON, for logs. */
json *error_to_json(arena *a, const error *err, bool internal);
