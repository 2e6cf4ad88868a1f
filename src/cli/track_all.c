#include "cli/track_all.h"

#include "base/map.h"

static json *source_args(arena *a)
{
	json *args = json_new_object(a);
	json_setz(args, "source", json_new_str(a, STR("default")));
	return args;
}

/* Name of a table as the API writes it: {"schema","name"}, or the bare name for schema public. */
static str table_name(const json *table)
{
	if (json_is(table, JSON_STRING)) return table->text;
	return json_str_or(table, "name", STR_NULL);
}

static bool in_public(const json *table)
{
	return json_is(table, JSON_STRING) || str_eqz(json_str_or(table, "schema", STR("public")), "public");
}

/* Tables of public that metadata has in the source `default`: name -> any. */
static bool tracked_tables(arena *a, const api_target *to, map *out, error *err)
{
	json *metadata;
	if (!api_metadata(a, to, "export_metadata", json_new_object(a), &metadata, err)) return false;
	JSON_EACH (source, json_getz(metadata, "sources")) {
		if (!str_eqz(json_str_or(source, "name", STR_NULL), "default")) continue;
		JSON_EACH (entry, json_getz(source, "tables")) {
			json *table = json_getz(entry, "table");
			if (table && in_public(table)) map_put(a, out, table_name(table), table);
		}
	}
	return true;
}

static bool track_tables(arena *a, const api_target *to, size_t *count, error *err)
{
	json *found, *ignored;
	map tracked = {0};
	if (!tracked_tables(a, to, &tracked, err)) return false;
	if (!api_metadata(a, to, "pg_get_source_tables", source_args(a), &found, err)) return false;
	json *tables = json_new_array(a);
	JSON_EACH (table, found) {
		if (!in_public(table) || map_has(&tracked, table_name(table))) continue;
		json *one = source_args(a);
		json_setz(one, "table", json_copy(a, table));
		json_push(tables, one);
	}
	*count = tables->count;
	if (!*count) return true;
	json *args = json_new_object(a);
	json_setz(args, "tables", tables);
	json_setz(args, "allow_warnings", json_new_bool(a, true));
	return api_metadata(a, to, "pg_track_tables", args, &ignored, err);
}

static str plural(arena *a, str name)
{
	if (str_ends(name, STR("s"))) return name;
	if (str_ends(name, STR("y"))) return str_printf(a, "%.*sies", STR_ARG(str_sub(name, 0, name.n - 1)));
	return str_printf(a, "%.*ss", STR_ARG(name));
}

/* The foreign key's side: the one whose constraint is named. */
static bool leads_away(const json *suggestion)
{
	return !json_is_null(json_getz(json_getz(suggestion, "from"), "constraint_name"));
}

str track_all_name(arena *a, const json *suggestion)
{
	const json *there = json_getz(suggestion, "to");
	str table = table_name(json_getz(there, "table"));
	if (!leads_away(suggestion)) {
		bool one = str_eqz(json_str_or(suggestion, "type", STR_NULL), "object");
		return one ? table : plural(a, table);
	}
	const json *columns = json_getz(json_getz(suggestion, "from"), "columns");
	str column = json_is(json_at(columns, 0), JSON_STRING) ? json_at(columns, 0)->text : STR_NULL;
	if (json_is(columns, JSON_ARRAY) && columns->count == 1 && str_ends(column, STR("_id")) && column.n > 3)
		return str_sub(column, 0, column.n - 3);
	return table;
}

static json *relationship_using(arena *a, const json *suggestion)
{
	json *using = json_new_object(a);
	if (leads_away(suggestion)) {
		json *columns = json_copy(a, json_getz(json_getz(suggestion, "from"), "columns"));
		json_setz(using, "foreign_key_constraint_on", columns);
		return using;
	}
	const json *there = json_getz(suggestion, "to");
	json *on = json_new_object(a);
	json_setz(on, "table", json_copy(a, json_getz(there, "table")));
	json_setz(on, "columns", json_copy(a, json_getz(there, "columns")));
	json_setz(using, "foreign_key_constraint_on", on);
	return using;
}

static json *relationship_op(arena *a, const json *suggestion, str name)
{
	bool one = str_eqz(json_str_or(suggestion, "type", STR_NULL), "object");
	json *args = source_args(a);
	json_setz(args, "table", json_copy(a, json_getz(json_getz(suggestion, "from"), "table")));
	json_setz(args, "name", json_new_str(a, name));
	json_setz(args, "using", relationship_using(a, suggestion));
	json *op = json_new_object(a);
	str type = one ? STR("pg_create_object_relationship") : STR("pg_create_array_relationship");
	json_setz(op, "type", json_new_str(a, type));
	json_setz(op, "args", args);
	return op;
}

static bool track_relationships(arena *a, const api_target *to, size_t *count, error *err)
{
	json *found, *answers;
	json *args = source_args(a);
	json_setz(args, "omit_tracked", json_new_bool(a, true));
	if (!api_metadata(a, to, "pg_suggest_relationships", args, &found, err)) return false;
	json *ops = json_new_array(a);
	map taken = {0};
	JSON_EACH (suggestion, json_getz(found, "relationships")) {
		str name = track_all_name(a, suggestion);
		str table = table_name(json_getz(json_getz(suggestion, "from"), "table"));
		str key = str_printf(a, "%.*s.%.*s", STR_ARG(table), STR_ARG(name));
		const json *column = json_at(json_getz(json_getz(suggestion, "to"), "columns"), 0);
		if (!map_add(a, &taken, key, suggestion) && json_is(column, JSON_STRING))
			name = str_printf(a, "%.*s_by_%.*s", STR_ARG(name), STR_ARG(column->text));
		json_push(ops, relationship_op(a, suggestion, name));
	}
	*count = 0;
	if (!ops->count) return true;
	if (!api_metadata(a, to, "bulk_keep_going", ops, &answers, err)) return false;
	JSON_EACH (answer, answers)
		if (str_eqz(json_str_or(answer, "message", STR_NULL), "success")) *count += 1;
	return true;
}

bool track_all(arena *a, const api_target *to, track_all_result *out, error *err)
{
	*out = (track_all_result){0};
	return track_tables(a, to, &out->tables, err) && track_relationships(a, to, &out->relationships, err);
}
