/* Tables and functions. Hasura v2: Table/Metadata.hs, Table/Cache.hs, RQL/Types/Permission.hs, Relationships/Local.hs. */
#include "metadata/shape.h"

#include <stdlib.h>

/* ---- relationships ---- */

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

/* ---- computed fields ---- */

static const shape_object computed_definition = {
	.context = "Hasura.Backends.Postgres.Types.ComputedField.ComputedFieldDefinition(ComputedFieldDefinition)",
	.generic = true,
	.members =
		(const shape_member[]){
			{"function", shape_do_qname, NULL, M_REQUIRED, NULL},
			{"session_argument", shape_do_text, NULL, 0, NULL},
			{"table_argument", shape_do_text, NULL, 0, NULL},
			{0},
		},
};
static const shape_object computed_field = {
	.context = "ComputedFieldMetadata",
	.members =
		(const shape_member[]){
			{"name", shape_do_nonempty, NULL, M_REQUIRED, NULL},
			{"definition", shape_do_object, &computed_definition, M_REQUIRED, NULL},
			{"comment", shape_do_comment, NULL, 0, NULL},
			{0},
		},
};
static const shape_list computed_fields = {shape_do_object, &computed_field, "name", "computed fields", false};

/* ---- permissions ---- */

/*
 * Roles mostly share a table's column lists (4,780 permissions with 174,503 columns had 350 lists with 16,541), so arrays of
 * equal lists share their elements: canonical JSON never changes.
 */
static bool do_column_list(shape_ctx *c, const json *in, json **out)
{
	str text = json_to_str(c->scratch, in);
	const json *had = map_get(&c->lists, text);
	if (!had) {
		if (!shape_do_list(c, &shape_texts, in, out)) return false;
		map_put(c->scratch, &c->lists, text, *out);
		return true;
	}
	*out = json_new_array(c->a);
	(*out)->first = had->first;
	(*out)->last = had->last;
	(*out)->count = had->count;
	return true;
}

static bool do_perm_columns(shape_ctx *c, const void *arg, const json *in, json **out)
{
	(void)arg;
	if (json_is(in, JSON_STRING) && str_eqz(in->text, "*")) {
		*out = json_new_str(c->a, STR("*"));
		return true;
	}
	if (json_is(in, JSON_ARRAY)) return do_column_list(c, in, out);
	return shape_do_list(c, &shape_texts, in, out);
}

static bool do_validate_type(shape_ctx *c, const void *arg, const json *in, json **out)
{
	if (json_is(in, JSON_STRING) && !str_eqz(in->text, "http")) {
		return shape_fail(c, "expecting only 'http' for 'type' but got %.*s", STR_ARG(in->text));
	}
	return shape_do_text(c, arg, in, out);
}

static const shape_object validate_http = {
	.context = "ValidateInputHttpDefinition",
	.members =
		(const shape_member[]){
			{"forward_client_headers", shape_do_bool, NULL, 0, "false"},
			{"headers", shape_do_any_list, NULL, 0, "[]"},
			{"timeout", shape_do_int, NULL, 0, "10"},
			{"url", shape_do_text, "String", M_REQUIRED, NULL},
			{0},
		},
};
static const shape_object validate_input = {
	.context = "ValidateInput",
	.members =
		(const shape_member[]){
			{"definition", shape_do_object, &validate_http, M_REQUIRED, NULL},
			{"type", do_validate_type, NULL, M_REQUIRED, NULL},
			{0},
		},
};

static const shape_tags query_roots = {
	"Hasura.RQL.Types.Permission.QueryRootFieldType",
	(const char *const[]){"select", "select_by_pk", "select_aggregate", NULL},
};
static const shape_tags subscription_roots = {
	"Hasura.RQL.Types.Permission.SubscriptionRootFieldType",
	(const char *const[]){"select", "select_by_pk", "select_aggregate", "select_stream", NULL},
};
static const shape_list computed_names = {.fn = shape_do_nonempty};

static const shape_object insert_perm = {
	.context = "InsPerm",
	.members =
		(const shape_member[]){
			{"check", shape_do_bool_exp, NULL, M_REQUIRED, NULL},
			{"set", shape_do_text_map, NULL, M_DROP_EMPTY, NULL},
			{"columns", do_perm_columns, NULL, 0, NULL},
			{"backend_only", shape_do_bool, NULL, M_DROP_FALSE, NULL},
			{"validate_input", shape_do_object, &validate_input, 0, NULL},
			{0},
		},
};
static const shape_object select_perm = {
	.context = "SelPerm",
	.members =
		(const shape_member[]){
			{"columns", do_perm_columns, NULL, M_REQUIRED, NULL},
			{"computed_fields", shape_do_list, &computed_names, M_DROP_EMPTY, NULL},
			{"filter", shape_do_bool_exp, NULL, M_REQUIRED, NULL},
			{"limit", shape_do_int, NULL, 0, NULL},
			{"allow_aggregations", shape_do_bool, NULL, M_DROP_FALSE, NULL},
			{"query_root_fields", shape_do_tag_set, &query_roots, 0, NULL},
			{"subscription_root_fields", shape_do_tag_set, &subscription_roots, 0, NULL},
			{0},
		},
};
static const shape_object update_perm = {
	.context = "UpdPerm",
	.members =
		(const shape_member[]){
			{"columns", do_perm_columns, NULL, M_REQUIRED, NULL},
			{"filter", shape_do_bool_exp, NULL, M_REQUIRED, NULL},
			{"check", shape_do_bool_exp, NULL, 0, "null"},
			{"set", shape_do_text_map, NULL, M_DROP_EMPTY, NULL},
			{"backend_only", shape_do_bool, NULL, M_DROP_FALSE, NULL},
			{"validate_input", shape_do_object, &validate_input, 0, NULL},
			{0},
		},
};
static const shape_object delete_perm = {
	.context = "DelPerm",
	.members =
		(const shape_member[]){
			{"filter", shape_do_bool_exp, NULL, M_REQUIRED, NULL},
			{"backend_only", shape_do_bool, NULL, M_DROP_FALSE, NULL},
			{"validate_input", shape_do_object, &validate_input, 0, NULL},
			{0},
		},
};

#define PERM(kind)                                                                               \
	static const shape_object kind##_def = {                                                 \
		.context = "Hasura.RQL.Types.Permission.PermDef(PermDef)",                       \
		.generic = true,                                                                 \
		.members =                                                                       \
			(const shape_member[]){                                                  \
				{"role", shape_do_nonempty, NULL, M_REQUIRED, NULL},             \
				{"permission", shape_do_object, &kind##_perm, M_REQUIRED, NULL}, \
				{"comment", shape_do_text, NULL, 0, NULL},                       \
				{0},                                                             \
			},                                                                       \
	};                                                                                       \
	static const shape_list kind##_perms = {shape_do_object, &kind##_def, "role", #kind " permissions", false}

PERM(insert);
PERM(select);
PERM(update);
PERM(delete);

/* ---- configuration ---- */

/* null and "" (what consoles send) leave the name automatic. */
static bool do_custom_root(shape_ctx *c, const void *arg, const json *in, json **out)
{
	(void)arg;
	if (json_is_null(in)) return true;
	if (in->kind == JSON_STRING) return in->text.n ? shape_do_name(c, NULL, in, out) : true;
	if (in->kind != JSON_OBJECT) return shape_mismatch(c, "CustomRootField", "Object, String or Null", in);
	const json *name = json_getz(in, "name"), *comment = json_getz(in, "comment");
	json *n = NULL, *text = NULL;
	if (!json_is_null(name) && !shape_at_key(c, "name", shape_do_name, NULL, name, &n)) return false;
	if (!shape_at_key(c, "comment", shape_do_comment, NULL, comment, &text)) return false;
	if (!text) {
		*out = n;
		return true;
	}
	*out = json_new_object(c->a);
	json_setz(*out, "comment", text);
	json_setz(*out, "name", n ? n : json_new_null(c->a));
	return true;
}

static str custom_root_name(const json *root)
{
	return root->kind == JSON_STRING ? root->text : json_str_or(root, "name", STR(""));
}

/* "a and b", "a, b and c" as Hasura's englishList puts it: "a, b, and c". */
static bool finish_custom_roots(shape_ctx *c, json *out)
{
	str dups[ROOT_FIELD_COUNT];
	size_t n = 0;
	for (json *x = out->first; x; x = x->next) {
		str name = custom_root_name(x);
		bool before = false, again = false;
		for (json *y = out->first; y; y = y->next) {
			if (y == x || !name.n || !str_eq(custom_root_name(y), name)) continue;
			again = true;
		}
		for (size_t i = 0; i < n; i++)
			before |= str_eq(dups[i], name);
		if (again && !before) dups[n++] = name;
	}
	if (!n) return true;
	buf list = {0};
	for (size_t i = 0; i < n; i++) {
		if (i && n == 2) buf_puts(&list, " and ");
		else if (i) buf_puts(&list, i + 1 == n ? ", and " : ", ");
		buf_put(&list, dups[i]);
	}
	shape_fail(c, "the following custom root field names are duplicated: %.*s", STR_ARG(buf_str(&list)));
	buf_free(&list);
	return false;
}

static const shape_object custom_roots = {
	.context = "Object",
	.finish = finish_custom_roots,
	.members =
		(const shape_member[]){
			{"delete", do_custom_root, NULL, 0, NULL},
			{"delete_by_pk", do_custom_root, NULL, 0, NULL},
			{"insert", do_custom_root, NULL, 0, NULL},
			{"insert_one", do_custom_root, NULL, 0, NULL},
			{"select", do_custom_root, NULL, 0, NULL},
			{"select_aggregate", do_custom_root, NULL, 0, NULL},
			{"select_by_pk", do_custom_root, NULL, 0, NULL},
			{"select_stream", do_custom_root, NULL, 0, NULL},
			{"update", do_custom_root, NULL, 0, NULL},
			{"update_by_pk", do_custom_root, NULL, 0, NULL},
			{"update_many", do_custom_root, NULL, 0, NULL},
			{0},
		},
};

static const shape_object column_config = {
	.context = "ColumnConfig",
	.members =
		(const shape_member[]){
			{"comment", shape_do_comment, NULL, 0, NULL},
			{"custom_name", shape_do_name, NULL, 0, NULL},
			{0},
		},
};

/* A map column → element, each element by fn; sorted by column. */
static bool do_column_map(shape_ctx *c, const json *in, shape_fn *fn, const void *arg, json **out)
{
	if (!json_is(in, JSON_OBJECT)) return shape_mismatch(c, "HashMap", "Object", in);
	json *made = json_new_object(c->a);
	JSON_EACH (m, in) {
		json *v;
		if (!shape_at_key(c, str_z(c->scratch, m->key), fn, arg, m, &v)) return false;
		json_set(made, shape_intern(c, m->key), v);
	}
	*out = made;
	return true;
}

static bool do_column_config(shape_ctx *c, const void *arg, const json *in, json **out)
{
	(void)arg;
	return do_column_map(c, in, shape_do_object, &column_config, out);
}

static bool do_column_names(shape_ctx *c, const void *arg, const json *in, json **out)
{
	(void)arg;
	return do_column_map(c, in, shape_do_name, NULL, out);
}

static int by_name(const void *x, const void *y)
{
	return str_cmp(*(const str *)x, *(const str *)y);
}

/* column_config with the legacy custom_column_names folded in; then the latter made from it (Hasura keeps the mirror). */
static void merge_columns(shape_ctx *c, const json *config, const json *legacy, json *configs, json *mirror)
{
	str *names = NEW_ARRAY(c->scratch, str, (config ? config->count : 0) + (legacy ? legacy->count : 0));
	size_t n = 0;
	JSON_EACH (m, config)
		names[n++] = m->key;
	JSON_EACH (m, legacy) {
		if (!json_get(config, m->key)) names[n++] = m->key;
	}
	if (n > 1) qsort(names, n, sizeof(*names), by_name);
	for (size_t i = 0; i < n; i++) {
		const json *old = json_get(legacy, names[i]);
		json *one = json_new_object(c->a);
		str comment = json_str_or(json_get(config, names[i]), "comment", STR_NULL);
		str name = json_str_or(json_get(config, names[i]), "custom_name", old ? old->text : STR_NULL);
		if (comment.p) json_setz(one, "comment", shape_new_str(c, comment));
		if (name.p) json_setz(one, "custom_name", shape_new_str(c, name));
		if (one->first) json_set(configs, names[i], one);
		if (name.p) json_set(mirror, names[i], shape_new_str(c, name));
	}
}

/* Hasura v2: Table/Cache.hs TableConfig: all of it or, when nothing is configured, nothing. */
static bool do_table_config(shape_ctx *c, const void *arg, const json *in, json **out)
{
	static const shape_member members[] = {
		{"column_config", do_column_config, NULL, 0, NULL},
		{"custom_column_names", do_column_names, NULL, 0, NULL},
		{"comment", shape_do_comment, NULL, 0, NULL},
		{"custom_name", shape_do_name, NULL, 0, NULL},
		{"custom_root_fields", shape_do_object, &custom_roots, 0, "{}"},
		{0},
	};
	static const shape_object config = {.context = "TableConfig", .members = members};
	(void)arg;
	json *read;
	if (!shape_do_object(c, &config, in, &read)) return false;
	json *configs = json_new_object(c->a), *mirror = json_new_object(c->a);
	merge_columns(c, json_getz(read, "column_config"), json_getz(read, "custom_column_names"), configs, mirror);
	json *comment = json_getz(read, "comment"), *name = json_getz(read, "custom_name");
	json *roots = json_getz(read, "custom_root_fields");
	if (!configs->first && !comment && !name && !roots->first) return true;
	json *made = json_new_object(c->a);
	json_setz(made, "column_config", configs);
	if (comment) json_setz(made, "comment", shape_new_str(c, comment->text));
	json_setz(made, "custom_column_names", mirror);
	if (name) json_setz(made, "custom_name", shape_new_str(c, name->text));
	json_setz(made, "custom_root_fields", roots); /* the last member of read: nothing follows it */
	*out = made;
	return true;
}

/* ---- event triggers and remote relationships: no model yet, but Hasura's order ---- */

static const shape_object event_trigger = {
	.context = "EventTriggerConf",
	.unknown = UNKNOWN_KEEP,
	.members =
		(const shape_member[]){
			{"name", shape_do_nonempty, NULL, M_REQUIRED, NULL},
			{"definition", shape_do_any, NULL, M_REQUIRED, NULL},
			{"retry_conf", shape_do_any, NULL, 0,
				"{\"interval_sec\":10,\"num_retries\":0,\"timeout_sec\":60}"},
			{"webhook", shape_do_any, NULL, 0, NULL},
			{"webhook_from_env", shape_do_any, NULL, 0, NULL},
			{"headers", shape_do_any, NULL, M_DROP_EMPTY, NULL},
			{"request_transform", shape_do_any, NULL, 0, NULL},
			{"response_transform", shape_do_any, NULL, 0, NULL},
			{"cleanup_config", shape_do_any, NULL, 0, NULL},
			{"trigger_on_replication", shape_do_any, NULL, M_DROP_FALSE, NULL},
			{0},
		},
};
static const shape_list event_triggers = {shape_do_object, &event_trigger, "name", "event triggers", false};

static const shape_object remote_relationship = {
	.context = "RemoteRelationship",
	.unknown = UNKNOWN_KEEP,
	.members =
		(const shape_member[]){
			{"definition", shape_do_any, NULL, 0, NULL},
			{"name", shape_do_nonempty, NULL, M_REQUIRED, NULL},
			{0},
		},
};
static const shape_list remote_relationships = {
	shape_do_object,
	&remote_relationship,
	"name",
	"remote relationships",
	false,
};

/* ---- the table ---- */

const shape_object shape_table = {
	.context = "TableMetadata",
	.unknown = UNKNOWN_REFUSE,
	.members =
		(const shape_member[]){
			{"table", shape_do_qname, NULL, M_REQUIRED, NULL},
			{"is_enum", shape_do_bool, NULL, M_DROP_FALSE, NULL},
			{"configuration", do_table_config, NULL, 0, NULL},
			{"object_relationships", shape_do_list, &shape_object_rels, M_DROP_EMPTY, NULL},
			{"array_relationships", shape_do_list, &shape_array_rels, M_DROP_EMPTY, NULL},
			{"computed_fields", shape_do_list, &computed_fields, M_DROP_EMPTY, NULL},
			{"remote_relationships", shape_do_list, &remote_relationships, M_DROP_EMPTY, NULL},
			{"insert_permissions", shape_do_list, &insert_perms, M_DROP_EMPTY, NULL},
			{"select_permissions", shape_do_list, &select_perms, M_DROP_EMPTY, NULL},
			{"update_permissions", shape_do_list, &update_perms, M_DROP_EMPTY, NULL},
			{"delete_permissions", shape_do_list, &delete_perms, M_DROP_EMPTY, NULL},
			{"event_triggers", shape_do_list, &event_triggers, M_DROP_EMPTY, NULL},
			{"apollo_federation_config", shape_do_any, NULL, 0, NULL},
			{"logical_model", shape_do_any, NULL, 0, NULL},
			{0},
		},
};

/* ---- functions. Hasura v2: Function/Metadata.hs, Function/Cache.hs ---- */

static bool finish_function_roots(shape_ctx *c, json *out)
{
	str f = json_str_or(out, "function", STR_NULL), agg = json_str_or(out, "function_aggregate", STR_NULL);
	if (!f.p || !agg.p || !str_eq(f, agg)) return true;
	return shape_fail(
		c, "the following custom root field names are duplicated: %.*s and \"%.*s\"", STR_ARG(f), STR_ARG(agg));
}

static const shape_object function_roots = {
	.context = "Object",
	.finish = finish_function_roots,
	.members =
		(const shape_member[]){
			{"function", shape_do_name, NULL, 0, NULL},
			{"function_aggregate", shape_do_name, NULL, 0, NULL},
			{0},
		},
};
static const shape_tags exposed_as = {
	"Hasura.Function.Cache.FunctionExposedAs",
	(const char *const[]){"query", "mutation", NULL},
};
static const shape_object function_response = {
	.context = "FunctionReturnType",
	.members =
		(const shape_member[]){
			{"table", shape_do_qname, NULL, 0, NULL},
			{"type", shape_do_text, NULL, M_REQUIRED, NULL},
			{0},
		},
};
static const shape_object function_config = {
	.context = "FunctionConfig",
	.members =
		(const shape_member[]){
			{"custom_name", shape_do_name, NULL, 0, NULL},
			{"custom_root_fields", shape_do_object, &function_roots, 0, "{}"},
			{"exposed_as", shape_do_tag, &exposed_as, 0, NULL},
			{"response", shape_do_object, &function_response, 0, NULL},
			{"session_argument", shape_do_text, NULL, 0, NULL},
			{0},
		},
};

static bool do_function_config(shape_ctx *c, const void *arg, const json *in, json **out)
{
	(void)arg;
	if (!shape_do_object(c, &function_config, in, out)) return false;
	if ((*out)->count == 1 && !json_getz(*out, "custom_root_fields")->first) *out = NULL;
	return true;
}

static const shape_object function_permission = {
	.context = "Hasura.Function.Cache.FunctionPermissionInfo(FunctionPermissionInfo)",
	.generic = true,
	.members = (const shape_member[]){{"role", shape_do_nonempty, NULL, M_REQUIRED, NULL}, {0}},
};
static const shape_list function_permissions = {.fn = shape_do_object, .arg = &function_permission};

const shape_object shape_function = {
	.context = "FunctionMetadata",
	.members =
		(const shape_member[]){
			{"function", shape_do_qname, NULL, M_REQUIRED, NULL},
			{"configuration", do_function_config, NULL, 0, NULL},
			{"permissions", shape_do_list, &function_permissions, M_DROP_EMPTY, NULL},
			{"comment", shape_do_text, NULL, 0, NULL},
			{0},
		},
};

const shape_object shape_inherited_role = {
	.context = "Role",
	.members =
		(const shape_member[]){
			{"role_name", shape_do_nonempty, NULL, M_REQUIRED, NULL},
			{"role_set", shape_do_list, &computed_names, M_REQUIRED, NULL},
			{0},
		},
};
