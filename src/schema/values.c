/* values: literals and session variables of the metadata as PostgreSQL values. */
#include "schema/values.h"
#include "base/jsonpath.h"
#include "pg/pg_quote.h"

static str json_text(arena *a, const json *j)
{
	if (j->kind == JSON_STRING || j->kind == JSON_NUMBER) return j->text;
	return json_to_str(a, j);
}

/* JSON list → array literal text; nested lists nest. depth bounds the recursion. */
static void array_text(arena *a, buf *b, const json *j, bool json_elems, size_t depth)
{
	buf_putc(b, '{');
	JSON_EACH (c, j) {
		if (c != j->first) buf_putc(b, ',');
		if (c->kind == JSON_NULL) {
			buf_puts(b, "NULL");
		} else if (c->kind == JSON_ARRAY && !json_elems && depth < JSON_MAX_DEPTH) {
			array_text(a, b, c, json_elems, depth + 1);
		} else {
			str one = json_elems ? json_to_str(a, c) : json_text(a, c);
			str quoted = pg_quote_array_str(a, &one, 1);
			buf_put(b, str_sub(quoted, 1, quoted.n - 2));
		}
	}
	buf_putc(b, '}');
}

static str array_literal(arena *a, const json *j, bool json_elems)
{
	buf b = {0};
	array_text(a, &b, j, json_elems, 0);
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
	return !r->judge && j->kind == JSON_STRING && is_session_variable(j->text);
}

val val_literal(resolving *r, pg_oid type, const json *j)
{
	const catalog *c = r->sc->cat;
	str cast = cat_sql_type(r->a, c, type);
	if (names_session(r, j)) return session_val(r, j->text, cast);
	val v = {.kind = VAL_CONST, .cast = cast};
	uint32_t flags = cat_type_flags(c, type);
	if (j->kind == JSON_NULL && !(flags & (TYPE_JSON | TYPE_JSONB))) {
		v.kind = VAL_NULL;
		return v;
	}
	v.from_geojson = (flags & (TYPE_GEOMETRY | TYPE_GEOGRAPHY)) && j->kind == JSON_OBJECT;
	if (takes_json(flags) && !((flags & (TYPE_GEOMETRY | TYPE_GEOGRAPHY)) && j->kind == JSON_STRING)) {
		v.conv = CONV_JSON;
		v.text = json_to_str(r->a, j);
	} else if (j->kind == JSON_ARRAY && cat_array_element(c, type)) {
		v.conv = CONV_ARRAY;
		v.text = array_literal(r->a, j, takes_json(cat_type_flags(c, cat_array_element(c, type))));
	} else {
		v.text = str_copy(r->a, json_text(r->a, j));
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
	if (!r->judge || j->kind == JSON_NULL || r->judge(err->a, r->sc->cat, type, j, &why)) return true;
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
	if (j->kind != JSON_STRING)
		return error_set(err, ERR_PARSE_FAILED, path,
			"parsing Text failed, expected String, but encountered %s", json_kind_name(j));
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
	if (j->kind != JSON_ARRAY) return error_set(err, ERR_PARSE_FAILED, path, "expected Array for a list operator");
	*out = (val){.kind = VAL_CONST, .conv = CONV_ARRAY, .cast = cast, .is_list = true};
	if (has_session_element(r, j)) {
		out->elems = NEW_ARRAY(r->a, val, j->count);
		JSON_EACH (e, j)
			out->elems[out->nelems++] = val_literal(r, elem, e);
		return true;
	}
	size_t i = 0;
	JSON_EACH (e, j)
		if (!accepted(r, elem, e, jsonpath_index(r->a, path, i++), err)) return false;
	out->text = array_literal(r->a, j, takes_json(cat_type_flags(c, elem)));
	return true;
}

bool val_from_json(resolving *r, pg_oid type, const json *j, val *out, error *err)
{
	uint32_t flags = cat_type_flags(r->sc->cat, type);
	*out = val_literal(r, type, j);
	if (out->kind != VAL_CONST) return true;
	if (r->judge) return accepted(r, type, j, STR(""), err);
	int64_t n;
	str tname = out->cast;
	bool whole = str_eqz(tname, "integer") || str_eqz(tname, "smallint");
	if (whole &&
		(j->kind == JSON_BOOL || j->kind == JSON_OBJECT || (j->kind == JSON_NUMBER && !json_to_i64(j, &n))))
		return error_set(err, ERR_PARSE_FAILED, STR(""), "parsing %.*s failed, unexpected %s", STR_ARG(tname),
			j->kind == JSON_NUMBER ? "number" : "value");
	if ((flags & TYPE_BOOL) && (j->kind == JSON_NUMBER || j->kind == JSON_OBJECT || j->kind == JSON_ARRAY))
		return error_set(err, ERR_PARSE_FAILED, STR(""),
			"parsing Bool failed, expected Boolean, but encountered %s", json_kind_name(j));
	return true;
}
