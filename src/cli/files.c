#include "cli/files.h"

#include "base/buf.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX_BYTES = 256 * 1024 * 1024, DEPTH_MAX = 32 };

static bool failed(error *err, const char *what, str path)
{
	return error_set(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_UNEXPECTED, STR(""), "%.*s: cannot %s: %s",
		STR_ARG(path), what, strerror(errno));
}

/* ---- paths ---- */

str path_join(arena *a, str dir, str name)
{
	if (!dir.n || str_eqz(dir, ".") || str_starts(name, STR("/"))) return name;
	return str_cat(a, 3, dir, dir.p[dir.n - 1] == '/' ? STR("") : STR("/"), name);
}

str path_dir(str path)
{
	for (size_t i = path.n; i-- > 0;)
		if (path.p[i] == '/') return i ? str_sub(path, 0, i) : STR("/");
	return STR(".");
}

str path_base(str path)
{
	for (size_t i = path.n; i-- > 0;)
		if (path.p[i] == '/') return str_from_at(path, i + 1);
	return path;
}

bool path_exists(arena *a, str path)
{
	/* What may not be looked at is not taken for absent: reading it says why. */
	return access(str_z(a, path), F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

bool path_is_dir(arena *a, str path)
{
	struct stat st;
	return stat(str_z(a, path), &st) == 0 && S_ISDIR(st.st_mode);
}

str path_absolute(arena *a, str path)
{
	char real[PATH_MAX];
	if (realpath(str_z(a, path), real)) return str_copy(a, str_from(real));
	if (str_starts(path, STR("/")) || !getcwd(real, sizeof real)) return path;
	return path_join(a, str_copy(a, str_from(real)), path);
}

/* ---- reading ---- */

bool file_read(arena *a, str path, str *out, error *err)
{
	int fd = open(str_z(a, path), O_RDONLY | O_CLOEXEC);
	if (fd < 0) return failed(err, "read it", path);
	buf b = {0};
	ssize_t n;
	do {
		buf_reserve(&b, 65536);
		n = read(fd, b.p + b.n, 65536);
		if (n > 0) b.n += (size_t)n;
	} while ((n > 0 || (n < 0 && errno == EINTR)) && b.n <= FILE_MAX_BYTES);
	bool ok = n == 0;
	if (n < 0) (void)failed(err, "read it", path);
	else if (!ok) error_set(err, ERR_UNEXPECTED, STR(""), "%.*s: larger than 256 MB", STR_ARG(path));
	close(fd);
	/* Editors of Windows put a byte order mark in front, which is no part of the text. */
	str text = buf_str(&b), mark = STR("\xef\xbb\xbf");
	if (str_starts(text, mark)) text = str_from_at(text, mark.n);
	*out = ok ? str_copy(a, text) : STR("");
	if (!out->p) *out = STR("");
	buf_free(&b);
	return ok;
}

static int by_name(const void *x, const void *y)
{
	return str_cmp(*(const str *)x, *(const str *)y);
}

bool dir_list(arena *a, str path, str_vec *out, error *err)
{
	DIR *d = opendir(str_z(a, path));
	if (!d) return errno == ENOENT || failed(err, "list it", path);
	for (struct dirent *e; (e = readdir(d));) {
		str name = str_from(e->d_name);
		if (!str_eqz(name, ".") && !str_eqz(name, "..")) vec_push(a, out, str_copy(a, name));
	}
	closedir(d);
	if (out->n) qsort(out->v, out->n, sizeof *out->v, by_name);
	return true;
}

/* ---- writing ---- */

bool dir_make(arena *a, str path, error *err)
{
	for (size_t i = 1; i <= path.n; i++) {
		if (i < path.n && path.p[i] != '/') continue;
		if (mkdir(str_z(a, str_sub(path, 0, i)), 0755) != 0 && errno != EEXIST)
			return failed(err, "make it", path);
	}
	return path_is_dir(a, path) || error_set(err, ERR_UNEXPECTED, STR(""), "%.*s: is no folder", STR_ARG(path));
}

static bool write_all(int fd, str text)
{
	while (text.n) {
		ssize_t n = write(fd, text.p, text.n);
		if (n < 0 && errno != EINTR) return false;
		if (n > 0) text = str_from_at(text, (size_t)n);
	}
	return true;
}

static bool is_same(arena *a, str path, str text)
{
	error ignored;
	str now;
	struct stat st;
	error_init(&ignored, a);
	if (stat(str_z(a, path), &st) != 0 || (size_t)st.st_size != text.n) return false;
	return file_read(a, path, &now, &ignored) && str_eq(now, text);
}

bool file_write(arena *a, str path, str text, bool *changed, error *err)
{
	bool same = is_same(a, path, text);
	if (changed) *changed = !same;
	if (same) return true;
	if (!dir_make(a, path_dir(path), err)) return false;
	struct stat st;
	mode_t mode = stat(str_z(a, path), &st) == 0 ? st.st_mode & 0777 : 0644;
	const char *temp = str_z(a, str_printf(a, "%.*s.%ld.tmp", STR_ARG(path), (long)getpid()));
	int fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	if (fd < 0) return failed(err, "write it", path);
	bool ok = write_all(fd, text);
	ok = close(fd) == 0 && ok;
	ok = ok && rename(temp, str_z(a, path)) == 0;
	if (ok) return true;
	(void)failed(err, "write it", path);
	unlink(temp);
	return false;
}

bool file_move(arena *a, str from, str to, error *err)
{
	if (!dir_make(a, path_dir(to), err)) return false;
	return rename(str_z(a, from), str_z(a, to)) == 0 || failed(err, "move it", from);
}

static bool remove_deep(arena *a, str path, unsigned depth, error *err)
{
	struct stat st;
	str_vec names = {0};
	if (lstat(str_z(a, path), &st) != 0) return errno == ENOENT || failed(err, "look at it", path);
	if (!S_ISDIR(st.st_mode)) return unlink(str_z(a, path)) == 0 || failed(err, "remove it", path);
	if (depth > DEPTH_MAX) return error_set(err, ERR_UNEXPECTED, STR(""), "%.*s: nested too deeply", STR_ARG(path));
	if (!dir_list(a, path, &names, err)) return false;
	for (size_t i = 0; i < names.n; i++)
		if (!remove_deep(a, path_join(a, path, names.v[i]), depth + 1, err)) return false;
	return rmdir(str_z(a, path)) == 0 || failed(err, "remove it", path);
}

bool path_remove(arena *a, str path, error *err)
{
	return remove_deep(a, path, 0, err);
}
