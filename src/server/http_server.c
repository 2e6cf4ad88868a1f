#include "base/arena.h"
#include "loop/listen.h"
#include "server/http_internal.h"
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

/* --- requests: taken when the first byte comes, given back when answered --- */

static http_request *request_new(http_worker *hw)
{
	http_request *req = mem_alloc(sizeof(*req));

	req->priv = mem_alloc(sizeof(*req->priv));
	req->priv->hw = hw;
	req->arena = arena_new(8192);
	return req;
}

static void request_free(http_request *req)
{
	http_message_free(&req->priv->msg);
	arena_free(req->arena);
	mem_free(req->priv);
	mem_free(req);
}

http_request *http_request_take(http_conn *c)
{
	http_worker *hw = c->hw;
	http_request *req = hw->pool;

	if (req) {
		hw->pool = req->priv->next;
		hw->pool_n--;
	} else {
		req = request_new(hw);
	}
	req->priv->conn = c;
	req->priv->prev = NULL;
	req->priv->next = hw->used;
	if (hw->used) hw->used->priv->prev = req;
	hw->used = req;
	return req;
}

static void request_unlink(http_request *req)
{
	struct http_request_private *p = req->priv;

	if (p->prev) {
		p->prev->priv->next = p->next;
	} else {
		p->hw->used = p->next;
	}
	if (p->next) p->next->priv->prev = p->prev;
}

static void request_clear(http_request *req)
{
	struct http_request_private *p = req->priv;
	arena *a = req->arena;
	http_worker *hw = p->hw;
	http_message msg;

	arena_reset(a);
	http_message_clear(&p->msg);
	if (p->msg.head.cap > HTTP_POOL_BUF_BYTES) buf_free(&p->msg.head);
	if (p->msg.body.cap > HTTP_POOL_BUF_BYTES) buf_free(&p->msg.body);
	msg = p->msg;
	memset(p, 0, sizeof(*p));
	p->msg = msg;
	p->hw = hw;
	*req = (http_request){.arena = a, .priv = p};
}

void http_request_put(http_request *req)
{
	http_worker *hw = req->priv->hw;

	request_unlink(req);
	if (hw->pool_n >= HTTP_POOL_REQUESTS) {
		request_free(req);
		return;
	}
	request_clear(req);
	req->priv->next = hw->pool;
	hw->pool = req;
	hw->pool_n++;
}

/* --- the service on each worker --- */

/*
 * Connections are accepted here, not by libuv: without a file left to open, and its spare one taken by another thread, its
 * loop over accept(2) would never end. Here the worker looks away for a moment; what waits is in the kernel's queue.
 */
static void on_connection(uv_poll_t *poll, int status, int events)
{
	http_worker *hw = poll->data;

	(void)events;
	for (int i = 0; i < HTTP_ACCEPT_BATCH && status == 0; i++) {
		int fd = accept4(hw->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			conn_accept(hw, fd);
		} else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
			uv_poll_stop(poll);
			timer_again(hw->accept_again, HTTP_ACCEPT_PAUSE_MS, 0);
			return;
		} else if (errno != EINTR && errno != ECONNABORTED) {
			return;
		}
	}
}

static void on_accept_again(void *arg)
{
	http_worker *hw = arg;

	if (hw->listening) uv_poll_start(&hw->listener, UV_READABLE, on_connection);
}

/* Sweeping stops when the last connection has gone: an idle server sleeps. */
static void on_sweep(void *arg)
{
	http_worker *hw = arg;

	conn_sweep(hw);
	if (!hw->conns && hw->sweeping) {
		timer_again(hw->sweep, UINT32_MAX, 0);
		hw->sweeping = false;
	}
}

void http_worker_sweep_on(http_worker *hw)
{
	if (hw->sweeping) return;
	hw->sweeping = true;
	timer_again(hw->sweep, HTTP_SWEEP_MS, HTTP_SWEEP_MS);
}

static void on_before_sleep(void *arg)
{
	conn_bury(arg);
}

static void worker_waits_init(http_worker *hw, const http_limits *l)
{
	timeout_list_init(&hw->waits[WAIT_HEAD], l->head_ms);
	timeout_list_init(&hw->waits[WAIT_BODY], l->body_ms);
	timeout_list_init(&hw->waits[WAIT_IDLE], l->idle_ms);
	timeout_list_init(&hw->waits[WAIT_LINGER], l->linger_ms);
	timeout_list_init(&hw->waits[WAIT_PROBE], HTTP_PROBE_MS);
	timeout_list_init(&hw->write_waits, l->write_ms);
}

static void listener_close(http_worker *hw)
{
	if (!hw->listening) return;
	hw->listening = false;
	uv_poll_stop(&hw->listener);
	uv_close((uv_handle_t *)&hw->listener, NULL);
	close(hw->listen_fd);
}

static void service_drain(worker *w, void *ctx)
{
	http_server *s = ctx;
	http_worker *hw = s->workers[w->index];
	http_conn *next;

	listener_close(hw);
	for (http_conn *c = hw->conns; c; c = next) {
		next = c->next;
		if (!c->req && !c->writes) conn_close(c);
	}
}

static void service_stop(worker *w, void *ctx)
{
	http_server *s = ctx;
	http_worker *hw = s->workers[w->index];

	listener_close(hw);
	while (hw->conns)
		conn_gone(hw->conns);
	timer_stop(hw->sweep);
	timer_stop(hw->accept_again);
	hw->sweep = hw->accept_again = NULL;
}

static bool service_start(worker *w, void *ctx, error *err)
{
	http_server *s = ctx;
	http_worker *hw = s->workers[w->index];
	int rc;

	hw->w = w;
	worker_waits_init(hw, &s->config.limits);
	hw->gzip = gzip_new();
	hw->sweep = timer_start(w, UINT32_MAX, 0, on_sweep, hw);
	hw->accept_again = timer_start(w, UINT32_MAX, 0, on_accept_again, hw);
	worker_before_sleep(w, on_before_sleep, hw);
	hw->listen_fd = s->fds[w->index];
	hw->listener.data = hw;
	rc = uv_poll_init(&w->loop, &hw->listener, hw->listen_fd);
	if (rc == 0) {
		s->fds[w->index] = -1; /* this worker's now */
		hw->listening = true;
		rc = uv_poll_start(&hw->listener, UV_READABLE, on_connection);
	}
	if (rc == 0) return true;
	service_stop(w, ctx);
	return error_set(err, ERR_START_FAILED, STR_NULL, "cannot listen on port %u: %s", s->port, uv_strerror(rc));
}

static void worker_free(http_worker *hw)
{
	conn_bury(hw);
	while (hw->used) {
		http_request *req = hw->used;
		request_unlink(req);
		request_free(req);
	}
	while (hw->pool) {
		http_request *req = hw->pool;
		hw->pool = req->priv->next;
		request_free(req);
	}
	buf_free(&hw->head);
	buf_free(&hw->zip);
	gzip_free(hw->gzip);
	mem_free(hw);
}

/* --- public --- */

bool http_server_new(worker_group *g, str host, uint16_t port, const http_config *config, http_server **out, error *err)
{
	unsigned n = worker_group_count(g);
	http_server *s = mem_alloc(sizeof(*s));
	worker_service service = {"http", service_start, service_drain, service_stop, s};

	s->config = *config;
	s->group = g;
	s->fds = mem_alloc(size_mul(n, sizeof(*s->fds)));
	s->workers = mem_alloc(size_mul(n, sizeof(*s->workers)));
	for (unsigned i = 0; i < n; i++) {
		s->fds[i] = -1;
		s->workers[i] = mem_alloc(sizeof(**s->workers));
		s->workers[i]->server = s;
	}
	if (!listen_open(host, port, n, s->fds, &s->port, err)) {
		http_server_free(s);
		return false;
	}
	listen_raise_open_files();
	worker_group_add(g, &service);
	*out = s;
	return true;
}

void http_server_free(http_server *s)
{
	unsigned n;

	if (!s) return;
	n = worker_group_count(s->group);
	listen_close(s->fds, n);
	for (unsigned i = 0; i < n; i++)
		worker_free(s->workers[i]);
	mem_free(s->workers);
	mem_free(s->fds);
	mem_free(s);
}

uint16_t http_server_port(const http_server *s)
{
	return s->port;
}

const http_config *http_server_config(const http_server *s)
{
	return &s->config;
}

void http_server_counts(const http_server *s, unsigned index, http_counts *out)
{
	*out = s->workers[index]->counts;
}

uint64_t http_server_connections(const http_server *s)
{
	return atomic_load_explicit(&s->connections, memory_order_relaxed);
}
