/* lexer: one table says what a first byte starts; everything else is short loops. */
#include "graphql/lexer.h"
#include "base/json.h"
#include "graphql/document.h"
#include <stdarg.h>

enum { DESCRIBE_MAX = 200 };

/* What a byte starts: a punctuator's own token kind, or one of these. */
enum {
	C_SPACE = GQ_T_COUNT,
	C_NAME,
	C_DIGIT,
	C_MINUS,
	C_DOT,
	C_QUOTE,
	C_HASH,
	C_BOM,
};

static const uint8_t class_of[256] = {
	['\t'] = C_SPACE,
	['\n'] = C_SPACE,
	['\r'] = C_SPACE,
	[' '] = C_SPACE,
	[','] = C_SPACE,
	['A' ... 'Z'] = C_NAME,
	['a' ... 'z'] = C_NAME,
	['_'] = C_NAME,
	['0' ... '9'] = C_DIGIT,
	['-'] = C_MINUS,
	['.'] = C_DOT,
	['"'] = C_QUOTE,
	['#'] = C_HASH,
	[0xEF] = C_BOM,
	['!'] = GQ_T_BANG,
	['$'] = GQ_T_DOLLAR,
	['&'] = GQ_T_AMP,
	['('] = GQ_T_PAREN_L,
	[')'] = GQ_T_PAREN_R,
	[':'] = GQ_T_COLON,
	['='] = GQ_T_EQUALS,
	['@'] = GQ_T_AT,
	['['] = GQ_T_BRACKET_L,
	[']'] = GQ_T_BRACKET_R,
	['{'] = GQ_T_BRACE_L,
	['|'] = GQ_T_PIPE,
	['}'] = GQ_T_BRACE_R,
};

static const char *const kind_text[GQ_T_COUNT] = {
	[GQ_T_BAD] = "",
	[GQ_T_EOF] = "<EOF>",
	[GQ_T_BANG] = "\"!\"",
	[GQ_T_DOLLAR] = "\"$\"",
	[GQ_T_AMP] = "\"&\"",
	[GQ_T_PAREN_L] = "\"(\"",
	[GQ_T_PAREN_R] = "\")\"",
	[GQ_T_SPREAD] = "\"...\"",
	[GQ_T_COLON] = "\":\"",
	[GQ_T_EQUALS] = "\"=\"",
	[GQ_T_AT] = "\"@\"",
	[GQ_T_BRACKET_L] = "\"[\"",
	[GQ_T_BRACKET_R] = "\"]\"",
	[GQ_T_BRACE_L] = "\"{\"",
	[GQ_T_PIPE] = "\"|\"",
	[GQ_T_BRACE_R] = "\"}\"",
	[GQ_T_NAME] = "Name",
	[GQ_T_INT] = "Int",
	[GQ_T_FLOAT] = "Float",
	[GQ_T_STRING] = "String",
	[GQ_T_BLOCK_STRING] = "BlockString",
};

const char *gq_token_kind_text(gq_token_kind k)
{
	return kind_text[k];
}

str gq_token_describe(arena *a, const gq_lexer *lx, const gq_token *t)
{
	str text = gq_token_text(lx, t);

	if (t->kind < GQ_T_NAME) return str_from(kind_text[t->kind]);
	if (t->kind >= GQ_T_STRING) text = gq_string_decode(a, lx, t);
	/* A message is no place for a megabyte: cut, at a character's start. */
	size_t shown = text.n > DESCRIBE_MAX ? DESCRIBE_MAX : text.n;
	while (shown < text.n && shown > 0 && ((unsigned char)text.p[shown] & 0xC0) == 0x80)
		shown--;
	return str_printf(a, "%s \"%.*s%s\"", kind_text[t->kind], (int)shown, text.p, shown < text.n ? "…" : "");
}

void gq_position(str text, size_t pos, size_t *line, size_t *column)
{
	size_t l = 1, c = 1;

	for (size_t i = 0; i < pos && i < text.n; i++) {
		unsigned char ch = (unsigned char)text.p[i];
		if (ch == '\n' || ch == '\r') {
			if (ch == '\r' && i + 1 < pos && text.p[i + 1] == '\n') i++;
			l++;
			c = 1;
		} else if ((ch & 0xC0) != 0x80) {
			c += ch >= 0xF0 ? 2 : 1;
		}
	}
	*line = l;
	*column = c;
}

bool gq_syntax_error(error *err, str text, size_t pos, const char *fmt, ...)
{
	size_t line, column;
	va_list ap;

	va_start(ap, fmt);
	str why = str_vprintf(err->a, fmt, ap);
	va_end(ap);
	gq_position(text, pos, &line, &column);
	error_set(err, ERR_VALIDATION_FAILED, STR("$.query"), "not a valid graphql query");
	err->internal = json_new_strf(err->a, "Syntax Error: %.*s line %zu, column %zu", STR_ARG(why), line, column);
	return false;
}

/* graphql-js: printCodePointAt. Bytes that are no UTF-8 never reach JSON. */
static str describe_char(arena *a, str text, size_t pos)
{
	uint32_t cp;

	if (pos >= text.n) return STR("<EOF>");
	if (gq_utf8_next(text.p + pos, text.n - pos, &cp) == 0)
		return str_printf(a, "byte 0x%02X", (unsigned char)text.p[pos]);
	if (cp == '"') return STR("'\"'");
	if (cp >= 0x20 && cp <= 0x7E) return str_printf(a, "\"%c\"", (char)cp);
	return str_printf(a, "U+%04X", (unsigned)cp);
}

static bool fail_char(gq_lexer *lx, size_t pos, const char *why)
{
	str what = describe_char(lx->err->a, lx->text, pos);

	return gq_syntax_error(lx->err, lx->text, pos, "%s: %.*s.", why, STR_ARG(what));
}

static bool fail_start(gq_lexer *lx, size_t pos)
{
	uint32_t cp;

	if (lx->text.p[pos] == '\'')
		return gq_syntax_error(lx->err, lx->text, pos,
			"Unexpected single quote character ('), did you mean to use a double quote (\")?");
	if (gq_utf8_next(lx->text.p + pos, lx->text.n - pos, &cp)) return fail_char(lx, pos, "Unexpected character");
	return fail_char(lx, pos, "Invalid character");
}

static inline unsigned byte_at(const gq_lexer *lx, size_t pos)
{
	return pos < lx->text.n ? (unsigned char)lx->text.p[pos] : 0;
}

static inline bool is_digit(unsigned c)
{
	return c - '0' < 10;
}

static bool lex_digits(gq_lexer *lx, size_t *pos)
{
	if (!is_digit(byte_at(lx, *pos))) return fail_char(lx, *pos, "Invalid number, expected digit but got");
	while (is_digit(byte_at(lx, *pos)))
		++*pos;
	return true;
}

static bool lex_number(gq_lexer *lx, gq_token *out)
{
	size_t i = out->pos;
	unsigned c;

	out->kind = GQ_T_INT;
	if (byte_at(lx, i) == '-') i++;
	if (byte_at(lx, i) == '0') {
		i++;
		if (is_digit(byte_at(lx, i))) return fail_char(lx, i, "Invalid number, unexpected digit after 0");
	} else if (!lex_digits(lx, &i)) {
		return false;
	}
	if (byte_at(lx, i) == '.') {
		out->kind = GQ_T_FLOAT;
		i++;
		if (!lex_digits(lx, &i)) return false;
	}
	c = byte_at(lx, i);
	if (c == 'e' || c == 'E') {
		out->kind = GQ_T_FLOAT;
		i++;
		c = byte_at(lx, i);
		if (c == '+' || c == '-') i++;
		if (!lex_digits(lx, &i)) return false;
	}
	/* The specification: a number may not run into a name or a dot. */
	if (byte_at(lx, i) == '.' || class_of[byte_at(lx, i)] == C_NAME)
		return fail_char(lx, i, "Invalid number, expected digit but got");
	out->n = (uint32_t)(i - out->pos);
	lx->pos = (uint32_t)i;
	return true;
}

/* Past one byte or character of a string's content that is neither quote, backslash nor line end. */
static bool lex_string_char(gq_lexer *lx, size_t *i)
{
	uint32_t cp;
	size_t n;

	if ((unsigned char)lx->text.p[*i] < 0x80) {
		++*i;
		return true;
	}
	n = gq_utf8_next(lx->text.p + *i, lx->text.n - *i, &cp);
	if (n == 0) return fail_char(lx, *i, "Invalid character within String");
	*i += n;
	return true;
}

static bool lex_escape(gq_lexer *lx, size_t *i)
{
	const char *p = lx->text.p + *i;
	uint32_t cp;
	size_t bad, n = gq_escape_next(p, lx->text.n - *i, &cp, &bad);

	if (n == 0)
		return gq_syntax_error(lx->err, lx->text, *i, "Invalid %s escape sequence: \"%.*s\".",
			bad > 1 && p[1] == 'u' ? "Unicode" : "character", (int)bad, p);
	*i += n;
	return true;
}

static bool lex_block_string(gq_lexer *lx, gq_token *out)
{
	size_t i = (size_t)out->pos + 3;

	out->kind = GQ_T_BLOCK_STRING;
	while (i < lx->text.n) {
		str rest = str_from_at(lx->text, i);
		if (rest.p[0] == '"' && str_starts(rest, STR("\"\"\""))) {
			out->n = (uint32_t)(i + 3 - out->pos);
			lx->pos = (uint32_t)(i + 3);
			return true;
		}
		if (rest.p[0] == '\\' && str_starts(rest, STR("\\\"\"\""))) {
			out->escaped = true;
			i += 4;
		} else if (!lex_string_char(lx, &i)) {
			return false;
		}
	}
	return gq_syntax_error(lx->err, lx->text, i, "Unterminated string.");
}

static bool lex_string(gq_lexer *lx, gq_token *out)
{
	size_t i = (size_t)out->pos + 1;

	if (str_starts(str_from_at(lx->text, i), STR("\"\""))) return lex_block_string(lx, out);
	out->kind = GQ_T_STRING;
	while (i < lx->text.n && lx->text.p[i] != '\n' && lx->text.p[i] != '\r') {
		if (lx->text.p[i] == '"') {
			out->n = (uint32_t)(i + 1 - out->pos);
			lx->pos = (uint32_t)(i + 1);
			return true;
		}
		if (lx->text.p[i] == '\\') {
			out->escaped = true;
			if (!lex_escape(lx, &i)) return false;
		} else if (!lex_string_char(lx, &i)) {
			return false;
		}
	}
	return gq_syntax_error(lx->err, lx->text, i, "Unterminated string.");
}

static bool lex_name(gq_lexer *lx, gq_token *out)
{
	const unsigned char *start = (const unsigned char *)lx->text.p + out->pos, *p = start + 1;
	const unsigned char *end = (const unsigned char *)lx->text.p + lx->text.n;

	/* C_NAME and C_DIGIT are neighbours: one comparison. */
	while (p < end && (uint8_t)(class_of[*p] - C_NAME) < 2)
		p++;
	out->kind = GQ_T_NAME;
	out->n = (uint32_t)(p - start);
	lx->pos = out->pos + out->n;
	return true;
}

static bool lex_spread(gq_lexer *lx, gq_token *out)
{
	if (!str_starts(str_from_at(lx->text, out->pos), STR("..."))) return fail_start(lx, out->pos);
	out->kind = GQ_T_SPREAD;
	out->n = 3;
	lx->pos = out->pos + 3;
	return true;
}

/* Blanks, commas, comments and byte order marks; what follows them is a token, an error or the end. */
static size_t skip_ignored(const gq_lexer *lx)
{
	const unsigned char *start = (const unsigned char *)lx->text.p, *end = start + lx->text.n, *p = start + lx->pos;

	for (;;) {
		while (p < end && class_of[*p] == C_SPACE)
			p++;
		if (p < end && *p == '#') {
			while (p < end && *p != '\n' && *p != '\r')
				p++;
		} else if (end - p >= 3 && p[0] == 0xEF && p[1] == 0xBB && p[2] == 0xBF) {
			p += 3;
		} else {
			return (size_t)(p - start);
		}
	}
}

void gq_lexer_init(gq_lexer *lx, str text, uint32_t max_tokens, error *err)
{
	*lx = (gq_lexer){.text = text, .max_tokens = max_tokens, .err = err};
}

bool gq_lexer_next(gq_lexer *lx, gq_token *out)
{
	size_t i = skip_ignored(lx);
	uint8_t c;

	*out = (gq_token){.kind = GQ_T_EOF, .pos = (uint32_t)i};
	lx->pos = (uint32_t)i;
	if (i >= lx->text.n) return true;
	if (++lx->tokens > lx->max_tokens)
		return error_set(lx->err, ERR_VALIDATION_FAILED, STR("$.query"), "the query has more than %u tokens",
			lx->max_tokens);
	c = class_of[(unsigned char)lx->text.p[i]];
	/* Nearly all tokens are names and punctuators: two branches instead of a jump no predictor knows. */
	if (c == C_NAME) return lex_name(lx, out);
	if (c < GQ_T_COUNT && c != GQ_T_BAD) {
		out->kind = (gq_token_kind)c;
		out->n = 1;
		lx->pos = (uint32_t)i + 1;
		return true;
	}
	switch (c) {
	case C_DIGIT:
	case C_MINUS: return lex_number(lx, out);
	case C_QUOTE: return lex_string(lx, out);
	case C_DOT: return lex_spread(lx, out);
	default: return fail_start(lx, i);
	}
}
