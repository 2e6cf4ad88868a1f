#include "base/arena.h"
#include "server/http_internal.h"
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

/* Bytes the socket did not take at once. */
typedef struct pending_write {
	uv_write_t req;
	http_conn *conn;
	buf copy; /* of head and of a body that is only lent */
	http_body body;
} pending_write;

size_t conn_unsent(const http_conn *c)
{
	return c->tcp ? uv_stream_get_write_queue_size((const uv_stream_t *)c->tcp) : 0;
}

/* The kernel takes bytes in large steps (a third of its buffer): a slow client's progress shows in its queue only. */
size_t conn_untaken(const http_conn *c)
{
	uv_os_fd_t fd = -1;
	int queued = 0;

	if (!c->tcp || uv_fileno((const uv_handle_t *)c->tcp, &fd) != 0 || ioctl(fd, SIOCOUTQ, &queued) != 0)
		queued = 0;
	return conn_unsent(c) + (queued > 0 ? (size_t)queued : 0);
}

static void write_over(pending_write *w)
{
	http_body_release(&w->body);
	buf_free(&w->copy);
	mem_free(w);
}

static void on_written(uv_write_t *req, int status)
{
	pending_write *w = req->data;
	http_conn *c = w->conn;

	write_over(w);
	c->writes--;
	if (c->state == CONN_CLOSED) return;
	if (status < 0) {
		conn_gone(c);
	} else if (c->writes == 0) {
		conn_drained(c);
	}
}

/* Queues what is left of the three pieces after `sent` bytes; the last one is the body's. */
static void write_later(http_conn *c, const str parts[3], size_t sent, http_body body)
{
	pending_write *w = mem_alloc(sizeof(*w));
	uv_buf_t bufs[2];
	unsigned n = 0;

	w->conn = c;
	w->req.data = w;
	w->body = body;
	for (int i = 0; i < 3; i++) {
		size_t skip = sent < parts[i].n ? sent : parts[i].n;
		sent -= skip;
		if (i == 2 && body.release) {
			body.bytes = str_from_at(body.bytes, skip);
		} else {
			buf_put(&w->copy, str_from_at(parts[i], skip));
		}
	}
	if (w->copy.n) bufs[n++] = uv_buf_init(w->copy.p, (unsigned)w->copy.n);
	if (body.release && body.bytes.n)
		bufs[n++] = uv_buf_init((char *)(uintptr_t)body.bytes.p, (unsigned)body.bytes.n);
	if (uv_write(&w->req, (uv_stream_t *)c->tcp, bufs, n, on_written) != 0) {
		write_over(w);
		conn_gone(c);
		return;
	}
	if (c->writes++ == 0 || !timeout_armed(&c->write_wait)) {
		c->write_mark = conn_untaken(c);
		timeout_arm(&c->hw->write_waits, &c->write_wait, uv_now(&c->hw->w->loop));
	}
}

static size_t try_bytes(http_conn *c, const str parts[3], bool *broken)
{
	uv_buf_t bufs[3];
	unsigned n = 0;
	int rc;

	for (int i = 0; i < 3; i++) {
		if (parts[i].n) bufs[n++] = uv_buf_init((char *)(uintptr_t)parts[i].p, (unsigned)parts[i].n);
	}
	if (n == 0) return 0;
	rc = uv_try_write((uv_stream_t *)c->tcp, bufs, n);
	if (rc >= 0) return (size_t)rc;
	*broken = rc != UV_EAGAIN;
	return 0;
}

/* The file's pages go out without being copied. An error is found again by whoever writes the rest. */
static size_t try_file(http_conn *c, const str parts[3], int file)
{
	struct iovec heads[2];
	struct msghdr message = {.msg_iov = heads, .msg_iovlen = 2};
	uv_os_fd_t fd = -1;
	ssize_t head, body;

	if (uv_fileno((const uv_handle_t *)c->tcp, &fd) != 0) return 0;
	for (int i = 0; i < 2; i++)
		heads[i] = (struct iovec){(void *)(uintptr_t)parts[i].p, parts[i].n};
	head = sendmsg(fd, &message, MSG_MORE | MSG_NOSIGNAL);
	if (head < 0) return 0;
	if ((size_t)head < parts[0].n + parts[1].n) return (size_t)head;
	body = sendfile(fd, file, &(off_t){0}, parts[2].n);
	return (size_t)head + (body > 0 ? (size_t)body : 0);
}

/* Pipelined answers of one read go out in one system call. */
static bool cork(http_conn *c, str head, http_body *body)
{
	if (!c->in_loop || c->cur_n == 0 || c->out.n + head.n + body->bytes.n > HTTP_CORK_BYTES) return false;
	buf_put(&c->out, head);
	buf_put(&c->out, body->bytes);
	http_body_release(body);
	return true;
}

static void write_now(http_conn *c, str head, http_body body)
{
	str parts[3] = {buf_str(&c->out), head, body.bytes};
	size_t total = parts[0].n + head.n + body.bytes.n, sent = 0;
	bool broken = false;

	if (c->writes == 0) /* else in order */
		sent = body.file && body.bytes.n ? try_file(c, parts, body.file) : try_bytes(c, parts, &broken);
	if (broken) {
		http_body_release(&body);
		conn_gone(c);
		return;
	}
	if (sent == total) {
		http_body_release(&body);
	} else {
		write_later(c, parts, sent, body);
	}
	buf_clear(&c->out);
}

void conn_write(http_conn *c, str head, http_body body)
{
	if (!cork(c, head, &body)) write_now(c, head, body);
}

void conn_write_head(http_conn *c, str head)
{
	conn_write(c, head, (http_body){0});
}

void conn_flush(http_conn *c)
{
	if (c->out.n == 0 || c->state == CONN_CLOSED) return;
	write_now(c, STR_NULL, (http_body){0});
	buf_free(&c->out);
}
