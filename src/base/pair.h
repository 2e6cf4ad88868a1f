/* pair: a name with a value, both slices: a header of HTTP. */
#pragma once
#include "base/str.h"

typedef struct str_pair {
	str name;
	str value;
} str_pair;
