#include "plan/json_path.h"
#include "base/json.h"

typedef struct scan {
	arena *a;
	str text;
	size_t at;
} scan;

static int peek(const scan *s)
{
	return s->at < s->text.n ? (unsigned char)s->text.p[s->at] : -1;
}

static bool eat(scan *s, char ch)
{
	if (peek(s) != (unsigned char)ch) return false;
	s->at++;
	return true;
}

static bool is_letter(int ch)
{
	return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || ch == '_' || ch >= 0x80;
}

static bool is_digit(int ch)
{
	return ch >= '0' && ch <= '9';
}

static bool name(scan *s, str *out)
{
	size_t from = s->at;
	if (!is_letter(peek(s))) return false;
	while (is_letter(peek(s)) || is_digit(peek(s)) || peek(s) == '-')
		s->at++;
	*out = str_copy(s->a, str_sub(s->text, from, s->at - from));
	return true;
}

static bool index_of(scan *s, str *out)
{
	size_t from = s->at;
	while (is_digit(peek(s)))
		s->at++;
	*out = str_copy(s->a, str_sub(s->text, from, s->at - from));
	return out->n > 0;
}

/* A quoted key, decoded as JSON; in single quotes \' is a quote and " needs no escape. */
static bool quoted(scan *s, str *out)
{
	int quote = peek(s);
	buf b = {0};
	s->at++;
	buf_putc(&b, '"');
	for (; peek(s) >= 0 && peek(s) != quote; s->at++) {
		int ch = peek(s);
		if (ch == '\\' && s->at + 1 < s->text.n) {
			s->at++;
			if (quote != '\'' || peek(s) != '\'') buf_putc(&b, '\\');
			ch = peek(s);
		} else if (ch == '"') {
			buf_putc(&b, '\\');
		}
		buf_putc(&b, (char)ch);
	}
	buf_putc(&b, '"');
	str text = str_copy(s->a, buf_str(&b));
	buf_free(&b);
	error err;
	error_init(&err, s->a);
	json *j;
	if (!eat(s, (char)quote) || !json_parse(s->a, text, &j, &err)) return false;
	*out = j->text;
	return true;
}

static bool element(scan *s, str *out)
{
	eat(s, '.');
	if (!eat(s, '[')) return name(s, out);
	bool ok = peek(s) == '"' || peek(s) == '\'' ? quoted(s, out) : index_of(s, out);
	return ok && eat(s, ']');
}

bool json_path_parse(arena *a, str text, str_vec *out)
{
	scan s = {.a = a, .text = text};
	*out = (str_vec){0};
	if (str_eqz(text, "$")) return true;
	eat(&s, '$');
	do {
		str step;
		if (!element(&s, &step)) return false;
		vec_push(a, out, step);
	} while (s.at < text.n);
	return true;
}
