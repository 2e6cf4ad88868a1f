/*
 * embedded_tool DIR: starts the embedded cluster, prints "URL <url>" and "PID <postmaster>", waits for SIGTERM or SIGINT, stops it.
 * Exit status 1: it did not start (the reason on stderr); 2: the cluster ended by itself.
 */
#include "cli/embedded.h"

#include <signal.h>
#include <stdio.h>
#include <time.h>

int main(int argc, char **argv)
{
	arena *a = arena_new(0);
	error err;
	error_init(&err, a);
	embedded *e = NULL;
	sigset_t wait;
	sigemptyset(&wait);
	sigaddset(&wait, SIGTERM);
	sigaddset(&wait, SIGINT);
	sigprocmask(SIG_BLOCK, &wait, NULL);
	if (!embedded_start(argc > 1 ? argv[1] : NULL, NULL, &e, &err)) {
		fprintf(stderr, "%.*s\n", STR_ARG(err.message));
		arena_free(a);
		return 1;
	}
	str url = embedded_url(e);
	printf("URL %.*s\nPID %d\n", STR_ARG(url), (int)embedded_pid(e));
	fflush(stdout);
	const struct timespec tick = {.tv_nsec = 20000000};
	while (embedded_running(e) && sigtimedwait(&wait, NULL, &tick) < 0) {
	}
	int status = embedded_running(e) ? 0 : 2;
	embedded_stop(e);
	arena_free(a);
	return status;
}
