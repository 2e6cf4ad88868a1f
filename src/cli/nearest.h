/* nearest: which of the known names somebody meant. Pure. */
#pragma once
#include "base/str.h"

typedef struct nearest {
	str wrong;
	size_t distance; /* of name; beyond it nothing counts */
	str name;        /* the best so far; p NULL: none is near */
} nearest;

/* Names more than three letters away, or half as long, are not meant. */
nearest nearest_of(str wrong);
void nearest_look(nearest *n, str name);
