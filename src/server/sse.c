#include "server/sse.h"
#include "base/arena.h"
#include "base/clock.h"
#include "live/live.h"
#include "server/access_log.h"
#include "server/errors.h"
#include "server/ws_conn.h"

static const str next_event = STR_INIT("event: next\ndata: ");
static const str complete_event = STR_INIT("event: complete\ndata: \n\n");

/* ---- what is asked ---- */

static bool is_json(str type)
{
	return str_eqz(type, "*/*") || str_eqz(type, "application/*") ||
		str_starts_nocase(type, STR("application/json")) || str_starts_nocase(type, STR("application/graphql"));
}

sse_choice sse_asked(const http_request *req)
{
	bool events = false, others = false;
	for (size_t i = 0; i < req->header_count; i++) {
		if (!str_eq_nocase(req->headers[i].name, STR("accept"))) continue;
		str rest = req->headers[i].value;
		while (rest.n) {
			size_t at = str_find_char(rest, ',');
			str one = str_sub(rest, 0, at), type = str_trim(str_sub(one, 0, str_find_char(one, ';')));
			rest = at == SIZE_MAX ? STR_NULL : str_from_at(rest, at + 1);
			if (str_eq_nocase(type, STR("text/event-stream"))) {
				events = true;
			} else {
				others = others || is_json(type);
			}
		}
	}
	return !events ? SSE_NO : others ? SSE_MAY : SSE_MUST;
}

static int hex(char c)
{
	if (c >= '0' && c <= '9') return c - '0';
	if (c >= 'a' && c <= 'f') return c - 'a' + 10;
	if (c >= 'A' && c <= 'F') return c - 'A' + 10;
	return -1;
}

static bool decode(arena *a, str s, str *out)
{
	char *to = arena_bytes(a, s.n);
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i] == '+' ? ' ' : s.p[i];
		if (c == '%') {
			bool there = s.n - i > 2;
			int high = there ? hex(s.p[i + 1]) : -1, low = there ? hex(s.p[i + 2]) : -1;
			if (high < 0 || low < 0) return false;
			c = (char)(high << 4 | low);
			i += 2;
		}
		to[n++] = c;
	}
	*out = str_make(to, n);
	return str_is_utf8(*out);
}

bool sse_query_body(arena *a, str query, json **out, error *err)
{
	json *o = *out = json_new_object(a);
	while (query.n) {
		size_t at = str_find_char(query, '&');
		str pair = str_sub(query, 0, at), value;
		query = at == SIZE_MAX ? STR_NULL : str_from_at(query, at + 1);
		at = str_find_char(pair, '=');
		str name = str_sub(pair, 0, at);
		if (at == SIZE_MAX) continue;
		if (!decode(a, str_from_at(pair, at + 1), &value))
			return error_set(err, ERR_PARSE_FAILED, STR_NULL, "the query string is not URL-encoded UTF-8");
		if (str_eqz(name, "query") || str_eqz(name, "operationName")) {
			json_set(o, name, json_new_str(a, value));
		} else if (str_eqz(name, "variables") || str_eqz(name, "extensions")) {
			json *parsed;
			if (!json_parse(a, value, &parsed, err)) return false;
			json_set(o, name, parsed);
		}
	}
	return true;
}

/* ---- answers at once ---- */

/* Line ends inside JSON stand between tokens only: in an event they would end the data. */
static bool one_line(str s)
{
	return !s.n || (!memchr(s.p, '\n', s.n) && !memchr(s.p, '\r', s.n));
}

static void put_one_line(buf *b, str s)
{
	size_t from = b->n;
	buf_put(b, s);
	for (size_t i = from; i < b->n; i++)
		if (b->p[i] == '\n' || b->p[i] == '\r') b->p[i] = ' ';
}

static void reply_events(call *c, buf *b)
{
	http_header cache = {STR("Cache-Control"), STR("no-cache")};
	http_response res = {.status = 200,
		.headers = &cache,
		.header_count = 1,
		.content_type = STR("text/event-stream; charset=utf-8"),
		.body = buf_str(b),
		.release = mem_free,
		.release_arg = b->p,
		.plain = true};
	*b = (buf){0};
	http_send(c->req, &res);
}

void sse_reply(call *c, buf *json_text)
{
	buf b = {0};
	buf_put(&b, next_event);
	put_one_line(&b, buf_str(json_text));
	buf_puts(&b, "\n\n");
	buf_put(&b, complete_event);
	buf_free(json_text);
	call_log_error(c, NULL);
	reply_events(c, &b);
}

void sse_fail(call *c, const error *err)
{
	buf b = {0}, text = {0};
	error_write_graphql(&text, err, call_shows_internal(c));
	buf_put(&b, next_event);
	put_one_line(&b, buf_str(&text));
	buf_puts(&b, "\n\n");
	buf_put(&b, complete_event);
	buf_free(&text);
	call_log_error(c, err);
	reply_events(c, &b);
}

/* ---- a stream ---- */

typedef struct sse_conn {
	ws_socket sock; /* the first member */
	ws_worker *ww;
	live_sub *sub;
	timer *expiry;
	uint64_t expires_ms;
} sse_conn;

static sse_conn *conn_of(ws_socket *s)
{
	return (sse_conn *)(void *)s;
}

static void say_next(sse_conn *c, ws_body body)
{
	ws_socket_send(&c->sock, next_event, body, STR("\n\n"));
}

static void release_payload(void *arg)
{
	live_payload_release(arg);
}

static void on_next(void *data, live_payload *p)
{
	sse_conn *c = data;
	str bytes = live_payload_str(p);
	if (one_line(bytes)) {
		live_payload_hold(p);
		say_next(c, (ws_body){.bytes = bytes, .release = release_payload, .arg = p});
	} else {
		buf b = {0};
		put_one_line(&b, bytes);
		say_next(c, (ws_body){.bytes = buf_str(&b), .release = mem_free, .arg = b.p});
	}
}

static void say_error(sse_conn *c, const error *err, bool ran)
{
	buf b = {0}, line = {0};
	error_write_graphql(&b, err, false);
	/* {"errors":…}: what ran has data too */
	if (ran) buf_puts(&line, "{\"data\":null,");
	put_one_line(&line, ran ? str_from_at(buf_str(&b), 1) : buf_str(&b));
	say_next(c, (ws_body){.bytes = buf_str(&line)});
	buf_free(&b);
	buf_free(&line);
}

static void on_failed(void *data, const error *err)
{
	say_error(data, err, true);
}

static void on_refused(void *data, const error *err)
{
	sse_conn *c = data;
	say_error(c, err, false);
	ws_socket_say(&c->sock, complete_event);
	ws_socket_close(&c->sock, 0, STR_NULL, false);
}

/* Without `complete`: the client connects again and asks anew. */
static void on_affected(void *data)
{
	sse_conn *c = data;
	if (c->ww->config->ws_on_change == WS_CLOSE_NONE) {
		arena *a = arena_new(0);
		error err;
		error_init(&err, a);
		if (!error_set(&err, ERR_START_FAILED, STR_NULL, "the metadata has changed: start the operation again"))
			say_error(c, &err, false);
		ws_socket_say(&c->sock, complete_event);
		arena_free(a);
	}
	ws_socket_close(&c->sock, 0, STR_NULL, false);
}

static const live_callbacks live_says = {
	.next = on_next, .refused = on_refused, .failed = on_failed, .affected = on_affected};

static void on_expired(void *arg)
{
	sse_conn *c = arg;
	uint64_t now = clock_wall_ms();
	timer_stop(c->expiry);
	c->expiry = NULL;
	if (now < c->expires_ms) {
		c->expiry = timer_start(c->ww->sw->w, c->expires_ms - now, 0, on_expired, c);
	} else {
		ws_socket_close(&c->sock, 0, STR_NULL, false);
	}
}

static void on_tick(ws_socket *s)
{
	ws_socket_keep_alive(s, STR(":\n\n"));
}

static void on_full(ws_socket *s)
{
	live_pause(conn_of(s)->sub);
}

static void on_drained(ws_socket *s)
{
	if (conn_of(s)->sub) live_resume(conn_of(s)->sub);
}

static void on_closing(ws_socket *s, uint16_t code, str reason)
{
	sse_conn *c = conn_of(s);
	(void)code;
	(void)reason;
	live_unsubscribe(c->sub);
	c->sub = NULL;
	timer_stop(c->expiry);
	c->expiry = NULL;
}

static void on_message(ws_socket *s, str text)
{
	(void)s;
	(void)text;
}

static void on_nothing(ws_socket *s)
{
	(void)s;
}

static void on_release(ws_socket *s)
{
	mem_free(conn_of(s));
}

static const ws_callbacks socket_says = {.message = on_message,
	.tick = on_tick,
	.hello_over = on_nothing,
	.full = on_full,
	.drained = on_drained,
	.closing = on_closing,
	.gone = on_nothing,
	.release = on_release};

static void put_head(buf *b, call *c)
{
	str origin = http_request_header(c->req, STR("origin"));
	buf_puts(b,
		"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-cache\r\n"
		"x-request-id: ");
	buf_put(b, http_request_id(c->req));
	buf_puts(b, "\r\n");
	if (origin.n && cors_allows(&c->srv->config->cors, origin)) cors_put_headers(b, origin);
	buf_puts(b, "Connection: close\r\n\r\n");
}

static void log_begin(call *c)
{
	access_log_facts f = {.status = 200, .now_ns = clock_mono_ns()};
	call_log_error(c, NULL);
	access_log_write(c->req, &f);
}

static void open_stream(call *c, sse_conn *conn)
{
	http_socket hs;
	buf head = {0};
	uint64_t now = clock_wall_ms();
	conn->expires_ms = c->session->expires_ms;
	put_head(&head, c);
	log_begin(c);
	if (http_upgrade(c->req, buf_str(&head), &hs)) {
		ws_socket_open_raw(&conn->sock, conn->ww->loop, &hs, &socket_says);
		if (conn->expires_ms)
			conn->expiry = timer_start(conn->ww->sw->w, conn->expires_ms > now ? conn->expires_ms - now : 0,
				0, on_expired, conn);
		ws_socket_begin(&conn->sock);
	} else {
		live_unsubscribe(conn->sub);
		mem_free(conn);
	}
	buf_free(&head);
}

void sse_subscribe(call *c, const graphql_body *body)
{
	sse_conn *conn = mem_alloc(sizeof *conn);
	error err;
	live_request r = {.snap = server_worker_snapshot(c->sw),
		.session = c->session,
		.query = body->query,
		.operation_name = body->operation_name,
		.variables = body->variables,
		.headers = c->req->headers,
		.nheaders = c->req->header_count,
		.explain_missing = c->srv->config->dev_mode,
		.on = &live_says,
		.data = conn};
	error_init(&err, c->a);
	conn->ww = c->sw->ws;
	if (c->sw->w->draining) {
		mem_free(conn);
		if (!error_set(&err, ERR_BUSY, STR_NULL, "Server is shutting down")) err.status = 503;
		call_fail(c, &err);
		return;
	}
	bool begun = graphql_body_interval(c->body, c->srv->config->live_min_interval_ms, &r.interval_ms, &err) &&
		live_subscribe(c->sw->live, &r, &conn->sub, &err);
	metrics_count_subscription(&c->sw->metrics, begun);
	if (begun) {
		open_stream(c, conn);
	} else {
		mem_free(conn);
		sse_fail(c, &err);
	}
}
