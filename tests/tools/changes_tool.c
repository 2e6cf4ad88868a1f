/*
 * changes_tool URL [SETTING=N …]: one worker that watches what GraphQL queries read, for tests/api/test_changes.py. Settings:
 * mode, plugin (numbers of changes_mode, changes_plugin), probe, truth_logical, truth_probe, linger (ms), max_wal (bytes).
 * One JSON object a line on stdin, one line of JSON as answer:
 *   {"metadata": {…}}                               a snapshot of it and of the database: {"tables": n}
 *   {"watch": name, "query", "variables", "role", "session", "of": group}
 *                                                   a group of one member; with `of` another member of that group:
 *                                                   {"relations": [{oid, column, key}], "functions", "clock"}
 *   {"unwatch": name}                               {}
 *   {"events": true}                                what came since the last time: {"events": [[group, member or null, why], …]}
 *   {"info": true}                                  {"sources": […], "groups": [{name, polled, why, member_polled}]}
 */
#include "base/log.h"
#include "catalog/read.h"
#include "live/changes.h"
#include "pg/pg_sync.h"
#include "schema/snapshot.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct watcher watcher;
typedef struct tool tool;
struct watcher {
	watcher *next;
	tool *t;
	arena *a;
	str name;
	plan *p;
	changes_group group;
	changes_member member;
	watcher *of; /* a member of another's group */
};

struct tool {
	const char *url;
	pg_sync *pg;
	snapshot *snap;
	exec_shared *shared;
	changes_hub *hub;
	worker_group *workers;
	changes_client *client;
	watcher *watchers;
	arena *events_arena;
	json *events;
	/* The question under way. */
	uv_sem_t done;
	arena *a;
	const json *line;
	json *answer;
};

static json *failure(arena *a, const error *e)
{
	json *j = json_new_object(a);
	json_setz(j, "error", json_new_str(a, e->message));
	if (e->internal) json_setz(j, "internal", json_copy(a, e->internal));
	return j;
}

static void on_dirty(changes_group *g, changes_member *m, changes_why why)
{
	watcher *w = g->data;
	tool *t = w->t;
	arena *a = t->events_arena;
	json *e = json_push(t->events, json_new_array(a));
	json_push(e, json_new_str(a, str_copy(a, w->name)));
	json_push(e, m ? json_new_str(a, str_copy(a, ((watcher *)m->data)->name)) : json_new_null(a));
	json_push(e, json_new_str(a, changes_why_name(why)));
}

/* ---- on the worker ---- */

static bool make_plan(tool *t, arena *a, const json *line, str role, plan **p, error *err)
{
	gq_document *doc;
	const gq_operation *op;
	if (!gq_parse(a, json_str_or(line, "query", STR("")), NULL, &doc, err)) return false;
	if (!gq_select_operation(doc, STR_NULL, &op, err)) return false;
	plan_request q = {
		.snap = t->snap, .role = role, .doc = doc, .op = op, .variables = json_getz(line, "variables")};
	return plan_make(&q, p, err);
}

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

static watcher *find(tool *t, str name)
{
	for (watcher *w = t->watchers; w; w = w->next)
		if (str_eq(w->name, name)) return w;
	return NULL;
}

static json *deps_json(arena *a, const changes_deps *d)
{
	json *o = json_new_object(a), *rels = json_setz(o, "relations", json_new_array(a));
	for (size_t i = 0; i < d->nrels; i++) {
		json *r = json_push(rels, json_new_object(a));
		json_setz(r, "oid", json_new_i64(a, d->rels[i].oid));
		json_setz(r, "column",
			d->rels[i].column.p ? json_new_str(a, str_copy(a, d->rels[i].column)) : json_new_null(a));
		json_setz(r, "key", json_new_i64(a, (int64_t)d->rels[i].key));
	}
	json_setz(o, "functions", json_new_i64(a, (int64_t)d->nfunctions));
	json_setz(o, "clock", json_new_bool(a, d->clock));
	return o;
}

static json *watch(tool *t, arena *a, const json *line, error *err)
{
	const session *s = session_of(a, line);
	plan *p;
	if (!make_plan(t, a, line, s->role, &p, err)) return failure(a, err);
	arena *own = arena_new(0);
	watcher *w = NEW(own, watcher);
	w->a = own;
	w->t = t;
	w->name = str_copy(own, json_str_or(line, "watch", STR("?")));
	w->p = p;
	w->next = t->watchers;
	w->of = find(t, json_str_or(line, "of", STR("")));
	t->watchers = w;
	const changes_deps *d = changes_deps_of_plan(own, p);
	if (!w->of) {
		w->group = (changes_group){.deps = d, .dirty = on_dirty, .data = w};
		changes_group_add(t->client, p->roots[0].select->source, &w->group);
	}
	w->member.data = w;
	changes_member_add(w->of ? &w->of->group : &w->group, &w->member, d, s, json_getz(line, "variables"));
	return deps_json(a, d);
}

static void drop(watcher *w)
{
	changes_member_remove(&w->member);
	changes_group_remove(&w->group);
	plan_free(w->p);
	arena_free(w->a);
}

/* Members come after their groups, so they are before them in the list. */
static void unwatch(tool *t, str name)
{
	for (watcher **at = &t->watchers; *at;) {
		watcher *w = *at;
		if (name.p && !str_eq(w->name, name) && !(w->of && str_eq(w->of->name, name))) {
			at = &w->next;
			continue;
		}
		*at = w->next;
		drop(w);
	}
}

static json *info(tool *t, arena *a)
{
	json *o = json_new_object(a);
	json_setz(o, "sources", changes_hub_info(t->hub, a));
	json *groups = json_setz(o, "groups", json_new_object(a));
	for (const watcher *w = t->watchers; w; w = w->next) {
		const changes_group *g = w->of ? &w->of->group : &w->group;
		json *j = json_set(groups, str_copy(a, w->name), json_new_object(a));
		json_setz(j, "polled", json_new_bool(a, g->polled));
		json_setz(j, "why", g->polled_why ? json_new_strf(a, "%s", g->polled_why) : json_new_null(a));
		json_setz(j, "level", json_new_str(a, changes_level_name(g->level)));
		json_setz(j, "member_polled", json_new_bool(a, w->member.polled));
	}
	return o;
}

static void ask(void *arg)
{
	tool *t = arg;
	arena *a = t->a;
	error err;
	error_init(&err, a);
	t->answer = json_new_object(a);
	if (json_getz(t->line, "watch")) {
		t->answer = watch(t, a, t->line, &err);
	} else if (json_getz(t->line, "unwatch")) {
		unwatch(t, json_str_or(t->line, "unwatch", STR("")));
	} else if (json_getz(t->line, "events")) {
		json_setz(t->answer, "events", json_copy(a, t->events));
		arena_reset(t->events_arena);
		t->events = json_new_array(t->events_arena);
	} else {
		t->answer = info(t, a);
	}
	uv_sem_post(&t->done);
}

/* ---- on the main thread ---- */

static json *load(tool *t, arena *a, const json *line, error *err)
{
	catalog *cat = NULL;
	metadata *md = NULL;
	if (!catalog_read(t->pg, NULL, NULL, 0, &cat, err)) return failure(a, err);
	if (!metadata_parse(json_getz(line, "metadata"), NULL, &md, err)) {
		catalog_unref(cat);
		return failure(a, err);
	}
	source_catalog sc = {.source = STR("default"), .cat = cat, .connection = 1};
	schema_options opt = {.infer_function_permissions = true};
	snapshot *old = t->snap;
	t->snap = snapshot_build(md, &sc, 1, &opt, 1, NULL);
	changes_hub_snapshot(t->hub, t->snap);
	if (old) snapshot_unref(old);
	metadata_unref(md);
	catalog_unref(cat);
	json *j = json_new_object(a);
	json_setz(j, "inconsistencies", json_new_i64(a, (int64_t)t->snap->ninconsistencies));
	return j;
}

static json *answer(tool *t, arena *a, const json *line)
{
	error err;
	error_init(&err, a);
	if (json_getz(line, "metadata")) return load(t, a, line, &err);
	t->a = a;
	t->line = line;
	if (!worker_post(worker_group_get(t->workers, 0), ask, t)) abort();
	uv_sem_wait(&t->done);
	return t->answer;
}

static bool start(worker *w, void *ctx, error *err)
{
	tool *t = ctx;
	(void)err;
	t->client = changes_client_new(t->hub, w);
	return true;
}

static void stop(worker *w, void *ctx)
{
	tool *t = ctx;
	(void)w;
	unwatch(t, STR_NULL);
	changes_client_free(t->client);
}

static bool env_get(void *data, str name, str *value)
{
	tool *t = data;
	*value = str_from(t->url);
	return str_eqz(name, "DATABASE_URL");
}

static changes_config config_of(int argc, char **argv)
{
	changes_config c = {0};
	uint64_t mode = 0, plugin = 0;
	const struct {
		const char *name;
		uint64_t *at;
	} all[] = {{"mode=", &mode}, {"plugin=", &plugin}, {"probe=", &c.probe_ms},
		{"truth_logical=", &c.truth_logical_ms}, {"truth_probe=", &c.truth_probe_ms}, {"linger=", &c.linger_ms},
		{"max_wal=", &c.max_wal_bytes}};
	for (int i = 2; i < argc; i++)
		for (size_t k = 0; k < sizeof all / sizeof *all; k++)
			if (str_starts(str_from(argv[i]), str_from(all[k].name)))
				(void)str_to_u64(str_from(argv[i] + strlen(all[k].name)), all[k].at);
	c.mode = (changes_mode)mode;
	c.plugin = (changes_plugin)plugin;
	return c;
}

static bool begin(tool *t, const changes_config *c)
{
	arena *a = arena_new(0);
	error err;
	error_init(&err, a);
	exec_config ec = {.env = {.get = env_get, .data = t}};
	worker_service service = {"tool", start, NULL, stop, t};
	pg_params_spec spec;
	pg_params_spec_init(&spec);
	spec.url = str_from(t->url);
	pg_params *params = pg_params_new(&spec, &err);
	t->pg = params ? pg_sync_connect(params, 0, &err) : NULL;
	pg_params_unref(params);
	t->shared = exec_shared_new(&ec);
	bool fine =
		t->pg && changes_hub_new(c, t->shared, &t->hub, &err) && worker_group_new("tool", 1, &t->workers, &err);
	if (fine) worker_group_add(t->workers, &service);
	fine = fine && worker_group_start(t->workers, &err);
	if (!fine) fprintf(stderr, "%.*s\n", STR_ARG(err.message));
	arena_free(a);
	return fine;
}

static void end(tool *t)
{
	worker_group_stop(t->workers, 0);
	worker_group_join(t->workers);
	worker_group_free(t->workers);
	changes_hub_free(t->hub);
	exec_shared_free(t->shared);
	if (t->snap) snapshot_unref(t->snap);
	pg_sync_close(t->pg);
	arena_free(t->events_arena);
	uv_sem_destroy(&t->done);
}

int main(int argc, char **argv)
{
	tool t = {.url = argv[1], .events_arena = arena_new(0)};
	changes_config c = config_of(argc, argv);
	log_configure(&(log_config){.level = LOG_ERROR});
	t.events = json_new_array(t.events_arena);
	uv_sem_init(&t.done, 0);
	if (argc < 2 || !begin(&t, &c)) return 2;
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
	end(&t);
	return 0;
}
