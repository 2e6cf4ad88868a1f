/* Numbers as Hasura shows them, JSON paths, array texts. */
#include "plan/array_text.h"
#include "plan/json_path.h"
#include "schema/geojson.h"
#include "schema/number.h"

#include "suite.h"

PER_TEST_ARENA(a)

static void is(str got, const char *want)
{
	if (!str_eqz(got, want)) fail_msg("got %.*s, want %s", STR_ARG(got), want);
}

static void shown(void **state)
{
	static const char *const pairs[][2] = {
		{"3000000000", "3.0e9"},
		{"70000", "70000.0"},
		{"1.5", "1.5"},
		{"0", "0.0"},
		{"-0.0", "0.0"},
		{"0.1", "0.1"},
		{"0.05", "5.0e-2"},
		{"12345678", "1.2345678e7"},
		{"1234567", "1234567.0"},
		{"-2e10", "-2.0e10"},
		{"1.50e2", "150.0"},
		{"123.456", "123.456"},
		{"1e-7", "1.0e-7"},
		{"100", "100.0"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
		is(number_show(a, str_from(pairs[i][0])), pairs[i][1]);
}

static void bounds(void **state)
{
	int64_t n;
	(void)state;
	assert_true(number_to_int(STR("1e3"), INT32_MIN, INT32_MAX, &n));
	assert_int_equal(n, 1000);
	assert_true(number_to_int(STR("-2147483648"), INT32_MIN, INT32_MAX, &n));
	assert_false(number_to_int(STR("2147483648"), INT32_MIN, INT32_MAX, &n));
	assert_false(number_to_int(STR("1.5"), INT32_MIN, INT32_MAX, &n));
	assert_true(number_plain(STR("-12")));
	assert_false(number_plain(STR("1.0")));
	assert_false(number_plain(STR("-")));
	assert_true(number_negative(STR("-0.1")));
	assert_false(number_negative(STR("-0e5")));
}

static void path_is(const char *text, const char *want)
{
	str_vec steps;
	buf b = {0};
	bool ok = json_path_parse(a, str_from(text), &steps);
	for (size_t i = 0; ok && i < steps.n; i++) {
		buf_putc(&b, '/');
		buf_put(&b, steps.v[i]);
	}
	if (!ok) buf_puts(&b, "no path");
	if (!str_eqz(buf_str(&b), want)) fail_msg("%s: got %.*s, want %s", text, STR_ARG(buf_str(&b)), want);
	buf_free(&b);
}

static void paths(void **state)
{
	(void)state;
	path_is("$", "");
	path_is("$.a.b[0]", "/a/b/0");
	path_is("a.b", "/a/b");
	path_is("[\"x y\"]", "/x y");
	path_is("$['it\\'s \"q\"']", "/it's \"q\"");
	path_is("$[\"\\u00e9\"].a-b", "/\xc3\xa9/a-b");
	path_is("", "no path");
	path_is("$.", "no path");
	path_is("$.1a", "no path");
	path_is("a[", "no path");
	path_is("a[1", "no path");
	path_is("a['x", "no path");
	path_is("a b", "no path");
}

static void array_is(const char *text, bool elems, const char *want)
{
	json *j;
	error err;
	error_init(&err, a);
	assert_true(json_parse(a, str_from(text), &j, &err));
	is(array_text(a, j, elems), want);
}

static void arrays(void **state)
{
	(void)state;
	array_is("[]", false, "{}");
	array_is("[1,\"a\\\"b\",null,true]", false, "{\"1\",\"a\\\"b\",NULL,\"true\"}");
	array_is("[[1],[2]]", false, "{{\"1\"},{\"2\"}}");
	array_is("[{\"a\":1},[1]]", true, "{\"{\\\"a\\\":1}\",\"[1]\"}");
}

static void geo_is(const char *text, const char *want)
{
	json *j;
	error err;
	str why = STR("");
	error_init(&err, a);
	assert_true(json_parse(a, str_from(text), &j, &err));
	assert_int_equal(geojson_judge(a, j, &why), !*want);
	is(why, want);
}

static void geometries(void **state)
{
	(void)state;
	geo_is("{\"type\":\"Point\",\"coordinates\":[1,2.5,3]}", "");
	geo_is("{\"type\":\"MultiPoint\",\"coordinates\":[[1,2]]}", "");
	geo_is("{\"type\":\"LineString\",\"coordinates\":[[1,2],[3,4]]}", "");
	geo_is("{\"type\":\"MultiLineString\",\"coordinates\":[[[1,2],[3,4]]]}", "");
	geo_is("{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[0,1],[1,1],[0,0]]]}", "");
	geo_is("{\"type\":\"MultiPolygon\",\"coordinates\":[[[[0,0],[0,1],[1,1],[0,0]]]]}", "");
	geo_is("{\"type\":\"GeometryCollection\",\"geometries\":[{\"type\":\"Point\",\"coordinates\":[1,2]}]}", "");
	geo_is("{}", "key \"type\" not found");
	geo_is("{\"type\":\"Circle\"}", "unexpected geometry type: Circle");
	geo_is("{\"type\":\"Point\"}", "key \"coordinates\" not found");
	geo_is("{\"type\":\"Point\",\"coordinates\":[1]}", "A Position needs at least 2 elements");
	geo_is("{\"type\":\"Point\",\"coordinates\":[1,\"2\"]}",
		"parsing Double failed, expected Number, but encountered String");
	geo_is("{\"type\":\"Point\",\"coordinates\":5}",
		"parsing Position failed, expected Array, but encountered Number");
	geo_is("{\"type\":\"LineString\",\"coordinates\":[[1,2]]}", "A LineString needs at least 2 Positions");
	geo_is("{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[0,1],[0,0]]]}",
		"A LinearRing needs at least 4 Positions");
	geo_is("{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[0,1],[1,1],[1,0]]]}",
		"the first and last locations have to be equal for a LinearRing");
	geo_is("{\"type\":\"GeometryCollection\",\"geometries\":[5]}",
		"parsing Geometry failed, expected Object, but encountered Number");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shown),
		cmocka_unit_test(bounds),
		cmocka_unit_test(paths),
		cmocka_unit_test(arrays),
		cmocka_unit_test(geometries),
	};
	return cmocka_run_group_tests(tests, test_begin, test_end);
}
