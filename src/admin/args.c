#include "admin/args.h"
#include "base/jsonpath.h"

bool arg_failed(candidate *c, error *err)
{
	(void)err;
	c->arg_error = true;
	return false;
}

bool arg_mismatch(candidate *c, const char *key, const char *what, const char *want, const json *j, error *err)
{
	c->arg_error = true;
	str path = key ? jsonpath_key(c->a, STR("$"), str_from(key)) : STR("");
	return error_set(err, ERR_PARSE_FAILED, path, "parsing %s failed, expected %s, but encountered %s", what, want,
		json_kind_name(j));
}

bool arg_object(candidate *c, const json *j, const char *what, error *err)
{
	return json_is(j, JSON_OBJECT) || arg_mismatch(c, NULL, what, "Object", j, err);
}

bool arg_member(candidate *c, const json *o, const char *key, const json **out, error *err)
{
	*out = json_getz(o, key);
	if (*out) return true;
	c->arg_error = true;
	return error_set(err, ERR_PARSE_FAILED, STR(""), "key \"%s\" not found", key);
}

bool arg_text(candidate *c, const json *o, const char *key, str *out, error *err)
{
	const json *j;
	if (!arg_member(c, o, key, &j, err)) return false;
	if (j->kind != JSON_STRING) return arg_mismatch(c, key, "Text", "String", j, err);
	*out = j->text;
	return true;
}

bool arg_nonempty(candidate *c, const json *o, const char *key, str *out, error *err)
{
	if (!arg_text(c, o, key, out, err)) return false;
	if (out->n) return true;
	c->arg_error = true;
	return error_set(
		err, ERR_PARSE_FAILED, jsonpath_key(c->a, STR("$"), str_from(key)), "empty string not allowed");
}

bool arg_opt_text(candidate *c, const json *o, const char *key, str *out, error *err)
{
	const json *j = json_getz(o, key);
	if (json_is_null(j)) return true;
	if (j->kind != JSON_STRING) return arg_mismatch(c, key, "Text", "String", j, err);
	*out = j->text;
	return true;
}

bool arg_opt_bool(candidate *c, const json *o, const char *key, bool *out, error *err)
{
	const json *j = json_getz(o, key);
	if (json_is_null(j)) return true;
	if (j->kind != JSON_BOOL) return arg_mismatch(c, key, "Bool", "Boolean", j, err);
	*out = j->boolean;
	return true;
}

bool arg_bool(candidate *c, const json *o, const char *key, bool *out, error *err)
{
	const json *j;
	if (!arg_member(c, o, key, &j, err)) return false;
	if (j->kind != JSON_BOOL) return arg_mismatch(c, key, "Bool", "Boolean", j, err);
	*out = j->boolean;
	return true;
}

bool arg_source(candidate *c, const json *o, str *out, error *err)
{
	*out = STR("default");
	const json *j = json_getz(o, "source");
	if (json_is_null(j)) return true;
	return arg_nonempty(c, o, "source", out, err);
}

bool arg_qname(candidate *c, const json *o, const char *key, qname *out, error *err)
{
	const json *j;
	if (!arg_member(c, o, key, &j, err)) return false;
	if (md_qname_parse(c->a, j, out, err)) return true;
	error_prepend_path(err, jsonpath_key(c->a, STR("$"), str_from(key)));
	return arg_failed(c, err);
}

bool reply_success(buf *out)
{
	buf_puts(out, "{\"message\":\"success\"}");
	return true;
}

bool reply_success_warnings(candidate *c, buf *out)
{
	if (!c->warnings) return reply_success(out);
	buf_puts(out, "{\"message\":\"success\",\"warnings\":");
	json_write(out, c->warnings);
	buf_putc(out, '}');
	return true;
}

bool reply_json(buf *out, const json *j)
{
	json_write(out, j);
	return true;
}

bool answer_too_large(const candidate *c, error *err)
{
	return error_set(err, ERR_TOO_LARGE, STR(""),
		"the answer is larger than the limit of %zu bytes: ask for fewer rows or columns, or raise --max-result-size of the "
		"server",
		c->adm->config.max_result_bytes);
}
