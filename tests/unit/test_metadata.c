/* Documents: reading all spellings, refusing what Hasura refuses with its words, writing what reads back the same. */
#include "suite.h"

#include "metadata/metadata.h"

typedef struct fixture {
	arena *a;
	error err;
	metadata *with_default; /* an empty source default */
} fixture;

static int setup(void **state)
{
	fixture *f = mem_alloc(sizeof(*f));
	f->a = arena_new(0);
	error_init(&f->err, f->a);
	md_source_defaults d = md_source_defaults_hasura(STR("HASURA_GRAPHQL_DATABASE_URL"));
	md_source *s = md_source_default(&d);
	metadata *empty = metadata_empty();
	f->with_default = metadata_with_source(empty, s);
	metadata_unref(empty);
	md_source_unref(s);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	fixture *f = *state;
	metadata_unref(f->with_default);
	arena_free(f->a);
	mem_free(f);
	return 0;
}

static json *doc_of(fixture *f, str text)
{
	json *j = NULL;
	assert_true(json_parse(f->a, text, &j, &f->err));
	return j;
}

static metadata *read_text(fixture *f, str text)
{
	metadata *m = NULL;
	error_init(&f->err, f->a);
	if (!metadata_parse(doc_of(f, text), f->with_default, &m, &f->err)) return NULL;
	return m;
}

static str text_of(fixture *f, const metadata *m)
{
	buf b = {0};
	metadata_write(&b, m);
	str s = str_copy(f->a, buf_str(&b));
	buf_free(&b);
	return s;
}

static void assert_str(str got, const char *want)
{
	if (!str_eqz(got, want)) fail_msg("got %.*s\nwant %s", STR_ARG(got), want);
}

/* Reads text, expects what it is written as, and that this reads back to the same. */
static void round_trip(fixture *f, const char *text, const char *want)
{
	metadata *m = read_text(f, str_from(text));
	if (!m) fail_msg("%.*s: %.*s", STR_ARG(error_path(&f->err)), STR_ARG(f->err.message));
	str once = text_of(f, m);
	metadata *again = read_text(f, once);
	assert_non_null(again);
	assert_str(once, want);
	assert_str(text_of(f, again), want);
	metadata_unref(again);
	metadata_unref(m);
}

#define CONFIG \
	"\"configuration\":{\"connection_info\":{\"database_url\":\"postgres://x\",\"isolation_level\":\"read-committed\",\"use_prepared_statements\":false}}"
#define DOC(table) \
	"{\"version\":3,\"sources\":[{\"name\":\"default\",\"kind\":\"postgres\",\"tables\":[" table "]," CONFIG "}]}"
#define IN(table)                                                                                                                                          \
	"{\"version\":3,\"sources\":[{\"name\":\"default\",\"configuration\":{\"connection_info\":{\"database_url\":\"postgres://x\"}},\"tables\":[" table \
	"]}]}"
#define QT(name) "{\"name\":\"" name "\",\"schema\":\"public\"}"

static void round_trips(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		/* names, kinds, defaults left out */
		{IN("{\"table\":\"t\"}"), DOC("{\"table\":" QT("t") "}")},
		{IN("{\"table\":{\"name\":\"t\"},\"is_enum\":false,\"select_permissions\":[],\"configuration\":{}}"),
			DOC("{\"table\":" QT("t") "}")},
		{IN("{\"is_enum\":true,\"table\":\"t\"}"), DOC("{\"table\":" QT("t") ",\"is_enum\":true}")},
		/* order of tables: schema, then name; the last declaration wins */
		{IN("{\"table\":{\"schema\":\"z\",\"name\":\"a\"}},{\"table\":\"b\"},{\"table\":\"a\"},"
		    "{\"table\":\"b\",\"is_enum\":true}"),
			DOC("{\"table\":" QT("a") "},{\"table\":" QT(
				"b") ",\"is_enum\":true},"
				     "{\"table\":{\"name\":\"a\",\"schema\":\"z\"}}")},
		/* relationships: sorted by name, spellings of the key */
		{IN("{\"table\":\"t\",\"object_relationships\":["
		    "{\"using\":{\"foreign_key_constraint_on\":[\"x\"]},\"name\":\"b\",\"comment\":null},"
		    "{\"name\":\"a\",\"comment\":\"c\",\"using\":{\"foreign_key_constraint_on\":[\"x\",\"y\"]}},"
		    "{\"name\":\"c\",\"using\":{\"foreign_key_constraint_on\":{\"table\":\"u\",\"columns\":[\"k\"]}}}]}"),
			DOC("{\"table\":" QT(
				"t") ",\"object_relationships\":["
				     "{\"name\":\"a\",\"using\":{\"foreign_key_constraint_on\":[\"x\",\"y\"]},\"comment\":\"c\"},"
				     "{\"name\":\"b\",\"using\":{\"foreign_key_constraint_on\":\"x\"}},"
				     "{\"name\":\"c\",\"using\":{\"foreign_key_constraint_on\":{\"column\":\"k\",\"table\":" QT(
					     "u") "}}}]}")},
		{IN("{\"table\":\"t\",\"array_relationships\":[{\"name\":\"m\",\"using\":{\"manual_configuration\":"
		    "{\"remote_table\":\"u\",\"column_mapping\":{\"b\":\"2\",\"a\":\"1\"}}}}]}"),
			DOC("{\"table\":" QT(
				"t") ",\"array_relationships\":[{\"name\":\"m\",\"using\":{\"manual_configuration\":"
				     "{\"column_mapping\":{\"a\":\"1\",\"b\":\"2\"},\"insertion_order\":null,\"remote_table\":" QT(
					     "u") "}}}]}")},
		/* permissions: defaults, order of members, boolean expressions in one spelling */
		{IN("{\"table\":\"t\",\"insert_permissions\":[{\"role\":\"r\",\"permission\":{\"columns\":\"*\",\"set\":{},"
		    "\"backend_only\":false,\"check\":{\"$or\":[{\"b\":1,\"a\":{\"$eq\":2}}]}}}]}"),
			DOC("{\"table\":" QT(
				"t") ",\"insert_permissions\":[{\"role\":\"r\",\"permission\":"
				     "{\"check\":{\"_or\":[{\"a\":{\"$eq\":2},\"b\":1}]},\"columns\":\"*\"}}]}")},
		{IN("{\"table\":\"t\",\"select_permissions\":[{\"role\":\"r\",\"comment\":\"x\",\"permission\":{\"filter\":{},"
		    "\"columns\":[\"b\",\"a\"],\"limit\":10,\"allow_aggregations\":true,\"computed_fields\":[],"
		    "\"query_root_fields\":[\"select\",\"select\"],\"subscription_root_fields\":[]}}]}"),
			DOC("{\"table\":" QT(
				"t") ",\"select_permissions\":[{\"role\":\"r\",\"permission\":{\"columns\":[\"b\",\"a\"],"
				     "\"filter\":{},\"limit\":10,\"allow_aggregations\":true,\"query_root_fields\":[\"select\"],"
				     "\"subscription_root_fields\":[]},\"comment\":\"x\"}]}")},
		{IN("{\"table\":\"t\",\"update_permissions\":[{\"role\":\"r\",\"permission\":{\"columns\":[],\"filter\":"
		    "{\"_exists\":{\"_where\":{\"$not\":{}},\"_table\":\"u\"}},\"set\":{\"a\":\"x-hasura-user-id\"}}}]}"),
			DOC("{\"table\":" QT(
				"t") ",\"update_permissions\":[{\"role\":\"r\",\"permission\":{\"columns\":[],\"filter\":"
				     "{\"_exists\":{\"_table\":" QT("u") ",\"_where\":{\"_not\":{}}}},\"check\":null,"
									 "\"set\":{\"a\":\"x-hasura-user-id\"}}}]}")},
		{IN("{\"table\":\"t\",\"delete_permissions\":[{\"role\":\"r\",\"permission\":{\"backend_only\":true,\"filter\":"
		    "{\"$and\":[],\"_and\":[{}]},\"validate_input\":{\"type\":\"http\",\"definition\":{\"url\":\"u\"}}}}]}"),
			DOC("{\"table\":" QT(
				"t") ",\"delete_permissions\":[{\"role\":\"r\",\"permission\":{\"filter\":"
				     "{\"_and\":[{\"_and\":[]},{\"_and\":[{}]}]},\"backend_only\":true,\"validate_input\":{\"definition\":"
				     "{\"forward_client_headers\":false,\"headers\":[],\"timeout\":10,\"url\":\"u\"},\"type\":\"http\"}}}]}")},
		/* configuration: all of it or nothing; the legacy names are a mirror */
		{IN("{\"table\":\"t\",\"configuration\":{\"custom_column_names\":{\"a\":\"aa\",\"b\":\"old\"},"
		    "\"column_config\":{\"b\":{\"custom_name\":\"bb\",\"comment\":\"c\"},\"z\":{}},\"custom_name\":\"tt\","
		    "\"custom_root_fields\":{\"select\":\"s\",\"insert\":{\"name\":\"i\",\"comment\":null},"
		    "\"delete\":{\"comment\":\"\"},\"update\":\"\"}}}"),
			DOC("{\"table\":" QT(
				"t") ",\"configuration\":{\"column_config\":{\"a\":{\"custom_name\":\"aa\"},"
				     "\"b\":{\"comment\":\"c\",\"custom_name\":\"bb\"}},\"custom_column_names\":{\"a\":\"aa\",\"b\":\"bb\"},"
				     "\"custom_name\":\"tt\",\"custom_root_fields\":{\"delete\":{\"comment\":\"\",\"name\":null},"
				     "\"insert\":\"i\",\"select\":\"s\"}}}")},
		/* computed fields */
		{IN("{\"table\":\"t\",\"computed_fields\":[{\"comment\":\"\",\"name\":\"f\",\"definition\":"
		    "{\"table_argument\":\"x\",\"function\":\"fn\"}}]}"),
			DOC("{\"table\":" QT("t") ",\"computed_fields\":[{\"name\":\"f\",\"definition\":{\"function\":" QT(
				"fn") ","
				      "\"table_argument\":\"x\"},\"comment\":\"\"}]}")},
		/* no model yet, still kept and put in order */
		{IN("{\"table\":\"t\",\"event_triggers\":[{\"webhook\":\"w\",\"name\":\"e\",\"definition\":"
		    "{\"insert\":{\"columns\":\"*\"},\"enable_manual\":true},\"new_thing\":1}]}"),
			DOC("{\"table\":" QT(
				"t") ",\"event_triggers\":[{\"name\":\"e\",\"definition\":{\"enable_manual\":true,"
				     "\"insert\":{\"columns\":\"*\"}},\"retry_conf\":{\"interval_sec\":10,\"num_retries\":0,"
				     "\"timeout_sec\":60},\"webhook\":\"w\",\"new_thing\":1}]}")},
	};
	fixture *f = *state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		round_trip(f, cases[i].in, cases[i].out);
}

static void sources_round_trip(void **state)
{
	fixture *f = *state;
	round_trip(f,
		"{\"sources\":["
		"{\"name\":\"b\",\"kind\":\"pg\",\"tables\":[],\"functions\":[{\"function\":\"g\"},{\"function\":\"f\","
		"\"configuration\":{\"exposed_as\":\"query\"},\"permissions\":[{\"role\":\"r\"}],\"comment\":\"c\"},"
		"{\"function\":\"e\",\"configuration\":{\"custom_root_fields\":{}}}],"
		"\"configuration\":{\"extensions_schema\":\"public\",\"connection_info\":{\"pool_settings\":{\"retries\":2},"
		"\"database_url\":{\"from_env\":\"X\"},\"use_prepared_statements\":true}},\"customization\":{}},"
		"{\"name\":\"default\",\"kind\":\"postgres\",\"tables\":[],\"configuration\":{\"connection_info\":"
		"{\"database_url\":{\"connection_parameters\":{\"username\":\"u\",\"host\":\"h\",\"port\":5432,"
		"\"database\":\"d\"}}}},\"customization\":{\"type_names\":{\"prefix\":\"P\"}}},"
		"{\"name\":\"a\",\"kind\":\"mssql\",\"tables\":[{\"z\":1,\"table\":[\"x\"]}],\"configuration\":{\"q\":1}}"
		"],\"version\":3}",
		"{\"version\":3,\"sources\":["
		"{\"name\":\"default\",\"kind\":\"postgres\",\"tables\":[],\"configuration\":{\"connection_info\":"
		"{\"database_url\":{\"connection_parameters\":{\"database\":\"d\",\"host\":\"h\",\"port\":5432,"
		"\"username\":\"u\"}},\"isolation_level\":\"read-committed\",\"use_prepared_statements\":false}},"
		"\"customization\":{\"type_names\":{\"prefix\":\"P\"}}},"
		"{\"name\":\"a\",\"kind\":\"mssql\",\"tables\":[{\"table\":[\"x\"],\"z\":1}],\"configuration\":{\"q\":1}},"
		"{\"name\":\"b\",\"kind\":\"postgres\",\"tables\":[],\"functions\":[{\"function\":" QT(
			"e") "},"
			     "{\"function\":" QT(
				     "f") ",\"configuration\":{\"custom_root_fields\":{},\"exposed_as\":\"query\"},"
					  "\"permissions\":[{\"role\":\"r\"}],\"comment\":\"c\"},{\"function\":" QT(
						  "g") "}],"
						       "\"configuration\":{\"connection_info\":{\"database_url\":{\"from_env\":\"X\"},"
						       "\"isolation_level\":\"read-committed\",\"pool_settings\":{\"connection_lifetime\":600,\"retries\":2},"
						       "\"use_prepared_statements\":true}}}]}");
}

#define WEIR(settings)                                                                                                                  \
	"{\"version\":3,\"sources\":[{\"name\":\"default\",\"kind\":\"postgres\",\"tables\":[],\"configuration\":{\"connection_info\":" \
	"{\"database_url\":\"x\",\"isolation_level\":\"read-committed\",\"use_prepared_statements\":false}" settings                    \
	"}}]}"

static bool is_safe(fixture *f, const char *text)
{
	metadata *m = read_text(f, str_from(text));
	assert_non_null(m);
	bool safe = md_source_safe_streams(metadata_source(m, STR("default")));
	metadata_unref(m);
	return safe;
}

static void weir_settings(void **state)
{
	fixture *f = *state;
	round_trip(f, WEIR(",\"weir\":{\"safe_streams\":true}"), WEIR(",\"weir\":{\"safe_streams\":true}"));
	round_trip(f, WEIR(",\"weir\":{\"safe_streams\":false}"), WEIR(""));
	assert_true(is_safe(f, WEIR(",\"weir\":{\"safe_streams\":true}")));
	assert_false(is_safe(f, WEIR("")));
	assert_null(read_text(f, str_from(WEIR(",\"weir\":{\"safe_stream\":true}"))));
	assert_str(f->err.message, "unexpected keys when parsing WeirSourceSettings: [\"safe_stream\"]");
}

static void parts_round_trip(void **state)
{
	fixture *f = *state;
	round_trip(f,
		"{\"version\":3,\"sources\":[],\"something_new\":{\"b\":1,\"a\":[]},\"resource_version\":7,"
		"\"opentelemetry\":{\"exporter_otlp\":{},\"status\":\"disabled\"},\"network\":{\"tls_allowlist\":[]},"
		"\"inherited_roles\":[{\"role_set\":[\"y\",\"x\"],\"role_name\":\"b\"},{\"role_name\":\"a\",\"role_set\":[]}],"
		"\"metrics_config\":{\"analyze_query_variables\":false,\"analyze_response_body\":false},"
		"\"api_limits\":{\"depth_limit\":{\"global\":3}},\"graphql_schema_introspection\":{\"disabled_for_roles\":[]},"
		"\"rest_endpoints\":[{\"name\":\"a\",\"url\":\"z\",\"methods\":[\"GET\"],\"definition\":{}},"
		"{\"name\":\"b\",\"url\":\"y\",\"methods\":[\"GET\"],\"definition\":{}}],"
		"\"cron_triggers\":[{\"name\":\"c\",\"webhook\":\"w\",\"schedule\":\"* * * * *\",\"include_in_metadata\":true,"
		"\"retry_conf\":{\"num_retries\":0},\"headers\":[]}],"
		"\"custom_types\":{\"enums\":[],\"scalars\":[{\"description\":\"d\",\"name\":\"S\"}]},"
		"\"actions\":[{\"definition\":{\"timeout\":30,\"output_type\":\"S\",\"handler\":\"h\","
		"\"forward_client_headers\":false,\"headers\":[]},\"name\":\"act\",\"permissions\":[{\"role\":\"r\"}]}],"
		"\"allowlist\":[{\"collection\":\"c\"}],"
		"\"query_collections\":[{\"definition\":{\"queries\":[{\"query\":\"q\",\"name\":\"n\"}]},\"name\":\"c\"}],"
		"\"remote_schemas\":[{\"name\":\"r\",\"definition\":{\"forward_client_headers\":true,\"url\":\"u\"}}]}",
		"{\"version\":3,\"sources\":[],"
		"\"remote_schemas\":[{\"name\":\"r\",\"definition\":{\"url\":\"u\",\"forward_client_headers\":true}}],"
		"\"query_collections\":[{\"name\":\"c\",\"definition\":{\"queries\":[{\"name\":\"n\",\"query\":\"q\"}]}}],"
		"\"allowlist\":[{\"collection\":\"c\",\"scope\":{\"global\":true}}],"
		"\"actions\":[{\"name\":\"act\",\"definition\":{\"handler\":\"h\",\"output_type\":\"S\",\"type\":\"mutation\","
		"\"kind\":\"synchronous\"},\"permissions\":[{\"role\":\"r\"}]}],"
		"\"custom_types\":{\"scalars\":[{\"name\":\"S\",\"description\":\"d\"}]},"
		"\"cron_triggers\":[{\"name\":\"c\",\"webhook\":\"w\",\"schedule\":\"* * * * *\",\"include_in_metadata\":true}],"
		"\"rest_endpoints\":[{\"definition\":{},\"methods\":[\"GET\"],\"name\":\"b\",\"url\":\"y\"},"
		"{\"definition\":{},\"methods\":[\"GET\"],\"name\":\"a\",\"url\":\"z\"}],"
		"\"api_limits\":{\"depth_limit\":{\"global\":3},\"disabled\":false},"
		"\"inherited_roles\":[{\"role_name\":\"a\",\"role_set\":[]},{\"role_name\":\"b\",\"role_set\":[\"y\",\"x\"]}],"
		"\"opentelemetry\":{\"status\":\"disabled\",\"exporter_otlp\":{}},\"something_new\":{\"a\":[],\"b\":1}}");
}

static void refusals(void **state)
{
	static const struct {
		const char *in, *path, *message;
	} cases[] = {
		{"[]", "$", "parsing Metadata failed, expected Object, but encountered Array"},
		{"{\"version\":4}", "$.version", "expected 1, 2 or 3, encountered 4"},
		{"{\"version\":\"3\"}", "$.version", "parsing Int failed, expected Number, but encountered String"},
		{"{\"version\":3}", "$", "key \"sources\" not found"},
		{"{\"version\":3,\"sources\":{}}", "$.sources",
			"parsing [] failed, expected Array, but encountered Object"},
		{"{}", "$", "key \"tables\" not found"},
		{"{\"version\":3,\"sources\":[{\"kind\":\"postgres\"}]}", "$.sources[0]", "key \"name\" not found"},
		{"{\"version\":3,\"sources\":[{\"name\":\"\"}]}", "$.sources[0].name", "empty string not allowed"},
		{"{\"version\":3,\"sources\":[{\"name\":\"x\",\"configuration\":{\"connection_info\":{\"database_url\":\"\"}}}]}",
			"$.sources[0]", "key \"tables\" not found"},
		{"{\"version\":3,\"sources\":[{\"name\":\"x\",\"tables\":[]}]}", "$.sources[0]",
			"key \"configuration\" not found"},
		{"{\"version\":3,\"sources\":[{\"name\":\"x\",\"tables\":[],\"configuration\":{\"connection_info\":"
		 "{\"database_url\":{}}}}]}",
			"$.sources[0].configuration.connection_info.database_url",
			"Either \"from_env\" or \"connection_parameters\" should be provided"},
		{"{\"version\":3,\"sources\":[{\"name\":\"x\",\"tables\":[],\"configuration\":{\"connection_info\":"
		 "{\"database_url\":\"\",\"isolation_level\":\"none\"}}}]}",
			"$.sources[0].configuration.connection_info.isolation_level",
			"Only expecting read-committed / repeatable-read / serializable"},
		{IN("{}"), "$.sources[0].tables[0]", "key \"table\" not found"},
		{IN("7"), "$.sources[0].tables[0]", "parsing Object failed, expected Object, but encountered Number"},
		{IN("{\"table\":7}"), "$.sources[0].tables[0].table", "expecting a string/object for QualifiedObject"},
		{IN("{\"table\":\"t\",\"is_enum\":1}"), "$.sources[0].tables[0].is_enum",
			"parsing Bool failed, expected Boolean, but encountered Number"},
		{IN("{\"table\":\"t\",\"odd key\":1}"), "$.sources[0].tables[0]",
			"unexpected keys when parsing TableMetadata: [\"odd key\"]"},
		{IN("{\"table\":\"t\",\"object_relationships\":[{\"name\":\"a\"}]}"),
			"$.sources[0].tables[0].object_relationships[0]",
			"parsing Hasura.RQL.Types.Relationships.Local.RelDef(RelDef) failed, key \"using\" not found"},
		{IN("{\"table\":\"t\",\"object_relationships\":[{\"name\":\"a\",\"using\":{}}]}"),
			"$.sources[0].tables[0].object_relationships[0].using",
			"atleast one of foreign_key_constraint_on/manual_configuration should be present"},
		{IN("{\"table\":\"t\",\"array_relationships\":[{\"name\":\"a\",\"using\":{\"foreign_key_constraint_on\":\"x\"}}]}"),
			"$.sources[0].tables[0].array_relationships[0].using.foreign_key_constraint_on",
			"Expecting object { table, columns }."},
		{IN("{\"table\":\"t\",\"object_relationships\":[{\"name\":\"a\",\"using\":{\"foreign_key_constraint_on\":\"x\"}},"
		    "{\"name\":\"a\",\"using\":{\"foreign_key_constraint_on\":\"y\"}}]}"),
			"$.sources[0].tables[0].object_relationships",
			"multiple declarations exist for the following object relationships: a"},
		{IN("{\"table\":\"t\",\"select_permissions\":[{\"role\":\"\",\"permission\":{}}]}"),
			"$.sources[0].tables[0].select_permissions[0].role", "empty string not allowed"},
		{IN("{\"table\":\"t\",\"select_permissions\":[{\"role\":\"r\",\"permission\":{\"columns\":\"a\",\"filter\":{}}}]}"),
			"$.sources[0].tables[0].select_permissions[0].permission.columns",
			"parsing [] failed, expected Array, but encountered String"},
		{IN("{\"table\":\"t\",\"select_permissions\":[{\"role\":\"r\",\"permission\":{\"columns\":\"*\",\"filter\":"
		    "{\"_or\":{}}}}]}"),
			"$.sources[0].tables[0].select_permissions[0].permission.filter._or",
			"parsing [] failed, expected Array, but encountered Object"},
		{IN("{\"table\":\"t\",\"select_permissions\":[{\"role\":\"r\",\"permission\":{\"columns\":\"*\",\"filter\":[]}}]}"),
			"$.sources[0].tables[0].select_permissions[0].permission.filter",
			"parsing boolean expression failed, expected Object, but encountered Array"},
		{IN("{\"table\":\"t\",\"select_permissions\":[{\"role\":\"r\",\"permission\":{\"columns\":\"*\",\"filter\":{},"
		    "\"query_root_fields\":[\"x\"]}}]}"),
			"$.sources[0].tables[0].select_permissions[0].permission.query_root_fields[0]",
			"parsing Hasura.RQL.Types.Permission.QueryRootFieldType failed, expected one of the tags "
			"[\"select\",\"select_by_pk\",\"select_aggregate\"], but found tag \"x\""},
		{IN("{\"table\":\"t\",\"select_permissions\":[{\"role\":\"r\",\"permission\":{\"columns\":\"*\",\"filter\":{},"
		    "\"limit\":1.5}}]}"),
			"$.sources[0].tables[0].select_permissions[0].permission.limit",
			"parsing Int failed, value is either floating or will cause over or underflow 1.5"},
		{IN("{\"table\":\"t\",\"configuration\":{\"custom_name\":\"a b\"}}"),
			"$.sources[0].tables[0].configuration.custom_name", "a b is not valid GraphQL name"},
		{IN("{\"table\":\"t\",\"configuration\":{\"custom_root_fields\":{\"select\":\"a\",\"insert\":\"a\"}}}"),
			"$.sources[0].tables[0].configuration.custom_root_fields",
			"the following custom root field names are duplicated: a"},
		{"{\"version\":3,\"sources\":[],\"actions\":[{\"name\":\"a\"}]}", "$.actions[0]",
			"key \"definition\" not found"},
		{"{\"version\":3,\"sources\":[],\"inherited_roles\":[{\"role_name\":\"a\",\"role_set\":[]},"
		 "{\"role_name\":\"a\",\"role_set\":[]}]}",
			"$.inherited_roles", "multiple declarations exist for the following inherited roles: a"},
	};
	fixture *f = *state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		if (read_text(f, str_from(cases[i].in))) fail_msg("accepted: %s", cases[i].in);
		assert_int_equal(f->err.code, ERR_PARSE_FAILED);
		assert_str(f->err.message, cases[i].message);
		assert_str(error_path(&f->err), cases[i].path);
	}
}

static void old_versions(void **state)
{
	fixture *f = *state;
	metadata *m = read_text(
		f, STR("{\"tables\":[{\"table\":\"t\"}],\"functions\":[\"f\",{\"schema\":\"s\",\"name\":\"g\"}]}"));
	assert_non_null(m);
	const md_source *s = metadata_source(m, STR("default"));
	assert_int_equal(s->functions.n, 2);
	assert_non_null(md_source_function(s, (qname){STR("s"), STR("g")}));
	assert_ptr_equal(s->own, metadata_source(f->with_default, STR("default"))->own);
	metadata_unref(m);

	m = read_text(f,
		STR("{\"version\":2,\"tables\":[],\"functions\":[{\"function\":\"f\"}],\"configuration\":{\"x\":1},"
		    "\"remote_schemas\":[{\"name\":\"r\",\"definition\":{\"url\":\"u\"}}]}"));
	assert_non_null(m);
	assert_int_equal(metadata_source(m, STR("default"))->functions.n, 1);
	assert_true(map_has(&m->unserved, STR("remote_schemas")));
	assert_false(map_has(&m->unserved, STR("configuration")));
	metadata_unref(m);

	error_init(&f->err, f->a);
	assert_false(metadata_parse(doc_of(f, STR("{\"version\":2,\"tables\":[]}")), NULL, &m, &f->err));
	assert_int_equal(f->err.code, ERR_NOT_SUPPORTED);
	assert_str(f->err.message, "cannot import metadata without sources since no default source is defined");
}

#define CRON(name, shown) \
	"{\"name\":\"" name "\",\"webhook\":\"w\",\"schedule\":\"* * * * *\",\"include_in_metadata\":" shown "}"

/* Cron triggers that are not part of exports survive a replace that cannot know them. */
static void hidden_cron_triggers(void **state)
{
	fixture *f = *state;
	metadata *m = read_text(f,
		STR("{\"version\":3,\"sources\":[],\"cron_triggers\":[" CRON("a", "true") "," CRON(
			"b", "false") "," CRON("c", "false") "]}"));
	buf b = {0};
	metadata_write_public(&b, m);
	assert_str(buf_str(&b), "{\"version\":3,\"sources\":[],\"cron_triggers\":[" CRON("a", "true") "]}");
	metadata *fresh = read_text(f, STR("{\"version\":3,\"sources\":[],\"cron_triggers\":[" CRON("c", "true") "]}"));
	metadata *both = metadata_with_hidden(fresh, m);
	assert_str(text_of(f, both),
		"{\"version\":3,\"sources\":[],\"cron_triggers\":[" CRON("b", "false") "," CRON("c", "true") "]}");
	metadata *again = metadata_with_hidden(both, fresh);
	assert_ptr_equal(again, both);
	metadata_unref(again);
	metadata_unref(both);
	metadata_unref(fresh);
	metadata_unref(m);
	buf_clear(&b);
	m = read_text(f, STR("{\"version\":3,\"sources\":[],\"cron_triggers\":[" CRON("b", "false") "]}"));
	metadata_write_public(&b, m);
	assert_str(buf_str(&b), "{\"version\":3,\"sources\":[]}");
	metadata_unref(m);
	buf_free(&b);
}

/* The last of two declarations of one source or function counts. */
static void the_last_counts(void **state)
{
	fixture *f = *state;
	metadata *m = read_text(f,
		STR("{\"version\":3,\"sources\":["
		    "{\"name\":\"a\",\"tables\":[{\"table\":\"t\"}]," CONFIG "},"
		    "{\"name\":\"b\",\"tables\":[]," CONFIG "},"
		    "{\"name\":\"a\",\"tables\":[],\"functions\":[{\"function\":\"f\",\"comment\":\"1\"},"
		    "{\"function\":\"f\",\"comment\":\"2\"}]," CONFIG "}]}"));
	assert_non_null(m);
	assert_int_equal(m->sources.n, 2);
	const md_source *s = metadata_source(m, STR("a"));
	assert_int_equal(s->tables.n, 0);
	assert_int_equal(s->functions.n, 1);
	assert_str(md_source_function(s, (qname){STR("public"), STR("f")})->comment, "2");
	metadata_unref(m);
}

/* Equal column lists of one table are kept once; editing a copy of one changes no other. */
static void column_lists_are_shared(void **state)
{
	fixture *f = *state;
	metadata *m = read_text(f,
		STR(IN("{\"table\":\"t\",\"select_permissions\":["
		       "{\"role\":\"a\",\"permission\":{\"columns\":[\"x\",\"y\"],\"filter\":{}}},"
		       "{\"role\":\"b\",\"permission\":{\"columns\":[\"x\",\"y\"],\"filter\":{}}},"
		       "{\"role\":\"c\",\"permission\":{\"columns\":[\"y\",\"x\"],\"filter\":{}}},"
		       "{\"role\":\"d\",\"permission\":{\"columns\":[],\"filter\":{}}}]}")));
	assert_non_null(m);
	const md_table *t = md_source_table(metadata_source(m, STR("default")), (qname){STR("public"), STR("t")});
	const md_permission *p = t->perms[MD_PERM_SELECT];
	assert_ptr_equal(p[0].columns.v, p[1].columns.v);
	assert_ptr_not_equal(p[0].columns.v, p[2].columns.v);
	assert_str(p[2].columns.v[0], "y");
	assert_true(!p[3].columns.all && !p[3].columns.n);
	json *copy = md_table_json(f->a, t);
	json *perms = json_getz(copy, "select_permissions");
	json *first = json_getz(json_getz(json_at(perms, 0), "permission"), "columns");
	json_push(first, json_new_str(f->a, STR("z")));
	md_table *edited;
	assert_true(md_table_parse(copy, &edited, &f->err));
	assert_int_equal(edited->perms[MD_PERM_SELECT][0].columns.n, 3);
	assert_int_equal(edited->perms[MD_PERM_SELECT][1].columns.n, 2);
	assert_int_equal(p[0].columns.n, 2);
	md_table_unref(edited);
	metadata_unref(m);
}

static void typed_view(void **state)
{
	fixture *f = *state;
	metadata *m = read_text(f,
		STR(IN("{\"table\":\"t\",\"configuration\":{\"column_config\":{\"c\":{\"custom_name\":\"cc\"}},\"custom_root_fields\":"
		       "{\"select_stream\":{\"name\":\"st\",\"comment\":\"\"}}},"
		       "\"object_relationships\":[{\"name\":\"z\",\"using\":{\"foreign_key_constraint_on\":\"k\"}}],"
		       "\"array_relationships\":[{\"name\":\"y\",\"using\":{\"manual_configuration\":{\"remote_table\":\"u\","
		       "\"column_mapping\":{\"a\":\"b\"},\"insertion_order\":\"after_parent\"}}}],"
		       "\"insert_permissions\":[{\"role\":\"r\",\"permission\":{\"check\":{}}}],"
		       "\"select_permissions\":[{\"role\":\"r2\",\"permission\":{\"columns\":[\"a\"],\"filter\":{},\"limit\":5}},"
		       "{\"role\":\"r1\",\"permission\":{\"columns\":\"*\",\"filter\":{},\"query_root_fields\":[]}}],"
		       "\"update_permissions\":[{\"role\":\"r\",\"permission\":{\"columns\":[],\"filter\":{}}}],"
		       "\"remote_relationships\":[{\"name\":\"rr\",\"definition\":{}}]}")));
	assert_non_null(m);
	const md_source *s = metadata_source(m, STR("default"));
	const md_table *t = md_source_table(s, (qname){STR("public"), STR("t")});
	assert_int_equal(s->nunserved_tables, 1);
	assert_true(map_has(&t->unserved, STR("remote_relationships")));
	assert_str(t->columns[0].custom_name, "cc");
	assert_str(t->roots[ROOT_SELECT_STREAM].name, "st");
	assert_true(t->roots[ROOT_SELECT_STREAM].comment.p && !t->roots[ROOT_SELECT_STREAM].comment.n);
	assert_null(t->roots[ROOT_SELECT].name.p);
	const md_relationship *z = md_table_relationship(t, STR("z")), *y = md_table_relationship(t, STR("y"));
	assert_true(!z->array && z->using == MD_USING_FK && z->ncolumns == 1);
	assert_true(y->array && y->using == MD_USING_MANUAL && y->nmapping == 1);
	assert_str(y->mapping[0].remote, "b");
	assert_str(y->insertion_order, "after_parent");
	assert_null(md_table_relationship(t, STR("x")));
	const md_permission *p = md_table_permission(t, MD_PERM_SELECT, STR("r1"));
	assert_true(p->columns.all && p->has_query_roots && !p->nquery_roots && !p->has_subscription_roots);
	p = md_table_permission(t, MD_PERM_SELECT, STR("r2"));
	assert_true(!p->columns.all && p->columns.n == 1 && p->has_limit && p->limit == 5);
	assert_true(md_table_permission(t, MD_PERM_INSERT, STR("r"))->columns.all);
	p = md_table_permission(t, MD_PERM_UPDATE, STR("r"));
	assert_true(!p->columns.all && !p->columns.n && !p->check && p->filter);
	assert_null(md_table_permission(t, MD_PERM_DELETE, STR("r")));
	metadata_unref(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(round_trips, setup, teardown),
		cmocka_unit_test_setup_teardown(sources_round_trip, setup, teardown),
		cmocka_unit_test_setup_teardown(weir_settings, setup, teardown),
		cmocka_unit_test_setup_teardown(parts_round_trip, setup, teardown),
		cmocka_unit_test_setup_teardown(refusals, setup, teardown),
		cmocka_unit_test_setup_teardown(old_versions, setup, teardown),
		cmocka_unit_test_setup_teardown(hidden_cron_triggers, setup, teardown),
		cmocka_unit_test_setup_teardown(the_last_counts, setup, teardown),
		cmocka_unit_test_setup_teardown(column_lists_are_shared, setup, teardown),
		cmocka_unit_test_setup_teardown(typed_view, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
