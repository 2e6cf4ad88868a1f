/* Functions and inherited roles. Hasura v2: Function/Metadata.hs, Function/Cache.hs. */
#include "metadata/shape.h"

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
			{"role_set", shape_do_list, &shape_names, M_REQUIRED, NULL},
			{0},
		},
};
