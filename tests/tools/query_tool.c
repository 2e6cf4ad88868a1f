/*
 * query_tool URL: plans and runs GraphQL queries without a server, for tests/api/test_queries_*.py. One JSON object a line
 * on stdin, one line of JSON as answer:
 *   {"metadata": {…}, "stringify": bool}  makes a snapshot of it and of the database: {"inconsistencies": [text, …]}
 *   {"query", "variables", "role", "session": {…}, "strategy": auto|json|levels|arrays, "rows": n}
 *                                         {"data": …, "sql": [text, …]} or {"error": {message, code, path, internal}, "sql"}
 *   {"live": {"query", "variables", "role"}}
 *                                         the statements of a subscription: {"plain": [text, …], "multiplexed", "next", "front", …}
 *   {"requests": [{"query", "variables", "role", "session", "explain": bool, "cancel": bool, "subscription": bool}, …]}
 *                                         all at once through exec: {"answers": [{"body" or "error", "cached", "statements"}
 *                                         or null when cancelled, …], "cache": {hits, misses, remade, entries}}
 */
#include "base/clock.h"
#include "catalog/read.h"
#include "exec/step.h"
#include "pg/pg_sync.h"
#include "schema/snapshot.h"
#include "sql/live.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct tool {
	const char *url;
	pg_sync *pg;
	snapshot *snap;
	uv_loop_t loop;
	exec_shared *shared;
	exec_worker *worker;
} tool;

static json *failure(arena *a, const error *e)
{
	json *j = json_new_object(a), *o = json_setz(j, "error", json_new_object(a));
	json_setz(o, "message", json_new_str(a, e->message));
	json_setz(o, "code", json_new_str(a, error_code_text(e->code)));
	json_setz(o, "path", json_new_str(a, error_path(e)));
	if (e->internal) json_setz(o, "internal", json_copy(a, e->internal));
	return j;
}

static json *load(tool *t, arena *a, const json *line, error *err)
{
	catalog *cat = NULL;
	metadata *md = NULL;
	if (!catalog_read(t->pg, NULL, NULL, 0, &cat, err)) return NULL;
	if (!metadata_parse(json_getz(line, "metadata"), NULL, &md, err)) {
		catalog_unref(cat);
		return NULL;
	}
	source_catalog sc = {.source = STR("default"), .cat = cat, .connection = 1};
	schema_options opt = {
		.stringify_numerics = json_bool_or(line, "stringify", false), .infer_function_permissions = true};
	snapshot *old = t->snap;
	t->snap = snapshot_build(md, &sc, 1, &opt, 1, NULL);
	exec_worker_snapshot(t->worker, t->snap);
	if (old) snapshot_unref(old);
	metadata_unref(md);
	catalog_unref(cat);
	json *j = json_new_object(a), *list = json_setz(j, "inconsistencies", json_new_array(a));
	for (size_t i = 0; i < t->snap->ninconsistencies; i++)
		json_push(list, json_new_str(a, str_copy(a, t->snap->inconsistencies[i].reason)));
	return j;
}

static session *session_of(arena *a, const json *line)
{
	session *s = NEW(a, session);
	const json *vars = json_getz(line, "session");
	s->role = json_str_or(line, "role", STR("admin"));
	s->backend = json_bool_or(line, "backend", false);
	s->vars = NEW_ARRAY(a, session_var, vars ? vars->count : 0);
	/* The tests give them sorted by name. */
	JSON_EACH (v, vars)
		s->vars[s->nvars++] = (session_var){.name = v->key, .value = v->text};
	return s;
}

static sql_strategy strategy_of(const json *line)
{
	str s = json_str_or(line, "strategy", STR("auto"));
	if (str_eqz(s, "json")) return SQL_JSON;
	if (str_eqz(s, "levels")) return SQL_LEVELS;
	return str_eqz(s, "arrays") ? SQL_ARRAYS : SQL_AUTO;
}

static bool make(tool *t, arena *a, const json *line, const session *s, plan **p, error *err)
{
	gq_document *doc;
	const gq_operation *op;
	if (!gq_parse(a, json_str_or(line, "query", STR("")), NULL, &doc, err)) return false;
	if (!gq_select_operation(doc, STR_NULL, &op, err)) return false;
	plan_request q = {.snap = t->snap, .role = s->role, .introspection_allowed = true, .doc = doc, .op = op};
	q.variables = json_getz(line, "variables");
	if (!plan_make(&q, p, err)) return false;
	int64_t n = 0;
	uint64_t *seen = NULL;
	if (json_getz(line, "rows") && json_to_i64(json_getz(line, "rows"), &n)) {
		seen = NEW_ARRAY(a, uint64_t, (*p)->nroots);
		for (size_t i = 0; i < (*p)->nroots; i++)
			seen[i] = (uint64_t)n;
	}
	sql_options opt = {.strategy = strategy_of(line), .rows_seen = seen};
	return sql_make(*p, &opt, err);
}

static bool run_root(tool *t, arena *a, const sql_root *r, const session *s, const json *variables, buf *b, error *err)
{
	const pg_result **results = NEW_ARRAY(a, const pg_result *, r->nstmts);
	bool fine = true;
	for (size_t i = 0; i < r->nstmts && fine; i++) {
		pg_stmt st;
		fine = exec_bind(a, r->stmts[i], s, variables, &st, err);
		if (!fine) break;
		results[i] = pg_sync_query(t->pg, st.sql, st.nparams, st.values);
		if (results[i]) continue;
		pg_statement_info info = {.sql = str_from(st.sql), .nargs = st.nparams, .args = st.values};
		fine = pg_error_map_query(pg_sync_error(t->pg), &info, STR(""), err);
	}
	exec_rows all = {.results = results, .n = r->nstmts};
	fine = fine && exec_write(a, r->out, &all, 0, b, err);
	for (size_t i = 0; i < r->nstmts; i++)
		pg_result_free((pg_result *)results[i]);
	return fine;
}

static json *run(tool *t, arena *a, const plan *p, const session *s, const json *line, error *err)
{
	buf b = {0};
	buf_putc(&b, '{');
	bool fine = pg_sync_begin(t->pg, PG_REPEATABLE_READ, false);
	for (size_t i = 0; i < p->nroots && fine; i++) {
		if (i) buf_putc(&b, ',');
		json_write_str(&b, p->roots[i].alias);
		buf_putc(&b, ':');
		fine = run_root(t, a, &plan_sql(p)->roots[i], s, json_getz(line, "variables"), &b, err);
	}
	pg_sync_rollback(t->pg);
	buf_putc(&b, '}');
	json *j = json_new_object(a);
	/* json_agg puts line feeds between rows (never inside a string, where they are escaped). */
	for (size_t i = 0; i < b.n; i++)
		if (b.p[i] == '\n') b.p[i] = ' ';
	if (fine) {
		json *data;
		str text = str_copy(a, buf_str(&b));
		if (!json_parse(a, text, &data, err)) {
			j = failure(a, err);
			json_setz(j, "text", json_new_str(a, text));
		} else {
			json_setz(j, "data", json_raw(a, text));
		}
	} else {
		j = failure(a, err);
	}
	buf_free(&b);
	json *list = json_setz(j, "sql", json_new_array(a));
	for (size_t i = 0; i < p->nroots; i++)
		for (size_t k = 0; k < plan_sql(p)->roots[i].nstmts; k++)
			json_push(list, json_new_str(a, str_copy(a, str_from(plan_sql(p)->roots[i].stmts[k]->sql))));
	return j;
}

/* ---- subscriptions ---- */

static json *texts(arena *a, const sql_live *l, bool multiplexed)
{
	json *list = json_new_array(a);
	for (size_t i = 0; i < l->nroots; i++) {
		const statement *const *v =
			(const statement *const *)(multiplexed ? l->roots[i].multiplexed : l->roots[i].stmts);
		for (size_t k = 0; v && k < l->roots[i].nstmts; k++)
			json_push(list, json_new_str(a, str_copy(a, str_from(v[k]->sql))));
	}
	return list;
}

static json *run_live(tool *t, arena *a, const json *line, error *err)
{
	plan *p = NULL;
	sql_live l, next;
	if (!make(t, a, line, session_of(a, line), &p, err)) return failure(a, err);
	json *j = json_new_object(a);
	const plan_select *sel = p->roots[0].select;
	if (sql_make_live(a, p, false, &l, err)) {
		json_setz(j, "plain", texts(a, &l, false));
		json_setz(j, "multiplexed", texts(a, &l, true));
	} else {
		j = failure(a, err);
	}
	if (sel->stream && sel->stream->safe && sql_make_front(a, p, false, &next, err)) {
		json_setz(j, "front", texts(a, &next, false));
		json_setz(j, "front_multiplexed", texts(a, &next, true));
	}
	if (sel->stream && sel->stream->next && sql_make_live(a, p, true, &next, err))
		json_setz(j, "next", texts(a, &next, true));
	plan_free(p);
	return j;
}

/* ---- through exec ---- */

typedef struct pending {
	exec_request r;
	arena *a;
	json *answer;
	size_t *left;
} pending;

static void request_done(exec_request *r)
{
	pending *p = r->data;
	json *j = r->ok ? json_new_object(p->a) : failure(p->a, &r->err);
	for (size_t i = 0; i < r->body.n; i++)
		if (r->body.p[i] == '\n') r->body.p[i] = ' ';
	if (r->ok) json_setz(j, "body", json_raw(p->a, str_copy(p->a, buf_str(&r->body))));
	json_setz(j, "cached", json_new_bool(p->a, r->details.cached));
	json_setz(j, "statements", json_new_i64(p->a, (int64_t)r->details.nstatements));
	buf_free(&r->body);
	p->answer = j;
	(*p->left)--;
}

static void begin_request(tool *t, pending *p, const json *line)
{
	p->r = (exec_request){.a = p->a, .snap = t->snap, .introspection = true, .done = request_done, .data = p};
	p->r.session = session_of(p->a, line);
	p->r.query = json_str_or(line, "query", STR(""));
	p->r.variables = json_getz(line, "variables");
	p->r.subscription = json_bool_or(line, "subscription", false);
	if (json_bool_or(line, "explain", false)) exec_explain(t->worker, &p->r);
	else exec_start(t->worker, &p->r);
}

static json *run_requests(tool *t, arena *a, const json *list)
{
	size_t left = list->count, n = 0;
	pending *all = NEW_ARRAY(a, pending, list->count);
	JSON_EACH (line, list) {
		pending *p = &all[n++];
		p->a = a;
		p->left = &left;
		begin_request(t, p, line);
		if (!json_bool_or(line, "cancel", false) || p->answer) continue;
		exec_cancel(&p->r);
		left--;
	}
	while (left)
		uv_run(&t->loop, UV_RUN_ONCE);
	json *j = json_new_object(a), *answers = json_setz(j, "answers", json_new_array(a));
	for (size_t i = 0; i < n; i++)
		json_push(answers, all[i].answer ? all[i].answer : json_new_null(a));
	exec_cache_stats st;
	exec_worker_stats(t->worker, &st);
	json *c = json_setz(j, "cache", json_new_object(a));
	json_setz(c, "hits", json_new_i64(a, (int64_t)st.hits));
	json_setz(c, "misses", json_new_i64(a, (int64_t)st.misses));
	json_setz(c, "remade", json_new_i64(a, (int64_t)st.remade));
	json_setz(c, "entries", json_new_i64(a, (int64_t)st.entries));
	return j;
}

static bool env_get(void *data, str name, str *value)
{
	tool *t = data;
	*value = str_from(t->url);
	return str_eqz(name, "DATABASE_URL");
}

static void open_worker(tool *t)
{
	uv_loop_init(&t->loop);
	exec_config c = {.env = {.get = env_get, .data = t}};
	t->shared = exec_shared_new(&c);
	t->worker = exec_worker_new(t->shared, &t->loop);
}

static void close_worker(tool *t)
{
	exec_worker_close(t->worker, NULL, NULL);
	uv_run(&t->loop, UV_RUN_DEFAULT);
	if (uv_loop_close(&t->loop)) abort();
	exec_shared_free(t->shared);
}

static json *answer(tool *t, arena *a, const json *line)
{
	error err;
	error_init(&err, a);
	if (json_getz(line, "metadata")) {
		json *j = load(t, a, line, &err);
		return j ? j : failure(a, &err);
	}
	if (json_getz(line, "requests")) return run_requests(t, a, json_getz(line, "requests"));
	if (json_getz(line, "live")) return run_live(t, a, json_getz(line, "live"), &err);
	const session *s = session_of(a, line);
	plan *p = NULL;
	json *j;
	if (make(t, a, line, s, &p, &err)) j = run(t, a, p, s, line, &err);
	else j = failure(a, &err);
	if (p) plan_free(p);
	return j;
}

static bool open_database(tool *t, const char *url)
{
	arena *a = arena_new(0);
	error err;
	error_init(&err, a);
	pg_params_spec spec;
	pg_params_spec_init(&spec);
	spec.url = str_from(url);
	pg_params *params = pg_params_new(&spec, &err);
	t->pg = params ? pg_sync_connect(params, 0, &err) : NULL;
	if (!t->pg) fprintf(stderr, "%.*s\n", STR_ARG(err.message));
	pg_params_unref(params);
	arena_free(a);
	return t->pg != NULL;
}

int main(int argc, char **argv)
{
	tool t = {.url = argv[1]};
	if (argc != 2 || !open_database(&t, argv[1])) return 2;
	open_worker(&t);
	char *text = NULL;
	size_t cap = 0;
	ssize_t n;
	while ((n = getline(&text, &cap, stdin)) > 0) {
		arena *a = arena_new(0);
		error err;
		error_init(&err, a);
		json *line;
		bool fine = json_parse(a, str_make(text, (size_t)n), &line, &err);
		buf b = {0};
		json_write(&b, fine ? answer(&t, a, line) : failure(a, &err));
		buf_putc(&b, '\n');
		fwrite(b.p, 1, b.n, stdout);
		fflush(stdout);
		buf_free(&b);
		arena_free(a);
	}
	free(text);
	close_worker(&t);
	if (t.snap) snapshot_unref(t.snap);
	pg_sync_close(t.pg);
	return 0;
}
