#include "base/clock.h"
#include "server/auth_settings.h"
#include "server/server_internal.h"
#include "server/ws.h"

#include <stdlib.h>

/* ---- the snapshot ---- */

static void worker_refresh(server_worker *sw)
{
	server *s = sw->srv;
	snapshot *old = sw->snap;
	uv_mutex_lock(&s->lock);
	sw->snap = s->current ? snapshot_ref(s->current) : NULL;
	sw->version = atomic_load_explicit(&s->version, memory_order_relaxed);
	uv_mutex_unlock(&s->lock);
	exec_worker_snapshot(sw->exec, sw->snap);
	live_worker_snapshot(sw->live, sw->snap);
	if (sw->ws) ws_worker_changed(sw->ws);
	if (old) snapshot_unref(old);
}

snapshot *server_worker_snapshot(server_worker *sw)
{
	if (atomic_load_explicit(&sw->srv->version, memory_order_acquire) != sw->version) worker_refresh(sw);
	return sw->snap;
}

snapshot *server_snapshot(server *s)
{
	uv_mutex_lock(&s->lock);
	snapshot *found = s->current ? snapshot_ref(s->current) : NULL;
	uv_mutex_unlock(&s->lock);
	return found;
}

static void refresh_posted(void *arg)
{
	server_worker *sw = arg;
	if (sw->exec) server_worker_snapshot(sw);
}

/* From admin/, on its thread. Workers that are idle let the old one go too. */
static void take_snapshot(void *data, snapshot *snap)
{
	server *s = data;
	uv_mutex_lock(&s->lock);
	snapshot *old = s->current;
	s->current = snap;
	atomic_fetch_add_explicit(&s->version, 1, memory_order_release);
	uv_mutex_unlock(&s->lock);
	live_shared_snapshot(s->live, snap);
	if (old) snapshot_unref(old);
	for (unsigned i = 0; i < worker_group_count(s->group); i++)
		if (!worker_post(worker_group_get(s->group, i), refresh_posted, &s->workers[i]))
			continue; /* has ended */
}

server_worker *server_worker_of(http_request *req, server *s)
{
	return &s->workers[req->worker->index];
}

/* ---- what each worker has ---- */

static void flush_log(void *arg)
{
	(void)arg;
	log_flush();
}

static bool service_start(worker *w, void *ctx, error *err)
{
	server *s = ctx;
	server_worker *sw = &s->workers[w->index];
	(void)err;
	log_gather();
	worker_before_sleep(w, flush_log, NULL);
	sw->srv = s;
	sw->w = w;
	sw->exec = exec_worker_new(s->exec, &w->loop);
	sw->live = live_worker_new(s->live, sw->exec, w);
	sw->auth = auth_worker_new(s->auth, &w->loop, w->index);
	server_worker_snapshot(sw);
	sw->ws = ws_worker_new(sw);
	return true;
}

static void service_drain(worker *w, void *ctx)
{
	server *s = ctx;
	ws_worker_drain(s->workers[w->index].ws);
}

static void service_stop(worker *w, void *ctx)
{
	server *s = ctx;
	server_worker *sw = &s->workers[w->index];
	ws_worker_stop(sw->ws);
	auth_worker_free(sw->auth);
	live_worker_close(sw->live);
	exec_worker_close(sw->exec, NULL, NULL);
	if (sw->snap) snapshot_unref(sw->snap);
	sw->auth = NULL;
	sw->live = NULL;
	sw->exec = NULL;
	sw->snap = NULL;
	log_gather_end();
}

/* ---- settings of the parts ---- */

static bool env_get(void *data, str name, str *value)
{
	const server *s = data;
	char key[256];
	if (!name.n || name.n >= sizeof key) return false;
	if (str_eq(name, s->db.own_variable)) {
		*value = s->db.database_url;
		return true;
	}
	memcpy(key, name.p, name.n);
	key[name.n] = '\0';
	/* The environment is never written to, so that reading it needs no lock. */
	const char *found = getenv(key);
	*value = str_from(found);
	return found != NULL;
}

static bool has_feature(const server_config *g, const char *name)
{
	for (size_t i = 0; i < g->experimental_features.n; i++)
		if (str_eqz(g->experimental_features.v[i], name)) return true;
	return false;
}

static schema_options schema_options_of(const server_config *g)
{
	return (schema_options){.stringify_numerics = g->stringify_numeric_types,
		.boolean_null_collapse = g->v1_boolean_null_collapse,
		.null_in_nonnullable_variables = g->null_in_nonnullable_variables,
		.no_null_unbound_variable_default = has_feature(g, "no_null_unbound_variable_default"),
		.infer_function_permissions = g->infer_function_permissions,
		.hide_update_many_fields = has_feature(g, "hide_update_many_fields"),
		.hide_aggregation_predicates = has_feature(g, "hide_aggregation_predicates"),
		.hide_stream_fields = has_feature(g, "hide_stream_fields"),
		.disable_postgres_arrays = has_feature(g, "disable_postgres_arrays"),
		.dev_mode = g->dev_mode,
		.admin_internal_errors = g->admin_internal_errors};
}

static md_source_defaults source_defaults(const server_config *g, const server_databases *db)
{
	static const str isolation[] = {[TX_READ_COMMITTED] = STR_INIT("read-committed"),
		[TX_REPEATABLE_READ] = STR_INIT("repeatable-read"),
		[TX_SERIALIZABLE] = STR_INIT("serializable")};
	return (md_source_defaults){.url = db->database_url_env.n ? STR_NULL : db->database_url,
		.url_env = db->database_url_env.n ? db->database_url_env : STR_NULL,
		.max_connections = (int64_t)g->pg_connections * g->pg_stripes,
		.idle_timeout = (int64_t)(g->pg_idle_ms / 1000),
		.retries = db->retries,
		.connection_lifetime = (int64_t)(g->pg_lifetime_ms / 1000),
		.use_prepared_statements = g->use_prepared_statements,
		.isolation_level = isolation[g->tx_isolation]};
}

static bool start_admin(server *s, error *err)
{
	const server_config *g = s->config;
	const server_databases *db = &s->db;
	admin_config c = {.metadata_url = db->metadata_url,
		.database_url = db->database_url.n ? db->database_url : STR_NULL,
		.database_url_env = db->database_url_env.n ? db->database_url_env : STR_NULL,
		.source_defaults = source_defaults(g, db),
		.env = {env_get, s},
		.options = schema_options_of(g),
		.retries = db->retries,
		.sync_interval_ms = g->schema_poll_ms,
		.maintenance = g->maintenance_mode,
		.server_version = STR(SERVER_VERSION),
		.max_result_bytes = g->max_result_bytes,
		.pg_dump_ms = g->pg_dump_ms,
		.pg_dump_bytes = g->pg_dump_bytes,
		.on_snapshot = take_snapshot,
		.data = s};
	return admin_start(s->a, &c, &s->admin, err);
}

static bool start_auth(server *s, error *err)
{
	auth_config c = auth_settings(s->config);
	return auth_new(&c, &s->auth, err);
}

/* An interval of 0 is as often as can be. */
static bool start_live(server *s, error *err)
{
	const server_config *g = s->config;
	live_config c = {.refetch_ms = g->live_refetch_ms ? g->live_refetch_ms : 1,
		.batch_size = g->live_batch_size,
		.stream_refetch_ms = g->stream_refetch_ms ? g->stream_refetch_ms : 1,
		.stream_batch_size = g->stream_batch_size,
		.changes = g->live_changes};
	return live_shared_new(&c, s->exec, &s->live, err);
}

/* ---- life ---- */

static bool server_make(server *s, error *err)
{
	const server_config *g = s->config;
	exec_config exec = {.env = {env_get, s},
		.max_result_bytes = g->max_result_bytes ? g->max_result_bytes : SIZE_MAX,
		.query_timeout_ms = g->query_timeout_ms,
		.configured_headers_first = g->configured_headers_first};
	worker_service service = {"server", service_start, service_drain, service_stop, s};
	http_config http = {
		.limits = g->limits, .cors = g->cors, .log_requests = true, .handler = routes_handle, .ctx = s};

	if (!worker_group_new("weir", g->workers, &s->group, err)) return false;
	s->workers = mem_alloc(size_mul(worker_group_count(s->group), sizeof *s->workers));
	startup_log_config(s);
	if (!start_auth(s, err)) return false;
	s->exec = exec_shared_new(&exec);
	if (!start_live(s, err)) return false;
	if (!start_admin(s, err)) return false;
	worker_group_add(s->group, &service);
	return http_server_new(s->group, g->host, g->port, &http, &s->http, err);
}

bool server_new(const server_config *config, const server_databases *db, server **out, error *err)
{
	server *s = mem_alloc(sizeof *s);
	s->config = config;
	s->db = *db;
	s->a = arena_new(0);
	s->made_ns = clock_mono_ns();
	s->log_http = log_enabled(LOG_HTTP, LOG_ERROR);
	s->log_query = log_enabled(LOG_QUERY, LOG_ERROR);
	uv_mutex_init(&s->lock);
	if (!server_make(s, err)) {
		/* Its texts may live in what is freed now. */
		err->message = str_copy(err->a, err->message);
		server_free(s);
		return false;
	}
	*out = s;
	return true;
}

bool server_start(server *s, error *err)
{
	if (!worker_group_start(s->group, err)) return false;
	startup_log_started(s);
	return true;
}

void server_stop(server *s, uint64_t grace_ms)
{
	worker_group_stop(s->group, grace_ms);
}

void server_join(server *s)
{
	worker_group_join(s->group);
}

/* admin/ first: until it has ended, requests of the HTTP server may still be read on its thread. */
void server_free(server *s)
{
	if (!s) return;
	if (s->admin) admin_stop(s->admin);
	http_server_free(s->http);
	for (unsigned i = 0; s->workers && i < worker_group_count(s->group); i++)
		ws_worker_free(s->workers[i].ws);
	worker_group_free(s->group);
	live_shared_free(s->live);
	if (s->exec) exec_shared_free(s->exec);
	auth_free(s->auth);
	if (s->current) snapshot_unref(s->current);
	uv_mutex_destroy(&s->lock);
	mem_free(s->workers);
	arena_free(s->a);
	mem_free(s);
}

uint16_t server_port(const server *s)
{
	return http_server_port(s->http);
}

bool server_tracks_nothing(server *s)
{
	snapshot *snap = server_snapshot(s);
	size_t tables = 0;
	for (size_t i = 0; i < snap->sources.n; i++)
		tables += ((const snap_source *)snap->sources.items[i].value)->tables.n;
	snapshot_unref(snap);
	return tables == 0;
}
