#include "catalog/cat_array.h"

/* A quoted element; *at stands behind the opening quote and ends behind the closing one. */
static bool parse_quoted(arena *a, str text, size_t *at, str *out)
{
	size_t from = *at, end = from;
	bool escaped = false;
	while (end < text.n && text.p[end] != '"') {
		if (text.p[end] == '\\') {
			escaped = true;
			end++;
		}
		end++;
	}
	if (end >= text.n) return false;
	*at = end + 1;
	*out = str_sub(text, from, end - from);
	if (!escaped) return true;
	char *p = arena_alloc_raw(a, end - from);
	size_t n = 0;
	for (size_t i = from; i < end; i++) {
		if (text.p[i] == '\\') i++;
		p[n++] = text.p[i];
	}
	*out = str_make(p, n);
	return true;
}

static bool parse_bare(str text, size_t *at, str *out)
{
	size_t from = *at;
	while (*at < text.n && text.p[*at] != ',' && text.p[*at] != '}')
		(*at)++;
	*out = str_sub(text, from, *at - from);
	if (!out->n || out->p[0] == '{') return false;
	if (str_eq(*out, STR("NULL"))) *out = STR_NULL;
	return true;
}

bool cat_array_parse(arena *a, str text, str_vec *out)
{
	size_t at = 0;
	if (text.n && text.p[0] == '[') at = str_find(text, STR("={")) + 1; /* SIZE_MAX + 1 = 0: fails below */
	if (at >= text.n || text.p[at] != '{' || text.p[text.n - 1] != '}') return false;
	at++;
	if (at + 1 == text.n) return true;
	for (;;) {
		str item;
		if (at < text.n && text.p[at] == '"') {
			at++;
			if (!parse_quoted(a, text, &at, &item)) return false;
		} else if (!parse_bare(text, &at, &item)) {
			return false;
		}
		vec_push(a, out, item);
		if (at >= text.n) return false;
		if (text.p[at] == '}') return at + 1 == text.n;
		if (text.p[at++] != ',') return false;
	}
}

bool cat_array_numbers(arena *a, str text, int64_t **out, size_t *n)
{
	if (text.n >= 2 && text.p[0] == '{' && text.p[text.n - 1] == '}') text = str_sub(text, 1, text.n - 2);
	VEC(int64_t) found = {0};
	while (text.n) {
		size_t end = 0;
		while (end < text.n && text.p[end] != ',' && text.p[end] != ' ')
			end++;
		int64_t number;
		if (!str_to_i64(str_sub(text, 0, end), &number)) return false;
		vec_push(a, &found, number);
		text = str_from_at(text, end + 1);
	}
	*out = found.v;
	*n = found.n;
	return true;
}

void cat_array_write(buf *b, const str *v, size_t n)
{
	buf_putc(b, '{');
	for (size_t i = 0; i < n; i++) {
		if (i) buf_putc(b, ',');
		buf_putc(b, '"');
		for (size_t k = 0; k < v[i].n; k++) {
			if (v[i].p[k] == '"' || v[i].p[k] == '\\') buf_putc(b, '\\');
			buf_putc(b, v[i].p[k]);
		}
		buf_putc(b, '"');
	}
	buf_putc(b, '}');
}
