#include "cli/embedded.h"

#include "cli/child.h"
#include "cli/pg_programs.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define MARKER_NAME "weir-cluster"
#define MARKER_TEXT "weir embedded cluster"
#define ROLE "weir"
#define PORT "5432" /* names the socket file only */
#define SOCKET_FILE "/.s.PGSQL." PORT
#define FAIL(err, ...) error_set((err), ERR_START_FAILED, STR_NULL, __VA_ARGS__)

enum {
	INIT_MS = 300 * 1000,
	START_MS = 60 * 1000,
	STOP_MS = 30 * 1000,
	QUIT_MS = 10 * 1000,
	ORPHAN_MS = 30 * 1000,
	TOOL_MS = 60 * 1000,
	LOG_MAX = 16 * 1024 * 1024
};

struct embedded {
	arena *a;
	child_user user;
	pg_programs programs;
	int lock;  /* the marker, locked; -1: not yet */
	pid_t pid; /* the postmaster; 0: none */
	bool made_dir, has_database, user_entered;
	bool borrowed;        /* sockets is outside dir, since dir's path is too long */
	const char *dir;      /* absolute */
	const char *pg;       /* dir/pg: PostgreSQL's data directory */
	const char *log;      /* dir/postgresql.log */
	const char *socket;   /* dir/socket: a directory, or a link to the borrowed one */
	const char *sockets;  /* where the socket really is */
	const char *url_file; /* dir/url */
	str url;
};

/* What a first start adds to postgresql.conf; users may change these. The rest is on the command line, and stays. */
static const char conf_text[] = "\n# Weir\n"
				"wal_level = logical\n"
				"max_replication_slots = 16\n"
				"max_wal_senders = 16\n"
				"log_line_prefix = '%m [%p] '\n";
/* PostgreSQL 13: a forgotten slot must not fill the disk. */
static const char conf_text_13[] = "max_slot_wal_keep_size = 1GB\n";
/* Who may enter the socket's directory may connect; there is no other way in. */
static const char hba_text[] = "# Weir: the Unix socket only; its directory is open to its owner and root alone.\n"
			       "local all all trust\n"
			       "local replication all trust\n";

static char *text_z(arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static char *text_z(arena *a, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	char *z = str_z(a, str_vprintf(a, fmt, ap));
	va_end(ap);
	return z;
}

/* ---- files, as the cluster's user ---- */

static bool file_write(const char *path, const char *text, int how, error *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | how, 0600);
	size_t n = strlen(text);
	ssize_t put = fd < 0 ? -1 : write(fd, text, n);
	int why = put < 0 ? errno : ENOSPC;
	if (fd >= 0) close(fd);
	if (put == (ssize_t)n) return true;
	return FAIL(err, "cannot write %s: %s", path, strerror(why));
}

/* At most cap - 1 bytes of a small file, from byte `from`; empty when there is none. */
static str file_read(const char *path, off_t from, char *into, size_t cap)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) return STR_NULL;
	ssize_t n = pread(fd, into, cap - 1, from);
	close(fd);
	into[n > 0 ? n : 0] = '\0';
	return str_make(into, n > 0 ? (size_t)n : 0);
}

/* Line number `at` (from 0), without its end and blanks around it. */
static str line_of(str text, unsigned at)
{
	for (;; at--) {
		size_t n = str_find_char(text, '\n');
		if (at == 0) return str_trim(str_sub(text, 0, n == SIZE_MAX ? text.n : n));
		if (n == SIZE_MAX) return STR_NULL;
		text = str_from_at(text, n + 1);
	}
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

/* What first starts that were cut off left behind. Their last children may still be at it: what resists is left. */
static void leftovers_remove(embedded *e)
{
	DIR *d = opendir(e->dir);
	for (struct dirent *entry; d && (entry = readdir(d));)
		if (str_starts(str_from(entry->d_name), STR("pg.new.")))
			nftw(text_z(e->a, "%s/%s", e->dir, entry->d_name), remove_one, 16, FTW_DEPTH | FTW_PHYS);
	if (d) closedir(d);
}

/* ---- the folder ---- */

static bool dir_resolve(embedded *e, error *err)
{
	const char *dir = e->dir;
	char real[PATH_MAX];
	e->made_dir = mkdir(dir, 0700) == 0;
	if (!e->made_dir && errno == ENOENT)
		return FAIL(err, "cannot make %s: the folder it should be in does not exist", dir);
	if (!e->made_dir && errno != EEXIST) return FAIL(err, "cannot make %s: %s", dir, strerror(errno));
	if (!realpath(dir, real)) return FAIL(err, "cannot enter %s: %s", dir, strerror(errno));
	e->dir = text_z(e->a, "%s", real);
	e->pg = text_z(e->a, "%s/pg", real);
	e->log = text_z(e->a, "%s/postgresql.log", real);
	e->socket = text_z(e->a, "%s/socket", real);
	e->url_file = text_z(e->a, "%s/url", real);
	return true;
}

/* What the folder holds: the marker, and how many other entries. */
static bool dir_list(const embedded *e, bool *marker, size_t *others)
{
	DIR *d = opendir(e->dir);
	if (!d) return false;
	*marker = false;
	*others = 0;
	for (struct dirent *entry; (entry = readdir(d));) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
		if (strcmp(entry->d_name, MARKER_NAME) == 0) *marker = true;
		else *others += 1;
	}
	closedir(d);
	return true;
}

/* Empty or ours; anything else is somebody's files, which a wrong argument must not touch. */
static bool dir_check(const embedded *e, bool *empty, error *err)
{
	bool marker = false;
	size_t others = 0;
	if (!dir_list(e, &marker, &others)) return FAIL(err, "cannot read %s: %s", e->dir, strerror(errno));
	*empty = !marker && !others;
	if (marker || !others) return true;
	return FAIL(err,
		"%s is not empty and holds no cluster of Weir's (no file " MARKER_NAME
		"): name an empty folder, or one that does not exist",
		e->dir);
}

/* A folder made for a start that came to nothing goes again; one with anything in it stays. */
static void dir_undo(const embedded *e)
{
	bool marker = false;
	size_t others = 0;
	if (!e->made_dir || !dir_list(e, &marker, &others) || others) return;
	if (marker) unlink(text_z(e->a, "%s/" MARKER_NAME, e->dir));
	rmdir(e->dir);
}

/* Decides who owns the cluster, and hands a new folder to them. */
static bool dir_claim(embedded *e, error *err)
{
	struct stat st;
	bool empty = false;
	if (stat(e->dir, &st) != 0) return FAIL(err, "cannot enter %s: %s", e->dir, strerror(errno));
	if (!S_ISDIR(st.st_mode)) return FAIL(err, "%s is not a folder", e->dir);
	if (geteuid() != 0 && st.st_uid != geteuid()) {
		struct passwd *owner = getpwuid(st.st_uid);
		return FAIL(err, "%s belongs to the user %s (id %u): start Weir as that user, or name another folder",
			e->dir, owner ? owner->pw_name : "?", (unsigned)st.st_uid);
	}
	if (!dir_check(e, &empty, err) || !child_user_choose(e->a, st.st_uid, &e->user, err)) return false;
	if (st.st_uid == 0 && e->user.drop && chown(e->dir, e->user.uid, e->user.gid) != 0)
		return FAIL(err, "cannot give %s to the user %.*s: %s", e->dir, STR_ARG(e->user.name), strerror(errno));
	if (empty && chmod(e->dir, 0700) != 0)
		return FAIL(err, "cannot close %s to others: %s", e->dir, strerror(errno));
	return true;
}

/* Root may pass where the user it becomes may not. */
static bool dir_reach(const embedded *e, error *err)
{
	char path[PATH_MAX];
	size_t n = strlen(e->dir);
	for (size_t i = 1; i <= n; i++) {
		if (i < n && e->dir[i] != '/') continue;
		memcpy(path, e->dir, i);
		path[i] = '\0';
		if (faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0) continue;
		if (!e->user.drop) return FAIL(err, "cannot enter %s: %s", path, strerror(errno));
		return FAIL(err,
			"PostgreSQL does not run as root, and the user %.*s, whom it would run as, cannot enter %s: name "
			"a folder elsewhere, such as /var/lib/weir-data, or start Weir as an ordinary user",
			STR_ARG(e->user.name), path);
	}
	return true;
}

/* ---- the marker ---- */

static bool marker_write(embedded *e, error *err)
{
	char text[128];
	int n = snprintf(text, sizeof text, MARKER_TEXT "\ndatabase %s\npid %d\n",
		e->has_database ? EMBEDDED_DATABASE : "-", (int)getpid());
	if (ftruncate(e->lock, 0) == 0 && pwrite(e->lock, text, (size_t)n, 0) == n) return true;
	return FAIL(err, "cannot write %s/" MARKER_NAME ": %s", e->dir, strerror(errno));
}

/* Holds the folder for this process; PostgreSQL and other children do not keep the lock. */
static bool marker_lock(embedded *e, error *err)
{
	const char *path = text_z(e->a, "%s/" MARKER_NAME, e->dir);
	char text[256];
	e->lock = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (e->lock < 0) return FAIL(err, "cannot open %s: %s", path, strerror(errno));
	bool busy = flock(e->lock, LOCK_EX | LOCK_NB) != 0;
	int why = errno;
	ssize_t got = pread(e->lock, text, sizeof text, 0);
	str told = str_make(text, got > 0 ? (size_t)got : 0);
	if (busy && why == EWOULDBLOCK)
		return FAIL(err, "%s is in use by another Weir (%.*s): stop that one, or name another folder", e->dir,
			STR_ARG(line_of(told, 2)));
	if (busy) return FAIL(err, "cannot lock %s: %s", path, strerror(why));
	if (told.n && !str_eq(line_of(told, 0), STR(MARKER_TEXT)))
		return FAIL(err, "%s is not Weir's: name an empty folder, or one that does not exist", path);
	e->has_database = str_eq(line_of(told, 1), STR("database " EMBEDDED_DATABASE));
	return marker_write(e, err);
}

/* ---- making the cluster ---- */

static bool run_program(
	embedded *e, const char *const *argv, const char *dir, unsigned ms, child_output *out, error *err)
{
	child_spec spec = {.argv = argv,
		.envp = pg_programs_env(e->a),
		.dir = dir,
		.user = &e->user,
		.out = -1,
		.death_signal = SIGKILL};
	return child_run(e->a, &spec, ms, out, err);
}

/* initdb into a folder that becomes pg when all is there: a first start that is cut off leaves nothing half made. */
static bool cluster_make(embedded *e, error *err)
{
	const char *fresh = text_z(e->a, "%s/pg.new.%d", e->dir, (int)getpid());
	const char *argv[] = {e->programs.initdb, "-D", fresh, "-U", ROLE, "-A", "trust", "-E", "UTF8", "--no-sync",
		text_z(e->a, "--locale=%s", pg_programs_locale()), NULL};
	log_text(LOG_STARTUP, LOG_INFO, "embedded", "making a PostgreSQL %.*s cluster in %s",
		STR_ARG(e->programs.version), e->dir);
	leftovers_remove(e);
	child_output said;
	if (!run_program(e, argv, e->dir, INIT_MS, &said, err)) return false;
	if (said.late) return FAIL(err, "initdb did not end within %d s in %s", INIT_MS / 1000, e->dir);
	if (said.status != 0) {
		str reason = child_reason(said.text);
		return FAIL(err, "cannot make a PostgreSQL cluster in %s: %.*s (%s, %.*s)", e->dir, STR_ARG(reason),
			e->programs.initdb, STR_ARG(child_status_text(e->a, said.status)));
	}
	const char *conf = text_z(e->a, "%s/postgresql.conf", fresh);
	if (!file_write(conf, conf_text, O_APPEND, err)) return false;
	if (e->programs.major >= 13 && !file_write(conf, conf_text_13, O_APPEND, err)) return false;
	if (!file_write(text_z(e->a, "%s/pg_hba.conf", fresh), hba_text, O_TRUNC, err)) return false;
	/* One call instead of initdb's fsync of a thousand files. */
	if (syncfs(e->lock) != 0 || rename(fresh, e->pg) != 0)
		return FAIL(err, "cannot finish the cluster in %s: %s", e->dir, strerror(errno));
	e->has_database = false;
	return marker_write(e, err);
}

static bool cluster_prepare(embedded *e, const char *bin, error *err)
{
	char text[16];
	struct stat st;
	bool there = lstat(e->pg, &st) == 0;
	uint64_t major = 0;
	if (there) {
		str version = str_trim(file_read(text_z(e->a, "%s/PG_VERSION", e->pg), 0, text, sizeof text));
		if (!str_to_u64(version, &major) || major == 0 || major > 1000)
			return FAIL(err,
				"%s/PG_VERSION cannot be read: the cluster is damaged, or not one that Weir made",
				e->pg);
	}
	if (!pg_programs_find(e->a, bin, (int)major, &e->user, &e->programs, err)) {
		if (there && err->message.n)
			err->message = str_printf(err->a,
				"%.*s (%s: install PostgreSQL %d (Debian: apt install postgresql-%d), or name "
				"another folder)",
				STR_ARG(err->message), e->dir, (int)major, (int)major);
		return false;
	}
	return there || cluster_make(e, err);
}

/* ---- the socket's place ---- */

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
	unlink(text_z(e->a, "%s" SOCKET_FILE, dir));
	unlink(text_z(e->a, "%s" SOCKET_FILE ".lock", dir));
}

/* Takes away a borrowed directory, ours by the link that leads to it. */
static void socket_return(embedded *e)
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

static bool socket_place(embedded *e, error *err)
{
	socket_return(e);
	e->sockets = e->socket;
	if (socket_fits(e->socket)) {
		socket_clear(e, e->socket);
		if (mkdir(e->socket, 0700) == 0 || errno == EEXIST) return true;
		return FAIL(err, "cannot make %s: %s", e->socket, strerror(errno));
	}
	const char *run = e->user.drop ? NULL : getenv("XDG_RUNTIME_DIR");
	char *made = run && run[0] == '/' ? text_z(e->a, "%s/weir-XXXXXX", run) : NULL;
	if (!made || !socket_fits(made) || !mkdtemp(made)) {
		made = text_z(e->a, "/tmp/weir-XXXXXX");
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

/* ---- running ---- */

/* The postmaster that postmaster.pid names and its state ("ready"); 0: no such file. */
static pid_t postmaster_read(const embedded *e, bool *ready)
{
	char text[1024];
	int64_t pid = 0;
	str all = file_read(text_z(e->a, "%s/postmaster.pid", e->pg), 0, text, sizeof text);
	*ready = str_eq(line_of(all, 7), STR("ready")); /* PostgreSQL: miscadmin.h, LOCK_FILE_LINE_PM_STATUS */
	return str_to_i64(line_of(all, 0), &pid) && pid > 0 && pid <= INT_MAX ? (pid_t)pid : 0;
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
			unlink(text_z(e->a, "%s/postmaster.pid", e->pg));
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
		const char *old = text_z(e->a, "%s.old", e->log);
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

static bool socket_answers(const embedded *e)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int n = snprintf(at.sun_path, sizeof at.sun_path, "%s" SOCKET_FILE, e->sockets);
	if (n < 0 || (size_t)n >= sizeof at.sun_path) return false;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ok = fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof at) == 0;
	if (fd >= 0) close(fd);
	return ok;
}

/* PostgreSQL's last words since byte `from` of its log. */
static bool fail_from_log(embedded *e, off_t from, const char *what, error *err)
{
	char text[8192];
	struct stat st;
	if (stat(e->log, &st) == 0 && st.st_size - from >= (off_t)sizeof text)
		from = st.st_size - (off_t)sizeof text + 1;
	str reason = child_reason(file_read(e->log, from, text, sizeof text));
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
		if (postmaster_read(e, &ready) == e->pid && ready && socket_answers(e)) return true;
	}
	return fail_from_log(e, from, text_z(e->a, "did not answer within %u s", (timeout_ms + 999) / 1000), err);
}

static bool server_start(embedded *e, unsigned timeout_ms, error *err)
{
	/* On the command line, so that no setting in a file opens the cluster to others. */
	const char *argv[] = {e->programs.postgres, "-D", e->pg, "-p", PORT, "-c", "listen_addresses=", "-c",
		text_z(e->a, "unix_socket_directories=%s", e->sockets), "-c", "unix_socket_permissions=0700", "-c",
		"logging_collector=off", "-c", "log_destination=stderr", NULL};
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

static bool database_make(embedded *e, error *err)
{
	if (e->has_database) return true;
	if (!e->programs.createdb)
		return FAIL(err,
			"createdb is not installed: install PostgreSQL's client programs "
			"(Debian: apt install postgresql-client)");
	const char *argv[] = {
		e->programs.createdb, "-h", e->sockets, "-p", PORT, "-U", ROLE, "-w", EMBEDDED_DATABASE, NULL};
	child_output said;
	if (!run_program(e, argv, e->dir, TOOL_MS, &said, err)) return false;
	/* "already exists": made by a start that was cut off before it could note it. */
	if (said.status != 0 && str_find(said.text, STR("already exists")) == SIZE_MAX)
		return FAIL(err, "cannot make the database " EMBEDDED_DATABASE ": %.*s (PostgreSQL's log: %s)",
			STR_ARG(child_reason(said.text)), e->log);
	e->has_database = true;
	return marker_write(e, err);
}

static void url_make(embedded *e)
{
	buf b = {0};
	buf_put(&b, STR("postgresql://" ROLE "@/" EMBEDDED_DATABASE "?host="));
	for (const char *c = e->sockets; *c; c++) {
		if (isalnum((unsigned char)*c) || strchr("/._-", *c)) buf_putc(&b, *c);
		else buf_printf(&b, "%%%02X", (unsigned)(unsigned char)*c);
	}
	buf_put(&b, STR("&port=" PORT));
	e->url = str_copy(e->a, buf_str(&b));
	buf_free(&b);
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
	if (!dir_reach(e, err) || !marker_lock(e, err)) return false;
	if (!cluster_prepare(e, opt ? opt->pg_bin : NULL, err)) return false;
	if (!orphan_wait(e, err) || !socket_place(e, err)) return false;
	if (!server_start(e, timeout_ms, err) || !database_make(e, err)) return false;
	url_make(e);
	return file_write(e->url_file, text_z(e->a, "%.*s\n", STR_ARG(e->url)), O_TRUNC, err);
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
		if (e->borrowed) socket_return(e);
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
	bool ok = dir_resolve(e, err) && dir_claim(e, err) && user_enter(e, err) && start_as_user(e, opt, err);
	user_leave(e);
	if (ok) {
		*out = e;
		return true;
	}
	dir_undo(e);
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
