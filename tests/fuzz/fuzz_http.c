/*
 * The HTTP parser: whatever comes, the result must not depend on how the bytes are cut: whole, byte by byte, and in pieces chosen by the input give
 * the same verdict, the same messages and the same end. The first byte chooses limits and cuts.
 */
#include "server/http_parse.h"
#include <stdlib.h>

enum { MESSAGES_MAX = 8 };

typedef struct run_result {
	size_t messages;
	size_t used;
	http_parse_result last;
	buf text; /* of all messages */
} run_result;

static void note(run_result *r, const http_message *m)
{
	buf_printf(&r->text, "%u %u %d %d\n", m->method, m->minor, m->keep_alive, m->upgrade);
	buf_put(&r->text, http_message_target(m));
	for (size_t i = 0; i < m->span_n; i++) {
		buf_putc(&r->text, '\n');
		buf_put(&r->text, http_message_name(m, i));
		buf_putc(&r->text, ':');
		buf_put(&r->text, http_message_value(m, i));
	}
	buf_puts(&r->text, "\n\n");
	buf_put(&r->text, buf_str(&m->body));
	buf_putc(&r->text, '\n');
}

/* Feeds pieces of `step` bytes (0: sizes from the data itself). */
static run_result run(const http_limits *limits, const char *data, size_t n, size_t step)
{
	http_message m = {0};
	http_parser p;
	run_result r = {.last = HTTP_PARSE_MORE};
	size_t at = 0, used;

	http_parser_begin(&p, limits, &m);
	while (at < n && r.messages < MESSAGES_MAX && r.last != HTTP_PARSE_FAILED) {
		size_t piece = step ? step : (size_t)(unsigned char)data[at] % 13 + 1;
		char *copy;
		if (piece > n - at) piece = n - at;
		/* a buffer of its own, so that reading past it is seen */
		copy = mem_alloc(piece);
		memcpy(copy, data + at, piece);
		r.last = http_parser_feed(&p, copy, piece, &used);
		mem_free(copy);
		if (used > piece) abort();
		if (r.last == HTTP_PARSE_MORE && used != piece) abort();
		at += used;
		if (r.last == HTTP_PARSE_DONE) {
			r.messages++;
			note(&r, &m);
			if (!m.keep_alive) break;
			http_parser_begin(&p, limits, &m);
		}
	}
	if (r.last == HTTP_PARSE_FAILED && (p.status < 400 || p.status > 505 || !p.reason)) abort();
	r.used = r.last == HTTP_PARSE_FAILED ? 0 : at;
	http_message_free(&m);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	http_limits limits = http_limits_default();
	run_result whole, other;
	const size_t steps[] = {1, 0, 7};

	if (n < 1) return 0;
	if (data[0] & 1) {
		limits.head_bytes = 200;
		limits.header_count = 4;
		limits.body_bytes = 64;
	}
	whole = run(&limits, (const char *)data + 1, n - 1, n);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		other = run(&limits, (const char *)data + 1, n - 1, steps[i]);
		if (other.last != whole.last || other.messages != whole.messages || other.used != whole.used) abort();
		if (!str_eq(buf_str(&other.text), buf_str(&whole.text))) abort();
		buf_free(&other.text);
	}
	buf_free(&whole.text);
	return 0;
}
