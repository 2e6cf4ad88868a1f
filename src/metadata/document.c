/* Whole documents, versions 1 to 3. Hasura v2: RQL/Types/Metadata.hs, RQL/DDL/Metadata.hs. */
#include "metadata/model_impl.h"

static bool fail_at(const parse_place *at, const char *key, const char *text)
{
	shape_frame f = {.up = at->frame, .key = key};
	shape_ctx c;
	shape_begin(&c, at->scratch, at->scratch, key ? &f : at->frame, at->err);
	return shape_fail(&c, "%s", text);
}

static bool read_version(const parse_place *at, const json *doc, int64_t *out)
{
	const json *v = json_getz(doc, "version");
	*out = 1;
	if (json_is_null(v)) return true;
	shape_frame f = {.up = at->frame, .key = "version"};
	shape_ctx c;
	json *n;
	shape_begin(&c, at->scratch, at->scratch, &f, at->err);
	if (!shape_do_int(&c, NULL, v, &n)) return false;
	if (json_to_i64(n, out) && *out >= 1 && *out <= 3) return true;
	return shape_fail(&c, "expected 1, 2 or 3, encountered %.*s", STR_ARG(n->text));
}

static str source_name(const json *j)
{
	return json_str_or(j, "name", STR(""));
}

static bool read_sources(const parse_place *at, const json *doc, const metadata *previous, metadata *m)
{
	const json *list = json_getz(doc, "sources");
	if (!list) return fail_at(at, NULL, "key \"sources\" not found");
	if (list->kind != JSON_ARRAY) {
		shape_frame k = {.key = "sources"};
		shape_ctx c;
		shape_begin(&c, at->scratch, at->scratch, &k, at->err);
		return shape_mismatch(&c, "[]", "Array", list);
	}
	map last = {0};
	size_t n = 0;
	JSON_EACH (j, list)
		map_put(at->scratch, &last, source_name(j), j);
	shape_frame f = {.up = at->frame, .key = "sources"}, e = {.up = &f};
	parse_place here = {.frame = &e, .scratch = at->scratch, .err = at->err};
	JSON_EACH (j, list) {
		md_source *s;
		str name = source_name(j);
		e.index = n++;
		if (!md_source_parse_at(&here, j, previous ? metadata_source(previous, name) : NULL, &s)) return false;
		/* Of several declarations of one source the last one stays. */
		if (map_get(&last, name) == j) md_root_put_source(m, s);
		else md_source_unref(s);
	}
	return true;
}

/* v1 and v2 know one database: its tables replace those of the source `default`. */
static bool read_default_source(const parse_place *at, const json *doc, bool v1, const metadata *previous, metadata *m)
{
	const md_source *old = previous ? metadata_source(previous, STR("default")) : NULL;
	if (!json_getz(doc, "tables")) return fail_at(at, NULL, "key \"tables\" not found");
	if (!old || !md_kind_is_pg(old->kind)) {
		return error_set(at->err, ERR_NOT_SUPPORTED, STR(""),
			"cannot import metadata without sources since no default source is defined");
	}
	md_source *s = md_source_around(md_part_ref(old->own));
	md_root_put_source(m, s);
	return md_source_fill(at, doc, v1, old, s);
}

/* Keys of the document that are not parts. */
static bool is_part(str key, int64_t version)
{
	static const char *const not_parts[] = {"version", "sources", "resource_version"};
	static const char *const old_format[] = {"tables", "functions", "configuration", "rest_endpoints"};
	for (size_t i = 0; i < sizeof(not_parts) / sizeof(*not_parts); i++)
		if (str_eqz(key, not_parts[i])) return false;
	for (size_t i = 0; version < 3 && i < sizeof(old_format) / sizeof(*old_format); i++)
		if (str_eqz(key, old_format[i])) return false;
	return true;
}

static bool read_parts(const parse_place *at, const json *doc, int64_t version, const metadata *previous, metadata *m)
{
	JSON_EACH (j, doc) {
		md_part *part;
		if (!is_part(j->key, version)) continue;
		const md_part *old = previous ? map_get(&previous->parts, j->key) : NULL;
		if (!md_part_parse_at(at, j->key, j, old, &part)) return false;
		if (part) md_root_put_part(m, j->key, part);
	}
	/* Hasura v2: the formats without sources had no REST endpoints: what is there stays. */
	md_part *rest = previous && version < 3 ? map_get(&previous->parts, STR("rest_endpoints")) : NULL;
	if (rest) md_root_put_part(m, STR("rest_endpoints"), md_part_ref(rest));
	return true;
}

static bool read_document(const parse_place *at, const json *doc, const metadata *previous, metadata *m)
{
	int64_t version;
	if (!json_is(doc, JSON_OBJECT)) {
		shape_ctx c;
		shape_begin(&c, at->scratch, at->scratch, NULL, at->err);
		return shape_mismatch(&c, "Metadata", "Object", doc);
	}
	if (!read_version(at, doc, &version)) return false;
	bool ok = version == 3 ? read_sources(at, doc, previous, m)
			       : read_default_source(at, doc, version == 1, previous, m);
	return ok && read_parts(at, doc, version, previous, m);
}

bool metadata_parse(const json *doc, const metadata *previous, metadata **out, error *err)
{
	parse_place at = {.scratch = arena_new(16 * 1024), .err = err};
	metadata *m = md_root_new();
	bool ok = read_document(&at, doc, previous, m);
	arena_free(at.scratch);
	if (!ok) {
		metadata_unref(m);
		return false;
	}
	md_root_finish(m);
	*out = m;
	return true;
}
