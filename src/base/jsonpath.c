#include "base/jsonpath.h"
#include "base/json.h"

/* Hasura v2: Data/Parser/JSONPath.hs: a letter or "_", then letters, digits, "_" and "-". */
static bool is_plain(str key)
{
	for (size_t i = 0; i < key.n; i++) {
		char c = key.p[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
		if (!letter && !(i && ((c >= '0' && c <= '9') || c == '-'))) return false;
	}
	return key.n > 0;
}

str jsonpath_key(arena *a, str path, str key)
{
	if (is_plain(key)) return str_cat(a, 3, path, STR("."), key);
	buf b = {0};
	buf_put(&b, path);
	buf_putc(&b, '[');
	json_write_str(&b, key);
	buf_putc(&b, ']');
	str out = str_copy(a, buf_str(&b));
	buf_free(&b);
	return out;
}

str jsonpath_index(arena *a, str path, size_t i)
{
	return str_printf(a, "%.*s[%zu]", STR_ARG(path), i);
}
