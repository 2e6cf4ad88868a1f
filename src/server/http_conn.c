#include "base/arena.h"
#include "base/clock.h"
#include "server/http_internal.h"
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

static void conn_process(http_conn *c, const char *data, size_t n, bool from_pending);

static const http_limits *limits_of(const http_conn *c)
{
	return &c->hw->server->config.limits;
}

static void wait_for(http_conn *c, conn_wait kind)
{
	c->wait_kind = kind;
	timeout_arm(&c->hw->waits[kind], &c->wait, uv_now(&c->hw->w->loop));
}

/* --- birth --- */

static void take_ip(http_conn *c)
{
	struct sockaddr_storage a = {0};
	int len = sizeof(a);
	int rc = uv_tcp_getpeername(c->tcp, (struct sockaddr *)&a, &len);

	if (rc == 0 && a.ss_family == AF_INET6) {
		const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&a;
		if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
			rc = uv_inet_ntop(AF_INET, v6->sin6_addr.s6_addr + 12, c->ip, sizeof(c->ip));
		} else {
			rc = uv_ip6_name(v6, c->ip, sizeof(c->ip));
		}
	} else if (rc == 0) {
		rc = uv_ip4_name((const struct sockaddr_in *)&a, c->ip, sizeof(c->ip));
	}
	c->ip_n = rc == 0 ? (uint8_t)strlen(c->ip) : 0;
}

static void on_alloc(uv_handle_t *h, size_t hint, uv_buf_t *out)
{
	http_conn *c = h->data;

	(void)hint;
	*out = uv_buf_init(c->hw->read_buf, HTTP_READ_BYTES);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *b);

static void read_on(http_conn *c)
{
	if (c->reading || c->eof || c->state == CONN_CLOSED) return;
	c->reading = uv_read_start((uv_stream_t *)c->tcp, on_alloc, on_read) == 0;
}

static void read_off(http_conn *c)
{
	if (!c->reading) return;
	uv_read_stop((uv_stream_t *)c->tcp);
	c->reading = false;
}

static void on_tcp_closed(uv_handle_t *h)
{
	http_worker *hw = h->data;

	mem_free(h);
	atomic_fetch_sub_explicit(&hw->server->connections, 1, memory_order_relaxed);
	worker_release(hw->w);
}

static void tcp_close(http_worker *hw, uv_tcp_t *tcp)
{
	tcp->data = hw;
	uv_close((uv_handle_t *)tcp, on_tcp_closed);
}

/* Too many: the answer goes out if the socket takes it at once. */
static void refuse(http_worker *hw, uv_tcp_t *tcp)
{
	uv_buf_t b;

	http_put_rejection(hw, 503, "busy", "too many connections (the limit is a setting: --max-connections)");
	b = uv_buf_init(hw->head.p, (unsigned)hw->head.n);
	if (uv_try_write((uv_stream_t *)tcp, &b, 1) < 0) {
		/* nothing more to do for it */
	}
	tcp_close(hw, tcp);
}

void conn_accept(http_worker *hw, int fd)
{
	uint64_t max = hw->server->config.limits.connections;
	uv_tcp_t *tcp = mem_alloc(sizeof(*tcp));
	http_conn *c;

	uv_tcp_init(&hw->w->loop, tcp);
	worker_hold(hw->w);
	uint64_t now = atomic_fetch_add_explicit(&hw->server->connections, 1, memory_order_relaxed);
	if (uv_tcp_open(tcp, fd) != 0) {
		close(fd);
		tcp_close(hw, tcp);
		return;
	}
	if (max && now >= max) {
		refuse(hw, tcp);
		return;
	}
	uv_tcp_nodelay(tcp, 1);
	c = mem_alloc(sizeof(*c));
	c->tcp = tcp;
	c->hw = hw;
	tcp->data = c;
	take_ip(c);
	c->next = hw->conns;
	if (hw->conns) hw->conns->prev = c;
	hw->conns = c;
	http_worker_sweep_on(hw);
	wait_for(c, WAIT_HEAD);
	read_on(c);
}

/* --- death --- */

/* Out of the worker's lists; freed when the loop's turn is over, since callers up the stack still look at it. */
void conn_detach(http_conn *c)
{
	http_worker *hw = c->hw;

	c->state = CONN_CLOSED;
	timeout_disarm(&c->wait);
	timeout_disarm(&c->write_wait);
	if (c->prev) {
		c->prev->next = c->next;
	} else {
		hw->conns = c->next;
	}
	if (c->next) c->next->prev = c->prev;
	c->prev = NULL;
	c->next = hw->graveyard;
	hw->graveyard = c;
	c->tcp = NULL;
}

void conn_close(http_conn *c)
{
	uv_tcp_t *tcp = c->tcp;
	http_request *req = c->req;

	if (c->state == CONN_CLOSED) return;
	c->req = NULL;
	if (req) http_request_put(req);
	conn_detach(c);
	tcp_close(c->hw, tcp);
}

void conn_gone(http_conn *c)
{
	http_request *req = c->req;
	struct http_request_private *p;

	if (c->state == CONN_BUSY && req) {
		p = req->priv;
		c->req = NULL;
		p->conn = NULL;
		if (p->on_abort) {
			void (*fn)(void *) = p->on_abort;
			p->on_abort = NULL;
			fn(p->abort_data);
			http_request_put(req);
		}
		/* without a callback the request waits for its answer, which is thrown away */
	}
	conn_close(c);
}

void http_socket_close(http_socket *s)
{
	if (!s->tcp) return;
	tcp_close(s->server->workers[s->worker->index], s->tcp);
	buf_free(&s->unread);
	*s = (http_socket){0};
}

void conn_bury(http_worker *hw)
{
	http_conn *keep = NULL;

	while (hw->graveyard) {
		http_conn *c = hw->graveyard;
		hw->graveyard = c->next;
		if (c->writes) { /* their callbacks come with the close; then a later turn takes it */
			c->next = keep;
			keep = c;
			continue;
		}
		buf_free(&c->pending);
		buf_free(&c->out);
		mem_free(c);
	}
	hw->graveyard = keep;
}

static void shut(http_conn *c)
{
	uv_os_fd_t fd = -1;

	if (!c->linger_when_written) {
		conn_close(c);
		return;
	}
	if (uv_fileno((uv_handle_t *)c->tcp, &fd) == 0) shutdown(fd, SHUT_WR);
	wait_for(c, WAIT_LINGER);
	if (c->eof) {
		conn_close(c);
	} else {
		read_on(c);
	}
}

void conn_end(http_conn *c, bool linger)
{
	if (c->state == CONN_CLOSED) return;
	conn_flush(c);
	if (c->state == CONN_CLOSED) return;
	c->state = CONN_LINGER;
	c->linger_when_written = linger;
	c->close_when_written = true;
	timeout_disarm(&c->wait);
	if (c->req) {
		http_request_put(c->req);
		c->req = NULL;
	}
	if (c->writes == 0) shut(c);
}

/* All bytes are out: what was put off until now. */
void conn_drained(http_conn *c)
{
	timeout_disarm(&c->write_wait);
	if (c->close_when_written) {
		shut(c);
	} else {
		conn_resume(c);
	}
}

/* --- input --- */

static void stash(http_conn *c, const char *data, size_t n)
{
	buf_put(&c->pending, str_make(data, n));
}

static void pending_drop(http_conn *c)
{
	buf_free(&c->pending);
	c->pending_at = 0;
}

static size_t pending_n(const http_conn *c)
{
	return c->pending.n - c->pending_at;
}

static void begin_request(http_conn *c)
{
	c->req = http_request_take(c);
	c->req->start_ns = clock_mono_ns();
	c->continued = false;
	c->body_mark = 0;
	http_parser_begin(&c->parser, limits_of(c), &c->req->priv->msg);
	wait_for(c, WAIT_HEAD);
}

/* The message is not complete yet. */
static void after_piece(http_conn *c)
{
	const http_message *m = &c->req->priv->msg;

	if (!c->parser.headers_done) return;
	if (m->expect_continue && !c->continued && m->body.n == 0) {
		c->continued = true;
		conn_write_head(c, STR("HTTP/1.1 100 Continue\r\n\r\n"));
		if (c->state == CONN_CLOSED) return;
	}
	/* a slow body must at least move: 64 KB per time-out */
	if (c->wait_kind != WAIT_BODY || m->body.n - c->body_mark >= 65536) {
		c->body_mark = m->body.n;
		wait_for(c, WAIT_BODY);
	}
}

static void dispatch(http_conn *c)
{
	http_request *req = c->req;
	const http_config *config = &c->hw->server->config;

	http_request_fill(c, req);
	c->state = CONN_BUSY;
	timeout_disarm(&c->wait);
	if (c->eof) wait_for(c, WAIT_PROBE);
	if (http_answer_early(req)) return;
	config->handler(req, config->ctx);
}

/* Timers, reading and the end of the connection, once the input at hand is used up. */
static void settle(http_conn *c)
{
	bool idle = c->state == CONN_READING && !c->req && pending_n(c) == 0;

	if (c->state == CONN_CLOSED) return;
	if (idle && (c->eof || c->hw->w->draining)) {
		conn_end(c, false);
		return;
	}
	if (idle && !timeout_armed(&c->wait)) wait_for(c, WAIT_IDLE);
	if (c->state == CONN_BUSY && pending_n(c) >= limits_of(c)->pipeline_bytes) {
		read_off(c);
	} else if (c->state == CONN_READING && (pending_n(c) > 0 || conn_output_full(c, limits_of(c)->output_bytes))) {
		read_off(c);
	} else {
		read_on(c);
	}
}

static void conn_process(http_conn *c, const char *data, size_t n, bool from_pending)
{
	uint64_t output_max = limits_of(c)->output_bytes;

	c->in_loop = true;
	while (n > 0 && c->state == CONN_READING && !conn_output_full(c, output_max)) {
		size_t used = 0;
		if (!c->req) begin_request(c);
		http_parse_result r = http_parser_feed(&c->parser, data, n, &used);
		data += used;
		n -= used;
		if (from_pending) c->pending_at += used;
		c->cur = data;
		c->cur_n = n;
		if (r == HTTP_PARSE_FAILED) {
			conn_reject(c, c->parser.status, c->parser.status == 501 ? "not-supported" : "bad-request",
				c->parser.reason);
		} else if (r == HTTP_PARSE_DONE) {
			dispatch(c);
		} else {
			after_piece(c);
		}
	}
	c->cur = NULL;
	c->cur_n = 0;
	c->in_loop = false;
	if (c->state == CONN_CLOSED) return;
	if (c->state == CONN_LINGER) {
		pending_drop(c);
		return;
	}
	if (!from_pending && n > 0) {
		stash(c, data, n);
	} else if (from_pending && pending_n(c) == 0) {
		pending_drop(c);
	}
	conn_flush(c);
	settle(c);
}

void conn_resume(http_conn *c)
{
	if (c->in_loop || c->state == CONN_CLOSED) return;
	if (c->state == CONN_READING && pending_n(c) > 0) {
		conn_process(c, c->pending.p + c->pending_at, pending_n(c), true);
	} else {
		settle(c);
	}
}

void conn_answered(http_conn *c)
{
	c->req = NULL;
	if (c->state != CONN_BUSY) return;
	c->state = CONN_READING;
	conn_resume(c);
}

/* The client has closed its side. That may be all of it (a browser left) or half (it still reads): requests at hand are
 * answered; while one runs, a harmless interim answer finds out whether anybody is there. */
static void on_eof(http_conn *c)
{
	c->eof = true;
	read_off(c);
	if (c->state == CONN_BUSY) {
		wait_for(c, WAIT_PROBE);
	} else if (c->state == CONN_READING && !c->req) {
		settle(c); /* closes once what waits is answered and written */
	} else if (c->state == CONN_READING || c->writes == 0) {
		conn_close(c);
	}
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *b)
{
	http_conn *c = stream->data;

	if (n == 0) return;
	if (n == UV_EOF) {
		c->reading = false;
		on_eof(c);
	} else if (n < 0) {
		c->reading = false;
		conn_gone(c);
	} else if (c->state == CONN_LINGER) {
		return; /* thrown away; the linger time is the limit */
	} else if (c->state == CONN_READING && pending_n(c) == 0) {
		conn_process(c, b->base, (size_t)n, false);
	} else {
		stash(c, b->base, (size_t)n);
		settle(c);
	}
}

/* --- time --- */

static bool socket_broken(http_conn *c)
{
	uv_os_fd_t fd = -1;
	struct pollfd p = {0};

	if (uv_fileno((uv_handle_t *)c->tcp, &fd) != 0) return true;
	p.fd = fd;
	return poll(&p, 1, 0) > 0 && (p.revents & (POLLERR | POLLHUP | POLLNVAL));
}

/* After EOF with a request running: a client that closed altogether answers any byte with a reset. */
static void probe(http_conn *c)
{
	bool power_of_two = (c->probes & (c->probes + 1)) == 0;

	if (c->state != CONN_BUSY) return;
	if (socket_broken(c)) {
		conn_gone(c);
		return;
	}
	if (power_of_two && c->writes == 0 && c->out.n == 0 && c->req && c->req->version_minor == 1) {
		conn_write_head(c, STR("HTTP/1.1 100 Continue\r\n\r\n"));
		if (c->state == CONN_CLOSED) return;
	}
	c->probes++;
	wait_for(c, WAIT_PROBE);
}

static void on_wait_over(http_conn *c)
{
	switch (c->wait_kind) {
	case WAIT_HEAD:
		if (c->req && http_parser_started(&c->parser)) {
			conn_reject(c, 408, "timeout", "request headers did not arrive in time");
		} else {
			conn_close(c);
		}
		return;
	case WAIT_BODY: conn_reject(c, 408, "timeout", "request body did not arrive in time"); return;
	case WAIT_PROBE: probe(c); return;
	case WAIT_IDLE:
	case WAIT_LINGER:
	case WAIT_COUNT: conn_close(c);
	}
}

static http_conn *conn_of(timeout_link *link, size_t offset)
{
	return (http_conn *)(void *)((char *)link - offset);
}

void conn_sweep(http_worker *hw)
{
	uint64_t now = uv_now(&hw->w->loop);
	timeout_link *link;

	for (int i = 0; i < WAIT_COUNT; i++) {
		while ((link = timeout_expired(&hw->waits[i], now)))
			on_wait_over(conn_of(link, offsetof(http_conn, wait)));
	}
	while ((link = timeout_expired(&hw->write_waits, now))) {
		http_conn *c = conn_of(link, offsetof(http_conn, write_wait));
		size_t left = conn_untaken(c);
		if (left < c->write_mark) {
			c->write_mark = left;
			timeout_arm(&hw->write_waits, &c->write_wait, now);
		} else {
			conn_gone(c);
		}
	}
}
