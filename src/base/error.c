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

/* A text of the client's that is named in a message must not come back as long as it came. */
enum { MAX_TEXT = 16384 };

static str shortened(arena *a, str s)
{
	if (s.n <= MAX_TEXT) return s;
	size_t n = MAX_TEXT;
	while (((unsigned char)s.p[n] & 0xc0) == 0x80)
		n--;
	return str_cat(a, 2, str_make(s.p, n), STR("…"));
}

bool error_set(error *e, error_code code, str path, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	str message = str_vprintf(e->a, fmt, ap);
	va_end(ap);
	*e = (error){.a = e->a,
		.code = code,
		.path = str_copy(e->a, shortened(e->a, path)),
		.message = shortened(e->a, message),
		.set = true};
	return false;
}

void error_prepend_path(error *e, str prefix)
{
	str rest = e->path;
	if (str_starts(rest, STR("$"))) rest = str_from_at(rest, 1);
	if (!prefix.n) prefix = STR("$");
	e->path = shortened(e->a, str_cat(e->a, 2, prefix, rest));
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
