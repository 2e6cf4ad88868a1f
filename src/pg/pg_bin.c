#include "pg/pg_bin.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SAID_KEEP = 16 * 1024, LOOK_MS = 250, FOLDERS_MAX = 64 };

static const char *const usual_places[] = {
	"/usr/lib/postgresql/*/bin", /* Debian, Ubuntu */
	"/usr/pgsql-*/bin",          /* PostgreSQL's packages for Red Hat */
	"/usr/lib/postgresql*/bin",  /* SUSE, Gentoo, Alpine */
	"/usr/libexec/postgresql*",  /* Alpine */
	"/usr/local/pgsql/bin",      /* built from source */
};

/* ---- where ---- */

void pg_bin_folders(arena *a, str_vec *out)
{
	for (size_t i = 0; i < sizeof usual_places / sizeof *usual_places; i++) {
		glob_t g = {0};
		if (glob(usual_places[i], GLOB_NOSORT, NULL, &g) == 0)
			for (size_t k = 0; k < g.gl_pathc && out->n < FOLDERS_MAX; k++)
				vec_push(a, out, str_copy(a, str_from(g.gl_pathv[k])));
		globfree(&g);
	}
}

const char *pg_bin_program(arena *a, str dir, const char *name)
{
	const char *path = str_z(a, str_printf(a, "%.*s/%s", STR_ARG(dir), name));
	return access(path, X_OK) == 0 ? path : NULL;
}

const char *pg_bin_in_path(arena *a, const char *name)
{
	str path = str_from(getenv("PATH"));
	while (path.n) {
		size_t n = str_find_char(path, ':');
		str dir = str_sub(path, 0, n == SIZE_MAX ? path.n : n);
		path = n == SIZE_MAX ? STR_NULL : str_from_at(path, n + 1);
		const char *found = dir.n && dir.p[0] == '/' ? pg_bin_program(a, dir, name) : NULL;
		if (found) return found;
	}
	return NULL;
}

/* ---- running ---- */

typedef struct pipes {
	int out[2], said[2];
} pipes;

static void close_end(int *fd)
{
	if (*fd >= 0) close(*fd);
	*fd = -1;
}

static bool open_pipes(pipes *p)
{
	*p = (pipes){{-1, -1}, {-1, -1}};
	if (pipe2(p->out, O_CLOEXEC) == 0 && pipe2(p->said, O_CLOEXEC) == 0) return true;
	close_end(&p->out[0]);
	close_end(&p->out[1]);
	return false;
}

/* All signals as a fresh program has them: our threads block them, and SIGPIPE is ignored here. */
static void plain_signals(posix_spawnattr_t *attr)
{
	sigset_t none, all;
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_init(attr);
	posix_spawnattr_setsigmask(attr, &none);
	posix_spawnattr_setsigdefault(attr, &all);
	posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

/* 0 or errno. Our other files are all close-on-exec; dup2 onto itself takes that mark away (glibc 2.29 and later). */
static int spawn(const pg_bin_run *r, const pipes *p, pid_t *pid)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	posix_spawn_file_actions_init(&files);
	plain_signals(&attr);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, p->out[1], STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&files, p->said[1], STDERR_FILENO);
	for (size_t i = 0; i < r->nkeep; i++)
		if (r->keep_fds[i] >= 0) posix_spawn_file_actions_adddup2(&files, r->keep_fds[i], r->keep_fds[i]);
	int rc = posix_spawn(pid, r->argv[0], &files, &attr, (char *const *)r->argv, (char *const *)r->envp);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attr);
	return rc;
}

/* False: the other side has closed it. */
static bool take(int fd, buf *b)
{
	char chunk[65536];
	ssize_t n = read(fd, chunk, sizeof chunk);
	if (n < 0) return errno == EINTR || errno == EAGAIN;
	buf_put(b, str_make(chunk, (size_t)n));
	return n > 0;
}

static void keep_end(buf *b)
{
	if (b->n <= 2 * SAID_KEEP) return;
	memmove(b->p, b->p + b->n - SAID_KEEP, SAID_KEEP);
	b->n = SAID_KEEP;
}

static int wait_ms(const pg_bin_run *r, uint64_t now)
{
	if (!r->deadline_ns || r->deadline_ns - now > LOOK_MS * UINT64_C(1000000)) return LOOK_MS;
	return (int)((r->deadline_ns - now) / 1000000 + 1);
}

static pg_bin_end drain(pg_bin_run *r, pipes *p)
{
	while (p->out[0] >= 0 || p->said[0] >= 0) {
		uint64_t now = clock_mono_ns();
		if (r->deadline_ns && now >= r->deadline_ns) return PG_BIN_LATE;
		if (r->cancel && atomic_load(r->cancel)) return PG_BIN_STOPPED;
		struct pollfd fds[] = {{.fd = p->out[0], .events = POLLIN}, {.fd = p->said[0], .events = POLLIN},
			{.fd = r->stop_fd, .events = POLLIN}};
		if (poll(fds, 3, wait_ms(r, now)) <= 0) continue;
		if (fds[2].revents & POLLIN) return PG_BIN_STOPPED;
		if (fds[0].revents && !take(p->out[0], &r->out)) close_end(&p->out[0]);
		if (fds[1].revents && !take(p->said[0], &r->said)) close_end(&p->said[0]);
		keep_end(&r->said);
		if (r->max_bytes && r->out.n > r->max_bytes) return PG_BIN_TOO_LARGE;
	}
	return PG_BIN_DONE;
}

pg_bin_end pg_bin_run_to_end(pg_bin_run *r)
{
	pipes p;
	pid_t pid = 0;
	r->out = r->said = (buf){0};
	r->status = 0;
	if (!open_pipes(&p)) {
		r->status = errno;
		return PG_BIN_FAILED;
	}
	int rc = spawn(r, &p, &pid);
	close_end(&p.out[1]);
	close_end(&p.said[1]);
	pg_bin_end end = rc ? PG_BIN_FAILED : drain(r, &p);
	close_end(&p.out[0]);
	close_end(&p.said[0]);
	if (rc) {
		r->status = rc;
		return end;
	}
	if (end != PG_BIN_DONE) kill(pid, SIGKILL);
	while (waitpid(pid, &r->status, 0) < 0 && errno == EINTR)
		continue;
	return end;
}
