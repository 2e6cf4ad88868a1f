#include "server/gzip_cache.h"

#include "base/arena.h"
#include "base/buf.h"
#include "server/gzip.h"

#include <openssl/sha.h>

struct gzip_entry {
	unsigned refs; /* the cache's and those being sent */
	unsigned char key[SHA256_DIGEST_LENGTH];
	buf bytes;
};

struct gzip_cache {
	gzip *zip; /* made when first needed */
	size_t n;
	size_t bytes;
	gzip_entry *entries[GZIP_CACHE_ENTRIES]; /* newest first */
};

gzip_cache *gzip_cache_new(void)
{
	return mem_alloc(sizeof(gzip_cache));
}

void gzip_entry_release(void *entry)
{
	gzip_entry *e = entry;
	if (--e->refs) return;
	buf_free(&e->bytes);
	mem_free(e);
}

static void drop_oldest(gzip_cache *c)
{
	gzip_entry *e = c->entries[--c->n];
	c->bytes -= e->bytes.n;
	gzip_entry_release(e);
}

void gzip_cache_free(gzip_cache *c)
{
	if (!c) return;
	while (c->n)
		drop_oldest(c);
	if (c->zip) gzip_free(c->zip);
	mem_free(c);
}

static gzip_entry *compress(gzip_cache *c, str body, const unsigned char *key)
{
	gzip_entry *e = mem_alloc(sizeof *e);
	e->refs = 1;
	memcpy(e->key, key, sizeof e->key);
	if (!c->zip) c->zip = gzip_new();
	gzip_compress(c->zip, body, &e->bytes);
	return e;
}

/* Puts e, which is at index `at` or new (at == n), in front. */
static void to_front(gzip_cache *c, gzip_entry *e, size_t at)
{
	memmove(c->entries + 1, c->entries, at * sizeof *c->entries);
	c->entries[0] = e;
}

gzip_entry *gzip_cache_get(gzip_cache *c, str body)
{
	unsigned char key[SHA256_DIGEST_LENGTH];
	gzip_entry *e = NULL;
	size_t at = 0;
	SHA256((const unsigned char *)body.p, body.n, key);
	while (at < c->n && memcmp(c->entries[at]->key, key, sizeof key) != 0)
		at++;
	if (at < c->n) {
		e = c->entries[at];
		to_front(c, e, at);
	} else {
		e = compress(c, body, key);
		if (e->bytes.n > GZIP_CACHE_BYTES) return e; /* the caller's alone */
		while (c->n == GZIP_CACHE_ENTRIES || c->bytes + e->bytes.n > GZIP_CACHE_BYTES)
			drop_oldest(c);
		to_front(c, e, c->n);
		c->n++;
		c->bytes += e->bytes.n;
	}
	e->refs++;
	return e;
}

str gzip_entry_bytes(const gzip_entry *e)
{
	return buf_str(&e->bytes);
}
