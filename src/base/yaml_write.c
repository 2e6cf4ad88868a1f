/* yaml_write: the same choices as libyaml's emitter (which Hasura's CLI has in Go), with lists indented under their key. */
#include "base/yaml.h"

enum { INDENT = 2 };

/* ---- what a string may look like ---- */

typedef struct looks {
	bool plain;  /* may stand as it is */
	bool single; /* may stand in single quotes */
	bool block;  /* may be a literal block */
	bool lines;
} looks;

static bool is_blank_or_end(str s, size_t i)
{
	return i >= s.n || s.p[i] == ' ' || s.p[i] == '\t' || s.p[i] == '\n' || s.p[i] == '\r';
}

/* Indicators that cannot begin a plain scalar, or be anywhere in one. */
static bool is_indicator(str s, size_t i)
{
	char ch = s.p[i];
	if (i == 0 && strchr("#,[]{}&*!|>'\"%@`", ch)) return true;
	if (i == 0 && strchr("?:-", ch) && is_blank_or_end(s, 1)) return true;
	if (i > 0 && ch == ':' && is_blank_or_end(s, i + 1)) return true;
	return i > 0 && ch == '#' && is_blank_or_end(s, i - 1);
}

/* Bytes of a printable character at i; 0: to be escaped. */
static size_t printable(str s, size_t i)
{
	unsigned char ch = (unsigned char)s.p[i];
	if (ch == '\n' || (ch >= 0x20 && ch < 0x7f)) return 1;
	if (ch < 0x80) return 0;
	size_t n = str_utf8_step(s.p + i, s.n - i);
	if (n == 2 && ch == 0xc2 && (unsigned char)s.p[i + 1] < 0xa0) return 0; /* C1 controls */
	if (n == 3 && ch == 0xef && (unsigned char)s.p[i + 1] == 0xbb && (unsigned char)s.p[i + 2] == 0xbf) return 0;
	if (n == 3 && ch == 0xe2 && (unsigned char)s.p[i + 1] == 0x80 && ((unsigned char)s.p[i + 2] | 1) == 0xa9)
		return 0;
	return n;
}

static looks look(str s)
{
	looks l = {true, true, true, false};
	if (!s.n) return (looks){false, true, false, false};
	if (str_starts(s, STR("---")) || str_starts(s, STR("..."))) l.plain = false;
	bool space_break = false, break_space = false, special = false;
	for (size_t i = 0; i < s.n;) {
		size_t n = printable(s, i);
		if (!n) special = true;
		if (is_indicator(s, i)) l.plain = false;
		if (s.p[i] == '\n') {
			l.lines = true;
			space_break |= i > 0 && s.p[i - 1] == ' ';
			break_space |= i + 1 < s.n && s.p[i + 1] == ' ';
		}
		i += n ? n : 1;
	}
	bool edge = s.p[0] == ' ' || s.p[s.n - 1] == ' ';
	if (edge || l.lines || special) l.plain = false;
	if (s.p[s.n - 1] == ' ' || space_break || special) l.block = false;
	if (break_space || space_break || special) l.single = false;
	return l;
}

/* A date, a time or a number to base 60: strings that readers of YAML 1.1 take for something else. */
static bool looks_like_time(str s)
{
	bool sign = false, digit = false;
	for (size_t i = 0; i < s.n; i++) {
		char ch = s.p[i];
		if (ch >= '0' && ch <= '9') digit = true;
		else if (strchr("-:tT", ch) && i && i + 1 < s.n) sign = true;
		else if (!strchr("-+:. \tzZtT", ch)) return false;
		if (!digit && i > 1) return false;
	}
	return sign && digit;
}

static bool is_old_word(str s)
{
	static const char *const words[] = {"y", "Y", "yes", "Yes", "YES", "n", "N", "no", "No", "NO", "t", "T", "f",
		"F", "on", "On", "ON", "off", "Off", "OFF", ".inf", ".Inf", ".INF", "-.inf", "-.Inf", "-.INF", "+.inf",
		"+.Inf", "+.INF", ".nan", ".NaN", ".NAN", ".Nan", "<<", "="};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (str_eqz(s, words[i])) return true;
	return false;
}

/* Would be read as something other than this string, here or elsewhere. */
static bool is_ambiguous(str s)
{
	if (s.n > 64) return false;
	arena *a = arena_new(512);
	bool other = yaml_resolve_plain(a, s)->kind != JSON_STRING;
	arena_free(a);
	return other || is_old_word(s) || looks_like_time(s);
}

/* ---- strings ---- */

static void write_double(buf *b, str s)
{
	buf_putc(b, '"');
	for (size_t i = 0; i < s.n;) {
		char ch = s.p[i];
		size_t n = ch == '"' || ch == '\\' || ch == '\n' ? 0 : printable(s, i);
		if (n) {
			buf_put(b, str_sub(s, i, n));
			i += n;
			continue;
		}
		const char *at = strchr("\"\"\\\\\nn\tt\rr\bb", ch);
		size_t step = (unsigned char)ch < 0x80 ? 1 : str_utf8_step(s.p + i, s.n - i);
		if (ch && at && (unsigned char)ch < 0x80) buf_printf(b, "\\%c", at[1]);
		else if (step == 2)
			buf_printf(b, "\\x%02X",
				(unsigned)(((unsigned char)ch & 3) << 6 | ((unsigned char)s.p[i + 1] & 63)));
		else if (step == 3)
			buf_printf(b, "\\u%04X",
				(unsigned)(((unsigned char)ch & 15) << 12 | ((unsigned char)s.p[i + 1] & 63) << 6 |
					((unsigned char)s.p[i + 2] & 63)));
		else buf_printf(b, "\\x%02X", (unsigned)(unsigned char)ch);
		i += step ? step : 1;
	}
	buf_putc(b, '"');
}

static void write_single(buf *b, str s)
{
	buf_putc(b, '\'');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\'') buf_putc(b, '\'');
		buf_putc(b, s.p[i]);
	}
	buf_putc(b, '\'');
}

static void put_indent(buf *b, unsigned indent)
{
	for (unsigned i = 0; i < indent; i++)
		buf_putc(b, ' ');
}

/* "|", with what says how many blanks belong to the text and how many line ends to its end. */
static void write_block(buf *b, str s, unsigned indent)
{
	buf_putc(b, '|');
	if (s.p[0] == ' ' || s.p[0] == '\n') buf_put_u64(b, INDENT);
	bool ends = s.p[s.n - 1] == '\n';
	if (!ends) buf_putc(b, '-');
	else if (s.n == 1 || s.p[s.n - 2] == '\n') buf_putc(b, '+');
	size_t from = 0;
	while (from < s.n) {
		str rest = str_from_at(s, from);
		size_t n = str_find_char(rest, '\n');
		if (n == SIZE_MAX) n = rest.n;
		buf_putc(b, '\n');
		if (n) put_indent(b, indent);
		buf_put(b, str_sub(rest, 0, n));
		from += n + 1;
	}
}

/* key: no block, and always on one line. */
static void write_string(buf *b, str s, unsigned indent, bool key)
{
	looks l = look(s);
	bool include = str_starts(s, STR("!include "));
	if (l.lines && l.block && !key) write_block(b, s, indent);
	else if (include || l.lines || is_ambiguous(s)) write_double(b, s);
	else if (l.plain) buf_put(b, s);
	else if (l.single) write_single(b, s);
	else write_double(b, s);
}

/* ---- nodes ---- */

static void write_node(buf *b, const json *j, unsigned indent, unsigned depth);

static bool is_block(const json *j)
{
	return (j->kind == JSON_ARRAY || j->kind == JSON_OBJECT) && j->first;
}

static void write_scalar(buf *b, const json *j, unsigned indent)
{
	switch (j->kind) {
	case JSON_STRING: write_string(b, j->text, indent, false); break;
	case JSON_ARRAY: buf_puts(b, "[]"); break;
	case JSON_OBJECT: buf_puts(b, "{}"); break;
	default: json_write(b, j);
	}
}

/* Members at indent; the first one stands where the writer is. */
static void write_object(buf *b, const json *j, unsigned indent, unsigned depth)
{
	for (const json *m = j->first; m; m = m->next) {
		if (m != j->first) put_indent(b, indent);
		write_string(b, m->key, indent, true);
		buf_putc(b, ':');
		if (is_block(m)) {
			buf_putc(b, '\n');
			put_indent(b, indent + INDENT);
			write_node(b, m, indent + INDENT, depth + 1);
		} else {
			buf_putc(b, ' ');
			write_scalar(b, m, indent + INDENT);
			buf_putc(b, '\n');
		}
	}
}

static void write_list(buf *b, const json *j, unsigned indent, unsigned depth)
{
	for (const json *e = j->first; e; e = e->next) {
		if (e != j->first) put_indent(b, indent);
		buf_puts(b, "- ");
		if (is_block(e)) {
			write_node(b, e, indent + INDENT, depth + 1);
		} else {
			write_scalar(b, e, indent + INDENT);
			buf_putc(b, '\n');
		}
	}
}

static void write_node(buf *b, const json *j, unsigned indent, unsigned depth)
{
	if (depth > JSON_MAX_DEPTH) mem_fail("yaml: nested deeper than what can be parsed");
	if (j->kind == JSON_OBJECT) write_object(b, j, indent, depth);
	else write_list(b, j, indent, depth);
}

void yaml_write(buf *b, const json *j)
{
	if (is_block(j)) {
		write_node(b, j, 0, 0);
		return;
	}
	write_scalar(b, j, INDENT);
	buf_putc(b, '\n');
}
