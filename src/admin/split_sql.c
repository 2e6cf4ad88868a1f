#include "admin/split_sql.h"

static size_t skip_quoted(str s, size_t i, char quote, bool escapes)
{
	for (i++; i < s.n; i++) {
		if (escapes && s.p[i] == '\\') i++;
		else if (s.p[i] == quote) return i + 1;
	}
	return s.n;
}

static size_t skip_line(str s, size_t i)
{
	while (i < s.n && s.p[i] != '\n')
		i++;
	return i;
}

/* PostgreSQL: block comments nest. */
static size_t skip_block(str s, size_t i)
{
	size_t depth = 0;
	while (i < s.n) {
		if (str_starts(str_from_at(s, i), STR("/*"))) {
			depth++;
			i += 2;
		} else if (str_starts(str_from_at(s, i), STR("*/"))) {
			i += 2;
			if (--depth == 0) return i;
		} else {
			i++;
		}
	}
	return i;
}

static bool tag_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
		(unsigned char)c >= 0x80;
}

/* $tag$ … $tag$; i + 1 when it is no dollar quote. */
static size_t skip_dollar(str s, size_t i)
{
	size_t end = i + 1;
	while (end < s.n && tag_char(s.p[end]))
		end++;
	bool digit = i + 1 < s.n && s.p[i + 1] >= '0' && s.p[i + 1] <= '9';
	if (end >= s.n || s.p[end] != '$' || digit || (i > 0 && tag_char(s.p[i - 1]))) return i + 1;
	str tag = str_sub(s, i, end + 1 - i);
	size_t close = str_find(str_from_at(s, end + 1), tag);
	return close == SIZE_MAX ? s.n : end + 1 + close + tag.n;
}

static size_t skip_one(str s, size_t i)
{
	str rest = str_from_at(s, i);
	if (s.p[i] == '\'') return skip_quoted(s, i, '\'', i > 0 && (s.p[i - 1] == 'E' || s.p[i - 1] == 'e'));
	if (s.p[i] == '"') return skip_quoted(s, i, '"', false);
	if (s.p[i] == '$') return skip_dollar(s, i);
	if (str_starts(rest, STR("--"))) return skip_line(s, i);
	if (str_starts(rest, STR("/*"))) return skip_block(s, i);
	return i + 1;
}

void split_sql(arena *a, str sql, str_vec *out)
{
	size_t start = 0, i = 0;
	while (i <= sql.n) {
		if (i < sql.n && sql.p[i] != ';') {
			i = skip_one(sql, i);
			continue;
		}
		str one = str_trim(str_sub(sql, start, i - start));
		if (one.n) vec_push(a, out, one);
		start = ++i;
	}
}
