#include "server/endpoints.h"

/* Hasura v2: serveApiConsole. */
void console_root(call *c)
{
	http_header to = {STR("Location"), STR("console")};
	http_response res = {.status = 302, .headers = &to, .header_count = 1};
	if (!c->srv->config->enable_console) {
		not_found(c);
	} else {
		http_send(c->req, &res);
	}
}

void console_get(call *c)
{
	error err;
	error_init(&err, c->a);
	if (!c->srv->config->enable_console) {
		not_found(c);
	} else if (!error_set(&err, ERR_NOT_FOUND, STR_NULL, "not served by this version of Weir: the console")) {
		call_fail(c, &err);
	}
}
