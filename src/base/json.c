#include "base/json.h"

#include "base/json_impl.h"

#include <stdarg.h>

json *json_node(arena *a, json_kind kind)
{
	json *j = NEW(a, json);
	j->kind = kind;
	return j;
}

static json_index *json_indexed(const json *o)
{
	json_index *ix = o->map;
	return ix && ix->m.n ? ix : NULL;
}

json *json_get(const json *o, str key)
{
	if (!o || o->kind != JSON_OBJECT) return NULL;
	json_index *ix = json_indexed(o);
	if (ix) return map_get(&ix->m, key);
	for (json *c = o->first; c; c = c->next)
		if (str_eq(c->key, key)) return c;
	return NULL;
}

json *json_at(const json *arr, size_t i)
{
	if (!arr || arr->kind != JSON_ARRAY) return NULL;
	const json_elements *all = arr->map;
	if (all && all->n == arr->count) return i < all->n ? all->v[i] : NULL;
	json *c = arr->first;
	while (c && i--)
		c = c->next;
	return c;
}

str json_str_or(const json *o, const char *key, str dflt)
{
	const json *j = json_getz(o, key);
	return json_is(j, JSON_STRING) && !j->raw ? j->text : dflt;
}

bool json_bool_or(const json *o, const char *key, bool dflt)
{
	const json *j = json_getz(o, key);
	return json_is(j, JSON_BOOL) ? j->boolean : dflt;
}

/* A number's text taken apart: digits of the mantissa without its point, times ten to the power of exp. */
typedef struct decimal {
	bool minus;
	str whole, fraction;
	int64_t exp;
} decimal;

static decimal decimal_split(str t)
{
	decimal d = {.minus = str_starts(t, STR("-"))};
	size_t at = d.minus, start = at;
	while (at < t.n && t.p[at] >= '0' && t.p[at] <= '9')
		at++;
	d.whole = str_sub(t, start, at - start);
	if (at < t.n && t.p[at] == '.') {
		start = ++at;
		while (at < t.n && t.p[at] >= '0' && t.p[at] <= '9')
			at++;
		d.fraction = str_sub(t, start, at - start);
	}
	if (at >= t.n) return d;
	str e = str_from_at(t, at + 1);
	if (str_starts(e, STR("+"))) e = str_from_at(e, 1);
	/* An exponent beyond int64 moves any digit out of range, whichever its text is. */
	if (!str_to_i64(e, &d.exp)) d.exp = str_starts(e, STR("-")) ? INT32_MIN : INT32_MAX;
	if (d.exp > INT32_MAX) d.exp = INT32_MAX;
	if (d.exp < INT32_MIN) d.exp = INT32_MIN;
	return d;
}

bool json_to_i64(const json *j, int64_t *out)
{
	if (!json_is(j, JSON_NUMBER)) return false;
	if (str_to_i64(j->text, out)) return true;
	decimal d = decimal_split(j->text);
	size_t n = d.whole.n + d.fraction.n;
	/* Digit i counts 10^(whole.n - 1 - i + exp). Those below one must be zero, missing ones are zero. */
	int64_t last = (int64_t)d.whole.n + d.exp;
	int64_t v = 0;
	bool any = false;
	for (size_t i = 0; i < n; i++) {
		char c = i < d.whole.n ? d.whole.p[i] : d.fraction.p[i - d.whole.n];
		any = any || c != '0';
		if ((int64_t)i >= last) {
			if (c != '0') return false;
			continue;
		}
		if (__builtin_mul_overflow(v, (int64_t)10, &v)) return false;
		if (__builtin_sub_overflow(v, (int64_t)(c - '0'), &v)) return false;
	}
	/* v is kept negative: that side reaches one further. */
	for (int64_t i = (int64_t)n; any && i < last; i++)
		if (__builtin_mul_overflow(v, (int64_t)10, &v)) return false;
	if (!d.minus && __builtin_sub_overflow((int64_t)0, v, &v)) return false;
	*out = v;
	return true;
}

static bool json_equal_depth(const json *a, const json *b, unsigned depth)
{
	if (a == b) return true;
	if (!a || !b || a->kind != b->kind || a->raw != b->raw || a->count != b->count) return false;
	if (depth > JSON_BUILT_DEPTH) mem_fail("JSON nested too deep to compare");
	if (a->raw || a->kind == JSON_NUMBER || a->kind == JSON_STRING) return str_eq(a->text, b->text);
	if (a->kind == JSON_BOOL) return a->boolean == b->boolean;
	const json *y = b->first;
	for (const json *x = a->first; x; x = x->next, y = y->next) {
		/* Members mostly come in the same order: look them up only when they do not. */
		const json *other = y;
		if (a->kind == JSON_OBJECT && !str_eq(x->key, y->key)) other = json_get(b, x->key);
		if (!other || !json_equal_depth(x, other, depth + 1)) return false;
	}
	return true;
}

bool json_equal(const json *a, const json *b)
{
	return json_equal_depth(a, b, 0);
}

json *json_new_null(arena *a)
{
	return json_node(a, JSON_NULL);
}

json *json_new_bool(arena *a, bool v)
{
	json *j = json_node(a, JSON_BOOL);
	j->boolean = v;
	return j;
}

json *json_new_str(arena *a, str s)
{
	json *j = json_node(a, JSON_STRING);
	j->text = s;
	return j;
}

json *json_new_strf(arena *a, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	str s = str_vprintf(a, fmt, ap);
	va_end(ap);
	return json_new_str(a, s);
}

json *json_new_number(arena *a, str text)
{
	json *j = json_node(a, JSON_NUMBER);
	j->text = text;
	return j;
}

json *json_new_i64(arena *a, int64_t v)
{
	enum { MOST = 20 };
	char *text = arena_bytes(a, MOST), *at = text + MOST;
	uint64_t rest = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
	do
		*--at = (char)('0' + rest % 10);
	while (rest /= 10);
	if (v < 0) *--at = '-';
	return json_new_number(a, str_make(at, (size_t)(text + MOST - at)));
}

json *json_new_array(arena *a)
{
	return json_node(a, JSON_ARRAY);
}

json *json_new_object(arena *a)
{
	json *j = json_node(a, JSON_OBJECT);
	json_index *ix = NEW(a, json_index);
	ix->a = a;
	j->map = ix;
	return j;
}

json *json_raw(arena *a, str text)
{
	static const struct {
		char first;
		json_kind kind;
	} kinds[] = {
		{'{', JSON_OBJECT},
		{'[', JSON_ARRAY},
		{'"', JSON_STRING},
		{'n', JSON_NULL},
		{'t', JSON_BOOL},
		{'f', JSON_BOOL},
	};
	json *j = json_new_number(a, str_trim(text));
	j->raw = true;
	for (size_t i = 0; j->text.n && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].first == j->text.p[0]) j->kind = kinds[i].kind;
	j->boolean = str_eqz(j->text, "true");
	return j;
}

json *json_push(json *arr, json *child)
{
	child->next = NULL;
	if (arr->last) arr->last->next = child;
	else arr->first = child;
	arr->last = child;
	arr->count++;
	return child;
}

void json_append_member(json *o, str key, json *value)
{
	value->key = key;
	json_push(o, value);
	json_index *ix = o->map;
	if (!ix || o->count <= JSON_SCAN_MAX) return;
	if (ix->m.n) {
		map_put(ix->a, &ix->m, key, value);
		return;
	}
	for (json *c = o->first; c; c = c->next)
		map_put(ix->a, &ix->m, c->key, c);
}

/* The link that points to the member, or NULL when there is none; *prev is the member before it. */
static json **json_link(json *o, str key, json **prev)
{
	*prev = NULL;
	json_index *ix = json_indexed(o);
	if (ix && !map_has(&ix->m, key)) return NULL;
	for (json **at = &o->first; *at; at = &(*at)->next) {
		if (str_eq((*at)->key, key)) return at;
		*prev = *at;
	}
	return NULL;
}

json *json_set(json *o, str key, json *value)
{
	json *prev;
	json **at = json_link(o, key, &prev);
	if (!at) {
		json_append_member(o, key, value);
		return value;
	}
	json *old = *at;
	value->key = key;
	if (old == value) return value;
	value->next = old->next;
	old->next = NULL;
	*at = value;
	if (o->last == old) o->last = value;
	json_index *ix = json_indexed(o);
	if (ix) map_put(ix->a, &ix->m, key, value);
	return value;
}

bool json_remove(json *o, str key)
{
	json *prev;
	if (!json_is(o, JSON_OBJECT)) return false;
	json **at = json_link(o, key, &prev);
	if (!at) return false;
	json *old = *at;
	*at = old->next;
	if (o->last == old) o->last = prev;
	o->count--;
	json_index *ix = json_indexed(o);
	if (ix) map_remove(&ix->m, key);
	old->next = NULL;
	return true;
}

static json *json_copy_depth(arena *a, const json *j, unsigned depth)
{
	if (depth > JSON_BUILT_DEPTH) mem_fail("JSON nested too deep to copy");
	json *out = j->kind == JSON_OBJECT ? json_new_object(a) : json_node(a, j->kind);
	out->boolean = j->boolean;
	out->raw = j->raw;
	out->text = str_copy(a, j->text);
	for (const json *c = j->first; c; c = c->next) {
		json *copy = json_copy_depth(a, c, depth + 1);
		if (j->kind == JSON_OBJECT) json_append_member(out, str_copy(a, c->key), copy);
		else json_push(out, copy);
	}
	return out;
}

json *json_copy(arena *a, const json *j)
{
	return j ? json_copy_depth(a, j, 0) : NULL;
}

const char *json_kind_name(const json *j)
{
	static const char *const NAMES[] = {
		[JSON_NULL] = "Null",
		[JSON_BOOL] = "Boolean",
		[JSON_NUMBER] = "Number",
		[JSON_STRING] = "String",
		[JSON_ARRAY] = "Array",
		[JSON_OBJECT] = "Object",
	};
	return NAMES[j ? j->kind : JSON_NULL];
}
