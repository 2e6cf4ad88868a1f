/* Parts of auth/: base64url, paths into claims, lifetimes of answers. */
#include "suite.h"

#include "auth/claims_path.h"
#include "auth/key_source.h"
#include "auth/lifetime.h"
#include "base/base64.h"

PER_TEST_ARENA(A)

/* ---- base64url ---- */

static void base64_round(void **state)
{
	(void)state;
	unsigned char bytes[300];
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (unsigned char)(i * 37 + 11);
	for (size_t n = 0; n <= sizeof bytes; n++) {
		str in = str_make((char *)bytes, n), text = base64url_encode(A, in), out;
		assert_true(base64url_decode(A, text, &out));
		assert_true(str_eq(in, out));
	}
	assert_true(str_eqz(base64url_encode(A, STR("\xff\xfe\xfd")), "__79"));
	assert_true(str_eqz(base64url_encode(A, STR("light w")), "bGlnaHQgdw"));
}

static void base64_strict(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"A", "AAAAA", "AA==", "AA=", "A+AA", "A/AA", "AA A", "AA\nA", "AB", "AAB", "\xc3\xa4g="};
	str out;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (base64url_decode(A, str_from(bad[i]), &out)) fail_msg("%s was taken", bad[i]);
	assert_false(base64url_decode(A, str_make("AA\0A", 4), &out));
}

/* ---- paths ---- */

static const char document[] =
	"{\"a\":{\"b-c\":[1,{\"x y\":\"found\"},null]},\"https://h/c\":{\"'\":1,\"\\\"\":2},\"7\":7,\"\":0}";

static str get(const char *path)
{
	claims_path p;
	json *root;
	error err;
	error_init(&err, A);
	assert_true(json_parse(A, str_from(document), &root, &err));
	if (!claims_path_parse(A, str_from(path), &p, &err)) return STR("-");
	const json *found = claims_path_get(&p, root);
	return found ? json_to_str(A, found) : STR("");
}

static void paths(void **state)
{
	(void)state;
	static const struct {
		const char *path, *value;
	} rows[] = {
		{"$.a.b-c[0]", "1"},
		{"a.b-c[0]", "1"},
		{".a['b-c'][1]['x y']", "\"found\""},
		{"$.a[\"b-c\"][1][\"x y\"]", "\"found\""},
		{"$.['https://h/c']['\\'']", "1"},
		{"$['https://h/c'][\"\\\"\"]", "2"},
		{"$['https://h/c']['\"']", "2"},
		{"$.a.b-c[2]", "null"},
		{"$.a.b-c[3]", ""},
		{"$.a.x", ""},
		{"$.a[0]", ""},
		{"$.a.b-c.x", ""},
		{"$['7']", "7"},
		{"$['']", "0"},
		{"$['\\u0061']['b-c'][0]", "1"},
		{"$[0]", ""},
		{"", "-"},
		{"$.", "-"},
		{"$.a.", "-"},
		{"$.a[", "-"},
		{"$.a[]", "-"},
		{"$.a['x]", "-"},
		{"$.a[x]", "-"},
		{"$.a[1", "-"},
		{"$.a[-1]", "-"},
		{"$.a['\\q']", "-"},
		{"$.7", "-"},
		{"$..a", "-"},
		{"$.a b", "-"},
		{"$$", "-"},
		{"$[99999999999999999999]", "-"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (!str_eqz(get(rows[i].path), rows[i].value))
			fail_msg("%s: %.*s", rows[i].path, STR_ARG(get(rows[i].path)));
	assert_true(str_eqz(get("$"), document));
}

static void path_texts(void **state)
{
	(void)state;
	static const char *const same[] = {"$", "$.ABCD", "$[\"7seven\"][0][\"@!^@*#(!(\"]", "$._a-b.c[\"\"]"};
	for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
		claims_path p;
		error err;
		error_init(&err, A);
		assert_true(claims_path_parse(A, str_from(same[i]), &p, &err));
		assert_true(str_eqz(claims_path_text(A, &p), same[i]));
	}
	buf b = {0};
	for (int i = 0; i < 100000; i++)
		buf_puts(&b, ".a");
	claims_path p;
	error err;
	error_init(&err, A);
	assert_false(claims_path_parse(A, buf_str(&b), &p, &err));
	buf_free(&b);
}

/* ---- lifetimes ---- */

static void cache_control_texts(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool ok, no_cache, no_store, revalidate, has;
		uint64_t age;
	} rows[] = {
		{"public, must-revalidate, max-age=5, no-transform", true, false, false, true, true, 5},
		{"public, s-maxage=7", true, false, false, false, true, 7},
		{"max-age=1, s-maxage=7", true, false, false, false, true, 1},
		{", ,no-cache", true, true, false, false, false, 0},
		{"no-store,no-cache", true, true, true, false, false, 0},
		{"max-age=\"60\"", true, false, false, false, true, 60},
		{"max-age=60 must-revalidate", true, false, false, false, true, 60},
		{"x=\"a\\\"b\", max-age=3", true, false, false, false, true, 3},
		{"no-cache=\"Set-Cookie\"", true, false, false, false, false, 0},
		{"max-age=99999999999999999999999", true, false, false, false, true, UINT64_MAX},
		{"max-age=abc", false, false, false, false, true, 0},
		{"max-age=-1", false, false, false, false, true, 0},
		{"max-age=", false, false, false, false, false, 0},
		{"max-age=\"5", false, false, false, false, false, 0},
		{"", false, false, false, false, false, 0},
		{";", false, false, false, false, false, 0},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		cache_control c;
		bool ok = cache_control_parse(str_from(rows[i].text), &c);
		if (ok != rows[i].ok) fail_msg("%s", rows[i].text);
		if (!ok) continue;
		if (c.no_cache != rows[i].no_cache || c.no_store != rows[i].no_store ||
			c.must_revalidate != rows[i].revalidate || c.has_max_age != rows[i].has ||
			c.max_age != rows[i].age)
			fail_msg("%s: wrong", rows[i].text);
	}
	cache_control c;
	assert_false(cache_control_parse(str_make("\0", 1), &c));
}

static void expires_texts(void **state)
{
	(void)state;
	uint64_t ms;
	assert_true(expires_parse(STR("Sun, 06 Nov 1994 08:49:37 GMT"), &ms));
	assert_int_equal(ms, 784111777000);
	static const char *const bad[] = {"", "0", "-1", "Sun, 06 Nov 1994 08:49:37", "Sunday, 06-Nov-94 08:49:37 GMT",
		"06 Nov 1994", "Sun, 06 Nov 1994 08:49:37 GMT GMT", "Sun, 06 Nov 1934 08:49:37 GMT"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (expires_parse(str_from(bad[i]), &ms)) fail_msg("%s was taken", bad[i]);
}

#define NOW 784111777000
#define AT_NOW_PLUS_3 "Sun, 06 Nov 1994 08:49:40 GMT"

/* Hasura v2: JWT.hs determineJwkExpiryLifetime. -1: it does not say. */
static void key_lifetimes(void **state)
{
	(void)state;
	static const struct {
		const char *cache_control, *expires;
		int64_t ms;
	} rows[] = {{NULL, NULL, -1}, {"max-age=3", NULL, 3000}, {"max-age=3, must-revalidate", NULL, 3000},
		{"must-revalidate", NULL, 0}, {"no-cache, public", NULL, 0}, {"no-store, max-age=3", NULL, 0},
		{"public", NULL, -1}, {"public", AT_NOW_PLUS_3, 3000}, {NULL, AT_NOW_PLUS_3, 3000},
		{NULL, "Sun, 06 Nov 1994 08:49:30 GMT", 0}, {NULL, "0", -1}, {"max-age=x", AT_NOW_PLUS_3, -1},
		{"max-age=10", AT_NOW_PLUS_3, 10000}, {"no-cache, must-revalidate, max-age=9", NULL, 9000}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint64_t ms;
		bool ok = key_lifetime(str_from(rows[i].cache_control), str_from(rows[i].expires), NOW, &ms);
		if (ok != (rows[i].ms >= 0) || (ok && ms != (uint64_t)rows[i].ms)) fail_msg("row %zu", i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(base64_round, test_begin, test_end),
		cmocka_unit_test_setup_teardown(base64_strict, test_begin, test_end),
		cmocka_unit_test_setup_teardown(paths, test_begin, test_end),
		cmocka_unit_test_setup_teardown(path_texts, test_begin, test_end),
		cmocka_unit_test_setup_teardown(cache_control_texts, test_begin, test_end),
		cmocka_unit_test_setup_teardown(expires_texts, test_begin, test_end),
		cmocka_unit_test_setup_teardown(key_lifetimes, test_begin, test_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
