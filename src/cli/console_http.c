#include "cli/console_http.h"

#include "base/buf.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WAIT_MS = 60000 };

/* ---- bytes ---- */

static ssize_t read_some(int fd, char *p, size_t n)
{
	struct pollfd f = {.fd = fd, .events = POLLIN};
	if (poll(&f, 1, WAIT_MS) <= 0) return -1;
	return recv(fd, p, n, 0);
}

bool console_write(int fd, str bytes)
{
	while (bytes.n) {
		ssize_t n = send(fd, bytes.p, bytes.n, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR) continue;
		if (n <= 0) return false;
		bytes = str_from_at(bytes, (size_t)n);
	}
	return true;
}

/* ---- the head ---- */

str console_header(const console_request *r, const char *name)
{
	for (size_t i = 0; i < r->headers.n; i++)
		if (str_eq_nocase(r->headers.v[i].name, str_from(name))) return r->headers.v[i].value;
	return STR_NULL;
}

static bool parse_line(console_request *r, str line)
{
	size_t a = str_find_char(line, ' ');
	if (a == SIZE_MAX || !a) return false;
	str rest = str_from_at(line, a + 1);
	size_t b = str_find_char(rest, ' ');
	if (b == SIZE_MAX || !str_starts(str_from_at(rest, b + 1), STR("HTTP/1."))) return false;
	r->method = str_sub(line, 0, a);
	r->target = str_sub(rest, 0, b);
	size_t q = str_find_char(r->target, '?');
	r->path = str_sub(r->target, 0, q == SIZE_MAX ? r->target.n : q);
	r->query = q == SIZE_MAX ? STR("") : str_from_at(r->target, q + 1);
	return str_starts(r->path, STR("/"));
}

static bool parse_head(console_request *r, str head)
{
	bool first = true;
	while (head.n) {
		size_t n = str_find(head, STR("\r\n"));
		if (n == SIZE_MAX) n = head.n;
		str line = str_sub(head, 0, n);
		head = str_from_at(head, n + 2);
		if (first) {
			if (!parse_line(r, line)) return false;
			first = false;
			continue;
		}
		size_t colon = str_find_char(line, ':');
		if (colon == SIZE_MAX || !colon || str_find_char(line, '\n') != SIZE_MAX) return false;
		str_pair p = {str_sub(line, 0, colon), str_trim(str_from_at(line, colon + 1))};
		vec_push(r->a, &r->headers, p);
	}
	str up = console_header(r, "upgrade");
	r->upgrade = up.p && str_eq_nocase(up, STR("websocket"));
	return !first;
}

bool console_read_head(console_request *r)
{
	buf b = {0};
	size_t end = SIZE_MAX;
	while (end == SIZE_MAX && b.n < CONSOLE_HEAD_MAX) {
		buf_reserve(&b, 8192);
		ssize_t n = read_some(r->fd, b.p + b.n, 8192);
		if (n <= 0) break;
		b.n += (size_t)n;
		end = str_find(buf_str(&b), STR("\r\n\r\n"));
	}
	str all = str_copy(r->a, buf_str(&b));
	buf_free(&b);
	if (end == SIZE_MAX && !all.n) return false;
	if (end != SIZE_MAX && parse_head(r, str_sub(all, 0, end))) {
		r->rest = str_from_at(all, end + 4);
		return true;
	}
	console_answer_error(r, 400, "bad-request", STR("this is no HTTP request"));
	return false;
}

bool console_read_body(console_request *r)
{
	uint64_t length = 0;
	str text = console_header(r, "content-length");
	if (text.p && (!str_to_u64(text, &length) || length > CONSOLE_BODY_MAX)) return false;
	if (console_header(r, "transfer-encoding").p) return false;
	char *p = arena_bytes(r->a, (size_t)length + 1);
	size_t n = r->rest.n < length ? r->rest.n : (size_t)length;
	memcpy(p, r->rest.p ? r->rest.p : "", n);
	while (n < length) {
		ssize_t k = read_some(r->fd, p + n, (size_t)length - n);
		if (k <= 0) return false;
		n += (size_t)k;
	}
	r->body = str_make(p, n);
	return true;
}

/* name=value between separators. */
static str value_in(str list, char separator, str name)
{
	while (list.n) {
		size_t n = str_find_char(list, separator);
		str one = str_trim(str_sub(list, 0, n == SIZE_MAX ? list.n : n));
		list = n == SIZE_MAX ? STR("") : str_from_at(list, n + 1);
		size_t eq = str_find_char(one, '=');
		if (eq != SIZE_MAX && str_eq(str_sub(one, 0, eq), name)) return str_from_at(one, eq + 1);
	}
	return STR_NULL;
}

str console_cookie(const console_request *r, const char *name)
{
	return value_in(console_header(r, "cookie"), ';', str_from(name));
}

str console_parameter(const console_request *r, const char *name)
{
	return value_in(r->query, '&', str_from(name));
}

/* ---- answers ---- */

void console_answer(const console_request *r, int status, const char *type, const char *more, str body)
{
	buf b = {0};
	buf_printf(&b,
		"HTTP/1.1 %d %s\r\nConnection: close\r\nContent-Length: %zu\r\nX-Content-Type-Options: nosniff\r\n",
		status,
		status < 300           ? "OK"
			: status < 400 ? "Found"
				       : "Refused",
		body.n);
	if (type) buf_printf(&b, "Content-Type: %s\r\n", type);
	buf_puts(&b, more);
	buf_puts(&b, "\r\n");
	if (!str_eqz(r->method, "HEAD")) buf_put(&b, body);
	(void)console_write(r->fd, buf_str(&b));
	buf_free(&b);
}

void console_answer_json(const console_request *r, int status, const json *j)
{
	console_answer(
		r, status, "application/json; charset=utf-8", "Cache-Control: no-store\r\n", json_to_str(r->a, j));
}

void console_answer_error(const console_request *r, int status, const char *code, str text)
{
	json *o = json_new_object(r->a);
	json_setz(o, "path", json_new_str(r->a, STR("$")));
	json_setz(o, "error", json_new_str(r->a, text));
	json_setz(o, "code", json_new_str(r->a, str_from(code)));
	console_answer_json(r, status, o);
}
