/* Rows to JSON: recipes over made-up results; array literals; values of parameters. */
#include "exec/array_text.h"
#include "exec/step.h"
#include <libpq-fe.h>
#include <stdio.h>
#include "suite.h"

static void assert_str(str got, const char *want)
{
	if (!str_eqz(got, want)) fail_msg("got `%.*s`, want `%s`", STR_ARG(got), want);
}

/* cells: rows * cols of them, NULL = SQL NULL. */
static const pg_result *result(int nrows, int ncols, const char *const *cells)
{
	PGresult *r = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
	PGresAttDesc d[8] = {0};
	char name[] = "c";
	for (int i = 0; i < ncols; i++)
		d[i].name = name;
	assert_true(PQsetResultAttrs(r, ncols, d));
	for (int i = 0; i < nrows * ncols; i++) {
		const char *v = cells[i];
		assert_true(PQsetvalue(r, i / ncols, i % ncols, (char *)(uintptr_t)v, v ? (int)strlen(v) : -1));
	}
	return (const pg_result *)r;
}

static const out_node value0 = {.kind = OUT_VALUE, .codec = CODEC_NUMBER, .col = 0};
static const out_node value1 = {.kind = OUT_VALUE, .codec = CODEC_QUOTED, .col = 1};
static const out_node value2 = {.kind = OUT_VALUE, .codec = CODEC_QUOTED, .col = 2};
static const out_node fixed = {.kind = OUT_TEXT, .text = STR_INIT("\"T\"")};

static void write_is(const out_node *o, const pg_result *const *results, size_t n, const char *want)
{
	arena *a = arena_new(0);
	error err;
	error_init(&err, a);
	exec_rows rows = {.results = results, .n = n};
	buf b = {0};
	assert_true(exec_write(a, o, &rows, 0, &b, &err));
	assert_str(buf_str(&b), want);
	buf_free(&b);
	arena_free(a);
}

static void lists_and_objects(void **state)
{
	(void)state;
	const pg_result *r = result(3, 3, (const char *[]){"1", "a\"b", "x", NULL, NULL, "y", "3", "", NULL});
	const out_field inner[] = {{STR_INIT("\"d\":"), &value2}};
	const out_node object = {.kind = OUT_OBJECT, .fields = inner, .nfields = 1, .present = 2};
	const out_field fields[] = {{STR_INIT("\"n\":"), &value0}, {STR_INIT(",\"s\":"), &value1},
		{STR_INIT(",\"t\":"), &fixed}, {STR_INIT(",\"o\":"), &object}};
	const out_node row = {.kind = OUT_OBJECT, .fields = fields, .nfields = 4, .present = OUT_ALWAYS};
	const out_node list = {.kind = OUT_LIST, .child = &row};
	const out_node one = {.kind = OUT_FIRST, .child = &row, .text = STR_INIT("null")};
	write_is(&list, &r, 1,
		"[{\"n\":1,\"s\":\"a\\\"b\",\"t\":\"T\",\"o\":{\"d\":\"x\"}},{\"n\":null,\"s\":null,\"t\":\"T\",\"o\":{\"d\":\"y\"}},"
		"{\"n\":3,\"s\":\"\",\"t\":\"T\",\"o\":null}]");
	write_is(&one, &r, 1, "{\"n\":1,\"s\":\"a\\\"b\",\"t\":\"T\",\"o\":{\"d\":\"x\"}}");
	const pg_result *none = result(0, 3, NULL);
	write_is(&list, &none, 1, "[]");
	write_is(&one, &none, 1, "null");
	pg_result_free((pg_result *)(uintptr_t)r);
	pg_result_free((pg_result *)(uintptr_t)none);
}

/* Parents by two key cells; children in their own order; a NULL key and a key without rows have none. */
static void levels(void **state)
{
	(void)state;
	const pg_result *r[2] = {
		result(5, 2, (const char *[]){"1", "a", "2", "a", NULL, "a", "1", "b", "9", "9"}),
		result(5, 3,
			(const char *[]){"2", "a", "p", "1", "a", "q", "2", "a", "r", "1", "b", "s", "5", "5", "t"}),
	};
	const out_field cf[] = {{STR_INIT("\"v\":"), &value2}};
	const out_node child = {.kind = OUT_OBJECT, .fields = cf, .nfields = 1, .present = OUT_ALWAYS};
	const size_t keys[] = {0, 1};
	const out_node kids = {.kind = OUT_LIST, .stmt = 1, .child = &child, .keys = keys, .nkeys = 2};
	const out_node first = {
		.kind = OUT_FIRST, .stmt = 1, .child = &child, .keys = keys, .nkeys = 2, .text = STR_INIT("0")};
	const out_field pf[] = {{STR_INIT("\"k\":"), &kids}, {STR_INIT(",\"f\":"), &first}};
	const out_node parent = {.kind = OUT_OBJECT, .fields = pf, .nfields = 2, .present = OUT_ALWAYS};
	const out_node list = {.kind = OUT_LIST, .child = &parent};
	write_is(&list, r, 2,
		"[{\"k\":[{\"v\":\"q\"}],\"f\":{\"v\":\"q\"}},{\"k\":[{\"v\":\"p\"},{\"v\":\"r\"}],\"f\":{\"v\":\"p\"}},"
		"{\"k\":[],\"f\":0},{\"k\":[{\"v\":\"s\"}],\"f\":{\"v\":\"s\"}},{\"k\":[],\"f\":0}]");
	pg_result_free((pg_result *)(uintptr_t)r[0]);
	pg_result_free((pg_result *)(uintptr_t)r[1]);
}

static void many_keys(void **state)
{
	(void)state;
	enum { N = 2000 };
	PGresult *p = (PGresult *)(uintptr_t)result(0, 1, NULL), *k = (PGresult *)(uintptr_t)result(0, 2, NULL);
	buf want = {0};
	buf_putc(&want, '[');
	for (int i = 0; i < N; i++) {
		char key[16];
		int n = snprintf(key, sizeof(key), "%d", i * 37 % N);
		assert_true(PQsetvalue(p, i, 0, key, n));
		if (i) buf_putc(&want, ',');
		buf_printf(&want, "[%d,%d]", i * 37 % N, i * 37 % N);
	}
	for (int i = 0; i < 2 * N; i++) {
		char key[16];
		int n = snprintf(key, sizeof(key), "%d", i % N);
		assert_true(PQsetvalue(k, i, 0, key, n));
		assert_true(PQsetvalue(k, i, 1, key, n));
	}
	buf_putc(&want, ']');
	const size_t keys[] = {0};
	const out_node kids = {.kind = OUT_LIST, .stmt = 1, .child = &value0, .keys = keys, .nkeys = 1};
	const out_node list = {.kind = OUT_LIST, .child = &kids};
	const pg_result *r[2] = {(const pg_result *)p, (const pg_result *)k};
	buf_putc(&want, 0);
	write_is(&list, r, 2, want.p);
	buf_free(&want);
	PQclear(p);
	PQclear(k);
}

static void arrays(void **state)
{
	(void)state;
	const pg_result *r = result(3, 3,
		(const char *[]){
			"7", "{1,2,NULL}", "{\"a,b\",NULL,\"NULL\"}", "8", NULL, NULL, "9", "{4}", "{\"q\\\"\\\\\"}"});
	const out_field cf[] = {{STR_INIT("\"n\":"), &value0}, {STR_INIT(",\"s\":"), &value1}};
	const out_node child = {.kind = OUT_OBJECT, .fields = cf, .nfields = 2, .present = OUT_ALWAYS};
	const out_node kids = {.kind = OUT_ARRAYS, .col = 1, .ncols = 2, .child = &child};
	const out_node list = {.kind = OUT_LIST, .child = &kids};
	write_is(&list, &r, 1,
		"[[{\"n\":1,\"s\":\"a,b\"},{\"n\":2,\"s\":null},{\"n\":null,\"s\":\"NULL\"}],[],[{\"n\":4,\"s\":\"q\\\"\\\\\"}]]");
	pg_result_free((pg_result *)(uintptr_t)r);
}

static void array_texts(void **state)
{
	(void)state;
	arena *a = arena_new(0);
	size_t n;
	str *v = array_text_parse(a, STR("{}"), &n);
	assert_int_equal(n, 0);
	v = array_text_parse(a, STR("{null,NULL,\"\",a b}"), &n);
	assert_int_equal(n, 4);
	assert_str(v[0], "null");
	assert_null(v[1].p);
	assert_non_null(v[2].p);
	assert_str(v[2], "");
	assert_str(v[3], "a b");
	/* Nothing array_out writes, but it must not be read past its end. */
	const char *odd[] = {"", "{", "}", "{\"", "{\"a", "{a\\", "{\"a\\", "{,", "{\"a\"b,c}", "{\"\\\",}"};
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		array_text_parse(a, str_copy(a, str_from(odd[i])), &n);
	arena_free(a);
}

static void a_cap_on_the_answer(void **state)
{
	(void)state;
	const pg_result *r = result(3, 1, (const char *[]){"1000000000", "1000000000", "1000000000"});
	const out_node list = {.kind = OUT_LIST, .child = &value0};
	exec_rows rows = {.results = &r, .n = 1};
	arena *a = arena_new(0);
	error err;
	error_init(&err, a);
	buf b = {0};
	assert_true(exec_write(a, &list, &rows, 100, &b, &err));
	buf_clear(&b);
	assert_false(exec_write(a, &list, &rows, 20, &b, &err));
	assert_str(err.message, "the result is larger than 20 bytes");
	buf_free(&b);
	arena_free(a);
	pg_result_free((pg_result *)(uintptr_t)r);
}

/* ---- binding ---- */

static const char *bound(arena *a, const val *v, const char *variables, error *err)
{
	session_var sv[] = {
		{STR_INIT("x-hasura-nul"), STR_INIT("a\0b")}, {STR_INIT("x-hasura-user-id"), STR_INIT("7")}};
	session s = {.role = STR("user"), .vars = sv, .nvars = 2};
	json *j = NULL;
	error_init(err, a);
	assert_true(json_parse(a, str_from(variables), &j, err));
	const char *value = "unset";
	return exec_bind_vals(a, v, 1, &s, j, &value, err) ? value : "failed";
}

static void values(void **state)
{
	(void)state;
	static const struct {
		val_conv conv;
		const char *variables;
		const char *want;
	} cases[] = {
		{CONV_SCALAR, "{\"v\":\"a\\\"b\"}", "a\"b"},
		{CONV_SCALAR, "{\"v\":1.50}", "1.50"},
		{CONV_SCALAR, "{\"v\":true}", "true"},
		{CONV_SCALAR, "{\"v\":null}", NULL},
		{CONV_SCALAR, "{}", NULL},
		{CONV_JSON, "{\"v\":{\"a\":[1,null]}}", "{\"a\":[1,null]}"},
		{CONV_JSON, "{\"v\":\"s\"}", "\"s\""},
		{CONV_ARRAY, "{\"v\":[1,\"a\\\"\\\\\",null,true]}", "{\"1\",\"a\\\"\\\\\",NULL,\"true\"}"},
		{CONV_ARRAY, "{\"v\":[[1],[2]]}", "{{\"1\"},{\"2\"}}"},
		{CONV_ARRAY, "{\"v\":[]}", "{}"},
		{CONV_ARRAY, "{\"v\":\"{a}\"}", "{a}"},
		{CONV_ARRAY, "{\"v\":5}", "{\"5\"}"},
		{CONV_JSON_ARRAY, "{\"v\":[{\"a\":1},[2]]}", "{\"{\\\"a\\\":1}\",\"[2]\"}"},
	};
	arena *a = arena_new(0);
	error err;
	val_step step = {.key = STR("v")};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		val v = {.kind = VAL_VAR, .conv = cases[i].conv, .path = &step, .npath = 1};
		const char *got = bound(a, &v, cases[i].variables, &err);
		if (!cases[i].want) {
			assert_null(got);
		} else {
			assert_non_null(got);
			assert_str(str_from(got), cases[i].want);
		}
	}
	val_step deep[] = {{.key = STR("v")}, {.index = 1}, {.key = STR("a")}};
	val v = {.kind = VAL_VAR, .path = deep, .npath = 3};
	assert_str(str_from(bound(a, &v, "{\"v\":[0,{\"a\":\"x\"}]}", &err)), "x");
	assert_null(bound(a, &v, "{\"v\":[0]}", &err));
	val column = {.kind = VAL_COLUMN, .text = STR("a"), .path = &step, .npath = 1};
	assert_str(str_from(bound(a, &column, "{\"v\":[{\"a\":1},{\"a\":null},{\"b\":2},{\"a\":\"x\\\"y\"}]}", &err)),
		"{\"1\",NULL,NULL,\"x\\\"y\"}");
	column.conv = CONV_JSON;
	assert_str(str_from(bound(a, &column, "{\"v\":[{\"a\":[1]},{\"a\":\"s\"}]}", &err)), "{\"[1]\",\"\\\"s\\\"\"}");
	column.conv = CONV_SCALAR;
	assert_str(str_from(bound(a, &column, "{\"v\":[{\"a\":\"\\u0000\"}]}", &err)), "failed");
	arena_free(a);
}

static void values_of_the_session(void **state)
{
	(void)state;
	arena *a = arena_new(0);
	error err;
	val v = {.kind = VAL_SESSION, .text = STR("x-hasura-user-id")};
	assert_str(str_from(bound(a, &v, "{}", &err)), "7");
	v.text = STR("x-hasura-org");
	assert_str(str_from(bound(a, &v, "{}", &err)), "failed");
	assert_str(err.message, "missing session variable: \"x-hasura-org\"");
	assert_int_equal(err.code, ERR_NOT_FOUND);
	v.kind = VAL_SESSION_OPT;
	assert_null(bound(a, &v, "{}", &err));
	arena_free(a);
}

/* A NUL byte would cut the value short where C strings begin. */
static void no_nul_bytes(void **state)
{
	(void)state;
	arena *a = arena_new(0);
	error err;
	val_step step = {.key = STR("v")};
	val scalar = {.kind = VAL_VAR, .path = &step, .npath = 1};
	assert_str(str_from(bound(a, &scalar, "{\"v\":\"a\\u0000b\"}", &err)), "failed");
	val array = {.kind = VAL_VAR, .conv = CONV_ARRAY, .path = &step, .npath = 1};
	assert_str(str_from(bound(a, &array, "{\"v\":[[\"a\\u0000b\"]]}", &err)), "failed");
	val fixed_text = {.kind = VAL_CONST, .text = STR("a\0b")};
	assert_str(str_from(bound(a, &fixed_text, "{}", &err)), "failed");
	val var = {.kind = VAL_SESSION, .text = STR("x-hasura-nul")};
	assert_str(str_from(bound(a, &var, "{}", &err)), "failed");
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_and_objects),
		cmocka_unit_test(levels),
		cmocka_unit_test(many_keys),
		cmocka_unit_test(arrays),
		cmocka_unit_test(array_texts),
		cmocka_unit_test(a_cap_on_the_answer),
		cmocka_unit_test(values),
		cmocka_unit_test(values_of_the_session),
		cmocka_unit_test(no_nul_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
