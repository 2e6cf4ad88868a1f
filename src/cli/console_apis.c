/*
 * console_apis: what the page changes in CLI mode: run on the server, and written into the project's files.
 * Hasura v2: cli/migrate/api. One at a time.
 */
#include "cli/cmd_migrate.h"
#include "cli/console_serve.h"
#include "cli/files.h"
#include "cli/project_md.h"

#include <pthread.h>

typedef struct api {
	console_server *s;
	console_request *r;
	cmd c;
	project p;
	json *body;
	error err;
} api;

/* ---- helpers ---- */

static bool is_sql(const json *op)
{
	str type = json_str_or(op, "type", STR(""));
	return str_eqz(type, "run_sql") || str_eqz(type, "pg_run_sql");
}

static str source_of(const api *x)
{
	str named = json_str_or(x->body, "datasource", STR(""));
	if (!named.n) named = console_parameter(x->r, "datasource");
	return named.n ? named : STR("default");
}

/* The files follow the server. A failure here does not undo what was done: it is said where the command runs. */
static void pull(api *x)
{
	error err;
	size_t written, removed;
	error_init(&err, x->r->a);
	if (!project_metadata_pull(&x->p, &written, &removed, &err))
		say_warn(&x->c, "the change was made, and the metadata files do not have it: %.*s",
			STR_ARG(err.message));
	else if (written || removed) say_info(&x->c, "metadata: %zu files written, %zu removed", written, removed);
}

static bool run_op(api *x, const json *op, json **answer)
{
	const char *type = str_z(x->r->a, json_str_or(op, "type", STR("")));
	json *args = json_getz(op, "args");
	args = args ? json_copy(x->r->a, args) : NULL;
	return is_sql(op) ? remote_query(&x->p, type, args, answer, &x->err)
			  : remote_metadata(&x->p, type, 0, args, answer, &x->err);
}

/* SQL one by one; the rest between two of them as one bulk. As the server answers: one answer, or a list. */
static bool run_ops(api *x, const json *ops, bool sql_too, json **out)
{
	arena *a = x->r->a;
	json *answers = json_new_array(a);
	for (const json *op = ops ? ops->first : NULL; op;) {
		json *answer, *bulk = json_new_array(a);
		if (is_sql(op)) {
			if (sql_too) {
				if (!run_op(x, op, &answer)) return false;
				json_push(answers, json_copy(a, answer));
			}
			op = op->next;
			continue;
		}
		for (; op && !is_sql(op); op = op->next) {
			json *copy = json_copy(a, op);
			copy->key = STR_NULL;
			json_push(bulk, copy);
		}
		if (!remote_metadata(&x->p, "bulk", 0, bulk, &answer, &x->err)) return false;
		JSON_EACH (e, answer)
			json_push(answers, json_copy(a, e));
	}
	*out = answers->count == 1 && ops && ops->count == 1 ? answers->first : answers;
	return true;
}

/* ---- /apis/migrate ---- */

static str sql_of(arena *a, const json *ops)
{
	buf b = {0};
	JSON_EACH (op, ops) {
		str sql = str_trim(json_str_or(json_getz(op, "args"), "sql", STR("")));
		if (!is_sql(op) || !sql.n) continue;
		buf_put(&b, sql);
		buf_puts(&b, sql.p[sql.n - 1] == ';' ? "\n" : ";\n");
	}
	str out = str_copy(a, buf_str(&b));
	buf_free(&b);
	return out;
}

static bool cascades(const json *ops)
{
	JSON_EACH (op, ops)
		if (json_bool_or(json_getz(op, "args"), "cascade", false)) return true;
	return false;
}

static bool migrate(api *x, json **out)
{
	arena *a = x->r->a;
	json *up = json_getz(x->body, "up"), *answers;
	migrate_state state;
	bool already;
	str folder = STR(""), version = migration_new_version(a),
	    name = json_str_or(x->body, "name", STR("console_change"));
	migrate_run run = {.source = source_of(x), .version = version, .text = sql_of(a, up), .cascade = cascades(up)};
	if (!project_owns_migrations(&x->p, "a migration", &x->err) || !migrate_state_read(&x->p, &state, &x->err) ||
		!migrate_mode_on(&x->p, &state, &x->err))
		return false;
	run.checksum = migration_checksum(a, run.text);
	/* An empty down.sql would say that there is nothing to take back. */
	str down = sql_of(a, json_getz(x->body, "down"));
	if (!down.n) down = STR_NULL;
	if (run.text.n && !migration_write(&x->p, run.source, version, name, run.text, down, &folder, &x->err))
		return false;
	bool ok = true;
	if (json_bool_or(x->body, "skip_execution", false))
		ok = migrate_state_mark(&x->p, &state, run.source, version, true, run.checksum, &x->err);
	else if (run.text.n) ok = migrate_state_run(&x->p, &state, &run, &already, &x->err);
	if (!ok) {
		error ignored;
		error_init(&ignored, a);
		(void)(folder.n && path_remove(a, folder, &ignored));
		return false;
	}
	if (folder.n) say_info(&x->c, "migration written: %.*s", STR_ARG(project_shown(&x->p, folder)));
	if (!json_bool_or(x->body, "skip_execution", false) && !run_ops(x, up, false, &answers)) return false;
	pull(x);
	*out = json_new_object(a);
	json_setz(*out, "name", json_new_str(a, path_base(folder)));
	json_setz(*out, "message", json_new_str(a, STR("success")));
	return true;
}

static bool migrate_list(api *x, json **out)
{
	return migrate_status_json(&x->p, source_of(x), out, &x->err);
}

static bool settings_get(api *x, json **out)
{
	migrate_state state;
	if (!migrate_state_read(&x->p, &state, &x->err)) return false;
	*out = json_new_object(x->r->a);
	json_setz(
		*out, "migration_mode", json_new_str(x->r->a, state.mode && !x->p.django ? STR("true") : STR("false")));
	return true;
}

static bool settings_put(api *x, json **out)
{
	migrate_state state;
	str name = json_str_or(x->body, "name", STR("")), value = json_str_or(x->body, "value", STR(""));
	if (!str_eqz(name, "migration_mode") || (!str_eqz(value, "true") && !str_eqz(value, "false")))
		return error_set(
			&x->err, ERR_INVALID_PARAMS, STR(""), "the setting is migration_mode, \"true\" or \"false\"");
	if (str_eqz(value, "true") && !project_owns_migrations(&x->p, "migration mode", &x->err)) return false;
	say_info(&x->c, "schema changes by the console are %s", str_eqz(value, "true") ? "allowed" : "switched off");
	return migrate_state_setting(&x->p, &state, name, value, &x->err) && settings_get(x, out);
}

static bool squash(api *x, json **out)
{
	str folder;
	squash_ask ask = {.source = source_of(x),
		.from = json_str_or(x->body, "from", STR("")),
		.to = json_str_or(x->body, "to", STR("")),
		.name = json_str_or(x->body, "name", STR("squashed")),
		.delete_source = json_bool_or(x->body, "delete_source", false),
		.confirmed = true};
	if (!migrate_squash_run(&x->p, &ask, &folder, &x->err)) return false;
	*out = json_new_object(x->r->a);
	json_setz(*out, "name", json_new_str(x->r->a, path_base(folder)));
	return true;
}

/* ---- /apis/metadata ---- */

static bool metadata_change(api *x, json **out)
{
	if (!run_ops(x, json_getz(x->body, "up"), true, out)) return false;
	pull(x);
	return true;
}

static bool metadata_export(api *x, json **out)
{
	size_t written, removed;
	if (!project_metadata_pull(&x->p, &written, &removed, &x->err)) return false;
	*out = json_new_object(x->r->a);
	json_setz(*out, "message", json_new_str(x->r->a, STR("success")));
	return true;
}

/* ---- which ---- */

static const struct {
	const char *method, *path;
	bool (*run)(api *x, json **out);
} routes[] = {
	{"POST", "/apis/migrate", migrate},
	{"GET", "/apis/migrate", migrate_list},
	{"GET", "/apis/migrate/settings", settings_get},
	{"PUT", "/apis/migrate/settings", settings_put},
	{"POST", "/apis/migrate/squash/create", squash},
	{"POST", "/apis/metadata", metadata_change},
	{"GET", "/apis/metadata", metadata_export},
};

static bool run_route(api *x, json **out)
{
	for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
		if (!str_eqz(x->r->method, routes[i].method) || !str_eqz(x->r->path, routes[i].path)) continue;
		if (x->r->body.n && !json_parse(x->r->a, x->r->body, &x->body, &x->err)) return false;
		return project_open(&x->c, &x->p, &x->err) && routes[i].run(x, out);
	}
	return error_set(&x->err, ERR_NOT_FOUND, STR(""), "there is no such call");
}

/* With what PostgreSQL said, and where. */
static void answer_error(const console_request *r, const error *err)
{
	json *o = json_new_object(r->a);
	json_setz(o, "path", json_new_str(r->a, err->path.n ? err->path : STR("$")));
	json_setz(o, "error", json_new_str(r->a, err->message));
	json_setz(o, "code", json_new_str(r->a, error_code_text(err->code)));
	if (err->internal) json_setz(o, "internal", json_copy(r->a, err->internal));
	console_answer_json(r, error_status(err) >= 500 ? 400 : error_status(err), o);
}

/* A singleton: the project's files are one, so its changes come one after the other. */
void console_apis(console_server *s, console_request *r)
{
	/* Singleton, see above. */
	static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
	api x = {.s = s, .r = r, .c = *s->c};
	json *out = NULL;
	if (!console_read_body(r)) {
		console_answer_error(r, 400, "bad-request", STR("the body is missing or too large"));
		return;
	}
	x.c.a = r->a;
	error_init(&x.err, r->a);
	pthread_mutex_lock(&one_at_a_time);
	bool ok = run_route(&x, &out);
	pthread_mutex_unlock(&one_at_a_time);
	if (ok) console_answer_json(r, 200, out);
	else answer_error(r, &x.err);
}
