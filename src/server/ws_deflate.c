#include "server/ws_deflate.h"
#include "base/arena.h"
#include <limits.h>
#include <zlib.h>

enum { WINDOW_MAX = 15, WINDOW_MIN = 9 /* zlib cannot write raw streams of 8 */, MEMORY = 8, PIECE = 16384 };

struct ws_deflate {
	z_stream in;
	z_stream out;
	unsigned out_window; /* 0: not ready */
	bool in_ready;
	unsigned char piece[PIECE];
};

static void *zlib_alloc(void *opaque, unsigned items, unsigned size)
{
	(void)opaque;
	return mem_alloc(size_mul(items, size));
}

static void zlib_release(void *opaque, void *p)
{
	(void)opaque;
	mem_free(p);
}

ws_deflate *ws_deflate_new(void)
{
	return mem_alloc(sizeof(ws_deflate));
}

void ws_deflate_free(ws_deflate *d)
{
	if (!d) return;
	if (d->in_ready) inflateEnd(&d->in);
	if (d->out_window) deflateEnd(&d->out);
	mem_free(d);
}

/* ---- out ---- */

static void deflate_ready(ws_deflate *d, unsigned window)
{
	if (d->out_window == window) {
		deflateReset(&d->out);
		return;
	}
	if (d->out_window) deflateEnd(&d->out);
	d->out = (z_stream){.zalloc = zlib_alloc, .zfree = zlib_release};
	deflateInit2(&d->out, 1, Z_DEFLATED, -(int)window, MEMORY, Z_DEFAULT_STRATEGY);
	d->out_window = window;
}

static void deflate_piece(ws_deflate *d, str in, int flush, buf *out)
{
	z_stream *s = &d->out;
	s->next_in = (unsigned char *)(uintptr_t)in.p;
	s->avail_in = (unsigned)in.n;
	do {
		buf_reserve(out, 1024);
		size_t room = out->cap - out->n < UINT_MAX ? out->cap - out->n : UINT_MAX;
		s->next_out = (unsigned char *)out->p + out->n;
		s->avail_out = (unsigned)room;
		deflate(s, flush);
		out->n += room - s->avail_out;
	} while (s->avail_in || s->avail_out == 0);
}

void ws_deflate_put(ws_deflate *d, unsigned window, const str *parts, size_t n, buf *out)
{
	deflate_ready(d, window);
	for (size_t i = 0; i < n; i++) {
		str left = parts[i];
		while (left.n) {
			str now = str_sub(left, 0, 1u << 30);
			left = str_from_at(left, now.n);
			deflate_piece(d, now, Z_NO_FLUSH, out);
		}
	}
	deflate_piece(d, STR(""), Z_SYNC_FLUSH, out);
	/* RFC 7692, 7.2.1: the empty block at the end stays unsaid. */
	if (out->n >= 4) out->n -= 4;
}

/* ---- in ---- */

static ws_inflate_result inflate_piece(ws_deflate *d, str in, uint64_t max, buf *out)
{
	z_stream *s = &d->in;
	int rc = Z_OK;
	s->next_in = (unsigned char *)(uintptr_t)in.p;
	s->avail_in = (unsigned)in.n;
	do {
		s->next_out = d->piece;
		s->avail_out = PIECE;
		rc = inflate(s, Z_SYNC_FLUSH);
		if (rc != Z_OK && rc != Z_BUF_ERROR && rc != Z_STREAM_END) return WS_INFLATE_BROKEN;
		size_t got = PIECE - s->avail_out;
		if (max && got > max - out->n) return WS_INFLATE_TOO_LARGE;
		buf_put(out, str_make((char *)d->piece, got));
		/* A sender may end its stream (RFC 7692, 7.2.3.5); what follows belongs to another one. */
		if (rc == Z_STREAM_END) inflateReset(s);
	} while (s->avail_in || s->avail_out == 0);
	return WS_INFLATE_OK;
}

ws_inflate_result ws_inflate_put(ws_deflate *d, str in, uint64_t max, buf *out)
{
	ws_inflate_result r = WS_INFLATE_OK;
	if (d->in_ready) {
		inflateReset(&d->in);
	} else {
		d->in = (z_stream){.zalloc = zlib_alloc, .zfree = zlib_release};
		inflateInit2(&d->in, -WINDOW_MAX);
		d->in_ready = true;
	}
	while (in.n && r == WS_INFLATE_OK) {
		str now = str_sub(in, 0, 1u << 30);
		in = str_from_at(in, now.n);
		r = inflate_piece(d, now, max, out);
	}
	return r == WS_INFLATE_OK ? inflate_piece(d, str_make("\0\0\xff\xff", 4), max, out) : r;
}

/* ---- the handshake ---- */

static str cut(str *rest, char at)
{
	size_t i = str_find_char(*rest, at);
	str one = str_trim(str_sub(*rest, 0, i));
	*rest = i == SIZE_MAX ? STR_NULL : str_from_at(*rest, i + 1);
	return one;
}

static str unquoted(str s)
{
	if (s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"') return str_sub(s, 1, s.n - 2);
	return s;
}

/* One parameter of an offer. */
static bool parameter_fits(str param, unsigned *window)
{
	str value = param, name = cut(&value, '=');
	uint64_t bits = 0;
	if (str_eq_nocase(name, STR("server_no_context_takeover")) ||
		str_eq_nocase(name, STR("client_no_context_takeover")))
		return value.p == NULL;
	value = unquoted(str_trim(value));
	if (str_eq_nocase(name, STR("client_max_window_bits"))) {
		/* Ours to limit, and we do not: any window of the client's can be read. */
		return value.p == NULL || (str_to_u64(value, &bits) && bits >= 8 && bits <= WINDOW_MAX);
	}
	if (!str_eq_nocase(name, STR("server_max_window_bits"))) return false;
	if (!str_to_u64(value, &bits) || bits < WINDOW_MIN || bits > WINDOW_MAX) return false;
	*window = (unsigned)bits;
	return true;
}

static bool offer_fits(str offer, unsigned *window)
{
	*window = WINDOW_MAX;
	if (!str_eq_nocase(cut(&offer, ';'), STR("permessage-deflate"))) return false;
	while (offer.p)
		if (!parameter_fits(cut(&offer, ';'), window)) return false;
	return true;
}

bool ws_deflate_offered(const str *values, size_t n, unsigned *window)
{
	for (size_t i = 0; i < n; i++) {
		str rest = values[i];
		while (rest.n)
			if (offer_fits(cut(&rest, ','), window)) return true;
	}
	return false;
}

void ws_deflate_put_answer(buf *b, unsigned window)
{
	buf_puts(b, "permessage-deflate; server_no_context_takeover; client_no_context_takeover");
	if (window < WINDOW_MAX) buf_printf(b, "; server_max_window_bits=%u", window);
}
