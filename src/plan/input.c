#include "plan/input.h"
#include "schema/number.h"

input input_literal(const gq_value *g, const plan_path *at)
{
	return (input){.g = g, .at = at};
}

in_kind input_kind(const input *in)
{
	static const in_kind of_literal[] = {
		[GQ_VAR] = IN_VARIABLE,
		[GQ_INT] = IN_INT,
		[GQ_FLOAT] = IN_FLOAT,
		[GQ_STRING] = IN_STRING,
		[GQ_BOOL] = IN_BOOL,
		[GQ_NULL] = IN_NULL,
		[GQ_ENUM] = IN_ENUM,
		[GQ_LIST] = IN_LIST,
		[GQ_OBJECT] = IN_OBJECT,
	};
	static const in_kind of_json[] = {
		[JSON_NULL] = IN_NULL,
		[JSON_BOOL] = IN_BOOL,
		[JSON_NUMBER] = IN_NUMBER,
		[JSON_STRING] = IN_STRING,
		[JSON_ARRAY] = IN_LIST,
		[JSON_OBJECT] = IN_OBJECT,
	};
	if (in->g) return of_literal[in->g->kind];
	return in->j ? of_json[in->j->kind] : IN_ABSENT;
}

const char *input_describe(const input *in)
{
	static const char *const text[] = {
		[IN_ABSENT] = "null",
		[IN_NULL] = "null",
		[IN_BOOL] = "a boolean",
		[IN_INT] = "an integer",
		[IN_FLOAT] = "a float",
		[IN_NUMBER] = "a number",
		[IN_STRING] = "a string",
		[IN_ENUM] = "an enum value",
		[IN_LIST] = "a list",
		[IN_OBJECT] = "an object",
		[IN_VARIABLE] = "a variable",
	};
	return text[input_kind(in)];
}

bool input_mismatch(plan_ctx *c, const input *in, const char *expected, str type)
{
	return plan_fail(
		c, in->at, "expected %s for type '%.*s', but found %s", expected, STR_ARG(type), input_describe(in));
}

void input_guard(plan_ctx *c, const input *in)
{
	if (!in->j) return;
	buf key = {0};
	for (size_t i = 0; i < in->nvpath; i++) {
		buf_putc(&key, '\0');
		if (in->vpath[i].key.p) buf_put(&key, in->vpath[i].key);
		else buf_put_u64(&key, in->vpath[i].index);
	}
	str k = str_copy(c->a, buf_str(&key));
	buf_free(&key);
	if (!map_add(c->a, &c->guarded, k, c)) return;
	plan_guard g = {.path = in->vpath, .npath = in->nvpath, .text = json_to_str(c->a, in->j)};
	vec_push(c->a, &c->guards, g);
}

static const val_step *step_into(plan_ctx *c, const input *in, str key, size_t index)
{
	val_step *path = NEW_ARRAY(c->a, val_step, in->nvpath + 1);
	memcpy(path, in->vpath, in->nvpath * sizeof *path);
	path[in->nvpath] = key.p ? (val_step){.key = str_copy(c->a, key)} : (val_step){.index = index};
	return path;
}

static bool is_container(const json *j)
{
	return j->kind == JSON_ARRAY || j->kind == JSON_OBJECT;
}

static bool is_unbound(plan_ctx *c, const gq_value *v)
{
	return v->kind == GQ_VAR && input_variable_unbound(c, v->text);
}

static bool literal_members(plan_ctx *c, const input *in, input_object *out)
{
	out->v = NEW_ARRAY(c->a, input_member, in->g->count);
	for (const gq_value *m = in->g->first; m; m = m->next)
		if (!is_unbound(c, m))
			out->v[out->n++] = (input_member){
				.name = m->name, .value = input_literal(m, path_key(c, in->at, m->name))};
	return true;
}

bool input_members(plan_ctx *c, const input *in, str type, input_object *out)
{
	*out = (input_object){0};
	if (input_kind(in) != IN_OBJECT) return input_mismatch(c, in, "an object", type);
	if (in->g) return literal_members(c, in, out);
	out->v = NEW_ARRAY(c->a, input_member, in->j->count);
	JSON_EACH (m, in->j) {
		if (!str_is_name(m->key))
			return plan_fail(c, in->at,
				"variable value contains object with key \"%.*s\", which is not a legal GraphQL name",
				STR_ARG(m->key));
		input v = {.j = m,
			.vpath = step_into(c, in, m->key, 0),
			.nvpath = in->nvpath + 1,
			.at = path_key(c, in->at, m->key)};
		out->v[out->n++] = (input_member){.name = m->key, .value = v};
	}
	return true;
}

bool input_items(plan_ctx *c, const input *in, input_list *out)
{
	*out = (input_list){0};
	if (input_is_null(in)) return plan_fail(c, in->at, "expected a list, but found null");
	if (input_kind(in) != IN_LIST) {
		out->v = NEW(c->a, input);
		out->v[0] = *in;
		out->v[0].at = path_index(c, in->at, 0);
		out->n = 1;
		out->coerced = true;
		return true;
	}
	out->v = NEW_ARRAY(c->a, input, in->g ? in->g->count : in->j->count);
	if (in->g) {
		for (const gq_value *e = in->g->first; e; e = e->next)
			if (!is_unbound(c, e)) {
				out->v[out->n] = input_literal(e, path_index(c, in->at, out->n));
				out->n++;
			}
		return true;
	}
	/* The skeleton does not hold the length of a long list of scalars or of plain objects. */
	if (in->j->count > SKELETON_LIST_MAX && (!is_container(in->j->first) || plan_list_is_uniform(in->j)))
		input_guard(c, in);
	JSON_EACH (e, in->j) {
		input v = {.j = e, .vpath = step_into(c, in, STR_NULL, out->n), .nvpath = in->nvpath + 1};
		v.at = path_index(c, in->at, out->n);
		out->v[out->n++] = v;
	}
	return true;
}

input *input_get(input_object *o, str name)
{
	for (size_t i = 0; i < o->n; i++)
		if (str_eq(o->v[i].name, name)) return &o->v[i].value;
	return NULL;
}

bool input_unknown_field(plan_ctx *c, const input_member *m, str type)
{
	return plan_fail(c, m->value.at, "field '%.*s' not found in type: '%.*s'", STR_ARG(m->name), STR_ARG(type));
}

bool input_only(plan_ctx *c, const input_object *o, str type, const str *names, size_t n)
{
	for (size_t i = 0; i < o->n; i++) {
		size_t k = 0;
		while (k < n && !str_eq(names[k], o->v[i].name))
			k++;
		if (k == n) return input_unknown_field(c, &o->v[i], type);
	}
	return true;
}

/* ---- leaves that shape the plan ---- */

bool input_bool(plan_ctx *c, const input *in, bool *out)
{
	if (input_kind(in) != IN_BOOL) return input_mismatch(c, in, "a boolean", STR("Boolean"));
	*out = in->g ? in->g->boolean : in->j->boolean;
	input_guard(c, in);
	return true;
}

static str number_text(const input *in)
{
	return in->g ? in->g->text : in->j->text;
}

static bool bounded(plan_ctx *c, const input *in, int64_t lo, int64_t hi, int64_t *out)
{
	str text = number_text(in);
	if (!number_to_int(text, lo, hi, out))
		return plan_fail_code(c, ERR_PARSE_FAILED, in->at, NUMBER_BOUNDS, STR_ARG(number_show(c->a, text)));
	input_guard(c, in);
	return true;
}

static bool is_integer(const input *in)
{
	in_kind k = input_kind(in);
	return k == IN_INT || k == IN_NUMBER;
}

bool input_int(plan_ctx *c, const input *in, int64_t *out)
{
	if (!is_integer(in)) return input_mismatch(c, in, "a 32-bit integer", STR("Int"));
	return bounded(c, in, INT32_MIN, INT32_MAX, out);
}

bool input_nonnegative(plan_ctx *c, const input *in, int64_t *out)
{
	if (!is_integer(in) || number_negative(number_text(in)))
		return input_mismatch(c, in, "a non-negative 32-bit integer", STR("Int"));
	return bounded(c, in, INT32_MIN, INT32_MAX, out);
}

bool input_bigint(plan_ctx *c, const input *in, int64_t *out)
{
	if (is_integer(in)) return bounded(c, in, INT64_MIN, INT64_MAX, out);
	if (input_kind(in) == IN_STRING) {
		str text = in->g ? in->g->text : in->j->text;
		if (text.n && text.p[0] != '-' && str_to_i64(text, out)) {
			input_guard(c, in);
			return true;
		}
	}
	return input_mismatch(c, in, "a 32-bit integer, or a 64-bit integer represented as a string", STR("Int"));
}

bool input_string(plan_ctx *c, const input *in, str *out)
{
	if (input_kind(in) != IN_STRING) return input_mismatch(c, in, "a string", STR("String"));
	*out = str_copy(c->a, in->g ? in->g->text : in->j->text);
	input_guard(c, in);
	return true;
}

bool input_enum(plan_ctx *c, const input *in, str type, const str *names, size_t n, size_t *out)
{
	in_kind k = input_kind(in);
	bool named = in->j && k == IN_STRING && str_is_name(in->j->text);
	if (k != IN_ENUM && !named) return input_mismatch(c, in, "an enum value", type);
	str value = in->g ? in->g->text : in->j->text;
	input_guard(c, in);
	for (*out = 0; *out < n; ++*out)
		if (str_eq(names[*out], value)) return true;
	return plan_fail(c, in->at, "expected one of the values %.*s for type '%.*s', but found '%.*s'",
		STR_ARG(plan_name_list(c->a, names, n)), STR_ARG(type), STR_ARG(value));
}
