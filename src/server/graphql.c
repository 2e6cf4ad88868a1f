#include "schema/introspect_cache.h"
#include "server/endpoints.h"
#include "server/errors.h"
#include "server/graphql_body.h"
#include "server/query_log.h"
#include "server/sse.h"

/* One HTTP request: one operation, or an array of them run one after the other. Lives in the request's arena. */
typedef struct graphql {
	call *c;
	exec_request run;
	const json *item; /* of a batch: the one that runs, or the next to run */
	json *log;        /* batched_operations; NULL: not logged */
	buf out;          /* of a batch: the answers so far */
	bool batch;
	bool events;  /* the answer is one of server-sent events */
	bool waiting; /* run is under way */
	bool looping; /* batch_go is on the stack */
} graphql;

/* ---- one operation ---- */

static void aborted(void *data)
{
	graphql *g = data;
	if (g->waiting) exec_cancel(&g->run);
	buf_free(&g->out);
}

/* Starts body's operation; false: it is none. done may have been called, and all be gone, when this returns true. */
static bool start(graphql *g, const json *body, void (*done)(exec_request *r), error *err)
{
	call *c = g->c;
	g->run = (exec_request){.a = c->a,
		.snap = server_worker_snapshot(c->sw),
		.session = c->session,
		.headers = c->req->headers,
		.nheaders = c->req->header_count,
		.introspection = true,
		.accept_gzip = !g->batch && !g->events && http_request_accepts_gzip(c->req),
		.explain_missing = c->srv->config->dev_mode,
		.done = done,
		.data = g};
	error_init(&g->run.err, c->a);
	graphql_body b;
	if (!graphql_body_read(body, &b, err)) return false;
	g->run.query = b.query;
	g->run.operation_name = b.operation_name;
	g->run.variables = b.variables;
	g->waiting = true;
	exec_start(c->sw->exec, &g->run);
	return true;
}

static void release_entry(void *arg)
{
	introspect_entry_unref(arg);
}

static void single_done(exec_request *r)
{
	graphql *g = r->data;
	call *c = g->c;
	g->waiting = false;
	metrics_count(&c->sw->metrics, r);
	query_log_write(c->srv, c->a, http_request_id(c->req), r, c->body);
	c->req->log.query_hash = r->details.query_hash;
	http_request_on_abort(c->req, NULL, NULL);
	if (g->events && r->ok) {
		sse_reply(c, &r->body);
	} else if (g->events) {
		sse_fail(c, &r->err);
	} else if (!r->ok) {
		call_fail(c, &r->err);
	} else if (r->gzip) {
		call_reply_gzip(c, &r->gzip->gzip, release_entry, r->gzip);
	} else {
		call_reply(c, &r->body);
	}
}

/* ---- a batch ---- */

static void batch_go(graphql *g);

static void batch_log(graphql *g, const error *err, size_t size, uint64_t ns)
{
	arena *a = g->c->a;
	if (!g->log) return;
	json *o = json_push(g->log, json_new_object(a));
	if (g->c->srv->log_query) json_setz(o, "query", json_copy(a, g->item));
	if (err) {
		json_setz(o, "error", error_to_json(a, err, g->c->srv->log_query));
	} else {
		json_setz(o, "response_size", json_new_i64(a, (int64_t)size));
		json_setz(o, "query_execution_time",
			json_new_number(a,
				str_printf(a, "%llu.%09llu", (unsigned long long)(ns / 1000000000u),
					(unsigned long long)(ns % 1000000000u))));
	}
}

static void batch_put_error(graphql *g, const error *err)
{
	error_write_graphql(&g->out, err, call_shows_internal(g->c));
	batch_log(g, err, 0, 0);
}

static void batch_done(exec_request *r)
{
	graphql *g = r->data;
	g->waiting = false;
	metrics_count(&g->c->sw->metrics, r);
	query_log_write(g->c->srv, g->c->a, http_request_id(g->c->req), r, g->item);
	if (r->ok) {
		buf_put(&g->out, buf_str(&r->body));
		batch_log(g, NULL, r->body.n, r->details.plan_ns + r->details.run_ns + r->details.write_ns);
		buf_free(&r->body);
	} else {
		batch_put_error(g, &r->err);
	}
	g->item = g->item->next;
	if (!g->looping) batch_go(g);
}

/* A loop, not a recursion: operations that need no database are done at once. Hasura v2: runGQBatched. */
static void batch_go(graphql *g)
{
	error err;
	error_init(&err, g->c->a);
	g->looping = true;
	while (g->item && !g->waiting) {
		if (g->out.n > 1) buf_putc(&g->out, ',');
		if (!start(g, g->item, batch_done, &err)) {
			batch_put_error(g, &err);
			g->item = g->item->next;
		}
	}
	g->looping = false;
	if (g->waiting) return;
	buf_putc(&g->out, ']');
	http_request_on_abort(g->c->req, NULL, NULL);
	g->c->req->log.batch = g->log;
	call_reply(g->c, &g->out);
}

/* One bad element spoils the whole array: it is read before anything runs. Hasura v2: FromJSON of a list. */
static bool batch_check(const graphql *g, error *err)
{
	graphql_body probe;
	size_t i = 0;
	JSON_EACH (item, g->c->body) {
		if (!graphql_body_read(item, &probe, err)) {
			error_prepend_path(err, str_printf(g->c->a, "$[%zu]", i));
			return false;
		}
		i++;
	}
	return true;
}

/* ---- handlers ---- */

static void batch(graphql *g)
{
	call *c = g->c;
	http_request_on_abort(c->req, aborted, g);
	if (c->srv->log_http && c->body->first) g->log = json_new_array(c->a);
	g->item = c->body->first;
	buf_putc(&g->out, '[');
	batch_go(g);
}

static void single(graphql *g)
{
	call *c = g->c;
	sse_choice choice = sse_asked(c->req);
	graphql_body b;
	error err;
	error_init(&err, c->a);
	if (choice != SSE_NO && graphql_body_read(c->body, &b, &err) && graphql_body_is_subscription(c->a, &b)) {
		sse_subscribe(c, &b);
		return;
	}
	g->events = choice == SSE_MUST;
	http_request_on_abort(c->req, aborted, g);
	if (start(g, c->body, single_done, &err)) return;
	http_request_on_abort(c->req, NULL, NULL);
	metrics_count_unknown(&c->sw->metrics);
	call_fail(c, &err);
}

void graphql_post(call *c)
{
	graphql *g = NEW(c->a, graphql);
	error err;
	error_init(&err, c->a);
	g->c = c;
	g->batch = c->body->kind == JSON_ARRAY;
	c->req->log.mode = g->batch ? "batched" : "single";
	if (!g->batch) {
		single(g);
	} else if (batch_check(g, &err)) {
		batch(g);
	} else {
		metrics_count_unknown(&c->sw->metrics);
		call_fail(c, &err);
	}
}

/* What a GET may ask: with events as the answer, and nothing that changes data (pages of others can make a browser GET). */
static bool get_body(call *c, error *err)
{
	graphql_body b;
	/* Hasura v2, Community Edition: App.hs runPersistedQueriesGetHandler. */
	if (sse_asked(c->req) == SSE_NO)
		return error_set(err, ERR_NOT_SUPPORTED, STR_NULL, "PersistedQueryNotSupported");
	if (!sse_query_body(c->a, c->req->query, &c->body, err) || !graphql_body_read(c->body, &b, err)) return false;
	if (graphql_body_is_mutation(c->a, &b))
		return error_set(err, ERR_METHOD_NOT_ALLOWED, STR_NULL, "mutations need a POST");
	return true;
}

void graphql_get(call *c)
{
	graphql *g = NEW(c->a, graphql);
	error err;
	error_init(&err, c->a);
	g->c = c;
	if (!get_body(c, &err)) {
		call_fail(c, &err);
		return;
	}
	c->req->log.mode = "single";
	single(g);
}
