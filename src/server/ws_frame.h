/*
 * ws_frame: frames of RFC 6455, the server's side; no I/O. Bytes in, whole messages out; the grammar of frames is
 * libwslay's, the rules between frames are here. A reader that is between two frames owns no memory: wslay's contexts
 * (4 KB each) and the decompressor belong to the worker and are lent while a frame is under way. The result does not
 * depend on how the bytes are cut into pieces (tests/fuzz/fuzz_ws.c).
 */
#pragma once
#include "base/buf.h"
#include "server/ws_deflate.h"
#include <stdint.h>

/* What the readers of a worker share. */
typedef struct ws_shared ws_shared;
ws_shared *ws_shared_new(void);
/* After all its readers are done for. */
void ws_shared_free(ws_shared *s);
ws_deflate *ws_shared_deflate(ws_shared *s);

typedef enum ws_kind { WS_TEXT, WS_PING, WS_PONG, WS_CLOSE } ws_kind;

typedef struct ws_event {
	ws_kind kind;
	str payload;   /* text (binary messages count as text; valid UTF-8), ping's bytes, or the reason of a close */
	uint16_t code; /* of a close; 0: none was given */
} ws_event;

typedef enum ws_result { WS_MORE, WS_EVENT, WS_FAILED } ws_result;

struct ws_parse;

typedef struct ws_reader {
	struct ws_parse *parse; /* NULL between frames */
	ws_shared *shared;
	uint64_t max; /* bytes of a message; 0: no limit */
	uint64_t fragments;
	buf message;        /* of what did not come in one piece */
	uint8_t opcode;     /* of the message under way; 0: none */
	bool deflate;       /* negotiated */
	bool compressed;    /* the message under way */
	bool given;         /* message was handed out by the last call */
	uint16_t code;      /* of the failure: what to close with */
	const char *reason; /* static */
} ws_reader;

void ws_reader_init(ws_reader *r, ws_shared *shared, uint64_t max, bool deflate);
void ws_reader_free(ws_reader *r);
/*
 * Takes bytes of *in up to the end of one message or control frame. WS_EVENT: *out is it, and lives until the next
 * call; call again. WS_MORE: all of *in is taken. WS_FAILED: close with r->code and r->reason; call no more.
 */
ws_result ws_reader_next(ws_reader *r, str *in, ws_event *out);

enum { WS_HEADER_MAX = 10, WS_OP_TEXT = 1, WS_OP_CLOSE = 8, WS_OP_PING = 9, WS_OP_PONG = 10 };

/* Writes the header of an unmasked, final frame so that it ends at `end`; returns its length. rsv1: compressed. */
size_t ws_header_before(char *end, unsigned opcode, bool rsv1, uint64_t length);
/* May an endpoint send this close code? RFC 6455, 7.4. */
bool ws_close_code_ok(unsigned code);
