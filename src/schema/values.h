/* values: literals and session variables of the metadata as PostgreSQL values. Private to schema/. */
#pragma once
#include "schema/resolve.h"

/* One value for a column of this type. A string that begins with x-hasura- is a session variable. */
val val_literal(resolving *r, pg_oid type, const json *j);
/*
 * A value for a reference to an enum table must be one of its values; null and session variables pass.
 * Hasura v2: parseScalarValueColumnTypeWithContext.
 */
MUST_CHECK bool val_enum(
	resolving *r, const md_table *table, const enum_rows *rows, const json *j, str path, error *err);
/* A list of values, or a session variable that holds an array literal. */
MUST_CHECK bool val_list(resolving *r, pg_oid elem, const json *j, str path, val *out, error *err);
