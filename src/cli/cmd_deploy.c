/*
 * cmd_deploy: metadata, migrations and seeds of a project onto a server, in the order that works.
 * Hasura v2: cli/pkg/deploy: metadata first, since it names the databases; then migrations; then metadata again, which now fits.
 */
#include "cli/cmd_deploy.h"

#include "cli/cmd_migrate.h"
#include "cli/cmd_seed.h"
#include "cli/files.h"
#include "cli/project_md.h"

#include <time.h>

enum { CONFLICT_TRIES = 50 };

typedef struct deploy {
	cmd *c;
	project p;
	md_folder folder;
	json *doc;
	migrate_state state;
	str_vec sources; /* of the files */
	size_t pending;
	bool migrates, seeds;
} deploy;

/* ---- the plan ---- */

static bool count_pending(deploy *d, str source, size_t *out, error *err)
{
	migrations files;
	*out = 0;
	if (!migrations_list(&d->p, source, &files, err)) return false;
	for (size_t i = 0; i < files.n; i++) {
		bool dirty;
		*out += !migrate_state_has(&d->state, source, files.v[i].version, &dirty) || dirty;
	}
	return true;
}

static bool look(deploy *d, error *err)
{
	if (!project_metadata_read(&d->p, &d->folder, &d->doc, err) || !migrate_state_read(&d->p, &d->state, err))
		return false;
	JSON_EACH (s, json_getz(d->doc, "sources"))
		vec_push(d->c->a, &d->sources, json_str_or(s, "name", STR("default")));
	if (!d->sources.n) vec_push(d->c->a, &d->sources, STR("default"));
	d->migrates = !d->p.django && d->state.mode;
	if (d->migrates) migrate_say_folders(&d->p, d->p.migrations_dir, &d->sources);
	for (size_t i = 0; d->migrates && i < d->sources.n; i++) {
		size_t n;
		if (!count_pending(d, d->sources.v[i], &n, err)) return false;
		d->pending += n;
		if (n) term_printf("  migrations  %zu to run on %.*s\n", n, STR_ARG(d->sources.v[i]));
	}
	return true;
}

static bool show_plan(deploy *d, error *err)
{
	term_printf("Deploying to %.*s:\n", STR_ARG(d->p.endpoint));
	term_printf("  metadata    applied first, so that its databases are connected\n");
	if (!look(d, err)) return false;
	if (d->p.django) term_printf("  migrations  none: they are Django's\n");
	else if (!d->state.mode) term_printf("  migrations  none: migration mode is switched off\n");
	else if (!d->pending) term_printf("  migrations  none to run\n");
	if (d->pending) term_printf("  metadata    applied again, now that the tables are there\n");
	if (d->seeds) term_printf("  seeds       all files, in the order of their names\n");
	return true;
}

/* ---- the steps ---- */

static bool apply_metadata(deploy *d, md_applied *out, error *err)
{
	return project_metadata_apply(&d->p, &d->folder, d->doc, true, out, err);
}

static bool run_migrations(deploy *d, error *err)
{
	for (size_t i = 0; d->migrates && i < d->sources.n; i++) {
		apply_count n = {0};
		if (!migrate_apply_pending(&d->p, d->sources.v[i], &n, err)) return false;
		if (n.done) say_info(d->c, "%zu migrations applied on %.*s", n.done, STR_ARG(d->sources.v[i]));
	}
	return true;
}

/* Hasura v2 reloads here; applied again, what did not fit before the migrations is judged anew too. */
static bool apply_again(deploy *d, md_applied *out, error *err)
{
	if (!d->pending) return true;
	if (!apply_metadata(d, out, err)) return false;
	say_info(d->c, "Metadata reloaded, now that the migrations have run");
	return true;
}

static bool run_seeds(deploy *d, error *err)
{
	size_t n = 0;
	str_vec all = {0};
	for (size_t i = 0; d->seeds && i < d->sources.n; i++)
		if (!seed_apply_source(&d->p, d->sources.v[i], &all, &n, err)) return false;
	if (d->seeds) say_info(d->c, "%zu seeds planted", n);
	return true;
}

/* ---- as part of a server's start ---- */

/* A new start of the same files leaves the metadata, and so the other instances, alone. */
static bool says_the_same(deploy *d)
{
	json *now;
	error ignored;
	error_init(&ignored, d->c->a);
	if (!remote_metadata(&d->p, "export_metadata", 0, NULL, &now, &ignored)) return false;
	return json_equal(md_canonical(d->c->a, now), md_canonical(d->c->a, d->doc));
}

/* Another instance was quicker: true when it is time to try again. */
static bool conflict_passes(int attempt, error *err)
{
	if (err->code != ERR_CONFLICT || attempt >= CONFLICT_TRIES) return false;
	nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
	error_init(err, err->a);
	return true;
}

/* Of several instances that start at once one is first; the others find its metadata, which is the same. */
static bool metadata_at_start(deploy *d, bool *same, error *err)
{
	for (int attempt = 0;; attempt++) {
		md_applied done;
		*same = says_the_same(d);
		if (*same) return true;
		if (apply_metadata(d, &done, err)) {
			JSON_EACH (w, done.warnings)
				say_warn(d->c, "%.*s", STR_ARG(json_str_or(w, "message", STR(""))));
			return true;
		}
		if (!conflict_passes(attempt, err)) return false;
	}
}

static bool reload_at_start(deploy *d, error *err)
{
	json *answer, *args = json_new_object(d->c->a);
	json_setz(args, "reload_sources", json_new_bool(d->c->a, true));
	for (int attempt = 0; !remote_metadata(&d->p, "reload_metadata", 0, args, &answer, err); attempt++)
		if (!conflict_passes(attempt, err)) return false;
	return true;
}

/* The tables may be there only now, made by us or by another instance. */
static bool outcome_at_start(deploy *d, bool same, error *err)
{
	json *found;
	if (d->pending && !reload_at_start(d, err)) return false;
	if (!remote_metadata(&d->p, "get_inconsistent_metadata", 0, NULL, &found, err)) return false;
	bool consistent = json_bool_or(found, "is_consistent", true);
	if (!consistent) project_say_inconsistent(&d->p, &d->folder, d->doc, json_getz(found, "inconsistent_objects"));
	say_info(d->c, "metadata: %s%s", same ? "the database has that of the files already" : "applied from the files",
		consistent ? "" : "; what is named above does not fit and is not served");
	return true;
}

/* A folder that is no database of the metadata is a mistake that would otherwise go unseen. */
static bool sources_at_start(deploy *d, error *err)
{
	str_vec known = {0}, names = {0};
	if (!remote_sources(&d->p, &known, err)) return false;
	if (d->p.version < 3) {
		vec_push(d->c->a, &d->sources, STR("default"));
		return true;
	}
	if (!dir_list(d->c->a, d->p.migrations_dir, &names, err)) return false;
	for (size_t i = 0; i < names.n; i++) {
		bool found = false;
		if (!path_is_dir(d->c->a, path_join(d->c->a, d->p.migrations_dir, names.v[i]))) continue;
		for (size_t k = 0; k < known.n; k++)
			found |= str_eq(known.v[k], names.v[i]);
		if (!found)
			return error_set(err, ERR_NOT_FOUND, STR(""),
				"%.*s/%.*s: the metadata has no database \"%.*s\": rename the folder, or add the database to the "
				"metadata",
				STR_ARG(d->p.migrations_dir), STR_ARG(names.v[i]), STR_ARG(names.v[i]));
		vec_push(d->c->a, &d->sources, names.v[i]);
	}
	return true;
}

static bool migrations_at_start(deploy *d, error *err)
{
	if (!migrate_state_read(&d->p, &d->state, err) || !sources_at_start(d, err)) return false;
	d->migrates = d->state.mode;
	if (!d->migrates) say_warn(d->c, "migrations: none are run, migration mode is switched off on this database");
	for (size_t i = 0; d->migrates && i < d->sources.n; i++) {
		size_t n;
		if (!count_pending(d, d->sources.v[i], &n, err)) return false;
		d->pending += n;
	}
	if (d->migrates && !d->pending) say_info(d->c, "migrations: none to run");
	return run_migrations(d, err);
}

bool deploy_at_start(const project *p, bool metadata, int migrations_version, error *err)
{
	deploy d = {.c = p->c, .p = *p};
	bool same = true;
	if (metadata && (!project_metadata_read(&d.p, &d.folder, &d.doc, err) || !metadata_at_start(&d, &same, err)))
		return false;
	if (migrations_version) {
		d.p.version = migrations_version;
		if (!migrations_at_start(&d, err)) return false;
		d.p.version = p->version;
	}
	return !metadata || outcome_at_start(&d, same, err);
}

/* ---- the command ---- */

static bool run(cmd *c, error *err)
{
	deploy d = {.c = c, .seeds = cmd_on(c, "with-seeds")};
	md_applied done;
	c->interactive = false;
	if (!project_open(c, &d.p, err) || !show_plan(&d, err)) return false;
	if (cmd_on(c, "dry-run")) return true;
	if (!apply_metadata(&d, &done, err)) return false;
	say_info(c, "Metadata applied");
	if (!run_migrations(&d, err) || !apply_again(&d, &done, err)) return false;
	if (!done.consistent) project_say_inconsistent(&d.p, &d.folder, d.doc, done.objects);
	if (!run_seeds(&d, err)) return false;
	if (done.consistent) say_info(c, "Deployed; metadata is consistent");
	else say_warn(c, "Deployed, and what is named above does not fit the databases: it is not served");
	return true;
}

static const cmd_flag flags[] = {
	{"with-seeds", 0, CMD_SWITCH, NULL, "run the seeds too", NULL},
	{"dry-run", 0, CMD_SWITCH, NULL, "only say what would be done", NULL},
	MIGRATE_NO_TRANSACTION,
	{"disable-interactive", 0, CMD_SWITCH, NULL, NULL, NULL}, /* it never asks */
	{"disable-auto-state-migration", 0, CMD_SWITCH, NULL, NULL, NULL},
	{0},
};

const cmd_spec cmd_deploy = {.name = "deploy",
	.groups = CMD_SERVER,
	.flags = flags,
	.what = "apply metadata and migrations in the order that works, after saying what it is",
	.run = run};
