#include "cli/project_md.h"

#include "base/yaml.h"
#include "cli/files.h"

/* ---- where ---- */

str project_metadata_home(const project *p, int version)
{
	if (p->metadata_file.n) return p->metadata_file;
	if (version == 1) return path_join(p->a, p->migrations_dir, STR("metadata.yaml"));
	return p->metadata_dir;
}

bool project_metadata_read(project *p, md_folder *f, json **doc, error *err)
{
	str home = project_shown(p, project_metadata_home(p, p->version));
	*f = (md_folder){.a = p->a};
	bool ok = p->metadata_file.n || p->version == 1 ? md_document_read(f, home, doc, err)
							: md_folder_read(f, home, p->version, doc, err);
	for (size_t i = 0; i < f->notes.n; i++)
		say_warn(p->c, "%.*s", STR_ARG(f->notes.v[i]));
	if (!ok && err->code == ERR_NOT_FOUND)
		err->message = str_printf(p->a, "%.*s (%s metadata export gets it from the server)",
			STR_ARG(err->message), p->c->program);
	return ok;
}

/* ---- writing ---- */

/* One file; left alone when it says the same already. */
static bool save_document(project *p, str file, const json *doc, size_t *written, error *err)
{
	buf b = {0};
	bool changed = false;
	json *now;
	error ignored;
	error_init(&ignored, p->a);
	md_folder f = {.a = p->a};
	int version = json_getz(doc, "sources") ? 3 : 2;
	if (path_exists(p->a, file) && md_document_read(&f, file, &now, &ignored) &&
		json_equal(md_meaning(p->a, now, version), md_meaning(p->a, doc, version)))
		return true;
	if (str_ends(file, STR(".json"))) {
		json_write_pretty(&b, doc);
		buf_putc(&b, '\n');
	} else {
		yaml_write(&b, doc);
	}
	bool ok = file_write(p->a, file, buf_str(&b), &changed, err);
	buf_free(&b);
	*written += changed;
	return ok;
}

/* What the files of the folder mean; NULL: they cannot be read. */
static json *folder_meaning(project *p, str home, int version)
{
	json *doc;
	error ignored;
	error_init(&ignored, p->a);
	md_folder f = {.a = p->a};
	return md_folder_read(&f, home, version, &doc, &ignored) ? md_meaning(p->a, doc, version) : NULL;
}

/*
 * A file that means what it should is left as it is, however it says it. Whether the folder as a whole does so then is seen by
 * reading it: a file may be there and not be what its name says. Else all is written.
 */
static bool save_folder(project *p, str home, md_files *files, const json *doc, int version, size_t *written,
	size_t *removed, error *err)
{
	size_t more, gone;
	json *now = folder_meaning(p, home, version), *then = md_meaning(p->a, doc, version);
	if (now && then && !md_layout_mark_same(p->a, files, now, then, version, err)) return false;
	if (!md_layout_write(p->a, home, files, written, removed, err)) return false;
	if (!now || !then) return true;
	now = folder_meaning(p, home, version);
	if (now && json_equal(now, then)) return true;
	for (size_t i = 0; i < files->n; i++)
		files->v[i].same = false;
	if (!md_layout_write(p->a, home, files, &more, &gone, err)) return false;
	*written += more;
	*removed += gone;
	return true;
}

bool project_metadata_save(project *p, const json *doc, int version, size_t *written, size_t *removed, error *err)
{
	if (!version) version = p->version;
	str home = project_metadata_home(p, version);
	json *sorted = json_copy(p->a, doc);
	*written = *removed = 0;
	json_remove(sorted, STR("resource_version"));
	md_sort(p->a, sorted);
	if (version == 1 || p->metadata_file.n) {
		json *old = version < 3 ? md_as_version_2(p->a, sorted) : NULL;
		return save_document(p, home, old ? old : sorted, written, err);
	}
	md_files files = {0};
	str_vec notes = {0};
	if (!md_layout_files(p->a, sorted, version, &files, &notes, err)) return false;
	for (size_t i = 0; i < notes.n; i++)
		say_warn(p->c,
			"the server's metadata has \"%.*s\", for which this project has no file: it was left out",
			STR_ARG(notes.v[i]));
	return save_folder(p, home, &files, sorted, version, written, removed, err);
}

bool project_metadata_pull(project *p, size_t *written, size_t *removed, error *err)
{
	json *doc;
	return remote_metadata(p, "export_metadata", 0, NULL, &doc, err) &&
		project_metadata_save(p, doc, 0, written, removed, err);
}

/* ---- inconsistent objects ---- */

static bool same_table(const json *x, const json *y)
{
	str xs = json_is(x, JSON_STRING) ? STR("public") : json_str_or(x, "schema", STR("public"));
	str ys = json_is(y, JSON_STRING) ? STR("public") : json_str_or(y, "schema", STR("public"));
	str xn = json_is(x, JSON_STRING) ? x->text : json_str_or(x, "name", STR_NULL);
	str yn = json_is(y, JSON_STRING) ? y->text : json_str_or(y, "name", STR_NULL);
	return xn.n && str_eq(xs, ys) && str_eq(xn, yn);
}

/* The lists of a table where the parts of a type are, and what they are called by. */
static const struct {
	const char *type, *list, *by;
} parts[] = {
	{"object_relation", "object_relationships", "name"},
	{"array_relation", "array_relationships", "name"},
	{"computed_field", "computed_fields", "name"},
	{"remote_relationship", "remote_relationships", "name"},
	{"event_trigger", "event_triggers", "name"},
	{"select_permission", "select_permissions", "role"},
	{"insert_permission", "insert_permissions", "role"},
	{"update_permission", "update_permissions", "role"},
	{"delete_permission", "delete_permissions", "role"},
};

static const json *part_of(const json *table, str type, const json *definition)
{
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		if (!str_eqz(type, parts[i].type)) continue;
		JSON_EACH (e, json_getz(table, parts[i].list))
			if (str_eq(json_str_or(e, parts[i].by, STR("")),
				    json_str_or(definition, parts[i].by, STR("?"))))
				return e;
			else if (str_eq(json_str_or(e, parts[i].by, STR("")),
					 json_str_or(json_getz(definition, "configuration"), parts[i].by, STR("?"))))
				return e;
	}
	return table;
}

static const json *find_in_tables(const json *tables, const json *object)
{
	const json *definition = json_getz(object, "definition");
	const json *table = json_is(definition, JSON_STRING) ? definition : json_getz(definition, "table");
	if (!table) table = definition;
	JSON_EACH (t, tables)
		if (same_table(json_getz(t, "table"), table))
			return part_of(t, json_str_or(object, "type", STR("")), definition);
	return NULL;
}

/* Objects beside the tables: the list they are in and what they are called by; by NULL: the whole of it. */
static const struct {
	const char *type, *member, *by;
} others[] = {
	{"source", "sources", "name"},
	{"remote_schema", "remote_schemas", "name"},
	{"action", "actions", "name"},
	{"cron_trigger", "cron_triggers", "name"},
	{"rest_endpoint", "rest_endpoints", "name"},
	{"inherited_role", "inherited_roles", "role_name"},
	{"query_collection", "query_collections", "name"},
	{"allowlist", "allowlist", "collection"},
	{"api_limits", "api_limits", NULL},
	{"custom_types", "custom_types", NULL},
	{"graphql_schema_introspection", "graphql_schema_introspection", NULL},
	{"metrics_config", "metrics_config", NULL},
	{"network", "network", NULL},
	{"opentelemetry", "opentelemetry", NULL},
	{"backend_configs", "backend_configs", NULL},
};

static const json *find_other(const json *doc, const json *object)
{
	const json *definition = json_getz(object, "definition");
	str type = json_str_or(object, "type", STR(""));
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		if (!str_eqz(type, others[i].type)) continue;
		const json *member = json_getz(doc, others[i].member);
		if (!others[i].by) return member;
		str name = json_is(definition, JSON_STRING) ? definition->text
							    : json_str_or(definition, others[i].by, STR("?"));
		JSON_EACH (e, member)
			if (str_eq(json_str_or(e, others[i].by, STR("")), name)) return e;
	}
	return NULL;
}

str project_place_of_object(arena *a, const md_folder *f, const json *doc, const json *object)
{
	const json *found = find_other(doc, object);
	if (!found) found = find_in_tables(json_getz(doc, "tables"), object);
	str source = json_str_or(json_getz(object, "definition"), "source", STR_NULL);
	JSON_EACH (s, json_getz(doc, "sources")) {
		if (found) break;
		if (!source.n || str_eq(json_str_or(s, "name", STR("")), source))
			found = find_in_tables(json_getz(s, "tables"), object);
	}
	const md_place *p = found ? md_place_of(f, found) : NULL;
	return p ? str_printf(a, "%.*s:%u", STR_ARG(p->file), p->line) : STR("");
}

str inconsistent_name(const json *object)
{
	str name = json_str_or(object, "name", STR(""));
	return name.n ? name : json_str_or(json_getz(object, "definition"), "name", STR("N/A"));
}

void project_say_inconsistent(project *p, const md_folder *f, const json *doc, const json *objects)
{
	JSON_EACH (o, objects) {
		str place = f ? project_place_of_object(p->a, f, doc, o) : STR("");
		str name = inconsistent_name(o), type = json_str_or(o, "type", STR("object"));
		const json *why = json_getz(o, "reason");
		str reason = json_is(why, JSON_STRING) ? why->text : json_to_str(p->a, why ? why : json_new_null(p->a));
		const json *message = json_getz(o, "message");
		str more = json_is(message, JSON_STRING) ? message->text : STR(""), mark = STR("Inconsistent object: ");
		if (str_starts(reason, mark)) reason = str_from_at(reason, mark.n);
		bool named = str_starts(name, type); /* "action login": Weir's names begin with the type */
		say_warn(p->c, "%.*s%s%.*s%s%.*s: %.*s%s%.*s", STR_ARG(place), place.n ? ": " : "",
			STR_ARG(named ? STR("") : type), named ? "" : " ", STR_ARG(name), STR_ARG(reason),
			more.n ? ": " : "", STR_ARG(more));
	}
}

/* ---- applying ---- */

/* "file:line: " in front of what the server says about a path of the document. */
static bool with_place(project *p, const md_folder *f, const json *doc, error *err)
{
	const md_place *at = err->path.n ? md_place_at(f, doc, err->path) : NULL;
	err->message = str_cat(p->a, 2, err->message, md_hint(p->a, err->message));
	if (at) err->message = str_printf(p->a, "%.*s:%u: %.*s", STR_ARG(at->file), at->line, STR_ARG(err->message));
	if (json_is(err->internal, JSON_ARRAY)) project_say_inconsistent(p, f, doc, err->internal);
	return false;
}

bool project_metadata_apply(
	project *p, const md_folder *f, json *doc, bool allow_inconsistent, md_applied *out, error *err)
{
	json *args = json_new_object(p->a), *answer;
	json_setz(args, "allow_inconsistent_metadata", json_new_bool(p->a, allow_inconsistent));
	json_setz(args, "metadata", json_copy(p->a, doc));
	if (!remote_metadata(p, "replace_metadata", 2, args, &answer, err)) return with_place(p, f, doc, err);
	*out = (md_applied){.consistent = json_bool_or(answer, "is_consistent", true),
		.objects = json_getz(answer, "inconsistent_objects"),
		.warnings = json_getz(answer, "warnings")};
	return true;
}
