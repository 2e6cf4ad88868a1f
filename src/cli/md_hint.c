/* md_hint: what to do about the server's words on the form of metadata. */
#include "cli/md_layout.h"

#include "cli/nearest.h"

/* Members of the objects people write by hand. */
static const char *const members[] = {"table", "function", "is_enum", "configuration", "object_relationships",
	"array_relationships", "remote_relationships", "computed_fields", "select_permissions", "insert_permissions",
	"update_permissions", "delete_permissions", "event_triggers", "permissions", "permission", "role", "columns",
	"filter", "check", "set", "limit", "allow_aggregations", "backend_only", "query_root_fields",
	"subscription_root_fields", "using", "foreign_key_constraint_on", "manual_configuration", "column_mapping",
	"remote_table", "insertion_order", "name", "schema", "definition", "comment", "custom_root_fields",
	"column_config", "custom_column_names", "custom_name", "connection_info", "database_url", "pool_settings",
	"max_connections", "isolation_level", "use_prepared_statements", "kind", "tables", "functions", "customization",
	"from_env", "validate_input", "presets", "handler", "headers", "webhook", "retry_conf",
	"apollo_federation_config", "logical_models", "native_queries"};

static str quoted(str text)
{
	size_t from = str_find_char(text, '"');
	str rest = from == SIZE_MAX ? STR("") : str_from_at(text, from + 1);
	size_t n = str_find_char(rest, '"');
	return n == SIZE_MAX ? STR("") : str_sub(rest, 0, n);
}

str md_hint(arena *a, str message)
{
	if (str_find(message, STR("expected String, but encountered Number")) != SIZE_MAX ||
		str_find(message, STR("expected String, but encountered Boolean")) != SIZE_MAX)
		return STR(": write it in quotes");
	size_t at = str_find(message, STR("unexpected keys"));
	if (at == SIZE_MAX) return STR("");
	nearest n = nearest_of(quoted(str_from_at(message, at)));
	for (size_t i = 0; i < sizeof members / sizeof *members; i++)
		nearest_look(&n, str_from(members[i]));
	return n.name.p && n.distance ? str_printf(a, ": did you mean %.*s?", STR_ARG(n.name)) : STR("");
}
