/*
 * serve_files: Hasura v2: the image cli-migrations-v3, which starts a second server for its CLI to talk to. Here the server
 * that is about to listen is asked, in the same process.
 */
#include "cli/serve_files.h"

#include "cli/cmd_deploy.h"
#include "cli/files.h"

/* A migration's name: digits, then an underscore. */
static bool is_numbered(str name)
{
	size_t n = 0;
	while (n < name.n && name.p[n] >= '0' && name.p[n] <= '9')
		n++;
	return n && n < name.n && name.p[n] == '_';
}

/* Version 3 has a folder for each database, those before have the migrations at once. */
static bool migrations_version(arena *a, str dir, int *out, error *err)
{
	str_vec names = {0};
	bool numbered = false, folders = false;
	if (!dir_list(a, dir, &names, err)) return false;
	for (size_t i = 0; i < names.n; i++) {
		bool n = is_numbered(names.v[i]);
		numbered |= n;
		folders |= !n && path_is_dir(a, path_join(a, dir, names.v[i]));
	}
	if (numbered && folders)
		return error_set(err, ERR_INVALID_CONFIGURATION, STR(""),
			"--migrations-dir: %.*s has both migrations and folders of databases in it: move the migrations into the "
			"folder of their database (default)",
			STR_ARG(dir));
	*out = numbered ? 2 : 3;
	return true;
}

static bool check_dir(arena *a, const char *flag, str dir, error *err)
{
	if (path_is_dir(a, dir)) return true;
	return error_set(err, ERR_INVALID_CONFIGURATION, STR(""),
		"%s: %s %.*s: name a folder of a project, or leave it out", flag,
		path_exists(a, dir) ? "this is no folder:" : "there is no folder", STR_ARG(dir));
}

/* A folder of metadata, or a project's with config.yaml beside it: the files say which version they are of. */
static bool find_metadata(arena *a, project *p, str dir, error *err)
{
	static const char *const single[] = {"metadata.yaml", "metadata.json"};
	p->metadata_dir = dir;
	p->version = 3;
	if (path_exists(a, path_join(a, dir, STR("databases/databases.yaml")))) return true;
	if (path_exists(a, path_join(a, dir, STR("tables.yaml")))) {
		p->version = 2;
		return true;
	}
	for (size_t i = 0; i < sizeof single / sizeof *single; i++) {
		str file = path_join(a, dir, str_from(single[i]));
		if (path_exists(a, file)) p->metadata_file = file;
	}
	if (p->metadata_file.n || path_exists(a, path_join(a, dir, STR("version.yaml")))) return true;
	return error_set(err, ERR_INVALID_CONFIGURATION, STR(""),
		"--metadata-dir: %.*s holds no metadata: there is none of databases/databases.yaml (config.yaml version 3), "
		"tables.yaml (version 2), metadata.yaml, metadata.json",
		STR_ARG(dir));
}

bool serve_files_apply(arena *a, const options *o, server *s, error *err)
{
	cmd c = {.a = a, .program = "weir", .level = CMD_LOG_INFO, .serving = true};
	project p = {.c = &c,
		.a = a,
		.dir = STR("."),
		.version = 3,
		.local = s,
		.endpoint = STR("this server"),
		.path_query = STR("v1/query"),
		.path_v2_query = STR("v2/query"),
		.path_metadata = STR("v1/metadata"),
		.path_version = STR("v1/version")};
	bool has_metadata = o->metadata_dir.n > 0, has_migrations = o->migrations_dir.n > 0;
	int version = 0;
	if (has_metadata &&
		(!check_dir(a, "--metadata-dir", o->metadata_dir, err) || !find_metadata(a, &p, o->metadata_dir, err)))
		return false;
	if (has_migrations &&
		(!check_dir(a, "--migrations-dir", o->migrations_dir, err) ||
			!migrations_version(a, o->migrations_dir, &version, err)))
		return false;
	if (!has_metadata && !has_migrations) return true;
	p.migrations_dir = o->migrations_dir;
	return deploy_at_start(&p, has_metadata, version, err);
}
