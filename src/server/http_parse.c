#include "server/http_parse.h"

enum {
	BLANKS_MAX = 4,               /* empty lines some clients send after a body; RFC 9112 2.2 */
	HEAD_BYTES_HARD = 1 << 30,    /* spans are 32 bits */
	BODY_FIRST_RESERVE = 1 << 16, /* a declared length alone gets no more memory than this */
	CHUNK_OVERHEAD = 16,          /* framing bytes tolerated per body byte, besides the size of a head */
};

static const char version_tail_11[] = " HTTP/1.1\r\n";
static const char version_tail_10[] = " HTTP/1.0\r\n";

static int fail(http_parser *p, uint16_t status, const char *reason)
{
	if (p->status == 0) {
		p->status = status;
		p->reason = reason;
	}
	return -1;
}

/* --- header syntax and meaning --- */

static bool is_tchar(unsigned char c)
{
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-') return true;
	return c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL;
}

static bool name_ok(str name)
{
	for (size_t i = 0; i < name.n; i++) {
		if (!is_tchar((unsigned char)name.p[i])) return false;
	}
	return name.n > 0;
}

static bool host_ok(str host)
{
	for (size_t i = 0; i < host.n; i++) {
		unsigned char c = (unsigned char)host.p[i];
		if (c <= ' ' || c >= 0x7f || strchr(",/@?#\\\"<>", c)) return false;
	}
	return true;
}

/* Headers that decide who asks or how bytes are framed: a second one is an attack, never "the last wins". */
static bool must_be_single(str name)
{
	static const str single[] = {STR_INIT("host"), STR_INIT("authorization"), STR_INIT("content-length"),
		STR_INIT("transfer-encoding"), STR_INIT("content-encoding"), STR_INIT("expect"),
		STR_INIT("content-type"), STR_INIT("origin")};

	for (size_t i = 0; i < sizeof(single) / sizeof(single[0]); i++) {
		if (str_eq_nocase(name, single[i])) return true;
	}
	return str_starts_nocase(name, STR("x-hasura-"));
}

static bool seen_before(const http_message *m, size_t i)
{
	str name = http_message_name(m, i);

	for (size_t j = 0; j < i; j++) {
		if (str_eq_nocase(http_message_name(m, j), name)) return true;
	}
	return false;
}

static int check_special(http_parser *p, str name, str value, bool *has_host)
{
	if (str_eq_nocase(name, STR("host"))) {
		*has_host = true;
		if (!host_ok(value)) return fail(p, 400, "invalid Host header");
	} else if (str_eq_nocase(name, STR("transfer-encoding"))) {
		if (p->msg->minor == 0) return fail(p, 400, "Transfer-Encoding is not part of HTTP/1.0");
		if (!str_eq_nocase(value, STR("chunked")))
			return fail(p, 501, "only the transfer coding \"chunked\" is supported");
	} else if (str_eq_nocase(name, STR("content-encoding"))) {
		if (!str_eq_nocase(value, STR("identity")))
			return fail(p, 415, "encoded request bodies are not supported");
	} else if (str_eq_nocase(name, STR("expect"))) {
		if (!str_eq_nocase(value, STR("100-continue")))
			return fail(p, 417, "only the expectation \"100-continue\" is supported");
		p->msg->expect_continue = p->msg->minor == 1;
	}
	return 0;
}

static int check_headers(http_parser *p)
{
	http_message *m = p->msg;
	bool has_host = false;

	for (size_t i = 0; i < m->span_n; i++) {
		str value = str_trim(http_message_value(m, i));
		str name = http_message_name(m, i);

		m->spans[i].value = value.n ? (uint32_t)(value.p - m->head.p) : 0;
		m->spans[i].value_n = (uint32_t)value.n;
		if (must_be_single(name) && seen_before(m, i))
			return fail(p, 400, "a header that may come once came twice");
		if (check_special(p, name, value, &has_host) != 0) return -1;
	}
	if (!has_host && m->minor == 1) return fail(p, 400, "Host header is missing");
	return 0;
}

/* --- the request line --- */

static int check_start_line(http_parser *p)
{
	http_message *m = p->msg;
	size_t method_n = strlen(llhttp_method_name((llhttp_method_t)m->method));
	str target = http_message_target(m);

	if (p->tail_n == 11 && memcmp(p->tail, version_tail_11, 11) == 0) {
		m->minor = 1;
	} else if (p->tail_n == 11 && memcmp(p->tail, version_tail_10, 11) == 0) {
		m->minor = 0;
	} else {
		return fail(p, 505, "only HTTP/1.1 and HTTP/1.0 are supported");
	}
	/* "GET" " " target " HTTP/1.1\r\n": any other length hides blanks llhttp skipped */
	if (p->start_n != method_n + 1 + target.n + 11) return fail(p, 400, "invalid request line");
	if (m->method > HTTP_SOURCE) return fail(p, 400, "not an HTTP method");
	if (m->method == HTTP_CONNECT) return fail(p, 405, "CONNECT is not supported");
	if (str_find_char(target, '#') != SIZE_MAX) return fail(p, 400, "invalid request target");
	if (target.n > 0 && target.p[0] == '/') return 0;
	if (str_eqz(target, "*") && m->method == HTTP_OPTIONS) return 0;
	if (str_starts_nocase(target, STR("http://")) || str_starts_nocase(target, STR("https://"))) return 0;
	return fail(p, 400, "invalid request target");
}

/* --- llhttp callbacks --- */

static http_parser *self(llhttp_t *ll)
{
	return ll->data;
}

static int on_url(llhttp_t *ll, const char *at, size_t n)
{
	http_parser *p = self(ll);

	buf_put(&p->msg->head, str_make(at, n));
	p->msg->target_n = (uint32_t)p->msg->head.n;
	return 0;
}

static int span_open(http_parser *p)
{
	http_message *m = p->msg;

	if (p->limits->header_count && m->span_n >= p->limits->header_count) return fail(p, 431, "too many headers");
	if (m->span_n == m->span_cap) {
		m->span_cap = m->span_cap ? size_mul(m->span_cap, 2) : 16;
		m->spans = mem_realloc(m->spans, size_mul(m->span_cap, sizeof(*m->spans)));
	}
	m->spans[m->span_n++] = (http_span){.name = (uint32_t)m->head.n};
	return 0;
}

static int on_header_field(llhttp_t *ll, const char *at, size_t n)
{
	http_parser *p = self(ll);
	http_message *m = p->msg;

	if (p->headers_done) return 0; /* trailers are read and dropped */
	if ((m->span_n == 0 || p->in_value) && span_open(p) != 0) return HPE_USER;
	p->in_value = false;
	buf_put(&m->head, str_make(at, n));
	m->spans[m->span_n - 1].name_n += (uint32_t)n;
	return 0;
}

static int on_header_field_complete(llhttp_t *ll)
{
	http_parser *p = self(ll);
	http_message *m = p->msg;

	if (p->headers_done) return 0;
	/* an empty name gives no span of its own */
	if (m->span_n == 0 || p->in_value || !name_ok(http_message_name(m, m->span_n - 1))) {
		fail(p, 400, "invalid header name");
		return -1;
	}
	p->in_value = true;
	m->spans[m->span_n - 1].value = (uint32_t)m->head.n;
	return 0;
}

static int on_header_value(llhttp_t *ll, const char *at, size_t n)
{
	http_parser *p = self(ll);

	if (p->headers_done) return 0;
	buf_put(&p->msg->head, str_make(at, n));
	p->msg->spans[p->msg->span_n - 1].value_n += (uint32_t)n;
	return 0;
}

static int on_headers_complete(llhttp_t *ll)
{
	http_parser *p = self(ll);
	http_message *m = p->msg;

	m->method = ll->method;
	if (check_start_line(p) != 0 || check_headers(p) != 0) return -1;
	/* We decide about upgrades: a request with an Upgrade we do not serve is an ordinary one (h2c, RFC 9110 7.8).
	 */
	m->upgrade = ll->upgrade;
	ll->upgrade = 0;
	p->headers_done = true;
	if (ll->flags & F_CONTENT_LENGTH) {
		if (p->limits->body_bytes && ll->content_length > p->limits->body_bytes)
			return fail(p, 413, "request body is too large");
		buf_reserve(&m->body,
			ll->content_length > BODY_FIRST_RESERVE ? BODY_FIRST_RESERVE : (size_t)ll->content_length);
	}
	return 0;
}

static int on_body(llhttp_t *ll, const char *at, size_t n)
{
	http_parser *p = self(ll);
	buf *body = &p->msg->body;

	if (p->limits->body_bytes && (n > p->limits->body_bytes || body->n > p->limits->body_bytes - n)) {
		fail(p, 413, "request body is too large");
		return HPE_USER;
	}
	buf_put(body, str_make(at, n));
	return 0;
}

static int on_message_complete(llhttp_t *ll)
{
	http_parser *p = self(ll);

	p->msg->keep_alive = llhttp_should_keep_alive(ll);
	return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
	.on_url = on_url,
	.on_header_field = on_header_field,
	.on_header_field_complete = on_header_field_complete,
	.on_header_value = on_header_value,
	.on_headers_complete = on_headers_complete,
	.on_body = on_body,
	.on_message_complete = on_message_complete,
};

/* --- the head's lines, as raw bytes --- */

static void tail_put(http_parser *p, const char *data, size_t n)
{
	size_t keep;

	if (n >= sizeof(p->tail)) {
		memcpy(p->tail, data + n - sizeof(p->tail), sizeof(p->tail));
		p->tail_n = sizeof(p->tail);
		return;
	}
	keep = sizeof(p->tail) - n;
	if (keep > p->tail_n) keep = p->tail_n;
	memmove(p->tail, p->tail + p->tail_n - keep, keep);
	memcpy(p->tail + keep, data, n);
	p->tail_n = (uint8_t)(keep + n);
}

static int line_end(http_parser *p, char before)
{
	if (before != '\r') return fail(p, 400, "line feed without carriage return");
	if (p->line_n == 2) {
		if (p->start_n) {
			p->head_done = true;
		} else if (++p->blanks > BLANKS_MAX) {
			return fail(p, 400, "empty lines instead of a request");
		}
	} else if (!p->start_n) {
		p->start_n = p->line_n;
	}
	p->line_n = 0;
	return 0;
}

/* Looks at the lines of the head before llhttp does; *take = bytes that belong to the head. */
static int scan_head(http_parser *p, const char *data, size_t n, size_t *take)
{
	uint64_t max = p->limits->head_bytes && p->limits->head_bytes < HEAD_BYTES_HARD ? p->limits->head_bytes
											: HEAD_BYTES_HARD;
	size_t i = 0;

	while (i < n && !p->head_done) {
		const char *lf = memchr(data + i, '\n', n - i);
		size_t len = (lf ? (size_t)(lf - data) + 1 : n) - i;
		char before = len > 1 ? data[i + len - 2] : p->line_n ? p->prev : 0;

		if (p->line_n == 0 && p->start_n && (data[i] == ' ' || data[i] == '\t'))
			return fail(p, 400, "folded header lines are not supported");
		p->head_bytes += len;
		if (p->head_bytes > max) {
			return p->start_n ? fail(p, 431, "request headers are too large")
					  : fail(p, 414, "request target is too long");
		}
		p->line_n += (uint32_t)len;
		if (!p->start_n) tail_put(p, data + i, len);
		i += len;
		p->prev = data[i - 1];
		if (lf && line_end(p, before) != 0) return -1;
	}
	*take = i;
	return 0;
}

/* --- the public side --- */

void http_message_clear(http_message *m)
{
	buf_clear(&m->head);
	buf_clear(&m->body);
	m->target_n = 0;
	m->span_n = 0;
	m->method = 0;
	m->minor = 0;
	m->keep_alive = false;
	m->upgrade = false;
	m->expect_continue = false;
}

void http_message_free(http_message *m)
{
	buf_free(&m->head);
	buf_free(&m->body);
	mem_free(m->spans);
	*m = (http_message){0};
}

void http_parser_begin(http_parser *p, const http_limits *limits, http_message *msg)
{
	memset(p, 0, sizeof(*p));
	llhttp_init(&p->ll, HTTP_REQUEST, &settings);
	p->ll.data = p;
	p->limits = limits;
	p->msg = msg;
	http_message_clear(msg);
}

bool http_parser_started(const http_parser *p)
{
	return p->head_bytes > 0;
}

/* Bytes to llhttp; sets *used. */
static http_parse_result run(http_parser *p, const char *data, size_t n, size_t *used)
{
	llhttp_errno_t rc = llhttp_execute(&p->ll, data, n);

	*used = n;
	if (p->status) return HTTP_PARSE_FAILED;
	if (rc == HPE_OK) return HTTP_PARSE_MORE;
	if (rc == HPE_PAUSED) {
		*used = (size_t)(llhttp_get_error_pos(&p->ll) - data);
		return HTTP_PARSE_DONE;
	}
	fail(p, 400, rc == HPE_INVALID_METHOD ? "unknown HTTP method" : "malformed HTTP request");
	return HTTP_PARSE_FAILED;
}

static bool framing_ok(http_parser *p)
{
	uint64_t overhead = p->body_raw - p->msg->body.n;
	uint64_t allowed = p->limits->head_bytes ? p->limits->head_bytes : HEAD_BYTES_HARD;

	return overhead <= allowed + (uint64_t)CHUNK_OVERHEAD * p->msg->body.n;
}

http_parse_result http_parser_feed(http_parser *p, const char *data, size_t n, size_t *used)
{
	size_t off = 0, step = 0;
	http_parse_result r = HTTP_PARSE_MORE;

	*used = 0;
	while (off < n && r == HTTP_PARSE_MORE) {
		if (!p->head_done) {
			if (scan_head(p, data + off, n - off, &step) != 0) return HTTP_PARSE_FAILED;
			r = run(p, data + off, step, &step);
		} else {
			r = run(p, data + off, n - off, &step);
			p->body_raw += step;
			if (r == HTTP_PARSE_MORE && !framing_ok(p)) {
				fail(p, 400, "too much chunk framing");
				return HTTP_PARSE_FAILED;
			}
		}
		off += step;
		*used = off;
	}
	return r;
}
