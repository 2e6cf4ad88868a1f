#include "suite.h"

#include "base/arena.h"
#include "cli/options_internal.h"
#include <stdio.h>

#define URL "HASURA_GRAPHQL_DATABASE_URL=postgresql://u@h/d"

typedef struct fixture {
	arena *a;
	options o;
	error err;
	bool ok;
} fixture;

/* argv and env end with NULL. */
static fixture parse(const char *const *argv, const char *const *env)
{
	fixture f = {.a = arena_new(0)};
	int argc = 0;

	error_init(&f.err, f.a);
	while (argv[argc])
		argc++;
	f.ok = options_parse(f.a, argc, (char *const *)(uintptr_t)argv, (char *const *)(uintptr_t)env, &f.o, &f.err);
	return f;
}

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NONE ((const char *const[]){NULL})

static bool warned(const fixture *f, const char *text)
{
	for (size_t i = 0; i < f->o.warnings.n; i++) {
		if (str_find(f->o.warnings.v[i], str_from(text)) != SIZE_MAX) return true;
	}
	return false;
}

static void assert_fails(const char *const *argv, const char *const *env, const char *text)
{
	fixture f = parse(argv, env);

	if (f.ok) fail_msg("accepted; wanted: %s", text);
	if (str_find(f.err.message, str_from(text)) == SIZE_MAX)
		fail_msg("message %.*s has no %s", STR_ARG(f.err.message), text);
	assert_int_equal(f.err.code, ERR_INVALID_CONFIGURATION);
	arena_free(f.a);
}

static void defaults(void **state)
{
	(void)state;
	fixture f = parse(ARGS("serve"), ARGS(URL));
	const server_config *c = &f.o.server;

	assert_true(f.ok);
	assert_true(str_eqz(f.o.command, "serve"));
	assert_int_equal(c->port, 8080);
	assert_int_equal(c->workers, 0);
	assert_int_equal(c->graceful_ms, 60000);
	assert_int_equal(c->limits.head_bytes, 65536);
	assert_int_equal(c->limits.body_bytes, 16 << 20);
	assert_int_equal(c->limits.head_ms, 30000);
	assert_int_equal(c->limits.write_ms, 30000);
	assert_int_equal(c->limits.pipeline_bytes, 65536);
	assert_int_equal(c->limits.linger_ms, 3000);
	assert_int_equal(c->cors.mode, CORS_ALLOW_ALL);
	assert_int_equal(c->apis, API_METADATA | API_GRAPHQL | API_PGDUMP | API_CONFIG);
	assert_true(c->admin_internal_errors);
	assert_false(c->dev_mode);
	assert_true(c->use_prepared_statements);
	assert_int_equal(c->pg_connections, 50);
	assert_int_equal(c->pg_idle_ms, 180000);
	assert_int_equal(c->tx_isolation, TX_READ_COMMITTED);
	assert_int_equal(c->log.level, LOG_INFO);
	assert_true(c->log.types & (1u << LOG_HTTP));
	assert_false(c->log.types & (1u << LOG_QUERY));
	assert_true(str_eqz(f.o.database_url, "postgresql://u@h/d"));
	assert_true(str_eqz(f.o.database_url_env, "HASURA_GRAPHQL_DATABASE_URL"));
	assert_int_equal(f.o.server.admin_secrets.n, 0);
	arena_free(f.a);
}

static void the_defaults_of_the_table_are_the_limits(void **state)
{
	(void)state;
	fixture f = parse(ARGS("serve"), ARGS(URL));
	http_limits l = http_limits_default();

	assert_true(f.ok);
	assert_memory_equal(&l, &f.o.server.limits, sizeof(l));
	arena_free(f.a);
}

static void flags_beat_the_environment(void **state)
{
	(void)state;
	fixture f = parse(
		ARGS("--server-port=1", "serve", "--dev-mode", "-c", "7", "-s2", "--use-prepared-statements", "no"),
		ARGS(URL, "HASURA_GRAPHQL_SERVER_PORT=no number", "HASURA_GRAPHQL_PG_CONNECTIONS=9",
			"HASURA_GRAPHQL_ENABLE_CONSOLE=YES"));

	assert_true(f.ok);
	assert_int_equal(f.o.server.port, 1);
	assert_true(f.o.server.dev_mode);
	assert_int_equal(f.o.server.pg_connections, 7);
	assert_int_equal(f.o.server.pg_stripes, 2);
	assert_false(f.o.server.use_prepared_statements);
	assert_true(f.o.server.enable_console);
	arena_free(f.a);
}

static void weir_names(void **state)
{
	(void)state;
	fixture f =
		parse(ARGS("serve"), ARGS("WEIR_DATABASE_URL=postgresql://w", "WEIR_SERVER_PORT=81", "WEIR_WORKERS=3"));
	assert_true(f.ok);
	assert_int_equal(f.o.server.port, 81);
	assert_int_equal(f.o.server.workers, 3);
	assert_true(str_eqz(f.o.database_url_env, "WEIR_DATABASE_URL"));
	arena_free(f.a);

	f = parse(ARGS("serve"), ARGS(URL, "WEIR_SERVER_PORT=81", "HASURA_GRAPHQL_SERVER_PORT=82"));
	assert_true(f.ok);
	assert_int_equal(f.o.server.port, 82);
	assert_true(warned(&f, "WEIR_SERVER_PORT"));
	arena_free(f.a);
}

static void booleans_are_words(void **state)
{
	(void)state;
	static const char *const yes[] = {"true", "T", "yes", "Y", "TRUE"};
	static const char *const no[] = {"false", "f", "No", "n"};
	static const char *const neither[] = {"1", "0", "on", "off", "", "yess"};
	char item[64];

	for (size_t i = 0; i < 5; i++) {
		snprintf(item, sizeof(item), "HASURA_GRAPHQL_DEV_MODE=%s", yes[i]);
		fixture f = parse(ARGS("serve"), ARGS(URL, item));
		assert_true(f.ok && f.o.server.dev_mode);
		arena_free(f.a);
	}
	for (size_t i = 0; i < 4; i++) {
		snprintf(item, sizeof(item), "HASURA_GRAPHQL_ADMIN_INTERNAL_ERRORS=%s", no[i]);
		fixture f = parse(ARGS("serve"), ARGS(URL, item));
		assert_true(f.ok && !f.o.server.admin_internal_errors);
		arena_free(f.a);
	}
	for (size_t i = 0; i < 6; i++) {
		snprintf(item, sizeof(item), "HASURA_GRAPHQL_DEV_MODE=%s", neither[i]);
		assert_fails(ARGS("serve"), ARGS(URL, item), "Environment variable HASURA_GRAPHQL_DEV_MODE: ");
	}
}

static void invalid_values_say_what_to_write(void **state)
{
	(void)state;
	static const struct {
		const char *item;
		const char *want;
	} cases[] = {
		{"HASURA_GRAPHQL_SERVER_PORT=65536", "a whole number between 0 and 65535"},
		{"HASURA_GRAPHQL_SERVER_PORT=-1", "between 0 and 65535"},
		{"HASURA_GRAPHQL_PG_CONNECTIONS=0", "between 1 and"},
		{"HASURA_GRAPHQL_TX_ISOLATION=serial", "read-committed, repeatable-read or serializable"},
		{"HASURA_GRAPHQL_LOG_LEVEL=loud", "debug, info, warn or error"},
		{"HASURA_GRAPHQL_ENABLED_APIS=graphql,web", "metadata, graphql, pgdump"},
		{"HASURA_GRAPHQL_ENABLED_LOG_TYPES=startup,nolog", "startup, http-log"},
		{"HASURA_GRAPHQL_CORS_DOMAIN=foo", "invalid domain: 'foo'"},
		{"HASURA_GRAPHQL_METADATA_DEFAULTS={", "valid JSON"},
		{"HASURA_GRAPHQL_SERVER_TIMEOUT=1.x", "seconds"},
		{"HASURA_GRAPHQL_AUTH_HOOK_MODE=get", "GET or POST"},
		{"HASURA_GRAPHQL_DEFAULT_NAMING_CONVENTION=x", "hasura-default or graphql-default"},
		{"HASURA_GRAPHQL_EXPERIMENTAL_FEATURES=magic", "naming_convention"},
		{"WEIR_MAX_BODY_SIZE=16q", "16m"},
		{"WEIR_MAX_BODY_SIZE=-1", "bytes"},
		{"WEIR_WORKERS=257", "between 0 and 256"},
		{"HASURA_GRAPHQL_ADMIN_SECRET=", "not empty"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_fails(ARGS("serve"), ARGS(URL, cases[i].item), cases[i].want);
	}
	assert_fails(ARGS("serve", "--server-port", "x"), ARGS(URL), "--server-port");
	assert_fails(ARGS("serve", "--server-port"), ARGS(URL), "--server-port needs a value");
}

static void secrets_are_never_shown(void **state)
{
	(void)state;
	fixture f = parse(ARGS("serve", "--admin-secrets", "[s3cr3t"), ARGS(URL));

	assert_false(f.ok);
	assert_int_equal(str_find(f.err.message, STR("s3cr3t")), SIZE_MAX);
	arena_free(f.a);
}

static void units(void **state)
{
	(void)state;
	fixture f = parse(ARGS("serve", "--max-body-size", "2MiB", "--max-total-header-length", "1048576",
				  "--server-timeout", "0.25", "--max-output-queue=64k", "--keep-alive-timeout", "5"),
		ARGS(URL));
	const http_limits *l = &f.o.server.limits;

	assert_true(f.ok);
	assert_int_equal(l->body_bytes, 2 << 20);
	assert_int_equal(l->head_bytes, 1048576);
	assert_int_equal(l->output_bytes, 65536);
	assert_int_equal(l->head_ms, 250);
	assert_int_equal(l->body_ms, 250);
	assert_int_equal(l->idle_ms, 5000);
	arena_free(f.a);
}

static void unknown_names(void **state)
{
	(void)state;
	assert_fails(ARGS("serve", "--server-prot", "1"), ARGS(URL), "did you mean --server-port?");
	assert_fails(ARGS("serve", "--nonsense-of-mine"), ARGS(URL), "unknown flag --nonsense-of-mine");
	assert_fails(ARGS("serve", "-z"), ARGS(URL), "unknown flag -z");
	assert_fails(ARGS("serve", "please"), ARGS(URL), "one word too many");
	assert_fails(ARGS("serve", "--default-naming-convention", "graphql-default"), ARGS(URL), "not served");
	fixture f = parse(ARGS("serve"),
		ARGS(URL, "HASURA_GRAPHQL_SERVER_PROT=1", "WEIR_NONSENSE_OF_MINE=1", "OTHER=1", "WEIR_TEST_X=1"));
	assert_true(f.ok);
	assert_true(warned(&f, "did you mean HASURA_GRAPHQL_SERVER_PORT?"));
	assert_true(warned(&f, "WEIR_NONSENSE_OF_MINE"));
	assert_false(warned(&f, "OTHER"));
	assert_false(warned(&f, "WEIR_TEST_X"));
	arena_free(f.a);
	f = parse(ARGS("serve"),
		ARGS(URL, "HASURA_GRAPHQL_EXPERIMENTAL_FEATURES=hide_stream_fields,group_by_aggregations"));
	assert_true(f.ok);
	assert_true(warned(&f, "group_by_aggregations has no effect"));
	assert_false(warned(&f, "hide_stream_fields"));
	arena_free(f.a);
	f = parse(ARGS("serve"), ARGS(URL, "HASURA_GRAPHQL_ENABLED_LOG_TYPES=http-log,api-limit-log,metrics"));
	assert_true(f.ok);
	assert_true(warned(&f, "the log type api-limit-log has no effect"));
	assert_true(warned(&f, "the log type metrics has no effect"));
	assert_false(warned(&f, "http-log"));
	assert_int_equal(f.o.server.log.types, 1u << LOG_HTTP);
	arena_free(f.a);
}

/* Whatever the table refuses must stop the program; whatever it calls inert must say so. */
static void every_row_does_what_its_status_says(void **state)
{
	(void)state;
	size_t refused = 0, inert = 0;

	for (size_t i = 0; i < options_row_count; i++) {
		const option_row *r = &options_rows[i];
		char item[256];
		bool boolean = r->form == FORM_BOOL || r->form == FORM_SWITCH;
		const char *on = boolean            ? (r->dflt && r->dflt[0] == 't' ? "false" : "true")
			: r->set == option_set_json ? "{\"a\":1}"
						    : "17";
		if (!r->env || r->status == SERVED) continue;
		snprintf(item, sizeof(item), "%s=%s", r->env, on);
		fixture f = parse(ARGS("serve", "--admin-secret", "x"), ARGS(URL, item));
		if (r->status == REFUSED) {
			refused++;
			if (f.ok) fail_msg("%s was accepted", item);
			assert_true(str_find(f.err.message, str_from(r->env)) != SIZE_MAX);
		} else {
			inert++;
			if (!f.ok) fail_msg("%s: %.*s", item, STR_ARG(f.err.message));
			if (!warned(&f, "has no effect")) fail_msg("%s changed nothing and said nothing", item);
		}
		assert_non_null(r->reason);
		arena_free(f.a);
	}
	assert_true(inert > 20);
	(void)refused;
}

static void names_are_unique(void **state)
{
	(void)state;
	for (size_t i = 0; i < options_row_count; i++) {
		for (size_t k = 0; k < i; k++) {
			const option_row *a = &options_rows[i], *b = &options_rows[k];
			if (a->flag && b->flag) assert_string_not_equal(a->flag, b->flag);
			if (a->env && b->env) assert_string_not_equal(a->env, b->env);
			if (a->letter && b->letter) assert_int_not_equal(a->letter, b->letter);
		}
	}
}

static void hosts(void **state)
{
	(void)state;
	fixture f = parse(ARGS("serve"), ARGS(URL));
	assert_true(f.ok);
	assert_true(str_eqz(f.o.server.host, "127.0.0.1"));
	assert_true(warned(&f, "NO ADMIN SECRET"));
	arena_free(f.a);

	f = parse(ARGS("serve", "--server-host", "0.0.0.0"), ARGS(URL));
	assert_true(f.ok && str_eqz(f.o.server.host, "0.0.0.0"));
	assert_true(warned(&f, "NO ADMIN SECRET"));
	arena_free(f.a);

	f = parse(ARGS("serve", "--access-key", "k"), ARGS(URL));
	assert_true(f.ok && str_eqz(f.o.server.host, "*"));
	assert_true(str_eqz(f.o.server.admin_secret, "k"));
	assert_int_equal(f.o.server.admin_secrets.n, 1);
	assert_int_equal(f.o.warnings.n, 0);
	arena_free(f.a);
}

static void admin_secrets(void **state)
{
	(void)state;
	fixture f = parse(ARGS("serve"), ARGS(URL, "HASURA_GRAPHQL_ACCESS_KEY=old", "HASURA_GRAPHQL_ADMIN_SECRET=new"));
	assert_true(f.ok && str_eqz(f.o.server.admin_secret, "new"));
	arena_free(f.a);

	f = parse(ARGS("serve"),
		ARGS(URL, "HASURA_GRAPHQL_ADMIN_SECRET=one", "HASURA_GRAPHQL_ADMIN_SECRETS=[\"a\",\"b\"]"));
	assert_true(f.ok);
	assert_int_equal(f.o.server.admin_secrets.n, 2);
	assert_true(str_eqz(f.o.server.admin_secrets.v[1], "b"));
	arena_free(f.a);
	assert_fails(ARGS("serve", "--admin-secrets", "[1]"), ARGS(URL), "JSON array of texts");
	assert_fails(ARGS("serve", "--admin-secrets", "[\"\"]"), ARGS(URL), "empty");
	assert_fails(ARGS("serve", "--admin-secrets", "{}"), ARGS(URL), "JSON array of texts");
}

static void databases(void **state)
{
	(void)state;
	fixture f =
		parse(ARGS("serve", "--host", "h", "-p", "5433", "-u", "a b", "--password", "p@/", "-d", "x"), NONE);
	assert_true(f.ok);
	assert_true(str_eqz(f.o.database_url, "postgresql://a%20b:p%40%2F@h:5433/x"));
	assert_int_equal(f.o.database_url_env.n, 0);
	arena_free(f.a);

	f = parse(ARGS("serve", "--database-url", "postgresql://flag"), ARGS(URL));
	assert_true(f.ok && str_eqz(f.o.database_url, "postgresql://flag"));
	assert_int_equal(f.o.database_url_env.n, 0);
	arena_free(f.a);

	f = parse(ARGS("serve", "--embedded", "dir", "--track-all"), NONE);
	assert_true(f.ok && f.o.embedded && f.o.track_all && str_eqz(f.o.embedded_dir, "dir"));
	arena_free(f.a);
	f = parse(ARGS("--embedded", "serve"), NONE);
	assert_true(f.ok && f.o.embedded && f.o.embedded_dir.n == 0 && str_eqz(f.o.command, "serve"));
	arena_free(f.a);
	f = parse(ARGS("serve"), ARGS("WEIR_EMBEDDED=yes"));
	assert_true(f.ok && f.o.embedded && f.o.embedded_dir.n == 0);
	arena_free(f.a);

	assert_fails(ARGS("serve"), NONE, "--database-url");
	assert_fails(ARGS("serve"), NONE, "--embedded");
	assert_fails(ARGS("serve", "--embedded"), ARGS(URL), "not both");
	assert_fails(ARGS("serve", "--host", "h"), NONE, "--dbname");
	assert_fails(ARGS("serve", "--host", "h", "--database-url", "postgresql://x"), NONE, "not both");
}

static void cors_rules(void **state)
{
	(void)state;
	fixture f = parse(ARGS("serve", "--disable-cors", "--ws-read-cookie"), ARGS(URL));
	assert_true(f.ok);
	assert_int_equal(f.o.server.cors.mode, CORS_DISABLED);
	arena_free(f.a);
	assert_fails(ARGS("serve", "--ws-read-cookie"), ARGS(URL), "can only be used when CORS is disabled");
}

static void help_names_every_flag(void **state)
{
	(void)state;
	fixture f = parse(ARGS("serve", "--help"), ARGS("HASURA_GRAPHQL_SERVER_PORT=x"));
	buf b = {0};

	assert_true(f.ok && f.o.help);
	options_write_help(&b);
	for (size_t i = 0; i < options_row_count; i++) {
		const char *name = options_rows[i].flag ? options_rows[i].flag : options_rows[i].env;
		if (str_find(buf_str(&b), str_from(name)) == SIZE_MAX) fail_msg("no %s", name);
	}
	buf_free(&b);
	arena_free(f.a);
}

static void the_command_is_found_behind_flags(void **state)
{
	(void)state;
	assert_string_equal(options_command(3, (char *const[]){"--database-url", "x", "serve"}), "serve");
	assert_string_equal(options_command(2, (char *const[]){"--dev-mode", "metadata"}), "metadata");
	assert_string_equal(options_command(3, (char *const[]){"migrate", "apply", "--x"}), "migrate");
	assert_null(options_command(1, (char *const[]){"--help"}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(the_defaults_of_the_table_are_the_limits),
		cmocka_unit_test(flags_beat_the_environment),
		cmocka_unit_test(weir_names),
		cmocka_unit_test(booleans_are_words),
		cmocka_unit_test(invalid_values_say_what_to_write),
		cmocka_unit_test(secrets_are_never_shown),
		cmocka_unit_test(units),
		cmocka_unit_test(unknown_names),
		cmocka_unit_test(every_row_does_what_its_status_says),
		cmocka_unit_test(names_are_unique),
		cmocka_unit_test(hosts),
		cmocka_unit_test(admin_secrets),
		cmocka_unit_test(databases),
		cmocka_unit_test(cors_rules),
		cmocka_unit_test(help_names_every_flag),
		cmocka_unit_test(the_command_is_found_behind_flags),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
