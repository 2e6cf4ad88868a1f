/* ws_conn: one client's socket and its operations; shared by ws.c (the socket), ws_conn.c (the connection's messages),
 * ws_operation.c (the operations') and ws_log.c. */
#pragma once
#include "base/uuid.h"
#include "live/live.h"
#include "server/ws.h"
#include "server/ws_handshake.h"
#include "server/ws_socket.h"

typedef struct ws_conn ws_conn;

struct ws_worker {
	server_worker *sw;
	ws_loop *loop;
	const server_config *config;
};

/* Who asks: what a connection_init was answered with. Operations keep the one they began with. */
typedef struct ws_who {
	arena *a;
	const session *session;
	const str_pair *headers; /* of the connection_init */
	size_t nheaders;
	unsigned refs;
} ws_who;

/* A live query or stream, found by its id. */
typedef struct ws_op ws_op;
struct ws_op {
	ws_op *next;
	ws_conn *conn;
	live_sub *sub;
	uint64_t hash;
	size_t size; /* of its start message: what the client made us keep */
	uint32_t id_n, name_n;
	char text[]; /* id, then operation name */
};

/* A message that waits for its turn: those that start something are handled one after the other. */
typedef struct ws_task ws_task;
struct ws_task {
	ws_task *next;
	arena *a;
	size_t size; /* of its text */
	ws_message msg;
};

/* A `complete` that is said later (ws_late.c). */
typedef struct ws_late {
	struct ws_late *next;
	bool due;
	uint32_t id_n;
	char id[];
} ws_late;

/* A query or mutation under way. In the arena of its message. */
typedef struct ws_run {
	ws_conn *conn;
	arena *a;
	ws_who *who;
	ws_message msg;
	str request_id;
	exec_request r;
} ws_run;

struct ws_conn {
	ws_socket sock; /* the first member */
	ws_worker *ww;
	ws_protocol protocol;
	bool legacy, relay;
	bool going;    /* the loop over tasks is on the stack */
	bool draining; /* closes when what runs is over */
	unsigned char id[UUID_BYTES];
	arena *hello; /* headers of the handshake, until the connection is initialised */
	const str_pair *headers;
	size_t nheaders;
	ws_who *who;    /* NULL: not initialised */
	ws_who *asking; /* its authentication is under way */
	auth_request ask;
	timer *expiry;
	uint64_t expires_ms; /* wall clock; 0: never */
	ws_op *ops;
	size_t nops, ops_bytes; /* ops_bytes: of their start messages */
	ws_run *run;
	ws_task *first, *last;
	size_t task_bytes;
	ws_late *late; /* in the order of errors */
	timer *late_timer;
};

static inline ws_conn *ws_conn_of(ws_socket *s)
{
	return (ws_conn *)(void *)s;
}
static inline str ws_op_id(const ws_op *op)
{
	return str_make(op->text, op->id_n);
}
static inline str ws_op_name(const ws_op *op)
{
	return str_make(op->text + op->id_n, op->name_n);
}

/* ws_conn.c */
extern const ws_callbacks ws_conn_callbacks;
/* The socket is open: the first keep-alive. */
void ws_conn_opened(ws_conn *c);
/* Goes on with what waits. */
void ws_conn_go(ws_conn *c);
/* Closes with a 44xx code and its reason in the protocol's form. */
void ws_conn_refuse(ws_conn *c, unsigned code, str reason);
void ws_conn_drain(ws_conn *c);
void ws_who_hold(ws_who *who);
void ws_who_release(ws_who *who);

/* ws_operation.c */
/* Runs a start message; a is its arena, taken over. c->run is set when it goes on. */
void ws_operation_start(ws_conn *c, arena *a, const ws_message *m);
void ws_operation_stop(ws_conn *c, str id);
/* Ends them all without a word. */
void ws_operation_end_all(ws_conn *c);
/* A result; an error of one that ran. name: the operation's, for logs. */
void ws_operation_data(ws_conn *c, str id, str name, ws_body body);
void ws_operation_data_error(ws_conn *c, str id, str name, const error *err);
/* The request's id, for logs. */
str ws_operation_request_id(arena *a, const ws_who *who);

/* ws_log.c. Hasura v2: WSLog, the type websocket-log. */
typedef enum ws_op_event { WS_STARTED, WS_PROTO_ERR, WS_QUERY_ERR, WS_COMPLETED, WS_STOPPED } ws_op_event;
typedef struct ws_op_log {
	ws_op_event event;
	str id;
	str request_id;     /* empty: null */
	str operation_name; /* p NULL: null */
	str text;           /* of WS_PROTO_ERR */
	const error *err;   /* of WS_QUERY_ERR */
	const json *body;   /* of the start message; NULL: none; written if the query log is on */
} ws_op_log;
void ws_log_accepted(const ws_conn *c, const char *note);
void ws_log_rejected(const unsigned char id[UUID_BYTES], const error *err);
void ws_log_conn_error(const ws_conn *c, str text);
void ws_log_closed(const ws_conn *c, uint16_t code, str reason);
void ws_log_operation(const ws_conn *c, const ws_op_log *o);
/* l->err ends the operation, or kept it from beginning. */
void ws_operation_fail(ws_conn *c, const ws_op_log *l);

/* The `complete` of an operation. */
void ws_operation_send_complete(ws_conn *c, str id, str name);

/* ws_trace.c */
/* One of the server's messages: before, body and after are its text. */
typedef struct ws_sent {
	const char *type;
	str id;   /* of the operation; p NULL: of none */
	str name; /* empty: none */
	str before, body, after;
} ws_sent;
void ws_trace_event(const unsigned char id[UUID_BYTES], const char *type, str detail);
/* m NULL: it could not be read. */
void ws_trace_received(const ws_conn *c, str text, const ws_message *m);
void ws_trace_sent(const ws_conn *c, const ws_sent *s);

/* ws_late.c */
/* After an error on the newer protocol: `complete` follows when the client has read the error by itself. */
void ws_late_add(ws_conn *c, str id);
/* The id is used anew, or given up: no `complete` any more. */
void ws_late_drop(ws_conn *c, str id);
void ws_late_end(ws_conn *c);

/* ws_live.c */
ws_op *ws_operation_find(const ws_conn *c, str id);
void ws_live_start(ws_conn *c, arena *a, const ws_message *m);
void ws_live_stop(ws_conn *c, str id);
void ws_live_end_all(ws_conn *c);
void ws_live_pause_all(ws_conn *c);
void ws_live_resume_all(ws_conn *c);
