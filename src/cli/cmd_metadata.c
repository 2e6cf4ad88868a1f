/* cmd_metadata: metadata apply, export, reload, clear, build, validate. Hasura v2: cli/commands/metadata_*.go. */
#include "cli/cmd_metadata.h"

#include "base/yaml.h"
#include "cli/files.h"
#include "cli/project_md.h"
#include "metadata/metadata.h"

#include <stdlib.h>

static bool is_set(const char *name)
{
	const char *v = getenv(name);
	return v && (str_eqz(str_from(v), "true") || str_eqz(str_from(v), "1"));
}

/* ---- apply ---- */

static bool disallows(const cmd *c)
{
	return cmd_on(c, "disallow-inconsistent-metadata") || is_set("HASURA_GRAPHQL_DISALLOW_INCONSISTENT_METADATA");
}

static void say_applied(project *p, const md_folder *f, const json *doc, const md_applied *done)
{
	JSON_EACH (w, done->warnings) {
		str text = json_str_or(w, "message", STR(""));
		say_warn(p->c, "%.*s", STR_ARG(text));
	}
	if (done->consistent) {
		say_info(p->c, "Metadata applied");
		return;
	}
	project_say_inconsistent(p, f, doc, done->objects);
	say_warn(p->c,
		"Metadata applied, and it is inconsistent: what is named above is not served until its cause is gone (%s metadata "
		"inconsistency list shows it again)",
		p->c->program);
}

static bool apply(cmd *c, error *err)
{
	project p;
	md_folder f;
	json *doc;
	const char *format;
	md_applied done;
	if (!term_format(c, &format, err) || !project_open(c, &p, err) || !project_metadata_read(&p, &f, &doc, err))
		return false;
	if (cmd_on(c, "dry-run")) {
		term_value(c, doc);
		return true;
	}
	if (!project_metadata_apply(&p, &f, doc, !disallows(c), &done, err)) return false;
	say_applied(&p, &f, doc, &done);
	if (!cmd_given(c, "output")) return true;
	/* Hasura v2: what the server has now. */
	if (!remote_metadata(&p, "export_metadata", 0, NULL, &doc, err)) return false;
	term_value(c, doc);
	return true;
}

static const cmd_flag apply_flags[] = {
	{"dry-run", 0, CMD_SWITCH, NULL, "print what would be applied", NULL},
	{"disallow-inconsistent-metadata", 0, CMD_SWITCH, NULL,
		"an error, and nothing changed, when it is inconsistent", NULL},
	{"from-file", 0, CMD_SWITCH, NULL, NULL, "the layout follows config.yaml"},
	{0},
};

const cmd_spec cmd_metadata_apply = {.name = "apply",
	.groups = CMD_SERVER | CMD_OUTPUT,
	.flags = apply_flags,
	.what = "replace the server's metadata by the project's files",
	.text = "What does not fit the database is named with its file and line; the rest is served all the same (exit status 0),\n"
		"unless --disallow-inconsistent-metadata (or HASURA_GRAPHQL_DISALLOW_INCONSISTENT_METADATA=true) forbids it.\n"
		"With --dry-run the document is only printed; with --output what the server has afterwards is printed too.\n",
	.run = apply};

/* ---- export ---- */

static bool config_version(const cmd *c, int *out, error *err)
{
	int64_t n = 0;
	str text = cmd_value(c, "config-version", STR("0"));
	if (!str_to_i64(text, &n) || n < 0 || n > 3 || (n == 0 && cmd_given(c, "config-version")))
		return error_set(err, ERR_INVALID_PARAMS, STR(""), "--config-version: write 1, 2 or 3");
	*out = (int)n;
	return true;
}

static bool export(cmd *c, error *err)
{
	project p;
	json *doc;
	const char *format;
	size_t written, removed;
	int version;
	if (!term_format(c, &format, err) || !config_version(c, &version, err) || !project_open(c, &p, err))
		return false;
	if (!remote_metadata(&p, "export_metadata", 0, NULL, &doc, err)) return false;
	if (cmd_given(c, "output")) {
		term_value(c, doc);
		return true;
	}
	if (!project_metadata_save(&p, doc, version, &written, &removed, err)) return false;
	str home = project_shown(&p, project_metadata_home(&p, version ? version : p.version));
	if (!written && !removed) say_info(c, "Metadata exported: %.*s says the same already", STR_ARG(home));
	else say_info(c, "Metadata exported to %.*s: %zu files written, %zu removed", STR_ARG(home), written, removed);
	return true;
}

static const cmd_flag export_flags[] = {
	{"config-version", 0, CMD_VALUE, "N", "write the layout of config.yaml version 1, 2 or 3", NULL},
	{0},
};

const cmd_spec cmd_metadata_export = {.name = "export",
	.groups = CMD_SERVER | CMD_OUTPUT,
	.flags = export_flags,
	.what = "write the server's metadata into the project's files",
	.text = "A file that says the same already is left as it is, its comments and order too; files of tables and functions\n"
		"that are no longer tracked are removed. With --output the metadata is only printed.\n",
	.run = export};

/* ---- reload, clear ---- */

static bool say_consistency(project *p, error *err)
{
	json *found, *doc;
	md_folder f;
	error ignored;
	error_init(&ignored, p->a);
	if (!remote_metadata(p, "get_inconsistent_metadata", 0, NULL, &found, err)) return false;
	if (json_bool_or(found, "is_consistent", true)) {
		say_info(p->c, "Metadata is consistent");
		return true;
	}
	bool read = project_metadata_read(p, &f, &doc, &ignored);
	project_say_inconsistent(p, read ? &f : NULL, read ? doc : NULL, json_getz(found, "inconsistent_objects"));
	say_warn(p->c, "Metadata is inconsistent, use \"%s metadata inconsistency list\" to see it again",
		p->c->program);
	return true;
}

static bool reload(cmd *c, error *err)
{
	project p;
	json *answer, *args = json_new_object(c->a);
	if (!project_open(c, &p, err)) return false;
	json_setz(args, "reload_remote_schemas", json_new_bool(c->a, true));
	json_setz(args, "reload_sources", json_new_bool(c->a, true));
	if (!remote_metadata(&p, "reload_metadata", 0, args, &answer, err)) return false;
	say_info(c, "Metadata reloaded");
	return say_consistency(&p, err);
}

const cmd_spec cmd_metadata_reload = {.name = "reload",
	.groups = CMD_SERVER,
	.what = "have the server read the databases and remote schemas again",
	.text = "To be called when the schema was changed by somebody else: after `manage.py migrate`, for example.\n",
	.run = reload};

static bool clear(cmd *c, error *err)
{
	project p;
	json *answer;
	bool yes = true;
	if (!project_open(c, &p, err)) return false;
	if (c->interactive &&
		!term_confirm(c, "Forget all tracked tables, relationships and permissions of the server?", "--yes",
			&yes, err))
		return false;
	if (!yes) return error_set(err, ERR_INVALID_PARAMS, STR(""), "nothing was done");
	if (!remote_metadata(&p, "clear_metadata", 0, NULL, &answer, err)) return false;
	say_info(c, "Metadata cleared");
	return true;
}

const cmd_spec cmd_metadata_clear = {.name = "clear",
	.aliases = "reset",
	.groups = CMD_SERVER,
	.what = "forget the server's metadata (the databases stay as they are)",
	.run = clear};

/* ---- offline ---- */

static bool read_here(cmd *c, project *p, md_folder *f, json **doc, error *err)
{
	if (!c->args.n) return project_open(c, p, err) && project_metadata_read(p, f, doc, err);
	*f = (md_folder){.a = c->a};
	*p = (project){.c = c, .a = c->a};
	if (!path_is_dir(c->a, c->args.v[0])) return md_document_read(f, c->args.v[0], doc, err);
	bool v3 = path_exists(c->a, path_join(c->a, c->args.v[0], STR("databases/databases.yaml")));
	return md_folder_read(f, c->args.v[0], v3 ? 3 : 2, doc, err);
}

static bool build(cmd *c, error *err)
{
	project p;
	md_folder f;
	json *doc;
	const char *format;
	if (!term_format(c, &format, err) || !read_here(c, &p, &f, &doc, err)) return false;
	term_value(c, doc);
	return true;
}

const cmd_spec cmd_metadata_build = {.name = "build",
	.args = "[FOLDER]",
	.max_args = 1,
	.groups = CMD_OUTPUT,
	.what = "print the project's metadata as one document (no server is asked)",
	.run = build};

/* Older versions are about a database the server knows: a stand-in is enough to look at them. Nodes stay doc's, for their
 * places. */
static json *around_default(arena *a, json *doc)
{
	json *whole = json_new_object(a), *source = json_new_object(a), *configuration = json_new_object(a);
	json *tables = json_getz(doc, "tables");
	json_setz(whole, "version", json_new_i64(a, 3));
	json_push(json_setz(whole, "sources", json_new_array(a)), source);
	json_setz(source, "name", json_new_str(a, STR("default")));
	json_setz(source, "kind", json_new_str(a, STR("postgres")));
	json_setz(source, "tables", tables ? tables : json_new_array(a));
	json_setz(source, "configuration", configuration);
	json *info = json_setz(configuration, "connection_info", json_new_object(a));
	json_setz(info, "database_url", json_new_str(a, STR("postgres://")));
	return whole;
}

static bool validate(cmd *c, error *err)
{
	project p;
	md_folder f;
	json *doc;
	metadata *m;
	if (!read_here(c, &p, &f, &doc, err)) return false;
	json *whole = json_getz(doc, "sources") ? doc : around_default(c->a, doc);
	if (!metadata_parse(whole, NULL, &m, err)) {
		const md_place *at = md_place_at(&f, whole, err->path);
		str place = at ? str_printf(c->a, "%.*s:%u: ", STR_ARG(at->file), at->line) : STR("");
		str path = error_path(err);
		str hint = md_hint(c->a, err->message);
		err->message = str_printf(c->a, "%.*s%.*s%.*s (at %.*s)", STR_ARG(place), STR_ARG(err->message),
			STR_ARG(hint), STR_ARG(path));
		return false;
	}
	size_t tables = 0;
	JSON_EACH (s, json_getz(whole, "sources"))
		tables += json_getz(s, "tables") ? json_getz(s, "tables")->count : 0;
	metadata_unref(m);
	say_info(c, "The metadata is well-formed: %zu databases, %zu tables", json_getz(whole, "sources")->count,
		tables);
	return true;
}

const cmd_spec cmd_metadata_validate = {.name = "validate",
	.args = "[FOLDER]",
	.max_args = 1,
	.what = "check the form of the project's metadata (no server is asked)",
	.text = "Every file is read, includes are followed, and each object is held against what the server would accept.\n"
		"Whether tables and columns exist, only a server with the database can say (metadata apply).\n",
	.run = validate};
