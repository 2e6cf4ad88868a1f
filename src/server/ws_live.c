/* Subscriptions of a connection: live/ finds the results, here they become messages. */
#include "base/arena.h"
#include "server/ws_conn.h"

/* ---- operations ---- */

ws_op *ws_operation_find(const ws_conn *c, str id)
{
	uint64_t hash = str_hash(id, 0);
	for (ws_op *op = c->ops; op; op = op->next)
		if (op->hash == hash && str_eq(ws_op_id(op), id)) return op;
	return NULL;
}

static ws_op *op_new(ws_conn *c, const ws_message *m)
{
	str id = m->id, name = m->body.operation_name;
	ws_op *op = mem_alloc(size_add(sizeof *op, size_add(id.n, name.n)));
	op->conn = c;
	op->size = m->size;
	op->hash = str_hash(id, 0);
	op->id_n = (uint32_t)id.n;
	op->name_n = (uint32_t)name.n;
	if (id.n) memcpy(op->text, id.p, id.n);
	if (name.n) memcpy(op->text + id.n, name.p, name.n);
	return op;
}

static void op_link(ws_op *op)
{
	op->next = op->conn->ops;
	op->conn->ops = op;
	op->conn->nops++;
	op->conn->ops_bytes = size_add(op->conn->ops_bytes, op->size);
}

static void op_end(ws_op *op)
{
	ws_op **at = &op->conn->ops;
	while (*at != op)
		at = &(*at)->next;
	*at = op->next;
	op->conn->nops--;
	op->conn->ops_bytes -= op->size;
	live_unsubscribe(op->sub);
	mem_free(op);
}

/* ---- what live/ says ---- */

static void release_payload(void *arg)
{
	live_payload_release(arg);
}

static void on_next(void *data, live_payload *p)
{
	ws_op *op = data;
	live_payload_hold(p);
	ws_operation_data(op->conn, ws_op_id(op), ws_op_name(op),
		(ws_body){.bytes = live_payload_str(p), .release = release_payload, .arg = p});
}

/* Hasura v2: onChange: in a data message on both protocols; the operation goes on. */
static void on_failed(void *data, const error *err)
{
	ws_op *op = data;
	ws_operation_data_error(op->conn, ws_op_id(op), ws_op_name(op), err);
}

/* The operation is over by an error. err: not of the operation's own memory. */
static void end_by(ws_op *op, const error *err)
{
	ws_conn *c = op->conn;
	arena *a = arena_new(0);
	str id = str_copy(a, ws_op_id(op)), name = str_copy(a, ws_op_name(op));
	op_end(op);
	ws_operation_fail(c, &(ws_op_log){.id = id, .operation_name = name, .err = err});
	arena_free(a);
}

/* Hasura v2: validateVariablesTx, testMultiplexedQueryTx: as what is refused before it begins. */
static void on_refused(void *data, const error *err)
{
	end_by(data, err);
}

/* The metadata changed what it means: the client asks again and gets the new answer, or learns why there is none. */
static void on_affected(void *data)
{
	ws_op *op = data;
	ws_conn *c = op->conn;
	error err;
	if (c->ww->config->ws_on_change != WS_CLOSE_NONE) {
		ws_socket_close(&c->sock, 1012, STR("Server state changed, restarting the server"), false);
		return;
	}
	arena *a = arena_new(0);
	error_init(&err, a);
	if (!error_set(&err, ERR_START_FAILED, STR_NULL, "the metadata has changed: start the operation again"))
		end_by(op, &err);
	arena_free(a);
}

static const live_callbacks callbacks = {
	.next = on_next, .refused = on_refused, .failed = on_failed, .affected = on_affected};

/* ---- start and stop ---- */

void ws_live_start(ws_conn *c, arena *a, const ws_message *m)
{
	server_worker *sw = c->ww->sw;
	ws_op *op = op_new(c, m);
	ws_op_log l = {.event = WS_STARTED,
		.id = m->id,
		.request_id = ws_operation_request_id(a, c->who),
		.operation_name = m->body.operation_name,
		.body = m->payload};
	error err;
	live_request r = {.snap = server_worker_snapshot(sw),
		.session = c->who->session,
		.query = m->body.query,
		.operation_name = m->body.operation_name,
		.variables = m->body.variables,
		.headers = c->who->headers,
		.nheaders = c->who->nheaders,
		.on = &callbacks,
		.data = op};
	error_init(&err, a);
	bool begun = graphql_body_interval(m->payload, c->ww->config->live_min_interval_ms, &r.interval_ms, &err) &&
		live_subscribe(sw->live, &r, &op->sub, &err);
	metrics_count_subscription(&sw->metrics, begun);
	if (!begun) {
		mem_free(op);
		l.err = &err;
		ws_operation_fail(c, &l);
		return;
	}
	op_link(op);
	if (c->sock.full) live_pause(op->sub);
	ws_log_operation(c, &l);
}

void ws_live_stop(ws_conn *c, str id)
{
	ws_op *op = ws_operation_find(c, id);
	if (!op) return;
	ws_log_operation(c, &(ws_op_log){.event = WS_STOPPED, .id = id, .operation_name = ws_op_name(op)});
	op_end(op);
}

void ws_live_end_all(ws_conn *c)
{
	while (c->ops)
		op_end(c->ops);
}

void ws_live_pause_all(ws_conn *c)
{
	for (ws_op *op = c->ops; op; op = op->next)
		live_pause(op->sub);
}

void ws_live_resume_all(ws_conn *c)
{
	for (ws_op *op = c->ops; op; op = op->next)
		live_resume(op->sub);
}
