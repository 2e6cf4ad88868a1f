/* Building snapshots: every reason why something is inconsistent, sharing with the snapshot before, root fields. */
#include "base/clock.h"
#include "fixture.h"
#include "schema/role.h"
#include <stdio.h>
// clang-format off
#include "suite.h"
// clang-format on

#define TABLES                                                                                  \
	"table author id:int4! name:text! age:int4 bio:json tags:_text | pk id | unique name\n" \
	"table article id:int4! title:varchar author_id:int4 other_id:int4 | pk id"             \
	" | fk author_id -> author id | fk other_id -> author id\n"                             \
	"table twice id:int4! a:int4 | pk id | fk a -> author id | fk a -> author id\n"         \
	"view names id:int4 name:text\n"                                                        \
	"table color value:text! | pk value\n"                                                  \
	"table paint id:int4! color:text | pk id | fk color -> color value\n"                   \
	"values color red green\n"                                                              \
	"function full_name row:author -> text stable\n"                                        \
	"function restless row:author -> text volatile\n"                                       \
	"function of_author row:author -> setof:article stable\n"                               \
	"function takes row:author n:int4 -> text stable\n"                                     \
	"function wrong row:article -> text stable\n"                                           \
	"function find q:text -> setof:author stable\n"                                         \
	"function number -> int4 stable\n"

/* One table of a document, with what follows behind its name. */
#define ONE(table, more) \
	"{\"tables\": [{\"table\": \"author\"}, {\"table\": \"article\"}, {\"table\": \"" table "\"" more "}]}"
#define AUTHOR(more) "{\"tables\": [{\"table\": \"author\"" more "}, {\"table\": \"article\"}]}"
#define ARTICLE(more) "{\"tables\": [{\"table\": \"author\"}, {\"table\": \"article\"" more "}]}"

#define OBJECT(name, using) ", \"object_relationships\": [{\"name\": \"" name "\", \"using\": " using "}]"
#define ARRAY(name, using) ", \"array_relationships\": [{\"name\": \"" name "\", \"using\": " using "}]"
#define FK(column) "{\"foreign_key_constraint_on\": \"" column "\"}"
#define FK_OF(table, column) "{\"foreign_key_constraint_on\": {\"table\": \"" table "\", \"column\": \"" column "\"}}"
#define MANUAL(table, local, remote)                                                                                 \
	"{\"manual_configuration\": {\"remote_table\": \"" table "\", \"column_mapping\": {\"" local "\": \"" remote \
	"\"}}}"
#define SELECT(permission) ", \"select_permissions\": [{\"role\": \"u\", \"permission\": " permission "}]"
#define FILTER(filter) SELECT("{\"columns\": [\"id\"], \"filter\": " filter "}")
#define INSERT(permission) ", \"insert_permissions\": [{\"role\": \"u\", \"permission\": " permission "}]"
#define UPDATE(permission) ", \"update_permissions\": [{\"role\": \"u\", \"permission\": " permission "}]"
#define COMPUTED(name, fn) \
	", \"computed_fields\": [{\"name\": \"" name "\", \"definition\": {\"function\": \"" fn "\"}}]"

#define IN_AUTHOR(what) "in table \"author\": in " what ": "
#define PERM "permission for role \"u\""

typedef struct broken {
	const char *metadata;
	const char *type;
	const char *name;
	const char *reason;
} broken;

static const broken BROKEN[] = {
	{ONE("nope", ""), "table", "table nope in source default", "no such table/view exists in source: \"nope\""},
	{ONE("paint", ", \"configuration\": {\"column_config\": {\"x\": {\"custom_name\": \"y\"}}}"), "table",
		"table paint in source default",
		"configuration was given for the column \"x\", but no such column exists"},
	{ONE("paint", ", \"configuration\": {\"column_config\": {\"id\": {\"custom_name\": \"color\"}}}"), "table",
		"table paint in source default",
		"the definitions of columns \"id\" and \"color\" are in conflict: they are mapped to the same field name, \"color\""},

	{ARTICLE(OBJECT("a", FK("title"))), "object_relation", "object_relation a in table article in source default",
		"in table \"article\": in relationship \"a\": no foreign constraint exists on the given column(s)"},
	{ARTICLE(OBJECT("a", FK("nope"))), "object_relation", "object_relation a in table article in source default",
		"in table \"article\": in relationship \"a\": table \"article\" has no field named \"nope\""},
	{ARTICLE(OBJECT("a b", FK("author_id"))), "object_relation",
		"object_relation a b in table article in source default",
		"in table \"article\": in relationship \"a b\": cannot include \"a b\" in the GraphQL schema because  it is not a "
		"valid GraphQL identifier"},
	{ONE("twice", OBJECT("a", FK("a"))), "object_relation", "object_relation a in table twice in source default",
		"in table \"twice\": in relationship \"a\": more than one foreign key constraint exists on the given column(s)"},
	{AUTHOR(ARRAY("a", FK_OF("nope", "x"))), "array_relation", "array_relation a in table author in source default",
		IN_AUTHOR("relationship \"a\"") "table \"nope\" does not exist in source: default"},
	{AUTHOR(ARRAY("a", FK_OF("twice", "a"))), "array_relation",
		"array_relation a in table author in source default", "table \"twice\" is not tracked"},
	{AUTHOR(OBJECT("a", MANUAL("names", "id", "id"))), "object_relation",
		"object_relation a in table author in source default", "table \"names\" is not tracked"},
	{AUTHOR(OBJECT("a", MANUAL("article", "id", "nope"))), "object_relation",
		"object_relation a in table author in source default",
		IN_AUTHOR("relationship \"a\"") "table \"article\" has no field named \"nope\""},
	{AUTHOR(OBJECT("name", MANUAL("article", "id", "id"))), "object_relation",
		"object_relation name in table author in source default",
		"field definition conflicts with postgres column"},
	{AUTHOR(OBJECT("called", MANUAL("article", "id", "id")) ", \"configuration\": {\"column_config\": {\"name\": "
								"{\"custom_name\": \"called\"}}}"),
		"object_relation", "object_relation called in table author in source default",
		"field definition conflicts with custom field name for postgres column \"name\""},

	{AUTHOR(FILTER("{\"nope\": 1}")), "select_permission", "select_permission u in table author in source default",
		IN_AUTHOR(PERM) "\"nope\" does not exist"},
	{AUTHOR(FILTER("{\"id\": {\"_nope\": 1}}")), "select_permission",
		"select_permission u in table author in source default", IN_AUTHOR(PERM) "Unknown operator: _nope"},
	{AUTHOR(FILTER("{\"bio\": {\"_eq\": 1}}")), "select_permission",
		"select_permission u in table author in source default",
		IN_AUTHOR(PERM) "JSON column can not be part of boolean expression"},
	{AUTHOR(FILTER("{\"id\": {\"_like\": \"x\"}}")), "select_permission",
		"select_permission u in table author in source default",
		IN_AUTHOR(
			PERM) " is of type \"integer\"; this operator works only on columns of type \"varchar\", \"text\", \"citext\""},
	{AUTHOR(FILTER("{\"id\": {\"_ceq\": \"name\"}}")), "select_permission",
		"select_permission u in table author in source default",
		IN_AUTHOR(
			PERM) "incompatible column types: \"id\" has type \"integer\", but \"name\" has type \"text\""},
	{AUTHOR(FILTER("{\"id\": {\"_ceq\": [\"a\", \"b\"]}}")), "select_permission",
		"select_permission u in table author in source default",
		IN_AUTHOR(PERM) "Relationship references are not supported in column comparison RHS"},
	{AUTHOR(FILTER("{\"_exists\": {\"_table\": \"nope\", \"_where\": {}}}")), "select_permission",
		"select_permission u in table author in source default",
		IN_AUTHOR(PERM) "table \"nope\" does not exist"},
	{AUTHOR(SELECT("{\"columns\": [\"nope\"], \"filter\": {}}")), "select_permission",
		"select_permission u in table author in source default",
		IN_AUTHOR(PERM) "column \"nope\" does not exist"},
	{AUTHOR(FILTER("{\"id\": {\"_ceq\": \"nope\"}}")), "select_permission",
		"select_permission u in table author in source default",
		IN_AUTHOR(PERM) "column \"nope\" does not exist"},
	{AUTHOR(SELECT("{\"columns\": [\"id\"], \"filter\": {}, \"limit\": -1}")), "select_permission",
		"select_permission u in table author in source default", IN_AUTHOR(PERM) "unexpected negative value"},
	{AUTHOR(SELECT("{\"columns\": [\"name\"], \"filter\": {}, \"query_root_fields\": [\"select_by_pk\"]}")),
		"select_permission", "select_permission u in table author in source default",
		IN_AUTHOR(
			PERM) "The \"select_by_pk\" field cannot be included in the query_root_fields or "
			      "subscription_root_fields because the role \"u\" does not have access to the primary key of the "
			      "table \"author\" in the source \"default\""},
	{AUTHOR(SELECT("{\"columns\": [\"id\"], \"filter\": {}, \"query_root_fields\": [\"select_aggregate\"]}")),
		"select_permission", "select_permission u in table author in source default",
		IN_AUTHOR(
			PERM) "The \"select_aggregate\" root field can only be enabled in the query_root_fields or  the "
			      "subscription_root_fields when \"allow_aggregations\" is set to true"},
	{AUTHOR(SELECT("{\"columns\": [\"id\"], \"filter\": {}, \"computed_fields\": [\"x\"]}")), "select_permission",
		"select_permission u in table author in source default",
		IN_AUTHOR(PERM) "computed field \"x\" does not exist"},
	{AUTHOR(INSERT("{\"columns\": [\"id\"], \"check\": {}, \"set\": {\"nope\": 1}}")), "insert_permission",
		"insert_permission u in table author in source default",
		IN_AUTHOR(PERM) "column \"nope\" does not exist"},
	{AUTHOR(UPDATE("{\"columns\": [\"id\"], \"filter\": {\"nope\": 1}}")), "update_permission",
		"update_permission u in table author in source default", IN_AUTHOR(PERM) "\"nope\" does not exist"},
	{AUTHOR(COMPUTED("f", "nope")), "computed_field", "computed_field f in table author in source default",
		IN_AUTHOR("computed field \"f\"") "no such function exists: \"nope\""},
	{AUTHOR(COMPUTED("f", "restless")), "computed_field", "computed_field f in table author in source default",
		IN_AUTHOR(
			"computed field \"f\"") "the computed field \"f\" cannot be added to table \"author\" because the function "
						"\"restless\" is of type VOLATILE; cannot be added as a computed field"},
	{AUTHOR(COMPUTED("f", "wrong")), "computed_field", "computed_field f in table author in source default",
		IN_AUTHOR(
			"computed field \"f\"") "the computed field \"f\" cannot be added to table \"author\" because first argument "
						"of the function \"wrong\" of type \"article\" is not the table to which the computed "
						"field is being added"},

	{"{\"tables\": [{\"table\": \"author\"}], \"functions\": [{\"function\": \"nope\"}]}", "function",
		"function nope in source default", "in function \"nope\": no such function exists: \"nope\""},
	{"{\"tables\": [{\"table\": \"article\"}], \"functions\": [{\"function\": \"find\"}]}", "function",
		"function find in source default", "table \"author\" is not tracked"},
	{"{\"tables\": [], \"functions\": [{\"function\": \"number\"}]}", "function",
		"function number in source default",
		"in function \"number\": the function \"number\" cannot be tracked for the following reasons:\n"
		"  • the function does not return a \"COMPOSITE\" type\n  • the function does not return a table\n"},
};

static void test_reasons(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof BROKEN / sizeof *BROKEN; i++) {
		const broken *b = &BROKEN[i];
		snapshot *s = fixture_snapshot(TABLES, b->metadata, NULL);
		if (s->ninconsistencies != 1) fail_msg("%s: %zu issues", b->reason, s->ninconsistencies);
		const snap_inconsistency *x = &s->inconsistencies[0];
		arena *a = arena_new(0);
		assert_string_equal(str_z(a, x->type), b->type);
		assert_string_equal(str_z(a, x->name), b->name);
		assert_string_equal(str_z(a, x->reason),
			str_z(a, str_cat(a, 2, STR("Inconsistent object: "), str_from(b->reason))));
		assert_non_null(x->definition);
		assert_true(x->blocks);
		arena_free(a);
		snapshot_unref(s);
	}
}

static void test_dependents_come_last(void **state)
{
	(void)state;
	snapshot *s = fixture_snapshot(TABLES,
		"{\"tables\": [{\"table\": \"article\"" OBJECT("author", FK("author_id")) "}, {\"table\": \"nope\"}]}",
		NULL);
	assert_int_equal(s->ninconsistencies, 2);
	assert_true(str_eqz(s->inconsistencies[0].type, "table"));
	assert_true(str_eqz(s->inconsistencies[1].type, "object_relation"));
	snapshot_unref(s);
}

static void test_names_graphql_cannot_have(void **state)
{
	(void)state;
	snapshot *s =
		fixture_snapshot(TABLES "table od-d id:int4! | pk id\n", "{\"tables\": [{\"table\": \"od-d\"}]}", NULL);
	assert_int_equal(s->ninconsistencies, 0);
	const snap_table *t =
		snap_source_table(snapshot_source(s, STR("default")), (qname){STR("public"), STR("od-d")});
	assert_non_null(t);
	assert_true(t->hidden);
	assert_int_equal(s->query_roots.n, 0);
	snapshot_unref(s);
}

/* ---- sharing ---- */

static const snap_table *table(const snapshot *s, const char *name)
{
	return snap_source_table(snapshot_source(s, STR("default")), (qname){STR("public"), str_from(name)});
}

static void test_what_did_not_change_is_shared(void **state)
{
	(void)state;
	catalog *c = fixture_catalog(TABLES);
	const char *before =
		"{\"version\": 3, \"sources\": [{\"name\": \"default\", \"kind\": \"postgres\", \"configuration\": "
		"{\"connection_info\": {\"database_url\": \"x\"}}, \"tables\": [{\"table\": \"author\"}, "
		"{\"table\": \"paint\"}]}]}";
	arena *a = arena_new(0);
	error err;
	error_init(&err, a);
	json *doc;
	metadata *one, *two;
	assert_true(json_parse(a, str_from(before), &doc, &err) && metadata_parse(doc, NULL, &one, &err));
	json *entry;
	md_table *article;
	str text = STR("{\"table\": \"article\", \"object_relationships\": [{\"name\": \"author\", \"using\": "
		       "{\"foreign_key_constraint_on\": \"author_id\"}}]}");
	assert_true(json_parse(a, text, &entry, &err) && md_table_parse(entry, &article, &err));
	two = metadata_with_table(one, STR("default"), article);
	source_catalog sc = {.source = STR("default"), .cat = c, .connection = 1};
	schema_options opt = {0};
	snapshot *first = snapshot_build(one, &sc, 1, &opt, 1, NULL);
	snapshot *second = snapshot_build(two, &sc, 1, &opt, 2, first);
	assert_ptr_equal(table(first, "author"), table(second, "author"));
	assert_ptr_equal(table(first, "paint"), table(second, "paint"));
	assert_true(second->id != first->id);
	/* the relationship's target goes: article is made anew, the other one stays */
	metadata *three = metadata_without_table(two, STR("default"), (qname){STR("public"), STR("author")});
	snapshot *third = snapshot_build(three, &sc, 1, &opt, 3, second);
	assert_ptr_not_equal(table(second, "article"), table(third, "article"));
	assert_ptr_equal(table(second, "paint"), table(third, "paint"));
	assert_int_equal(third->ninconsistencies, 1);
	opt.hide_aggregation_predicates = true;
	snapshot *fourth = snapshot_build(three, &sc, 1, &opt, 4, third);
	assert_ptr_not_equal(table(third, "paint"), table(fourth, "paint"));
	snapshot_unref(fourth);
	snapshot_unref(third);
	snapshot_unref(second);
	snapshot_unref(first);
	md_table_unref(article);
	metadata_unref(three);
	metadata_unref(two);
	metadata_unref(one);
	catalog_unref(c);
	arena_free(a);
}

/* ---- root fields ---- */

static void same_roots(const map *x, const map *y)
{
	assert_int_equal(x->n, y->n);
	for (size_t i = 0; i < x->n; i++) {
		const snap_root *r = x->items[i].value, *o = map_get(y, x->items[i].key);
		assert_non_null(o);
		assert_int_equal(r->kind, o->kind);
		assert_int_equal(r->field, o->field);
		assert_true(str_eq(r->name, x->items[i].key));
		if (r->table) assert_true(qname_eq(r->table->name, o->table->name));
		if (r->fn) assert_true(qname_eq(r->fn->cat->name, o->fn->cat->name));
	}
}

static void points_at_its_own(const snapshot *s, const map *roots)
{
	for (size_t i = 0; i < roots->n; i++) {
		const snap_root *r = roots->items[i].value;
		assert_ptr_equal(r->source, snapshot_source(s, r->source->name));
		if (r->table) assert_ptr_equal(r->table, snap_source_table(r->source, r->table->name));
	}
}

/* A snapshot made after another has the roots it would have had by itself. */
static void test_roots_that_follow(void **state)
{
	(void)state;
	static const char *const STEPS[] = {
		"{\"tables\": []}",
		"{\"tables\": [{\"table\": \"author\"}]}",
		"{\"tables\": [{\"table\": \"author\"}, {\"table\": \"article\"}], \"functions\": [{\"function\": \"find\"}]}",
		"{\"tables\": [{\"table\": \"author\"" FILTER(
			"{}") "}, {\"table\": \"article\"}, {\"table\": \"paint\"}], "
			      "\"functions\": [{\"function\": \"find\", \"comment\": \"x\"}]}",
		"{\"tables\": [{\"table\": \"author\", \"configuration\": {\"custom_name\": \"writer\"}}, {\"table\": \"article\"}, "
		"{\"table\": \"paint\"}]}",
		"{\"tables\": [{\"table\": \"author\", \"configuration\": {\"custom_name\": \"article\"}}, {\"table\": \"article\"}]}",
		"{\"tables\": [{\"table\": \"article\"}, {\"table\": \"names\"}]}",
		"{\"tables\": [{\"table\": \"names\"}]}",
	};
	catalog *c = fixture_catalog(TABLES);
	snapshot *before = NULL;
	for (size_t i = 0; i < sizeof STEPS / sizeof *STEPS; i++) {
		snapshot *alone = fixture_snapshot_of(c, TABLES, STEPS[i], NULL, NULL);
		snapshot *after = fixture_snapshot_of(c, TABLES, STEPS[i], NULL, before);
		same_roots(&after->query_roots, &alone->query_roots);
		same_roots(&after->mutation_roots, &alone->mutation_roots);
		same_roots(&after->subscription_roots, &alone->subscription_roots);
		assert_int_equal(after->ninconsistencies, alone->ninconsistencies);
		if (before) snapshot_unref(before);
		points_at_its_own(after, &after->query_roots);
		points_at_its_own(after, &after->mutation_roots);
		points_at_its_own(after, &after->subscription_roots);
		snapshot_unref(alone);
		before = after;
	}
	snapshot_unref(before);
	catalog_unref(c);
}

/* ---- cost ---- */

enum { MANY = 2000 };

static char *many_tables(void)
{
	buf b = {0};
	for (int i = 0; i < MANY; i++)
		buf_printf(&b, "table t%d id:int4! a:text b:int4 c:timestamptz d:numeric | pk id\n", i);
	buf_putc(&b, '\0');
	return b.p;
}

static void test_one_table_among_many(void **state)
{
	(void)state;
	char *text = many_tables();
	catalog *c = fixture_catalog(text);
	arena *a = arena_new(0);
	error err;
	error_init(&err, a);
	buf b = {0};
	buf_puts(&b,
		"{\"version\": 3, \"sources\": [{\"name\": \"default\", \"kind\": \"postgres\", \"configuration\": "
		"{\"connection_info\": {\"database_url\": \"x\"}}, \"tables\": [");
	for (int i = 1; i < MANY; i++)
		buf_printf(&b, "%s{\"table\": \"t%d\"}", i > 1 ? "," : "", i);
	buf_puts(&b, "]}]}");
	json *doc, *entry;
	metadata *most;
	md_table *last;
	assert_true(json_parse(a, buf_str(&b), &doc, &err) && metadata_parse(doc, NULL, &most, &err));
	assert_true(json_parse(a, STR("{\"table\": \"t0\"}"), &entry, &err) && md_table_parse(entry, &last, &err));
	source_catalog sc = {.source = STR("default"), .cat = c, .connection = 1};
	schema_options opt = {0};
	uint64_t t0 = clock_thread_cpu_ns();
	snapshot *first = snapshot_build(most, &sc, 1, &opt, 1, NULL);
	uint64_t t1 = clock_thread_cpu_ns();
	metadata *all = metadata_with_table(most, STR("default"), last);
	snapshot *second = snapshot_build(all, &sc, 1, &opt, 2, first);
	uint64_t t2 = clock_thread_cpu_ns();
	printf("snapshot of %d tables: %d us; one more: %d us\n", MANY, (int)((t1 - t0) / 1000),
		(int)((t2 - t1) / 1000));
	assert_int_equal(((snap_source *)snapshot_source(second, STR("default")))->tables.n, MANY);
	assert_true((t2 - t1) * 2 < t1 - t0);
	snapshot_unref(second);
	snapshot_unref(first);
	metadata_unref(all);
	metadata_unref(most);
	md_table_unref(last);
	catalog_unref(c);
	buf_free(&b);
	mem_free(text);
	arena_free(a);
}

/* The field is in query_root too, so the stream of that name gives way, whichever table comes first. */
static void test_a_stream_by_the_name_of_a_table(void **state)
{
	(void)state;
	static const char *const orders[] = {"{\"tables\":[{\"table\":\"t\"},{\"table\":\"t_stream\"}]}",
		"{\"tables\":[{\"table\":\"t\",\"configuration\":{\"custom_root_fields\":{\"select_stream\":\"a\"}}},"
		"{\"table\":\"a\"}]}"};
	static const char *const names[] = {"t_stream", "a"};
	for (size_t i = 0; i < 2; i++) {
		snapshot *s = fixture_snapshot(
			"table t id:int4!\ntable a id:int4!\ntable t_stream id:int4!\n", orders[i], NULL);
		assert_int_equal(s->ninconsistencies, 1);
		assert_true(str_find(s->inconsistencies[0].reason, STR("already taken by another tracked object")) !=
			SIZE_MAX);
		const snap_root *r = map_get(&s->subscription_roots, str_from(names[i]));
		assert_int_equal(r->field, ROOT_SELECT);
		assert_true(str_eqz(r->table->name.name, names[i]));
		snapshot_unref(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_stream_by_the_name_of_a_table),
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_dependents_come_last),
		cmocka_unit_test(test_names_graphql_cannot_have),
		cmocka_unit_test(test_what_did_not_change_is_shared),
		cmocka_unit_test(test_roots_that_follow),
		cmocka_unit_test(test_one_table_among_many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
