#include "cli/child.h"

#include "base/buf.h"
#include "base/clock.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { OUTPUT_KEEP = 16 * 1024 };

static const char *const drop_to[] = {"postgres", "nobody"};

bool child_user_choose(arena *a, uid_t owner, child_user *out, error *err)
{
	*out = (child_user){.drop = geteuid() == 0, .uid = geteuid(), .gid = getegid()};
	struct passwd *found = NULL;
	if (!out->drop) {
		found = getpwuid(out->uid);
	} else if (owner) {
		found = getpwuid(owner);
		if (!found) return error_set(err, ERR_START_FAILED, STR_NULL, "no user has the id %u", (unsigned)owner);
	} else {
		for (size_t i = 0; !found && i < sizeof drop_to / sizeof *drop_to; i++)
			found = getpwnam(drop_to[i]);
		if (!found || found->pw_uid == 0)
			return error_set(err, ERR_START_FAILED, STR_NULL,
				"PostgreSQL does not run as root, and this system has neither a user postgres nor "
				"nobody to run it as: start Weir as an ordinary user");
	}
	out->name = found ? str_copy(a, str_from(found->pw_name)) : str_printf(a, "%u", (unsigned)out->uid);
	if (!out->drop) return true;
	assert(found);
	out->uid = found->pw_uid;
	out->gid = found->pw_gid;
	return true;
}

bool child_user_enter(const child_user *user, error *err)
{
	if (!user->drop) return true;
	if (setgroups(0, NULL) == 0 && setegid(user->gid) == 0 && seteuid(user->uid) == 0) return true;
	int why = errno;
	child_user_leave(user);
	return error_set(
		err, ERR_START_FAILED, STR_NULL, "cannot become the user %.*s: %s", STR_ARG(user->name), strerror(why));
}

/* Root starts with the groups of root's own session; only its id is needed afterwards, so the list stays empty. */
void child_user_leave(const child_user *user)
{
	if (!user->drop) return;
	if (seteuid(0) != 0 || setegid(getgid()) != 0) _exit(70); /* half an identity is worse than none */
}

/* Between fork and exec: system calls only. Returns only when something failed. */
static const char *become(const child_spec *s, pid_t parent)
{
	const child_user *u = s->user;
	if (s->session && setsid() < 0) return "setsid";
	if (u && u->drop) {
		if (seteuid(0) != 0 || setgroups(0, NULL) != 0 || setresgid(u->gid, u->gid, u->gid) != 0 ||
			setresuid(u->uid, u->uid, u->uid) != 0)
			return "changing the user";
	}
	/* After the user: changing it forgets the death signal. A parent that died before this line sent none. */
	if (s->death_signal && (prctl(PR_SET_PDEATHSIG, s->death_signal) != 0 || getppid() != parent)) _exit(1);
	if (s->dir && chdir(s->dir) != 0) return s->dir;
	int null = open("/dev/null", O_RDONLY);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0) return "/dev/null";
	if (s->out >= 0 && (dup2(s->out, STDOUT_FILENO) < 0 || dup2(s->out, STDERR_FILENO) < 0)) return "the output";
	if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) != 0) return "close_range";
	for (int sig = 1; sig < NSIG; sig++)
		if (sig != SIGKILL && sig != SIGSTOP) signal(sig, SIG_DFL);
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execve(s->argv[0], (char *const *)s->argv, s->envp ? (char *const *)s->envp : environ);
	return s->argv[0];
}

typedef struct failure {
	int number;
	char what[256];
} failure;

static void child_main(const child_spec *s, pid_t parent, int report)
{
	failure f = {0};
	const char *what = become(s, parent);
	f.number = errno;
	memcpy(f.what, what, strnlen(what, sizeof f.what - 1));
	ssize_t ignored = write(report, &f, sizeof f);
	_exit(ignored == (ssize_t)sizeof f ? 127 : 126);
}

bool child_spawn(const child_spec *spec, pid_t *out, error *err)
{
	int report[2];
	if (pipe2(report, O_CLOEXEC) != 0)
		return error_set(
			err, ERR_START_FAILED, STR_NULL, "cannot start %s: %s", spec->argv[0], strerror(errno));
	pid_t parent = getpid();
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0) child_main(spec, parent, report[1]);
	int why = errno;
	close(report[1]);
	failure f = {0};
	ssize_t n = 0;
	if (pid > 0) {
		do
			n = read(report[0], &f, sizeof f);
		while (n < 0 && errno == EINTR);
	}
	close(report[0]);
	if (pid < 0)
		return error_set(err, ERR_START_FAILED, STR_NULL, "cannot start %s: %s", spec->argv[0], strerror(why));
	if (n != (ssize_t)sizeof f) {
		*out = pid;
		return true;
	}
	int status;
	child_wait(pid, 1000, &status);
	return error_set(
		err, ERR_START_FAILED, STR_NULL, "cannot start %s: %s: %s", spec->argv[0], f.what, strerror(f.number));
}

static void sleep_ms(unsigned ms)
{
	struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
	nanosleep(&t, NULL);
}

bool child_wait(pid_t pid, unsigned timeout_ms, int *status)
{
	uint64_t end = clock_mono_ns() + (uint64_t)timeout_ms * 1000000;
	for (;;) {
		pid_t got = waitpid(pid, status, WNOHANG);
		if (got == pid) return true;
		if (got < 0 && errno == ECHILD) {
			*status = 0; /* reaped elsewhere: it is gone, which is what was asked */
			return true;
		}
		if (clock_mono_ns() >= end) return false;
		sleep_ms(2);
	}
}

/* Reads until the child closes its output or time is up; keeps the end of what it said. */
static bool drain(int fd, uint64_t end, buf *b)
{
	char chunk[4096];
	for (;;) {
		uint64_t now = clock_mono_ns();
		if (now >= end) return false;
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int ready = poll(&p, 1, (int)((end - now) / 1000000 + 1));
		if (ready < 0 && errno != EINTR) return false;
		if (ready <= 0) continue;
		ssize_t n = read(fd, chunk, sizeof chunk);
		if (n == 0) return true;
		if (n < 0) {
			if (errno == EINTR) continue;
			return true;
		}
		buf_put(b, str_make(chunk, (size_t)n));
		if (b->n <= 2 * OUTPUT_KEEP) continue;
		memmove(b->p, b->p + b->n - OUTPUT_KEEP, OUTPUT_KEEP);
		b->n = OUTPUT_KEEP;
	}
}

bool child_run(arena *a, const child_spec *spec, unsigned timeout_ms, child_output *out, error *err)
{
	*out = (child_output){0};
	int fd[2];
	if (pipe2(fd, O_CLOEXEC) != 0)
		return error_set(
			err, ERR_START_FAILED, STR_NULL, "cannot start %s: %s", spec->argv[0], strerror(errno));
	child_spec own = *spec;
	own.out = fd[1];
	pid_t pid = 0;
	bool started = child_spawn(&own, &pid, err);
	close(fd[1]);
	if (!started) {
		close(fd[0]);
		return false;
	}
	uint64_t end = clock_mono_ns() + (uint64_t)timeout_ms * 1000000;
	buf b = {0};
	out->late = !drain(fd[0], end, &b);
	close(fd[0]);
	/* It closed its output: a last second to end in, whatever the clock says. */
	if (out->late || !child_wait(pid, 1000, &out->status)) {
		out->late = true;
		kill(pid, SIGKILL);
		child_wait(pid, 5000, &out->status);
	}
	size_t from = b.n > OUTPUT_KEEP ? b.n - OUTPUT_KEEP : 0;
	out->text = str_copy(a, str_from_at(buf_str(&b), from));
	buf_free(&b);
	return true;
}

str child_status_text(arena *a, int status)
{
	if (WIFSIGNALED(status)) return str_printf(a, "signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
	return str_printf(a, "exit code %d", WEXITSTATUS(status));
}

str child_reason(str text)
{
	static const char *const marks[] = {"FATAL: ", "PANIC: ", " error: "};
	str told = STR_NULL, last = STR_NULL;
	while (text.n) {
		size_t n = str_find_char(text, '\n');
		str line = str_trim(str_sub(text, 0, n == SIZE_MAX ? text.n : n));
		text = n == SIZE_MAX ? STR_NULL : str_from_at(text, n + 1);
		if (line.n) last = line;
		for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
			size_t at = str_find(line, str_from(marks[i]));
			if (at != SIZE_MAX) told = str_trim(str_from_at(line, at + strlen(marks[i])));
		}
	}
	return told.n ? told : last;
}
