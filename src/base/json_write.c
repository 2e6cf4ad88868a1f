#include "base/json.h"

#include "base/json_impl.h"

#include <string.h>

/* Bytes from p on that are written as they are. */
static size_t plain_run(const char *p, size_t n)
{
	size_t i = 0;
	for (; n - i >= 8; i += 8) {
		uint64_t x;
		memcpy(&x, p + i, sizeof(x));
		uint64_t hit = json_special8(x);
		if (hit) return i + (size_t)(__builtin_ctzll(hit) >> 3);
	}
	while (i < n && (unsigned char)p[i] >= 0x20 && p[i] != '"' && p[i] != '\\')
		i++;
	return i;
}

static void put_escape(buf *b, unsigned char c)
{
	static const char shorts[0x20] = {['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};
	static const char hex[] = "0123456789abcdef";
	char esc = c < sizeof(shorts) ? shorts[c] : (char)c;
	if (esc) buf_put(b, str_make((char[]){'\\', esc}, 2));
	else buf_put(b, str_make((char[]){'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]}, 6));
}

void json_write_str(buf *b, str s)
{
	buf_reserve(b, size_add(s.n, 2));
	b->p[b->n++] = '"';
	for (size_t i = 0; i < s.n;) {
		size_t run = plain_run(s.p + i, s.n - i);
		buf_put(b, str_make(s.p + i, run));
		i += run;
		if (i < s.n) put_escape(b, (unsigned char)s.p[i++]);
	}
	buf_putc(b, '"');
}

/* indent: spaces per level, or -1 for compact. */
static void newline(buf *b, int indent, unsigned depth)
{
	if (indent < 0) return;
	size_t n = (size_t)indent * depth;
	buf_reserve(b, n + 1);
	b->p[b->n] = '\n';
	memset(b->p + b->n + 1, ' ', n);
	b->n += n + 1;
}

static void write_node(buf *b, const json *j, int indent, unsigned depth)
{
	if (depth > JSON_BUILT_DEPTH) mem_fail("JSON nested too deep to write");
	if (!j || j->raw || j->kind == JSON_NUMBER) {
		buf_put(b, j ? j->text : STR("null"));
		return;
	}
	if (j->kind == JSON_NULL) buf_put(b, STR("null"));
	if (j->kind == JSON_BOOL) buf_put(b, j->boolean ? STR("true") : STR("false"));
	if (j->kind == JSON_STRING) json_write_str(b, j->text);
	if (j->kind != JSON_ARRAY && j->kind != JSON_OBJECT) return;
	bool object = j->kind == JSON_OBJECT;
	buf_putc(b, object ? '{' : '[');
	for (const json *c = j->first; c; c = c->next) {
		newline(b, indent, depth + 1);
		if (object) {
			json_write_str(b, c->key);
			buf_put(b, indent < 0 ? STR(":") : STR(": "));
		}
		write_node(b, c, indent, depth + 1);
		if (c->next) buf_putc(b, ',');
	}
	if (j->first) newline(b, indent, depth);
	buf_putc(b, object ? '}' : ']');
}

void json_write(buf *b, const json *j)
{
	write_node(b, j, -1, 0);
}

void json_write_pretty(buf *b, const json *j)
{
	write_node(b, j, 2, 0);
}

str json_to_str(arena *a, const json *j)
{
	buf b = {0};
	json_write(&b, j);
	str out = str_copy(a, buf_str(&b));
	buf_free(&b);
	return out;
}
