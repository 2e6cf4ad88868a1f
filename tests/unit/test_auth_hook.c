/* The hook's calls and answers, without a hook. */
#include "suite.h"

#include "auth/hook.h"

PER_TEST_ARENA(A)

static void hook_answers(void **state)
{
	(void)state;
	hook_config h = {.url = STR("http://h/"), .agent = STR("a")};
	static const struct {
		int status;
		const char *body;
		const char *want; /* session, or the error's text */
		int code;
	} rows[] = {
		{200, "{\"X-Hasura-Role\":\"user\",\"X-Hasura-User-Id\":\"1\",\"other\":\"x\",\"x-hasura-admin-secret\":\"s\"}",
			"{\"x-hasura-role\":\"user\",\"x-hasura-user-id\":\"1\"}", -1},
		{401, "{\"X-Hasura-Role\":\"user\"}", "Authentication hook unauthorized this request", 401},
		{403, "{\"X-Hasura-Role\":\"user\"}", "Invalid response from authorization hook", 500},
		{302, "{\"X-Hasura-Role\":\"user\"}", "Invalid response from authorization hook", 500},
		{201, "{\"X-Hasura-Role\":\"user\"}", "Invalid response from authorization hook", 500},
		{200, "{}", "\"x-hasura-role\" not found in session variables", 400},
		{200, "{\"X-Hasura-Role\":\"\"}", "\"x-hasura-role\" not found in session variables", 400},
		{200, "[]",
			"Invalid response from authorization hook: Error in $: parsing HashMap ~Text failed, expected Object, but "
			"encountered Array",
			500},
		{200, "{\"X-Hasura-Role\":\"user\",\"X-Hasura-User-Id\":1}",
			"Invalid response from authorization hook: Error in $.X-Hasura-User-Id: parsing Text failed, expected String, but "
			"encountered Number",
			500},
		{200, "{\"X-Hasura-Role\":\"user\",\"x-hasura-role\":\"admin\"}",
			"Invalid response from authorization hook: a name occurs twice", 500},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		http_call_result answer_ = {.status = rows[i].status, .body = str_from(rows[i].body)};
		auth_request r = {.a = A};
		session *s = NULL;
		error err;
		error_init(&err, A);
		bool ok = hook_read_answer(&h, &r, &answer_, 1000, &s, &err);
		if (ok != (rows[i].code < 0)) fail_msg("row %zu", i);
		str got = ok ? json_to_str(A, session_json(A, s)) : err.message;
		if (!str_eqz(got, rows[i].want)) fail_msg("got  %.*s\nwant %s", STR_ARG(got), rows[i].want);
		if (!ok) assert_int_equal(error_status(&err), rows[i].code);
		if (ok) assert_false(s->backend || s->admin_secret || s->expires_ms);
	}
	http_call_result failed = {
		.failure = HTTP_CALL_TIMEOUT, .status = 200, .body = STR("{\"X-Hasura-Role\":\"user\"}")};
	auth_request r = {.a = A};
	session *s;
	error err;
	error_init(&err, A);
	assert_false(hook_read_answer(&h, &r, &failed, 1000, &s, &err));
	assert_true(str_eqz(err.message, "webhook authentication request failed"));
	assert_int_equal(error_status(&err), 500);
}

static void hook_lifetimes(void **state)
{
	(void)state;
	hook_config h = {.url = STR("http://h/"), .agent = STR("a")};
	static const struct {
		const char *more;
		uint64_t expires;
	} rows[] = {{"", 0}, {",\"Cache-Control\":\"max-age=5\"", 784111782000},
		{",\"Cache-Control\":\"max-age=5\",\"Expires\":\"Sun, 06 Nov 1994 08:49:47 GMT\"", 784111782000},
		{",\"Expires\":\"Sun, 06 Nov 1994 08:49:47 GMT\"", 784111787000}, {",\"Cache-Control\":\"no\"", 0},
		{",\"Expires\":\"no\"", 0},
		{",\"Cache-Control\":\"max-age=x\",\"Expires\":\"Sun, 06 Nov 1994 08:49:47 GMT\"", 784111787000},
		{",\"cache-control\":\"max-age=5\"", 0}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		str_pair cookies[] = {
			{STR("set-cookie"), STR("a=1")}, {STR("X"), STR("y")}, {STR("Set-Cookie"), STR("b=2; Path=/")}};
		http_call_result answer_ = {.status = 200,
			.headers = cookies,
			.nheaders = 3,
			.body = str_printf(A, "{\"X-Hasura-Role\":\"user\"%s}", rows[i].more)};
		auth_request r = {.a = A};
		session *s;
		error err;
		error_init(&err, A);
		assert_true(hook_read_answer(&h, &r, &answer_, 784111777000, &s, &err));
		assert_int_equal(s->expires_ms, rows[i].expires);
		assert_int_equal(s->nset_cookies, 2);
		assert_true(str_eqz(s->set_cookies[0], "a=1") && str_eqz(s->set_cookies[1], "b=2; Path=/"));
	}
}

static void hook_calls(void **state)
{
	(void)state;
	hook_config h = {.url = STR("http://h/"), .agent = STR("hasura-graphql-engine/v2")};
	str_pair headers[] = {{STR("Host"), STR("me")}, {STR("Authorization"), STR("Bearer x")},
		{STR("content-type"), STR("text/plain")}, {STR("Transfer-Encoding"), STR("chunked")},
		{STR("X-Hasura-Admin-Secret"), STR("s")}, {STR("Cookie"), STR("a=b")}, {STR("X-Hasura-Role"), STR("r")},
		{STR("Bad"), STR("\xff")}};
	error err;
	json *body;
	http_call_options o;
	auth_request r = {.a = A, .headers = headers, .nheaders = 8};
	error_init(&err, A);
	assert_true(json_parse(
		A, STR("{\"query\":\"{a}\",\"variables\":{\"x\":1},\"extra\":1,\"operationName\":null}"), &body, &err));
	r.graphql = body;
	hook_call(&h, A, &r, &o);
	assert_string_equal(o.method, "GET");
	assert_null(o.body.p);
	assert_int_equal(o.nheaders, 6);
	static const char *const names[] = {
		"Content-Type", "User-Agent", "Authorization", "Cookie", "X-Hasura-Role", "Bad"};
	for (size_t i = 0; i < 6; i++)
		assert_true(str_eqz(o.headers[i].name, names[i]));
	h.post = true;
	hook_call(&h, A, &r, &o);
	assert_string_equal(o.method, "POST");
	assert_int_equal(o.nheaders, 2);
	assert_true(str_find(o.body, STR("\"request\"")) == SIZE_MAX);
	h.send_body = true;
	hook_call(&h, A, &r, &o);
	assert_true(str_eqz(o.body,
		"{\"headers\":{\"Host\":\"me\",\"Authorization\":\"Bearer x\",\"content-type\":\"text/plain\",\"Transfer-Encoding\":\"chunked\","
		"\"X-Hasura-Admin-Secret\":\"s\",\"Cookie\":\"a=b\",\"X-Hasura-Role\":\"r\"},"
		"\"request\":{\"query\":\"{a}\",\"variables\":{\"x\":1}}}"));
	static const struct {
		const char *body, *request;
	} rows[] = {{"[{\"query\":\"a\"},{\"query\":\"b\",\"operationName\":\"c\"}]",
			    "[{\"query\":\"a\"},{\"operationName\":\"c\",\"query\":\"b\"}]"},
		{"[{\"query\":\"a\"},{}]", "null"}, {"{}", "null"}, {"{\"query\":1}", "null"}, {"\"x\"", "null"},
		{"[]", "[]"}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_true(json_parse(A, str_from(rows[i].body), &body, &err));
		r.graphql = body;
		r.nheaders = 0;
		hook_call(&h, A, &r, &o);
		str want = str_printf(A, "{\"headers\":{},\"request\":%s}", rows[i].request);
		if (!str_eq(o.body, want)) fail_msg("got %.*s", STR_ARG(o.body));
	}
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, test_begin, test_end)
	const struct CMUnitTest tests[] = {T(hook_answers), T(hook_lifetimes), T(hook_calls)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
