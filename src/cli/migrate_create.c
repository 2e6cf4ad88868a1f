/* migrate_create: new migrations: empty, from texts, from the database as it is. Hasura v2: migrate_create.go. */
#include "cli/cmd_migrate.h"

#include "cli/files.h"

/* Hasura v2: version and name beside the text, where scripts look for them. */
static void say_created(project *p, str version, str name, str folder)
{
	json *members = json_new_object(p->a);
	json_setz(members, "name", json_new_str(p->a, name));
	json_setz(members, "version", json_new_number(p->a, version));
	json_setz(members, "folder", json_new_str(p->a, project_shown(p, folder)));
	term_log_with(p->c, CMD_LOG_INFO, members, STR("Migrations files created"));
}

/* ---- from the server ---- */

bool migrate_dump(project *p, str source, const str_vec *options, str *out, error *err)
{
	json *body = json_new_object(p->a), *opts = json_new_array(p->a);
	long status = 0;
	json_setz(body, "opts", opts);
	for (size_t i = 0; i < options->n; i++)
		json_push(opts, json_new_str(p->a, options->v[i]));
	json_setz(body, "clean_output", json_new_bool(p->a, true));
	json_setz(body, "source", json_new_str(p->a, source));
	remote_request r = {.method = "POST", .path = p->path_pg_dump, .body = json_to_str(p->a, body)};
	if (!remote_call(p, &r, &status, out, err)) return false;
	return status == 200 || remote_error("pg_dump", status, *out, err);
}

/* Hasura v2: the schema public when none is named. */
static const str_vec *schemas_asked(const cmd *c)
{
	str_vec *only_public = NEW(c->a, str_vec);
	vec_push(c->a, only_public, STR("public"));
	return cmd_given(c, "schema") ? cmd_values(c, "schema") : only_public;
}

bool migrate_create_from_server(project *p, str source, str name, const str_vec *schemas, error *err)
{
	static const char *const always[] = {"-O", "-x", "--schema-only"};
	static const char *const others[] = {"hdb_catalog", "hdb_views"};
	str_vec options = {0};
	str text, folder, version = migration_new_version(p->a);
	migrate_state s;
	for (size_t i = 0; i < sizeof always / sizeof *always; i++)
		vec_push(p->a, &options, str_from(always[i]));
	for (size_t i = 0; schemas && i < schemas->n; i++) {
		vec_push(p->a, &options, STR("--schema"));
		vec_push(p->a, &options, schemas->v[i]);
	}
	for (size_t i = 0; (!schemas || !schemas->n) && i < sizeof others / sizeof *others; i++) {
		vec_push(p->a, &options, STR("--exclude-schema"));
		vec_push(p->a, &options, str_from(others[i]));
	}
	if (!migrate_dump(p, source, &options, &text, err)) return false;
	if (!str_trim(text).n)
		return error_set(err, ERR_NOT_FOUND, STR(""),
			"there is nothing in %s%.*s of %.*s to make a migration of%s",
			schemas && schemas->n == 1 ? "the schema " : "the schemas",
			STR_ARG(schemas && schemas->n == 1 ? schemas->v[0] : STR("")), STR_ARG(source),
			schemas ? " (--schema names others)" : "");
	if (!migration_write(p, source, version, name, text, STR_NULL, &folder, err)) return false;
	say_created(p, version, name, folder);
	/* It is there already: it must not run on this database. */
	return migrate_state_read(p, &s, err) &&
		migrate_state_mark(p, &s, source, version, true, migration_checksum(p->a, text), err);
}

/* ---- offline ---- */

/* Without asking the server: --database-name, or the only folder there is. */
static bool source_of_new(project *p, str *out, error *err)
{
	str_vec names = {0}, sources = {0}, asked = {0};
	error ignored;
	error_init(&ignored, p->a);
	*out = cmd_value(p->c, "database-name", STR("default"));
	if (cmd_given(p->c, "database-name") || p->version < 3) return true;
	if (!dir_list(p->a, p->migrations_dir, &names, err)) return false;
	for (size_t i = 0; i < names.n; i++)
		if (path_is_dir(p->a, path_join(p->a, p->migrations_dir, names.v[i])))
			vec_push(p->a, &sources, names.v[i]);
	if (sources.n == 1) {
		*out = sources.v[0];
		return true;
	}
	if (sources.n == 0 && !remote_sources(p, &asked, &ignored)) return true;
	return migrate_source(p, out, err);
}

static str text_of(const project *p, const char *flag)
{
	str text = cmd_value(p->c, flag, STR(""));
	return text.n && text.p[text.n - 1] != '\n' ? str_cat(p->a, 2, text, STR("\n")) : text;
}

static bool refuse_metadata(const cmd *c, error *err)
{
	if (!cmd_given(c, "metadata-from-file") && !cmd_given(c, "metadata-from-server")) return true;
	return error_set(err, ERR_NOT_SUPPORTED, STR(""),
		"metadata is no part of migrations: %s metadata export and apply are for it", c->program);
}

static bool create(cmd *c, error *err)
{
	project p;
	str source, up, down, folder, version = migration_new_version(c->a);
	bool from_server = cmd_on(c, "from-server") || cmd_on(c, "sql-from-server");
	if (!c->args.n) return error_set(err, ERR_INVALID_PARAMS, STR(""), "write %s migrate create NAME", c->program);
	if (!refuse_metadata(c, err) || !project_open(c, &p, err) ||
		!project_owns_migrations(&p, "migrate create", err))
		return false;
	if (from_server)
		return migrate_source(&p, &source, err) &&
			migrate_create_from_server(&p, source, c->args.v[0], schemas_asked(c), err);
	if (!source_of_new(&p, &source, err)) return false;
	up = text_of(&p, "up-sql");
	down = text_of(&p, "down-sql");
	if (cmd_given(c, "sql-from-file") && !file_read(c->a, cmd_value(c, "sql-from-file", STR("")), &up, err))
		return false;
	if (!migration_write(&p, source, version, c->args.v[0], up, down, &folder, err)) return false;
	if (cmd_given(c, "up-sql") != cmd_given(c, "down-sql"))
		say_warn(c, "you are creating %s",
			cmd_given(c, "up-sql") ? "an up migration without a down migration"
					       : "a down migration without an up migration");
	say_created(&p, version, c->args.v[0], folder);
	return true;
}

static const cmd_flag flags[] = {
	{"up-sql", 0, CMD_VALUE, "SQL", "text of up.sql", NULL},
	{"down-sql", 0, CMD_VALUE, "SQL", "text of down.sql", NULL},
	{"sql-from-file", 0, CMD_VALUE, "FILE", "up.sql from a file", NULL},
	{"from-server", 0, CMD_SWITCH, NULL, "up.sql from the database as it is (pg_dump), marked as applied", NULL},
	{"schema", 0, CMD_LIST, "NAME", "these schemas of it (default public)", NULL},
	{"sql-from-server", 0, CMD_SWITCH, NULL, NULL, "use --from-server instead"},
	{"metadata-from-file", 0, CMD_VALUE, "FILE", NULL, NULL},
	{"metadata-from-server", 0, CMD_SWITCH, NULL, NULL, NULL},
	{0},
};

const cmd_spec cmd_migrate_create = {.name = "create",
	.args = "NAME",
	.max_args = 1,
	.groups = CMD_SERVER | CMD_DATABASE,
	.flags = flags,
	.what = "make the files of a new migration",
	.text = "Without --from-server no server is asked.\n",
	.run = create};
