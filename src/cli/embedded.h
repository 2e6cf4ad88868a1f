/*
 * embedded: a private PostgreSQL cluster of Weir's own, for `weir demo` and `weir serve --embedded [DIR]`.
 *
 * DIR holds pg/ (the cluster), socket (a directory, or a link to a short one), url (while it runs), postgresql.log and
 * weir-cluster (marks DIR as ours; locked by the Weir that uses it). PostgreSQL listens on a Unix socket only, inside a
 * directory only its owner and root can enter. As root the cluster belongs to and runs as an unprivileged user: the owner
 * of DIR if that is not root, else postgres, else nobody.
 *
 * Threads: call from the main thread, before others are started (it forks, and the cluster stops when the thread that
 * started it ends). One owner; everything lives in the embedded's own arena until embedded_stop.
 */
#pragma once
#include "base/error.h"
#include <sys/types.h>

#define EMBEDDED_DEFAULT_DIR "./weir-data"
#define EMBEDDED_DATABASE "weir"

typedef struct embedded embedded;

typedef struct embedded_options {
	const char *pg_bin;        /* folder of initdb and postgres; NULL: $WEIR_PG_BIN, the usual places, $PATH */
	unsigned start_timeout_ms; /* how long the cluster may take until it answers; 0: 60 s */
} embedded_options;

/*
 * Makes the cluster in dir when there is none (initdb, database `weir`), starts it and returns when it takes connections.
 * dir NULL: EMBEDDED_DEFAULT_DIR. opt NULL: defaults. *out belongs to the caller, who ends it with embedded_stop.
 * Errors (ERR_START_FAILED, saying what is wrong, where, and what to do): PostgreSQL not found or of another version than
 * the cluster, dir not empty and not ours, in use by a live process (named), not writable or not reachable by the user
 * the cluster runs as, PostgreSQL's own reason from its log. Nothing is left running after an error.
 */
bool embedded_start(const char *dir, const embedded_options *opt, embedded **out, error *err) MUST_CHECK;

/* "postgresql://weir@/weir?host=...&port=..." of the running cluster; lives as long as e. Holds no secret. */
str embedded_url(const embedded *e);

/* Process id of the postmaster. */
pid_t embedded_pid(const embedded *e);

/* False once the cluster has ended by itself. Cheap: one system call. */
bool embedded_running(embedded *e);

/*
 * Fast shutdown (open transactions are rolled back), waits for the end, then frees e. NULL is fine.
 * A cluster that does not stop within 30 s is stopped the hard way: PostgreSQL repairs itself at the next start.
 */
void embedded_stop(embedded *e);
