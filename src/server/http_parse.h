/*
 * http_parse: bytes in, one request message out; no I/O. llhttp (strict build) reads the grammar; what it lets pass is
 * refused here: bare LF, folded lines, extra blanks in the request line, versions other than 1.0 and 1.1, RTSP, empty
 * header names, Host missing or twice, doubled security headers, transfer codings other than a single "chunked",
 * encoded bodies, fragments in targets. The result does not depend on how the bytes are cut into pieces
 * (tests/fuzz/fuzz_http.c).
 */
#pragma once
#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "server/http_limits.h"
#include <llhttp.h>

typedef struct http_span {
	uint32_t name, name_n;
	uint32_t value, value_n;
} http_span;

/* Reused for one request after the other; http_message_clear keeps the memory. head and body are private until the
 * message is complete. */
typedef struct http_message {
	buf head; /* target, then names and values, back to back */
	uint32_t target_n;
	http_span *spans; /* into head */
	size_t span_n, span_cap;
	buf body;
	uint8_t method; /* llhttp_method_t */
	uint8_t minor;  /* HTTP/1.minor */
	bool keep_alive;
	bool upgrade;
	bool expect_continue; /* headers are complete and the client waits for "100 Continue" */
} http_message;

typedef enum http_parse_result { HTTP_PARSE_MORE, HTTP_PARSE_DONE, HTTP_PARSE_FAILED } http_parse_result;

typedef struct http_parser {
	llhttp_t ll;
	const http_limits *limits;
	http_message *msg;
	uint64_t head_bytes;
	uint64_t body_raw; /* bytes behind the head, chunk framing included */
	uint32_t line_n;   /* bytes of the line being scanned */
	uint32_t start_n;  /* length of the request line, 0 while it is not complete */
	uint8_t blanks;    /* empty lines before it */
	uint8_t tail_n;
	char tail[11]; /* its last bytes */
	char prev;
	bool head_done;    /* the scanner has seen the empty line */
	bool headers_done; /* llhttp and our checks have passed it */
	bool in_value;
	uint16_t status; /* of the failure */
	const char *reason;
} http_parser;

/* Ready for a message into *msg (cleared). limits must outlive the parser. */
void http_parser_begin(http_parser *p, const http_limits *limits, http_message *msg);
/* Eats bytes up to the end of one message; *used says how many. FAILED: p->status and p->reason (static text) say why;
 * the connection is done for. */
http_parse_result http_parser_feed(http_parser *p, const char *data, size_t n, size_t *used);
/* True when at least one byte of the message has come. */
bool http_parser_started(const http_parser *p);

static inline str http_message_target(const http_message *m)
{
	return str_make(m->head.p, m->target_n);
}
static inline str http_message_name(const http_message *m, size_t i)
{
	return str_make(m->head.p + m->spans[i].name, m->spans[i].name_n);
}
static inline str http_message_value(const http_message *m, size_t i)
{
	return str_make(m->head.p + m->spans[i].value, m->spans[i].value_n);
}
void http_message_clear(http_message *m);
void http_message_free(http_message *m);
