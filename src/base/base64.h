/* base64: RFC 4648. Results live in the arena. */
#pragma once
#include "base/arena.h"
#include "base/str.h"

/* base64url without padding, strictly: nothing else than its alphabet, no stray bits at the end. False otherwise. */
bool base64url_decode(arena *a, str text, str *out);
/* base64url without padding. */
str base64url_encode(arena *a, str bytes);
