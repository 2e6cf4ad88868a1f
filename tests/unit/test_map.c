#include "suite.h"

#include "base/map.h"

static str key_of(arena *a, size_t i)
{
	return str_printf(a, "key%zu", i);
}

/* At sizes around every change of shape: the scan, the first slots, their growth. */
static const size_t sizes[] = {0, 1, 4, 5, 7, 8, 9, 15, 16, 17, 33, 1000};
enum { SIZES = sizeof(sizes) / sizeof(sizes[0]) };

static void finds_what_was_put(void **state)
{
	(void)state;
	for (size_t s = 0; s < SIZES; s++) {
		arena *a = arena_new(0);
		static int values[1000];
		map m = {0};
		for (size_t i = 0; i < sizes[s]; i++)
			assert_true(map_add(a, &m, key_of(a, i), &values[i]));
		assert_int_equal(m.n, sizes[s]);
		for (size_t i = 0; i < sizes[s]; i++) {
			assert_ptr_equal(map_get(&m, key_of(a, i)), &values[i]);
			assert_true(str_eq(m.items[i].key, key_of(a, i)));
			assert_false(map_add(a, &m, key_of(a, i), NULL));
		}
		assert_null(map_get(&m, STR("absent")));
		assert_false(map_has(&m, STR("")));
		assert_int_equal(m.n, sizes[s]);
		arena_free(a);
	}
}

static void put_replaces_in_place(void **state)
{
	(void)state;
	arena *a = arena_new(0);
	int x, y;
	map m = {0};
	for (size_t i = 0; i < 20; i++)
		map_put(a, &m, key_of(a, i), &x);
	map_put(a, &m, STR("key3"), &y);
	map_put(a, &m, STR("key4"), NULL);
	assert_int_equal(m.n, 20);
	assert_ptr_equal(map_get(&m, STR("key3")), &y);
	assert_ptr_equal(m.items[3].value, &y);
	assert_null(map_get(&m, STR("key4")));
	assert_true(map_has(&m, STR("key4")));
	arena_free(a);
}

static void remove_keeps_the_rest(void **state)
{
	(void)state;
	for (size_t s = 0; s < SIZES; s++) {
		arena *a = arena_new(0);
		map m = {0};
		for (size_t i = 0; i < sizes[s]; i++)
			map_put(a, &m, key_of(a, i), a);
		for (size_t i = 0; i < sizes[s]; i += 2)
			assert_true(map_remove(&m, key_of(a, i)));
		assert_false(map_remove(&m, STR("absent")));
		for (size_t i = 0; i < sizes[s]; i++)
			assert_int_equal(map_has(&m, key_of(a, i)), i % 2);
		for (size_t i = 0; i < m.n; i++)
			assert_true(str_eq(m.items[i].key, key_of(a, 2 * i + 1)));
		for (size_t i = 0; i < sizes[s]; i += 2)
			assert_true(map_add(a, &m, key_of(a, i), a));
		for (size_t i = 0; i < sizes[s]; i++)
			assert_true(map_has(&m, key_of(a, i)));
		arena_free(a);
	}
}

static void sort_orders_and_still_finds(void **state)
{
	(void)state;
	for (size_t s = 0; s < SIZES; s++) {
		arena *a = arena_new(0);
		static int values[1000];
		map m = {0};
		for (size_t i = 0; i < sizes[s]; i++)
			map_put(a, &m, key_of(a, (i * 7919) % 1000), &values[(i * 7919) % 1000]);
		size_t n = m.n;
		map_sort(&m);
		assert_int_equal(m.n, n);
		for (size_t i = 1; i < m.n; i++)
			assert_true(str_cmp(m.items[i - 1].key, m.items[i].key) < 0);
		for (size_t i = 0; i < sizes[s]; i++)
			assert_ptr_equal(map_get(&m, key_of(a, (i * 7919) % 1000)), &values[(i * 7919) % 1000]);
		arena_free(a);
	}
}

static void seed_is_chosen_once(void **state)
{
	(void)state;
	assert_true(hash_seed() != 0);
	assert_true(hash_seed() == hash_seed());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_what_was_put),
		cmocka_unit_test(put_replaces_in_place),
		cmocka_unit_test(remove_keeps_the_rest),
		cmocka_unit_test(sort_orders_and_still_finds),
		cmocka_unit_test(seed_is_chosen_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
