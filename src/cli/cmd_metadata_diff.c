/* cmd_metadata_diff: what differs between the project and the server, or between folders. Hasura v2: metadata_diff.go. */
#include "cli/cmd_metadata.h"

#include "base/yaml.h"
#include "cli/diff_text.h"
#include "cli/files.h"
#include "cli/project_md.h"

#include <string.h>

typedef struct diff_side {
	str name;
	json *doc;   /* canonical */
	int version; /* 2: about one database, and says nothing of how it is reached */
} diff_side;

/* A folder (of metadata, or of a project), or a file. */
static bool read_side(cmd *c, str where, diff_side *out, error *err)
{
	md_folder f = {.a = c->a};
	json *doc;
	str dir = where;
	if (!path_exists(c->a, where))
		return error_set(err, ERR_NOT_FOUND, STR(""), "%.*s: there is none", STR_ARG(where));
	*out = (diff_side){.name = where, .version = 3};
	if (path_is_dir(c->a, dir) && path_exists(c->a, path_join(c->a, dir, STR("config.yaml"))))
		dir = path_join(c->a, dir, STR("metadata"));
	if (path_is_dir(c->a, dir)) {
		bool v3 = path_exists(c->a, path_join(c->a, dir, STR("databases/databases.yaml")));
		out->version = v3 ? 3 : 2;
		if (!md_folder_read(&f, dir, out->version, &doc, err)) return false;
	} else if (!md_document_read(&f, dir, &doc, err)) {
		return false;
	}
	if (!json_getz(doc, "sources")) out->version = 2;
	out->doc = md_canonical(c->a, doc);
	return true;
}

static bool read_project(cmd *c, diff_side *out, error *err)
{
	project p;
	md_folder f;
	json *doc;
	if (!project_open(c, &p, err) || !project_metadata_read(&p, &f, &doc, err)) return false;
	*out = (diff_side){.name = STR("project"), .doc = md_canonical(c->a, doc)};
	out->version = json_getz(doc, "sources") ? 3 : 2;
	return true;
}

static bool read_server(cmd *c, diff_side *out, error *err)
{
	project p;
	json *doc;
	if (!project_open(c, &p, err) || !remote_metadata(&p, "export_metadata", 0, NULL, &doc, err)) return false;
	*out = (diff_side){.name = STR("server"), .doc = md_canonical(c->a, doc), .version = 3};
	return true;
}

static bool read_sides(cmd *c, diff_side *from, diff_side *to, error *err)
{
	if (c->args.n == 2) return read_side(c, c->args.v[0], from, err) && read_side(c, c->args.v[1], to, err);
	if (!read_server(c, from, err)) return false;
	return c->args.n == 1 ? read_side(c, c->args.v[0], to, err) : read_project(c, to, err);
}

/* ---- forms ---- */

static str whole_text(arena *a, const json *doc, bool as_json)
{
	buf b = {0};
	if (as_json) json_write_pretty(&b, doc);
	else yaml_write(&b, doc);
	if (as_json) buf_putc(&b, '\n');
	str text = str_copy(a, buf_str(&b));
	buf_free(&b);
	return text;
}

static str name_of(arena *a, const diff_side *s, str file)
{
	return file.n ? str_cat(a, 3, s->name, STR("/"), file) : s->name;
}

static str text_of(const md_files *files, str path, bool *found)
{
	*found = false;
	for (size_t i = 0; i < files->n; i++) {
		if (!str_eq(files->v[i].path, path)) continue;
		*found = true;
		return files->v[i].text;
	}
	return STR("");
}

/* Lists of includes follow from the files there are. */
static bool is_list_file(str path)
{
	return str_ends(path, STR("/tables.yaml")) || str_ends(path, STR("/functions.yaml"));
}

static bool files_of(arena *a, const diff_side *s, int version, md_files *out, error *err)
{
	str_vec notes = {0};
	return md_layout_files(a, s->doc, version, out, &notes, err);
}

static bool diff_files(cmd *c, const diff_side *from, const diff_side *to, int version, buf *out, error *err)
{
	md_files x = {0}, y = {0};
	if (!files_of(c->a, from, version, &x, err) || !files_of(c->a, to, version, &y, err)) return false;
	for (size_t i = 0; i < x.n + y.n; i++) {
		bool in_x, in_y, second = i >= x.n;
		str path = second ? y.v[i - x.n].path : x.v[i].path;
		str old = text_of(&x, path, &in_x), new = text_of(&y, path, &in_y);
		if ((second && in_x) || is_list_file(path)) continue;
		str dev_null = STR("/dev/null");
		diff_text(c->a, out, in_x ? name_of(c->a, from, path) : dev_null,
			in_y ? name_of(c->a, to, path) : dev_null, old, new, c->color_out);
	}
	return true;
}

static bool diff(cmd *c, error *err)
{
	diff_side from, to;
	str type = cmd_value(c, "type", STR("yaml"));
	bool unified = str_starts(type, STR("unified-")), as_json = str_ends(type, STR("json"));
	if (!str_eqz(type, "yaml") && !str_eqz(type, "json") && !str_eqz(type, "unified-yaml") &&
		!str_eqz(type, "unified-json"))
		return error_set(
			err, ERR_INVALID_PARAMS, STR(""), "--type: write yaml, json, unified-yaml or unified-json");
	if (cmd_on(c, "unified")) unified = true;
	if (!read_sides(c, &from, &to, err)) return false;
	int version = to.version == 2 || from.version == 2 ? 2 : 3;
	json *x = version == 2 ? md_as_version_2(c->a, from.doc) : from.doc;
	json *y = version == 2 ? md_as_version_2(c->a, to.doc) : to.doc;
	if (!x || !y)
		return error_set(err, ERR_NOT_SUPPORTED, STR(""),
			"a project of version 1 or 2 is about one database, and the other side has several");
	buf out = {0};
	bool ok = true;
	if (json_equal(x, y)) {
		say_info(c, "No differences");
	} else if (unified || as_json) {
		diff_text(c->a, &out, from.name, to.name, whole_text(c->a, x, as_json), whole_text(c->a, y, as_json),
			c->color_out);
	} else {
		ok = diff_files(c, &from, &to, version, &out, err);
	}
	if (out.n) term_out(buf_str(&out));
	if (ok && cmd_on(c, "exit-code") && !json_equal(x, y)) c->status = 1;
	buf_free(&out);
	return ok;
}

static const cmd_flag flags[] = {
	{"type", 0, CMD_VALUE, "FORM", "yaml (file by file; the default), json, unified-yaml, unified-json", NULL},
	{"unified", 0, CMD_SWITCH, NULL, "as one document", NULL},
	{"exit-code", 0, CMD_SWITCH, NULL, "exit status 1 when there are differences, 2 on an error", NULL},
	{0},
};

const cmd_spec cmd_metadata_diff = {.name = "diff",
	.args = "[A] [B]",
	.max_args = 2,
	.groups = CMD_SERVER,
	.flags = flags,
	.what = "show what applying the project would change on the server",
	.text = "Without words: the server against the project; with one: the server against that folder or file; with two: one\n"
		"folder against the other, without a server. What means the same is no difference: the order of columns, roles and\n"
		"tables, members left at their default, how files are split.\n",
	.run = diff};
