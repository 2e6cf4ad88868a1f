/*
 * http_echo: a small server for tests/api/test_http.py: the HTTP engine with routes that answer now, later, much, or never.
 *
 *   http_echo [--workers N] [--grace MS] [--log yes] [--LIMIT VALUE] …
 *
 * LIMIT is a field of http_limits. Prints "port N" when it listens; ends on SIGTERM with "aborted N connections N".
 */
#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "server/http.h"
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

static atomic_uint aborted;

typedef struct later {
	http_request *req;
	timer *timer;
} later;

static void later_answer(void *arg)
{
	later *l = arg;
	http_request *req = l->req;

	timer_stop(l->timer);
	mem_free(l);
	http_respond(req, 200, NULL, 0, STR("{\"late\":true}"));
}

static void later_abort(void *arg)
{
	later *l = arg;

	timer_stop(l->timer);
	mem_free(l);
	atomic_fetch_add(&aborted, 1);
}

/* /later?MS: an answer from a timer; /stubborn?MS: the same without an abort callback. */
static void route_later(http_request *req)
{
	later *l = mem_alloc(sizeof(*l));
	uint64_t ms = 0;

	if (!str_to_u64(req->query, &ms)) ms = 10;
	l->req = req;
	l->timer = timer_start(req->worker, ms, 0, later_answer, l);
	if (str_eqz(req->path, "/later")) http_request_on_abort(req, later_abort, l);
}

static void route_echo(http_request *req)
{
	arena *a = req->arena;
	json *o = json_new_object(a);
	json *headers = json_setz(o, "headers", json_new_array(a));
	buf b = {0};

	json_setz(o, "method", json_new_str(a, req->method_text));
	json_setz(o, "path", json_new_str(a, req->path));
	json_setz(o, "query", json_new_str(a, req->query));
	json_setz(o, "body", json_new_str(a, req->body));
	json_setz(o, "ip", json_new_str(a, http_request_client_ip(req)));
	json_setz(o, "worker", json_new_i64(a, req->worker->index));
	for (size_t i = 0; i < req->header_count; i++) {
		json *pair = json_push(headers, json_new_array(a));
		json_push(pair, json_new_str(a, req->headers[i].name));
		json_push(pair, json_new_str(a, req->headers[i].value));
	}
	json_write(&b, o);
	http_respond_buf(req, 200, NULL, 0, &b);
}

/* /size?N: N bytes of text, taken over; /lent?N: the same, copied by the engine. */
static void route_size(http_request *req)
{
	uint64_t n = 0;
	buf b = {0};

	if (!str_to_u64(req->query, &n)) n = 10;
	buf_reserve(&b, n + 1);
	for (uint64_t i = 0; i < n; i++)
		buf_putc(&b, (char)('a' + i % 26));
	if (str_eqz(req->path, "/lent")) {
		http_respond(req, 200, NULL, 0, buf_str(&b));
		buf_free(&b);
	} else {
		http_respond_buf(req, 200, NULL, 0, &b);
	}
}

static void socket_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *b)
{
	http_socket *s = stream->data;
	uv_buf_t out = uv_buf_init(b->base, n > 0 ? (unsigned)n : 0);

	if (n < 0) {
		http_socket_close(s);
		mem_free(s);
	} else if (n > 0 && uv_try_write(stream, &out, 1) < 0) {
		uv_read_stop(stream);
	}
}

static void socket_alloc(uv_handle_t *h, size_t hint, uv_buf_t *out)
{
	static _Thread_local char bytes[4096];

	(void)h;
	(void)hint;
	*out = uv_buf_init(bytes, sizeof(bytes));
}

/* /upgrade: the socket becomes an echo of bytes, what came behind the request first. */
static void route_upgrade(http_request *req)
{
	http_socket *s = mem_alloc(sizeof(*s));

	if (!http_upgrade(
		    req, STR("HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n"), s)) {
		mem_free(s);
		return;
	}
	s->tcp->data = s;
	if (s->unread.n) {
		uv_buf_t b = uv_buf_init(s->unread.p, (unsigned)s->unread.n);
		uv_try_write((uv_stream_t *)s->tcp, &b, 1);
	}
	uv_read_start((uv_stream_t *)s->tcp, socket_alloc, socket_read);
}

static void route_header(http_request *req)
{
	http_header h[2] = {{STR("X-Ok"), STR("1")}, {STR("X-Split"), http_request_header(req, STR("x-nothing"))}};

	h[1].value = STR("a\r\nX-Evil: 1");
	http_respond(req, 200, h, 2, STR("{}"));
}

static void route_none(http_request *req)
{
	error e;

	error_init(&e, req->arena);
	if (!error_set(&e, ERR_NOT_FOUND, STR_NULL, "resource does not exist")) http_respond_error(req, &e);
}

static const struct {
	const char *path;
	void (*fn)(http_request *req);
} routes[] = {
	{"/echo", route_echo},
	{"/later", route_later},
	{"/stubborn", route_later},
	{"/size", route_size},
	{"/lent", route_size},
	{"/header", route_header},
	{"/upgrade", route_upgrade},
};

static void handle(http_request *req, void *ctx)
{
	(void)ctx;
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		if (str_eqz(req->path, routes[i].path)) {
			routes[i].fn(req);
			return;
		}
	}
	route_none(req);
}

static bool set_limit(http_limits *l, const char *name, const char *value)
{
	const struct {
		const char *name;
		uint64_t *at;
	} rows[] = {
#define X(field, dflt, setting, effect) {#field, &l->field},
		HTTP_LIMITS(X)
#undef X
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(rows[i].name, name) == 0) {
			*rows[i].at = strtoull(value, NULL, 10);
			return true;
		}
	}
	return false;
}

int main(int argc, char **argv)
{
	http_config config = {.limits = http_limits_default(), .handler = handle};
	worker_group *g = NULL;
	http_server *s = NULL;
	unsigned workers = 2;
	arena *a = arena_new(0);
	uint64_t grace = 2000;
	sigset_t set;
	error err;
	int sig = 0;

	error_init(&err, a);
	if (!cors_parse(a, STR("http://good.example, https://*.wild.example:8443"), &config.cors, &err)) return 2;
	log_configure(&(log_config){.level = LOG_INFO, .types = UINT32_MAX});
	for (int i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--workers") == 0) {
			workers = (unsigned)strtoul(argv[i + 1], NULL, 10);
		} else if (strcmp(argv[i], "--log") == 0) {
			config.log_requests = true;
		} else if (strcmp(argv[i], "--grace") == 0) {
			grace = strtoull(argv[i + 1], NULL, 10);
		} else if (!set_limit(&config.limits, argv[i] + 2, argv[i + 1])) {
			return 2;
		}
	}
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	if (!worker_group_new("echo", workers, &g, &err) ||
		!http_server_new(g, STR("127.0.0.1"), 0, &config, &s, &err) || !worker_group_start(g, &err)) {
		fprintf(stderr, "%.*s\n", STR_ARG(err.message));
		return 1;
	}
	printf("port %u\n", http_server_port(s));
	fflush(stdout);
	sigwait(&set, &sig);
	worker_group_stop(g, grace);
	worker_group_join(g);
	printf("aborted %u connections %llu\n", atomic_load(&aborted), (unsigned long long)http_server_connections(s));
	http_server_free(s);
	worker_group_free(g);
	arena_free(a);
	return 0;
}
