/*
 * Any JSON as a metadata document: read without a crash, or refused with an error; what was read is written so that it reads
 * back to the same bytes, and every object that is not served can be dropped.
 * The input is JSON; as a help to the fuzzer `@` stands for the start of a document with one source and `~` for its end.
 */
#include "metadata/unserved.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char head[] = "{\"version\":3,\"sources\":[{\"name\":\"default\",\"configuration\":{\"connection_info\":"
			   "{\"database_url\":\"x\"}},\"tables\":[{\"table\":\"t\",";
static const char tail[] = "}]}]}";

static void expand(buf *b, const uint8_t *data, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (data[i] == '@') buf_puts(b, head);
		else if (data[i] == '~') buf_puts(b, tail);
		else buf_putc(b, (char)data[i]);
	}
}

static metadata *read_document(arena *a, str text, const metadata *previous)
{
	json *j = NULL;
	metadata *m = NULL;
	error e;
	error_init(&e, a);
	if (!json_parse_copy(a, text, &j, &e)) return NULL;
	if (metadata_parse(j, previous, &m, &e)) return m;
	if (!e.set || !e.message.n) abort();
	return NULL;
}

typedef struct drop {
	const metadata *m;
	size_t left;
} drop;

static void on_unserved(void *data, const md_unserved *u)
{
	drop *d = data;
	arena *a = arena_new(0);
	metadata *without = NULL;
	error e;
	error_init(&e, a);
	if (!d->left) {
		arena_free(a);
		return;
	}
	d->left--;
	if (!metadata_without_unserved(d->m, u, &without, &e)) abort();
	if (without == d->m) abort();
	metadata_unref(without);
	arena_free(a);
}

static void check(arena *a, const metadata *m)
{
	buf once = {0}, twice = {0};
	metadata_write(&once, m);
	metadata *again = read_document(a, buf_str(&once), m);
	if (!again) abort();
	metadata_write(&twice, again);
	if (!str_eq(buf_str(&once), buf_str(&twice))) abort();
	metadata_unref(again);
	buf_free(&once);
	buf_free(&twice);
	drop d = {.m = m, .left = 16};
	md_unserved_walk(a, m, on_unserved, &d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	arena *a = arena_new(0);
	buf text = {0};
	md_source_defaults defaults = md_source_defaults_hasura(STR("URL"));
	md_source *s = md_source_default(&defaults);
	metadata *empty = metadata_empty(), *previous = metadata_with_source(empty, s);
	expand(&text, data, n);
	metadata *m = read_document(a, buf_str(&text), previous);
	if (m) check(a, m);
	metadata_unref(m);
	metadata_unref(previous);
	metadata_unref(empty);
	md_source_unref(s);
	buf_free(&text);
	arena_free(a);
	return 0;
}
