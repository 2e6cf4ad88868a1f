#include "suite.h"

#include "base/arena.h"
#include "graphql/document.h"

PER_TEST_ARENA_AND_ERROR(a, err)

#define assert_str(got, want)                                                                               \
	do {                                                                                                \
		str got_ = (got), want_ = (want);                                                           \
		if (!str_eq(got_, want_)) fail_msg("got %.*s, wanted %.*s", STR_ARG(got_), STR_ARG(want_)); \
	} while (0)

static gq_document *parse_limited(str text, const gq_limits *limits)
{
	gq_document *doc;

	error_init(&err, a);
	if (!gq_parse(a, text, limits, &doc, &err)) fail_msg("no query: %.*s", STR_ARG(text));
	return doc;
}

static gq_document *parse(const char *text)
{
	return parse_limited(str_from(text), NULL);
}

static void refuses(gq_document *doc, str name, error_code code, const char *path, const char *message)
{
	const gq_operation *op;

	error_init(&err, a);
	assert_false(gq_select_operation(doc, name, &op, &err));
	assert_null(op);
	assert_str(err.message, str_from(message));
	assert_str(error_path(&err), str_from(path));
	assert_int_equal(err.code, code);
}

static const gq_operation *chooses(gq_document *doc, str name)
{
	const gq_operation *op;

	error_init(&err, a);
	if (!gq_select_operation(doc, name, &op, &err)) fail_msg("refused: %.*s", STR_ARG(err.message));
	assert_false(err.set);
	return op;
}

static void choice(void **state)
{
	(void)state;
	static const char one_needed[] =
		"exactly one operation has to be present in the document when operationName is not specified";
	static const char anonymous[] =
		"operationName cannot be used when an anonymous operation exists in the document";
	gq_document *doc = parse("query A { a } mutation B { b }");

	assert_ptr_equal(chooses(doc, STR("A")), doc->operations);
	assert_ptr_equal(chooses(doc, STR("B")), doc->operations->next);
	refuses(doc, STR("C"), ERR_VALIDATION_FAILED, "$", "no such operation found in the document: \"C\"");
	refuses(doc, STR(""), ERR_VALIDATION_FAILED, "$", "no such operation found in the document: \"\"");
	refuses(doc, STR_NULL, ERR_VALIDATION_FAILED, "$", one_needed);

	doc = parse("{ a }");
	assert_ptr_equal(chooses(doc, STR_NULL), doc->operations);
	refuses(doc, STR("A"), ERR_VALIDATION_FAILED, "$", anonymous);
	doc = parse("query A { a } { b }");
	refuses(doc, STR("A"), ERR_VALIDATION_FAILED, "$", anonymous);
	refuses(doc, STR_NULL, ERR_VALIDATION_FAILED, "$", one_needed);

	doc = parse("query A { a }");
	assert_ptr_equal(chooses(doc, STR_NULL), doc->operations);
	doc = parse("query { a } query A { b }");
	assert_ptr_equal(chooses(doc, STR("A")), doc->operations->next);
	refuses(doc, STR(""), ERR_VALIDATION_FAILED, "$", "no such operation found in the document: \"\"");
	doc = parse("fragment F on T { a }");
	refuses(doc, STR_NULL, ERR_VALIDATION_FAILED, "$", one_needed);
	refuses(doc, STR("F"), ERR_VALIDATION_FAILED, "$", "no such operation found in the document: \"F\"");
}

static void variables_are_defined_once(void **state)
{
	(void)state;
	refuses(parse("query ($a: Int, $b: Int, $a: String) { f }"), STR_NULL, ERR_PARSE_FAILED, "$",
		"multiple definitions for variable \"a\"");
	/* Only the operation that runs is looked at. */
	chooses(parse("query A($a: Int, $a: Int) { f } query B { f }"), STR("B"));
	refuses(parse("query ($a: Int @x) { f }"), STR_NULL, ERR_VALIDATION_FAILED, "$",
		"directive 'x' is not defined in the schema");
	refuses(parse("query ($a: Int @skip(if: true)) { f }"), STR_NULL, ERR_VALIDATION_FAILED, "$",
		"directive 'skip' is not allowed on a variable definition");
}

static void fragments_are_defined_once_and_known(void **state)
{
	(void)state;
	refuses(parse("{ a } fragment F on T { a } fragment G on T { b } fragment F on T { c }"), STR_NULL,
		ERR_PARSE_FAILED, "$", "multiple definitions for fragment \"F\"");
	refuses(parse("{ ...F }"), STR_NULL, ERR_VALIDATION_FAILED, "$.selectionSet",
		"reference to undefined fragment \"F\"");
	refuses(parse("{ x: a { ... on T { b { ...F } } } }"), STR_NULL, ERR_VALIDATION_FAILED,
		"$.selectionSet.a.selectionSet.b.selectionSet", "reference to undefined fragment \"F\"");
	refuses(parse("{ a { ...F } } fragment F on T { ... { b { ...G } } }"), STR_NULL, ERR_VALIDATION_FAILED,
		"$.selectionSet.a.selectionSet.F.selectionSet.b.selectionSet", "reference to undefined fragment \"G\"");
	/* Unused fragments, and those of other operations, may be wrong: Hasura v2 never looks. */
	chooses(parse("{ a } fragment F on T { ...G } fragment H on T { ...H }"), STR_NULL);
	gq_document *doc =
		parse("query A { ...X } query B { ...F } fragment F on T { a { ...G } } fragment G on T { a }");
	refuses(doc, STR("A"), ERR_VALIDATION_FAILED, "$.selectionSet", "reference to undefined fragment \"X\"");
	chooses(doc, STR("B"));
}

static void fragment_cycles(void **state)
{
	(void)state;
	refuses(parse("{ a { ...A } } fragment A on T { ...A }"), STR_NULL, ERR_VALIDATION_FAILED,
		"$.selectionSet.a.selectionSet.A.selectionSet", "the fragment definition(s) A form a cycle");
	refuses(parse("{ ...A } fragment A on T { x ...B } fragment B on T { b { ...A } }"), STR_NULL,
		ERR_VALIDATION_FAILED, "$.selectionSet.A.selectionSet.B.selectionSet.b.selectionSet",
		"the fragment definition(s) A and B form a cycle");
	/* What leads into the cycle is no part of it. */
	refuses(parse("{ ...Z } fragment Z on T { ...A } fragment A on T { ...B } fragment B on T { ...C }"
		      "fragment C on T { ... { ...A } }"),
		STR_NULL, ERR_VALIDATION_FAILED,
		"$.selectionSet.Z.selectionSet.A.selectionSet.B.selectionSet.C.selectionSet",
		"the fragment definition(s) A, B, and C form a cycle");
}

static void a_failed_walk_leaves_nothing_behind(void **state)
{
	(void)state;
	gq_document *doc =
		parse("query A { ...F } query B { ...G } fragment F on T { ...G ...X } fragment G on T { a }");
	static const char undefined[] = "reference to undefined fragment \"X\"";

	for (int i = 0; i < 3; i++) {
		refuses(doc, STR("A"), ERR_VALIDATION_FAILED, "$.selectionSet.F.selectionSet", undefined);
		chooses(doc, STR("B"));
	}
	doc = parse("query A { ...F } query B { ...F } fragment F on T { b { ...F } }");
	for (int i = 0; i < 2; i++) {
		refuses(doc, STR("A"), ERR_VALIDATION_FAILED, "$.selectionSet.F.selectionSet.b.selectionSet",
			"the fragment definition(s) F form a cycle");
		refuses(doc, STR("B"), ERR_VALIDATION_FAILED, "$.selectionSet.F.selectionSet.b.selectionSet",
			"the fragment definition(s) F form a cycle");
	}
}

/* { ...F0 } and n fragments, each spreading the next `times` times; the last has a field. */
static str chain(size_t n, size_t times, const char *last)
{
	buf b = {0};

	buf_puts(&b, "{ ...F0 }");
	for (size_t i = 0; i < n; i++) {
		buf_printf(&b, " fragment F%zu on T {", i);
		for (size_t j = 0; i + 1 < n && j < times; j++)
			buf_printf(&b, " ...F%zu", i + 1);
		if (i + 1 == n) buf_puts(&b, last);
		buf_puts(&b, " }");
	}
	str s = str_copy(a, buf_str(&b));
	buf_free(&b);
	return s;
}

static void refuses_prefix(str text, const gq_limits *limits, const char *message)
{
	gq_document *doc = parse_limited(text, limits);
	const gq_operation *op;

	error_init(&err, a);
	assert_false(gq_select_operation(doc, STR_NULL, &op, &err));
	assert_str(err.message, str_from(message));
	assert_int_equal(err.code, ERR_VALIDATION_FAILED);
}

static void depth_follows_fragments(void **state)
{
	(void)state;
	static const char deep[] = "the query is nested deeper than 200 levels once its fragments are inlined";
	gq_limits four = {.depth = 4};

	chooses(parse_limited(chain(199, 1, " a"), NULL), STR_NULL);
	refuses_prefix(chain(200, 1, " a"), NULL, deep);
	refuses_prefix(chain(199, 1, " a { b }"), NULL, deep);
	refuses_prefix(chain(100000, 1, " a"), NULL, deep);
	refuses_prefix(chain(500, 1, " ...F0"), NULL, deep);
	/* A fragment met near the root first, and too deep later. */
	static const char twice[] = "{ ...F %s { b { ...F } } } fragment F on T { x { y } }";
	chooses(parse_limited(str_printf(a, "{ ...F a { ...F } } fragment F on T { x { y } }"), &four), STR_NULL);
	refuses_prefix(str_printf(a, twice, "a"), &four,
		"the query is nested deeper than 4 levels once its fragments are inlined");
	assert_str(error_path(&err), STR("$.selectionSet.a.selectionSet.b.selectionSet.F"));
}

static void size_follows_fragments(void **state)
{
	(void)state;
	static const char wide[] = "the query has more than 250000 fields once its fragments are inlined";
	gq_limits six = {.selections = 6};

	/* 2^16 fields and as many spreads; 2^30; and past any counter. */
	chooses(parse_limited(chain(17, 2, " a"), NULL), STR_NULL);
	refuses_prefix(chain(31, 2, " a"), NULL, wide);
	refuses_prefix(chain(150, 2, " a"), NULL, wide);
	refuses_prefix(chain(100, 100, " a"), NULL, wide);
	/* Each spread and each field counts one. */
	chooses(parse_limited(STR("{ ...F ...F } fragment F on T { a b }"), &six), STR_NULL);
	refuses_prefix(STR("{ ...F ...F c } fragment F on T { a b }"), &six,
		"the query has more than 6 fields once its fragments are inlined");
	chooses(parse_limited(STR("{ a { b c } d e f }"), &six), STR_NULL);
	refuses_prefix(
		STR("{ a { b c } d e f g }"), &six, "the query has more than 6 fields once its fragments are inlined");
}

static void directives(void **state)
{
	(void)state;
	static const struct {
		const char *list;
		gq_location where;
		const char *why; /* NULL = fine */
	} cases[] = {
		{"", GQ_ON_FIELD, NULL},
		{"@skip(if: true) @include(if: $x)", GQ_ON_FIELD, NULL},
		{"@skip(if: true)", GQ_ON_SPREAD, NULL},
		{"@include(if: true)", GQ_ON_INLINE, NULL},
		{"@cached(ttl: 5)", GQ_ON_QUERY, NULL},
		{"@_multiple_top_level_fields", GQ_ON_SUBSCRIPTION, NULL},
		{"@skip @skp", GQ_ON_FIELD, "directive 'skp' is not defined in the schema"},
		{"@Skip", GQ_ON_QUERY, "directive 'Skip' is not defined in the schema"},
		{"@cached", GQ_ON_FIELD, "directive 'cached' is not allowed on a field"},
		{"@cached", GQ_ON_MUTATION, "directive 'cached' is not allowed on a mutation"},
		{"@cached", GQ_ON_SUBSCRIPTION, "directive 'cached' is not allowed on a subscription"},
		{"@cached", GQ_ON_SPREAD, "directive 'cached' is not allowed on an inline fragment"},
		{"@cached", GQ_ON_INLINE, "directive 'cached' is not allowed on an inline fragment"},
		{"@skip", GQ_ON_QUERY, "directive 'skip' is not allowed on a query"},
		{"@_multiple_top_level_fields", GQ_ON_QUERY,
			"directive '_multiple_top_level_fields' is not allowed on a query"},
		{"@skip @skip", GQ_ON_FIELD, "the following directives are used more than once: ['skip']"},
		{"@skip @include @skip @include @skip", GQ_ON_FIELD,
			"the following directives are used more than once: ['include', 'skip']"},
		{"@skip @skip @nope", GQ_ON_FIELD, "directive 'nope' is not defined in the schema"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		gq_document *doc = parse(str_z(a, str_printf(a, "{ f %s }", cases[i].list)));
		bool fine = gq_check_directives(
			doc->operations->first->directives, cases[i].where, STR("$.selectionSet.f"), &err);
		assert_int_equal(fine, cases[i].why == NULL);
		if (fine) continue;
		assert_str(err.message, str_from(cases[i].why));
		assert_str(error_path(&err), STR("$.selectionSet.f"));
		assert_int_equal(err.code, ERR_VALIDATION_FAILED);
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, test_begin, test_end)
	const struct CMUnitTest tests[] = {
		T(choice),
		T(variables_are_defined_once),
		T(fragments_are_defined_once_and_known),
		T(fragment_cycles),
		T(a_failed_walk_leaves_nothing_behind),
		T(depth_follows_fragments),
		T(size_follows_fragments),
		T(directives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
