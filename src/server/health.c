#include "server/endpoints.h"

/* ?strict=true, as Hasura v2 reads a boolean parameter. */
static bool strict(str query)
{
	while (query.n) {
		size_t at = str_find_char(query, '&');
		str pair = str_sub(query, 0, at);
		query = at == SIZE_MAX ? STR_NULL : str_from_at(query, at + 1);
		if (str_starts(pair, STR("strict="))) return str_eq_nocase(str_from_at(pair, 7), STR("true"));
	}
	return false;
}

static void respond(call *c, int status, str text)
{
	http_response res = {.status = status, .content_type = STR("text/plain; charset=utf-8"), .body = text};
	error err;
	error_init(&err, c->a);
	/* Probes that succeed are no news. */
	c->req->log.skip = status == 200;
	if (status != 200 && !error_set(&err, ERR_INVALID_CONFIGURATION, STR_NULL, "%.*s", STR_ARG(text)))
		call_log_error(c, &err);
	http_send(c->req, &res);
}

void health_get(call *c)
{
	const snapshot *snap = server_worker_snapshot(c->sw);
	if (!admin_metadata_ok(c->srv->admin)) {
		respond(c, 500, STR("ERROR"));
	} else if (!snap->ninconsistencies) {
		respond(c, 200, STR("OK"));
	} else if (strict(c->req->query)) {
		respond(c, 500, STR("ERROR: inconsistent objects in schema"));
	} else {
		respond(c, 200, STR("WARN: inconsistent objects in schema"));
	}
}
