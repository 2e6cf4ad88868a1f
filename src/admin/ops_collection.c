/* ops_collection: named collections of queries. They do nothing by themselves. Hasura v2: RQL/DDL/QueryCollection.hs. */
#include "admin/args.h"
#include "base/jsonpath.h"
#include "graphql/document.h"

#define PART STR("query_collections")

/* {"list": the collections}, a copy to be changed. */
static json *owner_of(candidate *c)
{
	const md_part *part = map_get(&c->md->parts, PART);
	json *owner = json_new_object(c->a);
	if (part) json_setz(owner, "list", json_copy(c->a, part->value));
	return owner;
}

static bool put(candidate *c, json *owner, buf *out, error *err)
{
	metadata *next;
	const json *list = json_getz(owner, "list");
	if (!metadata_with_part(c->md, PART, list ? list : json_new_array(c->a), &next, err)) return arg_failed(c, err);
	return candidate_apply_drop(c, next, err) && reply_success(out);
}

static bool find(candidate *c, json *owner, str name, const char *at, json **out, error *err)
{
	(void)c;
	*out = edit_find(owner, "list", "name", name);
	if (*out) return true;
	return error_set(
		err, ERR_NOT_EXISTS, str_from(at), "query collection with name \"%.*s\" does not exist", STR_ARG(name));
}

static bool is_new(json *owner, str name, const char *at, error *err)
{
	if (!edit_find(owner, "list", "name", name)) return true;
	return error_set(err, ERR_ALREADY_EXISTS, str_from(at), "query collection with name \"%.*s\" already exists",
		STR_ARG(name));
}

/* ---- definitions ---- */

static bool bad_query(candidate *c, str at, error *err)
{
	c->arg_error = true;
	return error_set(err, ERR_PARSE_FAILED, at, "parsing the graphql query failed");
}

static bool parses(candidate *c, str query)
{
	arena *scratch = arena_new(0);
	error ignored;
	gq_document *doc;
	error_init(&ignored, c->a);
	bool ok = gq_parse(scratch, query, NULL, &doc, &ignored);
	arena_free(scratch);
	return ok;
}

/* One {name, query} of a definition. */
static bool check_query(candidate *c, const json *one, str at, map *names, str *twice, error *err)
{
	str name, query;
	if (!arg_object(c, one, "ListedQuery", err) || !arg_nonempty(c, one, "name", &name, err) ||
		!arg_text(c, one, "query", &query, err)) {
		error_prepend_path(err, at);
		return false;
	}
	if (!parses(c, query)) return bad_query(c, jsonpath_key(c->a, at, STR("query")), err);
	if (!map_add(c->a, names, name, c))
		*twice = str_cat(c->a, 4, *twice, twice->n ? STR(", \"") : STR("\""), name, STR("\""));
	return true;
}

static bool check_definition(candidate *c, const json *def, error *err)
{
	static const str at = STR_INIT("$.definition.queries");
	map names = {0};
	str twice = STR("");
	size_t i = 0;
	const json *queries = json_getz(def, "queries");
	if (!json_is(def, JSON_OBJECT)) return arg_mismatch(c, "definition", "CollectionDef", "Object", def, err);
	if (!queries) {
		c->arg_error = true;
		return error_set(err, ERR_PARSE_FAILED, STR("$.definition"), "key \"queries\" not found");
	}
	if (queries->kind != JSON_ARRAY) {
		(void)arg_mismatch(c, NULL, "[]", "Array", queries, err);
		error_prepend_path(err, at);
		return false;
	}
	JSON_EACH (q, queries)
		if (!check_query(c, q, jsonpath_index(c->a, at, i++), &names, &twice, err)) return false;
	return !twice.n || error_set(err, ERR_NOT_SUPPORTED, at, "found duplicate query names %.*s", STR_ARG(twice));
}

/* ---- operations ---- */

static bool create(candidate *c, const json *args, buf *out, error *err)
{
	str name;
	const json *def;
	if (!arg_object(c, args, "CreateCollection", err) || !arg_nonempty(c, args, "name", &name, err)) return false;
	if (!arg_member(c, args, "definition", &def, err)) return false;
	json *owner = owner_of(c), *entry = json_new_object(c->a);
	if (!is_new(owner, name, "$.name", err) || !check_definition(c, def, err)) return false;
	json_setz(entry, "name", json_new_str(c->a, name));
	json_setz(entry, "definition", json_copy(c->a, def));
	const json *comment = json_getz(args, "comment");
	if (!json_is_null(comment)) json_setz(entry, "comment", json_copy(c->a, comment));
	edit_append(c->a, owner, "list", entry);
	return put(c, owner, out, err);
}

static bool rename_collection(candidate *c, const json *args, buf *out, error *err)
{
	str name, to;
	json *owner = owner_of(c), *entry;
	if (!arg_object(c, args, "RenameCollection", err) || !arg_nonempty(c, args, "name", &name, err)) return false;
	if (!arg_nonempty(c, args, "new_name", &to, err) || !find(c, owner, name, "", &entry, err)) return false;
	if (!is_new(owner, to, "$.new_name", err)) return false;
	json_setz(entry, "name", json_new_str(c->a, to));
	return put(c, owner, out, err);
}

static bool in_allowlist(const candidate *c, str name)
{
	const json *list = map_get(&c->md->unserved, STR("allowlist"));
	JSON_EACH (e, list)
		if (str_eq(json_str_or(e, "collection", STR("")), name)) return true;
	return false;
}

static bool drop(candidate *c, const json *args, buf *out, error *err)
{
	str name;
	bool cascade = false;
	json *owner = owner_of(c), *entry;
	if (!arg_object(c, args, "DropCollection", err) || !arg_nonempty(c, args, "collection", &name, err))
		return false;
	if (!arg_opt_bool(c, args, "cascade", &cascade, err) || !find(c, owner, name, "$.collection", &entry, err))
		return false;
	if (in_allowlist(c, name))
		return error_set(err, ERR_DEPENDENCY_ERROR, STR("$.collection"),
			"query collection with name \"%.*s\" is present in the allowlist; cannot proceed to drop. "
			"%s",
			STR_ARG(name),
			cascade ? "changes of the allowlist are not served by this version of Weir"
				: "please use cascade to confirm you wish to drop it from the allowlist as well");
	(void)edit_remove(c->a, owner, "list", "name", name);
	return put(c, owner, out, err);
}

static bool add_query(candidate *c, const json *args, buf *out, error *err)
{
	str collection, name, query;
	json *owner = owner_of(c), *entry;
	if (!arg_object(c, args, "AddQueryToCollection", err)) return false;
	if (!arg_nonempty(c, args, "collection_name", &collection, err)) return false;
	if (!arg_nonempty(c, args, "query_name", &name, err) || !arg_text(c, args, "query", &query, err)) return false;
	if (!parses(c, query)) return bad_query(c, STR("$.query"), err);
	if (!find(c, owner, collection, "", &entry, err)) return false;
	json *def = json_getz(entry, "definition"), *one = json_new_object(c->a);
	if (edit_find(def, "queries", "name", name))
		return error_set(err, ERR_ALREADY_EXISTS, STR(""),
			"query with name \"%.*s\" already exists in collection \"%.*s\"", STR_ARG(name),
			STR_ARG(collection));
	json_setz(one, "name", json_new_str(c->a, name));
	json_setz(one, "query", json_new_str(c->a, query));
	edit_append(c->a, def, "queries", one);
	return put(c, owner, out, err);
}

static bool drop_query(candidate *c, const json *args, buf *out, error *err)
{
	str collection, name;
	json *owner = owner_of(c), *entry;
	if (!arg_object(c, args, "DropQueryFromCollection", err)) return false;
	if (!arg_nonempty(c, args, "collection_name", &collection, err)) return false;
	if (!arg_nonempty(c, args, "query_name", &name, err) || !find(c, owner, collection, "", &entry, err))
		return false;
	json *def = json_getz(entry, "definition");
	if (!edit_remove(c->a, def, "queries", "name", name)) {
		(void)error_set(err, ERR_NOT_FOUND, STR(""),
			"query with name \"%.*s\" not found in collection \"%.*s\"", STR_ARG(name),
			STR_ARG(collection));
		err->status = 400;
		return false;
	}
	if (!json_getz(def, "queries")) json_setz(def, "queries", json_new_array(c->a));
	return put(c, owner, out, err);
}

#define EVERY (OP_METADATA | OP_V1 | OP_MODIFIES)

const op ops_collection[] = {
	{"create_query_collection", create, EVERY},
	{"rename_query_collection", rename_collection, EVERY},
	{"drop_query_collection", drop, EVERY},
	{"add_query_to_collection", add_query, EVERY},
	{"drop_query_from_collection", drop_query, EVERY},
	{0},
};
