/*
 * codec_tool URL: compares codecs with to_json, for tests/api/test_codecs.py. One JSON string a line on stdin, one line of
 * JSON as answer:
 *   "catalog"       reads the catalog (first): {"<type of pg_catalog>": codec, …}, arrays and composites left out
 *   "set: SQL"      runs SQL, answers null
 *   "plain: SQL" or "stringify: SQL"  a query of two columns (value, to_json of it): {"codec", "type", "rows",
 *                   "differ", "first"}
 */
#include "base/json.h"
#include "catalog/read.h"
#include "catalog/type_info.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const codec_names[] = {
	[CODEC_TO_JSON] = "to_json",
	[CODEC_NUMBER] = "number",
	[CODEC_FLOAT] = "float",
	[CODEC_BOOL] = "bool",
	[CODEC_QUOTED] = "quoted",
	[CODEC_RAW] = "raw",
	[CODEC_TIMESTAMP] = "timestamp",
	[CODEC_TIMESTAMPTZ] = "timestamptz",
	[CODEC_GEOJSON] = "geojson",
};

static json *types_json(arena *a, const catalog *c)
{
	json *j = json_new_object(a);
	for (pg_oid oid = 1; oid < 16384; oid++) {
		const cat_type *t = catalog_type(c, oid);
		if (!t || t->elem || t->kind == 'c' || t->kind == 'p' || !str_eq(t->name.schema, STR("pg_catalog")))
			continue;
		json_set(j, t->name.name, json_new_str(a, str_from(codec_names[cat_codec(c, oid, false)])));
	}
	return j;
}

static json *failure(arena *a, str text)
{
	json *j = json_new_object(a);
	json_setz(j, "error", json_new_str(a, text));
	return j;
}

static json *compare(arena *a, const catalog *c, const pg_result *r, bool stringify)
{
	pg_oid type = pg_result_type(r, 0);
	codec k = cat_codec(c, type, stringify);
	json *j = json_new_object(a);
	json_setz(j, "codec", json_new_str(a, str_from(codec_names[k])));
	json_setz(j, "type", json_new_str(a, cat_sql_type(a, c, type)));
	json_setz(j, "rows", json_new_i64(a, (int64_t)pg_result_rows(r)));
	int64_t differ = 0;
	buf b = {0};
	for (size_t i = 0; k != CODEC_TO_JSON && k != CODEC_GEOJSON && i < pg_result_rows(r); i++) {
		if (pg_result_is_null(r, i, 0)) continue;
		buf_clear(&b);
		codec_write(&b, k, pg_result_value(r, i, 0));
		if (str_eq(buf_str(&b), pg_result_value(r, i, 1)) || differ++) continue;
		json *first = json_setz(j, "first", json_new_object(a));
		json_setz(first, "text", json_new_str(a, str_copy(a, pg_result_value(r, i, 0))));
		json_setz(first, "codec", json_new_str(a, str_copy(a, buf_str(&b))));
		json_setz(first, "to_json", json_new_str(a, str_copy(a, pg_result_value(r, i, 1))));
	}
	buf_free(&b);
	json_setz(j, "differ", json_new_i64(a, differ));
	return j;
}

static json *run(arena *a, pg_sync *pg, const catalog *c, str sql, bool stringify)
{
	pg_result *r = pg_sync_query(pg, str_z(a, sql), 0, NULL);
	if (!r) return failure(a, pg_sync_error(pg)->message);
	json *j = compare(a, c, r, stringify);
	pg_result_free(r);
	return j;
}

static json *command(arena *a, pg_sync *pg, catalog **c, str line)
{
	error err;
	error_init(&err, a);
	json *text;
	if (!json_parse(a, line, &text, &err) || text->kind != JSON_STRING)
		return failure(a, STR("a JSON string is wanted"));
	str s = text->text;
	if (str_starts(s, STR("set: "))) {
		pg_result *r = pg_sync_exec(pg, str_z(a, str_from_at(s, 5)));
		if (!r) return failure(a, pg_sync_error(pg)->message);
		pg_result_free(r);
		return json_new_null(a);
	}
	if (str_eq(s, STR("catalog"))) {
		catalog *next;
		if (!catalog_read(pg, NULL, NULL, 0, &next, &err)) return failure(a, err.message);
		catalog_unref(*c);
		*c = next;
		return types_json(a, next);
	}
	if (*c && str_starts(s, STR("plain: "))) return run(a, pg, *c, str_from_at(s, 7), false);
	if (*c && str_starts(s, STR("stringify: "))) return run(a, pg, *c, str_from_at(s, 11), true);
	return failure(a, STR("unknown command"));
}

int main(int argc, char **argv)
{
	arena *a = arena_new(0);
	error err;
	error_init(&err, a);
	pg_params_spec spec;
	pg_params_spec_init(&spec);
	spec.url = str_from(argc > 1 ? argv[1] : "");
	pg_params *params = pg_params_new(&spec, &err);
	pg_sync *pg = params ? pg_sync_connect(params, 0, &err) : NULL;
	pg_params_unref(params);
	if (!pg) {
		fprintf(stderr, "%.*s\n", STR_ARG(err.message));
		arena_free(a);
		return 1;
	}
	catalog *c = NULL;
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	while ((n = getline(&line, &cap, stdin)) > 0) {
		arena_reset(a);
		str answer = json_to_str(a, command(a, pg, &c, str_trim(str_make(line, (size_t)n))));
		printf("%.*s\n", STR_ARG(answer));
		fflush(stdout);
	}
	free(line);
	catalog_unref(c);
	pg_sync_close(pg);
	arena_free(a);
	return 0;
}
