#include "base/arena.h"
#include "base/clock.h"
#include "server/access_log.h"
#include "server/http_internal.h"
#include <time.h>

static const struct {
	int status;
	str line;
} status_lines[] = {
	{200, STR_INIT("HTTP/1.1 200 OK\r\n")},
	{201, STR_INIT("HTTP/1.1 201 Created\r\n")},
	{202, STR_INIT("HTTP/1.1 202 Accepted\r\n")},
	{204, STR_INIT("HTTP/1.1 204 No Content\r\n")},
	{301, STR_INIT("HTTP/1.1 301 Moved Permanently\r\n")},
	{302, STR_INIT("HTTP/1.1 302 Found\r\n")},
	{304, STR_INIT("HTTP/1.1 304 Not Modified\r\n")},
	{400, STR_INIT("HTTP/1.1 400 Bad Request\r\n")},
	{401, STR_INIT("HTTP/1.1 401 Unauthorized\r\n")},
	{403, STR_INIT("HTTP/1.1 403 Forbidden\r\n")},
	{404, STR_INIT("HTTP/1.1 404 Not Found\r\n")},
	{405, STR_INIT("HTTP/1.1 405 Method Not Allowed\r\n")},
	{408, STR_INIT("HTTP/1.1 408 Request Timeout\r\n")},
	{409, STR_INIT("HTTP/1.1 409 Conflict\r\n")},
	{413, STR_INIT("HTTP/1.1 413 Content Too Large\r\n")},
	{414, STR_INIT("HTTP/1.1 414 URI Too Long\r\n")},
	{415, STR_INIT("HTTP/1.1 415 Unsupported Media Type\r\n")},
	{417, STR_INIT("HTTP/1.1 417 Expectation Failed\r\n")},
	{426, STR_INIT("HTTP/1.1 426 Upgrade Required\r\n")},
	{429, STR_INIT("HTTP/1.1 429 Too Many Requests\r\n")},
	{431, STR_INIT("HTTP/1.1 431 Request Header Fields Too Large\r\n")},
	{500, STR_INIT("HTTP/1.1 500 Internal Server Error\r\n")},
	{501, STR_INIT("HTTP/1.1 501 Not Implemented\r\n")},
	{502, STR_INIT("HTTP/1.1 502 Bad Gateway\r\n")},
	{503, STR_INIT("HTTP/1.1 503 Service Unavailable\r\n")},
	{504, STR_INIT("HTTP/1.1 504 Gateway Timeout\r\n")},
	{505, STR_INIT("HTTP/1.1 505 HTTP Version Not Supported\r\n")},
};

static void put_status(buf *b, int status)
{
	for (size_t i = 0; i < sizeof(status_lines) / sizeof(status_lines[0]); i++) {
		if (status_lines[i].status == status) {
			buf_put(b, status_lines[i].line);
			return;
		}
	}
	buf_printf(b, "HTTP/1.1 %03d Status\r\n", status < 100 || status > 999 ? 500 : status);
}

/* Date changes once a second: formatted once a second. */
static void put_date(http_worker *hw, buf *b)
{
	uint64_t s = clock_wall_ms() / 1000;

	if (s != hw->date_s) {
		time_t t = (time_t)s;
		struct tm tm;
		gmtime_r(&t, &tm);
		strftime(hw->date, sizeof(hw->date), "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &tm);
		hw->date_s = s;
	}
	buf_put(b, str_from(hw->date));
}

static bool plain_text(str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\r' || s.p[i] == '\n' || s.p[i] == 0) return false;
	}
	return true;
}

static void put_header(buf *b, str name, str value)
{
	if (name.n == 0 || !plain_text(name) || !plain_text(value)) return;
	buf_put(b, name);
	buf_put(b, STR(": "));
	buf_put(b, value);
	buf_put(b, STR("\r\n"));
}

typedef struct answer {
	int status;
	str content_type;
	size_t length;
	bool has_body; /* the status allows one */
	bool error;
	bool gzipped;
	bool close;
} answer;

static void put_origin(buf *b, http_request *req)
{
	str origin = http_request_header(req, STR("origin"));

	if (origin.n && cors_allows(&req->server->config.cors, origin)) cors_put_headers(b, origin);
}

static void put_head(buf *b, http_request *req, const answer *a, const http_response *res)
{
	put_status(b, a->status);
	if (a->has_body) {
		if (a->content_type.n) {
			put_header(b, STR("Content-Type"), a->content_type);
		} else {
			buf_put(b, STR("Content-Type: application/json; charset=utf-8\r\n"));
		}
		buf_put(b, STR("Content-Length: "));
		buf_put_u64(b, a->length);
		buf_put(b, STR("\r\n"));
	}
	if (a->gzipped) buf_put(b, STR("Content-Encoding: gzip\r\n"));
	if (!a->error) put_header(b, STR("x-request-id"), http_request_id(req));
	for (size_t i = 0; i < res->header_count; i++)
		put_header(b, res->headers[i].name, res->headers[i].value);
	put_origin(b, req);
	put_date(req->priv->hw, b);
	if (a->close) {
		buf_put(b, STR("Connection: close\r\n"));
	} else if (req->version_minor == 0) {
		buf_put(b, STR("Connection: keep-alive\r\n"));
	}
	buf_put(b, STR("\r\n"));
}

static bool status_has_body(int status)
{
	return status >= 200 && status != 204 && status != 304;
}

/* Compresses *body into the worker's buffer when Hasura would. */
static bool compress(http_request *req, const http_response *res, const answer *a, str *body)
{
	http_worker *hw = req->priv->hw;
	gzip_choice choice;

	if (a->error || res->plain || res->gzipped || !a->has_body || body->n == 0 || req->method == METHOD_HEAD)
		return false;
	choice = http_request_gzip(req);
	if (choice == GZIP_NO || (choice == GZIP_MAY && body->n < GZIP_MIN_BYTES)) return false;
	buf_clear(&hw->zip);
	gzip_compress(hw->gzip, *body, &hw->zip);
	*body = buf_str(&hw->zip);
	return true;
}

static void log_answer(http_request *req, const answer *a, size_t sent, size_t plain)
{
	access_log_facts f = {a->status, sent, plain, a->gzipped, clock_mono_ns()};
	http_counts *n = &req->priv->hw->counts;

	if (!req->log.skip) {
		n->received += req->body.n;
		n->sent += sent;
	}
	if (req->server->config.log_requests && !req->log.skip) access_log_write(req, &f);
}

static void finish(http_request *req, bool close)
{
	http_conn *c = req->priv->conn;
	bool unread;

	http_request_put(req);
	if (c->state == CONN_CLOSED) return;
	unread = c->cur_n > 0 || c->pending.n > c->pending_at;
	if (close) {
		conn_end(c, unread);
	} else {
		conn_answered(c);
	}
}

void http_send(http_request *req, const http_response *res)
{
	http_conn *c = req->priv->conn;
	http_worker *hw = req->priv->hw;
	answer a = {.status = res->status,
		.content_type = res->content_type,
		.has_body = status_has_body(res->status),
		.gzipped = res->gzipped};
	http_body body = {res->body, res->body_file, res->release, res->release_arg};

	if (!c) { /* the client has left */
		http_body_release(&body);
		http_request_put(req);
		return;
	}
	a.error = res->error || res->status >= 400;
	a.close = res->close || !req->keep_alive || hw->w->draining;
	if (compress(req, res, &a, &body.bytes)) {
		a.gzipped = true;
		http_body_release(&body);
	}
	a.length = body.bytes.n;
	if (!a.has_body || req->method == METHOD_HEAD) body.bytes = STR_NULL;
	buf_clear(&hw->head);
	put_head(&hw->head, req, &a, res);
	log_answer(req, &a, a.length, res->body.n);
	c->req = NULL;
	conn_write(c, buf_str(&hw->head), body);
	if (hw->zip.cap > (1u << 20)) buf_free(&hw->zip);
	finish(req, a.close);
}

void http_respond(http_request *req, int status, const http_header *headers, size_t n, str body)
{
	http_response r = {.status = status, .headers = headers, .header_count = n, .body = body};

	http_send(req, &r);
}

void http_respond_buf(http_request *req, int status, const http_header *headers, size_t n, buf *body)
{
	http_response r = {.status = status,
		.headers = headers,
		.header_count = n,
		.body = buf_str(body),
		.release = mem_free,
		.release_arg = body->p};

	*body = (buf){0};
	http_send(req, &r);
}

static void put_error(buf *b, str path, str message, str code)
{
	buf_put(b, STR("{\"path\":"));
	json_write_str(b, path);
	buf_put(b, STR(",\"error\":"));
	json_write_str(b, message);
	buf_put(b, STR(",\"code\":"));
	json_write_str(b, code);
	buf_putc(b, '}');
}

void http_respond_error(http_request *req, const error *err)
{
	buf b = {0};

	if (!req->log.error) {
		json *e = json_new_object(req->arena);
		json_setz(e, "path", json_new_str(req->arena, str_copy(req->arena, error_path(err))));
		json_setz(e, "error", json_new_str(req->arena, str_copy(req->arena, err->message)));
		json_setz(e, "code", json_new_str(req->arena, error_code_text(err->code)));
		req->log.error = e;
	}
	put_error(&b, error_path(err), err->message, error_code_text(err->code));
	http_respond_buf(req, error_status(err), NULL, 0, &b);
}

/* --- what the engine answers by itself --- */

void http_put_rejection(http_worker *hw, int status, const char *code, const char *reason)
{
	buf body = {0};

	put_error(&body, STR("$"), str_from(reason), str_from(code));
	buf_clear(&hw->head);
	put_status(&hw->head, status);
	buf_put(&hw->head, STR("Content-Type: application/json; charset=utf-8\r\nContent-Length: "));
	buf_put_u64(&hw->head, body.n);
	buf_put(&hw->head, STR("\r\n"));
	put_date(hw, &hw->head);
	buf_put(&hw->head, STR("Connection: close\r\n\r\n"));
	buf_put(&hw->head, buf_str(&body));
	buf_free(&body);
}

void conn_reject(http_conn *c, int status, const char *code, const char *reason)
{
	http_put_rejection(c->hw, status, code, reason);
	conn_write_head(c, buf_str(&c->hw->head));
	conn_end(c, true);
}

static void answer_preflight(http_request *req, str origin)
{
	http_conn *c = req->priv->conn;
	buf *head = &c->hw->head;
	bool close = !req->keep_alive || c->hw->w->draining;

	buf_clear(head);
	put_status(head, 204);
	cors_put_preflight(head, http_request_header(req, STR("access-control-request-headers")));
	cors_put_headers(head, origin);
	put_date(c->hw, head);
	if (close) buf_put(head, STR("Connection: close\r\n"));
	buf_put(head, STR("\r\n"));
	c->req = NULL;
	conn_write_head(c, buf_str(head));
	finish(req, close);
}

/* Content types a page may post anywhere without the browser asking first. */
static bool is_form(str type)
{
	static const str forms[] = {
		STR_INIT("application/x-www-form-urlencoded"), STR_INIT("multipart/form-data"), STR_INIT("text/plain")};

	for (size_t i = 0; i < 3; i++) {
		if (str_starts_nocase(type, forms[i])) return true;
	}
	return false;
}

static bool same_host(http_request *req, str origin)
{
	size_t at = str_find(origin, STR("://"));
	str host = at == SIZE_MAX ? origin : str_from_at(origin, at + 3);

	return host.n > 0 &&
		(str_eq_nocase(host, http_request_header(req, STR("host"))) ||
			str_eq_nocase(host, http_request_header(req, STR("x-forwarded-host"))));
}

bool http_answer_early(http_request *req)
{
	str origin = http_request_header(req, STR("origin"));
	error err;

	if (origin.n == 0) return false;
	if (cors_allows(&req->server->config.cors, origin)) {
		if (req->method != METHOD_OPTIONS) return false;
		answer_preflight(req, origin);
		return true;
	}
	/* A foreign page posting a form with the user's cookies or from inside the user's network. */
	if (req->method != METHOD_POST || !is_form(http_request_header(req, STR("content-type"))) ||
		same_host(req, origin))
		return false;
	error_init(&err, req->arena);
	if (!error_set(&err, ERR_ACCESS_DENIED, STR_NULL,
		    "this origin may not post forms here: send application/json, or allow it with --cors-domain")) {
		err.status = 403;
		http_respond_error(req, &err);
	}
	return true;
}

/* --- handing the socket over --- */

bool http_upgrade(http_request *req, str head, http_socket *out)
{
	http_conn *c = req->priv->conn;
	uv_buf_t b = uv_buf_init((char *)(uintptr_t)head.p, (unsigned)head.n);
	uv_tcp_t *tcp;

	*out = (http_socket){0};
	if (!c) {
		http_request_put(req);
		return false;
	}
	conn_flush(c);
	if (c->state == CONN_CLOSED || c->writes || c->eof ||
		uv_try_write((uv_stream_t *)c->tcp, &b, 1) != (int)head.n) {
		c->req = NULL;
		http_request_put(req);
		conn_close(c);
		return false;
	}
	uv_read_stop((uv_stream_t *)c->tcp);
	if (c->in_loop) {
		buf_put(&out->unread, str_make(c->cur, c->cur_n));
	} else {
		buf_put(&out->unread, str_from_at(buf_str(&c->pending), c->pending_at));
	}
	tcp = c->tcp;
	c->req = NULL;
	http_request_put(req);
	conn_detach(c);
	tcp->data = NULL;
	out->tcp = tcp;
	out->worker = c->hw->w;
	out->server = c->hw->server;
	return true;
}
