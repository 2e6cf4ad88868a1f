/* bind: the text values of parameters, from a request's variables and session. */
#include "exec/step.h"
#include "pg/pg_quote.h"
#include "plan/array_text.h"
#include "schema/number.h"

static const char *take(arena *a, buf *b)
{
	const char *z = str_z(a, buf_str(b));
	buf_free(b);
	return z;
}

static const char *json_text(arena *a, const json *j)
{
	buf b = {0};
	json_write(&b, j);
	return take(a, &b);
}

/* GraphQL: a single value stands for a list of one. */
static const char *array_of(arena *a, const json *j, bool as_json)
{
	if (j->kind == JSON_ARRAY) return str_z(a, array_text(a, j, as_json));
	json *one = json_new_array(a);
	json_push(one, json_copy(a, j));
	return str_z(a, array_text(a, one, as_json));
}

static const char *from_json(arena *a, const val *v, const json *j)
{
	if (json_is_null(j)) return NULL;
	switch (v->conv) {
	case CONV_JSON: return json_text(a, j);
	case CONV_JSON_ARRAY: return array_of(a, j, true);
	case CONV_ARRAY: return j->kind == JSON_STRING ? str_z(a, j->text) : array_of(a, j, false);
	case CONV_INT:
	case CONV_SCALAR: break;
	}
	int64_t n;
	bool integer = v->conv == CONV_INT && j->kind == JSON_NUMBER && !number_plain(j->text);
	if (integer && number_to_int(j->text, INT64_MIN, INT64_MAX, &n))
		return str_z(a, str_printf(a, "%lld", (long long)n));
	if (j->kind == JSON_BOOL) return j->boolean ? "true" : "false";
	if (j->kind == JSON_ARRAY || j->kind == JSON_OBJECT) return json_text(a, j);
	return str_z(a, j->text);
}

static const json *follow(const json *variables, const val *v)
{
	const json *j = variables;
	for (size_t i = 0; j && i < v->npath; i++) {
		const val_step *s = &v->path[i];
		/* A single value where a list was expected is its only element. */
		if (!s->key.p && j->kind != JSON_ARRAY) {
			if (s->index) return NULL;
			continue;
		}
		j = s->key.p ? json_get(j, s->key) : json_at(j, s->index);
	}
	return j;
}

/* {"a",NULL,"b"}: member `text` of each object of a list; a row without it has NULL. */
static const char *column_of(arena *a, const val *v, const json *list)
{
	str *elems = NEW_ARRAY(a, str, list ? list->count : 0);
	size_t n = 0;
	JSON_EACH (row, list)
		elems[n++] = str_from(from_json(a, v, json_get(row, v->text)));
	return str_z(a, pg_quote_array_str(a, elems, n));
}

static bool bind_one(arena *a, const val *v, const session *s, const json *variables, const char **to, error *err)
{
	const str *var;
	*to = NULL;
	/* Given by who runs the stream. */
	if (v->bound) return true;
	switch (v->kind) {
	case VAL_NULL: return true;
	case VAL_CONST: *to = str_z(a, v->text); return true;
	case VAL_VAR: *to = from_json(a, v, follow(variables, v)); return true;
	case VAL_COLUMN: *to = column_of(a, v, follow(variables, v)); return true;
	case VAL_SESSION_JSON: *to = json_text(a, session_json(a, s)); return true;
	case VAL_SESSION:
	case VAL_SESSION_OPT:
		var = session_get(s, v->text);
		if (var) *to = str_z(a, *var);
		if (var || v->kind == VAL_SESSION_OPT) return true;
		break;
	}
	return error_set(err, ERR_NOT_FOUND, STR(""), "missing session variable: \"%.*s\"", STR_ARG(v->text));
}

/* libpq's text ends at a NUL byte: PostgreSQL has none in text, and a shortened value would be another one. */
static bool has_nul(const val *v, const session *s, const json *variables)
{
	if (v->kind == VAL_VAR && v->conv == CONV_SCALAR) {
		const json *j = follow(variables, v);
		return j && j->kind == JSON_STRING && memchr(j->text.p, 0, j->text.n) != NULL;
	}
	if (v->kind == VAL_CONST) return v->text.n && memchr(v->text.p, 0, v->text.n) != NULL;
	const str *var = v->kind == VAL_SESSION || v->kind == VAL_SESSION_OPT ? session_get(s, v->text) : NULL;
	return var && var->n && memchr(var->p, 0, var->n) != NULL;
}

static bool json_has_nul(const json *j)
{
	if (!j) return false;
	if (j->kind == JSON_STRING) return j->text.n && memchr(j->text.p, 0, j->text.n) != NULL;
	JSON_EACH (c, j) {
		if (json_has_nul(c)) return true;
	}
	return false;
}

static bool no_nul(const val *v, const session *s, const json *variables, error *err)
{
	bool array = (v->kind == VAL_VAR && v->conv == CONV_ARRAY) || (v->kind == VAL_COLUMN && v->conv != CONV_JSON);
	if (!has_nul(v, s, variables) && !(array && json_has_nul(follow(variables, v)))) return true;
	/* What PostgreSQL says of it. */
	return error_set(err, ERR_DATA_EXCEPTION, STR(""), "invalid byte sequence for encoding \"UTF8\": 0x00");
}

bool exec_bind_vals(
	arena *a, const val *vals, size_t n, const session *s, const json *variables, const char **values, error *err)
{
	for (size_t i = 0; i < n; i++) {
		if (!no_nul(&vals[i], s, variables, err)) return false;
		if (!bind_one(a, &vals[i], s, variables, &values[i], err)) return false;
	}
	return true;
}

bool exec_bind(arena *a, const statement *st, const session *s, const json *variables, pg_stmt *to, error *err)
{
	const char **values = NEW_ARRAY(a, const char *, st->nparams);
	*to = (pg_stmt){.id = st->id, .sql = st->sql, .nparams = st->nparams, .values = values};
	return exec_bind_vals(a, st->params, st->nparams, s, variables, values, err);
}
