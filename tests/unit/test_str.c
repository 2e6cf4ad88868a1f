#include "suite.h"

#include "base/arena.h"
#include "base/jsonpath.h"
#include "base/str.h"

#define assert_str(s, z) assert_str_at((s), (z), __FILE__, __LINE__)

static void assert_str_at(str s, const char *z, const char *file, int line)
{
	if (str_eqz(s, z)) return;
	print_error("\"%.*s\" is not \"%s\"\n", STR_ARG(s), z);
	_fail(file, line);
}

PER_TEST_ARENA(mem)

static void compares(void **state)
{
	(void)state;
	assert_true(str_eq(STR_NULL, STR("")));
	assert_true(str_eq_nocase(STR("X-Hasura-Role"), STR("x-hasura-role")));
	assert_false(str_eq_nocase(STR("abc"), STR("abcd")));
	assert_false(str_eq_nocase(STR("["), STR("{")));
	assert_true(str_starts_nocase(STR("X-HASURA-User-Id"), STR("x-hasura-")));
	assert_false(str_starts_nocase(STR("x-has"), STR("x-hasura-")));
	assert_true(str_cmp(STR("a"), STR("ab")) < 0);
	assert_true(str_cmp(STR("b"), STR("ab")) > 0);
	assert_true(str_cmp(STR("\xc3"), STR("a")) > 0);
	assert_int_equal(str_cmp(STR("ab"), STR("ab")), 0);
	assert_int_equal(str_cmp(STR_NULL, STR("")), 0);
	assert_true(str_eq_secret(STR("secret"), STR("secret")));
	assert_false(str_eq_secret(STR("secret"), STR("secreT")));
	assert_false(str_eq_secret(STR("secret"), STR("secre")));
}

static void finds_and_cuts(void **state)
{
	(void)state;
	assert_int_equal(str_find_char(STR("abc"), 'c'), 2);
	assert_true(str_find_char(STR("abc"), 'd') == SIZE_MAX);
	assert_true(str_find_char(STR_NULL, 'd') == SIZE_MAX);
	assert_int_equal(str_find(STR("ababc"), STR("abc")), 2);
	assert_int_equal(str_find(STR("abc"), STR("")), 0);
	assert_true(str_find(STR("ab"), STR("abc")) == SIZE_MAX);
	assert_true(str_find(STR_NULL, STR("a")) == SIZE_MAX);
	assert_str(str_trim(STR(" \t\r\n a b \v\f")), "a b");
	assert_str(str_trim(STR("  ")), "");
	assert_str(str_sub(STR("abcdef"), 2, 3), "cde");
	assert_str(str_sub(STR("abc"), 5, 3), "");
	assert_str(str_from_at(STR("abc"), 1), "bc");
	assert_true(str_ends(STR("a.json"), STR(".json")));
	assert_false(str_ends(STR("json"), STR(".json")));
}

static void reads_integers(void **state)
{
	(void)state;
	int64_t i = 1;
	uint64_t u = 1;
	assert_true(str_to_i64(STR("-9223372036854775808"), &i) && i == INT64_MIN);
	assert_true(str_to_i64(STR("9223372036854775807"), &i) && i == INT64_MAX);
	assert_true(str_to_i64(STR("-0"), &i) && i == 0);
	assert_true(str_to_i64(STR("-17"), &i) && i == -17);
	assert_true(str_to_u64(STR("18446744073709551615"), &u) && u == UINT64_MAX);
	const char *bad[] = {
		"", "-", "+1", " 1", "1 ", "1.0", "0x1", "9223372036854775808", "-9223372036854775809", "--1"};
	for (size_t k = 0; k < sizeof(bad) / sizeof(bad[0]); k++)
		if (str_to_i64(str_from(bad[k]), &i)) fail_msg("'%s' taken as an integer", bad[k]);
	assert_false(str_to_u64(STR("18446744073709551616"), &u));
	assert_false(str_to_u64(STR("99999999999999999999999"), &u));
	assert_false(str_to_u64(STR("-1"), &u));
}

static void knows_utf8(void **state)
{
	(void)state;
	const char *good[] = {"", "plain ascii, longer than eight", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80",
		"\xed\x9f\xbf", "\xee\x80\x80", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "1234567\xc3\xa9 89"};
	const char *bad[] = {"\x80", "\xc0\x80", "\xc1\xbf", "\xc3", "\xe0\x9f\xbf", "\xe2\x82", "\xed\xa0\x80",
		"\xed\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "12345678\xc3(",
		"\xe2\x28\xa1"};
	for (size_t k = 0; k < sizeof(good) / sizeof(good[0]); k++)
		if (!str_is_utf8(str_from(good[k]))) fail_msg("good[%zu] refused", k);
	for (size_t k = 0; k < sizeof(bad) / sizeof(bad[0]); k++)
		if (str_is_utf8(str_from(bad[k]))) fail_msg("bad[%zu] accepted", k);
	assert_true(str_is_utf8(STR("a\0b")));
}

static void knows_names(void **state)
{
	(void)state;
	assert_true(str_is_name(STR("_Az09")));
	assert_true(str_is_name(STR("a")));
	assert_false(str_is_name(STR("")));
	assert_false(str_is_name(STR("9a")));
	assert_false(str_is_name(STR("a-b")));
	assert_false(str_is_name(STR("\xc3\xa9")));
	assert_false(str_is_name(STR("a\0")));
}

static void hash_depends_on_all_bytes_and_the_seed(void **state)
{
	(void)state;
	char text[100];
	memset(text, 'x', sizeof(text));
	for (size_t n = 1; n <= sizeof(text); n++) {
		str s = str_make(text, n);
		uint64_t h = str_hash(s, 1);
		assert_true(h == str_hash(str_copy(mem, s), 1));
		assert_true(h != str_hash(s, 2));
		assert_true(h != str_hash(str_make(text, n - 1), 1));
		for (size_t i = 0; i < n; i++) {
			text[i] = 'y';
			if (str_hash(s, 1) == h) fail_msg("byte %zu of %zu does not count", i, n);
			text[i] = 'x';
		}
	}
	assert_true(str_hash(STR_NULL, 5) == str_hash(STR(""), 5));
}

static void copies(void **state)
{
	(void)state;
	char src[] = "MiXed 1\xc3\x84";
	str s = str_copy(mem, str_from(src));
	assert_ptr_not_equal(s.p, src);
	assert_str(s, src);
	assert_string_equal(str_z(mem, str_make(src, 3)), "MiX");
	assert_string_equal(str_z(mem, STR_NULL), "");
	assert_str(str_lower(mem, s), "mixed 1\xc3\x84");
	assert_str(str_upper(mem, s), "MIXED 1\xc3\x84");
	assert_str(str_cat(mem, 4, STR("a"), STR_NULL, STR("bc"), STR("d")), "abcd");
	assert_str(str_cat(mem, 0), "");
	assert_str(str_printf(mem, "%d-%s", 7, "x"), "7-x");
	assert_str(str_printf(mem, "%s", ""), "");
	for (int width = 250; width < 260; width++) {
		str long_one = str_printf(mem, "%0*d", width, 5);
		assert_int_equal(long_one.n, width);
		assert_int_equal(long_one.p[width - 1], '5');
	}
}

static void builds_json_paths(void **state)
{
	(void)state;
	str p = jsonpath_key(mem, STR("$"), STR("args"));
	assert_str(p, "$.args");
	p = jsonpath_index(mem, p, 12);
	assert_str(p, "$.args[12]");
	assert_str(jsonpath_key(mem, p, STR("odd key")), "$.args[12][\"odd key\"]");
	assert_str(jsonpath_key(mem, STR("$"), STR("it's")), "$[\"it's\"]");
	assert_str(jsonpath_key(mem, STR("$"), STR("a\\b")), "$[\"a\\\\b\"]");
	assert_str(jsonpath_key(mem, STR("$"), STR("")), "$[\"\"]");
	assert_str(jsonpath_key(mem, STR("$"), STR("x-hasura")), "$.x-hasura");
	assert_str(jsonpath_key(mem, STR("$"), STR("1a")), "$[\"1a\"]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compares),
		cmocka_unit_test(finds_and_cuts),
		cmocka_unit_test(reads_integers),
		cmocka_unit_test(knows_utf8),
		cmocka_unit_test(knows_names),
		cmocka_unit_test(hash_depends_on_all_bytes_and_the_seed),
		cmocka_unit_test(copies),
		cmocka_unit_test(builds_json_paths),
	};
	return cmocka_run_group_tests(tests, test_begin, test_end);
}
