/* scalar: values of columns and arguments. Hasura v2: Backends/Postgres/Instances/Schema.hs, columnParser. */
#include "pg/pg_quote.h"
#include "plan/array_text.h"
#include "plan/input.h"
#include "schema/number.h"
#include "schema/value_rule.h"

#include <stdlib.h>

enum { JSON_LIKE = TYPE_JSON | TYPE_JSONB | TYPE_GEOMETRY | TYPE_GEOGRAPHY };

/* ---- types ---- */

static void fill_rules(value_type *t)
{
	const catalog *cat = t->src->cat;
	pg_oid elem = cat_array_element(cat, t->oid);
	uint32_t flags = cat_type_flags(cat, elem ? elem : t->oid);
	bool json_like = (flags & JSON_LIKE) != 0;
	t->rule = value_rule_of(cat, elem ? elem : t->oid);
	t->elem = elem ? t->rule : NULL;
	t->conv = elem ? (json_like ? CONV_JSON_ARRAY : CONV_ARRAY) : json_like ? CONV_JSON : CONV_SCALAR;
	t->from_geojson = !elem && (flags & (TYPE_GEOMETRY | TYPE_GEOGRAPHY));
	const cat_type *ct = catalog_base_type(cat, t->oid);
	t->pg_name = ct ? ct->name.name : t->name;
}

value_type value_type_column(plan_ctx *c, const snap_source *src, const snap_column *col)
{
	(void)c;
	value_type t = {.src = src, .oid = col->type, .name = col->scalar, .list = col->list, .cast = col->cast};
	fill_rules(&t);
	if (!col->enum_table.name.p) return t;
	t.enum_table = snap_source_table(src, col->enum_table);
	if (t.enum_table) t.rule = &VALUE_RULE_ENUM;
	return t;
}

value_type value_type_oid(plan_ctx *c, const snap_source *src, pg_oid oid)
{
	const cat_type *base = catalog_base_type(src->cat, oid);
	value_type t = {.src = src, .oid = base ? base->oid : oid};
	bool no_lists = c->snap->options.disable_postgres_arrays;
	t.name = str_copy(c->a, cat_graphql_type(c->a, src->cat, t.oid, no_lists, &t.list));
	t.cast = cat_sql_type(c->a, src->cat, oid);
	fill_rules(&t);
	return t;
}

value_type value_type_named(plan_ctx *c, const snap_source *src, str pg_name)
{
	const cat_type *ct = catalog_type_named(src->cat, (qname){.name = pg_name});
	return value_type_oid(c, src, ct ? ct->oid : 0);
}

in_type value_in_type(const value_type *t, bool nullable)
{
	in_type out = type_required(t->name);
	if (t->list) out = type_with_null(type_list_of(out), false);
	return type_with_null(out, nullable);
}

/* ---- checks ---- */

static bool fail_null(error *err, str at, str name)
{
	return error_set(err, ERR_VALIDATION_FAILED, at, "unexpected null value for type '%.*s'", STR_ARG(name));
}

static const char *json_kind_text(const json *j)
{
	input in = {.j = j};
	return input_describe(&in);
}

static int by_bytes(const void *x, const void *y)
{
	return str_cmp(*(const str *)x, *(const str *)y);
}

static const str *sorted(arena *a, const str *v, size_t n)
{
	str *out = NEW_ARRAY(a, str, n);
	for (size_t i = 0; i < n; i++)
		out[i] = v[i];
	qsort(out, n, sizeof(*out), by_bytes);
	return out;
}

static bool check_enum(const plan_check *k, const json *j, str at, error *err)
{
	if (j->kind != JSON_STRING || !str_is_name(j->text))
		return error_set(err, ERR_VALIDATION_FAILED, at, "expected an enum value for type '%.*s', but found %s",
			STR_ARG(k->name), json_kind_text(j));
	for (size_t i = 0; i < k->nvalues; i++)
		if (str_eq(k->values[i], j->text)) return true;
	str list = plan_name_list(err->a, sorted(err->a, k->values, k->nvalues), k->nvalues);
	return error_set(err, ERR_VALIDATION_FAILED, at,
		"expected one of the values %.*s for type '%.*s', but found '%.*s'", STR_ARG(list), STR_ARG(k->name),
		STR_ARG(j->text));
}

static bool check_one(const plan_check *k, const json *j, str at, error *err)
{
	if (k->rule->accepts == ACCEPT_ENUM && !(k->nullable && j->kind == JSON_NULL)) return check_enum(k, j, at, err);
	if (j->kind == JSON_NULL) return k->nullable || fail_null(err, at, k->name);
	str why;
	if (value_judge(err->a, k->rule, k->elem, k->pg_name, j, &why)) return true;
	return error_set(err, ERR_PARSE_FAILED, at, "%.*s", STR_ARG(why));
}

/* Members of uniform objects; the path is made when something is wrong. */
static bool check_members(const plan_check *k, const json *list, error *err)
{
	size_t i = 0;
	JSON_EACH (e, list) {
		const json *j = json_get(e, k->member);
		if (j && !check_one(k, j, k->at, err)) {
			err->path = jsonpath_key(err->a, jsonpath_index(err->a, k->at, i), k->member);
			return false;
		}
		i++;
	}
	return true;
}

static bool check_value(const plan_check *k, const json *j, error *err)
{
	if (k->member.p) return check_members(k, j, err);
	if (!k->list) return check_one(k, j, k->at, err);
	size_t i = 0;
	JSON_EACH (e, j) {
		if (!check_one(k, e, k->at, err)) {
			err->path = jsonpath_index(err->a, k->at, i);
			return false;
		}
		i++;
	}
	return true;
}

bool plan_check_variables(const plan *p, const json *variables, error *err)
{
	static const json null_value = {.kind = JSON_NULL};
	for (size_t i = 0; i < p->nchecks; i++) {
		const plan_check *k = &p->checks[i];
		const json *j = plan_value_at(variables, k->path, k->npath);
		if (!check_value(k, j ? j : &null_value, err)) return false;
	}
	return true;
}

static plan_check check_of(plan_ctx *c, const value_type *t, const input *in, bool nullable)
{
	plan_check k = {
		.path = in->vpath,
		.npath = in->nvpath,
		.name = t->name,
		.pg_name = t->pg_name,
		.nullable = nullable,
		.rule = t->rule,
		.elem = t->elem,
	};
	/* Literals are judged once: their path is made when it is needed. */
	if (in->j) k.at = path_text(c, in->at);
	if (t->enum_table) {
		k.values = t->enum_table->enum_values;
		k.nvalues = t->enum_table->nenum;
	}
	return k;
}

/* ---- constants ---- */

static val val_of(const value_type *t, val_kind kind)
{
	return (val){.kind = kind, .conv = t->conv, .cast = t->cast, .from_geojson = t->from_geojson};
}

static str const_text(plan_ctx *c, const value_type *t, const json *j)
{
	int64_t n;
	if (t->conv == CONV_JSON)
		return t->from_geojson && j->kind == JSON_STRING ? str_copy(c->a, j->text) : json_to_str(c->a, j);
	if (t->elem && j->kind == JSON_ARRAY) return array_text(c->a, j, t->conv == CONV_JSON_ARRAY);
	if (j->kind == JSON_NUMBER && t->rule->accepts == ACCEPT_INT &&
		number_to_int(j->text, t->rule->lo, t->rule->hi, &n))
		return str_printf(c->a, "%lld", (long long)n);
	if (j->kind == JSON_STRING || j->kind == JSON_NUMBER) return str_copy(c->a, j->text);
	return json_to_str(c->a, j);
}

static bool read_const(plan_ctx *c, const value_type *t, const input *in, val *out)
{
	const json *j = input_json(c, in);
	plan_check k = check_of(c, t, in, false);
	/* A literal for an enum is one of the language, not a string. */
	if (t->enum_table && in->g && in->g->kind != GQ_ENUM) return input_mismatch(c, in, "an enum value", t->name);
	if (!check_value(&k, j, c->err)) {
		c->err->path = str_copy(c->err->a, path_text(c, in->at));
		return false;
	}
	*out = val_of(t, VAL_CONST);
	out->text = const_text(c, t, j);
	return true;
}

/* Integers written as 1.0 or 1e3 are no input text of PostgreSQL's integers. The skeleton tells them from plain ones. */
static bool is_parameter(const value_type *t, const json *j)
{
	return t->rule->accepts != ACCEPT_INT || t->elem || j->kind != JSON_NUMBER || number_plain(j->text);
}

bool value_read(plan_ctx *c, const value_type *t, bool nullable, const input *given, val *out)
{
	input in = *given;
	if (!input_peel_value(c, &in, value_in_type(t, nullable))) return false;
	if (input_is_null(&in)) {
		*out = val_of(t, VAL_NULL);
		if (nullable) return true;
		if (t->enum_table) return input_mismatch(c, &in, "an enum value", t->name);
		return fail_null(c->err, path_text(c, in.at), t->name);
	}
	if (in.g) return read_const(c, t, &in, out);
	plan_check k = check_of(c, t, &in, nullable);
	if (!check_value(&k, in.j, c->err)) return false;
	if (!is_parameter(t, in.j)) {
		input_guard(c, &in);
		return read_const(c, t, &in, out);
	}
	vec_push(c->a, &c->checks, k);
	*out = val_of(t, VAL_VAR);
	out->path = in.vpath;
	out->npath = in.nvpath;
	return true;
}

bool value_read_json(plan_ctx *c, const value_type *t, const json *j, const plan_path *at, val *out)
{
	input in = {.j = j, .at = at};
	*out = val_of(t, VAL_NULL);
	if (j->kind == JSON_NULL) return true;
	plan_check k = check_of(c, t, &in, false);
	if (!check_value(&k, j, c->err)) return false;
	*out = val_of(t, VAL_CONST);
	out->text = const_text(c, t, j);
	return true;
}

/* ---- lists ---- */

/* Empty when the type has no array type of its own (arrays of arrays). */
static str array_cast(plan_ctx *c, const value_type *t)
{
	const cat_type *ct = catalog_type(t->src->cat, t->oid);
	return ct && ct->array ? cat_sql_type(c->a, t->src->cat, ct->array) : STR("");
}

static val list_val(plan_ctx *c, const value_type *t, val_kind kind)
{
	val v = {.kind = kind, .cast = array_cast(c, t), .is_list = true};
	v.conv = t->conv == CONV_JSON ? CONV_JSON_ARRAY : CONV_ARRAY;
	return v;
}

/* A long list of variables' scalars: one array. */
static bool read_long(plan_ctx *c, const value_type *t, const input *in, val *out)
{
	plan_check k = check_of(c, t, in, false);
	k.list = true;
	if (!check_value(&k, in->j, c->err)) return false;
	vec_push(c->a, &c->checks, k);
	*out = list_val(c, t, VAL_VAR);
	out->path = in->vpath;
	out->npath = in->nvpath;
	return true;
}

static void join_consts(plan_ctx *c, const value_type *t, val *list)
{
	json *all = json_new_array(c->a);
	for (size_t i = 0; i < list->nelems; i++) {
		if (list->elems[i].kind != VAL_CONST) return;
		json_push(all, json_new_str(c->a, list->elems[i].text));
	}
	list->text = array_text(c->a, all, false);
	/* A long list is one parameter; geometries are made one by one. */
	if (list->nelems > SKELETON_LIST_MAX && list->cast.n && !t->from_geojson) {
		list->elems = NULL;
		list->nelems = 0;
	}
}

static bool plain_list(const value_type *t, const json *j)
{
	JSON_EACH (e, j)
		if (!is_parameter(t, e) || e->kind == JSON_ARRAY || e->kind == JSON_OBJECT) return false;
	return true;
}

bool value_read_list(plan_ctx *c, const value_type *t, const input *in, val *out)
{
	bool listed = in->j && in->j->kind == JSON_ARRAY;
	bool one_array = !t->from_geojson && array_cast(c, t).n;
	if (listed && one_array && in->j->count > SKELETON_LIST_MAX && plain_list(t, in->j))
		return read_long(c, t, in, out);
	input_list items;
	if (!input_items(c, in, &items)) return false;
	*out = list_val(c, t, VAL_CONST);
	out->elems = NEW_ARRAY(c->a, val, items.n);
	for (size_t i = 0; i < items.n; i++)
		if (!value_read(c, t, false, &items.v[i], &out->elems[i])) return false;
	out->nelems = items.n;
	join_consts(c, t, out);
	return true;
}

/* One value for each row. What is no plain array of the type travels as text. */
static val column_val(plan_ctx *c, const value_type *t, val_kind kind)
{
	const cat_type *ct = catalog_type(t->src->cat, t->oid);
	bool plain = ct && ct->array && ct->delim == ',' && !t->elem && !t->from_geojson;
	val v = {.kind = kind, .conv = t->conv, .from_geojson = t->from_geojson, .is_list = true};
	if (t->rule->accepts == ACCEPT_INT && !t->elem) v.conv = CONV_INT;
	v.cast = plain ? array_cast(c, t) : STR("text[]");
	return v;
}

bool value_read_column(plan_ctx *c, const value_type *t, bool nullable, const input *list, str member, val *out)
{
	plan_check k = check_of(c, t, list, nullable);
	k.member = str_copy(c->a, member);
	if (!check_value(&k, list->j, c->err)) return false;
	vec_push(c->a, &c->checks, k);
	*out = column_val(c, t, VAL_COLUMN);
	out->text = k.member;
	out->path = list->vpath;
	out->npath = list->nvpath;
	return true;
}

val value_column_of(plan_ctx *c, const value_type *t, const val *const *values, size_t n)
{
	str *elems = NEW_ARRAY(c->a, str, n);
	for (size_t i = 0; i < n; i++)
		if (values[i]->kind != VAL_NULL) elems[i] = values[i]->text.p ? values[i]->text : STR("");
	val v = column_val(c, t, VAL_CONST);
	v.text = pg_quote_array_str(c->a, elems, n);
	return v;
}

bool value_read_array(plan_ctx *c, const value_type *t, const input *in, val *out)
{
	if (in->j && in->j->kind == JSON_ARRAY) return read_long(c, t, in, out);
	if (!value_read_list(c, t, in, out)) return false;
	bool constant = true;
	for (size_t i = 0; i < out->nelems; i++)
		constant &= out->elems[i].kind == VAL_CONST;
	out->is_list = false;
	if (constant) {
		out->elems = NULL;
		out->nelems = 0;
		return true;
	}
	/* Variables inside a literal list: the text of the whole depends on them. */
	const json *j = input_json(c, in);
	if (j->kind != JSON_ARRAY) {
		json *list = json_new_array(c->a);
		json_push(list, json_copy(c->a, j));
		j = list;
	}
	*out = list_val(c, t, VAL_CONST);
	out->is_list = false;
	out->text = array_text(c->a, j, false);
	input_guard(c, in);
	return true;
}
