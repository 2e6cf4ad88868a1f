#include "base/yaml.h"

#include "base/vec.h"

#include <string.h>
#include <yaml.h>

typedef struct reader {
	arena *a;
	yaml_parser_t parser;
	yaml_marks *marks;
	map anchors; /* name -> json * */
	size_t nodes;
	unsigned depth;
	error *err;
} reader;

/* ---- scalars ---- */

static bool is_one_of(str s, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_eqz(s, words[i])) return true;
	return false;
}

static bool all_digits(str s, const char *digits)
{
	for (size_t i = 0; i < s.n; i++)
		if (!strchr(digits, s.p[i]) || !s.p[i]) return false;
	return s.n > 0;
}

static json *integer_of(arena *a, bool minus, str digits, unsigned base)
{
	uint64_t v = 0;
	for (size_t i = 0; i < digits.n; i++) {
		char ch = digits.p[i];
		unsigned d = (unsigned)(ch <= '9' ? ch - '0' : (ch | 32) - 'a' + 10);
		if (v > (UINT64_MAX - d) / base) return NULL;
		v = v * base + d;
	}
	return json_new_number(a, str_printf(a, "%s%llu", minus && v ? "-" : "", (unsigned long long)v));
}

static str without_underscores(arena *a, str s)
{
	if (str_find_char(s, '_') == SIZE_MAX) return s;
	char *p = arena_bytes(a, s.n);
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != '_') p[n++] = s.p[i];
	return str_make(p, n);
}

/* [0-9]+ | [0-9]*.[0-9]* with an exponent: what JSON has, in its form. */
static json *decimal_of(arena *a, bool minus, str body)
{
	size_t i = 0, digits = 0;
	while (i < body.n && body.p[i] >= '0' && body.p[i] <= '9')
		i++, digits++;
	size_t whole = i;
	if (i < body.n && body.p[i] == '.') {
		i++;
		while (i < body.n && body.p[i] >= '0' && body.p[i] <= '9')
			i++, digits++;
	}
	size_t mantissa = i;
	if (!digits) return NULL;
	if (i < body.n && (body.p[i] | 32) == 'e') {
		i++;
		if (i < body.n && (body.p[i] == '+' || body.p[i] == '-')) i++;
		if (!all_digits(str_from_at(body, i), "0123456789")) return NULL;
		i = body.n;
	}
	if (i != body.n) return NULL;
	str fraction = str_sub(body, whole, mantissa - whole);
	if (fraction.n == 1) fraction = STR(".0");
	str text = str_cat(a, 4, minus ? STR("-") : STR(""), whole ? str_sub(body, 0, whole) : STR("0"), fraction,
		str_from_at(body, mantissa));
	return json_new_number(a, text);
}

/* YAML 1.2 core schema, and 0777 and 1_000 as libraries of 1.1 read them. */
static json *number_of(arena *a, str text)
{
	if (!text.n || text.p[0] == '_') return NULL;
	str s = without_underscores(a, text);
	bool minus = s.p[0] == '-';
	str body = minus || s.p[0] == '+' ? str_from_at(s, 1) : s;
	if (!body.n) return NULL;
	if (str_starts(body, STR("0x")) && all_digits(str_from_at(body, 2), "0123456789abcdefABCDEF"))
		return integer_of(a, minus, str_from_at(body, 2), 16);
	if (str_starts(body, STR("0o")) && all_digits(str_from_at(body, 2), "01234567"))
		return integer_of(a, minus, str_from_at(body, 2), 8);
	if (str_starts(body, STR("0b")) && all_digits(str_from_at(body, 2), "01"))
		return integer_of(a, minus, str_from_at(body, 2), 2);
	if (body.n > 1 && body.p[0] == '0' && all_digits(body, "0123456789")) {
		bool octal = all_digits(body, "01234567");
		while (body.n > 1 && body.p[0] == '0')
			body = str_from_at(body, 1);
		return octal ? integer_of(a, minus, body, 8) : decimal_of(a, minus, body);
	}
	return decimal_of(a, minus, body);
}

json *yaml_resolve_plain(arena *a, str s)
{
	static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
	static const char *const trues[] = {"true", "True", "TRUE"}, *const falses[] = {"false", "False", "FALSE"};
	if (is_one_of(s, nulls, 5)) return json_new_null(a);
	if (is_one_of(s, trues, 3)) return json_new_bool(a, true);
	if (is_one_of(s, falses, 3)) return json_new_bool(a, false);
	json *n = number_of(a, s);
	return n ? n : json_new_str(a, s);
}

/* ---- nodes ---- */

static bool fail_at(reader *r, const yaml_mark_t *m, const char *text)
{
	return error_set(
		r->err, ERR_PARSE_FAILED, STR(""), "line %zu, column %zu: %s", m->line + 1, m->column + 1, text);
}

static bool next_event(reader *r, yaml_event_t *e)
{
	if (yaml_parser_parse(&r->parser, e)) return true;
	const yaml_mark_t *m = r->parser.problem_mark.line || r->parser.problem_mark.column || !r->parser.context
		? &r->parser.problem_mark
		: &r->parser.context_mark;
	const char *why = r->parser.problem ? r->parser.problem : "this is not YAML";
	if (strcmp(why, "found character that cannot start any token") == 0)
		why = "found character that cannot start any token (a tab? YAML is indented with blanks)";
	return fail_at(r, m, why);
}

static void remember(reader *r, const json *node, const yaml_mark_t *m)
{
	if (!r->marks) return;
	const json **key = arena_alloc(r->a, sizeof(json *));
	*key = node;
	map_put(r->a, &r->marks->lines, str_make((const char *)key, sizeof *key), (void *)(uintptr_t)(m->line + 1));
}

static void anchor(reader *r, const yaml_char_t *name, json *node)
{
	if (name) map_put(r->a, &r->anchors, str_copy(r->a, str_from((const char *)name)), node);
}

static json *scalar(reader *r, const yaml_event_t *e)
{
	str text = str_copy(r->a, str_make((const char *)e->data.scalar.value, e->data.scalar.length));
	str tag = str_from((const char *)e->data.scalar.tag);
	if (str_eqz(tag, "!include")) return json_new_str(r->a, str_cat(r->a, 2, STR("!include "), text));
	bool plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && !tag.n;
	return plain ? yaml_resolve_plain(r->a, text) : json_new_str(r->a, text);
}

static size_t count_nodes(const json *j, size_t limit)
{
	size_t n = 1;
	JSON_EACH (c, j) {
		if (n > limit) break;
		n += count_nodes(c, limit);
	}
	return n;
}

static bool node(reader *r, yaml_event_t *e, json **out);

static bool alias(reader *r, const yaml_event_t *e, json **out)
{
	const json *to = map_get(&r->anchors, str_from((const char *)e->data.alias.anchor));
	if (!to) return fail_at(r, &e->start_mark, "an alias without its anchor");
	r->nodes += count_nodes(to, YAML_MAX_NODES);
	if (r->nodes > YAML_MAX_NODES) return fail_at(r, &e->start_mark, "the aliases make the document too large");
	*out = json_copy(r->a, to);
	return true;
}

static bool sequence(reader *r, json *out)
{
	for (;;) {
		yaml_event_t e;
		json *child = NULL;
		if (!next_event(r, &e)) return false;
		bool end = e.type == YAML_SEQUENCE_END_EVENT;
		bool ok = end || node(r, &e, &child);
		yaml_event_delete(&e);
		if (end || !ok) return ok;
		json_push(out, child);
	}
}

/* Merge key: members that are not there yet. */
static bool merge(reader *r, json *into, const json *from, const yaml_mark_t *m)
{
	if (json_is(from, JSON_ARRAY)) {
		JSON_EACH (c, from)
			if (!json_is(c, JSON_OBJECT) || !merge(r, into, c, m))
				return r->err->set ? false : fail_at(r, m, "<< needs a mapping");
		return true;
	}
	if (!json_is(from, JSON_OBJECT)) return fail_at(r, m, "<< needs a mapping");
	JSON_EACH (c, from)
		if (!json_get(into, c->key)) json_set(into, c->key, json_copy(r->a, c));
	return true;
}

static bool member(reader *r, yaml_event_t *key, json *out, map *seen)
{
	yaml_event_t e;
	json *value = NULL;
	if (key->type != YAML_SCALAR_EVENT) return fail_at(r, &key->start_mark, "a key must be a plain name");
	str name = str_copy(r->a, str_make((const char *)key->data.scalar.value, key->data.scalar.length));
	bool is_merge = str_eqz(name, "<<") && key->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	if (!next_event(r, &e)) return false;
	bool ok = node(r, &e, &value);
	yaml_event_delete(&e);
	if (!ok) return false;
	if (is_merge) return merge(r, out, value, &key->start_mark);
	if (!map_add(r->a, seen, name, out)) {
		str text = str_printf(r->a, "the key \"%.*s\" is there twice", STR_ARG(name));
		return fail_at(r, &key->start_mark, str_z(r->a, text));
	}
	json_set(out, name, value);
	return true;
}

static bool mapping(reader *r, json *out)
{
	map seen = {0};
	for (;;) {
		yaml_event_t e;
		if (!next_event(r, &e)) return false;
		bool end = e.type == YAML_MAPPING_END_EVENT;
		bool ok = end || member(r, &e, out, &seen);
		yaml_event_delete(&e);
		if (end || !ok) return ok;
	}
}

static bool collection(reader *r, const yaml_event_t *e, json **out)
{
	bool list = e->type == YAML_SEQUENCE_START_EVENT;
	if (++r->depth > YAML_MAX_DEPTH) return fail_at(r, &e->start_mark, "nested too deeply");
	*out = list ? json_new_array(r->a) : json_new_object(r->a);
	bool ok = list ? sequence(r, *out) : mapping(r, *out);
	r->depth--;
	if (ok) anchor(r, list ? e->data.sequence_start.anchor : e->data.mapping_start.anchor, *out);
	return ok;
}

static bool node(reader *r, yaml_event_t *e, json **out)
{
	bool ok = true;
	if (++r->nodes > YAML_MAX_NODES) return fail_at(r, &e->start_mark, "the document is too large");
	switch (e->type) {
	case YAML_ALIAS_EVENT: ok = alias(r, e, out); break;
	case YAML_SCALAR_EVENT:
		*out = scalar(r, e);
		anchor(r, e->data.scalar.anchor, *out);
		break;
	case YAML_SEQUENCE_START_EVENT:
	case YAML_MAPPING_START_EVENT: ok = collection(r, e, out); break;
	default: return fail_at(r, &e->start_mark, "a value was expected");
	}
	if (ok) remember(r, *out, &e->start_mark);
	return ok;
}

static bool document(reader *r, json **out)
{
	for (bool found = false;;) {
		yaml_event_t e;
		if (!next_event(r, &e)) return false;
		yaml_event_type_t type = e.type;
		bool ok = true;
		if (type == YAML_DOCUMENT_START_EVENT && found) {
			ok = fail_at(r, &e.start_mark, "a second document: one is expected");
		} else if (type == YAML_DOCUMENT_START_EVENT) {
			found = true;
		} else if (type != YAML_STREAM_START_EVENT && type != YAML_STREAM_END_EVENT &&
			type != YAML_DOCUMENT_END_EVENT) {
			ok = node(r, &e, out);
		}
		yaml_event_delete(&e);
		if (!ok || type == YAML_STREAM_END_EVENT) return ok;
	}
}

bool yaml_parse(arena *a, str text, yaml_marks *marks, json **out, error *err)
{
	reader r = {.a = a, .marks = marks, .err = err};
	if (!yaml_parser_initialize(&r.parser)) mem_fail("out of memory");
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)(text.n ? text.p : ""), text.n);
	*out = json_new_null(a);
	bool ok = document(&r, out);
	yaml_parser_delete(&r.parser);
	return ok;
}

unsigned yaml_line(const yaml_marks *marks, const json *n)
{
	if (!marks || !n) return 0;
	return (unsigned)(uintptr_t)map_get(&marks->lines, str_make((const char *)&n, sizeof n));
}
