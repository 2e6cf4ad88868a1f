/* Subscriptions of a connection. */
#include "server/ws_conn.h"

ws_op *ws_operation_find(const ws_conn *c, str id)
{
	uint64_t hash = str_hash(id, 0);
	for (ws_op *op = c->ops; op; op = op->next)
		if (op->hash == hash && str_eq(ws_op_id(op), id)) return op;
	return NULL;
}

void ws_live_start(ws_conn *c, arena *a, const ws_message *m)
{
	ws_op_log l = {.id = m->id, .operation_name = m->body.operation_name, .body = m->payload};
	error err;
	error_init(&err, a);
	l.err = &err;
	if (!error_set(&err, ERR_NOT_SUPPORTED, STR_NULL, "not served by this version of Weir: subscriptions"))
		ws_operation_fail(c, &l);
}

void ws_live_stop(ws_conn *c, str id)
{
	(void)c;
	(void)id;
}

void ws_live_end_all(ws_conn *c)
{
	c->ops = NULL;
}

void ws_live_pause_all(ws_conn *c)
{
	(void)c;
}

void ws_live_resume_all(ws_conn *c)
{
	(void)c;
}
