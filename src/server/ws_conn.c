/* A connection's own messages: who asks, keep-alive, the order of what is asked. */
#include "server/ws_conn.h"
#include "base/arena.h"
#include "base/clock.h"

static void say(ws_conn *c, const char *type, str text)
{
	ws_trace_sent(c, &(ws_sent){.type = type, .before = text});
	ws_socket_say(&c->sock, text);
}

/* Hasura v2: from the first moment on, before the connection is initialised. */
static void keep_alive(ws_conn *c)
{
	bool apollo = c->protocol == WS_APOLLO;
	str text =
		apollo ? STR("{\"type\":\"ka\"}") : STR("{\"type\":\"ping\",\"payload\":{\"message\":\"keepalive\"}}");
	ws_trace_sent(c, &(ws_sent){.type = apollo ? "ka" : "ping", .before = text});
	ws_socket_keep_alive(&c->sock, text);
}

void ws_conn_opened(ws_conn *c)
{
	if (c->ww->config->ws_keepalive_ms) keep_alive(c);
}

static void on_tick(ws_socket *s)
{
	keep_alive(ws_conn_of(s));
}

void ws_conn_refuse(ws_conn *c, unsigned code, str reason)
{
	buf b = {0};
	ws_put_reason(&b, code, reason);
	ws_socket_close(&c->sock, (uint16_t)code, buf_str(&b), false);
	buf_free(&b);
}

static void on_hello_over(ws_socket *s)
{
	uint16_t code = ws_conn_of(s)->protocol == WS_APOLLO ? 1011 : 4408;
	ws_trace_event(ws_conn_of(s)->id, "connection_timeout", STR_NULL);
	ws_socket_close(s, code, STR("Connection initialisation timed out"), false);
}

/* ---- who asks ---- */

void ws_who_hold(ws_who *who)
{
	who->refs++;
}

void ws_who_release(ws_who *who)
{
	if (who && --who->refs == 0) arena_free(who->a);
}

static bool same_session(const session *a, const session *b)
{
	if (!str_eq(a->role, b->role) || a->nvars != b->nvars || a->backend != b->backend) return false;
	for (size_t i = 0; i < a->nvars; i++)
		if (!str_eq(a->vars[i].name, b->vars[i].name) || !str_eq(a->vars[i].value, b->vars[i].value))
			return false;
	return true;
}

static void on_expired(void *arg)
{
	ws_conn *c = arg;
	uint64_t now = clock_wall_ms();
	timer_stop(c->expiry);
	c->expiry = NULL;
	if (now < c->expires_ms) { /* the wall clock was set back */
		c->expiry = timer_start(c->ww->sw->w, c->expires_ms - now, 0, on_expired, c);
	} else {
		ws_trace_event(c->id, "jwt_expired", STR_NULL);
		ws_conn_refuse(c, 4403, STR("the session has expired"));
	}
}

/* The socket's end. A new session does not lengthen the life of what another one began. */
static void set_expiry(ws_conn *c, const ws_who *before)
{
	uint64_t now = clock_wall_ms(), at = c->who->session->expires_ms, old = c->expires_ms;
	bool others = before && c->ops && !same_session(before->session, c->who->session);
	if (others && old && (!at || old < at)) at = old;
	timer_stop(c->expiry);
	c->expiry = NULL;
	c->expires_ms = at;
	if (at) c->expiry = timer_start(c->ww->sw->w, at > now ? at - now : 0, 0, on_expired, c);
}

static void init_failed(ws_conn *c, const error *err)
{
	arena *a = arena_new(0);
	ws_log_conn_error(c, err->message);
	if (c->protocol == WS_APOLLO) {
		buf b = {0};
		buf_puts(&b, "{\"type\":\"connection_error\",\"payload\":");
		json_write_str(&b, err->message);
		buf_putc(&b, '}');
		say(c, "connection_error", buf_str(&b));
		buf_free(&b);
		ws_conn_refuse(c, 4400, str_printf(a, "Connection initialization failed: %.*s", STR_ARG(err->message)));
	} else {
		ws_conn_refuse(c, 4403, STR("Forbidden"));
	}
	arena_free(a);
}

static void on_resolved(auth_request *ask, const session *s, const error *err)
{
	ws_conn *c = ask->data;
	ws_who *who = c->asking, *before = c->who;
	c->asking = NULL;
	if (!s) {
		init_failed(c, err);
		ws_who_release(who);
		return;
	}
	who->session = s;
	c->who = who;
	set_expiry(c, before);
	ws_who_release(before);
	if (c->hello) arena_free(c->hello);
	c->hello = NULL;
	c->headers = NULL;
	c->nheaders = 0;
	ws_socket_hello_done(&c->sock);
	say(c, "connection_ack", STR("{\"type\":\"connection_ack\"}"));
	if (c->ww->config->ws_keepalive_ms) keep_alive(c);
	ws_conn_go(c);
}

static bool has_header(const str_pair *headers, size_t n, str name)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq_nocase(headers[i].name, name)) return true;
	return false;
}

/* Hasura v2: onConnInit: the payload's headers, then those of the handshake; the first of a name counts. a is taken
 * over. */
static void init(ws_conn *c, arena *a, const ws_message *m)
{
	ws_who *who = NEW(a, ws_who);
	size_t n = m->nheaders;
	str_pair *headers = n + c->nheaders ? NEW_ARRAY(a, str_pair, n + c->nheaders) : NULL;
	if (n) memcpy(headers, m->headers, n * sizeof *headers);
	for (size_t i = 0; i < c->nheaders; i++)
		if (!has_header(m->headers, m->nheaders, c->headers[i].name))
			headers[n++] = (str_pair){str_copy(a, c->headers[i].name), str_copy(a, c->headers[i].value)};
	*who = (ws_who){.a = a, .headers = m->headers, .nheaders = m->nheaders, .refs = 1};
	c->asking = who;
	c->ask = (auth_request){.a = a, .headers = headers, .nheaders = n, .done = on_resolved, .data = c};
	auth_resolve(c->ww->sw->auth, &c->ask);
}

/* ---- messages in their order ---- */

static bool busy(const ws_conn *c)
{
	return c->asking || c->run;
}

static bool over(const ws_conn *c)
{
	return c->sock.closing || c->sock.dead;
}

static void task_free(ws_task *t)
{
	arena_free(t->a);
	mem_free(t);
}

static void tasks_free(ws_conn *c)
{
	while (c->first) {
		ws_task *t = c->first;
		c->first = t->next;
		task_free(t);
	}
	c->last = NULL;
	c->task_bytes = 0;
}

static void task_add(ws_conn *c, arena *a, size_t size, const ws_message *m)
{
	ws_task *t = mem_alloc(sizeof *t);
	*t = (ws_task){.a = a, .size = size_add(size, sizeof *t), .msg = *m};
	if (c->last) {
		c->last->next = t;
	} else {
		c->first = t;
	}
	c->last = t;
	c->task_bytes += t->size;
}

static ws_task *task_take(ws_conn *c)
{
	ws_task *t = c->first;
	c->first = t->next;
	if (!c->first) c->last = NULL;
	c->task_bytes -= t->size;
	return t;
}

static bool task_waits(const ws_conn *c, ws_type type, str id)
{
	for (const ws_task *t = c->first; t; t = t->next)
		if (t->msg.type == type && (type == MSG_INIT || str_eq(t->msg.id, id))) return true;
	return false;
}

/* A start that has not begun is taken back. */
static bool task_drop(ws_conn *c, str id)
{
	for (ws_task **at = &c->first, *before = NULL; *at; before = *at, at = &(*at)->next) {
		ws_task *t = *at;
		if (t->msg.type != MSG_START || !str_eq(t->msg.id, id)) continue;
		*at = t->next;
		if (c->last == t) c->last = before;
		c->task_bytes -= t->size;
		task_free(t);
		return true;
	}
	return false;
}

/* A loop, not a recursion: what needs no waiting is over at once. Hasura v2: the messages of a socket are processed
 * serially. */
void ws_conn_go(ws_conn *c)
{
	uint64_t max = c->ww->config->ws_limits.waiting_bytes;
	if (c->going) return;
	c->going = true;
	while (!busy(c) && c->first && !over(c) && !c->sock.full) {
		ws_task *t = task_take(c);
		arena *a = t->a;
		ws_message m = t->msg;
		mem_free(t);
		if (m.type == MSG_INIT) {
			init(c, a, &m);
		} else {
			ws_operation_start(c, a, &m);
		}
	}
	c->going = false;
	if (over(c)) return;
	ws_socket_hold(&c->sock, (max && c->task_bytes > max) || c->draining);
	if (c->draining && !busy(c)) ws_socket_close(&c->sock, 1012, STR("shutting server down"), false);
}

void ws_conn_drain(ws_conn *c)
{
	c->draining = true;
	tasks_free(c);
	ws_conn_go(c);
}

/* ---- what came ---- */

/* Apollo: told, and the socket stays open; the newer protocol ends it. */
static void bad_message(ws_conn *c, str text)
{
	arena *a = arena_new(0);
	str why = str_printf(a, "parsing ClientMessage failed: %.*s", STR_ARG(text));
	ws_log_conn_error(c, why);
	if (c->protocol == WS_APOLLO) {
		buf b = {0};
		buf_puts(&b, "{\"type\":\"connection_error\",\"payload\":");
		json_write_str(&b, why);
		buf_putc(&b, '}');
		say(c, "connection_error", buf_str(&b));
		buf_free(&b);
	} else {
		ws_conn_refuse(c, 4400, str_printf(a, "Parsing client message failed: %.*s", STR_ARG(why)));
	}
	arena_free(a);
}

static void pong(ws_conn *c, const json *payload)
{
	buf b = {0};
	buf_puts(&b, "{\"type\":\"pong\"");
	if (payload) {
		buf_puts(&b, ",\"payload\":");
		json_write(&b, payload);
	}
	buf_putc(&b, '}');
	say(c, "pong", buf_str(&b));
	buf_free(&b);
}

/* The graphql-transport-ws protocol: what ends the socket at once. */
static bool breaks_protocol(ws_conn *c, const ws_message *m)
{
	bool known = c->who || c->asking || task_waits(c, MSG_INIT, STR_NULL);
	if (c->protocol != WS_TRANSPORT) return false;
	if (m->type == MSG_INIT && known) {
		ws_conn_refuse(c, 4429, STR("Too many initialisation requests"));
	} else if (m->type == MSG_START && !known) {
		ws_conn_refuse(c, 4401, STR("Unauthorized"));
	} else if (m->type == MSG_START &&
		(ws_operation_find(c, m->id) || (c->run && str_eq(c->run->msg.id, m->id)) ||
			task_waits(c, MSG_START, m->id))) {
		arena *a = arena_new(0);
		ws_conn_refuse(c, 4409, str_printf(a, "Subscriber for %.*s already exists", STR_ARG(m->id)));
		arena_free(a);
	} else {
		return false;
	}
	return true;
}

static void on_message(ws_socket *s, str text)
{
	ws_conn *c = ws_conn_of(s);
	arena *a = arena_new(1024);
	ws_message m;
	error err;
	error_init(&err, a);
	if (c->draining) {
		arena_free(a);
		return;
	}
	bool read = ws_message_read(a, text, c->ww->config->ws_limits.headers, &m, &err);
	ws_trace_received(c, text, read ? &m : NULL);
	if (!read) {
		bad_message(c, err.message);
	} else if (m.type == MSG_PING) {
		pong(c, m.payload);
	} else if (m.type == MSG_TERMINATE) {
		ws_socket_close(s, 1000, STR("GQL_CONNECTION_TERMINATE received"), false);
	} else if (m.type == MSG_STOP) {
		if (!task_drop(c, m.id)) ws_operation_stop(c, m.id);
	} else if (m.type != MSG_PONG && !breaks_protocol(c, &m)) {
		task_add(c, a, text.n, &m);
		ws_conn_go(c);
		return;
	}
	arena_free(a);
}

/* ---- the end ---- */

static void on_full(ws_socket *s)
{
	ws_live_pause_all(ws_conn_of(s));
}

static void on_drained(ws_socket *s)
{
	ws_live_resume_all(ws_conn_of(s));
	ws_conn_go(ws_conn_of(s));
}

static void on_closing(ws_socket *s, uint16_t code, str reason)
{
	ws_conn *c = ws_conn_of(s);
	if (c->asking) {
		auth_request_cancel(&c->ask);
		ws_who_release(c->asking);
		c->asking = NULL;
	}
	ws_operation_end_all(c);
	tasks_free(c);
	timer_stop(c->expiry);
	c->expiry = NULL;
	ws_log_closed(c, code, reason);
}

static void on_gone(ws_socket *s)
{
	(void)s;
}

static void on_release(ws_socket *s)
{
	ws_conn *c = ws_conn_of(s);
	ws_who_release(c->who);
	if (c->hello) arena_free(c->hello);
	mem_free(c);
}

const ws_callbacks ws_conn_callbacks = {.message = on_message,
	.tick = on_tick,
	.hello_over = on_hello_over,
	.full = on_full,
	.drained = on_drained,
	.closing = on_closing,
	.gone = on_gone,
	.release = on_release};
