/* migrate_squash: many migrations made one, and migrations deleted. Hasura v2: migrate_squash.go, migrate_delete.go. */
#include "cli/cmd_migrate.h"

#include "cli/files.h"

/* ---- squash ---- */

typedef struct squash {
	project *p;
	const squash_ask *ask;
	migrate_state s;
	migrations files;
	size_t from, to; /* indices, both included */
	bool applied;
} squash;

static bool find_range(squash *q, error *err)
{
	const migration *from = migrations_find_file(&q->files, q->ask->from);
	const migration *to = q->ask->to.n ? migrations_find_file(&q->files, q->ask->to)
		: q->files.n               ? &q->files.v[q->files.n - 1]
					   : NULL;
	if (!from || !to)
		return error_set(err, ERR_NOT_FOUND, STR(""), "there is no migration %.*s in the files",
			STR_ARG(from ? q->ask->to : q->ask->from));
	q->from = (size_t)(from - q->files.v);
	q->to = (size_t)(to - q->files.v);
	if (q->from < q->to) return true;
	return error_set(
		err, ERR_INVALID_PARAMS, STR(""), "--from must be before --to, and there must be two at least");
}

/* All have run, or none has; SQL only. */
static bool check_range(squash *q, error *err)
{
	size_t applied = 0;
	for (size_t i = q->from; i <= q->to; i++) {
		const migration *m = &q->files.v[i];
		bool dirty;
		applied += migrate_state_has(&q->s, q->ask->source, m->version, &dirty);
		if (dirty)
			return error_set(err, ERR_CONFLICT, STR(""), "the migration %.*s was begun and did not end",
				STR_ARG(m->version));
		if (m->up_yaml.n || m->down_yaml.n)
			return error_set(err, ERR_NOT_SUPPORTED, STR(""),
				"%.*s: migrations of API calls cannot be squashed, only SQL",
				STR_ARG(project_shown(q->p, m->up_yaml.n ? m->up_yaml : m->down_yaml)));
	}
	q->applied = applied > 0;
	if (applied == 0 || applied == q->to - q->from + 1) return true;
	return error_set(err, ERR_CONFLICT, STR(""),
		"%zu of these %zu migrations have run: apply the others first, or take them back", applied,
		q->to - q->from + 1);
}

/* Words that mean something else when all is one transaction. */
static void warn_of_words(squash *q, const migration *m, str text)
{
	static const char *const words[] = {"CONCURRENTLY", "ADD VALUE", "VACUUM", "COMMIT", "ROLLBACK"};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (str_find(str_upper(q->p->a, text), str_from(words[i])) != SIZE_MAX)
			say_warn(q->p->c, "%.*s_%.*s has %s: it may not work as a part of one transaction",
				STR_ARG(m->version), STR_ARG(m->name), words[i]);
}

static bool add_part(squash *q, const migration *m, bool down, buf *out, error *err)
{
	str file = down ? m->down : m->up, text;
	if (!file.n) {
		if (down)
			say_warn(q->p->c, "%.*s_%.*s has no down.sql: the squashed one does not undo it",
				STR_ARG(m->version), STR_ARG(m->name));
		return true;
	}
	if (!file_read(q->p->a, file, &text, err)) return false;
	warn_of_words(q, m, text);
	text = str_trim(text);
	if (!text.n) return true;
	buf_printf(out, "-- %.*s_%.*s\n%.*s\n", STR_ARG(m->version), STR_ARG(m->name), STR_ARG(text));
	if (text.p[text.n - 1] != ';') buf_puts(out, ";\n");
	return true;
}

static bool join_parts(squash *q, buf *up, buf *down, error *err)
{
	for (size_t i = q->from; i <= q->to; i++)
		if (!add_part(q, &q->files.v[i], false, up, err)) return false;
	for (size_t i = q->to + 1; i-- > q->from;)
		if (!add_part(q, &q->files.v[i], true, down, err)) return false;
	return true;
}

static bool put_away_file(squash *q, str file, str into, error *err)
{
	if (!file.n) return true;
	if (q->ask->delete_source) return path_remove(q->p->a, file, err);
	return file_move(q->p->a, file, path_join(q->p->a, into, path_base(file)), err);
}

static bool put_away(squash *q, error *err)
{
	project *p = q->p;
	str into = path_join(p->a, migrations_folder(p, q->ask->source),
		str_printf(p->a, "squashed_%.*s_to_%.*s", STR_ARG(q->files.v[q->from].version),
			STR_ARG(q->files.v[q->to].version)));
	for (size_t i = q->from; i <= q->to; i++) {
		const migration *m = &q->files.v[i];
		if (!put_away_file(q, m->folder, into, err)) return false;
		if (!m->folder.n && (!put_away_file(q, m->up, into, err) || !put_away_file(q, m->down, into, err)))
			return false;
	}
	return true;
}

/* The last number stays marked, with the sum of the new text; the others go. */
static bool move_state(squash *q, str text, error *err)
{
	const migration *last = &q->files.v[q->to];
	for (size_t i = q->from; q->applied && i < q->to; i++)
		if (!migrate_state_mark(q->p, &q->s, q->ask->source, q->files.v[i].version, false, STR(""), err))
			return false;
	if (!q->applied) return true;
	/* Marked anew, since an entry that is there is left alone. */
	return migrate_state_mark(q->p, &q->s, q->ask->source, last->version, false, STR(""), err) &&
		migrate_state_mark(
			q->p, &q->s, q->ask->source, last->version, true, migration_checksum(q->p->a, text), err);
}

static bool confirm(squash *q, error *err)
{
	cmd *c = q->p->c;
	bool yes = true;
	if (q->ask->confirmed || (!c->interactive && !cmd_on(c, "delete-source"))) return true;
	for (size_t i = q->from; i <= q->to; i++)
		fprintf(stderr, "  %.*s_%.*s\n", STR_ARG(q->files.v[i].version), STR_ARG(q->files.v[i].name));
	const char *question = q->ask->delete_source ? "Squash these, and delete their files?" : "Squash these?";
	if (!term_confirm(c, question, "--yes", &yes, err)) return false;
	return yes || error_set(err, ERR_INVALID_PARAMS, STR(""), "nothing was done");
}

/* Hasura v2: the words around the numbers. */
static void say_squashed(const squash *q, str folder)
{
	str from = q->files.v[q->from].version, to = q->files.v[q->to].version;
	say_info(q->p->c, "Created '%.*s' after squashing '%.*s' till '%.*s'; these are %s",
		STR_ARG(project_shown(q->p, folder)), STR_ARG(from), STR_ARG(to),
		q->ask->delete_source ? "deleted" : "in the folder squashed_… beside it");
}

bool migrate_squash_run(project *p, const squash_ask *ask, str *folder, error *err)
{
	squash q = {.p = p, .ask = ask};
	buf up = {0}, down = {0};
	bool ok = migrate_state_read(p, &q.s, err) && migrate_mode_on(p, &q.s, err) &&
		migrations_list(p, ask->source, &q.files, err) && find_range(&q, err) && check_range(&q, err) &&
		confirm(&q, err) && join_parts(&q, &up, &down, err);
	if (ok) {
		say_info(p->c, "Squashing migrations from %.*s to %.*s", STR_ARG(q.files.v[q.from].version),
			STR_ARG(q.files.v[q.to].version));
		str text = str_copy(p->a, buf_str(&up)), back = str_copy(p->a, buf_str(&down));
		ok = put_away(&q, err) &&
			migration_write(p, ask->source, q.files.v[q.to].version, ask->name, text,
				back.n ? back : STR_NULL, folder, err) &&
			move_state(&q, text, err);
		if (ok) say_squashed(&q, *folder);
	}
	buf_free(&up);
	buf_free(&down);
	return ok;
}

static bool run_squash(cmd *c, error *err)
{
	project p;
	str folder;
	squash_ask ask = {.from = cmd_value(c, "from", STR("")),
		.to = str_eqz(cmd_value(c, "to", STR("")), "-1") ? STR("") : cmd_value(c, "to", STR("")),
		.name = cmd_value(c, "name", STR("squashed")),
		.delete_source = cmd_on(c, "delete-source"),
		.confirmed = cmd_on(c, "yes")};
	if (!ask.from.n)
		return error_set(err, ERR_INVALID_PARAMS, STR(""), "required flag(s) \"from\" not set: --from VERSION");
	if (!project_open(c, &p, err) || !project_owns_migrations(&p, "migrate squash", err) ||
		!migrate_source(&p, &ask.source, err))
		return false;
	if (!migrate_squash_run(&p, &ask, &folder, err)) return false;
	return true;
}

static const cmd_flag squash_flags[] = {
	{"from", 0, CMD_VALUE, "VERSION", "the first one (needed)", NULL},
	{"to", 0, CMD_VALUE, "VERSION", "the last one (default: the newest; -1 too)", NULL},
	{"name", 0, CMD_VALUE, "NAME", "name of the new one (default squashed)", NULL},
	{"delete-source", 0, CMD_SWITCH, NULL, "delete the old files instead of keeping them in squashed_…", NULL},
	{0},
};

const cmd_spec cmd_migrate_squash = {.name = "squash",
	.groups = CMD_SERVER | CMD_DATABASE,
	.flags = squash_flags,
	.what = "make one migration of several that follow each other",
	.text = "All of them must have run, or none. The new one has the number of the last.\n",
	.run = run_squash};

/* ---- delete ---- */

static bool delete_one(project *p, migrate_state *s, str source, const migration *m, str version, error *err)
{
	bool dirty;
	if (m && !cmd_on(p->c, "server")) {
		const str files[] = {m->folder, m->up, m->down, m->up_yaml, m->down_yaml};
		for (size_t i = 0; i < sizeof files / sizeof *files; i++)
			if (files[i].n && !path_remove(p->a, files[i], err)) return false;
	}
	if (!migrate_state_has(s, source, version, &dirty)) return true;
	return migrate_state_mark(p, s, source, version, false, STR(""), err);
}

static bool check_delete(cmd *c, error *err)
{
	bool yes = cmd_on(c, "force");
	if (cmd_on(c, "all") == cmd_given(c, "version"))
		return error_set(err, ERR_INVALID_PARAMS, STR(""),
			"at least one flag [--all , --version] should be set, and not both");
	if (cmd_given(c, "version")) return true; /* Hasura v2: it is named, and not asked for again */
	const char *question = cmd_on(c, "server") ? "Forget on the server that they have run?"
						   : "Delete the files, and forget on the server that they have run?";
	if (!yes && !term_confirm(c, question, "--force", &yes, err)) return false;
	return yes || error_set(err, ERR_INVALID_PARAMS, STR(""), "nothing was done");
}

static bool run_delete(cmd *c, error *err)
{
	project p;
	migrate_state s;
	migrations files;
	str source;
	if (!project_open(c, &p, err) || !project_owns_migrations(&p, "migrate delete", err) || !check_delete(c, err))
		return false;
	if (!migrate_source(&p, &source, err) || !migrate_state_read(&p, &s, err) || !migrate_mode_on(&p, &s, err))
		return false;
	if (!migrations_list(&p, source, &files, err)) return false;
	str_vec versions = {0};
	if (cmd_given(c, "version")) vec_push(c->a, &versions, cmd_value(c, "version", STR("")));
	for (size_t i = 0; cmd_on(c, "all") && i < files.n; i++)
		vec_push(c->a, &versions, files.v[i].version);
	JSON_EACH (e, cmd_on(c, "all") ? migrate_state_of(&s, source) : NULL)
		if (!migrations_find_file(&files, e->key)) vec_push(c->a, &versions, e->key);
	for (size_t i = 0; i < versions.n; i++) {
		bool dirty;
		const migration *m = migrations_find_file(&files, versions.v[i]);
		if (!m && !migrate_state_has(&s, source, versions.v[i], &dirty))
			return error_set(
				err, ERR_NOT_FOUND, STR(""), "there is no migration %.*s", STR_ARG(versions.v[i]));
		if (!delete_one(&p, &s, source, m, versions.v[i], err)) return false;
	}
	say_info(c, "Deleted migrations: %zu", versions.n);
	return true;
}

static const cmd_flag delete_flags[] = {
	{"all", 0, CMD_SWITCH, NULL, "all of them", NULL},
	{"version", 0, CMD_VALUE, "VERSION", "this one", NULL},
	{"server", 0, CMD_SWITCH, NULL, "only on the server; the files stay", NULL},
	{"force", 0, CMD_SWITCH, NULL, "without a question", NULL},
	{0},
};

const cmd_spec cmd_migrate_delete = {.name = "delete",
	.groups = CMD_SERVER | CMD_DATABASE,
	.flags = delete_flags,
	.what = "delete migrations (nothing is run)",
	.run = run_delete};
