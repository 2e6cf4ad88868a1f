#include "server/endpoints.h"

/* Hasura v2: GraphQL/Explain.hs. {"query": {query, variables, operationName}, "user": {…}, "is_relay": false} */

static void aborted(void *data)
{
	exec_cancel(data);
}

static void done(exec_request *r)
{
	call *c = r->data;
	http_request_on_abort(c->req, NULL, NULL);
	if (r->ok) {
		call_reply(c, &r->body);
	} else {
		call_fail(c, &r->err);
	}
}

static bool read_query(call *c, exec_request *r, error *err)
{
	const json *q = json_getz(c->body, "query"), *text = json_getz(q, "query");
	const json *name = json_getz(q, "operationName"), *variables = json_getz(q, "variables");
	if (!q) return error_set(err, ERR_PARSE_FAILED, STR_NULL, "key \"query\" not found");
	if (!text) return error_set(err, ERR_PARSE_FAILED, STR("$.query"), "key \"query\" not found");
	if (!json_is(text, JSON_STRING) || (!json_is_null(name) && name->kind != JSON_STRING) ||
		(!json_is_null(variables) && variables->kind != JSON_OBJECT))
		return error_set(err, ERR_PARSE_FAILED, STR("$.query"), "parsing GraphQL request failed");
	r->query = text->text;
	r->operation_name = json_is_null(name) ? STR_NULL : name->text;
	r->variables = json_is_null(variables) ? NULL : variables;
	return true;
}

static bool read_body(call *c, exec_request *r, error *err)
{
	session *as = NULL;
	if (!call_check_admin(c, err) || !call_parse_body(c, err) || !read_query(c, r, err)) return false;
	if (json_bool_or(c->body, "is_relay", false))
		return error_set(err, ERR_NOT_SUPPORTED, STR_NULL, "not served by this version of Weir: the Relay API");
	if (!auth_session_from_json(c->a, json_getz(c->body, "user"), &as, err)) return false;
	r->session = as;
	return true;
}

void explain_post(call *c)
{
	exec_request *r = NEW(c->a, exec_request);
	error err;
	error_init(&err, c->a);
	*r = (exec_request){.a = c->a,
		.snap = server_worker_snapshot(c->sw),
		.introspection = true,
		.subscription = true,
		.done = done,
		.data = c};
	error_init(&r->err, c->a);
	if (!read_body(c, r, &err)) {
		call_fail(c, &err);
		return;
	}
	http_request_on_abort(c->req, aborted, r);
	exec_explain(c->sw->exec, r);
}
