/* suite: what every unit test starts with. */
#pragma once
#include "base/error.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* An arena for each test: cmocka_unit_test_setup_teardown(test, test_begin, test_end). */
#define PER_TEST_ARENA_DOING(name, more)    \
	static arena *name;                 \
                                            \
	static int test_begin(void **state) \
	{                                   \
		(void)state;                \
		name = arena_new(0);        \
		more;                       \
		return 0;                   \
	}                                   \
                                            \
	static int test_end(void **state)   \
	{                                   \
		(void)state;                \
		arena_free(name);           \
		return 0;                   \
	}

#define PER_TEST_ARENA(name) PER_TEST_ARENA_DOING(name, (void)0)

/* And an error whose texts go into it. */
#define PER_TEST_ARENA_AND_ERROR(name, err) \
	static error err;                   \
	PER_TEST_ARENA_DOING(name, error_init(&(err), name))
