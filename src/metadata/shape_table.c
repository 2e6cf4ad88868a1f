/* Tables: computed fields, configuration, and all their parts. Hasura v2: Table/Metadata.hs, Table/Cache.hs. */
#include "metadata/shape.h"

#include <stdlib.h>

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
			{"insert_permissions", shape_do_list, &shape_insert_perms, M_DROP_EMPTY, NULL},
			{"select_permissions", shape_do_list, &shape_select_perms, M_DROP_EMPTY, NULL},
			{"update_permissions", shape_do_list, &shape_update_perms, M_DROP_EMPTY, NULL},
			{"delete_permissions", shape_do_list, &shape_delete_perms, M_DROP_EMPTY, NULL},
			{"event_triggers", shape_do_list, &event_triggers, M_DROP_EMPTY, NULL},
			{"apollo_federation_config", shape_do_any, NULL, 0, NULL},
			{"logical_model", shape_do_any, NULL, 0, NULL},
			{0},
		},
};
