#include "suite.h"

#include "base/arena.h"
#include "base/buf.h"

static void appends(void **state)
{
	(void)state;
	buf b = {0};
	buf_put(&b, STR_NULL);
	assert_int_equal(b.n, 0);
	buf_puts(&b, "ab");
	buf_putc(&b, 'c');
	buf_put(&b, STR("d\0e"));
	assert_true(str_eq(buf_str(&b), STR("abcd\0e")));
	buf_clear(&b);
	assert_int_equal(b.n, 0);
	assert_true(b.cap > 0);
	buf_free(&b);
	assert_null(b.p);
	buf_free(&b);
}

static void writes_integers(void **state)
{
	(void)state;
	buf b = {0};
	buf_put_i64(&b, INT64_MIN);
	buf_putc(&b, ' ');
	buf_put_i64(&b, INT64_MAX);
	buf_putc(&b, ' ');
	buf_put_i64(&b, 0);
	buf_putc(&b, ' ');
	buf_put_i64(&b, -1);
	buf_putc(&b, ' ');
	buf_put_u64(&b, UINT64_MAX);
	assert_true(str_eqz(buf_str(&b), "-9223372036854775808 9223372036854775807 0 -1 18446744073709551615"));
	buf_free(&b);
}

static void prints_any_length(void **state)
{
	(void)state;
	for (int width = 1; width < 300; width++) {
		buf b = {0};
		buf_printf(&b, "%s", "");
		assert_int_equal(b.n, 0);
		buf_printf(&b, "%0*d|%s", width, 9, "end");
		assert_int_equal(b.n, width + 4);
		assert_true(str_ends(buf_str(&b), STR("9|end")));
		buf_free(&b);
	}
}

static void reserves_once(void **state)
{
	(void)state;
	buf b = {0};
	buf_reserve(&b, 5000);
	const char *p = b.p;
	assert_true(b.cap >= 5000);
	for (int i = 0; i < 5000; i++)
		buf_putc(&b, (char)('a' + i % 26));
	assert_ptr_equal(b.p, p);
	for (int i = 5000; i < 100000; i++)
		buf_putc(&b, (char)('a' + i % 26));
	for (int i = 0; i < 100000; i++)
		if (b.p[i] != 'a' + i % 26) fail_msg("byte %d lost", i);
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(appends),
		cmocka_unit_test(writes_integers),
		cmocka_unit_test(prints_any_length),
		cmocka_unit_test(reserves_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
