/* str: a slice of bytes. Never owns; never NUL-terminated unless a function says so. */
#pragma once
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct arena;

typedef struct str {
	const char *p;
	size_t n;
} str;

#define STR(lit) ((str){.p = ("" lit), .n = sizeof(lit) - 1})
/* For static initialisers, where a compound literal is not a constant. */
#define STR_INIT(lit)                               \
	{                                           \
		.p = ("" lit), .n = sizeof(lit) - 1 \
	}
#define STR_NULL ((str){.p = NULL, .n = 0})
/* printf arguments for "%.*s". */
#define STR_ARG(s) (int)(s).n, (s).p

static inline str str_from(const char *z)
{
	return (str){.p = z, .n = z ? strlen(z) : 0};
}

static inline str str_make(const char *p, size_t n)
{
	return (str){.p = p, .n = n};
}

static inline bool str_eq(str a, str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool str_eqz(str a, const char *z)
{
	return str_eq(a, str_from(z));
}

static inline bool str_starts(str s, str prefix)
{
	return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

static inline bool str_ends(str s, str suffix)
{
	return s.n >= suffix.n && (suffix.n == 0 || memcmp(s.p + s.n - suffix.n, suffix.p, suffix.n) == 0);
}

static inline str str_sub(str s, size_t from, size_t n)
{
	if (from > s.n) from = s.n;
	if (n > s.n - from) n = s.n - from;
	return (str){.p = s.p + from, .n = n};
}

/* Rest of s from byte `from` on. */
static inline str str_from_at(str s, size_t from)
{
	return str_sub(s, from, s.n);
}

/* ASCII letters only, as HTTP and Hasura's x-hasura- names want. */
bool str_eq_nocase(str a, str b);
bool str_starts_nocase(str s, str prefix);
/* Byte order, shorter first when one is the prefix of the other. <0, 0, >0. */
int str_cmp(str a, str b);
/* Index of the first c, or SIZE_MAX. */
size_t str_find_char(str s, char c);
/* Index of the first occurrence of needle, or SIZE_MAX. O(n*m). */
size_t str_find(str s, str needle);
str str_trim(str s);
/* Decimal digits with an optional leading minus, all of s; false on anything else or overflow. */
bool str_to_i64(str s, int64_t *out);
bool str_to_u64(str s, uint64_t *out);
/* Constant time in the content (not in the lengths): for secrets. */
bool str_eq_secret(str a, str b);
/* Valid UTF-8 (no surrogates, no overlong forms, up to U+10FFFF). */
bool str_is_utf8(str s);
/* Bytes of the valid UTF-8 sequence at p (n bytes left), 0 when there is none. */
size_t str_utf8_step(const char *p, size_t n);
/* /^[_A-Za-z][_0-9A-Za-z]*$/: a GraphQL Name. */
bool str_is_name(str s);
uint64_t str_hash(str s, uint64_t seed);

/* Copies live in the arena. */
str str_copy(struct arena *a, str s);
/* NUL-terminated copy: for the edges (libpq, libc). */
char *str_z(struct arena *a, str s);
str str_lower(struct arena *a, str s);
str str_upper(struct arena *a, str s);
str str_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
str str_vprintf(struct arena *a, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
/* Concatenation of n slices: str_cat(a, 3, x, y, z). */
str str_cat(struct arena *a, size_t n, ...);
