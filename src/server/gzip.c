#include "server/gzip.h"
#include "base/arena.h"
#include <limits.h>
#include <zlib.h>

enum { GZIP_WINDOW = 15 + 16 /* +16: the gzip wrapper */, GZIP_MEMORY = 8 };

struct gzip {
	z_stream fast; /* level 1 */
	z_stream good; /* level 6 */
	bool fast_ready;
	bool good_ready;
};

static void *gzip_alloc(void *opaque, unsigned items, unsigned size)
{
	(void)opaque;
	return mem_alloc(size_mul(items, size));
}

static void gzip_release(void *opaque, void *p)
{
	(void)opaque;
	mem_free(p);
}

gzip *gzip_new(void)
{
	return mem_alloc(sizeof(gzip));
}

void gzip_free(gzip *z)
{
	if (!z) return;
	if (z->fast_ready) deflateEnd(&z->fast);
	if (z->good_ready) deflateEnd(&z->good);
	mem_free(z);
}

/* zlib's state is 260 KB a level: made when first needed, then reset for each answer. */
static z_stream *gzip_stream(gzip *z, bool good)
{
	z_stream *s = good ? &z->good : &z->fast;
	bool *ready = good ? &z->good_ready : &z->fast_ready;

	if (*ready) {
		deflateReset(s);
		return s;
	}
	s->zalloc = gzip_alloc;
	s->zfree = gzip_release;
	deflateInit2(s, good ? 6 : 1, Z_DEFLATED, GZIP_WINDOW, GZIP_MEMORY, Z_DEFAULT_STRATEGY);
	*ready = true;
	return s;
}

void gzip_compress(gzip *z, str in, buf *out)
{
	z_stream *s = gzip_stream(z, in.n > GZIP_FAST_BYTES);
	size_t left = in.n;
	int rc = Z_OK;

	s->next_in = (unsigned char *)(uintptr_t)in.p;
	s->avail_in = 0;
	do {
		if (s->avail_in == 0 && left > 0) {
			s->avail_in = left > UINT_MAX ? UINT_MAX : (unsigned)left;
			left -= s->avail_in;
		}
		buf_reserve(out, in.n < 4096 ? 4096 : in.n / 4);
		size_t room = out->cap - out->n;
		s->next_out = (unsigned char *)out->p + out->n;
		s->avail_out = room > UINT_MAX ? UINT_MAX : (unsigned)room;
		unsigned before = s->avail_out;
		rc = deflate(s, left > 0 ? Z_NO_FLUSH : Z_FINISH);
		out->n += before - s->avail_out;
	} while (rc == Z_OK || rc == Z_BUF_ERROR);
}

void gzip_expand(str in, size_t out_n, buf *out)
{
	z_stream z = {0};

	if (inflateInit2(&z, 15 + 16) != Z_OK) return;
	buf_reserve(out, out_n);
	z.next_in = (Bytef *)(uintptr_t)in.p;
	z.avail_in = (uInt)in.n;
	z.next_out = (Bytef *)out->p + out->n;
	z.avail_out = (uInt)out_n;
	inflate(&z, Z_FINISH);
	out->n += out_n - z.avail_out;
	inflateEnd(&z);
}

typedef struct gzip_wishes {
	size_t count;
	bool star_only;
	bool gzip;
	bool gzip_off;
	bool identity;
	bool identity_off;
	bool star_off;
} gzip_wishes;

/* Hasura v2: Compression.hs getAcceptedEncodings. Its comparison is exact and knows no q-values but these. */
static void gzip_wish(gzip_wishes *w, str token)
{
	w->star_only = w->count == 0 && str_eqz(token, "*");
	w->count++;
	if (str_starts(token, STR("gzip"))) w->gzip = true;
	if (str_starts(token, STR("identity"))) w->identity = true;
	if (str_eqz(token, "gzip;q=0")) w->gzip_off = true;
	if (str_eqz(token, "identity;q=0")) w->identity_off = true;
	if (str_eqz(token, "*;q=0")) w->star_off = true;
}

gzip_choice gzip_accepts(const str *values, size_t n)
{
	gzip_wishes w = {0};
	bool identity_refused;

	for (size_t i = 0; i < n; i++) {
		str rest = values[i];
		for (;;) {
			size_t comma = str_find_char(rest, ',');
			gzip_wish(&w, str_trim(str_sub(rest, 0, comma)));
			if (comma == SIZE_MAX) break;
			rest = str_from_at(rest, comma + 1);
		}
	}
	if (w.count == 0 || w.star_only || !w.gzip || w.gzip_off) return GZIP_NO;
	identity_refused = w.identity_off || (w.star_off && !w.identity);
	return identity_refused ? GZIP_MUST : GZIP_MAY;
}
