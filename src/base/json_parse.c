#include "base/json.h"

#include "base/json_impl.h"

#include <stdarg.h>
#include <string.h>

typedef struct parser {
	arena *a;
	const char *start;
	const char *p;
	const char *end;
	error *err;
} parser;

static json *parse_value(parser *ps, unsigned depth);

/* Fills the error with what and the place of ps->p; columns count characters. */
static bool fail(parser *ps, const char *what)
{
	size_t line = 1, column = 1;
	for (const char *c = ps->start; c < ps->p; c++) {
		if (*c == '\n') {
			line++;
			column = 1;
		} else if (((unsigned char)*c & 0xc0) != 0x80) {
			column++;
		}
	}
	return error_set(ps->err, ERR_INVALID_JSON, STR(""), "%s at line %zu, column %zu", what, line, column);
}

static void skip_blanks(parser *ps)
{
	while (ps->p < ps->end && (*ps->p == ' ' || *ps->p == '\n' || *ps->p == '\t' || *ps->p == '\r'))
		ps->p++;
}

static bool at_char(const parser *ps, char c)
{
	return ps->p < ps->end && *ps->p == c;
}

/* Moves on to the next byte that is a quote, a backslash, a control or no ASCII. */
static void skip_plain(parser *ps)
{
	while (ps->end - ps->p >= 8) {
		uint64_t x;
		memcpy(&x, ps->p, sizeof(x));
		uint64_t hit = json_special8(x) | (x & 0x8080808080808080u);
		if (hit) {
			ps->p += __builtin_ctzll(hit) >> 3;
			return;
		}
		ps->p += 8;
	}
	for (; ps->p < ps->end; ps->p++) {
		unsigned char c = (unsigned char)*ps->p;
		if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\') return;
	}
}

static bool parse_hex4(parser *ps, uint32_t *out)
{
	uint32_t v = 0;
	for (int i = 0; i < 4; i++, ps->p++) {
		char c = ps->p < ps->end ? *ps->p : '\0';
		if (c >= '0' && c <= '9') v = v << 4 | (uint32_t)(c - '0');
		else if ((c | 32) >= 'a' && (c | 32) <= 'f') v = v << 4 | (uint32_t)((c | 32) - 'a' + 10);
		else return fail(ps, "expected four hexadecimal digits");
	}
	*out = v;
	return true;
}

/* At most four bytes, from an escape of six or twelve. */
static char *put_utf8(char *o, uint32_t c)
{
	if (c < 0x80) {
		*o++ = (char)c;
	} else if (c < 0x800) {
		*o++ = (char)(0xc0 | c >> 6);
		*o++ = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		*o++ = (char)(0xe0 | c >> 12);
		*o++ = (char)(0x80 | (c >> 6 & 0x3f));
		*o++ = (char)(0x80 | (c & 0x3f));
	} else {
		*o++ = (char)(0xf0 | c >> 18);
		*o++ = (char)(0x80 | (c >> 12 & 0x3f));
		*o++ = (char)(0x80 | (c >> 6 & 0x3f));
		*o++ = (char)(0x80 | (c & 0x3f));
	}
	return o;
}

/* ps->p is behind "\u". */
static bool parse_unicode(parser *ps, char **o)
{
	uint32_t c, low;
	const char *escape = ps->p - 2;
	if (!parse_hex4(ps, &c)) return false;
	if (c >= 0xd800 && c <= 0xdfff) {
		bool pair = c < 0xdc00 && ps->end - ps->p >= 2 && ps->p[0] == '\\' && ps->p[1] == 'u';
		ps->p += pair ? 2 : 0;
		if (pair && !parse_hex4(ps, &low)) return false;
		if (!pair || low < 0xdc00 || low > 0xdfff) {
			ps->p = escape;
			return fail(ps, "lone surrogate");
		}
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
	}
	*o = put_utf8(*o, c);
	return true;
}

/* raw: the string between its quotes, scanned already. Decoding only shrinks it. */
static bool decode_escapes(parser *ps, str raw, str *out)
{
	static const char plain[128] = {['"'] = '"',
		['\\'] = '\\',
		['/'] = '/',
		['b'] = '\b',
		['f'] = '\f',
		['n'] = '\n',
		['r'] = '\r',
		['t'] = '\t'};
	char *text = arena_bytes(ps->a, raw.n), *o = text;
	const char *end = raw.p + raw.n;
	ps->p = raw.p;
	while (ps->p < end) {
		const char *slash = memchr(ps->p, '\\', (size_t)(end - ps->p));
		size_t run = (size_t)((slash ? slash : end) - ps->p);
		memcpy(o, ps->p, run);
		o += run;
		ps->p += run;
		if (!slash) break;
		unsigned char c = (unsigned char)ps->p[1];
		if (c == 'u') {
			ps->p += 2;
			if (!parse_unicode(ps, &o)) return false;
			continue;
		}
		if (c >= sizeof(plain) || !plain[c]) return fail(ps, "unknown escape");
		*o++ = plain[c];
		ps->p += 2;
	}
	*out = str_make(text, (size_t)(o - text));
	return true;
}

/* ps->p is at the opening quote. */
static bool parse_string(parser *ps, str *out)
{
	const char *from = ++ps->p;
	bool escapes = false;
	for (;;) {
		skip_plain(ps);
		if (ps->p >= ps->end) return fail(ps, "expected '\"'");
		unsigned char c = (unsigned char)*ps->p;
		if (c == '"') break;
		if (c == '\\') {
			escapes = true;
			if (ps->end - ps->p < 2) return fail(ps, "unknown escape");
			ps->p += (unsigned char)ps->p[1] < 0x80 ? 2 : 1;
			continue;
		}
		if (c < 0x20) return fail(ps, "control character in a string");
		size_t step = str_utf8_step(ps->p, (size_t)(ps->end - ps->p));
		if (!step) return fail(ps, "invalid UTF-8");
		ps->p += step;
	}
	const char *quote = ps->p;
	*out = str_make(from, (size_t)(quote - from));
	if (escapes && !decode_escapes(ps, *out, out)) return false;
	ps->p = quote + 1;
	return true;
}

static bool parse_digits(parser *ps)
{
	if (ps->p >= ps->end || *ps->p < '0' || *ps->p > '9') return fail(ps, "expected a digit");
	while (ps->p < ps->end && *ps->p >= '0' && *ps->p <= '9')
		ps->p++;
	return true;
}

static bool parse_number(parser *ps, str *out)
{
	const char *from = ps->p;
	if (*ps->p == '-') ps->p++;
	if (at_char(ps, '0')) ps->p++;
	else if (!parse_digits(ps)) return false;
	if (at_char(ps, '.')) {
		ps->p++;
		if (!parse_digits(ps)) return false;
	}
	if (at_char(ps, 'e') || at_char(ps, 'E')) {
		ps->p++;
		if (at_char(ps, '+') || at_char(ps, '-')) ps->p++;
		if (!parse_digits(ps)) return false;
	}
	*out = str_make(from, (size_t)(ps->p - from));
	return true;
}

static void index_array(parser *ps, json *arr)
{
	if (arr->count <= JSON_SCAN_MAX) return;
	json_elements *all = arena_alloc_raw(ps->a, size_add(sizeof *all, size_mul(arr->count, sizeof *all->v)));
	all->n = 0;
	JSON_EACH (c, arr)
		all->v[all->n++] = c;
	arr->map = all;
}

static bool parse_array(parser *ps, json *arr, unsigned depth)
{
	ps->p++;
	skip_blanks(ps);
	if (at_char(ps, ']')) {
		ps->p++;
		return true;
	}
	for (;;) {
		json *v = parse_value(ps, depth + 1);
		if (!v) return false;
		json_push(arr, v);
		skip_blanks(ps);
		if (at_char(ps, ']')) break;
		if (!at_char(ps, ',')) return fail(ps, "expected ',' or ']'");
		ps->p++;
	}
	index_array(ps, arr);
	ps->p++;
	return true;
}

static void put_member(parser *ps, json *o, str key, json *value)
{
	json *old = json_get(o, key);
	if (old) {
		/* The place of the first stays. Copied over, not relinked: finding the link would be O(n) per duplicate. */
		value->key = old->key;
		value->next = old->next;
		*old = *value;
		return;
	}
	if (o->count == JSON_SCAN_MAX && !o->map) {
		json_index *ix = NEW(ps->a, json_index);
		ix->a = ps->a;
		o->map = ix;
	}
	json_append_member(o, key, value);
}

static bool parse_object(parser *ps, json *o, unsigned depth)
{
	ps->p++;
	skip_blanks(ps);
	if (at_char(ps, '}')) {
		ps->p++;
		return true;
	}
	for (;;) {
		str key;
		skip_blanks(ps);
		if (!at_char(ps, '"')) return fail(ps, o->first ? "expected '\"'" : "expected '\"' or '}'");
		if (!parse_string(ps, &key)) return false;
		skip_blanks(ps);
		if (!at_char(ps, ':')) return fail(ps, "expected ':'");
		ps->p++;
		json *v = parse_value(ps, depth + 1);
		if (!v) return false;
		put_member(ps, o, key, v);
		skip_blanks(ps);
		if (at_char(ps, '}')) break;
		if (!at_char(ps, ',')) return fail(ps, "expected ',' or '}'");
		ps->p++;
	}
	ps->p++;
	return true;
}

static bool parse_word(parser *ps, const char *word)
{
	size_t n = strlen(word);
	if ((size_t)(ps->end - ps->p) < n || memcmp(ps->p, word, n) != 0) return fail(ps, "expected a value");
	ps->p += n;
	return true;
}

static json *parse_value(parser *ps, unsigned depth)
{
	skip_blanks(ps);
	if (ps->p >= ps->end) return fail(ps, "expected a value"), NULL;
	if (depth >= JSON_MAX_DEPTH) return fail(ps, "nested too deep"), NULL;
	json *j = json_node(ps->a, JSON_NULL);
	bool ok;
	switch (*ps->p) {
	case '{':
		j->kind = JSON_OBJECT;
		ok = parse_object(ps, j, depth);
		break;
	case '[':
		j->kind = JSON_ARRAY;
		ok = parse_array(ps, j, depth);
		break;
	case '"':
		j->kind = JSON_STRING;
		ok = parse_string(ps, &j->text);
		break;
	case 't':
		j->kind = JSON_BOOL;
		j->boolean = true;
		ok = parse_word(ps, "true");
		break;
	case 'f':
		j->kind = JSON_BOOL;
		ok = parse_word(ps, "false");
		break;
	case 'n': ok = parse_word(ps, "null"); break;
	default:
		if (*ps->p != '-' && (*ps->p < '0' || *ps->p > '9')) return fail(ps, "expected a value"), NULL;
		j->kind = JSON_NUMBER;
		ok = parse_number(ps, &j->text);
	}
	return ok ? j : NULL;
}

bool json_parse(arena *a, str text, json **out, error *err)
{
	str t = text.n ? text : STR("");
	parser ps = {.a = a, .start = t.p, .p = t.p, .end = t.p + t.n, .err = err};
	json *j = parse_value(&ps, 0);
	if (!j) return false;
	skip_blanks(&ps);
	if (ps.p < ps.end) return fail(&ps, "expected the end of the text");
	*out = j;
	return true;
}

bool json_parse_copy(arena *a, str text, json **out, error *err)
{
	return json_parse(a, str_copy(a, text), out, err);
}
