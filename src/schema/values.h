/* values: literals and session variables of the metadata as PostgreSQL values. Private to schema/. */
#pragma once
#include "schema/resolve.h"

/* One value for a column of this type. A string that begins with x-hasura- is a session variable. */
val val_literal(resolving *r, pg_oid type, const json *j);
/* A list of such values, or a session variable that holds an array literal. */
MUST_CHECK bool val_list(resolving *r, pg_oid elem, const json *j, str path, val *out, error *err);
