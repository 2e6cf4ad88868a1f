#include "server/endpoints.h"

/*
 * A request to the builder thread. On the heap: it comes back by worker_post, and the HTTP request may only be touched on
 * its worker. There is no abort callback, but for dumps: an operation that began ends, and the request waits for it without its
 * client.
 */
typedef struct metadata_call {
	call *c; /* NULL: the client of a dump has left */
	worker *home;
	arena *a; /* the builder thread's until it is done */
	admin_request request;
	atomic_bool left; /* its client: for the thread of the dump */
	bool args_only;   /* the body is what a command's args are: paths of errors begin there */
} metadata_call;

static void metadata_free(metadata_call *m)
{
	buf_free(&m->request.out);
	arena_free(m->a);
	mem_free(m);
}

static void answer(void *arg)
{
	metadata_call *m = arg;
	if (!m->c) {
		metadata_free(m);
		return;
	}
	if (m->request.ok && m->request.path == ADMIN_PG_DUMP) {
		http_request_on_abort(m->c->req, NULL, NULL);
		call_reply_sql(m->c, &m->request.out);
	} else if (m->request.ok) {
		call_reply(m->c, &m->request.out);
	} else {
		str args = STR("$.args"), path = m->request.err.path;
		if (m->args_only && str_starts(path, args))
			m->request.err.path = str_cat(m->a, 2, STR("$"), str_from_at(path, args.n));
		if (m->request.path == ADMIN_PG_DUMP) http_request_on_abort(m->c->req, NULL, NULL);
		call_fail(m->c, &m->request.err);
	}
	metadata_free(m);
}

/* On the builder thread. A worker that has ended takes no more; its requests are freed with the HTTP server. */
static void done(admin_request *r)
{
	metadata_call *m = r->data;
	if (!worker_post(m->home, answer, m)) metadata_free(m);
}

/* A dump is no change: it ends when nobody waits for it. */
static void aborted(void *data)
{
	metadata_call *m = data;
	m->c = NULL;
	atomic_store(&m->left, true);
}

static void submit(call *c, admin_path path, const json *body, bool args_only)
{
	metadata_call *m = mem_alloc(sizeof *m);
	m->c = c;
	m->home = c->sw->w;
	m->a = arena_new(0);
	atomic_init(&m->left, false);
	m->args_only = args_only;
	m->request = (admin_request){.path = path,
		.a = m->a,
		.body = body,
		.session = c->session,
		.request_id = str_copy(m->a, http_request_id(c->req)),
		.cancel = &m->left,
		.done = done,
		.data = m};
	error_init(&m->request.err, m->a);
	if (path == ADMIN_PG_DUMP) {
		/* Its client may leave before the end, and the body with it. */
		m->request.body = json_copy(m->a, body);
		m->request.session = NULL;
		http_request_on_abort(c->req, aborted, m);
	}
	admin_submit(c->srv->admin, &m->request);
}

void metadata_post(call *c)
{
	error err;
	error_init(&err, c->a);
	if (!call_parse_body(c, &err)) {
		call_fail(c, &err);
		return;
	}
	submit(c, (admin_path)c->route->tag, c->body, false);
}

void permissions_explain_post(call *c)
{
	error err;
	error_init(&err, c->a);
	if (!call_check_admin(c, &err) || !call_parse_body(c, &err)) {
		call_fail(c, &err);
		return;
	}
	json *command = json_new_object(c->a);
	json_setz(command, "type", json_new_str(c->a, STR("weir_explain_permissions")));
	json_setz(command, "args", json_copy(c->a, c->body));
	submit(c, ADMIN_V1_METADATA, command, true);
}

void pg_dump_post(call *c)
{
	error err;
	error_init(&err, c->a);
	if (!call_check_admin(c, &err) || !call_parse_body(c, &err)) {
		call_fail(c, &err);
		return;
	}
	submit(c, ADMIN_PG_DUMP, c->body, false);
}
