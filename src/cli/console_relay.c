/* console_relay: requests of the page to the server and back, byte by byte, WebSockets included. */
#include "cli/console_serve.h"

#include <curl/curl.h>
#include <poll.h>
#include <sys/socket.h>

enum { PIECE = 64 * 1024, IDLE_MS = 15 * 60 * 1000 };

static bool is_own(str name)
{
	static const char *const own[] = {"host", "connection", "keep-alive", "proxy-connection",
		"x-hasura-admin-secret", "x-weir-token", "cookie", "origin", "referer"};
	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		if (str_eq_nocase(name, str_from(own[i]))) return true;
	return false;
}

/* The secret is ours to add: a page that could name another would only get itself refused. */
static str head_of(const console_server *s, const console_request *r, bool as_admin)
{
	buf b = {0};
	str host = str_from_at(s->p->endpoint, str_find(s->p->endpoint, STR("://")) + 3), prefix = STR("");
	size_t slash = str_find_char(host, '/');
	if (slash != SIZE_MAX) {
		prefix = str_from_at(host, slash);
		host = str_sub(host, 0, slash);
	}
	buf_printf(&b, "%.*s %.*s%.*s HTTP/1.1\r\nHost: %.*s\r\n", STR_ARG(r->method), STR_ARG(prefix),
		STR_ARG(r->target), STR_ARG(host));
	for (size_t i = 0; i < r->headers.n; i++) {
		const str_pair *h = &r->headers.v[i];
		if (!is_own(h->name)) buf_printf(&b, "%.*s: %.*s\r\n", STR_ARG(h->name), STR_ARG(h->value));
	}
	if (as_admin && s->p->admin_secret.n)
		buf_printf(&b, "X-Hasura-Admin-Secret: %.*s\r\n", STR_ARG(s->p->admin_secret));
	buf_puts(&b, r->upgrade ? "Connection: Upgrade\r\n\r\n" : "Connection: close\r\n\r\n");
	buf_put(&b, r->rest);
	str out = str_copy(r->a, buf_str(&b));
	buf_free(&b);
	return out;
}

static bool send_up(CURL *up, curl_socket_t fd, str bytes)
{
	while (bytes.n) {
		size_t n = 0;
		CURLcode code = curl_easy_send(up, bytes.p, bytes.n, &n);
		if (code == CURLE_AGAIN) {
			struct pollfd f = {.fd = fd, .events = POLLOUT};
			if (poll(&f, 1, IDLE_MS) <= 0) return false;
		} else if (code != CURLE_OK) {
			return false;
		}
		bytes = str_from_at(bytes, n);
	}
	return true;
}

/* All that is there; false: it has ended. */
static bool take_down(CURL *up, const console_request *r, char *piece, bool *ended)
{
	for (;;) {
		size_t n = 0;
		CURLcode code = curl_easy_recv(up, piece, PIECE, &n);
		if (code == CURLE_AGAIN) return true;
		*ended = code != CURLE_OK || n == 0;
		if (*ended) return true;
		if (!console_write(r->fd, str_make(piece, n))) return false;
	}
}

static void pump(CURL *up, curl_socket_t fd, const console_request *r)
{
	char *piece = arena_bytes(r->a, PIECE);
	bool ended = false, client = true;
	while (!ended) {
		struct pollfd f[2] = {{.fd = fd, .events = POLLIN}, {.fd = client ? r->fd : -1, .events = POLLIN}};
		if (!take_down(up, r, piece, &ended) || ended) return;
		if (poll(f, 2, IDLE_MS) <= 0) return;
		if (!f[1].revents) continue;
		ssize_t n = recv(r->fd, piece, PIECE, MSG_DONTWAIT);
		if (n > 0 && !send_up(up, fd, str_make(piece, (size_t)n))) return;
		if (n == 0) return; /* the browser has left: so does the request */
		client = n >= 0 || (f[1].revents & POLLIN);
	}
}

void console_relay(console_server *s, console_request *r, bool as_admin)
{
	CURL *up = curl_easy_init();
	project p = *s->p;
	curl_socket_t fd = CURL_SOCKET_BAD;
	p.a = r->a;
	if (!up) return;
	remote_configure(&p, up);
	curl_easy_setopt(up, CURLOPT_URL, str_z(r->a, p.endpoint));
	curl_easy_setopt(up, CURLOPT_CONNECT_ONLY, 1L);
	curl_easy_setopt(up, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(up, CURLOPT_SSL_ENABLE_ALPN, 0L);
	CURLcode code = curl_easy_perform(up);
	if (code == CURLE_OK) curl_easy_getinfo(up, CURLINFO_ACTIVESOCKET, &fd);
	if (fd == CURL_SOCKET_BAD) {
		console_answer_error(r, 502, "unexpected",
			str_printf(r->a, "the server at %.*s cannot be reached: %s", STR_ARG(p.endpoint),
				curl_easy_strerror(code)));
	} else if (send_up(up, fd, head_of(s, r, as_admin))) {
		pump(up, fd, r);
	}
	curl_easy_cleanup(up);
}
