/* Permissions. Hasura v2: RQL/Types/Permission.hs. */
#include "metadata/shape.h"

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
			{"computed_fields", shape_do_list, &shape_names, M_DROP_EMPTY, NULL},
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
	const shape_list shape_##kind##_perms = {shape_do_object, &kind##_def, "role", #kind " permissions", false}

PERM(insert);
PERM(select);
PERM(update);
PERM(delete);
