#include "server/ws_socket_in.h"

/* ---- reading ---- */

static void handle_event(ws_socket *s, const ws_event *e)
{
	switch (e->kind) {
	case WS_TEXT:
		if (!s->closing) s->on->message(s, e->payload);
		return;
	case WS_PING:
		if (!s->closing) ws_queue_control(s, WS_OP_PONG, e->payload);
		return;
	case WS_PONG: return;
	case WS_CLOSE:
		s->closed = true;
		if (!s->closing) ws_socket_close(s, e->code, STR_NULL, true);
		ws_queue_mark(s);
	}
}

static void feed(ws_socket *s, str in)
{
	ws_event e;
	while (!s->dead && !s->closed && !s->deaf) {
		switch (ws_reader_next(&s->in, &in, &e)) {
		case WS_MORE: return;
		case WS_EVENT: handle_event(s, &e); break;
		case WS_FAILED:
			s->deaf = true;
			ws_socket_close(s, s->in.code, str_from(s->in.reason), false);
			return;
		}
	}
}

static void on_alloc(uv_handle_t *h, size_t hint, uv_buf_t *out)
{
	ws_socket *s = h->data;
	(void)hint;
	*out = uv_buf_init(s->loop->read_buf, WS_READ_BYTES);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *b)
{
	ws_socket *s = stream->data;
	if (n == 0) return;
	if (n < 0) {
		s->reading = false;
		ws_socket_cut(s);
		return;
	}
	s->heard_ms = ws_loop_now(s->loop);
	s->pinged = false;
	if (!s->raw) s->loop->counts.received += (size_t)n;
	/* After a failure the rest is read all the same: a reset must not overtake our close frame. */
	if (!s->closed && !s->deaf && !s->raw) feed(s, str_make(b->base, (size_t)n));
	if (!s->dead) ws_socket_read_fit(s);
}

void ws_socket_read_fit(ws_socket *s)
{
	bool want = !s->full && (!s->held || s->closing);
	if (want == s->reading || s->dead) return;
	if (want) {
		s->heard_ms = ws_loop_now(s->loop);
		s->pinged = false;
		s->reading = uv_read_start((uv_stream_t *)s->hs.tcp, on_alloc, on_read) == 0;
	} else {
		uv_read_stop((uv_stream_t *)s->hs.tcp);
		s->reading = false;
	}
}

void ws_socket_hold(ws_socket *s, bool hold)
{
	s->held = hold;
	ws_socket_read_fit(s);
}

/* ---- life ---- */

void ws_socket_open(ws_socket *s, ws_loop *l, http_socket *hs, unsigned window, const ws_callbacks *on)
{
	uint64_t now = ws_loop_now(l);
	s->loop = l;
	s->on = on;
	s->hs = *hs;
	*hs = (http_socket){0};
	s->hs.tcp->data = s;
	s->window = window;
	s->heard_ms = now;
	s->quiet_mark = INT64_MAX;
	ws_reader_init(&s->in, l->shared, l->config.limits.message_bytes, window != 0);
	s->next = l->sockets;
	if (l->sockets) l->sockets->prev = s;
	l->sockets = s;
	l->count++;
	timeout_arm(&l->ticks, &s->tick, now);
	timeout_arm(&l->hellos, &s->hello, now);
	timeout_arm(&l->silences, &s->silence, now);
	ws_loop_sweep_on(l);
}

void ws_socket_open_raw(ws_socket *s, ws_loop *l, http_socket *hs, const ws_callbacks *on)
{
	ws_socket_open(s, l, hs, 0, on);
	s->raw = true;
	l->counts.streams++;
	timeout_disarm(&s->hello);
	timeout_disarm(&s->silence); /* who never says anything is not silent; the time-out of writing finds the dead */
}

void ws_socket_begin(ws_socket *s)
{
	buf unread = s->hs.unread;
	s->hs.unread = (buf){0};
	ws_socket_read_fit(s);
	if (unread.n && !s->raw) feed(s, buf_str(&unread));
	buf_free(&unread);
}

void ws_socket_hello_done(ws_socket *s)
{
	timeout_disarm(&s->hello);
}

void ws_socket_close(ws_socket *s, uint16_t code, str reason, bool drop)
{
	char bytes[125];
	size_t n = 0;
	if (s->dead || s->closing) return;
	s->on->closing(s, code, reason);
	if (s->dead || s->closing) return;
	if (drop) ws_queue_drop(s);
	if (code) {
		reason = str_sub(reason, 0, sizeof bytes - 2);
		bytes[0] = (char)(code >> 8);
		bytes[1] = (char)code;
		if (reason.n) memcpy(bytes + 2, reason.p, reason.n);
		n = 2 + reason.n;
	}
	if (s->raw) {
		ws_queue_mark(s);
	} else {
		ws_queue_control(s, WS_OP_CLOSE, str_make(bytes, n));
	}
	s->closing = true;
	timeout_disarm(&s->tick);
	timeout_disarm(&s->hello);
	timeout_disarm(&s->silence);
	s->quiet_mark = ws_queue_taken(s);
	timeout_arm(&s->loop->lingers, &s->linger, ws_loop_now(s->loop));
	ws_socket_read_fit(s);
}

void ws_socket_cut(ws_socket *s)
{
	ws_loop *l = s->loop;
	if (s->dead) return;
	if (!s->closing) s->on->closing(s, 0, STR_NULL);
	s->dead = true;
	timeout_disarm(&s->tick);
	timeout_disarm(&s->hello);
	timeout_disarm(&s->silence);
	timeout_disarm(&s->write_wait);
	timeout_disarm(&s->linger);
	if (s->prev) {
		s->prev->next = s->next;
	} else {
		l->sockets = s->next;
	}
	if (s->next) s->next->prev = s->prev;
	l->count--;
	l->counts.streams -= s->raw;
	s->prev = NULL;
	s->next = l->grave;
	l->grave = s;
	http_socket_close(&s->hs);
	s->on->gone(s);
}
