/* The log type ws-server, of the level debug: what happens on a socket, message by message. Hasura v2: WSLog. */
#include "base/arena.h"
#include "server/ws_conn.h"

static bool off(void)
{
	return !log_enabled(LOG_WS_SERVER, LOG_DEBUG);
}

static void put(arena *a, const unsigned char id[UUID_BYTES], const char *type, json *detail, json *about)
{
	char *text = arena_bytes(a, UUID_TEXT);
	json *o = json_new_object(a), *event = json_new_object(a);
	uuid_format(id, text);
	json_setz(event, "type", json_new_str(a, str_from(type)));
	if (detail) json_setz(event, "detail", detail);
	json_setz(o, "websocket_id", json_new_str(a, str_make(text, UUID_TEXT)));
	json_setz(o, "event", event);
	if (about) json_setz(o, "metadata", about);
	log_json(LOG_WS_SERVER, LOG_DEBUG, o);
}

void ws_trace_event(const unsigned char id[UUID_BYTES], const char *type, str detail)
{
	if (off()) return;
	arena *a = arena_new(0);
	put(a, id, type, detail.n ? json_new_str(a, detail) : NULL, NULL);
	arena_free(a);
}

static json *message(arena *a, str text, size_t size)
{
	json *o = json_new_object(a);
	json_setz(o, "message", json_new_str(a, text));
	json_setz(o, "message_size", json_new_i64(a, (int64_t)size));
	return o;
}

/* A hello carries secrets, and so may what cannot be read. */
void ws_trace_received(const ws_conn *c, str text, const ws_message *m)
{
	if (off()) return;
	arena *a = arena_new(0);
	str shown = !m ? STR("(not readable)") : m->type == MSG_INIT ? STR("{\"type\":\"connection_init\"}") : text;
	put(a, c->id, "message_received", message(a, shown, text.n), NULL);
	arena_free(a);
}

void ws_trace_sent(const ws_conn *c, const ws_sent *s)
{
	if (off()) return;
	arena *a = arena_new(0);
	json *about = json_new_object(a);
	str text = str_printf(a, "%.*s%.*s%.*s", STR_ARG(s->before), STR_ARG(s->body), STR_ARG(s->after));
	json_setz(about, "event_type", json_new_str(a, str_from(s->type)));
	if (s->id.p) json_setz(about, "operation_id", json_new_str(a, s->id));
	if (s->name.n) json_setz(about, "operation_name", json_new_str(a, s->name));
	put(a, c->id, "message_sent", message(a, text, text.n), about);
	arena_free(a);
}
