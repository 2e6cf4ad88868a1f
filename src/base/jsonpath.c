#include "base/jsonpath.h"

str jsonpath_key(arena *a, str path, str key)
{
	if (str_is_name(key)) return str_cat(a, 3, path, STR("."), key);
	size_t n = size_add(path.n, size_add(size_mul(key.n, 2), 4));
	char *out = arena_bytes(a, n);
	size_t at = 0;
	if (path.n) memcpy(out, path.p, path.n);
	at += path.n;
	out[at++] = '[';
	out[at++] = '\'';
	for (size_t i = 0; i < key.n; i++) {
		if (key.p[i] == '\'' || key.p[i] == '\\') out[at++] = '\\';
		out[at++] = key.p[i];
	}
	out[at++] = '\'';
	out[at++] = ']';
	return str_make(out, at);
}

str jsonpath_index(arena *a, str path, size_t i)
{
	return str_printf(a, "%.*s[%zu]", STR_ARG(path), i);
}
