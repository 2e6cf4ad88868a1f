/* secret: the admin secrets, known only by their digests. Shared, immutable. */
#pragma once
#include "base/arena.h"
#include "base/str.h"

typedef struct admin_secrets {
	unsigned char (*digests)[32];
	size_t n;
} admin_secrets;

/* SHA-256 of each; in a. */
void admin_secrets_set(admin_secrets *s, arena *a, const str *secrets, size_t n);
/* Constant time in which of them it is and in how far it is right. */
bool admin_secrets_match(const admin_secrets *s, str given);
/* Overwrites the digests. */
void admin_secrets_wipe(admin_secrets *s);
