/* ctx: paths, errors and bounds of the making of a plan. */
#include "plan/build.h"

/* Relationships followed in expressions and orders: what a document's own depth does not bound, variables could. */
enum { PLAN_DEPTH_MAX = 500 };

const plan_path *path_key(plan_ctx *c, const plan_path *up, str key)
{
	plan_path *p = NEW(c->a, plan_path);
	*p = (plan_path){.up = up, .key = key};
	return p;
}

const plan_path *path_index(plan_ctx *c, const plan_path *up, size_t i)
{
	plan_path *p = NEW(c->a, plan_path);
	*p = (plan_path){.up = up, .index = i};
	return p;
}

str path_text(plan_ctx *c, const plan_path *p)
{
	size_t n = 0;
	for (const plan_path *q = p; q; q = q->up)
		n++;
	const plan_path **steps = NEW_ARRAY(c->a, const plan_path *, n);
	for (const plan_path *q = p; q; q = q->up)
		steps[--n] = q;
	str out = STR("$");
	for (const plan_path *q = p; q; q = q->up)
		n++;
	for (size_t i = 0; i < n; i++)
		out = steps[i]->key.p ? jsonpath_key(c->a, out, steps[i]->key)
				      : jsonpath_index(c->a, out, steps[i]->index);
	return out;
}

__attribute__((format(printf, 4, 0))) static bool fail(
	plan_ctx *c, error_code code, const plan_path *at, const char *fmt, va_list ap)
{
	str text = str_vprintf(c->a, fmt, ap);
	str path = path_text(c, at);
	return error_set(c->err, code, path, "%.*s", STR_ARG(text));
}

bool plan_fail(plan_ctx *c, const plan_path *at, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	bool ok = fail(c, ERR_VALIDATION_FAILED, at, fmt, ap);
	va_end(ap);
	return ok;
}

bool plan_fail_code(plan_ctx *c, error_code code, const plan_path *at, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	bool ok = fail(c, code, at, fmt, ap);
	va_end(ap);
	return ok;
}

str plan_name_list(arena *a, const str *names, size_t n)
{
	buf b = {0};
	buf_putc(&b, '[');
	for (size_t i = 0; i < n; i++) {
		if (i) buf_puts(&b, ", ");
		buf_putc(&b, '\'');
		buf_put(&b, names[i]);
		buf_putc(&b, '\'');
	}
	buf_putc(&b, ']');
	str out = str_copy(a, buf_str(&b));
	buf_free(&b);
	return out;
}

bool plan_enter(plan_ctx *c, const plan_path *at)
{
	if (++c->depth > PLAN_DEPTH_MAX)
		return plan_fail(c, at, "the query nests deeper than %d levels", PLAN_DEPTH_MAX);
	return true;
}

void plan_leave(plan_ctx *c)
{
	c->depth--;
}
