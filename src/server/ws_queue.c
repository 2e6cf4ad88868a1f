#include "server/ws_socket_in.h"
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

enum {
	GATHER = 16, /* messages in one system call */
	GATHER_BYTES = 262144,
	DEFLATE_MIN = 512, /* smaller messages are sent as they are */
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

void ws_queue_mark(ws_socket *s)
{
	if (s->is_dirty) return;
	s->is_dirty = true;
	s->dirty = s->loop->dirty;
	s->loop->dirty = s;
}

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
	ws_socket_read_fit(s);
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
	ws_queue_mark(s);
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

void ws_queue_control(ws_socket *s, unsigned opcode, str payload)
{
	queue(s, out_new(payload, STR_NULL), opcode);
}

void ws_queue_drop(ws_socket *s)
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

void ws_queue_free(ws_socket *s)
{
	while (s->first)
		pop(s);
}

/* ---- writing ---- */

int64_t ws_queue_untaken(const ws_socket *s)
{
	uv_os_fd_t fd = -1;
	int kernel = 0;
	if (uv_fileno((const uv_handle_t *)s->hs.tcp, &fd) != 0 || ioctl(fd, SIOCOUTQ, &kernel) != 0) kernel = 0;
	int64_t left = (int64_t)s->waiting + kernel;
	if (s->write)
		left -= (int64_t)(s->write_bytes - uv_stream_get_write_queue_size((const uv_stream_t *)s->hs.tcp));
	return left;
}

int64_t ws_queue_taken(const ws_socket *s)
{
	return (int64_t)s->queued - ws_queue_untaken(s);
}

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
		ws_queue_flush(s);
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
		s->write_mark = ws_queue_taken(s);
		timeout_arm(&s->loop->writes, &s->write_wait, ws_loop_now(s->loop));
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

void ws_queue_flush(ws_socket *s)
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
