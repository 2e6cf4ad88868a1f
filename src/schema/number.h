/* number: JSON and GraphQL number texts. */
#pragma once
#include "base/arena.h"
#include "base/str.h"

/* Hasura v2's text for an integer that is none or too big; argument: number_show. */
#define NUMBER_BOUNDS \
	"The value %.*s lies outside the bounds or is not an integer. Maybe it is a float, or is there integer overflow?"

/* The value is an integer (1e3 and 1.0 count) within lo … hi. */
bool number_to_int(str text, int64_t lo, int64_t hi, int64_t *out);
/* Below zero (-0 is not). */
bool number_negative(str text);
/* Digits with an optional minus only. */
bool number_plain(str text);
/* As Haskell shows a Scientific: 3.0e9, 1.5, 70000.0. */
str number_show(arena *a, str text);
