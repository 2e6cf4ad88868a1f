#include "metadata/shape.h"

#include "base/jsonpath.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void shape_begin(shape_ctx *c, arena *a, arena *scratch, const shape_frame *frame, error *err)
{
	*c = (shape_ctx){.a = a, .scratch = scratch, .err = err, .frame = frame};
}

static str frame_path(arena *a, const shape_frame *f, unsigned depth)
{
	if (!f || depth > SHAPE_MAX_DEPTH) return STR("$");
	str up = frame_path(a, f->up, depth + 1);
	return f->key ? jsonpath_key(a, up, str_from(f->key)) : jsonpath_index(a, up, f->index);
}

str shape_path(const shape_ctx *c)
{
	return frame_path(c->err->a, c->frame, 0);
}

bool shape_fail(shape_ctx *c, const char *fmt, ...)
{
	buf text = {0};
	va_list ap;
	va_start(ap, fmt);
	char small[512];
	int n = vsnprintf(small, sizeof(small), fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < sizeof(small)) {
		buf_put(&text, str_make(small, (size_t)n));
	} else if (n >= 0) {
		buf_reserve(&text, (size_t)n + 1);
		va_start(ap, fmt);
		vsnprintf(text.p, (size_t)n + 1, fmt, ap);
		va_end(ap);
		text.n = (size_t)n;
	}
	error_set(c->err, ERR_PARSE_FAILED, shape_path(c), "%.*s", STR_ARG(buf_str(&text)));
	buf_free(&text);
	return false;
}

bool shape_mismatch(shape_ctx *c, const char *context, const char *want, const json *in)
{
	return shape_fail(c, "parsing %s failed, expected %s, but encountered %s", context, want, json_kind_name(in));
}

str shape_intern(shape_ctx *c, str s)
{
	if (!s.n) return STR("");
	const char *had = map_get(&c->strings, s);
	if (had) return str_make(had, s.n);
	str mine = str_copy(c->a, s);
	map_put(c->scratch, &c->strings, mine, (void *)(uintptr_t)mine.p);
	return mine;
}

json *shape_new_str(shape_ctx *c, str s)
{
	return json_new_str(c->a, shape_intern(c, s));
}

static bool run_in_frame(shape_ctx *c, const shape_frame *f, shape_fn *fn, const void *arg, const json *in, json **out)
{
	*out = NULL;
	if (c->depth >= SHAPE_MAX_DEPTH) return shape_fail(c, "nested too deeply");
	const shape_frame *up = c->frame;
	c->frame = f;
	c->depth++;
	bool ok = fn(c, arg, in, out);
	c->depth--;
	c->frame = up;
	return ok;
}

bool shape_at_key(shape_ctx *c, const char *key, shape_fn *fn, const void *arg, const json *in, json **out)
{
	shape_frame f = {.up = c->frame, .key = key};
	return run_in_frame(c, &f, fn, arg, in, out);
}

bool shape_at_index(shape_ctx *c, size_t i, shape_fn *fn, const void *arg, const json *in, json **out)
{
	shape_frame f = {.up = c->frame, .index = i};
	return run_in_frame(c, &f, fn, arg, in, out);
}

static size_t size_at(const json *j, unsigned depth)
{
	size_t n = sizeof(json) + j->text.n;
	if (depth < SHAPE_MAX_DEPTH)
		JSON_EACH (ch, j)
			n += size_at(ch, depth + 1);
	return n;
}

size_t shape_size(const json *j)
{
	return j ? size_at(j, 0) : 0;
}

bool shape_empty_value(const json *j)
{
	return json_is_null(j) || ((j->kind == JSON_ARRAY || j->kind == JSON_OBJECT) && !j->first);
}

/* ---- objects ---- */

static bool missing_key(shape_ctx *c, const shape_object *o, const char *key)
{
	if (!o->generic) return shape_fail(c, "key \"%s\" not found", key);
	return shape_fail(c, "parsing %s failed, key \"%s\" not found", o->context, key);
}

static json *literal(shape_ctx *c, const char *text)
{
	json *j = NULL;
	error e;
	error_init(&e, c->scratch);
	return json_parse(c->a, str_from(text), &j, &e) ? j : NULL;
}

static bool dropped(shape_ctx *c, const shape_member *m, const json *v)
{
	if ((m->flags & M_DROP_FALSE) && v->kind == JSON_BOOL && !v->boolean) return true;
	if ((m->flags & M_DROP_EMPTY) && shape_empty_value(v)) return true;
	return (m->flags & M_DROP_DEFAULT) && json_equal(v, literal(c, m->dflt));
}

static bool do_member(shape_ctx *c, const shape_object *o, const shape_member *m, const json *in, json *out)
{
	const json *given = json_getz(in, m->key);
	bool required = m->flags & M_REQUIRED;
	if (!given && required) return missing_key(c, o, m->key);
	if (json_is_null(given) && !required) {
		if (m->dflt && !(m->flags & M_DROP_DEFAULT)) json_setz(out, m->key, literal(c, m->dflt));
		return true;
	}
	json *v;
	if (!shape_at_key(c, m->key, m->fn, m->arg, given, &v)) return false;
	if (v && !dropped(c, m, v)) json_setz(out, m->key, v);
	return true;
}

static bool known_key(const shape_object *o, str key)
{
	for (const shape_member *m = o->members; m->key; m++)
		if (str_eqz(key, m->key)) return true;
	return false;
}

static int by_key(const void *x, const void *y)
{
	return str_cmp((*(const json *const *)x)->key, (*(const json *const *)y)->key);
}

/* Members of in, sorted by key; in scratch. */
static const json **sorted_members(shape_ctx *c, const json *in)
{
	const json **v = NEW_ARRAY(c->scratch, const json *, in->count);
	size_t n = 0;
	JSON_EACH (ch, in)
		v[n++] = ch;
	if (n > 1) qsort(v, n, sizeof(*v), by_key);
	return v;
}

/* Hasura v2: Table/Metadata.hs getUnexpectedKeys. */
static bool refuse_unknown(shape_ctx *c, const shape_object *o, const json *in)
{
	buf list = {0};
	JSON_EACH (ch, in) {
		if (known_key(o, ch->key)) continue;
		if (list.n) buf_putc(&list, ',');
		json_write_str(&list, ch->key);
	}
	bool ok = !list.n;
	if (!ok) {
		shape_fail(c, "unexpected keys when parsing %s: [%.*s]", o->context, STR_ARG(buf_str(&list)));
	}
	buf_free(&list);
	return ok;
}

static bool keep_unknown(shape_ctx *c, const shape_object *o, const json *in, json *out)
{
	const json **v = sorted_members(c, in);
	for (size_t i = 0; i < in->count; i++) {
		if (known_key(o, v[i]->key) || json_is_null(v[i])) continue;
		json *copy;
		str key = shape_intern(c, v[i]->key);
		if (!shape_at_key(c, str_z(c->scratch, key), shape_do_any, NULL, v[i], &copy)) return false;
		json_set(out, key, copy);
	}
	return true;
}

bool shape_do_object(shape_ctx *c, const void *arg, const json *in, json **out)
{
	const shape_object *o = arg;
	if (!json_is(in, JSON_OBJECT)) {
		return shape_mismatch(c, o->unknown == UNKNOWN_REFUSE ? "Object" : o->context, "Object", in);
	}
	if (o->unknown == UNKNOWN_REFUSE && !refuse_unknown(c, o, in)) return false;
	json *made = json_new_object(c->a);
	for (const shape_member *m = o->members; m->key; m++)
		if (!do_member(c, o, m, in, made)) return false;
	if (o->unknown == UNKNOWN_KEEP && !keep_unknown(c, o, in, made)) return false;
	if (o->finish && !o->finish(c, made)) return false;
	*out = made;
	return true;
}

/* ---- lists ---- */

str shape_sort_key(arena *scratch, const json *element, const char *member)
{
	const json *v = json_getz(element, member);
	if (json_is(v, JSON_STRING)) return v->text;
	if (!json_is(v, JSON_OBJECT)) return STR("");
	qname q = {.schema = json_str_or(v, "schema", STR("public")), .name = json_str_or(v, "name", STR(""))};
	return catalog_key(scratch, q);
}

typedef struct sort_item {
	str key;
	size_t at;
	json *node;
} sort_item;

static int by_sort_key(const void *x, const void *y)
{
	const sort_item *a = x, *b = y;
	int d = str_cmp(a->key, b->key);
	if (d) return d;
	return a->at < b->at ? -1 : a->at > b->at;
}

static sort_item *sort_items(arena *scratch, json *arr, const char *member, size_t *n)
{
	sort_item *v = NEW_ARRAY(scratch, sort_item, arr->count);
	*n = 0;
	JSON_EACH (ch, arr) {
		v[*n] = (sort_item){.key = shape_sort_key(scratch, ch, member), .at = *n, .node = ch};
		++*n;
	}
	if (*n > 1) qsort(v, *n, sizeof(*v), by_sort_key);
	return v;
}

void shape_sort(arena *scratch, json *arr, const char *member, bool keep_last)
{
	size_t n;
	sort_item *v = sort_items(scratch, arr, member, &n);
	arr->first = arr->last = NULL;
	arr->count = 0;
	for (size_t i = 0; i < n; i++) {
		if (keep_last && i + 1 < n && str_eq(v[i].key, v[i + 1].key)) continue;
		v[i].node->next = NULL;
		json_push(arr, v[i].node);
	}
}

/* Hasura v2: parseListAsMap. */
static bool refuse_duplicates(shape_ctx *c, const shape_list *l, json *arr)
{
	size_t n;
	sort_item *v = sort_items(c->scratch, arr, l->sort_by, &n);
	buf list = {0};
	for (size_t i = 1; i < n; i++) {
		if (!str_eq(v[i].key, v[i - 1].key) || (i > 1 && str_eq(v[i].key, v[i - 2].key))) continue;
		if (list.n) buf_puts(&list, ", ");
		buf_put(&list, v[i].key);
	}
	bool ok = !list.n;
	if (!ok) {
		shape_fail(c, "multiple declarations exist for the following %s: %.*s", l->duplicates,
			STR_ARG(buf_str(&list)));
	}
	buf_free(&list);
	return ok;
}

bool shape_do_list(shape_ctx *c, const void *arg, const json *in, json **out)
{
	const shape_list *l = arg;
	if (!json_is(in, JSON_ARRAY)) return shape_mismatch(c, l->nonempty ? "NonEmpty" : "[]", "Array", in);
	if (l->nonempty && !in->first) return shape_fail(c, "parsing NonEmpty failed, unexpected empty list");
	json *made = json_new_array(c->a);
	size_t i = 0;
	JSON_EACH (ch, in) {
		json *v;
		if (!shape_at_index(c, i++, l->fn, l->arg, ch, &v)) return false;
		json_push(made, v ? v : json_new_null(c->a));
	}
	if (l->duplicates && !refuse_duplicates(c, l, made)) return false;
	if (l->sort_by) shape_sort(c->scratch, made, l->sort_by, true);
	*out = made;
	return true;
}

/* ---- anything ---- */

static bool any_members(shape_ctx *c, const json *in, json *made)
{
	const json **v = sorted_members(c, in);
	for (size_t i = 0; i < in->count; i++) {
		json *copy;
		str key = shape_intern(c, v[i]->key);
		if (!shape_at_key(c, str_z(c->scratch, key), shape_do_any, NULL, v[i], &copy)) return false;
		json_set(made, key, copy);
	}
	return true;
}

static bool any_elements(shape_ctx *c, const json *in, json *made)
{
	size_t i = 0;
	JSON_EACH (ch, in) {
		json *copy;
		if (!shape_at_index(c, i++, shape_do_any, NULL, ch, &copy)) return false;
		json_push(made, copy);
	}
	return true;
}

bool shape_do_any(shape_ctx *c, const void *arg, const json *in, json **out)
{
	(void)arg;
	if (in && in->raw) return shape_fail(c, "unexpected raw value");
	switch (in ? in->kind : JSON_NULL) {
	case JSON_NULL: *out = json_new_null(c->a); return true;
	case JSON_BOOL: *out = json_new_bool(c->a, in->boolean); return true;
	case JSON_NUMBER: *out = json_new_number(c->a, shape_intern(c, in->text)); return true;
	case JSON_STRING: *out = shape_new_str(c, in->text); return true;
	case JSON_ARRAY: *out = json_new_array(c->a); return any_elements(c, in, *out);
	case JSON_OBJECT: *out = json_new_object(c->a); return any_members(c, in, *out);
	}
	return false;
}

bool shape_do_any_list(shape_ctx *c, const void *arg, const json *in, json **out)
{
	if (!json_is(in, JSON_ARRAY)) return shape_mismatch(c, "[]", "Array", in);
	return shape_do_any(c, arg, in, out);
}
