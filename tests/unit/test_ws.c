#include "suite.h"

#include "base/arena.h"
#include "base/uuid.h"
#include "server/ws_frame.h"
#include "server/ws_limits.h"
#include "server/ws_message.h"
#include <stdio.h>
#include <stdlib.h>

/* --- frames --- */

static void put_frame(buf *b, unsigned first, str payload)
{
	static const char key[4] = {1, 2, 3, 4};
	char head[WS_HEADER_MAX];
	size_t n = ws_header_before(head + sizeof head, first & 15, false, payload.n);
	char *at = head + sizeof head - n;
	at[0] = (char)first;
	at[1] = (char)(at[1] | 0x80);
	buf_put(b, str_make(at, n));
	buf_put(b, str_make(key, 4));
	for (size_t i = 0; i < payload.n; i++)
		buf_putc(b, (char)(payload.p[i] ^ key[i % 4]));
}

static void the_header_is_as_short_as_it_can_be(void **state)
{
	(void)state;
	static const struct {
		uint64_t length;
		size_t want;
	} cases[] = {{0, 2}, {125, 2}, {126, 4}, {65535, 4}, {65536, 10}, {UINT32_MAX, 10}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		unsigned char head[WS_HEADER_MAX];
		assert_int_equal(ws_header_before((char *)head + sizeof head, WS_OP_TEXT, i % 2, cases[i].length),
			cases[i].want);
		unsigned char *at = head + sizeof head - cases[i].want;
		assert_int_equal(at[0], i % 2 ? 0xc1 : 0x81);
		uint64_t length = at[1];
		if (cases[i].want > 2) {
			length = 0;
			for (size_t k = 2; k < cases[i].want; k++)
				length = length << 8 | at[k];
		}
		assert_true(length == cases[i].length);
	}
}

static void messages_come_whole_and_leave_nothing(void **state)
{
	(void)state;
	ws_shared *shared = ws_shared_new();
	ws_reader r;
	buf in = {0};
	char *large = mem_alloc(300000);
	memset(large, 'x', 300000);
	ws_reader_init(&r, shared, 1 << 20, false);
	put_frame(&in, 0x81, STR("one"));
	put_frame(&in, 0x01, STR("tw"));
	put_frame(&in, 0x89, STR("ping"));
	put_frame(&in, 0x80, STR("o"));
	put_frame(&in, 0x82, str_make(large, 300000));
	put_frame(&in, 0x88,
		STR("\x03\xe8"
		    "bye"));
	str rest = buf_str(&in);
	ws_event e;
	const str want[] = {STR("one"), STR("ping"), STR("two"), str_make(large, 300000), STR("bye")};
	const ws_kind kinds[] = {WS_TEXT, WS_PING, WS_TEXT, WS_TEXT, WS_CLOSE};
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(ws_reader_next(&r, &rest, &e), WS_EVENT);
		assert_int_equal(e.kind, kinds[i]);
		assert_true(str_eq(e.payload, want[i]));
	}
	assert_int_equal(e.code, 1000);
	assert_int_equal(ws_reader_next(&r, &rest, &e), WS_MORE);
	assert_null(r.parse);
	assert_null(r.message.p);
	ws_reader_free(&r);
	ws_shared_free(shared);
	buf_free(&in);
	mem_free(large);
}

static void the_limit_counts_all_fragments(void **state)
{
	(void)state;
	ws_shared *shared = ws_shared_new();
	for (unsigned fragments = 1; fragments < 40; fragments++) {
		ws_reader r;
		ws_event e;
		buf in = {0};
		ws_reader_init(&r, shared, 300, false);
		for (unsigned i = 0; i < fragments; i++)
			put_frame(&in, i ? 0 : 1, STR("0123456789"));
		put_frame(&in, 0x80, STR(""));
		str rest = buf_str(&in);
		/* ten bytes and a fragment's sixteen */
		assert_int_equal(ws_reader_next(&r, &rest, &e), fragments * 26 <= 300 ? WS_EVENT : WS_FAILED);
		if (fragments * 26 > 300) assert_int_equal(r.code, 1009);
		ws_reader_free(&r);
		buf_free(&in);
	}
	ws_shared_free(shared);
}

/* --- compression --- */

static void compressed_messages_come_back(void **state)
{
	(void)state;
	ws_deflate *d = ws_deflate_new();
	static const size_t sizes[] = {0, 1, 1000, 100000, 3000000};
	for (size_t i = 0; i < 3 * sizeof sizes / sizeof *sizes; i++) {
		size_t n = sizes[i / 3];
		unsigned window = 15 - (unsigned)(i % 3) * 3;
		buf text = {0}, zip = {0}, back = {0};
		for (size_t k = 0; k < n; k++)
			buf_putc(&text, (char)('a' + (k * k) % 17));
		str parts[3] = {str_sub(buf_str(&text), 0, n / 3), STR(""), str_from_at(buf_str(&text), n / 3)};
		ws_deflate_put(d, window, parts, 3, &zip);
		assert_int_equal(ws_inflate_put(d, buf_str(&zip), n, &back), WS_INFLATE_OK);
		assert_true(str_eq(buf_str(&text), buf_str(&back)));
		buf_clear(&back);
		if (n > 1) assert_int_equal(ws_inflate_put(d, buf_str(&zip), n - 1, &back), WS_INFLATE_TOO_LARGE);
		assert_true(back.n < n || !n || n == 1);
		buf_free(&text);
		buf_free(&zip);
		buf_free(&back);
	}
	buf none = {0};
	assert_int_equal(ws_inflate_put(d, STR("\xff\xff"), 100, &none), WS_INFLATE_BROKEN);
	buf_free(&none);
	ws_deflate_free(d);
}

/* --- messages --- */

static void what_clients_say(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		ws_type type;
		const char *id, *query;
		size_t headers;
	} cases[] = {
		{"{\"type\":\"connection_init\"}", MSG_INIT, NULL, NULL, 0},
		{"{\"type\":\"connection_init\",\"payload\":null}", MSG_INIT, NULL, NULL, 0},
		{"{\"type\":\"connection_init\",\"payload\":{\"headers\":null,\"x\":1}}", MSG_INIT, NULL, NULL, 0},
		{"{\"payload\":{\"headers\":{\"a\":\"b\",\"c\":\"\"}},\"type\":\"connection_init\"}", MSG_INIT, NULL,
			NULL, 2},
		{"{\"type\":\"start\",\"id\":\"1\",\"payload\":{\"query\":\"{a}\"}}", MSG_START, "1", "{a}", 0},
		{"{\"type\":\"subscribe\",\"id\":\"\",\"payload\":{\"query\":\"\",\"variables\":null}}", MSG_START, "",
			"", 0},
		{"{\"type\":\"stop\",\"id\":\"x\"}", MSG_STOP, "x", NULL, 0},
		{"{\"type\":\"complete\",\"id\":\"x\",\"payload\":7}", MSG_STOP, "x", NULL, 0},
		{"{\"type\":\"connection_terminate\"}", MSG_TERMINATE, NULL, NULL, 0},
		{"{\"type\":\"ping\"}", MSG_PING, NULL, NULL, 0},
		{"{\"type\":\"pong\",\"payload\":{\"message\":\"keepalive\"}}", MSG_PONG, NULL, NULL, 0},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		arena *a = arena_new(0);
		ws_message m;
		error err;
		error_init(&err, a);
		assert_true(ws_message_read(a, str_from(cases[i].text), 2, &m, &err));
		assert_int_equal(m.type, cases[i].type);
		assert_true(str_eq(m.id, cases[i].id ? str_from(cases[i].id) : STR_NULL));
		assert_true(str_eq(m.body.query, cases[i].query ? str_from(cases[i].query) : STR_NULL));
		assert_int_equal(m.nheaders, cases[i].headers);
		arena_free(a);
	}
}

static void what_is_none(void **state)
{
	(void)state;
	static const struct {
		const char *text, *want;
	} cases[] = {
		{"1", "Error in $: parsing ClientMessage failed, expected Object, but encountered Number"},
		{"{}", "Error in $: key \"type\" not found"},
		{"{\"type\":\"x\"}", "Error in $: unexpected type for ClientMessage: x"},
		{"{\"type\":\"stop\"}", "Error in $: key \"id\" not found"},
		{"{\"type\":\"start\",\"id\":\"1\"}", "Error in $: key \"payload\" not found"},
		{"{\"type\":\"start\",\"id\":\"1\",\"payload\":{}}", "Error in $.payload: key \"query\" not found"},
		{"{\"type\":\"start\",\"id\":\"1\",\"payload\":{\"query\":1}}",
			"Error in $.payload.query: parsing Text failed, expected String, but encountered Number"},
		{"{\"type\":\"connection_init\",\"payload\":{\"headers\":{\"a\":null}}}",
			"Error in $.payload.headers.a: parsing Text failed, expected String, but encountered Null"},
		{"{\"type\":\"connection_init\",\"payload\":{\"headers\":{\"a\":\"x\\ny\"}}}",
			"Error in $.payload.headers.a: not a header"},
		{"{\"type\":\"connection_init\",\"payload\":{\"headers\":{\"a\":\"\",\"b\":\"\",\"c\":\"\"}}}",
			"Error in $.payload.headers: more than 2 headers"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		arena *a = arena_new(0);
		ws_message m;
		error err;
		error_init(&err, a);
		assert_false(ws_message_read(a, str_from(cases[i].text), 2, &m, &err));
		assert_string_equal(str_z(a, err.message), cases[i].want);
		arena_free(a);
	}
}

static void reasons_fit_into_a_close_frame(void **state)
{
	(void)state;
	arena *a = arena_new(0);
	error err;
	json *o;
	error_init(&err, a);
	static const char *const pieces[] = {"x", "\"", "\\", "\n", "\xc3\xbc", "\xf0\x9f\x90\x98"};
	for (size_t p = 0; p < sizeof pieces / sizeof *pieces; p++) {
		buf text = {0};
		for (unsigned n = 0; n < 150; n++) {
			buf reason = {0};
			ws_put_reason(&reason, 4400, buf_str(&text));
			assert_true(reason.n <= 123);
			assert_true(json_parse_copy(a, buf_str(&reason), &o, &err));
			str said = json_str_or(o, "server_error_msg", STR_NULL);
			assert_true(
				str_starts(said, STR("4400: ")) && str_starts(buf_str(&text), str_from_at(said, 6)));
			if (n < 10) assert_int_equal(said.n, text.n + 6);
			buf_free(&reason);
			buf_puts(&text, pieces[p]);
		}
		buf_free(&text);
	}
	arena_free(a);
}

static void close_codes(void **state)
{
	(void)state;
	static const unsigned good[] = {1000, 1001, 1002, 1003, 1007, 1011, 1012, 1013, 3000, 4400, 4999};
	static const unsigned bad[] = {0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65535};
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_true(ws_close_code_ok(good[i]));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(ws_close_code_ok(bad[i]));
}

/* --- limits, identifiers --- */

/* docs/limits.md has a row for each, with its default. */
static void limits_are_documented(void **state)
{
	(void)state;
	const http_limit_row *rows;
	size_t n = ws_limits_rows(&rows), got;
	const char *data = getenv("WEIR_TEST_DATA");
	char path[4096], text[65536];
	/* WEIR_TEST_DATA is tests/data, which need not exist */
	snprintf(path, sizeof path, "%.*s/../docs/limits.md", data ? (int)strlen(data) - 5 : 5, data ? data : "tests");
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	got = fread(text, 1, sizeof text - 1, f);
	fclose(f);
	text[got] = 0;
	for (size_t i = 0; i < n; i++) {
		char row[128];
		snprintf(row, sizeof row, "| `%s` | %llu |", rows[i].name, (unsigned long long)rows[i].dflt);
		if (!strstr(text, row)) fail_msg("docs/limits.md has no row %s", row);
	}
}

static void identifiers_are_random(void **state)
{
	(void)state;
	char before[UUID_TEXT] = {0}, text[UUID_TEXT];
	for (int i = 0; i < 1000; i++) {
		unsigned char id[UUID_BYTES];
		uuid_make(id);
		uuid_format(id, text);
		assert_int_equal(text[14], '4');
		assert_true(text[8] == '-' && text[13] == '-' && text[18] == '-' && text[23] == '-');
		assert_true(strchr("89ab", text[19]) != NULL);
		assert_memory_not_equal(before, text, UUID_TEXT);
		memcpy(before, text, UUID_TEXT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_header_is_as_short_as_it_can_be),
		cmocka_unit_test(messages_come_whole_and_leave_nothing),
		cmocka_unit_test(the_limit_counts_all_fragments),
		cmocka_unit_test(compressed_messages_come_back),
		cmocka_unit_test(what_clients_say),
		cmocka_unit_test(what_is_none),
		cmocka_unit_test(reasons_fit_into_a_close_frame),
		cmocka_unit_test(close_codes),
		cmocka_unit_test(limits_are_documented),
		cmocka_unit_test(identifiers_are_random),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
