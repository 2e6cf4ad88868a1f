/*
 * introspect_gzip: answers are compressed while they are rendered, with what a response has around the value, so that sending
 * one is sending bytes that are there.
 */
#include "schema/introspect_cache.h"
#include <zlib.h>

enum {
	LEVEL = 6,
	GZIP_WINDOW = 15 + 16, /* zlib's way to say: gzip's header and trailer */
	FLUSH_BYTES = 64 << 10,
	OUT_BYTES = 16 << 10
};

/* ---- making ---- */

/* zlib's memory comes from base. */
static void *z_alloc(void *opaque, unsigned items, unsigned size)
{
	(void)opaque;
	return mem_alloc(size_mul(items, size));
}

static void z_free(void *opaque, void *p)
{
	(void)opaque;
	mem_free(p);
}

static void compress_bytes(introspect_writer *w, str in, int flush)
{
	buf *out = &w->gzip;
	w->z->next_in = (Bytef *)in.p;
	w->z->avail_in = (uInt)in.n;
	do {
		buf_reserve(out, OUT_BYTES);
		w->z->next_out = (Bytef *)out->p + out->n;
		w->z->avail_out = OUT_BYTES;
		if (deflate(w->z, flush) == Z_STREAM_ERROR) mem_fail("deflate failed");
		out->n += OUT_BYTES - w->z->avail_out;
	} while (!w->z->avail_out);
}

void introspect_writer_begin(introspect_writer *w, str key, str before)
{
	*w = (introspect_writer){.e = mem_alloc(sizeof *w->e), .z = mem_alloc(sizeof *w->z)};
	atomic_init(&w->e->refs, 1);
	buf_put(&w->e->key, key);
	w->e->before = before.n;
	w->z->zalloc = z_alloc;
	w->z->zfree = z_free;
	if (deflateInit2(w->z, LEVEL, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		mem_fail("deflate cannot start");
	compress_bytes(w, before, Z_NO_FLUSH);
}

static void take_text(introspect_writer *w)
{
	introspect_entry *e = w->e;
	e->json_bytes += w->text.n;
	if (e->json_bytes <= INTROSPECT_PLAIN_BYTES) buf_put(&e->json, buf_str(&w->text));
	else buf_free(&e->json);
	compress_bytes(w, buf_str(&w->text), Z_NO_FLUSH);
	buf_clear(&w->text);
}

void introspect_writer_flush(introspect_writer *w)
{
	if (w->text.n >= FLUSH_BYTES) take_text(w);
}

static void shrink(buf *b)
{
	if (b->cap == b->n || !b->n) return;
	b->p = mem_realloc(b->p, b->n);
	b->cap = b->n;
}

introspect_entry *introspect_writer_end(introspect_writer *w, str after)
{
	introspect_entry *e = w->e;
	take_text(w);
	e->after = after.n;
	compress_bytes(w, after, Z_FINISH);
	deflateEnd(w->z);
	mem_free(w->z);
	buf_free(&w->text);
	blob_take(&e->gzip, &w->gzip);
	shrink(&e->json);
	*w = (introspect_writer){0};
	return e;
}

/* ---- using ---- */

/* Inflates n bytes; to NULL: throws them away. */
static void inflate_bytes(z_stream *z, char *to, size_t n)
{
	char away[64];
	while (n) {
		size_t piece = to || n < sizeof away ? n : sizeof away;
		z->next_out = (Bytef *)(to ? to : away);
		z->avail_out = (uInt)piece;
		if (inflate(z, Z_SYNC_FLUSH) < 0 || z->avail_out) mem_fail("an introspection answer is damaged");
		n -= piece;
	}
}

void introspect_entry_json(const introspect_entry *e, buf *out)
{
	if (e->json.n) {
		buf_put(out, buf_str(&e->json));
		return;
	}
	z_stream z = {.zalloc = z_alloc, .zfree = z_free};
	if (inflateInit2(&z, GZIP_WINDOW) != Z_OK) mem_fail("inflate cannot start");
	buf_reserve(out, e->json_bytes);
	z.next_in = (Bytef *)e->gzip.bytes.p;
	z.avail_in = (uInt)e->gzip.bytes.n;
	inflate_bytes(&z, NULL, e->before);
	inflate_bytes(&z, out->p + out->n, e->json_bytes);
	out->n += e->json_bytes;
	inflateEnd(&z);
}
