/* Any bytes: parse, write, parse again gives the same document, and so does a copy and the indented form. */
#include "base/json.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static json *parse_again(arena *a, buf *text)
{
	json *j = NULL;
	error e;
	error_init(&e, a);
	if (!json_parse_copy(a, buf_str(text), &j, &e)) abort();
	buf_free(text);
	return j;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	arena *a = arena_new(0);
	json *j = NULL;
	error e;
	error_init(&e, a);
	str text = str_make((const char *)data, n);
	if (json_parse(a, text, &j, &e)) {
		buf compact = {0}, pretty = {0};
		json_write(&compact, j);
		json_write_pretty(&pretty, j);
		if (!str_is_utf8(buf_str(&compact))) abort();
		if (!json_equal(j, parse_again(a, &compact))) abort();
		if (!json_equal(j, parse_again(a, &pretty))) abort();
		json *copy = json_copy(a, j);
		if (!json_equal(j, copy) || !json_equal(copy, j)) abort();
		JSON_EACH (c, j) {
			if (j->kind == JSON_OBJECT && json_get(j, c->key) != c) abort();
		}
		int64_t v;
		(void)json_to_i64(j, &v);
	} else if (!e.set || e.code != ERR_INVALID_JSON) {
		abort();
	}
	arena_free(a);
	return 0;
}
