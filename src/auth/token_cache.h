/*
 * token_cache: tokens a worker has verified, so that the next request with one costs a hash. Known by the SHA-256 of
 * place and token; bounded in entries and bytes; forgets a token when it expires or the keys change.
 */
#pragma once
#include "auth/claims.h"

enum { TOKEN_DIGEST = 32, TOKEN_CACHE_ENTRIES = 4096, TOKEN_CACHE_BYTES = 8 << 20, TOKEN_ENTRY_MAX = 16 << 10 };

typedef struct token_cache token_cache;

token_cache *token_cache_new(void);
void token_cache_free(token_cache *c);
/* What is known of the token, if it is still valid at now_ms (wall clock) and the keys are still those; lives until the
 * next put. NULL: nothing. *config: the number it was put with. */
const verified *token_cache_get(token_cache *c, const unsigned char digest[TOKEN_DIGEST], uint64_t now_ms,
	unsigned generation, unsigned *config);
/* Takes a, with everything v points to, over (and frees it at once when it is too large to keep). */
void token_cache_put(token_cache *c, const unsigned char digest[TOKEN_DIGEST], arena *a, const verified *v,
	unsigned generation, unsigned config);
