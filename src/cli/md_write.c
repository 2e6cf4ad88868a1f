/* md_write: a document as the files of a project. */
#include "cli/md_layout.h"

#include "base/yaml.h"
#include "cli/files.h"

typedef struct layout {
	arena *a;
	md_files *out;
	map names; /* paths in use, in lower case: a file system may not tell A from a */
} layout;

static void add_text(layout *l, str path, str text)
{
	md_file f = {.path = path, .text = text};
	vec_push(l->a, l->out, f);
}

static void add_file(layout *l, str path, const json *plain, const json *whole)
{
	buf b = {0};
	yaml_write(&b, plain);
	md_file f = {.path = path, .text = str_copy(l->a, buf_str(&b)), .plain = plain, .whole = whole};
	buf_free(&b);
	vec_push(l->a, l->out, f);
}

static json *member_or(arena *a, const json *doc, const char *key, bool list)
{
	const json *m = json_getz(doc, key);
	if (m && m->kind != JSON_NULL) return json_copy(a, m);
	return list ? json_new_array(a) : json_new_object(a);
}

static json *include_of(arena *a, str path)
{
	return json_new_str(a, str_cat(a, 2, STR("!include "), path));
}

/* ---- tables and functions ---- */

/* A name as part of a path: no folder, nothing hidden. */
static str file_part(arena *a, str name)
{
	char *p = arena_bytes(a, name.n + 1);
	for (size_t i = 0; i < name.n; i++)
		p[i] = name.p[i] == '/' || name.p[i] == '\\' || (unsigned char)name.p[i] < 0x20 ||
				(i == 0 && name.p[i] == '.')
			? '_'
			: name.p[i];
	return str_make(p, name.n);
}

/* SCHEMA_NAME.yaml, as Hasura's CLI; where two would share one, the second gets a number. */
static str file_of(layout *l, str dir, const json *object, const char *what)
{
	const json *q = json_getz(object, what);
	str schema = json_is(q, JSON_STRING) ? STR("public") : json_str_or(q, "schema", STR("public"));
	str name = json_is(q, JSON_STRING) ? q->text : json_str_or(q, "name", STR("unnamed"));
	if (json_is(q, JSON_OBJECT) && !json_getz(q, "schema")) schema = json_str_or(q, "dataset", schema);
	str base = str_printf(l->a, "%.*s_%.*s", STR_ARG(file_part(l->a, schema)), STR_ARG(file_part(l->a, name)));
	for (unsigned n = 1;; n++) {
		str file = n == 1 ? str_cat(l->a, 2, base, STR(".yaml"))
				  : str_printf(l->a, "%.*s_%u.yaml", STR_ARG(base), n);
		str used = str_lower(l->a, path_join(l->a, dir, file));
		if (map_add(l->a, &l->names, used, l)) return file;
	}
}

static void write_list(layout *l, str dir, const json *list, const char *what, const char *list_file)
{
	json *includes = json_new_array(l->a);
	JSON_EACH (e, list) {
		str file = file_of(l, dir, e, what);
		json *copy = json_copy(l->a, e);
		copy->key = STR_NULL;
		add_file(l, path_join(l->a, dir, file), copy, NULL);
		json_push(includes, include_of(l->a, file));
	}
	add_file(l, path_join(l->a, dir, str_from(list_file)), includes, list);
}

static json *write_source(layout *l, const json *source)
{
	json *out = json_new_object(l->a);
	str name = file_part(l->a, json_str_or(source, "name", STR("default")));
	static const char *const first[] = {"name", "kind", "configuration"};
	for (size_t i = 0; i < sizeof first / sizeof *first; i++)
		if (json_getz(source, first[i])) json_setz(out, first[i], json_copy(l->a, json_getz(source, first[i])));
	JSON_EACH (m, source)
		if (!json_get(out, m->key) && !str_eqz(m->key, "tables") && !str_eqz(m->key, "functions"))
			json_set(out, m->key, json_copy(l->a, m));
	const json *tables = json_getz(source, "tables"), *functions = json_getz(source, "functions");
	str at = str_cat(l->a, 2, STR("databases/"), name);
	write_list(l, path_join(l->a, at, STR("tables")), tables, "table", "tables.yaml");
	json_setz(out, "tables", include_of(l->a, path_join(l->a, name, STR("tables/tables.yaml"))));
	if (!functions || !functions->count) return out;
	write_list(l, path_join(l->a, at, STR("functions")), functions, "function", "functions.yaml");
	json_setz(out, "functions", include_of(l->a, path_join(l->a, name, STR("functions/functions.yaml"))));
	return out;
}

static void write_sources(layout *l, const json *doc)
{
	const json *sources = json_getz(doc, "sources");
	json *out = json_new_array(l->a);
	JSON_EACH (s, sources)
		json_push(out, write_source(l, s));
	add_file(l, STR("databases/databases.yaml"), out, sources);
}

/* ---- actions ---- */

/* What the SDL says is not said again. */
static json *action_rest(arena *a, const json *action)
{
	json *out = json_copy(a, action), *definition = json_new_object(a);
	static const char *const of_sdl[] = {"arguments", "output_type", "type", "kind"};
	/* Hasura v2: first, and empty for queries. */
	const json *kind = json_getz(json_getz(action, "definition"), "kind");
	json_setz(definition, "kind", kind ? json_copy(a, kind) : json_new_str(a, STR("")));
	JSON_EACH (m, json_getz(action, "definition")) {
		bool said = false;
		for (size_t i = 0; i < sizeof of_sdl / sizeof *of_sdl; i++)
			said |= str_eqz(m->key, of_sdl[i]);
		if (!said) json_set(definition, m->key, json_copy(a, m));
	}
	json_setz(out, "definition", definition);
	json_remove(out, STR("comment"));
	if (json_getz(action, "comment")) json_setz(out, "comment", json_copy(a, json_getz(action, "comment")));
	out->key = STR_NULL;
	return out;
}

static json *types_rest(arena *a, const json *types)
{
	static const char *const groups[] = {"enums", "input_objects", "objects", "scalars"};
	json *out = json_new_object(a);
	for (size_t g = 0; g < sizeof groups / sizeof *groups; g++) {
		json *list = json_setz(out, groups[g], json_new_array(a));
		JSON_EACH (t, json_getz(types, groups[g])) {
			json *rest = json_copy(a, t);
			rest->key = STR_NULL;
			json_remove(rest, STR("fields"));
			json_remove(rest, STR("values"));
			json_push(list, rest);
		}
	}
	return out;
}

static void write_actions(layout *l, const json *doc)
{
	json *both = json_new_object(l->a), *list = json_new_array(l->a);
	const json *actions = json_getz(doc, "actions"), *types = json_getz(doc, "custom_types");
	buf b = {0};
	md_sdl_write(&b, actions, types);
	add_text(l, STR("actions.graphql"), str_copy(l->a, buf_str(&b)));
	buf_free(&b);
	JSON_EACH (e, actions)
		json_push(list, action_rest(l->a, e));
	json_setz(both, "actions", list);
	json_setz(both, "custom_types", types_rest(l->a, types));
	add_file(l, STR("actions.yaml"), both, NULL);
}

/* ---- all ---- */

static bool is_known(str key, int version)
{
	if (str_eqz(key, "version") || str_eqz(key, "resource_version")) return true;
	for (const md_object *o = md_objects; o->key; o++)
		if (str_eqz(key, o->key) && (o->since == 0 || o->since == version)) return true;
	return false;
}

bool md_layout_files(arena *a, const json *doc, int version, md_files *out, str_vec *notes, error *err)
{
	layout l = {.a = a, .out = out};
	json *head = json_new_object(a);
	const json *from = version == 2 ? md_as_version_2(a, doc) : doc;
	if (!from)
		return error_set(err, ERR_NOT_SUPPORTED, STR(""),
			"the server has several databases, and a project of version 2 is about one: write version: 3 in config.yaml");
	json_setz(head, "version", json_new_i64(a, version));
	add_file(&l, STR("version.yaml"), head, NULL);
	for (const md_object *o = md_objects; o->key; o++) {
		if ((o->since == 2 && version != 2) || (o->since == 3 && version != 3)) continue;
		if (str_eqz(STR("sources"), o->key)) write_sources(&l, from);
		else if (str_eqz(STR("actions"), o->key)) write_actions(&l, from);
		else if (!str_eqz(STR("custom_types"), o->key))
			add_file(&l, str_from(o->file), member_or(a, from, o->key, o->list), NULL);
	}
	JSON_EACH (m, from)
		if (!is_known(m->key, version)) vec_push(a, notes, m->key);
	return true;
}

/* ---- writing ---- */

static bool same_sorted(arena *a, const json *x, const json *y)
{
	json *p = json_copy(a, x), *q = json_copy(a, y);
	json *px = json_setz(json_new_object(a), "tables", p), *qx = json_setz(json_new_object(a), "tables", q);
	md_sort(a, px);
	md_sort(a, qx);
	return json_equal(p, q);
}

/* The order of a list of includes means nothing. */
static json *sorted_texts(arena *a, const json *list)
{
	json *holder = json_new_object(a), *copy = json_setz(holder, "columns", json_copy(a, list));
	md_sort(a, holder);
	return copy;
}

/* What the server fills in when it is not said. */
static json *without_kinds(arena *a, const json *file)
{
	json *out = json_copy(a, file);
	JSON_EACH (act, json_getz(out, "actions")) {
		json *definition = json_getz(act, "definition");
		str kind = json_str_or(definition, "kind", STR(""));
		if (!kind.n || str_eqz(kind, "synchronous")) json_remove(definition, STR("kind"));
	}
	return out;
}

/* actions.graphql: its order means nothing, and comments of actions are actions.yaml's. */
static json *sdl_meaning(arena *a, json *actions, json *types)
{
	json *out = json_new_object(a);
	JSON_EACH (act, actions)
		json_remove(act, STR("comment"));
	json_setz(out, "actions", actions);
	json_setz(out, "custom_types", types);
	md_sort(a, out);
	return out;
}

/* The text of the types, however it is laid out. */
static bool sdl_same(arena *a, str path, str want)
{
	str now;
	error ignored;
	error_init(&ignored, a);
	json *x = json_new_array(a), *y = json_new_array(a), *xt = json_new_object(a), *yt = json_new_object(a);
	str_vec notes = {0};
	if (!file_read(a, path, &now, &ignored) || !md_sdl_read(a, now, x, xt, &notes, &ignored) ||
		!md_sdl_read(a, want, y, yt, &notes, &ignored))
		return false;
	return json_equal(sdl_meaning(a, x, xt), sdl_meaning(a, y, yt));
}

static bool says_the_same(arena *a, str path, const md_file *f)
{
	json *now;
	str text;
	error ignored;
	error_init(&ignored, a);
	if (!f->plain) return sdl_same(a, path, f->text);
	md_folder folder = {.a = a};
	if (!file_read(a, path, &text, &ignored) || !yaml_parse(a, text, NULL, &now, &ignored)) return false;
	const json *want = f->plain;
	if (now->kind == JSON_ARRAY && want->kind == JSON_ARRAY) {
		now = sorted_texts(a, now);
		want = sorted_texts(a, want);
	}
	if (str_eqz(f->path, "actions.yaml")) {
		now = without_kinds(a, now);
		want = without_kinds(a, want);
	}
	if (same_sorted(a, now, want)) return true;
	const json *whole = f->whole ? f->whole : f->plain;
	return md_file_read(&folder, path, &now, &ignored) && same_sorted(a, now, whole);
}

static void map_files(arena *a, const md_files *files, map *out)
{
	for (size_t i = 0; i < files->n; i++)
		map_put(a, out, files->v[i].path, &files->v[i]);
}

bool md_layout_mark_same(arena *a, md_files *files, const json *now, const json *then, int version, error *err)
{
	md_files x = {0}, y = {0};
	map xs = {0}, ys = {0};
	str_vec notes = {0};
	if (!md_layout_files(a, now, version, &x, &notes, err) || !md_layout_files(a, then, version, &y, &notes, err))
		return false;
	map_files(a, &x, &xs);
	map_files(a, &y, &ys);
	for (size_t i = 0; i < files->n; i++) {
		const md_file *p = map_get(&xs, files->v[i].path), *q = map_get(&ys, files->v[i].path);
		files->v[i].same = p && q && str_eq(p->text, q->text);
	}
	return true;
}

/* Files the folder's own list includes and the new one does not have. */
static bool remove_left(arena *a, str dir, const md_files *files, const md_file *list, size_t *removed, error *err)
{
	str text, folder = path_dir(list->path);
	json *old;
	error ignored;
	error_init(&ignored, a);
	if (!file_read(a, path_join(a, dir, list->path), &text, &ignored) || !yaml_parse(a, text, NULL, &old, &ignored))
		return true;
	JSON_EACH (e, old) {
		str mark = STR("!include ");
		bool kept = false;
		if (!json_is(e, JSON_STRING) || !str_starts(e->text, mark)) continue;
		str name = str_from_at(e->text, mark.n), path = path_join(a, folder, name);
		if (str_find_char(name, '/') != SIZE_MAX || !path_exists(a, path_join(a, dir, path))) continue;
		for (size_t i = 0; i < files->n && !kept; i++)
			kept = str_eq(files->v[i].path, path);
		if (kept) continue;
		if (!path_remove(a, path_join(a, dir, path), err)) return false;
		++*removed;
	}
	return true;
}

/* A folder whose databases.yaml already says all this, in its own way, keeps its way. */
static bool sources_same(arena *a, str dir, const md_files *files)
{
	for (size_t i = 0; i < files->n; i++)
		if (str_eqz(files->v[i].path, "databases/databases.yaml"))
			return says_the_same(a, path_join(a, dir, files->v[i].path), &files->v[i]) && files->v[i].whole;
	return false;
}

static bool whole_same(arena *a, str dir, const md_file *f)
{
	json *now;
	error ignored;
	error_init(&ignored, a);
	md_folder folder = {.a = a};
	return f->whole && md_file_read(&folder, path_join(a, dir, f->path), &now, &ignored) &&
		same_sorted(a, now, f->whole);
}

/* Do all files of databases mean the same, however they are cut? */
static bool sources_marked_same(const md_files *files)
{
	for (size_t i = 0; i < files->n; i++)
		if (str_starts(files->v[i].path, STR("databases/")) && !files->v[i].same) return false;
	return true;
}

static bool keeps_sources(arena *a, str dir, const md_files *files)
{
	bool there = path_exists(a, path_join(a, dir, STR("databases/databases.yaml")));
	if (there && sources_marked_same(files)) return true;
	if (!sources_same(a, dir, files)) return false;
	for (size_t i = 0; i < files->n; i++)
		if (str_eqz(files->v[i].path, "databases/databases.yaml")) return whole_same(a, dir, &files->v[i]);
	return false;
}

bool md_layout_write(arena *a, str dir, const md_files *files, size_t *written, size_t *removed, error *err)
{
	bool keep_sources = keeps_sources(a, dir, files);
	*written = *removed = 0;
	for (size_t i = 0; i < files->n; i++) {
		const md_file *f = &files->v[i];
		bool changed = false, of_source = str_starts(f->path, STR("databases/"));
		str path = path_join(a, dir, f->path);
		if (of_source && keep_sources) continue;
		if ((f->same && path_exists(a, path)) || says_the_same(a, path, f)) continue;
		bool is_list = str_ends(f->path, STR("/tables.yaml")) || str_ends(f->path, STR("/functions.yaml"));
		if (is_list && of_source && !remove_left(a, dir, files, f, removed, err)) return false;
		if (!file_write(a, path, f->text, &changed, err)) return false;
		*written += changed;
	}
	return true;
}
