#include "admin/unserved_ops.h"

static const char *const PG[] = {
	"set_apollo_federation_config",
	"create_remote_relationship",
	"update_remote_relationship",
	"delete_remote_relationship",
	"invoke_event_trigger",
	"create_event_trigger",
	"delete_event_trigger",
	"redeliver_event",
	"get_event_logs",
	"get_event_invocation_logs",
	"get_event_by_id",
	"test_connection_template",
	"get_native_query",
	"track_native_query",
	"untrack_native_query",
	"get_stored_procedure",
	"track_stored_procedure",
	"untrack_stored_procedure",
	"get_logical_model",
	"track_logical_model",
	"untrack_logical_model",
	"create_logical_model_select_permission",
	"drop_logical_model_select_permission",
	NULL,
};

static const char *const GLOBAL[] = {
	"add_remote_schema",
	"update_remote_schema",
	"remove_remote_schema",
	"reload_remote_schema",
	"introspect_remote_schema",
	"add_remote_schema_permissions",
	"drop_remote_schema_permissions",
	"create_remote_schema_remote_relationship",
	"update_remote_schema_remote_relationship",
	"delete_remote_schema_remote_relationship",
	"cleanup_event_trigger_logs",
	"resume_event_trigger_cleanups",
	"pause_event_trigger_cleanups",
	"create_cron_trigger",
	"delete_cron_trigger",
	"create_scheduled_event",
	"delete_scheduled_event",
	"get_scheduled_events",
	"get_scheduled_event_invocations",
	"get_cron_triggers",
	"create_action",
	"drop_action",
	"update_action",
	"create_action_permission",
	"drop_action_permission",
	"add_collection_to_allowlist",
	"drop_collection_from_allowlist",
	"update_scope_of_collection_in_allowlist",
	"create_rest_endpoint",
	"drop_rest_endpoint",
	"dc_add_agent",
	"dc_delete_agent",
	"set_custom_types",
	"set_api_limits",
	"remove_api_limits",
	"set_metrics_config",
	"remove_metrics_config",
	"add_host_to_tls_allowlist",
	"drop_host_from_tls_allowlist",
	"test_webhook_transform",
	"set_query_tags",
	"set_opentelemetry_config",
	"set_opentelemetry_status",
	NULL,
};

static const char *const V2[] = {
	"mssql_run_sql",
	"citus_run_sql",
	"cockroach_run_sql",
	"bigquery_run_sql",
	"bigquery_database_inspection",
	NULL,
};

static bool in(const char *const *list, str name)
{
	for (size_t i = 0; list[i]; i++)
		if (str_eqz(name, list[i])) return true;
	return false;
}

bool unserved_pg_op(str name)
{
	return in(PG, name);
}

bool unserved_global_op(str name)
{
	return in(GLOBAL, name);
}

bool unserved_v2_op(str name)
{
	return in(V2, name) || str_ends(name, STR("_run_sql"));
}
