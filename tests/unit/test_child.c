/* Children of a command: what they say, how they end, and what is made of PostgreSQL's words. */
#include "cli/child.h"
#include "cli/pg_programs.h"

#include "suite.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void assert_str(str got, const char *want)
{
	if (!str_eqz(got, want)) fail_msg("got \"%.*s\", want \"%s\"", STR_ARG(got), want);
}

static void assert_has(str got, const char *part)
{
	if (str_find(got, str_from(part)) == SIZE_MAX) fail_msg("\"%.*s\" lacks \"%s\"", STR_ARG(got), part);
}

static void reason_is_the_telling_line(void **state)
{
	(void)state;
	assert_str(child_reason(STR("")), "");
	assert_str(child_reason(STR("one\n\ntwo\n\n")), "two");
	assert_str(
		child_reason(STR(
			"2026 [1] LOG:  starting\n2026 [1] FATAL:  no room\n2026 [1] LOG:  database system is shut down\n")),
		"no room");
	assert_str(child_reason(STR("initdb: error: directory \"x\" exists\ninitdb: removing it")),
		"directory \"x\" exists");
}

static bool run(arena *a, const char *script, unsigned ms, child_output *out, error *err)
{
	const char *argv[] = {"/bin/sh", "-c", script, NULL};
	child_spec spec = {.argv = argv, .out = -1, .dir = "/"};
	return child_run(a, &spec, ms, out, err);
}

static void run_keeps_output_and_status(void **state)
{
	(void)state;
	arena *a = arena_new(0);
	error err;
	error_init(&err, a);
	child_output out;
	assert_true(run(a, "pwd; echo to stderr >&2; exit 7", 5000, &out, &err));
	assert_str(out.text, "/\nto stderr\n");
	assert_false(out.late);
	assert_str(child_status_text(a, out.status), "exit code 7");
	assert_true(run(a, "kill -9 $$", 5000, &out, &err));
	assert_str(child_status_text(a, out.status), "signal 9 (Killed)");
	arena_free(a);
}

static void run_keeps_the_end_of_much_output(void **state)
{
	(void)state;
	arena *a = arena_new(0);
	error err;
	error_init(&err, a);
	child_output out;
	assert_true(
		run(a, "i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done; echo end", 30000, &out, &err));
	assert_true(out.text.n <= 16 * 1024);
	assert_true(str_ends(out.text, STR("line 19999\nend\n")));
	arena_free(a);
}

static void run_ends_what_takes_too_long(void **state)
{
	(void)state;
	arena *a = arena_new(0);
	error err;
	error_init(&err, a);
	child_output out;
	assert_true(run(a, "echo begun; exec sleep 60", 300, &out, &err));
	assert_true(out.late);
	assert_str(out.text, "begun\n");
	assert_true(WIFSIGNALED(out.status));
	/* It closed its output, which is not yet an end. */
	assert_true(run(a, "exec >/dev/null 2>&1; exec sleep 60", 300, &out, &err));
	assert_true(out.late);
	arena_free(a);
}

static void exec_that_fails_is_an_error(void **state)
{
	(void)state;
	arena *a = arena_new(0);
	error err;
	error_init(&err, a);
	const char *argv[] = {"/nonexistent/program", NULL};
	child_spec spec = {.argv = argv, .out = -1};
	pid_t pid;
	assert_false(child_spawn(&spec, &pid, &err));
	assert_has(err.message, "/nonexistent/program");
	assert_has(err.message, "No such file");
	spec.dir = "/nonexistent";
	err = (error){0};
	error_init(&err, a);
	assert_false(child_spawn(&spec, &pid, &err));
	assert_has(err.message, "/nonexistent: No such file");
	arena_free(a);
}

static void child_gets_no_descriptor_and_no_mask_of_ours(void **state)
{
	(void)state;
	arena *a = arena_new(0);
	error err;
	error_init(&err, a);
	int leak = dup(STDOUT_FILENO);
	sigset_t set, old;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, &old);
	void (*before)(int) = signal(SIGPIPE, SIG_IGN);
	child_output out;
	char script[160];
	snprintf(script, sizeof script,
		"[ -e /proc/self/fd/%d ] && echo leaked; grep -E '^Sig(Blk|Ign)' /proc/self/status | tr -d '\\n'",
		leak);
	assert_true(run(a, script, 5000, &out, &err));
	assert_str(out.text, "SigBlk:\t0000000000000000SigIgn:\t0000000000000000");
	signal(SIGPIPE, before);
	sigprocmask(SIG_SETMASK, &old, NULL);
	close(leak);
	arena_free(a);
}

static void root_does_not_stay_root(void **state)
{
	(void)state;
	arena *a = arena_new(0);
	error err;
	error_init(&err, a);
	child_user user;
	assert_true(child_user_choose(a, 0, &user, &err));
	assert_int_equal(user.drop, geteuid() == 0);
	assert_int_not_equal(user.uid, 0);
	const char *argv[] = {"/bin/sh", "-c", "id -u; id -ru; id -g; id -G", NULL};
	child_spec spec = {.argv = argv, .user = &user, .out = -1, .dir = "/"};
	child_output out;
	assert_true(child_run(a, &spec, 5000, &out, &err));
	if (user.drop)
		assert_str(out.text,
			str_z(a,
				str_printf(a, "%u\n%u\n%u\n%u\n", (unsigned)user.uid, (unsigned)user.uid,
					(unsigned)user.gid, (unsigned)user.gid)));
	/* The same from within: files belong to the user, and we come back. */
	uid_t before = geteuid();
	assert_true(child_user_enter(&user, &err));
	assert_int_equal(geteuid(), user.uid);
	assert_true(child_run(a, &spec, 5000, &out, &err));
	child_user_leave(&user);
	assert_int_equal(geteuid(), before);
	arena_free(a);
}

/* A folder with a `postgres` that says `version` and an `initdb`. */
static char *fake_programs(arena *a, const char *version)
{
	char *dir = str_z(a, STR("/tmp/weir-test-XXXXXX"));
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chmod(dir, 0755), 0);
	static const char *const names[] = {"postgres", "initdb"};
	for (size_t i = 0; i < 2; i++) {
		char *path = str_z(a, str_printf(a, "%s/%s", dir, names[i]));
		FILE *f = fopen(path, "w");
		assert_non_null(f);
		fprintf(f, "#!/bin/sh\necho 'postgres (PostgreSQL) %s'\n", version);
		fclose(f);
		assert_int_equal(chmod(path, 0755), 0);
	}
	return dir;
}

static void fake_remove(arena *a, const char *dir)
{
	unlink(str_z(a, str_printf(a, "%s/postgres", dir)));
	unlink(str_z(a, str_printf(a, "%s/initdb", dir)));
	rmdir(dir);
}

static void programs_are_known_by_their_version(void **state)
{
	(void)state;
	static const struct {
		const char *says;
		int major, wanted;
		const char *version, *complaint;
	} rows[] = {
		{"15.20 (Debian 15.20-0+deb12u1)", 15, 0, "15.20", NULL},
		{"18beta1", 18, 0, "18beta1", NULL},
		{"14.2", 14, 14, "14.2", NULL},
		{"14.2", 0, 15, NULL, "made by PostgreSQL 15; installed here: 14.2"},
		{"11.3", 0, 0, NULL, "PostgreSQL 11.3 is too old"},
		{"unknown", 0, 0, NULL, "has no initdb and postgres that run"},
	};
	arena *a = arena_new(0);
	child_user us = {0};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		error err;
		error_init(&err, a);
		char *dir = fake_programs(a, rows[i].says);
		pg_programs p;
		bool ok = pg_programs_find(a, dir, rows[i].wanted, &us, &p, &err);
		assert_int_equal(ok, rows[i].complaint == NULL);
		if (ok) {
			assert_int_equal(p.major, rows[i].major);
			assert_str(p.version, rows[i].version);
		} else {
			assert_has(err.message, rows[i].complaint);
		}
		fake_remove(a, dir);
	}
	arena_free(a);
}

static void programs_get_no_variable_of_ours(void **state)
{
	(void)state;
	arena *a = arena_new(0);
	setenv("PGHOST", "elsewhere", 1);
	setenv("HASURA_GRAPHQL_ADMIN_SECRET", "hidden", 1);
	bool path = false;
	for (const char *const *e = pg_programs_env(a); *e; e++) {
		assert_false(str_starts(str_from(*e), STR("PG")));
		assert_false(str_starts(str_from(*e), STR("HASURA")));
		path = path || str_starts(str_from(*e), STR("PATH="));
	}
	assert_true(path);
	unsetenv("PGHOST");
	unsetenv("HASURA_GRAPHQL_ADMIN_SECRET");
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reason_is_the_telling_line),
		cmocka_unit_test(run_keeps_output_and_status),
		cmocka_unit_test(run_keeps_the_end_of_much_output),
		cmocka_unit_test(run_ends_what_takes_too_long),
		cmocka_unit_test(exec_that_fails_is_an_error),
		cmocka_unit_test(child_gets_no_descriptor_and_no_mask_of_ours),
		cmocka_unit_test(root_does_not_stay_root),
		cmocka_unit_test(programs_are_known_by_their_version),
		cmocka_unit_test(programs_get_no_variable_of_ours),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
