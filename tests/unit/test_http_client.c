/* The HTTP client against a server of a few lines that answers what a test wants. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"
#include "loop/http_client.h"
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* ---- a server: answers each request on each connection with the same bytes ---- */

typedef struct peer {
	uv_tcp_t tcp;
	struct server *server;
	buf in;
} peer;

typedef struct server {
	uv_tcp_t tcp;
	int port;
	str answer;  /* n 0: never answers */
	bool closes; /* after the answer */
	unsigned connections, requests, open;
	buf last; /* the last request */
	peer *peers[64];
} server;

static arena *A;
static uv_loop_t loop;
static http_client *client;
static server the_server;

static void peer_closed(uv_handle_t *h)
{
	peer *p = h->data;
	p->server->open--;
	buf_free(&p->in);
	mem_free(p);
}

static void peer_close(peer *p)
{
	for (size_t i = 0; i < 64; i++)
		if (p->server->peers[i] == p) p->server->peers[i] = NULL;
	if (!uv_is_closing((uv_handle_t *)&p->tcp)) uv_close((uv_handle_t *)&p->tcp, peer_closed);
}

static void on_alloc(uv_handle_t *h, size_t hint, uv_buf_t *b)
{
	static char space[65536];
	(void)h;
	(void)hint;
	*b = uv_buf_init(space, sizeof space);
}

typedef struct write_op {
	uv_write_t req;
	peer *p;
} write_op;

static void on_written(uv_write_t *req, int status)
{
	write_op *w = (write_op *)req;
	if (status == 0 && w->p->server->closes) peer_close(w->p);
	mem_free(w);
}

static bool complete(str in)
{
	size_t head = str_find(in, STR("\r\n\r\n")), at = str_find(in, STR("Content-Length: "));
	if (head == SIZE_MAX) return false;
	size_t want = at < head ? (size_t)atoi(str_z(A, str_from_at(in, at + 16))) : 0;
	return in.n >= head + 4 + want;
}

static void on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *b)
{
	peer *p = s->data;
	server *srv = p->server;
	if (n < 0) {
		peer_close(p);
		return;
	}
	buf_put(&p->in, str_make(b->base, (size_t)n));
	if (!complete(buf_str(&p->in))) return;
	srv->requests++;
	buf_clear(&srv->last);
	buf_put(&srv->last, buf_str(&p->in));
	buf_clear(&p->in);
	if (!srv->answer.n) return;
	write_op *w = mem_alloc(sizeof *w);
	uv_buf_t out = uv_buf_init((char *)(uintptr_t)srv->answer.p, (unsigned)srv->answer.n);
	w->p = p;
	if (uv_write(&w->req, s, &out, 1, on_written)) mem_free(w);
}

static void on_connection(uv_stream_t *s, int status)
{
	server *srv = s->data;
	assert_int_equal(status, 0);
	peer *p = mem_alloc(sizeof *p);
	p->server = srv;
	p->tcp.data = p;
	uv_tcp_init(&loop, &p->tcp);
	assert_int_equal(uv_accept(s, (uv_stream_t *)&p->tcp), 0);
	srv->peers[srv->connections++ % 64] = p;
	srv->open++;
	uv_read_start((uv_stream_t *)&p->tcp, on_alloc, on_read);
}

static int begin(void **state)
{
	(void)state;
	struct sockaddr_in at;
	int n = sizeof at;
	A = arena_new(0);
	uv_loop_init(&loop);
	the_server = (server){0};
	the_server.tcp.data = &the_server;
	uv_ip4_addr("127.0.0.1", 0, &at);
	uv_tcp_init(&loop, &the_server.tcp);
	assert_int_equal(uv_tcp_bind(&the_server.tcp, (struct sockaddr *)&at, 0), 0);
	assert_int_equal(uv_listen((uv_stream_t *)&the_server.tcp, 64, on_connection), 0);
	uv_tcp_getsockname(&the_server.tcp, (struct sockaddr *)&at, &n);
	the_server.port = ntohs(at.sin_port);
	static const http_client_limits limits = {.running = 4, .waiting = 4};
	client = http_client_new(&loop, &limits);
	return 0;
}

static int end(void **state)
{
	(void)state;
	http_client_close(client);
	uv_close((uv_handle_t *)&the_server.tcp, NULL);
	for (size_t i = 0; i < 64; i++)
		if (the_server.peers[i]) peer_close(the_server.peers[i]);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
	buf_free(&the_server.last);
	arena_free(A);
	return 0;
}

/* ---- calls ---- */

typedef struct outcome {
	bool done;
	http_call_result r;
	http_call *call;
} outcome;

static void take(const http_call_result *r, void *data)
{
	outcome *o = data;
	assert_false(o->done);
	o->done = true;
	http_call_result_copy(A, r, &o->r);
}

static outcome *start(http_call_options o)
{
	outcome *out = NEW(A, outcome);
	const char *why = NULL;
	if (!o.method) o.method = o.body.p ? "POST" : "GET";
	if (!o.url.n) o.url = str_printf(A, "http://127.0.0.1:%d/path?q=1", the_server.port);
	o.done = take;
	o.data = out;
	out->call = http_client_start(client, &o, &why);
	assert_false(out->done);
	if (!out->call) out->r.why = why;
	return out;
}

static http_call_result *wait_for(outcome *o)
{
	while (!o->done)
		uv_run(&loop, UV_RUN_ONCE);
	return &o->r;
}

static http_call_result *call(const char *answer, http_call_options o)
{
	the_server.answer = str_from(answer);
	outcome *out = start(o);
	if (!out->call) fail_msg("%s", out->r.why);
	return wait_for(out);
}

static bool sent(const char *text)
{
	return str_find(buf_str(&the_server.last), str_from(text)) != SIZE_MAX;
}

#define PLAIN "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: 1\r\nSet-Cookie: a\r\nset-cookie: b\r\n\r\nok"

static void get(void **state)
{
	(void)state;
	str_pair headers[] = {{STR("X-One"), STR("1")}, {STR("X-Empty"), STR("")}, {STR("User-Agent"), STR("me")}};
	http_call_result *r = call(PLAIN, (http_call_options){.headers = headers, .nheaders = 3});
	assert_int_equal(r->failure, HTTP_CALL_OK);
	assert_int_equal(r->status, 200);
	assert_true(str_eqz(r->body, "ok"));
	assert_int_equal(r->nheaders, 4);
	assert_true(str_eqz(http_call_header(r, STR("x-a")), "1"));
	assert_null(http_call_header(r, STR("x-b")).p);
	assert_true(str_starts(buf_str(&the_server.last), STR("GET /path?q=1 HTTP/1.1\r\n")));
	assert_true(sent("X-One: 1\r\n") && sent("X-Empty:\r\n") && sent("User-Agent: me\r\n"));
	assert_false(sent("Accept:") || sent("Expect:"));
}

static void post(void **state)
{
	(void)state;
	str_pair headers[] = {{STR("Content-Type"), STR("application/json")}};
	buf big = {0};
	for (int i = 0; i < 2000000; i++)
		buf_putc(&big, 'x');
	http_call_result *r = call(PLAIN, (http_call_options){.headers = headers, .nheaders = 1, .body = STR("{}")});
	assert_int_equal(r->status, 200);
	assert_true(sent("POST /path") && sent("Content-Length: 2\r\n") && sent("\r\n\r\n{}") &&
		sent("Content-Type: application/json"));
	r = call(PLAIN, (http_call_options){.body = buf_str(&big)});
	assert_int_equal(r->status, 200);
	assert_true(sent("Content-Length: 2000000"));
	r = call(PLAIN, (http_call_options){.method = "PUT", .body = STR("")});
	assert_int_equal(r->status, 200);
	assert_true(sent("PUT /path") && sent("Content-Length: 0"));
	buf_free(&big);
}

static void connections_are_kept(void **state)
{
	(void)state;
	for (int i = 0; i < 10; i++)
		assert_int_equal(call(PLAIN, (http_call_options){0})->status, 200);
	assert_int_equal(the_server.requests, 10);
	assert_int_equal(the_server.connections, 1);
	the_server.closes = true;
	for (int i = 0; i < 10; i++)
		assert_int_equal(call(PLAIN, (http_call_options){0})->status, 200);
	assert_int_equal(the_server.requests, 20);
}

static void other_statuses(void **state)
{
	(void)state;
	assert_int_equal(call("HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n", (http_call_options){0})->status, 500);
	assert_int_equal(call("HTTP/1.1 401 X\r\nContent-Length: 1\r\n\r\nx", (http_call_options){0})->status, 401);
	http_call_result *r =
		call("HTTP/1.1 100 Continue\r\nX-B: 2\r\n\r\n" PLAIN, (http_call_options){.body = STR("x")});
	assert_int_equal(r->status, 200);
	assert_null(http_call_header(r, STR("X-B")).p);
}

static void redirects(void **state)
{
	(void)state;
	const char *there = str_z(A,
		str_printf(A, "HTTP/1.1 302 X\r\nLocation: http://127.0.0.1:%d/b\r\nContent-Length: 0\r\n\r\n",
			the_server.port));
	http_call_result *r = call(there, (http_call_options){0});
	assert_int_equal(r->status, 302);
	assert_int_equal(the_server.requests, 1);
	r = call(there, (http_call_options){.redirects = 3});
	assert_int_equal(r->failure, HTTP_CALL_BROKEN);
	assert_int_equal(the_server.requests, 1 + 4);
	r = call(there, (http_call_options){.redirects = 3, .body = STR("x")});
	assert_int_equal(r->status, 302);
	r = call("HTTP/1.1 302 X\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n",
		(http_call_options){.redirects = 3});
	assert_int_equal(r->failure, HTTP_CALL_BROKEN);
	assert_int_equal(r->body.n, 0);
}

static void refusals(void **state)
{
	(void)state;
	static const char *const urls[] = {
		"file:///etc/passwd", "gopher://x/", "ftp://x", "//x", "x", "http://a b/", "http://a\r\nX: y/"};
	for (size_t i = 0; i < sizeof urls / sizeof *urls; i++)
		assert_null(start((http_call_options){.url = str_from(urls[i])})->call);
	static const str_pair bad[] = {{STR_INIT("A"), STR_INIT("b\r\nC: d")}, {STR_INIT("A"), STR_INIT("b\nC: d")},
		{STR_INIT("A\r\nB"), STR_INIT("c")}, {STR_INIT("A"), {.p = "b\0c", .n = 3}},
		{STR_INIT(""), STR_INIT("x")}, {STR_INIT("A B"), STR_INIT("x")}, {STR_INIT("A:"), STR_INIT("x")}};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_null(start((http_call_options){.headers = &bad[i], .nheaders = 1})->call);
	assert_int_equal(the_server.connections, 0);
}

static void times(void **state)
{
	(void)state;
	uint64_t from = uv_hrtime();
	http_call_result *r = call("", (http_call_options){.timeout_ms = 200});
	uint64_t ms = (uv_hrtime() - from) / 1000000;
	assert_int_equal(r->failure, HTTP_CALL_TIMEOUT);
	assert_true(ms >= 200 && ms < 60000);
	r = call("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", (http_call_options){.timeout_ms = 200});
	assert_int_equal(r->failure, HTTP_CALL_TIMEOUT);
	assert_int_equal(r->body.n, 0);
	r = call(PLAIN, (http_call_options){.url = STR("http://127.0.0.1:1/")});
	assert_int_equal(r->failure, HTTP_CALL_CONNECT);
	r = call(PLAIN, (http_call_options){.url = STR("http://no-such-host.invalid/")});
	assert_int_equal(r->failure, HTTP_CALL_CONNECT);
	r = call(PLAIN,
		(http_call_options){
			.url = str_printf(A, "https://127.0.0.1:%d/", the_server.port), .timeout_ms = 2000});
	assert_true(r->failure != HTTP_CALL_OK);
}

static void broken_answers(void **state)
{
	(void)state;
	the_server.closes = true;
	static const char *const answers[] = {"nonsense\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
		"HTTP/1.1 200 OK\r\nContent-En"
		"coding: gzip\r\nContent-Length: 3\r\n\r\nabc",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"};
	for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
		http_call_result *r = call(answers[i], (http_call_options){0});
		if (r->failure != HTTP_CALL_BROKEN) fail_msg("answer %zu: %d %s", i, r->failure, r->why);
	}
}

static void sizes(void **state)
{
	(void)state;
	assert_int_equal(call(PLAIN, (http_call_options){.max_body = 2})->failure, HTTP_CALL_OK);
	assert_int_equal(call(PLAIN, (http_call_options){.max_body = 1})->failure, HTTP_CALL_TOO_LARGE);
	assert_int_equal(call(PLAIN, (http_call_options){.max_head = 30})->failure, HTTP_CALL_TOO_LARGE);
	buf b = {0};
	buf_puts(&b, "HTTP/1.1 200 OK\r\n");
	for (int i = 0; i < 3000; i++)
		buf_printf(&b, "X-%d: 012345678901234567890123456789\r\n", i);
	buf_puts(&b, "Content-Length: 0\r\n\r\n");
	buf_putc(&b, '\0');
	assert_int_equal(call(b.p, (http_call_options){0})->failure, HTTP_CALL_TOO_LARGE);
	buf_free(&b);
	assert_int_equal(
		call("HTTP/1.1 200 OK\r\nContent-Length: 300000000\r\n\r\nabc", (http_call_options){.timeout_ms = 300})
			->failure,
		HTTP_CALL_TIMEOUT);
}

static str gzipped(size_t n)
{
	z_stream z = {0};
	char *plain = mem_alloc(n), *out = mem_alloc(n / 10 + 1000);
	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 31, 8, 0), Z_OK);
	z.next_in = (unsigned char *)plain;
	z.avail_in = (unsigned)n;
	z.next_out = (unsigned char *)out;
	z.avail_out = (unsigned)(n / 10 + 1000);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	str packed = str_copy(A, str_make(out, z.total_out));
	deflateEnd(&z);
	mem_free(plain);
	mem_free(out);
	return packed;
}

/* Counted after decompression. */
static void gzip_bomb(void **state)
{
	(void)state;
	str packed = gzipped(20 << 20);
	str head = str_printf(A, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n", packed.n);
	the_server.answer = str_cat(A, 2, head, packed);
	assert_true(packed.n < 1 << 20);
	assert_int_equal(wait_for(start((http_call_options){0}))->failure, HTTP_CALL_TOO_LARGE);
	http_call_result *r = wait_for(start((http_call_options){.max_body = 20 << 20}));
	assert_int_equal(r->failure, HTTP_CALL_OK);
	assert_int_equal(r->body.n, 20 << 20);
}

/* 4 run, 4 wait, the rest is refused; those that wait come next, or time out. */
static void many_at_once(void **state)
{
	(void)state;
	outcome *calls[9];
	for (size_t i = 0; i < 9; i++)
		calls[i] = start((http_call_options){.timeout_ms = i < 4 ? 2000 : 1500});
	assert_null(calls[8]->call);
	assert_string_equal(calls[8]->r.why, "too many calls are waiting");
	for (size_t i = 0; i < 8; i++)
		assert_int_equal(wait_for(calls[i])->failure, HTTP_CALL_TIMEOUT);
	assert_int_equal(the_server.requests, 4);
	the_server.answer = STR(PLAIN);
	for (size_t i = 0; i < 8; i++)
		calls[i] = start((http_call_options){0});
	for (size_t i = 0; i < 8; i++)
		assert_int_equal(wait_for(calls[i])->status, 200);
}

static void cancelled(void **state)
{
	(void)state;
	outcome *calls[8];
	for (size_t i = 0; i < 8; i++)
		calls[i] = start((http_call_options){0});
	for (int i = 0; i < 20; i++)
		uv_run(&loop, UV_RUN_NOWAIT);
	http_call_cancel(calls[0]->call);
	http_call_cancel(calls[6]->call);
	the_server.answer = STR(PLAIN);
	for (size_t i = 1; i < 4; i++)
		http_call_cancel(calls[i]->call);
	for (size_t i = 4; i < 8; i++)
		if (i != 6) assert_int_equal(wait_for(calls[i])->status, 200);
	for (size_t i = 0; i < 4; i++)
		assert_false(calls[i]->done);
	assert_false(calls[6]->done);
	start((http_call_options){0}); /* ended by the client's close */
}

/* done starts the next call, as a chain does. */
typedef struct chain {
	int left;
} chain;

static void chained(const http_call_result *r, void *data)
{
	chain *c = data;
	const char *why;
	assert_int_equal(r->status, 200);
	if (!--c->left) return;
	http_call_options o = {.method = "GET",
		.url = str_printf(A, "http://127.0.0.1:%d/", the_server.port),
		.done = chained,
		.data = c};
	assert_non_null(http_client_start(client, &o, &why));
}

static void chains(void **state)
{
	(void)state;
	chain c[4];
	the_server.answer = STR(PLAIN);
	for (size_t i = 0; i < 4; i++) {
		const char *why;
		c[i].left = 50;
		http_call_options o = {.method = "GET",
			.url = str_printf(A, "http://127.0.0.1:%d/", the_server.port),
			.done = chained,
			.data = &c[i]};
		assert_non_null(http_client_start(client, &o, &why));
	}
	while (c[0].left || c[1].left || c[2].left || c[3].left)
		uv_run(&loop, UV_RUN_ONCE);
	assert_int_equal(the_server.requests, 200);
	assert_true(the_server.connections <= 8);
}

static void waiting_call(void **state)
{
	(void)state;
	http_call_result r;
	http_call_options o = {.method = "GET", .url = STR("http://127.0.0.1:1/")};
	http_call_wait(A, &o, &r);
	assert_int_equal(r.failure, HTTP_CALL_CONNECT);
	assert_non_null(r.why);
	o.url = STR("file:///x");
	http_call_wait(A, &o, &r);
	assert_int_equal(r.failure, HTTP_CALL_BROKEN);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {T(get), T(post), T(connections_are_kept), T(other_statuses), T(redirects),
		T(refusals), T(times), T(broken_answers), T(sizes), T(gzip_bomb), T(many_at_once), T(cancelled),
		T(chains), T(waiting_call)};
	/* proxies of the machine do not belong here */
	unsetenv("http_proxy");
	unsetenv("https_proxy");
	unsetenv("ALL_PROXY");
	unsetenv("all_proxy");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
