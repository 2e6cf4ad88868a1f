#include "suite.h"

#include "base/json.h"

PER_TEST_ARENA(mem)

static json *parsed(str text)
{
	json *j = NULL;
	error e;
	error_init(&e, mem);
	if (!json_parse(mem, text, &j, &e)) fail_msg("'%.*s': %.*s", STR_ARG(text), STR_ARG(e.message));
	return j;
}

static void assert_writes(const json *j, const char *want)
{
	str out = json_to_str(mem, j);
	if (!str_eqz(out, want)) fail_msg("'%.*s' is not '%s'", STR_ARG(out), want);
}

static void what_is_read_is_written(void **state)
{
	(void)state;
	static const char *same[] = {
		"null",
		"true",
		"false",
		"0",
		"-0",
		"12345678901234567890.123456789e-400",
		"1E+2",
		"\"\"",
		"\"a b\"",
		"[]",
		"{}",
		"[1,[2,[3]],{}]",
		"{\"b\":1,\"a\":{\"c\":[null,true]}}",
		"\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f\"",
		"\"\xc3\xa9\xf0\x9f\x98\x80\x7f/\"",
		"{\"\":0}",
		"\"\\u0000\"",
	};
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		assert_writes(parsed(str_from(same[i])), same[i]);
	assert_writes(parsed(STR(" \t\r\n{ \"a\" : [ 1 , 2 ] , \"b\" : { } } \n")), "{\"a\":[1,2],\"b\":{}}");
}

static void strings_are_decoded(void **state)
{
	(void)state;
	assert_true(str_eq(parsed(STR("\"\\u0041\\u00e9\\u20AC\\ud83d\\uDE00\\/\\\"\""))->text,
		STR("A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80/\"")));
	assert_true(str_eq(parsed(STR("\"a\\u0000b\""))->text, STR("a\0b")));
	assert_true(str_eq(parsed(STR("\"\\uFFFF\\ud800\\udc00\\udbff\\udfff\""))->text,
		STR("\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf")));
	/* Without escapes the text is the input's own. */
	str input = STR("\"plain\"");
	assert_ptr_equal(parsed(input)->text.p, input.p + 1);
}

/* Each special byte at each place of the eight-byte steps. */
static void specials_are_seen_everywhere(void **state)
{
	(void)state;
	static const struct {
		char c;
		const char *escape;
	} specials[] = {{'"', "\\\""}, {'\\', "\\\\"}, {'\n', "\\n"}, {'\x1f', "\\u001f"}, {'\0', "\\u0000"},
		{'\x01', "\\u0001"}};
	for (size_t k = 0; k < sizeof(specials) / sizeof(specials[0]); k++) {
		for (size_t n = 1; n < 27; n++) {
			for (size_t at = 0; at < n; at++) {
				char text[32];
				memset(text, '\x7f', n);
				text[n / 2] = '!';
				text[at] = specials[k].c;
				str s = str_make(text, n);
				str want = str_cat(mem, 5, STR("\""), str_sub(s, 0, at), str_from(specials[k].escape),
					str_from_at(s, at + 1), STR("\""));
				str out = json_to_str(mem, json_new_str(mem, s));
				assert_true(str_eq(out, want));
				assert_true(str_eq(parsed(out)->text, s));
			}
		}
	}
}

static void bad_text_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *text, *message;
	} bad[] = {
		{"", "expected a value at line 1, column 1"},
		{"  ", "expected a value at line 1, column 3"},
		{"{\"abcd\" 1}", "expected ':' at line 1, column 9"},
		{"{\n\"\xc3\xa9\" 1}", "expected ':' at line 2, column 5"},
		{"[1,\n2\n3]", "expected ',' or ']' at line 3, column 1"},
		{"[1", "expected ',' or ']' at line 1, column 3"},
		{"[1,]", "expected a value at line 1, column 4"},
		{"[,1]", "expected a value at line 1, column 2"},
		{"{", "expected '\"' or '}' at line 1, column 2"},
		{"{\"a\":1,}", "expected '\"' at line 1, column 8"},
		{"{a:1}", "expected '\"' or '}' at line 1, column 2"},
		{"{\"a\":1", "expected ',' or '}' at line 1, column 7"},
		{"1 2", "expected the end of the text at line 1, column 3"},
		{"nul", "expected a value at line 1, column 1"},
		{"nulL", "expected a value at line 1, column 1"},
		{"truex", "expected the end of the text at line 1, column 5"},
		{"01", "expected the end of the text at line 1, column 2"},
		{"-", "expected a digit at line 1, column 2"},
		{"+1", "expected a value at line 1, column 1"},
		{".5", "expected a value at line 1, column 1"},
		{"1.", "expected a digit at line 1, column 3"},
		{"1.e5", "expected a digit at line 1, column 3"},
		{"1e", "expected a digit at line 1, column 3"},
		{"1e+", "expected a digit at line 1, column 4"},
		{"NaN", "expected a value at line 1, column 1"},
		{"'a'", "expected a value at line 1, column 1"},
		{"\"abc", "expected '\"' at line 1, column 5"},
		{"\"abc\\", "unknown escape at line 1, column 5"},
		{"\"abc\\\"", "expected '\"' at line 1, column 7"},
		{"\"\\x\"", "unknown escape at line 1, column 2"},
		{"\"\\\xc3\xa9\"", "unknown escape at line 1, column 2"},
		{"\"a\nb\"", "control character in a string at line 1, column 3"},
		{"\"\\\n\"", "unknown escape at line 1, column 2"},
		{"\"\\u12\"", "expected four hexadecimal digits at line 1, column 6"},
		{"\"\\u12G4\"", "expected four hexadecimal digits at line 1, column 6"},
		{"\"\\ud800\"", "lone surrogate at line 1, column 2"},
		{"\"\\udc00\"", "lone surrogate at line 1, column 2"},
		{"\"\\ud800\\u0041\"", "lone surrogate at line 1, column 2"},
		{"\"\\ud800\\ud800\"", "lone surrogate at line 1, column 2"},
		{"\"\\ud800x\"", "lone surrogate at line 1, column 2"},
		{"\"a\xff\"", "invalid UTF-8 at line 1, column 3"},
		{"\"12345678\xed\xa0\x80\"", "invalid UTF-8 at line 1, column 10"},
		{"\"\xc3", "invalid UTF-8 at line 1, column 2"},
		{"\xef\xbb\xbf{}", "expected a value at line 1, column 1"},
		{"[\f1]", "expected a value at line 1, column 2"},
		{"// x\n1", "expected a value at line 1, column 1"},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		json *j = NULL;
		error e;
		error_init(&e, mem);
		/* A heap copy of the exact size lets the sanitizer see a read past its end. */
		str text = str_copy(mem, str_from(bad[i].text));
		if (json_parse(mem, text, &j, &e)) fail_msg("'%s' accepted", bad[i].text);
		assert_int_equal(e.code, ERR_INVALID_JSON);
		if (!str_eqz(e.message, bad[i].message)) fail_msg("'%s': %.*s", bad[i].text, STR_ARG(e.message));
	}
	json *j;
	error e;
	error_init(&e, mem);
	assert_false(json_parse(mem, STR("1\0"), &j, &e));
	assert_false(json_parse(mem, STR_NULL, &j, &e));
}

static void depth_is_limited(void **state)
{
	(void)state;
	char text[2 * (JSON_MAX_DEPTH + 1)];
	json *j;
	error e;
	error_init(&e, mem);
	for (size_t depth = JSON_MAX_DEPTH; depth <= JSON_MAX_DEPTH + 1; depth++) {
		memset(text, '[', depth);
		memset(text + depth, ']', depth);
		assert_int_equal(json_parse(mem, str_make(text, 2 * depth), &j, &e), depth == JSON_MAX_DEPTH);
	}
	assert_true(str_starts(e.message, STR("nested too deep")));
	char *open = arena_bytes(mem, 1000000);
	for (size_t i = 0; i < 1000000; i++)
		open[i] = i % 5 == 0 ? '{' : "{\"a\":"[i % 5];
	assert_false(json_parse(mem, str_make(open, 1000000), &j, &e));
	assert_true(str_starts(e.message, STR("nested too deep")));
}

static void copy_outlives_the_input(void **state)
{
	(void)state;
	char text[] = "{\"key\":[\"text\",12]}";
	json *j;
	error e;
	error_init(&e, mem);
	assert_true(json_parse_copy(mem, str_from(text), &j, &e));
	memset(text, 'x', sizeof(text));
	assert_writes(j, "{\"key\":[\"text\",12]}");
}

static void last_duplicate_wins_at_the_first_place(void **state)
{
	(void)state;
	json *j = parsed(STR("{\"a\":1,\"b\":2,\"a\":{\"x\":[1]},\"c\":3,\"c\":4}"));
	assert_int_equal(j->count, 3);
	assert_writes(j, "{\"a\":{\"x\":[1]},\"b\":2,\"c\":4}");
	json_setz(j, "d", json_new_null(mem));
	assert_writes(j, "{\"a\":{\"x\":[1]},\"b\":2,\"c\":4,\"d\":null}");
}

static str key_of(size_t i)
{
	return str_printf(mem, "k%zu", i);
}

/* An object of n members, parsed or built. */
static json *big_object(size_t n, bool built)
{
	json *o = json_new_object(mem);
	for (size_t i = 0; i < n; i++)
		json_set(o, key_of(i), json_new_i64(mem, (int64_t)i));
	return built ? o : parsed(json_to_str(mem, o));
}

static void members_at_any_size(void **state)
{
	(void)state;
	static const size_t sizes[] = {0, 1, 15, 16, 17, 18, 40, 500};
	for (size_t s = 0; s < 2 * sizeof(sizes) / sizeof(sizes[0]); s++) {
		size_t n = sizes[s / 2];
		json *o = big_object(n, s % 2);
		int64_t v;
		assert_int_equal(o->count, n);
		for (size_t i = 0; i < n; i++)
			assert_true(json_to_i64(json_get(o, key_of(i)), &v) && v == (int64_t)i);
		assert_null(json_get(o, STR("absent")));
		assert_false(json_remove(o, STR("absent")));
		for (size_t i = 0; i < n; i += 3) {
			json *fresh = json_new_bool(mem, true);
			assert_ptr_equal(json_set(o, key_of(i), fresh), fresh);
			assert_ptr_equal(json_set(o, key_of(i), fresh), fresh);
			assert_ptr_equal(json_get(o, key_of(i)), fresh);
		}
		assert_int_equal(o->count, n);
		for (size_t i = 0; i < n; i += 2)
			assert_true(json_remove(o, key_of(i)));
		size_t seen = 0, at = 1;
		JSON_EACH (c, o) {
			assert_true(str_eq(c->key, key_of(at)));
			assert_int_equal(c->kind, at % 3 ? JSON_NUMBER : JSON_BOOL);
			if (!c->next) assert_ptr_equal(o->last, c);
			at += 2;
			seen++;
		}
		assert_int_equal(seen, n / 2);
		assert_int_equal(o->count, n / 2);
		for (size_t i = 0; i < 40; i++)
			json_set(o, str_printf(mem, "more%zu", i), json_new_null(mem));
		assert_int_equal(o->count, n / 2 + 40);
		assert_non_null(json_get(o, STR("more39")));
		assert_int_equal(parsed(json_to_str(mem, o))->count, o->count);
	}
}

static void removing_all_leaves_an_empty_object(void **state)
{
	(void)state;
	json *o = big_object(20, true);
	for (size_t i = 20; i-- > 0;)
		assert_true(json_remove(o, key_of(i)));
	assert_null(o->first);
	assert_null(o->last);
	json_setz(o, "x", json_new_null(mem));
	assert_writes(o, "{\"x\":null}");
	assert_non_null(json_getz(o, "x"));
}

static void integers(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t v;
	} good[] = {
		{"0", 0},
		{"-0", 0},
		{"0.000", 0},
		{"0e99999999999999999999", 0},
		{"1e3", 1000},
		{"1.0", 1},
		{"1.50e1", 15},
		{"100e-2", 1},
		{"-12.5E+1", -125},
		{"9223372036854775807", INT64_MAX},
		{"-9223372036854775808", INT64_MIN},
		{"-9223372036854775808.0", INT64_MIN},
		{"9.223372036854775807e18", INT64_MAX},
		{"-1e18", -1000000000000000000},
		{"0.00001e5", 1},
		{"0e-5", 0},
		{"0.0e-99999999999999999999", 0},
		{"10000000000000000000000000000e-28", 1},
	};
	static const char *bad[] = {"1.5", "1e-1", "9223372036854775808", "-9223372036854775809",
		"9223372036854775808.0", "1e19", "1e99999999999999999999", "1e-99999999999999999999", "100e-3", "0.1",
		"9.3e18", "true", "\"1\""};
	int64_t v;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (!json_to_i64(parsed(str_from(good[i].text)), &v) || v != good[i].v) fail_msg("%s", good[i].text);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (json_to_i64(parsed(str_from(bad[i])), &v)) fail_msg("%s taken as an integer", bad[i]);
	assert_false(json_to_i64(NULL, &v));
}

static void equality(void **state)
{
	(void)state;
	static const struct {
		const char *a, *b;
		bool equal;
	} cases[] = {
		{"{\"a\":1,\"b\":[2]}", "{\"b\":[2],\"a\":1}", true},
		{"{\"a\":1}", "{\"b\":1}", false},
		{"[1,2]", "[2,1]", false},
		{"[1]", "[1,1]", false},
		{"1", "1.0", false},
		{"\"1\"", "1", false},
		{"true", "false", false},
		{"null", "null", true},
		{"\"\\u0041\"", "\"A\"", true},
		{"{}", "[]", false},
		{"{\"a\":1,\"b\":2}", "{\"a\":1,\"c\":2}", false},
		{"{\"a\":null}", "{}", false},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(
			json_equal(parsed(str_from(cases[i].a)), parsed(str_from(cases[i].b))), cases[i].equal);
	assert_false(json_equal(NULL, parsed(STR("null"))));
}

static void reads_with_defaults(void **state)
{
	(void)state;
	json *o = parsed(STR("{\"s\":\"x\",\"b\":true,\"n\":null,\"a\":[1,2]}"));
	assert_true(str_eqz(json_str_or(o, "s", STR("d")), "x"));
	assert_true(str_eqz(json_str_or(o, "b", STR("d")), "d"));
	assert_true(json_bool_or(o, "b", false));
	assert_true(json_bool_or(o, "absent", true));
	assert_false(json_bool_or(o, "s", false));
	assert_true(json_is_null(json_getz(o, "n")) && json_is_null(json_getz(o, "absent")));
	assert_null(json_getz(NULL, "s"));
	assert_null(json_getz(json_getz(o, "a"), "s"));
	assert_writes(json_at(json_getz(o, "a"), 1), "2");
	json *list = parsed(STR("[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19]"));
	assert_writes(json_at(list, 19), "19");
	assert_null(json_at(list, 20));
	json_push(list, json_new_i64(mem, 20));
	assert_writes(json_at(list, 19), "19");
	assert_writes(json_at(list, 20), "20");
	assert_null(json_at(list, 21));
	assert_null(json_at(json_getz(o, "a"), 2));
	assert_null(json_at(o, 0));
}

static void builds_and_copies(void **state)
{
	(void)state;
	json *o = json_new_object(mem);
	json *arr = json_setz(o, "list", json_new_array(mem));
	json_push(arr, json_new_i64(mem, INT64_MIN));
	json_push(arr, json_new_number(mem, STR("1.50")));
	json_push(arr, json_new_strf(mem, "%s!", "hi"));
	json_push(arr, json_raw(mem, STR(" {\"raw\": 1} ")));
	json_push(arr, json_new_bool(mem, false));
	const char *want = "{\"list\":[-9223372036854775808,1.50,\"hi!\",{\"raw\": 1},false]}";
	assert_writes(o, want);
	arena *other = arena_new(0);
	json *copy = json_copy(other, o);
	assert_true(json_equal(copy, o));
	json_push(arr, json_new_null(mem));
	assert_false(json_equal(copy, o));
	arena_reset(mem);
	str text = json_to_str(other, copy);
	assert_true(str_eqz(text, want));
	assert_null(json_copy(other, NULL));
	arena_free(other);
}

static void raw_has_the_kind_of_its_text(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		json_kind kind;
	} cases[] = {{"{}", JSON_OBJECT}, {"[1]", JSON_ARRAY}, {"\"x\"", JSON_STRING}, {"null", JSON_NULL},
		{"true", JSON_BOOL}, {"-1", JSON_NUMBER}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json *j = json_raw(mem, str_from(cases[i].text));
		assert_int_equal(j->kind, cases[i].kind);
		assert_writes(j, cases[i].text);
	}
}

static void pretty(void **state)
{
	(void)state;
	buf b = {0};
	json_write_pretty(&b, parsed(STR("{\"a\":[1,{\"b\":null}],\"c\":{},\"d\":[]}")));
	const char *want = "{\n  \"a\": [\n    1,\n    {\n      \"b\": null\n    }\n  ],\n  \"c\": {},\n  \"d\": []\n}";
	assert_true(str_eqz(buf_str(&b), want));
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_read_is_written, test_begin, test_end),
		cmocka_unit_test_setup_teardown(strings_are_decoded, test_begin, test_end),
		cmocka_unit_test_setup_teardown(specials_are_seen_everywhere, test_begin, test_end),
		cmocka_unit_test_setup_teardown(bad_text_is_refused, test_begin, test_end),
		cmocka_unit_test_setup_teardown(depth_is_limited, test_begin, test_end),
		cmocka_unit_test_setup_teardown(copy_outlives_the_input, test_begin, test_end),
		cmocka_unit_test_setup_teardown(last_duplicate_wins_at_the_first_place, test_begin, test_end),
		cmocka_unit_test_setup_teardown(members_at_any_size, test_begin, test_end),
		cmocka_unit_test_setup_teardown(removing_all_leaves_an_empty_object, test_begin, test_end),
		cmocka_unit_test_setup_teardown(integers, test_begin, test_end),
		cmocka_unit_test_setup_teardown(equality, test_begin, test_end),
		cmocka_unit_test_setup_teardown(reads_with_defaults, test_begin, test_end),
		cmocka_unit_test_setup_teardown(builds_and_copies, test_begin, test_end),
		cmocka_unit_test_setup_teardown(raw_has_the_kind_of_its_text, test_begin, test_end),
		cmocka_unit_test_setup_teardown(pretty, test_begin, test_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
