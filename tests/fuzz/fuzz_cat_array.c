/* fuzz_cat_array: whatever the text, the parser of array texts ends inside it, and what it accepts survives writing; codecs too. */
#include "catalog/cat_array.h"
#include "catalog/type_info.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void round_trip(arena *a, const str_vec *v)
{
	for (size_t i = 0; i < v->n; i++)
		if (!v->v[i].p) return; /* NULL is not written */
	buf b = {0};
	str_vec again = {0};
	cat_array_write(&b, v->v, v->n);
	if (!cat_array_parse(a, buf_str(&b), &again) || again.n != v->n) abort();
	for (size_t i = 0; i < v->n; i++)
		if (!str_eq(v->v[i], again.v[i])) abort();
	buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	arena *a = arena_new(0);
	/* A copy of exactly this size, so that a read behind it is seen. */
	str text = str_copy(a, str_make((const char *)data, size));
	str_vec found = {0};
	int64_t *numbers;
	size_t n;
	if (cat_array_parse(a, text, &found)) round_trip(a, &found);
	(void)cat_array_numbers(a, text, &numbers, &n);
	buf b = {0};
	for (codec k = CODEC_TO_JSON; k <= CODEC_GEOJSON; k++)
		codec_write(&b, k, text);
	buf_free(&b);
	arena_free(a);
	return 0;
}
