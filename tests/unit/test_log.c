#include "suite.h"

#include "base/log.h"

#include <stdio.h>
#include <unistd.h>

/* Standard output goes into a pipe between capture_start and capture_end. */
typedef struct capture {
	int saved;
	int fds[2];
} capture;

static void capture_start(capture *c)
{
	fflush(stdout);
	c->saved = dup(STDOUT_FILENO);
	assert_int_equal(pipe(c->fds), 0);
	dup2(c->fds[1], STDOUT_FILENO);
	close(c->fds[1]);
}

static str capture_end(capture *c, arena *a)
{
	char *p = arena_bytes(a, 16384);
	size_t n = 0;
	ssize_t got;
	dup2(c->saved, STDOUT_FILENO);
	close(c->saved);
	while ((got = read(c->fds[0], p + n, 16384 - n)) > 0)
		n += (size_t)got;
	close(c->fds[0]);
	return str_make(p, n);
}

static void configure(log_level level, bool human, uint32_t types)
{
	log_configure(&(log_config){.level = level, .human = human, .types = types});
}

static void writes_one_json_line(void **state)
{
	(void)state;
	arena *a = arena_new(0);
	capture c;
	configure(LOG_INFO, false, UINT32_MAX);
	capture_start(&c);
	json *detail = json_new_object(a);
	json_setz(detail, "a", json_new_str(a, STR("x\ny")));
	log_json(LOG_HTTP, LOG_WARN, detail);
	log_text(LOG_STARTUP, LOG_INFO, "server", "port %d", 8080);
	str out = capture_end(&c, a);
	size_t end = str_find_char(out, '\n');
	json *line, *second;
	error e;
	error_init(&e, a);
	assert_true(json_parse(a, str_sub(out, 0, end), &line, &e));
	assert_true(json_parse(a, str_from_at(out, end + 1), &second, &e));
	assert_int_equal(line->count, 4);
	assert_true(str_eqz(line->first->key, "type"));
	assert_true(str_eqz(json_str_or(line, "type", STR("")), "http-log"));
	assert_int_equal(json_str_or(line, "timestamp", STR("")).n, 28);
	assert_true(str_eqz(json_str_or(line, "level", STR("")), "warn"));
	assert_true(json_equal(json_getz(line, "detail"), detail));
	str shape = json_to_str(a, json_getz(second, "detail"));
	assert_true(str_eqz(shape, "{\"kind\":\"server\",\"info\":\"port 8080\"}"));
	assert_true(str_ends(out, STR("\n")));
	arena_free(a);
}

static void human_lines_name_keys(void **state)
{
	(void)state;
	arena *a = arena_new(0);
	capture c;
	configure(LOG_INFO, true, UINT32_MAX);
	capture_start(&c);
	json *detail = json_new_object(a);
	json_setz(detail, "word", json_new_str(a, STR("plain")));
	json_setz(detail, "text", json_new_str(a, STR("two words")));
	json_setz(detail, "esc", json_new_str(a, STR("\033[2J")));
	json_setz(detail, "n", json_new_i64(a, 5));
	log_json(LOG_UNSTRUCTURED, LOG_ERROR, detail);
	str out = capture_end(&c, a);
	assert_int_equal(out.p[2], ':');
	assert_int_equal(out.p[5], ':');
	const char *want = " error unstructured: word=plain text=\"two words\" esc=\"\\u001b[2J\" n=5\n";
	assert_true(str_eqz(str_from_at(out, 8), want));
	arena_free(a);
}

static void switched_off_lines_are_not_written(void **state)
{
	(void)state;
	arena *a = arena_new(0);
	capture c;
	configure(LOG_WARN, false, 1u << LOG_STARTUP);
	assert_true(log_enabled(LOG_STARTUP, LOG_WARN));
	assert_false(log_enabled(LOG_STARTUP, LOG_INFO));
	assert_false(log_enabled(LOG_HTTP, LOG_ERROR));
	assert_true(log_enabled(LOG_SCHEMA_SYNC, LOG_ERROR));
	assert_false(log_enabled(LOG_SCHEMA_SYNC, LOG_INFO));
	capture_start(&c);
	log_text(LOG_HTTP, LOG_ERROR, "k", "no");
	log_text(LOG_STARTUP, LOG_INFO, "k", "no");
	assert_int_equal(capture_end(&c, a).n, 0);
	arena_free(a);
}

static void invalid_utf8_is_masked(void **state)
{
	(void)state;
	arena *a = arena_new(0);
	capture c;
	configure(LOG_INFO, false, UINT32_MAX);
	capture_start(&c);
	log_text(LOG_STARTUP, LOG_INFO, "k", "a\xff\xc3\xa9z");
	str out = capture_end(&c, a);
	assert_true(str_find(out, STR("\"a?\xc3\xa9z\"")) != SIZE_MAX);
	arena_free(a);
}

static void types_have_names(void **state)
{
	(void)state;
	for (unsigned t = 0; t < LOG_TYPE_COUNT; t++)
		assert_int_equal(log_type_from(log_type_name((log_type)t)), t);
	assert_int_equal(log_type_from(STR("http-log")), LOG_HTTP);
	assert_int_equal(log_type_from(STR("nothing")), LOG_TYPE_COUNT);
}

static void test_gathered_lines_come_together(void **state)
{
	(void)state;
	arena *a = arena_new(0);
	capture c;
	log_config cfg = {.level = LOG_INFO, .types = UINT32_MAX};
	log_configure(&cfg);
	capture_start(&c);
	log_gather();
	log_text(LOG_STARTUP, LOG_INFO, "one", "first");
	assert_int_equal(write(STDOUT_FILENO, "between\n", 8), 8);
	log_text(LOG_STARTUP, LOG_INFO, "two", "second");
	log_flush();
	log_text(LOG_STARTUP, LOG_INFO, "three", "third");
	log_gather_end();
	log_text(LOG_STARTUP, LOG_INFO, "four", "fourth");
	assert_int_equal(write(STDOUT_FILENO, "end\n", 4), 4);
	str got = capture_end(&c, a);
	size_t at[6] = {str_find(got, STR("between")), str_find(got, STR("first")), str_find(got, STR("second")),
		str_find(got, STR("third")), str_find(got, STR("fourth")), str_find(got, STR("end\n"))};
	assert_int_equal(at[0], 0);
	for (size_t i = 1; i < 6; i++)
		assert_true(at[i] != SIZE_MAX && at[i] > at[i - 1]);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gathered_lines_come_together),
		cmocka_unit_test(writes_one_json_line),
		cmocka_unit_test(human_lines_name_keys),
		cmocka_unit_test(switched_off_lines_are_not_written),
		cmocka_unit_test(invalid_utf8_is_masked),
		cmocka_unit_test(types_have_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
