/* Text forms: PostgreSQL's arrays, codecs, names. Byte equality with to_json over many values is tests/api/test_codecs.py. */
#include "catalog/cat_array.h"
#include "catalog/read.h"
#include "catalog/type_info.h"

#include "suite.h"

#define assert_str(got, want) assert_text((got), (want), __FILE__, __LINE__)

static void assert_text(str got, const char *want, const char *file, int line)
{
	if (!str_eq(got, str_from(want))) {
		print_error("got  %.*s\nwant %s\n", STR_ARG(got), want);
		_fail(file, line);
	}
}

static void parses(const char *text, size_t n, ...)
{
	arena *a = arena_new(0);
	str_vec found = {0};
	assert_true(cat_array_parse(a, str_from(text), &found));
	assert_int_equal(found.n, n);
	va_list want;
	va_start(want, n);
	for (size_t i = 0; i < n; i++) {
		const char *item = va_arg(want, const char *);
		assert_int_equal(found.v[i].p == NULL, item == NULL);
		if (item) assert_str(found.v[i], item);
	}
	va_end(want);
	arena_free(a);
}

static void array_elements(void **state)
{
	(void)state;
	parses("{}", 0);
	parses("{a}", 1, "a");
	parses("{a,b c,NULL,\"NULL\",\"\",x}", 6, "a", "b c", NULL, "NULL", "", "x");
	parses("{\"a,b\",\"{}\",\"q\\\"q\",\"back\\\\slash\",\"\\\\\"}", 5, "a,b", "{}", "q\"q", "back\\slash", "\\");
	parses("[0:1]={a,b}", 2, "a", "b");
	parses("{null}", 1, "null");
}

static void array_malformed(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"",
		"{",
		"}",
		"a",
		"{a",
		"a}",
		"{a,}",
		"{,a}",
		"{,}",
		"{\"a}",
		"{\"a\"b}",
		"{a}b",
		"{a}}",
		"{{a},{b}}",
		"{\"\\\"}",
		"[0:1]",
		"[0:1]=",
		"{\"",
		"{\"a\\",
	};
	arena *a = arena_new(0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		str_vec found = {0};
		if (cat_array_parse(a, str_from(bad[i]), &found)) fail_msg("accepted: %s", bad[i]);
	}
	arena_free(a);
}

static void array_numbers(void **state)
{
	(void)state;
	arena *a = arena_new(0);
	int64_t *v;
	size_t n;
	assert_true(cat_array_numbers(a, STR("{1,-2,3}"), &v, &n));
	assert_int_equal(n, 3);
	assert_int_equal(v[1], -2);
	assert_true(cat_array_numbers(a, STR("7 0 12"), &v, &n));
	assert_int_equal(n, 3);
	assert_int_equal(v[2], 12);
	assert_true(cat_array_numbers(a, STR("{}"), &v, &n));
	assert_int_equal(n, 0);
	assert_true(cat_array_numbers(a, STR(""), &v, &n));
	assert_int_equal(n, 0);
	assert_false(cat_array_numbers(a, STR("{1,x}"), &v, &n));
	assert_false(cat_array_numbers(a, STR("1  2"), &v, &n));
	assert_false(cat_array_numbers(a, STR("{1"), &v, &n));
	arena_free(a);
}

static void array_written_is_read(void **state)
{
	(void)state;
	const str items[] = {STR("a"), STR(""), STR("q\"{},\\"), STR("NULL")};
	arena *a = arena_new(0);
	buf b = {0};
	cat_array_write(&b, items, 4);
	assert_str(buf_str(&b), "{\"a\",\"\",\"q\\\"{},\\\\\",\"NULL\"}");
	str_vec found = {0};
	assert_true(cat_array_parse(a, buf_str(&b), &found));
	assert_int_equal(found.n, 4);
	for (size_t i = 0; i < 4; i++)
		assert_true(str_eq(found.v[i], items[i]));
	buf_free(&b);
	arena_free(a);
}

static void writes(codec k, const char *text, const char *want)
{
	buf b = {0};
	codec_write(&b, k, str_from(text));
	assert_str(buf_str(&b), want);
	buf_free(&b);
}

static void codecs(void **state)
{
	(void)state;
	writes(CODEC_NUMBER, "-12", "-12");
	writes(CODEC_FLOAT, "1.50", "1.50");
	writes(CODEC_FLOAT, "-0", "-0");
	writes(CODEC_FLOAT, "NaN", "\"NaN\"");
	writes(CODEC_FLOAT, "Infinity", "\"Infinity\"");
	writes(CODEC_FLOAT, "-Infinity", "\"-Infinity\"");
	writes(CODEC_BOOL, "t", "true");
	writes(CODEC_BOOL, "f", "false");
	writes(CODEC_QUOTED, "a\"b\\c\n\x01", "\"a\\\"b\\\\c\\n\\u0001\"");
	writes(CODEC_QUOTED, "", "\"\"");
	writes(CODEC_RAW, "{\"a\" : 1}", "{\"a\" : 1}");
	writes(CODEC_TO_JSON, "[1,2]", "[1,2]");
	writes(CODEC_GEOJSON, "{}", "{}");
}

static void timestamps(void **state)
{
	(void)state;
	writes(CODEC_TIMESTAMP, "2020-01-01 10:00:00", "\"2020-01-01T10:00:00\"");
	writes(CODEC_TIMESTAMP, "0044-03-15 10:00:00.5 BC", "\"0044-03-15T10:00:00.5 BC\"");
	writes(CODEC_TIMESTAMP, "infinity", "\"infinity\"");
	writes(CODEC_TIMESTAMPTZ, "2020-01-01 10:00:00+00", "\"2020-01-01T10:00:00+00:00\"");
	writes(CODEC_TIMESTAMPTZ, "2020-01-01 10:00:00.123456-08", "\"2020-01-01T10:00:00.123456-08:00\"");
	writes(CODEC_TIMESTAMPTZ, "2020-01-01 10:00:00+05:30", "\"2020-01-01T10:00:00+05:30\"");
	writes(CODEC_TIMESTAMPTZ, "1883-11-18 12:03:57-04:56:02", "\"1883-11-18T12:03:57-04:56:02\"");
	writes(CODEC_TIMESTAMPTZ, "0044-03-15 10:00:00+00 BC", "\"0044-03-15T10:00:00+00:00 BC\"");
	writes(CODEC_TIMESTAMPTZ, "-infinity", "\"-infinity\"");
}

static void written_as(void **state)
{
	(void)state;
	assert_int_equal(codec_written(CODEC_TO_JSON), CODEC_RAW);
	assert_int_equal(codec_written(CODEC_GEOJSON), CODEC_RAW);
	assert_int_equal(codec_written(CODEC_TIMESTAMP), CODEC_TIMESTAMP);
}

static void names(void **state)
{
	(void)state;
	arena *a = arena_new(0);
	assert_str(qname_display(a, (qname){STR("public"), STR("t")}), "t");
	assert_str(qname_display(a, (qname){STR("s"), STR("t")}), "s.t");
	str x = catalog_key(a, (qname){STR("a.b"), STR("c")}), y = catalog_key(a, (qname){STR("a"), STR("b.c")});
	assert_false(str_eq(x, y));
	/* Schema first: "a" before "a.b" before "ab", whatever the names. */
	assert_true(str_cmp(y, x) < 0);
	assert_true(str_cmp(x, catalog_key(a, (qname){STR("ab"), STR("a")})) < 0);
	assert_true(catalog_schema_hidden(STR("pg_toast")));
	assert_true(catalog_schema_hidden(STR("hdb_catalog")));
	assert_false(catalog_schema_hidden(STR("public")));
	assert_false(catalog_schema_hidden(STR("pgx")));
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(array_elements),
		cmocka_unit_test(array_malformed),
		cmocka_unit_test(array_numbers),
		cmocka_unit_test(array_written_is_read),
		cmocka_unit_test(codecs),
		cmocka_unit_test(timestamps),
		cmocka_unit_test(written_as),
		cmocka_unit_test(names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
