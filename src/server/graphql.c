#include "schema/introspect_cache.h"
#include "server/endpoints.h"
#include "server/errors.h"
#include "server/query_log.h"

/* One HTTP request: one operation, or an array of them run one after the other. Lives in the request's arena. */
typedef struct graphql {
	call *c;
	exec_request run;
	const json *item; /* of a batch: the one that runs, or the next to run */
	json *log;        /* batched_operations; NULL: not logged */
	buf out;          /* of a batch: the answers so far */
	bool batch;
	bool waiting; /* run is under way */
	bool looping; /* batch_go is on the stack */
} graphql;

/* ---- the body ---- */

static const char *kind_name(const json *j)
{
	static const char *const names[] = {"Null", "Boolean", "Number", "String", "Array", "Object"};
	return names[j->kind];
}

static bool read_query(const json *body, exec_request *r, error *err)
{
	const json *query = json_getz(body, "query");
	if (!query) return error_set(err, ERR_PARSE_FAILED, STR_NULL, "key \"query\" not found");
	if (query->kind != JSON_STRING) {
		return error_set(err, ERR_PARSE_FAILED, STR("$.query"),
			"parsing Text failed, expected String, but encountered %s", kind_name(query));
	}
	r->query = query->text;
	return true;
}

/* Hasura v2: GQLReq's FromJSON. Unknown keys are ignored; null is as good as absent. */
static bool read_body(const json *body, exec_request *r, error *err)
{
	const json *name = json_getz(body, "operationName"), *variables = json_getz(body, "variables");
	if (body->kind != JSON_OBJECT) {
		return error_set(err, ERR_PARSE_FAILED, STR_NULL,
			"parsing GraphQL request failed, expected Object, but encountered %s", kind_name(body));
	}
	if (json_getz(json_getz(body, "extensions"), "persistedQuery"))
		return error_set(err, ERR_NOT_SUPPORTED, STR_NULL, "PersistedQueryNotSupported");
	if (!read_query(body, r, err)) return false;
	if (!json_is_null(name) && name->kind != JSON_STRING) {
		return error_set(err, ERR_PARSE_FAILED, STR("$.operationName"),
			"parsing Text failed, expected String, but encountered %s", kind_name(name));
	}
	if (!json_is_null(variables) && variables->kind != JSON_OBJECT) {
		return error_set(err, ERR_PARSE_FAILED, STR("$.variables"),
			"parsing HashMap failed, expected Object, but encountered %s", kind_name(variables));
	}
	r->operation_name = json_is_null(name) ? STR_NULL : name->text;
	r->variables = json_is_null(variables) ? NULL : variables;
	return true;
}

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
		.accept_gzip = !g->batch && http_request_accepts_gzip(c->req),
		.explain_missing = c->srv->config->dev_mode,
		.done = done,
		.data = g};
	error_init(&g->run.err, c->a);
	if (!read_body(body, &g->run, err)) return false;
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
	query_log_write(c, r, c->body);
	http_request_on_abort(c->req, NULL, NULL);
	if (!r->ok) {
		call_fail(c, &r->err);
	} else if (r->gzip) {
		call_reply_gzip(c, buf_str(&r->gzip->gzip), release_entry, r->gzip);
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
	query_log_write(g->c, r, g->item);
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
	exec_request probe = {0};
	size_t i = 0;
	JSON_EACH (item, g->c->body) {
		if (!read_body(item, &probe, err)) {
			error_prepend_path(err, str_printf(g->c->a, "$[%zu]", i));
			return false;
		}
		i++;
	}
	return true;
}

/* ---- handlers ---- */

void graphql_post(call *c)
{
	graphql *g = NEW(c->a, graphql);
	error err;
	error_init(&err, c->a);
	g->c = c;
	g->batch = c->body->kind == JSON_ARRAY;
	c->req->log.mode = g->batch ? "batched" : "single";
	if (g->batch && !batch_check(g, &err)) {
		call_fail(c, &err);
		return;
	}
	http_request_on_abort(c->req, aborted, g);
	if (g->batch) {
		if (c->srv->log_http && c->body->first) g->log = json_new_array(c->a);
		g->item = c->body->first;
		buf_putc(&g->out, '[');
		batch_go(g);
	} else if (!start(g, c->body, single_done, &err)) {
		http_request_on_abort(c->req, NULL, NULL);
		call_fail(c, &err);
	}
}

/* Hasura v2, Community Edition: App.hs runPersistedQueriesGetHandler. */
void graphql_get(call *c)
{
	error err;
	error_init(&err, c->a);
	if (c->req->wants_upgrade) {
		error_set(&err, ERR_NOT_SUPPORTED, STR_NULL,
			"not served by this version of Weir: GraphQL over WebSocket");
	} else {
		error_set(&err, ERR_NOT_SUPPORTED, STR_NULL, "PersistedQueryNotSupported");
	}
	call_fail(c, &err);
}
