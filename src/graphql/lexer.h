/*
 * lexer: GraphQL tokens, made one at a time on demand; private to graphql/.
 * Covers the whole language (type system too). Tokens are offsets into the text; string contents are checked here and
 * decoded by gq_string_decode only when a value is kept.
 */
#pragma once
#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include <stdbool.h>
#include <stdint.h>

typedef enum gq_token_kind {
	GQ_T_BAD,
	GQ_T_EOF,
	GQ_T_BANG,
	GQ_T_DOLLAR,
	GQ_T_AMP,
	GQ_T_PAREN_L,
	GQ_T_PAREN_R,
	GQ_T_SPREAD,
	GQ_T_COLON,
	GQ_T_EQUALS,
	GQ_T_AT,
	GQ_T_BRACKET_L,
	GQ_T_BRACKET_R,
	GQ_T_BRACE_L,
	GQ_T_PIPE,
	GQ_T_BRACE_R,
	GQ_T_NAME,
	GQ_T_INT,
	GQ_T_FLOAT,
	GQ_T_STRING,
	GQ_T_BLOCK_STRING,
	GQ_T_COUNT,
} gq_token_kind;

typedef struct gq_token {
	gq_token_kind kind;
	bool escaped; /* string: holds a backslash */
	uint32_t pos;
	uint32_t n;
} gq_token;

typedef struct gq_lexer {
	str text;
	uint32_t pos;    /* next byte to look at */
	uint32_t tokens; /* given out */
	uint32_t max_tokens;
	error *err;
} gq_lexer;

/* The text may be at most this long, so that offsets fit. */
enum { GQ_TEXT_MAX = 0x40000000 };

/* text.n <= GQ_TEXT_MAX. */
void gq_lexer_init(gq_lexer *lx, str text, uint32_t max_tokens, error *err);
/* The next token; GQ_T_EOF at the end, again and again. False: lx->err is filled. */
MUST_CHECK bool gq_lexer_next(gq_lexer *lx, gq_token *out);
static inline str gq_token_text(const gq_lexer *lx, const gq_token *t)
{
	return str_make(lx->text.p + t->pos, t->n);
}
/* `Name "x"`, `"{"`, `<EOF>`: as graphql-js describes a token in its messages. */
str gq_token_describe(arena *a, const gq_lexer *lx, const gq_token *t);
/* `Name`, `"{"`, `<EOF>`. */
const char *gq_token_kind_text(gq_token_kind k);

/*
 * Fills err as gq_parse promises: the public text, and "Syntax Error: <fmt> line L, column C" as err->internal.
 * Returns false.
 */
bool gq_syntax_error(error *err, str text, size_t pos, const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* The value of a string token the lexer accepted. Points into the text when nothing had to be decoded. */
str gq_string_decode(arena *a, const gq_lexer *lx, const gq_token *t);
/* Bytes of the UTF-8 sequence at p (1 to 4, at most n), or 0 when it is none. *cp gets the code point. */
size_t gq_utf8_next(const char *p, size_t n, uint32_t *cp);
/* Length of the valid escape at p (p[0] is the backslash), 0 when wrong; then *bad is what to show of it.
 * *cp gets the code point. */
size_t gq_escape_next(const char *p, size_t n, uint32_t *cp, size_t *bad);
