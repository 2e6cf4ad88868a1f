/*
 * migrate_repair: what the database remembers of migrations, put right by hand: a migration that was begun and did not end,
 * files edited after they ran, entries without a file. Nothing is run.
 */
#include "cli/cmd_migrate.h"

typedef struct repair {
	project *p;
	migrate_state s;
	str source;
	migrations files;
	size_t done, left;
} repair;

/* Taken away first, since an entry that is there is left alone. */
static bool mark_anew(repair *r, str version, bool applied, error *err)
{
	const migration *m = migrations_find_file(&r->files, version);
	str text, sum = STR("");
	bool yaml;
	error ignored;
	error_init(&ignored, r->p->a);
	if (m && migration_text(r->p, m, false, &text, &yaml, &ignored)) sum = migration_checksum(r->p->a, text);
	r->done++;
	return migrate_state_mark(r->p, &r->s, r->source, version, false, STR(""), err) &&
		(!applied || migrate_state_mark(r->p, &r->s, r->source, version, true, sum, err));
}

static bool repair_one(repair *r, str version, error *err)
{
	str as = cmd_value(r->p->c, "as", STR("applied"));
	bool dirty, applied = str_eqz(as, "applied");
	if (!applied && !str_eqz(as, "not-applied"))
		return error_set(err, ERR_INVALID_PARAMS, STR(""), "--as: write applied or not-applied");
	if (!migrate_state_has(&r->s, r->source, version, &dirty) && !migrations_find_file(&r->files, version))
		return error_set(err, ERR_NOT_FOUND, STR(""), "%.*s has no migration %.*s, in files or database",
			STR_ARG(r->source), STR_ARG(version));
	return mark_anew(r, version, applied, err);
}

/* The versions are copied, since marking changes the list. */
static bool repair_all(repair *r, error *err)
{
	str_vec versions = {0};
	bool forget = cmd_on(r->p->c, "forget-missing");
	JSON_EACH (e, migrate_state_of(&r->s, r->source))
		vec_push(r->p->a, &versions, str_copy(r->p->a, e->key));
	for (size_t i = 0; i < versions.n; i++) {
		str version = versions.v[i];
		bool dirty;
		const migration *m = migrations_find_file(&r->files, version);
		(void)migrate_state_has(&r->s, r->source, version, &dirty);
		bool edited = m && !dirty && migrate_file_edited(r->p, &r->s, r->source, m);
		bool missing = !m && forget;
		r->left += dirty || (!m && !forget);
		if ((edited || missing) && !mark_anew(r, version, edited, err)) return false;
	}
	return true;
}

static bool confirm(repair *r, bool *yes, error *err)
{
	cmd *c = r->p->c;
	*yes = true;
	if (cmd_given(c, "version")) return true;
	if (!migrate_say_strange(r->p, &r->s, r->source, &r->files, false)) return true;
	return term_confirm(c,
		cmd_on(c, "forget-missing") ? "Accept edited files as they are, and forget what has no file?"
					    : "Accept edited files as they are?",
		"--yes", yes, err);
}

static void say_done(const repair *r)
{
	cmd *c = r->p->c;
	if (r->done) say_info(c, "repaired on %.*s: %zu", STR_ARG(r->source), r->done);
	else say_info(c, "nothing was changed on %.*s", STR_ARG(r->source));
	if (r->left)
		say_info(c,
			"%zu left: say of those that were begun what became of them (--version V --as applied or not-applied), of those "
			"without a file --forget-missing",
			r->left);
}

static bool run(cmd *c, error *err)
{
	project p;
	bool yes;
	repair r = {.p = &p};
	if (cmd_given(c, "as") && !cmd_given(c, "version"))
		return error_set(err, ERR_INVALID_PARAMS, STR(""), "--as is said of one migration: --version VERSION");
	if (!project_open(c, &p, err) || !project_owns_migrations(&p, "migrate repair", err) ||
		!migrate_source(&p, &r.source, err) || !migrate_state_read(&p, &r.s, err) ||
		!migrations_list(&p, r.source, &r.files, err) || !confirm(&r, &yes, err))
		return false;
	if (!yes) return error_set(err, ERR_INVALID_PARAMS, STR(""), "nothing was done");
	bool ok = cmd_given(c, "version") ? repair_one(&r, cmd_value(c, "version", STR("")), err) : repair_all(&r, err);
	if (ok) say_done(&r);
	return ok;
}

static const cmd_flag flags[] = {
	{"version", 0, CMD_VALUE, "VERSION", "only this one", NULL},
	{"as", 0, CMD_VALUE, "applied|not-applied", "what became of it (default applied)", NULL},
	{"forget-missing", 0, CMD_SWITCH, NULL, "forget what has run and has no file", NULL},
	{0},
};

const cmd_spec cmd_migrate_repair = {.name = "repair",
	.groups = CMD_SERVER | CMD_DATABASE,
	.flags = flags,
	.what = "put right what the database remembers of migrations (nothing is run)",
	.text = "Accepts files that were edited after they ran. Of a migration that was begun and is not known to have ended, say\n"
		"what became of it: --version V --as applied, or --as not-applied to have it run again.\n",
	.run = run};
