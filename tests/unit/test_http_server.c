/*
 * The engine inside a program: a handler hands blocking work to another thread and answers when it comes back. This is
 * also the example of how to do that: the job, not the request, travels between threads, and it learns on the worker's
 * thread that the client has left.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "server/http.h"
#include <arpa/inet.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct app {
	worker_group *http;
	worker_group *builder;
	http_server *server;
	atomic_uint begun, aborted, answered, released, late;
	atomic_bool hold; /* jobs do not end */
	arena *a;
} app;

typedef struct job {
	app *app;
	http_request *req; /* NULL when the client has left; touched on home's thread only */
	worker *home;
} job;

static void job_release(void *arg)
{
	app *a = arg;

	atomic_fetch_add(&a->released, 1);
}

/* Back on the worker's thread. */
static void job_answer(void *arg)
{
	job *j = arg;
	http_response r = {
		.status = 200, .body = STR("{\"built\":true}"), .release = job_release, .release_arg = j->app};

	if (j->req) {
		atomic_fetch_add(&j->app->answered, 1);
		http_send(j->req, &r);
	} else {
		atomic_fetch_add(&j->app->late, 1);
	}
	mem_free(j);
}

/* On the builder's thread: may block. */
static void job_run(void *arg)
{
	job *j = arg;

	while (atomic_load(&j->app->hold))
		usleep(1000);
	if (!worker_post(j->home, job_answer, j)) mem_free(j);
}

static void job_abort(void *arg)
{
	job *j = arg;

	j->req = NULL;
	atomic_fetch_add(&j->app->aborted, 1);
}

static void handle(http_request *req, void *ctx)
{
	app *a = ctx;
	job *j = mem_alloc(sizeof(*j));

	*j = (job){a, req, req->worker};
	http_request_on_abort(req, job_abort, j);
	if (!worker_post(worker_group_get(a->builder, 0), job_run, j)) {
		http_request_on_abort(req, NULL, NULL);
		mem_free(j);
		http_respond(req, 503, NULL, 0, STR("{}"));
	}
	atomic_fetch_add(&a->begun, 1);
}

/* Within a minute. */
static void until(const atomic_uint *n, unsigned want)
{
	for (int i = 0; i < 6000 && atomic_load(n) < want; i++)
		usleep(10000);
	assert_int_equal(*n, want);
}

static int setup(void **state)
{
	app *a = mem_alloc(sizeof(*a));
	http_config config = {.limits = http_limits_default(), .handler = handle, .ctx = a};
	error err;

	a->a = arena_new(0);
	error_init(&err, a->a);
	assert_true(worker_group_new("http", 2, &a->http, &err));
	assert_true(worker_group_new("builder", 1, &a->builder, &err));
	assert_true(http_server_new(a->http, STR("127.0.0.1"), 0, &config, &a->server, &err));
	assert_true(worker_group_start(a->builder, &err));
	assert_true(worker_group_start(a->http, &err));
	*state = a;
	return 0;
}

static int teardown(void **state)
{
	app *a = *state;

	worker_group_stop(a->http, 2000);
	worker_group_join(a->http);
	worker_group_stop(a->builder, 2000);
	worker_group_join(a->builder);
	http_server_free(a->server);
	worker_group_free(a->http);
	worker_group_free(a->builder);
	arena_free(a->a);
	mem_free(a);
	return 0;
}

static int connect_to(const app *a)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(http_server_port(a->server))};
	struct timeval limit = {.tv_sec = 60};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	return fd;
}

static void ask(int fd)
{
	static const char text[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

	assert_int_equal(send(fd, text, sizeof(text) - 1, MSG_NOSIGNAL), sizeof(text) - 1);
}

static void expect_answer(int fd)
{
	buf got = {0};

	while (!str_ends(buf_str(&got), STR("{\"built\":true}"))) {
		buf_reserve(&got, 4096);
		ssize_t n = recv(fd, got.p + got.n, 4096, 0);
		assert_true(n > 0);
		got.n += (size_t)n;
	}
	assert_true(str_starts(buf_str(&got), STR("HTTP/1.1 200 OK\r\n")));
	buf_free(&got);
}

static void another_thread_builds_the_answer(void **state)
{
	app *a = *state;
	int fd[20];

	for (int i = 0; i < 20; i++) {
		fd[i] = connect_to(a);
		ask(fd[i]);
	}
	for (int i = 0; i < 20; i++)
		expect_answer(fd[i]);
	assert_int_equal(http_server_connections(a->server), 20);
	for (int i = 0; i < 20; i++) {
		ask(fd[i]);
		expect_answer(fd[i]);
		close(fd[i]);
	}
	assert_int_equal(a->answered, 40);
	until(&a->released, 40); /* right after the write the client has seen */
	assert_int_equal(a->aborted, 0);
}

static void a_job_learns_that_its_client_has_left(void **state)
{
	app *a = *state;
	struct linger reset = {.l_onoff = 1};

	atomic_store(&a->hold, true);
	for (unsigned i = 0; i < 5; i++) {
		int fd = connect_to(a);
		ask(fd);
		until(&a->begun, i + 1);
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		close(fd);
	}
	until(&a->aborted, 5);
	atomic_store(&a->hold, false);
	until(&a->late, 5);
	assert_int_equal(a->answered, 0);
}

static void stopping_waits_for_the_job(void **state)
{
	app *a = *state;
	int fd = connect_to(a);

	atomic_store(&a->hold, true);
	ask(fd);
	until(&a->begun, 1);
	worker_group_stop(a->http, 60000);
	atomic_store(&a->hold, false);
	expect_answer(fd);
	worker_group_join(a->http);
	assert_int_equal(a->answered, 1);
	assert_int_equal(http_server_connections(a->server), 0);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(another_thread_builds_the_answer, setup, teardown),
		cmocka_unit_test_setup_teardown(a_job_learns_that_its_client_has_left, setup, teardown),
		cmocka_unit_test_setup_teardown(stopping_waits_for_the_job, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
