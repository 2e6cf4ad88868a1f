#include "server/endpoints.h"

static const char *const things[] = {
	[REFUSE_DEVELOPER] = "this developer endpoint",
	[REFUSE_SWAGGER] = "the OpenAPI document",
	[REFUSE_REST] = "REST endpoints",
};

void refuse(call *c)
{
	error err;
	error_init(&err, c->a);
	if (!error_set(
		    &err, ERR_NOT_SUPPORTED, STR_NULL, "not served by this version of Weir: %s", things[c->route->tag]))
		call_fail(c, &err);
}

void refuse_admin(call *c)
{
	error err;
	error_init(&err, c->a);
	if (call_check_admin(c, &err)) {
		refuse(c);
	} else {
		call_fail(c, &err);
	}
}

bool relay_refuse(const server_config *g, error *err)
{
	if (g->enable_relay)
		return error_set(err, ERR_NOT_SUPPORTED, STR_NULL, "not served by this version of Weir: the Relay API");
	return error_set(err, ERR_NOT_SUPPORTED, STR_NULL,
		"The Relay API is disabled. To enable it, set the HASURA_GRAPHQL_ENABLE_RELAY environment variable to "
		"'true'.");
}

void relay_post(call *c)
{
	error err;
	error_init(&err, c->a);
	if (!relay_refuse(c->srv->config, &err)) call_fail(c, &err);
}
