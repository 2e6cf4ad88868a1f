/* mutation_conflict: on_conflict of an insert. Hasura v2: Backends/Postgres/Schema/OnConflict.hs. */
#include "plan/mutation.h"

bool mutation_has_conflict(const snap_table *t)
{
	for (size_t i = 0; i < t->cat->nkeys; i++)
		if (t->cat->keys[i].constraint && str_is_name(t->cat->keys[i].name)) return true;
	return false;
}

static bool read_constraint(plan_ctx *c, const snap_table *t, input_object *o, const plan_path *at, plan_conflict *out)
{
	str type = mutation_type(c, t, "_constraint");
	str *names = NEW_ARRAY(c->a, str, t->cat->nkeys);
	size_t n = 0, chosen;
	for (size_t i = 0; i < t->cat->nkeys; i++)
		if (t->cat->keys[i].constraint && str_is_name(t->cat->keys[i].name)) names[n++] = t->cat->keys[i].name;
	input in;
	if (!mutation_member(c, o, at, STR("constraint"), type_required(type), &in)) return false;
	if (!input_enum(c, &in, type, names, n, &chosen)) return false;
	out->constraint = names[chosen];
	return true;
}

/* Without a column that may be updated the enum has a placeholder, so that an empty list stays possible. */
static bool read_columns(plan_ctx *c, const snap_table *t, const snap_write_perm *perm, const input *given,
	const plan_path *at, plan_conflict *out)
{
	str type = mutation_type(c, t, "_update_column"), *names;
	size_t *indices, n;
	const bool *granted = perm ? perm->cols : NEW_ARRAY(c->a, bool, t->ncols);
	mutation_columns(c, t, granted, &names, &indices, &n);
	static const str placeholder = STR_INIT("_PLACEHOLDER");
	input in = *given;
	input_list items;
	in_type list = type_list_required(type);
	if (!input_peel(c, &in, list, true) || !input_items(c, &in, &items)) return false;
	out->update = NEW_ARRAY(c->a, const snap_column *, items.n);
	for (size_t i = 0; i < items.n; i++) {
		input one = items.v[i];
		size_t chosen;
		if (!input_peel_value(c, &one, type_required(type))) return false;
		if (!input_enum(c, &one, type, n ? names : &placeholder, n ? n : 1, &chosen)) return false;
		if (!n) return plan_fail(c, at, "erroneous column name");
		out->update[out->nupdate++] = &t->cols[indices[chosen]];
	}
	return true;
}

static void add_presets(plan_ctx *c, const snap_table *t, const snap_write_perm *perm, plan_conflict *out)
{
	plan_set_item *items = NEW_ARRAY(c->a, plan_set_item, perm->nset);
	for (size_t i = 0; i < perm->nset; i++) {
		items[i] = (plan_set_item){
			.col = &t->cols[perm->set[i].col], .op = STR("set"), .value = perm->set[i].value};
		permit_val(c, &items[i].value);
	}
	out->presets = items;
	out->npresets = perm->nset;
}

bool mutation_conflict(
	plan_ctx *c, const snap_source *src, const snap_table *t, const input *in, const plan_conflict **out)
{
	static const str names[] = {STR_INIT("constraint"), STR_INIT("update_columns"), STR_INIT("where")};
	str type = mutation_type(c, t, "_on_conflict");
	const snap_write_perm *perm = mutation_update_perm(c, src, t);
	plan_conflict *k = NEW(c->a, plan_conflict);
	input_object o;
	if (!input_members(c, in, type, &o) || !input_only(c, &o, type, names, 3)) return false;
	if (!read_constraint(c, t, &o, in->at, k)) return false;
	const input *where = input_get(&o, names[2]), *columns = input_get(&o, names[1]);
	if (where) {
		input one = *where;
		if (!input_peel_value(c, &one, type_nullable(mutation_type(c, t, "_bool_exp")))) return false;
		if (!where_read(c, src, t, &one, &k->where)) return false;
	}
	if (columns && !read_columns(c, t, perm, columns, in->at, k)) return false;
	if (perm && k->nupdate) {
		add_presets(c, t, perm, k);
		k->filter = permit_filter(c, perm->filter);
	}
	if (perm) {
		k->check = permit_filter(c, perm->check);
		k->has_update_check = perm->check != NULL;
	}
	*out = k;
	return true;
}
