/* string: what string and block string tokens mean (GraphQL October 2021, 2.9.4), and the UTF-8 both need. */
#include "graphql/lexer.h"

size_t gq_utf8_next(const char *p, size_t n, uint32_t *cp)
{
	/* By lead byte: 2, 3 or 4 bytes, and the smallest code point that may be written so. */
	static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char lead = (unsigned char)(n ? p[0] : 0);
	size_t len = lead < 0x80 ? 1 : lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;

	if (n == 0 || len == 0 || len > n) return 0;
	*cp = len == 1 ? lead : lead & (0x7Fu >> len);
	for (size_t i = 1; i < len; i++) {
		if (((unsigned char)p[i] & 0xC0) != 0x80) return 0;
		*cp = *cp << 6 | ((unsigned char)p[i] & 0x3F);
	}
	if (*cp < least[len] || *cp > 0x10FFFF || (*cp >= 0xD800 && *cp < 0xE000)) return 0;
	return len;
}

static size_t utf8_write(char *p, uint32_t cp)
{
	if (cp < 0x80) {
		p[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		p[0] = (char)(0xC0 | cp >> 6);
		p[1] = (char)(0x80 | (cp & 0x3F));
		return 2;
	}
	if (cp < 0x10000) {
		p[0] = (char)(0xE0 | cp >> 12);
		p[1] = (char)(0x80 | (cp >> 6 & 0x3F));
		p[2] = (char)(0x80 | (cp & 0x3F));
		return 3;
	}
	p[0] = (char)(0xF0 | cp >> 18);
	p[1] = (char)(0x80 | (cp >> 12 & 0x3F));
	p[2] = (char)(0x80 | (cp >> 6 & 0x3F));
	p[3] = (char)(0x80 | (cp & 0x3F));
	return 4;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9') return c - '0';
	if (c >= 'a' && c <= 'f') return c - 'a' + 10;
	if (c >= 'A' && c <= 'F') return c - 'A' + 10;
	return -1;
}

/* Bytes of the first `chars` characters at p, to be shown in a message. */
static size_t shown(const char *p, size_t n, size_t chars)
{
	size_t i = 0;
	uint32_t cp;

	for (; chars && i < n; chars--) {
		size_t len = gq_utf8_next(p + i, n - i, &cp);
		if (len == 0) break;
		i += len;
	}
	return i;
}

/* Four hexadecimal digits after "\u", or -1. */
static long hex4(const char *p, size_t n)
{
	long v = 0;

	if (n < 6 || p[0] != '\\' || p[1] != 'u') return -1;
	for (size_t i = 2; i < 6; i++) {
		int d = hex_digit(p[i]);
		if (d < 0) return -1;
		v = v << 4 | d;
	}
	return v;
}

static bool is_surrogate(uint32_t cp)
{
	return cp >= 0xD800 && cp < 0xE000;
}

/* \u{X…}: graphql-js reads at most 12 characters in all. */
static size_t escape_braced(const char *p, size_t n, uint32_t *cp, size_t *bad)
{
	size_t i = 3;

	*cp = 0;
	while (i < 12 && i < n && hex_digit(p[i]) >= 0 && *cp <= 0x10FFFF)
		*cp = *cp << 4 | (uint32_t)hex_digit(p[i++]);
	if (i > 3 && i < 12 && i < n && p[i] == '}' && *cp <= 0x10FFFF && !is_surrogate(*cp)) return i + 1;
	*bad = shown(p, n, i < 12 ? i + 1 : 12);
	return 0;
}

size_t gq_escape_next(const char *p, size_t n, uint32_t *cp, size_t *bad)
{
	static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
	const char *at = n > 1 ? memchr(letters, p[1], sizeof(letters) - 1) : NULL;
	long hi, lo;

	*bad = 0;
	if (at) {
		*cp = (unsigned char)meant[at - letters];
		return 2;
	}
	if (n < 2 || p[1] != 'u') {
		*bad = shown(p, n, 2);
		return 0;
	}
	if (n > 2 && p[2] == '{') return escape_braced(p, n, cp, bad);
	hi = hex4(p, n);
	if (hi >= 0 && !is_surrogate((uint32_t)hi)) {
		*cp = (uint32_t)hi;
		return 6;
	}
	lo = hi >= 0xD800 && hi < 0xDC00 ? hex4(p + 6, n - 6) : -1;
	if (lo >= 0xDC00 && lo < 0xE000) {
		*cp = 0x10000 + ((uint32_t)(hi - 0xD800) << 10) + (uint32_t)(lo - 0xDC00);
		return 12;
	}
	*bad = shown(p, n, 6);
	return 0;
}

static str decode_plain(arena *a, str raw)
{
	char *out = arena_alloc_raw(a, raw.n); /* an escape is never shorter than what it means */
	size_t n = 0, i = 0, bad;

	while (i < raw.n) {
		uint32_t cp;
		size_t len;
		if (raw.p[i] != '\\') {
			out[n++] = raw.p[i++];
			continue;
		}
		len = gq_escape_next(raw.p + i, raw.n - i, &cp, &bad);
		if (len == 0) break; /* the lexer let none through */
		n += utf8_write(out + n, cp);
		i += len;
	}
	return str_make(out, n);
}

/* Takes the next line off *rest, without its end. False when there is none left. */
static bool take_line(str *rest, bool *done, str *line)
{
	size_t i = 0;

	if (*done) return false;
	while (i < rest->n && rest->p[i] != '\n' && rest->p[i] != '\r')
		i++;
	*line = str_sub(*rest, 0, i);
	*done = i == rest->n;
	if (!*done) i += rest->p[i] == '\r' && i + 1 < rest->n && rest->p[i + 1] == '\n' ? 2 : 1;
	*rest = str_from_at(*rest, i);
	return true;
}

static size_t indent_of(str line)
{
	size_t i = 0;

	while (i < line.n && (line.p[i] == ' ' || line.p[i] == '\t'))
		i++;
	return i;
}

typedef struct block_shape {
	size_t indent;      /* common to all lines but the first */
	size_t first, last; /* lines with anything in them; first > last = none */
} block_shape;

static block_shape block_measure(str raw)
{
	block_shape s = {.indent = SIZE_MAX, .first = SIZE_MAX, .last = 0};
	bool done = false;
	str line;

	for (size_t i = 0; take_line(&raw, &done, &line); i++) {
		size_t indent = indent_of(line);
		if (indent == line.n) continue;
		if (s.first == SIZE_MAX) s.first = i;
		s.last = i;
		if (i > 0 && indent < s.indent) s.indent = indent;
	}
	return s;
}

/* Appends a line with \""" made """; the only escape of block strings. */
static size_t put_block_line(char *out, str line)
{
	size_t n = 0;

	for (size_t i = 0; i < line.n; i++) {
		if (line.p[i] == '\\' && str_starts(str_from_at(line, i), STR("\\\"\"\""))) continue;
		out[n++] = line.p[i];
	}
	return n;
}

static str decode_block(arena *a, str raw)
{
	block_shape s = block_measure(raw);
	char *out = arena_alloc_raw(a, raw.n);
	bool done = false;
	size_t n = 0;
	str line;

	for (size_t i = 0; take_line(&raw, &done, &line); i++) {
		if (i < s.first || i > s.last) continue;
		if (i > s.first) out[n++] = '\n';
		if (i > 0) line = str_from_at(line, s.indent < line.n ? s.indent : line.n);
		n += put_block_line(out + n, line);
	}
	return str_make(out, n);
}

str gq_string_decode(arena *a, const gq_lexer *lx, const gq_token *t)
{
	size_t quotes = t->kind == GQ_T_BLOCK_STRING ? 3 : 1;
	str raw = str_sub(lx->text, t->pos + quotes, t->n - 2 * quotes);

	if (t->kind == GQ_T_BLOCK_STRING) {
		bool plain = !t->escaped && raw.n && memchr(raw.p, '\n', raw.n) == NULL &&
			memchr(raw.p, '\r', raw.n) == NULL;
		return plain && indent_of(raw) < raw.n ? raw : decode_block(a, raw);
	}
	return t->escaped ? decode_plain(a, raw) : raw;
}
