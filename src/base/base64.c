#include "base/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Value of a character, or 64. */
static unsigned digit(char c)
{
	if (c >= 'A' && c <= 'Z') return (unsigned)(c - 'A');
	if (c >= 'a' && c <= 'z') return (unsigned)(c - 'a') + 26;
	if (c >= '0' && c <= '9') return (unsigned)(c - '0') + 52;
	return c == '-' ? 62 : c == '_' ? 63 : 64;
}

bool base64url_decode(arena *a, str text, str *out)
{
	char *to = arena_bytes(a, text.n / 4 * 3 + 3);
	size_t n = 0;
	uint32_t bits = 0;
	unsigned have = 0;

	if (text.n % 4 == 1) return false;
	for (size_t i = 0; i < text.n; i++) {
		unsigned v = digit(text.p[i]);
		if (v == 64) return false;
		bits = bits << 6 | v;
		have += 6;
		if (have < 8) continue;
		have -= 8;
		to[n++] = (char)(bits >> have & 0xff);
	}
	if (bits & ((1u << have) - 1)) return false;
	*out = str_make(to, n);
	return true;
}

str base64url_encode(arena *a, str bytes)
{
	char *to = arena_bytes(a, size_add(size_mul(bytes.n, 4) / 3, 4));
	size_t n = 0;
	uint32_t bits = 0;
	unsigned have = 0;

	for (size_t i = 0; i < bytes.n; i++) {
		bits = bits << 8 | (unsigned char)bytes.p[i];
		for (have += 8; have >= 6; have -= 6)
			to[n++] = alphabet[bits >> (have - 6) & 63];
	}
	if (have) to[n++] = alphabet[bits << (6 - have) & 63];
	return str_make(to, n);
}
