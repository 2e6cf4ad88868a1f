/* own_flags: the flags of small commands: --name VALUE or --name=VALUE, taken out of a command line. */
#pragma once
#include "base/error.h"
#include "base/vec.h"

typedef struct own_flag {
	const char *name; /* "--token" */
	str_vec *values;  /* in order; NULL: a switch */
	bool *given;      /* NULL: not of interest */
} own_flag;

/*
 * Fills the flags and gives what is left of argv, in order. Error: a flag without its value. Texts are argv's.
 */
MUST_CHECK bool own_flags_take(
	arena *a, int argc, char *const *argv, const own_flag *flags, size_t n, int *left_n, char ***left, error *err);
