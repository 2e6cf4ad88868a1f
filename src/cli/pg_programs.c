#include "cli/pg_programs.h"

#include "pg/pg_bin.h"

#include <limits.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *pg_programs_locale(void)
{
	locale_t l = newlocale(LC_ALL_MASK, "C.UTF-8", (locale_t)0);
	if (!l) return "C";
	freelocale(l);
	return "C.UTF-8";
}

const char *const *pg_programs_env(arena *a)
{
	static const char *const keep[] = {"PATH", "TZ", "LD_LIBRARY_PATH"};
	enum { KEEP = sizeof keep / sizeof *keep };
	const char **env = NEW_ARRAY(a, const char *, KEEP + 2);
	size_t n = 0;
	for (size_t i = 0; i < KEEP; i++) {
		const char *value = getenv(keep[i]);
		if (value) env[n++] = str_z(a, str_printf(a, "%s=%s", keep[i], value));
	}
	env[n] = str_z(a, str_printf(a, "LC_ALL=%s", pg_programs_locale()));
	return env;
}

/* "postgres (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)", "postgres (PostgreSQL) 18beta1". */
static bool parse_version(arena *a, str text, pg_programs *p)
{
	str mark = STR("(PostgreSQL) ");
	size_t at = str_find(text, mark);
	if (at == SIZE_MAX) return false;
	str rest = str_trim(str_from_at(text, at + mark.n));
	size_t n = 0, digits = 0;
	while (n < rest.n && rest.p[n] > ' ')
		n++;
	while (digits < n && digits < 3 && rest.p[digits] >= '0' && rest.p[digits] <= '9')
		digits++;
	if (!digits) return false;
	p->major = 0;
	for (size_t i = 0; i < digits; i++)
		p->major = p->major * 10 + (rest.p[i] - '0');
	p->version = str_copy(a, str_sub(rest, 0, n));
	return true;
}

/* What dir offers; false: not a set of server programs. */
static bool look_in(arena *a, str dir, const child_user *user, pg_programs *p)
{
	*p = (pg_programs){.initdb = pg_bin_program(a, dir, "initdb"), .postgres = pg_bin_program(a, dir, "postgres")};
	if (!p->initdb || !p->postgres) return false;
	const char *argv[] = {p->postgres, "--version", NULL};
	child_spec spec = {.argv = argv, .envp = pg_programs_env(a), .dir = "/", .user = user, .out = -1};
	child_output said;
	error ignored;
	error_init(&ignored, a);
	if (!child_run(a, &spec, 30000, &said, &ignored) || said.status != 0) return false;
	p->createdb = pg_bin_program(a, dir, "createdb");
	if (!p->createdb) p->createdb = pg_bin_in_path(a, "createdb");
	return parse_version(a, said.text, p);
}

static void list_usual(arena *a, str_vec *dirs)
{
	pg_bin_folders(a, dirs);
	const char *initdb = pg_bin_in_path(a, "initdb");
	if (!initdb) return;
	/* A link in /usr/bin leads to the folder that has the others too. */
	char real[PATH_MAX];
	str dir = str_copy(a, str_from(realpath(initdb, real) ? real : initdb));
	while (dir.n && dir.p[dir.n - 1] != '/')
		dir.n--;
	vec_push(a, dirs, str_sub(dir, 0, dir.n ? dir.n - 1 : 0));
}

bool pg_programs_find(arena *a, const char *bin, int major, const child_user *user, pg_programs *out, error *err)
{
	if (!bin) bin = getenv("WEIR_PG_BIN");
	if (bin && !*bin) bin = NULL;
	str_vec dirs = {0};
	if (bin) vec_push(a, &dirs, str_from(bin));
	else list_usual(a, &dirs);

	str seen = STR_NULL;
	*out = (pg_programs){0};
	for (size_t i = 0; i < dirs.n; i++) {
		pg_programs p;
		if (!look_in(a, dirs.v[i], user, &p)) continue;
		seen = seen.n ? str_printf(a, "%.*s, %.*s", STR_ARG(seen), STR_ARG(p.version)) : p.version;
		if (major ? p.major == major : p.major > out->major) *out = p;
	}
	if (!seen.n && bin)
		return error_set(err, ERR_START_FAILED, STR_NULL,
			"WEIR_PG_BIN is %s, which has no initdb and postgres that run: name the folder of "
			"PostgreSQL's server programs, such as /usr/lib/postgresql/15/bin",
			bin);
	if (!seen.n)
		return error_set(err, ERR_START_FAILED, STR_NULL,
			"PostgreSQL is not installed (looked for initdb and postgres in /usr/lib/postgresql/*/bin "
			"and PATH): install it (Debian: apt install postgresql), or name its folder in WEIR_PG_BIN, "
			"or use a database you have with --database-url");
	if (major && !out->postgres)
		return error_set(err, ERR_START_FAILED, STR_NULL,
			"the cluster was made by PostgreSQL %d; installed here: %.*s", major, STR_ARG(seen));
	if (out->major < PG_PROGRAMS_OLDEST)
		return error_set(err, ERR_START_FAILED, STR_NULL, "PostgreSQL %.*s is too old: Weir needs %d or later",
			STR_ARG(out->version), PG_PROGRAMS_OLDEST);
	return true;
}
