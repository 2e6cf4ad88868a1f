/* agg_ops: aggregate functions over columns, and which columns they take. Private to plan/. */
#pragma once
#include "plan/build.h"

/* The operator as it is static; p NULL: no such one. numeric tells sum, avg … from max and min. */
str agg_op(str name, bool *numeric);
/* Hasura v2: isNumCol, isComparableCol; columns of enum tables are neither. */
bool agg_takes_column(const snap_source *src, const snap_column *col, bool numeric);
bool agg_takes_type(const snap_source *src, pg_oid type, bool numeric);
