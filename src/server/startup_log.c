#include "server/server_internal.h"
#include "base/clock.h"

/* Hasura v2: Server/Init/Logging.hs serveOptsToLog. Secrets are never among it. */

static json *api_names(arena *a, uint32_t apis)
{
	static const char *const texts[] = {
#define X(name, text) text,
		SERVER_APIS(X)
#undef X
	};
	json *list = json_new_array(a);
	for (unsigned i = 0; i < SERVER_API_COUNT; i++)
		if (apis & 1u << i) json_push(list, json_new_str(a, str_from(texts[i])));
	return list;
}

static json *log_type_names(arena *a, uint32_t types)
{
	json *list = json_new_array(a);
	for (unsigned t = 0; t < LOG_TYPES_SWITCHABLE; t++)
		if (types & 1u << t) json_push(list, json_new_str(a, log_type_name((log_type)t)));
	return list;
}

static json *text_or_null(arena *a, str s)
{
	return s.n ? json_new_str(a, s) : json_new_null(a);
}

static void put_flags(arena *a, json *o, const server_config *g)
{
	const struct {
		const char *key;
		bool value;
	} flags[] = {
		{"admin_secret_set", g->admin_secrets.n > 0},
		{"enable_console", g->enable_console},
		{"enable_telemetry", false},
		{"use_prepared_statements", g->use_prepared_statements},
		{"stringify_numeric_types", g->stringify_numeric_types},
		{"v1-boolean-null-collapse", g->v1_boolean_null_collapse},
		{"enable_allowlist", g->enable_allowlist},
		{"remote_schema_permissions", g->remote_schema_permissions},
		{"infer_function_permissions", g->infer_function_permissions},
		{"enable_maintenance_mode", g->maintenance_mode},
		{"enable_metadata_query_logging", g->metadata_query_logging},
		{"http_log_query_only_on_error", g->http_log_query_only_on_error},
		{"websocket_compression", g->ws_compression},
		{"dev_mode", g->dev_mode},
	};
	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
		json_setz(o, flags[i].key, json_new_bool(a, flags[i].value));
}

static json *seconds(arena *a, uint64_t ms)
{
	return json_new_number(
		a, str_printf(a, "%llu.%03llu", (unsigned long long)(ms / 1000), (unsigned long long)(ms % 1000)));
}

/* Hasura v2: instance ToJSON SubscriptionsOptions; the delay in seconds. */
static json *poll_info(arena *a, uint32_t batch_size, uint64_t refetch_ms)
{
	json *o = json_new_object(a);
	json_setz(o, "batch_size", json_new_i64(a, batch_size));
	json_setz(o, "refetch_delay", seconds(a, refetch_ms));
	return o;
}

/* Hasura v2: instance ToJSON Domains: origins as texts, wildcards in parts. */
static json *origins_info(arena *a, const cors_policy *p)
{
	json *o = json_new_object(a), *fixed = json_setz(o, "fqdns", json_new_array(a)),
	     *wildcards = json_setz(o, "wildcards", json_new_array(a));
	for (size_t i = 0; i < p->n; i++) {
		const cors_domain *d = &p->domains[i];
		if (!d->wildcard) {
			str colon = d->port.n ? STR(":") : STR("");
			json_push(fixed, json_new_str(a, str_cat(a, 4, d->scheme, d->host, colon, d->port)));
			continue;
		}
		json *parts = json_push(wildcards, json_new_object(a));
		json_setz(parts, "scheme", json_new_str(a, d->scheme));
		json_setz(parts, "host", json_new_str(a, d->host));
		json_setz(parts, "port", d->port.n ? json_new_number(a, d->port) : json_new_null(a));
	}
	return o;
}

static json *cors_info(arena *a, const server_config *g)
{
	bool off = g->cors.mode == CORS_DISABLED;
	json *o = json_new_object(a);
	json_setz(o, "disabled", json_new_bool(a, off));
	json_setz(o, "ws_read_cookie", off ? json_new_bool(a, g->ws_read_cookie) : json_new_null(a));
	if (off) json_setz(o, "allowed_origins", json_new_null(a));
	else if (g->cors.mode == CORS_LIST) json_setz(o, "allowed_origins", origins_info(a, &g->cors));
	else json_setz(o, "allowed_origins", json_new_str(a, STR("*")));
	return o;
}

/* What a token configuration says but its key. Hasura v2: instance ToJSON JWTConfig. */
static json *jwt_info(arena *a, const json *jwt)
{
	static const char *const shown[] = {"jwk_url", "claims_namespace", "claims_namespace_path", "claims_format",
		"claims_map", "audience", "issuer", "header"};
	json *o = json_new_object(a);
	if (!json_getz(jwt, "jwk_url")) {
		json_setz(o, "type", json_new_str(a, STR("<TYPE REDACTED>")));
		json_setz(o, "key", json_new_str(a, STR("<JWK REDACTED>")));
	}
	for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
		const json *value = json_getz(jwt, shown[i]);
		if (value) json_setz(o, shown[i], json_copy(a, value));
	}
	return o;
}

static json *jwts_info(arena *a, const server_config *g)
{
	json *list = json_new_array(a), *one, *several;
	error err;
	error_init(&err, a);
	if (g->jwt_secret.n && json_parse(a, g->jwt_secret, &one, &err)) json_push(list, jwt_info(a, one));
	if (g->jwt_secrets.n && json_parse(a, g->jwt_secrets, &several, &err))
		JSON_EACH (jwt, several)
			json_push(list, jwt_info(a, jwt));
	return list;
}

static json *config_info(arena *a, const server *s)
{
	static const char *const isolation[] = {[TX_READ_COMMITTED] = "read-committed",
		[TX_REPEATABLE_READ] = "repeatable-read",
		[TX_SERIALIZABLE] = "serializable"};
	static const char *const levels[] = {
		[LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARN] = "warn", [LOG_ERROR] = "error"};
	const server_config *g = s->config;
	json *o = json_new_object(a);
	json_setz(o, "version", json_new_str(a, STR(SERVER_VERSION)));
	json_setz(o, "port", json_new_i64(a, g->port));
	json_setz(o, "server_host", json_new_str(a, g->host));
	json_setz(o, "workers", json_new_i64(a, worker_group_count(s->group)));
	json_setz(o, "transaction_isolation", json_new_str(a, str_from(isolation[g->tx_isolation])));
	json_setz(o, "auth_hook", text_or_null(a, g->auth_hook));
	json_setz(o, "auth_hook_mode",
		!g->auth_hook.n ? json_new_null(a) : json_new_str(a, g->auth_hook_post ? STR("POST") : STR("GET")));
	json_setz(o, "jwt_secret", jwts_info(a, g));
	json_setz(o, "unauth_role", text_or_null(a, g->unauthorized_role));
	json_setz(o, "cors_config", cors_info(a, g));
	json_setz(o, "console_assets_dir", text_or_null(a, g->console_assets_dir));
	json_setz(o, "console_sentry_dsn", json_new_null(a));
	json_setz(o, "live_query_options", poll_info(a, g->live_batch_size, g->live_refetch_ms));
	json_setz(o, "streaming_query_options", poll_info(a, g->stream_batch_size, g->stream_refetch_ms));
	json_setz(o, "websocket_keep_alive", seconds(a, g->ws_keepalive_ms));
	json_setz(o, "websocket_connection_init_timeout", seconds(a, g->ws_init_timeout_ms));
	put_flags(a, o, g);
	json_setz(o, "enabled_apis", api_names(a, g->apis));
	json_setz(o, "enabled_log_types", log_type_names(a, g->log.types));
	json_setz(o, "log_level", json_new_str(a, str_from(levels[g->log.level])));
	json_setz(o, "graceful_shutdown_timeout", json_new_i64(a, (int64_t)(g->graceful_ms / 1000)));
	json *features = json_setz(o, "experimental_features", json_new_array(a));
	for (size_t i = 0; i < g->experimental_features.n; i++)
		json_push(features, json_new_str(a, g->experimental_features.v[i]));
	return o;
}

static void log_kind(arena *a, const char *kind, json *info)
{
	json *o = json_new_object(a);
	json_setz(o, "kind", json_new_str(a, str_from(kind)));
	json_setz(o, "info", info);
	log_json(LOG_STARTUP, LOG_INFO, o);
}

/* Host, port and database of a URL; user, password and parameters stay unsaid. */
static json *database_info(arena *a, const server_databases *db)
{
	str url = db->metadata_url, place = STR("(connection string)");
	size_t at = str_find(url, STR("://"));
	json *o = json_new_object(a);
	if (at != SIZE_MAX) {
		str rest = str_from_at(url, at + 3), hosts = str_sub(rest, 0, str_find_char(rest, '?'));
		for (size_t i = hosts.n; i > 0; i--) {
			if (hosts.p[i - 1] != '@') continue;
			hosts = str_from_at(hosts, i);
			break;
		}
		place = str_cat(a, 2, str_sub(url, 0, at + 3), hosts);
	}
	json_setz(o, "retries", json_new_i64(a, db->retries));
	json_setz(o, "database_url", json_new_str(a, place));
	return o;
}

void startup_log_config(const server *s)
{
	arena *a;
	if (!log_enabled(LOG_STARTUP, LOG_INFO)) return;
	a = arena_new(0);
	log_kind(a, "server_configuration", config_info(a, s));
	log_kind(a, "postgres_connection", database_info(a, &s->db));
	arena_free(a);
}

void startup_log_started(const server *s)
{
	arena *a;
	uint64_t ms = (clock_mono_ns() - s->made_ns) / 1000000;
	if (!log_enabled(LOG_STARTUP, LOG_INFO)) return;
	a = arena_new(0);
	json *o = json_new_object(a);
	json_setz(o, "message", json_new_str(a, STR("Starting API server")));
	json_setz(o, "time_taken", seconds(a, ms));
	json_setz(o, "host", json_new_str(a, s->config->host));
	json_setz(o, "port", json_new_i64(a, server_port(s)));
	log_kind(a, "server", o);
	arena_free(a);
}
