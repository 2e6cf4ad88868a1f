/* Dumps and the options of a request: a cleaned dump is no longer, cleaning it again changes nothing, and no option that is let
 * through begins another one. */
#include "base/json.h"
#include "pg/pg_dump.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool held)
{
	if (!held) abort();
}

static void clean(str text)
{
	buf once = {0}, twice = {0};
	pg_dump_clean(text, &once);
	check(once.n <= text.n + 1);
	pg_dump_clean(buf_str(&once), &twice);
	check(str_eq(buf_str(&once), buf_str(&twice)));
	buf_free(&once);
	buf_free(&twice);
}

static void options(arena *a, str text)
{
	error err;
	json *j;
	str_vec out = {0};
	error_init(&err, a);
	if (!json_parse(a, text, &j, &err) || !pg_dump_options(a, j, &out, &err)) return;
	for (size_t i = 0; i < out.n; i++) {
		static const char *const never[] = {
			"--file", "--dbname", "--host", "--port", "--username", "--filter", "--jobs"};
		check(str_starts(out.v[i], STR("--")));
		for (size_t k = 0; k < sizeof never / sizeof *never; k++)
			check(!str_starts(out.v[i], str_from(never[k])));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	arena *a = arena_new(0);
	/* A copy of exactly this size, so that a read behind it is seen. */
	str text = str_copy(a, str_make((const char *)data, size));
	clean(text);
	options(a, text);
	arena_free(a);
	return 0;
}
