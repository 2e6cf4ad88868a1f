/* local_call: the metadata API for this process itself, without HTTP. */
#include "server/errors.h"
#include "server/server_internal.h"

static const session everything = {.role = STR_INIT("admin"), .backend = true, .admin_secret = true};

typedef struct waiting {
	uv_mutex_t lock;
	uv_cond_t changed;
	bool done;
} waiting;

static const struct {
	const char *path;
	admin_path to;
} paths[] = {{"v1/metadata", ADMIN_V1_METADATA}, {"v2/query", ADMIN_V2_QUERY}, {"v1/query", ADMIN_V1_QUERY}};

static void done(admin_request *r)
{
	waiting *w = r->data;
	uv_mutex_lock(&w->lock);
	w->done = true;
	uv_cond_signal(&w->changed);
	uv_mutex_unlock(&w->lock);
}

static void run(server *s, admin_request *r)
{
	waiting w = {.done = false};
	uv_mutex_init(&w.lock);
	uv_cond_init(&w.changed);
	r->done = done;
	r->data = &w;
	admin_submit(s->admin, r);
	uv_mutex_lock(&w.lock);
	while (!w.done)
		uv_cond_wait(&w.changed, &w.lock);
	uv_mutex_unlock(&w.lock);
	uv_cond_destroy(&w.changed);
	uv_mutex_destroy(&w.lock);
}

static long fail(arena *a, const error *err, str *answer)
{
	buf b = {0};
	error_write_flat(&b, err, true);
	*answer = str_copy(a, buf_str(&b));
	buf_free(&b);
	return error_status(err);
}

/* ---- a reload that nobody waits for ---- */

static void reloaded(admin_request *r)
{
	server *s = r->data;
	atomic_fetch_sub(&s->reloads, 1);
	if (r->ok) log_text(LOG_SCHEMA_SYNC, LOG_INFO, "reload", "metadata and sources were read anew");
	else
		log_text(LOG_SCHEMA_SYNC, LOG_ERROR, "reload", "metadata and sources could not be read anew: %.*s",
			STR_ARG(r->err.message));
	buf_free(&r->out);
	arena_free(r->a); /* r is in it */
}

void server_reload(server *s)
{
	/* One may wait behind one that runs: it will see all that is there now. */
	if (atomic_fetch_add(&s->reloads, 1) >= 2) {
		atomic_fetch_sub(&s->reloads, 1);
		return;
	}
	arena *a = arena_new(0);
	admin_request *r = NEW(a, admin_request);
	json *body = json_new_object(a);
	json_setz(body, "type", json_new_str(a, STR("reload_metadata")));
	json *args = json_setz(body, "args", json_new_object(a));
	json_setz(args, "reload_sources", json_new_bool(a, true));
	*r = (admin_request){.path = ADMIN_V1_METADATA,
		.a = a,
		.body = body,
		.session = &everything,
		.request_id = STR("reload"),
		.done = reloaded,
		.data = s};
	admin_submit(s->admin, r);
}

/* ---- a call that is waited for ---- */

long server_call(server *s, arena *a, str path, str body, str *answer)
{
	admin_request r = {.a = a, .session = &everything, .request_id = STR("start")};
	json *j;
	error err;
	error_init(&err, a);
	if (str_eqz(path, "v1/version")) {
		*answer = STR("{\"version\":\"" SERVER_VERSION "\"}");
		return 200;
	}
	size_t i = 0;
	while (i < sizeof paths / sizeof *paths && !str_eqz(path, paths[i].path))
		i++;
	if (i == sizeof paths / sizeof *paths) {
		(void)error_set(&err, ERR_NOT_FOUND, STR("$"), "resource does not exist");
		return fail(a, &err, answer);
	}
	if (!json_parse(a, body, &j, &err)) return fail(a, &err, answer);
	r.path = paths[i].to;
	r.body = j;
	run(s, &r);
	if (!r.ok) return fail(a, &r.err, answer);
	*answer = str_copy(a, buf_str(&r.out));
	buf_free(&r.out);
	return 200;
}
