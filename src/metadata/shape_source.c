/* Sources. Hasura v2: RQL/Types/Metadata/Common.hs, Backends/Postgres/Connection/Settings.hs, SourceCustomization.hs. */
#include "metadata/shape.h"

static bool do_template(shape_ctx *c, const void *arg, const json *in, json **out)
{
	(void)arg;
	return shape_do_text(c, "String", in, out);
}

static const shape_object connection_parameters = {
	.context = "PGConnectionParams",
	.members =
		(const shape_member[]){
			{"database", shape_do_text, NULL, M_REQUIRED, NULL},
			{"host", shape_do_text, NULL, M_REQUIRED, NULL},
			{"password", shape_do_text, NULL, 0, NULL},
			{"port", shape_do_int, NULL, M_REQUIRED, NULL},
			{"username", shape_do_text, NULL, M_REQUIRED, NULL},
			{0},
		},
};

/* Hasura v2: RQL/Types/Common.hs UrlConf. */
static bool do_url(shape_ctx *c, const void *arg, const json *in, json **out)
{
	static const shape_member forms[] = {
		{"from_env", shape_do_text, NULL, 0, NULL},
		{"connection_parameters", shape_do_object, &connection_parameters, 0, NULL},
		{"dynamic_from_file", shape_do_text, "String", 0, NULL},
		{0},
	};
	static const shape_object url = {.context = "UrlConf", .members = forms};
	if (json_is(in, JSON_STRING)) return do_template(c, arg, in, out);
	if (!json_is(in, JSON_OBJECT)) {
		return shape_fail(c, "one of string or object must be provided for url/webhook");
	}
	if (!shape_do_object(c, &url, in, out)) return false;
	if ((*out)->count == 1) return true;
	return shape_fail(c, "%s \"from_env\" or \"connection_parameters\" should be provided",
		(*out)->count ? "Only one of" : "Either");
}

static const shape_object pool_settings = {
	.context = "PostgresPoolSettings",
	.unknown = UNKNOWN_KEEP,
	.members =
		(const shape_member[]){
			/* Hasura v2: parseConnLifeTime: 600 unless given. */
			{"connection_lifetime", shape_do_seconds, NULL, 0, "600"},
			{"idle_timeout", shape_do_int, NULL, 0, NULL},
			{"max_connections", shape_do_int, NULL, 0, NULL},
			{"pool_timeout", shape_do_seconds, NULL, 0, NULL},
			{"retries", shape_do_int, NULL, 0, NULL},
			{"total_max_connections", shape_do_int, NULL, 0, NULL},
			{0},
		},
};

static bool do_isolation(shape_ctx *c, const void *arg, const json *in, json **out)
{
	(void)arg;
	static const char *const levels[] = {"read-committed", "repeatable-read", "serializable"};
	if (!json_is(in, JSON_STRING)) return shape_mismatch(c, "Q.TxIsolation", "String", in);
	for (size_t i = 0; i < sizeof(levels) / sizeof(*levels); i++)
		if (str_eqz(in->text, levels[i])) return shape_do_text(c, NULL, in, out);
	return shape_fail(c, "Only expecting read-committed / repeatable-read / serializable");
}

static bool do_ssl_mode(shape_ctx *c, const void *arg, const json *in, json **out)
{
	(void)arg;
	static const char *const modes[] = {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"};
	if (!json_is(in, JSON_STRING)) return shape_mismatch(c, "SSLMode", "String", in);
	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++)
		if (str_eqz(in->text, modes[i])) return shape_do_text(c, NULL, in, out);
	return shape_fail(c, "Invalid SSL Mode %.*s", STR_ARG(in->text));
}

static const shape_object cert_var = {
	.context = "CertVar",
	.members = (const shape_member[]){{"from_env", shape_do_text, "String", M_REQUIRED, NULL}, {0}},
};
static const shape_object ssl_configuration = {
	.context = "Hasura.Backends.Postgres.Connection.Settings.PGClientCerts(PGClientCerts)",
	.generic = true,
	.members =
		(const shape_member[]){
			{"sslcert", shape_do_object, &cert_var, 0, NULL},
			{"sslkey", shape_do_object, &cert_var, 0, NULL},
			{"sslmode", do_ssl_mode, NULL, M_REQUIRED, NULL},
			{"sslpassword", shape_do_object, &cert_var, 0, NULL},
			{"sslrootcert", shape_do_object, &cert_var, 0, NULL},
			{0},
		},
};

const shape_object shape_connection_info = {
	.context = "PostgresSourceConnInfo",
	.unknown = UNKNOWN_KEEP,
	.members =
		(const shape_member[]){
			{"database_url", do_url, NULL, M_REQUIRED, NULL},
			{"isolation_level", do_isolation, NULL, 0, "\"read-committed\""},
			{"pool_settings", shape_do_object, &pool_settings, 0, NULL},
			{"ssl_configuration", shape_do_object, &ssl_configuration, 0, NULL},
			{"use_prepared_statements", shape_do_bool, NULL, 0, "false"},
			{0},
		},
};

static bool do_template_version(shape_ctx *c, const void *arg, const json *in, json **out)
{
	if (!shape_do_int(c, arg, in, out)) return false;
	return str_eqz((*out)->text, "1") || shape_fail(c, "Supported versions are [1]");
}

static const shape_object connection_template = {
	.context = "ConnectionTemplate",
	.members =
		(const shape_member[]){
			{"template", shape_do_text, "KritiTemplate", M_REQUIRED, NULL},
			{"version", do_template_version, NULL, 0, "1"},
			{0},
		},
};
static const shape_object set_member = {
	.context = "PostgresConnectionSetMember",
	.generic = true,
	.members =
		(const shape_member[]){
			{"connection_info", shape_do_object, &shape_connection_info, M_REQUIRED, NULL},
			{"name", shape_do_nonempty, NULL, M_REQUIRED, NULL},
			{0},
		},
};
static const shape_list connection_set = {.fn = shape_do_object, .arg = &set_member, .nonempty = true};
static const shape_list read_replicas = {.fn = shape_do_object, .arg = &shape_connection_info, .nonempty = true};

/* Not Hasura's: it drops members it does not know. */
static const shape_object weir_settings = {
	.context = "WeirSourceSettings",
	.unknown = UNKNOWN_REFUSE,
	.members = (const shape_member[]){{"safe_streams", shape_do_bool, NULL, M_DROP_FALSE, NULL}, {0}},
};

static const shape_object pg_configuration = {
	.context = "PostgresConnConfiguration",
	.unknown = UNKNOWN_KEEP,
	.members =
		(const shape_member[]){
			{"connection_info", shape_do_object, &shape_connection_info, M_REQUIRED, NULL},
			{"connection_set", shape_do_list, &connection_set, 0, NULL},
			{"connection_template", shape_do_object, &connection_template, 0, NULL},
			{"extensions_schema", shape_do_text, NULL, M_DROP_DEFAULT, "\"public\""},
			{"read_replicas", shape_do_list, &read_replicas, 0, NULL},
			{"weir", shape_do_object, &weir_settings, M_DROP_EMPTY, NULL},
			{0},
		},
};

/* ---- customization ---- */

static const shape_object root_fields = {
	.context = "Hasura.RQL.Types.SourceCustomization.RootFieldsCustomization(RootFieldsCustomization)",
	.members =
		(const shape_member[]){
			{"namespace", shape_do_name, NULL, 0, NULL},
			{"prefix", shape_do_name, NULL, 0, NULL},
			{"suffix", shape_do_name, NULL, 0, NULL},
			{0},
		},
};
static const shape_object type_names = {
	.context = "Hasura.RQL.Types.SourceCustomization.SourceTypeCustomization(SourceTypeCustomization)",
	.members =
		(const shape_member[]){
			{"prefix", shape_do_name, NULL, 0, NULL},
			{"suffix", shape_do_name, NULL, 0, NULL},
			{0},
		},
};

static bool do_naming(shape_ctx *c, const void *arg, const json *in, json **out)
{
	(void)arg;
	if (!json_is(in, JSON_STRING)) return shape_mismatch(c, "NamingCase", "String", in);
	if (!str_eqz(in->text, "hasura-default") && !str_eqz(in->text, "graphql-default")) {
		return shape_fail(c, "naming_convention can either be \"hasura-default\" or \"graphql-default\"");
	}
	return shape_do_text(c, NULL, in, out);
}

static const shape_object customization = {
	.context = "Hasura.RQL.Types.SourceCustomization.SourceCustomization(SourceCustomization)",
	.members =
		(const shape_member[]){
			{"naming_convention", do_naming, NULL, 0, NULL},
			{"root_fields", shape_do_object, &root_fields, 0, NULL},
			{"type_names", shape_do_object, &type_names, 0, NULL},
			{0},
		},
};

/* ---- the source ---- */

/* Tables and functions of PostgreSQL's kinds are objects of their own (parse.c). */
static bool do_elsewhere(shape_ctx *c, const void *arg, const json *in, json **out)
{
	(void)c, (void)arg, (void)in;
	*out = NULL;
	return true;
}

static bool do_kind(shape_ctx *c, const void *arg, const json *in, json **out)
{
	if (json_is(in, JSON_STRING) && str_eqz(in->text, "pg")) { /* Hasura v2: backendShortName */
		*out = json_new_str(c->a, STR("postgres"));
		return true;
	}
	return shape_do_text(c, arg, in, out);
}

static const shape_object native_query = {
	.context = "NativeQueryMetadata",
	.unknown = UNKNOWN_KEEP,
	.members = (const shape_member[]){{"root_field_name", shape_do_any, NULL, M_REQUIRED, NULL}, {0}},
};
static const shape_list native_queries = {.fn = shape_do_object, .arg = &native_query, .sort_by = "root_field_name"};
static const shape_list stored_procedures = {.fn = shape_do_any, .sort_by = "stored_procedure"};
static const shape_object logical_model = {
	.context = "LogicalModelMetadata",
	.unknown = UNKNOWN_KEEP,
	.members = (const shape_member[]){{"name", shape_do_any, NULL, M_REQUIRED, NULL}, {0}},
};
static const shape_list logical_models = {.fn = shape_do_object, .arg = &logical_model, .sort_by = "name"};

/* After name and kind, where the export has tables and functions. */
#define SOURCE_TAIL(configuration_fn, configuration_arg)                                      \
	{"native_queries", shape_do_list, &native_queries, M_DROP_EMPTY, NULL},               \
		{"stored_procedures", shape_do_list, &stored_procedures, M_DROP_EMPTY, NULL}, \
		{"logical_models", shape_do_list, &logical_models, M_DROP_EMPTY, NULL},       \
		{"configuration", configuration_fn, configuration_arg, M_REQUIRED, NULL},     \
		{"query_tags", shape_do_any, NULL, 0, NULL},                                  \
		{"customization", shape_do_object, &customization, M_DROP_EMPTY, NULL},       \
		{"health_check", shape_do_any, NULL, 0, NULL},                                \
	{                                                                                     \
		0                                                                             \
	}

const shape_object shape_source_pg = {
	.context = "Object",
	.unknown = UNKNOWN_KEEP,
	.members =
		(const shape_member[]){
			{"name", shape_do_nonempty, NULL, M_REQUIRED, NULL},
			{"kind", do_kind, NULL, 0, "\"postgres\""},
			{"tables", do_elsewhere, NULL, 0, NULL},
			{"functions", do_elsewhere, NULL, 0, NULL},
			SOURCE_TAIL(shape_do_object, &pg_configuration),
		},
};

const shape_object shape_source_other = {
	.context = "Object",
	.unknown = UNKNOWN_KEEP,
	.members =
		(const shape_member[]){
			{"name", shape_do_nonempty, NULL, M_REQUIRED, NULL},
			{"kind", do_kind, NULL, M_REQUIRED, NULL},
			{"tables", shape_do_any_list, NULL, M_REQUIRED, NULL},
			{"functions", shape_do_any_list, NULL, M_DROP_EMPTY, NULL},
			SOURCE_TAIL(shape_do_any, NULL),
		},
};
