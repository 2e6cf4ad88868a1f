#include "pg/pg_quote.h"

static void put_doubling(buf *b, str s, char twice, char twice_too)
{
	buf_reserve(b, size_add(s.n, 8));
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == twice || s.p[i] == twice_too) buf_putc(b, s.p[i]);
		if (s.p[i]) buf_putc(b, s.p[i]);
	}
}

void pg_quote_ident(buf *b, str name)
{
	size_t end = str_find_char(name, '\0');
	buf_putc(b, '"');
	put_doubling(b, str_sub(name, 0, end), '"', '"');
	buf_putc(b, '"');
}

void pg_quote_qualified(buf *b, str schema, str name)
{
	pg_quote_ident(b, schema);
	buf_putc(b, '.');
	pg_quote_ident(b, name);
}

void pg_quote_literal(buf *b, str text)
{
	/* The blank keeps the E from becoming the end of a word before it. */
	if (str_find_char(text, '\\') != SIZE_MAX) buf_puts(b, " E");
	buf_putc(b, '\'');
	put_doubling(b, text, '\'', '\\');
	buf_putc(b, '\'');
}

static void put_element(buf *b, str e)
{
	buf_putc(b, '"');
	for (size_t i = 0; i < e.n; i++) {
		if (e.p[i] == '"' || e.p[i] == '\\') buf_putc(b, '\\');
		buf_putc(b, e.p[i]);
	}
	buf_putc(b, '"');
}

void pg_quote_array(buf *b, const str *elems, size_t n)
{
	buf_putc(b, '{');
	for (size_t i = 0; i < n; i++) {
		if (i) buf_putc(b, ',');
		if (elems[i].p) put_element(b, elems[i]);
		else buf_puts(b, "NULL");
	}
	buf_putc(b, '}');
}

static str take(arena *a, buf *b)
{
	str s = str_copy(a, buf_str(b));
	buf_free(b);
	return s;
}

str pg_quote_ident_str(arena *a, str name)
{
	buf b = {0};
	pg_quote_ident(&b, name);
	return take(a, &b);
}

str pg_quote_array_str(arena *a, const str *elems, size_t n)
{
	buf b = {0};
	pg_quote_array(&b, elems, n);
	return take(a, &b);
}
