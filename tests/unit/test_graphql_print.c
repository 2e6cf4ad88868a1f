#include "suite.h"

#include "base/arena.h"
#include "base/json.h"
#include "graphql/document.h"

#include <openssl/evp.h>

PER_TEST_ARENA_AND_ERROR(a, err)

#define assert_str(got, want)                                                                               \
	do {                                                                                                \
		str got_ = (got), want_ = (want);                                                           \
		if (!str_eq(got_, want_)) fail_msg("got %.*s, wanted %.*s", STR_ARG(got_), STR_ARG(want_)); \
	} while (0)

static gq_document *parse(str text)
{
	gq_document *doc;

	error_init(&err, a);
	if (!gq_parse(a, text, NULL, &doc, &err)) fail_msg("no query: %.*s", STR_ARG(text));
	return doc;
}

static str printed(str text, bool normal)
{
	gq_document *doc = parse(text);
	buf b = {0};

	if (normal) gq_print_normalized(&b, doc);
	else gq_print(&b, doc);
	str s = str_copy(a, buf_str(&b));
	buf_free(&b);
	return s;
}

static gq_value *value_of(str source)
{
	return parse(str_cat(a, 3, STR("{ f(x: "), source, STR(") }")))->operations->first->args;
}

static const struct {
	const char *source, *text;
} documents[] = {
	{"{a}", "{ a }"},
	{"{\n a,b # c\n}", "{ a b }"},
	{"query{a}", "query { a }"},
	{"query Q{a}", "query Q { a }"},
	{"query($a:Int){a}", "query ($a: Int) { a }"},
	{"subscription Q($a:[Int!]!=[1 2]@x $b:T={k:null})@d{a}",
		"subscription Q($a: [Int!]! = [1, 2] @x, $b: T = {k: null}) @d { a }"},
	{"mutation M{x:a(b:$c d:\"e\" f:{g:[]h:{}})@i(j:K)@l{m}}",
		"mutation M { x: a(b: $c, d: \"e\", f: {g: [], h: {}}) @i(j: K) @l { m } }"},
	{"{...F@x ...on T@y{a}...{b}...@z{c}}", "{ ...F @x ... on T @y { a } ... { b } ... @z { c } }"},
	{"fragment F on T@x{a}{...F}query B{b}", "fragment F on T @x { a }\n{ ...F }\nquery B { b }"},
	{"{a(x:\"\"\"\n  l1\n   \"q\\\"\"\"\n\"\"\")}", "{ a(x: \"l1\\n \\\"q\\\"\\\"\\\"\") }"},
	{"{a(x:\"\\u00e9\\u0007\\u{1F600}\\/\")}", "{ a(x: \"\xC3\xA9\\u0007\xF0\x9F\x98\x80/\") }"},
	{"{a(x:-0 y:1.50e+3 z:true)}", "{ a(x: -0, y: 1.50e+3, z: true) }"},
};

static void documents_print_canonically(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(documents) / sizeof(*documents); i++) {
		str text = str_from(documents[i].text);
		assert_str(printed(str_from(documents[i].source), false), text);
		assert_str(printed(text, false), text);
	}
}

static void parts_print(void **state)
{
	(void)state;
	gq_document *doc = parse(STR("fragment F on T { a } query Q($v: [[A!]]!) { b(x: [1 {y: \"z\"}]) } { c }"));
	buf b = {0};

	gq_print_operation(&b, doc->operations->next);
	gq_print_fragment(&b, doc->fragments);
	gq_print_type(&b, doc->operations->vars->type);
	gq_print_value(&b, doc->operations->first->args);
	assert_str(buf_str(&b), STR("{ c }fragment F on T { a }[[A!]]![1, {y: \"z\"}]"));
	buf_free(&b);
}

static void normal_form(void **state)
{
	(void)state;
	static const struct {
		const char *x, *y;
		bool same;
	} cases[] = {
		{"{ a b }", "{a,b}", true},
		{"{ a b }", "{ b a }", false},
		{"{ a(x: 1, y: 2) }", "{ a(y: 2, x: 1) }", true},
		{"{ a(x: {k: 1, l: {m: 2, n: 3}}) }", "{ a(x: {l: {n: 3, m: 2}, k: 1}) }", true},
		{"{ a(x: [1, 2]) }", "{ a(x: [2, 1]) }", false},
		{"{ a(x: \"b\") }", "{ a(x: \"\"\"b\"\"\") }", true},
		{"{ a(x: \"b\") }", "{ a(x: b) }", false},
		{"{ a __typename }", "{ a }", true},
		{"{ a { __typename b } }", "{ a { b } }", true},
		{"{ a { __typename } }", "{ a }", true},
		{"{ t: __typename a }", "{ a }", true},
		{"{ ... on T { __typename a } }", "{ ... on T { a } }", false},
		{"{ ... on T { a { __typename b } } }", "{ ... on T { a { b } } }", false},
		{"{ ...F } fragment F on T { __typename a }", "{ ...F } fragment F on T { a }", true},
		{"{ x: a }", "{ a }", false},
		{"query A { a }", "query B { a }", false},
		{"query { a }", "{ a }", false},
		{"query A { a } query B { b }", "query B { b } query A { a }", false},
		{"{ a @skip(if: true) }", "{ a }", false},
		{"{ __typename }", "query { __typename }", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		bool same = str_eq(printed(str_from(cases[i].x), true), printed(str_from(cases[i].y), true));
		if (same != cases[i].same) fail_msg("%s / %s", cases[i].x, cases[i].y);
	}
}

static void equality(void **state)
{
	(void)state;
	static const struct {
		const char *x, *y;
		bool equal;
	} cases[] = {
		{"1", "1", true},
		{"1", "2", false},
		{"1", "1.0", false},
		{"\"a\"", "\"\"\"a\"\"\"", true},
		{"\"a\"", "a", false},
		{"$a", "$a", true},
		{"$a", "$b", false},
		{"$a", "a", false},
		{"true", "false", false},
		{"null", "null", true},
		{"[]", "[]", true},
		{"[]", "{}", false},
		{"[1, 2]", "[1, 2]", true},
		{"[1, 2]", "[2, 1]", false},
		{"[1]", "[1, 1]", false},
		{"{}", "{}", true},
		{"{a: 1, b: 2}", "{b: 2, a: 1}", true},
		{"{a: 1, b: 2}", "{a: 1, c: 2}", false},
		{"{a: 1, b: 2}", "{a: 1, b: 3}", false},
		{"{a: 1}", "{a: 1, b: 2}", false},
		{"{a: 1, b: {c: [1, {d: E, e: F}]}}", "{b: {c: [1, {e: F, d: E}]}, a: 1}", true},
		{"{a: 1, b: {c: [1, {d: E, e: F}]}}", "{b: {c: [1, {e: E, d: F}]}, a: 1}", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		gq_value *x = value_of(str_from(cases[i].x)), *y = value_of(str_from(cases[i].y));
		assert_int_equal(gq_value_equal(x, y), cases[i].equal);
		assert_int_equal(gq_value_equal(y, x), cases[i].equal);
	}
	assert_true(gq_arguments_equal(NULL, NULL));
	assert_false(gq_arguments_equal(NULL, value_of(STR("1"))));
}

/* Many fields in opposite order: sorted, not searched one by one. */
static void equality_of_many(void **state)
{
	(void)state;
	enum { N = 50000 };
	buf x = {0}, y = {0};

	for (int i = 0; i < N; i++) {
		buf_printf(&x, "%sk%d: %d", i ? ", " : "{", i, i);
		buf_printf(&y, "%sk%d: %d", i ? ", " : "{", N - 1 - i, N - 1 - i);
	}
	buf_puts(&x, "}");
	buf_puts(&y, "}");
	assert_true(gq_value_equal(value_of(buf_str(&x)), value_of(buf_str(&y))));
	y.n -= 2;
	buf_puts(&y, "1}");
	assert_false(gq_value_equal(value_of(buf_str(&x)), value_of(buf_str(&y))));
	buf_free(&x);
	buf_free(&y);
}

static void constants_to_json(void **state)
{
	(void)state;
	str source = STR("{a: [1, -2.50, 12345678901234567890], b: \"q\\\"\\u0041\", c: {d: true, e: false}, "
			 "f: null, g: E, h: $v}");

	assert_str(json_to_str(a, gq_value_to_json(a, value_of(source))),
		STR("{\"a\":[1,-2.50,12345678901234567890],\"b\":\"q\\\"A\",\"c\":{\"d\":true,\"e\":false},"
		    "\"f\":null,\"g\":\"E\","
		    "\"h\":null}"));
	assert_str(json_to_str(a, gq_value_to_json(a, value_of(STR("[]")))), STR("[]"));
}

static str hash_of(const char *text, const char *variables)
{
	gq_document *doc = parse(str_from(text));
	const gq_operation *op;
	json *vars = NULL;
	char out[41];

	assert_true(gq_select_operation(doc, STR_NULL, &op, &err));
	if (variables) assert_true(json_parse(a, str_from(variables), &vars, &err));
	gq_parameterized_hash(doc, op, vars, out);
	assert_int_equal(strlen(out), 40);
	return str_copy(a, str_from(out));
}

static void hash_is_that_of_the_normal_text(void **state)
{
	(void)state;
	/* Hasura v2's text of this query, quoted as JSON. */
	str text = STR("\"{ authors(where: {id: {_eq: null}}) { id  name  } }\"");
	unsigned char digest[20];
	buf hex = {0};

	assert_true(EVP_Digest(text.p, text.n, digest, NULL, EVP_sha1(), NULL));
	for (size_t i = 0; i < 20; i++)
		buf_printf(&hex, "%02x", digest[i]);
	assert_str(hash_of("query { authors(where: {id: {_eq: 2}}) { id name } }", NULL), buf_str(&hex));
	buf_free(&hex);
}

static void hash_sees_shapes_only(void **state)
{
	(void)state;
	static const char base[] = "{ authors(where: {id: {_eq: 2}}, limit: 5) { id name } }";
	static const struct {
		const char *text, *variables;
		bool same;
	} cases[] = {
		{"{ authors(where: {id: {_eq: 203943}}, limit: 1) { id name } }", NULL, true},
		{"query Q($id: Int) { authors(where: {id: {_eq: $id}}, limit: 1) { id name } }", NULL, true},
		{"query Q($w: authors_bool_exp) { authors(where: $w, limit: 1) { id name } }",
			"{\"w\": {\"id\": {\"_eq\": 7}}}", true},
		{"query Q($w: authors_bool_exp = {id: {_eq: 1}}) { authors(where: $w, limit: 1) { id name } }", "{}",
			true},
		{"{ authors(limit: 5, where: {id: {_eq: 2}}) { id name } }", NULL, true},
		{"{ x: authors(where: {id: {_eq: 2}}, limit: 5) { id n: name @skip(if: false) } }", NULL, true},
		{"{ authors(where: {id: {_eq: 2}}, limit: 5) { ...F } } fragment F on authors { id name }", NULL, true},
		{"{ authors(where: {id: {_eq: 2}}, limit: 5) { ... on authors { id } ... { name } } }", NULL, true},
		{"query Q($w: authors_bool_exp) { authors(where: $w, limit: 1) { id name } }", NULL, false},
		{"query Q($w: authors_bool_exp) { authors(where: $w, limit: 1) { id name } }",
			"{\"w\": {\"id\": {\"_gt\": 7}}}", false},
		{"{ authors(where: {id: {_eq: 2}}) { id name } }", NULL, false},
		{"{ authors(where: {id: {_eq: [2]}}, limit: 5) { id name } }", NULL, false},
		{"{ authors(where: {id: {_eq: 2}}, limit: 5) { name id } }", NULL, false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		bool same = str_eq(hash_of(base, NULL), hash_of(cases[i].text, cases[i].variables));
		if (same != cases[i].same) fail_msg("%s", cases[i].text);
	}
	assert_str(
		hash_of("query ($v: x) { f(a: $v) }", "{\"v\": {\"b\": [1, \"s\", null], \"a\": {}, \"no name\": 1}}"),
		hash_of("{ f(a: {a: {}, b: [1, 2, 3]}) }", NULL));
	assert_false(str_eq(hash_of("{ f(a: [1]) }", NULL), hash_of("{ f(a: [1, 1]) }", NULL)));
}

/* Fragments and variables opened again and again stop at a bound, and the hash stays the same. */
static void hash_is_bounded(void **state)
{
	(void)state;
	buf b = {0}, vars = {0};

	buf_puts(&b, "query ($v: x) { ...F0 }");
	for (int i = 0; i < 16; i++)
		buf_printf(&b, " fragment F%d on T { ...F%d ...F%d }", i, i + 1, i + 1);
	buf_puts(&b, " fragment F16 on T { f(x: $v) }\n");
	buf_puts(&vars, "{\"v\": [0");
	for (int i = 0; i < 100000; i++)
		buf_puts(&vars, ",1");
	buf_puts(&vars, "]}");
	char *text = str_z(a, buf_str(&b)), *v = str_z(a, buf_str(&vars));
	assert_str(hash_of(text, v), hash_of(text, v));
	assert_false(str_eq(hash_of(text, v), hash_of(text, NULL)));
	buf_free(&b);
	buf_free(&vars);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, test_begin, test_end)
	const struct CMUnitTest tests[] = {
		T(documents_print_canonically),
		T(parts_print),
		T(normal_form),
		T(equality),
		T(equality_of_many),
		T(constants_to_json),
		T(hash_is_that_of_the_normal_text),
		T(hash_sees_shapes_only),
		T(hash_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
