/* Relationships. Hasura v2: Relationships/Local.hs. */
#include "metadata/shape.h"

static bool do_columns_of_key(shape_ctx *c, const json *in, json **out)
{
	static const shape_list list = {.fn = shape_do_text, .nonempty = true};
	if (json_is(in, JSON_STRING)) return shape_do_text(c, NULL, in, out);
	if (!json_is(in, JSON_ARRAY)) return shape_fail(c, "Expected string or array");
	if (!shape_do_list(c, &list, in, out)) return false;
	if ((*out)->count == 1) *out = shape_new_str(c, (*out)->first->text);
	return true;
}

/* {table, column} or {table, columns}: the key is on the other table. */
static bool do_remote_key(shape_ctx *c, const json *in, json **out)
{
	const json *table = json_getz(in, "table"), *column = json_getz(in, "column"),
		   *columns = json_getz(in, "columns");
	if (!table) return shape_fail(c, "key \"table\" not found");
	json *t, *cols;
	if (!shape_at_key(c, "table", shape_do_qname, NULL, table, &t)) return false;
	if (json_is_null(column) == json_is_null(columns)) {
		return shape_fail(c, "expected exactly one of 'column' or 'columns'");
	}
	if (!do_columns_of_key(c, json_is_null(column) ? columns : column, &cols)) return false;
	*out = json_new_object(c->a);
	json_setz(*out, cols->kind == JSON_STRING ? "column" : "columns", cols);
	json_setz(*out, "table", t);
	return true;
}

static bool do_object_key(shape_ctx *c, const void *arg, const json *in, json **out)
{
	(void)arg;
	return json_is(in, JSON_OBJECT) ? do_remote_key(c, in, out) : do_columns_of_key(c, in, out);
}

static bool do_array_key(shape_ctx *c, const void *arg, const json *in, json **out)
{
	(void)arg;
	if (!json_is(in, JSON_OBJECT)) return shape_fail(c, "Expecting object { table, columns }.");
	return do_remote_key(c, in, out);
}

static bool do_mapping(shape_ctx *c, const void *arg, const json *in, json **out)
{
	(void)arg;
	if (!json_is(in, JSON_OBJECT)) return shape_mismatch(c, "HashMap", "Object", in);
	JSON_EACH (m, in) {
		json *text;
		if (!shape_at_key(c, str_z(c->scratch, m->key), shape_do_text, NULL, m, &text)) return false;
	}
	return shape_do_any(c, NULL, in, out);
}

static bool do_insertion_order(shape_ctx *c, const void *arg, const json *in, json **out)
{
	(void)arg;
	str s = json_is(in, JSON_STRING) ? in->text : STR("");
	if (!str_eqz(s, "before_parent") && !str_eqz(s, "after_parent")) {
		return shape_fail(c, "insertion_order should be 'before_parent' or 'after_parent'");
	}
	*out = shape_new_str(c, s);
	return true;
}

static bool do_manual(shape_ctx *c, const void *arg, const json *in, json **out)
{
	static const shape_member table[] = {
		{"column_mapping", do_mapping, NULL, M_REQUIRED, NULL},
		{"insertion_order", do_insertion_order, NULL, 0, "null"},
		{"remote_table", shape_do_qname, NULL, M_REQUIRED, NULL},
		{0},
	};
	static const shape_member query[] = {
		{"column_mapping", do_mapping, NULL, M_REQUIRED, NULL},
		{"insertion_order", do_insertion_order, NULL, 0, "null"},
		{"remote_native_query", shape_do_text, NULL, M_REQUIRED, NULL},
		{0},
	};
	static const shape_object to_table = {.context = "RelManualTableConfig", .members = table};
	static const shape_object to_query = {.context = "RelManualNativeQueryConfig", .members = query};
	(void)arg;
	bool native = !json_getz(in, "remote_table") && json_getz(in, "remote_native_query");
	return shape_do_object(c, native ? &to_query : &to_table, in, out);
}

/* arg: the function for foreign_key_constraint_on. */
static bool do_using(shape_ctx *c, const json *in, shape_fn *key, json **out)
{
	if (!json_is(in, JSON_OBJECT)) return shape_fail(c, "using should be an object");
	const json *fk = json_getz(in, "foreign_key_constraint_on"), *manual = json_getz(in, "manual_configuration");
	if (!fk == !manual) {
		return shape_fail(c, "%s one of foreign_key_constraint_on/manual_configuration should be present",
			fk ? "only" : "atleast");
	}
	const char *name = fk ? "foreign_key_constraint_on" : "manual_configuration";
	json *v;
	if (!shape_at_key(c, name, fk ? key : do_manual, NULL, fk ? fk : manual, &v)) return false;
	*out = json_new_object(c->a);
	json_setz(*out, name, v);
	return true;
}

static bool do_object_using(shape_ctx *c, const void *arg, const json *in, json **out)
{
	(void)arg;
	return do_using(c, in, do_object_key, out);
}

static bool do_array_using(shape_ctx *c, const void *arg, const json *in, json **out)
{
	(void)arg;
	return do_using(c, in, do_array_key, out);
}

#define REL_CONTEXT "Hasura.RQL.Types.Relationships.Local.RelDef(RelDef)"

static const shape_object object_rel = {
	.context = REL_CONTEXT,
	.generic = true,
	.members =
		(const shape_member[]){
			{"name", shape_do_nonempty, NULL, M_REQUIRED, NULL},
			{"using", do_object_using, NULL, M_REQUIRED, NULL},
			{"comment", shape_do_text, NULL, 0, NULL},
			{0},
		},
};
static const shape_object array_rel = {
	.context = REL_CONTEXT,
	.generic = true,
	.members =
		(const shape_member[]){
			{"name", shape_do_nonempty, NULL, M_REQUIRED, NULL},
			{"using", do_array_using, NULL, M_REQUIRED, NULL},
			{"comment", shape_do_text, NULL, 0, NULL},
			{0},
		},
};
const shape_list shape_object_rels = {shape_do_object, &object_rel, "name", "object relationships", false};
const shape_list shape_array_rels = {shape_do_object, &array_rel, "name", "array relationships", false};
