/* The cache of compressed answers: right bytes, one compression, bounds, life of entries in use. */
#include "base/buf.h"
#include "server/gzip_cache.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <zlib.h>

#include <cmocka.h>

static str text_of(buf *b, unsigned seed, size_t n, bool noise)
{
	buf_clear(b);
	for (size_t i = 0; i < n; i++) {
		seed = seed * 1103515245u + 12345u;
		buf_putc(b, noise ? (char)(seed >> 16) : (char)('a' + i % 20 + (i == 7 ? seed % 3 : 0)));
	}
	return buf_str(b);
}

static void check_bytes(const gzip_entry *e, str want)
{
	z_stream z = {.next_in = (Bytef *)(uintptr_t)gzip_entry_bytes(e).p, .avail_in = (uInt)gzip_entry_bytes(e).n};
	char *out = malloc(want.n + 1);
	z.next_out = (Bytef *)out;
	z.avail_out = (uInt)want.n + 1;
	assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
	assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
	assert_int_equal(z.total_out, want.n);
	assert_memory_equal(out, want.p, want.n);
	inflateEnd(&z);
	free(out);
}

static void test_same_answer_same_entry(void **state)
{
	gzip_cache *c = gzip_cache_new();
	buf b = {0};
	(void)state;
	str text = text_of(&b, 1, 50000, false);
	gzip_entry *one = gzip_cache_get(c, text), *two = gzip_cache_get(c, text);
	assert_ptr_equal(one, two);
	check_bytes(one, text);
	gzip_entry *other = gzip_cache_get(c, str_sub(text, 0, 49999));
	assert_ptr_not_equal(one, other);
	check_bytes(other, str_sub(text, 0, 49999));
	gzip_entry_release(one);
	gzip_entry_release(two);
	gzip_entry_release(other);
	gzip_cache_free(c);
	buf_free(&b);
}

static void test_the_least_used_goes(void **state)
{
	gzip_cache *c = gzip_cache_new();
	buf b = {0};
	(void)state;
	gzip_entry *first = gzip_cache_get(c, text_of(&b, 0, 20000, true));
	for (unsigned i = 1; i < GZIP_CACHE_ENTRIES; i++)
		gzip_entry_release(gzip_cache_get(c, text_of(&b, i, 20000, true)));
	gzip_entry *again = gzip_cache_get(c, text_of(&b, 0, 20000, true));
	assert_ptr_equal(first, again);
	gzip_entry_release(again);
	/* One more: the entry of seed 1 is the oldest now, that of seed 0 stays. */
	gzip_entry_release(gzip_cache_get(c, text_of(&b, 100, 20000, true)));
	again = gzip_cache_get(c, text_of(&b, 0, 20000, true));
	assert_ptr_equal(first, again);
	gzip_entry_release(again);
	gzip_entry_release(first);
	gzip_cache_free(c);
	buf_free(&b);
}

static void test_entries_in_use_outlive_the_cache(void **state)
{
	gzip_cache *c = gzip_cache_new();
	buf b = {0};
	(void)state;
	str text = text_of(&b, 5, 30000, false);
	gzip_entry *e = gzip_cache_get(c, text);
	gzip_cache_free(c);
	check_bytes(e, text);
	gzip_entry_release(e);
	buf_free(&b);
}

static void test_too_large_to_keep(void **state)
{
	gzip_cache *c = gzip_cache_new();
	buf b = {0};
	(void)state;
	gzip_entry *small = gzip_cache_get(c, text_of(&b, 1, 20000, true));
	str text = text_of(&b, 9, GZIP_CACHE_BYTES + 100000, true);
	gzip_entry *large = gzip_cache_get(c, text);
	check_bytes(large, text);
	gzip_entry_release(large);
	gzip_entry *again = gzip_cache_get(c, text_of(&b, 1, 20000, true));
	assert_ptr_equal(small, again);
	gzip_entry_release(again);
	gzip_entry_release(small);
	gzip_cache_free(c);
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_answer_same_entry),
		cmocka_unit_test(test_the_least_used_goes),
		cmocka_unit_test(test_entries_in_use_outlive_the_cache),
		cmocka_unit_test(test_too_large_to_keep),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
