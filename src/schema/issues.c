#include "schema/resolve.h"

snap_inconsistency issue_make(arena *a, const char *type, str name, json *definition, str reason)
{
	return (snap_inconsistency){
		.type = str_from(type),
		.name = str_cat(a, 3, str_from(type), STR(" "), name),
		.reason = str_cat(a, 2, STR("Inconsistent object: "), reason),
		.definition = definition,
		.blocks = true,
	};
}

str issue_context(arena *a, qname table, const char *what, str object, str text)
{
	str t = qname_display(a, table);
	return str_printf(
		a, "in table \"%.*s\": in %s \"%.*s\": %.*s", STR_ARG(t), what, STR_ARG(object), STR_ARG(text));
}

/* What Hasura v2 prints though the export leaves it out. */
static void fill_defaults(arena *a, const char *type, json *def)
{
	json *perm = json_getz(def, "permission");
	if (!json_getz(def, "comment")) json_setz(def, "comment", json_new_null(a));
	if (!perm) return;
	if (strcmp(type, "select_permission") == 0) {
		if (!json_getz(perm, "allow_aggregations"))
			json_setz(perm, "allow_aggregations", json_new_bool(a, false));
		if (!json_getz(perm, "computed_fields")) json_setz(perm, "computed_fields", json_new_array(a));
	} else if (!json_getz(perm, "backend_only")) {
		json_setz(perm, "backend_only", json_new_bool(a, false));
	}
}

void resolve_issue(resolving *r, const char *type, str object, const json *definition, str reason)
{
	str table = qname_display(r->a, r->md->name);
	str name = str_printf(
		r->a, "%.*s in table %.*s in source %.*s", STR_ARG(object), STR_ARG(table), STR_ARG(r->source->name));
	json *def = md_with_table_json(r->a, r->source->name, r->md->name, definition);
	fill_defaults(r->a, type, def);
	snap_inconsistency i = issue_make(r->a, type, name, def, reason);
	i.source = r->source->name;
	i.object = r->md->name;
	i.sub = object;
	vec_push(r->a, &r->deps->issues, i);
}

static const char *const PERM_TYPES[MD_PERM_KINDS] = {
	[MD_PERM_SELECT] = "select_permission",
	[MD_PERM_INSERT] = "insert_permission",
	[MD_PERM_UPDATE] = "update_permission",
	[MD_PERM_DELETE] = "delete_permission",
};

const char *md_perm_type(md_perm_kind k)
{
	return PERM_TYPES[k];
}
