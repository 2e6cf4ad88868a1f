#include "server/call.h"
#include "server/errors.h"
#include "server/sse.h"

bool call_shows_internal(const call *c)
{
	const server_config *g = c->srv->config;
	if (g->dev_mode) return true;
	return g->admin_internal_errors && c->session && str_eqz(c->session->role, "admin");
}

/* ---- the http-log line's part about the operation. Hasura v2: Server/Logging.hs ---- */

static bool is_metadata_path(str path)
{
	return str_eqz(path, "/v1/metadata") || str_eqz(path, "/v1/query");
}

/* Bodies of metadata requests may hold secrets: only when asked for. Hasura v2: isQueryIncludedInLogs. */
static bool logs_body(const call *c, bool failed)
{
	const server_config *g = c->srv->config;
	if (g->http_log_query_only_on_error) return failed;
	return c->srv->log_query && (!is_metadata_path(c->req->path) || g->metadata_query_logging);
}

static json *member_or_null(arena *a, const json *body, const char *key)
{
	str text = json_str_or(body, key, STR_NULL);
	return text.p ? json_new_str(a, text) : json_new_null(a);
}

json *masked_body(const server *s, arena *a, const json *body)
{
	const str_vec *names = &s->config->log_masked_variables;
	json *copy = json_copy(a, body);
	json *variables = json_getz(copy, "variables");
	for (size_t i = 0; i < names->n; i++)
		if (json_get(variables, names->v[i]))
			json_set(variables, names->v[i], json_new_str(a, STR("[MASKED]")));
	return copy;
}

static json *logged_query(const call *c, bool failed)
{
	json *o;
	if (!c->body) return NULL;
	if (logs_body(c, failed)) return masked_body(c->srv, c->a, c->body);
	o = json_new_object(c->a);
	const char *key = c->srv->config->http_log_query_only_on_error ? "operationName" : "type";
	json_setz(o, key, member_or_null(c->a, c->body, key));
	return o;
}

static void fill_log(call *c, const error *err)
{
	http_log *log = &c->req->log;
	if (!c->srv->log_http) return;
	if (c->session) log->user_vars = session_json(c->a, c->session);
	log->query = logged_query(c, err != NULL);
	if (!err) return;
	log->error = error_to_json(c->a, err, c->srv->log_query);
	if (!c->body && logs_body(c, true)) log->raw_query = c->req->body;
}

void call_log_error(call *c, const error *err)
{
	fill_log(c, err);
}

/* ---- answers ---- */

static http_header *cookie_headers(const call *c, size_t *n)
{
	*n = c->session ? c->session->nset_cookies : 0;
	http_header *h = *n ? NEW_ARRAY(c->a, http_header, *n) : NULL;
	for (size_t i = 0; i < *n; i++)
		h[i] = (http_header){STR("Set-Cookie"), c->session->set_cookies[i]};
	return h;
}

static void reply(call *c, http_response *res)
{
	res->status = 200;
	res->headers = cookie_headers(c, &res->header_count);
	fill_log(c, NULL);
	http_send(c->req, res);
}

void call_reply(call *c, buf *json_text)
{
	http_response res = {.body = buf_str(json_text), .release = mem_free, .release_arg = json_text->p};
	*json_text = (buf){0};
	reply(c, &res);
}

void call_reply_sql(call *c, buf *sql)
{
	http_response res = {.body = buf_str(sql),
		.content_type = STR("application/sql; charset=utf-8"),
		.release = mem_free,
		.release_arg = sql->p};
	*sql = (buf){0};
	reply(c, &res);
}

void call_reply_gzip(call *c, const blob *bytes, void (*release)(void *arg), void *arg)
{
	http_response res = {.body = bytes->bytes,
		.body_file = bytes->file,
		.release = release,
		.release_arg = arg,
		.gzipped = true};
	reply(c, &res);
}

static int status_of(const call *c, const error *err)
{
	int status = error_status(err);
	/* Who takes nothing but events reads the status alone. */
	if (c->route->envelope != ENVELOPE_GRAPHQL_200 || sse_asked(c->req) == SSE_MUST) return status;
	return status == 401 && c->srv->config->preserve_401_errors ? 401 : 200;
}

void call_fail(call *c, const error *err)
{
	buf b = {0};
	if (c->route->envelope == ENVELOPE_FLAT) {
		error_write_flat(&b, err, call_shows_internal(c));
	} else {
		error_write_graphql(&b, err, call_shows_internal(c));
	}
	fill_log(c, err);
	http_response res = {.status = status_of(c, err),
		.body = buf_str(&b),
		.release = mem_free,
		.release_arg = b.p,
		.error = true};
	http_send(c->req, &res);
}

bool call_check_admin(const call *c, error *err)
{
	if (str_eqz(c->session->role, "admin")) return true;
	return error_set(err, ERR_ACCESS_DENIED, STR_NULL, "You have to be an admin to access this endpoint");
}

/* ---- the way in ---- */

bool call_parse_body(call *c, error *err)
{
	if (json_parse(c->a, c->req->body, &c->body, err)) return true;
	c->body = NULL;
	/* Hasura v2: the JSON parser's words, which begin so. */
	err->message = str_printf(c->a, "Error in $: %.*s", STR_ARG(err->message));
	return false;
}

static void resolved(auth_request *ask, const session *s, const error *err)
{
	call *c = ask->data;
	http_request_on_abort(c->req, NULL, NULL);
	if (c->route->auth == ROUTE_GRAPHQL && (err || c->body_broken)) metrics_count_unknown(&c->sw->metrics);
	if (err) {
		call_fail(c, err);
		return;
	}
	c->session = s;
	if (c->body_broken) {
		call_fail(c, &c->body_error);
	} else {
		c->route->handle(c);
	}
}

static void aborted(void *data)
{
	call *c = data;
	auth_request_cancel(&c->ask);
}

void call_begin(server *s, http_request *req, const route *r)
{
	call *c = NEW(req->arena, call);
	*c = (call){.srv = s, .sw = server_worker_of(req, s), .req = req, .a = req->arena, .route = r};
	if (r->auth == ROUTE_OPEN) {
		r->handle(c);
		return;
	}
	if (r->auth == ROUTE_GRAPHQL) {
		error_init(&c->body_error, c->a);
		c->body_broken = !call_parse_body(c, &c->body_error);
	}
	c->ask = (auth_request){.a = c->a,
		.headers = req->headers,
		.nheaders = req->header_count,
		.graphql = c->body,
		.done = resolved,
		.data = c};
	http_request_on_abort(req, aborted, c);
	auth_resolve(c->sw->auth, &c->ask);
}
