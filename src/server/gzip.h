/*
 * gzip: compression of answers. A `gzip` keeps zlib's state for reuse: one per worker. Hasura v2:
 * Server/Compression.hs.
 */
#pragma once
#include "base/buf.h"
#include "base/str.h"

typedef struct gzip gzip;

typedef enum gzip_choice {
	GZIP_NO,   /* send as it is */
	GZIP_MAY,  /* both are fine to the client: compress from GZIP_MIN_BYTES on */
	GZIP_MUST, /* the client refuses identity */
} gzip_choice;

enum { GZIP_MIN_BYTES = 700, GZIP_FAST_BYTES = 20000 };

gzip *gzip_new(void);
void gzip_free(gzip *z);
/* What the values of the Accept-Encoding headers ask for (n values, each a comma list). */
gzip_choice gzip_accepts(const str *values, size_t n);
/* Appends the gzip form of in: level 1 up to GZIP_FAST_BYTES, else 6. */
void gzip_compress(gzip *z, str in, buf *out);
/* Appends what the gzip stream in holds, out_n bytes; less if the stream is broken. */
void gzip_expand(str in, size_t out_n, buf *out);
