#include "server/ws_handshake.h"
#include "base/arena.h"
#include "server/ws_deflate.h"
#include <openssl/evp.h>

enum { VALUES_MAX = 8 };

static size_t values_of(const http_request *req, str name, str *out)
{
	size_t n = 0;
	for (size_t i = 0; i < req->header_count && n < VALUES_MAX; i++)
		if (str_eq_nocase(req->headers[i].name, name)) out[n++] = req->headers[i].value;
	return n;
}

/* Is the word among the comma lists? */
static bool lists(const str *values, size_t n, str word)
{
	for (size_t i = 0; i < n; i++) {
		str rest = values[i];
		while (rest.n) {
			size_t at = str_find_char(rest, ',');
			if (str_eq_nocase(str_trim(str_sub(rest, 0, at)), word)) return true;
			rest = at == SIZE_MAX ? STR_NULL : str_from_at(rest, at + 1);
		}
	}
	return false;
}

bool ws_handshake_asked(const http_request *req)
{
	str values[VALUES_MAX];
	if (!req->wants_upgrade) return false;
	return lists(values, values_of(req, STR("upgrade"), values), STR("websocket"));
}

static bool read_path(const http_request *req, ws_hello *h, error *err)
{
	if (str_eqz(req->path, "/v1/graphql")) return true;
	h->legacy = str_eqz(req->path, "/v1alpha1/graphql");
	h->relay = str_eqz(req->path, "/v1beta1/relay");
	if (h->legacy || h->relay) return true;
	return error_set(err, ERR_NOT_FOUND, STR_NULL,
		"only '/v1/graphql', '/v1alpha1/graphql' and '/v1beta1/relay' are supported on websockets");
}

/* A page of another site must not use the visitor's cookies or network (cross-site WebSocket hijacking): browsers send
 * Origin and ask nobody before they connect. */
static bool read_origin(const http_request *req, const cors_policy *cors, bool read_cookie, ws_hello *h, error *err)
{
	str origin = http_request_header(req, STR("origin"));
	if (!origin.p) return true;
	if (cors->mode == CORS_DISABLED) {
		h->drop_cookie = !read_cookie;
		return true;
	}
	if (cors_allows(cors, origin)) return true;
	return error_set(
		err, ERR_ACCESS_DENIED, STR_NULL, "received origin header does not match configured CORS domains");
}

/* 16 random bytes in base64: 22 characters and "==". */
static bool key_ok(str key)
{
	for (size_t i = 0; i < key.n; i++) {
		char c = key.p[i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' ||
			c == '/';
		if (!plain && !(i >= 22 && c == '=')) return false;
	}
	return key.n == 24 && str_ends(key, STR("=="));
}

static bool read_form(const http_request *req, ws_hello *h, error *err)
{
	str keys[VALUES_MAX], versions[VALUES_MAX];
	size_t nkeys = values_of(req, STR("sec-websocket-key"), keys);
	size_t nversions = values_of(req, STR("sec-websocket-version"), versions);
	if (req->method != METHOD_GET || req->version_minor != 1)
		return error_set(err, ERR_BAD_REQUEST, STR_NULL, "a websocket begins with a GET of HTTP/1.1");
	if (nversions != 1 || !str_eqz(versions[0], "13")) {
		if (!error_set(err, ERR_BAD_REQUEST, STR_NULL, "only version 13 of websockets is supported"))
			err->status = 426;
		return false;
	}
	if (nkeys != 1 || !key_ok(keys[0]))
		return error_set(err, ERR_BAD_REQUEST, STR_NULL, "Sec-WebSocket-Key must be 16 bytes in base64");
	h->key = keys[0];
	return true;
}

/* Anything but the new name means the old protocol; of a list that has both the old one is taken, as a server of Hasura
 * does. */
static void read_protocol(const http_request *req, ws_hello *h)
{
	str values[VALUES_MAX];
	size_t n = values_of(req, STR("sec-websocket-protocol"), values);
	bool apollo = lists(values, n, STR("graphql-ws")), transport = lists(values, n, STR("graphql-transport-ws"));
	h->protocol = transport && !apollo ? WS_TRANSPORT : WS_APOLLO;
	h->named = apollo || transport;
}

bool ws_handshake_read(
	const http_request *req, const cors_policy *cors, bool read_cookie, bool deflate, ws_hello *out, error *err)
{
	str values[VALUES_MAX];
	*out = (ws_hello){0};
	if (!read_path(req, out, err) || !read_origin(req, cors, read_cookie, out, err) || !read_form(req, out, err))
		return false;
	read_protocol(req, out);
	if (deflate)
		out->deflate = ws_deflate_offered(
			values, values_of(req, STR("sec-websocket-extensions"), values), &out->window);
	return true;
}

str_pair *ws_handshake_headers(arena *a, const http_request *req, const ws_hello *h, size_t *n)
{
	static const str left_out[] = {STR_INIT("sec-websocket-key"), STR_INIT("sec-websocket-version"),
		STR_INIT("upgrade"), STR_INIT("connection"), STR_INIT("cookie") /* the last: only sometimes */};
	size_t nout = sizeof left_out / sizeof *left_out - (h->drop_cookie ? 0 : 1);
	str_pair *to = req->header_count ? NEW_ARRAY(a, str_pair, req->header_count) : NULL;
	*n = 0;
	for (size_t i = 0; i < req->header_count; i++) {
		bool skip = false;
		for (size_t k = 0; k < nout; k++)
			skip = skip || str_eq_nocase(req->headers[i].name, left_out[k]);
		if (skip) continue;
		to[(*n)++] = (str_pair){str_copy(a, req->headers[i].name), str_copy(a, req->headers[i].value)};
	}
	return to;
}

static void put_accept(buf *b, str key)
{
	static const str salt = STR_INIT("258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
	unsigned char text[64], digest[EVP_MAX_MD_SIZE], out[64];
	unsigned n = 0;
	memcpy(text, key.p, key.n);
	memcpy(text + key.n, salt.p, salt.n);
	EVP_Digest(text, key.n + salt.n, digest, &n, EVP_sha1(), NULL);
	buf_put(b, str_make((char *)out, (size_t)EVP_EncodeBlock(out, digest, (int)n)));
}

void ws_handshake_put(buf *b, const ws_hello *h)
{
	buf_puts(b,
		"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		"Sec-WebSocket-Accept: ");
	put_accept(b, h->key);
	if (h->named)
		buf_puts(b,
			h->protocol == WS_TRANSPORT ? "\r\nSec-WebSocket-Protocol: graphql-transport-ws"
						    : "\r\nSec-WebSocket-Protocol: graphql-ws");
	if (h->deflate) {
		buf_puts(b, "\r\nSec-WebSocket-Extensions: ");
		ws_deflate_put_answer(b, h->window);
	}
	buf_puts(b, "\r\n\r\n");
}
