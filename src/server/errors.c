#include "server/errors.h"

static void put_member(buf *b, const char *name, str value)
{
	json_write_str(b, str_from(name));
	buf_putc(b, ':');
	json_write_str(b, value);
}

static void put_internal(buf *b, const error *err, bool internal)
{
	if (internal && err->internal) {
		buf_puts(b, ",\"internal\":");
		json_write(b, err->internal);
	}
}

void error_write_flat(buf *b, const error *err, bool internal)
{
	buf_putc(b, '{');
	put_member(b, "error", err->message);
	buf_putc(b, ',');
	put_member(b, "path", error_path(err));
	buf_putc(b, ',');
	put_member(b, "code", error_code_text(err->code));
	put_internal(b, err, internal);
	buf_putc(b, '}');
}

void error_write_graphql_one(buf *b, const error *err, bool internal)
{
	buf_putc(b, '{');
	put_member(b, "message", err->message);
	buf_puts(b, ",\"extensions\":");
	if (err->extensions) {
		json_write(b, err->extensions);
	} else {
		buf_putc(b, '{');
		put_member(b, "path", error_path(err));
		buf_putc(b, ',');
		put_member(b, "code", error_code_text(err->code));
		put_internal(b, err, internal);
		buf_putc(b, '}');
	}
	buf_putc(b, '}');
}

void error_write_graphql(buf *b, const error *err, bool internal)
{
	buf_puts(b, "{\"errors\":[");
	error_write_graphql_one(b, err, internal);
	buf_puts(b, "]}");
}

json *error_to_json(arena *a, const error *err, bool internal)
{
	json *o = json_new_object(a);
	json_setz(o, "path", json_new_str(a, str_copy(a, error_path(err))));
	json_setz(o, "error", json_new_str(a, str_copy(a, err->message)));
	json_setz(o, "code", json_new_str(a, error_code_text(err->code)));
	if (internal && err->internal) json_setz(o, "internal", json_copy(a, err->internal));
	return o;
}
