/* mutation_update: _set and the other operators, one batch or many. Hasura v2: pgkParseUpdateOperators. */
#include "plan/mutation.h"
#include "plan/missing.h"

typedef enum op_value { OP_COLUMN, OP_TEXT, OP_INT, OP_TEXTS } op_value;

typedef struct op_rule {
	const char *arg;
	const char *op;
	uint32_t flags; /* of the column's type; 0: any */
	op_value value;
} op_rule;

static const op_rule ops[] = {
	{"_set", "set", 0, OP_COLUMN},
	{"_inc", "inc", TYPE_NUMERIC, OP_COLUMN},
	{"_prepend", "prepend", TYPE_JSONB, OP_COLUMN},
	{"_append", "append", TYPE_JSONB, OP_COLUMN},
	{"_delete_key", "delete_key", TYPE_JSONB, OP_TEXT},
	{"_delete_elem", "delete_elem", TYPE_JSONB, OP_INT},
	{"_delete_at_path", "delete_at_path", TYPE_JSONB, OP_TEXTS},
};

enum { NOPS = sizeof ops / sizeof *ops };

typedef VEC(plan_set_item) item_vec;

/* The operators and columns of one role on one table. */
typedef struct updating {
	mutating *k;
	const snap_write_perm *perm;
	str args[NOPS + 1]; /* offered operators, and where or pk_columns */
	size_t nargs;
} updating;

static bool applies(const updating *u, const op_rule *r, size_t col)
{
	if (!u->perm->cols[col]) return false;
	pg_oid type = u->k->t->cols[col].type;
	uint32_t flags = cat_type_flags(u->k->src->cat, type);
	return !r->flags || ((flags & r->flags) && !(flags & TYPE_ARRAY));
}

static void offer(updating *u)
{
	for (size_t i = 0; i < NOPS; i++) {
		size_t col = 0;
		while (col < u->k->t->ncols && !applies(u, &ops[i], col))
			col++;
		if (col < u->k->t->ncols) u->args[u->nargs++] = str_from(ops[i].arg);
	}
}

/* ---- one operator ---- */

static bool read_value(const updating *u, const op_rule *r, const snap_column *col, const input *given, val *out)
{
	plan_ctx *c = u->k->c;
	value_type t;
	input in = *given;
	switch (r->value) {
	case OP_COLUMN: t = value_type_column(c, u->k->src, col); return mutation_value(c, &t, col->nullable, &in, out);
	case OP_TEXT: t = value_type_named(c, u->k->src, STR("text")); return mutation_value(c, &t, true, &in, out);
	case OP_INT: t = value_type_named(c, u->k->src, STR("int4")); return mutation_value(c, &t, false, &in, out);
	case OP_TEXTS: break;
	}
	t = value_type_named(c, u->k->src, STR("text"));
	return input_peel_value(c, &in, type_list(STR("String"))) && value_read_array(c, &t, &in, out);
}

static bool read_operator(const updating *u, const op_rule *r, const input *given, item_vec *items)
{
	plan_ctx *c = u->k->c;
	const snap_table *t = u->k->t;
	str type = str_cat(c->a, 4, t->type, STR("_"), str_from(r->op), STR("_input"));
	input in = *given;
	input_object o;
	if (!input_peel_value(c, &in, type_nullable(type)) || !input_members(c, &in, type, &o)) return false;
	for (size_t i = 0; i < o.n; i++) {
		const snap_field *f = snap_table_field(t, o.v[i].name);
		if (!f || f->kind != FIELD_COLUMN || !applies(u, r, f->index))
			return input_unknown_field(c, &o.v[i], type) ||
				missing_because(c, missing_write(c, u->k->src, t, u->perm, false, o.v[i].name));
		plan_set_item item = {.col = &t->cols[f->index], .op = str_from(r->op)};
		if (!read_value(u, r, item.col, &o.v[i].value, &item.value)) return false;
		vec_push(c->a, items, item);
	}
	return true;
}

/* ---- one batch ---- */

static void add_presets(const updating *u, item_vec *items)
{
	for (size_t i = 0; i < u->perm->nset; i++) {
		const snap_preset *p = &u->perm->set[i];
		plan_set_item item = {.col = &u->k->t->cols[p->col], .op = STR("set"), .value = p->value};
		permit_val(u->k->c, &p->value);
		vec_push(u->k->c->a, items, item);
	}
}

static bool check_once(const updating *u, const item_vec *items, const plan_path *at)
{
	plan_ctx *c = u->k->c;
	str_vec twice = {0};
	for (size_t i = 0; i < items->n; i++) {
		size_t same = 0, before = 0;
		for (size_t j = 0; j < items->n; j++) {
			same += items->v[j].col == items->v[i].col;
			before += j < i && items->v[j].col == items->v[i].col;
		}
		if (same > 1 && !before) vec_push(c->a, &twice, items->v[i].col->cat->name);
	}
	if (!twice.n) return true;
	str list = plan_name_list(c->a, twice.v, twice.n);
	if (twice.n == 1) list = str_sub(list, 1, list.n - 2);
	return plan_fail(c, at, "Column found in multiple operators: %.*s.", STR_ARG(list));
}

/* get finds an operator's argument or member. */
static bool read_batch(const updating *u, bool (*get)(plan_ctx *c, void *data, str name, input *out), void *data,
	const plan_path *at, plan_update *out)
{
	item_vec items = {0};
	for (size_t i = 0; i < NOPS; i++) {
		input in;
		if (get(u->k->c, data, str_from(ops[i].arg), &in) && !read_operator(u, &ops[i], &in, &items))
			return false;
	}
	if (!check_once(u, &items, at)) return false;
	add_presets(u, &items);
	out->items = items.v;
	out->nitems = items.n;
	return true;
}

static bool argument(plan_ctx *c, void *data, str name, input *out)
{
	const mutating *k = data;
	return sel_argument(c, k->f, k->at, name, out);
}

static bool member(plan_ctx *c, void *data, str name, input *out)
{
	const input *in = input_get(data, name);
	(void)c;
	if (in) *out = *in;
	return in != NULL;
}

/* ---- which rows ---- */

static bool read_key(updating *u, plan_update *out)
{
	mutating *k = u->k;
	str type = mutation_type(k->c, k->t, "_pk_columns_input");
	input in;
	input_object o;
	if (!mutation_argument(k, STR("pk_columns"), type_required(type), &in) || !input_members(k->c, &in, type, &o))
		return false;
	str *names = NEW_ARRAY(k->c->a, str, k->t->pk->ncols);
	size_t n = 0;
	for (size_t p = 0; p < k->t->pk->ncols; p++)
		for (size_t i = 0; i < k->t->ncols; i++)
			if (k->t->cols[i].cat->attnum == k->t->pk->cols[p]) names[n++] = k->t->cols[i].gql_name;
	return input_only(k->c, &o, type, names, n) &&
		key_equalities(k->c, k->src, k->t, in.at, member, &o, &out->where);
}

static bool read_where(updating *u, const input *in, plan_update *out)
{
	return where_read(u->k->c, u->k->src, u->k->t, in, &out->where);
}

static bool read_one(updating *u, bool by_pk)
{
	mutating *k = u->k;
	plan_update *out = NEW(k->c->a, plan_update);
	u->args[u->nargs++] = by_pk ? STR("pk_columns") : STR("where");
	if (!sel_arguments(k->c, k->f, k->at, u->args, u->nargs)) return false;
	if (!read_batch(u, argument, k, k->args, out)) return false;
	k->m->updates = out;
	k->m->nupdates = 1;
	if (by_pk) return read_key(u, out);
	input in;
	in_type type = type_required(mutation_type(k->c, k->t, "_bool_exp"));
	return mutation_argument(k, STR("where"), type, &in) && read_where(u, &in, out);
}

static bool read_many(updating *u)
{
	mutating *k = u->k;
	const str name = STR("updates");
	str type = mutation_type(k->c, k->t, "_updates");
	input in;
	input_list items;
	if (!sel_arguments(k->c, k->f, k->at, &name, 1)) return false;
	if (!mutation_argument(k, name, type_list_required(type), &in) || !input_items(k->c, &in, &items)) return false;
	plan_update *out = NEW_ARRAY(k->c->a, plan_update, items.n);
	u->args[u->nargs++] = STR("where");
	for (size_t i = 0; i < items.n; i++) {
		input one = items.v[i], where;
		input_object o;
		if (!input_peel_value(k->c, &one, type_required(type)) || !input_members(k->c, &one, type, &o))
			return false;
		if (!input_only(k->c, &o, type, u->args, u->nargs) || !read_batch(u, member, &o, one.at, &out[i]))
			return false;
		in_type exp = type_required(mutation_type(k->c, k->t, "_bool_exp"));
		if (!mutation_member(k->c, &o, one.at, STR("where"), exp, &where) || !read_where(u, &where, &out[i]))
			return false;
	}
	k->m->kind = MUT_UPDATE_MANY;
	k->m->updates = out;
	k->m->nupdates = items.n;
	return true;
}

/* Hasura v2: the arguments as they are; of many, the list. */
static void note_update(updating *u, md_root_field field)
{
	plan_ctx *c = u->k->c;
	json *args = json_new_object(c->a);
	for (const gq_value *v = u->k->f->first->args; v; v = v->next) {
		input in = input_literal(v, NULL);
		json_set(args, str_copy(c->a, v->name), json_copy(c->a, input_json(c, &in)));
	}
	json *list = field == ROOT_UPDATE_MANY ? json_copy(c->a, json_getz(args, "updates")) : json_new_array(c->a);
	if (field != ROOT_UPDATE_MANY) json_push(list, args);
	plan_validation v = {.table = u->k->t, .definition = u->perm->validate_input, .input = list};
	vec_push(c->a, &u->k->validations, v);
}

bool mutation_update(mutating *k, md_root_field field)
{
	updating u = {.k = k, .perm = permit_all(k->c, k->src, k->t)->update};
	k->m->kind = MUT_UPDATE;
	k->m->path = STR("$");
	k->m->filter = permit_filter(k->c, u.perm->filter);
	k->m->check = permit_filter(k->c, u.perm->check);
	offer(&u);
	if (!(field == ROOT_UPDATE_MANY ? read_many(&u) : read_one(&u, field == ROOT_UPDATE_BY_PK))) return false;
	if (u.perm->validate_input) note_update(&u, field);
	return true;
}
