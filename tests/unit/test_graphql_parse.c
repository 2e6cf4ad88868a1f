#include "suite.h"

#include "base/arena.h"
#include "base/json.h"
#include "graphql/document.h"
#include "graphql/lexer.h"

PER_TEST_ARENA_AND_ERROR(a, err)

static gq_document *parse(str text)
{
	gq_document *doc;

	error_init(&err, a);
	if (!gq_parse(a, text, NULL, &doc, &err)) {
		print_error("%.*s\n", STR_ARG(text));
		if (err.internal) print_error("%.*s\n", STR_ARG(err.internal->text));
		fail();
	}
	return doc;
}

#define assert_str(got, want)                                                                               \
	do {                                                                                                \
		str got_ = (got), want_ = (want);                                                           \
		if (!str_eq(got_, want_)) fail_msg("got %.*s, wanted %.*s", STR_ARG(got_), STR_ARG(want_)); \
	} while (0)

/* The first argument of the first field of the first operation. */
static gq_value *first_arg(const gq_document *doc)
{
	return doc->operations->first->args;
}

static gq_value *value_of(const char *source)
{
	return first_arg(parse(str_printf(a, "{ f(x: %s) }", source)));
}

/* ---- shape of the tree ---- */

static void selections(void **state)
{
	(void)state;
	str text = STR("query Q { a b: c(x: 1, y: $v) @d(e: 2) @f { g } ...F @h ... on T { i } ... @j { k } }");
	gq_document *doc = parse(text);
	gq_operation *op = doc->operations;
	gq_selection *s = op->first;

	assert_int_equal(doc->n_operations, 1);
	assert_int_equal(doc->n_selections, 8);
	assert_int_equal(doc->n_spreads, 1);
	assert_int_equal(doc->depth, 2);
	assert_int_equal(op->kind, GQ_QUERY);
	assert_false(op->shorthand);
	assert_str(op->name, STR("Q"));
	assert_int_equal(s->kind, GQ_FIELD);
	assert_str(s->name, STR("a"));
	assert_str(gq_key(s), STR("a"));
	assert_int_equal(s->alias.n, 0);
	assert_int_equal(s->index, 0);
	assert_int_equal(s->pos, 10);
	assert_null(s->first);

	s = s->next;
	assert_str(s->alias, STR("b"));
	assert_str(s->name, STR("c"));
	assert_str(gq_key(s), STR("b"));
	assert_int_equal(s->pos, 12);
	assert_int_equal(s->index, 1);
	assert_int_equal(gq_find(s->args, STR("x"))->kind, GQ_INT);
	assert_int_equal(gq_find(s->args, STR("y"))->kind, GQ_VAR);
	assert_str(gq_find(s->args, STR("y"))->text, STR("v"));
	assert_null(gq_find(s->args, STR("z")));
	assert_str(s->directives->name, STR("d"));
	assert_str(s->directives->args->name, STR("e"));
	assert_ptr_equal(gq_find_directive(s->directives, STR("f")), s->directives->next);
	assert_str(s->first->name, STR("g"));
	assert_null(s->first->next);

	s = s->next;
	assert_int_equal(s->kind, GQ_SPREAD);
	assert_str(s->name, STR("F"));
	assert_str(s->directives->name, STR("h"));
	s = s->next;
	assert_int_equal(s->kind, GQ_INLINE);
	assert_str(s->name, STR("T"));
	assert_str(s->first->name, STR("i"));
	s = s->next;
	assert_int_equal(s->kind, GQ_INLINE);
	assert_int_equal(s->name.n, 0);
	assert_str(s->directives->name, STR("j"));
	assert_str(s->first->name, STR("k"));
	assert_int_equal(s->first->index, 7);
	assert_null(s->next);
}

static void operations_and_fragments(void **state)
{
	(void)state;
	gq_document *doc =
		parse(STR("mutation M @x { a } fragment F on T @y { b } subscription { c } query { d } {e}"));
	gq_operation *op = doc->operations;
	gq_fragment *f = doc->fragments;

	assert_int_equal(doc->n_operations, 4);
	assert_int_equal(op->kind, GQ_MUTATION);
	assert_str(op->directives->name, STR("x"));
	op = op->next;
	assert_int_equal(op->kind, GQ_SUBSCRIPTION);
	assert_int_equal(op->name.n, 0);
	assert_false(op->shorthand);
	op = op->next;
	assert_int_equal(op->kind, GQ_QUERY);
	assert_false(op->shorthand);
	op = op->next;
	assert_int_equal(op->kind, GQ_QUERY);
	assert_true(op->shorthand);
	assert_null(op->next);
	assert_ptr_equal(gq_find_fragment(doc, STR("F")), f);
	assert_null(gq_find_fragment(doc, STR("G")));
	assert_str(f->on, STR("T"));
	assert_str(f->directives->name, STR("y"));
	assert_str(f->first->name, STR("b"));
}

static void keywords_are_names(void **state)
{
	(void)state;
	gq_document *doc =
		parse(STR("query query { query mutation fragment on true: null ... on on { on(on: on) } ...onX }"
			  "fragment fragment on on { type }"));

	assert_str(doc->operations->name, STR("query"));
	assert_str(doc->fragments->name, STR("fragment"));
	assert_str(doc->fragments->on, STR("on"));
}

static void variables(void **state)
{
	(void)state;
	gq_document *doc = parse(STR("query ($a: Int, $b: [T!]! = [{x: 1}], $c: [[U]!] = null @d(e: 1)) { f }"));
	gq_variable_def *d = doc->operations->vars;

	assert_int_equal(doc->operations->n_vars, 3);
	assert_str(d->name, STR("a"));
	assert_int_equal(d->pos, 7);
	assert_str(d->type->name, STR("Int"));
	assert_false(d->type->nonnull);
	assert_null(d->default_value);
	d = d->next;
	assert_true(d->type->nonnull);
	assert_true(d->type->of->nonnull);
	assert_str(d->type->of->name, STR("T"));
	assert_int_equal(d->default_value->kind, GQ_LIST);
	assert_int_equal(d->default_value->count, 1);
	assert_int_equal(d->default_value->first->kind, GQ_OBJECT);
	d = d->next;
	assert_false(d->type->nonnull);
	assert_true(d->type->of->nonnull);
	assert_false(d->type->of->of->nonnull);
	assert_int_equal(d->default_value->kind, GQ_NULL);
	assert_str(d->directives->name, STR("d"));
	assert_ptr_equal(gq_find_variable(doc->operations, STR("c")), d);
	assert_null(gq_find_variable(doc->operations, STR("f")));
}

static void many_variables(void **state)
{
	(void)state;
	buf b = {0};

	buf_puts(&b, "query (");
	for (int i = 0; i < 100; i++)
		buf_printf(&b, "$v%d: Int ", i);
	buf_puts(&b, ") { f }");
	gq_document *doc = parse(buf_str(&b));
	assert_int_equal(doc->operations->n_vars, 100);
	assert_null(doc->operations->duplicate_var);
	for (int i = 0; i < 100; i++) {
		str name = str_printf(a, "v%d", i);
		assert_str(gq_find_variable(doc->operations, name)->name, name);
	}
	assert_null(gq_find_variable(doc->operations, STR("v100")));
	b.n -= 7;
	buf_puts(&b, "$v7: Int $v8: Int) { f }");
	doc = parse(buf_str(&b));
	assert_str(doc->operations->duplicate_var->name, STR("v7"));
	buf_free(&b);
}

static void types_alone(void **state)
{
	(void)state;
	static const char *const good[] = {"Int", " [Int!]! ", "[[x]]", "_", "#c\n T!"};
	static const char *const bad[] = {"", "Int!!", "[Int", "Int]", "1", "[]", "Int Int", "$x", "!", "\"x\""};
	gq_type *t;

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_true(gq_parse_type(a, str_from(good[i]), &t));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(gq_parse_type(a, str_from(bad[i]), &t));
}

/* ---- values ---- */

static void values(void **state)
{
	(void)state;
	gq_value *v = value_of("{a: [1, -2.5e+3, \"s\", true, false, null, E, $v, [], {}], b: 0}");
	static const gq_value_kind kinds[] = {
		GQ_INT, GQ_FLOAT, GQ_STRING, GQ_BOOL, GQ_BOOL, GQ_NULL, GQ_ENUM, GQ_VAR, GQ_LIST, GQ_OBJECT};
	static const char *const texts[] = {"1", "-2.5e+3", "s", "true", "false", "null", "E", "v", "", ""};
	size_t i = 0;

	assert_int_equal(v->kind, GQ_OBJECT);
	assert_int_equal(v->count, 2);
	assert_str(v->name, STR("x"));
	assert_int_equal(v->pos, 7);
	assert_str(v->first->name, STR("a"));
	assert_int_equal(v->first->count, 10);
	for (gq_value *c = v->first->first; c; c = c->next, i++) {
		assert_int_equal(c->kind, kinds[i]);
		assert_str(c->text, str_from(texts[i]));
		assert_int_equal(c->boolean, i == 3);
		assert_int_equal(c->name.n, 0);
	}
	assert_int_equal(i, 10);
}

static void numbers(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		gq_value_kind kind;
	} cases[] = {
		{"0", GQ_INT},
		{"-0", GQ_INT},
		{"9", GQ_INT},
		{"-123456789012345678901234567890", GQ_INT},
		{"0.0", GQ_FLOAT},
		{"-0.10", GQ_FLOAT},
		{"1e5", GQ_FLOAT},
		{"1E-5", GQ_FLOAT},
		{"1.5e+10", GQ_FLOAT},
		{"0e0", GQ_FLOAT},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		gq_value *v = value_of(cases[i].text);
		assert_int_equal(v->kind, cases[i].kind);
		assert_str(v->text, str_from(cases[i].text));
	}
	/* A number ends where a token that is no name begins. */
	assert_int_equal(value_of("[1\"a\"2[3]{}$v 4#c\n5]")->count, 8);
}

static void strings(void **state)
{
	(void)state;
	static const struct {
		str source, want;
	} cases[] = {
		{STR_INIT("\"\""), STR_INIT("")},
		{STR_INIT("\"plain\""), STR_INIT("plain")},
		{STR_INIT("\" white \t \""), STR_INIT(" white \t ")},
		{STR_INIT("\"#no comment,\""), STR_INIT("#no comment,")},
		{STR_INIT("\"\\\" \\\\ \\/ \\b\\f\\n\\r\\t\""), STR_INIT("\" \\ / \b\f\n\r\t")},
		{STR_INIT("\"\\u0041\\u00e9\\u00E9\\u20AC\""), STR_INIT("A\xC3\xA9\xC3\xA9\xE2\x82\xAC")},
		{STR_INIT("\"\\uD83D\\uDE00\""), STR_INIT("\xF0\x9F\x98\x80")},
		{STR_INIT("\"\\u{1F600}\\u{0}\\u{00000041}\\u{10FFFF}\""),
			STR_INIT("\xF0\x9F\x98\x80\0A\xF4\x8F\xBF\xBF")},
		{STR_INIT("\"\xF0\x9F\x98\x80 \xC3\xA9\""), STR_INIT("\xF0\x9F\x98\x80 \xC3\xA9")},
		{STR_INIT("\"\\u0000\""), STR_INIT("\0")},
		{STR_INIT("\"\\uD7FF\\uE000\""), STR_INIT("\xED\x9F\xBF\xEE\x80\x80")},
		{STR_INIT("\"\x01\x7F\""), STR_INIT("\x01\x7F")},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		gq_value *v = first_arg(parse(str_cat(a, 3, STR("{ f(x: "), cases[i].source, STR(") }"))));
		assert_int_equal(v->kind, GQ_STRING);
		assert_false(v->block);
		assert_str(v->text, cases[i].want);
	}
}

static void block_strings(void **state)
{
	(void)state;
	static const struct {
		const char *source, *want;
	} cases[] = {
		{"", ""},
		{"one line", "one line"},
		{"  keeps leading blanks of the only line", "  keeps leading blanks of the only line"},
		{"   ", ""},
		{"\n\n\n", ""},
		{"\n    a\n      b\n\n    c\n  ", "a\n  b\n\nc"},
		{"first\n    second\n      third", "first\nsecond\n  third"},
		{"    first\n  second", "    first\nsecond"},
		{"\n\ta\n\t\tb", "a\n\tb"},
		{"\n \ta\n\t b", "a\nb"},
		{"\n  a\n b\n", " a\nb"},
		{"a\r\n  b\rc\n\r d", "a\n  b\nc\n\n d"},
		{"\n  a\n    \n  b", "a\n  \nb"},
		{"\n  a\n \n  b", "a\n\nb"},
		{"\n\n  a\n\n  b\n\n", "a\n\nb"},
		{"quote \" and \"\" and \\\"\"\" end", "quote \" and \"\" and \"\"\" end"},
		{"raw \\n \\u0041 \\ back", "raw \\n \\u0041 \\ back"},
		{"\n  x \\\"\"\"\n  y", "x \"\"\"\ny"},
		{"\xC3\xA9\n  \xF0\x9F\x98\x80", "\xC3\xA9\n\xF0\x9F\x98\x80"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		gq_value *v = value_of(str_z(a, str_printf(a, "\"\"\"%s\"\"\"", cases[i].source)));
		assert_int_equal(v->kind, GQ_STRING);
		assert_true(v->block);
		assert_str(v->text, str_from(cases[i].want));
	}
	/* Four closing quotes: the string ends at the third. */
	assert_int_equal(value_of("[\"\"\"a\"\"\" \"\"]")->count, 2);
}

static void ignored_tokens(void **state)
{
	(void)state;
	gq_document *doc = parse(STR("\xEF\xBB\xBF,,{#c \xC3\xA9 }\n,a\t\r\n#\rb,\xEF\xBB\xBF c#end"
				     "\n}#last"));
	gq_selection *s = doc->operations->first;

	assert_str(s->name, STR("a"));
	assert_str(s->next->name, STR("b"));
	assert_str(s->next->next->name, STR("c"));
	assert_null(s->next->next->next);
}

static void lexer_knows_the_whole_language(void **state)
{
	(void)state;
	static const gq_token_kind want[] = {GQ_T_BANG, GQ_T_DOLLAR, GQ_T_AMP, GQ_T_PAREN_L, GQ_T_PAREN_R, GQ_T_SPREAD,
		GQ_T_COLON, GQ_T_EQUALS, GQ_T_AT, GQ_T_BRACKET_L, GQ_T_BRACKET_R, GQ_T_BRACE_L, GQ_T_PIPE, GQ_T_BRACE_R,
		GQ_T_NAME, GQ_T_INT, GQ_T_FLOAT, GQ_T_STRING, GQ_T_BLOCK_STRING, GQ_T_EOF, GQ_T_EOF};
	str text = STR("! $ & ( ) ... : = @ [ ] { | } _x9 1 1.0 \"s\" \"\"\"b\"\"\" ");
	gq_lexer lx;
	gq_token t;

	gq_lexer_init(&lx, text, 100, &err);
	for (size_t i = 0; i < sizeof(want) / sizeof(*want); i++) {
		assert_true(gq_lexer_next(&lx, &t));
		assert_int_equal(t.kind, want[i]);
	}
}

/* ---- refusals ---- */

static const struct {
	str source;
	const char *why;
} refused[] = {
	/* Documents and definitions. */
	{STR_INIT(""), "Unexpected <EOF>. line 1, column 1"},
	{STR_INIT("  \n # only a comment"), "Unexpected <EOF>. line 2, column 18"},
	{STR_INIT("\n\n  {"), "Expected Name, found <EOF>. line 3, column 4"},
	{STR_INIT("{ a "), "Expected Name, found <EOF>. line 1, column 5"},
	{STR_INIT("query"), "Expected \"{\", found <EOF>. line 1, column 6"},
	{STR_INIT("query Q Q { a }"), "Expected \"{\", found Name \"Q\". line 1, column 9"},
	{STR_INIT("querry { a }"), "Unexpected Name \"querry\". line 1, column 1"},
	{STR_INIT("type T { a: Int }"), "Unexpected Name \"type\". line 1, column 1"},
	{STR_INIT("\"d\" query { a }"), "Unexpected String \"d\". line 1, column 1"},
	{STR_INIT("{ a } }"), "Unexpected \"}\". line 1, column 7"},
	{STR_INIT("{ a } 5"), "Unexpected Int \"5\". line 1, column 7"},
	{STR_INIT("{}"), "Expected Name, found \"}\". line 1, column 2"},
	{STR_INIT("{ a { } }"), "Expected Name, found \"}\". line 1, column 7"},
	/* Fields and arguments. */
	{STR_INIT("{ a: }"), "Expected Name, found \"}\". line 1, column 6"},
	{STR_INIT("{ a: b: c }"), "Expected Name, found \":\". line 1, column 7"},
	{STR_INIT("{ a() }"), "Expected Name, found \")\". line 1, column 5"},
	{STR_INIT("{ a(x) }"), "Expected \":\", found \")\". line 1, column 6"},
	{STR_INIT("{ a(x:) }"), "Unexpected \")\". line 1, column 7"},
	{STR_INIT("{ a(x: 1 }"), "Expected Name, found \"}\". line 1, column 10"},
	{STR_INIT("{ a(x: 1 y) }"), "Expected \":\", found \")\". line 1, column 11"},
	{STR_INIT("{ a(x: 1,\n x: 2) }"), "There can be only one argument named \"x\". line 2, column 2"},
	{STR_INIT("{ a(x: {k: 1, k: 1}) }"), "There can be only one input field named \"k\". line 1, column 15"},
	{STR_INIT("{ a @ }"), "Expected Name, found \"}\". line 1, column 7"},
	{STR_INIT("{ a @d() }"), "Expected Name, found \")\". line 1, column 8"},
	{STR_INIT("{ \"a\" }"), "Expected Name, found String \"a\". line 1, column 3"},
	{STR_INIT("{ $a }"), "Expected Name, found \"$\". line 1, column 3"},
	{STR_INIT("{ a b(x: 1) : c }"), "Expected Name, found \":\". line 1, column 13"},
	/* Fragments. */
	{STR_INIT("{ ... }"), "Expected \"{\", found \"}\". line 1, column 7"},
	{STR_INIT("{ ... on }"), "Expected Name, found \"}\". line 1, column 10"},
	{STR_INIT("{ ... on T }"), "Expected \"{\", found \"}\". line 1, column 12"},
	{STR_INIT("{ ...F { a } }"), "Expected Name, found \"{\". line 1, column 8"},
	{STR_INIT("fragment on on T { a }"), "Unexpected Name \"on\". line 1, column 10"},
	{STR_INIT("fragment F { a }"), "Expected \"on\", found \"{\". line 1, column 12"},
	{STR_INIT("fragment F on { a }"), "Expected Name, found \"{\". line 1, column 15"},
	{STR_INIT("fragment F on T"), "Expected \"{\", found <EOF>. line 1, column 16"},
	{STR_INIT("fragment F ($a: Int) on T { a }"), "Expected \"on\", found \"(\". line 1, column 12"},
	/* Variables. */
	{STR_INIT("query () { a }"), "Expected \"$\", found \")\". line 1, column 8"},
	{STR_INIT("query ($) { a }"), "Expected Name, found \")\". line 1, column 9"},
	{STR_INIT("query ($a) { a }"), "Expected \":\", found \")\". line 1, column 10"},
	{STR_INIT("query ($a: ) { a }"), "Expected Name, found \")\". line 1, column 12"},
	{STR_INIT("query ($a: [Int) { a }"), "Expected \"]\", found \")\". line 1, column 16"},
	{STR_INIT("query ($a: Int!!) { a }"), "Expected \"$\", found \"!\". line 1, column 16"},
	{STR_INIT("query ($a: Int = ) { a }"), "Unexpected \")\". line 1, column 18"},
	{STR_INIT("query ($a: Int = $b) { a }"), "Unexpected variable \"$b\" in constant value. line 1, column 18"},
	{STR_INIT("query ($a: Int = [{x: $b}]) { a }"),
		"Unexpected variable \"$b\" in constant value. line 1, column 23"},
	{STR_INIT("query ($a: Int = $) { a }"), "Unexpected \"$\". line 1, column 18"},
	{STR_INIT("query ($a: Int @d(x: $b)) { a }"),
		"Unexpected variable \"$b\" in constant value. line 1, column 22"},
	{STR_INIT("{ a(x: $) }"), "Expected Name, found \")\". line 1, column 9"},
	/* Values. */
	{STR_INIT("{ a(x: [1, 2) }"), "Unexpected \")\". line 1, column 13"},
	{STR_INIT("{ a(x: {1: 2}) }"), "Expected Name, found Int \"1\". line 1, column 9"},
	{STR_INIT("{ a(x: {b}) }"), "Expected \":\", found \"}\". line 1, column 10"},
	{STR_INIT("{ a(x: [1"), "Unexpected <EOF>. line 1, column 10"},
	{STR_INIT("{ a(x: 1.5 2) }"), "Expected Name, found Int \"2\". line 1, column 12"},
	{STR_INIT("{ a(x: 1, 2.0) }"), "Expected Name, found Float \"2.0\". line 1, column 11"},
	{STR_INIT("{ a(x: 1, \"\"\"t\"\"\") }"), "Expected Name, found BlockString \"t\". line 1, column 11"},
	/* Numbers. */
	{STR_INIT("{ a(x: 00) }"), "Invalid number, unexpected digit after 0: \"0\". line 1, column 9"},
	{STR_INIT("{ a(x: -01) }"), "Invalid number, unexpected digit after 0: \"1\". line 1, column 10"},
	{STR_INIT("{ a(x: -) }"), "Invalid number, expected digit but got: \")\". line 1, column 9"},
	{STR_INIT("{ a(x: +1) }"), "Unexpected character: \"+\". line 1, column 8"},
	{STR_INIT("{ a(x: 1.) }"), "Invalid number, expected digit but got: \")\". line 1, column 10"},
	{STR_INIT("{ a(x: .5) }"), "Unexpected character: \".\". line 1, column 8"},
	{STR_INIT("{ a(x: 1.e1) }"), "Invalid number, expected digit but got: \"e\". line 1, column 10"},
	{STR_INIT("{ a(x: 1e) }"), "Invalid number, expected digit but got: \")\". line 1, column 10"},
	{STR_INIT("{ a(x: 1e+) }"), "Invalid number, expected digit but got: \")\". line 1, column 11"},
	{STR_INIT("{ a(x: 1.2.3) }"), "Invalid number, expected digit but got: \".\". line 1, column 11"},
	{STR_INIT("{ a(x: 1a) }"), "Invalid number, expected digit but got: \"a\". line 1, column 9"},
	{STR_INIT("{ a(x: 0x1F) }"), "Invalid number, expected digit but got: \"x\". line 1, column 9"},
	{STR_INIT("{ a(x: 1_000) }"), "Invalid number, expected digit but got: \"_\". line 1, column 9"},
	{STR_INIT("{ a(x: 1"), "Expected Name, found <EOF>. line 1, column 9"},
	{STR_INIT("{ a(x: -"), "Invalid number, expected digit but got: <EOF>. line 1, column 9"},
	{STR_INIT("{ a(x: -\""), "Invalid number, expected digit but got: '\"'. line 1, column 9"},
	{STR_INIT("{ a(x: 1e\n) }"), "Invalid number, expected digit but got: U+000A. line 1, column 10"},
	/* Strings. */
	{STR_INIT("{ a(x: \""), "Unterminated string. line 1, column 9"},
	{STR_INIT("{ a(x: \"abc) }"), "Unterminated string. line 1, column 15"},
	{STR_INIT("{ a(x: \"ab\nc\") }"), "Unterminated string. line 1, column 11"},
	{STR_INIT("{ a(x: \"ab\rc\") }"), "Unterminated string. line 1, column 11"},
	{STR_INIT("{ a(x: \"a\\"), "Invalid character escape sequence: \"\\\". line 1, column 10"},
	{STR_INIT("{ a(x: \"\\x\") }"), "Invalid character escape sequence: \"\\x\". line 1, column 9"},
	{STR_INIT("{ a(x: \"\\'\") }"), "Invalid character escape sequence: \"\\'\". line 1, column 9"},
	{STR_INIT("{ a(x: \"\\\xC3\xA9\") }"), "Invalid character escape sequence: \"\\\xC3\xA9\". line 1, column 9"},
	{STR_INIT("{ a(x: \"\\\0\") }"), "Invalid character escape sequence: \"\\"},
	{STR_INIT("{ a(x: \"\\u1\") }"), "Invalid Unicode escape sequence: \"\\u1\") \". line 1, column 9"},
	{STR_INIT("{ a(x: \"\\uXYZ1\") }"), "Invalid Unicode escape sequence: \"\\uXYZ1\". line 1, column 9"},
	{STR_INIT("{ a(x: \"\\u"), "Invalid Unicode escape sequence: \"\\u\". line 1, column 9"},
	{STR_INIT("{ a(x: \"\\uD83D\") }"), "Invalid Unicode escape sequence: \"\\uD83D\". line 1, column 9"},
	{STR_INIT("{ a(x: \"\\uDE00\") }"), "Invalid Unicode escape sequence: \"\\uDE00\". line 1, column 9"},
	{STR_INIT("{ a(x: \"\\uD83D\\u0041\") }"), "Invalid Unicode escape sequence: \"\\uD83D\". line 1, column 9"},
	{STR_INIT("{ a(x: \"\\uD83D\\uD83D\") }"), "Invalid Unicode escape sequence: \"\\uD83D\". line 1, column 9"},
	{STR_INIT("{ a(x: \"\\uDE00\\uD83D\") }"), "Invalid Unicode escape sequence: \"\\uDE00\". line 1, column 9"},
	{STR_INIT("{ a(x: \"\\uD83D"), "Invalid Unicode escape sequence: \"\\uD83D\". line 1, column 9"},
	{STR_INIT("{ a(x: \"\\uD83D\\u{DE00}\") }"), "Invalid Unicode escape sequence: \"\\uD83D\". line 1, column 9"},
	{STR_INIT("{ a(x: \"\\u{}\") }"), "Invalid Unicode escape sequence: \"\\u{}\". line 1, column 9"},
	{STR_INIT("{ a(x: \"\\u{110000}\") }"), "Invalid Unicode escape sequence: \"\\u{110000}\". line 1, column 9"},
	{STR_INIT("{ a(x: \"\\u{D83D}\") }"), "Invalid Unicode escape sequence: \"\\u{D83D}\". line 1, column 9"},
	{STR_INIT("{ a(x: \"\\u{41\") }"), "Invalid Unicode escape sequence: \"\\u{41\"\". line 1, column 9"},
	{STR_INIT("{ a(x: \"\\u{4z}\") }"), "Invalid Unicode escape sequence: \"\\u{4z\". line 1, column 9"},
	{STR_INIT("{ a(x: \"\\u{000000041}\") }"),
		"Invalid Unicode escape sequence: \"\\u{000000041\". line 1, column 9"},
	{STR_INIT("{ a(x: \"\\u{"), "Invalid Unicode escape sequence: \"\\u{\". line 1, column 9"},
	{STR_INIT("{ a(x: \"\xFF\") }"), "Invalid character within String: byte 0xFF. line 1, column 9"},
	{STR_INIT("{ a(x: \"\xC0\x80\") }"), "Invalid character within String: byte 0xC0. line 1, column 9"},
	{STR_INIT("{ a(x: \"\xED\xA0\x80\") }"), "Invalid character within String: byte 0xED. line 1, column 9"},
	{STR_INIT("{ a(x: \"\xF0\x9F\x98"), "Invalid character within String: byte 0xF0. line 1, column 9"},
	{STR_INIT("{ a(x: \"\"\"a\n\"\"  b"), "Unterminated string. line 2, column 6"},
	{STR_INIT("{ a(x: \"\"\"a\\\"\"\""), "Unterminated string. line 1, column 16"},
	{STR_INIT("{ a(x: \"\"\"\n\n \xFE\"\"\""), "Invalid character within String: byte 0xFE. line 3, column 2"},
	/* Characters that start nothing, and columns counted as graphql-js does. */
	{STR_INIT("{ a ? }"), "Unexpected character: \"?\". line 1, column 5"},
	{STR_INIT("{ a(x: 'y') }"),
		"Unexpected single quote character ('), did you mean to use a double quote (\")? line 1, column 8"},
	{STR_INIT("{ .. }"), "Unexpected character: \".\". line 1, column 3"},
	{STR_INIT("{ \x07 }"), "Unexpected character: U+0007. line 1, column 3"},
	{STR_INIT("{ \0 }"), "Unexpected character: U+0000. line 1, column 3"},
	{STR_INIT("{ \xC3\xA9 }"), "Unexpected character: U+00E9. line 1, column 3"},
	{STR_INIT("{ n\xC3\xA9 }"), "Unexpected character: U+00E9. line 1, column 4"},
	{STR_INIT("{ \xF0\x9F\x98\x80 }"), "Unexpected character: U+1F600. line 1, column 3"},
	{STR_INIT("{ \xEF\xBB }"), "Invalid character: byte 0xEF. line 1, column 3"},
	{STR_INIT("{ \x80 }"), "Invalid character: byte 0x80. line 1, column 3"},
	{STR_INIT("{ a(x: \"\xC3\xA9\xF0\x9F\x98\x80\") ? }"), "Unexpected character: \"?\". line 1, column 15"},
	{STR_INIT("{\r\n a\r b\n\n ? }"), "Unexpected character: \"?\". line 5, column 2"},
	{STR_INIT("\xEF\xBB\xBF{ ? }"), "Unexpected character: \"?\". line 1, column 4"},
	{STR_INIT("{ a \\ }"), "Unexpected character: \"\\\". line 1, column 5"},
	{STR_INIT("{ a; }"), "Unexpected character: \";\". line 1, column 4"},
};

static void syntax_errors(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		str want = str_printf(a, "Syntax Error: %s", refused[i].why);
		gq_document *doc;

		error_init(&err, a);
		if (gq_parse(a, refused[i].source, NULL, &doc, &err))
			fail_msg("parsed: %.*s", STR_ARG(refused[i].source));
		assert_null(doc);
		assert_int_equal(err.code, ERR_VALIDATION_FAILED);
		assert_str(error_path(&err), STR("$.query"));
		assert_str(err.message, STR("not a valid graphql query"));
		assert_non_null(err.internal);
		assert_true(str_is_utf8(err.internal->text));
		/* A NUL inside what is shown ends a C string early. */
		if (memchr(refused[i].source.p, 0, refused[i].source.n) &&
			!str_starts(want, STR("Syntax Error: Unexpected")))
			assert_true(str_starts(err.internal->text, want));
		else assert_str(err.internal->text, want);
	}
}

/* Every beginning of a valid query is refused and none makes the parser read past its end. */
static void truncations(void **state)
{
	(void)state;
	str text = STR("query Q($a: [Int!]! = [1, -2.5e3]) @d(x: {y: \"\\u{1F600}z\"}) "
		       "{ a: b(c: $a, d: \"\"\"x\"\"\") { ...F ... on T { e } } }");
	gq_document *doc;

	for (size_t n = 0; n < text.n; n++) {
		arena *b = arena_new(0);
		str part = str_copy(b, str_sub(text, 0, n));
		error_init(&err, b);
		assert_false(gq_parse(b, part, NULL, &doc, &err));
		arena_free(b);
	}
	parse(text);
}

static void long_tokens_are_cut_in_messages(void **state)
{
	(void)state;
	buf b = {0};
	gq_document *doc;

	buf_puts(&b, "{ a \"x");
	for (int i = 0; i < 5000; i++)
		buf_puts(&b, "\xC3\xA9");
	buf_puts(&b, "\" }");
	assert_false(gq_parse(a, buf_str(&b), NULL, &doc, &err));
	assert_true(err.internal->text.n < 400);
	assert_true(str_is_utf8(err.internal->text));
	buf_free(&b);
}

/* ---- limits ---- */

static str repeat(
	const char *open, size_t n, const char *middle, const char *close, const char *before, const char *after)
{
	buf b = {0};

	buf_puts(&b, before);
	for (size_t i = 0; i < n; i++)
		buf_puts(&b, open);
	buf_puts(&b, middle);
	for (size_t i = 0; i < n; i++)
		buf_puts(&b, close);
	buf_puts(&b, after);
	str s = str_copy(a, buf_str(&b));
	buf_free(&b);
	return s;
}

static void depth_is_limited(void **state)
{
	(void)state;
	static const struct {
		const char *open, *middle, *close, *before, *after;
		size_t around; /* levels before and after count too */
	} kinds[] = {
		{"{a", "", "}", "", "", 0},
		{"[", "1", "]", "{a(x:", ")}", 1},
		{"{k:", "1", "}", "{a(x:", ")}", 1},
		{"[", "T", "]", "query($v:", "){a}", 0},
		{"...{", "a", "}", "{", "}", 1},
		{"[", "1", "]", "query($v:T=", "){a}", 0},
		{"[", "1", "]", "{a @d(x:", ")}", 1},
	};
	gq_document *doc;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		size_t most = 200 - kinds[i].around;
		static const size_t more[] = {1, 2, 5000, 200000};
		parse(repeat(kinds[i].open, most, kinds[i].middle, kinds[i].close, kinds[i].before, kinds[i].after));
		for (size_t m = 0; m < 4; m++) {
			str text = repeat(kinds[i].open, most + more[m], kinds[i].middle, kinds[i].close,
				kinds[i].before, kinds[i].after);
			error_init(&err, a);
			assert_false(gq_parse(a, text, NULL, &doc, &err));
			assert_int_equal(err.code, ERR_VALIDATION_FAILED);
			assert_str(error_path(&err), STR("$.query"));
			assert_str(err.message, STR("the query is nested deeper than 200 levels"));
		}
	}
}

static void depth_limit_is_given_and_capped(void **state)
{
	(void)state;
	gq_limits two = {.depth = 2}, huge = {.depth = UINT32_MAX};
	gq_document *doc;
	gq_type *t;

	assert_true(gq_parse(a, STR("{a{b} c{d}}"), &two, &doc, &err));
	assert_int_equal(doc->depth, 2);
	assert_false(gq_parse(a, STR("{a{b{c}}}"), &two, &doc, &err));
	assert_str(err.message, STR("the query is nested deeper than 2 levels"));
	assert_true(gq_parse(a, repeat("{a", 2000, "", "}", "", ""), &huge, &doc, &err));
	assert_false(gq_parse(a, repeat("{a", 2001, "", "}", "", ""), &huge, &doc, &err));
	assert_true(gq_parse_type(a, repeat("[", 200, "T", "]", "", ""), &t));
	assert_false(gq_parse_type(a, repeat("[", 100000, "T", "]", "", ""), &t));
}

static void tokens_are_limited(void **state)
{
	(void)state;
	gq_limits five = {.tokens = 5};
	gq_document *doc;

	assert_true(gq_parse(a, STR("{ a b c } # no token"), &five, &doc, &err));
	assert_false(gq_parse(a, STR("{ a b c d }"), &five, &doc, &err));
	assert_str(err.message, STR("the query has more than 5 tokens"));
	assert_str(error_path(&err), STR("$.query"));
}

static void many_names_are_compared_quickly(void **state)
{
	(void)state;
	buf b = {0};
	gq_document *doc;

	buf_puts(&b, "{ f(x: {");
	for (int i = 0; i < 100000; i++)
		buf_printf(&b, "k%d:1 ", i);
	size_t n = b.n;
	buf_puts(&b, "}) }");
	doc = parse(buf_str(&b));
	assert_int_equal(first_arg(doc)->count, 100000);
	static const char *const again[] = {"k0:1}) }", "k12:1}) }", "k99999:1}) }"};
	for (size_t i = 0; i < 3; i++) {
		b.n = n;
		buf_puts(&b, again[i]);
		error_init(&err, a);
		assert_false(gq_parse(a, buf_str(&b), NULL, &doc, &err));
		assert_true(str_starts(
			err.internal->text, STR("Syntax Error: There can be only one input field named \"k")));
	}
	buf_free(&b);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, test_begin, test_end)
	const struct CMUnitTest tests[] = {
		T(selections),
		T(operations_and_fragments),
		T(keywords_are_names),
		T(variables),
		T(many_variables),
		T(types_alone),
		T(values),
		T(numbers),
		T(strings),
		T(block_strings),
		T(ignored_tokens),
		T(lexer_knows_the_whole_language),
		T(syntax_errors),
		T(truncations),
		T(long_tokens_are_cut_in_messages),
		T(depth_is_limited),
		T(depth_limit_is_given_and_capped),
		T(tokens_are_limited),
		T(many_names_are_compared_quickly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
