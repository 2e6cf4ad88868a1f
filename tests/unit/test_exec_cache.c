/* The plan cache: what it keeps and what it lets go. */
#include "exec/cache.h"
#include "exec/exec.h"
#include "fixture.h"

#include "suite.h"

enum { CAP = 1 << 20, MANY = 2000 };

static snapshot *snap;
static arena *a;

static int set_up(void **state)
{
	(void)state;
	a = arena_new(0);
	snap = fixture_snapshot(
		"table item id:int4!= name:text | pk id\n", "{\"tables\":[{\"table\":\"item\"}]}", NULL);
	return snap->ninconsistencies != 0;
}

static int tear_down(void **state)
{
	(void)state;
	snapshot_unref(snap);
	arena_free(a);
	return 0;
}

/* Asks for the plan of a text; was it there? */
static bool asked(plan_cache *c, int number)
{
	static const session admin = {.role = STR("admin")};
	exec_request r = {.a = a, .snap = snap, .session = &admin, .introspection = true};
	r.query = str_printf(a, "{item_by_pk(id:%d){id name}}", number);
	cached *e;
	bool hit;
	error err;
	error_init(&err, a);
	if (!plan_cache_get(c, &r, &e, &hit, &err)) fail_msg("%.*s", STR_ARG(err.message));
	cached_release(e);
	return hit;
}

static void kept_within_the_cap(void **state)
{
	(void)state;
	plan_cache *c = plan_cache_new(CAP);
	exec_cache_stats s;
	for (int i = 0; i < MANY; i++) {
		assert_false(asked(c, i));
		assert_true(asked(c, i));
		plan_cache_stats(c, &s);
		assert_true(s.bytes <= CAP);
	}
	assert_true(s.evicted > 0);
	assert_true(s.bytes > CAP / 2); /* what is asked for again has nearly all of it */
	assert_true(asked(c, MANY - 1));
	assert_false(asked(c, 0));
	plan_cache_free(c);
}

static void once_pushes_nothing_out(void **state)
{
	(void)state;
	plan_cache *c = plan_cache_new(CAP);
	exec_cache_stats s;
	assert_false(asked(c, 0));
	assert_true(asked(c, 0));
	for (int i = 1; i < MANY; i++)
		assert_false(asked(c, i));
	plan_cache_stats(c, &s);
	assert_true(s.evicted > 0);
	assert_true(s.bytes <= CAP / 8);
	assert_true(asked(c, 0));
	assert_false(asked(c, 1));
	plan_cache_free(c);
}

static void others_go(void **state)
{
	(void)state;
	plan_cache *c = plan_cache_new(CAP);
	exec_cache_stats s;
	asked(c, 1);
	asked(c, 2);
	asked(c, 2);
	plan_cache_drop_others(c, snap->id);
	plan_cache_stats(c, &s);
	assert_int_equal(s.entries, 2);
	plan_cache_drop_others(c, snap->id + 1);
	plan_cache_stats(c, &s);
	assert_int_equal(s.entries, 0);
	assert_int_equal(s.bytes, 0);
	plan_cache_free(c);
}

enum { FAST_NS = 2000000 };

static void ran(plan_cache *c, cached *e, uint64_t work_ns)
{
	const uint64_t rows[] = {1};
	const cached_run run = {.work_ns = work_ns, .trip_ns = 20000000, .quick = cached_is_fast(e, FAST_NS)};
	cached_learn(c, e, &run, FAST_NS, rows);
}

static void a_wrong_measure_is_forgotten(void **state)
{
	(void)state;
	static const session admin = {.role = STR("admin")};
	plan_cache *c = plan_cache_new(CAP);
	exec_request r = {.a = a, .snap = snap, .session = &admin, .query = STR("{item{name}}")};
	cached *e;
	bool hit;
	error err;
	error_init(&err, a);
	assert_true(plan_cache_get(c, &r, &e, &hit, &err));
	assert_false(cached_is_fast(e, FAST_NS));
	ran(c, e, 200000000);
	assert_false(cached_is_fast(e, FAST_NS));
	ran(c, e, 0); /* it cannot be */
	assert_true(cached_is_fast(e, FAST_NS));
	for (int i = 0; i < 1000; i++)
		ran(c, e, FAST_NS * 2);
	assert_false(cached_is_fast(e, FAST_NS));
	cached_release(e);
	plan_cache_free(c);
}

static void company_it_was_bad_for_puts_it_aside(void **state)
{
	(void)state;
	static const session admin = {.role = STR("admin")};
	plan_cache *c = plan_cache_new(CAP);
	exec_request r = {.a = a, .snap = snap, .session = &admin, .query = STR("{item{id}}")};
	cached *e;
	bool hit;
	error err;
	error_init(&err, a);
	assert_true(plan_cache_get(c, &r, &e, &hit, &err));
	ran(c, e, FAST_NS / 2);
	ran(c, e, 25000000); /* a network of 20 ms may be as late as that */
	assert_true(cached_is_fast(e, FAST_NS));
	ran(c, e, 35000000);
	assert_false(cached_is_fast(e, FAST_NS));
	for (int i = 0; i < 8; i++)
		ran(c, e, 35000000);
	assert_true(cached_is_fast(e, FAST_NS));
	cached_release(e);
	plan_cache_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kept_within_the_cap),
		cmocka_unit_test(once_pushes_nothing_out),
		cmocka_unit_test(others_go),
		cmocka_unit_test(a_wrong_measure_is_forgotten),
		cmocka_unit_test(company_it_was_bad_for_puts_it_aside),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
