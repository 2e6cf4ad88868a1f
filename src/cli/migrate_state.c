#include "cli/migrate_state.h"

#include "base/yaml.h"
#include "metadata/store_sql.h"

/* ---- reading ---- */

static json *object_at(arena *a, json *o, str key)
{
	json *found = json_get(o, key);
	return json_is(found, JSON_OBJECT) ? found : json_set(o, key, json_new_object(a));
}

static json *migrations_at(project *p, migrate_state *s, str source)
{
	return object_at(p->a, object_at(p->a, s->all, STR("migrations")), source);
}

static bool write_state(project *p, const migrate_state *s, error *err)
{
	json *args = json_new_object(p->a), *answer;
	json_setz(args, "type", json_new_str(p->a, STR("cli")));
	json_setz(args, "state", json_copy(p->a, s->all));
	return remote_metadata(p, "set_catalog_state", 0, args, &answer, err);
}

/* Rows of a table of Hasura's older CLI; NULL: there is none. */
static json *old_rows(project *p, const char *sql)
{
	json *args = json_new_object(p->a), *answer;
	error ignored;
	error_init(&ignored, p->a);
	json_setz(args, "source", json_new_str(p->a, STR("default")));
	json_setz(args, "sql", json_new_str(p->a, str_from(sql)));
	json_setz(args, "read_only", json_new_bool(p->a, true));
	if (!remote_query(p, "run_sql", args, &answer, &ignored)) return NULL;
	json *rows = json_getz(answer, "result");
	return json_is(rows, JSON_ARRAY) && rows->count > 1 ? rows : NULL;
}

static bool copy_old_tables(project *p, migrate_state *s, error *err)
{
	json *versions = old_rows(p, store_sql_old_migrations), *settings = old_rows(p, store_sql_old_settings);
	json *into = migrations_at(p, s, STR("default"));
	for (json *row = versions ? versions->first->next : NULL; row; row = row->next)
		json_set(into, json_at(row, 0)->text, json_new_bool(p->a, str_eqz(json_at(row, 1)->text, "true")));
	json *kept = object_at(p->a, s->all, STR("settings"));
	for (json *row = settings ? settings->first->next : NULL; row; row = row->next)
		if (!json_get(kept, json_at(row, 0)->text))
			json_set(kept, json_at(row, 0)->text, json_new_str(p->a, json_at(row, 1)->text));
	if (!versions && !settings) return true;
	json_setz(s->all, "isStateCopyCompleted", json_new_bool(p->a, true));
	say_info(p->c, "the state of the older CLI (hdb_catalog.schema_migrations) was copied: %zu migrations",
		versions ? versions->count - 1 : 0);
	return write_state(p, s, err);
}

bool migrate_state_read(project *p, migrate_state *out, error *err)
{
	json *answer;
	if (!remote_metadata(p, "get_catalog_state", 0, NULL, &answer, err)) return false;
	json *state = json_getz(answer, "cli_state");
	out->all = json_is(state, JSON_OBJECT) ? state : json_new_object(p->a);
	bool copied = json_bool_or(out->all, "isStateCopyCompleted", false),
	     any = json_getz(out->all, "migrations") != NULL;
	bool copies = !cmd_on(p->c, "disable-auto-state-migration");
	if (!copied && !any && copies && !copy_old_tables(p, out, err)) return false;
	str mode = json_str_or(json_getz(out->all, "settings"), "migration_mode", STR("true"));
	out->mode = str_eqz(mode, "true");
	return true;
}

const json *migrate_state_of(const migrate_state *s, str source)
{
	return json_get(json_getz(s->all, "migrations"), source);
}

bool migrate_state_has(const migrate_state *s, str source, str version, bool *dirty)
{
	const json *e = json_get(migrate_state_of(s, source), version);
	*dirty = json_is(e, JSON_BOOL) && e->boolean;
	return e != NULL;
}

str migrate_state_checksum(const migrate_state *s, str source, str version)
{
	const json *all = json_get(json_getz(json_getz(s->all, "weir"), "checksums"), source);
	const json *e = json_get(all, version);
	return json_is(e, JSON_STRING) ? e->text : STR("");
}

/* ---- writing ---- */

/* Our copy follows, so that it need not be read again. */
static void note(project *p, migrate_state *s, str source, str version, bool applied, str checksum)
{
	json *weir = object_at(p->a, object_at(p->a, object_at(p->a, s->all, STR("weir")), STR("checksums")), source);
	json *list = migrations_at(p, s, source);
	json_remove(weir, version);
	if (!applied) {
		json_remove(list, version);
		return;
	}
	json_set(list, version, json_new_bool(p->a, false));
	if (checksum.n) json_set(weir, version, json_new_str(p->a, checksum));
}

static bool ask_weir(project *p, const migrate_run *r, bool skip, bool *already, error *err)
{
	json *args = json_new_object(p->a), *answer;
	json_setz(args, "source", json_new_str(p->a, r->source));
	json_setz(args, "version", json_new_str(p->a, r->version));
	json_setz(args, "direction", json_new_str(p->a, r->down ? STR("down") : STR("up")));
	json_setz(args, "sql", json_new_str(p->a, skip ? STR("") : r->text));
	if (r->checksum.n) json_setz(args, "checksum", json_new_str(p->a, r->checksum));
	json_setz(args, "exact", json_new_bool(p->a, true));
	if (skip) json_setz(args, "skip_execution", json_new_bool(p->a, true));
	if (r->cascade) json_setz(args, "cascade", json_new_bool(p->a, true));
	if (r->no_transaction) json_setz(args, "no_transaction", json_new_bool(p->a, true));
	p->waits_for =
		"it works, or waits for another migration or for a lock of a table (pg_stat_activity says which)";
	bool ok = remote_query(p, "weir_migrate", args, &answer, err);
	p->waits_for = NULL;
	if (!ok) return false;
	*already = !json_bool_or(answer, "done", true);
	return true;
}

bool migrate_state_mark(project *p, migrate_state *s, str source, str version, bool applied, str checksum, error *err)
{
	migrate_run r = {.source = source, .version = version, .checksum = checksum, .down = !applied};
	bool already;
	if (remote_is_weir(p)) {
		if (!ask_weir(p, &r, true, &already, err)) return false;
		note(p, s, source, version, applied, checksum);
		return true;
	}
	note(p, s, source, version, applied, checksum);
	return write_state(p, s, err);
}

bool migrate_state_setting(project *p, migrate_state *s, str name, str value, error *err)
{
	if (!migrate_state_read(p, s, err)) return false;
	json_set(object_at(p->a, s->all, STR("settings")), str_copy(p->a, name),
		json_new_str(p->a, str_copy(p->a, value)));
	return write_state(p, s, err);
}

/* ---- running ---- */

/* A list of API calls, as versions 1 and 2 have them: one bulk of the older API. */
static bool run_yaml(project *p, const migrate_run *r, error *err)
{
	json *calls, *body = json_new_object(p->a);
	long status = 0;
	str text;
	if (!yaml_parse(p->a, r->text, NULL, &calls, err)) return false;
	if (json_is_null(calls)) return true;
	if (!json_is(calls, JSON_ARRAY))
		return error_set(err, ERR_PARSE_FAILED, STR(""), "a list of calls (- type: …, args: …) is expected");
	json_setz(body, "type", json_new_str(p->a, STR("bulk")));
	json_setz(body, "args", calls);
	remote_request q = {.method = "POST", .path = p->path_query, .body = json_to_str(p->a, body)};
	return remote_call(p, &q, &status, &text, err) && (status == 200 || remote_error("bulk", status, text, err));
}

static bool run_sql(project *p, const migrate_run *r, error *err)
{
	json *args = json_new_object(p->a), *answer;
	if (!str_trim(r->text).n) return true;
	json_setz(args, "source", json_new_str(p->a, r->source));
	json_setz(args, "sql", json_new_str(p->a, r->text));
	if (r->cascade) json_setz(args, "cascade", json_new_bool(p->a, true));
	if (r->no_transaction) json_setz(args, "no_transaction", json_new_bool(p->a, true));
	return remote_query(p, "run_sql", args, &answer, err);
}

bool migrate_state_run(project *p, migrate_state *s, const migrate_run *r, bool *already, error *err)
{
	*already = false;
	if (!r->yaml && remote_is_weir(p)) {
		if (!ask_weir(p, r, !str_trim(r->text).n, already, err)) return false;
		note(p, s, r->source, r->version, !r->down, r->checksum);
		return true;
	}
	bool ok = r->yaml ? run_yaml(p, r, err) : run_sql(p, r, err);
	return ok && migrate_state_mark(p, s, r->source, r->version, !r->down, r->checksum, err);
}
