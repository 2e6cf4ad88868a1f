/* unserved_ops: operations Hasura v2 knows and this version of Weir does not serve: refused by name. */
#pragma once
#include "base/str.h"
#include <stdbool.h>

/* Name without the backend's prefix. */
bool unserved_pg_op(str name);
bool unserved_global_op(str name);
bool unserved_v2_op(str name);
