#include "cli/embedded_in.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	START_MS = 60 * 1000,
	STOP_MS = 30 * 1000,
	QUIT_MS = 10 * 1000,
	ORPHAN_MS = 30 * 1000,
	LOG_MAX = 16 * 1024 * 1024
};

/* ---- running ---- */

/* The postmaster that postmaster.pid names and its state ("ready"); 0: no such file. */
static pid_t postmaster_read(const embedded *e, bool *ready)
{
	char text[1024];
	int64_t pid = 0;
	str all = embedded_file_read(embedded_text(e->a, "%s/postmaster.pid", e->pg), 0, text, sizeof text);
	*ready = str_eq(embedded_line(all, 7), STR("ready")); /* PostgreSQL: miscadmin.h, LOCK_FILE_LINE_PM_STATUS */
	return str_to_i64(embedded_line(all, 0), &pid) && pid > 0 && pid <= INT_MAX ? (pid_t)pid : 0;
}

/* Does process pid work in the cluster's folder? -1: cannot be told. A zombie, which nobody reaps, does not. */
static int works_here(const embedded *e, pid_t pid)
{
	char link[64], at[PATH_MAX];
	struct stat st;
	snprintf(link, sizeof link, "/proc/%d", (int)pid);
	if (stat(link, &st) == 0 && st.st_uid != e->user.uid) return 0;
	snprintf(link, sizeof link, "/proc/%d/cwd", (int)pid);
	ssize_t n = readlink(link, at, sizeof at);
	if (n < 0) return errno == ENOENT ? 0 : -1;
	return str_eq(str_make(at, (size_t)n), str_from(e->pg));
}

/*
 * We hold the folder, so a postmaster that still runs lost its Weir to kill -9 and is on its way out: wait for it.
 * A process that only has its number, reused, would keep PostgreSQL from starting: the file is stale then.
 */
static bool orphan_wait(embedded *e, error *err)
{
	uint64_t end = clock_mono_ns() + (uint64_t)ORPHAN_MS * 1000000;
	for (;;) {
		bool ready;
		pid_t pid = postmaster_read(e, &ready);
		if (!pid || (kill(pid, 0) != 0 && errno == ESRCH)) return true;
		int here = works_here(e, pid);
		if (here == 0) {
			unlink(embedded_text(e->a, "%s/postmaster.pid", e->pg));
			return true;
		}
		if (here < 0 && kill(pid, 0) != 0) return true;
		if (clock_mono_ns() > end)
			return FAIL(err,
				"PostgreSQL (process %d) still runs on %s and does not end: stop it (kill -INT %d)",
				(int)pid, e->pg, (int)pid);
		usleep(20000);
	}
}

static int log_open(embedded *e, off_t *from, error *err)
{
	struct stat st;
	if (lstat(e->log, &st) == 0 && st.st_size > LOG_MAX) {
		const char *old = embedded_text(e->a, "%s.old", e->log);
		if (rename(e->log, old) != 0) log_text(LOG_STARTUP, LOG_WARN, "embedded", "cannot rename %s", e->log);
	}
	int fd = open(e->log, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || fstat(fd, &st) != 0) {
		FAIL(err, "cannot write %s: %s", e->log, strerror(errno));
		if (fd >= 0) close(fd);
		return -1;
	}
	*from = st.st_size;
	return fd;
}

/* PostgreSQL's last words since byte `from` of its log. */
static bool fail_from_log(embedded *e, off_t from, const char *what, error *err)
{
	char text[8192];
	struct stat st;
	if (stat(e->log, &st) == 0 && st.st_size - from >= (off_t)sizeof text)
		from = st.st_size - (off_t)sizeof text + 1;
	str reason = child_reason(embedded_file_read(e->log, from, text, sizeof text));
	return FAIL(err, "PostgreSQL %s: %.*s (its log: %s)", what,
		STR_ARG(reason.n ? reason : STR("it gave no reason")), e->log);
}

static bool server_wait(embedded *e, unsigned timeout_ms, off_t from, error *err)
{
	uint64_t end = clock_mono_ns() + (uint64_t)timeout_ms * 1000000;
	while (clock_mono_ns() < end) {
		int status;
		bool ready;
		if (child_wait(e->pid, 10, &status)) {
			e->pid = 0;
			return fail_from_log(e, from, "did not start", err);
		}
		if (postmaster_read(e, &ready) == e->pid && ready && embedded_socket_answers(e)) return true;
	}
	return fail_from_log(
		e, from, embedded_text(e->a, "did not answer within %u s", (timeout_ms + 999) / 1000), err);
}

static bool server_start(embedded *e, unsigned timeout_ms, error *err)
{
	/* On the command line, so that no setting in a file opens the cluster to others. */
	const char *argv[] = {e->programs.postgres, "-D", e->pg, "-p", EMBEDDED_PORT, "-c", "listen_addresses=", "-c",
		embedded_text(e->a, "unix_socket_directories=%s", e->sockets), "-c", "unix_socket_permissions=0700",
		"-c", "logging_collector=off", "-c", "log_destination=stderr", NULL};
	off_t from = 0;
	int log = log_open(e, &from, err);
	if (log < 0) return false;
	child_spec spec = {.argv = argv,
		.envp = pg_programs_env(e->a),
		.dir = e->dir,
		.user = &e->user,
		.out = log,
		.death_signal = SIGINT,
		.session = true};
	bool ok = child_spawn(&spec, &e->pid, err);
	close(log);
	if (!ok) {
		e->pid = 0;
		return false;
	}
	return server_wait(e, timeout_ms, from, err);
}

/* ---- the life of one ---- */

static bool user_enter(embedded *e, error *err)
{
	e->user_entered = child_user_enter(&e->user, err);
	return e->user_entered;
}

static void user_leave(embedded *e)
{
	if (e->user_entered) child_user_leave(&e->user);
	e->user_entered = false;
}

static bool start_as_user(embedded *e, const embedded_options *opt, error *err)
{
	unsigned timeout_ms = opt && opt->start_timeout_ms ? opt->start_timeout_ms : START_MS;
	if (!embedded_folder_reach(e, err) || !embedded_marker_lock(e, err)) return false;
	if (!embedded_cluster_prepare(e, opt ? opt->pg_bin : NULL, err)) return false;
	if (!orphan_wait(e, err) || !embedded_socket_place(e, err)) return false;
	if (!server_start(e, timeout_ms, err) || !embedded_database_make(e, err)) return false;
	embedded_socket_url(e);
	return embedded_file_write(e->url_file, embedded_text(e->a, "%.*s\n", STR_ARG(e->url)), O_TRUNC, err);
}

static void server_stop(embedded *e)
{
	static const struct {
		int signal;
		unsigned ms;
	} steps[] = {{SIGINT, STOP_MS}, {SIGQUIT, QUIT_MS}, {SIGKILL, QUIT_MS}};
	int status;
	for (size_t i = 0; e->pid && i < sizeof steps / sizeof *steps; i++) {
		if (i)
			log_text(LOG_STARTUP, LOG_WARN, "embedded", "PostgreSQL does not stop: signal %d",
				steps[i].signal);
		kill(e->pid, steps[i].signal);
		if (child_wait(e->pid, steps[i].ms, &status)) e->pid = 0;
	}
}

void embedded_stop(embedded *e)
{
	if (!e) return;
	user_leave(e);
	server_stop(e);
	error ignored;
	error_init(&ignored, e->a);
	if (e->sockets && user_enter(e, &ignored)) {
		unlink(e->url_file);
		if (e->borrowed) embedded_socket_return(e);
		user_leave(e);
	}
	if (e->lock >= 0) close(e->lock);
	arena_free(e->a);
}

bool embedded_start(const char *dir, const embedded_options *opt, embedded **out, error *err)
{
	arena *a = arena_new(0);
	embedded *e = NEW(a, embedded);
	*e = (embedded){.a = a, .lock = -1, .dir = dir ? dir : EMBEDDED_DEFAULT_DIR};
	bool ok = embedded_folder_resolve(e, err) && embedded_folder_claim(e, err) && user_enter(e, err) &&
		start_as_user(e, opt, err);
	user_leave(e);
	if (ok) {
		*out = e;
		return true;
	}
	embedded_folder_undo(e);
	embedded_stop(e);
	return false;
}

str embedded_url(const embedded *e)
{
	return e->url;
}

pid_t embedded_pid(const embedded *e)
{
	return e->pid;
}

bool embedded_running(embedded *e)
{
	int status;
	if (e->pid && child_wait(e->pid, 0, &status)) e->pid = 0;
	return e->pid != 0;
}
