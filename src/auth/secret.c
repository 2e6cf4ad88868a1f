#include "auth/secret.h"
#include <openssl/crypto.h>
#include <openssl/sha.h>

void admin_secrets_set(admin_secrets *s, arena *a, const str *secrets, size_t n)
{
	s->digests = arena_array(a, n, sizeof *s->digests);
	s->n = n;
	for (size_t i = 0; i < n; i++)
		SHA256((const unsigned char *)secrets[i].p, secrets[i].n, s->digests[i]);
}

bool admin_secrets_match(const admin_secrets *s, str given)
{
	unsigned char digest[32];
	int found = 0;
	SHA256((const unsigned char *)given.p, given.n, digest);
	for (size_t i = 0; i < s->n; i++)
		found |= CRYPTO_memcmp(digest, s->digests[i], sizeof digest) == 0;
	mem_wipe(digest, sizeof digest);
	return found;
}

void admin_secrets_wipe(admin_secrets *s)
{
	if (s->n) mem_wipe(s->digests, s->n * sizeof *s->digests);
}
