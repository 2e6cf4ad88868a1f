#include "server/ws_socket.h"
#include "base/arena.h"
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

enum {
	READ_BYTES = 65536,
	SWEEP_MS = 250,
	GATHER = 16, /* messages in one system call */
	GATHER_BYTES = 262144,
	DEFLATE_MIN = 512, /* smaller messages are sent as they are */
	MANY = 256,        /* sockets, whose memory is worth giving back */
	SETTLE_MS = 1000,
};

/* A queued frame: header and `before`, the body, `after`. */
struct ws_out {
	ws_out *next;
	str head; /* in own */
	str tail; /* in own */
	ws_body body;
	buf own; /* a copied or compressed body */
	char bytes[];
};

struct ws_loop {
	worker *w;
	ws_loop_config config;
	ws_shared *shared;
	ws_socket *sockets;
	ws_socket *dirty;
	ws_socket *grave; /* closed in this turn, by next */
	size_t count;
	ws_counts counts; /* but sockets */
	size_t peak;      /* of count, since memory was given back */
	uint64_t trim_ms; /* loop time at which memory is given back; 0: not due */
	timeout_list ticks, hellos, silences, writes, lingers;
	timer *sweep;
	bool sweeping;
	bool stopped;
	buf zip;
	char read_buf[READ_BYTES];
};

static uint64_t now_of(const ws_loop *l)
{
	return uv_now(&l->w->loop);
}

/* ---- the queue ---- */

static size_t out_size(const ws_out *o)
{
	return o->head.n + o->body.bytes.n + o->tail.n;
}

static void out_free(ws_out *o)
{
	if (o->body.release) o->body.release(o->body.arg);
	buf_free(&o->own);
	mem_free(o);
}

static void pop(ws_socket *s)
{
	ws_out *o = s->first;
	s->first = o->next;
	if (!s->first) s->last = NULL;
	out_free(o);
}

/* Bytes of the queue that went out. */
static void took(ws_socket *s, size_t n)
{
	s->waiting -= n;
	s->written += n;
	if (!s->raw) s->loop->counts.sent += n;
	while (s->first && s->written >= out_size(s->first)) {
		s->written -= out_size(s->first);
		pop(s);
	}
}

static void add_part(uv_buf_t *bufs, unsigned *n, str part, size_t *skip)
{
	size_t left_out = *skip < part.n ? *skip : part.n;
	*skip -= left_out;
	part = str_from_at(part, left_out);
	if (part.n) bufs[(*n)++] = uv_buf_init((char *)(uintptr_t)part.p, (unsigned)part.n);
}

/* The next messages of the queue, without what is written. */
static unsigned gather(const ws_socket *s, uv_buf_t bufs[3 * GATHER], unsigned *messages)
{
	unsigned n = 0;
	size_t skip = s->written, bytes = 0;
	*messages = 0;
	for (const ws_out *o = s->first; o && *messages < GATHER && bytes < GATHER_BYTES; o = o->next) {
		add_part(bufs, &n, o->head, &skip);
		add_part(bufs, &n, o->body.bytes, &skip);
		add_part(bufs, &n, o->tail, &skip);
		bytes += out_size(o);
		(*messages)++;
	}
	return n;
}

static void mark_dirty(ws_socket *s)
{
	if (s->is_dirty) return;
	s->is_dirty = true;
	s->dirty = s->loop->dirty;
	s->loop->dirty = s;
}

static void reading_fits(ws_socket *s);

/* Well below the limit that ends the socket, whatever that is set to: who is held back stays. */
static uint64_t pause_at(const ws_limits *l)
{
	if (!l->output_bytes || !l->pause_bytes) return l->pause_bytes;
	return l->pause_bytes < l->output_bytes / 2 ? l->pause_bytes : l->output_bytes / 2;
}

/* Something went out, or came in. */
static void level(ws_socket *s)
{
	uint64_t max = pause_at(&s->loop->config.limits);
	if (s->dead) return;
	if (!s->full && max && s->waiting > max) {
		s->full = true;
		s->on->full(s);
	} else if (s->full && s->waiting <= max / 2) {
		s->full = false;
		s->on->drained(s);
	}
	reading_fits(s);
}

static ws_out *out_new(str before, str after)
{
	ws_out *o = mem_alloc(size_add(sizeof *o, size_add(before.n, after.n) + WS_HEADER_MAX));
	char *at = o->bytes + WS_HEADER_MAX;
	if (before.n) memcpy(at, before.p, before.n);
	if (after.n) memcpy(at + before.n, after.p, after.n);
	o->head = str_make(at, before.n);
	o->tail = str_make(at + before.n, after.n);
	return o;
}

/* The whole message compressed becomes the body. */
static bool compress(ws_socket *s, ws_out *o)
{
	buf *zip = &s->loop->zip;
	str parts[3] = {o->head, o->body.bytes, o->tail};
	if (!s->window || out_size(o) < DEFLATE_MIN) return false;
	buf_clear(zip);
	ws_deflate_put(ws_shared_deflate(s->loop->shared), s->window, parts, 3, zip);
	if (o->body.release) o->body.release(o->body.arg);
	buf_free(&o->own);
	buf_put(&o->own, buf_str(zip));
	if (zip->cap > (1u << 20)) buf_free(zip);
	o->body = (ws_body){.bytes = buf_str(&o->own)};
	o->head.n = o->tail.n = 0;
	return true;
}

static void queue(ws_socket *s, ws_out *o, unsigned opcode)
{
	bool zipped = opcode == WS_OP_TEXT && compress(s, o);
	size_t header = s->raw ? 0 : ws_header_before(o->bytes + WS_HEADER_MAX, opcode, zipped, out_size(o));
	o->head = str_make(o->bytes + WS_HEADER_MAX - header, header + o->head.n);
	if (s->last) {
		s->last->next = o;
	} else {
		s->first = o;
	}
	s->last = o;
	s->waiting += out_size(o);
	s->queued += out_size(o);
	mark_dirty(s);
}

static bool over_limit(const ws_socket *s)
{
	uint64_t max = s->loop->config.limits.output_bytes;
	return max && s->waiting > max;
}

static void queue_text(ws_socket *s, ws_out *o)
{
	uint64_t max = pause_at(&s->loop->config.limits);
	queue(s, o, WS_OP_TEXT);
	if (!s->full && max && s->waiting > max) level(s);
}

void ws_socket_send(ws_socket *s, str before, ws_body body, str after)
{
	bool shut = s->dead || s->closing;
	/* A message larger than the limit may go out alone: only what the client leaves lying counts. */
	if (shut || over_limit(s)) {
		if (body.release) body.release(body.arg);
		if (!shut)
			ws_socket_close(s, 1013,
				STR("the client takes too little (the limit is a setting: --websocket-max-queue)"),
				true);
		return;
	}
	ws_out *o = out_new(before, after);
	o->body = body;
	if (!body.release && body.bytes.n) {
		buf_put(&o->own, body.bytes);
		o->body.bytes = buf_str(&o->own);
	}
	queue_text(s, o);
}

void ws_socket_say(ws_socket *s, str text)
{
	if (!s->dead && !s->closing) queue_text(s, out_new(text, STR_NULL));
}

void ws_socket_keep_alive(ws_socket *s, str text)
{
	if (!over_limit(s)) ws_socket_say(s, text);
}

static void send_control(ws_socket *s, unsigned opcode, str payload)
{
	queue(s, out_new(payload, STR_NULL), opcode);
}

/* ---- writing ---- */

/* Bytes that have not reached the client's machine. */
static int64_t untaken(const ws_socket *s)
{
	uv_os_fd_t fd = -1;
	int kernel = 0;
	if (uv_fileno((const uv_handle_t *)s->hs.tcp, &fd) != 0 || ioctl(fd, SIOCOUTQ, &kernel) != 0) kernel = 0;
	int64_t left = (int64_t)s->waiting + kernel;
	if (s->write)
		left -= (int64_t)(s->write_bytes - uv_stream_get_write_queue_size((const uv_stream_t *)s->hs.tcp));
	return left;
}

/* Bytes the client has taken, ever; negative at first, since the handshake was not queued here. What is queued meanwhile
 * must not hide that it takes some. */
static int64_t taken(const ws_socket *s)
{
	return (int64_t)s->queued - untaken(s);
}

static void flush(ws_socket *s);

static void on_written(uv_write_t *req, int status)
{
	ws_socket *s = req->data;
	size_t n = 0;
	for (unsigned i = 0; i < s->writing; i++) {
		const ws_out *o = s->first;
		n = out_size(o) - s->written;
		s->waiting -= n;
		s->written = 0;
		if (!s->raw) s->loop->counts.sent += n;
		pop(s);
	}
	s->writing = 0;
	s->write = NULL;
	mem_free(req);
	if (s->dead) return;
	if (status < 0) {
		ws_socket_cut(s);
	} else {
		flush(s);
	}
}

static void write_later(ws_socket *s)
{
	uv_buf_t bufs[3 * GATHER];
	unsigned n = gather(s, bufs, &s->writing);
	s->write_bytes = 0;
	for (unsigned i = 0; i < n; i++)
		s->write_bytes += bufs[i].len;
	s->write = mem_alloc(sizeof *s->write);
	s->write->data = s;
	if (uv_write(s->write, (uv_stream_t *)s->hs.tcp, bufs, n, on_written) != 0) {
		mem_free(s->write);
		s->write = NULL;
		s->writing = 0;
		ws_socket_cut(s);
		return;
	}
	if (!timeout_armed(&s->write_wait)) {
		s->write_mark = taken(s);
		timeout_arm(&s->loop->writes, &s->write_wait, now_of(s->loop));
	}
}

/* Both have said goodbye and all is out. */
static bool over(const ws_socket *s)
{
	return s->closing && (s->closed || s->raw) && !s->first;
}

/* A client that cannot be understood learns by the end of the stream that nobody waits for its answer. */
static void shut(ws_socket *s)
{
	uv_os_fd_t fd = -1;
	s->shut = true;
	if (uv_fileno((uv_handle_t *)s->hs.tcp, &fd) == 0) shutdown(fd, SHUT_WR);
}

static void flush(ws_socket *s)
{
	while (s->first && !s->write && !s->dead) {
		uv_buf_t bufs[3 * GATHER];
		unsigned messages, n = gather(s, bufs, &messages);
		int rc = uv_try_write((uv_stream_t *)s->hs.tcp, bufs, n);
		if (rc > 0) {
			took(s, (size_t)rc);
		} else if (rc == UV_EAGAIN || rc == 0) {
			write_later(s);
		} else {
			ws_socket_cut(s);
		}
	}
	if (s->dead) return;
	if (!s->first) timeout_disarm(&s->write_wait);
	if (s->deaf && !s->first && !s->shut) shut(s);
	if (over(s)) {
		ws_socket_cut(s);
	} else {
		level(s);
	}
}

/* ---- reading ---- */

static void handle_event(ws_socket *s, const ws_event *e)
{
	switch (e->kind) {
	case WS_TEXT:
		if (!s->closing) s->on->message(s, e->payload);
		return;
	case WS_PING:
		if (!s->closing) send_control(s, WS_OP_PONG, e->payload);
		return;
	case WS_PONG: return;
	case WS_CLOSE:
		s->closed = true;
		if (!s->closing) ws_socket_close(s, e->code, STR_NULL, true);
		mark_dirty(s);
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
	*out = uv_buf_init(s->loop->read_buf, READ_BYTES);
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
	s->heard_ms = now_of(s->loop);
	s->pinged = false;
	if (!s->raw) s->loop->counts.received += (size_t)n;
	/* After a failure the rest is read all the same: a reset must not overtake our close frame. */
	if (!s->closed && !s->deaf && !s->raw) feed(s, str_make(b->base, (size_t)n));
	if (!s->dead) reading_fits(s);
}

/* Reads or pauses, as the queues want it. */
static void reading_fits(ws_socket *s)
{
	bool want = !s->full && (!s->held || s->closing);
	if (want == s->reading || s->dead) return;
	if (want) {
		s->heard_ms = now_of(s->loop);
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
	reading_fits(s);
}

/* ---- life ---- */

static void sweep_on(ws_loop *l);

void ws_socket_open(ws_socket *s, ws_loop *l, http_socket *hs, unsigned window, const ws_callbacks *on)
{
	uint64_t now = now_of(l);
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
	sweep_on(l);
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
	reading_fits(s);
	if (unread.n && !s->raw) feed(s, buf_str(&unread));
	buf_free(&unread);
}

void ws_socket_hello_done(ws_socket *s)
{
	timeout_disarm(&s->hello);
}

/* Unsent messages go; one that is partly out or on its way must stay whole. */
static void drop_queue(ws_socket *s)
{
	unsigned keep = s->writing ? s->writing : s->written ? 1 : 0;
	ws_out **at = &s->first, *last = NULL;
	for (; keep && *at; keep--) {
		last = *at;
		at = &(*at)->next;
	}
	ws_out *o = *at;
	*at = NULL;
	s->last = last;
	while (o) {
		ws_out *next = o->next;
		s->waiting -= out_size(o);
		s->queued -= out_size(o);
		out_free(o);
		o = next;
	}
}

void ws_socket_close(ws_socket *s, uint16_t code, str reason, bool drop)
{
	char bytes[125];
	size_t n = 0;
	if (s->dead || s->closing) return;
	s->on->closing(s, code, reason);
	if (s->dead || s->closing) return;
	if (drop) drop_queue(s);
	if (code) {
		reason = str_sub(reason, 0, sizeof bytes - 2);
		bytes[0] = (char)(code >> 8);
		bytes[1] = (char)code;
		if (reason.n) memcpy(bytes + 2, reason.p, reason.n);
		n = 2 + reason.n;
	}
	if (s->raw) {
		mark_dirty(s);
	} else {
		send_control(s, WS_OP_CLOSE, str_make(bytes, n));
	}
	s->closing = true;
	timeout_disarm(&s->tick);
	timeout_disarm(&s->hello);
	timeout_disarm(&s->silence);
	s->quiet_mark = taken(s);
	timeout_arm(&s->loop->lingers, &s->linger, now_of(s->loop));
	reading_fits(s);
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

/* ---- the worker's ---- */

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
		while (s->first)
			pop(s);
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
		if (!s->dead) flush(s);
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
	int64_t all = taken(s), before = s->quiet_mark;
	s->quiet_mark = untaken(s) > 0 ? all : INT64_MAX;
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
		send_control(s, WS_OP_PING, STR_NULL);
		s->pinged = true;
	}
	timeout_arm(&l->silences, &s->silence, now);
}

static void on_write_over(ws_socket *s, uint64_t now)
{
	int64_t all = taken(s);
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
	uint64_t now = now_of(l);
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
		int64_t all = taken(s);
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
	uint64_t now = now_of(l);
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

static void sweep_on(ws_loop *l)
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
