#include "server/auth_settings.h"
#include "server/server.h"

auth_config auth_settings(const server_config *g)
{
	return (auth_config){.secrets = g->admin_secrets.v,
		.nsecrets = g->admin_secrets.n,
		.unauthorized_role = g->unauthorized_role,
		.unauthorized_drops_variables = g->unauthorized_drops_variables,
		.hook_url = g->auth_hook,
		.hook_post = g->auth_hook_post,
		.hook_send_body = g->auth_hook_send_body,
		.hook_timeout_ms = g->auth_hook_timeout_ms,
		.jwt_secret = g->jwt_secret,
		.jwt_secrets = g->jwt_secrets,
		.jwt_lenient = g->jwt_lenient,
		.version = STR(SERVER_VERSION)};
}
