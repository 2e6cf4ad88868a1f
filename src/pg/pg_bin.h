/*
 * pg_bin: where PostgreSQL's own programs lie, and running one of them to its end. Any thread; blocks.
 */
#pragma once
#include "base/buf.h"
#include "base/error.h"
#include "base/vec.h"
#include <stdatomic.h>

/* Folders with programs of PostgreSQL, those of packages first; texts in a. */
void pg_bin_folders(arena *a, str_vec *out);
/* dir/name when it is a program we may run, else NULL. */
const char *pg_bin_program(arena *a, str dir, const char *name);
/* The program of PATH, or NULL. */
const char *pg_bin_in_path(arena *a, const char *name);

/* Why a program's run ended. */
typedef enum pg_bin_end {
	PG_BIN_DONE,      /* by itself: status */
	PG_BIN_LATE,      /* past the deadline */
	PG_BIN_TOO_LARGE, /* more than max_bytes */
	PG_BIN_STOPPED,   /* stop_fd became readable, or cancel was set */
	PG_BIN_FAILED,    /* could not be started: errno in status */
} pg_bin_end;

typedef struct pg_bin_run {
	const char *const *argv; /* argv[0] is the path; NULL ends it */
	const char *const *envp;
	const int *keep_fds; /* it keeps these files open under the same numbers; -1: none */
	size_t nkeep;
	uint64_t deadline_ns;      /* 0: none */
	size_t max_bytes;          /* 0: none */
	int stop_fd;               /* -1: none */
	const atomic_bool *cancel; /* looked at four times a second; NULL: none */
	/* results */
	int status; /* as waitpid gives it */
	buf out;    /* stdout; the caller frees it */
	buf said;   /* the end of stderr, 16 KB at most; the caller frees it */
} pg_bin_run;

/* Runs to the end, or ends it with SIGKILL. stdin is /dev/null. */
pg_bin_end pg_bin_run_to_end(pg_bin_run *r);
