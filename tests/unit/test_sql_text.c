/* SQL text made by hand-written expressions: quoting, parameters, null-safe comparison, roots. */
#include "sql/build.h"
#include <stdio.h>
#include "suite.h"

static void assert_str(str got, const char *want)
{
	if (!str_eqz(got, want)) fail_msg("got `%.*s`, want `%s`", STR_ARG(got), want);
}

static void bexp_is(const bexp *e, const char *want, size_t nparams)
{
	arena *a = arena_new(0);
	sql_build b = sql_build_new(a, NULL, NULL);
	b.aliases = 1;
	buf text = {0};
	sql_put_bexp(&b, &text, e, 1, 1);
	assert_str(buf_str(&text), want);
	assert_int_equal(b.params.n, nparams);
	buf_free(&text);
	arena_free(a);
}

#define CONST(t, c)                                                         \
	{                                                                   \
		.kind = VAL_CONST, .text = STR_INIT(t), .cast = STR_INIT(c) \
	}

static void comparisons(void **state)
{
	(void)state;
	bexp e = {.kind = BEXP_CMP, .lhs = {.column = STR("we\"ird")}, .op = CMP_GT, .rhs = CONST("1", "integer")};
	bexp_is(&e, "(t1.\"we\"\"ird\" > ($1)::integer)", 1);
	e.lhs.column = STR("a");
	e.op = CMP_EQ;
	e.null_safe = true;
	bexp_is(&e, "((t1.\"a\" = ($1)::integer) OR (t1.\"a\" IS NULL AND ($1)::integer IS NULL))", 1);
	e.op = CMP_NEQ;
	bexp_is(&e,
		"((t1.\"a\" <> ($1)::integer) OR (t1.\"a\" IS NULL AND ($1)::integer IS NOT NULL) OR (t1.\"a\" IS NOT NULL AND "
		"($1)::integer IS NULL))",
		1);
	e.null_safe = false;
	e.op = CMP_EQ;
	e.rhs = (val){.kind = VAL_NULL, .cast = STR("integer")};
	bexp_is(&e, "(t1.\"a\" = NULL::integer)", 0);
	e = (bexp){.kind = BEXP_CMP, .lhs = {.column = STR("a")}, .op = CMP_IS_NULL, .is_null = true};
	bexp_is(&e, "(t1.\"a\" IS NULL)", 0);
	e = (bexp){.kind = BEXP_CMP,
		.lhs = {.column = STR("a"), .cast = STR("text")},
		.op = CMP_LIKE,
		.rhs = CONST("%", "text")};
	bexp_is(&e, "((t1.\"a\")::text LIKE ($1)::text)", 1);
	e = (bexp){.kind = BEXP_CMP,
		.lhs = {.column = STR("a")},
		.op = CMP_CNEQ,
		.rhs_column = STR("b"),
		.rhs_root = true};
	bexp_is(&e, "(t1.\"a\" <> t1.\"b\")", 0);
}

static void lists(void **state)
{
	(void)state;
	val elems[5];
	for (size_t i = 0; i < 5; i++) {
		static const str texts[] = {STR_INIT("a"), STR_INIT("b"), STR_INIT("c"), STR_INIT("d"), STR_INIT("e")};
		elems[i] = (val){.kind = VAL_CONST, .text = texts[i], .cast = STR("text")};
	}
	bexp e = {.kind = BEXP_CMP, .lhs = {.column = STR("a")}, .op = CMP_IN};
	e.rhs = (val){.kind = VAL_CONST, .elems = elems, .nelems = 1};
	bexp_is(&e, "(t1.\"a\" IN (($1)::text))", 1);
	e.rhs.nelems = 3;
	/* Three and four are one statement: the last value has a parameter of its own. */
	bexp_is(&e, "(t1.\"a\" IN (($1)::text, ($2)::text, ($3)::text, ($4)::text))", 4);
	e.op = CMP_NIN;
	e.rhs.nelems = 5;
	bexp_is(&e,
		"(t1.\"a\" NOT IN (($1)::text, ($2)::text, ($3)::text, ($4)::text, ($5)::text, ($6)::text, ($7)::text, ($8)::text))",
		8);
	e.rhs.nelems = 0;
	bexp_is(&e, "true", 0);
	e.op = CMP_IN;
	bexp_is(&e, "false", 0);
	e.rhs = (val){.kind = VAL_SESSION, .text = STR("x-hasura-ids"), .cast = STR("text[]"), .is_list = true};
	bexp_is(&e, "(t1.\"a\" = ANY (($1)::text[]))", 1);
	e.op = CMP_NIN;
	bexp_is(&e, "(t1.\"a\" <> ALL (($1)::text[]))", 1);
}

static void connectives(void **state)
{
	(void)state;
	bexp t = {.kind = BEXP_TRUE}, f = {.kind = BEXP_FALSE};
	const bexp *kids[] = {&t, &f};
	bexp e = {.kind = BEXP_AND, .kids = kids, .nkids = 2};
	bexp_is(&e, "(true AND false)", 0);
	e.kind = BEXP_OR;
	bexp_is(&e, "(true OR false)", 0);
	e.nkids = 0;
	bexp_is(&e, "false", 0);
	e.kind = BEXP_AND;
	bexp_is(&e, "true", 0);
	e.kind = BEXP_NOT;
	e.nkids = 1;
	bexp_is(&e, "(NOT true)", 0);
}

/* `$` means the table of the filter it stands in: the outer one, or, in a role's filter put inside, the table there. */
static void roots(void **state)
{
	(void)state;
	bexp cmp = {
		.kind = BEXP_CMP, .lhs = {.column = STR("x")}, .op = CMP_CEQ, .rhs_column = STR("y"), .rhs_root = true};
	const bexp *deep[] = {&cmp};
	join_pair pair = {.local = STR("id"), .remote = STR("fk")};
	bexp inner = {.kind = BEXP_REL,
		.rel = {.target = {STR("s"), STR("c")}, .pairs = &pair, .npairs = 1},
		.kids = deep,
		.nkids = 1};
	const bexp *kids[] = {&inner};
	bexp e = {.kind = BEXP_REL,
		.rel = {.target = {STR("s"), STR("b")}, .pairs = &pair, .npairs = 1},
		.kids = kids,
		.nkids = 1};
	bexp_is(&e,
		"EXISTS (SELECT 1 FROM \"s\".\"b\" t2 WHERE (t2.\"fk\" = t1.\"id\") AND EXISTS (SELECT 1 FROM \"s\".\"c\" t3 WHERE "
		"(t3.\"fk\" = t2.\"id\") AND (t3.\"x\" = t1.\"y\")))",
		0);
	inner.own_root = true;
	bexp_is(&e,
		"EXISTS (SELECT 1 FROM \"s\".\"b\" t2 WHERE (t2.\"fk\" = t1.\"id\") AND EXISTS (SELECT 1 FROM \"s\".\"c\" t3 WHERE "
		"(t3.\"fk\" = t2.\"id\") AND (t3.\"x\" = t2.\"y\")))",
		0);
}

static void aggregate_predicates(void **state)
{
	(void)state;
	bexp cmp = {.kind = BEXP_CMP, .op = CMP_GT, .rhs = CONST("3", "integer")};
	bexp filter = {.kind = BEXP_CMP, .lhs = {.column = STR("k")}, .op = CMP_IS_NULL};
	str columns[] = {STR("p"), STR("q")};
	bexp e = {.kind = BEXP_REL_AGG, .rel = {.target = {STR("s"), STR("b")}}};
	e.agg = (bexp_agg){.function = STR("count"),
		.distinct = true,
		.columns = columns,
		.ncolumns = 2,
		.filter = &filter,
		.predicate = &cmp};
	bexp_is(&e,
		"EXISTS (SELECT 1 FROM \"s\".\"b\" t2 WHERE true AND (t2.\"k\" IS NOT NULL) HAVING (count(DISTINCT (t2.\"p\", t2.\"q\")) > "
		"($1)::integer))",
		1);
	e.agg = (bexp_agg){.function = STR("corr"), .columns = columns, .ncolumns = 2, .predicate = &cmp};
	bexp_is(&e,
		"EXISTS (SELECT 1 FROM \"s\".\"b\" t2 WHERE true HAVING (corr(t2.\"p\", t2.\"q\") > ($1)::integer))",
		1);
}

static void calls(void **state)
{
	(void)state;
	arena *a = arena_new(0);
	sql_build b = sql_build_new(a, NULL, NULL);
	buf text = {0};
	fn_arg args[] = {{.value = CONST("1", "integer")}, {.name = STR_INIT("b c"), .value = CONST("2", "integer")}};
	row_call call = {.function = {STR("s"), STR("f")},
		.table_arg = 1,
		.session_arg = 2,
		.session_cast = STR("json"),
		.args = args,
		.nargs = 2};
	sql_row row = {.alias = 4};
	sql_put_row_call(&b, &text, &call, &row);
	assert_str(buf_str(&text), "\"s\".\"f\"(($1)::integer, t4.*, ($2)::json, \"b c\" => ($3)::integer)");
	buf_clear(&text);
	row.derived = true;
	call = (row_call){.function = {STR("s"), STR("f")}, .session_arg = SIZE_MAX};
	sql_put_row_call(&b, &text, &call, &row);
	assert_str(buf_str(&text), "\"s\".\"f\"(t4.\"weir row\")");
	buf_free(&text);
	arena_free(a);
}

static void equal_values_share_a_parameter(void **state)
{
	(void)state;
	arena *a = arena_new(0);
	sql_build b = sql_build_new(a, NULL, NULL);
	buf text = {0};
	val_step step = {.key = STR("v")}, other = {.key = STR("w")};
	val v = {.kind = VAL_VAR, .path = &step, .npath = 1, .cast = STR("integer")}, w = v, x = v;
	w.path = &other;
	x.cast = STR("text");
	sql_put_val(&b, &text, &v);
	sql_put_val(&b, &text, &w);
	sql_put_val(&b, &text, &v);
	sql_put_val(&b, &text, &x);
	assert_str(buf_str(&text), "($1)::integer($2)::integer($1)::integer($3)::text");
	buf_clear(&text);
	v.from_geojson = true;
	v.cast = STR("geography");
	sql_put_val(&b, &text, &v);
	assert_str(buf_str(&text), "(ST_GeomFromGeoJSON(($4)::text))::geography");
	const statement *s = sql_finish(&b, &text, 1);
	assert_int_equal(s->nparams, 4);
	assert_int_not_equal(s->id, 0);
	assert_int_equal(s->sql[s->sql_len], 0);
	buf_free(&text);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comparisons),
		cmocka_unit_test(lists),
		cmocka_unit_test(connectives),
		cmocka_unit_test(roots),
		cmocka_unit_test(aggregate_predicates),
		cmocka_unit_test(calls),
		cmocka_unit_test(equal_values_share_a_parameter),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
