#include "suite.h"

#include "base/arena.h"
#include "server/cors.h"
#include "server/gzip.h"
#include "server/http_limits.h"
#include "server/http_parse.h"
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

/* --- gzip --- */

static void what_accept_encoding_asks_for(void **state)
{
	(void)state;
	static const struct {
		const char *values[3];
		gzip_choice want;
	} cases[] = {
		{{NULL}, GZIP_NO},
		{{""}, GZIP_NO},
		{{"*"}, GZIP_NO},
		{{"gzip"}, GZIP_MAY},
		{{"deflate, gzip;q=1.0, *;q=0.5"}, GZIP_MAY},
		{{"deflate", "br , gzip"}, GZIP_MAY},
		{{"gzip;q=0"}, GZIP_NO},
		{{"gzip, identity;q=0"}, GZIP_MUST},
		{{"gzip", "*;q=0"}, GZIP_MUST},
		{{"gzip, identity, *;q=0"}, GZIP_MAY},
		{{"br, identity;q=0"}, GZIP_NO},
		{{"x-gzip"}, GZIP_NO},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		str values[3];
		size_t n = 0;
		while (n < 3 && cases[i].values[n]) {
			values[n] = str_from(cases[i].values[n]);
			n++;
		}
		assert_int_equal(gzip_accepts(values, n), cases[i].want);
	}
}

static void compressed_bytes_come_back(void **state)
{
	(void)state;
	static const size_t sizes[] = {0, 1, 699, 20000, 20001, 1000000};
	gzip *z = gzip_new();

	/* twice each: the second use runs on reset state */
	for (size_t i = 0; i < 2 * sizeof(sizes) / sizeof(sizes[0]); i++) {
		size_t n = sizes[i / 2];
		buf in = {0}, out = {0}, back = {0};
		for (size_t k = 0; k < n; k++)
			buf_putc(&in, (char)((k * 7919 + (k >> 5)) & 0xff));
		gzip_compress(z, buf_str(&in), &out);
		buf_reserve(&back, n + 1);
		z_stream s = {.next_in = (unsigned char *)out.p,
			.avail_in = (unsigned)out.n,
			.next_out = (unsigned char *)back.p,
			.avail_out = (unsigned)n + 1};
		assert_int_equal(inflateInit2(&s, 15 + 16), Z_OK);
		assert_int_equal(inflate(&s, Z_FINISH), Z_STREAM_END);
		assert_int_equal(s.total_out, n);
		if (n) assert_memory_equal(back.p, in.p, n);
		inflateEnd(&s);
		buf_free(&in);
		buf_free(&out);
		buf_free(&back);
	}
	gzip_free(z);
}

/* --- CORS --- */

static void cors_lists(void **state)
{
	(void)state;
	static const struct {
		const char *list;
		const char *origin;
		bool allowed;
	} cases[] = {
		{"*", "anything", true},
		{"http://a.b", "http://a.b", true},
		{"http://a.b", "http://a.b:80", false},
		{"http://a.b", "https://a.b", false},
		{"http://a.b", "http://a.bc", false},
		{"http://a.b", "http://xa.b", false},
		{"http://a.b", "http://A.b", false},
		{"http://a.b:8080", "http://a.b:8080", true},
		{"http://a.b:8080", "http://a.b:80801", false},
		{"http://a.b:8080", "http://a.b:8080x", false},
		{" http://x , https://y ", "https://y", true},
		{"https://*.foo.com", "https://a.foo.com", true},
		{"https://*.foo.com", "https://foo.com", false},
		{"https://*.foo.com", "https://.foo.com", false},
		{"https://*.foo.com", "https://a.b.foo.com", false},
		{"https://*.foo.com", "https://a.foo.com:1", false},
		{"https://*.foo.com:1", "https://a.foo.com:1", true},
		{"https://*.foo.com", "https://evil/.foo.com",
			true}, /* no browser sends that; the first label is all */
		{"chrome-extension://abc", "chrome-extension://abc", true},
		{"http://[::1]:3000", "http://[::1]:3000", true},
		{"http://a.b", "null", false},
		{"http://a.b", "", false},
		{"http://localhost", "http://localhost@evil", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		arena *a = arena_new(0);
		cors_policy p;
		error err;
		error_init(&err, a);
		assert_true(cors_parse(a, str_from(cases[i].list), &p, &err));
		if (cors_allows(&p, str_from(cases[i].origin)) != cases[i].allowed)
			fail_msg("%s with %s", cases[i].list, cases[i].origin);
		arena_free(a);
	}
}

static void cors_lists_that_are_wrong(void **state)
{
	(void)state;
	static const char *const wrong[] = {"", "a.b", "http://", "http://a.b,", "http://*", "*.a.b", "http://a.*.b",
		"http://a b", "http://a.b:x", "http://a.b/path"};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		arena *a = arena_new(0);
		cors_policy p;
		error err;
		error_init(&err, a);
		if (cors_parse(a, str_from(wrong[i]), &p, &err)) fail_msg("accepted: %s", wrong[i]);
		assert_true(str_starts(err.message, STR("invalid domain: '")));
		arena_free(a);
	}
}

static void cors_off_allows_nothing(void **state)
{
	(void)state;
	cors_policy p = {.mode = CORS_DISABLED};
	assert_false(cors_allows(&p, STR("http://a")));
}

/* --- limits --- */

static void every_limit_is_documented(void **state)
{
	(void)state;
	const http_limit_row *rows;
	size_t n = http_limits_rows(&rows), got;
	buf page = {0};
	const char *data = getenv("WEIR_TEST_DATA");
	char path[4096], piece[4096], want[256];

	/* WEIR_TEST_DATA is tests/data, which need not exist */
	snprintf(path, sizeof(path), "%.*s/../docs/limits.md", data ? (int)strlen(data) - 5 : 5, data ? data : "tests");
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	while ((got = fread(piece, 1, sizeof(piece), f)) > 0)
		buf_put(&page, str_make(piece, got));
	fclose(f);
	for (size_t i = 0; i < n; i++) {
		snprintf(want, sizeof(want), "| `%s` | %llu |", rows[i].name, (unsigned long long)rows[i].dflt);
		if (str_find(buf_str(&page), str_from(want)) == SIZE_MAX)
			fail_msg("docs/limits.md has no row %s", want);
	}
	buf_free(&page);
}

/* --- the parser --- */

typedef struct parsed {
	http_message m;
	http_parser p;
	http_parse_result result;
	size_t used;
} parsed;

static void parse(parsed *t, const http_limits *l, str text)
{
	http_parser_begin(&t->p, l, &t->m);
	t->result = http_parser_feed(&t->p, text.p, text.n, &t->used);
}

static void a_message_in_parts(void **state)
{
	(void)state;
	http_limits l = http_limits_default();
	parsed t = {0};
	str text = STR("PUT /p?q HTTP/1.1\r\nHost: h\r\nA:\r\nB: \t x y \t\r\nContent-Length: 2\r\n\r\nhiGET");

	parse(&t, &l, text);
	assert_int_equal(t.result, HTTP_PARSE_DONE);
	assert_int_equal(t.used, text.n - 3);
	assert_true(str_eqz(http_message_target(&t.m), "/p?q"));
	assert_int_equal(t.m.span_n, 4);
	assert_true(str_eqz(http_message_name(&t.m, 1), "A"));
	assert_int_equal(http_message_value(&t.m, 1).n, 0);
	assert_true(str_eqz(http_message_value(&t.m, 2), "x y"));
	assert_true(str_eqz(buf_str(&t.m.body), "hi"));
	assert_true(t.m.keep_alive);
	parse(&t, &l, STR("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
	assert_int_equal(t.result, HTTP_PARSE_DONE);
	assert_false(t.m.keep_alive);
	assert_int_equal(t.m.span_n, 2);
	http_message_free(&t.m);
}

static void head_limit_is_exact(void **state)
{
	(void)state;
	http_limits l = http_limits_default();
	str text = STR("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
	parsed t = {0};

	l.head_bytes = text.n;
	parse(&t, &l, text);
	assert_int_equal(t.result, HTTP_PARSE_DONE);
	l.head_bytes = text.n - 1;
	parse(&t, &l, text);
	assert_int_equal(t.result, HTTP_PARSE_FAILED);
	assert_int_equal(t.p.status, 431);
	l.head_bytes = 10;
	parse(&t, &l, text);
	assert_int_equal(t.p.status, 414);
	l.head_bytes = 0;
	parse(&t, &l, text);
	assert_int_equal(t.result, HTTP_PARSE_DONE);
	http_message_free(&t.m);
}

static void body_limit_is_exact(void **state)
{
	(void)state;
	http_limits l = http_limits_default();
	parsed t = {0};

	l.body_bytes = 4;
	parse(&t, &l, STR("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nabcd"));
	assert_int_equal(t.result, HTTP_PARSE_DONE);
	parse(&t, &l, STR("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n"));
	assert_int_equal(t.p.status, 413);
	parse(&t, &l, STR("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n"));
	assert_int_equal(t.result, HTTP_PARSE_DONE);
	parse(&t, &l,
		STR("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n1\r\ne\r\n0\r\n\r\n"));
	assert_int_equal(t.p.status, 413);
	http_message_free(&t.m);
}

static void strictness_does_not_hang_on_the_build_of_llhttp(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"GET / HTTP/1.1\r\nHost : h\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: h\r\n: v\r\n\r\n",
		"GET / HTTP/1.1\nHost: h\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: h\r\nA: b\r\n c\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n",
	};
	http_limits l = http_limits_default();
	parsed t = {0};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		parse(&t, &l, str_from(bad[i]));
		assert_int_equal(t.result, HTTP_PARSE_FAILED);
		assert_int_equal(t.p.status, 400);
	}
	http_message_free(&t.m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_accept_encoding_asks_for),
		cmocka_unit_test(compressed_bytes_come_back),
		cmocka_unit_test(cors_lists),
		cmocka_unit_test(cors_lists_that_are_wrong),
		cmocka_unit_test(cors_off_allows_nothing),
		cmocka_unit_test(every_limit_is_documented),
		cmocka_unit_test(a_message_in_parts),
		cmocka_unit_test(head_limit_is_exact),
		cmocka_unit_test(body_limit_is_exact),
		cmocka_unit_test(strictness_does_not_hang_on_the_build_of_llhttp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
