/* cmd_migrate: status of migrations, and which database they are of. Hasura v2: cli/commands/migrate_status.go. */
#include "cli/cmd_migrate.h"

#include "cli/files.h"

#include <stdlib.h>
#include <string.h>

/* ---- which database ---- */

static bool has_name(const str_vec *names, str name)
{
	for (size_t i = 0; i < names->n; i++)
		if (str_eq(names->v[i], name)) return true;
	return false;
}

static bool named_source(project *p, str name, str_vec *out, error *err)
{
	str_vec known = {0};
	if (!remote_sources(p, &known, err)) return false;
	if (!has_name(&known, name)) {
		str list = STR("");
		for (size_t i = 0; i < known.n; i++)
			list = str_cat(p->a, 3, list, i ? STR(", ") : STR(""), known.v[i]);
		return error_set(err, ERR_NOT_FOUND, STR(""),
			"there is no database \"%.*s\" on the server; it has: %.*s", STR_ARG(name), STR_ARG(list));
	}
	vec_push(p->a, out, name);
	return true;
}

void migrate_say_folders(project *p, str dir, const str_vec *known)
{
	str_vec names = {0};
	error ignored;
	error_init(&ignored, p->a);
	if (p->version < 3 || !dir_list(p->a, dir, &names, &ignored)) return;
	for (size_t i = 0; i < names.n; i++) {
		str path = path_join(p->a, dir, names.v[i]);
		if (names.v[i].p[0] == '.' || has_name(known, names.v[i]) || !path_is_dir(p->a, path)) continue;
		say_warn(p->c,
			"%.*s: the server has no database \"%.*s\", so nothing of this folder runs: rename it, or add the database "
			"to the metadata",
			STR_ARG(project_shown(p, path)), STR_ARG(names.v[i]));
	}
}

bool migrate_sources(project *p, bool may_be_all, str_vec *out, error *err)
{
	cmd *c = p->c;
	str chosen;
	str_vec known = {0};
	if (p->version < 3 && !cmd_given(c, "database-name")) {
		vec_push(p->a, out, STR("default"));
		return true;
	}
	if (cmd_given(c, "database-name")) return named_source(p, cmd_value(c, "database-name", STR("")), out, err);
	if (!remote_sources(p, &known, err)) return false;
	if (!known.n)
		return error_set(err, ERR_NOT_FOUND, STR(""),
			"the server has no database yet: apply metadata first, or connect one");
	if (known.n == 1 || (may_be_all && cmd_on(c, "all-databases"))) {
		migrate_say_folders(p, p->migrations_dir, &known);
		*out = known;
		return true;
	}
	if (may_be_all) vec_push(p->a, &known, STR("All (all available databases)"));
	const char *flag = may_be_all ? "--database-name or --all-databases" : "--database-name";
	if (!term_choose(c, "Select a database to use", &known, flag, &chosen, err)) return false;
	if (may_be_all && str_eq(chosen, known.v[known.n - 1])) {
		known.n--;
		*out = known;
	} else {
		vec_push(p->a, out, chosen);
	}
	return true;
}

bool migrate_source(project *p, str *out, error *err)
{
	str_vec one = {0};
	if (!migrate_sources(p, false, &one, err)) return false;
	*out = one.v[0];
	return true;
}

bool migrate_mode_on(project *p, const migrate_state *s, error *err)
{
	if (s->mode) return true;
	return error_set(err, ERR_NOT_SUPPORTED, STR(""),
		"Migration mode is disabled: the switch \"Allow database schema changes via the console\" (Data > Migrations of %s "
		"console) is off",
		p->c->program);
}

/* ---- what is strange ---- */

bool migrate_file_edited(project *p, const migrate_state *s, str source, const migration *m)
{
	str text, was = migrate_state_checksum(s, source, m->version);
	bool yaml;
	error ignored;
	error_init(&ignored, p->a);
	if (!was.n || !migration_text(p, m, false, &text, &yaml, &ignored)) return false;
	return !str_eq(was, migration_checksum(p->a, text));
}

size_t migrate_say_strange(project *p, const migrate_state *s, str source, const migrations *files, bool allow_missing)
{
	size_t n = 0;
	JSON_EACH (e, migrate_state_of(s, source)) {
		const migration *m = migrations_find_file(files, e->key);
		if (!m && allow_missing) continue;
		if (!m) {
			say_warn(p->c,
				"%.*s: the migration %.*s has run on the database, and there is no file of it: get the file back from "
				"where it was made, or, if it was squashed or deleted there, say %s migrate delete --server --version "
				"%.*s --database-name %.*s, which forgets it (apply --allow-missing leaves it and says nothing)",
				STR_ARG(source), STR_ARG(e->key), p->c->program, STR_ARG(e->key), STR_ARG(source));
		} else if (e->kind == JSON_BOOL && e->boolean) {
			say_warn(p->c,
				"%.*s: the migration %.*s_%.*s was begun and is not known to have ended: look what it did, then say "
				"%s migrate repair --version %.*s --as applied (or not-applied)",
				STR_ARG(source), STR_ARG(m->version), STR_ARG(m->name), p->c->program,
				STR_ARG(m->version));
		} else if (migrate_file_edited(p, s, source, m)) {
			say_warn(p->c,
				"%.*s: %.*s was edited since it ran: put the change into a migration of its own (%s migrate repair "
				"accepts the file as it is)",
				STR_ARG(source), STR_ARG(project_shown(p, m->up.n ? m->up : m->up_yaml)),
				p->c->program);
		} else {
			continue;
		}
		n++;
	}
	return n;
}

/* ---- status ---- */

typedef struct status_row {
	str version, name;
	bool in_files, in_database, dirty, edited;
} status_row;
typedef VEC(status_row) status_rows;

static int by_version(const void *x, const void *y)
{
	str a = ((const status_row *)x)->version, b = ((const status_row *)y)->version;
	return a.n != b.n ? (a.n < b.n ? -1 : 1) : str_cmp(a, b);
}

static void collect(project *p, const migrate_state *s, str source, const migrations *files, status_rows *out)
{
	for (size_t i = 0; i < files->n; i++) {
		const migration *m = &files->v[i];
		status_row r = {.version = m->version, .name = m->name, .in_files = true};
		r.in_database = migrate_state_has(s, source, m->version, &r.dirty);
		r.edited = r.in_database && migrate_file_edited(p, s, source, m);
		vec_push(p->a, out, r);
	}
	JSON_EACH (e, migrate_state_of(s, source)) {
		status_row r = {.version = e->key, .name = STR("-"), .in_database = true};
		r.dirty = json_is(e, JSON_BOOL) && e->boolean;
		if (!migrations_find_file(files, e->key)) vec_push(p->a, out, r);
	}
	if (out->n) qsort(out->v, out->n, sizeof *out->v, by_version);
}

static str database_words(const status_row *r)
{
	if (r->dirty) return STR("Begun, not ended");
	if (r->edited) return STR("Present, file edited since");
	return r->in_database ? STR("Present") : STR("Not Present");
}

static void show_rows(arena *a, const status_rows *rows)
{
	enum { COLUMNS = 4 };
	static const char *const head[COLUMNS] = {"VERSION", "NAME", "SOURCE STATUS", "DATABASE STATUS"};
	term_rows table = {0};
	str *first = NEW_ARRAY(a, str, COLUMNS);
	for (size_t i = 0; i < COLUMNS; i++)
		first[i] = str_from(head[i]);
	vec_push(a, &table, (const str *)first);
	for (size_t i = 0; i < rows->n; i++) {
		str *row = NEW_ARRAY(a, str, COLUMNS);
		row[0] = rows->v[i].version;
		row[1] = rows->v[i].name;
		row[2] = rows->v[i].in_files ? STR("Present") : STR("Not Present");
		row[3] = database_words(&rows->v[i]);
		vec_push(a, &table, (const str *)row);
	}
	term_table(a, &table, COLUMNS);
}

static json *rows_as_json(arena *a, str source, const status_rows *rows)
{
	json *o = json_new_object(a), *list = json_new_array(a);
	json_setz(o, "database", json_new_str(a, source));
	for (size_t i = 0; i < rows->n; i++) {
		const status_row *r = &rows->v[i];
		json *e = json_push(list, json_new_object(a));
		json_setz(e, "version", json_new_str(a, r->version));
		json_setz(e, "name", json_new_str(a, r->name));
		json_setz(e, "in_files", json_new_bool(a, r->in_files));
		json_setz(e, "in_database", json_new_bool(a, r->in_database && !r->dirty));
		json_setz(e, "begun", json_new_bool(a, r->dirty));
		json_setz(e, "edited", json_new_bool(a, r->edited));
	}
	json_setz(o, "migrations", list);
	return o;
}

bool migrate_status_json(project *p, str source, json **out, error *err)
{
	migrate_state s;
	migrations files;
	status_rows rows = {0};
	if (!migrate_state_read(p, &s, err) || !migrations_list(p, source, &files, err)) return false;
	collect(p, &s, source, &files, &rows);
	*out = rows_as_json(p->a, source, &rows);
	return true;
}

static bool differs(const status_rows *rows)
{
	for (size_t i = 0; i < rows->n; i++)
		if (rows->v[i].in_files != rows->v[i].in_database || rows->v[i].dirty || rows->v[i].edited) return true;
	return false;
}

static bool status(cmd *c, error *err)
{
	project p;
	migrate_state s;
	str_vec sources = {0};
	const char *format;
	json *all = json_new_array(c->a);
	if (!term_format(c, &format, err) || !project_open(c, &p, err) || !migrate_sources(&p, true, &sources, err))
		return false;
	if (!migrate_state_read(&p, &s, err)) return false;
	bool for_people = strcmp(format, "table") == 0;
	for (size_t i = 0; i < sources.n; i++) {
		migrations files;
		status_rows rows = {0};
		if (!migrations_list(&p, sources.v[i], &files, err)) return false;
		migrations_say_passed(&p, sources.v[i]);
		collect(&p, &s, sources.v[i], &files, &rows);
		if (!for_people) json_push(all, rows_as_json(c->a, sources.v[i], &rows));
		else term_printf("%sDatabase: %.*s\n", i ? "\n" : "", STR_ARG(sources.v[i]));
		if (for_people) show_rows(c->a, &rows);
		if (cmd_on(c, "exit-code") && differs(&rows)) c->status = 1;
	}
	if (!for_people) term_value(c, all);
	return true;
}

static const cmd_flag status_flags[] = {
	{"exit-code", 0, CMD_SWITCH, NULL, "exit status 1 when files and databases differ, 2 on an error", NULL},
	{0},
};

static const cmd_spec cmd_migrate_status = {.name = "status",
	.groups = CMD_SERVER | CMD_DATABASE | CMD_ALL_DATABASES | CMD_OUTPUT,
	.flags = status_flags,
	.what = "which migrations are in the files, and which have run",
	.run = status};

const cmd_spec cmd_migrate = {.name = "migrate",
	.what = "changes of the databases' schema, as files that run in order",
	.subs = (const cmd_spec *const[]){&cmd_migrate_status, &cmd_migrate_apply, &cmd_migrate_create,
		&cmd_migrate_goto, &cmd_migrate_rollback, &cmd_migrate_squash, &cmd_migrate_delete, &cmd_migrate_repair,
		NULL}};
