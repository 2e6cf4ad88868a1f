/* cmd_init: a new project. Hasura v2: cli/commands/init.go. */
#include "cli/cmd_init.h"

#include "cli/cmd_migrate.h"
#include "cli/files.h"
#include "cli/project_md.h"

typedef struct init {
	cmd *c;
	project p;
	str dir;
	int version;
	bool here; /* in the folder we are in */
	bool fetch;
	str django; /* the folder of manage.py, or what says so; empty: none */
} init;

/* ---- what is asked for ---- */

static bool read_version(init *in, error *err)
{
	int64_t n = 3;
	if (!str_to_i64(cmd_value(in->c, "version", STR("3")), &n) || n < 1 || n > 3)
		return error_set(err, ERR_INVALID_PARAMS, STR(""), "--version: the version of config.yaml is 2 or 3");
	if (n == 1)
		return error_set(err, ERR_INVALID_PARAMS, STR(""),
			"new projects are of version 2 or 3; projects of version 1 are read, and metadata export --config-version 1 "
			"writes their file");
	in->version = (int)n;
	return true;
}

static bool read_folder(init *in, error *err)
{
	cmd *c = in->c;
	in->dir = c->args.n ? c->args.v[0] : cmd_value(c, "directory", STR(""));
	if (!in->dir.n && c->interactive) {
		if (!term_ask(c, "Name of project directory ?", STR("hasura"), "the folder's name", &in->dir, err))
			return false;
	}
	if (!in->dir.n) in->dir = STR("hasura");
	str full = path_absolute(c->a, in->dir);
	in->here = str_eq(full, path_absolute(c->a, STR(".")));
	if (in->here && path_exists(c->a, STR("config.yaml")))
		return error_set(
			err, ERR_ALREADY_EXISTS, STR(""), "this folder is a project already: config.yaml is there");
	if (!in->here && path_exists(c->a, full))
		return error_set(err, ERR_ALREADY_EXISTS, STR(""),
			"directory '%.*s' already exists: choose another name, or change "
			"into it and say %s init .",
			STR_ARG(in->dir), c->program);
	in->dir = full;
	return true;
}

/* Tables a server's sources have; false: it cannot be asked. */
static bool server_has_django(init *in)
{
	error ignored;
	json *tables, *args = json_new_object(in->c->a);
	error_init(&ignored, in->c->a);
	json_setz(args, "source", json_new_str(in->c->a, STR("default")));
	if (!remote_metadata(&in->p, "pg_get_source_tables", 0, args, &tables, &ignored)) return false;
	JSON_EACH (t, tables)
		if (str_eqz(json_str_or(t, "name", STR("")), "django_migrations")) return true;
	return false;
}

static void detect_django(init *in, bool reachable)
{
	in->django = django_folder(in->c->a, path_dir(in->dir));
	if (in->django.n) in->django = str_cat(in->c->a, 2, STR("manage.py is in "), in->django);
	else if (reachable && server_has_django(in)) in->django = STR("the database has the table django_migrations");
	if (cmd_given(in->c, "django")) in->django = cmd_on(in->c, "django") ? STR("--django") : STR("");
}

static bool choose_fetch(init *in, bool reachable, error *err)
{
	cmd *c = in->c;
	bool yes = true;
	in->fetch = cmd_on(c, "fetch") || (cmd_given(c, "endpoint") && !c->interactive) || cmd_on(c, "yes");
	if (!cmd_given(c, "endpoint")) in->fetch = cmd_on(c, "fetch");
	if (!cmd_given(c, "endpoint") || in->fetch || !c->interactive) return true;
	if (!reachable) {
		say_warn(c, "there is no answer from %.*s: the project is made without its metadata",
			STR_ARG(in->p.endpoint));
		return true;
	}
	str question = str_printf(c->a, "Initialize project with metadata%s from %.*s ?",
		in->django.n ? "" : " & migrations", STR_ARG(in->p.endpoint));
	if (!term_confirm(c, str_z(c->a, question), "--fetch", &yes, err)) return false;
	in->fetch = yes;
	return true;
}

/* ---- making it ---- */

static bool write_config(init *in, error *err)
{
	cmd *c = in->c;
	str secret = cmd_value(c, "admin-secret", cmd_value(c, "access-key", STR("")));
	str endpoint = cmd_given(c, "endpoint") ? in->p.endpoint : STR("http://localhost:8080");
	str text = project_config_text(c->a, in->version, endpoint, secret, in->django.n > 0);
	return file_write(c->a, path_join(c->a, in->dir, STR("config.yaml")), text, NULL, err);
}

/* An empty document as files: only what every version of Hasura's CLI makes at once. */
static bool write_metadata(init *in, error *err)
{
	arena *a = in->c->a;
	json *doc = json_new_object(a);
	md_files files = {0}, some = {0};
	str_vec notes = {0};
	size_t written, removed;
	static const char *const at_start[] = {"version.yaml", "databases/databases.yaml", "tables.yaml",
		"functions.yaml", "remote_schemas.yaml", "query_collections.yaml", "allow_list.yaml", "actions.yaml",
		"actions.graphql", "cron_triggers.yaml"};
	json_setz(doc, "version", json_new_i64(a, 3));
	json_setz(doc, "sources", json_new_array(a));
	if (!md_layout_files(a, doc, in->version, &files, &notes, err)) return false;
	for (size_t i = 0; i < files.n; i++)
		for (size_t k = 0; k < sizeof at_start / sizeof *at_start; k++)
			if (str_eqz(files.v[i].path, at_start[k])) vec_push(a, &some, files.v[i]);
	return md_layout_write(a, path_join(a, in->dir, STR("metadata")), &some, &written, &removed, err);
}

static bool make(init *in, error *err)
{
	arena *a = in->c->a;
	return dir_make(a, in->dir, err) && write_config(in, err) && write_metadata(in, err) &&
		(in->django.n || dir_make(a, path_join(a, in->dir, STR("migrations")), err)) &&
		(in->django.n || dir_make(a, path_join(a, in->dir, STR("seeds")), err));
}

/* What cannot be fetched is no failure: the project is there. */
static void fetch(init *in)
{
	cmd *c = in->c;
	project *p = &in->p;
	error err;
	size_t written, removed;
	str_vec sources = {0};
	error_init(&err, c->a);
	p->version = in->version;
	p->dir = in->dir;
	p->metadata_dir = path_join(c->a, in->dir, STR("metadata"));
	p->migrations_dir = path_join(c->a, in->dir, STR("migrations"));
	if (!project_metadata_pull(p, &written, &removed, &err)) {
		say_warn(c, "%.*s. Run \"%s metadata export\" in the project to try again", STR_ARG(err.message),
			c->program);
		return;
	}
	say_info(c, "Metadata exported");
	if (in->django.n || !remote_sources(p, &sources, &err)) return;
	for (size_t i = 0; i < sources.n; i++) {
		error_init(&err, c->a);
		say_info(c, "Creating migrations for source: %.*s", STR_ARG(sources.v[i]));
		if (!migrate_create_from_server(p, sources.v[i], STR("init"), NULL, &err))
			say_warn(c,
				"%.*s. Run \"%s migrate create init --from-server --database-name %.*s\" in the project to try "
				"again",
				STR_ARG(err.message), c->program, STR_ARG(sources.v[i]));
	}
}

static void say_done(const init *in)
{
	cmd *c = in->c;
	if (in->django.n)
		say_info(c,
			"Django owns the migrations of this database (%.*s): the project holds metadata only, and says so in config.yaml "
			"(migrations_owner: django). After manage.py migrate: %s metadata reload",
			STR_ARG(in->django), c->program);
	if (in->here) say_info(c, "%s project initialised. Go on with: %s console", c->program, c->program);
	else
		say_info(c, "directory created. Go on with:\n\n  cd %.*s\n  %s console\n",
			STR_ARG(project_shown(&in->p, in->dir)), c->program);
}

static bool run(cmd *c, error *err)
{
	init in = {.c = c};
	str version;
	error ignored;
	error_init(&ignored, c->a);
	if (!project_without_folder(c, &in.p, err) || !read_version(&in, err) || !read_folder(&in, err)) return false;
	bool reachable = cmd_given(c, "endpoint") && remote_version(&in.p, &version, &ignored);
	detect_django(&in, reachable);
	if (!choose_fetch(&in, reachable, err) || !make(&in, err)) return false;
	if (in.fetch) fetch(&in);
	say_done(&in);
	return true;
}

static const cmd_flag flags[] = {
	{"directory", 0, CMD_VALUE, "DIR", NULL, "use directory-name argument instead"},
	{"install-manifest", 0, CMD_VALUE, "NAME", NULL, "it has no effect"},
	{"version", 0, CMD_VALUE, "N", "version of config.yaml, 2 or 3 (default 3)", NULL},
	{"fetch", 0, CMD_SWITCH, NULL, "get metadata and schema from the server without asking", NULL},
	{"django", 0, CMD_SWITCH, NULL,
		"Django owns the migrations (found by manage.py otherwise; =false: it does not)", NULL},
	{0},
};

const cmd_spec cmd_init = {.name = "init",
	.args = "[directory-name]",
	.max_args = 1,
	.groups = CMD_SERVER,
	.flags = flags,
	.what = "make a project: config.yaml, metadata, migrations, seeds",
	.text = "With --endpoint the server's metadata and schema are put into it: after a question on a terminal, at once\n"
		"without one or with --fetch. Beside Django's manage.py, or on a database that Django migrates, the project is\n"
		"for metadata only: migrations stay Django's.\n",
	.run = run};
