/*
 * Clients that take what they are told slowly, late or not at all. Client and server are one thread here: the client has
 * always taken its part before the server looks, however late the machine is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "server/http_internal.h"
#include "server/ws_socket.h"
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>

enum { KIB = 1024, SENT = 128 * KIB, PIECE = 2 * KIB };

typedef struct told {
	bool closing, gone;
	uint16_t code;
	char reason[128];
	unsigned full, drained;
} told;

typedef struct world {
	ws_socket sock; /* the first member */
	told told;
	worker_group *group;
	worker *w;
	http_server server;
	http_worker *workers[1];
	ws_loop *loop;
	int client;
	size_t got; /* bytes the client has read */
	buf kept;   /* and those it looks at */
	bool keeps;
} world;

/* ---- what the socket says ---- */

static void on_message(ws_socket *s, str text)
{
	(void)s;
	(void)text;
}

static void on_tick(ws_socket *s)
{
	ws_socket_keep_alive(s, STR("{\"type\":\"ka\"}"));
}

static void on_full(ws_socket *s)
{
	((world *)(void *)s)->told.full++;
}

static void on_drained(ws_socket *s)
{
	((world *)(void *)s)->told.drained++;
}

static void on_closing(ws_socket *s, uint16_t code, str reason)
{
	told *t = &((world *)(void *)s)->told;
	t->closing = true;
	t->code = code;
	reason = str_sub(reason, 0, sizeof t->reason - 1);
	if (reason.n) memcpy(t->reason, reason.p, reason.n);
}

static void on_gone(ws_socket *s)
{
	((world *)(void *)s)->told.gone = true;
}

static void on_nothing(ws_socket *s)
{
	(void)s;
}

static const ws_callbacks says = {.message = on_message,
	.tick = on_tick,
	.hello_over = on_nothing,
	.full = on_full,
	.drained = on_drained,
	.closing = on_closing,
	.gone = on_gone,
	.release = on_nothing};

/* ---- a world of one socket ---- */

/* Small segments and a small window: the peer soon hears that something was read. */
static int small_socket(int buffer, int bytes)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), segment = KIB;
	assert_int_equal(setsockopt(fd, SOL_SOCKET, buffer, &bytes, sizeof bytes), 0);
	assert_int_equal(setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof segment), 0);
	return fd;
}

static int connected(int *client)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof a;
	int listener = small_socket(SO_SNDBUF, SENT);
	*client = small_socket(SO_RCVBUF, 4 * KIB);
	assert_int_equal(bind(listener, (struct sockaddr *)&a, n), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&a, &n), 0);
	assert_int_equal(connect(*client, (struct sockaddr *)&a, n), 0);
	int fd = accept(listener, NULL, NULL);
	assert_true(fd >= 0);
	close(listener);
	return fd;
}

static world *world_new(const ws_loop_config *c)
{
	world *x = mem_alloc(sizeof *x);
	arena *a = arena_new(0);
	error err;
	error_init(&err, a);
	assert_true(worker_group_new("test", 1, &x->group, &err));
	arena_free(a);
	x->w = worker_group_get(x->group, 0);
	x->workers[0] = mem_alloc(sizeof *x->workers[0]);
	*x->workers[0] = (http_worker){.server = &x->server, .w = x->w};
	x->server.workers = x->workers;
	x->loop = ws_loop_new(x->w, c);
	http_socket hs = {.tcp = mem_alloc(sizeof *hs.tcp), .worker = x->w, .server = &x->server};
	uv_tcp_init(&x->w->loop, hs.tcp);
	assert_int_equal(uv_tcp_open(hs.tcp, connected(&x->client)), 0);
	worker_hold(x->w);
	ws_socket_open(&x->sock, x->loop, &hs, 0, &says);
	ws_socket_hello_done(&x->sock);
	ws_socket_begin(&x->sock);
	return x;
}

static void world_free(world *x)
{
	close(x->client);
	ws_loop_stop(x->loop);
	for (int i = 0; i < 5; i++)
		uv_run(&x->w->loop, UV_RUN_NOWAIT);
	ws_loop_free(x->loop);
	buf_free(&x->kept);
	mem_free(x->workers[0]);
	worker_group_free(x->group);
	mem_free(x);
}

static uint64_t now_ms(void)
{
	return clock_mono_ns() / 1000000;
}

/* The client reads at most n bytes, then the server has a turn. */
static void turn(world *x, size_t n)
{
	char bytes[16 * KIB];
	while (n) {
		ssize_t got = recv(x->client, bytes, n < sizeof bytes ? n : sizeof bytes, MSG_DONTWAIT);
		if (got <= 0) break;
		x->got += (size_t)got;
		if (x->keeps) buf_put(&x->kept, str_make(bytes, (size_t)got));
		n -= (size_t)got;
	}
	uv_run(&x->w->loop, UV_RUN_NOWAIT);
	usleep(2000);
}

static void turns(world *x, unsigned ms, size_t n)
{
	for (uint64_t end = now_ms() + ms; now_ms() < end && !x->told.closing;)
		turn(x, n);
}

static void tell(world *x, size_t n)
{
	buf b = {0};
	buf_reserve(&b, n);
	memset(b.p, 'x', n);
	b.n = n;
	ws_socket_send(&x->sock, STR_NULL, (ws_body){.bytes = buf_str(&b), .release = mem_free, .arg = b.p}, STR_NULL);
}

/* Messages until bytes wait in the server itself, not only in the kernel. */
static void fill(world *x)
{
	while (!x->sock.first) {
		tell(x, PIECE);
		turn(x, 0);
	}
}

/* ---- who is slow ---- */

/* More and more lies in the kernel, nothing waits in the server, and it never says a word: our ping is still on its way. */
static void who_takes_slowly_is_not_silent(void **state)
{
	(void)state;
	world *x = world_new(&(ws_loop_config){.limits = {.silence_ms = 2000}});
	fill(x);
	for (size_t enough = x->got + SENT / 2; x->sock.first || x->got < enough;)
		turn(x, PIECE);
	for (uint64_t end = now_ms() + 5000; now_ms() < end && !x->told.closing && !x->sock.first;) {
		tell(x, 700);
		for (int i = 0; i < 5; i++) /* which the kernel has before the server looks */
			turn(x, 120);
	}
	assert_null(x->sock.first);
	assert_false(x->told.closing);
	turns(x, 30000, 0); /* when it takes nothing any more, it is found */
	assert_int_equal(x->told.code, 1001);
	world_free(x);
}

/* Keep-alives reach the machine of a client that sleeps: that is no sign of life. */
static void who_sleeps_is_silent(void **state)
{
	(void)state;
	world *x = world_new(&(ws_loop_config){.limits = {.silence_ms = 600}, .tick_ms = 100});
	turns(x, 30000, 0);
	assert_int_equal(x->told.code, 1001);
	world_free(x);
}

static void who_takes_some_is_not_cut(void **state)
{
	(void)state;
	world *x = world_new(&(ws_loop_config){.write_ms = 2000});
	fill(x);
	for (uint64_t end = now_ms() + 5000; now_ms() < end && !x->told.closing;) {
		turn(x, 512);
		tell(x, PIECE); /* more than it takes */
	}
	assert_false(x->told.closing);
	turns(x, 30000, 0);
	assert_true(x->told.gone);
	assert_int_equal(x->told.code, 0);
	assert_string_equal(x->told.reason, "the client took nothing (the limit is a setting: --server-timeout)");
	world_free(x);
}

static void who_is_full_drains(void **state)
{
	(void)state;
	world *x = world_new(&(ws_loop_config){.limits = {.pause_bytes = 256 * KIB, .output_bytes = 1024 * KIB}});
	fill(x);
	while (!x->told.full)
		tell(x, PIECE);
	assert_true(x->sock.waiting > 256 * KIB && x->sock.waiting < 260 * KIB);
	size_t before = 0;
	while (!x->told.drained) {
		before = x->sock.waiting;
		turn(x, PIECE);
	}
	assert_true(before > 128 * KIB && x->sock.waiting <= 128 * KIB);
	assert_int_equal(x->told.full, 1);
	assert_false(x->told.closing);
	world_free(x);
}

/* A limit below the usual mark: who is held back in time is not closed. */
static void full_is_below_the_limit(void **state)
{
	(void)state;
	world *x = world_new(&(ws_loop_config){.limits = {.pause_bytes = 1024 * KIB, .output_bytes = 100 * KIB}});
	fill(x);
	while (!x->told.full)
		tell(x, PIECE);
	assert_true(x->sock.waiting > 50 * KIB && x->sock.waiting < 60 * KIB);
	assert_false(x->told.closing);
	world_free(x);
}

/* ---- who takes too little ---- */

/* The next frame of what the client kept: its opcode; *payload is moved behind it. -1: none. */
static int next_frame(str *rest, str *payload)
{
	if (rest->n < 2) return -1;
	const unsigned char *p = (const unsigned char *)rest->p;
	size_t head = 2, n = p[1];
	if (n >= 126) {
		size_t bytes = n == 126 ? 2 : 8;
		n = 0;
		for (size_t i = 0; i < bytes; i++)
			n = n << 8 | p[2 + i];
		head += bytes;
	}
	assert_true(rest->n >= head + n);
	*payload = str_sub(str_from_at(*rest, head), 0, n);
	*rest = str_from_at(*rest, head + n);
	return p[0] & 15;
}

static void beyond_the_limit_it_is_told_why(void **state)
{
	(void)state;
	const size_t large = 1024 * KIB;
	const char *reason = "the client takes too little (the limit is a setting: --websocket-max-queue)";
	world *x = world_new(&(ws_loop_config){.limits = {.output_bytes = 200 * KIB}, .tick_ms = 10});
	x->keeps = true;
	tell(x, large); /* goes out alone */
	ws_socket_say(&x->sock, STR("over"));
	turns(x, 600, 0);
	assert_false(x->told.closing);
	assert_true(x->sock.waiting < large + 100); /* no keep-alives on top */
	tell(x, PIECE);
	assert_true(x->told.closing);
	assert_int_equal(x->told.code, 1013);
	while (x->got < large + 10 + 2 + 2 + strlen(reason))
		turn(x, 64 * KIB);
	str rest = buf_str(&x->kept), payload;
	assert_int_equal(next_frame(&rest, &payload), WS_OP_TEXT); /* the one that had begun is whole */
	assert_int_equal(payload.n, large);
	assert_int_equal(next_frame(&rest, &payload), WS_OP_CLOSE);
	assert_memory_equal(payload.p, "\x03\xf5", 2); /* 1013 */
	assert_true(str_eqz(str_from_at(payload, 2), reason));
	assert_int_equal(next_frame(&rest, &payload), -1);
	world_free(x);
}

static void a_large_message_and_its_end_arrive(void **state)
{
	(void)state;
	const size_t large = 1024 * KIB;
	world *x = world_new(&(ws_loop_config){.limits = {.output_bytes = 200 * KIB}, .tick_ms = 300});
	x->keeps = true;
	tell(x, large);
	ws_socket_say(&x->sock, STR("over"));
	turns(x, 600, 0);
	while (x->got < large + 14)
		turn(x, 64 * KIB);
	str rest = buf_str(&x->kept), payload;
	assert_int_equal(next_frame(&rest, &payload), WS_OP_TEXT);
	assert_int_equal(payload.n, large);
	assert_int_equal(next_frame(&rest, &payload), WS_OP_TEXT);
	assert_memory_equal(payload.p, "over", payload.n);
	assert_false(x->told.closing);
	world_free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_takes_slowly_is_not_silent),
		cmocka_unit_test(who_sleeps_is_silent),
		cmocka_unit_test(who_takes_some_is_not_cut),
		cmocka_unit_test(who_is_full_drains),
		cmocka_unit_test(full_is_below_the_limit),
		cmocka_unit_test(beyond_the_limit_it_is_told_why),
		cmocka_unit_test(a_large_message_and_its_end_arrive),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
