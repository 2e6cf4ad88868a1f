#include "server/ws_socket_in.h"

enum {
	SWEEP_MS = 250,
	MANY = 256, /* sockets, whose memory is worth giving back */
	SETTLE_MS = 1000,
};

/* Frees what was closed; with a write under way libuv still holds it: a later turn. */
static void bury(ws_loop *l)
{
	ws_socket *keep = NULL;
	while (l->grave) {
		ws_socket *s = l->grave;
		l->grave = s->next;
		if (s->write || s->is_dirty) {
			s->next = keep;
			keep = s;
			continue;
		}
		ws_queue_free(s);
		ws_reader_free(&s->in);
		s->on->release(s);
	}
	l->grave = keep;
}

static void on_before_sleep(void *arg)
{
	ws_loop *l = arg;
	while (l->dirty) {
		ws_socket *s = l->dirty;
		l->dirty = s->dirty;
		s->dirty = NULL;
		s->is_dirty = false;
		if (!s->dead) ws_queue_flush(s);
	}
	bury(l);
}

static ws_socket *socket_of(timeout_link *link, size_t offset)
{
	return (ws_socket *)(void *)((char *)link - offset);
}

/* A client busy with taking what is on its way comes to our ping later. Small messages reach the machine of a client that
 * sleeps, too: what was taken since the last look counts if something waited then. */
static bool taking(ws_socket *s)
{
	int64_t all = ws_queue_taken(s), before = s->quiet_mark;
	s->quiet_mark = ws_queue_untaken(s) > 0 ? all : INT64_MAX;
	return s->first || all > before;
}

/* Half the time without a byte: a ping. All of it: the client is gone. */
static void on_silence(ws_socket *s, uint64_t now)
{
	ws_loop *l = s->loop;
	uint64_t quiet = now - s->heard_ms;
	if (quiet >= l->config.limits.silence_ms / 2 && taking(s)) {
		s->heard_ms = now;
		s->pinged = false;
		quiet = 0;
	}
	if (s->pinged && s->reading && quiet >= l->config.limits.silence_ms) {
		ws_socket_close(
			s, 1001, STR("no answer to a ping (the limit is a setting: --websocket-ping-timeout)"), true);
		return;
	}
	if (!s->pinged && s->reading && quiet >= l->config.limits.silence_ms / 2) {
		ws_queue_control(s, WS_OP_PING, STR_NULL);
		s->pinged = true;
	}
	timeout_arm(&l->silences, &s->silence, now);
}

static void on_write_over(ws_socket *s, uint64_t now)
{
	int64_t all = ws_queue_taken(s);
	if (all <= s->write_mark) {
		s->on->closing(s, 0, STR("the client took nothing (the limit is a setting: --server-timeout)"));
		if (s->dead) return;
		s->closing = true;
		ws_socket_cut(s);
		return;
	}
	s->write_mark = all;
	timeout_arm(&s->loop->writes, &s->write_wait, now);
}

static void hello_over(ws_socket *s)
{
	s->on->hello_over(s);
}

static void sweep(ws_loop *l)
{
	uint64_t now = ws_loop_now(l);
	timeout_link *link;
	while ((link = timeout_expired(&l->hellos, now)))
		hello_over(socket_of(link, offsetof(ws_socket, hello)));
	/* Before the keep-alives: what they queue is nothing the client is busy with. */
	while ((link = timeout_expired(&l->silences, now)))
		on_silence(socket_of(link, offsetof(ws_socket, silence)), now);
	while ((link = timeout_expired(&l->ticks, now))) {
		ws_socket *s = socket_of(link, offsetof(ws_socket, tick));
		timeout_arm(&l->ticks, link, now);
		s->on->tick(s);
	}
	while ((link = timeout_expired(&l->writes, now)))
		on_write_over(socket_of(link, offsetof(ws_socket, write_wait)), now);
	while ((link = timeout_expired(&l->lingers, now))) {
		ws_socket *s = socket_of(link, offsetof(ws_socket, linger));
		int64_t all = ws_queue_taken(s);
		if (s->first && all > s->quiet_mark) { /* it still takes what was said before */
			s->quiet_mark = all;
			timeout_arm(&l->lingers, link, now);
		} else {
			ws_socket_cut(s);
		}
	}
}

/* More than half of many sockets have left: what they took, and their live queries, goes back to the system. */
static void give_back(ws_loop *l)
{
	uint64_t now = ws_loop_now(l);
	if (l->count > l->peak) l->peak = l->count;
	if (l->trim_ms && now >= l->trim_ms) {
		mem_trim();
		l->trim_ms = 0;
		l->peak = l->count;
	} else if (!l->trim_ms && l->peak >= MANY && l->count < l->peak / 2) {
		l->trim_ms = now + SETTLE_MS;
	}
}

static void on_sweep(void *arg)
{
	ws_loop *l = arg;
	sweep(l);
	give_back(l);
	if (l->sockets || l->trim_ms || !l->sweeping) return;
	timer_again(l->sweep, UINT32_MAX, 0);
	l->sweeping = false;
}

void ws_loop_sweep_on(ws_loop *l)
{
	if (l->sweeping) return;
	l->sweeping = true;
	timer_again(l->sweep, SWEEP_MS, SWEEP_MS);
}

ws_loop *ws_loop_new(worker *w, const ws_loop_config *c)
{
	ws_loop *l = mem_alloc(sizeof *l);
	l->w = w;
	l->config = *c;
	l->shared = ws_shared_new();
	timeout_list_init(&l->ticks, c->tick_ms);
	timeout_list_init(&l->hellos, c->hello_ms);
	timeout_list_init(&l->silences, c->limits.silence_ms / 4 + (c->limits.silence_ms ? 1 : 0));
	timeout_list_init(&l->writes, c->write_ms);
	timeout_list_init(&l->lingers, c->limits.linger_ms);
	l->sweep = timer_start(w, UINT32_MAX, 0, on_sweep, l);
	worker_before_sleep(w, on_before_sleep, l);
	return l;
}

void ws_loop_stop(ws_loop *l)
{
	l->stopped = true;
	while (l->sockets)
		ws_socket_cut(l->sockets);
	timer_stop(l->sweep);
	l->sweep = NULL;
}

void ws_loop_free(ws_loop *l)
{
	if (!l) return;
	on_before_sleep(l);
	ws_shared_free(l->shared);
	buf_free(&l->zip);
	mem_free(l);
}

size_t ws_loop_count(const ws_loop *l)
{
	return l->count;
}

void ws_loop_counts(const ws_loop *l, ws_counts *out)
{
	*out = l->counts;
	out->sockets = l->count - l->counts.streams;
}

void ws_loop_each(ws_loop *l, void (*fn)(ws_socket *s, void *arg), void *arg)
{
	ws_socket *next;
	for (ws_socket *s = l->sockets; s; s = next) {
		next = s->next;
		fn(s, arg);
	}
}
