/* What ties a cached plan to variables: skeleton, guards, checks. */
#include "fixture.h"
#include "plan/plan.h"

#include "suite.h"

static const char CATALOG[] =
	"table item id:int4!= name:text born:date bio:jsonb tags:_text color:text uid:uuid area:geometry num:numeric big:int8 | pk id"
	" | fk color -> color value\n"
	"table color value:text! | pk value\n"
	"values color red green\n";
static const char METADATA[] = "{\"tables\":[{\"table\":\"item\"},{\"table\":\"color\",\"is_enum\":true}]}";

static snapshot *snap;
static arena *a;

static int set_up(void **state)
{
	(void)state;
	a = arena_new(0);
	snap = fixture_snapshot(CATALOG, METADATA, NULL);
	return snap->ninconsistencies != 0;
}

static int tear_down(void **state)
{
	(void)state;
	snapshot_unref(snap);
	arena_free(a);
	return 0;
}

static const json *vars_of(const char *text)
{
	json *j;
	error err;
	error_init(&err, a);
	if (!json_parse(a, str_from(text), &j, &err)) fail_msg("%s", text);
	return j;
}

static plan *make(const char *text, const char *variables)
{
	gq_document *doc;
	plan *p;
	error err;
	error_init(&err, a);
	plan_request req = {.snap = snap, .role = STR("admin"), .variables = vars_of(variables)};
	bool ok = gq_parse(a, str_from(text), NULL, &doc, &err);
	req.doc = doc;
	if (!ok || !gq_select_operation(doc, STR_NULL, &req.op, &err) || !plan_make(&req, &p, &err))
		fail_msg("%s: %.*s", text, STR_ARG(err.message));
	return p;
}

static bool same_skeleton(const char *x, const char *y)
{
	return plan_variables_skeleton(vars_of(x)) == plan_variables_skeleton(vars_of(y));
}

static void skeletons(void **state)
{
	(void)state;
	assert_true(same_skeleton("{\"a\":1,\"b\":\"x\"}", "{\"a\":22,\"b\":\"yy\"}"));
	assert_false(same_skeleton("{\"a\":1}", "{\"a\":1.0}"));
	assert_false(same_skeleton("{\"a\":1}", "{\"a\":\"1\"}"));
	assert_false(same_skeleton("{\"a\":1}", "{\"a\":null}"));
	assert_false(same_skeleton("{\"a\":1}", "{}"));
	assert_false(same_skeleton("{\"a\":1}", "{\"b\":1}"));
	assert_false(same_skeleton("{\"a\":{\"x\":1}}", "{\"a\":{\"y\":1}}"));
	assert_false(same_skeleton("{\"a\":[1,2]}", "{\"a\":[1]}"));
	assert_false(same_skeleton("{\"a\":[{\"x\":1}]}", "{\"a\":[{\"x\":1},{\"x\":1}]}"));
	assert_false(same_skeleton("{\"a\":[[1],2]}", "{\"a\":[1,[2]]}"));
	/* Long lists of scalars are one parameter, whatever their length. */
	assert_true(same_skeleton("{\"a\":[1,2,3,4,5,6,7,8,9]}", "{\"a\":[1,2,3,4,5,6,7,8,9,10]}"));
	assert_int_equal(plan_variables_skeleton(NULL), 0);
}

static void holds(const char *text, const char *variables, const char *others, bool want)
{
	plan *p = make(text, variables);
	assert_true(plan_guards_hold(p, vars_of(variables)));
	if (plan_guards_hold(p, vars_of(others)) != want)
		fail_msg("%s with %s: guards should %shold", text, others, want ? "" : "not ");
	plan_free(p);
}

static void guards(void **state)
{
	(void)state;
	holds("query($l:Int){item(limit:$l){id}}", "{\"l\":1}", "{\"l\":2}", false);
	holds("query($l:Int){item(limit:$l){id}}", "{\"l\":1}", "{\"l\":1}", true);
	holds("query($i:Int){item(where:{id:{_eq:$i}}){id}}", "{\"i\":1}", "{\"i\":2}", true);
	holds("query($s:Boolean!){item{id @skip(if:$s) name}}", "{\"s\":true}", "{\"s\":false}", false);
	holds("query($o:order_by){item(order_by:{id:$o}){id}}", "{\"o\":\"asc\"}", "{\"o\":\"desc\"}", false);
	holds("query($w:item_bool_exp){item(where:$w){id}}", "{\"w\":{\"id\":{\"_eq\":1}}}",
		"{\"w\":{\"id\":{\"_eq\":2}}}", true);
	holds("query($w:item_bool_exp){item(where:$w){id}}", "{\"w\":{\"id\":{\"_is_null\":true}}}",
		"{\"w\":{\"id\":{\"_is_null\":false}}}", false);
	holds("query($d:[item_select_column!]){item(distinct_on:$d){id}}", "{\"d\":[\"id\"]}", "{\"d\":[\"name\"]}",
		false);
	holds("query($n:Int){item(where:{bio:{_contains:{x:$n}}}){id}}", "{\"n\":1}", "{\"n\":2}", false);
	holds("query($j:jsonb){item(where:{bio:{_contains:$j}}){id}}", "{\"j\":1}", "{\"j\":2}", true);
	holds("query($i:[Int!]){item(where:{id:{_in:$i}}){id}}", "{\"i\":[1,2]}", "{\"i\":[3,4]}", true);
	holds("query($i:Int){item(where:{id:{_eq:$i}}){id}}", "{\"i\":1.0}", "{\"i\":2.0}", false);
	holds("query($p:String){item{bio(path:$p)}}", "{\"p\":\"a\"}", "{\"p\":\"b\"}", false);
}

static void checked(const char *text, const char *variables, const char *others, const char *message, const char *path)
{
	error err;
	error_init(&err, a);
	plan *p = make(text, variables);
	assert_true(plan_check_variables(p, vars_of(variables), &err));
	assert_true(plan_guards_hold(p, vars_of(others)));
	bool ok = plan_check_variables(p, vars_of(others), &err);
	if (!message) {
		if (!ok) fail_msg("%s with %s: %.*s", text, others, STR_ARG(err.message));
	} else if (ok || !str_eqz(err.message, message) || !str_eqz(error_path(&err), path)) {
		fail_msg("%s with %s: got %.*s at %.*s", text, others, STR_ARG(err.message), STR_ARG(error_path(&err)));
	}
	plan_free(p);
}

static void checks(void **state)
{
	(void)state;
	checked("query($i:Int){item(where:{id:{_eq:$i}}){id}}", "{\"i\":1}", "{\"i\":2}", NULL, NULL);
	checked("query($i:Int){item(where:{id:{_eq:$i}}){id}}", "{\"i\":1}", "{\"i\":3000000000}",
		"The value 3.0e9 lies outside the bounds or is not an integer. Maybe it is a float, or is there integer overflow?",
		"$.selectionSet.item.args.where.id._eq");
	checked("query($i:bigint){item(where:{big:{_eq:$i}}){id}}", "{\"i\":1}", "{\"i\":3000000000}", NULL, NULL);
	checked("query($c:color_enum){item(where:{color:{_eq:$c}}){id}}", "{\"c\":\"red\"}", "{\"c\":\"blue\"}",
		"expected one of the values ['green', 'red'] for type 'color_enum', but found 'blue'",
		"$.selectionSet.item.args.where.color._eq");
	checked("query($n:[String!]){item(where:{name:{_in:$n}}){id}}",
		"{\"n\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"]}", "{\"n\":[\"1\",null]}",
		"unexpected null value for type 'String'", "$.selectionSet.item.args.where.name._in[1]");
	checked("query($n:[String!]){item(where:{bio:{_has_keys_any:$n}}){id}}", "{\"n\":[\"1\"]}", "{\"n\":[5]}",
		"parsing Text failed, expected String, but encountered Number",
		"$.selectionSet.item.args.where.bio._has_keys_any[0]");
	checked("query($t:[String!]){item(where:{tags:{_contains:$t}}){id}}", "{\"t\":[\"1\"]}", "{\"t\":[true]}",
		"parsing Text failed, expected String, but encountered Boolean",
		"$.selectionSet.item.args.where.tags._contains");
	checked("query($g:geometry){item(where:{area:{_eq:$g}}){id}}",
		"{\"g\":{\"type\":\"Point\",\"coordinates\":[1,2]}}", "{\"g\":5}",
		"parsing Geometry failed, expected Object, but encountered Number",
		"$.selectionSet.item.args.where.area._eq");
	checked("query($u:uuid){item(where:{uid:{_eq:$u}}){id}}", "{\"u\":\"x\"}", "{\"u\":5}",
		"parsing UUID failed, expected String, but encountered Number",
		"$.selectionSet.item.args.where.uid._eq");
	checked("query($i:Int!){item_by_pk(id:$i){id}}", "{\"i\":1}", "{\"i\":null}",
		"unexpected null value for type 'Int'", "$.selectionSet.item_by_pk.args.id");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(skeletons),
		cmocka_unit_test(guards),
		cmocka_unit_test(checks),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
