/*
 * introspect_gzip: entries are compressed while they are rendered. The blocks end on a byte (Z_SYNC_FLUSH) and look back at
 * nothing before them, so that any text can be put around them in stored blocks: a whole gzip stream without compressing again.
 * Formats: RFC 1951, RFC 1952.
 */
#include "schema/introspect_cache.h"
#include <zlib.h>

enum {
	LEVEL = 6,
	RAW = -15,            /* window bits: no header of zlib's own */
	FLUSH_BYTES = 64 << 10,
	STORED_MAX = 65535,   /* bytes in a stored block */
	GZIP_HEADER = 10,
	GZIP_TRAILER = 8
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

void introspect_writer_begin(introspect_writer *w, str key)
{
	*w = (introspect_writer){.e = mem_alloc(sizeof *w->e), .z = mem_alloc(sizeof *w->z)};
	atomic_init(&w->e->refs, 1);
	buf_put(&w->e->key, key);
	w->e->crc = (uint32_t)crc32(0, NULL, 0);
	w->z->zalloc = z_alloc;
	w->z->zfree = z_free;
	if (deflateInit2(w->z, LEVEL, Z_DEFLATED, RAW, 8, Z_DEFAULT_STRATEGY) != Z_OK) mem_fail("deflate cannot start");
}

static void compress_text(introspect_writer *w, int flush)
{
	introspect_entry *e = w->e;
	e->crc = (uint32_t)crc32_z(e->crc, (const Bytef *)w->text.p, w->text.n);
	e->json_bytes += w->text.n;
	if (e->json_bytes <= INTROSPECT_PLAIN_BYTES) buf_put(&e->json, buf_str(&w->text));
	else buf_free(&e->json);
	w->z->next_in = (Bytef *)w->text.p;
	w->z->avail_in = (uInt)w->text.n;
	do {
		buf_reserve(&e->deflated, FLUSH_BYTES / 4);
		w->z->next_out = (Bytef *)e->deflated.p + e->deflated.n;
		w->z->avail_out = FLUSH_BYTES / 4;
		if (deflate(w->z, flush) == Z_STREAM_ERROR) mem_fail("deflate failed");
		e->deflated.n += FLUSH_BYTES / 4 - w->z->avail_out;
	} while (!w->z->avail_out);
	buf_clear(&w->text);
}

void introspect_writer_flush(introspect_writer *w)
{
	if (w->text.n >= FLUSH_BYTES) compress_text(w, Z_NO_FLUSH);
}

static void shrink(buf *b)
{
	if (b->cap == b->n || !b->n) return;
	b->p = mem_realloc(b->p, b->n);
	b->cap = b->n;
}

introspect_entry *introspect_writer_end(introspect_writer *w)
{
	introspect_entry *e = w->e;
	compress_text(w, Z_SYNC_FLUSH);
	deflateEnd(w->z);
	mem_free(w->z);
	buf_free(&w->text);
	shrink(&e->deflated);
	shrink(&e->json);
	*w = (introspect_writer){0};
	return e;
}

/* ---- using ---- */

void introspect_entry_json(const introspect_entry *e, buf *out)
{
	if (e->json.n) {
		buf_put(out, buf_str(&e->json));
		return;
	}
	z_stream z = {.zalloc = z_alloc, .zfree = z_free};
	if (inflateInit2(&z, RAW) != Z_OK) mem_fail("inflate cannot start");
	buf_reserve(out, e->json_bytes);
	z.next_in = (Bytef *)e->deflated.p;
	z.avail_in = (uInt)e->deflated.n;
	z.next_out = (Bytef *)out->p + out->n;
	z.avail_out = (uInt)e->json_bytes;
	inflate(&z, Z_SYNC_FLUSH);
	out->n += e->json_bytes - z.avail_out;
	inflateEnd(&z);
}

static void put_le(buf *b, uint32_t v, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++) buf_putc(b, (char)(v >> (8 * i)));
}

/* Stored blocks: three bits (last, type 00), padding, length and its complement. */
static void put_stored(buf *b, str s, bool last)
{
	do {
		str piece = str_sub(s, 0, STORED_MAX);
		s = str_from_at(s, piece.n);
		buf_putc(b, last && !s.n);
		put_le(b, (uint32_t)piece.n, 2);
		put_le(b, ~(uint32_t)piece.n, 2);
		buf_put(b, piece);
	} while (s.n);
}

void introspect_entry_gzip(const introspect_entry *e, str before, str after, buf *out)
{
	static const char header[GZIP_HEADER] = {0x1f, (char)0x8b, 8, 0, 0, 0, 0, 0, 0, 3};
	buf_reserve(out, GZIP_HEADER + before.n + e->deflated.n + after.n + GZIP_TRAILER + 16);
	buf_put(out, str_make(header, sizeof header));
	put_stored(out, before, false);
	buf_put(out, buf_str(&e->deflated));
	put_stored(out, after, true);
	uLong crc = crc32_z(crc32(0, NULL, 0), (const Bytef *)before.p, before.n);
	crc = crc32_combine(crc, e->crc, (z_off_t)e->json_bytes);
	crc = crc32_combine(crc, crc32_z(crc32(0, NULL, 0), (const Bytef *)after.p, after.n), (z_off_t)after.n);
	put_le(out, (uint32_t)crc, 4);
	put_le(out, (uint32_t)(before.n + e->json_bytes + after.n), 4);
}
