/* pg_programs: where PostgreSQL's server programs are on this machine. Main thread only. */
#pragma once
#include "cli/child.h"

/* Weir serves PostgreSQL 12 and later. */
enum { PG_PROGRAMS_OLDEST = 12 };

typedef struct pg_programs {
	const char *initdb;
	const char *postgres;
	const char *createdb; /* NULL: not installed (Debian: package postgresql-client-N) */
	int major;
	str version; /* "15.20" */
} pg_programs;

/*
 * Finds them in bin (or $WEIR_PG_BIN, when bin is NULL), else in the folders of Debian's, Red Hat's and PostgreSQL's own
 * packages and in $PATH. major 0: the newest; else that version, since a cluster is read by the version that made it only.
 * Runs `postgres --version` of each candidate, as user. Errors: ERR_START_FAILED: nothing found, or not that version.
 * Text lives in a.
 */
bool pg_programs_find(arena *a, const char *bin, int major, const child_user *user, pg_programs *out, error *err)
	MUST_CHECK;

/*
 * The environment for PostgreSQL's programs: PATH, a C.UTF-8 locale, TZ; no PG* variable of the user's, which would
 * point them elsewhere, and nothing else of ours, which may be secret. NULL-terminated, in a.
 */
const char *const *pg_programs_env(arena *a);

/* "C.UTF-8", or "C" where the system lacks it. */
const char *pg_programs_locale(void);
