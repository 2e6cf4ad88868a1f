/* legacy_order: "+a", "-rel.a", {column, type, nulls} and lists of them. Hasura v2: RQL/DML/Types.hs, RQL/IR/OrderBy.hs. */
#include "plan/legacy_in.h"

typedef VEC(plan_order) order_vec;
typedef VEC(order_step) step_vec;

/* ---- what it refers to ---- */

static bool wrong(legacy *l, const plan_path *at, str name, const char *why)
{
	return plan_fail_code(l->c, ERR_UNEXPECTED_PAYLOAD, at, "\"%.*s\" %s", STR_ARG(name), why);
}

static bool no_such(legacy *l, const snap_table *t, const plan_path *at, str name)
{
	for (size_t i = 0; i < t->ncomputed; i++)
		if (str_eq(t->computed[i].name, name))
			return wrong(l, at, name, "is a computed field and can't be used in 'order_by'");
	return plan_fail_code(l->c, ERR_NOT_EXISTS, at, "\"%.*s\" does not exist", STR_ARG(name));
}

static bool step_along(legacy *l, const snap_table **t, str name, const plan_path *at, step_vec *path)
{
	const snap_rel *rel = legacy_rel(*t, name);
	const snap_table *target;
	if (!rel && legacy_column(*t, name) != SIZE_MAX)
		return wrong(l, at, name, "is a Postgres column and cannot be chained further");
	if (!rel) return no_such(l, *t, at, name);
	if (rel->array) return wrong(l, at, name, "is an array relationship and can't be used in 'order_by'");
	if (!legacy_may_follow(l, rel, at, &target)) return false;
	order_step step = {.rel = rel, .table = target, .filter = permit_table(l->c, l->src, target)};
	vec_push(l->c->a, path, step);
	*t = target;
	return true;
}

static bool end_at(legacy *l, const snap_table *t, str name, const plan_path *at, plan_order *out)
{
	plan_ctx *c = l->c;
	const snap_select_perm *perm = permit_select(c, l->src, t);
	size_t col;
	if (legacy_column(t, name) == SIZE_MAX)
		return legacy_rel(t, name) ? wrong(l, at, name, "is a relationship and should be expanded")
					   : no_such(l, t, at, name);
	if (!legacy_granted(l, t, perm->cols, "select", name, at, &col)) return false;
	out->col = &t->cols[col];
	out->visible_if = permit_column_filter(c, perm, col);
	if (cat_type_flags(l->src->cat, out->col->type) & (TYPE_GEOMETRY | TYPE_GEOGRAPHY))
		return wrong(l, at, name, "has type 'geometry' and cannot be used in order_by");
	return true;
}

static bool follow(legacy *l, const snap_table *t, const str_vec *names, const plan_path *at, plan_order *out)
{
	step_vec path = {0};
	out->kind = ORDER_COLUMN;
	for (size_t i = 0; i + 1 < names->n; i++)
		if (!step_along(l, &t, names->v[i], at, &path)) return false;
	out->path = path.v;
	out->npath = path.n;
	return end_at(l, t, names->v[names->n - 1], at, out);
}

/* ---- how it is written ---- */

static bool split(legacy *l, str text, const plan_path *at, str_vec *out)
{
	size_t dot;
	do {
		dot = str_find_char(text, '.');
		str one = dot == SIZE_MAX ? text : str_sub(text, 0, dot);
		if (!one.n) return legacy_form(l, at, "col/rel cannot be empty");
		vec_push(l->c->a, out, one);
		if (dot != SIZE_MAX) text = str_from_at(text, dot + 1);
	} while (dot != SIZE_MAX);
	return true;
}

static bool read_names(legacy *l, const json *j, const plan_path *at, str_vec *out)
{
	if (j->kind == JSON_STRING) return split(l, j->text, at, out);
	if (j->kind != JSON_ARRAY) return legacy_mismatch(l, at, "[]", "Array", j);
	JSON_EACH (e, j) {
		if (e->kind != JSON_STRING) return legacy_mismatch(l, at, "Text", "String", e);
		if (!e->text.n) return legacy_form(l, at, "col/rel cannot be empty");
		vec_push(l->c->a, out, e->text);
	}
	return out->n || legacy_form(l, at, "failed to parse an OrderByCol: found empty cols");
}

/* One of two words; absent or null: 0. */
static bool read_word(
	legacy *l, const json *o, const char *key, const plan_path *up, const char *one, const char *two, int *out)
{
	const json *j = json_getz(o, key);
	*out = 0;
	if (json_is_null(j)) return true;
	if (j->kind == JSON_STRING && str_eqz(j->text, one)) *out = 1;
	if (j->kind == JSON_STRING && str_eqz(j->text, two)) *out = 2;
	return *out || legacy_form(l, legacy_at(l, up, key), "expected one of \"%s\", \"%s\"", one, two);
}

static bool read_string(legacy *l, str text, const plan_path *at, str_vec *names, plan_order *out)
{
	bool sign = text.n && (text.p[0] == '+' || text.p[0] == '-');
	out->desc = sign && text.p[0] == '-';
	return split(l, str_from_at(text, sign), at, names);
}

static bool read_object(legacy *l, const json *o, const plan_path *at, str_vec *names, plan_order *out)
{
	const json *column;
	int type, nulls;
	if (!legacy_member(l, o, "column", at, &column)) return false;
	if (!read_word(l, o, "type", at, "asc", "desc", &type) ||
		!read_word(l, o, "nulls", at, "first", "last", &nulls))
		return false;
	out->desc = type == 2;
	out->nulls = nulls == 1 ? NULLS_FIRST : nulls == 2 ? NULLS_LAST : NULLS_DEFAULT;
	return read_names(l, column, legacy_at(l, at, "column"), names);
}

static bool read_item(legacy *l, const plan_select *s, const json *j, const plan_path *at, order_vec *all)
{
	plan_order item = {0};
	str_vec names = {0};
	bool ok;
	if (j->kind == JSON_STRING) ok = read_string(l, j->text, at, &names, &item);
	else if (j->kind == JSON_OBJECT) ok = read_object(l, j, at, &names, &item);
	else return legacy_form(l, at, "expecting an object or string for order by");
	if (!ok || !follow(l, s->table, &names, at, &item)) return false;
	vec_push(l->c->a, all, item);
	return true;
}

bool legacy_order(legacy *l, plan_select *s, const json *j, const plan_path *at)
{
	order_vec all = {0};
	if (j->kind == JSON_NUMBER || j->kind == JSON_BOOL)
		return legacy_form(l, at, "Expecting : array/string/object");
	if (j->kind == JSON_ARRAY) {
		JSON_EACH (e, j)
			if (!read_item(l, s, e, path_index(l->c, at, all.n), &all)) return false;
	} else if (!read_item(l, s, j, path_index(l->c, at, 0), &all)) {
		return false;
	}
	s->order = all.v;
	s->norder = all.n;
	return true;
}
