#include "base/arena.h"
#include "base/clock.h"
#include "server/http_internal.h"
#include <sys/random.h>

static http_method method_of(uint8_t m)
{
	switch (m) {
	case HTTP_GET: return METHOD_GET;
	case HTTP_HEAD: return METHOD_HEAD;
	case HTTP_POST: return METHOD_POST;
	case HTTP_PUT: return METHOD_PUT;
	case HTTP_PATCH: return METHOD_PATCH;
	case HTTP_DELETE: return METHOD_DELETE;
	case HTTP_OPTIONS: return METHOD_OPTIONS;
	default: return METHOD_OTHER;
	}
}

/* Path and query of a target; of "http://host/path" (RFC 9112 3.2.2) what follows the host. */
static void split_target(http_request *req, str target)
{
	size_t at;

	if (target.n > 0 && target.p[0] != '/' && target.p[0] != '*') {
		at = str_find(target, STR("://"));
		target = str_from_at(target, at + 3);
		at = 0;
		while (at < target.n && target.p[at] != '/' && target.p[at] != '?')
			at++;
		target = str_from_at(target, at);
	}
	at = str_find_char(target, '?');
	req->path = str_sub(target, 0, at);
	req->query = at == SIZE_MAX ? STR_NULL : str_from_at(target, at + 1);
	if (req->path.n == 0) req->path = STR("/");
}

/* Everything the handler sees; the message is complete, so nothing moves any more. */
void http_request_fill(http_conn *c, http_request *req)
{
	const http_message *m = &req->priv->msg;
	http_header *headers = m->span_n ? NEW_ARRAY(req->arena, http_header, m->span_n) : NULL;

	for (size_t i = 0; i < m->span_n; i++) {
		headers[i].name = http_message_name(m, i);
		headers[i].value = http_message_value(m, i);
	}
	req->headers = headers;
	req->header_count = m->span_n;
	req->method = method_of(m->method);
	req->method_text = str_from(llhttp_method_name((llhttp_method_t)m->method));
	split_target(req, http_message_target(m));
	req->body = buf_str(&m->body);
	req->version_minor = m->minor;
	req->keep_alive = m->keep_alive;
	req->wants_upgrade = m->upgrade;
	req->peer_ip = str_make(c->ip, c->ip_n);
	req->worker = c->hw->w;
	req->server = c->hw->server;
	req->ready_ns = clock_mono_ns();
	req->log.mode = "non-graphql";
}

str http_request_header(const http_request *req, str name)
{
	for (size_t i = 0; i < req->header_count; i++) {
		if (str_eq_nocase(req->headers[i].name, name)) {
			str v = req->headers[i].value;
			return v.p ? v : STR("");
		}
	}
	return STR_NULL;
}

static bool id_ok(str id)
{
	for (size_t i = 0; i < id.n; i++) {
		char c = id.p[i];
		bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
		if (!alnum && (c == 0 || !strchr("._:+/=@-", c))) return false;
	}
	return id.n > 0 && id.n <= HTTP_ID_MAX;
}

static const unsigned char *random_16(http_worker *hw)
{
	const unsigned char *p;

	if (!hw->random_ready || hw->random_at + 16 > sizeof(hw->random)) {
		size_t got = 0;
		while (got < sizeof(hw->random)) {
			ssize_t n = getrandom(hw->random + got, sizeof(hw->random) - got, 0);
			if (n > 0) got += (size_t)n;
		}
		hw->random_at = 0;
		hw->random_ready = true;
	}
	p = hw->random + hw->random_at;
	hw->random_at += 16;
	return p;
}

/* UUID version 4, RFC 9562. */
static uint8_t uuid_put(http_worker *hw, char *out)
{
	static const char hex[] = "0123456789abcdef";
	unsigned char b[16];
	uint8_t n = 0;

	memcpy(b, random_16(hw), sizeof(b));
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	for (int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10) out[n++] = '-';
		out[n++] = hex[b[i] >> 4];
		out[n++] = hex[b[i] & 15];
	}
	return n;
}

str http_request_id(http_request *req)
{
	struct http_request_private *p = req->priv;

	if (p->id_n == 0) {
		str given = http_request_header(req, STR("x-request-id"));
		if (id_ok(given)) {
			memcpy(p->id, given.p, given.n);
			p->id_n = (uint8_t)given.n;
		} else {
			p->id_n = uuid_put(p->hw, p->id);
		}
	}
	return str_make(p->id, p->id_n);
}

str http_request_client_ip(const http_request *req)
{
	for (size_t i = 0; i < req->header_count; i++) {
		str name = req->headers[i].name;
		if (str_eq_nocase(name, STR("x-real-ip")) || str_eq_nocase(name, STR("x-forwarded-for")))
			return req->headers[i].value;
	}
	return req->peer_ip;
}

gzip_choice http_request_gzip(http_request *req)
{
	struct http_request_private *p = req->priv;
	str values[8];
	size_t n = 0;

	if (p->gzip_known) return p->gzip;
	for (size_t i = 0; i < req->header_count && n < 8; i++) {
		if (str_eq_nocase(req->headers[i].name, STR("accept-encoding"))) values[n++] = req->headers[i].value;
	}
	p->gzip = gzip_accepts(values, n);
	p->gzip_known = true;
	return p->gzip;
}

bool http_request_accepts_gzip(http_request *req)
{
	return http_request_gzip(req) != GZIP_NO;
}

void http_request_on_abort(http_request *req, void (*fn)(void *data), void *data)
{
	req->priv->on_abort = fn;
	req->priv->abort_data = data;
}

bool http_request_gone(const http_request *req)
{
	return req->priv->conn == NULL;
}
