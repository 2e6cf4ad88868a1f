#include "base/arena.h"
#include "base/clock.h"
#include "server/errors.h"
#include "server/query_log.h"
#include "server/ws_conn.h"

static json *text_or_null(arena *a, str s)
{
	return s.p ? json_new_str(a, s) : json_new_null(a);
}

static json *id_text(arena *a, const unsigned char id[UUID_BYTES])
{
	char *text = arena_bytes(a, UUID_TEXT);
	uuid_format(id, text);
	return json_new_str(a, str_make(text, UUID_TEXT));
}

static json *connection_info(arena *a, const unsigned char id[UUID_BYTES], uint64_t expires_ms, str msg)
{
	json *o = json_new_object(a);
	char stamp[32];
	json_setz(o, "websocket_id", id_text(a, id));
	if (expires_ms) clock_format(expires_ms, stamp);
	json_setz(o, "token_expiry", expires_ms ? json_new_str(a, str_copy(a, str_from(stamp))) : json_new_null(a));
	json_setz(o, "msg", text_or_null(a, msg));
	return o;
}

static json *event_new(arena *a, const char *type, json *detail)
{
	json *o = json_new_object(a);
	json_setz(o, "type", json_new_str(a, str_from(type)));
	if (detail) json_setz(o, "detail", detail);
	return o;
}

static void put(arena *a, log_level level, json *user_vars, json *info, json *event)
{
	json *o = json_new_object(a);
	json_setz(o, "event", event);
	json_setz(o, "connection_info", info);
	json_setz(o, "user_vars", user_vars ? user_vars : json_new_null(a));
	log_json(LOG_WEBSOCKET, level, o);
}

static void put_conn(arena *a, const ws_conn *c, log_level level, str msg, json *event)
{
	put(a, level, c->who ? session_json(a, c->who->session) : NULL, connection_info(a, c->id, c->expires_ms, msg),
		event);
}

void ws_log_accepted(const ws_conn *c, const char *note)
{
	ws_trace_event(c->id, "accepted", STR_NULL);
	if (!log_enabled(LOG_WEBSOCKET, LOG_INFO)) return;
	arena *a = arena_new(0);
	put_conn(a, c, LOG_INFO, note ? str_from(note) : STR_NULL, event_new(a, "accepted", NULL));
	arena_free(a);
}

void ws_log_rejected(const unsigned char id[UUID_BYTES], const error *err)
{
	ws_trace_event(id, "rejected", STR_NULL);
	if (!log_enabled(LOG_WEBSOCKET, LOG_ERROR)) return;
	arena *a = arena_new(0);
	put(a, LOG_ERROR, NULL, connection_info(a, id, 0, STR_NULL),
		event_new(a, "rejected", error_to_json(a, err, false)));
	arena_free(a);
}

void ws_log_conn_error(const ws_conn *c, str text)
{
	if (!log_enabled(LOG_WEBSOCKET, LOG_ERROR)) return;
	arena *a = arena_new(0);
	put_conn(a, c, LOG_ERROR, STR_NULL, event_new(a, "conn_err", json_new_str(a, text)));
	arena_free(a);
}

void ws_log_closed(const ws_conn *c, uint16_t code, str reason)
{
	if (c->sock.closed) ws_trace_event(c->id, "close_received", STR_NULL);
	if (code) ws_trace_event(c->id, "close_sent", reason);
	ws_trace_event(c->id, "closed", STR_NULL);
	if (!log_enabled(LOG_WEBSOCKET, LOG_INFO)) return;
	arena *a = arena_new(0);
	str msg = code ? str_printf(a, "%u%s%.*s", code, reason.n ? " " : "", STR_ARG(reason)) : reason;
	put_conn(a, c, LOG_INFO, msg, event_new(a, "closed", NULL));
	arena_free(a);
}

static json *operation_type(arena *a, const ws_op_log *l)
{
	static const char *const names[] = {[WS_STARTED] = "started",
		[WS_PROTO_ERR] = "proto_err",
		[WS_QUERY_ERR] = "query_err",
		[WS_COMPLETED] = "completed",
		[WS_STOPPED] = "stopped"};
	json *detail = l->event == WS_PROTO_ERR ? json_new_str(a, l->text)
		: l->event == WS_QUERY_ERR      ? error_to_json(a, l->err, false)
						: NULL;
	return event_new(a, names[l->event], detail);
}

void ws_log_operation(const ws_conn *c, const ws_op_log *l)
{
	const server *s = c->ww->sw->srv;
	log_level level = l->event == WS_PROTO_ERR || l->event == WS_QUERY_ERR ? LOG_ERROR : LOG_INFO;
	if (!log_enabled(LOG_WEBSOCKET, level)) return;
	arena *a = arena_new(0);
	json *o = json_new_object(a);
	json_setz(o, "operation_id", json_new_str(a, l->id));
	json_setz(o, "request_id", text_or_null(a, l->request_id));
	json_setz(o, "operation_name", text_or_null(a, l->operation_name));
	json_setz(o, "operation_type", operation_type(a, l));
	if (l->body && s->log_query) json_setz(o, "query", masked_body(s, a, l->body));
	put_conn(a, c, level, STR_NULL, event_new(a, "operation", o));
	arena_free(a);
}
