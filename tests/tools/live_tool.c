/*
 * live_tool URL [refetch_ms [batch_size [auto]]]: live queries (by polling alone, without auto) and no server, for
 * tests/api/test_live*.py. One JSON object a line on stdin; answers and events as lines of JSON on stdout:
 *   {"metadata": {…}}                     makes a snapshot: {"snapshot": [inconsistencies]}
 *   {"subscribe": id, "query", "variables", "role", "session": {…}, "operationName", "once": bool, "twice": bool}
 *                                         {"subscribed": id} or {"refused": id, "message", "code", "path"}; once: ends
 *                                         itself in its first callback; twice: the first callback begins another one, id + 1
 *   {"unsubscribe": id} {"pause": id} {"resume": id} {"unsubscribe_all": true}
 *   {"stats": true}                       {"stats": {…}}
 *   {"info": bool}                        {"info": {live_queries_map, stream_queries_map}}; true: extended
 * Events: {"next": id, "data": …}, {"ended" or "failed": id, "message", "code"}, {"affected": id}
 */
#include "base/map.h"
#include "base/vec.h"
#include "catalog/read.h"
#include "live/live.h"
#include "pg/pg_sync.h"
#include "schema/snapshot.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct tool {
	const char *url;
	live_config config;
	pg_sync *pg;
	worker_group *group;
	worker *w;
	exec_shared *exec_shared;
	live_shared *shared;
	exec_worker *exec;
	live_worker *live;
	snapshot *snap;
	struct member *members;
	uv_sem_t done;
} tool;

typedef struct member {
	struct member *next;
	tool *t;
	live_sub *sub;
	int64_t id;
	bool once;
	bool twice;
	arena *a;
	const json *line;
} member;

static void say(const buf *b)
{
	fwrite(b->p, 1, b->n, stdout);
	fputc('\n', stdout);
	fflush(stdout);
}

static void say_json(const json *j)
{
	buf b = {0};
	json_write(&b, j);
	say(&b);
	buf_free(&b);
}

static member *find(tool *t, int64_t id)
{
	member *m = t->members;
	while (m && m->id != id)
		m = m->next;
	return m;
}

static void drop(member *m)
{
	member **at = &m->t->members;
	while (*at != m)
		at = &(*at)->next;
	*at = m->next;
	live_unsubscribe(m->sub);
	arena_free(m->a);
	mem_free(m);
}

static void subscribe(tool *t, const json *line, int64_t id, bool twice);

static void next(void *data, live_payload *p)
{
	member *m = data;
	buf b = {0};
	buf_puts(&b, "{\"next\":");
	buf_put_i64(&b, m->id);
	buf_puts(&b, ",\"payload\":");
	for (size_t i = 0; i < p->n; i++)
		buf_putc(&b, p->bytes[i] == '\n' ? ' ' : p->bytes[i]);
	buf_putc(&b, '}');
	say(&b);
	buf_free(&b);
	if (m->twice) {
		m->twice = false;
		subscribe(m->t, m->line, m->id + 1, false);
	}
	if (m->once) drop(m);
}

static void say_error(const char *what, int64_t id, const error *err)
{
	arena *a = arena_new(0);
	json *j = json_new_object(a);
	json_setz(j, what, json_new_i64(a, id));
	json_setz(j, "message", json_new_str(a, err->message));
	json_setz(j, "code", json_new_str(a, error_code_text(err->code)));
	json_setz(j, "path", json_new_str(a, error_path(err)));
	if (err->internal) json_setz(j, "internal", json_copy(a, err->internal));
	say_json(j);
	arena_free(a);
}

static void failed(void *data, const error *err)
{
	const member *m = data;
	say_error("failed", m->id, err);
}

static void refused(void *data, const error *err)
{
	member *m = data;
	say_error("ended", m->id, err);
	drop(m);
}

static void affected(void *data)
{
	member *m = data;
	buf b = {0};
	buf_printf(&b, "{\"affected\":%lld}", (long long)m->id);
	say(&b);
	buf_free(&b);
	drop(m);
}

static const live_callbacks callbacks = {.next = next, .refused = refused, .failed = failed, .affected = affected};

static session *session_of(arena *a, const json *line)
{
	session *s = NEW(a, session);
	const json *vars = json_getz(line, "session");
	s->role = json_str_or(line, "role", STR("admin"));
	s->vars = NEW_ARRAY(a, session_var, vars ? vars->count : 0);
	JSON_EACH (v, vars)
		s->vars[s->nvars++] = (session_var){.name = v->key, .value = v->text};
	return s;
}

static void subscribe(tool *t, const json *line, int64_t id, bool twice)
{
	member *m = mem_alloc(sizeof *m);
	m->t = t;
	m->id = id;
	m->a = arena_new(0);
	m->line = json_copy(m->a, line);
	m->once = json_bool_or(line, "once", false);
	m->twice = twice;
	error err;
	error_init(&err, m->a);
	live_request r = {.snap = t->snap,
		.session = session_of(m->a, m->line),
		.query = json_str_or(m->line, "query", STR("")),
		.operation_name = json_str_or(m->line, "operationName", STR_NULL),
		.variables = json_getz(m->line, "variables"),
		.on = &callbacks,
		.data = m};
	if (!live_subscribe(t->live, &r, &m->sub, &err)) {
		say_error("refused", id, &err);
		arena_free(m->a);
		mem_free(m);
		return;
	}
	m->next = t->members;
	t->members = m;
	buf b = {0};
	buf_printf(&b, "{\"subscribed\":%lld}", (long long)id);
	say(&b);
	buf_free(&b);
}

static void say_stats(tool *t, arena *a)
{
	live_stats s;
	live_worker_stats(t->live, &s);
	json *j = json_new_object(a), *o = json_setz(j, "stats", json_new_object(a));
	struct {
		const char *name;
		uint64_t value;
	} all[] = {{"subs", s.subs}, {"cohorts", s.cohorts}, {"groups", s.groups}, {"running", s.running},
		{"statements", s.statements}, {"multiplexed", s.multiplexed}, {"cohort_runs", s.cohort_runs},
		{"pushes", s.pushes}, {"unchanged", s.unchanged}, {"failures", s.failures}, {"retries", s.retries}};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		json_setz(o, all[i].name, json_new_i64(a, (int64_t)all[i].value));
	say_json(j);
}

static void say_info(tool *t, arena *a, bool extended)
{
	json *j = json_new_object(a), *o = json_setz(j, "info", json_new_object(a));
	json *live = json_setz(o, "live_queries_map", json_new_array(a));
	json *streams = json_setz(o, "stream_queries_map", json_new_array(a));
	live_worker_info(t->live, a, &(live_question){.extended = extended}, live, streams);
	json_setz(o, "options", live_options_info(t->shared, a, false));
	json_setz(o, "sources", live_sources_info(t->shared, a));
	say_json(j);
}

typedef struct command {
	tool *t;
	arena *a;
	json *line;
	snapshot *snap;
} command;

static void take_snapshot(tool *t, snapshot *s, arena *a)
{
	snapshot *old = t->snap;
	t->snap = s;
	live_shared_snapshot(t->shared, s);
	live_worker_snapshot(t->live, s);
	exec_worker_snapshot(t->exec, s);
	if (old) snapshot_unref(old);
	json *j = json_new_object(a), *list = json_setz(j, "snapshot", json_new_array(a));
	for (size_t i = 0; i < s->ninconsistencies; i++)
		json_push(list, json_new_str(a, str_copy(a, s->inconsistencies[i].reason)));
	say_json(j);
}

static void run(void *arg)
{
	command *c = arg;
	tool *t = c->t;
	int64_t id = 0;
	const json *j;
	if (c->snap) take_snapshot(t, c->snap, c->a);
	if ((j = json_getz(c->line, "subscribe")) && json_to_i64(j, &id))
		subscribe(t, c->line, id, json_bool_or(c->line, "twice", false));
	if ((j = json_getz(c->line, "unsubscribe")) && json_to_i64(j, &id) && find(t, id)) drop(find(t, id));
	if ((j = json_getz(c->line, "pause")) && json_to_i64(j, &id) && find(t, id)) live_pause(find(t, id)->sub);
	if ((j = json_getz(c->line, "resume")) && json_to_i64(j, &id) && find(t, id)) live_resume(find(t, id)->sub);
	while (json_getz(c->line, "unsubscribe_all") && t->members)
		drop(t->members);
	if (json_getz(c->line, "stats")) say_stats(t, c->a);
	if ((j = json_getz(c->line, "info"))) say_info(t, c->a, j->boolean);
	arena_free(c->a);
	mem_free(c);
	uv_sem_post(&t->done);
}

/* ---- life ---- */

static bool env_get(void *data, str name, str *value)
{
	const tool *t = data;
	*value = str_from(t->url);
	return str_eqz(name, "DATABASE_URL");
}

static bool start(worker *w, void *ctx, error *err)
{
	tool *t = ctx;
	(void)err;
	t->w = w;
	t->exec = exec_worker_new(t->exec_shared, &w->loop);
	t->live = live_worker_new(t->shared, t->exec, w);
	return true;
}

static void stop(worker *w, void *ctx)
{
	tool *t = ctx;
	(void)w;
	live_worker_close(t->live);
	exec_worker_close(t->exec, NULL, NULL);
	while (t->members) {
		t->members->sub = NULL;
		drop(t->members);
	}
	if (t->snap) snapshot_unref(t->snap);
}

static snapshot *load(tool *t, const json *line, error *err)
{
	static uint64_t connection = 1;
	catalog *cat = NULL;
	metadata *md = NULL;
	if (!catalog_read(t->pg, NULL, NULL, 0, &cat, err)) return NULL;
	if (!metadata_parse(json_getz(line, "metadata"), NULL, &md, err)) {
		catalog_unref(cat);
		return NULL;
	}
	source_catalog sc = {.source = STR("default"), .cat = cat, .connection = connection};
	schema_options opt = {.infer_function_permissions = true};
	snapshot *s = snapshot_build(md, &sc, 1, &opt, 1, NULL);
	metadata_unref(md);
	catalog_unref(cat);
	return s;
}

static bool open_all(tool *t)
{
	arena *a = arena_new(0);
	error err;
	error_init(&err, a);
	pg_params_spec spec;
	pg_params_spec_init(&spec);
	spec.url = str_from(t->url);
	pg_params *params = pg_params_new(&spec, &err);
	t->pg = params ? pg_sync_connect(params, 0, &err) : NULL;
	pg_params_unref(params);
	exec_config c = {.env = {.get = env_get, .data = t}};
	t->exec_shared = exec_shared_new(&c);
	uv_sem_init(&t->done, 0);
	worker_service service = {"live", start, NULL, stop, t};
	bool fine = t->pg && live_shared_new(&t->config, t->exec_shared, &t->shared, &err) &&
		worker_group_new("live", 1, &t->group, &err);
	if (fine) worker_group_add(t->group, &service);
	fine = fine && worker_group_start(t->group, &err);
	if (!fine) fprintf(stderr, "%.*s\n", STR_ARG(err.message));
	arena_free(a);
	return fine;
}

static void close_all(tool *t)
{
	worker_group_stop(t->group, 0);
	worker_group_join(t->group);
	worker_group_free(t->group);
	live_shared_free(t->shared);
	exec_shared_free(t->exec_shared);
	pg_sync_close(t->pg);
	uv_sem_destroy(&t->done);
}

static size_t threads(void)
{
	DIR *d = opendir("/proc/self/task");
	size_t n = 0;
	while (d && readdir(d))
		n++;
	if (d) closedir(d);
	return n;
}

/* Connections that are being made have threads of their own, which krb5 wants gone before the program is. */
static void wait_for_threads(void)
{
	for (size_t i = 0; i < 500 && threads() > 3; i++)
		uv_sleep(10);
}

static void one_line(tool *t, str text)
{
	command *c = mem_alloc(sizeof *c);
	c->t = t;
	c->a = arena_new(0);
	error err;
	error_init(&err, c->a);
	bool fine = json_parse(c->a, str_copy(c->a, text), &c->line, &err);
	if (fine && json_getz(c->line, "metadata")) fine = (c->snap = load(t, c->line, &err)) != NULL;
	if (!fine) say_error("broken", 0, &err);
	if (fine && worker_post(t->w, run, c)) {
		uv_sem_wait(&t->done);
		return;
	}
	arena_free(c->a);
	mem_free(c);
}

int main(int argc, char **argv)
{
	tool t = {.url = argc > 1 ? argv[1] : ""};
	if (argc > 2) t.config.refetch_ms = t.config.stream_refetch_ms = strtoull(argv[2], NULL, 10);
	if (argc > 3) t.config.batch_size = (uint32_t)strtoul(argv[3], NULL, 10);
	t.config.changes.mode = argc > 4 ? CHANGES_AUTO : CHANGES_MAX_POLL;
	if (argc < 2 || !open_all(&t)) return 2;
	char *text = NULL;
	size_t cap = 0;
	ssize_t n;
	while ((n = getline(&text, &cap, stdin)) > 0)
		one_line(&t, str_make(text, (size_t)n));
	free(text);
	close_all(&t);
	wait_for_threads();
	return 0;
}
