/* The end of a process whose helper threads still work. */
#include "suite.h"

#include "pg/pg_thread.h"
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int out;

static void say(const char *word)
{
	if (write(out, word, strlen(word)) < 0) abort();
}

/* Stands for a library's destructor: registered before the first helper, so it runs after what the helpers registered. */
static void destructor(void)
{
	say("destructor ");
}

static void slow(void *arg)
{
	(void)arg;
	usleep(200 * 1000);
	say("helper ");
}

static void hung(void *arg)
{
	(void)arg;
	for (;;)
		pause();
}

static void quick(void *arg)
{
	*(volatile int *)arg = 1;
}

/* A child that starts helpers and exits with 3; returns what it said. */
static const char *life_of(void (*helper)(void *), int *status)
{
	static char text[64];
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	if (child == 0) {
		out = ends[1];
		atexit(destructor);
		exit(pg_thread_start(helper, NULL) && pg_thread_start(helper, NULL) ? 3 : 4);
	}
	close(ends[1]);
	size_t n = 0;
	for (ssize_t got; (got = read(ends[0], text + n, sizeof(text) - 1 - n)) > 0;)
		n += (size_t)got;
	text[n] = '\0';
	close(ends[0]);
	assert_int_equal(waitpid(child, status, 0), child);
	return text;
}

static void test_exit_waits_for_helpers(void **state)
{
	int status;
	(void)state;
	assert_string_equal(life_of(slow, &status), "helper helper destructor ");
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 3);
}

static void test_exit_without_destructors_beside_one_that_hangs(void **state)
{
	int status;
	(void)state;
	assert_string_equal(life_of(hung, &status), "");
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 3);
}

/* Threads that ended are joined by those that come after: 2,000 of them need neither stacks nor ids for all. */
static void test_many_one_after_the_other(void **state)
{
	(void)state;
	for (int i = 0; i < 2000; i++) {
		volatile int done = 0;
		assert_true(pg_thread_start(quick, (void *)&done));
		while (!done)
			usleep(10);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exit_waits_for_helpers),
		cmocka_unit_test(test_exit_without_destructors_beside_one_that_hangs),
		cmocka_unit_test(test_many_one_after_the_other),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
