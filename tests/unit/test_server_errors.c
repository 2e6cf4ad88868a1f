/* The two envelopes of errors. */
#include "server/errors.h"

#include "suite.h"

typedef void (*writer)(buf *b, const error *err, bool internal);

static void check(writer w, const error *err, bool internal, const char *want)
{
	buf b = {0};
	w(&b, err, internal);
	buf_putc(&b, '\0');
	assert_string_equal(b.p, want);
	buf_free(&b);
}

static error sample(arena *a)
{
	error e;
	error_init(&e, a);
	assert_false(error_set(&e, ERR_ALREADY_TRACKED, STR("$.args"), "view/table \"a\" tracked"));
	return e;
}

static void test_plain(void **state)
{
	arena *a = arena_new(0);
	error e = sample(a);
	(void)state;
	check(error_write_flat, &e, true,
		"{\"error\":\"view/table \\\"a\\\" tracked\",\"path\":\"$.args\",\"code\":\"already-tracked\"}");
	check(error_write_graphql, &e, true,
		"{\"errors\":[{\"message\":\"view/table \\\"a\\\" tracked\",\"extensions\":"
		"{\"path\":\"$.args\",\"code\":\"already-tracked\"}}]}");
	e.path = STR_NULL;
	check(error_write_flat, &e, false,
		"{\"error\":\"view/table \\\"a\\\" tracked\",\"path\":\"$\",\"code\":\"already-tracked\"}");
	arena_free(a);
}

static void test_internal(void **state)
{
	arena *a = arena_new(0);
	error e = sample(a);
	(void)state;
	e.message = STR("m");
	e.internal = json_new_i64(a, 1);
	check(error_write_flat, &e, true,
		"{\"error\":\"m\",\"path\":\"$.args\",\"code\":\"already-tracked\",\"internal\":1}");
	check(error_write_flat, &e, false, "{\"error\":\"m\",\"path\":\"$.args\",\"code\":\"already-tracked\"}");
	check(error_write_graphql, &e, true,
		"{\"errors\":[{\"message\":\"m\",\"extensions\":{\"path\":\"$.args\",\"code\":\"already-tracked\",\"internal\":1}}]}");
	check(error_write_graphql, &e, false,
		"{\"errors\":[{\"message\":\"m\",\"extensions\":{\"path\":\"$.args\",\"code\":\"already-tracked\"}}]}");
	arena_free(a);
}

static void test_extensions_replace_all(void **state)
{
	arena *a = arena_new(0);
	error e = sample(a);
	(void)state;
	e.message = STR("m");
	e.internal = json_new_i64(a, 1);
	e.extensions = json_new_object(a);
	json_setz(e.extensions, "code", json_new_str(a, STR("own")));
	check(error_write_graphql, &e, true, "{\"errors\":[{\"message\":\"m\",\"extensions\":{\"code\":\"own\"}}]}");
	arena_free(a);
}

static void test_for_logs(void **state)
{
	arena *a = arena_new(0);
	error e = sample(a);
	(void)state;
	e.internal = json_new_bool(a, true);
	assert_null(json_getz(error_to_json(a, &e, false), "internal"));
	assert_true(json_getz(error_to_json(a, &e, true), "internal")->boolean);
	assert_true(str_eqz(json_getz(error_to_json(a, &e, true), "code")->text, "already-tracked"));
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_internal),
		cmocka_unit_test(test_extensions_replace_all),
		cmocka_unit_test(test_for_logs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
