#include "server/ws.h"
#include "base/arena.h"
#include "server/errors.h"
#include "server/ws_conn.h"

bool ws_asked(const http_request *req)
{
	return ws_handshake_asked(req);
}

/* ---- the worker's ---- */

ws_worker *ws_worker_new(server_worker *sw)
{
	const server_config *g = sw->srv->config;
	ws_loop_config c = {.limits = g->ws_limits,
		.tick_ms = g->ws_keepalive_ms,
		.hello_ms = g->ws_init_timeout_ms,
		.write_ms = g->limits.write_ms};
	ws_worker *w = mem_alloc(sizeof *w);
	w->sw = sw;
	w->config = g;
	w->loop = ws_loop_new(sw->w, &c);
	return w;
}

static void drain_one(ws_socket *s, void *arg)
{
	(void)arg;
	if (s->raw) {
		ws_socket_close(s, 0, STR_NULL, false);
	} else {
		ws_conn_drain(ws_conn_of(s));
	}
}

void ws_worker_drain(ws_worker *w)
{
	ws_loop_each(w->loop, drain_one, NULL);
}

void ws_worker_stop(ws_worker *w)
{
	ws_loop_stop(w->loop);
}

void ws_worker_free(ws_worker *w)
{
	if (!w) return;
	ws_loop_free(w->loop);
	mem_free(w);
}

static void restart_one(ws_socket *s, void *arg)
{
	(void)arg;
	ws_socket_close(s, 1012, STR("Server state changed, restarting the server"), false);
}

void ws_worker_changed(ws_worker *w)
{
	if (w->config->ws_on_change == WS_CLOSE_ALL) ws_loop_each(w->loop, restart_one, NULL);
}

size_t ws_worker_sockets(const ws_worker *w)
{
	return ws_loop_count(w->loop);
}

void ws_worker_counts(const ws_worker *w, ws_counts *out)
{
	ws_loop_counts(w->loop, out);
}

/* ---- the handshake ---- */

static void reject(http_request *req, const unsigned char id[UUID_BYTES], const error *err)
{
	static const http_header version = {STR_INIT("Sec-WebSocket-Version"), STR_INIT("13")};
	static const http_header retry = {STR_INIT("Retry-After"), STR_INIT("0")};
	buf b = {0};
	int status = error_status(err);
	ws_log_rejected(id, err);
	error_write_graphql_one(&b, err, false);
	req->log.skip = true;
	http_response res = {.status = status,
		.headers = status == 426 ? &version : &retry,
		.header_count = status == 426 || status == 503,
		.body = buf_str(&b),
		.release = mem_free,
		.release_arg = b.p,
		.close = true,
		.error = true};
	http_send(req, &res);
}

static bool may_open(const server_worker *sw, const http_request *req, ws_hello *h, error *err)
{
	const server_config *g = sw->srv->config;
	if (sw->w->draining) {
		if (!error_set(err, ERR_BUSY, STR_NULL, "Server is shutting down")) err->status = 503;
		return false;
	}
	return ws_handshake_read(req, &g->cors, g->ws_read_cookie, g->ws_compression, h, err);
}

static ws_conn *conn_new(server_worker *sw, const http_request *req, const ws_hello *h)
{
	ws_conn *c = mem_alloc(sizeof *c);
	c->ww = sw->ws;
	c->protocol = h->protocol;
	c->legacy = h->legacy;
	c->relay = h->relay;
	c->hello = arena_new(1024);
	c->headers = ws_handshake_headers(c->hello, req, h, &c->nheaders);
	return c;
}

/* Hasura v2: said in the log of each such socket. */
static const char cookie_note[] =
	"Cookie is not read when CORS is disabled, because it is a potential security issue. If you're already handling "
	"CORS before Hasura and enforcing CORS on websocket connections, then you can use the flag --ws-read-cookie or "
	"HASURA_GRAPHQL_WS_READ_COOKIE to force read cookie when CORS is disabled.";

void ws_accept(server_worker *sw, http_request *req)
{
	unsigned char id[UUID_BYTES];
	http_socket hs;
	ws_hello h;
	error err;
	buf head = {0};
	error_init(&err, req->arena);
	uuid_make(id);
	ws_trace_event(id, "connection_request", STR_NULL);
	if (!may_open(sw, req, &h, &err)) {
		reject(req, id, &err);
		return;
	}
	ws_conn *c = conn_new(sw, req, &h);
	memcpy(c->id, id, UUID_BYTES);
	ws_handshake_put(&head, &h);
	if (http_upgrade(req, buf_str(&head), &hs)) {
		ws_socket_open(&c->sock, sw->ws->loop, &hs, h.deflate ? h.window : 0, &ws_conn_callbacks);
		ws_log_accepted(c, h.drop_cookie ? cookie_note : NULL);
		ws_conn_opened(c);
		ws_socket_begin(&c->sock);
	} else {
		arena_free(c->hello);
		mem_free(c);
	}
	buf_free(&head);
}
