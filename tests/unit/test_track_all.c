/* The names `--track-all` gives to the relationships that foreign keys suggest. */
#include "cli/track_all.h"

#include "suite.h"

static void names_follow_column_or_table(void **state)
{
	(void)state;
	static const struct {
		const char *suggestion, *name;
	} rows[] = {
		{"{\"type\":\"object\",\"from\":{\"table\":\"blog_article\",\"columns\":[\"author_id\"],\"constraint_name\":\"fk\"},"
		 "\"to\":{\"table\":\"blog_author\",\"columns\":[\"id\"]}}",
			"author"},
		{"{\"type\":\"object\",\"from\":{\"table\":\"a\",\"columns\":[\"owner\"],\"constraint_name\":\"fk\"},"
		 "\"to\":{\"table\":{\"schema\":\"public\",\"name\":\"person\"},\"columns\":[\"id\"],\"constraint_name\":null}}",
			"person"},
		{"{\"type\":\"object\",\"from\":{\"table\":\"a\",\"columns\":[\"x_id\",\"y_id\"],\"constraint_name\":\"fk\"},"
		 "\"to\":{\"table\":\"pair\",\"columns\":[\"x\",\"y\"]}}",
			"pair"},
		{"{\"type\":\"array\",\"from\":{\"table\":\"blog_author\",\"columns\":[\"id\"],\"constraint_name\":null},"
		 "\"to\":{\"table\":{\"schema\":\"public\",\"name\":\"blog_article\"},\"columns\":[\"author_id\"],"
		 "\"constraint_name\":\"fk\"}}",
			"blog_articles"},
		{"{\"type\":\"array\",\"from\":{\"table\":\"c\",\"columns\":[\"id\"]},"
		 "\"to\":{\"table\":\"blog_category\",\"columns\":[\"parent_id\"],\"constraint_name\":\"fk\"}}",
			"blog_categories"},
		{"{\"type\":\"array\",\"from\":{\"table\":\"t\",\"columns\":[\"id\"]},"
		 "\"to\":{\"table\":\"blog_article_tags\",\"columns\":[\"tag_id\"],\"constraint_name\":\"fk\"}}",
			"blog_article_tags"},
		{"{\"type\":\"object\",\"from\":{\"table\":\"auth_user\",\"columns\":[\"id\"]},"
		 "\"to\":{\"table\":\"blog_author\",\"columns\":[\"user_id\"],\"constraint_name\":\"fk\"}}",
			"blog_author"},
		{"{\"type\":\"object\",\"from\":{\"table\":\"a\",\"columns\":[\"_id\"],\"constraint_name\":\"fk\"},"
		 "\"to\":{\"table\":\"b\",\"columns\":[\"id\"]}}",
			"b"},
	};
	arena *a = arena_new(0);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		error err;
		error_init(&err, a);
		json *suggestion;
		assert_true(json_parse(a, str_from(rows[i].suggestion), &suggestion, &err));
		str name = track_all_name(a, suggestion);
		if (!str_eqz(name, rows[i].name)) fail_msg("got \"%.*s\", want \"%s\"", STR_ARG(name), rows[i].name);
	}
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(names_follow_column_or_table)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
