/*
 * cmd_console: the console for a project: one port, one origin: the page, the server behind it, and the files of the project.
 * The page proves itself by a token of this run: in the address that is printed, then in a cookie and a header; requests of
 * other origins, and of names that only lead here (DNS rebinding), are refused. Hasura v2: two ports, no token, any origin.
 */
#include "cli/cmd_console.h"

#include "cli/child.h"
#include "cli/console_serve.h"
#include "server/server.h"

#include <netdb.h>
#include <netinet/in.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 256, TOKEN_BYTES = 24 };

typedef struct connection {
	console_server *s;
	int fd;
	atomic_int *open;
} connection;

/* ---- who may ---- */

static bool is_ours(const console_server *s, str host)
{
	for (size_t i = 0; i < s->hosts.n; i++)
		if (str_eq_nocase(host, s->hosts.v[i])) return true;
	return false;
}

static bool origin_ok(const console_server *s, const console_request *r)
{
	str origin = console_header(r, "origin");
	if (!origin.p) return true;
	return str_starts(origin, STR("http://")) && is_ours(s, str_from_at(origin, 7));
}

static bool is_token(const console_server *s, str given)
{
	return given.p && str_eq_secret(given, s->token);
}

/* From the printed address: the token moves into a cookie, and out of sight. */
static void greet(const console_server *s, const console_request *r)
{
	str more = is_token(s, console_parameter(r, "token"))
		? str_printf(r->a,
			  "Location: /console\r\nSet-Cookie: weir-console=%.*s; Path=/; HttpOnly; SameSite=Strict\r\n",
			  STR_ARG(s->token))
		: STR("Location: /console\r\n");
	console_answer(r, 302, NULL, str_z(r->a, more), STR(""));
}

static void serve_request(console_server *s, console_request *r)
{
	bool by_header = is_token(s, console_header(r, "x-weir-token"));
	bool known = by_header || is_token(s, console_cookie(r, "weir-console"));
	if (!is_ours(s, console_header(r, "host"))) {
		console_answer_error(
			r, 403, "access-denied", STR("this address is not the console's: open the one it printed"));
	} else if (!origin_ok(s, r)) {
		console_answer_error(r, 403, "access-denied", STR("pages of another origin may not ask the console"));
	} else if (str_eqz(r->path, "/")) {
		greet(s, r);
	} else if (str_eqz(r->path, "/console") || str_starts(r->path, STR("/console/"))) {
		console_page(s, r, known);
	} else if (!known) {
		console_answer_error(r, 403, "access-denied",
			STR("open the address that the console command printed: it has the token"));
	} else if (str_starts(r->path, STR("/apis/"))) {
		console_apis(s, r);
	} else {
		console_relay(s, r, by_header || r->upgrade);
	}
}

static void *serve_connection(void *arg)
{
	connection *k = arg;
	console_request r = {.a = arena_new(0), .fd = k->fd};
	if (console_read_head(&r)) serve_request(k->s, &r);
	shutdown(k->fd, SHUT_WR);
	close(k->fd);
	arena_free(r.a);
	atomic_fetch_sub(k->open, 1);
	mem_free(k);
	return NULL;
}

/* ---- listening ---- */

static bool open_port(str address, const char *port, int *fd, error *err)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *list = NULL;
	arena *a = err->a;
	int code = getaddrinfo(str_z(a, address), port, &hints, &list), on = 1;
	*fd = -1;
	if (code)
		return error_set(
			err, ERR_INVALID_PARAMS, STR(""), "--address %.*s: %s", STR_ARG(address), gai_strerror(code));
	for (struct addrinfo *i = list; i && *fd < 0; i = i->ai_next) {
		*fd = socket(i->ai_family, i->ai_socktype | SOCK_CLOEXEC, i->ai_protocol);
		if (*fd < 0) continue;
		setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
		if (bind(*fd, i->ai_addr, i->ai_addrlen) == 0 && listen(*fd, 64) == 0) break;
		close(*fd);
		*fd = -1;
	}
	freeaddrinfo(list);
	return *fd >= 0 ||
		error_set(err, ERR_UNEXPECTED, STR(""),
			"the port %s at %.*s is taken: choose another with --console-port", port, STR_ARG(address));
}

static void accept_all(console_server *s, int fd)
{
	atomic_int open = 0;
	for (;;) {
		pthread_t thread;
		int one = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
		if (one < 0) continue;
		if (atomic_load(&open) >= CONNECTIONS_MAX) {
			close(one);
			continue;
		}
		connection *k = mem_alloc(sizeof *k);
		*k = (connection){s, one, &open};
		atomic_fetch_add(&open, 1);
		if (pthread_create(&thread, NULL, serve_connection, k) == 0) {
			pthread_detach(thread);
			continue;
		}
		atomic_fetch_sub(&open, 1);
		close(one);
		mem_free(k);
	}
}

/* ---- the command ---- */

static str make_token(arena *a)
{
	unsigned char bytes[TOKEN_BYTES];
	buf b = {0};
	if (RAND_bytes(bytes, sizeof bytes) != 1) mem_fail("no random bytes");
	for (size_t i = 0; i < sizeof bytes; i++)
		buf_printf(&b, "%02x", bytes[i]);
	str token = str_copy(a, buf_str(&b));
	buf_free(&b);
	return token;
}

static void name_hosts(console_server *s, str address, const char *port)
{
	const str names[] = {STR("localhost"), STR("127.0.0.1"), STR("[::1]"), address};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		vec_push(s->c->a, &s->hosts, str_printf(s->c->a, "%.*s:%s", STR_ARG(names[i]), port));
}

static void open_browser(cmd *c, str url)
{
	const char *argv[] = {"/usr/bin/xdg-open", str_z(c->a, url), NULL};
	error ignored;
	pid_t pid;
	error_init(&ignored, c->a);
	if (cmd_on(c, "no-browser") || !c->interactive || (!getenv("DISPLAY") && !getenv("WAYLAND_DISPLAY"))) return;
	str named = cmd_value(c, "browser", STR(""));
	if (named.n) argv[0] = str_z(c->a, named);
	child_spec spec = {.argv = argv, .out = -1, .session = true};
	if (!child_spawn(&spec, &pid, &ignored)) say_warn(c, "no browser was opened: %.*s", STR_ARG(ignored.message));
}

static bool run(cmd *c, error *err)
{
	project p;
	int fd;
	uint64_t n;
	console_server s = {.c = c, .p = &p, .token = make_token(c->a)};
	str port = cmd_value(c, "console-port", STR("9695")), address = cmd_value(c, "address", STR("localhost"));
	if (!str_to_u64(port, &n) || n == 0 || n > 65535)
		return error_set(
			err, ERR_INVALID_PARAMS, STR(""), "--console-port: write a number between 1 and 65535");
	if (!project_open(c, &p, err) || !remote_version(&p, &s.server_version, err)) return false;
	const char *port_z = str_z(c->a, port);
	if (!open_port(address, port_z, &fd, err)) return false;
	name_hosts(&s, address, port_z);
	str url = str_printf(c->a, "http://%.*s:%s/?token=%.*s", STR_ARG(address), port_z, STR_ARG(s.token));
	if (p.django) say_info(c, "schema changes are switched off: Django owns the migrations of this project");
	say_info(c, "console running at: %.*s", STR_ARG(url));
	open_browser(c, url);
	accept_all(&s, fd);
	return true;
}

static const cmd_flag flags[] = {
	{"address", 0, CMD_VALUE, "HOST", "where to listen (default localhost)", NULL},
	{"console-port", 0, CMD_VALUE, "PORT", "default 9695", NULL},
	{"no-browser", 0, CMD_SWITCH, NULL, "do not open a browser", NULL},
	{"browser", 0, CMD_VALUE, "PROGRAM", "this one", NULL},
	{"api-port", 0, CMD_VALUE, "PORT", NULL, "there is one port, --console-port"},
	{"api-host", 0, CMD_VALUE, "HOST", NULL, "there is one port, --console-port"},
	{"static-dir", 0, CMD_VALUE, "DIR", NULL, "the page is in this program"},
	{"use-server-assets", 0, CMD_SWITCH, NULL, NULL, NULL},
	{"console-hge-endpoint", 0, CMD_VALUE, "URL", NULL, "the page asks the server by way of this command"},
	{0},
};

const cmd_spec cmd_console = {.name = "console",
	.groups = CMD_SERVER,
	.flags = flags,
	.what = "the console, with what you click written into the project's files",
	.text = "One port serves the page, the server behind it and the project. The printed address holds a token of this run;\n"
		"without it, and from pages of other origins, nothing is answered. The admin secret stays in this command.\n",
	.run = run};
