#include "exec/array_text.h"

/* How many elements: commas outside of quotes. */
static size_t count(str t)
{
	if (t.n <= 2) return 0;
	size_t n = 1;
	bool quoted = false;
	for (size_t i = 1; i + 1 < t.n; i++) {
		if (t.p[i] == '\\') i++;
		else if (t.p[i] == '"') quoted = !quoted;
		else if (t.p[i] == ',' && !quoted) n++;
	}
	return n;
}

/* The element whose opening quote is at i; *end is behind the closing one. */
static str unquote(arena *scratch, str t, size_t i, size_t *end)
{
	size_t from = i + 1, k = from;
	bool escaped = false;
	while (k < t.n && t.p[k] != '"') {
		escaped |= t.p[k] == '\\';
		k += t.p[k] == '\\' ? 2 : 1;
	}
	if (k > t.n) k = t.n;
	*end = k < t.n ? k + 1 : t.n;
	if (!escaped) return str_sub(t, from, k - from);
	char *p = arena_bytes(scratch, k - from);
	size_t n = 0;
	for (size_t j = from; j < k; j++) {
		if (t.p[j] == '\\' && j + 1 < k) j++;
		p[n++] = t.p[j];
	}
	return str_make(p, n);
}

str *array_text_parse(arena *scratch, str text, size_t *n)
{
	*n = count(text);
	str *v = NEW_ARRAY(scratch, str, *n);
	size_t i = 1;
	for (size_t k = 0; k < *n; k++) {
		if (i < text.n && text.p[i] == '"') {
			v[k] = unquote(scratch, text, i, &i);
		} else {
			size_t from = i;
			while (i + 1 < text.n && text.p[i] != ',')
				i++;
			v[k] = str_sub(text, from, i - from);
			if (str_eq(v[k], STR("NULL"))) v[k] = STR_NULL;
		}
		i++;
	}
	return v;
}
