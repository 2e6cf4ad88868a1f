/*
 * admin_tool: the metadata and schema API without a server. Arguments: the URL of the database that is metadata store and
 * default source. Each line of standard input is a request {"path": "/v1/metadata", "role"?, "body": {…}}; for each a line
 * {"status", "body"} comes back.
 */
#include "admin/admin.h"
#include "base/log.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct waiting {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool done;
} waiting;

static bool env_get(void *data, str name, str *value)
{
	(void)data;
	arena *a = arena_new(0);
	const char *v = getenv(str_z(a, name));
	arena_free(a);
	if (v) *value = str_from(v);
	return v != NULL;
}

static void on_snapshot(void *data, snapshot *s)
{
	(void)data;
	snapshot_unref(s);
}

static void on_done(admin_request *r)
{
	waiting *w = r->data;
	pthread_mutex_lock(&w->lock);
	w->done = true;
	pthread_cond_signal(&w->cond);
	pthread_mutex_unlock(&w->lock);
}

static admin_path path_of(str text)
{
	if (str_eqz(text, "/v2/query")) return ADMIN_V2_QUERY;
	return str_eqz(text, "/v1/query") ? ADMIN_V1_QUERY : ADMIN_V1_METADATA;
}

static void put_error(buf *b, const error *e)
{
	buf_puts(b, "{\"code\":");
	json_write_str(b, error_code_text(e->code));
	buf_puts(b, ",\"error\":");
	json_write_str(b, e->message);
	buf_puts(b, ",\"path\":");
	json_write_str(b, error_path(e));
	if (e->internal) {
		buf_puts(b, ",\"internal\":");
		json_write(b, e->internal);
	}
	buf_putc(b, '}');
}

static void answer(const admin_request *r)
{
	buf b = {0};
	buf_printf(&b, "{\"status\":%d,\"body\":", r->ok ? 200 : error_status(&r->err));
	if (r->ok) buf_put(&b, buf_str(&r->out));
	else put_error(&b, &r->err);
	buf_puts(&b, "}\n");
	fwrite(b.p, 1, b.n, stdout);
	fflush(stdout);
	buf_free(&b);
}

static void run_line(admin *adm, str line)
{
	arena *a = arena_new(0);
	error err;
	error_init(&err, a);
	json *j;
	waiting w = {.lock = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER};
	if (json_parse(a, line, &j, &err)) {
		session s = {.role = json_str_or(j, "role", STR("admin"))};
		admin_request r = {.path = path_of(json_str_or(j, "path", STR(""))),
			.a = a,
			.body = json_getz(j, "body"),
			.session = &s,
			.done = on_done,
			.data = &w};
		admin_submit(adm, &r);
		pthread_mutex_lock(&w.lock);
		while (!w.done)
			pthread_cond_wait(&w.cond, &w.lock);
		pthread_mutex_unlock(&w.lock);
		answer(&r);
		buf_free(&r.out);
	} else {
		printf("{\"status\":400,\"body\":\"not JSON\"}\n");
	}
	arena_free(a);
}

int main(int argc, char **argv)
{
	if (argc != 2) return 2;
	arena *a = arena_new(0);
	error err;
	error_init(&err, a);
	admin *adm;
	admin_config config = {
		.metadata_url = str_from(argv[1]),
		.database_url = str_from(argv[1]),
		.source_defaults = md_source_defaults_hasura(STR("")),
		.env = {.get = env_get},
		.options = {.infer_function_permissions = true},
		.retries = 1,
		.sync_interval_ms = 1000,
		.server_version = STR("test"),
		.on_snapshot = on_snapshot,
	};
	log_configure(&(log_config){.level = LOG_ERROR});
	if (!admin_start(a, &config, &adm, &err)) {
		fprintf(stderr, "%.*s\n", STR_ARG(err.message));
		return 1;
	}
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	while ((n = getline(&line, &cap, stdin)) > 0)
		run_line(adm, str_make(line, (size_t)n));
	free(line);
	admin_stop(adm);
	arena_free(a);
	return 0;
}
