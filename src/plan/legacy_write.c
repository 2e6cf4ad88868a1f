/*
 * legacy_write: insert, update, delete of the older JSON API. Hasura v2: RQL/DML/{Insert,Update,Delete}.hs; stricter in that
 * an insert keeps to the columns its permission names, and that permissions for trusted backends stay with them.
 */
#include "plan/legacy_in.h"

typedef struct writing {
	legacy *l;
	const snap_table *t;
	const snap_write_perm *perm;
	plan_mutation *m;
} writing;

/* ---- permissions ---- */

static bool may_write(writing *w, const snap_write_perm *p, const char *what)
{
	plan_ctx *c = w->l->c;
	w->perm = p && p->backend_only && !c->req->backend ? NULL : p;
	if (!w->perm)
		return plan_fail_code(c, ERR_PERMISSION_DENIED, NULL,
			"%s on \"%.*s\" for role \"%.*s\" is not allowed. ", what,
			STR_ARG(qname_display(c->a, w->t->name)), STR_ARG(c->role));
	if (w->perm->validate_input)
		return plan_fail_code(c, ERR_NOT_SUPPORTED, NULL,
			"input validation of this permission is not served for \"%s\" by this version of Weir", what);
	return true;
}

static bool can_write(const writing *w, bool can, const char *adjective)
{
	plan_ctx *c = w->l->c;
	return can ||
		plan_fail_code(c, ERR_NOT_SUPPORTED, NULL, "view \"%.*s\" is not %s",
			STR_ARG(qname_display(c->a, w->t->name)), adjective);
}

static bool is_preset(const writing *w, size_t col)
{
	for (size_t i = 0; i < w->perm->nset; i++)
		if (w->perm->set[i].col == col) return true;
	return false;
}

static bool find_column(const writing *w, str name, const char *why, const plan_path *at, size_t *out)
{
	plan_ctx *c = w->l->c;
	*out = legacy_column(w->t, name);
	if (*out != SIZE_MAX) return true;
	if (legacy_rel(w->t, name))
		return plan_fail_code(c, ERR_UNEXPECTED_PAYLOAD, at,
			"expecting a database column; but, \"%.*s\" is a relationship; %s", STR_ARG(name), why);
	return plan_fail_code(c, ERR_NOT_EXISTS, at, "column \"%.*s\" does not exist", STR_ARG(name));
}

/* A text for a reference to an enum table must be one of its values. */
static bool enum_fits(plan_ctx *c, const snap_table *t, const json *j, const plan_path *at)
{
	if (!t || j->kind != JSON_STRING) return true;
	for (size_t i = 0; i < t->nenum; i++)
		if (str_eq(t->enum_values[i], j->text)) return true;
	str why = enum_value_refusal(c->a, t->enum_values, t->nenum, t->name, j->text);
	return plan_fail_code(c, ERR_UNEXPECTED_PAYLOAD, at, "%.*s", STR_ARG(why));
}

static val *read_value(const writing *w, size_t col, const json *j, const plan_path *at)
{
	plan_ctx *c = w->l->c;
	value_type type = value_type_column(c, w->l->src, &w->t->cols[col]);
	if (!enum_fits(c, type.enum_table, j, at)) return NULL;
	val *v = NEW(c->a, val);
	return value_read_json(c, &type, j, at, v) ? v : NULL;
}

/* Weir's own: "$json_null" names columns that get the JSON value null; null by itself is SQL's NULL. */
#define JSON_NULLS "$json_null"

static const val *json_null(const writing *w, size_t col, const plan_path *at)
{
	plan_ctx *c = w->l->c;
	value_type type = value_type_column(c, w->l->src, &w->t->cols[col]);
	if (type.conv != CONV_JSON || type.from_geojson) {
		plan_fail_code(c, ERR_UNEXPECTED_PAYLOAD, at, "column \"%.*s\" is neither json nor jsonb",
			STR_ARG(w->t->cols[col].cat->name));
		return NULL;
	}
	val *v = NEW(c->a, val);
	*v = (val){.kind = VAL_CONST, .conv = type.conv, .cast = type.cast, .text = STR("null")};
	return v;
}

/* ---- what comes back ---- */

static bool read_returning(writing *w, const char *after)
{
	plan_ctx *c = w->l->c;
	const snap_select_perm *perm;
	const plan_path *at = legacy_at(w->l, NULL, "returning");
	str_vec names = {0};
	bool given;
	plan_response *r = NEW_ARRAY(c->a, plan_response, 2);
	r[0] = (plan_response){.alias = STR("affected_rows"), .kind = MR_AFFECTED_ROWS};
	w->m->response = r;
	w->m->nresponse = 1;
	if (!legacy_texts(w->l, w->l->req->args, "returning", &names, &given)) return false;
	if (!given) return true;
	if (!legacy_may_select(w->l, w->t, after, &perm)) return false;
	plan_select *s = select_new(c, w->l->src, w->t, SHAPE_LIST, at);
	s->fields = NEW_ARRAY(c->a, plan_field, names.n);
	for (size_t i = 0; i < names.n; i++) {
		size_t col, k = 0;
		if (!legacy_granted(w->l, w->t, perm->cols, "select", names.v[i], at, &col)) return false;
		while (k < s->nfields && s->fields[k].col != &w->t->cols[col])
			k++;
		if (k == s->nfields) s->fields[s->nfields++] = legacy_field(w->l, w->t, col);
	}
	r[1] = (plan_response){.alias = STR("returning"), .kind = MR_RETURNING, .select = s};
	w->m->nresponse = 2;
	return true;
}

/* ---- insert ---- */

static bool check_insertable(const writing *w, str name, const plan_path *at, size_t *col)
{
	plan_ctx *c = w->l->c;
	if (!find_column(w, name, "relationships can't be inserted", at, col)) return false;
	if (is_preset(w, *col))
		return plan_fail_code(c, ERR_NOT_SUPPORTED, at, "column \"%.*s\" is not insertable for role \"%.*s\"",
			STR_ARG(name), STR_ARG(c->role));
	return legacy_granted(w->l, w->t, w->perm->cols, "insert", name, at, col);
}

static void add_presets(const writing *w, const val **row)
{
	for (size_t i = 0; i < w->perm->nset; i++) {
		permit_val(w->l->c, &w->perm->set[i].value);
		row[w->perm->set[i].col] = &w->perm->set[i].value;
	}
}

static bool read_row(const writing *w, const json *o, const plan_path *at, bool *given, const val **row)
{
	JSON_EACH (m, o) {
		size_t col;
		if (!check_insertable(w, m->key, at, &col)) return false;
		row[col] = read_value(w, col, m, path_key(w->l->c, at, m->key));
		if (!row[col]) return false;
		given[col] = true;
	}
	add_presets(w, row);
	return true;
}

/* Long lists of alike objects are one array per column, whatever their length. */
static bool read_bulk(const writing *w, const json *list, const plan_path *at, bool *given, const val **row)
{
	plan_ctx *c = w->l->c;
	val_step *step = NEW(c->a, val_step);
	input in = {.j = list, .vpath = step, .nvpath = 1, .at = at};
	step->key = STR("objects");
	JSON_EACH (m, list->first) {
		size_t col;
		if (!check_insertable(w, m->key, path_index(c, at, 0), &col)) return false;
		value_type type = value_type_column(c, w->l->src, &w->t->cols[col]);
		val *v = NEW(c->a, val);
		if (!value_read_column(c, &type, true, &in, m->key, v)) return false;
		row[col] = v;
		given[col] = true;
	}
	add_presets(w, row);
	return true;
}

static bool read_json_nulls(const writing *w, const val ***rows, size_t n, bool *given)
{
	const plan_path *at = legacy_at(w->l, NULL, JSON_NULLS);
	str_vec names = {0};
	bool any;
	if (!legacy_texts(w->l, w->l->req->args, JSON_NULLS, &names, &any)) return false;
	for (size_t i = 0; i < names.n; i++) {
		size_t col;
		if (!check_insertable(w, names.v[i], at, &col)) return false;
		const val *v = json_null(w, col, at);
		if (!v) return false;
		for (size_t r = 0; r < n; r++)
			rows[r][col] = v;
		given[col] = true;
	}
	return true;
}

/* Columns any row gives, and the rows' values by them. */
static void lay_out(const writing *w, const val ***rows, size_t n)
{
	plan_ctx *c = w->l->c;
	plan_insert *out = w->m->insert;
	out->cols = NEW_ARRAY(c->a, const snap_column *, w->t->ncols);
	out->rows = NEW_ARRAY(c->a, plan_row, n);
	out->nrows = n;
	for (size_t r = 0; r < n; r++)
		out->rows[r].values = NEW_ARRAY(c->a, const val *, w->t->ncols);
	for (size_t i = 0; i < w->t->ncols; i++) {
		bool any = false;
		for (size_t r = 0; r < n && !any; r++)
			any = rows[r][i] != NULL;
		if (!any) continue;
		for (size_t r = 0; r < n; r++)
			out->rows[r].values[out->ncols] = rows[r][i];
		out->cols[out->ncols++] = &w->t->cols[i];
	}
}

static bool read_objects(const writing *w, const json *list, bool *given)
{
	legacy *l = w->l;
	plan_ctx *c = l->c;
	const plan_path *at = legacy_at(l, NULL, "objects");
	if (list->kind != JSON_ARRAY) return legacy_mismatch(l, at, "[]", "Array", list);
	if (!list->count) return plan_fail_code(c, ERR_UNEXPECTED_PAYLOAD, at, "objects should not be empty");
	bool bulk = plan_list_is_uniform(list) && list->first->count;
	const val ***rows = NEW_ARRAY(c->a, const val **, bulk ? 1 : list->count);
	size_t n = 0;
	JSON_EACH (e, list) {
		const plan_path *here = path_index(c, at, n);
		if (e->kind != JSON_OBJECT) return legacy_mismatch(l, here, "HashMap", "Object", e);
		rows[n] = NEW_ARRAY(c->a, const val *, w->t->ncols);
		if (!(bulk ? read_bulk(w, list, at, given, rows[n]) : read_row(w, e, here, given, rows[n])))
			return false;
		n++;
		if (bulk) break;
	}
	if (!read_json_nulls(w, rows, n, given)) return false;
	w->m->insert->bulk = bulk;
	lay_out(w, rows, n);
	return true;
}

/* ---- on_conflict ---- */

static bool read_target(
	const writing *w, const json *columns, const json *constraint, const plan_path *at, plan_conflict *k)
{
	plan_ctx *c = w->l->c;
	if (!json_is_null(constraint)) {
		at = legacy_at(w->l, at, "constraint");
		if (constraint->kind != JSON_STRING) return legacy_mismatch(w->l, at, "Text", "String", constraint);
		k->constraint = str_copy(c->a, constraint->text);
		for (size_t i = 0; i < w->t->cat->nkeys; i++)
			if (w->t->cat->keys[i].constraint && str_eq(w->t->cat->keys[i].name, k->constraint))
				return true;
		plan_fail_code(c, ERR_UNEXPECTED, at, "constraint \"%.*s\" for table \"%.*s\" does not exist",
			STR_ARG(k->constraint), STR_ARG(qname_display(c->a, w->t->name)));
		c->err->status = 400;
		return false;
	}
	if (json_is_null(columns)) return true;
	at = legacy_at(w->l, at, "constraint_on");
	bool one = columns->kind == JSON_STRING;
	if (!one && columns->kind != JSON_ARRAY) return legacy_form(w->l, at, "Expecting String or Array");
	k->on = NEW_ARRAY(c->a, const snap_column *, one ? 1 : columns->count);
	for (const json *e = one ? columns : columns->first; e; e = one ? NULL : e->next) {
		size_t col;
		const plan_path *here = path_index(c, at, k->non);
		if (e->kind != JSON_STRING) return legacy_mismatch(w->l, here, "Text", "String", e);
		if (!find_column(w, e->text, "", here, &col)) return false;
		k->on[k->non++] = &w->t->cols[col];
	}
	return true;
}

static bool is_update(const json *o)
{
	return str_eqz(json_str_or(o, "action", STR("")), "update");
}

/* The form of on_conflict is looked at before anything it names. */
static bool check_conflict(const writing *w)
{
	const json *o = json_getz(w->l->req->args, "on_conflict"), *action = json_getz(o, "action");
	const plan_path *at = legacy_at(w->l, NULL, "on_conflict");
	if (json_is_null(o)) return true;
	if (o->kind != JSON_OBJECT) return legacy_mismatch(w->l, at, "OnConflict", "Object", o);
	if (!action) return legacy_form(w->l, at, "the key 'action' was not present");
	if (is_update(o) || str_eqz(json_str_or(o, "action", STR("")), "ignore")) return true;
	return legacy_form(w->l, legacy_at(w->l, at, "action"), "Expecting 'ignore' or 'update'");
}

/* Hasura v2: every column given is updated. */
static bool read_updates(
	const writing *w, const snap_write_perm *perm, const bool *given, const plan_path *at, plan_conflict *k)
{
	plan_ctx *c = w->l->c;
	k->update = NEW_ARRAY(c->a, const snap_column *, w->t->ncols);
	for (size_t i = 0; i < w->t->ncols; i++) {
		if (!given[i]) continue;
		if (!perm->cols[i])
			return plan_fail_code(c, ERR_VALIDATION_FAILED, at, "column \"%.*s\" is not updatable",
				STR_ARG(w->t->cols[i].cat->name));
		k->update[k->nupdate++] = &w->t->cols[i];
	}
	plan_set_item *items = NEW_ARRAY(c->a, plan_set_item, perm->nset);
	for (size_t i = 0; i < perm->nset; i++) {
		items[i] = (plan_set_item){
			.col = &w->t->cols[perm->set[i].col], .op = STR("set"), .value = perm->set[i].value};
		permit_val(c, &items[i].value);
	}
	k->presets = items;
	k->npresets = perm->nset;
	k->filter = permit_filter(c, perm->filter);
	k->check = permit_filter(c, perm->check);
	k->has_update_check = perm->check != NULL;
	return true;
}

static bool read_conflict(writing *w, const bool *given)
{
	plan_ctx *c = w->l->c;
	const json *o = json_getz(w->l->req->args, "on_conflict");
	const plan_path *at = legacy_at(w->l, NULL, "on_conflict");
	plan_conflict *k = NEW(c->a, plan_conflict);
	bool update = is_update(o);
	if (json_is_null(o)) return true;
	const snap_write_perm *perm = permit_all(c, w->l->src, w->t)->update;
	if (!perm || (perm->backend_only && !c->req->backend))
		return plan_fail_code(c, ERR_PERMISSION_DENIED, at,
			"upsert is not allowed for role \"%.*s\" since update permissions are not defined",
			STR_ARG(c->role));
	const json *columns = json_getz(o, "constraint_on"), *constraint = json_getz(o, "constraint");
	if (!json_is_null(columns) && !json_is_null(constraint))
		return plan_fail_code(
			c, ERR_UNEXPECTED_PAYLOAD, at, "'constraint' and 'constraint_on' cannot be set at a time");
	if (update && json_is_null(columns) && json_is_null(constraint))
		return plan_fail_code(c, ERR_UNEXPECTED_PAYLOAD, at,
			"Expecting 'constraint' or 'constraint_on' when the 'action' is 'update'");
	if (!read_target(w, columns, constraint, at, k)) return false;
	w->m->insert->conflict = k;
	return !update || read_updates(w, perm, given, at, k);
}

static bool write_insert(writing *w)
{
	plan_ctx *c = w->l->c;
	const json *objects;
	bool *given = NEW_ARRAY(c->a, bool, w->t->ncols);
	w->m->kind = MUT_INSERT;
	if (!legacy_member(w->l, w->l->req->args, "objects", NULL, &objects) || !check_conflict(w)) return false;
	if (!can_write(w, w->t->cat->insertable, "insertable")) return false;
	if (!may_write(w, permit_all(c, w->l->src, w->t)->insert, "insert")) return false;
	if (!read_returning(w, "; \"returning\" can only be used if the role has \"select\" permission on the table"))
		return false;
	w->m->insert = NEW(c->a, plan_insert);
	*w->m->insert = (plan_insert){.source = w->l->src, .table = w->t, .path = w->m->path};
	w->m->insert->check = permit_filter(c, w->perm->check);
	return read_objects(w, objects, given) && read_conflict(w, given);
}

/* ---- update ---- */

typedef VEC(plan_set_item) item_vec;

/* Hasura v2: what comes later wins. */
static void put_item(const writing *w, item_vec *items, size_t col, str op, const val *value)
{
	plan_set_item item = {.col = &w->t->cols[col], .op = op};
	if (value) item.value = *value;
	for (size_t i = 0; i < items->n; i++) {
		if (items->v[i].col != item.col) continue;
		items->v[i] = item;
		return;
	}
	vec_push(w->l->c->a, items, item);
}

static bool check_updatable(const writing *w, str name, const plan_path *at, size_t *col)
{
	plan_ctx *c = w->l->c;
	*col = legacy_column(w->t, name);
	if (*col != SIZE_MAX && is_preset(w, *col))
		return plan_fail_code(c, ERR_NOT_SUPPORTED, at,
			"column \"%.*s\" is not updatable for role \"%.*s\"; its value is predefined in permission",
			STR_ARG(name), STR_ARG(c->role));
	return legacy_granted(w->l, w->t, w->perm->cols, "update", name, at, col);
}

static bool read_operator(const writing *w, const char *key, const char *op, item_vec *items)
{
	const json *o = json_getz(w->l->req->args, key);
	const plan_path *at = legacy_at(w->l, NULL, key);
	if (json_is_null(o)) return true;
	if (o->kind != JSON_OBJECT) return legacy_mismatch(w->l, at, "HashMap", "Object", o);
	JSON_EACH (m, o) {
		size_t col;
		if (!check_updatable(w, m->key, at, &col)) return false;
		const val *v = read_value(w, col, m, path_key(w->l->c, at, m->key));
		if (!v) return false;
		put_item(w, items, col, str_from(op), v);
	}
	return true;
}

/* Columns named without a value: their default, or JSON's null. */
static bool read_named(const writing *w, const char *key, bool is_null, item_vec *items)
{
	const plan_path *at = legacy_at(w->l, NULL, key);
	str_vec names = {0};
	bool given;
	if (!legacy_texts(w->l, w->l->req->args, key, &names, &given)) return false;
	for (size_t i = 0; i < names.n; i++) {
		size_t col;
		if (!check_updatable(w, names.v[i], at, &col)) return false;
		const val *v = is_null ? json_null(w, col, at) : NULL;
		if (is_null && !v) return false;
		put_item(w, items, col, is_null ? STR("set") : STR("default"), v);
	}
	return true;
}

static bool read_items(const writing *w, plan_update *u)
{
	item_vec items = {0};
	for (size_t i = 0; i < w->perm->nset; i++) {
		permit_val(w->l->c, &w->perm->set[i].value);
		put_item(w, &items, w->perm->set[i].col, STR("set"), &w->perm->set[i].value);
	}
	const char *set = json_getz(w->l->req->args, "$set") ? "$set" : "values";
	if (!read_operator(w, set, "set", &items) || !read_operator(w, "$inc", "inc", &items)) return false;
	if (!read_operator(w, "$mul", "mul", &items)) return false;
	if (!read_named(w, "$default", false, &items) || !read_named(w, JSON_NULLS, true, &items)) return false;
	u->items = items.v;
	u->nitems = items.n;
	return items.n ||
		plan_fail_code(
			w->l->c, ERR_UNEXPECTED_PAYLOAD, NULL, "atleast one of $set, $inc, $mul has to be present");
}

static bool write_update(writing *w)
{
	static const char after[] =
		"; \"update\" is only allowed if the role has \"select\" permission as \"where\" can't be used "
		"without \"select\" permission on the table";
	plan_ctx *c = w->l->c;
	const snap_select_perm *select;
	const json *where;
	plan_update *u = NEW(c->a, plan_update);
	w->m->kind = MUT_UPDATE;
	w->m->updates = u;
	w->m->nupdates = 1;
	if (!legacy_member(w->l, w->l->req->args, "where", NULL, &where)) return false;
	if (!can_write(w, w->t->cat->updatable, "updatable")) return false;
	if (!may_write(w, permit_all(c, w->l->src, w->t)->update, "update") ||
		!legacy_may_select(w->l, w->t, after, &select))
		return false;
	if (!read_items(w, u) || !read_returning(w, after)) return false;
	w->m->filter = permit_filter(c, w->perm->filter);
	w->m->check = permit_filter(c, w->perm->check);
	return legacy_where(w->l, w->t, where, legacy_at(w->l, NULL, "where"), &u->where);
}

/* ---- delete ---- */

static bool write_delete(writing *w)
{
	static const char after[] =
		"; \"delete\" is only allowed if the role has \"select\" permission as \"where\" can't be used "
		"without \"select\" permission on the table";
	plan_ctx *c = w->l->c;
	const snap_select_perm *select;
	const json *where;
	w->m->kind = MUT_DELETE;
	if (!legacy_member(w->l, w->l->req->args, "where", NULL, &where)) return false;
	if (!can_write(w, w->t->cat->deletable, "deletable")) return false;
	if (!may_write(w, permit_all(c, w->l->src, w->t)->del, "delete") ||
		!legacy_may_select(w->l, w->t, after, &select))
		return false;
	if (!read_returning(w, after)) return false;
	w->m->filter = permit_filter(c, w->perm->filter);
	return legacy_where(w->l, w->t, where, legacy_at(w->l, NULL, "where"), &w->m->where);
}

bool legacy_write(legacy *l, plan_mutation *m)
{
	writing w = {.l = l, .t = l->t, .m = m};
	m->source = l->src;
	m->table = l->t;
	m->path = STR("$");
	if (l->req->op == LEGACY_INSERT) return write_insert(&w);
	return l->req->op == LEGACY_UPDATE ? write_update(&w) : write_delete(&w);
}
