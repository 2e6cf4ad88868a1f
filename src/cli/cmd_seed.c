/* cmd_seed: data for a new database, as SQL files that run when asked. Hasura v2: cli/commands/seed_*.go, cli/seed. */
#include "cli/cmd_seed.h"

#include "cli/child.h"
#include "cli/cmd_migrate.h"
#include "cli/files.h"
#include "cli/sql_error.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static str seeds_folder(const project *p, str source)
{
	return p->version < 3 ? p->seeds_dir : path_join(p->a, p->seeds_dir, source);
}

/* ---- apply ---- */

static bool run_file(project *p, str source, str file, error *err)
{
	json *args = json_new_object(p->a), *answer;
	str text;
	if (!file_read(p->a, file, &text, err)) return false;
	if (!str_trim(text).n) return true;
	json_setz(args, "source", json_new_str(p->a, source));
	json_setz(args, "sql", json_new_str(p->a, text));
	if (remote_is_weir(p)) json_setz(args, "exact", json_new_bool(p->a, true));
	return remote_query(p, "run_sql", args, &answer, err) ||
		sql_error_in_file(p, file, text, "nothing of this file was kept", err);
}

/* The names asked for, or all; each must be there. */
static bool choose_files(project *p, str dir, const str_vec *asked, str_vec *out, error *err)
{
	str_vec names = {0};
	for (size_t i = 0; i < asked->n; i++) {
		str path = path_join(p->a, dir, asked->v[i]), base = path_base(asked->v[i]);
		bool near = path_exists(p->a, path_join(p->a, dir, base));
		if (!path_exists(p->a, path))
			return error_set(err, ERR_NOT_FOUND, STR(""), "there is no seed %.*s in %.*s%s%.*s%s",
				STR_ARG(asked->v[i]), STR_ARG(project_shown(p, dir)), near ? ": did you mean " : "",
				STR_ARG(near ? base : STR("")), near ? "?" : "");
		vec_push(p->a, out, path);
	}
	if (asked->n) return true;
	if (!dir_list(p->a, dir, &names, err)) return false;
	for (size_t i = 0; i < names.n; i++)
		if (str_ends(names.v[i], STR(".sql"))) vec_push(p->a, out, path_join(p->a, dir, names.v[i]));
	return true;
}

bool seed_apply_source(project *p, str source, const str_vec *asked, size_t *count, error *err)
{
	str_vec files = {0};
	if (!choose_files(p, seeds_folder(p, source), asked, &files, err)) return false;
	for (size_t i = 0; i < files.n; i++) {
		term_progress(p->c, i + 1, files.n, path_base(files.v[i]));
		if (!run_file(p, source, files.v[i], err)) return false;
	}
	term_progress_end(p->c);
	*count += files.n;
	return true;
}

static bool apply(cmd *c, error *err)
{
	project p;
	str_vec sources = {0};
	size_t count = 0;
	if (!project_open(c, &p, err) || !migrate_sources(&p, true, &sources, err)) return false;
	for (size_t i = 0; i < sources.n; i++)
		if (!seed_apply_source(&p, sources.v[i], cmd_values(c, "file"), &count, err)) return false;
	if (count) say_info(c, "Seeds planted: %zu", count);
	else say_info(c, "there are no seeds");
	return true;
}

static const cmd_flag apply_flags[] = {
	{"file", 'f', CMD_LIST, "FILE", "only this seed; may be given several times", NULL},
	{0},
};

static const cmd_spec seed_apply = {.name = "apply",
	.groups = CMD_SERVER | CMD_DATABASE | CMD_ALL_DATABASES,
	.flags = apply_flags,
	.what = "run the seeds in the order of their names (nothing is remembered)",
	.run = apply};

/* ---- create ---- */

/* What the user writes in $EDITOR, begun with a comment. */
static bool from_editor(project *p, str file, error *err)
{
	const char *editor = getenv("VISUAL") ? getenv("VISUAL") : getenv("EDITOR");
	if (!p->c->interactive || !editor || !*editor) return true;
	const char *argv[] = {"/bin/sh", "-c", "exec $0 \"$1\" </dev/tty >/dev/tty", editor, str_z(p->a, file), NULL};
	child_spec spec = {.argv = argv, .out = -1};
	pid_t pid;
	int status = 0;
	if (!child_spawn(&spec, &pid, err)) return false;
	while (!child_wait(pid, 1000, &status))
		continue;
	return status == 0 || error_set(err, ERR_UNEXPECTED, STR(""), "the editor %s failed", editor);
}

static bool from_tables(project *p, str source, const str_vec *tables, str *out, error *err)
{
	str_vec options = {0};
	static const char *const always[] = {"--no-owner", "--no-acl", "--data-only", "--column-inserts"};
	for (size_t i = 0; i < sizeof always / sizeof *always; i++)
		vec_push(p->a, &options, str_from(always[i]));
	for (size_t i = 0; i < tables->n; i++) {
		vec_push(p->a, &options, STR("--table"));
		vec_push(p->a, &options, tables->v[i]);
	}
	return migrate_dump(p, source, &options, out, err);
}

static bool create(cmd *c, error *err)
{
	project p;
	str source, text = STR("");
	const str_vec *tables = cmd_values(c, "from-table");
	if (!c->args.n) return error_set(err, ERR_INVALID_PARAMS, STR(""), "write %s seed create NAME", c->program);
	if (!project_open(c, &p, err) || !migrate_source(&p, &source, err)) return false;
	if (tables->n && !from_tables(&p, source, tables, &text, err)) return false;
	str name = str_printf(c->a, "%.*s_%.*s.sql", STR_ARG(migration_new_version(c->a)),
		STR_ARG(migration_file_name(c->a, c->args.v[0])));
	str file = path_join(c->a, seeds_folder(&p, source), name);
	if (!file_write(c->a, file, text, NULL, err) || (!tables->n && !from_editor(&p, file, err))) return false;
	say_info(c, "created seed file successfully: %.*s", STR_ARG(project_shown(&p, file)));
	return true;
}

static const cmd_flag create_flags[] = {
	{"from-table", 0, CMD_LIST, "TABLE", "the rows of this table; may be given several times", NULL},
	{0},
};

static const cmd_spec seed_create = {.name = "create",
	.aliases = "new",
	.args = "NAME",
	.max_args = 1,
	.groups = CMD_SERVER | CMD_DATABASE,
	.flags = create_flags,
	.what = "make a new seed: in $EDITOR, or of the rows of tables",
	.run = create};

const cmd_spec cmd_seed = {.name = "seed",
	.aliases = "sd seeds",
	.what = "data for a new database",
	.subs = (const cmd_spec *const[]){&seed_apply, &seed_create, NULL}};
