/* values: literals and session variables of the metadata as PostgreSQL values. */
#include "schema/values.h"
#include "base/jsonpath.h"
#include "pg/pg_quote.h"
#include "schema/number.h"
#include "schema/value_rule.h"

/* Integers written as 1.0 or 1e3 are no input text of PostgreSQL's integers. */
static str json_text(arena *a, const value_rule *rule, const json *j)
{
	int64_t n;
	if (rule->accepts == ACCEPT_INT && j->kind == JSON_NUMBER && number_to_int(j->text, rule->lo, rule->hi, &n))
		return str_printf(a, "%lld", (long long)n);
	if (j->kind == JSON_STRING || j->kind == JSON_NUMBER) return j->text;
	return json_to_str(a, j);
}

/* JSON list → array literal text; nested lists nest. depth bounds the recursion. */
static void array_text(arena *a, buf *b, const json *j, const value_rule *elem, size_t depth)
{
	bool json_elems = elem->accepts == ACCEPT_ANY || elem->accepts == ACCEPT_GEOJSON;
	buf_putc(b, '{');
	JSON_EACH (c, j) {
		if (c != j->first) buf_putc(b, ',');
		if (c->kind == JSON_NULL) {
			buf_puts(b, "NULL");
		} else if (c->kind == JSON_ARRAY && !json_elems && depth < JSON_MAX_DEPTH) {
			array_text(a, b, c, elem, depth + 1);
		} else {
			str one = json_elems ? json_to_str(a, c) : json_text(a, elem, c);
			str quoted = pg_quote_array_str(a, &one, 1);
			buf_put(b, str_sub(quoted, 1, quoted.n - 2));
		}
	}
	buf_putc(b, '}');
}

static str array_literal(arena *a, const json *j, const value_rule *elem)
{
	buf b = {0};
	array_text(a, &b, j, elem, 0);
	str out = str_copy(a, buf_str(&b));
	buf_free(&b);
	return out;
}

static bool takes_json(uint32_t flags)
{
	return (flags & (TYPE_JSON | TYPE_JSONB | TYPE_GEOMETRY | TYPE_GEOGRAPHY)) != 0;
}

static val session_val(resolving *r, str name, str cast)
{
	str lower = str_lower(r->a, name);
	if (str_eqz(lower, "req_user_id")) lower = STR("x-hasura-user-id"); /* the alpha's name */
	return (val){.kind = VAL_SESSION, .text = lower, .cast = cast};
}

static bool names_session(const resolving *r, const json *j)
{
	return !r->of_client && j->kind == JSON_STRING && is_session_variable(j->text);
}

val val_literal(resolving *r, pg_oid type, const json *j)
{
	const catalog *c = r->sc->cat;
	str cast = cat_sql_type(r->a, c, type);
	uint32_t flags = cat_type_flags(c, type);
	bool place = (flags & (TYPE_GEOMETRY | TYPE_GEOGRAPHY)) != 0;
	if (names_session(r, j)) {
		val s = session_val(r, j->text, cast);
		s.from_geojson = place;
		return s;
	}
	val v = {.kind = VAL_CONST, .cast = cast};
	if (j->kind == JSON_NULL && !(flags & (TYPE_JSON | TYPE_JSONB))) {
		v.kind = VAL_NULL;
		return v;
	}
	v.from_geojson = place && j->kind == JSON_OBJECT;
	if (takes_json(flags) && !(place && j->kind == JSON_STRING)) {
		v.conv = CONV_JSON;
		v.text = json_to_str(r->a, j);
	} else if (j->kind == JSON_ARRAY && cat_array_element(c, type)) {
		v.conv = CONV_ARRAY;
		v.text = array_literal(r->a, j, value_rule_of(c, cat_array_element(c, type)));
	} else {
		v.text = str_copy(r->a, json_text(r->a, value_rule_of(c, type), j));
	}
	return v;
}

static bool has_session_element(const resolving *r, const json *j)
{
	JSON_EACH (c, j)
		if (names_session(r, c)) return true;
	return false;
}

static bool accepted(const resolving *r, pg_oid type, const json *j, str path, error *err)
{
	str why = STR_NULL;
	if (j->kind == JSON_NULL || names_session(r, j)) return true;
	if (value_judge_type(err->a, r->sc->cat, type, j, &why)) return true;
	return error_set(err, ERR_PARSE_FAILED, path, "%.*s", STR_ARG(why));
}

static bool mismatch(error *err, const char *what, const char *expected, const json *j, str path)
{
	str why;
	value_mismatch(err->a, what, expected, j, &why);
	return error_set(err, ERR_PARSE_FAILED, path, "%.*s", STR_ARG(why));
}

static bool one_of(const enum_rows *rows, str name)
{
	for (size_t i = 0; i < rows->n; i++)
		if (str_eq(rows->values[i], name)) return true;
	return false;
}

bool val_enum(resolving *r, const md_table *table, const enum_rows *rows, const json *j, str path, error *err)
{
	if (j->kind == JSON_NULL || names_session(r, j)) return true;
	if (j->kind != JSON_STRING) return mismatch(err, "Text", "String", j, path);
	if (one_of(rows, j->text)) return true;
	str why = enum_value_refusal(err->a, rows->values, rows->n, table->name, j->text);
	return error_set(err, ERR_UNEXPECTED_PAYLOAD, path, "%.*s", STR_ARG(why));
}

bool val_list(resolving *r, pg_oid elem, const json *j, str path, val *out, error *err)
{
	const catalog *c = r->sc->cat;
	str cast = str_cat(r->a, 2, cat_sql_type(r->a, c, elem), STR("[]"));
	if (names_session(r, j)) {
		*out = session_val(r, j->text, cast);
		out->is_list = true;
		return true;
	}
	if (j->kind != JSON_ARRAY) return mismatch(err, "[]", "Array", j, path);
	size_t i = 0;
	JSON_EACH (e, j)
		if (!accepted(r, elem, e, jsonpath_index(r->a, path, i++), err)) return false;
	*out = (val){.kind = VAL_CONST, .conv = CONV_ARRAY, .cast = cast, .is_list = true};
	if (!has_session_element(r, j)) {
		out->text = array_literal(r->a, j, value_rule_of(c, elem));
		return true;
	}
	out->elems = NEW_ARRAY(r->a, val, j->count);
	JSON_EACH (e, j)
		out->elems[out->nelems++] = val_literal(r, elem, e);
	return true;
}

bool val_from_json(resolving *r, pg_oid type, const json *j, val *out, error *err)
{
	*out = val_literal(r, type, j);
	return accepted(r, type, j, STR(""), err);
}
