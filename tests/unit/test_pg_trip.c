/* How long the way to the server takes: what is believed, when it is asked, and what is learnt of a way that changes. */
#include "pg/pg_trip.h"

#include "suite.h"

#define MS UINT64_C(1000000)
#define SEC UINT64_C(1000000000)

static pg_trip trip;
static uint64_t now;

static int begin(void **state)
{
	(void)state;
	trip = (pg_trip){0};
	now = 100 * SEC;
	return 0;
}

/* Bare Syncs one after the other, each when it is due, that take ms. */
static void ask(size_t n, uint64_t ms)
{
	for (size_t i = 0; i < n; i++) {
		while (!pg_trip_is_due(&trip, now))
			now += MS;
		pg_trip_asked(&trip, now);
		now += ms * MS;
		pg_trip_answered(&trip, now - ms * MS, now);
	}
}

static void assert_ms(uint64_t ms)
{
	assert_int_equal(pg_trip_ns(&trip), ms * MS);
}

static void statements_say_nothing(void **state)
{
	(void)state;
	for (int i = 0; i < 1000; i++, now += SEC)
		pg_trip_bound(&trip, now - 200 * MS, now);
	assert_ms(0);
}

static void three_answers_are_enough(void **state)
{
	(void)state;
	ask(2, 20);
	assert_ms(0);
	ask(1, 22);
	assert_ms(20);
}

static void a_stillness_counts_once(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++) /* sent 20 ms after each other, answered at the same time */
		pg_trip_answered(&trip, now + (uint64_t)i * 20 * MS, now + 200 * MS);
	assert_ms(0);
	now += SEC;
	ask(2, 10);
	assert_ms(10);
}

static void a_shorter_way_is_learnt_at_once(void **state)
{
	(void)state;
	ask(20, 50);
	assert_ms(50);
	pg_trip_bound(&trip, now - 30 * MS, now);
	assert_ms(30);
	ask(1, 5);
	assert_ms(5);
}

static void a_longer_way_is_learnt_slowly(void **state)
{
	(void)state;
	ask(20, 5);
	uint64_t from = now;
	ask(PG_TRIPS - 1, 60);
	assert_ms(5);
	ask(1, 60);
	assert_ms(60);
	assert_true(now - from >= (PG_TRIPS - 1) * SEC);
}

static void what_came_sooner_is_kept_as_long(void **state)
{
	(void)state;
	ask(20, 50);
	pg_trip_bound(&trip, now - 7 * MS, now);
	ask(PG_TRIPS - 1, 50);
	assert_ms(7);
	ask(1, 50);
	assert_ms(50);
}

static void asked_seldom(void **state)
{
	(void)state;
	ask(3, 10);
	pg_trip_asked(&trip, now);
	assert_false(pg_trip_is_due(&trip, now + 900 * MS));
	assert_true(pg_trip_is_due(&trip, now + SEC));
}

static void a_near_server_is_not_asked(void **state)
{
	(void)state;
	assert_true(pg_trip_is_due(&trip, now));
	for (int i = 0; i < 100; i++, now += 500 * MS) {
		pg_trip_bound(&trip, now - MS / 5, now);
		assert_false(pg_trip_is_due(&trip, now + 500 * MS));
	}
	assert_ms(0);
	assert_true(pg_trip_is_due(&trip, now + SEC)); /* it moved away */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(statements_say_nothing, begin),
		cmocka_unit_test_setup(three_answers_are_enough, begin),
		cmocka_unit_test_setup(a_stillness_counts_once, begin),
		cmocka_unit_test_setup(a_shorter_way_is_learnt_at_once, begin),
		cmocka_unit_test_setup(a_longer_way_is_learnt_slowly, begin),
		cmocka_unit_test_setup(what_came_sooner_is_kept_as_long, begin),
		cmocka_unit_test_setup(asked_seldom, begin),
		cmocka_unit_test_setup(a_near_server_is_not_asked, begin),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
