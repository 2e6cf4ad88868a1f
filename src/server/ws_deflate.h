/*
 * ws_deflate: permessage-deflate (RFC 7692) without context takeover on either side: one zlib state for all sockets of a
 * worker, none for a socket that is at rest.
 */
#pragma once
#include "base/buf.h"
#include <stdbool.h>

typedef struct ws_deflate ws_deflate;

ws_deflate *ws_deflate_new(void);
void ws_deflate_free(ws_deflate *d);

/* Appends the compressed form of the concatenation of n parts; window: bits of the sender's window, 9 to 15. */
void ws_deflate_put(ws_deflate *d, unsigned window, const str *parts, size_t n, buf *out);

typedef enum ws_inflate_result { WS_INFLATE_OK, WS_INFLATE_BROKEN, WS_INFLATE_TOO_LARGE } ws_inflate_result;
/* Appends the message behind the compressed bytes, at most max (0: no limit). */
ws_inflate_result ws_inflate_put(ws_deflate *d, str in, uint64_t max, buf *out);

/*
 * Reads the offers of Sec-WebSocket-Extensions (n values, each a comma list). True: one of permessage-deflate can be
 * taken; *window is what it asks of our window. RFC 7692, 7.1.
 */
bool ws_deflate_offered(const str *values, size_t n, unsigned *window);
/* Appends our answer to such an offer. */
void ws_deflate_put_answer(buf *b, unsigned window);
