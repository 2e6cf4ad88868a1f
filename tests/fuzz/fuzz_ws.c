/*
 * Frames and messages of WebSocket clients: whatever comes, the events and the failure must not depend on how the bytes are cut: whole, byte by
 * byte, and in pieces chosen by the input give the same. Every text that comes out is read as a message of a GraphQL client. The first byte
 * chooses compression, the limit, and whether the rest is frames or one message.
 */
#include "base/arena.h"
#include "server/ws_frame.h"
#include "server/ws_message.h"
#include <stdlib.h>

enum { EVENTS_MAX = 64 };

static void read_message(str text)
{
	arena *a = arena_new(0);
	ws_message m;
	error err;
	buf reason = {0};
	error_init(&err, a);
	if (!ws_message_read(a, text, 10, &m, &err)) {
		if (err.message.n == 0) abort();
		ws_put_reason(&reason, 4400, err.message);
		if (reason.n > 123 || !str_is_utf8(buf_str(&reason))) abort();
	} else if (m.type == MSG_START && !m.body.query.p) {
		abort();
	} else if (m.nheaders > 10) {
		abort();
	}
	buf_free(&reason);
	arena_free(a);
}

static void note(buf *to, const ws_event *e)
{
	buf_printf(to, "%d %u ", e->kind, e->code);
	buf_put(to, e->payload);
	buf_putc(to, '\n');
}

static void run(ws_shared *shared, uint8_t how, const char *data, size_t n, size_t step, buf *out)
{
	ws_reader r;
	ws_result got = WS_MORE;
	unsigned events = 0;
	size_t at = 0;
	ws_reader_init(&r, shared, how & 2 ? 200 : 100000, how & 1);
	while (at < n && got != WS_FAILED && events < EVENTS_MAX) {
		size_t piece = step ? step : (size_t)(unsigned char)data[at] % 13 + 1;
		if (piece > n - at) piece = n - at;
		char *copy = mem_alloc(piece); /* a buffer of its own, so that reading past it is seen */
		memcpy(copy, data + at, piece);
		str in = str_make(copy, piece);
		ws_event e;
		while (events < EVENTS_MAX && (got = ws_reader_next(&r, &in, &e)) == WS_EVENT) {
			note(out, &e);
			events++;
			if (e.kind == WS_TEXT) read_message(e.payload);
			if ((e.kind == WS_PING || e.kind == WS_PONG) && e.payload.n > 125) abort();
		}
		if (got == WS_MORE && in.n) abort();
		if (got == WS_MORE && !r.parse && !r.opcode && r.message.cap) abort(); /* at rest it owns nothing */
		mem_free(copy);
		at += piece;
	}
	if (got == WS_FAILED) buf_printf(out, "failed %u %s", r.code, r.reason);
	ws_reader_free(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const size_t steps[] = {1u << 20, 1, 0};
	const char *rest = (const char *)data + 1;
	buf out[3] = {{0}};
	if (n < 1) return 0;
	if (data[0] & 4) {
		read_message(str_make(rest, n - 1));
		return 0;
	}
	for (size_t i = 0; i < 3; i++) {
		ws_shared *shared = ws_shared_new();
		run(shared, data[0], rest, n - 1, steps[i], &out[i]);
		ws_shared_free(shared);
	}
	for (size_t i = 1; i < 3; i++)
		if (!str_eq(buf_str(&out[0]), buf_str(&out[i]))) abort();
	for (size_t i = 0; i < 3; i++)
		buf_free(&out[i]);
	return 0;
}
