/* migrate_apply: running migrations, up and down. Hasura v2: cli/commands/migrate_apply.go, cli/migrate/migrate.go. */
#include "cli/cmd_migrate.h"

#include "cli/files.h"
#include "cli/sql_error.h"

/* One thing to do. */
typedef struct move {
	const migration *m;
	bool down;
} move;
typedef VEC(move) moves;

typedef struct applying {
	project *p;
	migrate_state *s;
	str source;
	migrations files;
	moves plan;
	bool skip, dry, no_transaction, allow_missing;
	apply_count count;
} applying;

/* ---- what to do ---- */

static bool is_applied(const applying *ap, const migration *m)
{
	bool dirty;
	return migrate_state_has(ap->s, ap->source, m->version, &dirty) && !dirty;
}

static void plan_up(applying *ap, size_t most)
{
	for (size_t i = 0; i < ap->files.n && ap->plan.n < most; i++)
		if (!is_applied(ap, &ap->files.v[i])) vec_push(ap->p->a, &ap->plan, ((move){&ap->files.v[i], false}));
}

static void plan_down(applying *ap, size_t most)
{
	for (size_t i = ap->files.n; i-- > 0 && ap->plan.n < most;)
		if (is_applied(ap, &ap->files.v[i])) vec_push(ap->p->a, &ap->plan, ((move){&ap->files.v[i], true}));
}

/* Running it again might do a part of it twice. */
static bool none_is_begun(const applying *ap, error *err)
{
	for (size_t i = 0; i < ap->plan.n && !ap->skip && !ap->dry; i++) {
		bool dirty;
		const migration *m = ap->plan.v[i].m;
		if (!migrate_state_has(ap->s, ap->source, m->version, &dirty) || !dirty) continue;
		return error_set(err, ERR_CONFLICT, STR(""),
			"%.*s: the migration %.*s_%.*s was begun and is not known to have ended, so nothing was run: look what it did, "
			"then say %s migrate repair --version %.*s --as applied (or --as not-applied: it runs again)",
			STR_ARG(ap->source), STR_ARG(m->version), STR_ARG(m->name), ap->p->c->program,
			STR_ARG(m->version));
	}
	return true;
}

/* "all", or how many. */
static bool read_count(const cmd *c, const char *flag, size_t *out, error *err)
{
	uint64_t n;
	str text = cmd_value(c, flag, STR(""));
	*out = SIZE_MAX;
	if (str_eqz(text, "all")) return true;
	if (!str_to_u64(text, &n) || !n)
		return error_set(err, ERR_INVALID_PARAMS, STR(""), "--%s: write a number of migrations, or all", flag);
	*out = n;
	return true;
}

static bool plan_goto(applying *ap, str version, error *err)
{
	const migration *to = migrations_find_file(&ap->files, version);
	if (!to)
		return error_set(err, ERR_NOT_FOUND, STR(""),
			"there is no migration %.*s in the files of %.*s (%s migrate status lists them)",
			STR_ARG(version), STR_ARG(ap->source), ap->p->c->program);
	for (size_t i = ap->files.n; i-- > 0 && ap->files.v[i].number > to->number;)
		if (is_applied(ap, &ap->files.v[i])) vec_push(ap->p->a, &ap->plan, ((move){&ap->files.v[i], true}));
	for (size_t i = 0; i < ap->files.n && ap->files.v[i].number <= to->number; i++)
		if (!is_applied(ap, &ap->files.v[i])) vec_push(ap->p->a, &ap->plan, ((move){&ap->files.v[i], false}));
	return true;
}

static bool plan_version(applying *ap, str version, bool down, error *err)
{
	const migration *m = migrations_find_file(&ap->files, version);
	if (!m)
		return error_set(err, ERR_NOT_FOUND, STR(""),
			"there is no migration %.*s in the files of %.*s (%s migrate status lists them)",
			STR_ARG(version), STR_ARG(ap->source), ap->p->c->program);
	if (is_applied(ap, m) != down)
		return error_set(err, ERR_INVALID_PARAMS, STR(""), "the migration %.*s_%.*s %s on %.*s",
			STR_ARG(m->version), STR_ARG(m->name), down ? "has not run" : "has run already",
			STR_ARG(ap->source));
	vec_push(ap->p->a, &ap->plan, ((move){m, down}));
	return true;
}

static bool make_plan(applying *ap, error *err)
{
	const cmd *c = ap->p->c;
	size_t n;
	str type = cmd_value(c, "type", STR("up"));
	if (!str_eqz(type, "up") && !str_eqz(type, "down"))
		return error_set(err, ERR_INVALID_PARAMS, STR(""), "--type: write up or down");
	if (cmd_given(c, "goto")) return plan_goto(ap, cmd_value(c, "goto", STR("")), err);
	if (cmd_given(c, "version"))
		return plan_version(ap, cmd_value(c, "version", STR("")), str_eqz(type, "down"), err);
	if (cmd_given(c, "down")) {
		if (!read_count(c, "down", &n, err)) return false;
		plan_down(ap, n);
		return true;
	}
	n = SIZE_MAX;
	if (cmd_given(c, "up") && !read_count(c, "up", &n, err)) return false;
	plan_up(ap, n);
	return true;
}

/* ---- doing it ---- */

/* "migrations/default/1530_init/up.sql, line 3: …" */
static bool say_where(const applying *ap, const move *mv, str text, error *err)
{
	const migration *m = mv->m;
	str sql = mv->down ? m->down : m->up, file = sql.n ? sql : mv->down ? m->down_yaml : m->up_yaml;
	const char *kept = !sql.n    ? "calls are no transaction: what those before the failed one did may stay"
		: ap->no_transaction ? "what ran before the error stays"
				     : "nothing of this file was kept, those before it were";
	return sql_error_in_file(ap->p, file, text, kept, err);
}

static bool run_move(applying *ap, const move *mv, error *err)
{
	project *p = ap->p;
	bool already = false, yaml = false;
	str text = STR(""), up = STR("");
	error ignored;
	error_init(&ignored, p->a);
	if (!ap->skip && !migration_text(p, mv->m, mv->down, &text, &yaml, err)) return false;
	if (mv->down && !yaml && !ap->skip && !str_trim(text).n)
		say_warn(p->c, "%.*s is empty: nothing is taken back, the migration is only forgotten",
			STR_ARG(project_shown(p, mv->m->down)));
	bool ignored_form;
	str sum = STR("");
	if (!mv->down && migration_text(p, mv->m, false, &up, &ignored_form, &ignored))
		sum = migration_checksum(p->a, up);
	if (ap->skip) return migrate_state_mark(p, ap->s, ap->source, mv->m->version, !mv->down, sum, err);
	migrate_run r = {.source = ap->source,
		.version = mv->m->version,
		.text = text,
		.checksum = sum,
		.down = mv->down,
		.yaml = yaml,
		.no_transaction = ap->no_transaction};
	if (!migrate_state_run(p, ap->s, &r, &already, err)) return say_where(ap, mv, text, err);
	ap->count.already += already;
	ap->count.done += !already;
	return true;
}

static void print_plan(const applying *ap)
{
	term_printf("Database: %.*s\n", STR_ARG(ap->source));
	for (size_t i = 0; i < ap->plan.n; i++)
		term_printf("  %s %.*s_%.*s\n", ap->plan.v[i].down ? "down" : "up  ", STR_ARG(ap->plan.v[i].m->version),
			STR_ARG(ap->plan.v[i].m->name));
	if (!ap->plan.n) term_printf("  nothing to do\n");
}

static bool run_plan(applying *ap, error *err)
{
	if (ap->dry) {
		print_plan(ap);
		return true;
	}
	for (size_t i = 0; i < ap->plan.n; i++) {
		const move *mv = &ap->plan.v[i];
		term_progress(ap->p->c, i + 1, ap->plan.n, mv->m->name);
		if (!run_move(ap, mv, err)) return false;
		if (ap->skip) ap->count.done++;
	}
	term_progress_end(ap->p->c);
	return true;
}

static bool apply_source(applying *ap, bool strict, error *err)
{
	if (!migrations_list(ap->p, ap->source, &ap->files, err)) return false;
	migrations_say_passed(ap->p, ap->source);
	size_t strange = migrate_say_strange(ap->p, ap->s, ap->source, &ap->files, ap->allow_missing);
	if (strange && strict)
		return error_set(err, ERR_CONFLICT, STR(""),
			"files and database do not agree (see above), and --strict asks for it: nothing was done on %.*s",
			STR_ARG(ap->source));
	return make_plan(ap, err) && (cmd_given(ap->p->c, "version") || none_is_begun(ap, err)) && run_plan(ap, err);
}

static void say_result(cmd *c, const applying *ap, size_t sources)
{
	str where = sources > 1 ? str_cat(c->a, 2, STR(" on database: "), ap->source) : STR("");
	str folder = migrations_folder(ap->p, ap->source);
	if (ap->dry) return;
	if (!ap->files.n && !path_is_dir(c->a, folder))
		say_info(c, "nothing to apply%.*s: there is no folder %.*s", STR_ARG(where),
			STR_ARG(project_shown(ap->p, folder)));
	else if (!ap->plan.n) say_info(c, "nothing to apply%.*s", STR_ARG(where));
	else if (ap->skip) say_info(c, "migrations applied%.*s (%zu, only marked)", STR_ARG(where), ap->plan.n);
	else say_info(c, "migrations applied%.*s (%zu)", STR_ARG(where), ap->count.done);
	if (ap->count.already) say_info(c, "%zu had been done by somebody else meanwhile", ap->count.already);
}

bool migrate_apply_pending(project *p, str source, apply_count *count, error *err)
{
	migrate_state s;
	if (!migrate_state_read(p, &s, err) || !migrate_mode_on(p, &s, err)) return false;
	applying ap = {.p = p, .s = &s, .source = source, .no_transaction = p->no_transaction};
	if (!migrations_list(p, source, &ap.files, err)) return false;
	migrations_say_passed(p, source);
	(void)migrate_say_strange(p, &s, source, &ap.files, false);
	plan_up(&ap, SIZE_MAX);
	bool ok = none_is_begun(&ap, err) && run_plan(&ap, err);
	*count = ap.count;
	return ok;
}

/* ---- commands ---- */

static bool check_flags(const cmd *c, error *err)
{
	static const char *const ways[] = {"up", "down", "goto", "version"};
	size_t n = 0;
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
		n += cmd_given(c, ways[i]);
	if (n > 1)
		return error_set(
			err, ERR_INVALID_PARAMS, STR(""), "only one of --up, --down, --goto and --version makes sense");
	if (cmd_on(c, "skip-execution") && cmd_given(c, "goto"))
		return error_set(err, ERR_INVALID_PARAMS, STR(""), "--skip-execution cannot be used with --goto");
	if (cmd_on(c, "skip-execution") && cmd_on(c, "dry-run"))
		return error_set(err, ERR_INVALID_PARAMS, STR(""),
			"both --skip-execution and --dry-run flags cannot be used together");
	if (cmd_on(c, "all-databases") && (cmd_given(c, "goto") || cmd_given(c, "version")))
		return error_set(err, ERR_INVALID_PARAMS, STR(""),
			"--goto and --version are about one database: say --database-name");
	return true;
}

static bool apply_named(project *p, migrate_state *s, str source, size_t sources, error *err)
{
	cmd *c = p->c;
	applying ap = {.p = p,
		.s = s,
		.source = source,
		.skip = cmd_on(c, "skip-execution"),
		.dry = cmd_on(c, "dry-run"),
		.allow_missing = cmd_on(c, "allow-missing"),
		.no_transaction = p->no_transaction};
	if (!apply_source(&ap, cmd_on(c, "strict"), err)) return false;
	say_result(c, &ap, sources);
	return true;
}

/* Hasura v2: what fails on one database does not keep the others from theirs; at the end the failed ones are named. */
static bool apply_each(project *p, migrate_state *s, const str_vec *sources, error *err)
{
	str failed = STR("");
	for (size_t i = 0; i < sources->n; i++) {
		error one;
		error_init(&one, p->a);
		if (apply_named(p, s, sources->v[i], sources->n, &one)) continue;
		if (sources->n == 1) {
			*err = one;
			return false;
		}
		term_log(p->c, CMD_LOG_ERROR, "%.*s: %.*s", STR_ARG(sources->v[i]), STR_ARG(one.message));
		failed = str_cat(p->a, 3, failed, failed.n ? STR(",") : STR(""), sources->v[i]);
	}
	return !failed.n ||
		error_set(err, ERR_UNEXPECTED, STR(""), "applying migrations failed on database(s): %.*s",
			STR_ARG(failed));
}

static bool run_all(cmd *c, error *err)
{
	project p;
	migrate_state s;
	str_vec sources = {0};
	if (!check_flags(c, err) || !project_open(c, &p, err) || !project_owns_migrations(&p, "migrate apply", err))
		return false;
	if (!migrate_sources(&p, true, &sources, err) || !migrate_state_read(&p, &s, err) ||
		!migrate_mode_on(&p, &s, err))
		return false;
	return apply_each(&p, &s, &sources, err);
}

static const cmd_flag apply_flags[] = {
	{"up", 0, CMD_VALUE, "N|all", "the next N", NULL},
	{"down", 0, CMD_VALUE, "N|all", "take the last N back", NULL},
	{"goto", 0, CMD_VALUE, "VERSION", "up or down until VERSION is the last", NULL},
	{"version", 0, CMD_VALUE, "VERSION", "only this one", NULL},
	{"type", 0, CMD_VALUE, "up|down", "its direction (default up)", NULL},
	{"skip-execution", 0, CMD_SWITCH, NULL, "mark only, run nothing", NULL},
	MIGRATE_DRY_RUN,
	MIGRATE_NO_TRANSACTION,
	{"strict", 0, CMD_SWITCH, NULL, "stop when files and database do not agree", NULL},
	{"allow-missing", 0, CMD_SWITCH, NULL, "say nothing of migrations that have run and have no file", NULL},
	{"progressbar-logs", 0, CMD_SWITCH, NULL, NULL, NULL},
	{0},
};

const cmd_spec cmd_migrate_apply = {.name = "apply",
	.groups = CMD_SERVER | CMD_DATABASE | CMD_ALL_DATABASES,
	.flags = apply_flags,
	.what = "run the migrations that have not run",
	.text = "Each file runs in a transaction; on a Weir server that it has run is written down in the same transaction, under a\n"
		"lock, so that two pipelines do not run it twice. Applied migrations without a file, and files edited since they\n"
		"ran, are named (an error with --strict). With several databases a failure on one does not stop the others.\n",
	.run = run_all};

/* `goto V` and `rollback [N]` are `apply --goto V` and `apply --down N` said shortly. */
static void say_flag(cmd *c, const char *flag, str value)
{
	str_vec *v = NEW(c->a, str_vec);
	vec_push(c->a, v, value);
	map_put(c->a, &c->values, str_from(flag), v);
}

static bool run_goto(cmd *c, error *err)
{
	if (!c->args.n) return error_set(err, ERR_INVALID_PARAMS, STR(""), "write %s migrate goto VERSION", c->program);
	say_flag(c, "goto", c->args.v[0]);
	return run_all(c, err);
}

static bool run_rollback(cmd *c, error *err)
{
	say_flag(c, "down", c->args.n ? c->args.v[0] : STR("1"));
	return run_all(c, err);
}

static const cmd_flag short_flags[] = {MIGRATE_DRY_RUN, MIGRATE_NO_TRANSACTION, {0}};

const cmd_spec cmd_migrate_goto = {.name = "goto",
	.args = "VERSION",
	.max_args = 1,
	.groups = CMD_SERVER | CMD_DATABASE,
	.flags = short_flags,
	.what = "up or down until VERSION is the last (apply --goto)",
	.run = run_goto};
const cmd_spec cmd_migrate_rollback = {.name = "rollback",
	.args = "[N|all]",
	.max_args = 1,
	.groups = CMD_SERVER | CMD_DATABASE,
	.flags = short_flags,
	.what = "take the last migration back, or the last N (apply --down)",
	.run = run_rollback};
