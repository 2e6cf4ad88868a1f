#include "suite.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"

#include <stdio.h>

static void assert_path(const error *e, const char *want)
{
	if (!str_eqz(error_path(e), want)) fail_msg("path %.*s is not %s", STR_ARG(error_path(e)), want);
}

static void set_fills_all(void **state)
{
	(void)state;
	arena *a = arena_new(0);
	error e;
	error_init(&e, a);
	assert_false(e.set);
	assert_path(&e, "$");
	char path[] = "$.args";
	e.status = 418;
	e.internal = json_new_null(a);
	assert_false(error_set(&e, ERR_NOT_EXISTS, str_from(path), "table \"%s\" does not exist", "t"));
	path[2] = 'x';
	assert_true(e.set);
	assert_int_equal(e.code, ERR_NOT_EXISTS);
	assert_true(str_eqz(e.message, "table \"t\" does not exist"));
	assert_path(&e, "$.args");
	assert_null(e.internal);
	assert_int_equal(error_status(&e), 400);
	error_set(&e, ERR_UNEXPECTED, e.path, "again: %.*s", STR_ARG(e.message));
	assert_true(str_eqz(e.message, "again: table \"t\" does not exist"));
	assert_path(&e, "$.args");
	arena_free(a);
}

static void codes_have_text_and_status(void **state)
{
	(void)state;
	error e = {.code = ERR_CONFLICT};
	assert_int_equal(error_status(&e), 409);
	e.status = 200;
	assert_int_equal(error_status(&e), 200);
	assert_true(str_eqz(error_code_text(ERR_CONSTRAINT_VIOLATION), "constraint-violation"));
	assert_true(str_eqz(error_code_text(ERR_UNEXPECTED), "unexpected"));
	assert_true(str_eqz(error_code_text(ERR_TOO_LARGE), "bad-request"));
	e = (error){.code = ERR_TOO_LARGE};
	assert_int_equal(error_status(&e), 413);
}

static void prefixes_join(void **state)
{
	(void)state;
	static const struct {
		const char *path, *prefix, *want;
	} cases[] = {
		{"$.x", "$.args", "$.args.x"},
		{"", "$.args", "$.args"},
		{"$", "$.args", "$.args"},
		{"$[0]", "$", "$[0]"},
		{"$[0].a", "$.args", "$.args[0].a"},
		{"$.x", "", "$.x"},
		{"", "", "$"},
		{"$.x", "$", "$.x"},
	};
	arena *a = arena_new(0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		error e;
		error_init(&e, a);
		error_set(&e, ERR_PARSE_FAILED, str_from(cases[i].path), "x");
		error_prepend_path(&e, str_from(cases[i].prefix));
		assert_path(&e, cases[i].want);
	}
	arena_free(a);
}

static void stamps_are_utc_milliseconds(void **state)
{
	(void)state;
	char out[32];
	clock_format(1560958776289u, out);
	assert_string_equal(out, "2019-06-19T15:39:36.289+0000");
	clock_format(5, out);
	assert_string_equal(out, "1970-01-01T00:00:00.005+0000");
	uint64_t before = clock_mono_ns();
	assert_true(clock_mono_ns() >= before);
	assert_true(clock_thread_cpu_ns() > 0);
	assert_true(clock_wall_ms() > 1700000000000u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_fills_all),
		cmocka_unit_test(codes_have_text_and_status),
		cmocka_unit_test(prefixes_join),
		cmocka_unit_test(stamps_are_utc_milliseconds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
