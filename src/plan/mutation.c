/* mutation: root fields of tables in mutation_root; their responses; delete. */
#include "plan/mutation.h"
#include "plan/missing.h"

str mutation_type(plan_ctx *c, const snap_table *t, const char *suffix)
{
	return str_cat(c->a, 2, t->type, str_from(suffix));
}

/* ---- arguments ---- */

bool mutation_argument(mutating *k, str name, in_type type, input *out)
{
	if (!sel_argument(k->c, k->f, k->at, name, out))
		return plan_fail(k->c, out->at, "missing required field '%.*s'", STR_ARG(name));
	return input_peel_value(k->c, out, type);
}

bool mutation_member(plan_ctx *c, input_object *o, const plan_path *at, str name, in_type type, input *out)
{
	const input *in = input_get(o, name);
	if (!in) return plan_fail(c, path_key(c, at, name), "missing required field '%.*s'", STR_ARG(name));
	*out = *in;
	return input_peel_value(c, out, type);
}

bool mutation_value(plan_ctx *c, const value_type *t, bool nullable, const input *given, val *out)
{
	input in = *given;
	return input_peel_value(c, &in, value_in_type(t, true)) && value_read(c, t, nullable, &in, out);
}

void mutation_columns(plan_ctx *c, const snap_table *t, const bool *granted, str **names, size_t **indices, size_t *n)
{
	*names = NEW_ARRAY(c->a, str, t->ncols);
	*indices = NEW_ARRAY(c->a, size_t, t->ncols);
	*n = 0;
	for (size_t i = 0; i < t->ncols; i++) {
		if (!granted[i]) continue;
		(*names)[*n] = t->cols[i].gql_name;
		(*indices)[(*n)++] = i;
	}
}

/* A permission kept for trusted backends does not serve others by way of an upsert. */
const snap_write_perm *mutation_update_perm(plan_ctx *c, const snap_source *src, const snap_table *t)
{
	const snap_write_perm *p = permit_all(c, src, t)->update;
	return p && p->backend_only && !c->req->backend ? NULL : p;
}

/* ---- what comes back ---- */

static plan_select *select_returned(mutating *k, const sel_set *set, const plan_path *at)
{
	plan_select *s = select_new(k->c, k->src, k->t, SHAPE_LIST, at);
	return row_fields(k->c, k->src, k->t, set, at, &s->fields, &s->nfields) ? s : NULL;
}

static bool response_field(mutating *k, const sel_field *f, str type, const plan_path *at, plan_response *out)
{
	plan_ctx *c = k->c;
	out->alias = f->key;
	if (str_eqz(f->name, "__typename")) {
		out->kind = MR_TYPENAME;
		out->text = type;
		return true;
	}
	if (str_eqz(f->name, "affected_rows")) {
		out->kind = MR_AFFECTED_ROWS;
		return sel_leaf(c, f, at) && sel_arguments(c, f, at, NULL, 0);
	}
	if (!str_eqz(f->name, "returning") || !permit_select(c, k->src, k->t))
		return sel_unknown(c, f, at, type, missing_returning(c, k->src, k->t, f->name));
	out->kind = MR_RETURNING;
	if (!sel_arguments(c, f, at, NULL, 0)) return false;
	out->select = select_returned(k, &f->sub, at);
	return out->select != NULL;
}

/* <T>_mutation_response */
static bool read_response(mutating *k)
{
	plan_ctx *c = k->c;
	str type = mutation_type(c, k->t, "_mutation_response");
	const plan_path *at = path_key(c, k->at, STR("selectionSet"));
	sel_field_vec all;
	if (!sel_collect(c, type, &k->f->sub, at, &all)) return false;
	plan_response *out = NEW_ARRAY(c->a, plan_response, all.n);
	for (size_t i = 0; i < all.n; i++)
		if (!response_field(k, &all.v[i], type, path_key(c, at, all.v[i].name), &out[i])) return false;
	k->m->response = out;
	k->m->nresponse = all.n;
	return true;
}

static bool read_output(mutating *k)
{
	if (!k->m->one) return read_response(k);
	k->m->returning = select_returned(k, &k->f->sub, k->at);
	return k->m->returning != NULL;
}

/* ---- delete ---- */

static bool key_argument(plan_ctx *c, void *data, str name, input *out)
{
	const mutating *k = data;
	return sel_argument(c, k->f, k->at, name, out);
}

static bool delete_by_pk(mutating *k)
{
	plan_ctx *c = k->c;
	str *names = NEW_ARRAY(c->a, str, k->t->pk->ncols);
	size_t n = 0;
	for (size_t p = 0; p < k->t->pk->ncols; p++)
		for (size_t i = 0; i < k->t->ncols; i++)
			if (k->t->cols[i].cat->attnum == k->t->pk->cols[p]) names[n++] = k->t->cols[i].gql_name;
	return sel_arguments(c, k->f, k->at, names, n) &&
		key_equalities(c, k->src, k->t, k->args, key_argument, k, &k->m->where);
}

static bool delete_where(mutating *k)
{
	const str name = STR("where");
	input in;
	if (!sel_arguments(k->c, k->f, k->at, &name, 1)) return false;
	if (!mutation_argument(k, name, type_required(mutation_type(k->c, k->t, "_bool_exp")), &in)) return false;
	return where_read(k->c, k->src, k->t, &in, &k->m->where);
}

/* Hasura v2: the arguments as they are; those of by_pk inside pk_columns. */
static void note_delete(mutating *k, const snap_write_perm *perm, bool by_pk)
{
	plan_ctx *c = k->c;
	json *args = json_new_object(c->a);
	for (const gq_value *v = k->f->first->args; v; v = v->next) {
		input in = input_literal(v, NULL);
		json_set(args, str_copy(c->a, v->name), json_copy(c->a, input_json(c, &in)));
	}
	json *list = json_new_array(c->a);
	if (by_pk) {
		json *outer = json_push(list, json_new_object(c->a));
		json_setz(outer, "pk_columns", args);
	} else {
		json_push(list, args);
	}
	plan_validation v = {.table = k->t, .definition = perm->validate_input, .input = list};
	vec_push(c->a, &k->validations, v);
}

bool mutation_delete(mutating *k, bool by_pk)
{
	const snap_write_perm *perm = permit_all(k->c, k->src, k->t)->del;
	k->m->kind = MUT_DELETE;
	k->m->path = STR("$");
	k->m->filter = permit_filter(k->c, perm->filter);
	if (!(by_pk ? delete_by_pk(k) : delete_where(k))) return false;
	if (perm->validate_input) note_delete(k, perm, by_pk);
	return true;
}

/* ---- root ---- */

static bool read_arguments(mutating *k, md_root_field field)
{
	switch (field) {
	case ROOT_INSERT:
	case ROOT_INSERT_ONE: return mutation_insert(k, field == ROOT_INSERT_ONE);
	case ROOT_UPDATE:
	case ROOT_UPDATE_BY_PK:
	case ROOT_UPDATE_MANY: return mutation_update(k, field);
	default: return mutation_delete(k, field == ROOT_DELETE_BY_PK);
	}
}

bool mutation_root(plan_ctx *c, const snap_root *r, const sel_field *f, const plan_path *at, plan_root *out)
{
	plan_mutation *m = NEW(c->a, plan_mutation);
	mutating k = {.c = c, .src = r->source, .t = r->table, .f = f, .at = at, .m = m};
	k.args = path_key(c, at, STR("args"));
	m->source = r->source;
	m->table = r->table;
	m->one = r->field == ROOT_INSERT_ONE || r->field == ROOT_UPDATE_BY_PK || r->field == ROOT_DELETE_BY_PK;
	out->kind = ROOT_MUTATION;
	out->mutation = m;
	if (!read_arguments(&k, r->field) || !read_output(&k)) return false;
	m->validations = k.validations.v;
	m->nvalidations = k.validations.n;
	/* What the webhook is shown is this request's. */
	if (m->nvalidations) c->once = true;
	return true;
}
