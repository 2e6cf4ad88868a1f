/* From the JSON of one object to its canonical form and typed view. */
#include "metadata/model_impl.h"

enum { OBJECT_HINT_MAX = 32 * 1024 };

static arena *object_arena(const json *j, size_t view)
{
	size_t n = size_add(shape_size(j), view);
	return arena_new(n < OBJECT_HINT_MAX ? n : OBJECT_HINT_MAX);
}

static bool canonical(const parse_place *at, arena *a, shape_fn *fn, const void *arg, const json *j, json **out)
{
	shape_ctx c;
	shape_begin(&c, a, at->scratch, at->frame, at->err);
	return fn(&c, arg, j, out);
}

bool md_table_parse_at(const parse_place *at, const json *j, md_table **out)
{
	arena *a = object_arena(j, 2 * sizeof(md_table));
	json *raw;
	if (!canonical(at, a, shape_do_object, &shape_table, j, &raw)) {
		arena_free(a);
		return false;
	}
	*out = md_table_view(a, raw);
	return true;
}

bool md_function_parse_at(const parse_place *at, const json *j, md_function **out)
{
	arena *a = object_arena(j, 2 * sizeof(md_function));
	json *raw;
	if (!canonical(at, a, shape_do_object, &shape_function, j, &raw)) {
		arena_free(a);
		return false;
	}
	*out = md_function_view(a, raw);
	return true;
}

bool md_part_parse_at(const parse_place *at, str key, const json *j, const md_part *previous, md_part **out)
{
	*out = NULL;
	if (json_is_null(j)) return true;
	shape_part part = shape_part_of(key);
	shape_frame f = {.up = at->frame, .key = str_z(at->scratch, key)};
	parse_place here = {.frame = &f, .scratch = at->scratch, .err = at->err};
	arena *a = object_arena(j, sizeof(md_part));
	json *value;
	if (!canonical(&here, a, part.fn, part.arg, j, &value)) {
		arena_free(a);
		return false;
	}
	if (part.empty(value)) {
		arena_free(a);
	} else if (previous && json_equal(previous->value, value)) {
		arena_free(a);
		*out = md_part_ref((md_part *)(uintptr_t)previous);
	} else {
		*out = md_part_new(a, value);
	}
	return true;
}

/* ---- sources ---- */

static bool own_parse(const parse_place *at, const json *j, const md_source *previous, md_part **out)
{
	const json *kind = json_getz(j, "kind");
	bool pg = json_is_null(kind) || (kind->kind == JSON_STRING && (str_eqz(kind->text, "pg") || md_kind_is_pg(kind->text)));
	arena *a = arena_new(2048);
	json *value;
	if (!canonical(at, a, shape_do_object, pg ? &shape_source_pg : &shape_source_other, j, &value)) {
		arena_free(a);
		return false;
	}
	if (previous && json_equal(previous->raw, value)) {
		arena_free(a);
		*out = md_part_ref(previous->own);
	} else {
		*out = md_part_new(a, value);
	}
	return true;
}

/* The last of several declarations of one table wins, as in Hasura's oMapFromL. */
static void put_table(md_source *s, const md_source *previous, md_table *t)
{
	md_table *old = previous ? map_get(&previous->tables, t->key) : NULL;
	if (old && json_equal(old->raw, t->raw)) {
		md_table_unref(t);
		t = md_table_ref(old);
	}
	md_table *twin = map_get(&s->tables, t->key);
	if (twin) {
		map_remove(&s->tables, t->key);
		if (twin->unserved.n) s->nunserved_tables--;
	}
	md_source_add_table(s, t);
	md_table_unref(twin);
}

static void put_function(md_source *s, const md_source *previous, md_function *f)
{
	md_function *old = previous ? map_get(&previous->functions, f->key) : NULL;
	if (old && json_equal(old->raw, f->raw)) {
		md_function_unref(f);
		f = md_function_ref(old);
	}
	md_function *twin = map_get(&s->functions, f->key);
	if (twin) map_remove(&s->functions, f->key);
	md_source_add_function(s, f);
	md_function_unref(twin);
}

static bool expect_array(const parse_place *at, const json *list)
{
	shape_ctx c;
	shape_begin(&c, at->scratch, at->scratch, at->frame, at->err);
	return json_is(list, JSON_ARRAY) || shape_mismatch(&c, "[]", "Array", list);
}

static bool fill_tables(const parse_place *at, const json *list, const md_source *previous, md_source *s)
{
	shape_frame f = {.up = at->frame, .key = "tables"}, e = {.up = &f};
	parse_place lists = {.frame = &f, .scratch = at->scratch, .err = at->err};
	parse_place here = {.frame = &e, .scratch = at->scratch, .err = at->err};
	if (!expect_array(&lists, list)) return false;
	JSON_EACH(j, list)
	{
		md_table *t;
		if (!md_table_parse_at(&here, j, &t)) return false;
		put_table(s, previous, t);
		e.index++;
	}
	return true;
}

static bool fill_functions(const parse_place *at, const json *list, bool v1, const md_source *previous, md_source *s)
{
	shape_frame f = {.up = at->frame, .key = "functions"}, e = {.up = &f};
	parse_place lists = {.frame = &f, .scratch = at->scratch, .err = at->err};
	parse_place here = {.frame = &e, .scratch = at->scratch, .err = at->err};
	if (!expect_array(&lists, list)) return false;
	JSON_EACH(j, list)
	{
		const json *def = j;
		if (v1) {
			json *o = json_new_object(at->scratch);
			json_setz(o, "function", json_copy(at->scratch, j));
			def = o;
		}
		md_function *fn;
		if (!md_function_parse_at(&here, def, &fn)) return false;
		put_function(s, previous, fn);
		e.index++;
	}
	return true;
}

bool md_source_fill(const parse_place *at, const json *doc, bool v1, const md_source *previous, md_source *s)
{
	const json *tables = json_getz(doc, "tables"), *functions = json_getz(doc, "functions");
	if (!tables) {
		shape_ctx c;
		shape_begin(&c, at->scratch, at->scratch, at->frame, at->err);
		return shape_fail(&c, "key \"tables\" not found");
	}
	return fill_tables(at, tables, previous, s) &&
	       (json_is_null(functions) || fill_functions(at, functions, v1, previous, s));
}

bool md_source_parse_at(const parse_place *at, const json *j, const md_source *previous, md_source **out)
{
	md_part *own;
	if (!own_parse(at, j, previous, &own)) return false;
	md_source *s = md_source_around(own);
	if (md_kind_is_pg(s->kind) && !md_source_fill(at, j, false, previous, s)) {
		md_source_unref(s);
		return false;
	}
	*out = s;
	return true;
}

/* ---- the pieces, for the edits ---- */

bool md_table_parse(const json *j, md_table **out, error *err)
{
	parse_place at = {.scratch = arena_new(0), .err = err};
	bool ok = md_table_parse_at(&at, j, out);
	arena_free(at.scratch);
	return ok;
}

bool md_function_parse(const json *j, md_function **out, error *err)
{
	parse_place at = {.scratch = arena_new(0), .err = err};
	bool ok = md_function_parse_at(&at, j, out);
	arena_free(at.scratch);
	return ok;
}

bool md_source_parse(const json *j, md_source **out, error *err)
{
	parse_place at = {.scratch = arena_new(0), .err = err};
	bool ok = md_source_parse_at(&at, j, NULL, out);
	arena_free(at.scratch);
	return ok;
}

bool md_source_with_own(const md_source *s, const json *own, md_source **out, error *err)
{
	parse_place at = {.scratch = arena_new(0), .err = err};
	md_part *part;
	bool ok = own_parse(&at, own, s, &part);
	arena_free(at.scratch);
	if (!ok) return false;
	md_source *made = md_source_around(part);
	for (size_t i = 0; i < s->tables.n; i++)
		md_source_add_table(made, md_table_ref(s->tables.items[i].value));
	for (size_t i = 0; i < s->functions.n; i++)
		md_source_add_function(made, md_function_ref(s->functions.items[i].value));
	*out = made;
	return true;
}

bool md_qname_parse(arena *a, const json *j, qname *out, error *err)
{
	parse_place at = {.scratch = arena_new(256), .err = err};
	json *canon;
	bool ok = canonical(&at, a, shape_do_qname, NULL, j, &canon);
	if (ok) *out = md_qname_view(canon);
	arena_free(at.scratch);
	return ok;
}

json *md_qname_json(arena *a, qname q)
{
	json *o = json_new_object(a);
	json_setz(o, "name", json_new_str(a, str_copy(a, q.name)));
	json_setz(o, "schema", json_new_str(a, str_copy(a, q.schema)));
	return o;
}
