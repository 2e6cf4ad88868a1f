/* md_sdl_write: actions and their types as text. */
#include "cli/md_layout.h"

static void put_description(buf *b, const json *o, const char *key, const char *indent)
{
	str text = json_str_or(o, key, STR(""));
	if (!text.n) return;
	buf_printf(b, "%s\"\"\"\n%s", indent, indent);
	for (size_t i = 0; i < text.n; i++) {
		if (str_starts(str_from_at(text, i), STR("\"\"\""))) buf_putc(b, '\\');
		buf_putc(b, text.p[i]);
		if (text.p[i] == '\n') buf_puts(b, indent);
	}
	buf_printf(b, "\n%s\"\"\"\n", indent);
}

static void put_typed(buf *b, const json *o, const char *indent)
{
	str name = json_str_or(o, "name", STR("")), type = json_str_or(o, "type", STR(""));
	put_description(b, o, "description", indent);
	buf_printf(b, "%s%.*s: %.*s\n", indent, STR_ARG(name), STR_ARG(type));
}

static void put_action(buf *b, const json *action)
{
	const json *d = json_getz(action, "definition"), *args = json_getz(d, "arguments");
	str name = json_str_or(action, "name", STR("")), type = json_str_or(d, "output_type", STR(""));
	buf_printf(b, "  %.*s", STR_ARG(name));
	if (args && args->count) buf_puts(b, "(\n");
	JSON_EACH (arg, args)
		put_typed(b, arg, "    ");
	if (args && args->count) buf_puts(b, "  )");
	buf_printf(b, ": %.*s\n", STR_ARG(type));
}

static void put_root(buf *b, const json *actions, const char *kind, const char *type)
{
	bool open = false;
	JSON_EACH (act, actions) {
		str is = json_str_or(json_getz(act, "definition"), "type", STR("mutation"));
		if (!str_eqz(is, kind)) continue;
		if (!open) buf_printf(b, "type %s {\n", type);
		open = true;
		put_action(b, act);
	}
	if (open) buf_puts(b, "}\n\n");
}

static void put_fields(buf *b, const json *type, const char *keyword)
{
	str name = json_str_or(type, "name", STR(""));
	put_description(b, type, "description", "");
	buf_printf(b, "%s %.*s {\n", keyword, STR_ARG(name));
	JSON_EACH (f, json_getz(type, "fields"))
		put_typed(b, f, "  ");
	buf_puts(b, "}\n\n");
}

static void put_enum(buf *b, const json *type)
{
	str name = json_str_or(type, "name", STR(""));
	put_description(b, type, "description", "");
	buf_printf(b, "enum %.*s {\n", STR_ARG(name));
	JSON_EACH (v, json_getz(type, "values")) {
		str value = json_str_or(v, "value", STR(""));
		put_description(b, v, "description", "  ");
		buf_printf(
			b, "  %.*s%s\n", STR_ARG(value), json_bool_or(v, "is_deprecated", false) ? " @deprecated" : "");
	}
	buf_puts(b, "}\n\n");
}

void md_sdl_write(buf *b, const json *actions, const json *types)
{
	put_root(b, actions, "query", "Query");
	put_root(b, actions, "mutation", "Mutation");
	JSON_EACH (t, json_getz(types, "enums"))
		put_enum(b, t);
	JSON_EACH (t, json_getz(types, "input_objects"))
		put_fields(b, t, "input");
	JSON_EACH (t, json_getz(types, "objects"))
		put_fields(b, t, "type");
	JSON_EACH (t, json_getz(types, "scalars")) {
		str name = json_str_or(t, "name", STR(""));
		put_description(b, t, "description", "");
		buf_printf(b, "scalar %.*s\n\n", STR_ARG(name));
	}
}
