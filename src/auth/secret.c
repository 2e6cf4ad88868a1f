/* The one-shot functions of OpenSSL 3 look the algorithm up at every call, six times what the digest costs. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "auth/secret.h"
#include <openssl/crypto.h>
#include <openssl/sha.h>

static void digest_of(str text, unsigned char out[32])
{
	SHA256_CTX ctx;
	SHA256_Init(&ctx);
	SHA256_Update(&ctx, text.p, text.n);
	SHA256_Final(out, &ctx);
	mem_wipe(&ctx, sizeof ctx);
}

void admin_secrets_set(admin_secrets *s, arena *a, const str *secrets, size_t n)
{
	s->digests = arena_array(a, n, sizeof *s->digests);
	s->n = n;
	for (size_t i = 0; i < n; i++)
		digest_of(secrets[i], s->digests[i]);
}

bool admin_secrets_match(const admin_secrets *s, str given)
{
	unsigned char digest[32];
	int found = 0;
	digest_of(given, digest);
	for (size_t i = 0; i < s->n; i++)
		found |= CRYPTO_memcmp(digest, s->digests[i], sizeof digest) == 0;
	mem_wipe(digest, sizeof digest);
	return found;
}

void admin_secrets_wipe(admin_secrets *s)
{
	if (s->n) mem_wipe(s->digests, s->n * sizeof *s->digests);
}
