/*
 * child: programs started by a command (PostgreSQL's own, the example's set-up), and the user they run as.
 * Threads: the main thread only, before others are started; children end with the thread that started them.
 */
#pragma once
#include "base/error.h"
#include <sys/types.h>

/* Whom a child and the files made for it belong to. drop false: whoever we are. */
typedef struct child_user {
	bool drop; /* we are root and must not be */
	uid_t uid;
	gid_t gid;
	str name; /* for messages */
} child_user;

typedef struct child_spec {
	const char *const *argv; /* argv[0] is the path; NULL ends it */
	const char *const *envp; /* NULL: our own environment */
	const char *dir;         /* working directory; NULL: ours */
	const child_user *user;  /* NULL: we */
	int out;                 /* stdout and stderr; -1: ours. stdin is /dev/null either way */
	int death_signal;        /* sent to the child when we die, however we die; 0: none */
	bool session;            /* away from our terminal: Ctrl-C there does not reach it */
} child_spec;

typedef struct child_output {
	int status; /* as waitpid gives it */
	bool late;  /* did not end in time and was killed */
	str text;   /* the last 16 KB of stdout and stderr, in the arena */
} child_output;

/*
 * The user for PostgreSQL's programs and files. Not root: drop = false. Root: the owner uid when that is not 0, else
 * postgres, else nobody; false with ERR_START_FAILED when there is neither. Text lives in a.
 */
bool child_user_choose(arena *a, uid_t owner, child_user *out, error *err) MUST_CHECK;

/* From here on this process touches files as user does, until child_user_leave. Nothing to do without drop. */
bool child_user_enter(const child_user *user, error *err) MUST_CHECK;
void child_user_leave(const child_user *user);

/* Starts a child; false with the reason when it could not be started, a failing exec included. */
bool child_spawn(const child_spec *spec, pid_t *out, error *err) MUST_CHECK;

/* Runs a child to its end, at most timeout_ms, and keeps what it printed. spec->out is not used. */
bool child_run(arena *a, const child_spec *spec, unsigned timeout_ms, child_output *out, error *err) MUST_CHECK;

/* True when the child has ended (status filled), false when it still runs after timeout_ms (0: just looks). */
bool child_wait(pid_t pid, unsigned timeout_ms, int *status);

/* "exit code 1" or "signal 9 (Killed)". */
str child_status_text(arena *a, int status);

/*
 * The line of a program's output that says what went wrong: the last one with FATAL, PANIC or ` error: `, else the last
 * one that is not empty; without a time stamp and level in front. A slice of text.
 */
str child_reason(str text);
