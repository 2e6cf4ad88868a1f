#include "server/ws_frame.h"
#include "base/arena.h"
#include <wslay/wslay.h>

enum {
	OP_CONTINUATION = 0,
	OP_BINARY = 2,
	SPARES_MAX = 64,
	KEEP_BYTES = 65536, /* a larger message buffer is given back at once */
	FRAGMENT_COST = 16, /* what a fragment counts besides its bytes: endless empty ones end too */
};

/* wslay's context and where it reads from. */
typedef struct ws_parse ws_parse;
struct ws_parse {
	wslay_frame_context_ptr ctx;
	str in;
	uint64_t given; /* bytes wslay has taken since the reader got this context */
	uint64_t used;  /* bytes of them that belong to frames that are over */
	uint64_t left;  /* payload bytes the frame under way still lacks */
	bool inside;    /* its header is over */
	bool fin;
	uint8_t opcode;
	unsigned control_n;
	char control[125];
	ws_parse *next; /* among the spare ones */
};

struct ws_shared {
	ws_parse *spare;
	unsigned spares;
	ws_deflate *deflate;
	buf inflated; /* the message handed out last, when it was compressed */
};

static ssize_t on_recv(uint8_t *to, size_t n, int flags, void *user)
{
	ws_parse *p = user;
	size_t take = p->in.n < n ? p->in.n : n;
	(void)flags;
	if (take == 0) return -1;
	memcpy(to, p->in.p, take);
	p->in = str_from_at(p->in, take);
	p->given += take;
	return (ssize_t)take;
}

/* ---- shared ---- */

ws_shared *ws_shared_new(void)
{
	return mem_alloc(sizeof(ws_shared));
}

static void parse_free(ws_parse *p)
{
	wslay_frame_context_free(p->ctx);
	mem_free(p);
}

void ws_shared_free(ws_shared *s)
{
	if (!s) return;
	while (s->spare) {
		ws_parse *p = s->spare;
		s->spare = p->next;
		parse_free(p);
	}
	ws_deflate_free(s->deflate);
	buf_free(&s->inflated);
	mem_free(s);
}

ws_deflate *ws_shared_deflate(ws_shared *s)
{
	if (!s->deflate) s->deflate = ws_deflate_new();
	return s->deflate;
}

static ws_parse *parse_take(ws_shared *s)
{
	static const struct wslay_frame_callbacks callbacks = {.recv_callback = on_recv};
	ws_parse *p = s->spare;
	if (p) {
		s->spare = p->next;
		s->spares--;
		return p;
	}
	p = mem_alloc(sizeof *p);
	if (wslay_frame_context_init(&p->ctx, &callbacks, p) != 0) mem_fail("out of memory");
	return p;
}

static void parse_put(ws_shared *s, ws_parse *p)
{
	if (s->spares >= SPARES_MAX) {
		parse_free(p);
		return;
	}
	p->given = p->used = 0;
	p->next = s->spare;
	s->spare = p;
	s->spares++;
}

/* ---- the reader ---- */

void ws_reader_init(ws_reader *r, ws_shared *shared, uint64_t max, bool deflate)
{
	*r = (ws_reader){.shared = shared, .max = max, .deflate = deflate};
}

void ws_reader_free(ws_reader *r)
{
	if (r->parse) parse_free(r->parse); /* in the middle of something */
	r->parse = NULL;
	buf_free(&r->message);
}

static ws_result fail(ws_reader *r, uint16_t code, const char *reason)
{
	r->code = code;
	r->reason = reason;
	return WS_FAILED;
}

static ws_result protocol(ws_reader *r, const char *reason)
{
	return fail(r, WSLAY_CODE_PROTOCOL_ERROR, reason);
}

static bool is_control(unsigned opcode)
{
	return (opcode & 8) != 0;
}

static uint64_t header_bytes(uint64_t n)
{
	return 2 + 4 + (n < 126 ? 0 : n < 65536 ? 2 : 8);
}

/* A header is complete: what may come now, and how large. */
static ws_result frame_begin(ws_reader *r, ws_parse *p, const struct wslay_frame_iocb *f)
{
	bool rsv1 = f->rsv == WSLAY_RSV1_BIT;
	if (!f->mask) return protocol(r, "a frame of a client must be masked");
	if (f->rsv && !(rsv1 && r->deflate && !is_control(f->opcode) && f->opcode != OP_CONTINUATION))
		return protocol(r, "reserved bits are set");
	p->opcode = f->opcode;
	p->fin = f->fin;
	p->left = f->payload_length;
	p->inside = true;
	p->used += header_bytes(f->payload_length) + f->payload_length;
	if (is_control(f->opcode)) {
		p->control_n = 0;
		if (f->opcode > WS_OP_PONG) return protocol(r, "unknown opcode");
		return f->fin && f->payload_length <= 125 ? WS_MORE : protocol(r, "odd control frame");
	}
	if (f->opcode == OP_CONTINUATION) {
		if (!r->opcode) return protocol(r, "a continuation of nothing");
	} else if (f->opcode > OP_BINARY) {
		return protocol(r, "unknown opcode");
	} else {
		if (r->opcode) return protocol(r, "a message inside a message");
		r->opcode = f->opcode;
		r->compressed = rsv1;
		r->fragments = 0;
		buf_clear(&r->message);
	}
	uint64_t have = r->message.n + r->fragments++ * FRAGMENT_COST;
	if (r->max && (have > r->max || f->payload_length > r->max - have))
		return fail(r, WSLAY_CODE_MESSAGE_TOO_BIG,
			"message too large (the limit is a setting: --websocket-max-message-size)");
	return WS_MORE;
}

static ws_result close_event(ws_reader *r, const ws_parse *p, ws_event *out)
{
	*out = (ws_event){.kind = WS_CLOSE};
	if (p->control_n == 0) return WS_EVENT;
	if (p->control_n == 1) return protocol(r, "half a close code");
	out->code = (uint16_t)((unsigned char)p->control[0] << 8 | (unsigned char)p->control[1]);
	out->payload = str_make(p->control + 2, p->control_n - 2);
	if (!ws_close_code_ok(out->code)) return protocol(r, "odd close code");
	if (!str_is_utf8(out->payload))
		return fail(r, WSLAY_CODE_INVALID_FRAME_PAYLOAD_DATA, "a reason that is not UTF-8");
	return WS_EVENT;
}

static ws_result control_event(ws_reader *r, const ws_parse *p, ws_event *out)
{
	if (p->opcode == WS_OP_CLOSE) return close_event(r, p, out);
	*out = (ws_event){
		.kind = p->opcode == WS_OP_PING ? WS_PING : WS_PONG, .payload = str_make(p->control, p->control_n)};
	return WS_EVENT;
}

static ws_result message_event(ws_reader *r, str bytes, ws_event *out)
{
	ws_shared *s = r->shared;
	r->opcode = 0;
	r->given = true;
	if (r->compressed) {
		buf_clear(&s->inflated);
		switch (ws_inflate_put(ws_shared_deflate(s), bytes, r->max, &s->inflated)) {
		case WS_INFLATE_BROKEN:
			return fail(r, WSLAY_CODE_INVALID_FRAME_PAYLOAD_DATA, "the message cannot be decompressed");
		case WS_INFLATE_TOO_LARGE:
			return fail(r, WSLAY_CODE_MESSAGE_TOO_BIG,
				"message too large (the limit is a setting: --websocket-max-message-size)");
		case WS_INFLATE_OK: bytes = buf_str(&s->inflated);
		}
	}
	if (!str_is_utf8(bytes)) return fail(r, WSLAY_CODE_INVALID_FRAME_PAYLOAD_DATA, "the message is not UTF-8");
	*out = (ws_event){.kind = WS_TEXT, .payload = bytes};
	return WS_EVENT;
}

/* A piece of a frame's payload, or its end. */
static ws_result frame_piece(ws_reader *r, ws_parse *p, const struct wslay_frame_iocb *f, ws_event *out)
{
	str piece = str_make((const char *)f->data, f->data_length);
	bool whole = p->left == piece.n && f->payload_length == piece.n;
	p->left -= piece.n;
	if (is_control(p->opcode)) {
		if (piece.n) memcpy(p->control + p->control_n, piece.p, piece.n);
		p->control_n += (unsigned)piece.n;
	} else if (whole && p->fin && r->message.n == 0) {
		p->inside = false;
		return message_event(r, piece, out); /* as it lies in wslay's buffer */
	} else {
		buf_put(&r->message, piece);
	}
	if (p->left) return WS_MORE;
	p->inside = false;
	if (is_control(p->opcode)) return control_event(r, p, out);
	return p->fin ? message_event(r, buf_str(&r->message), out) : WS_MORE;
}

/* What the last call handed out is over. */
static void forget(ws_reader *r)
{
	if (!r->given) return;
	r->given = false;
	if (r->message.cap > KEEP_BYTES || !r->parse) buf_free(&r->message);
	buf_clear(&r->message);
	if (r->shared->inflated.cap > (1u << 20)) buf_free(&r->shared->inflated);
}

/* Between two frames and nothing read ahead: the context goes back. */
static void rest(ws_reader *r)
{
	ws_parse *p = r->parse;
	if (p->inside || p->given != p->used) return;
	r->parse = NULL;
	parse_put(r->shared, p);
	if (!r->opcode) buf_free(&r->message);
}

ws_result ws_reader_next(ws_reader *r, str *in, ws_event *out)
{
	forget(r);
	if (!r->parse) {
		if (in->n == 0) return WS_MORE;
		r->parse = parse_take(r->shared);
	}
	ws_parse *p = r->parse;
	ws_result found = WS_MORE;
	p->in = *in;
	while (found == WS_MORE) {
		struct wslay_frame_iocb f;
		memset(&f, 0, sizeof f);
		ssize_t n = wslay_frame_recv(p->ctx, &f);
		if (n == WSLAY_ERR_WANT_READ) break;
		if (n < 0) {
			found = protocol(r, "not a frame");
			break;
		}
		if (!p->inside) found = frame_begin(r, p, &f);
		if (found == WS_MORE) found = frame_piece(r, p, &f, out);
	}
	*in = p->in;
	p->in = STR_NULL;
	if (found == WS_MORE) rest(r);
	return found;
}

/* ---- out ---- */

size_t ws_header_before(char *end, unsigned opcode, bool rsv1, uint64_t length)
{
	unsigned ext = length < 126 ? 0 : length < 65536 ? 2 : 8;
	char *at = end - 2 - ext;
	at[0] = (char)(0x80 | (rsv1 ? 0x40 : 0) | opcode);
	at[1] = (char)(ext == 0 ? length : ext == 2 ? 126 : 127);
	for (unsigned i = 0; i < ext; i++)
		end[-1 - (int)i] = (char)(unsigned char)(length >> (8 * i));
	return 2 + ext;
}

bool ws_close_code_ok(unsigned code)
{
	if (code >= 3000) return code <= 4999;
	return code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006;
}
