/*
 * Load on a pool, for tests/api/test_pg_pool.py: test_pg_load URL SECONDS CLIENTS [slow] [write] [max=N] [retries=N]
 * CLIENTS clients read without a pause; `slow`: one request in a hundred sleeps 0.2 s; `write`: one more client inserts
 * ascending numbers into `ledger`. Prints one JSON object. Without arguments it is skipped.
 */
#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "pg/pg_pool.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { SKIPPED = 77, MAX_CLIENTS = 512, MAX_SAMPLES = 1 << 20, KINDS = PG_ERR_PROTOCOL + 1 };

typedef struct client {
	pg_job job;
	pg_stmt st;
	const char *values[1];
	char value[24];
	uint64_t from_ns;
	uint64_t n;
	bool writer;
	bool slow;
} client;

typedef struct run {
	uv_loop_t loop;
	uv_timer_t limit;
	pg_pool *pool;
	client clients[MAX_CLIENTS + 1];
	bool slow;
	uint64_t end_ns;
	uint64_t turns;
	uint64_t answers;
	uint64_t wrong;
	uint64_t errors[KINDS];
	uint64_t last_error_ns;
	uint64_t slow_answers;
	uint64_t acked;
	uint64_t unknown;
	uint64_t *samples;
	size_t nsamples;
	char first_error[256];
} run;

static void next(run *r, client *c);

static void sample(run *r, uint64_t ns)
{
	if (r->nsamples < MAX_SAMPLES) r->samples[r->nsamples++] = ns;
}

static void on_done(pg_job *job, const pg_result *const *results, size_t n, const pg_error *err)
{
	client *c = (client *)job;
	run *r = job->data;
	uint64_t now = clock_mono_ns();
	if (err) {
		r->errors[err->kind]++;
		r->last_error_ns = now;
		if (!r->first_error[0])
			snprintf(r->first_error, sizeof(r->first_error), "%s %.*s", err->sqlstate,
				STR_ARG(err->message));
		if (c->writer) r->unknown += err->kind == PG_ERR_BROKEN;
	} else if (c->writer) {
		r->acked++;
	} else if (c->slow) {
		r->slow_answers++;
	} else {
		r->answers++;
		if (n != 1 || !str_eqz(pg_result_value(results[0], 0, 0), c->value)) r->wrong++;
		sample(r, now - c->from_ns);
	}
	if (now < r->end_ns) next(r, c);
}

static void next(run *r, client *c)
{
	c->slow = r->slow && !c->writer && ++r->turns % 100 == 0;
	snprintf(c->value, sizeof(c->value), "%" PRIu64, ++c->n);
	c->values[0] = c->value;
	c->from_ns = clock_mono_ns();
	c->st = (pg_stmt){.id = 1, .sql = "SELECT $1::bigint", .nparams = 1, .values = c->values};
	c->job = (pg_job){.mode = PG_READ_FAST, .stmts = &c->st, .nstmts = 1, .done = on_done, .data = r};
	if (c->writer) {
		c->st.id = 2;
		c->st.sql = "INSERT INTO ledger VALUES ($1)";
		c->job.mode = PG_WRITE_TX;
	} else if (c->slow) {
		c->st.id = 3;
		c->st.sql = "SELECT $1::bigint FROM pg_sleep(0.2)";
		c->job.mode = PG_READ_ALONE;
	}
	pg_job_submit(r->pool, &c->job);
}

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

static double quantile(const run *r, double q)
{
	return r->nsamples ? (double)r->samples[(size_t)((double)(r->nsamples - 1) * q)] / 1e6 : 0;
}

static void report(run *r)
{
	pg_pool_stats s;
	pg_pool_get_stats(r->pool, &s);
	qsort(r->samples, r->nsamples, sizeof(*r->samples), by_size);
	uint64_t errors = 0;
	for (size_t i = 0; i < KINDS; i++)
		errors += r->errors[i];
	uint64_t calm_ns = r->last_error_ns ? clock_mono_ns() - r->last_error_ns : 0;
	buf b = {0};
	buf_printf(&b, "{\"answers\":%" PRIu64 ",\"slow\":%" PRIu64 ",\"wrong\":%" PRIu64 ",\"errors\":%" PRIu64,
		r->answers, r->slow_answers, r->wrong, errors);
	buf_printf(&b, ",\"acked\":%" PRIu64 ",\"unknown\":%" PRIu64 ",\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f",
		r->acked, r->unknown, quantile(r, 0.5), quantile(r, 0.99), quantile(r, 1));
	buf_printf(&b,
		",\"replayed\":%" PRIu64 ",\"rescued\":%" PRIu64 ",\"broken\":%" PRIu64 ",\"connects\":%" PRIu64
		",\"connect_failures\":%" PRIu64 ",\"batches\":%" PRIu64 ",\"batched\":%" PRIu64
		",\"open\":%zu,\"unnamed_only\":%s",
		s.replayed, s.rescued, s.broken, s.connects, s.connect_failures, s.batches, s.batched, s.open,
		s.unnamed_only ? "true" : "false");
	buf_printf(&b, ",\"calm_ms\":%" PRIu64 ",\"first_error\":", calm_ns / 1000000);
	json_write_str(&b, str_from(r->first_error));
	printf("%.*s}\n", STR_ARG(buf_str(&b)));
	buf_free(&b);
}

static size_t number_of(const char *arg, const char *name, size_t dflt)
{
	size_t n = strlen(name);
	return strncmp(arg, name, n) == 0 ? (size_t)strtoul(arg + n, NULL, 10) : dflt;
}

static void on_limit(uv_timer_t *t)
{
	*(bool *)t->data = true;
}

/* Everything that was submitted is answered. */
static void drive(run *r)
{
	bool late = false;
	pg_pool_stats s;
	uv_timer_init(&r->loop, &r->limit);
	r->limit.data = &late;
	uv_timer_start(&r->limit, on_limit, (r->end_ns - clock_mono_ns()) / 1000000 + 20000, 0);
	do {
		uv_run(&r->loop, UV_RUN_ONCE);
		pg_pool_get_stats(r->pool, &s);
	} while (!late && (clock_mono_ns() < r->end_ns || s.queued || s.in_flight));
	uv_close((uv_handle_t *)&r->limit, NULL);
}

int main(int argc, char **argv)
{
	if (argc < 4) return SKIPPED;
	arena *a = arena_new(0);
	error err;
	error_init(&err, a);
	pg_params_spec spec;
	pg_params_spec_init(&spec);
	spec.url = str_from(argv[1]);
	run *r = mem_alloc(sizeof(*r));
	r->samples = mem_alloc(sizeof(*r->samples) * MAX_SAMPLES);
	pg_pool_options opt = {.max_conns = 8};
	bool writer = false;
	for (int i = 4; i < argc; i++) {
		r->slow |= strcmp(argv[i], "slow") == 0;
		writer |= strcmp(argv[i], "write") == 0;
		opt.max_conns = number_of(argv[i], "max=", opt.max_conns);
		opt.depth = number_of(argv[i], "depth=", opt.depth);
		spec.pool.retries = (uint32_t)number_of(argv[i], "retries=", spec.pool.retries);
	}
	pg_params *params = pg_params_new(&spec, &err);
	if (!params) return 1;
	pg_limit *limit = pg_limit_new(pg_params_pool(params)->max_connections);
	uv_loop_init(&r->loop);
	r->pool = pg_pool_new(&r->loop, params, limit, &opt);
	r->end_ns = clock_mono_ns() + strtoul(argv[2], NULL, 10) * UINT64_C(1000000000);
	size_t n = strtoul(argv[3], NULL, 10);
	for (size_t i = 0; i < n && i < MAX_CLIENTS; i++)
		next(r, &r->clients[i]);
	if (writer) {
		r->clients[MAX_CLIENTS].writer = true;
		next(r, &r->clients[MAX_CLIENTS]);
	}
	drive(r);
	report(r);
	pg_pool_close(r->pool, false, NULL, NULL);
	uv_run(&r->loop, UV_RUN_DEFAULT);
	int leaked = uv_loop_close(&r->loop);
	pg_limit_unref(limit);
	pg_params_unref(params);
	mem_free(r->samples);
	mem_free(r);
	arena_free(a);
	return leaked ? 1 : 0;
}
