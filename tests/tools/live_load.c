/*
 * live_load: many live queries on many sockets, from one thread, for bench/ and tests/.
 *
 *   live_load --port N [--path P] [--protocol graphql-ws|graphql-transport-ws] [--sockets N] [--each N] [--header 'K: V']…
 *             --query TEXT [--variables JSON] [--first N]
 *
 * Opens the sockets, initialises them, and does what its standard input says, one word a line; each line of its output is
 * one JSON object. Subscriber i (from --first on) is operation i of socket i / each; $i in the query and the variables
 * becomes its number.
 *
 *   subscribe   every socket starts its operations; says {"subscribed":N,"errors":N,"ms":N} when each has its first result
 *   trace on    each push that is not a first one is told: {"push":I,"at":NS,"bytes":N} (CLOCK_MONOTONIC)
 *   trace off
 *   stats       {"sockets":N,"first":N,"pushes":N,"errors":N,"closed":N,"bytes":N}
 *   drop        all sockets are closed without a word, and opened again
 *   quit
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEADERS_MAX = 16, EVENTS = 256, ROOM = 65536 };

typedef struct peer {
	int fd; /* -1: closed */
	bool acked;
	buf in;  /* a frame that is not whole yet */
	buf out; /* what the socket did not take */
} peer;

typedef struct options {
	unsigned port;
	const char *path;
	const char *protocol;
	size_t sockets;
	size_t each;
	size_t first;
	const char *query;
	const char *variables;
	str headers[HEADERS_MAX];
	size_t nheaders;
} options;

typedef struct load {
	options o;
	int epoll;
	peer *peers;
	bool *seen; /* by subscriber */
	bool trace;
	uint64_t began;
	size_t acked, told, nfirst, pushes, errors, closed, bytes;
	char room[ROOM];
} load;

static void die(const char *what)
{
	fprintf(stderr, "live_load: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* ---- sending ---- */

static void send_more(load *l, peer *p)
{
	while (p->out.n) {
		ssize_t n = send(p->fd, p->out.p, p->out.n, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n <= 0) break;
		memmove(p->out.p, p->out.p + n, p->out.n - (size_t)n);
		p->out.n -= (size_t)n;
	}
	struct epoll_event e = {.events = EPOLLIN | (p->out.n ? EPOLLOUT : 0u), .data.ptr = p};
	epoll_ctl(l->epoll, EPOLL_CTL_MOD, p->fd, &e);
	if (!p->out.n) buf_free(&p->out);
}

/* The mask is all zeroes: allowed, and the server cannot tell. */
static void put_frame(buf *out, unsigned opcode, str text)
{
	buf_putc(out, (char)(0x80 | opcode));
	if (text.n < 126) {
		buf_putc(out, (char)(0x80 | text.n));
	} else {
		buf_putc(out, (char)(0x80 | 126));
		buf_putc(out, (char)(text.n >> 8));
		buf_putc(out, (char)text.n);
	}
	buf_put(out, str_make("\0\0\0\0", 4));
	buf_put(out, text);
}

/* text with $i replaced, as the inside of a JSON string or as it is. */
static void put_template(buf *b, const char *text, size_t i, bool quoted)
{
	for (const char *p = text; *p; p++) {
		if (p[0] == '$' && p[1] == 'i' && !(p[2] >= 'a' && p[2] <= 'z')) {
			buf_put_u64(b, i);
			p++;
			continue;
		}
		if (quoted && (*p == '"' || *p == '\\')) buf_putc(b, '\\');
		buf_putc(b, quoted && (*p == '\n' || *p == '\t') ? ' ' : *p);
	}
}

static void start_all(load *l, peer *p)
{
	const options *o = &l->o;
	bool newer = strcmp(o->protocol, "graphql-ws") != 0;
	buf text = {0};
	for (size_t k = 0; k < o->each; k++) {
		size_t i = o->first + (size_t)(p - l->peers) * o->each + k;
		buf_clear(&text);
		buf_printf(&text, "{\"type\":\"%s\",\"id\":\"%zu\",\"payload\":{\"query\":\"",
			newer ? "subscribe" : "start", i);
		put_template(&text, o->query, i, true);
		buf_puts(&text, "\",\"variables\":");
		put_template(&text, o->variables, i, false);
		buf_puts(&text, "}}");
		put_frame(&p->out, 1, buf_str(&text));
	}
	buf_free(&text);
	send_more(l, p);
}

/* ---- connecting ---- */

static void read_head(load *l, int fd)
{
	size_t n = 0;
	/* The server's first frames follow its head at once: byte by byte, so that they stay in the socket. */
	while (n < 4 || memcmp(l->room + n - 4, "\r\n\r\n", 4) != 0) {
		if (n == ROOM || recv(fd, l->room + n, 1, 0) != 1) die("handshake");
		n++;
	}
	if (!str_starts(str_make(l->room, n), STR("HTTP/1.1 101 "))) {
		fprintf(stderr, "live_load: %.*s\n", (int)n, l->room);
		exit(1);
	}
}

static void connect_peer(load *l, peer *p)
{
	const options *o = &l->o;
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)o->port)};
	int on = 1;
	buf b = {0};
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	p->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (p->fd < 0 || connect(p->fd, (struct sockaddr *)&to, sizeof to)) die("connect");
	setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	buf_printf(&b,
		"GET %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
		"Sec-WebSocket-Protocol: %s\r\n",
		o->path, o->port, o->protocol);
	for (size_t i = 0; i < o->nheaders; i++)
		buf_printf(&b, "%.*s\r\n", STR_ARG(o->headers[i]));
	buf_puts(&b, "\r\n");
	if (send(p->fd, b.p, b.n, MSG_NOSIGNAL) != (ssize_t)b.n) die("send");
	buf_free(&b);
	read_head(l, p->fd);
	struct epoll_event e = {.events = EPOLLIN, .data.ptr = p};
	if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, p->fd, &e)) die("epoll");
	put_frame(&p->out, 1, STR("{\"type\":\"connection_init\"}"));
	send_more(l, p);
}

static void disconnect_peer(load *l, peer *p)
{
	if (p->fd < 0) return;
	close(p->fd);
	p->fd = -1;
	l->acked -= p->acked;
	p->acked = false;
	buf_free(&p->in);
	buf_free(&p->out);
}

static void connect_all(load *l)
{
	for (size_t i = 0; i < l->o.sockets; i++)
		connect_peer(l, &l->peers[i]);
}

static void drop_all(load *l)
{
	for (size_t i = 0; i < l->o.sockets; i++)
		disconnect_peer(l, &l->peers[i]);
	memset(l->seen, 0, l->o.sockets * l->o.each);
	l->nfirst = l->told = 0;
	connect_all(l);
}

/* ---- what comes ---- */

static void say_subscribed(load *l)
{
	if (l->told || l->nfirst + l->errors < l->o.sockets * l->o.each) return;
	l->told = 1;
	printf("{\"subscribed\":%zu,\"errors\":%zu,\"ms\":%llu}\n", l->nfirst, l->errors,
		(unsigned long long)((clock_mono_ns() - l->began) / 1000000));
}

static void on_result(load *l, str text)
{
	size_t at = str_find(text, STR("\"id\":\"")), total = l->o.sockets * l->o.each;
	unsigned long i = at == SIZE_MAX ? 0 : strtoul(text.p + at + 6, NULL, 10);
	if (i < l->o.first || i - l->o.first >= total) {
		l->errors++;
		return;
	}
	if (!l->seen[i - l->o.first]) {
		l->seen[i - l->o.first] = true;
		l->nfirst++;
		say_subscribed(l);
		return;
	}
	l->pushes++;
	if (l->trace)
		printf("{\"push\":%lu,\"at\":%llu,\"bytes\":%zu}\n", i, (unsigned long long)clock_mono_ns(), text.n);
}

static void on_message(load *l, peer *p, str text)
{
	l->bytes += text.n;
	if (str_starts(text, STR("{\"type\":\"ka\""))) return;
	if (str_starts(text, STR("{\"type\":\"ping\""))) {
		put_frame(&p->out, 1, STR("{\"type\":\"pong\"}"));
		send_more(l, p);
	} else if (str_starts(text, STR("{\"type\":\"connection_ack\""))) {
		p->acked = true;
		if (++l->acked == l->o.sockets) printf("{\"open\":%zu}\n", l->acked);
	} else if (str_starts(text, STR("{\"type\":\"data\"")) || str_starts(text, STR("{\"type\":\"next\""))) {
		on_result(l, text);
	} else if (!str_starts(text, STR("{\"type\":\"complete\""))) {
		if (!l->errors++) fprintf(stderr, "live_load: %.*s\n", (int)(text.n < 500 ? text.n : 500), text.p);
		say_subscribed(l);
	}
}

static void on_closed(load *l, peer *p)
{
	disconnect_peer(l, p);
	l->closed++;
}

/* Takes one frame from *in; false: it is not whole. */
static bool next_frame(str *in, unsigned *opcode, str *payload)
{
	const unsigned char *b = (const unsigned char *)in->p;
	size_t head = 2, n;
	if (in->n < 2) return false;
	n = b[1] & 127;
	if (n >= 126) {
		size_t size = n == 126 ? 2 : 8;
		head += size;
		if (in->n < head) return false;
		n = 0;
		for (size_t i = 2; i < head; i++)
			n = n << 8 | b[i];
	}
	if (in->n - head < n) return false;
	*opcode = b[0] & 15;
	*payload = str_sub(*in, head, n);
	*in = str_from_at(*in, head + n);
	return true;
}

static void on_bytes(load *l, peer *p, str in)
{
	unsigned opcode;
	str payload;
	buf old = p->in;
	p->in = (buf){0};
	if (old.n) {
		buf_put(&old, in);
		in = buf_str(&old);
	}
	while (p->fd >= 0 && next_frame(&in, &opcode, &payload)) {
		if (opcode == 1) on_message(l, p, payload);
		if (opcode == 8) on_closed(l, p);
		if (opcode == 9) {
			put_frame(&p->out, 10, payload);
			send_more(l, p);
		}
	}
	if (p->fd >= 0 && in.n) buf_put(&p->in, in);
	buf_free(&old);
}

static void on_event(load *l, const struct epoll_event *e)
{
	peer *p = e->data.ptr;
	if (p->fd < 0) return;
	if (e->events & EPOLLOUT) send_more(l, p);
	if (!(e->events & (EPOLLIN | EPOLLHUP | EPOLLERR))) return;
	ssize_t n = recv(p->fd, l->room, ROOM, MSG_DONTWAIT);
	if (n < 0 && errno == EAGAIN) return;
	if (n <= 0) on_closed(l, p);
	else on_bytes(l, p, str_make(l->room, (size_t)n));
}

/* ---- what is said ---- */

static void on_order(load *l, const char *word)
{
	if (!strcmp(word, "subscribe")) {
		l->began = clock_mono_ns();
		for (size_t i = 0; i < l->o.sockets; i++)
			start_all(l, &l->peers[i]);
	} else if (!strcmp(word, "trace on") || !strcmp(word, "trace off")) {
		l->trace = !strcmp(word, "trace on");
		printf("{\"trace\":%s}\n", l->trace ? "true" : "false");
	} else if (!strcmp(word, "stats")) {
		printf("{\"sockets\":%zu,\"first\":%zu,\"pushes\":%zu,\"errors\":%zu,\"closed\":%zu,\"bytes\":%zu}\n",
			l->acked, l->nfirst, l->pushes, l->errors, l->closed, l->bytes);
	} else if (!strcmp(word, "drop")) {
		drop_all(l);
	} else {
		exit(!!strcmp(word, "quit"));
	}
}

static void on_orders(load *l)
{
	static char line[256];
	static size_t n;
	ssize_t got = read(0, line + n, sizeof line - n - 1);
	if (got <= 0) exit(0);
	n += (size_t)got;
	line[n] = 0;
	for (char *end; (end = strchr(line, '\n'));) {
		*end = 0;
		on_order(l, line);
		n -= (size_t)(end + 1 - line);
		memmove(line, end + 1, n + 1);
	}
}

static void run(load *l)
{
	struct epoll_event in = {.events = EPOLLIN, .data.ptr = NULL}, events[EVENTS];
	if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, 0, &in)) die("epoll");
	for (;;) {
		int n = epoll_wait(l->epoll, events, EVENTS, -1);
		for (int i = 0; i < n; i++) {
			if (events[i].data.ptr) on_event(l, &events[i]);
			else on_orders(l);
		}
		fflush(stdout);
	}
}

static bool take_number(const char *name, const char *value, options *o)
{
	uint64_t n = 0;
	if (!str_to_u64(str_from(value), &n)) return false;
	if (!strcmp(name, "--port")) o->port = (unsigned)n;
	else if (!strcmp(name, "--sockets")) o->sockets = n;
	else if (!strcmp(name, "--each")) o->each = n;
	else if (!strcmp(name, "--first")) o->first = n;
	else return false;
	return true;
}

static bool take_option(const char *name, const char *value, options *o)
{
	if (!strcmp(name, "--path")) o->path = value;
	else if (!strcmp(name, "--protocol")) o->protocol = value;
	else if (!strcmp(name, "--query")) o->query = value;
	else if (!strcmp(name, "--variables")) o->variables = value;
	else if (!strcmp(name, "--header") && o->nheaders < HEADERS_MAX) o->headers[o->nheaders++] = str_from(value);
	else return take_number(name, value, o);
	return true;
}

int main(int argc, char **argv)
{
	static load l;
	struct rlimit files;
	l.o = (options){
		.path = "/v1/graphql", .protocol = "graphql-transport-ws", .sockets = 1, .first = 1, .variables = "{}"};
	for (int i = 1; i + 1 < argc; i += 2)
		if (!take_option(argv[i], argv[i + 1], &l.o)) argc = 0;
	if (argc % 2 == 0 || !l.o.port || (l.o.each && !l.o.query)) {
		fprintf(stderr, "live_load: wrong options; the top of tests/tools/live_load.c says what there is\n");
		return 2;
	}
	if (!getrlimit(RLIMIT_NOFILE, &files)) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	l.peers = mem_alloc(l.o.sockets * sizeof *l.peers);
	l.seen = mem_alloc(l.o.sockets * l.o.each + 1);
	l.epoll = epoll_create1(EPOLL_CLOEXEC);
	connect_all(&l);
	run(&l);
}
