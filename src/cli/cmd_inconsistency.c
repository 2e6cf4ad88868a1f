/* cmd_inconsistency: what of the metadata does not fit. Hasura v2: cli/commands/metadata_inconsistency_*.go. */
#include "cli/cmd_metadata.h"

#include "cli/project_md.h"

#include <string.h>

static bool ask(cmd *c, project *p, bool *consistent, json **objects, error *err)
{
	json *found;
	if (!project_open(c, p, err) || !remote_metadata(p, "get_inconsistent_metadata", 0, NULL, &found, err))
		return false;
	*consistent = json_bool_or(found, "is_consistent", true);
	*objects = json_getz(found, "inconsistent_objects");
	return true;
}

static str shortened(arena *a, str s, size_t n)
{
	if (s.n <= n) return s;
	while (n && ((unsigned char)s.p[n] & 0xc0) == 0x80)
		n--;
	return str_cat(a, 2, str_sub(s, 0, n), STR("..."));
}

static str text_of(arena *a, const json *j)
{
	if (json_is(j, JSON_STRING)) return j->text;
	return j ? json_to_str(a, j) : STR("N/A");
}

static void show_table(project *p, const md_folder *f, const json *doc, const json *objects)
{
	enum { COLUMNS = 5 };
	static const char *const head[COLUMNS] = {"NAME", "TYPE", "DESCRIPTION", "REASON", "FILE"};
	term_rows rows = {0};
	str *first = NEW_ARRAY(p->a, str, COLUMNS);
	for (size_t i = 0; i < COLUMNS; i++)
		first[i] = str_from(head[i]);
	vec_push(p->a, &rows, (const str *)first);
	JSON_EACH (o, objects) {
		str *row = NEW_ARRAY(p->a, str, COLUMNS);
		row[0] = inconsistent_name(o);
		row[1] = json_str_or(o, "type", STR("N/A"));
		row[2] = shortened(p->a, text_of(p->a, json_getz(o, "definition")), 50);
		row[3] = text_of(p->a, json_getz(o, "reason"));
		row[4] = f ? project_place_of_object(p->a, f, doc, o) : STR("");
		vec_push(p->a, &rows, (const str *)row);
	}
	term_table(p->a, &rows, COLUMNS);
}

/* The server's objects, and the file and line of each. */
static json *with_files(arena *a, const md_folder *f, const json *doc, const json *objects)
{
	json *out = json_new_array(a);
	JSON_EACH (o, objects) {
		json *one = json_push(out, json_copy(a, o));
		str place = f ? project_place_of_object(a, f, doc, o) : STR("");
		one->key = STR_NULL;
		json_setz(one, "file", place.n ? json_new_str(a, place) : json_new_null(a));
	}
	return out;
}

static bool list(cmd *c, error *err)
{
	project p;
	bool consistent;
	json *objects, *doc = NULL;
	md_folder f;
	const char *format;
	error ignored;
	error_init(&ignored, c->a);
	if (!term_format(c, &format, err) || !ask(c, &p, &consistent, &objects, err)) return false;
	bool for_people = strcmp(format, "table") == 0;
	if (consistent && for_people) {
		say_info(c, "metadata is consistent");
		return true;
	}
	bool read = !consistent && project_metadata_read(&p, &f, &doc, &ignored);
	if (for_people) show_table(&p, read ? &f : NULL, doc, objects);
	else term_value(c, with_files(c->a, read ? &f : NULL, doc, objects));
	return true;
}

static bool status(cmd *c, error *err)
{
	project p;
	bool consistent;
	json *objects;
	if (!ask(c, &p, &consistent, &objects, err)) return false;
	if (consistent) {
		say_info(c, "metadata is consistent");
		return true;
	}
	say_warn(c, "metadata is inconsistent, use '%s metadata ic list' command to see the inconsistent objects",
		c->program);
	c->status = 1;
	return true;
}

static bool drop(cmd *c, error *err)
{
	project p;
	bool consistent, yes = true;
	json *objects, *answer;
	if (!ask(c, &p, &consistent, &objects, err)) return false;
	if (consistent) {
		say_info(c, "metadata is consistent: there is nothing to drop");
		return true;
	}
	project_say_inconsistent(&p, NULL, NULL, objects);
	if (c->interactive && !term_confirm(c, "Remove these objects from the metadata?", "--yes", &yes, err))
		return false;
	if (!yes) return error_set(err, ERR_INVALID_PARAMS, STR(""), "nothing was done");
	if (!remote_metadata(&p, "drop_inconsistent_metadata", 0, NULL, &answer, err)) return false;
	say_info(c, "all inconsistent objects removed from metadata");
	return true;
}

static const cmd_spec ic_list = {.name = "list",
	.aliases = "ls",
	.groups = CMD_SERVER | CMD_OUTPUT,
	.what = "the inconsistent objects with reason and file",
	.run = list};
static const cmd_spec ic_status = {.name = "status",
	.groups = CMD_SERVER,
	.what = "exit status 1 when the metadata is inconsistent",
	.run = status};
static const cmd_spec ic_drop = {.name = "drop",
	.groups = CMD_SERVER,
	.what = "remove the inconsistent objects from the server's metadata",
	.run = drop};

const cmd_spec cmd_inconsistency = {.name = "inconsistency",
	.aliases = "inconsistencies ic",
	.what = "what of the metadata does not fit the databases",
	.subs = (const cmd_spec *const[]){&ic_list, &ic_status, &ic_drop, NULL}};

const cmd_spec cmd_metadata = {.name = "metadata",
	.aliases = "md",
	.what = "tracked tables, relationships, permissions: apply, export, compare",
	.subs = (const cmd_spec *const[]){&cmd_metadata_apply, &cmd_metadata_export, &cmd_metadata_diff,
		&cmd_metadata_reload, &cmd_metadata_clear, &cmd_inconsistency, &cmd_metadata_build,
		&cmd_metadata_validate, &cmd_metadata_watch, NULL}};
