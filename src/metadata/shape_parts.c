/* Top-level parts in the order of the export. Hasura v2: RQL/Types/Metadata.hs, RQL/Types/Metadata/Serialization.hs. */
#include "metadata/shape.h"

static const shape_object role_comment = {
	.context = "ActionPermissionMetadata",
	.unknown = UNKNOWN_KEEP,
	.members =
		(const shape_member[]){
			{"role", shape_do_nonempty, NULL, M_REQUIRED, NULL},
			{"comment", shape_do_text, NULL, 0, NULL},
			{0},
		},
};
static const shape_list role_comments = {.fn = shape_do_object, .arg = &role_comment};

/* ---- remote schemas ---- */

static const shape_object remote_definition = {
	.context = "RemoteSchemaDef",
	.unknown = UNKNOWN_KEEP,
	.members =
		(const shape_member[]){
			{"url", shape_do_any, NULL, 0, NULL},
			{"url_from_env", shape_do_any, NULL, 0, NULL},
			{"timeout_seconds", shape_do_any, NULL, 0, NULL},
			{"customization", shape_do_any, NULL, 0, NULL},
			{"headers", shape_do_any, NULL, M_DROP_EMPTY, NULL},
			{"forward_client_headers", shape_do_any, NULL, M_DROP_FALSE, NULL},
			{0},
		},
};
static const shape_object remote_permission = {
	.context = "RemoteSchemaPermissionMetadata",
	.unknown = UNKNOWN_KEEP,
	.members =
		(const shape_member[]){
			{"role", shape_do_nonempty, NULL, M_REQUIRED, NULL},
			{"definition", shape_do_any, NULL, M_REQUIRED, NULL},
			{"comment", shape_do_text, NULL, 0, NULL},
			{0},
		},
};
static const shape_list remote_permissions = {.fn = shape_do_object, .arg = &remote_permission};
static const shape_object remote_schema = {
	.context = "RemoteSchemaMetadata",
	.unknown = UNKNOWN_KEEP,
	.members =
		(const shape_member[]){
			{"name", shape_do_nonempty, NULL, M_REQUIRED, NULL},
			{"definition", shape_do_object, &remote_definition, M_REQUIRED, NULL},
			{"comment", shape_do_text, NULL, 0, NULL},
			{"permissions", shape_do_list, &remote_permissions, M_DROP_EMPTY, NULL},
			{"remote_relationships", shape_do_any, NULL, M_DROP_EMPTY, NULL},
			{0},
		},
};
static const shape_list remote_schemas = {shape_do_object, &remote_schema, "name", "remote schemas", false};

/* ---- query collections, allow list ---- */

static const shape_object collection = {
	.context = "Hasura.RQL.Types.QueryCollection.CreateCollection(CreateCollection)",
	.generic = true,
	.unknown = UNKNOWN_KEEP,
	.members =
		(const shape_member[]){
			{"name", shape_do_nonempty, NULL, M_REQUIRED, NULL},
			{"definition", shape_do_any, NULL, M_REQUIRED, NULL},
			{"comment", shape_do_text, NULL, 0, NULL},
			{0},
		},
};
static const shape_list query_collections = {shape_do_object, &collection, "name", "query collections", false};

static const shape_object allow_entry = {
	.context = "AllowlistEntry",
	.unknown = UNKNOWN_KEEP,
	.members =
		(const shape_member[]){
			{"collection", shape_do_nonempty, NULL, M_REQUIRED, NULL},
			{"scope", shape_do_any, NULL, 0, "{\"global\":true}"},
			{0},
		},
};
static const shape_list allowlist = {shape_do_object, &allow_entry, "collection", "allowlist entries", false};

/* ---- actions ---- */

static bool finish_action(shape_ctx *c, json *out)
{
	/* Hasura v2: only mutations have a kind. The kind stands behind the type. */
	json *kind = json_getz(out, "kind"), *timeout = json_getz(out, "timeout");
	bool mutation = str_eqz(json_str_or(out, "type", STR("mutation")), "mutation");
	if (mutation && !kind) {
		if (timeout) json_remove(out, STR("timeout"));
		json_setz(out, "kind", json_new_str(c->a, STR("synchronous")));
		if (timeout) json_setz(out, "timeout", timeout);
	}
	if (!mutation && kind) json_remove(out, STR("kind"));
	return true;
}

static const shape_object argument = {
	.context = "Hasura.RQL.Types.Action.ArgumentDefinition(ArgumentDefinition)",
	.generic = true,
	.unknown = UNKNOWN_KEEP,
	.members =
		(const shape_member[]){
			{"name", shape_do_name, NULL, M_REQUIRED, NULL},
			{"type", shape_do_text, NULL, M_REQUIRED, NULL},
			{"description", shape_do_text, NULL, 0, NULL},
			{0},
		},
};
static const shape_list arguments = {.fn = shape_do_object, .arg = &argument};
static const shape_object action_definition = {
	.context = "ActionDefinition",
	.unknown = UNKNOWN_KEEP,
	.finish = finish_action,
	.members =
		(const shape_member[]){
			{"handler", shape_do_any, NULL, M_REQUIRED, NULL},
			{"output_type", shape_do_text, NULL, M_REQUIRED, NULL},
			{"forward_client_headers", shape_do_bool, NULL, M_DROP_FALSE, NULL},
			{"ignored_client_headers", shape_do_any, NULL, 0, NULL},
			{"headers", shape_do_any, NULL, M_DROP_EMPTY, NULL},
			{"arguments", shape_do_list, &arguments, M_DROP_EMPTY, NULL},
			{"request_transform", shape_do_any, NULL, 0, NULL},
			{"response_transform", shape_do_any, NULL, 0, NULL},
			{"type", shape_do_text, NULL, 0, "\"mutation\""},
			{"kind", shape_do_text, NULL, 0, NULL},
			{"timeout", shape_do_any, NULL, M_DROP_DEFAULT, "30"},
			{0},
		},
};
static const shape_object action = {
	.context = "ActionMetadata",
	.unknown = UNKNOWN_KEEP,
	.members =
		(const shape_member[]){
			{"name", shape_do_name, NULL, M_REQUIRED, NULL},
			{"definition", shape_do_object, &action_definition, M_REQUIRED, NULL},
			{"comment", shape_do_text, NULL, 0, NULL},
			{"permissions", shape_do_list, &role_comments, M_DROP_EMPTY, NULL},
			{0},
		},
};
static const shape_list actions = {shape_do_object, &action, "name", "actions", false};

/* ---- custom types ---- */

static const shape_object input_field = {
	.context = "InputObjectFieldDefinition",
	.unknown = UNKNOWN_KEEP,
	.members =
		(const shape_member[]){
			{"name", shape_do_name, NULL, M_REQUIRED, NULL},
			{"type", shape_do_text, NULL, M_REQUIRED, NULL},
			{"description", shape_do_text, NULL, 0, NULL},
			{0},
		},
};
static const shape_list input_fields = {.fn = shape_do_object, .arg = &input_field};
static const shape_object object_field = {
	.context = "ObjectFieldDefinition",
	.unknown = UNKNOWN_KEEP,
	.members =
		(const shape_member[]){
			{"name", shape_do_name, NULL, M_REQUIRED, NULL},
			{"type", shape_do_text, NULL, M_REQUIRED, NULL},
			{"arguments", shape_do_any, NULL, 0, NULL},
			{"description", shape_do_text, NULL, 0, NULL},
			{0},
		},
};
static const shape_list object_fields = {.fn = shape_do_object, .arg = &object_field};
static const shape_object input_type = {
	.context = "InputObjectTypeDefinition",
	.unknown = UNKNOWN_KEEP,
	.members =
		(const shape_member[]){
			{"name", shape_do_name, NULL, M_REQUIRED, NULL},
			{"fields", shape_do_list, &input_fields, M_REQUIRED, NULL},
			{"description", shape_do_text, NULL, 0, NULL},
			{0},
		},
};
static const shape_object object_type = {
	.context = "ObjectTypeDefinition",
	.unknown = UNKNOWN_KEEP,
	.members =
		(const shape_member[]){
			{"name", shape_do_name, NULL, M_REQUIRED, NULL},
			{"fields", shape_do_list, &object_fields, M_REQUIRED, NULL},
			{"description", shape_do_text, NULL, 0, NULL},
			{"relationships", shape_do_any, NULL, M_DROP_EMPTY, NULL},
			{0},
		},
};
static const shape_object scalar_type = {
	.context = "ScalarTypeDefinition",
	.unknown = UNKNOWN_KEEP,
	.members =
		(const shape_member[]){
			{"name", shape_do_name, NULL, M_REQUIRED, NULL},
			{"description", shape_do_text, NULL, 0, NULL},
			{0},
		},
};
static const shape_object enum_type = {
	.context = "EnumTypeDefinition",
	.unknown = UNKNOWN_KEEP,
	.members =
		(const shape_member[]){
			{"name", shape_do_name, NULL, M_REQUIRED, NULL},
			{"values", shape_do_any_list, NULL, M_REQUIRED, NULL},
			{"description", shape_do_text, NULL, 0, NULL},
			{0},
		},
};
static const shape_list input_types = {.fn = shape_do_object, .arg = &input_type};
static const shape_list object_types = {.fn = shape_do_object, .arg = &object_type};
static const shape_list scalar_types = {.fn = shape_do_object, .arg = &scalar_type};
static const shape_list enum_types = {.fn = shape_do_object, .arg = &enum_type};
static const shape_object custom_types = {
	.context = "CustomTypes",
	.unknown = UNKNOWN_KEEP,
	.members =
		(const shape_member[]){
			{"input_objects", shape_do_list, &input_types, M_DROP_EMPTY, NULL},
			{"objects", shape_do_list, &object_types, M_DROP_EMPTY, NULL},
			{"scalars", shape_do_list, &scalar_types, M_DROP_EMPTY, NULL},
			{"enums", shape_do_list, &enum_types, M_DROP_EMPTY, NULL},
			{0},
		},
};

/* ---- cron triggers, REST endpoints ---- */

static const shape_object cron_retry = {
	.context = "STRetryConf",
	.unknown = UNKNOWN_KEEP,
	.members =
		(const shape_member[]){
			{"num_retries", shape_do_any, NULL, 0, "0"},
			{"retry_interval_seconds", shape_do_any, NULL, 0, "10"},
			{"timeout_seconds", shape_do_any, NULL, 0, "60"},
			{"tolerance_seconds", shape_do_any, NULL, 0, "21600"},
			{0},
		},
};
static const shape_object cron_trigger = {
	.context = "CronTriggerMetadata",
	.unknown = UNKNOWN_KEEP,
	.members =
		(const shape_member[]){
			{"name", shape_do_nonempty, NULL, M_REQUIRED, NULL},
			{"webhook", shape_do_any, NULL, M_REQUIRED, NULL},
			{"schedule", shape_do_text, NULL, M_REQUIRED, NULL},
			{"include_in_metadata", shape_do_bool, NULL, M_REQUIRED, NULL},
			{"payload", shape_do_any, NULL, 0, NULL},
			{"retry_conf", shape_do_object, &cron_retry, M_DROP_DEFAULT,
				"{\"num_retries\":0,\"retry_interval_seconds\":10,\"timeout_seconds\":60,\"tolerance_seconds\":21600}"},
			{"headers", shape_do_any, NULL, M_DROP_EMPTY, NULL},
			{"comment", shape_do_text, NULL, 0, NULL},
			{"request_transform", shape_do_any, NULL, 0, NULL},
			{"response_transform", shape_do_any, NULL, 0, NULL},
			{0},
		},
};
static const shape_list cron_triggers = {shape_do_object, &cron_trigger, "name", "cron triggers", false};

static const shape_object endpoint = {
	.context = "EndpointMetadata",
	.unknown = UNKNOWN_KEEP,
	.members =
		(const shape_member[]){
			{"comment", shape_do_text, NULL, 0, NULL},
			{"definition", shape_do_any, NULL, M_REQUIRED, NULL},
			{"methods", shape_do_any, NULL, M_REQUIRED, NULL},
			{"name", shape_do_nonempty, NULL, M_REQUIRED, NULL},
			{"url", shape_do_text, NULL, M_REQUIRED, NULL},
			{0},
		},
};

/* Unique by name, exported by URL. */
static bool do_endpoints(shape_ctx *c, const void *arg, const json *in, json **out)
{
	static const shape_list endpoints = {.fn = shape_do_object, .arg = &endpoint, .sort_by = "name"};
	(void)arg;
	if (!shape_do_list(c, &endpoints, in, out)) return false;
	shape_sort(c->scratch, *out, "url", false);
	return true;
}

/* ---- limits, metrics, introspection, network, OpenTelemetry ---- */

static const shape_object api_limits = {
	.context = "ApiLimit",
	.unknown = UNKNOWN_KEEP,
	.members =
		(const shape_member[]){
			{"batch_limit", shape_do_any, NULL, 0, NULL},
			{"depth_limit", shape_do_any, NULL, 0, NULL},
			{"disabled", shape_do_bool, NULL, 0, "false"},
			{"node_limit", shape_do_any, NULL, 0, NULL},
			{"rate_limit", shape_do_any, NULL, 0, NULL},
			{"time_limit", shape_do_any, NULL, 0, NULL},
			{0},
		},
};
static const shape_object metrics_config = {
	.context = "MetricsConfig",
	.unknown = UNKNOWN_KEEP,
	.members =
		(const shape_member[]){
			{"analyze_query_variables", shape_do_bool, NULL, M_REQUIRED, NULL},
			{"analyze_response_body", shape_do_bool, NULL, M_REQUIRED, NULL},
			{0},
		},
};
static const shape_list roles = {.fn = shape_do_nonempty};
static const shape_object introspection = {
	.context = "Hasura.RQL.Types.GraphqlSchemaIntrospection.SetGraphqlIntrospectionOptions"
		   "(SetGraphqlIntrospectionOptions)",
	.generic = true,
	.unknown = UNKNOWN_KEEP,
	.members = (const shape_member[]){{"disabled_for_roles", shape_do_list, &roles, M_REQUIRED, NULL}, {0}},
};
static const shape_object network = {
	.context = "Network",
	.unknown = UNKNOWN_KEEP,
	.members = (const shape_member[]){{"tls_allowlist", shape_do_any_list, NULL, 0, "[]"}, {0}},
};
static const shape_object anything = {
	.context = "Object", .unknown = UNKNOWN_KEEP, .members = (const shape_member[]){{0}}};
static const shape_object opentelemetry = {
	.context = "OpenTelemetryConfig",
	.unknown = UNKNOWN_KEEP,
	.members =
		(const shape_member[]){
			{"status", shape_do_any, NULL, 0, NULL},
			{"data_types", shape_do_any_list, NULL, 0, NULL},
			{"exporter_otlp", shape_do_any, NULL, 0, NULL},
			{"batch_span_processor", shape_do_any, NULL, 0, NULL},
			{0},
		},
};
static const shape_list inherited_roles = {
	shape_do_object, &shape_inherited_role, "role_name", "inherited roles", false};

static bool no_limits(const json *j)
{
	return j->count == 1 && !json_bool_or(j, "disabled", false) && json_getz(j, "disabled");
}

static bool no_metrics(const json *j)
{
	return !json_bool_or(j, "analyze_query_variables", false) && !json_bool_or(j, "analyze_response_body", false);
}

static bool no_roles(const json *j)
{
	return j->count == 1 && shape_empty_value(json_getz(j, "disabled_for_roles"));
}

static bool no_network(const json *j)
{
	return j->count == 1 && shape_empty_value(json_getz(j, "tls_allowlist"));
}

const shape_part shape_parts[] = {
	{"remote_schemas", shape_do_list, &remote_schemas, shape_empty_value},
	{"query_collections", shape_do_list, &query_collections, shape_empty_value},
	{"allowlist", shape_do_list, &allowlist, shape_empty_value},
	{"actions", shape_do_list, &actions, shape_empty_value},
	{"custom_types", shape_do_object, &custom_types, shape_empty_value},
	{"cron_triggers", shape_do_list, &cron_triggers, shape_empty_value},
	{"rest_endpoints", do_endpoints, NULL, shape_empty_value},
	{"api_limits", shape_do_object, &api_limits, no_limits},
	{"metrics_config", shape_do_object, &metrics_config, no_metrics},
	{"inherited_roles", shape_do_list, &inherited_roles, shape_empty_value},
	{"graphql_schema_introspection", shape_do_object, &introspection, no_roles},
	{"network", shape_do_object, &network, no_network},
	{"backend_configs", shape_do_object, &anything, shape_empty_value},
	{"opentelemetry", shape_do_object, &opentelemetry, shape_empty_value},
	{0},
};

shape_part shape_part_of(str key)
{
	for (const shape_part *p = shape_parts; p->key; p++)
		if (str_eqz(key, p->key)) return *p;
	return (shape_part){.fn = shape_do_any, .empty = shape_empty_value};
}
