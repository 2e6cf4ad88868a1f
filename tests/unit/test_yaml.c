/* yaml: what is read, what is written, and that both agree. */
#include "base/yaml.h"

#include "suite.h"

PER_TEST_ARENA(A)

static const char *as_json(const char *yaml)
{
	json *j;
	error err;
	error_init(&err, A);
	if (!yaml_parse(A, str_from(yaml), NULL, &j, &err)) return str_z(A, err.message);
	return str_z(A, json_to_str(A, j));
}

static const char *as_yaml(const char *text)
{
	json *j;
	error err;
	buf b = {0};
	error_init(&err, A);
	assert_true(json_parse(A, str_from(text), &j, &err));
	yaml_write(&b, j);
	const char *z = str_z(A, buf_str(&b));
	/* Whatever is written is read as the same. */
	json *back;
	assert_true(yaml_parse(A, buf_str(&b), NULL, &back, &err));
	assert_true(json_equal(j, back));
	buf_free(&b);
	return z;
}

static void reads(void **state)
{
	(void)state;
	static const char *const pairs[][2] = {
		{"", "null"},
		{"a: 1\nb: [x, 'y', \"z\", ~, true, 1.50, -0, +3, 0x1F, 0o17, 0777, 1_000, 1e3]",
			"{\"a\":1,\"b\":[\"x\",\"y\",\"z\",null,true,1.50,-0,3,31,15,511,1000,1e3]}"},
		{"big: 123456789012345678901234567890", "{\"big\":123456789012345678901234567890}"},
		{"- yes\n- on\n- n\n- 2021-01-01\n- .5\n- 5.", "[\"yes\",\"on\",\"n\",\"2021-01-01\",0.5,5.0]"},
		{"t: !include a/b.yaml\nq: \"!include c.yaml\"",
			"{\"t\":\"!include a/b.yaml\",\"q\":\"!include c.yaml\"}"},
		{"x: &a {k: 1}\ny: *a\nz: {<<: *a, k: 2, l: 3}",
			"{\"x\":{\"k\":1},\"y\":{\"k\":1},\"z\":{\"k\":2,\"l\":3}}"},
		{"s: |-\n  a\n   b\nf: >\n  c\n  d\n", "{\"s\":\"a\\n b\",\"f\":\"c d\\n\"}"},
		{"a: 1\na: 2", "line 2, column 1: the key \"a\" is there twice"},
		{"a: *nope", "line 1, column 4: an alias without its anchor"},
		{"a: 1\n---\nb: 2", "line 2, column 1: a second document: one is expected"},
		{"a: [1", "line 2, column 1: did not find expected ',' or ']'"},
	};
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
		assert_string_equal(as_json(pairs[i][0]), pairs[i][1]);
}

static void writes(void **state)
{
	(void)state;
	static const char *const pairs[][2] = {
		{"{}", "{}\n"},
		{"[]", "[]\n"},
		{"{\"a\":{},\"b\":[],\"c\":null,\"d\":[1,{\"x\":1,\"z\":[2]},[3,4]]}",
			"a: {}\nb: []\nc: null\nd:\n  - 1\n  - x: 1\n    z:\n      - 2\n  - - 3\n    - 4\n"},
		{"{\"v\":[\"*\",\"true\",\"1\",\"\",\"no\",\"2021-01-01\",\"10:20\",\"X-Hasura-User-Id\",\"a: b\",\"a #b\",\" x\",\"it's\",\"'q'\"]}",
			"v:\n  - '*'\n  - \"true\"\n  - \"1\"\n  - \"\"\n  - \"no\"\n  - \"2021-01-01\"\n  - \"10:20\"\n"
			"  - X-Hasura-User-Id\n  - 'a: b'\n  - 'a #b'\n  - ' x'\n  - it's\n  - '''q'''\n"},
		{"{\"q\":\"query {\\n  a\\n}\",\"r\":\"x\\n\",\"s\":\"x\\n\\n\",\"v\":\" x\\ny\",\"u\":\"x \\ny\",\"w\":\"a\\tb\"}",
			"q: |-\n  query {\n    a\n  }\nr: |\n  x\ns: |+\n  x\n\nv: |2-\n   x\n  y\nu: \"x \\ny\"\nw: \"a\\tb\"\n"},
		{"{\"i\":\"!include default/tables/tables.yaml\",\"e\":\"\\u00e9\\u20ac\",\"c\":\"\\u0007\\u0085\\u2028\"}",
			"i: \"!include default/tables/tables.yaml\"\ne: \u00e9\u20ac\nc: \"\\x07\\x85\\u2028\"\n"},
	};
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
		assert_string_equal(as_yaml(pairs[i][0]), pairs[i][1]);
}

static void bounds(void **state)
{
	(void)state;
	buf b = {0};
	for (int i = 0; i < 300; i++)
		buf_putc(&b, '[');
	assert_non_null(strstr(as_json(str_z(A, buf_str(&b))), "nested too deeply"));
	buf_clear(&b);
	buf_puts(&b, "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
	for (int i = 1; i < 9; i++)
		buf_printf(&b, "a%d: &a%d [*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d]\n", i, i, i - 1, i - 1,
			i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
	assert_non_null(strstr(as_json(str_z(A, buf_str(&b))), "too large"));
	buf_free(&b);
}

static void lines(void **state)
{
	(void)state;
	yaml_marks marks = {0};
	json *j;
	error err;
	error_init(&err, A);
	assert_true(yaml_parse(A, STR("a:\n  - b: 1\n  - c: 2\n"), &marks, &j, &err));
	assert_int_equal(yaml_line(&marks, json_at(json_getz(j, "a"), 1)), 3);
	assert_int_equal(yaml_line(&marks, json_new_null(A)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(reads, test_begin, test_end),
		cmocka_unit_test_setup_teardown(writes, test_begin, test_end),
		cmocka_unit_test_setup_teardown(bounds, test_begin, test_end),
		cmocka_unit_test_setup_teardown(lines, test_begin, test_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
