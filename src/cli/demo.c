#include "cli/demo.h"

#include "cli/api_call.h"
#include "cli/child.h"
#include "cli/embedded.h"
#include "cli/options.h"
#include "cli/track_all.h"

#include "base/clock.h"
#include "base/vec.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROOT_DIR "/var/lib/weir-data"

enum { READY_MS = 60 * 1000, SERVE_STOP_MS = 70 * 1000 };

typedef struct demo {
	arena *a;
	options opt;
	char exe[PATH_MAX];
	sigset_t signals; /* blocked from the start, taken by sigtimedwait */
	bool asked_to_end;
	embedded *cluster;
	pid_t server; /* 0: not running */
	api_target api;
} demo;

static const char help_text[] =
	"weir demo [--track-all] [--embedded DIR] [options of `weir serve`]\n"
	"\n"
	"Starts a private PostgreSQL in ./weir-data, fills it with the Django blog of examples/django-blog (needs Django:\n"
	"apt install python3-django python3-psycopg2), serves it and says what to try. Ctrl-C stops all of it; the next\n"
	"start finds the data again. rm -r weir-data removes it.\n"
	"\n"
	"  --track-all      track every table and the relationships its foreign keys suggest\n"
	"  --log-level info log every request, not only what goes wrong\n"
	"  --embedded DIR   keep the cluster in DIR instead of ./weir-data (root in a folder of root's alone: /var/lib/weir-data)\n"
	"  WEIR_EXAMPLES    folder of the examples, when they are not beside the program\n"
	"  WEIR_PG_BIN      folder of PostgreSQL's server programs, when they are not in the usual place\n";

/*
 * PostgreSQL does not run as root, and the user it runs as cannot pass through root's own home: a clone made there keeps
 * its data where services keep theirs.
 */
static bool dir_choose(demo *d, error *err)
{
	char here[PATH_MAX];
	child_user user;
	if (d->opt.embedded_dir.n) return true;
	d->opt.embedded_dir = STR(EMBEDDED_DEFAULT_DIR);
	if (geteuid() != 0 || access(EMBEDDED_DEFAULT_DIR, F_OK) == 0 || !getcwd(here, sizeof here)) return true;
	if (!child_user_choose(d->a, 0, &user, err) || !child_user_enter(&user, err)) return false;
	bool reached = faccessat(AT_FDCWD, here, X_OK, AT_EACCESS) == 0;
	child_user_leave(&user);
	if (reached) return true;
	d->opt.embedded_dir = STR(ROOT_DIR);
	printf("The data is kept in " ROOT_DIR ": the user PostgreSQL runs as cannot enter %s.\n", here);
	return true;
}

/* Has Ctrl-C or SIGTERM come? Waits for one at most `ms`. */
static bool ended(demo *d, unsigned ms)
{
	struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
	if (!d->asked_to_end) d->asked_to_end = sigtimedwait(&d->signals, NULL, &t) > 0;
	return d->asked_to_end;
}

/* ---- the example ---- */

static const char *setup_below(arena *a, str folder)
{
	char real[PATH_MAX];
	const char *path = str_z(a, str_printf(a, "%.*s/django-blog/setup", STR_ARG(folder)));
	return realpath(path, real) && access(real, X_OK) == 0 ? str_z(a, str_from(real)) : NULL;
}

/* In a source tree the program is in build/, installed it is in bin/. */
static const char *setup_find(demo *d, error *err)
{
	static const char *const beside[] = {"../examples", "../share/weir/examples", "examples"};
	const char *given = getenv("WEIR_EXAMPLES");
	if (given && *given) {
		const char *path = setup_below(d->a, str_from(given));
		if (!path)
			error_set(err, ERR_START_FAILED, STR_NULL,
				"WEIR_EXAMPLES is %s, which has no django-blog/setup", given);
		return path;
	}
	str dir = str_from(d->exe);
	while (dir.n && dir.p[dir.n - 1] != '/')
		dir.n--;
	for (size_t i = 0; i < sizeof beside / sizeof *beside; i++) {
		const char *path = setup_below(d->a, str_printf(d->a, "%.*s%s", STR_ARG(dir), beside[i]));
		if (path) return path;
	}
	error_set(err, ERR_START_FAILED, STR_NULL,
		"the example is not beside the program: set WEIR_EXAMPLES to the folder examples of Weir's sources");
	return NULL;
}

static bool starts_with_one_of(const char *entry, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strncmp(entry, names[i], strlen(names[i])) == 0) return true;
	return false;
}

/* Our environment with one variable set, without those that would name other databases. */
static const char *const *environment(demo *d, const char *name)
{
	static const char *const drop[] = {"DATABASE_URL=", "HASURA_GRAPHQL_DATABASE_URL=", "WEIR_DATABASE_URL=",
		"HASURA_GRAPHQL_METADATA_DATABASE_URL=", "WEIR_METADATA_DATABASE_URL=", "WEIR_EMBEDDED=",
		"WEIR_TRACK_ALL=", "WEIR_EXAMPLES=", "PGHOST=", "PGHOSTADDR=", "PGPORT=", "PGUSER=", "PGDATABASE=",
		"PGSERVICE=", "PGOPTIONS=", "PGSSLMODE="};
	VEC(const char *) env = {0};
	for (char **e = environ; *e; e++)
		if (!starts_with_one_of(*e, drop, sizeof drop / sizeof *drop)) vec_push(d->a, &env, *e);
	vec_push(d->a, &env, str_z(d->a, str_printf(d->a, "%s=%.*s", name, STR_ARG(embedded_url(d->cluster)))));
	vec_push(d->a, &env, NULL);
	return env.v;
}

/* Migrates and fills: quick and without effect when all is there, so it runs every time. */
static bool setup_run(demo *d, error *err)
{
	pid_t pid;
	int status = 0;
	const char *path = setup_find(d, err);
	if (!path) return false;
	const char *argv[] = {path, NULL};
	child_spec spec = {.argv = argv,
		.envp = environment(d, "DATABASE_URL"),
		.out = -1,
		.death_signal = SIGTERM,
		.session = true};
	printf("The Django blog: tables and rows...\n");
	if (!child_spawn(&spec, &pid, err)) return false;
	while (!child_wait(pid, 0, &status)) {
		if (!ended(d, 20)) continue;
		kill(-pid, SIGTERM);
		if (!child_wait(pid, 5000, &status)) {
			kill(-pid, SIGKILL);
			child_wait(pid, 1000, &status);
		}
		return true;
	}
	if (status == 0) return true;
	return error_set(err, ERR_START_FAILED, STR_NULL, "the example's set-up failed (%s, %.*s)", path,
		STR_ARG(child_status_text(d->a, status)));
}

/* ---- the server ---- */

/* The command line of the server: ours without what is the demo's. */
static const char *const *server_argv(demo *d, int argc, char **argv)
{
	const char *command = options_command(argc - 1, argv + 1);
	VEC(const char *) out = {0};
	vec_push(d->a, &out, d->exe);
	vec_push(d->a, &out, "serve");
	vec_push(d->a, &out, "--enable-console"); /* a demo is to be looked at */
	/* A line for each request would push what there is to try out of sight. One in argv comes later and wins. */
	if (!getenv("HASURA_GRAPHQL_LOG_LEVEL") && !getenv("WEIR_LOG_LEVEL")) vec_push(d->a, &out, "--log-level=warn");
	for (int i = 1; i < argc; i++) {
		if (argv[i] == command || strcmp(argv[i], "--track-all") == 0) continue;
		if (strncmp(argv[i], "--embedded=", strlen("--embedded=")) == 0) continue;
		if (strcmp(argv[i], "--embedded") == 0) {
			bool dir = i + 1 < argc && argv[i + 1] != command && str_eqz(d->opt.embedded_dir, argv[i + 1]);
			i += dir;
			continue;
		}
		vec_push(d->a, &out, argv[i]);
	}
	vec_push(d->a, &out, NULL);
	return out.v;
}

static bool server_start(demo *d, int argc, char **argv, error *err)
{
	long status;
	str answer;
	error unreachable;
	error_init(&unreachable, d->a);
	/* Else its answers, and our calls, would be taken for those of our server. */
	if (api_call(d->a, &d->api, "/healthz", NULL, &status, &answer, &unreachable))
		return error_set(err, ERR_START_FAILED, STR_NULL,
			"another program answers on %.*s: stop it, or choose another port with --server-port",
			STR_ARG(d->api.url));
	/* A session of its own: Ctrl-C reaches us alone, and the server gets one SIGTERM. */
	child_spec spec = {.argv = server_argv(d, argc, argv),
		.envp = environment(d, "HASURA_GRAPHQL_DATABASE_URL"),
		.out = -1,
		.death_signal = SIGTERM,
		.session = true};
	if (!child_spawn(&spec, &d->server, err)) {
		d->server = 0;
		return false;
	}
	return true;
}

/* True while the server runs; a server or cluster that ended by itself is an error. */
static bool server_lives(demo *d, error *err)
{
	int status;
	if (child_wait(d->server, 0, &status)) {
		d->server = 0;
		return error_set(err, ERR_START_FAILED, STR_NULL, "the server ended: %.*s",
			STR_ARG(child_status_text(d->a, status)));
	}
	if (embedded_running(d->cluster)) return true;
	return error_set(err, ERR_START_FAILED, STR_NULL, "PostgreSQL ended; its log is postgresql.log in %.*s",
		STR_ARG(d->opt.embedded_dir));
}

static bool server_ready(demo *d, error *err)
{
	uint64_t end = clock_mono_ns() + (uint64_t)READY_MS * 1000000;
	for (;;) {
		long status = 0;
		str answer;
		error unreachable;
		error_init(&unreachable, d->a);
		if (ended(d, 50)) return true;
		if (!server_lives(d, err)) return false;
		if (api_call(d->a, &d->api, "/healthz", NULL, &status, &answer, &unreachable) && status == 200)
			return true;
		if (clock_mono_ns() > end)
			return error_set(err, ERR_START_FAILED, STR_NULL, "the server does not answer on %.*s",
				STR_ARG(d->api.url));
	}
}

static void api_find(demo *d)
{
	static const char *const any[] = {"", "*", "*4", "!4", "0.0.0.0", "*6", "!6", "::"};
	str host = d->opt.server.host;
	for (size_t i = 0; i < sizeof any / sizeof *any; i++)
		if (str_eqz(host, any[i])) host = STR("127.0.0.1");
	bool v6 = str_find_char(host, ':') != SIZE_MAX;
	d->api.url = str_printf(d->a, v6 ? "http://[%.*s]:%u" : "http://%.*s:%u", STR_ARG(host), d->opt.server.port);
	d->api.secret = d->opt.server.admin_secret;
}

/* ---- what to try ---- */

static const char track_two[] =
	"{\"type\":\"bulk\",\"args\":["
	"{\"type\":\"pg_track_table\",\"args\":{\"source\":\"default\",\"table\":\"blog_author\"}},"
	"{\"type\":\"pg_track_table\",\"args\":{\"source\":\"default\",\"table\":\"blog_article\"}},"
	"{\"type\":\"pg_create_object_relationship\",\"args\":{\"source\":\"default\",\"table\":\"blog_article\",\"name\":\"author\","
	"\"using\":{\"foreign_key_constraint_on\":\"author_id\"}}}]}";
static const char query_articles[] =
	"{\"query\":\"{ blog_article(limit: 3, order_by: {published_at: desc_nulls_last}) { title published_at author { name } } }\"}";
static const char query_totals[] = "{\"query\":\"{ blog_article_aggregate(where: {status: {_eq: \\\"published\\\"}}) "
				   "{ aggregate { count avg { word_count } } } }\"}";
static const char query_authors[] =
	"{\"query\":\"{ blog_author(limit: 3, order_by: {blog_articles_aggregate: {count: desc}}) { name "
	"blog_articles(limit: 2) { title blog_article_tags { tag { name } } } } }\"}";

static void say_curl(const demo *d, const char *what, const char *path, const char *body)
{
	const char *secret = d->api.secret.n ? " -H \"X-Hasura-Admin-Secret: $HASURA_GRAPHQL_ADMIN_SECRET\"" : "";
	printf("# %s\ncurl -s -H 'Content-Type: application/json'%s %.*s%s -d '%s'\n\n", what, secret,
		STR_ARG(d->api.url), path, body);
}

static void say_tips(const demo *d, const track_all_result *tracked)
{
	long status = 0;
	str answer;
	error ignored;
	error_init(&ignored, d->a);
	bool console = api_call(d->a, &d->api, "/console", NULL, &status, &answer, &ignored) && status == 200;
	printf("\nThe Django blog is served. Ctrl-C stops the server and its PostgreSQL.\n\n");
	if (console) printf("  console    %.*s/console\n", STR_ARG(d->api.url));
	printf("  GraphQL    %.*s/v1/graphql\n  metadata   %.*s/v1/metadata\n  database   psql '%.*s'\n\n",
		STR_ARG(d->api.url), STR_ARG(d->api.url), STR_ARG(embedded_url(d->cluster)));
	if (d->opt.track_all) {
		printf("Newly tracked: %zu tables, %zu relationships. Try:\n\n", tracked->tables,
			tracked->relationships);
		say_curl(d, "the newest articles", "/v1/graphql", query_articles);
		say_curl(d, "how many, how long", "/v1/graphql", query_totals);
		say_curl(d, "who writes most, and about what", "/v1/graphql", query_authors);
	} else {
		printf("No table is tracked until you say so (--track-all tracks all of them). Try, in this order:\n\n");
		say_curl(d, "track two tables and the way between them (once)", "/v1/metadata", track_two);
		say_curl(d, "the newest articles", "/v1/graphql", query_articles);
		say_curl(d, "how many, how long", "/v1/graphql", query_totals);
	}
}

/* ---- the life of a demo ---- */

static bool demo_options(demo *d, int argc, char **argv, error *err)
{
	if (!options_parse(d->a, argc - 1, argv + 1, environ, &d->opt, err)) return false;
	bool url = d->opt.database_url.n && !d->opt.database_url_env.n;
	if (url || (d->opt.metadata_database_url.n && !d->opt.metadata_database_url_env.n))
		return error_set(err, ERR_START_FAILED, STR_NULL,
			"the demo brings its own database: weir serve serves the one you name");
	ssize_t n = readlink("/proc/self/exe", d->exe, sizeof d->exe - 1);
	if (n <= 0) return error_set(err, ERR_START_FAILED, STR_NULL, "cannot find the program: %s", strerror(errno));
	d->exe[n] = '\0';
	log_configure(&d->opt.server.log);
	api_find(d);
	return true;
}

/* Each step in turn; being asked to end between two of them is no error. */
static bool demo_run(demo *d, int argc, char **argv, error *err)
{
	track_all_result tracked = {0};
	if (!dir_choose(d, err)) return false;
	if (!embedded_start(str_z(d->a, d->opt.embedded_dir), NULL, &d->cluster, err)) return false;
	if (ended(d, 0)) return true;
	if (!setup_run(d, err)) return false;
	if (ended(d, 0)) return true;
	if (!server_start(d, argc, argv, err) || !server_ready(d, err)) return false;
	if (ended(d, 0)) return true;
	if (d->opt.track_all && !track_all(d->a, &d->api, &tracked, err)) return false;
	say_tips(d, &tracked);
	while (!ended(d, 200))
		if (!server_lives(d, err)) return false;
	return true;
}

static void demo_stop(demo *d)
{
	int status;
	if (d->server) {
		kill(d->server, SIGTERM);
		uint64_t end = clock_mono_ns() + (uint64_t)SERVE_STOP_MS * 1000000;
		bool gone = false;
		d->asked_to_end = false;
		/* A second Ctrl-C means now. */
		while (!(gone = child_wait(d->server, 20, &status)) && clock_mono_ns() < end && !ended(d, 20)) {
		}
		if (!gone) {
			kill(d->server, SIGKILL);
			child_wait(d->server, 5000, &status);
		}
	}
	embedded_stop(d->cluster);
}

static void say_end(const demo *d)
{
	char real[PATH_MAX];
	const char *dir = str_z(d->a, d->opt.embedded_dir);
	if (d->cluster) printf("Stopped. The data stays in %s.\n", realpath(dir, real) ? real : dir);
}

int demo_main(int argc, char **argv)
{
	arena *a = arena_new(0);
	demo *d = NEW(a, demo);
	error err;
	error_init(&err, a);
	d->a = a;
	setvbuf(stdout, NULL, _IOLBF, 0);
	sigemptyset(&d->signals);
	sigaddset(&d->signals, SIGINT);
	sigaddset(&d->signals, SIGTERM);
	sigaddset(&d->signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &d->signals, NULL);

	bool ok = demo_options(d, argc, argv, &err);
	if (ok && d->opt.help) {
		printf("%s", help_text);
	} else {
		ok = ok && demo_run(d, argc, argv, &err);
		demo_stop(d);
		if (ok) say_end(d);
	}
	if (!ok) fprintf(stderr, "weir demo: %.*s\n", STR_ARG(err.message));
	arena_free(a);
	return ok ? 0 : 1;
}
