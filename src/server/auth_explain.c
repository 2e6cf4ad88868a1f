/*
 * auth_explain: POST /v1/weir/auth/explain, for admins: which session a request with these headers would get, and why.
 * {"headers": {"Authorization": "Bearer …", …}, "request": {a GraphQL request, for the hook}} → auth_explanation's object.
 */
#include "server/endpoints.h"

typedef struct auth_question {
	call *c;
	auth_request ask;
	json *body;
} auth_question;

static void asked(auth_request *r, const session *s, const error *err)
{
	auth_question *q = r->data;
	call *c = q->c;
	buf out = {0};
	http_request_on_abort(c->req, NULL, NULL);
	json_write(&out, auth_explanation(c->srv->auth, c->a, r, s, err));
	call_reply(c, &out);
}

static void aborted(void *data)
{
	auth_question *q = data;
	auth_request_cancel(&q->ask);
}

static bool read_headers(auth_question *q, error *err)
{
	const json *headers = json_getz(q->body, "headers");
	if (!json_is(headers, JSON_OBJECT))
		return error_set(
			err, ERR_PARSE_FAILED, STR("$.headers"), "expected an object of header names and values");
	str_pair *list = NEW_ARRAY(q->c->a, str_pair, headers->count);
	JSON_EACH (h, headers) {
		if (h->kind != JSON_STRING)
			return error_set(
				err, ERR_PARSE_FAILED, STR("$.headers"), "the values of headers must be strings");
		list[q->ask.nheaders++] = (str_pair){h->key, h->text};
	}
	q->ask.headers = list;
	return true;
}

/* The body holds tokens and secrets: c->body, which logs may show, stays empty. */
static bool read_body(auth_question *q, error *err)
{
	call *c = q->c;
	c->body = json_new_object(c->a);
	if (!call_check_admin(c, err)) return false;
	if (!json_parse(c->a, c->req->body, &q->body, err)) return false;
	const json *request = json_getz(q->body, "request");
	q->ask.graphql = json_is_null(request) ? NULL : request;
	return read_headers(q, err);
}

void auth_explain_post(call *c)
{
	auth_question *q = NEW(c->a, auth_question);
	error err;
	error_init(&err, c->a);
	q->c = c;
	q->ask = (auth_request){.a = c->a, .steps = json_new_array(c->a), .done = asked, .data = q};
	if (!read_body(q, &err)) {
		call_fail(c, &err);
		return;
	}
	http_request_on_abort(c->req, aborted, q);
	auth_resolve(c->sw->auth, &q->ask);
}
