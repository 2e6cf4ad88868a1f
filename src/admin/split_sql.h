/* split_sql: a text of several statements, cut at the semicolons that end them. Pure. */
#pragma once
#include "base/vec.h"

/* Appends the statements, trimmed, empty ones left out; they point into sql. Quotes, dollar quotes and comments are heeded. */
void split_sql(arena *a, str sql, str_vec *out);
