#include "suite.h"

#include "base/arena.h"
#include "base/str.h"
#include "base/vec.h"

#include <stdlib.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void alloc_is_zeroed_and_aligned(void **state)
{
	(void)state;
	arena *a = arena_new(64);
	for (size_t n = 0; n < 3000; n += 7) {
		unsigned char *raw = arena_alloc_raw(a, n);
		memset(raw, 0xab, n);
		unsigned char *p = arena_alloc(a, n);
		assert_int_equal((uintptr_t)raw % _Alignof(max_align_t), 0);
		assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(p[i], 0);
		arena_bytes(a, 3); /* leaves the next one to be aligned again */
	}
	arena_free(a);
}

static void allocations_do_not_overlap(void **state)
{
	(void)state;
	enum { COUNT = 2000 };
	static unsigned char *p[COUNT];
	static size_t size[COUNT];
	arena *a = arena_new(0);
	for (size_t i = 0; i < COUNT; i++) {
		size[i] = i % 50 == 0 ? 40000 : i % 97;
		p[i] = (unsigned char *)arena_bytes(a, size[i]);
		memset(p[i], (int)(i & 0xff), size[i]);
	}
	for (size_t i = 0; i < COUNT; i++)
		for (size_t k = 0; k < size[i]; k++)
			if (p[i][k] != (i & 0xff)) fail_msg("allocation %zu was overwritten", i);
	arena_free(a);
}

static void used_counts_what_was_handed_out(void **state)
{
	(void)state;
	arena *a = arena_new(100);
	assert_int_equal(arena_used(a), 0);
	arena_alloc(a, 10);
	arena_bytes(a, 5);
	assert_int_equal(arena_used(a), 15);
	arena_alloc(a, 1000000);
	assert_int_equal(arena_used(a), 1000015);
	assert_true(arena_held(a) >= 1000015 && arena_held(a) < 1010000);
	arena_reset(a);
	assert_int_equal(arena_used(a), 0);
	assert_true(arena_held(a) < 1000);
	arena_free(a);
}

typedef struct trace {
	arena *a;
	char text[8];
	size_t n;
} trace;

static void on_free_a(void *p)
{
	trace *t = p;
	t->text[t->n++] = 'a';
}

static void on_free_b(void *p)
{
	trace *t = p;
	t->text[t->n++] = 'b';
	memset(arena_alloc(t->a, 100), 1, 100);
}

static void cleanups_run_last_first_and_once(void **state)
{
	(void)state;
	trace t = {.a = arena_new(0)};
	arena_on_free(t.a, on_free_a, &t);
	arena_on_free(t.a, on_free_b, &t);
	arena_reset(t.a);
	assert_string_equal(t.text, "ba");
	arena_on_free(t.a, on_free_a, &t);
	arena_free(t.a);
	assert_string_equal(t.text, "baa");
	arena_free(NULL);
}

static void reset_arena_works_again(void **state)
{
	(void)state;
	arena *a = arena_new(200);
	for (int round = 0; round < 50; round++) {
		for (size_t i = 0; i < 100; i++)
			memset(arena_alloc(a, 100), round, 100);
		arena_reset(a);
	}
	assert_int_equal(arena_used(a), 0);
	arena_free(a);
}

static void array_multiplies(void **state)
{
	(void)state;
	arena *a = arena_new(0);
	uint32_t *v = NEW_ARRAY(a, uint32_t, 1000);
	v[999] = 7;
	assert_int_equal(v[0], 0);
	assert_int_equal(arena_used(a), 4000);
	arena_free(a);
}

/* True when f aborts; its message goes nowhere. */
static bool aborts(void (*f)(void))
{
	pid_t pid = fork();
	if (pid == 0) {
		close(STDERR_FILENO);
		f();
		_exit(0);
	}
	int status = 0;
	waitpid(pid, &status, 0);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void overflow_mul(void)
{
	size_mul(SIZE_MAX / 2, 3);
}

static void overflow_add(void)
{
	size_add(SIZE_MAX, 1);
}

static void overflow_array(void)
{
	volatile size_t huge = SIZE_MAX / 4;
	arena_array(arena_new(0), huge, 8);
}

static void overflows_abort(void **state)
{
	(void)state;
	assert_true(aborts(overflow_mul));
	assert_true(aborts(overflow_add));
	assert_true(aborts(overflow_array));
	assert_int_equal(size_mul(1u << 16, 3), 3u << 16);
	assert_int_equal(size_mul(0, SIZE_MAX), 0);
	assert_true(size_add(SIZE_MAX - 1, 1) == SIZE_MAX);
}

static void heap_is_zeroed_and_wiped(void **state)
{
	(void)state;
	char *p = mem_alloc(64);
	for (size_t i = 0; i < 64; i++)
		assert_int_equal(p[i], 0);
	memset(p, 'x', 64);
	p = mem_realloc(p, 128);
	assert_int_equal(p[63], 'x');
	mem_wipe(p, 64);
	assert_int_equal(p[0] | p[63], 0);
	mem_free(p);
	mem_free(NULL);
	mem_free(mem_alloc(0));
}

static void vec_keeps_its_items(void **state)
{
	(void)state;
	arena *a = arena_new(0);
	VEC(uint16_t) v = {0};
	for (unsigned i = 0; i < 5000; i++)
		vec_push(a, &v, (uint16_t)i);
	assert_int_equal(v.n, 5000);
	assert_true(v.cap >= v.n);
	for (unsigned i = 0; i < 5000; i++)
		assert_int_equal(v.v[i], i);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alloc_is_zeroed_and_aligned),
		cmocka_unit_test(allocations_do_not_overlap),
		cmocka_unit_test(used_counts_what_was_handed_out),
		cmocka_unit_test(cleanups_run_last_first_and_once),
		cmocka_unit_test(reset_arena_works_again),
		cmocka_unit_test(array_multiplies),
		cmocka_unit_test(overflows_abort),
		cmocka_unit_test(heap_is_zeroed_and_wiped),
		cmocka_unit_test(vec_keeps_its_items),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
