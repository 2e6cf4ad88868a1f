#include "cli/embedded_in.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define MARKER_NAME "weir-cluster"
#define MARKER_TEXT "weir embedded cluster"

char *embedded_text(arena *a, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	char *z = str_z(a, str_vprintf(a, fmt, ap));
	va_end(ap);
	return z;
}

/* ---- files, as the cluster's user ---- */

bool embedded_file_write(const char *path, const char *text, int how, error *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | how, 0600);
	size_t n = strlen(text);
	ssize_t put = fd < 0 ? -1 : write(fd, text, n);
	int why = put < 0 ? errno : ENOSPC;
	if (fd >= 0) close(fd);
	if (put == (ssize_t)n) return true;
	return FAIL(err, "cannot write %s: %s", path, strerror(why));
}

str embedded_file_read(const char *path, off_t from, char *into, size_t cap)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) return STR_NULL;
	ssize_t n = pread(fd, into, cap - 1, from);
	close(fd);
	into[n > 0 ? n : 0] = '\0';
	return str_make(into, n > 0 ? (size_t)n : 0);
}

str embedded_line(str text, unsigned at)
{
	for (;; at--) {
		size_t n = str_find_char(text, '\n');
		if (at == 0) return str_trim(str_sub(text, 0, n == SIZE_MAX ? text.n : n));
		if (n == SIZE_MAX) return STR_NULL;
		text = str_from_at(text, n + 1);
	}
}

/* ---- the folder ---- */

bool embedded_folder_resolve(embedded *e, error *err)
{
	const char *dir = e->dir;
	char real[PATH_MAX];
	e->made_dir = mkdir(dir, 0700) == 0;
	if (!e->made_dir && errno == ENOENT)
		return FAIL(err, "cannot make %s: the folder it should be in does not exist", dir);
	if (!e->made_dir && errno != EEXIST) return FAIL(err, "cannot make %s: %s", dir, strerror(errno));
	if (!realpath(dir, real)) return FAIL(err, "cannot enter %s: %s", dir, strerror(errno));
	e->dir = embedded_text(e->a, "%s", real);
	e->pg = embedded_text(e->a, "%s/pg", real);
	e->log = embedded_text(e->a, "%s/postgresql.log", real);
	e->socket = embedded_text(e->a, "%s/socket", real);
	e->url_file = embedded_text(e->a, "%s/url", real);
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

void embedded_folder_undo(const embedded *e)
{
	bool marker = false;
	size_t others = 0;
	if (!e->made_dir || !dir_list(e, &marker, &others) || others) return;
	if (marker) unlink(embedded_text(e->a, "%s/" MARKER_NAME, e->dir));
	rmdir(e->dir);
}

bool embedded_folder_claim(embedded *e, error *err)
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

bool embedded_folder_reach(const embedded *e, error *err)
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

bool embedded_marker_write(embedded *e, error *err)
{
	char text[128];
	int n = snprintf(text, sizeof text, MARKER_TEXT "\ndatabase %s\npid %d\n",
		e->has_database ? EMBEDDED_DATABASE : "-", (int)getpid());
	if (ftruncate(e->lock, 0) == 0 && pwrite(e->lock, text, (size_t)n, 0) == n) return true;
	return FAIL(err, "cannot write %s/" MARKER_NAME ": %s", e->dir, strerror(errno));
}

bool embedded_marker_lock(embedded *e, error *err)
{
	const char *path = embedded_text(e->a, "%s/" MARKER_NAME, e->dir);
	char text[256];
	e->lock = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (e->lock < 0) return FAIL(err, "cannot open %s: %s", path, strerror(errno));
	bool busy = flock(e->lock, LOCK_EX | LOCK_NB) != 0;
	int why = errno;
	ssize_t got = pread(e->lock, text, sizeof text, 0);
	str told = str_make(text, got > 0 ? (size_t)got : 0);
	if (busy && why == EWOULDBLOCK)
		return FAIL(err, "%s is in use by another Weir (%.*s): stop that one, or name another folder", e->dir,
			STR_ARG(embedded_line(told, 2)));
	if (busy) return FAIL(err, "cannot lock %s: %s", path, strerror(why));
	if (told.n && !str_eq(embedded_line(told, 0), STR(MARKER_TEXT)))
		return FAIL(err, "%s is not Weir's: name an empty folder, or one that does not exist", path);
	e->has_database = str_eq(embedded_line(told, 1), STR("database " EMBEDDED_DATABASE));
	return embedded_marker_write(e, err);
}
