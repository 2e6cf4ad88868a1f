/* Operations of a connection: queries and mutations by exec/, subscriptions by ws_live.c. */
#include "base/arena.h"
#include "server/endpoints.h"
#include "server/errors.h"
#include "server/query_log.h"
#include "server/ws_conn.h"

/* ---- answers ---- */

static void put_begin(buf *b, const char *type, str id)
{
	buf_puts(b, "{\"type\":\"");
	buf_puts(b, type);
	buf_puts(b, "\",\"id\":");
	json_write_str(b, id);
}

void ws_operation_data(ws_conn *c, str id, str name, ws_body body)
{
	const char *type = c->protocol == WS_APOLLO ? "data" : "next";
	buf b = {0};
	put_begin(&b, type, id);
	buf_puts(&b, ",\"payload\":");
	ws_trace_sent(c, &(ws_sent){type, id, name, buf_str(&b), body.bytes, STR("}")});
	ws_socket_send(&c->sock, buf_str(&b), body, STR("}"));
	buf_free(&b);
}

void ws_operation_send_complete(ws_conn *c, str id, str name)
{
	buf b = {0};
	put_begin(&b, "complete", id);
	buf_putc(&b, '}');
	ws_trace_sent(c, &(ws_sent){.type = "complete", .id = id, .name = name, .before = buf_str(&b)});
	ws_socket_say(&c->sock, buf_str(&b));
	buf_free(&b);
}

static void complete(ws_conn *c, const ws_op_log *l, bool failed)
{
	ws_op_log done = *l;
	if (failed && c->protocol == WS_TRANSPORT) {
		ws_late_add(c, l->id);
	} else {
		ws_operation_send_complete(c, l->id, l->operation_name);
	}
	done.event = WS_COMPLETED;
	ws_log_operation(c, &done);
}

/* One error in the form of the path. Hasura v2: `internal` is never shown on a socket. */
static void put_error(const ws_conn *c, buf *b, const error *err)
{
	if (c->legacy) {
		error_write_flat(b, err, false);
	} else {
		error_write_graphql_one(b, err, false);
	}
}

void ws_operation_data_error(ws_conn *c, str id, str name, const error *err)
{
	buf b = {0};
	buf_puts(&b, "{\"data\":null,\"errors\":[");
	put_error(c, &b, err);
	buf_puts(&b, "]}");
	ws_operation_data(c, id, name, (ws_body){.bytes = buf_str(&b)});
	buf_free(&b);
}

typedef enum error_form { FORM_ONE, FORM_LIST, FORM_ERRORS } error_form;

static void send_error(ws_conn *c, const ws_op_log *l, const error *err, error_form form)
{
	buf b = {0};
	put_begin(&b, "error", l->id);
	buf_puts(&b,
		form == FORM_ONE            ? ",\"payload\":"
			: form == FORM_LIST ? ",\"payload\":["
					    : ",\"payload\":{\"errors\":[");
	put_error(c, &b, err);
	buf_puts(&b, form == FORM_ONE ? "}" : form == FORM_LIST ? "]}" : "]}}");
	ws_trace_sent(c, &(ws_sent){.type = "error", .id = l->id, .name = l->operation_name, .before = buf_str(&b)});
	ws_socket_say(&c->sock, buf_str(&b));
	buf_free(&b);
}

/* Hasura v2: preExecErr withComplete; on both protocols `complete` follows, which clients of the newer one ignore. */
void ws_operation_fail(ws_conn *c, const ws_op_log *l)
{
	ws_op_log failed = *l;
	failed.event = WS_QUERY_ERR;
	ws_log_operation(c, &failed);
	send_error(c, l, l->err, c->legacy ? FORM_ONE : c->protocol == WS_APOLLO ? FORM_ERRORS : FORM_LIST);
	complete(c, l, true);
}

/* Hasura v2: sendStartErr: the error alone, in no list. */
static void start_error(ws_conn *c, arena *a, const ws_message *m, str text)
{
	ws_op_log l = {.event = WS_PROTO_ERR, .id = m->id, .operation_name = m->body.operation_name, .text = text};
	error err;
	error_init(&err, a);
	if (error_set(&err, ERR_START_FAILED, STR_NULL, "%.*s", STR_ARG(text))) return;
	send_error(c, &l, &err, FORM_ONE);
	ws_log_operation(c, &l);
	complete(c, &l, true);
}

/* ---- queries and mutations ---- */

static ws_op_log log_of(const ws_run *run)
{
	return (ws_op_log){.event = WS_COMPLETED,
		.id = run->msg.id,
		.request_id = run->request_id,
		.operation_name = run->msg.body.operation_name,
		.body = run->msg.payload};
}

/* Refused before a statement ran, or failed by one? Hasura v2 tells them apart by the message they come in. */
static bool failed_running(const exec_request *r)
{
	switch (r->err.code) {
	case ERR_VALIDATION_FAILED:
	case ERR_PARSE_FAILED:
	case ERR_NOT_SUPPORTED:
	case ERR_NOT_FOUND:
	case ERR_UNEXPECTED_PAYLOAD: return false;
	default: return r->details.nroots > 0;
	}
}

static void answer(ws_conn *c, ws_run *run)
{
	exec_request *r = &run->r;
	ws_op_log l = log_of(run);
	l.err = &r->err;
	if (r->ok) {
		ws_operation_data(c, l.id, l.operation_name,
			(ws_body){.bytes = buf_str(&r->body), .release = mem_free, .arg = r->body.p});
		complete(c, &l, false);
	} else if (!failed_running(r)) {
		ws_operation_fail(c, &l);
	} else {
		ws_op_log failed = l;
		failed.event = WS_QUERY_ERR;
		ws_log_operation(c, &failed);
		if (c->protocol == WS_APOLLO) {
			ws_operation_data_error(c, l.id, l.operation_name, &r->err);
		} else {
			send_error(c, &l, &r->err, FORM_LIST);
		}
		complete(c, &l, true);
	}
}

static void run_free(ws_run *run)
{
	ws_who_release(run->who);
	arena_free(run->a);
}

static void on_done(exec_request *r)
{
	ws_run *run = r->data;
	ws_conn *c = run->conn;
	c->run = NULL;
	metrics_count(&c->ww->sw->metrics, r);
	query_log_write(c->ww->sw->srv, run->a, run->request_id, r, run->msg.payload);
	answer(c, run);
	run_free(run);
	ws_conn_go(c);
}

str ws_operation_request_id(arena *a, const ws_who *who)
{
	unsigned char id[UUID_BYTES];
	for (size_t i = 0; i < who->nheaders; i++)
		if (str_eq_nocase(who->headers[i].name, STR("x-request-id"))) return who->headers[i].value;
	char *text = arena_bytes(a, UUID_TEXT);
	uuid_make(id);
	uuid_format(id, text);
	return str_make(text, UUID_TEXT);
}

static void execute(ws_conn *c, arena *a, const ws_message *m)
{
	server_worker *sw = c->ww->sw;
	ws_run *run = NEW(a, ws_run);
	*run = (ws_run){.conn = c, .a = a, .who = c->who, .msg = *m, .request_id = ws_operation_request_id(a, c->who)};
	ws_who_hold(run->who);
	run->r = (exec_request){.a = a,
		.snap = server_worker_snapshot(sw),
		.session = run->who->session,
		.query = m->body.query,
		.operation_name = m->body.operation_name,
		.variables = m->body.variables,
		.headers = run->who->headers,
		.nheaders = run->who->nheaders,
		.introspection = true,
		.done = on_done,
		.data = run};
	error_init(&run->r.err, a);
	c->run = run;
	exec_start(sw->exec, &run->r);
}

/* ---- start and stop ---- */

static bool may_start(ws_conn *c, arena *a, const ws_message *m)
{
	if (!c->who) {
		start_error(c, a, m, STR("start received before the connection is initialised"));
	} else if (ws_operation_find(c, m->id)) {
		start_error(c, a, m, str_printf(a, "an operation already exists with this id: %.*s", STR_ARG(m->id)));
	} else {
		return true;
	}
	return false;
}

/* Why no further operation may begin beside the open subscriptions; NULL: it may. */
static const char *too_much(const ws_conn *c, const ws_message *m)
{
	const ws_limits *l = &c->ww->config->ws_limits;
	if (l->operations && c->nops >= l->operations)
		return "too many operations on this socket (the limit is a setting: --websocket-max-operations)";
	if (l->subscription_bytes && c->nops && size_add(c->ops_bytes, m->size) > l->subscription_bytes)
		return "the subscriptions on this socket are too large together";
	return NULL;
}

/* What is not served on this path, or too much. */
static bool refused(ws_conn *c, const ws_message *m, error *err)
{
	ws_op_log l = {.id = m->id, .operation_name = m->body.operation_name, .err = err, .body = m->payload};
	if (c->relay) {
		if (relay_refuse(c->ww->config, err)) return false;
	} else {
		const char *why = too_much(c, m);
		if (!why || error_set(err, ERR_BUSY, STR_NULL, "%s", why)) return false;
	}
	ws_operation_fail(c, &l);
	return true;
}

void ws_operation_start(ws_conn *c, arena *a, const ws_message *m)
{
	error err;
	error_init(&err, a);
	ws_late_drop(c, m->id);
	if (!may_start(c, a, m) || refused(c, m, &err)) {
		arena_free(a);
	} else if (graphql_body_is_subscription(a, &m->body)) {
		ws_live_start(c, a, m);
		arena_free(a);
	} else {
		execute(c, a, m);
	}
}

/* A mutation is not taken back: the client could not know whether it had happened. */
static bool may_cancel(const ws_run *run)
{
	return str_find(run->msg.body.query, STR("mutation")) == SIZE_MAX;
}

static void run_cancel(ws_conn *c)
{
	ws_run *run = c->run;
	c->run = NULL;
	exec_cancel(&run->r);
	run_free(run);
}

void ws_operation_stop(ws_conn *c, str id)
{
	ws_late_drop(c, id);
	if (c->run && str_eq(c->run->msg.id, id)) {
		if (!may_cancel(c->run)) return;
		ws_op_log l = log_of(c->run);
		l.event = WS_STOPPED;
		ws_log_operation(c, &l);
		run_cancel(c);
		ws_conn_go(c);
	} else {
		ws_live_stop(c, id);
	}
}

void ws_operation_end_all(ws_conn *c)
{
	if (c->run) run_cancel(c);
	ws_live_end_all(c);
	ws_late_end(c);
}
