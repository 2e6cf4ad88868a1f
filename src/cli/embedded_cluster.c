#include "cli/embedded_in.h"

#include "base/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { INIT_MS = 300 * 1000, TOOL_MS = 60 * 1000 };

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
			nftw(embedded_text(e->a, "%s/%s", e->dir, entry->d_name), remove_one, 16, FTW_DEPTH | FTW_PHYS);
	if (d) closedir(d);
}

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
	const char *fresh = embedded_text(e->a, "%s/pg.new.%d", e->dir, (int)getpid());
	const char *argv[] = {e->programs.initdb, "-D", fresh, "-U", EMBEDDED_ROLE, "-A", "trust", "-E", "UTF8",
		"--no-sync", embedded_text(e->a, "--locale=%s", pg_programs_locale()), NULL};
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
	const char *conf = embedded_text(e->a, "%s/postgresql.conf", fresh);
	if (!embedded_file_write(conf, conf_text, O_APPEND, err)) return false;
	if (e->programs.major >= 13 && !embedded_file_write(conf, conf_text_13, O_APPEND, err)) return false;
	if (!embedded_file_write(embedded_text(e->a, "%s/pg_hba.conf", fresh), hba_text, O_TRUNC, err)) return false;
	/* One call instead of initdb's fsync of a thousand files. */
	if (syncfs(e->lock) != 0 || rename(fresh, e->pg) != 0)
		return FAIL(err, "cannot finish the cluster in %s: %s", e->dir, strerror(errno));
	e->has_database = false;
	return embedded_marker_write(e, err);
}

bool embedded_cluster_prepare(embedded *e, const char *bin, error *err)
{
	char text[16];
	struct stat st;
	bool there = lstat(e->pg, &st) == 0;
	uint64_t major = 0;
	if (there) {
		str version =
			str_trim(embedded_file_read(embedded_text(e->a, "%s/PG_VERSION", e->pg), 0, text, sizeof text));
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

bool embedded_database_make(embedded *e, error *err)
{
	if (e->has_database) return true;
	if (!e->programs.createdb)
		return FAIL(err,
			"createdb is not installed: install PostgreSQL's client programs "
			"(Debian: apt install postgresql-client)");
	const char *argv[] = {e->programs.createdb, "-h", e->sockets, "-p", EMBEDDED_PORT, "-U", EMBEDDED_ROLE, "-w",
		EMBEDDED_DATABASE, NULL};
	child_output said;
	if (!run_program(e, argv, e->dir, TOOL_MS, &said, err)) return false;
	/* "already exists": made by a start that was cut off before it could note it. */
	if (said.status != 0 && str_find(said.text, STR("already exists")) == SIZE_MAX)
		return FAIL(err, "cannot make the database " EMBEDDED_DATABASE ": %.*s (PostgreSQL's log: %s)",
			STR_ARG(child_reason(said.text)), e->log);
	e->has_database = true;
	return embedded_marker_write(e, err);
}
