/* The pure parts of admin/: statements cut apart, words that ask for a look, what a name hangs on, renames. */
#include "admin/depends.h"
#include "admin/rename.h"
#include "admin/run_sql.h"
#include "admin/split_sql.h"
#include "fixture.h"
#include <stdio.h>
// clang-format off
#include "suite.h"
// clang-format on

/* ---- split_sql ---- */

static void splits_to(const char *sql, const char *expected)
{
	arena *a = arena_new(0);
	str_vec v = {0};
	buf b = {0};
	split_sql(a, str_from(sql), &v);
	for (size_t i = 0; i < v.n; i++) {
		if (i) buf_putc(&b, '|');
		buf_put(&b, v.v[i]);
	}
	buf_putc(&b, '\0');
	assert_string_equal(b.p, expected);
	buf_free(&b);
	arena_free(a);
}

static void test_split(void **state)
{
	(void)state;
	splits_to("", "");
	splits_to(" ;; ; ", "");
	splits_to("a; b ;c", "a|b|c");
	splits_to("select ';' ; select 1", "select ';'|select 1");
	splits_to("select 'it''s;' ; b", "select 'it''s;'|b");
	splits_to("select E'\\';' ; b", "select E'\\';'|b");
	splits_to("select '\\'; b", "select '\\'|b");
	splits_to("select \"a;\"\"b\"; c", "select \"a;\"\"b\"|c");
	splits_to("a -- ; x\n; b", "a -- ; x|b");
	splits_to("a /* ; /* ; */ ; */ ; b", "a /* ; /* ; */ ; */|b");
	splits_to("do $$ a; b $$; c", "do $$ a; b $$|c");
	splits_to("do $x$ $$;$$ ; $x$; c", "do $x$ $$;$$ ; $x$|c");
	splits_to("select $1; b", "select $1|b");
	splits_to("select a$b$c; d$b$", "select a$b$c|d$b$");
	splits_to("select 'open ; b", "select 'open ; b");
	splits_to("do $$ open ; b", "do $$ open ; b");
	splits_to("/* open ; b", "/* open ; b");
}

static void test_words(void **state)
{
	(void)state;
	static const char *const YES[] = {"alter table x", "x\nDROP table", "create or replace view",
		"Create Function f()", "comment ON column", "select 1;drop table x", "(drop)"};
	static const char *const NO[] = {"create table x", "insert into alters values (1)", "select 'dropped'",
		"create  function f", "comment", "select a_drop, drop_a", ""};
	for (size_t i = 0; i < sizeof YES / sizeof *YES; i++)
		if (!run_sql_has_ddl(str_from(YES[i]))) fail_msg("missed: %s", YES[i]);
	for (size_t i = 0; i < sizeof NO / sizeof *NO; i++)
		if (run_sql_has_ddl(str_from(NO[i]))) fail_msg("seen: %s", NO[i]);
}

/* ---- dependencies and renames ---- */

#define CATALOG                                                                                  \
	"table author id:int4! name:text age:int4 | pk id\n"                                     \
	"table article id:int4! title:text author_id:int4 | pk id | fk author_id -> author id\n" \
	"table tag id:int4! article_id:int4 label:text | pk id | fk article_id -> article id\n"  \
	"function find q:text -> setof:author stable\n"                                          \
	"function full row:author -> text stable\n"                                              \
	"function works row:author -> setof:article stable\n"

#define METADATA                                                                                                          \
	"{\"tables\": ["                                                                                                  \
	"{\"table\": \"author\", \"configuration\": {\"column_config\": {\"age\": {\"custom_name\": \"years\"}}}, "       \
	"\"array_relationships\": [{\"name\": \"articles\", \"using\": {\"foreign_key_constraint_on\": "                  \
	"{\"table\": \"article\", \"column\": \"author_id\"}}}], "                                                        \
	"\"computed_fields\": [{\"name\": \"full\", \"definition\": {\"function\": \"full\"}}, "                          \
	"{\"name\": \"works\", \"definition\": {\"function\": \"works\"}}], "                                             \
	"\"select_permissions\": [{\"role\": \"u\", \"permission\": {\"columns\": [\"id\", \"age\"], "                    \
	"\"computed_fields\": [\"full\"], \"filter\": {\"_or\": [{\"articles\": {\"tags\": {\"label\": "                  \
	"{\"_ceq\": [\"$\", \"name\"]}}}}, {\"age\": {\"_gt\": 3}}, {\"full\": {\"_eq\": \"x\"}}, "                       \
	"{\"works\": {\"title\": {\"_eq\": \"X-Hasura-T\"}}}]}}}]}, "                                                     \
	"{\"table\": \"article\", "                                                                                       \
	"\"object_relationships\": [{\"name\": \"author\", \"using\": {\"foreign_key_constraint_on\": \"author_id\"}}], " \
	"\"array_relationships\": [{\"name\": \"tags\", \"using\": {\"manual_configuration\": {\"remote_table\": "        \
	"\"tag\", \"column_mapping\": {\"id\": \"article_id\"}}}}], "                                                     \
	"\"insert_permissions\": [{\"role\": \"u\", \"permission\": {\"columns\": [\"title\"], \"check\": "               \
	"{\"_exists\": {\"_table\": \"author\", \"_where\": {\"name\": {\"_eq\": \"X-Hasura-Name\"}}}}, "                 \
	"\"set\": {\"author_id\": 7}}}]}, "                                                                               \
	"{\"table\": \"tag\"}], "                                                                                         \
	"\"functions\": [{\"function\": \"find\"}]}"

#define DEFAULT STR("default")

static qname public(const char *name)
{
	return (qname){STR("public"), str_from(name)};
}

static void texts_are(arena *a, dep_list l, const char *expected)
{
	assert_string_equal(str_z(a, depends_texts(a, &l)), expected);
}

static void test_depends(void **state)
{
	(void)state;
	snapshot *s = fixture_snapshot(CATALOG, METADATA, NULL);
	assert_int_equal(s->ninconsistencies, 0);
	arena *a = arena_new(0);
	texts_are(a, depends_on_table(a, s, DEFAULT, public("tag")),
		"permission author.u.select in source \"default\", relationship article.tags in source \"default\"");
	texts_are(a, depends_on_table(a, s, DEFAULT, public("author")),
		"function find in source \"default\", permission article.u.insert in source \"default\", "
		"relationship article.author in source \"default\"");
	texts_are(a, depends_on_column(a, s, DEFAULT, public("author"), STR("name")),
		"permission article.u.insert in source \"default\", permission author.u.select in source \"default\"");
	texts_are(a, depends_on_column(a, s, DEFAULT, public("article"), STR("author_id")),
		"permission article.u.insert in source \"default\", relationship article.author in source \"default\", "
		"relationship author.articles in source \"default\"");
	texts_are(a, depends_on_column(a, s, DEFAULT, public("tag"), STR("id")), "");
	texts_are(a, depends_on_relationship(a, s, DEFAULT, public("article"), STR("tags")),
		"permission author.u.select in source \"default\"");
	texts_are(a, depends_on_computed(a, s, DEFAULT, public("author"), STR("full")),
		"permission author.u.select in source \"default\"");
	texts_are(a, depends_on_function(a, s, DEFAULT, public("works")),
		"computed field author.works in source \"default\"");
	/* literals hang on the type, session variables and column comparisons do not */
	texts_are(a, depends_on_type(a, s, DEFAULT, public("author"), STR("age")),
		"permission author.u.select in source \"default\"");
	texts_are(a, depends_on_type(a, s, DEFAULT, public("article"), STR("author_id")),
		"permission article.u.insert in source \"default\"");
	texts_are(a, depends_on_type(a, s, DEFAULT, public("article"), STR("title")), "");
	texts_are(a, depends_on_type(a, s, DEFAULT, public("tag"), STR("label")), "");
	arena_free(a);
	snapshot_unref(s);
}

static void test_cascade(void **state)
{
	(void)state;
	snapshot *s = fixture_snapshot(CATALOG, METADATA, NULL);
	arena *a = arena_new(0);
	error err;
	error_init(&err, a);
	dep_list l = depends_on_table(a, s, DEFAULT, public("tag"));
	depends_close(a, s, &l);
	metadata *m;
	assert_true(depends_purge(a, s->md, &l, &m, &err));
	const md_source *src = metadata_source(m, DEFAULT);
	assert_null(md_table_relationship(md_source_table(src, public("article")), STR("tags")));
	assert_null(md_table_permission(md_source_table(src, public("author")), MD_PERM_SELECT, STR("u")));
	assert_non_null(md_table_permission(md_source_table(src, public("article")), MD_PERM_INSERT, STR("u")));
	metadata_unref(m);
	arena_free(a);
	snapshot_unref(s);
}

/* METADATA with every occurrence of one text replaced: what a rename must give. */
static char *replaced(const char *pairs[][2], size_t n)
{
	buf b = {0};
	str s = STR(METADATA);
	while (s.n) {
		size_t hit = n;
		for (size_t i = 0; i < n && hit == n; i++)
			if (str_starts(s, str_from(pairs[i][0]))) hit = i;
		if (hit < n) {
			buf_puts(&b, pairs[hit][1]);
			s = str_from_at(s, strlen(pairs[hit][0]));
		} else {
			buf_putc(&b, s.p[0]);
			s = str_from_at(s, 1);
		}
	}
	buf_putc(&b, '\0');
	return b.p;
}

static void renames_to(void (*fill)(rename_set *r), const char *pairs[][2], size_t n)
{
	arena *a = arena_new(0);
	error err;
	error_init(&err, a);
	snapshot *s = fixture_snapshot(CATALOG, METADATA, NULL);
	rename_set set = {.a = a};
	fill(&set);
	metadata *m;
	if (!rename_apply(&set, s->md, s, DEFAULT, &m, &err)) fail_msg("%.*s", STR_ARG(err.message));
	char *text = replaced(pairs, n);
	snapshot *want = fixture_snapshot(CATALOG, text, NULL);
	buf x = {0}, y = {0};
	metadata_write(&x, m);
	metadata_write(&y, want->md);
	buf_putc(&x, '\0');
	buf_putc(&y, '\0');
	assert_string_equal(x.p, y.p);
	buf_free(&x);
	buf_free(&y);
	metadata_unref(m);
	snapshot_unref(want);
	snapshot_unref(s);
	mem_free(text);
	arena_free(a);
}

#define PAIRS(...) (const char *[][2]){__VA_ARGS__}, sizeof((const char *[][2]){__VA_ARGS__}) / sizeof(const char *[2])

static void name_column(rename_set *r)
{
	rename_add_column(r, public("author"), STR("name"), STR("called"));
}

static void age_column(rename_set *r)
{
	rename_add_column(r, public("author"), STR("age"), STR("old"));
}

static void keys(rename_set *r)
{
	rename_add_column(r, public("article"), STR("author_id"), STR("writer"));
	rename_add_column(r, public("article"), STR("id"), STR("number"));
	rename_add_column(r, public("tag"), STR("article_id"), STR("of"));
}

static void relationships(rename_set *r)
{
	rename_add_relationship(r, public("article"), STR("tags"), STR("labels"));
}

static void tables(rename_set *r)
{
	rename_add_table(r, public("author"), public("article"));
	rename_add_table(r, public("article"), public("author"));
}

static void test_renames(void **state)
{
	(void)state;
	renames_to(name_column,
		PAIRS({"[\"$\", \"name\"]", "[\"$\", \"called\"]"}, {"{\"name\": {\"_eq\"", "{\"called\": {\"_eq\""}));
	renames_to(age_column, PAIRS({"\"age\"", "\"old\""}));
	renames_to(keys, PAIRS({"\"author_id\"", "\"writer\""}, {"{\"id\": \"article_id\"}", "{\"number\": \"of\"}"}));
	renames_to(relationships, PAIRS({"\"tags\"", "\"labels\""}));
	/* names swapped; the relationship called author keeps its name */
	renames_to(tables,
		PAIRS({"\"table\": \"author\"", "\"table\": \"article\""},
			{"\"table\": \"article\"", "\"table\": \"author\""},
			{"\"_table\": \"author\"", "\"_table\": \"article\""}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_depends),
		cmocka_unit_test(test_cascade),
		cmocka_unit_test(test_renames),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
