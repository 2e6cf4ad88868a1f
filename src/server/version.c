#include "server/endpoints.h"

void version_get(call *c)
{
	http_respond(c->req, 200, NULL, 0, STR("{\"server_type\":\"ce\",\"version\":\"" SERVER_VERSION "\"}"));
}
