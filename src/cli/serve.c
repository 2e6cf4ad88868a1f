#include "cli/cli.h"

#include "base/clock.h"
#include "cli/embedded.h"
#include "cli/options.h"
#include "cli/serve_files.h"
#include "cli/track_all.h"
#include "server/errors.h"
#include "server/server.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { CLUSTER_LOOK_MS = 1000 };

typedef struct serve {
	arena *a;
	options opt;
	embedded *cluster; /* NULL: none */
	server *server;
} serve;

/* ---- signals ---- */

/* A singleton, as signals are. A terminal that is closed takes along what runs in it; a server without one reloads. */
static bool has_terminal;

static bool ends_with(int sig)
{
	return sig == SIGHUP ? has_terminal : sig != 0;
}

static void look_for_terminal(void)
{
	int fd = open("/dev/tty", O_RDONLY | O_CLOEXEC | O_NOCTTY);
	has_terminal = fd >= 0;
	if (fd >= 0) close(fd);
}

/* SIGUSR2 is the program's own: it ends the watch of the start. */
static sigset_t awaited(bool own)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (!own || ends_with(SIGHUP)) sigaddset(&set, SIGHUP);
	if (own) sigaddset(&set, SIGUSR2);
	return set;
}

/*
 * Threads started from here on never see them; the main thread asks for them. What would end a program by default, but says
 * nothing to this one, is ignored: SIGXFSZ would come from a log that may not grow.
 */
static void signals_prepare(void)
{
	static const int nothing[] = {SIGPIPE, SIGUSR1, SIGXFSZ};
	look_for_terminal();
	sigset_t set = awaited(true);
	sigaddset(&set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++)
		signal(nothing[i], SIG_IGN);
}

/* The one that came within ms; 0: none. */
static int signal_came(unsigned ms)
{
	sigset_t set = awaited(false);
	struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
	int sig = sigtimedwait(&set, NULL, &t);
	return sig > 0 ? sig : 0;
}

/* Starting can take long (a database that does not answer): a thread that ends the program meanwhile. An embedded cluster
 * sees our end and stops by itself. */
static void *watch_start(void *arg)
{
	sigset_t set = awaited(true);
	int sig = 0;
	(void)arg;
	if (sigwait(&set, &sig) == 0 && sig != SIGUSR2) _exit(0);
	return NULL;
}

/* ---- errors ---- */

/* For a person on a terminal in words; else one line in the log's shape. Hasura v2: a startup log of level error. */
static int fatal(const serve *s, const error *err, const char *kind)
{
	if (isatty(STDOUT_FILENO)) {
		fprintf(stderr, "weir serve: %.*s\n", STR_ARG(err->message));
		if (err->internal) fprintf(stderr, "  %.*s\n", STR_ARG(json_to_str(s->a, err->internal)));
		return 1;
	}
	json *o = json_new_object(s->a);
	json_setz(o, "kind", json_new_str(s->a, str_from(kind)));
	json_setz(o, "info", error_to_json(s->a, err, true));
	log_json(LOG_STARTUP, LOG_ERROR, o);
	return 1;
}

/* ---- steps of the start ---- */

static bool start_cluster(serve *s, server_databases *db, error *err)
{
	options *o = &s->opt;
	const char *dir = o->embedded_dir.n ? str_z(s->a, o->embedded_dir) : NULL;
	if (!embedded_start(dir, NULL, &s->cluster, err)) return false;
	/* Stored by name: the cluster's address may change with the directory. */
	db->database_url = db->metadata_url = embedded_url(s->cluster);
	db->database_url_env = db->own_variable = STR("HASURA_GRAPHQL_DATABASE_URL");
	return true;
}

static bool start_server(serve *s, error *err)
{
	options *o = &s->opt;
	server_databases db = {.metadata_url = o->metadata_database_url.n ? o->metadata_database_url : o->database_url,
		.database_url = o->database_url,
		.database_url_env = o->database_url_env,
		.retries = o->retries};
	if (o->embedded && !start_cluster(s, &db, err)) return false;
	return server_new(&o->server, &db, &s->server, err) && serve_files_apply(s->a, o, s->server, err) &&
		server_start(s->server, err);
}

static str local_url(serve *s)
{
	static const char *const any[] = {"*", "*4", "!4", "0.0.0.0", "*6", "!6", "::"};
	str host = s->opt.server.host;
	for (size_t i = 0; i < sizeof any / sizeof *any; i++)
		if (str_eqz(host, any[i])) host = STR("127.0.0.1");
	bool v6 = str_find_char(host, ':') != SIZE_MAX;
	return str_printf(s->a, v6 ? "http://[%.*s]:%u" : "http://%.*s:%u", STR_ARG(host), server_port(s->server));
}

/* --track-all: only when nothing is tracked, so that what a user untracked stays so. */
static bool track_first_start(serve *s, error *err)
{
	track_all_result found = {0};
	if (!s->opt.track_all || !server_tracks_nothing(s->server)) return true;
	api_target to = {.url = local_url(s), .secret = s->opt.server.admin_secret};
	if (!track_all(s->a, &to, &found, err)) return false;
	log_text(LOG_STARTUP, LOG_INFO, "track_all", "tracked %zu tables and %zu relationships", found.tables,
		found.relationships);
	return true;
}

static void log_warnings(const serve *s)
{
	for (size_t i = 0; i < s->opt.warnings.n; i++)
		log_text(LOG_STARTUP, LOG_WARN, "configuration", "%.*s", STR_ARG(s->opt.warnings.v[i]));
}

/* ---- running and ending ---- */

/* Until a signal ends it; false: the embedded cluster has ended by itself. */
static bool run(serve *s, error *err)
{
	for (;;) {
		int sig = signal_came(CLUSTER_LOOK_MS);
		if (ends_with(sig)) return true;
		if (sig) server_reload(s->server);
		if (s->cluster && !embedded_running(s->cluster))
			return error_set(err, ERR_UNEXPECTED, STR_NULL,
				"the embedded PostgreSQL has ended; its log is postgresql.log in the directory of --embedded");
	}
}

typedef struct waiter {
	server *server;
	atomic_bool ended;
} waiter;

static void *wait_end(void *arg)
{
	waiter *w = arg;
	server_join(w->server);
	atomic_store(&w->ended, true);
	return NULL;
}

/* A second signal means now. */
static void end_gracefully(serve *s)
{
	waiter w = {.server = s->server};
	pthread_t thread;
	log_text(LOG_STARTUP, LOG_INFO, "server", "Gracefully shutting down server");
	server_stop(s->server, s->opt.server.graceful_ms);
	if (pthread_create(&thread, NULL, wait_end, &w) != 0) {
		server_join(s->server);
		return;
	}
	while (!atomic_load(&w.ended))
		if (ends_with(signal_came(20))) server_stop(s->server, 0);
	pthread_join(thread, NULL);
}

static bool start(serve *s, error *err)
{
	pthread_t watcher;
	bool watched = pthread_create(&watcher, NULL, watch_start, NULL) == 0;
	bool ok = start_server(s, err);
	if (watched) {
		pthread_kill(watcher, SIGUSR2);
		pthread_join(watcher, NULL);
	}
	return ok;
}

static int serve_run(serve *s, error *err)
{
	int status = 0;
	log_configure(&s->opt.server.log);
	log_warnings(s);
	signals_prepare();
	if (!start(s, err)) {
		status = fatal(s, err, "server_startup");
	} else {
		if (!track_first_start(s, err) || !run(s, err)) status = fatal(s, err, "server");
		end_gracefully(s);
	}
	server_free(s->server);
	embedded_stop(s->cluster);
	return status;
}

int serve_main(int argc, char **argv)
{
	serve s = {.a = arena_new(0)};
	error err;
	int status = 0;
	error_init(&err, s.a);
	if (!options_parse(s.a, argc - 1, argv + 1, environ, &s.opt, &err)) {
		status = fatal(&s, &err, "configuration");
	} else if (s.opt.help) {
		buf b = {0};
		options_write_help(&b);
		fwrite(b.p, 1, b.n, stdout);
		buf_free(&b);
	} else {
		status = serve_run(&s, &err);
	}
	arena_free(s.a);
	return status;
}
