/* Quoting, error mapping, parameters and the table of prepared statements: what needs no server. */
#include "base/json.h"
#include "pg/pg_error.h"
#include "pg/pg_params.h"
#include "pg/pg_preps.h"
#include "pg/pg_quote.h"
#include <stdio.h>
#include "suite.h"

static void assert_str(str got, const char *want)
{
	if (!str_eqz(got, want)) fail_msg("got `%.*s`, want `%s`", STR_ARG(got), want);
}

static void quotes(void **state)
{
	(void)state;
	arena *a = arena_new(0);
	buf b = {0};
	assert_str(pg_quote_ident_str(a, STR("plain")), "\"plain\"");
	assert_str(pg_quote_ident_str(a, STR("we\"ird")), "\"we\"\"ird\"");
	assert_str(pg_quote_ident_str(a, STR("cut\0off")), "\"cut\"");
	pg_quote_qualified(&b, STR("s"), STR("t"));
	assert_str(buf_str(&b), "\"s\".\"t\"");
	buf_clear(&b);
	pg_quote_literal(&b, STR("it's"));
	assert_str(buf_str(&b), "'it''s'");
	buf_clear(&b);
	pg_quote_literal(&b, STR("a\\'b"));
	assert_str(buf_str(&b), " E'a\\\\''b'");
	str elems[] = {STR("a"), STR("b\"c\\d"), STR_NULL, STR(""), STR("NULL")};
	assert_str(pg_quote_array_str(a, elems, 5), "{\"a\",\"b\\\"c\\\\d\",NULL,\"\",\"NULL\"}");
	assert_str(pg_quote_array_str(a, NULL, 0), "{}");
	buf_free(&b);
	arena_free(a);
}

static pg_error server_error(const char *sqlstate, const char *message)
{
	pg_error e = {.kind = PG_ERR_SERVER, .message = str_from(message)};
	memcpy(e.sqlstate, sqlstate, 5);
	return e;
}

static void dml_errors(void **state)
{
	static const struct {
		const char *sqlstate;
		error_code code;
		int status;
		const char *message;
	} rows[] = {
		{"23505", ERR_CONSTRAINT_VIOLATION, 400, "Uniqueness violation. m"},
		{"23503", ERR_CONSTRAINT_VIOLATION, 400, "Foreign key violation. m"},
		{"23502", ERR_CONSTRAINT_VIOLATION, 400, "Not-NULL violation. m"},
		{"23001", ERR_CONSTRAINT_VIOLATION, 400, "Can not delete or update due to data being referred. m"},
		{"23P01", ERR_CONSTRAINT_VIOLATION, 400, "Exclusion violation. m"},
		{"23514", ERR_PERMISSION_ERROR, 400, "Check constraint violation. m"},
		{"23000", ERR_CONSTRAINT_VIOLATION, 400, "m"},
		{"22P02", ERR_DATA_EXCEPTION, 400, "m"},
		{"22025", ERR_BAD_REQUEST, 400, "m"},
		{"42704", ERR_CONSTRAINT_ERROR, 400, "m"},
		{"42P10", ERR_CONSTRAINT_ERROR, 400, "there is no unique or exclusion constraint on target column(s)"},
		{"42703", ERR_UNEXPECTED, 500, "database query error"},
		{"40001", ERR_UNEXPECTED, 500, "database query error"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		arena *a = arena_new(0);
		error err;
		error_init(&err, a);
		pg_error e = server_error(rows[i].sqlstate, "m");
		assert_false(pg_error_map_dml(&e, NULL, STR("$.x"), &err));
		assert_int_equal(err.code, rows[i].code);
		assert_int_equal(error_status(&err), rows[i].status);
		assert_str(err.message, rows[i].message);
		assert_str(error_path(&err), "$.x");
		assert_int_equal(err.internal != NULL, rows[i].code == ERR_UNEXPECTED);
		error read;
		error_init(&read, a);
		assert_false(pg_error_map_read(&e, NULL, STR("$.x"), &read));
		bool rollback = pg_error_in_class(&e, "40");
		assert_int_equal(read.code, rollback ? ERR_CONCURRENT_UPDATE : rows[i].code);
		arena_free(a);
	}
}

static void query_errors(void **state)
{
	(void)state;
	arena *a = arena_new(0);
	error err;
	error_init(&err, a);
	pg_error e = server_error("22P02", "invalid input");
	e.hint = STR("h");
	const char *const args[] = {"a\"b", NULL};
	const pg_oid types[] = {25, 23};
	pg_statement_info st = {.sql = STR("SELECT $1"), .prepared = true, .nargs = 2, .args = args, .types = types};
	assert_false(pg_error_map_query(&e, &st, STR(""), &err));
	assert_int_equal(err.code, ERR_UNEXPECTED);
	assert_str(err.message, "database query error");
	assert_str(json_to_str(a, err.internal),
		"{\"statement\":\"SELECT $1\",\"prepared\":true,\"error\":{\"exec_status\":\"FatalError\",\"hint\":\"h\","
		"\"message\":\"invalid input\",\"status_code\":\"22P02\",\"description\":null},"
		"\"arguments\":[\"(Oid 25,Just (\\\"a\\\\\\\"b\\\",Text))\",\"(Oid 23,Nothing)\"]}");
	e = server_error("40001", "m");
	(void)pg_error_map_query(&e, NULL, STR(""), &err);
	assert_int_equal(err.code, ERR_CONCURRENT_UPDATE);
	assert_int_equal(error_status(&err), 400);
	assert_str(err.message, "serialization failure due to concurrent update");
	e.tx_control = true;
	(void)pg_error_map_query(&e, NULL, STR(""), &err);
	assert_str(err.message, "postgres tx error");
	assert_int_equal(err.code, ERR_POSTGRES);
	arena_free(a);
}

static void connection_errors(void **state)
{
	(void)state;
	arena *a = arena_new(0);
	error err;
	error_init(&err, a);
	pg_error e = {.kind = PG_ERR_CONNECT, .message = STR("FATAL:  sorry, too many clients already")};
	(void)pg_error_map_dml(&e, NULL, STR(""), &err);
	assert_int_equal(err.code, ERR_POSTGRES_MAX_CONNECTIONS);
	assert_str(err.message, "max connections reached on postgres");
	e.message = STR("root certificate file \"x\" does not exist");
	(void)pg_error_map_query(&e, NULL, STR(""), &err);
	assert_str(err.message, "root certificate error");
	assert_null(err.internal);
	e = (pg_error){.kind = PG_ERR_TIMEOUT, .message = STR("connection acquisition timeout expired")};
	(void)pg_error_map_query(&e, NULL, STR(""), &err);
	assert_int_equal(err.code, ERR_POSTGRES);
	assert_int_equal(error_status(&err), 500);
	assert_str(err.message, "connection error");
	assert_str(err.internal->text, "connection acquisition timeout expired");
	arena_free(a);
}

static pg_params *params_of(const char *url, error *err)
{
	pg_params_spec spec;
	pg_params_spec_init(&spec);
	spec.url = str_from(url);
	return pg_params_new(&spec, err);
}

static void parameters(void **state)
{
	(void)state;
	arena *a = arena_new(0);
	error err;
	error_init(&err, a);
	static const char *const bad[] = {
		"", "postgres://u:topsecret@h:x y/%zz", "host=h password=topsecret what", "bogus_key=topsecret"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_null(params_of(bad[i], &err));
		assert_str(err.message, "connection error");
		assert_int_equal(str_find(err.internal->text, STR("topsecret")), SIZE_MAX);
	}
	pg_params *p = params_of("postgres://u:pw@db.example:5433/x", &err);
	pg_params *q = params_of("postgres://u:pw@db.example:5433/x", &err);
	pg_params *r = params_of("postgres://u:other@db.example:5433/x", &err);
	assert_non_null(p);
	assert_str(pg_params_host(p), "db.example");
	assert_true(pg_params_equal(p, q));
	assert_false(pg_params_equal(p, r));
	assert_int_equal(pg_params_pool(p)->max_connections, 50);
	pg_params_unref(p);
	pg_params_unref(q);
	pg_params_unref(r);
	pg_params_spec spec;
	pg_params_spec_init(&spec);
	spec.url = STR("postgres://h/x");
	spec.sslmode = STR("sometimes");
	assert_null(pg_params_new(&spec, &err));
	spec.sslmode = STR("verify-full");
	spec.sslkey = STR("-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----");
	p = pg_params_new(&spec, &err);
	q = pg_params_new(&spec, &err);
	spec.sslkey = STR("-----BEGIN PRIVATE KEY-----\ny\n-----END PRIVATE KEY-----");
	r = pg_params_new(&spec, &err);
	assert_true(pg_params_equal(p, q));
	assert_false(pg_params_equal(p, r));
	pg_params_unref(p);
	pg_params_unref(q);
	pg_params_unref(r);
	pg_isolation iso;
	assert_true(pg_isolation_parse(STR("serializable"), STR(""), &iso, &err));
	assert_int_equal(iso, PG_SERIALIZABLE);
	assert_false(pg_isolation_parse(STR("chaos"), STR("$.x"), &iso, &err));
	arena_free(a);
}

static void limits(void **state)
{
	(void)state;
	pg_limit *l = pg_limit_new(2);
	assert_true(pg_limit_take(l));
	assert_true(pg_limit_has_room(l));
	assert_true(pg_limit_take(l));
	assert_false(pg_limit_take(l));
	pg_limit_give(l);
	assert_int_equal(pg_limit_used(l), 1);
	pg_limit_set_cap(l, 1);
	assert_false(pg_limit_take(l));
	pg_limit_starve(l, true);
	assert_true(pg_limit_starving(l, false));
	pg_limit_starve(l, false);
	assert_false(pg_limit_starving(l, false));
	pg_limit_unref(l);
}

static void prepared(void **state)
{
	(void)state;
	pg_preps p;
	pg_preps_init(&p, 100);
	for (uint64_t id = 1; id <= 100; id++)
		assert_non_null(pg_preps_add(&p, id));
	assert_non_null(pg_preps_get(&p, 1));
	assert_non_null(pg_preps_add(&p, 101));
	/* 1 was asked for, so 2 is the oldest. */
	assert_null(pg_preps_get(&p, 2));
	assert_int_equal(p.ndead, 1);
	assert_int_equal(p.dead[0], 1);
	pg_prep *e = pg_preps_get(&p, 50);
	assert_non_null(e);
	uint64_t serial = e->serial;
	pg_preps_remove(&p, 50, serial + 1, true);
	assert_non_null(pg_preps_get(&p, 50));
	pg_preps_confirm(&p, 50, serial);
	assert_true(pg_preps_get(&p, 50)->confirmed);
	pg_preps_remove(&p, 50, serial, false);
	assert_null(pg_preps_get(&p, 50));
	assert_int_equal(p.ndead, 1);
	pg_preps other;
	char mine[PG_NAME_MAX], theirs[PG_NAME_MAX];
	pg_preps_init(&other, 1);
	pg_preps_name(&p, 1, mine);
	pg_preps_name(&other, 1, theirs);
	assert_string_not_equal(mine, theirs);
	pg_preps_free(&other);
	pg_preps_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quotes),
		cmocka_unit_test(dml_errors),
		cmocka_unit_test(query_errors),
		cmocka_unit_test(connection_errors),
		cmocka_unit_test(parameters),
		cmocka_unit_test(limits),
		cmocka_unit_test(prepared),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
