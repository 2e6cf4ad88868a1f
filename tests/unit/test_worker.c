#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "loop/listen.h"
#include "loop/timeouts.h"
#include "loop/worker.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

/* --- timeouts --- */

static void deadlines_come_in_order(void **state)
{
	(void)state;
	timeout_list l;
	timeout_link a = {0}, b = {0}, c = {0};

	timeout_list_init(&l, 100);
	timeout_arm(&l, &a, 0);
	timeout_arm(&l, &b, 10);
	timeout_arm(&l, &c, 20);
	timeout_arm(&l, &a, 30); /* again: to the end */
	assert_null(timeout_expired(&l, 109));
	assert_ptr_equal(timeout_expired(&l, 110), &b);
	assert_false(timeout_armed(&b));
	assert_null(timeout_expired(&l, 110));
	timeout_disarm(&c);
	timeout_disarm(&c);
	assert_ptr_equal(timeout_expired(&l, 1000), &a);
	assert_null(timeout_expired(&l, 1000));
}

static void zero_means_never(void **state)
{
	(void)state;
	timeout_list l;
	timeout_link a = {0};

	timeout_list_init(&l, 0);
	timeout_arm(&l, &a, 5);
	assert_false(timeout_armed(&a));
	assert_null(timeout_expired(&l, UINT64_MAX));
}

/* --- workers --- */

typedef struct counts {
	atomic_uint started, drained, stopped, ran, order_broken;
	atomic_uint slept;
	unsigned fail_on; /* worker whose start fails; UINT_MAX none */
	bool hold;
} counts;

static void on_sleep(void *arg)
{
	counts *c = arg;
	atomic_fetch_add(&c->slept, 1);
}

static bool start(worker *w, void *ctx, error *err)
{
	counts *c = ctx;

	if (!worker_is_current(w)) atomic_fetch_add(&c->order_broken, 1);
	if (w->index == c->fail_on) return error_set(err, ERR_START_FAILED, STR_NULL, "worker %u will not", w->index);
	worker_before_sleep(w, on_sleep, c);
	if (c->hold) worker_hold(w);
	atomic_fetch_add(&c->started, 1);
	return true;
}

static void drain(worker *w, void *ctx)
{
	counts *c = ctx;

	if (!w->draining) atomic_fetch_add(&c->order_broken, 1);
	atomic_fetch_add(&c->drained, 1);
}

static void stop(worker *w, void *ctx)
{
	counts *c = ctx;

	(void)w;
	atomic_fetch_add(&c->stopped, 1);
}

static worker_group *group(counts *c, unsigned n, error *err)
{
	worker_group *g = NULL;
	worker_service s = {"test", start, drain, stop, c};

	assert_true(worker_group_new("t", n, &g, err));
	worker_group_add(g, &s);
	return g;
}

static void life_of_a_group(void **state)
{
	(void)state;
	arena *a = arena_new(0);
	counts c = {.fail_on = UINT32_MAX};
	error err;
	error_init(&err, a);
	worker_group *g = group(&c, 3, &err);

	assert_int_equal(worker_group_count(g), 3);
	assert_true(worker_group_start(g, &err));
	assert_int_equal(c.started, 3);
	worker_group_stop(g, 1000);
	worker_group_join(g);
	assert_int_equal(c.drained, 3);
	assert_int_equal(c.stopped, 3);
	assert_int_equal(c.order_broken, 0);
	worker_group_free(g);
	arena_free(a);
}

static void a_start_that_fails_stops_the_rest(void **state)
{
	(void)state;
	arena *a = arena_new(0);
	counts c = {.fail_on = 1};
	error err;
	error_init(&err, a);
	worker_group *g = group(&c, 3, &err);

	assert_false(worker_group_start(g, &err));
	assert_true(str_eqz(err.message, "worker 1 will not"));
	assert_int_equal(c.started, 2);
	assert_int_equal(c.stopped, 2);
	worker_group_free(g);
	arena_free(a);
}

enum { POSTERS = 4, POSTS = 20000 };

typedef struct poster {
	counts *c;
	worker *to;
	unsigned next; /* seen by the worker */
} poster;

typedef struct message {
	poster *from;
	unsigned n;
} message;

static void on_message(void *arg)
{
	message *m = arg;

	if (m->n != m->from->next++) atomic_fetch_add(&m->from->c->order_broken, 1);
	atomic_fetch_add(&m->from->c->ran, 1);
	mem_free(m);
}

static void *post_many(void *arg)
{
	poster *p = arg;

	for (unsigned i = 0; i < POSTS; i++) {
		message *m = mem_alloc(sizeof(*m));
		m->from = p;
		m->n = i;
		if (!worker_post(p->to, on_message, m)) abort();
	}
	return NULL;
}

static void posts_keep_their_order(void **state)
{
	(void)state;
	arena *a = arena_new(0);
	counts c = {.fail_on = UINT32_MAX};
	error err;
	error_init(&err, a);
	worker_group *g = group(&c, 2, &err);
	poster p[POSTERS];
	pthread_t t[POSTERS];

	assert_true(worker_group_start(g, &err));
	for (unsigned i = 0; i < POSTERS; i++) {
		p[i] = (poster){&c, worker_group_get(g, i % 2), 0};
		assert_int_equal(pthread_create(&t[i], NULL, post_many, &p[i]), 0);
	}
	for (unsigned i = 0; i < POSTERS; i++)
		pthread_join(t[i], NULL);
	worker_group_stop(g, 1000);
	worker_group_join(g);
	assert_int_equal(c.ran, POSTERS * POSTS);
	assert_int_equal(c.order_broken, 0);
	assert_true(c.slept > 0);
	/* an ended worker takes nothing, and the argument stays ours */
	message *m = mem_alloc(sizeof(*m));
	assert_false(worker_post(worker_group_get(g, 0), on_message, m));
	mem_free(m);
	worker_group_free(g);
	arena_free(a);
}

static void release_one(void *arg)
{
	worker_release(arg);
}

static void held_work_delays_the_end(void **state)
{
	(void)state;
	arena *a = arena_new(0);
	counts c = {.fail_on = UINT32_MAX, .hold = true};
	error err;
	error_init(&err, a);
	worker_group *g = group(&c, 1, &err);

	assert_true(worker_group_start(g, &err));
	worker_group_stop(g, 60000);
	for (int i = 0; i < 6000 && !c.drained; i++)
		usleep(10000);
	assert_int_equal(c.drained, 1);
	assert_int_equal(c.stopped, 0);
	assert_true(worker_post(worker_group_get(g, 0), release_one, worker_group_get(g, 0)));
	worker_group_join(g);
	assert_int_equal(c.stopped, 1);
	worker_group_free(g);
	arena_free(a);
}

static void the_grace_is_the_limit(void **state)
{
	(void)state;
	arena *a = arena_new(0);
	counts c = {.fail_on = UINT32_MAX, .hold = true};
	error err;
	error_init(&err, a);
	worker_group *g = group(&c, 2, &err);

	assert_true(worker_group_start(g, &err));
	worker_group_stop(g, 60000);
	worker_group_stop(g, 30); /* impatient */
	worker_group_join(g);
	assert_int_equal(c.stopped, 2);
	worker_group_free(g);
	arena_free(a);
}

typedef struct ticking {
	worker *w;
	timer *t;
	atomic_uint ticks;
} ticking;

static void on_tick(void *arg)
{
	ticking *k = arg;

	if (atomic_fetch_add(&k->ticks, 1) == 2) {
		timer_stop(k->t);
		worker_group_stop(k->w->group, 0);
	}
}

static void start_ticking(void *arg)
{
	ticking *k = arg;

	k->t = timer_start(k->w, 1, 1, on_tick, k);
}

static void timers_tick_until_stopped(void **state)
{
	(void)state;
	arena *a = arena_new(0);
	counts c = {.fail_on = UINT32_MAX};
	error err;
	error_init(&err, a);
	worker_group *g = group(&c, 1, &err);
	ticking k = {.w = worker_group_get(g, 0)};

	assert_true(worker_group_start(g, &err));
	assert_true(worker_post(k.w, start_ticking, &k));
	worker_group_join(g);
	assert_int_equal(k.ticks, 3);
	worker_group_free(g);
	arena_free(a);
}

/* --- listeners --- */

static void a_port_taken_by_another_is_an_error(void **state)
{
	(void)state;
	arena *a = arena_new(0);
	int fds[2] = {-1, -1}, more[1] = {-1};
	uint16_t port = 0, again = 0;
	error err;
	error_init(&err, a);

	assert_true(listen_open(STR("127.0.0.1"), 0, 2, fds, &port, &err));
	assert_true(port > 0);
	assert_false(listen_open(STR("127.0.0.1"), port, 1, more, &again, &err));
	assert_true(str_find(err.message, STR("in use")) != SIZE_MAX);
	listen_close(fds, 2);
	assert_int_equal(fds[0], -1);
	error_init(&err, a);
	assert_true(listen_open(STR("127.0.0.1"), port, 1, more, &again, &err));
	assert_int_equal(again, port);
	listen_close(more, 1);
	assert_false(listen_open(STR("no-such-host.invalid"), 0, 1, more, &again, &err));
	arena_free(a);
}

static void stars_are_all_addresses(void **state)
{
	(void)state;
	static const char *const hosts[] = {"*", "*4", "!4", "localhost"};
	arena *a = arena_new(0);

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		int fds[1] = {-1};
		uint16_t port = 0;
		error err;
		error_init(&err, a);
		if (!listen_open(str_from(hosts[i]), 0, 1, fds, &port, &err)) fail_msg("%.*s", STR_ARG(err.message));
		listen_close(fds, 1);
	}
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(deadlines_come_in_order),
		cmocka_unit_test(zero_means_never),
		cmocka_unit_test(life_of_a_group),
		cmocka_unit_test(a_start_that_fails_stops_the_rest),
		cmocka_unit_test(posts_keep_their_order),
		cmocka_unit_test(held_work_delays_the_end),
		cmocka_unit_test(the_grace_is_the_limit),
		cmocka_unit_test(timers_tick_until_stopped),
		cmocka_unit_test(a_port_taken_by_another_is_an_error),
		cmocka_unit_test(stars_are_all_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
