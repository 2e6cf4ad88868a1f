/* cmd_status: does the server have what the project says? Metadata, what of it does not fit, migrations of each database. */
#include "cli/cmd_status.h"

#include "cli/cmd_migrate.h"
#include "cli/project_md.h"

#include <string.h>

typedef struct finding {
	const char *what; /* "metadata", … */
	str on;           /* which database; empty: none */
	bool same;
	str says;
} finding;
typedef VEC(finding) findings;

static void find(cmd *c, findings *all, const char *what, str on, bool same, str says)
{
	vec_push(c->a, all, ((finding){.what = what, .on = on, .same = same, .says = says}));
}

static bool look_at_metadata(project *p, findings *all, error *err)
{
	md_folder f;
	json *doc, *now, *found;
	if (!project_metadata_read(p, &f, &doc, err) || !remote_metadata(p, "export_metadata", 0, NULL, &now, err) ||
		!remote_metadata(p, "get_inconsistent_metadata", 0, NULL, &found, err))
		return false;
	int version = json_getz(doc, "sources") ? 3 : 2;
	json *here = md_meaning(p->a, doc, version), *there = md_meaning(p->a, now, version);
	bool same = here && there && json_equal(here, there);
	find(p->c, all, "metadata", STR(""), same,
		same ? STR("the server has that of the files")
		     : str_printf(p->a, "differs from the files: %s metadata diff shows how", p->c->program));
	const json *objects = json_getz(found, "inconsistent_objects");
	size_t n = objects ? objects->count : 0;
	find(p->c, all, "consistency", STR(""), !n,
		!n ? STR("all of it fits the databases")
		   : str_printf(
			     p->a, "%zu objects do not fit and are not served: %s metadata ic list", n, p->c->program));
	return true;
}

/* "2 to run, 1 edited since it ran" */
static str migrations_say(arena *a, const json *list, bool *same)
{
	size_t pending = 0, begun = 0, edited = 0, missing = 0;
	JSON_EACH (m, list) {
		bool here = json_bool_or(m, "in_files", false), there = json_bool_or(m, "in_database", false);
		bool half = json_bool_or(m, "begun", false);
		begun += half;
		pending += here && !there && !half;
		missing += there && !here;
		edited += json_bool_or(m, "edited", false);
	}
	const struct {
		size_t n;
		const char *text;
	} parts[] = {{pending, "to run"}, {begun, "begun and not ended"}, {edited, "edited since they ran"},
		{missing, "without a file"}};
	str out = STR("");
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (parts[i].n)
			out = str_printf(a, "%.*s%s%zu %s", STR_ARG(out), out.n ? ", " : "", parts[i].n, parts[i].text);
	*same = !out.n;
	return out.n ? out : str_printf(a, "all %zu have run", list ? list->count : 0);
}

static bool look_at_migrations(project *p, findings *all, error *err)
{
	str_vec sources = {0};
	if (p->django) {
		find(p->c, all, "migrations", STR(""), true, STR("Django's"));
		return true;
	}
	if (p->version < 3) vec_push(p->a, &sources, STR("default"));
	else if (!remote_sources(p, &sources, err)) return false;
	migrate_say_folders(p, p->migrations_dir, &sources);
	for (size_t i = 0; i < sources.n; i++) {
		json *one;
		bool same;
		if (!migrate_status_json(p, sources.v[i], &one, err)) return false;
		str says = migrations_say(p->a, json_getz(one, "migrations"), &same);
		find(p->c, all, "migrations", sources.v[i], same, says);
	}
	return true;
}

static void show(arena *a, const findings *all)
{
	term_rows rows = {0};
	for (size_t i = 0; i < all->n; i++) {
		const finding *f = &all->v[i];
		str *row = NEW_ARRAY(a, str, 3);
		row[0] = f->on.n ? str_printf(a, "%s of %.*s", f->what, STR_ARG(f->on)) : str_from(f->what);
		row[1] = f->same ? STR("ok") : STR("differs");
		row[2] = f->says;
		vec_push(a, &rows, (const str *)row);
	}
	term_table(a, &rows, 3);
}

static json *as_json(arena *a, const findings *all)
{
	json *list = json_new_array(a);
	for (size_t i = 0; i < all->n; i++) {
		const finding *f = &all->v[i];
		json *o = json_push(list, json_new_object(a));
		json_setz(o, "what", json_new_str(a, str_from(f->what)));
		if (f->on.n) json_setz(o, "database", json_new_str(a, f->on));
		json_setz(o, "same", json_new_bool(a, f->same));
		json_setz(o, "message", json_new_str(a, f->says));
	}
	return list;
}

static bool run(cmd *c, error *err)
{
	project p;
	findings all = {0};
	const char *format;
	if (!term_format(c, &format, err) || !project_open(c, &p, err) || !look_at_metadata(&p, &all, err) ||
		!look_at_migrations(&p, &all, err))
		return false;
	if (strcmp(format, "table") == 0) show(c->a, &all);
	else term_value(c, as_json(c->a, &all));
	for (size_t i = 0; i < all.n; i++)
		if (!all.v[i].same && cmd_on(c, "exit-code")) c->status = 1;
	return true;
}

static const cmd_flag flags[] = {
	{"exit-code", 0, CMD_SWITCH, NULL, "exit status 1 when something differs, 2 on an error", NULL},
	{0},
};

const cmd_spec cmd_status = {.name = "status",
	.groups = CMD_SERVER | CMD_OUTPUT,
	.flags = flags,
	.what = "does the server have what the project says: metadata, consistency, migrations",
	.run = run};
