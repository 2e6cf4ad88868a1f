#include "base/str.h"

#include "base/arena.h"

#include <stdio.h>

static unsigned char lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

static unsigned char upper(char c)
{
	return (unsigned char)(c >= 'a' && c <= 'z' ? c - 32 : c);
}

bool str_starts_nocase(str s, str prefix)
{
	if (s.n < prefix.n) return false;
	for (size_t i = 0; i < prefix.n; i++)
		if (lower(s.p[i]) != lower(prefix.p[i])) return false;
	return true;
}

bool str_eq_nocase(str a, str b)
{
	return a.n == b.n && str_starts_nocase(a, b);
}

int str_cmp(str a, str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n ? memcmp(a.p, b.p, n) : 0;
	return c ? c : (a.n > b.n) - (a.n < b.n);
}

size_t str_find_char(str s, char c)
{
	const char *at = s.n ? memchr(s.p, c, s.n) : NULL;
	return at ? (size_t)(at - s.p) : SIZE_MAX;
}

size_t str_find(str s, str needle)
{
	if (!needle.n) return 0;
	const char *at = s.n ? memmem(s.p, s.n, needle.p, needle.n) : NULL;
	return at ? (size_t)(at - s.p) : SIZE_MAX;
}

static bool blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

str str_trim(str s)
{
	while (s.n && blank(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n && blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

bool str_to_u64(str s, uint64_t *out)
{
	uint64_t v = 0;
	if (!s.n) return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9') return false;
		if (__builtin_mul_overflow(v, (uint64_t)10, &v)) return false;
		if (__builtin_add_overflow(v, (uint64_t)(s.p[i] - '0'), &v)) return false;
	}
	*out = v;
	return true;
}

bool str_to_i64(str s, int64_t *out)
{
	bool minus = s.n && s.p[0] == '-';
	uint64_t v;
	if (!str_to_u64(str_from_at(s, minus), &v)) return false;
	if (v > (uint64_t)INT64_MAX + minus) return false;
	*out = minus ? (v ? -(int64_t)(v - 1) - 1 : 0) : (int64_t)v;
	return true;
}

bool str_eq_secret(str a, str b)
{
	if (a.n != b.n) return false;
	volatile unsigned char diff = 0;
	for (size_t i = 0; i < a.n; i++)
		diff = diff | (unsigned char)(a.p[i] ^ b.p[i]);
	return diff == 0;
}

size_t str_utf8_step(const char *p, size_t n)
{
	const unsigned char *u = (const unsigned char *)p;
	if (!n) return 0;
	if (u[0] < 0x80) return 1;
	size_t len = u[0] >= 0xf0 ? 4 : u[0] >= 0xe0 ? 3 : 2;
	if (u[0] < 0xc2 || u[0] > 0xf4 || n < len) return 0;
	for (size_t i = 1; i < len; i++)
		if ((u[i] & 0xc0) != 0x80) return 0;
	if (u[0] == 0xe0 && u[1] < 0xa0) return 0; /* overlong */
	if (u[0] == 0xed && u[1] > 0x9f) return 0; /* surrogates */
	if (u[0] == 0xf0 && u[1] < 0x90) return 0; /* overlong */
	if (u[0] == 0xf4 && u[1] > 0x8f) return 0; /* above U+10FFFF */
	return len;
}

bool str_is_utf8(str s)
{
	size_t i = 0;
	while (i < s.n) {
		uint64_t x;
		if (s.n - i >= sizeof(x)) {
			memcpy(&x, s.p + i, sizeof(x));
			if (!(x & 0x8080808080808080u)) {
				i += sizeof(x);
				continue;
			}
		}
		size_t step = str_utf8_step(s.p + i, s.n - i);
		if (!step) return false;
		i += step;
	}
	return true;
}

bool str_is_name(str s)
{
	if (!s.n || (s.p[0] >= '0' && s.p[0] <= '9')) return false;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = lower(s.p[i]);
		if (c != '_' && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9')) return false;
	}
	return true;
}

static uint64_t load8(const char *p)
{
	uint64_t x;
	memcpy(&x, p, sizeof(x));
	return x;
}

static uint64_t load4(const char *p)
{
	uint32_t x;
	memcpy(&x, p, sizeof(x));
	return x;
}

/* High and low half of the 128-bit product, folded. */
static uint64_t mix(uint64_t a, uint64_t b)
{
	__extension__ typedef unsigned __int128 u128;
	u128 r = (u128)a * b;
	return (uint64_t)r ^ (uint64_t)(r >> 64);
}

uint64_t str_hash(str s, uint64_t seed)
{
	/* Both factors carry the seed: with a constant in one of them a client could make it zero and so choose
	 * texts that collide under every seed. */
	uint64_t k = seed * 0x9e3779b97f4a7c15u ^ 0xd6e8feb86659fd93u;
	uint64_t h = seed ^ 0xa0761d6478bd642fu;
	uint64_t a = 0, b = 0;
	const char *p = s.p;
	size_t n = s.n;
	for (; n > 16; p += 16, n -= 16)
		h = mix(load8(p) ^ k, load8(p + 8) ^ h);
	if (n >= 8) {
		a = load8(p);
		b = load8(p + n - 8);
	} else if (n >= 4) {
		a = load4(p);
		b = load4(p + n - 4);
	} else if (n) {
		a = (uint64_t)(unsigned char)p[0] << 16 | (uint64_t)(unsigned char)p[n / 2] << 8 |
			(unsigned char)p[n - 1];
	}
	return mix(mix(a ^ k, b ^ h), k ^ s.n);
}

char *str_z(struct arena *a, str s)
{
	char *z = arena_bytes(a, size_add(s.n, 1));
	if (s.n) memcpy(z, s.p, s.n);
	z[s.n] = '\0';
	return z;
}

str str_copy(struct arena *a, str s)
{
	char *p = arena_bytes(a, s.n);
	if (s.n) memcpy(p, s.p, s.n);
	return str_make(p, s.n);
}

str str_lower(struct arena *a, str s)
{
	char *p = arena_bytes(a, s.n);
	for (size_t i = 0; i < s.n; i++)
		p[i] = (char)lower(s.p[i]);
	return str_make(p, s.n);
}

str str_upper(struct arena *a, str s)
{
	char *p = arena_bytes(a, s.n);
	for (size_t i = 0; i < s.n; i++)
		p[i] = (char)upper(s.p[i]);
	return str_make(p, s.n);
}

str str_vprintf(struct arena *a, const char *fmt, va_list ap)
{
	char small[256];
	va_list again;
	va_copy(again, ap);
	int n = vsnprintf(small, sizeof(small), fmt, ap);
	str out = STR("");
	if (n > 0 && (size_t)n < sizeof(small)) {
		out = str_copy(a, str_make(small, (size_t)n));
	} else if (n > 0) {
		char *p = arena_bytes(a, (size_t)n + 1);
		vsnprintf(p, (size_t)n + 1, fmt, again);
		out = str_make(p, (size_t)n);
	}
	va_end(again);
	return out;
}

str str_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	str out = str_vprintf(a, fmt, ap);
	va_end(ap);
	return out;
}

str str_cat(struct arena *a, size_t n, ...)
{
	va_list ap;
	size_t total = 0;
	va_start(ap, n);
	for (size_t i = 0; i < n; i++)
		total = size_add(total, va_arg(ap, str).n);
	va_end(ap);
	char *p = arena_bytes(a, total);
	size_t at = 0;
	va_start(ap, n);
	for (size_t i = 0; i < n; i++) {
		str s = va_arg(ap, str);
		if (s.n) memcpy(p + at, s.p, s.n);
		at += s.n;
	}
	va_end(ap);
	return str_make(p, total);
}
