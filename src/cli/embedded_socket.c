#include "cli/embedded_in.h"

#include "base/buf.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define SOCKET_FILE "/.s.PGSQL." EMBEDDED_PORT

/* A socket's path has 107 bytes (sun_path), and the setting is a list: blanks, commas and quotes would need care. */
static bool socket_fits(const char *dir)
{
	for (const char *c = dir; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("/._-+@", *c)) return false;
	return strlen(dir) + strlen(SOCKET_FILE) < sizeof((struct sockaddr_un *)0)->sun_path;
}

/* Files of a postmaster that is gone. Left to PostgreSQL, a process that has its number now, or its zombie, would count. */
static void socket_clear(embedded *e, const char *dir)
{
	unlink(embedded_text(e->a, "%s" SOCKET_FILE, dir));
	unlink(embedded_text(e->a, "%s" SOCKET_FILE ".lock", dir));
}

void embedded_socket_return(embedded *e)
{
	char at[PATH_MAX];
	ssize_t n = readlink(e->socket, at, sizeof at - 1);
	if (n <= 0) return;
	at[n] = '\0';
	if (!strstr(at, "/weir-")) return;
	socket_clear(e, at);
	rmdir(at);
	unlink(e->socket);
}

bool embedded_socket_place(embedded *e, error *err)
{
	embedded_socket_return(e);
	e->sockets = e->socket;
	if (socket_fits(e->socket)) {
		socket_clear(e, e->socket);
		if (mkdir(e->socket, 0700) == 0 || errno == EEXIST) return true;
		return FAIL(err, "cannot make %s: %s", e->socket, strerror(errno));
	}
	const char *run = e->user.drop ? NULL : getenv("XDG_RUNTIME_DIR");
	char *made = run && run[0] == '/' ? embedded_text(e->a, "%s/weir-XXXXXX", run) : NULL;
	if (!made || !socket_fits(made) || !mkdtemp(made)) {
		made = embedded_text(e->a, "/tmp/weir-XXXXXX");
		if (!mkdtemp(made))
			return FAIL(err, "cannot make a folder for the socket in /tmp: %s", strerror(errno));
	}
	e->sockets = made;
	e->borrowed = true;
	rmdir(e->socket); /* from a time when the path was shorter */
	if (symlink(made, e->socket) == 0) return true;
	rmdir(made);
	return FAIL(err, "cannot make %s: %s", e->socket, strerror(errno));
}

bool embedded_socket_answers(const embedded *e)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int n = snprintf(at.sun_path, sizeof at.sun_path, "%s" SOCKET_FILE, e->sockets);
	if (n < 0 || (size_t)n >= sizeof at.sun_path) return false;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ok = fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof at) == 0;
	if (fd >= 0) close(fd);
	return ok;
}

void embedded_socket_url(embedded *e)
{
	buf b = {0};
	buf_put(&b, STR("postgresql://" EMBEDDED_ROLE "@/" EMBEDDED_DATABASE "?host="));
	for (const char *c = e->sockets; *c; c++) {
		if (isalnum((unsigned char)*c) || strchr("/._-", *c)) buf_putc(&b, *c);
		else buf_printf(&b, "%%%02X", (unsigned)(unsigned char)*c);
	}
	buf_put(&b, STR("&port=" EMBEDDED_PORT));
	e->url = str_copy(e->a, buf_str(&b));
	buf_free(&b);
}
