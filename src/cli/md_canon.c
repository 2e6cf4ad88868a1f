/* md_canon: one form for all documents that mean the same. */
#include "cli/md_layout.h"

#include "metadata/metadata.h"

#include <stdlib.h>

enum { SORT_DEPTH = 200 };

/* What a list's elements are known by: lists of these names have no order of their own. */
static const struct {
	const char *list;
	const char *by; /* member, or "" for texts */
} unordered[] = {
	{"columns", ""},
	{"array_relationships", "name"},
	{"object_relationships", "name"},
	{"computed_fields", "name"},
	{"remote_relationships", "name"},
	{"event_triggers", "name"},
	{"select_permissions", "role"},
	{"insert_permissions", "role"},
	{"update_permissions", "role"},
	{"delete_permissions", "role"},
	{"tables", "table"},
	{"functions", "function"},
	{"sources", "name"},
	{"actions", "name"},
	{"remote_schemas", "name"},
	{"cron_triggers", "name"},
	{"rest_endpoints", "name"},
	{"inherited_roles", "role_name"},
	{"permissions", "role"},
	{"enums", "name"},
	{"input_objects", "name"},
	{"objects", "name"},
	{"scalars", "name"},
	{"custom_column_names", ""},
};

static str sort_key(arena *a, const json *e, const char *by)
{
	if (!*by) return e->kind == JSON_STRING ? e->text : STR_NULL;
	const json *m = json_getz(e, by);
	if (json_is(m, JSON_STRING)) return m->text;
	if (!json_is(m, JSON_OBJECT)) return STR_NULL;
	return str_cat(a, 3, json_str_or(m, "schema", STR("public")), STR("\n"), json_str_or(m, "name", STR("")));
}

typedef struct keyed {
	str key;
	json *node;
} keyed;

static int by_key(const void *x, const void *y)
{
	return str_cmp(((const keyed *)x)->key, ((const keyed *)y)->key);
}

static void sort_list(arena *a, json *list, const char *by)
{
	keyed *v = NEW_ARRAY(a, keyed, list->count + 1);
	size_t n = 0;
	for (json *e = list->first; e; e = e->next) {
		v[n] = (keyed){sort_key(a, e, by), e};
		if (!v[n++].key.p) return; /* something else: as it is */
	}
	if (n < 2) return;
	qsort(v, n, sizeof *v, by_key);
	for (size_t i = 0; i < n; i++)
		v[i].node->next = i + 1 < n ? v[i + 1].node : NULL;
	list->first = v[0].node;
	list->last = v[n - 1].node;
	list->map = NULL;
}

static void sort_in(arena *a, json *j, unsigned depth)
{
	if (depth > SORT_DEPTH) return;
	for (json *m = j->first; m; m = m->next) {
		for (size_t i = 0;
			m->kind == JSON_ARRAY && j->kind == JSON_OBJECT && i < sizeof unordered / sizeof *unordered;
			i++)
			if (str_eqz(m->key, unordered[i].list)) sort_list(a, m, unordered[i].by);
		sort_in(a, m, depth + 1);
	}
}

void md_sort(arena *a, json *j)
{
	sort_in(a, j, 0);
}

/* ---- versions ---- */

static json *as_version_3(arena *a, const json *doc)
{
	json *out = json_new_object(a), *source = json_new_object(a), *sources = json_new_array(a);
	json_setz(source, "name", json_new_str(a, STR("default")));
	json_setz(source, "kind", json_new_str(a, STR("postgres")));
	json_setz(out, "version", json_new_i64(a, 3));
	json_push(json_setz(out, "sources", sources), source);
	json *tables = json_getz(doc, "tables"), *functions = json_getz(doc, "functions");
	json_setz(source, "tables", tables ? json_copy(a, tables) : json_new_array(a));
	if (functions && functions->count) json_setz(source, "functions", json_copy(a, functions));
	/* A stand-in, so that it is a whole document; md_as_version_2 leaves it out. */
	json *info = json_new_object(a);
	json_setz(info, "database_url", json_new_str(a, STR("postgres://")));
	json_setz(json_setz(source, "configuration", json_new_object(a)), "connection_info", info);
	JSON_EACH (m, doc)
		if (!str_eqz(m->key, "version") && !str_eqz(m->key, "tables") && !str_eqz(m->key, "functions"))
			json_set(out, m->key, json_copy(a, m));
	return out;
}

json *md_as_version_2(arena *a, const json *doc)
{
	const json *sources = json_getz(doc, "sources");
	if (!sources) return json_copy(a, doc);
	if (sources->count > 1) return NULL;
	json *out = json_new_object(a);
	const json *tables = json_getz(sources->first, "tables"), *functions = json_getz(sources->first, "functions");
	json_setz(out, "version", json_new_i64(a, 2));
	json_setz(out, "tables", tables ? json_copy(a, tables) : json_new_array(a));
	if (functions && functions->count) json_setz(out, "functions", json_copy(a, functions));
	JSON_EACH (m, doc)
		if (!str_eqz(m->key, "version") && !str_eqz(m->key, "sources")) json_set(out, m->key, json_copy(a, m));
	return out;
}

/* ---- canonical ---- */

/* As the server would export it; NULL: it is not well-formed. */
static json *as_exported(arena *a, const json *doc)
{
	metadata *m;
	error ignored;
	error_init(&ignored, a);
	if (!metadata_parse(doc, NULL, &m, &ignored)) return NULL;
	json *out = metadata_export(a, m);
	metadata_unref(m);
	return out;
}

static bool is_empty(const json *j)
{
	return j->kind == JSON_NULL || ((j->kind == JSON_ARRAY || j->kind == JSON_OBJECT) && !j->count);
}

json *md_canonical(arena *a, const json *doc)
{
	json *given = json_getz(doc, "sources") ? json_copy(a, doc) : as_version_3(a, doc);
	json_remove(given, STR("resource_version"));
	json *known = as_exported(a, given), *out = known ? known : given;
	for (json *m = out->first; m;) {
		json *next = m->next;
		if (is_empty(m) && !str_eqz(m->key, "sources")) json_remove(out, m->key);
		m = next;
	}
	md_sort(a, out);
	return out;
}

json *md_meaning(arena *a, const json *doc, int version)
{
	json *out = md_canonical(a, doc);
	return version < 3 ? md_as_version_2(a, out) : out;
}
