/*
 * gzip_cache: compressed forms of large answers that come again and again unchanged (introspection), found by the SHA-256
 * of the answer. One per worker; bounded in bytes and entries, the least recently used go first.
 */
#pragma once
#include "base/str.h"

typedef struct gzip_cache gzip_cache;
typedef struct gzip_entry gzip_entry;

enum { GZIP_CACHE_FROM = 16384, GZIP_CACHE_ENTRIES = 16, GZIP_CACHE_BYTES = 8 << 20 };

gzip_cache *gzip_cache_new(void);
/* Entries still being sent live on until they are released. NULL is fine. */
void gzip_cache_free(gzip_cache *c);
/* The gzip form of body; a reference for the caller. O(body), 1/30 of compressing when it is there. */
gzip_entry *gzip_cache_get(gzip_cache *c, str body);
str gzip_entry_bytes(const gzip_entry *e);
/* Fits http_response.release. */
void gzip_entry_release(void *entry);
