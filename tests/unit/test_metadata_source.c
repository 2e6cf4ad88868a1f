/* How sources are reached, and what of a document is not served. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "suite.h"

#include "metadata/connection.h"
#include "metadata/unserved.h"

static bool lookup(void *data, str name, str *value)
{
	static const struct {
		const char *name, *value;
	} vars[] = {
		{"DB_URL", "postgres://u:p@h/d"},
		{"HOST", "db.example"},
		{"PORT", "6432"},
		{"CERT", "-----BEGIN"},
	};
	for (size_t i = 0; i < sizeof(vars) / sizeof(*vars); i++) {
		if (!str_eqz(name, vars[i].name)) continue;
		*value = str_from(vars[i].value);
		return true;
	}
	const char *prefix = data;
	if (!prefix || !str_eqz(name, "HASURA_GRAPHQL_DYNAMIC_SECRETS_ALLOWED_PATH_PREFIX")) return false;
	*value = str_from(prefix);
	return true;
}

static const md_env env = {.get = lookup};

static json *doc(arena *a, const char *text)
{
	error err;
	json *j = NULL;
	error_init(&err, a);
	assert_true(json_parse(a, str_from(text), &j, &err));
	return j;
}

static void assert_str(str got, const char *want)
{
	if (!str_eqz(got, want)) fail_msg("got %.*s\nwant %s", STR_ARG(got), want);
}

static void urls(void **state)
{
	(void)state;
	static const struct {
		const char *info, *url, *message; /* url or message */
		error_code code;
	} cases[] = {
		{"{\"database_url\":\"postgres://a\"}", "postgres://a", NULL, 0},
		{"{\"database_url\":{\"from_env\":\"DB_URL\"}}", "postgres://u:p@h/d", NULL, 0},
		{"{\"database_url\":\"postgres://{{HOST}}:{{PORT}}/{{\"}", "postgres://db.example:6432/{{", NULL, 0},
		{"{\"database_url\":{\"connection_parameters\":{\"host\":\"h\",\"port\":1,\"username\":\"a b\",\"password\":"
		 "\"p@ss/\u00e4\",\"database\":\"d?\"}}}",
			"postgresql://a%20b:p%40ss%2F%C3%A4@h:1/d%3F", NULL, 0},
		{"{\"database_url\":{\"connection_parameters\":{\"host\":\"/run/pg\",\"port\":1,\"username\":\"u\","
		 "\"database\":\"d\"}}}",
			"postgresql://u@%2Frun%2Fpg:1/d", NULL, 0},
		{"{\"database_url\":{\"from_env\":\"NOPE\"}}", NULL, "environment variable 'NOPE' not set",
			ERR_NOT_FOUND},
		{"{\"database_url\":\"{{A}}{{HOST}}{{B}}\"}", NULL, "Value for environment variables not found: A, B",
			ERR_UNEXPECTED},
		{"{\"database_url\":{\"dynamic_from_file\":\"/etc/hostname\"}}", NULL,
			"dynamic_from_file file path requires that the HASURA_GRAPHQL_DYNAMIC_SECRETS_ALLOWED_PATH_PREFIX environment "
			"variable be set and non-empty",
			ERR_PERMISSION_ERROR},
		{"{\"database_url\":{\"from_env\":\"a\",\"connection_parameters\":{\"host\":\"h\",\"port\":1,\"username\":\"u\","
		 "\"database\":\"d\"}}}",
			NULL, "Only one of \"from_env\" or \"connection_parameters\" should be provided",
			ERR_PARSE_FAILED},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		arena *a = arena_new(0);
		error err;
		md_connection c;
		error_init(&err, a);
		bool ok = md_connection_info(a, doc(a, cases[i].info), &env, &c, &err);
		assert_int_equal(ok, cases[i].url != NULL);
		if (ok) assert_str(c.url, cases[i].url);
		else assert_str(err.message, cases[i].message);
		if (!ok) assert_int_equal(err.code, cases[i].code);
		if (!ok) assert_int_equal(error_status(&err), 400);
		arena_free(a);
	}
}

static bool file_allowed(arena *a, const char *prefix, const char *path)
{
	error err;
	md_connection c;
	md_env with_prefix = {.get = lookup, .data = (void *)(uintptr_t)prefix};
	json *info = json_new_object(a), *url = json_setz(info, "database_url", json_new_object(a));
	json_setz(url, "dynamic_from_file", json_new_str(a, str_from(path)));
	error_init(&err, a);
	bool ok = md_connection_info(a, info, &with_prefix, &c, &err);
	if (ok) assert_str(c.url_file, path);
	else assert_int_equal(err.code, ERR_PERMISSION_ERROR);
	return ok;
}

static void files(void **state)
{
	(void)state;
	arena *a = arena_new(0);
	char dir[] = "/tmp/weir-test-XXXXXX";
	assert_non_null(mkdtemp(dir));
	char *file = str_z(a, str_cat(a, 2, str_from(dir), STR("/url")));
	FILE *f = fopen(file, "w");
	assert_non_null(f);
	fclose(f);
	assert_true(file_allowed(a, dir, file));
	assert_true(file_allowed(a, "/tmp/", file));
	assert_false(file_allowed(a, "", file));
	assert_false(file_allowed(a, "/usr", file));
	/* A prefix of the text, but another directory. */
	assert_false(file_allowed(a, str_z(a, str_sub(str_from(dir), 0, sizeof(dir) - 3)), file));
	/* Out of the directory by dots. */
	assert_false(file_allowed(a, dir, str_z(a, str_cat(a, 2, str_from(dir), STR("/../../etc/passwd")))));
	unlink(file);
	rmdir(dir);
	arena_free(a);
}

static void settings(void **state)
{
	(void)state;
	arena *a = arena_new(0);
	error err;
	md_connection c;
	pg_params_spec spec;
	error_init(&err, a);
	assert_true(md_connection_info(a, doc(a, "{\"database_url\":\"x\"}"), &env, &c, &err));
	assert_int_equal(c.max_connections, 50);
	assert_int_equal(c.connection_lifetime_s, 600);
	assert_int_equal(c.pool_timeout_ms, -1);
	assert_false(c.use_prepared_statements);
	const char *full =
		"{\"database_url\":\"x\",\"isolation_level\":\"serializable\",\"use_prepared_statements\":true,"
		"\"pool_settings\":{\"max_connections\":7,\"idle_timeout\":8,\"retries\":9,\"pool_timeout\":0.5,"
		"\"connection_lifetime\":0,\"total_max_connections\":70},"
		"\"ssl_configuration\":{\"sslmode\":\"verify-full\",\"sslcert\":{\"from_env\":\"CERT\"}}}";
	assert_true(md_connection_info(a, doc(a, full), &env, &c, &err));
	md_connection_spec(&c, &spec);
	assert_int_equal(spec.isolation, PG_SERIALIZABLE);
	assert_true(spec.use_prepared_statements);
	assert_int_equal(spec.pool.max_connections, 7);
	assert_int_equal(spec.pool.idle_timeout_s, 8);
	assert_int_equal(spec.pool.retries, 9);
	assert_int_equal(spec.pool.pool_timeout_ms, 500);
	assert_int_equal(spec.pool.connection_lifetime_s, 0);
	assert_int_equal(c.total_max_connections, 70);
	assert_str(spec.sslmode, "verify-full");
	assert_str(spec.sslcert, "-----BEGIN");
	arena_free(a);
}

static void the_default_source(void **state)
{
	(void)state;
	arena *a = arena_new(0);
	error err;
	md_connection c;
	error_init(&err, a);
	md_source_defaults d = md_source_defaults_hasura(STR("DB_URL"));
	md_source *s = md_source_default(&d);
	assert_str(json_to_str(a, s->raw),
		"{\"name\":\"default\",\"kind\":\"postgres\",\"configuration\":{\"connection_info\":{\"database_url\":"
		"{\"from_env\":\"DB_URL\"},\"isolation_level\":\"read-committed\",\"pool_settings\":{\"connection_lifetime\":600,"
		"\"idle_timeout\":180,\"max_connections\":50,\"retries\":1},\"use_prepared_statements\":true}}}");
	assert_true(md_source_connection(a, s, &env, &c, &err));
	assert_str(c.url_env, "DB_URL");
	assert_str(c.extensions_schema, "public");
	md_source_unref(s);
	d.isolation_level = STR("odd");
	assert_null(md_source_default(&d));
	arena_free(a);
}

/* ---- what is not served ---- */

typedef struct seen {
	arena *a;
	buf lines;
	md_unserved last; /* of the walk, or the one asked for by `want` */
	const char *want;
} seen;

static void on_unserved(void *data, const md_unserved *u)
{
	seen *s = data;
	buf_printf(&s->lines, "%d %s | %.*s | %.*s | %.*s\n", (int)u->class_, u->type, STR_ARG(u->name),
		STR_ARG(u->reason), STR_ARG(json_to_str(s->a, u->definition)));
	if (s->want && str_eqz(u->name, s->want)) s->last = *u;
}

static const char everything[] =
	"{\"version\":3,\"sources\":["
	"{\"name\":\"default\",\"tables\":[{\"table\":\"plain\"},{\"table\":\"t\","
	"\"remote_relationships\":[{\"name\":\"rr\",\"definition\":{\"to_source\":{}}},{\"name\":\"r2\",\"definition\":{}}],"
	"\"event_triggers\":[{\"name\":\"ev\",\"definition\":{},\"webhook\":\"w\"}],"
	"\"apollo_federation_config\":{\"enable\":\"v1\"}}],"
	"\"native_queries\":[{\"root_field_name\":\"nq\",\"code\":\"x\"}],"
	"\"customization\":{\"root_fields\":{\"namespace\":\"n\"}},"
	"\"configuration\":{\"connection_info\":{\"database_url\":\"x\"},\"read_replicas\":[{\"database_url\":\"y\"}]}},"
	"{\"name\":\"plain\",\"tables\":[],\"customization\":{\"naming_convention\":\"hasura-default\",\"root_fields\":{}},"
	"\"configuration\":{\"connection_info\":{\"database_url\":\"x\"}}},"
	"{\"name\":\"big\",\"kind\":\"bigquery\",\"tables\":[],\"configuration\":{}}],"
	"\"actions\":[{\"name\":\"act\",\"definition\":{\"handler\":\"h\",\"output_type\":\"S\"},\"permissions\":[{\"role\":\"r\"}]}],"
	"\"query_collections\":[{\"name\":\"c\",\"definition\":{\"queries\":[]}}],"
	"\"allowlist\":[{\"collection\":\"c\"}],\"custom_types\":{\"scalars\":[{\"name\":\"S\"}]},"
	"\"api_limits\":{\"depth_limit\":{\"global\":1}},\"opentelemetry\":{\"status\":\"disabled\"},\"brand_new\":[1]}";

#define NOT_SERVED " not served by this version of Weir"

static const char all_lines[] =
	"1 remote_relationship | remote_relationship r2 in table t in source default | remote relationships are" NOT_SERVED
	" | {\"source\":\"default\",\"table\":{\"name\":\"t\",\"schema\":\"public\"},\"definition\":{},\"name\":\"r2\"}\n"
	"1 remote_relationship | remote_relationship rr in table t in source default | remote relationships are" NOT_SERVED
	" | {\"source\":\"default\",\"table\":{\"name\":\"t\",\"schema\":\"public\"},\"definition\":{\"to_source\":{}},"
	"\"name\":\"rr\"}\n"
	"1 event_trigger | event_trigger ev in table t in source default | event triggers are" NOT_SERVED
	" | {\"configuration\":{\"name\":\"ev\",\"definition\":{},\"retry_conf\":{\"interval_sec\":10,\"num_retries\":0,"
	"\"timeout_sec\":60},\"webhook\":\"w\"},\"table\":{\"name\":\"t\",\"schema\":\"public\"}}\n"
	"1 apollo_federation_config | apollo_federation_config in table t in source default | Apollo federation is" NOT_SERVED
	" | {\"enable\":\"v1\"}\n"
	"1 native_query | native_query nq in source default | native queries are" NOT_SERVED
	" | {\"root_field_name\":\"nq\",\"code\":\"x\"}\n"
	"1 customization | customization in source default | customizations of sources are" NOT_SERVED
	" | {\"root_fields\":{\"namespace\":\"n\"}}\n"
	"2 read_replicas | read_replicas in source default | read replicas are" NOT_SERVED
	" | [{\"database_url\":\"y\",\"isolation_level\":\"read-committed\",\"use_prepared_statements\":false}]\n"
	"1 source | source big | sources of kind \"bigquery\" are" NOT_SERVED " | \"big\"\n"
	"0 allowlist | allowlist c | allow lists are" NOT_SERVED
	" | {\"collection\":\"c\",\"scope\":{\"global\":true}}\n"
	"1 action | action act | actions are" NOT_SERVED
	" | {\"name\":\"act\",\"definition\":{\"handler\":\"h\",\"output_type\":\"S\",\"type\":\"mutation\","
	"\"kind\":\"synchronous\"}}\n"
	"1 custom_types | custom_types custom_types | custom types are" NOT_SERVED
	" | {\"scalars\":[{\"name\":\"S\"}]}\n"
	"0 api_limits | api_limits | API limits are" NOT_SERVED
	" | {\"depth_limit\":{\"global\":1},\"disabled\":false}\n"
	"1 brand_new | brand_new | \"brand_new\" is not known to this version of Weir | [1]\n";

static metadata *read_text(arena *a, const char *text)
{
	error err;
	metadata *m = NULL;
	error_init(&err, a);
	if (!metadata_parse(doc(a, text), NULL, &m, &err)) fail_msg("%.*s", STR_ARG(err.message));
	return m;
}

static void everything_is_named(void **state)
{
	(void)state;
	arena *a = arena_new(0);
	seen s = {.a = a};
	metadata *m = read_text(a, everything);
	md_unserved_walk(a, m, on_unserved, &s);
	assert_str(buf_str(&s.lines), all_lines);
	buf_free(&s.lines);
	metadata_unref(m);
	arena_free(a);
}

/* Dropping each in turn leaves nothing to name, and keeps what is served. */
static void each_can_be_dropped(void **state)
{
	(void)state;
	arena *a = arena_new(0);
	metadata *m = read_text(a, everything);
	for (int i = 0; i < 13; i++) {
		seen s = {.a = a};
		md_unserved_walk(a, m, on_unserved, &s);
		str line = buf_str(&s.lines);
		assert_true(line.n > 0);
		str name = str_from_at(line, str_find(line, STR(" | ")) + 3);
		s.want = str_z(a, str_sub(name, 0, str_find(name, STR(" | "))));
		buf_clear(&s.lines);
		md_unserved_walk(a, m, on_unserved, &s);
		metadata *next;
		error err;
		error_init(&err, a);
		assert_true(metadata_without_unserved(m, &s.last, &next, &err));
		assert_ptr_not_equal(next, m);
		metadata_unref(m);
		m = next;
		buf_free(&s.lines);
	}
	seen s = {.a = a};
	md_unserved_walk(a, m, on_unserved, &s);
	assert_int_equal(s.lines.n, 0);
	assert_int_equal(metadata_source(m, STR("default"))->tables.n, 2);
	assert_int_equal(metadata_source(m, STR("default"))->nunserved_tables, 0);
	assert_null(metadata_source(m, STR("big")));
	assert_true(map_has(&m->unserved, STR("query_collections")));
	metadata_unref(m);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls),
		cmocka_unit_test(files),
		cmocka_unit_test(settings),
		cmocka_unit_test(the_default_source),
		cmocka_unit_test(everything_is_named),
		cmocka_unit_test(each_can_be_dropped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
