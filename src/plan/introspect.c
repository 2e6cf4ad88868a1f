/* introspect: a selection of __schema or __type, checked against the introspection types. Errors are those of any other field. */
#include "plan/introspect.h"
#include "plan/input.h"
#include "schema/introspect.h"

/* Lists of members inside lists of members multiply; tools ask for one level, graphql-js allows two as well. */
enum { MAX_LISTS = 2 };

static bool selection(plan_ctx *c, introspect_type type, const sel_field *f, size_t lists, const plan_path *at,
	const introspect_sel **out, size_t *n);

static bool is_member_list(str name)
{
	return str_eqz(name, "fields") || str_eqz(name, "inputFields") || str_eqz(name, "interfaces") ||
		str_eqz(name, "possibleTypes");
}

/* The value changes nothing, but it must be one. Hasura v2 has no deprecated fields. */
static bool arguments(plan_ctx *c, const introspect_field *m, const sel_field *f, const plan_path *at)
{
	const str name = STR("includeDeprecated");
	if (!sel_arguments(c, f, at, &name, m->deprecated_arg)) return false;
	input in;
	bool value;
	if (!m->deprecated_arg || !sel_argument(c, f, at, name, &in)) return true;
	if (!input_peel(c, &in, type_nullable(STR("Boolean")), true)) return false;
	return input_is_null(&in) || input_bool(c, &in, &value);
}

/* lists: how many lists of members this field is inside of. */
static bool one(
	plan_ctx *c, introspect_type type, const sel_field *f, size_t lists, const plan_path *up, introspect_sel *out)
{
	out->key = f->key;
	if (str_eqz(f->name, "__typename")) return true;
	const plan_path *at = path_key(c, up, f->name);
	out->field = introspect_field_find(type, f->name);
	if (!out->field) return sel_unknown(c, f, at, introspect_type_name(type), STR(""));
	if (!arguments(c, out->field, f, at)) return false;
	if (!out->field->object) return sel_leaf(c, f, at);
	if (is_member_list(f->name) && ++lists > MAX_LISTS)
		return plan_fail(c, at, "maximum introspection depth exceeded");
	return selection(c, out->field->of, f, lists, at, &out->sub, &out->nsub);
}

/* Depth: bounded by the document's. */
static bool selection(plan_ctx *c, introspect_type type, const sel_field *f, size_t lists, const plan_path *at,
	const introspect_sel **out, size_t *n)
{
	const plan_path *inner = path_key(c, at, STR("selectionSet"));
	sel_field_vec fields;
	if (!sel_collect(c, introspect_type_name(type), &f->sub, inner, &fields)) return false;
	introspect_sel *v = NEW_ARRAY(c->a, introspect_sel, fields.n);
	for (size_t i = 0; i < fields.n; i++)
		if (!one(c, type, &fields.v[i], lists, inner, &v[i])) return false;
	*out = v;
	*n = fields.n;
	return true;
}

static bool type_name(plan_ctx *c, const sel_field *f, const plan_path *at, str *out)
{
	const str name = STR("name");
	const plan_path *args = path_key(c, at, STR("args"));
	input in;
	if (!sel_arguments(c, f, at, &name, 1)) return false;
	if (!sel_argument(c, f, at, name, &in))
		return plan_fail(c, path_key(c, args, name), "missing required field 'name'");
	if (!input_peel_value(c, &in, type_required(STR("String"))) || !input_string(c, &in, out)) return false;
	*out = str_copy(c->a, *out);
	return true;
}

bool root_introspect(plan_ctx *c, const sel_field *f, const plan_path *at, plan_root *out)
{
	introspect_query *q = NEW(c->a, introspect_query);
	q->role = c->role;
	q->alias = f->key;
	q->backend = c->req->backend;
	q->type = str_eqz(f->name, "__type");
	if (q->type ? !type_name(c, f, at, &q->type_name) : !sel_arguments(c, f, at, NULL, 0)) return false;
	if (!selection(c, q->type ? META_TYPE : META_SCHEMA, f, 0, at, &q->sub, &q->nsub)) return false;
	introspect_query_key(c->a, q);
	out->kind = ROOT_JSON;
	out->introspect = q;
	return true;
}
