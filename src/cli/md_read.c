/* md_read: the files of a project as one document. */
#include "cli/md_layout.h"

#include "base/yaml.h"
#include "cli/files.h"

enum { INCLUDE_DEPTH = 16, FILES_MAX = 200000, PLACE_DEPTH = 64 };

const md_object md_objects[] = {
	{"sources", "databases/databases.yaml", true, 3},
	{"tables", "tables.yaml", true, 2},
	{"functions", "functions.yaml", true, 2},
	{"actions", "actions.yaml", false, 0},
	{"custom_types", "actions.yaml", false, 0},
	{"remote_schemas", "remote_schemas.yaml", true, 0},
	{"query_collections", "query_collections.yaml", true, 0},
	{"allowlist", "allow_list.yaml", true, 0},
	{"cron_triggers", "cron_triggers.yaml", true, 0},
	{"network", "network.yaml", false, 0},
	{"api_limits", "api_limits.yaml", false, 3},
	{"rest_endpoints", "rest_endpoints.yaml", true, 3},
	{"inherited_roles", "inherited_roles.yaml", true, 3},
	{"opentelemetry", "opentelemetry.yaml", false, 3},
	{"backend_configs", "backend_configs.yaml", false, 3},
	{"graphql_schema_introspection", "graphql_schema_introspection.yaml", false, 3},
	{"metrics_config", "metrics_config.yaml", false, 3},
	{0},
};

/* ---- places ---- */

static void put_place(md_folder *f, const json *node, str file, unsigned line)
{
	const json **key = arena_alloc(f->a, sizeof(json *));
	md_place *p = NEW(f->a, md_place);
	*key = node;
	*p = (md_place){.file = file, .line = line};
	map_put(f->a, &f->places, str_make((const char *)key, sizeof *key), p);
}

const md_place *md_place_of(const md_folder *f, const json *node)
{
	return node ? map_get(&f->places, str_make((const char *)&node, sizeof node)) : NULL;
}

/* One step of a path: ".key", "['key']", "[3]"; false at its end. */
static bool next_step(str *path, str *key, int64_t *index)
{
	str p = *path;
	*index = -1;
	if (!p.n) return false;
	if (p.p[0] == '.') {
		size_t n = 1;
		while (n < p.n && p.p[n] != '.' && p.p[n] != '[')
			n++;
		*key = str_sub(p, 1, n - 1);
		*path = str_from_at(p, n);
		return true;
	}
	size_t end = str_find_char(p, ']');
	if (p.p[0] != '[' || end == SIZE_MAX) return false;
	*key = str_sub(p, 1, end - 1);
	*path = str_from_at(p, end + 1);
	if (key->n >= 2 && (key->p[0] == '\'' || key->p[0] == '"')) *key = str_sub(*key, 1, key->n - 2);
	else if (!str_to_i64(*key, index) || *index < 0) return false;
	return true;
}

const md_place *md_place_at(const md_folder *f, const json *doc, str path)
{
	static const char *const heads[] = {"$.args.metadata", "$.metadata", "$.args", "$"};
	const md_place *best = NULL;
	const json *at = doc;
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
		if (!str_starts(path, str_from(heads[i]))) continue;
		path = str_from_at(path, str_from(heads[i]).n);
		break;
	}
	for (int depth = 0; at && depth < PLACE_DEPTH; depth++) {
		str key;
		int64_t index;
		if (md_place_of(f, at)) best = md_place_of(f, at);
		if (!next_step(&path, &key, &index)) break;
		at = index >= 0 ? json_at(at, (size_t)index) : json_get(at, key);
	}
	return best;
}

/* ---- files ---- */

static bool resolve(md_folder *f, json *node, str dir, error *err);

static bool include(md_folder *f, json *node, str dir, error *err)
{
	str name = str_trim(str_from_at(node->text, STR("!include ").n));
	if (name.n >= 2 && name.p[0] == '"' && name.p[name.n - 1] == '"') name = str_sub(name, 1, name.n - 2);
	str file = path_join(f->a, dir, name);
	json *found = NULL;
	if (!str_ends(file, STR(".yaml")) && !str_ends(file, STR(".yml"))) { /* a text, such as a template */
		node->text = STR("");
		return file_read(f->a, file, &node->text, err);
	}
	if (!md_file_read(f, file, &found, err)) return false;
	str key = node->key;
	json *next = node->next;
	*node = *found;
	node->key = key;
	node->next = next;
	const md_place *p = md_place_of(f, found);
	if (p) put_place(f, node, p->file, p->line);
	return true;
}

static bool resolve_include(md_folder *f, json *node, str dir, error *err)
{
	const md_place *from = md_place_of(f, node);
	if (include(f, node, dir, err)) return true;
	if (err->code == ERR_NOT_FOUND && from)
		err->message =
			str_printf(f->a, "%.*s, line %u: %.*s", STR_ARG(from->file), from->line, STR_ARG(err->message));
	err->code = ERR_PARSE_FAILED;
	return false;
}

static bool resolve(md_folder *f, json *node, str dir, error *err)
{
	if (node->kind == JSON_STRING && str_starts(node->text, STR("!include ")))
		return resolve_include(f, node, dir, err);
	for (json *c = node->first; c; c = c->next) {
		const md_place *at = md_place_of(f, c);
		str name = c->kind == JSON_STRING ? c->text : STR("");
		if (!resolve(f, c, dir, err)) return false;
		if (node->kind == JSON_ARRAY && c->kind == JSON_NULL && str_starts(name, STR("!include ")))
			return error_set(err, ERR_PARSE_FAILED, STR(""), "%.*s, line %u: the file of %.*s is empty",
				STR_ARG(at ? at->file : STR("")), at ? at->line : 1, STR_ARG(name));
	}
	return true;
}

static void take_lines(md_folder *f, const yaml_marks *marks, str file)
{
	for (size_t i = 0; i < marks->lines.n; i++) {
		const json *node;
		memcpy(&node, marks->lines.items[i].key.p, sizeof node);
		put_place(f, node, file, (unsigned)(uintptr_t)marks->lines.items[i].value);
	}
}

static bool parse_file(md_folder *f, str file, str text, json **out, error *err)
{
	yaml_marks marks = {0};
	bool ok;
	if (str_ends(file, STR(".json"))) ok = json_parse(f->a, text, out, err);
	else ok = yaml_parse(f->a, text, &marks, out, err);
	if (ok) take_lines(f, &marks, file);
	else err->message = str_printf(f->a, "%.*s, %.*s", STR_ARG(file), STR_ARG(err->message));
	return ok;
}

bool md_file_read(md_folder *f, str file, json **out, error *err)
{
	str text;
	if (++f->files > FILES_MAX || f->depth >= INCLUDE_DEPTH)
		return error_set(err, ERR_PARSE_FAILED, STR(""), "%.*s: its includes go round in a circle, or too deep",
			STR_ARG(file));
	if (!file_read(f->a, file, &text, err) || !parse_file(f, file, text, out, err)) return false;
	f->depth++;
	bool ok = resolve(f, *out, path_dir(file), err);
	f->depth--;
	return ok;
}

bool md_document_read(md_folder *f, str file, json **out, error *err)
{
	if (!md_file_read(f, file, out, err)) return false;
	if (json_is(*out, JSON_OBJECT) && json_is(json_getz(*out, "metadata"), JSON_OBJECT))
		*out = json_getz(*out, "metadata"); /* as export_metadata of version 2 answers */
	if (json_is(*out, JSON_OBJECT)) return true;
	return error_set(err, ERR_PARSE_FAILED, STR(""), "%.*s: metadata (an object) is expected", STR_ARG(file));
}

/* ---- the folder ---- */

static bool wrong_form(str file, bool list, error *err)
{
	return error_set(err, ERR_PARSE_FAILED, STR(""), "%.*s, line 1: %s is expected", STR_ARG(file),
		list ? "a list (- …)" : "a mapping (name: …)");
}

static json *by_name(const json *list, str name)
{
	JSON_EACH (e, list)
		if (str_eq(json_str_or(e, "name", STR("")), name)) return e;
	return NULL;
}

static void merge_members(arena *a, json *into, const json *from)
{
	JSON_EACH (m, from)
		if (json_is_null(json_get(into, m->key))) json_set(into, m->key, json_copy(a, m));
}

/* Every action must have its field in the SDL and the other way round. */
static bool join_actions(md_folder *f, json *actions, const json *sdl, str graphql, error *err)
{
	JSON_EACH (act, actions) {
		str name = json_str_or(act, "name", STR(""));
		const json *known = by_name(sdl, name);
		json *definition = json_getz(act, "definition");
		const md_place *at = md_place_of(f, act);
		str file = at ? at->file : STR("actions.yaml");
		if (json_getz(definition, "output_type")) continue; /* complete without */
		if (!known)
			return error_set(err, ERR_PARSE_FAILED, STR(""),
				"%.*s, line %u: the action \"%.*s\" has no field in %.*s", STR_ARG(file),
				at ? at->line : 1, STR_ARG(name), STR_ARG(graphql));
		if (!definition) definition = json_setz(act, "definition", json_new_object(f->a));
		merge_members(f->a, definition, json_getz(known, "definition"));
		/* Hasura v2: the comment is that of actions.yaml. What is only said in the SDL is not lost here. */
		const json *comment = json_getz(known, "comment");
		if (comment && !json_getz(act, "comment")) json_setz(act, "comment", json_copy(f->a, comment));
	}
	JSON_EACH (known, sdl) {
		str name = json_str_or(known, "name", STR(""));
		if (!by_name(actions, name))
			return error_set(err, ERR_PARSE_FAILED, STR(""),
				"%.*s: the field \"%.*s\" has no action in actions.yaml", STR_ARG(graphql),
				STR_ARG(name));
	}
	return true;
}

/* Types of the SDL, with the relationships and descriptions of actions.yaml. */
static json *join_types(arena *a, const json *sdl, const json *types)
{
	json *out = json_copy(a, sdl);
	JSON_EACH (group, types)
		JSON_EACH (t, group) {
			json *list = json_get(out, group->key);
			json *known = by_name(list, json_str_or(t, "name", STR("")));
			if (known) merge_members(a, known, t);
			else if (list && t->count > 1) json_push(list, json_copy(a, t));
		}
	return out;
}

static void drop_empty(json *o)
{
	for (json *m = o->first; m;) {
		json *next = m->next;
		if (m->kind == JSON_NULL || ((m->kind == JSON_ARRAY || m->kind == JSON_OBJECT) && !m->count))
			json_remove(o, m->key);
		m = next;
	}
}

static bool read_actions(md_folder *f, str dir, json *doc, error *err)
{
	str file = path_join(f->a, dir, STR("actions.yaml")), graphql = path_join(f->a, dir, STR("actions.graphql"));
	json *both = NULL, *sdl = json_new_array(f->a), *sdl_types = json_new_object(f->a);
	str text = STR("");
	if (!path_exists(f->a, file)) return true;
	if (!md_file_read(f, file, &both, err)) return false;
	if (json_is_null(both)) return true;
	if (!json_is(both, JSON_OBJECT)) return wrong_form(file, false, err);
	if (path_exists(f->a, graphql) && !file_read(f->a, graphql, &text, err)) return false;
	str_vec notes = {0};
	if (!md_sdl_read(f->a, text, sdl, sdl_types, &notes, err)) {
		err->message = str_printf(f->a, "%.*s, %.*s", STR_ARG(graphql), STR_ARG(err->message));
		return false;
	}
	for (size_t i = 0; i < notes.n; i++)
		vec_push(f->a, &f->notes, str_printf(f->a, "%.*s, %.*s", STR_ARG(graphql), STR_ARG(notes.v[i])));
	json *actions = json_getz(both, "actions");
	if (!json_is(actions, JSON_ARRAY)) actions = json_new_array(f->a);
	if (!join_actions(f, actions, sdl, graphql, err)) return false;
	json *types = join_types(f->a, sdl_types, json_getz(both, "custom_types"));
	drop_empty(types);
	json_remove(both, STR("actions"));
	if (actions->count) json_setz(doc, "actions", actions);
	if (types->count) json_setz(doc, "custom_types", types);
	return true;
}

static bool read_object(md_folder *f, str dir, const md_object *o, json *doc, bool *found, error *err)
{
	str file = path_join(f->a, dir, str_from(o->file));
	json *value;
	if (!path_exists(f->a, file)) return true;
	*found = true;
	if (!md_file_read(f, file, &value, err)) return false;
	if (json_is_null(value)) return true;
	if (value->kind != (o->list ? JSON_ARRAY : JSON_OBJECT)) return wrong_form(file, o->list, err);
	bool always = str_eqz(STR("sources"), o->key) || str_eqz(STR("tables"), o->key);
	if (value->count || always) json_setz(doc, o->key, value);
	return true;
}

/* Of a table or function that is there twice the server takes the last without a word. Hasura v2: oMapFromL. */
static void note_twice(md_folder *f, const json *list, const char *what)
{
	map seen = {0};
	JSON_EACH (e, list) {
		const json *name = json_getz(e, what);
		str schema = json_str_or(name, "schema", STR("public"));
		str key = json_is(name, JSON_STRING) ? name->text : json_str_or(name, "name", STR_NULL);
		if (!key.n) continue;
		key = str_cat(f->a, 3, schema, STR("."), key);
		const json *first = map_get(&seen, key);
		const md_place *a = md_place_of(f, e), *b = first ? md_place_of(f, first) : NULL;
		if (a && b)
			vec_push(f->a, &f->notes,
				str_printf(f->a,
					"%.*s:%u: the %s %.*s is here a second time, after %.*s:%u: this one counts",
					STR_ARG(a->file), a->line, what, STR_ARG(key), STR_ARG(b->file), b->line));
		map_put(f->a, &seen, key, (void *)(uintptr_t)e);
	}
}

static void note_all_twice(md_folder *f, const json *doc)
{
	note_twice(f, json_getz(doc, "tables"), "table");
	note_twice(f, json_getz(doc, "functions"), "function");
	JSON_EACH (s, json_getz(doc, "sources")) {
		note_twice(f, json_getz(s, "tables"), "table");
		note_twice(f, json_getz(s, "functions"), "function");
	}
}

/* Hasura v2: the version of the metadata, which is that of config.yaml. */
static bool check_version(md_folder *f, str dir, int version, error *err)
{
	str file = path_join(f->a, dir, STR("version.yaml"));
	json *head;
	int64_t n;
	if (!path_exists(f->a, file)) return true;
	if (!md_file_read(f, file, &head, err)) return false;
	const json *said = json_getz(head, "version");
	if (!said || !str_to_i64(said->text, &n) || n == version) return true;
	const md_place *at = md_place_of(f, said);
	unsigned line = at ? at->line : 1;
	if (n > 3)
		return error_set(err, ERR_PARSE_FAILED, STR(""),
			"%.*s, line %u: this is metadata of version %lld, and this program (" WEIR_VERSION
			") knows 3: a newer one wrote it",
			STR_ARG(file), line, (long long)n);
	return error_set(err, ERR_PARSE_FAILED, STR(""),
		"%.*s, line %u: this is metadata of version %lld in a project of version %d: the layout of the folder is that of %d, "
		"so write version: %d",
		STR_ARG(file), line, (long long)n, version, version, version);
}

bool md_folder_read(md_folder *f, str dir, int version, json **out, error *err)
{
	json *doc = json_new_object(f->a);
	bool found = false;
	json_setz(doc, "version", json_new_i64(f->a, version));
	if (!check_version(f, dir, version, err)) return false;
	for (const md_object *o = md_objects; o->key; o++) {
		if ((o->since == 2 && version != 2) || (o->since == 3 && version != 3)) continue;
		if (str_eqz(STR("actions"), o->key)) {
			if (!read_actions(f, dir, doc, err)) return false;
		} else if (!str_eqz(STR("custom_types"), o->key) && !read_object(f, dir, o, doc, &found, err)) {
			return false;
		}
	}
	if (!found)
		return error_set(err, ERR_NOT_FOUND, STR(""),
			"%.*s holds no metadata: there is none of databases/databases.yaml, tables.yaml, …",
			STR_ARG(dir));
	if (version == 3 && !json_getz(doc, "sources")) json_setz(doc, "sources", json_new_array(f->a));
	if (version == 2 && !json_getz(doc, "tables")) json_setz(doc, "tables", json_new_array(f->a));
	note_all_twice(f, doc);
	*out = doc;
	return true;
}
