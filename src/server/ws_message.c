#include "server/ws_message.h"
#include "base/arena.h"
#include <stdio.h>

enum { REASON_MAX = 123 };

static const struct {
	const char *text;
	ws_type type;
} types[] = {
	{"connection_init", MSG_INIT},
	{"start", MSG_START},
	{"subscribe", MSG_START},
	{"stop", MSG_STOP},
	{"complete", MSG_STOP},
	{"connection_terminate", MSG_TERMINATE},
	{"ping", MSG_PING},
	{"pong", MSG_PONG},
};

static bool expected(const json *j, const char *what, const char *kind, str path, error *err)
{
	return error_set(err, ERR_PARSE_FAILED, path, "parsing %s failed, expected %s, but encountered %s", what, kind,
		json_kind_name(j));
}

static bool read_type(const json *o, ws_type *type, error *err)
{
	const json *t;
	if (o->kind != JSON_OBJECT) return expected(o, "ClientMessage", "Object", STR_NULL, err);
	t = json_getz(o, "type");
	if (!t) return error_set(err, ERR_PARSE_FAILED, STR_NULL, "key \"type\" not found");
	if (t->kind != JSON_STRING) return expected(t, "String", "String", STR("$.type"), err);
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		if (!str_eqz(t->text, types[i].text)) continue;
		*type = types[i].type;
		return true;
	}
	return error_set(err, ERR_PARSE_FAILED, STR_NULL, "unexpected type for ClientMessage: %.*s", STR_ARG(t->text));
}

static bool read_id(const json *o, str *id, error *err)
{
	const json *j = json_getz(o, "id");
	if (!j) return error_set(err, ERR_PARSE_FAILED, STR_NULL, "key \"id\" not found");
	if (j->kind != JSON_STRING) return expected(j, "Text", "String", STR("$.id"), err);
	*id = j->text;
	return true;
}

/* These go into requests to hooks and webhooks: what is no header there is none here. */
static bool is_header(str name, str value)
{
	static const char odd[] = "()<>@,;:\\\"/[]?={} \t";
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] <= ' ' || name.p[i] == 0x7f || strchr(odd, name.p[i])) return false;
	for (size_t i = 0; i < value.n; i++)
		if ((unsigned char)value.p[i] < ' ' && value.p[i] != '\t') return false;
	return name.n > 0;
}

static bool read_headers(arena *a, const json *o, uint64_t max, ws_message *m, error *err)
{
	if (json_is_null(o)) return true;
	if (o->kind != JSON_OBJECT) return expected(o, "HashMap", "Object", STR("$.payload.headers"), err);
	if (max && o->count > max)
		return error_set(err, ERR_PARSE_FAILED, STR("$.payload.headers"), "more than %llu headers",
			(unsigned long long)max);
	str_pair *to = o->count ? NEW_ARRAY(a, str_pair, o->count) : NULL;
	m->headers = to;
	JSON_EACH (j, o) {
		str path = str_printf(a, "$.payload.headers.%.*s", STR_ARG(j->key));
		if (j->kind != JSON_STRING) return expected(j, "Text", "String", path, err);
		if (!is_header(j->key, j->text)) return error_set(err, ERR_PARSE_FAILED, path, "not a header");
		to[m->nheaders++] = (str_pair){j->key, j->text};
	}
	return true;
}

static bool read_init(arena *a, const json *payload, uint64_t max, ws_message *m, error *err)
{
	if (json_is_null(payload)) return true;
	if (payload->kind != JSON_OBJECT) return expected(payload, "ConnParams", "Object", STR("$.payload"), err);
	return read_headers(a, json_getz(payload, "headers"), max, m, err);
}

static bool read_start(const json *o, ws_message *m, error *err)
{
	if (!read_id(o, &m->id, err)) return false;
	if (!m->payload) return error_set(err, ERR_PARSE_FAILED, STR_NULL, "key \"payload\" not found");
	if (graphql_body_read(m->payload, &m->body, err)) return true;
	error_prepend_path(err, STR("$.payload"));
	return false;
}

static bool read_message(arena *a, str text, uint64_t max, ws_message *m, error *err)
{
	json *o = NULL;
	if (!json_parse_copy(a, text, &o, err)) return false;
	if (!read_type(o, &m->type, err)) return false;
	m->payload = json_getz(o, "payload");
	switch (m->type) {
	case MSG_INIT: return read_init(a, m->payload, max, m, err);
	case MSG_START: return read_start(o, m, err);
	case MSG_STOP: return read_id(o, &m->id, err);
	case MSG_PING:
	case MSG_PONG:
		if (json_is_null(m->payload) || m->payload->kind == JSON_OBJECT) return true;
		return expected(m->payload, "PingPongPayload", "Object", STR("$.payload"), err);
	case MSG_TERMINATE: break;
	}
	return true;
}

bool ws_message_read(arena *a, str text, uint64_t max_headers, ws_message *out, error *err)
{
	*out = (ws_message){0};
	if (read_message(a, text, max_headers, out, err)) {
		out->size = text.n;
		return true;
	}
	err->message = str_printf(a, "Error in %.*s: %.*s", STR_ARG(error_path(err)), STR_ARG(err->message));
	return false;
}

/* The longest beginning of s that is whole characters and takes at most n bytes in JSON. */
static str fitting(str s, size_t n)
{
	size_t at = 0, used = 0;
	while (at < s.n) {
		size_t step = str_utf8_step(s.p + at, s.n - at);
		unsigned char c = (unsigned char)s.p[at];
		size_t cost = c < ' ' ? 6 : c == '"' || c == '\\' ? 2 : step;
		if (step == 0 || used + cost > n) break;
		used += cost;
		at += step;
	}
	return str_sub(s, 0, at);
}

void ws_put_reason(buf *b, unsigned code, str text)
{
	static const str key = STR_INIT("{\"server_error_msg\":\"\"}");
	char head[16];
	int n = snprintf(head, sizeof head, "%u: ", code % 10000);
	buf whole = {0};
	buf_put(&whole, str_make(head, (size_t)n));
	buf_put(&whole, text);
	buf_put(b, str_sub(key, 0, key.n - 3));
	json_write_str(b, fitting(buf_str(&whole), REASON_MAX - key.n));
	buf_putc(b, '}');
	buf_free(&whole);
}
