#include "auth/claims_path.h"
#include "base/vec.h"

typedef VEC(claims_step) step_vec;

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Bytes of a name at the begin of s; 0: none. */
static size_t name_length(str s)
{
	size_t n = 0;
	if (!s.n || !(is_letter(s.p[0]) || s.p[0] == '_')) return 0;
	while (n < s.n && (is_letter(s.p[n]) || is_digit(s.p[n]) || s.p[n] == '_' || s.p[n] == '-'))
		n++;
	return n;
}

/* s begins with a quote; the text up to its partner as a JSON string. Bytes used, 0: none. */
static size_t quoted(arena *a, str s, str *out)
{
	buf b = {0};
	json *j = NULL;
	error ignored;
	size_t i = 1;
	char quote = s.p[0];
	buf_putc(&b, '"');
	for (; i < s.n && s.p[i] != quote; i++) {
		if (s.p[i] == '\\' && i + 1 < s.n) {
			i++;
			if (s.p[i] != '\'') buf_putc(&b, '\\');
			buf_putc(&b, s.p[i]);
		} else {
			if (s.p[i] == '"') buf_putc(&b, '\\');
			buf_putc(&b, s.p[i]);
		}
	}
	buf_putc(&b, '"');
	error_init(&ignored, a);
	bool ok = i < s.n && json_parse_copy(a, buf_str(&b), &j, &ignored) && json_is(j, JSON_STRING);
	buf_free(&b);
	if (!ok) return 0;
	*out = j->text;
	return i + 1;
}

/* [42], ["key"] or ['key']. Bytes used, 0: none. */
static size_t bracket(arena *a, str s, claims_step *out)
{
	size_t n = 0;
	str inner = str_from_at(s, 1);
	if (s.n < 3 || s.p[0] != '[') return 0;
	*out = (claims_step){0};
	if (inner.p[0] == '"' || inner.p[0] == '\'') {
		n = quoted(a, inner, &out->key);
		if (n && !out->key.p) out->key = STR("");
	} else {
		int64_t i;
		while (n < inner.n && is_digit(inner.p[n]))
			n++;
		if (!n || !str_to_i64(str_sub(inner, 0, n), &i)) return 0;
		out->index = (size_t)i;
	}
	return n && n < inner.n && inner.p[n] == ']' ? n + 2 : 0;
}

static bool parse(arena *a, str text, step_vec *steps)
{
	str s = text;
	if (s.n && s.p[0] == '$') s = str_from_at(s, 1);
	if (!s.n) return str_eqz(text, "$");
	while (s.n && steps->n < CLAIMS_PATH_MAX) {
		str part = s.p[0] == '.' ? str_from_at(s, 1) : s;
		claims_step step = {0};
		size_t n = name_length(part);
		if (n) step.key = str_sub(part, 0, n);
		else n = bracket(a, part, &step);
		if (!n) return false;
		vec_push(a, steps, step);
		s = str_from_at(part, n);
	}
	return !s.n;
}

bool claims_path_parse(arena *a, str text, claims_path *out, error *err)
{
	step_vec steps = {0};
	str copy = str_copy(a, text);
	if (!parse(a, copy, &steps)) {
		return error_set(err, ERR_PARSE_FAILED, STR_NULL,
			"%.*s. Accept letters, digits, underscore (_) or hyphen (-) only. Use quotes enclosed in bracket "
			"([\"...\"]) if there is any special character",
			STR_ARG(text));
	}
	*out = (claims_path){steps.v, steps.n};
	return true;
}

static bool plain(str key)
{
	for (size_t i = 0; i < key.n; i++) {
		char c = key.p[i];
		bool letter = is_letter(c) && (unsigned char)c < 0x80;
		if (!(letter || c == '_' || (i && (is_digit(c) || c == '-')))) return false;
	}
	return key.n > 0;
}

str claims_path_text(arena *a, const claims_path *p)
{
	buf b = {0};
	buf_putc(&b, '$');
	for (size_t i = 0; i < p->n; i++) {
		const claims_step *s = &p->steps[i];
		if (!s->key.p) {
			buf_printf(&b, "[%zu]", s->index);
		} else if (plain(s->key)) {
			buf_putc(&b, '.');
			buf_put(&b, s->key);
		} else {
			buf_putc(&b, '[');
			json_write_str(&b, s->key);
			buf_putc(&b, ']');
		}
	}
	str out = str_copy(a, buf_str(&b));
	buf_free(&b);
	return out;
}

const json *claims_path_get(const claims_path *p, const json *root)
{
	const json *at = root;
	for (size_t i = 0; i < p->n && at; i++) {
		const claims_step *s = &p->steps[i];
		at = s->key.p ? json_get(at, s->key) : json_is(at, JSON_ARRAY) ? json_at(at, s->index) : NULL;
	}
	return at;
}
