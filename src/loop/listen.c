#include "loop/listen.h"
#include "base/arena.h"
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LISTEN_BACKLOG = 4096 }; /* the kernel cuts it to net.core.somaxconn */

typedef struct listen_target {
	struct sockaddr_storage addr;
	socklen_t len;
	bool dual; /* IPv6 that takes IPv4 too */
} listen_target;

static void target_any(listen_target *t, int family, bool dual)
{
	memset(t, 0, sizeof(*t));
	t->addr.ss_family = (sa_family_t)family;
	t->len = family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
	t->dual = dual;
}

static void target_set_port(listen_target *t, uint16_t port)
{
	if (t->addr.ss_family == AF_INET6) {
		((struct sockaddr_in6 *)&t->addr)->sin6_port = htons(port);
	} else {
		((struct sockaddr_in *)&t->addr)->sin_port = htons(port);
	}
}

static bool target_resolve(listen_target *t, str host, error *err)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
	struct addrinfo *list = NULL;
	char name[256];
	int rc;

	if (host.n == 0 || host.n >= sizeof(name) || memchr(host.p, 0, host.n)) {
		return error_set(err, ERR_START_FAILED, STR_NULL, "\"%.*s\" is not a host to listen on", STR_ARG(host));
	}
	memcpy(name, host.p, host.n);
	name[host.n] = 0;
	rc = getaddrinfo(name, NULL, &hints, &list);
	if (rc != 0) {
		return error_set(
			err, ERR_START_FAILED, STR_NULL, "cannot listen on host \"%s\": %s", name, gai_strerror(rc));
	}
	memset(t, 0, sizeof(*t));
	memcpy(&t->addr, list->ai_addr, list->ai_addrlen);
	t->len = list->ai_addrlen;
	freeaddrinfo(list);
	return true;
}

/* -1 with errno on failure. `shared`: with SO_REUSEPORT, listening; else the probe, bound only. */
static int socket_open(const listen_target *t, bool shared)
{
	int on = 1, off = 0, saved;
	int fd = socket(t->addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0) return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0) goto fail;
	if (t->addr.ss_family == AF_INET6 &&
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, t->dual ? &off : &on, sizeof(on)) != 0) {
		goto fail;
	}
	if (shared && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) != 0) goto fail;
	if (bind(fd, (const struct sockaddr *)&t->addr, t->len) != 0) goto fail;
	if (shared && listen(fd, LISTEN_BACKLOG) != 0) goto fail;
	return fd;
fail:
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

static uint16_t socket_port(int fd)
{
	struct sockaddr_storage a = {0};
	socklen_t len = sizeof(a);

	if (getsockname(fd, (struct sockaddr *)&a, &len) != 0) return 0;
	return ntohs(a.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&a)->sin6_port
					     : ((struct sockaddr_in *)&a)->sin_port);
}

/* The sockets; on failure errno says why and none is open. */
static bool sockets_open(listen_target *t, uint16_t port, unsigned n, int *fds, uint16_t *port_out)
{
	int probe;

	target_set_port(t, port);
	if (port != 0) {
		probe = socket_open(t, false);
		if (probe < 0) return false;
		close(probe);
	}
	for (unsigned i = 0; i < n; i++) {
		fds[i] = socket_open(t, true);
		if (fds[i] < 0) {
			int saved = errno;
			listen_close(fds, i);
			errno = saved;
			return false;
		}
		if (i == 0) {
			*port_out = socket_port(fds[0]);
			target_set_port(t, *port_out);
		}
	}
	return true;
}

static bool open_fail(str host, uint16_t port, error *err)
{
	if (errno == EADDRINUSE) {
		return error_set(err, ERR_START_FAILED, STR_NULL,
			"port %u on host \"%.*s\" is in use by another program: stop it, or choose another with --server-port",
			port, STR_ARG(host));
	}
	return error_set(err, ERR_START_FAILED, STR_NULL, "cannot listen on host \"%.*s\", port %u: %s", STR_ARG(host),
		port, strerror(errno));
}

bool listen_open(str host, uint16_t port, unsigned n, int *fds, uint16_t *port_out, error *err)
{
	listen_target t = {0};
	bool ok;

	if (str_eqz(host, "*")) {
		target_any(&t, AF_INET6, true);
		ok = sockets_open(&t, port, n, fds, port_out);
		if (!ok && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL)) {
			target_any(&t, AF_INET, false);
			ok = sockets_open(&t, port, n, fds, port_out);
		}
	} else {
		if (str_eqz(host, "*4") || str_eqz(host, "!4")) {
			target_any(&t, AF_INET, false);
		} else if (str_eqz(host, "*6") || str_eqz(host, "!6")) {
			target_any(&t, AF_INET6, host.p[0] == '*');
		} else if (!target_resolve(&t, host, err)) {
			return false;
		}
		ok = sockets_open(&t, port, n, fds, port_out);
	}
	return ok || open_fail(host, port, err);
}

void listen_close(int *fds, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (fds[i] >= 0) close(fds[i]);
		fds[i] = -1;
	}
}

uint64_t listen_raise_open_files(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) != 0) return 0;
	if (r.rlim_cur < r.rlim_max) {
		r.rlim_cur = r.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &r) != 0 && getrlimit(RLIMIT_NOFILE, &r) != 0) return 0;
	}
	return r.rlim_cur;
}
