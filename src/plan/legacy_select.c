/* legacy_select: rows in the older JSON API: columns with "*" and relationships, order, limits. Hasura v2: RQL/DML/Select.hs. */
#include "plan/legacy_in.h"

/* "*.*.*" multiplies, columns here and rows in the database: what one request may ask for. */
enum { FIELDS_MAX = 20000, STARS_MAX = 8 };

typedef VEC(plan_field) field_vec;

typedef struct rows_ctx {
	legacy *l;
	const snap_table *t;
	const snap_select_perm *perm;
	const plan_path *at; /* of the select */
	field_vec fields;
} rows_ctx;

/* A later field of the same name takes the place of the earlier one, as in any JSON object. */
static bool add_field(rows_ctx *r, const plan_field *f, const plan_path *at)
{
	if (++r->l->fields > FIELDS_MAX)
		return plan_fail_code(
			r->l->c, ERR_NOT_SUPPORTED, at, "the query asks for more than %d columns", FIELDS_MAX);
	for (size_t i = 0; i < r->fields.n; i++) {
		if (!str_eq(r->fields.v[i].alias, f->alias)) continue;
		r->fields.v[i] = *f;
		return true;
	}
	vec_push(r->l->c->a, &r->fields, *f);
	return true;
}

static void end_fields(rows_ctx *r, plan_select *s)
{
	s->fields = r->fields.v;
	s->nfields = r->fields.n;
}

static bool has_field(const rows_ctx *r, const plan_field *f)
{
	for (size_t i = 0; i < r->fields.n; i++) {
		const plan_field *o = &r->fields.v[i];
		if (f->kind == PF_COLUMN ? o->col == f->col : o->rel == f->rel) return true;
	}
	return false;
}

/* ---- wildcards ---- */

/* "*" is 1, "*.*" is 2; 0: none. */
static size_t wildcard(str s)
{
	if (s.n % 2 == 0) return 0;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != (i % 2 ? '.' : '*')) return 0;
	return s.n / 2 + 1;
}

/* What is named beside the wildcard wins. Depth: bounded by plan_enter. */
static bool expand(rows_ctx *r, size_t depth)
{
	legacy *l = r->l;
	plan_ctx *c = l->c;
	if (!plan_enter(c, r->at)) return false;
	for (size_t i = 0; i < r->t->ncols; i++) {
		plan_field f = legacy_field(l, r->t, i);
		if (r->perm->cols[i] && !has_field(r, &f) && !add_field(r, &f, r->at)) return false;
	}
	for (size_t i = 0; depth > 1 && i < r->t->nrels; i++) {
		const snap_rel *rel = &r->t->rels[i];
		const snap_table *target = snap_source_table(l->src, rel->target);
		const snap_select_perm *perm = target ? permit_select(c, l->src, target) : NULL;
		plan_field f = {.kind = rel->array ? PF_ARRAY : PF_OBJECT, .alias = rel->name, .rel = rel};
		if (!perm || has_field(r, &f)) continue;
		rows_ctx in = {.l = l, .t = target, .perm = perm, .at = r->at};
		f.select = select_new(c, l->src, target, rel->array ? SHAPE_LIST : SHAPE_ONE, r->at);
		permit_rows(c, f.select, rel->array);
		if (!expand(&in, depth - 1) || !add_field(r, &f, r->at)) return false;
		end_fields(&in, f.select);
	}
	plan_leave(c);
	return true;
}

/* ---- columns ---- */

static bool read_column(rows_ctx *r, str name, const plan_path *at)
{
	size_t col;
	if (!legacy_granted(r->l, r->t, r->perm->cols, "select", name, at, &col)) return false;
	plan_field f = legacy_field(r->l, r->t, col);
	return add_field(r, &f, at);
}

static bool check_object(legacy *l, const json *o, const plan_path *at)
{
	static const char *const refused[] = {"where", "limit", "offset", "order_by"};
	for (size_t i = 0; i < 4; i++)
		if (!json_is_null(json_getz(o, refused[i])))
			return plan_fail_code(l->c, ERR_UNEXPECTED_PAYLOAD, at,
				"when selecting an 'obj_relationship' 'where', 'order_by', 'limit' and 'offset'  can't be "
				"used");
	return true;
}

static bool find_relationship(rows_ctx *r, str name, const plan_path *at, const snap_rel **out)
{
	plan_ctx *c = r->l->c;
	*out = legacy_rel(r->t, name);
	if (*out) return true;
	at = legacy_at(r->l, at, "name");
	if (legacy_column(r->t, name) == SIZE_MAX)
		return plan_fail_code(c, ERR_NOT_EXISTS, at, "relationship \"%.*s\" does not exist", STR_ARG(name));
	return plan_fail_code(c, ERR_UNEXPECTED_PAYLOAD, at,
		"expecting a relationship; but, \"%.*s\" is a postgres column; only relationships can be expanded",
		STR_ARG(name));
}

static bool read_relationship(rows_ctx *r, const json *o, const plan_path *at)
{
	legacy *l = r->l;
	const json *name, *alias = json_getz(o, "alias");
	const snap_rel *rel;
	const snap_table *target;
	if (!legacy_member(l, o, "name", at, &name)) return false;
	if (name->kind != JSON_STRING) return legacy_mismatch(l, legacy_at(l, at, "name"), "Text", "String", name);
	if (!json_is_null(alias) && alias->kind != JSON_STRING)
		return legacy_mismatch(l, legacy_at(l, at, "alias"), "Text", "String", alias);
	if (!find_relationship(r, name->text, at, &rel) || !legacy_may_follow(l, rel, at, &target)) return false;
	plan_field f = {.kind = rel->array ? PF_ARRAY : PF_OBJECT, .rel = rel};
	f.alias = str_copy(l->c->a, json_is_null(alias) ? name->text : alias->text);
	f.select = select_new(l->c, l->src, target, rel->array ? SHAPE_LIST : SHAPE_ONE, at);
	if (!rel->array && !check_object(l, o, at)) return false;
	return plan_enter(l->c, at) && legacy_rows(l, f.select, o, at) && (plan_leave(l->c), true) &&
		add_field(r, &f, at);
}

static bool read_columns(rows_ctx *r, const json *o)
{
	legacy *l = r->l;
	const plan_path *at = legacy_at(l, r->at, "columns");
	const json *list;
	size_t i = 0, most = 0;
	if (!legacy_member(l, o, "columns", r->at, &list)) return false;
	if (list->kind != JSON_ARRAY) return legacy_mismatch(l, at, "[]", "Array", list);
	JSON_EACH (e, list) {
		const plan_path *here = path_index(l->c, at, i++);
		size_t stars = e->kind == JSON_STRING ? wildcard(e->text) : 0;
		if (e->kind != JSON_STRING && e->kind != JSON_OBJECT)
			return legacy_form(l, here, "A column should either be a string or an object (relationship)");
		if (stars > STARS_MAX)
			return plan_fail_code(
				l->c, ERR_NOT_SUPPORTED, here, "a wildcard has more than %d levels", STARS_MAX);
		if (stars > most) most = stars;
		if (stars) continue;
		if (!(e->kind == JSON_STRING ? read_column(r, e->text, here) : read_relationship(r, e, here)))
			return false;
	}
	return !most || expand(r, most);
}

/* ---- the rest ---- */

static bool read_number(legacy *l, const json *o, const char *key, const plan_path *up, bool *has, int64_t *out)
{
	const json *j = json_getz(o, key);
	const plan_path *at = legacy_at(l, up, key);
	*has = !json_is_null(j);
	if (!*has) return true;
	if (j->kind != JSON_NUMBER) return legacy_mismatch(l, at, "Int", "Number", j);
	if (!json_to_i64(j, out))
		return legacy_form(l, at,
			"parsing Int failed, value is either floating or will cause over or underflow %.*s",
			STR_ARG(j->text));
	return *out >= 0 || plan_fail_code(l->c, ERR_NOT_SUPPORTED, at, "unexpected negative value");
}

bool legacy_rows(legacy *l, plan_select *s, const json *o, const plan_path *at)
{
	rows_ctx r = {.l = l, .t = s->table, .perm = permit_select(l->c, l->src, s->table), .at = at};
	const json *where = json_getz(o, "where"), *order = json_getz(o, "order_by");
	if (!json_is_null(where) && !legacy_where(l, s->table, where, legacy_at(l, at, "where"), &s->where))
		return false;
	if (!read_columns(&r, o)) return false;
	end_fields(&r, s);
	if (!json_is_null(order) && !legacy_order(l, s, order, legacy_at(l, at, "order_by"))) return false;
	if (!read_number(l, o, "limit", at, &s->has_limit, &s->limit)) return false;
	if (!read_number(l, o, "offset", at, &s->has_offset, &s->offset)) return false;
	permit_rows(l->c, s, s->shape == SHAPE_LIST);
	return true;
}
