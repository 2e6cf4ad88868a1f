#include "suite.h"

#include "base/arena.h"
#include "base/blob.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

static buf bytes(size_t n)
{
	buf b = {0};
	buf_reserve(&b, n);
	for (size_t i = 0; i < n; i++)
		buf_putc(&b, (char)(i * 31 % 251));
	return b;
}

static void expect_bytes(const blob *b, size_t n)
{
	buf same = bytes(n);
	assert_true(str_eq(b->bytes, buf_str(&same)));
	buf_free(&same);
}

static void small_ones_stay_on_the_heap(void **state)
{
	(void)state;
	static const size_t sizes[] = {0, 1, 1000, BLOB_FILE_BYTES - 1};
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		buf from = bytes(sizes[i]);
		blob b;
		blob_take(&b, &from);
		assert_null(from.p);
		assert_int_equal(b.file, 0);
		expect_bytes(&b, sizes[i]);
		blob_free(&b);
		assert_null(b.bytes.p);
	}
}

static void large_ones_are_a_sealed_file(void **state)
{
	(void)state;
	buf from = bytes(BLOB_FILE_BYTES + 5);
	blob b;
	blob_take(&b, &from);
	assert_null(from.p);
	assert_true(b.file > 0);
	expect_bytes(&b, BLOB_FILE_BYTES + 5);

	char *read_back = mem_alloc(BLOB_FILE_BYTES + 6);
	assert_int_equal(pread(b.file, read_back, BLOB_FILE_BYTES + 6, 0), BLOB_FILE_BYTES + 5);
	assert_memory_equal(read_back, b.bytes.p, b.bytes.n);
	mem_free(read_back);
	assert_int_equal(pwrite(b.file, "x", 1, 0), -1);
	assert_int_equal(ftruncate(b.file, 0), -1);
	assert_true(fcntl(b.file, F_GETFD) & FD_CLOEXEC);

	int file = b.file;
	blob_free(&b);
	assert_int_equal(b.file, 0);
	assert_int_equal(fcntl(file, F_GETFD), -1);
}

static void without_a_descriptor_the_heap_will_do(void **state)
{
	(void)state;
	struct rlimit before, none;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = (struct rlimit){.rlim_cur = 0, .rlim_max = before.rlim_max};
	buf from = bytes(BLOB_FILE_BYTES);
	blob b;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	blob_take(&b, &from);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(b.file, 0);
	expect_bytes(&b, BLOB_FILE_BYTES);
	blob_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(small_ones_stay_on_the_heap),
		cmocka_unit_test(large_ones_are_a_sealed_file),
		cmocka_unit_test(without_a_descriptor_the_heap_will_do),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
