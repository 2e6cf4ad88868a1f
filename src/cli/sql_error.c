#include "cli/sql_error.h"

/* PostgreSQL counts characters from 1. */
static unsigned line_at(str text, int64_t position)
{
	unsigned line = 1;
	for (size_t i = 0; i < text.n; i++) {
		bool begins = ((unsigned char)text.p[i] & 0xc0) != 0x80;
		if (begins && --position <= 0) break;
		line += text.p[i] == '\n';
	}
	return line;
}

static str part(arena *a, const json *e, const char *member, const char *before)
{
	str text = json_str_or(e, member, STR(""));
	return text.n ? str_cat(a, 2, str_from(before), str_trim(text)) : STR("");
}

bool sql_error_in_file(const project *p, str file, str text, const char *kept, error *err)
{
	arena *a = err->a;
	const json *e = json_is(err->internal, JSON_OBJECT) ? json_getz(err->internal, "error") : NULL;
	const json *at = json_getz(e, "position");
	str where = project_shown(p, file), said = err->message, message = json_str_or(e, "message", STR(""));
	int64_t position = 0;
	if (json_is(at, JSON_NUMBER) && str_to_i64(at->text, &position) && position > 0)
		where = str_printf(a, "%.*s, line %u", STR_ARG(where), line_at(text, position));
	if (message.n)
		said = str_cat(a, 4, message, part(a, e, "description", "; "), part(a, e, "hint", "; "),
			part(a, e, "status_code", ", SQLSTATE "));
	err->message = str_printf(a, "%.*s: %.*s (%s)", STR_ARG(where), STR_ARG(said), kept);
	return false;
}
