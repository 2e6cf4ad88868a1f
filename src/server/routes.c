#include "server/call.h"
#include "server/endpoints.h"
#include "server/ws.h"

/* Hasura v2: Server/App.hs httpApp. The first row that fits counts. */
static const route routes[] = {
	{METHOD_POST, "/v1/graphql", API_GRAPHQL, ROUTE_GRAPHQL, ENVELOPE_GRAPHQL_200, graphql_post, 0},
	{METHOD_GET, "/v1/graphql", API_GRAPHQL, ROUTE_SESSION, ENVELOPE_GRAPHQL_200, graphql_get, 0},
	{METHOD_POST, "/v1alpha1/graphql", API_GRAPHQL, ROUTE_GRAPHQL, ENVELOPE_GRAPHQL, graphql_post, 0},
	{METHOD_POST, "/v1beta1/relay", API_GRAPHQL, ROUTE_GRAPHQL, ENVELOPE_GRAPHQL_200, relay_post, 0},
	{METHOD_POST, "/v1/graphql/explain", API_METADATA, ROUTE_SESSION, ENVELOPE_FLAT, explain_post, 0},
	{METHOD_POST, "/v1alpha1/graphql/explain", API_METADATA, ROUTE_SESSION, ENVELOPE_FLAT, explain_post, 0},
	{METHOD_POST, "/v1/metadata", API_METADATA, ROUTE_SESSION, ENVELOPE_FLAT, metadata_post, ADMIN_V1_METADATA},
	{METHOD_POST, "/v2/query", API_METADATA, ROUTE_SESSION, ENVELOPE_FLAT, metadata_post, ADMIN_V2_QUERY},
	{METHOD_POST, "/v1/query", API_METADATA, ROUTE_SESSION, ENVELOPE_FLAT, metadata_post, ADMIN_V1_QUERY},
	{METHOD_POST, "/v1/weir/auth/explain", API_METADATA, ROUTE_SESSION, ENVELOPE_FLAT, auth_explain_post, 0},
	{METHOD_POST, "/v1/weir/permissions/explain", API_METADATA, ROUTE_SESSION, ENVELOPE_FLAT,
		permissions_explain_post, 0},
	{METHOD_GET, "/healthz", 0, ROUTE_OPEN, ENVELOPE_FLAT, health_get, 0},
	{METHOD_GET, "/hasura/healthz", 0, ROUTE_OPEN, ENVELOPE_FLAT, health_get, 0},
	{METHOD_GET, "/v1/version", 0, ROUTE_OPEN, ENVELOPE_FLAT, version_get, 0},
	{METHOD_GET, "/v1alpha1/config", API_CONFIG, ROUTE_SESSION, ENVELOPE_FLAT, config_get, 0},
	{METHOD_GET, "/", API_METADATA, ROUTE_OPEN, ENVELOPE_FLAT, console_root, 0},
	{METHOD_GET, "/console*", API_METADATA, ROUTE_OPEN, ENVELOPE_FLAT, console_get, 0},
	{METHOD_POST, "/v1alpha1/pg_dump", API_PGDUMP, ROUTE_SESSION, ENVELOPE_FLAT, pg_dump_post, 0},
	{METHOD_GET, "/v1/metrics", API_METRICS, ROUTE_OPEN, ENVELOPE_FLAT, metrics_get, 0},
	{METHOD_GET, "/dev/subscriptions", API_DEVELOPER, ROUTE_SESSION, ENVELOPE_FLAT, dev_subscriptions_get, 0},
	{METHOD_GET, "/dev/subscriptions/extended", API_DEVELOPER, ROUTE_SESSION, ENVELOPE_FLAT, dev_subscriptions_get,
		1},
	{METHOD_GET, "/dev/ekg", API_DEVELOPER, ROUTE_SESSION, ENVELOPE_FLAT, dev_ekg_get, 0},
	{METHOD_GET, "/dev/plan_cache", API_DEVELOPER, ROUTE_SESSION, ENVELOPE_FLAT, dev_plan_cache_get, 0},
	{METHOD_GET, "/dev*", API_DEVELOPER, ROUTE_SESSION, ENVELOPE_FLAT, refuse_admin, REFUSE_DEVELOPER},
	{METHOD_GET, "/api/swagger/json", 0, ROUTE_SESSION, ENVELOPE_FLAT, refuse_admin, REFUSE_SWAGGER},
	{METHOD_GET, "/api/rest*", 0, ROUTE_SESSION, ENVELOPE_FLAT, refuse, REFUSE_REST},
	{METHOD_POST, "/api/rest*", 0, ROUTE_SESSION, ENVELOPE_FLAT, refuse, REFUSE_REST},
	{METHOD_PUT, "/api/rest*", 0, ROUTE_SESSION, ENVELOPE_FLAT, refuse, REFUSE_REST},
	{METHOD_PATCH, "/api/rest*", 0, ROUTE_SESSION, ENVELOPE_FLAT, refuse, REFUSE_REST},
	{METHOD_DELETE, "/api/rest*", 0, ROUTE_SESSION, ENVELOPE_FLAT, refuse, REFUSE_REST},
};

static const route nowhere = {METHOD_OTHER, "", 0, ROUTE_OPEN, ENVELOPE_FLAT, not_found, 0};

static bool path_fits(const char *pattern, str path)
{
	str p = str_from(pattern);
	if (!str_ends(p, STR("*"))) return str_eq(p, path);
	p.n--;
	return str_starts(path, p) && (path.n == p.n || path.p[p.n] == '/');
}

static bool route_fits(const server *s, const route *r, const http_request *req)
{
	/* A load balancer may ask with HEAD; the engine leaves the body out. */
	http_method m = req->method == METHOD_HEAD ? METHOD_GET : req->method;
	return r->method == m && path_fits(r->path, req->path) && (!r->api || (s->config->apis & r->api));
}

void routes_handle(http_request *req, void *ctx)
{
	server *s = ctx;
	const route *found = &nowhere;
	if ((s->config->apis & API_GRAPHQL) && ws_asked(req)) {
		ws_accept(server_worker_of(req, s), req);
		return;
	}
	for (size_t i = 0; i < sizeof routes / sizeof *routes && found == &nowhere; i++)
		if (route_fits(s, &routes[i], req)) found = &routes[i];
	call_begin(s, req, found);
}
