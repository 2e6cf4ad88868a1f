/* md_sdl_read: the type definitions of actions.graphql. Hasura v2: cli-ext. The syntax is GraphQL's, October 2021. */
#include "cli/md_layout.h"

#include <string.h>

enum { TYPE_DEPTH = 32 };

typedef struct sdl {
	arena *a;
	str text;
	size_t at;
	unsigned line;
	str token;    /* empty at the end */
	bool is_text; /* the token is a string's content */
	str_vec *notes;
	error *err;
} sdl;

static bool fail(sdl *s, const char *what)
{
	if (s->err->set) return false;
	if (!s->token.n && !s->is_text)
		return error_set(
			s->err, ERR_PARSE_FAILED, STR(""), "line %u: %s is expected, and the file ends", s->line, what);
	return error_set(s->err, ERR_PARSE_FAILED, STR(""), "line %u: %s is expected, there is \"%.*s\"", s->line, what,
		STR_ARG(str_sub(s->token, 0, 40)));
}

/* ---- tokens ---- */

static bool is_name_char(char ch)
{
	return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') || ch == '_';
}

static void skip_blank(sdl *s)
{
	while (s->at < s->text.n) {
		char ch = s->text.p[s->at];
		if (ch == '#') {
			while (s->at < s->text.n && s->text.p[s->at] != '\n')
				s->at++;
		} else if (ch == '\n') {
			s->line++;
			s->at++;
		} else if (ch == ' ' || ch == '\t' || ch == '\r' || ch == ',' || (unsigned char)ch == 0xef ||
			(unsigned char)ch == 0xbb || (unsigned char)ch == 0xbf) {
			s->at++;
		} else {
			return;
		}
	}
}

/* The blanks all lines but the first share go; so do empty lines at both ends. GraphQL: BlockStringValue. */
static str block_value(arena *a, str raw)
{
	size_t common = SIZE_MAX;
	for (size_t i = 0; i < raw.n; i++) {
		if (raw.p[i] != '\n') continue;
		size_t k = i + 1;
		while (k < raw.n && (raw.p[k] == ' ' || raw.p[k] == '\t'))
			k++;
		if (k < raw.n && raw.p[k] != '\n' && k - i - 1 < common) common = k - i - 1;
	}
	if (common == SIZE_MAX) common = 0;
	char *p = arena_bytes(a, raw.n + 1);
	size_t n = 0;
	for (size_t i = 0; i < raw.n; i++) {
		p[n++] = raw.p[i];
		if (raw.p[i] == '\n')
			for (size_t k = 0; k < common && i + 1 < raw.n && (raw.p[i + 1] == ' ' || raw.p[i + 1] == '\t');
				k++)
				i++;
	}
	return str_trim(str_make(p, n));
}

static bool string_token(sdl *s)
{
	str rest = str_from_at(s->text, s->at);
	bool block = str_starts(rest, STR("\"\"\""));
	size_t open = block ? 3 : 1, i = open;
	for (;; i++) {
		if (i >= rest.n || (!block && rest.p[i] == '\n')) return fail(s, "the end of a string");
		if (!block && rest.p[i] == '\\') i++;
		else if (block ? str_starts(str_from_at(rest, i), STR("\"\"\"")) : rest.p[i] == '"') break;
	}
	str raw = str_sub(rest, open, i - open);
	for (size_t k = 0; k < raw.n; k++)
		s->line += raw.p[k] == '\n';
	s->at += i + open;
	s->is_text = true;
	s->token = raw;
	if (block) {
		s->token = block_value(s->a, raw);
		return true;
	}
	json *j;
	if (!json_parse(s->a, str_cat(s->a, 3, STR("\""), raw, STR("\"")), &j, s->err)) return false;
	s->token = j->text;
	return true;
}

static bool next(sdl *s)
{
	skip_blank(s);
	s->is_text = false;
	s->token = STR("");
	if (s->at >= s->text.n) return true;
	char ch = s->text.p[s->at];
	if (ch == '"') return string_token(s);
	size_t n = 1;
	if (is_name_char(ch))
		while (s->at + n < s->text.n && is_name_char(s->text.p[s->at + n]))
			n++;
	s->token = str_sub(s->text, s->at, n);
	s->at += n;
	return true;
}

static bool is(const sdl *s, const char *token)
{
	return !s->is_text && str_eqz(s->token, token);
}

static bool expect(sdl *s, const char *token)
{
	return is(s, token) ? next(s) : fail(s, token);
}

static bool name(sdl *s, str *out)
{
	if (s->is_text || !str_is_name(s->token)) return fail(s, "a name");
	*out = s->token;
	return next(s);
}

/* ---- parts ---- */

static bool description(sdl *s, str *out)
{
	*out = STR_NULL;
	if (!s->is_text) return true;
	*out = s->token;
	return next(s);
}

static bool type_ref(sdl *s, buf *out, unsigned depth)
{
	str n;
	if (depth > TYPE_DEPTH) return fail(s, "a type of fewer lists");
	if (is(s, "[")) {
		buf_putc(out, '[');
		if (!next(s) || !type_ref(s, out, depth + 1) || !expect(s, "]")) return false;
		buf_putc(out, ']');
	} else {
		if (!name(s, &n)) return false;
		buf_put(out, n);
	}
	if (!is(s, "!")) return true;
	buf_putc(out, '!');
	return next(s);
}

static bool type_text(sdl *s, str *out)
{
	buf b = {0};
	bool ok = type_ref(s, &b, 0);
	*out = str_copy(s->a, buf_str(&b));
	buf_free(&b);
	return ok;
}

/* Jumps over (...), [...] and {...} of a directive or a default value. */
static bool skip_group(sdl *s)
{
	unsigned open = 0;
	do {
		if (is(s, "(") || is(s, "[") || is(s, "{")) open++;
		if (is(s, ")") || is(s, "]") || is(s, "}")) open--;
		if (!s->token.n && !s->is_text) return fail(s, "a closing bracket");
		if (!next(s)) return false;
	} while (open);
	return true;
}

/* A default value: a number is several tokens here, the other forms are one or in brackets. */
static bool skip_value(sdl *s)
{
	char ch = s->token.n && !s->is_text ? s->token.p[0] : 0;
	if (ch != '-' && (ch < '0' || ch > '9')) return skip_group(s);
	while (s->at < s->text.n && (is_name_char(s->text.p[s->at]) || strchr(".+-", s->text.p[s->at])))
		s->at++;
	return next(s);
}

static bool skip_directives(sdl *s)
{
	str n;
	while (is(s, "@")) {
		if (!next(s) || !name(s, &n)) return false;
		if (is(s, "(") && !skip_group(s)) return false;
	}
	return true;
}

static json *described(sdl *s, const char *key, str n, str text)
{
	json *o = json_new_object(s->a);
	json_setz(o, key, json_new_str(s->a, n));
	if (text.p) json_setz(o, "description", json_new_str(s->a, text));
	return o;
}

/* name: Type = default @directive, of arguments and input objects. */
static bool input_values(sdl *s, const char *end, json *list)
{
	while (!is(s, end)) {
		str text, n, type;
		if (!description(s, &text) || !name(s, &n) || !expect(s, ":") || !type_text(s, &type)) return false;
		if (is(s, "=")) {
			vec_push(s->a, s->notes,
				str_printf(s->a,
					"line %u: \"%.*s\" has a default value, which actions do not have: it is left out",
					s->line, STR_ARG(n)));
			if (!next(s) || !skip_value(s)) return false;
		}
		if (!skip_directives(s)) return false;
		json_setz(json_push(list, described(s, "name", n, text)), "type", json_new_str(s->a, type));
	}
	return next(s);
}

/* ---- definitions ---- */

static json *group_of(sdl *s, json *types, const char *key)
{
	json *list = json_getz(types, key);
	return list ? list : json_setz(types, key, json_new_array(s->a));
}

static bool action_fields(sdl *s, json *actions, const char *kind)
{
	if (!expect(s, "{")) return false;
	while (!is(s, "}")) {
		str text, n, type;
		json *args = json_new_array(s->a), *definition = json_new_object(s->a);
		if (!description(s, &text) || !name(s, &n)) return false;
		if (is(s, "(") && (!next(s) || !input_values(s, ")", args))) return false;
		if (!expect(s, ":") || !type_text(s, &type) || !skip_directives(s)) return false;
		json *act = json_push(actions, json_new_object(s->a));
		json_setz(act, "name", json_new_str(s->a, n));
		json_setz(act, "definition", definition);
		json_setz(definition, "output_type", json_new_str(s->a, type));
		json_setz(definition, "arguments", args);
		json_setz(definition, "type", json_new_str(s->a, str_from(kind)));
		if (text.p) json_setz(act, "comment", json_new_str(s->a, text));
	}
	return next(s);
}

static bool object_fields(sdl *s, json *list)
{
	if (!expect(s, "{")) return false;
	while (!is(s, "}")) {
		str text, n, type;
		json *args = json_new_array(s->a);
		if (!description(s, &text) || !name(s, &n)) return false;
		if (is(s, "(") && (!next(s) || !input_values(s, ")", args))) return false;
		if (!expect(s, ":") || !type_text(s, &type) || !skip_directives(s)) return false;
		json *field = json_push(list, described(s, "name", n, text));
		json_setz(field, "type", json_new_str(s->a, type));
		if (args->count) json_setz(field, "arguments", args);
	}
	return next(s);
}

static bool enum_values(sdl *s, json *list)
{
	if (!expect(s, "{")) return false;
	while (!is(s, "}")) {
		str text, n;
		if (!description(s, &text) || !name(s, &n)) return false;
		bool deprecated = is(s, "@");
		if (!skip_directives(s)) return false;
		json *v = json_push(list, described(s, "value", n, text));
		if (deprecated) json_setz(v, "is_deprecated", json_new_bool(s->a, true));
	}
	return next(s);
}

static bool object_type(sdl *s, json *actions, json *types, str text)
{
	str n;
	if (!name(s, &n) || !skip_directives(s)) return false;
	if (str_eqz(n, "Query")) return action_fields(s, actions, "query");
	if (str_eqz(n, "Mutation")) return action_fields(s, actions, "mutation");
	json *o = json_push(group_of(s, types, "objects"), described(s, "name", n, text));
	return object_fields(s, json_setz(o, "fields", json_new_array(s->a)));
}

static bool input_type(sdl *s, json *types, str text)
{
	str n;
	if (!name(s, &n) || !skip_directives(s) || !expect(s, "{")) return false;
	json *o = json_push(group_of(s, types, "input_objects"), described(s, "name", n, text));
	return input_values(s, "}", json_setz(o, "fields", json_new_array(s->a)));
}

static bool definition(sdl *s, json *actions, json *types)
{
	str text, keyword, n;
	if (!description(s, &text)) return false;
	if (is(s, "extend") && !next(s)) return false;
	if (!name(s, &keyword)) return false;
	if (str_eqz(keyword, "type")) return object_type(s, actions, types, text);
	if (str_eqz(keyword, "input")) return input_type(s, types, text);
	bool is_enum = str_eqz(keyword, "enum");
	if (!is_enum && !str_eqz(keyword, "scalar")) {
		return error_set(s->err, ERR_PARSE_FAILED, STR(""),
			"line %u: actions know type, input, enum and scalar; \"%.*s\" is none of them", s->line,
			STR_ARG(str_sub(keyword, 0, 40)));
	}
	if (!name(s, &n) || !skip_directives(s)) return false;
	json *o = json_push(group_of(s, types, is_enum ? "enums" : "scalars"), described(s, "name", n, text));
	return !is_enum || enum_values(s, json_setz(o, "values", json_new_array(s->a)));
}

bool md_sdl_read(arena *a, str text, json *actions, json *types, str_vec *notes, error *err)
{
	sdl s = {.a = a, .text = text, .line = 1, .notes = notes, .err = err};
	if (!next(&s)) return false;
	while (s.token.n || s.is_text)
		if (!definition(&s, actions, types)) return false;
	return true;
}
