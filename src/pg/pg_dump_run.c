/*
 * pg_dump_run: finds the program that fits the server and runs it. The connection is told by libpq's variables: a command
 * line could be read by every user of the machine.
 */
#include "base/clock.h"
#include "base/json.h"
#include "pg/pg_bin.h"
#include "pg/pg_dial.h"
#include "pg/pg_dump.h"
#include "pg/pg_params_in.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { VERSION_MAX_MS = 10000, VERSION_MAX_BYTES = 4096 };

#define MS UINT64_C(1000000)

extern char **environ;

/* ---- which program ---- */

typedef struct found {
	const char *path;
	int major;
	str seen; /* versions, for the message */
} found;

/* "pg_dump (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)", "pg_dump (PostgreSQL) 18beta1". */
static int major_of(str said)
{
	size_t at = str_find(said, STR("(PostgreSQL) "));
	int major = 0;
	if (at == SIZE_MAX) return 0;
	for (size_t i = at + 13; i < said.n && said.p[i] >= '0' && said.p[i] <= '9' && major < 1000; i++)
		major = major * 10 + (said.p[i] - '0');
	return major;
}

static int version_of(const char *path)
{
	const char *argv[] = {path, "--version", NULL};
	pg_bin_run r = {.argv = argv,
		.envp = (const char *const *)environ,
		.deadline_ns = clock_mono_ns() + VERSION_MAX_MS * MS,
		.max_bytes = VERSION_MAX_BYTES,
		.stop_fd = -1};
	int major = pg_bin_run_to_end(&r) == PG_BIN_DONE && r.status == 0 ? major_of(buf_str(&r.out)) : 0;
	buf_free(&r.out);
	buf_free(&r.said);
	return major;
}

/* The oldest that is not older than the server: a newer one writes settings that an older server does not know. */
static void consider(arena *a, found *f, const char *path, int wanted)
{
	if (!path) return;
	int major = version_of(path);
	if (!major) return;
	f->seen = f->seen.n ? str_printf(a, "%.*s, %d", STR_ARG(f->seen), major) : str_printf(a, "%d", major);
	if (major < wanted || (f->path && major >= f->major)) return;
	f->path = path;
	f->major = major;
}

static bool find_program(arena *a, int server_version, found *f, error *err)
{
	const char *own = getenv("WEIR_PG_BIN");
	int wanted = server_version / 10000;
	str_vec dirs = {0};
	*f = (found){0};
	if (own && *own) vec_push(a, &dirs, str_from(own));
	else pg_bin_folders(a, &dirs);
	for (size_t i = 0; i < dirs.n; i++)
		consider(a, f, pg_bin_program(a, dirs.v[i], "pg_dump"), wanted);
	if (!(own && *own) && f->major != wanted) consider(a, f, pg_bin_in_path(a, "pg_dump"), wanted);
	if (f->path) return true;
	if (!f->seen.n)
		return error_set(err, ERR_NOT_SUPPORTED, STR("$"),
			"pg_dump is not installed where this server runs: install PostgreSQL's client programs, version %d or "
			"later (Debian: apt install postgresql-client), or name their folder in WEIR_PG_BIN",
			wanted);
	return error_set(err, ERR_NOT_SUPPORTED, STR("$"),
		"the pg_dump installed where this server runs is too old for the database (PostgreSQL %d; installed: %.*s): "
		"install PostgreSQL's client programs of version %d or later, or name their folder in WEIR_PG_BIN",
		wanted, STR_ARG(f->seen), wanted);
}

/* ---- the connection ---- */

typedef struct env_list {
	arena *a;
	VEC(const char *) v;
	bool key_password;
	char *password; /* its text in v, ours to wipe; NULL */
} env_list;

static char *env_put(env_list *e, const char *name, const char *value)
{
	size_t n = strlen(name), m = strlen(value);
	char *text = arena_bytes(e->a, size_add(n, size_add(m, 2))); /* one copy: it may be a password */
	memcpy(text, name, n);
	text[n] = '=';
	memcpy(text + n + 1, value, m + 1);
	vec_push(e->a, &e->v, text);
	return text;
}

/* What our own libpq reads from the environment, pg_dump's reads too; nothing else of it is pg_dump's business. */
static void env_ours(env_list *e)
{
	static const char *const names[] = {
		"PATH=", "HOME=", "TZ=", "LD_LIBRARY_PATH=", "SSL_CERT_FILE=", "SSL_CERT_DIR="};
	for (char **v = environ; *v; v++) {
		str one = str_from(*v);
		bool take = str_starts(one, STR("PG")) || str_starts(one, STR("KRB5"));
		for (size_t i = 0; !take && i < sizeof names / sizeof *names; i++)
			take = str_starts(one, str_from(names[i]));
		if (take) vec_push(e->a, &e->v, *v);
	}
	env_put(e, "LC_ALL", "C");
}

/* Of a variable given twice libc takes the first. */
static void env_drop(env_list *e, const char *name)
{
	size_t n = strlen(name), kept = 0;
	for (size_t i = 0; i < e->v.n; i++)
		if (strncmp(e->v.v[i], name, n) != 0 || e->v.v[i][n] != '=') e->v.v[kept++] = e->v.v[i];
	e->v.n = kept;
}

static void env_wipe(const env_list *e)
{
	if (e->password) mem_wipe(e->password, strlen(e->password));
}

static void env_setting(void *arg, const char *variable, const char *key, const char *value)
{
	env_list *e = arg;
	if (variable && *variable) {
		env_drop(e, variable);
		char *text = env_put(e, variable, value);
		if (strcmp(key, "password") != 0) return;
		env_wipe(e);
		e->password = text;
	} else if (strcmp(key, "sslpassword") == 0 && *value) {
		e->key_password = true;
	}
}

static bool env_make(const pg_dump_job *j, env_list *e, error *err)
{
	pg_error pe = {0};
	env_ours(e);
	if (!pg_dial_settings(j->params, env_setting, e, &pe)) {
		(void)pg_error_map_query(&pe, NULL, STR("$"), err);
		pg_error_clear(&pe);
		return false;
	}
	/* libpq has no variable for it, and a command line is no place for it. */
	if (e->key_password)
		return error_set(err, ERR_NOT_SUPPORTED, STR("$"),
			"pg_dump cannot be given the password of the source's SSL key: dump it with pg_dump by hand");
	env_drop(e, "PGAPPNAME");
	env_put(e, "PGAPPNAME", "weir pg_dump");
	vec_push(e->a, &e->v, NULL);
	return true;
}

/* ---- running ---- */

static const char **arguments(const pg_dump_job *j, const char *path)
{
	const char **argv = NEW_ARRAY(j->a, const char *, j->options.n + 4);
	size_t n = 0;
	argv[n++] = path;
	argv[n++] = "--no-password";
	argv[n++] = "--encoding=utf8";
	for (size_t i = 0; i < j->options.n; i++)
		argv[n++] = str_z(j->a, j->options.v[i]);
	return argv;
}

/* Hasura v2: "error while executing pg_dump", stderr as `internal`. */
static bool failed(const pg_dump_job *j, const pg_bin_run *r, pg_bin_end end, error *err)
{
	switch (end) {
	case PG_BIN_LATE:
		return error_set(err, ERR_TIMEOUT, STR("$"),
			"pg_dump took too long and was ended: dump less at once (--schema, --table), or raise --pg-dump-timeout");
	case PG_BIN_TOO_LARGE:
		return error_set(err, ERR_TOO_LARGE, STR("$"),
			"the dump is larger than %zu bytes: dump less at once (--schema, --table), or raise --pg-dump-max-size",
			j->max_bytes);
	case PG_BIN_STOPPED: return error_set(err, ERR_UNEXPECTED, STR("$"), "the server is stopping");
	case PG_BIN_FAILED:
		(void)error_set(err, ERR_UNEXPECTED, STR("$"), "internal exception while executing pg_dump");
		err->internal = json_new_str(err->a, str_copy(err->a, str_from(strerror(r->status))));
		return false;
	case PG_BIN_DONE: break;
	}
	(void)error_set(err, ERR_UNEXPECTED, STR("$"), "error while executing pg_dump");
	err->internal = json_new_str(err->a, str_copy(err->a, buf_str(&r->said)));
	return false;
}

bool pg_dump_run(const pg_dump_job *j, buf *out, error *err)
{
	found f;
	env_list e = {.a = j->a};
	if (!find_program(j->a, j->server_version, &f, err)) return false;
	if (!env_make(j, &e, err)) {
		env_wipe(&e);
		return false;
	}
	pg_bin_run r = {.argv = arguments(j, f.path),
		.envp = e.v.v,
		.keep_fds = j->params->fds,
		.nkeep = PG_PEMS,
		.deadline_ns = j->deadline_ns,
		.max_bytes = j->max_bytes,
		.stop_fd = j->stop_fd,
		.cancel = j->cancel};
	pg_bin_end end = pg_bin_run_to_end(&r);
	env_wipe(&e);
	bool ok = end == PG_BIN_DONE && r.status == 0;
	if (ok) {
		*out = r.out;
		r.out = (buf){0};
	} else {
		(void)failed(j, &r, end, err);
	}
	buf_free(&r.out);
	buf_free(&r.said);
	return ok;
}
