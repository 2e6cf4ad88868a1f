/*
 * The pool and the blocking client against a real server: WEIR_TEST_PG_URL names a database of
 * its own (tests/api/test_pg_pool.py gives one). Without it the program is skipped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/json.h"
#include "pg/pg_pool.h"
#include "pg/pg_sync.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { SKIPPED = 77, MAX_PROBES = 64 };

#define MS UINT64_C(1000000)
#define IDLE_IN_TX "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in tr%'"

static uv_loop_t loop;
static const char *url;
static arena *mem;

/* One job and what came of it. */
typedef struct probe {
	pg_job job;
	pg_stmt st[4];
	const char *values[4];
	int calls;
	pg_error_kind kind;
	char sqlstate[6];
	char message[256];
	bool tx_control;
	size_t rows;
	char first[128]; /* first cell of the last result */
	uint64_t took_ns;
	uint64_t at_ns;
} probe;

static probe probes[MAX_PROBES];
static pg_result *taken;

static void on_done(pg_job *job, const pg_result *const *results, size_t n, const pg_error *err)
{
	probe *p = job->data;
	p->calls++;
	p->took_ns = clock_mono_ns() - p->at_ns;
	if (err) {
		p->kind = err->kind;
		memcpy(p->sqlstate, err->sqlstate, sizeof(p->sqlstate));
		snprintf(p->message, sizeof(p->message), "%.*s", STR_ARG(err->message));
		p->tx_control = err->tx_control;
		return;
	}
	const pg_result *last = n ? results[n - 1] : NULL;
	if (!last) return;
	p->rows = pg_result_rows(last);
	if (p->rows && pg_result_cols(last)) snprintf(p->first, sizeof(p->first), "%s", pg_result_value(last, 0, 0).p);
}

static probe *set_probe(size_t i, pg_mode mode, uint64_t id, const char *sql)
{
	probe *p = &probes[i];
	*p = (probe){.job = {.mode = mode, .nstmts = 1, .done = on_done}, .st[0] = {.id = id, .sql = sql}};
	p->job.stmts = p->st;
	p->job.data = p;
	p->at_ns = clock_mono_ns();
	return p;
}

static void add_stmt(probe *p, const char *sql)
{
	p->st[p->job.nstmts++] = (pg_stmt){.sql = sql};
}

static void on_limit(uv_timer_t *t)
{
	*(bool *)t->data = true;
}

/* Runs the loop until all n probes were answered, at most ms. True when they were. */
static bool run_until(size_t n, uint64_t ms)
{
	bool late = false;
	uv_timer_t limit;
	uv_timer_init(&loop, &limit);
	limit.data = &late;
	uv_timer_start(&limit, on_limit, ms, 0);
	size_t answered = 0;
	while (!late && answered < n) {
		uv_run(&loop, UV_RUN_ONCE);
		answered = 0;
		for (size_t i = 0; i < n; i++)
			answered += probes[i].calls > 0;
	}
	uv_close((uv_handle_t *)&limit, NULL);
	uv_run(&loop, UV_RUN_NOWAIT);
	return answered >= n;
}

static void run_for(uint64_t ms)
{
	probes[MAX_PROBES - 1].calls = 0;
	(void)run_until(MAX_PROBES, ms);
}

static void submit(pg_pool *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		probes[i].at_ns = clock_mono_ns();
		pg_job_submit(p, &probes[i].job);
	}
}

static void assert_answer(const probe *p, const char *want)
{
	if (p->kind != PG_ERR_NONE) fail_msg("error %d %s %s", p->kind, p->sqlstate, p->message);
	assert_int_equal(p->calls, 1);
	assert_string_equal(p->first, want);
}

static pg_params *make_params(const char *where, void (*change)(pg_params_spec *))
{
	error err;
	pg_params_spec spec;
	error_init(&err, mem);
	pg_params_spec_init(&spec);
	spec.url = str_from(where);
	/* PEM text of the authority: then TLS is required and checked. */
	const char *rootcert = getenv("WEIR_TEST_PG_ROOTCERT");
	if (rootcert) {
		spec.sslmode = STR("verify-ca");
		spec.sslrootcert = str_from(rootcert);
	}
	if (change) change(&spec);
	pg_params *p = pg_params_new(&spec, &err);
	assert_non_null(p);
	return p;
}

static pg_pool *make_pool_with(const pg_pool_options *opt, void (*change)(pg_params_spec *), pg_limit *shared)
{
	pg_params *params = make_params(url, change);
	pg_limit *limit = shared ? pg_limit_ref(shared) : pg_limit_new(pg_params_pool(params)->max_connections);
	pg_pool *p = pg_pool_new(&loop, params, limit, opt);
	pg_params_unref(params);
	pg_limit_unref(limit);
	return p;
}

static pg_pool *make_pool(size_t max_conns)
{
	pg_pool_options opt = {.max_conns = max_conns};
	return make_pool_with(&opt, NULL, NULL);
}

static void on_closed(void *data)
{
	*(bool *)data = true;
}

static void close_pool(pg_pool *p)
{
	bool closed = false;
	pg_pool_close(p, false, on_closed, &closed);
	for (int i = 0; i < 1000 && !closed; i++)
		uv_run(&loop, UV_RUN_ONCE);
	assert_true(closed);
}

static pg_sync *make_sync(void)
{
	error err;
	error_init(&err, mem);
	pg_params *params = make_params(url, NULL);
	pg_sync *s = pg_sync_connect(params, 0, &err);
	pg_params_unref(params);
	if (!s) fail_msg("%.*s: %.*s", STR_ARG(err.message), STR_ARG(err.internal->text));
	return s;
}

static void outside(const char *sql)
{
	pg_sync *s = make_sync();
	if (!pg_sync_run(s, sql)) fail_msg("%.*s", STR_ARG(pg_sync_error(s)->message));
	pg_sync_close(s);
}

static int64_t outside_number(const char *sql)
{
	pg_sync *s = make_sync();
	pg_result *r = pg_sync_exec(s, sql);
	int64_t n = -1;
	if (!r || !str_to_i64(pg_result_value(r, 0, 0), &n)) fail_msg("no number from %s", sql);
	pg_result_free(r);
	pg_sync_close(s);
	return n;
}

static pg_pool_stats stats_of(const pg_pool *p)
{
	pg_pool_stats s;
	pg_pool_get_stats(p, &s);
	return s;
}

/* Runs the loop until the database says this number, for a minute at most. */
static void until_number(const char *sql, int64_t want)
{
	int64_t found = outside_number(sql);
	for (uint64_t end = clock_mono_ns() + 60000 * MS; found != want && clock_mono_ns() < end;
		found = outside_number(sql))
		run_for(20);
	assert_int_equal(found, want);
}

/* Until n statements with this text are under way. */
static void until_active(const char *text, int64_t n)
{
	until_number(
		str_z(mem,
			str_printf(mem,
				"SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%%%s%%' "
				"AND pid <> pg_backend_pid()",
				text)),
		n);
}

/* Probe i is answered, and none of from … to - 1 is yet. */
static void answered_before(size_t i, size_t from, size_t to)
{
	for (uint64_t end = clock_mono_ns() + 60000 * MS; !probes[i].calls && clock_mono_ns() < end;)
		run_for(1);
	assert_int_equal(probes[i].calls, 1);
	for (size_t k = from; k < to; k++)
		assert_int_equal(probes[k].calls, 0);
}

static void warm(pg_pool *p, size_t n)
{
	pg_pool_warm(p, n);
	for (int i = 0; i < 500 && stats_of(p).open < n; i++)
		uv_run(&loop, UV_RUN_ONCE);
	assert_int_equal(stats_of(p).open, n);
}

/* --- reading --- */

static void one_read(void **state)
{
	(void)state;
	pg_pool *p = make_pool(2);
	probe *a = set_probe(0, PG_READ_ALONE, 7, "SELECT $1::int + 1, NULL, 'x'::text");
	a->values[0] = "41";
	a->st[0].nparams = 1;
	a->st[0].values = a->values;
	assert_null(pg_pool_server(p));
	submit(p, 1);
	assert_int_equal(a->calls, 0);
	assert_true(run_until(1, 60000));
	assert_answer(a, "42");
	assert_true(pg_pool_server(p)->iso_dates);
	assert_true(pg_pool_server(p)->version >= 120000);
	if (getenv("WEIR_TEST_PG_ROOTCERT"))
		assert_int_equal(outside_number("SELECT count(*) FROM pg_stat_ssl WHERE NOT ssl AND pid IN "
						"(SELECT pid FROM pg_stat_activity WHERE application_name = 'weir')"),
			0);
	/* The same job again, by the statement prepared before. */
	a->calls = 0;
	submit(p, 1);
	assert_true(run_until(1, 60000));
	assert_answer(a, "42");
	assert_true(a->job.duration_ns > 0);
	assert_int_equal(stats_of(p).open, 1);
	close_pool(p);
}

static void fast_reads_share_a_sync(void **state)
{
	(void)state;
	pg_pool *p = make_pool(2);
	static const char *const numbers[] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
	warm(p, 1);
	for (size_t i = 0; i < 10; i++) {
		probe *a = set_probe(i, PG_READ_FAST, 1, "SELECT $1::int");
		a->values[0] = numbers[i];
		a->st[0].nparams = 1;
		a->st[0].values = a->values;
	}
	submit(p, 10);
	assert_true(run_until(10, 60000));
	for (size_t i = 0; i < 10; i++) {
		assert_answer(&probes[i], numbers[i]);
		assert_int_equal(probes[i].job.shared, 10);
	}
	assert_int_equal(stats_of(p).batches, 1);
	assert_int_equal(stats_of(p).batched, 10);
	close_pool(p);
}

static void an_error_in_a_batch_hurts_no_neighbour(void **state)
{
	(void)state;
	pg_pool *p = make_pool(4);
	warm(p, 1);
	for (size_t i = 0; i < 20; i++)
		set_probe(i, PG_READ_FAST, 1, "SELECT 'fine'");
	set_probe(5, PG_READ_FAST, 2, "SELECT 1/0");
	set_probe(9, PG_READ_FAST, 3, "SELECT no syntax at all");
	submit(p, 20);
	assert_true(run_until(20, 60000));
	for (size_t i = 0; i < 20; i++)
		if (i != 5 && i != 9) assert_answer(&probes[i], "fine");
	assert_string_equal(probes[5].sqlstate, "22012");
	assert_string_equal(probes[9].sqlstate, "42601");
	assert_true(stats_of(p).replayed >= 13);
	assert_int_equal(stats_of(p).in_flight, 0);
	close_pool(p);
}

static void one_snapshot(void **state)
{
	(void)state;
	pg_pool *p = make_pool(2);
	outside("DROP TABLE IF EXISTS snap; CREATE TABLE snap(x int)");
	/* Another client inserts between the two statements. */
	probe *a = set_probe(0, PG_READ_TX, 11, "SELECT count(*) FROM snap");
	add_stmt(a, "SELECT pg_sleep(1.01)");
	add_stmt(a, "SELECT count(*) || current_setting('transaction_read_only') FROM snap");
	submit(p, 1);
	until_active("pg_sleep(1.01)", 1);
	outside("INSERT INTO snap VALUES (1)");
	assert_true(run_until(1, 60000));
	assert_answer(a, "0on");
	close_pool(p);
}

static void a_failed_read_transaction_leaves_nothing(void **state)
{
	(void)state;
	pg_pool *p = make_pool(1);
	probe *a = set_probe(0, PG_READ_TX, 0, "SELECT 1/0");
	a->job.quick = true;
	add_stmt(a, "SELECT 1");
	for (size_t i = 1; i < 6; i++) {
		probe *b = set_probe(i, i % 2 ? PG_READ_TX : PG_READ_FAST, 12, "SELECT now() = statement_timestamp()");
		b->job.quick = true;
	}
	submit(p, 6);
	assert_true(run_until(6, 60000));
	assert_string_equal(a->sqlstate, "22012");
	for (size_t i = 1; i < 6; i++)
		assert_true(probes[i].kind == PG_ERR_NONE && probes[i].calls == 1);
	/* Outside of a transaction again: every statement has its own time. */
	set_probe(0, PG_READ_ALONE, 0, "SELECT now() = statement_timestamp()");
	submit(p, 1);
	assert_true(run_until(1, 60000));
	until_number(IDLE_IN_TX, 0);
	close_pool(p);
}

static void slow_neighbours_are_left(void **state)
{
	(void)state;
	pg_pool *p = make_pool(4);
	warm(p, 1);
	set_probe(0, PG_READ_FAST, 21, "SELECT pg_sleep(2.02)");
	for (size_t i = 1; i < 6; i++)
		set_probe(i, PG_READ_FAST, 20, "SELECT 'quick'");
	submit(p, 6);
	for (size_t i = 1; i < 6; i++)
		answered_before(i, 0, 1);
	assert_true(run_until(6, 60000));
	for (size_t i = 1; i < 6; i++)
		assert_answer(&probes[i], "quick");
	assert_int_equal(probes[0].kind, PG_ERR_NONE);
	assert_true(stats_of(p).rescued >= 5);
	close_pool(p);
}

static void an_alone_read_leaves_room_for_the_fast(void **state)
{
	(void)state;
	pg_pool *p = make_pool(3);
	set_probe(0, PG_READ_FAST, 20, "SELECT 'quick'");
	submit(p, 1);
	assert_true(run_until(1, 60000));
	for (size_t i = 0; i < 4; i++)
		set_probe(i, PG_READ_ALONE, 0, "SELECT pg_sleep(1.03)");
	submit(p, 4);
	until_active("pg_sleep(1.03)", 2);
	set_probe(4, PG_READ_FAST, 20, "SELECT 'quick'");
	pg_job_submit(p, &probes[4].job);
	answered_before(4, 0, 4);
	assert_true(run_until(5, 60000));
	assert_answer(&probes[4], "quick");
	close_pool(p);
}

/* --- writing --- */

static void writes(void **state)
{
	(void)state;
	pg_pool *p = make_pool(2);
	outside("DROP TABLE IF EXISTS kid, par CASCADE; CREATE TABLE par(id int PRIMARY KEY);"
		"CREATE TABLE kid(p int REFERENCES par(id) DEFERRABLE INITIALLY DEFERRED)");
	probe *a = set_probe(0, PG_WRITE_TX, 31, "INSERT INTO par VALUES (1) RETURNING id");
	add_stmt(a, "SELECT count(*) FROM par");
	submit(p, 1);
	assert_true(run_until(1, 60000));
	assert_answer(a, "1");
	a = set_probe(0, PG_WRITE_TX, 32, "INSERT INTO par VALUES (2)");
	add_stmt(a, "INSERT INTO par VALUES (1)");
	submit(p, 1);
	assert_true(run_until(1, 60000));
	assert_int_equal(a->kind, PG_ERR_SERVER);
	assert_string_equal(a->sqlstate, "23505");
	assert_false(a->tx_control);
	a = set_probe(0, PG_WRITE_TX, 33, "INSERT INTO kid VALUES (99)");
	submit(p, 1);
	assert_true(run_until(1, 60000));
	assert_string_equal(a->sqlstate, "23503");
	assert_true(a->tx_control);
	set_probe(0, PG_READ_ALONE, 0, "SELECT count(*) FROM par");
	submit(p, 1);
	assert_true(run_until(1, 60000));
	assert_answer(&probes[0], "1");
	assert_int_equal(stats_of(p).broken, 0);
	close_pool(p);
}

static void a_write_is_never_sent_twice(void **state)
{
	(void)state;
	pg_pool *p = make_pool(2);
	outside("DROP TABLE IF EXISTS once; CREATE TABLE once(x int)");
	probe *a = set_probe(0, PG_WRITE_TX, 0, "INSERT INTO once VALUES (1)");
	add_stmt(a, "SELECT pg_sleep(30.04)");
	submit(p, 1);
	until_active("pg_sleep(30.04)", 1);
	outside("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()");
	assert_true(run_until(1, 60000));
	assert_int_equal(a->kind, PG_ERR_BROKEN);
	run_for(300);
	assert_int_equal(a->calls, 1);
	assert_int_equal(outside_number("SELECT count(*) FROM once"), 0);
	close_pool(p);
}

static void a_read_survives_its_backend(void **state)
{
	(void)state;
	pg_pool *p = make_pool(3);
	set_probe(0, PG_READ_ALONE, 0, "SELECT 'slept' FROM pg_sleep(1.05)");
	set_probe(1, PG_READ_TX, 0, "SELECT 'slept' FROM pg_sleep(1.05)");
	submit(p, 2);
	until_active("pg_sleep(1.05)", 2);
	outside("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()");
	assert_true(run_until(2, 60000));
	assert_answer(&probes[0], "slept");
	assert_answer(&probes[1], "slept");
	assert_true(stats_of(p).replayed >= 2);
	/* An idle connection that was ended is not used for a write. */
	outside("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'weir' AND pid <> pg_backend_pid()");
	for (int i = 0; i < 6000 &&
		outside_number("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'weir' AND "
			       "pid <> pg_backend_pid()");
		i++)
		usleep(10000);
	set_probe(0, PG_WRITE_TX, 0, "SELECT 'written'");
	submit(p, 1);
	assert_true(run_until(1, 60000));
	assert_answer(&probes[0], "written");
	close_pool(p);
}

/* 25006 on a write: the server has become a standby, and with it all connections. */
static void a_standby_is_left(void **state)
{
	(void)state;
	pg_pool *p = make_pool(3);
	warm(p, 3);
	uint64_t left_ns = 0;
	for (int i = 0; i < 2; i++) {
		probe *a = set_probe(0, PG_WRITE_TX, 0, "SET TRANSACTION READ ONLY");
		add_stmt(a, "CREATE TABLE never(x int)");
		submit(p, 1);
		assert_true(run_until(1, 60000));
		assert_string_equal(a->sqlstate, "25006");
		/* Not again within a second: a source may be a standby by intention. */
		if (i == 0) left_ns = clock_mono_ns();
		for (int k = 0; k < 600 && i == 0 && stats_of(p).open; k++)
			run_for(100);
		if (i == 1) run_for(100);
		if (i == 0 || clock_mono_ns() - left_ns < 900 * MS) assert_int_equal(stats_of(p).open, i);
	}
	close_pool(p);
}

/* --- leaving --- */

static void cancelling(void **state)
{
	(void)state;
	pg_pool *p = make_pool(1);
	set_probe(0, PG_READ_ALONE, 0, "SELECT pg_sleep(121)");
	set_probe(1, PG_READ_ALONE, 0, "SELECT 'next'");
	set_probe(2, PG_READ_ALONE, 0, "SELECT 'never'");
	submit(p, 3);
	until_active("pg_sleep(121)", 1);
	pg_job_cancel(&probes[2].job);
	pg_job_cancel(&probes[0].job);
	pg_job_cancel(&probes[0].job);
	probes[0].calls = probes[2].calls = 1;
	assert_true(run_until(3, 60000));
	assert_answer(&probes[1], "next");
	assert_int_equal(probes[0].calls, 1);
	assert_int_equal(probes[2].calls, 1);
	assert_int_equal(stats_of(p).cancels, 1);
	assert_int_equal(stats_of(p).open, 1);
	close_pool(p);
}

static void deadlines(void **state)
{
	(void)state;
	pg_pool *p = make_pool(1);
	probe *a = set_probe(0, PG_READ_ALONE, 0, "SELECT pg_sleep(122)");
	a->job.timeout_ms = 1000;
	probe *b = set_probe(1, PG_READ_ALONE, 0, "SELECT 1");
	b->job.timeout_ms = 100;
	submit(p, 2);
	assert_true(run_until(2, 60000));
	assert_int_equal(a->kind, PG_ERR_DEADLINE);
	assert_int_equal(b->kind, PG_ERR_DEADLINE);
	assert_true(b->took_ns < a->took_ns);
	set_probe(0, PG_READ_ALONE, 0, "SELECT 'after'");
	submit(p, 1);
	assert_true(run_until(1, 60000));
	assert_answer(&probes[0], "after");
	close_pool(p);
}

static void short_pool_timeout(pg_params_spec *s)
{
	s->pool.pool_timeout_ms = 1500;
}

static void waiting_has_an_end(void **state)
{
	(void)state;
	pg_pool_options opt = {.max_conns = 1, .max_queue = 2};
	pg_pool *p = make_pool_with(&opt, short_pool_timeout, NULL);
	warm(p, 1); /* that may take longer than the timeout */
	set_probe(0, PG_READ_ALONE, 0, "SELECT pg_sleep(4.06)");
	submit(p, 1);
	until_active("pg_sleep(4.06)", 1);
	for (size_t i = 1; i < 4; i++)
		set_probe(i, PG_READ_ALONE, 0, "SELECT 1");
	for (size_t i = 1; i < 4; i++)
		pg_job_submit(p, &probes[i].job);
	answered_before(3, 0, 3);
	assert_true(run_until(4, 60000));
	for (size_t i = 1; i < 4; i++) {
		assert_int_equal(probes[i].kind, PG_ERR_TIMEOUT);
		assert_string_equal(probes[i].message, "connection acquisition timeout expired");
	}
	assert_int_equal(probes[0].kind, PG_ERR_NONE);
	close_pool(p);
}

/* --- prepared statements --- */

static void a_changed_table(void **state)
{
	(void)state;
	pg_pool *p = make_pool(1);
	outside("DROP TABLE IF EXISTS ch; CREATE TABLE ch(a int); INSERT INTO ch VALUES (1)");
	for (int i = 0; i < 3; i++) {
		set_probe(0, PG_READ_FAST, 51, "SELECT * FROM ch");
		set_probe(1, PG_READ_TX, 51, "SELECT * FROM ch");
		set_probe(2, PG_WRITE_TX, 51, "SELECT * FROM ch");
		submit(p, 3);
		assert_true(run_until(3, 60000));
		for (size_t k = 0; k < 3; k++)
			assert_answer(&probes[k], "1");
		outside(i == 0 ? "ALTER TABLE ch ADD b text" : "ALTER TABLE ch ALTER b TYPE int USING 1");
	}
	assert_false(stats_of(p).unnamed_only);
	close_pool(p);
}

static void lost_names(void **state)
{
	(void)state;
	for (int write = 0; write < 2; write++) {
		pg_pool *p = make_pool(1);
		for (size_t i = 0; i < 3; i++)
			set_probe(i, i == 2 && write ? PG_WRITE_TX : PG_READ_FAST, 61 + i, "SELECT 'here'");
		submit(p, 3);
		assert_true(run_until(3, 60000));
		/* What a transaction pooler's next server looks like. */
		set_probe(0, PG_READ_ALONE, 0, "DEALLOCATE ALL");
		submit(p, 1);
		assert_true(run_until(1, 60000));
		for (size_t i = 0; i < 3; i++)
			set_probe(i, write ? PG_WRITE_TX : PG_READ_FAST, 61 + i, "SELECT 'here'");
		submit(p, 3);
		assert_true(run_until(3, 60000));
		for (size_t i = 0; i < 3; i++)
			assert_answer(&probes[i], "here");
		assert_true(stats_of(p).unnamed_only);
		close_pool(p);
	}
}

static void no_names(pg_params_spec *s)
{
	s->use_prepared_statements = false;
}

static void names_are_bounded(void **state)
{
	(void)state;
	pg_pool_options opt = {.max_conns = 1, .stmt_cache = 4};
	pg_pool *p = make_pool_with(&opt, NULL, NULL);
	for (int round = 0; round < 10; round++) {
		for (size_t i = 0; i < 10; i++)
			set_probe(i, PG_READ_FAST, 70 + i, "SELECT 'n'");
		submit(p, 10);
		assert_true(run_until(10, 60000));
	}
	set_probe(0, PG_READ_ALONE, 0, "SELECT count(*) <= 46, count(*) FROM pg_prepared_statements");
	submit(p, 1);
	assert_true(run_until(1, 60000));
	assert_answer(&probes[0], "t");
	close_pool(p);
	p = make_pool_with(&opt, no_names, NULL);
	set_probe(0, PG_READ_ALONE, 5, "SELECT count(*) FROM pg_prepared_statements");
	submit(p, 1);
	assert_true(run_until(1, 60000));
	assert_answer(&probes[0], "0");
	assert_true(stats_of(p).unnamed_only);
	close_pool(p);
}

/* --- size --- */

static void large_results(void **state)
{
	(void)state;
	pg_pool *p = make_pool(2);
	static const char *const sql[] = {
		"SELECT i, repeat('x', 100) FROM generate_series(1, 1000000) i",
		"SELECT repeat('x', 60000000)",
		"SELECT repeat('x', 10000) FROM generate_series(1, 100000)",
	};
	for (size_t i = 0; i < 3; i++) {
		probe *a = set_probe(0, PG_READ_ALONE, 0, sql[i]);
		a->job.max_result_bytes = 4 << 20;
		submit(p, 1);
		assert_true(run_until(1, 90000));
		assert_int_equal(a->kind, PG_ERR_TOO_LARGE);
	}
	probe *b = set_probe(0, PG_READ_ALONE, 0, "SELECT repeat('x', 100) FROM generate_series(1, 5000)");
	b->job.max_result_bytes = 4 << 20;
	set_probe(1, PG_READ_ALONE, 0, "SELECT repeat('x', 2000000) FROM generate_series(1, 50)");
	submit(p, 2);
	assert_true(run_until(2, 90000));
	assert_int_equal(b->kind, PG_ERR_NONE);
	assert_int_equal(b->rows, 5000);
	assert_int_equal(probes[1].kind, PG_ERR_NONE);
	assert_int_equal(probes[1].rows, 50);
	close_pool(p);
}

/* --- pools --- */

static void workers_share_a_cap(void **state)
{
	(void)state;
	pg_limit *limit = pg_limit_new(1);
	pg_pool_options opt = {0};
	pg_pool *p = make_pool_with(&opt, NULL, limit), *q = make_pool_with(&opt, NULL, limit);
	for (int round = 0; round < 3; round++) {
		set_probe(0, PG_READ_FAST, 1, "SELECT 'p'");
		set_probe(1, PG_READ_FAST, 1, "SELECT 'q'");
		pg_job_submit(p, &probes[0].job);
		pg_job_submit(q, &probes[1].job);
		assert_true(run_until(2, 60000));
		assert_answer(&probes[0], "p");
		assert_answer(&probes[1], "q");
		assert_true(pg_limit_used(limit) <= 1);
	}
	close_pool(p);
	close_pool(q);
	assert_int_equal(pg_limit_used(limit), 0);
	pg_limit_unref(limit);
}

/* Connections that take this long to open, as over a slow network (PostgreSQL: a setting for developers). */
static const char *slow_url(char to[512], int seconds)
{
	if (!strstr(url, "://")) snprintf(to, 512, "%s options='-c post_auth_delay=%d'", url, seconds);
	else snprintf(to, 512, "%s%coptions=-c%%20post_auth_delay%%3D%d", url, strchr(url, '?') ? '&' : '?', seconds);
	return to;
}

/* Reads that want a connection to themselves. */
static void submit_alone(pg_pool *p, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		set_probe(i, PG_READ_ALONE, 0, "SELECT 'alone'");
		pg_job_submit(p, &probes[i].job);
	}
}

/* A connection that is given up for another worker goes there, though its owner has work for it, too. */
static void a_yielded_connection_is_not_taken_back(void **state)
{
	(void)state;
	char slow[512];
	pg_params *params = make_params(slow_url(slow, 1), NULL);
	for (size_t cap = 1; cap <= 2; cap++) {
		pg_limit *limit = pg_limit_new(cap);
		pg_pool *p = pg_pool_new(&loop, params, limit, NULL), *q = pg_pool_new(&loop, params, limit, NULL);
		warm(p, cap);
		set_probe(0, PG_READ_FAST, 0, "SELECT 1");
		set_probe(1, PG_WRITE_TX, 0, "SELECT 1");
		submit(p, 2);
		assert_true(run_until(2, 20000));
		/* As long as the first ones run, the others wait. */
		set_probe(0, PG_READ_ALONE, 0, "SELECT 'long' FROM pg_sleep(0.3)");
		set_probe(1, PG_READ_ALONE, 0, "SELECT 'long' FROM pg_sleep(0.3)");
		submit(p, 2);
		submit_alone(p, 2, 8);
		submit_alone(q, 8, 16);
		assert_true(run_until(16, 60000));
		for (size_t i = 0; i < 16; i++)
			assert_answer(&probes[i], i < 2 ? "long" : "alone");
		/* One is closed and opened for q; of a single one p wants its turn again. */
		size_t opened = stats_of(p).connects + stats_of(q).connects;
		if (opened > 3) fail_msg("%zu connections were opened under a cap of %zu", opened, cap);
		close_pool(p);
		close_pool(q);
		assert_int_equal(pg_limit_used(limit), 0);
		pg_limit_unref(limit);
	}
	pg_params_unref(params);
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_TRUNC);
	assert_true(fd >= 0 && dprintf(fd, "%s\n", text) > 0);
	close(fd);
}

/* A new file at path (a template of mkstemp) with the text; connections read their url from it. */
static pg_params *params_of_file(char *path, const char *text)
{
	error err;
	pg_params_spec spec;
	close(mkstemp(path));
	write_file(path, text);
	error_init(&err, mem);
	pg_params_spec_init(&spec);
	spec.dynamic_file = str_from(path);
	pg_params *params = pg_params_new(&spec, &err);
	assert_non_null(params);
	return params;
}

/* A connection may take as long as its time limit to open: what is there is used meanwhile. */
static void a_dial_that_hangs_keeps_nobody_waiting(void **state)
{
	(void)state;
	char path[] = "/tmp/weir-test-url-XXXXXX", slow[512];
	pg_params *params = params_of_file(path, url);
	pg_limit *limit = pg_limit_new(5);
	pg_pool *p = pg_pool_new(&loop, params, limit, NULL);
	set_probe(0, PG_READ_FAST, 0, "SELECT 1");
	submit(p, 1);
	assert_true(run_until(1, 20000));
	size_t open = stats_of(p).open;
	write_file(path, slow_url(slow, 4));
	/* One of the connections is left to the fast: another one is opened for the rest. */
	submit_alone(p, 0, open);
	assert_true(run_until(open, 20000));
	for (size_t i = 0; i < open; i++)
		assert_answer(&probes[i], "alone");
	assert_int_equal(stats_of(p).open, open);
	assert_int_equal(stats_of(p).connecting, 1);
	close_pool(p);
	unlink(path);
	pg_params_unref(params);
	pg_limit_unref(limit);
}

typedef struct worker {
	uv_loop_t loop;
	uv_thread_t thread;
	pg_params *params;
	pg_limit *limit;
	pg_pool *pool;
	pg_job jobs[8];
	pg_stmt st;
	size_t left;
	size_t right;
} worker;

static void on_worker_done(pg_job *job, const pg_result *const *results, size_t n, const pg_error *err)
{
	worker *w = job->data;
	if (!err && n == 1 && pg_result_value(results[0], 0, 0).n == 3) w->right++;
	if (--w->left == 0) pg_pool_close(w->pool, false, NULL, NULL);
	else if (w->left >= 8) pg_job_submit(w->pool, job);
}

static void work(void *arg)
{
	worker *w = arg;
	uv_loop_init(&w->loop);
	w->pool = pg_pool_new(&w->loop, w->params, w->limit, NULL);
	w->st = (pg_stmt){.id = 9, .sql = "SELECT 'abc'"};
	w->left = 400;
	for (size_t i = 0; i < 8; i++) {
		w->jobs[i] = (pg_job){.mode = i % 4 ? PG_READ_FAST
				: i                 ? PG_READ_TX
						    : PG_WRITE_TX,
			.stmts = &w->st,
			.nstmts = 1,
			.done = on_worker_done,
			.data = w};
		pg_job_submit(w->pool, &w->jobs[i]);
	}
	uv_run(&w->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&w->loop), 0);
}

/* More workers than connections: everyone gets his turn. */
static void workers_on_threads(void **state)
{
	(void)state;
	static worker workers[4];
	pg_params *params = make_params(url, NULL);
	pg_limit *limit = pg_limit_new(3);
	for (size_t i = 0; i < 4; i++) {
		workers[i] = (worker){.params = params, .limit = limit};
		assert_int_equal(uv_thread_create(&workers[i].thread, work, &workers[i]), 0);
	}
	for (size_t i = 0; i < 4; i++) {
		uv_thread_join(&workers[i].thread);
		assert_int_equal(workers[i].right, 400);
	}
	assert_int_equal(pg_limit_used(limit), 0);
	pg_limit_unref(limit);
	pg_params_unref(params);
}

static void short_life(pg_params_spec *s)
{
	s->pool.idle_timeout_s = 1;
	s->pool.connection_lifetime_s = 2;
	s->statement_timeout_ms = 2500;
}

static void connections_age(void **state)
{
	(void)state;
	pg_pool_options opt = {.max_conns = 3};
	pg_pool *p = make_pool_with(&opt, short_life, NULL);
	uint64_t from = clock_mono_ns();
	while (clock_mono_ns() - from < 3000 * MS) {
		set_probe(0, PG_READ_FAST, 1, "SELECT 'young'");
		submit(p, 1);
		assert_true(run_until(1, 60000));
		assert_answer(&probes[0], "young");
	}
	assert_true(stats_of(p).connects >= 2);
	assert_int_equal(stats_of(p).broken, 0);
	for (int i = 0; i < 600 && stats_of(p).open; i++)
		run_for(100);
	assert_int_equal(stats_of(p).open, 0);
	set_probe(0, PG_READ_ALONE, 0, "SELECT pg_sleep(123)");
	submit(p, 1);
	assert_true(run_until(1, 60000));
	assert_string_equal(probes[0].sqlstate, "57014");
	assert_int_equal(stats_of(p).replayed, 0);
	close_pool(p);
}

static void a_late_cancel_hits_no_neighbour(void **state)
{
	(void)state;
	pg_pool *p = make_pool(1);
	for (int i = 0; i < 30; i++) {
		set_probe(0, PG_READ_ALONE, 0, "SELECT pg_sleep(0.03)");
		set_probe(1, PG_READ_ALONE, 0, "SELECT 'kept' FROM pg_sleep(0.004)");
		submit(p, 2);
		run_for(20 + (uint64_t)i % 10);
		pg_job_cancel(&probes[0].job);
		probes[0].calls = 1;
		assert_true(run_until(2, 60000));
		assert_answer(&probes[1], "kept");
	}
	close_pool(p);
}

static void on_take(pg_job *job, const pg_result *const *results, size_t n, const pg_error *err)
{
	(void)err;
	assert_ptr_equal(n ? results[n - 1] : NULL, results[0]);
	taken = pg_job_take_result(job, 0);
	assert_null(pg_job_take_result(job, 1));
	((probe *)job->data)->calls++;
}

static void results_outlive_the_job(void **state)
{
	(void)state;
	pg_pool *p = make_pool(1);
	set_probe(0, PG_READ_ALONE, 0, "SELECT 'mine'")->job.done = on_take;
	submit(p, 1);
	assert_true(run_until(1, 60000));
	close_pool(p);
	assert_string_equal(pg_result_value(taken, 0, 0).p, "mine");
	pg_result_free(taken);
}

static void closing(void **state)
{
	(void)state;
	bool closed = false;
	pg_pool *p = make_pool(1);
	set_probe(0, PG_READ_ALONE, 0, "SELECT pg_sleep(1.07)");
	set_probe(1, PG_WRITE_TX, 0, "SELECT 'drained'");
	submit(p, 2);
	until_active("pg_sleep(1.07)", 1);
	pg_pool_close(p, true, on_closed, &closed);
	set_probe(2, PG_READ_ALONE, 0, "SELECT 1");
	pg_job_submit(p, &probes[2].job);
	assert_true(run_until(3, 60000));
	assert_int_equal(probes[0].kind, PG_ERR_NONE);
	assert_answer(&probes[1], "drained");
	assert_int_equal(probes[2].kind, PG_ERR_CLOSED);
	for (int i = 0; i < 100 && !closed; i++)
		uv_run(&loop, UV_RUN_ONCE);
	assert_true(closed);
	p = make_pool(1);
	closed = false;
	set_probe(0, PG_READ_ALONE, 0, "SELECT pg_sleep(124)");
	set_probe(1, PG_WRITE_TX, 0, "SELECT 1");
	submit(p, 2);
	until_active("pg_sleep(124)", 1);
	pg_pool_close(p, false, on_closed, &closed);
	assert_true(run_until(2, 60000));
	assert_int_equal(probes[0].kind, PG_ERR_BROKEN);
	assert_int_equal(probes[1].kind, PG_ERR_CLOSED);
	for (int i = 0; i < 100 && !closed; i++)
		uv_run(&loop, UV_RUN_ONCE);
	assert_true(closed);
	/* While dialling. */
	p = make_pool(1);
	set_probe(0, PG_READ_ALONE, 0, "SELECT 1");
	submit(p, 1);
	uv_run(&loop, UV_RUN_NOWAIT);
	close_pool(p);
	assert_int_equal(probes[0].kind, PG_ERR_CLOSED);
}

static void nobody_there(void **state)
{
	(void)state;
	static const char *const urls[] = {"postgres://postgres@127.0.0.1:1/postgres", "host=/nonexistent dbname=x",
		"postgres://postgres@no-such-host.invalid/x"};
	for (size_t i = 0; i < 3; i++) {
		pg_params *params = make_params(urls[i], NULL);
		pg_limit *limit = pg_limit_new(5);
		pg_pool *p = pg_pool_new(&loop, params, limit, NULL);
		set_probe(0, PG_READ_FAST, 0, "SELECT 1");
		set_probe(1, PG_WRITE_TX, 0, "SELECT 1");
		submit(p, 2);
		assert_true(run_until(2, 90000));
		assert_int_equal(probes[0].kind, PG_ERR_CONNECT);
		assert_int_equal(probes[1].kind, PG_ERR_CONNECT);
		assert_true(stats_of(p).connect_failures >= 2);
		close_pool(p);
		assert_int_equal(pg_limit_used(limit), 0);
		pg_limit_unref(limit);
		pg_params_unref(params);
	}
}

static void from_a_file(void **state)
{
	(void)state;
	char path[] = "/tmp/weir-test-url-XXXXXX", blanks[512];
	error err;
	error_init(&err, mem);
	snprintf(blanks, sizeof(blanks), "  %s", url);
	pg_params *params = params_of_file(path, blanks);
	pg_sync *s = pg_sync_connect(params, 0, &err);
	assert_non_null(s);
	pg_sync_close(s);
	unlink(path);
	assert_null(pg_sync_connect(params, 0, &err));
	assert_true(str_starts(err.internal->text, STR("Error reading connection string dynamically from ")));
	pg_params_unref(params);
}

/* --- the blocking client --- */

static void blocking(void **state)
{
	(void)state;
	pg_sync *s = make_sync();
	pg_result *r = pg_sync_exec(s, "SELECT 1; SELECT 2 AS two; ");
	assert_non_null(r);
	assert_string_equal(pg_result_value(r, 0, 0).p, "2");
	assert_true(str_eqz(pg_result_name(r, 0), "two"));
	assert_int_equal(pg_result_type(r, 0), 23);
	assert_true(pg_result_has_rows(r));
	pg_result_free(r);
	const char *const values[] = {"5", NULL};
	r = pg_sync_query(s, "SELECT $1::int, $2::text", 2, values);
	assert_non_null(r);
	assert_string_equal(pg_result_value(r, 0, 0).p, "5");
	assert_true(pg_result_is_null(r, 0, 1));
	pg_result_free(r);
	assert_null(pg_sync_exec(s, "SELECT 1; SELECT * FROM no_such_table; SELECT 3"));
	assert_true(pg_error_is(pg_sync_error(s), "42P01"));
	assert_int_equal(pg_sync_error(s)->position, 25);
	assert_true(pg_sync_begin(s, PG_SERIALIZABLE, false));
	assert_true(pg_sync_run(s, "CREATE TABLE rolled(x int)"));
	assert_true(pg_sync_in_tx(s));
	assert_false(pg_sync_run(s, "SELECT 1/0"));
	pg_sync_rollback(s);
	assert_true(pg_error_is(pg_sync_error(s), "22012"));
	assert_false(pg_sync_in_tx(s));
	assert_false(pg_sync_run(s, "COPY pg_class TO STDOUT"));
	assert_int_equal(pg_sync_error(s)->kind, PG_ERR_PROTOCOL);
	assert_false(pg_sync_run(s, "CREATE TEMP TABLE c(x int); COPY c FROM STDIN"));
	assert_int_equal(pg_sync_error(s)->kind, PG_ERR_PROTOCOL);
	assert_true(pg_sync_run(s, "SELECT 1"));
	pg_sync_close(s);
}

static void blocking_deadline(void **state)
{
	(void)state;
	pg_sync *s = make_sync();
	uint64_t from = clock_mono_ns();
	assert_true(pg_sync_begin(s, PG_READ_COMMITTED, true));
	pg_sync_set_deadline(s, clock_mono_ns() + 200 * MS);
	assert_false(pg_sync_run(s, "SELECT pg_sleep(125)"));
	assert_int_equal(pg_sync_error(s)->kind, PG_ERR_DEADLINE);
	assert_true(clock_mono_ns() - from < 60000 * MS);
	assert_true(pg_sync_alive(s));
	pg_sync_rollback(s);
	assert_false(pg_sync_in_tx(s));
	pg_sync_set_deadline(s, 0);
	pg_sync_set_max_bytes(s, 1 << 20);
	assert_false(pg_sync_run(s, "SELECT repeat('x', 100) FROM generate_series(1, 1000000)"));
	assert_int_equal(pg_sync_error(s)->kind, PG_ERR_TOO_LARGE);
	assert_false(pg_sync_alive(s));
	assert_false(pg_sync_run(s, "SELECT 1"));
	pg_sync_close(s);
}

typedef struct seen {
	size_t rows, ends, stop;
	char last[16];
} seen;

static bool see(void *data, const pg_result *r)
{
	seen *x = data;
	x->rows += pg_result_rows(r);
	x->ends += pg_result_rows(r) == 0;
	if (pg_result_rows(r))
		snprintf(x->last, sizeof(x->last), "%.*s", (int)pg_result_value(r, 0, 0).n, pg_result_value(r, 0, 0).p);
	return !x->stop || x->rows < x->stop;
}

static void row_by_row(void **state)
{
	(void)state;
	pg_sync *s = make_sync();
	seen x = {0};
	assert_true(pg_sync_each(
		s, "SELECT generate_series(1, 5); SELECT 1 WHERE false; SET work_mem = '4MB'; SELECT 7", see, &x));
	assert_int_equal(x.rows, 6);
	assert_int_equal(x.ends, 4);
	assert_string_equal(x.last, "7");
	assert_false(pg_sync_each(s, "SELECT 1; SELECT 1/0; SELECT 2", see, &x));
	assert_int_equal(pg_sync_error(s)->kind, PG_ERR_SERVER);
	assert_string_equal(x.last, "1");
	/* Who has enough ends it, and has the connection still unless the cancelling took too long. */
	x = (seen){.stop = 1000};
	assert_true(pg_sync_begin(s, PG_READ_COMMITTED, true));
	assert_false(pg_sync_each(s, "SELECT generate_series(1, 100000000)", see, &x));
	assert_int_equal(pg_sync_error(s)->kind, PG_ERR_TOO_LARGE);
	assert_int_equal(x.rows, 1000);
	pg_sync_rollback(s);
	if (pg_sync_alive(s)) assert_true(pg_sync_run(s, "SELECT 1"));
	pg_sync_close(s);
	s = make_sync();
	/* A single row is bounded while it comes. */
	pg_sync_set_max_bytes(s, 1 << 20);
	x = (seen){0};
	assert_true(pg_sync_each(s, "SELECT repeat('x', 1000) FROM generate_series(1, 20000)", see, &x));
	assert_int_equal(x.rows, 20000);
	assert_false(pg_sync_each(s, "SELECT repeat('x', 100000000)", see, &x));
	assert_int_equal(pg_sync_error(s)->kind, PG_ERR_TOO_LARGE);
	assert_false(pg_sync_alive(s));
	pg_sync_close(s);
}

static void notifications(void **state)
{
	(void)state;
	pg_sync *s = make_sync();
	pg_notify n;
	int fds[2];
	assert_true(pg_sync_listen(s, STR("we\"ird")));
	assert_int_equal(pg_sync_wait(s, mem, 50, &n), 0);
	outside("NOTIFY \"we\"\"ird\", 'hello'");
	assert_int_equal(pg_sync_wait(s, mem, 60000, &n), 1);
	assert_true(str_eqz(n.channel, "we\"ird"));
	assert_true(str_eqz(n.payload, "hello"));
	assert_int_equal(pipe(fds), 0);
	pg_sync_set_wakeup(s, fds[0]);
	assert_int_equal(write(fds[1], "x", 1), 1);
	assert_int_equal(pg_sync_wait(s, mem, 60000, &n), 0);
	assert_false(pg_sync_run(s, "SELECT pg_sleep(126)"));
	assert_int_equal(pg_sync_error(s)->kind, PG_ERR_CLOSED);
	pg_sync_set_wakeup(s, -1);
	outside("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'");
	assert_int_equal(pg_sync_wait(s, mem, 60000, &n), -1);
	pg_sync_close(s);
	close(fds[0]);
	close(fds[1]);
}

static int set_up(void **state)
{
	(void)state;
	mem = arena_new(0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(mem);
	return 0;
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		T(one_read),
		T(fast_reads_share_a_sync),
		T(an_error_in_a_batch_hurts_no_neighbour),
		T(one_snapshot),
		T(a_failed_read_transaction_leaves_nothing),
		T(slow_neighbours_are_left),
		T(an_alone_read_leaves_room_for_the_fast),
		T(writes),
		T(a_write_is_never_sent_twice),
		T(a_read_survives_its_backend),
		T(a_standby_is_left),
		T(cancelling),
		T(deadlines),
		T(waiting_has_an_end),
		T(a_changed_table),
		T(lost_names),
		T(names_are_bounded),
		T(large_results),
		T(workers_share_a_cap),
		T(a_yielded_connection_is_not_taken_back),
		T(a_dial_that_hangs_keeps_nobody_waiting),
		T(workers_on_threads),
		T(connections_age),
		T(a_late_cancel_hits_no_neighbour),
		T(results_outlive_the_job),
		T(closing),
		T(nobody_there),
		T(from_a_file),
		T(blocking),
		T(blocking_deadline),
		T(row_by_row),
		T(notifications),
	};
	url = getenv("WEIR_TEST_PG_URL");
	if (!url) return SKIPPED;
	if (argc > 1) cmocka_set_test_filter(argv[1]);
	uv_loop_init(&loop);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	/* A failed test leaves its pool open, which would keep the loop alive for ever. */
	if (failed) return 1;
	uv_run(&loop, UV_RUN_DEFAULT);
	return uv_loop_close(&loop) == 0 ? 0 : 1;
}
