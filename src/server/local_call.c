/* local_call: the metadata API for this process itself, without HTTP. */
#include "server/errors.h"
#include "server/server_internal.h"

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

long server_call(server *s, arena *a, str path, str body, str *answer)
{
	static const session everything = {.role = STR_INIT("admin"), .backend = true, .admin_secret = true};
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
