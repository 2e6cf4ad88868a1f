/*
 * GET /v1/metrics: text for Prometheus, with the names of Hasura's Enterprise Edition where the thing is the same; what is
 * Weir's own begins with weir_, what every process has with process_. docs/metrics.md says the same for users.
 */
#include "base/clock.h"
#include "server/each_worker.h"
#include "server/endpoints.h"
#include "server/ws.h"
#include <dirent.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

/* Hasura's buckets. */
static const histogram_bounds execution_bounds = {7, {"0.01", "0.03", "0.1", "0.3", "1.0", "3.0", "10.0"},
	{10000000, 30000000, 100000000, 300000000, 1000000000, 3000000000, 10000000000}};

static const char *const kind_names[METRICS_KINDS] = {"query", "mutation", "subscription", "unknown"};
static const char *const live_names[2] = {"live-query", "streaming"};

/* ---- counting ---- */

void metrics_count(server_metrics *m, const exec_request *r)
{
	const exec_details *d = &r->details;
	bool known = r->ok || d->nroots;
	metrics_kind kind = !known           ? METRICS_UNKNOWN
		: d->kind == GQ_MUTATION     ? METRICS_MUTATION
		: d->kind == GQ_SUBSCRIPTION ? METRICS_SUBSCRIPTION
					     : METRICS_QUERY;
	m->requests[kind][r->ok]++;
	if (r->ok && (kind == METRICS_QUERY || kind == METRICS_MUTATION))
		histogram_add(&m->execution[kind], &execution_bounds, d->plan_ns + d->run_ns + d->write_ns);
}

void metrics_count_subscription(server_metrics *m, bool ok)
{
	m->requests[METRICS_SUBSCRIPTION][ok]++;
}

void metrics_count_unknown(server_metrics *m)
{
	m->requests[METRICS_UNKNOWN][0]++;
}

/* ---- what a worker tells ---- */

typedef struct pool_part {
	char source[256];
	pg_pool_stats stats;
} pool_part;

enum { POOLS = 64 }; /* sources a worker tells of */

typedef struct part {
	server_metrics m;
	live_stats live;
	ws_counts ws;
	http_counts http;
	exec_cache_stats plans;
	uint64_t refused_secrets;
	pool_part pools[POOLS];
	size_t npools;
} part;

static void tell_pool(void *data, str source, const pg_pool *p)
{
	part *to = data;
	if (to->npools == POOLS || source.n >= sizeof to->pools[0].source) return;
	pool_part *x = &to->pools[to->npools++];
	memcpy(x->source, source.p, source.n);
	pg_pool_get_stats(p, &x->stats);
}

static void tell(server_worker *sw, void *memory, const void *about)
{
	part *p = memory;
	(void)about;
	p->m = sw->metrics;
	live_worker_stats(sw->live, &p->live);
	ws_worker_counts(sw->ws, &p->ws);
	http_server_counts(sw->srv->http, sw->w->index, &p->http);
	exec_worker_stats(sw->exec, &p->plans);
	p->refused_secrets = auth_worker_refused_secrets(sw->auth);
	exec_worker_pools(sw->exec, tell_pool, p);
}

/* ---- adding up ---- */

static pool_part *pool_of(part *sum, const char *source)
{
	for (size_t i = 0; i < sum->npools; i++)
		if (!strcmp(sum->pools[i].source, source)) return &sum->pools[i];
	if (sum->npools == POOLS) return NULL;
	pool_part *x = &sum->pools[sum->npools++];
	memcpy(x->source, source, sizeof x->source);
	return x;
}

static void add_pools(part *sum, const part *p)
{
	for (size_t i = 0; i < p->npools; i++) {
		const pg_pool_stats *s = &p->pools[i].stats;
		pool_part *x = pool_of(sum, p->pools[i].source);
		if (!x) continue;
		x->stats.open += s->open;
		x->stats.idle += s->idle;
		x->stats.queued += s->queued;
		x->stats.connects += s->connects;
		x->stats.connect_failures += s->connect_failures;
		x->stats.broken += s->broken;
		x->stats.jobs += s->jobs;
		x->stats.away |= s->away;
		x->stats.timed_out |= s->timed_out;
	}
}

static void add_live(live_stats *sum, const live_stats *l)
{
	sum->cohorts += l->cohorts;
	sum->statements += l->statements;
	sum->cohort_runs += l->cohort_runs;
	sum->pushes += l->pushes;
	sum->unchanged += l->unchanged;
	sum->failures += l->failures;
	for (size_t k = 0; k < 2; k++) {
		sum->of[k].subs += l->of[k].subs;
		sum->of[k].groups += l->of[k].groups;
		sum->of[k].failing += l->of[k].failing;
		histogram_sum(&sum->of[k].database, &l->of[k].database);
		histogram_sum(&sum->of[k].total, &l->of[k].total);
	}
}

static void add(part *sum, const part *p)
{
	for (size_t k = 0; k < METRICS_KINDS; k++)
		for (size_t ok = 0; ok < 2; ok++)
			sum->m.requests[k][ok] += p->m.requests[k][ok];
	for (size_t k = 0; k < METRICS_TIMED; k++)
		histogram_sum(&sum->m.execution[k], &p->m.execution[k]);
	add_live(&sum->live, &p->live);
	sum->ws.sockets += p->ws.sockets;
	sum->ws.streams += p->ws.streams;
	sum->ws.sent += p->ws.sent;
	sum->ws.received += p->ws.received;
	sum->http.sent += p->http.sent;
	sum->http.received += p->http.received;
	sum->plans.hits += p->plans.hits;
	sum->plans.misses += p->plans.misses;
	sum->refused_secrets += p->refused_secrets;
	add_pools(sum, p);
}

/* ---- writing ---- */

static void put_head(buf *b, const char *name, const char *type, const char *help)
{
	buf_printf(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void put_one(buf *b, const char *name, const char *type, const char *help, uint64_t value)
{
	put_head(b, name, type, help);
	buf_printf(b, "%s %llu\n", name, (unsigned long long)value);
}

static void put_histogram(buf *b, const char *name, const char *label, const char *value, const histogram *h,
	const histogram_bounds *bounds)
{
	uint64_t n = 0;
	for (size_t i = 0; i < bounds->n; i++) {
		n += h->by[i];
		buf_printf(b, "%s_bucket{%s=\"%s\",le=\"%s\"} %llu\n", name, label, value, bounds->text[i],
			(unsigned long long)n);
	}
	buf_printf(b, "%s_bucket{%s=\"%s\",le=\"+Inf\"} %llu\n", name, label, value, (unsigned long long)h->n);
	buf_printf(b, "%s_sum{%s=\"%s\"} %.9f\n", name, label, value, (double)h->sum_ns / 1e9);
	buf_printf(b, "%s_count{%s=\"%s\"} %llu\n", name, label, value, (unsigned long long)h->n);
}

static void put_graphql(buf *b, const server_metrics *m)
{
	static const char requests[] = "hasura_graphql_requests_total",
			  took[] = "hasura_graphql_execution_time_seconds";
	put_head(b, requests, "counter", "GraphQL requests");
	for (size_t k = 0; k < METRICS_KINDS; k++)
		for (size_t ok = 0; ok < 2; ok++)
			buf_printf(b, "%s{operation_type=\"%s\",response_status=\"%s\"} %llu\n", requests,
				kind_names[k], ok ? "success" : "failed", (unsigned long long)m->requests[k][ok]);
	put_head(b, took, "histogram", "Execution time of successful queries and mutations");
	for (size_t k = 0; k < METRICS_TIMED; k++)
		put_histogram(b, took, "operation_type", kind_names[k], &m->execution[k], &execution_bounds);
}

static void put_kinds(buf *b, const char *name, const char *help, const live_stats *l, size_t member)
{
	put_head(b, name, "gauge", help);
	for (size_t k = 0; k < 2; k++) {
		size_t value;
		memcpy(&value, (const char *)&l->of[k] + member, sizeof value);
		buf_printf(b, "%s{subscription_kind=\"%s\"} %zu\n", name, live_names[k], value);
	}
}

static void put_live(buf *b, const live_stats *l)
{
	static const char total[] = "hasura_subscription_total_time_seconds";
	static const char database[] = "hasura_subscription_db_execution_time_seconds";
	put_kinds(b, "hasura_active_subscriptions", "Subscriptions that are open", l, offsetof(live_kind_stats, subs));
	put_kinds(b, "hasura_active_subscription_pollers", "Groups of subscriptions that are multiplexed together", l,
		offsetof(live_kind_stats, groups));
	put_kinds(b, "hasura_active_subscription_pollers_in_error_state", "Groups whose last statement failed", l,
		offsetof(live_kind_stats, failing));
	put_head(b, total, "histogram", "Time of a batch from sending its statement to the last result told");
	for (size_t k = 0; k < 2; k++)
		put_histogram(b, total, "subscription_kind", live_names[k], &l->of[k].total, &live_time_bounds);
	put_head(b, database, "histogram", "Time of a batch at the database");
	for (size_t k = 0; k < 2; k++)
		put_histogram(b, database, "subscription_kind", live_names[k], &l->of[k].database, &live_time_bounds);
	put_one(b, "weir_live_cohorts", "gauge", "Subscriptions that differ in statement or values", l->cohorts);
	put_one(b, "weir_live_statements_total", "counter", "Statements run for subscriptions", l->statements);
	put_one(b, "weir_live_cohort_runs_total", "counter", "Runs of cohorts; a statement runs many", l->cohort_runs);
	put_one(b, "weir_live_pushes_total", "counter", "Results told to subscribers", l->pushes);
	put_one(b, "weir_live_unchanged_total", "counter", "Runs whose result was the one before", l->unchanged);
	put_one(b, "weir_live_failures_total", "counter", "Statements of subscriptions that failed", l->failures);
}

static void put_label(buf *b, const char *text)
{
	for (; *text; text++) {
		if (*text == '"' || *text == '\\') buf_putc(b, '\\');
		if (*text == '\n') buf_puts(b, "\\n");
		else buf_putc(b, *text);
	}
}

static void put_pools(buf *b, const char *name, const char *type, const char *help, const part *p,
	uint64_t (*value)(const pg_pool_stats *s))
{
	put_head(b, name, type, help);
	for (size_t i = 0; i < p->npools; i++) {
		buf_printf(b, "%s{source_name=\"", name);
		put_label(b, p->pools[i].source);
		buf_printf(b, "\",role=\"primary\"} %llu\n", (unsigned long long)value(&p->pools[i].stats));
	}
}

static uint64_t pool_open(const pg_pool_stats *s)
{
	return s->open;
}

static uint64_t pool_queued(const pg_pool_stats *s)
{
	return s->queued;
}

static uint64_t pool_errors(const pg_pool_stats *s)
{
	return s->connect_failures + s->broken;
}

static uint64_t pool_jobs(const pg_pool_stats *s)
{
	return s->jobs;
}

static void put_connections(buf *b, const part *p, uint64_t open)
{
	uint64_t sockets = p->ws.sockets;
	put_one(b, "hasura_http_connections", "gauge", "HTTP connections, without WebSockets",
		open > sockets ? open - sockets : 0);
	put_one(b, "hasura_websocket_connections", "gauge", "WebSocket connections", sockets);
	put_one(b, "weir_event_streams", "gauge", "Subscriptions over server-sent events", p->ws.streams);
	put_one(b, "hasura_websocket_messages_received_bytes_total", "counter", "Bytes received on WebSockets",
		p->ws.received);
	put_one(b, "hasura_websocket_messages_sent_bytes_total", "counter", "Bytes sent on WebSockets", p->ws.sent);
	put_one(b, "hasura_http_request_bytes_total", "counter", "Bytes of request bodies", p->http.received);
	put_one(b, "hasura_http_response_bytes_total", "counter", "Bytes of response bodies", p->http.sent);
	put_pools(b, "hasura_postgres_connections", "gauge", "Connections to a source", p, pool_open);
	put_pools(b, "hasura_postgres_connection_error_total", "counter", "Connections that failed or were lost", p,
		pool_errors);
	put_pools(b, "weir_postgres_waiting", "gauge", "Statements that wait for a connection", p, pool_queued);
	put_pools(b, "weir_postgres_jobs_total", "counter", "Jobs sent to a source", p, pool_jobs);
	put_one(b, "weir_plan_cache_hits_total", "counter", "Operations whose plan was at hand", p->plans.hits);
	put_one(b, "weir_plan_cache_misses_total", "counter", "Operations that were planned", p->plans.misses);
}

/* Hasura v2, Enterprise: the values of hasura_source_health. */
typedef enum source_health { HEALTHY, FAILED_TIMEOUT, FAILED_ERROR } source_health;

/* By the last attempt of each worker; one that has a connection is proof that there can be some. */
static source_health health_of(const snap_source *src, const part *p)
{
	if (!src->cat) return FAILED_ERROR;
	for (size_t i = 0; i < p->npools; i++) {
		const pg_pool_stats *s = &p->pools[i].stats;
		if (!str_eqz(src->name, p->pools[i].source)) continue;
		if (!s->away || s->open) return HEALTHY;
		return s->timed_out ? FAILED_TIMEOUT : FAILED_ERROR;
	}
	return HEALTHY;
}

static void put_health(call *c, buf *b, const part *p)
{
	static const char name[] = "hasura_source_health";
	const snapshot *snap = server_worker_snapshot(c->sw);
	put_head(b, name, "gauge",
		"0: healthy, 1: the database did not answer in time, 2: it refuses or cannot be read");
	for (size_t i = 0; i < snap->sources.n; i++) {
		const snap_source *src = snap->sources.items[i].value;
		buf_printf(b, "%s{source_name=\"", name);
		put_label(b, str_z(c->a, src->name));
		buf_printf(b, "\"} %d\n", (int)health_of(src, p));
	}
	put_one(b, "weir_metadata_database_up", "gauge", "The metadata database answered lately",
		admin_metadata_ok(c->srv->admin));
	put_one(b, "weir_inconsistent_objects", "gauge", "Objects of the metadata that are inconsistent",
		snap->ninconsistencies);
	put_one(b, "weir_admin_secret_refused_total", "counter", "Requests with a wrong admin secret",
		p->refused_secrets);
}

static uint64_t open_files(void)
{
	uint64_t n = 0;
	DIR *d = opendir("/proc/self/fd");
	while (d && readdir(d))
		n++;
	if (d) closedir(d);
	return n > 3 ? n - 3 : 0; /* ".", ".." and the folder itself */
}

/* The names that Prometheus' own client libraries use. */
static void put_process(buf *b)
{
	struct timespec cpu = {0};
	unsigned long pages = 0;
	FILE *f = fopen("/proc/self/statm", "re");
	if (f && fscanf(f, "%*u %lu", &pages) != 1) pages = 0;
	if (f) fclose(f);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
	put_head(b, "process_cpu_seconds_total", "counter", "CPU time");
	buf_printf(b, "process_cpu_seconds_total %lld.%06ld\n", (long long)cpu.tv_sec, cpu.tv_nsec / 1000);
	put_one(b, "process_resident_memory_bytes", "gauge", "Resident memory",
		pages * (uint64_t)sysconf(_SC_PAGESIZE));
	put_one(b, "process_open_fds", "gauge", "Open files and sockets", open_files());
}

static void answer(call *c, void *const *parts, size_t n)
{
	part *sum = NEW(c->a, part);
	buf b = {0};
	for (size_t i = 0; i < n; i++)
		add(sum, parts[i]);
	put_graphql(&b, &sum->m);
	put_live(&b, &sum->live);
	put_connections(&b, sum, http_server_connections(c->srv->http));
	put_health(c, &b, sum);
	put_process(&b);
	http_response res = {.status = 200,
		.content_type = STR("text/plain; version=0.0.4; charset=utf-8"),
		.body = buf_str(&b),
		.release = mem_free,
		.release_arg = b.p};
	c->req->log.skip = true; /* asked every few seconds */
	http_send(c->req, &res);
}

static bool may_ask(const call *c, error *err)
{
	str secret = c->srv->config->metrics_secret, given = http_request_header(c->req, STR("authorization"));
	if (!secret.n)
		return error_set(err, ERR_ACCESS_DENIED, STR_NULL,
			"metrics are shown to who has the secret of HASURA_GRAPHQL_METRICS_SECRET, and it is not set");
	bool bearer = str_starts_nocase(given, STR("Bearer "));
	if (bearer && str_eq_secret(str_trim(str_from_at(given, 7)), secret)) return true;
	return error_set(err, ERR_ACCESS_DENIED, STR_NULL, "unauthorized: the metrics secret is wrong or missing");
}

void metrics_get(call *c)
{
	static const each_worker question = {.size = sizeof(part), .tell = tell, .answer = answer};
	error err;
	error_init(&err, c->a);
	if (may_ask(c, &err)) {
		each_worker_ask(c, &question, NULL, 0);
		return;
	}
	err.status = 401;
	call_fail(c, &err);
}
