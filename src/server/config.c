#include "server/endpoints.h"

/* Hasura v2: Server/API/Config.hs. */

static json *interval(arena *a, uint32_t batch_size, uint64_t refetch_ms)
{
	json *o = json_new_object(a);
	json_setz(o, "batch_size", json_new_i64(a, batch_size));
	str seconds = refetch_ms % 1000 ? str_printf(a, "%llu.%03llu", (unsigned long long)(refetch_ms / 1000),
						  (unsigned long long)(refetch_ms % 1000))
					: str_printf(a, "%llu", (unsigned long long)(refetch_ms / 1000));
	json_setz(o, "refetch_delay", json_new_number(a, seconds));
	return o;
}

/* What clients may know of one JWT configuration: never its key. */
static json *jwt_info(arena *a, const json *secret)
{
	const json *claims = json_getz(secret, "claims_map"), *path = json_getz(secret, "claims_namespace_path");
	str dflt = STR("https://hasura.io/jwt/claims");
	json *o = json_new_object(a);
	str ns = claims ? dflt
		: path  ? json_str_or(secret, "claims_namespace_path", dflt)
			: json_str_or(secret, "claims_namespace", dflt);
	str format = claims ? STR("json") : json_str_or(secret, "claims_format", STR("json"));
	json_setz(o, "claims_namespace", json_new_str(a, ns));
	json_setz(o, "claims_format", json_new_str(a, format));
	json_setz(o, "claims_map", claims ? json_copy(a, claims) : json_new_null(a));
	return o;
}

static json *jwt_list(arena *a, const server_config *g)
{
	json *list = json_new_array(a), *one = NULL, *many = NULL;
	error ignored; /* what does not parse was refused at start */
	error_init(&ignored, a);
	if (g->jwt_secret.n && json_parse(a, g->jwt_secret, &one, &ignored)) json_push(list, jwt_info(a, one));
	if (g->jwt_secrets.n && json_parse(a, g->jwt_secrets, &many, &ignored))
		JSON_EACH (j, many)
			json_push(list, jwt_info(a, j));
	return list;
}

static json *names(arena *a, const str_vec *v)
{
	json *list = json_new_array(a);
	for (size_t i = 0; i < v->n; i++)
		json_push(list, json_new_str(a, v->v[i]));
	return list;
}

static json *config_json(arena *a, const server_config *g)
{
	json *o = json_new_object(a);
	const struct {
		const char *key;
		bool value;
	} flags[] = {
		{"is_function_permissions_inferred", g->infer_function_permissions},
		{"is_remote_schema_permissions_enabled", g->remote_schema_permissions},
		{"is_admin_secret_set", g->admin_secrets.n > 0},
		{"is_auth_hook_set", g->auth_hook.n > 0},
		{"is_jwt_set", g->jwt_secret.n || g->jwt_secrets.n},
		{"is_allow_list_enabled", g->enable_allowlist},
		{"is_prometheus_metrics_enabled", (g->apis & API_METRICS) != 0},
		{"is_apollo_federation_enabled", g->enable_apollo_federation},
	};
	json_setz(o, "version", json_new_str(a, STR(SERVER_VERSION)));
	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
		json_setz(o, flags[i].key, json_new_bool(a, flags[i].value));
	json_setz(o, "jwt", jwt_list(a, g));
	json_setz(o, "live_queries", interval(a, g->live_batch_size, g->live_refetch_ms));
	json_setz(o, "streaming_queries", interval(a, g->stream_batch_size, g->stream_refetch_ms));
	json_setz(o, "console_assets_dir",
		g->console_assets_dir.n ? json_new_str(a, g->console_assets_dir) : json_new_null(a));
	json_setz(o, "experimental_features", names(a, &g->experimental_features));
	json_setz(o, "default_naming_convention",
		json_new_str(a, g->graphql_default_naming ? STR("graphql-default") : STR("hasura-default")));
	json_setz(o, "feature_flags", json_new_array(a));
	return o;
}

void config_get(call *c)
{
	error err;
	buf b = {0};
	error_init(&err, c->a);
	if (!call_check_admin(c, &err)) {
		call_fail(c, &err);
		return;
	}
	json_write(&b, config_json(c->a, c->srv->config));
	call_reply(c, &b);
}
