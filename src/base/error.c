#include "base/error.h"

#include <stdarg.h>

static const struct {
	str text;
	int status;
} codes[] = {
#define X(name, text, status) [name] = {STR_INIT(text), status},
	ERR_CODES(X)
#undef X
};

void error_init(error *e, arena *a)
{
	*e = (error){.a = a};
}

bool error_set(error *e, error_code code, str path, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	str message = str_vprintf(e->a, fmt, ap);
	va_end(ap);
	*e = (error){.a = e->a, .code = code, .path = str_copy(e->a, path), .message = message, .set = true};
	return false;
}

void error_prepend_path(error *e, str prefix)
{
	str rest = e->path;
	if (str_starts(rest, STR("$"))) rest = str_from_at(rest, 1);
	if (!prefix.n) prefix = STR("$");
	e->path = str_cat(e->a, 2, prefix, rest);
}

str error_code_text(error_code c)
{
	return codes[c].text;
}

int error_status(const error *e)
{
	return e->status ? e->status : codes[e->code].status;
}

str error_path(const error *e)
{
	return e->path.n ? e->path : STR("$");
}
