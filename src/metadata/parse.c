/* From the JSON of one object to its canonical form and typed view. */
#include "metadata/model_impl.h"

#include <stdlib.h>

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
	bool pg = json_is_null(kind) ||
		(kind->kind == JSON_STRING && (str_eqz(kind->text, "pg") || md_kind_is_pg(kind->text)));
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

/* An object as parsed, and where it stood. */
typedef struct parsed {
	str key;
	size_t at;
	void *object;
} parsed;

typedef VEC(parsed) parsed_list;

static int by_key_then_place(const void *x, const void *y)
{
	const parsed *a = x, *b = y;
	int d = str_cmp(a->key, b->key);
	if (d) return d;
	return a->at < b->at ? -1 : a->at > b->at;
}

/* Of several declarations of one thing the last one stays, as in Hasura's oMapFromL; drop gets the others. */
static void keep_last(parsed_list *l, void (*drop)(void *))
{
	size_t n = 0;
	if (l->n > 1) qsort(l->v, l->n, sizeof(*l->v), by_key_then_place);
	for (size_t i = 0; i < l->n; i++) {
		if (i + 1 < l->n && str_eq(l->v[i].key, l->v[i + 1].key)) drop(l->v[i].object);
		else l->v[n++] = l->v[i];
	}
	l->n = n;
}

static void drop_table(void *t)
{
	md_table_unref(t);
}

static void drop_function(void *f)
{
	md_function_unref(f);
}

static void put_tables(md_source *s, const md_source *previous, parsed_list *l)
{
	keep_last(l, drop_table);
	for (size_t i = 0; i < l->n; i++) {
		md_table *t = l->v[i].object, *old = previous ? map_get(&previous->tables, t->key) : NULL;
		bool same = old && json_equal(old->raw, t->raw);
		md_source_add_table(s, same ? md_table_ref(old) : t);
		if (same) md_table_unref(t);
	}
}

static void put_functions(md_source *s, const md_source *previous, parsed_list *l)
{
	keep_last(l, drop_function);
	for (size_t i = 0; i < l->n; i++) {
		md_function *f = l->v[i].object, *old = previous ? map_get(&previous->functions, f->key) : NULL;
		bool same = old && json_equal(old->raw, f->raw);
		md_source_add_function(s, same ? md_function_ref(old) : f);
		if (same) md_function_unref(f);
	}
}

static bool drop_all(parsed_list *l, void (*drop)(void *))
{
	for (size_t i = 0; i < l->n; i++)
		drop(l->v[i].object);
	return false;
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
	if (!expect_array(&lists, list)) return false;
	parsed_list all = {0};
	bool ok = true;
	/* Forgotten after each table: large documents are mostly tables. */
	arena *scratch = arena_new(16 * 1024);
	parse_place here = {.frame = &e, .scratch = scratch, .err = at->err};
	for (const json *j = list->first; j && ok; j = j->next) {
		md_table *t;
		ok = md_table_parse_at(&here, j, &t);
		arena_reset(scratch);
		if (!ok) break;
		parsed one = {.key = t->key, .at = e.index++, .object = t};
		vec_push(at->scratch, &all, one);
	}
	arena_free(scratch);
	if (!ok) return drop_all(&all, drop_table);
	put_tables(s, previous, &all);
	return true;
}

/* v1: the functions are bare names. */
static const json *function_definition(arena *scratch, const json *j, bool v1)
{
	if (!v1) return j;
	json *o = json_new_object(scratch);
	json_setz(o, "function", json_copy(scratch, j));
	return o;
}

static bool fill_functions(const parse_place *at, const json *list, bool v1, const md_source *previous, md_source *s)
{
	shape_frame f = {.up = at->frame, .key = "functions"}, e = {.up = &f};
	parse_place lists = {.frame = &f, .scratch = at->scratch, .err = at->err};
	parse_place here = {.frame = &e, .scratch = at->scratch, .err = at->err};
	parsed_list all = {0};
	if (!expect_array(&lists, list)) return false;
	JSON_EACH (j, list) {
		md_function *fn;
		if (!md_function_parse_at(&here, function_definition(at->scratch, j, v1), &fn))
			return drop_all(&all, drop_function);
		parsed one = {.key = fn->key, .at = e.index++, .object = fn};
		vec_push(at->scratch, &all, one);
	}
	put_functions(s, previous, &all);
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
