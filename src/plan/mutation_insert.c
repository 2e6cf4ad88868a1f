/*
 * mutation_insert: objects to insert, with what is nested in them. Hasura v2: GraphQL/Schema/Mutation.hs,
 * Backends/Postgres/Execute/Insert.hs (what may not be given twice).
 */
#include "plan/mutation.h"
#include "plan/missing.h"

/* One insert into one table: a root field, or the data of a relationship. */
typedef struct inserting {
	mutating *k;
	const snap_table *t;
	const snap_write_perm *perm;
	const str *given; /* columns the parent determines */
	size_t ngiven;
	const plan_path *at; /* where errors are that come when the insert runs: objects[0].rel.data */
	bool single;         /* inserted as one object, not as a list of one */
	json *shown;         /* rows for a validation webhook; NULL: none wants them */
	plan_insert *out;
} inserting;

/* What is to be inserted. */
typedef struct insert_spec {
	const snap_table *t;
	const snap_rel *rel; /* NULL: a root field */
	const input *data;
	bool one;
	const plan_path *at;
	json *shown; /* the outer rows' place for these; NULL: not shown there */
} insert_spec;

typedef VEC(plan_nested) nested_vec;

/* A row being read. */
typedef struct row_draft {
	const val **values; /* by column of the table; NULL: not given */
	nested_vec nested;
	json *shown;
	const plan_path *at; /* as of inserting */
} row_draft;

static bool read_insert(mutating *k, const insert_spec *s, plan_insert **out);

/* Hasura v2: no difference is made in nested inserts; here a permission for trusted backends stays with them. */
static const snap_write_perm *insert_perm(plan_ctx *c, const snap_source *src, const snap_table *t)
{
	const snap_write_perm *p = t ? permit_all(c, src, t)->insert : NULL;
	return p && p->backend_only && !c->req->backend ? NULL : p;
}

static bool has_name(const str *names, size_t n, str name)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(names[i], name)) return true;
	return false;
}

static str quoted_list(plan_ctx *c, const str_vec *names)
{
	str out = STR("");
	for (size_t i = 0; i < names->n; i++)
		out = str_cat(c->a, 5, out, i ? STR(", ") : STR(""), STR("\""), names->v[i], STR("\""));
	return out;
}

/* ---- columns ---- */

static bool read_column(inserting *x, size_t index, const input *in, row_draft *d)
{
	plan_ctx *c = x->k->c;
	const snap_column *col = &x->t->cols[index];
	value_type type = value_type_column(c, x->k->src, col);
	val *v = NEW(c->a, val);
	if (!mutation_value(c, &type, col->nullable, in, v)) return false;
	d->values[index] = v;
	if (d->shown) json_set(d->shown, col->cat->name, json_copy(c->a, input_json(c, in)));
	return true;
}

/* ---- relationships ---- */

static bool read_nested_data(inserting *x, const snap_rel *rel, const snap_table *target, input_object *o,
	const plan_path *at, str type, row_draft *d, plan_nested *n)
{
	plan_ctx *c = x->k->c;
	str row = mutation_type(c, target, "_insert_input");
	const str names[] = {STR("data"), STR("on_conflict")};
	input data;
	if (!input_only(c, o, type, names, mutation_has_conflict(target) ? 2 : 1)) return false;
	if (!mutation_member(c, o, at, names[0], rel->array ? type_list_required(row) : type_required(row), &data))
		return false;
	insert_spec s = {.t = target, .rel = rel, .data = &data, .one = !rel->array};
	s.at = path_key(c, path_key(c, d->at, rel->name), names[0]);
	if (d->shown)
		s.shown = json_setz(json_set(d->shown, rel->name, json_new_object(c->a)), "data", json_new_array(c->a));
	if (!read_insert(x->k, &s, &n->insert)) return false;
	/* One object, not a list of one. */
	if (s.shown && s.one) json_setz(json_get(d->shown, rel->name), "data", json_copy(c->a, s.shown->first));
	const input *conflict = input_get(o, names[1]);
	if (!conflict) return true;
	input in = *conflict;
	if (!input_peel_value(c, &in, type_nullable(mutation_type(c, target, "_on_conflict")))) return false;
	return mutation_conflict(c, x->k->src, target, &in, &n->insert->conflict);
}

static bool read_relationship(inserting *x, const snap_rel *rel, const input_member *m, row_draft *d)
{
	plan_ctx *c = x->k->c;
	const snap_table *target = snap_source_table(x->k->src, rel->target);
	if (!insert_perm(c, x->k->src, target))
		return input_unknown_field(c, m, mutation_type(c, x->t, "_insert_input")) ||
			missing_because(c, missing_write(c, x->k->src, x->t, x->perm, true, m->name));
	str type = mutation_type(c, target, rel->array ? "_arr_rel_insert_input" : "_obj_rel_insert_input");
	input in = m->value;
	input_object o;
	if (!input_peel_value(c, &in, type_nullable(type))) return false;
	if (input_is_null(&in)) return true;
	if (!plan_enter(c, in.at) || !input_members(c, &in, type, &o)) return false;
	plan_nested n = {.rel = rel, .before = !rel->array && rel->insert_before};
	n.path = path_text(c, path_key(c, d->at, rel->name));
	if (!read_nested_data(x, rel, target, &o, in.at, type, d, &n)) return false;
	plan_leave(c);
	/* Hasura v2: an empty list counts as absent. */
	if (n.insert->nrows) vec_push(c->a, &d->nested, n);
	return true;
}

/* ---- a row ---- */

static bool check_given(const inserting *x, const row_draft *d)
{
	plan_ctx *c = x->k->c;
	str_vec twice = {0};
	for (size_t i = 0; i < x->t->ncols; i++) {
		str name = x->t->cols[i].cat->name;
		if (d->values[i] && has_name(x->given, x->ngiven, name)) vec_push(c->a, &twice, name);
	}
	if (!twice.n) return true;
	return plan_fail(c, d->at,
		"cannot insert %.*s columns as their values are already being determined by parent insert",
		STR_ARG(quoted_list(c, &twice)));
}

static bool given_here(const inserting *x, const row_draft *d, str column)
{
	if (has_name(x->given, x->ngiven, column)) return true;
	for (size_t i = 0; i < x->t->ncols; i++)
		if (d->values[i] && str_eq(x->t->cols[i].cat->name, column)) return true;
	return false;
}

static bool check_nested(const inserting *x, const row_draft *d)
{
	plan_ctx *c = x->k->c;
	for (size_t i = 0; i < d->nested.n; i++) {
		const plan_nested *n = &d->nested.v[i];
		str_vec twice = {0};
		if (!n->before) continue;
		for (size_t p = 0; p < n->rel->npairs; p++)
			if (given_here(x, d, n->rel->pairs[p].local)) vec_push(c->a, &twice, n->rel->pairs[p].local);
		if (!twice.n) continue;
		return plan_fail(c, path_key(c, d->at, n->rel->name),
			"cannot insert object relationship \"%.*s\" as %.*s column values are already determined",
			STR_ARG(n->rel->name), STR_ARG(quoted_list(c, &twice)));
	}
	return true;
}

static void add_presets(const inserting *x, row_draft *d)
{
	for (size_t i = 0; i < x->perm->nset; i++) {
		permit_val(x->k->c, &x->perm->set[i].value);
		d->values[x->perm->set[i].col] = &x->perm->set[i].value;
	}
}

static bool read_row(inserting *x, const input *given, row_draft *d)
{
	plan_ctx *c = x->k->c;
	str type = mutation_type(c, x->t, "_insert_input");
	input in = *given;
	input_object o;
	if (!input_peel_value(c, &in, type_required(type)) || !input_members(c, &in, type, &o)) return false;
	d->values = NEW_ARRAY(c->a, const val *, x->t->ncols);
	if (x->shown) d->shown = json_push(x->shown, json_new_object(c->a));
	for (size_t i = 0; i < o.n; i++) {
		const snap_field *f = snap_table_field(x->t, o.v[i].name);
		bool fine = false;
		if (f && f->kind == FIELD_COLUMN && x->perm->cols[f->index])
			fine = read_column(x, f->index, &o.v[i].value, d);
		else if (f && (f->kind == FIELD_OBJECT || f->kind == FIELD_ARRAY))
			fine = read_relationship(x, &x->t->rels[f->index], &o.v[i], d);
		else
			fine = input_unknown_field(c, &o.v[i], type) ||
				missing_because(c, missing_write(c, x->k->src, x->t, x->perm, true, o.v[i].name));
		if (!fine) return false;
	}
	if (!check_given(x, d) || !check_nested(x, d)) return false;
	add_presets(x, d);
	return true;
}

/* ---- all rows ---- */

/* Columns any row gives, and the rows' values by them. */
static void lay_out(inserting *x, const row_draft *rows, size_t n)
{
	plan_ctx *c = x->k->c;
	plan_insert *out = x->out;
	size_t *indices = NEW_ARRAY(c->a, size_t, x->t->ncols);
	out->cols = NEW_ARRAY(c->a, const snap_column *, x->t->ncols);
	for (size_t i = 0; i < x->t->ncols; i++) {
		bool any = false;
		for (size_t r = 0; r < n && !any; r++)
			any = rows[r].values[i] != NULL;
		if (!any) continue;
		indices[out->ncols] = i;
		out->cols[out->ncols++] = &x->t->cols[i];
	}
	out->rows = NEW_ARRAY(c->a, plan_row, n);
	out->nrows = n;
	for (size_t r = 0; r < n; r++)
		out->nested |= rows[r].nested.n > 0;
	for (size_t r = 0; r < n; r++) {
		plan_row *row = &out->rows[r];
		*row = (plan_row){.nested = rows[r].nested.v, .nnested = rows[r].nested.n};
		if (out->nested || x->single) row->path = path_text(c, rows[r].at);
		row->values = NEW_ARRAY(c->a, const val *, out->ncols);
		for (size_t i = 0; i < out->ncols; i++)
			row->values[i] = rows[r].values[indices[i]];
	}
}

/* Column i has the same value in all rows, or only values that are known. */
static bool is_known(const plan_insert *ins, size_t i, bool *same)
{
	*same = true;
	for (size_t r = 0; r < ins->nrows; r++) {
		const val *v = ins->rows[r].values[i];
		if (!v) return false;
		*same &= v == ins->rows[0].values[i];
		if (!*same && v->kind != VAL_CONST && v->kind != VAL_NULL) return false;
	}
	return *same || ins->rows[0].values[i]->kind == VAL_CONST || ins->rows[0].values[i]->kind == VAL_NULL;
}

/* Many rows of a literal: an array for each column costs the database less than a parameter for each value. */
static void make_arrays(inserting *x)
{
	plan_ctx *c = x->k->c;
	plan_insert *ins = x->out;
	const val **values = NEW_ARRAY(c->a, const val *, ins->ncols),
		  **column = NEW_ARRAY(c->a, const val *, ins->nrows);
	bool same, any = false;
	for (size_t i = 0; i < ins->ncols; i++) {
		if (!is_known(ins, i, &same)) return;
		values[i] = ins->rows[0].values[i];
		if (same) continue;
		any = true;
		for (size_t r = 0; r < ins->nrows; r++)
			column[r] = ins->rows[r].values[i];
		value_type type = value_type_column(c, x->k->src, ins->cols[i]);
		val *v = NEW(c->a, val);
		*v = value_column_of(c, &type, column, ins->nrows);
		values[i] = v;
	}
	if (!any) return;
	ins->rows[0].values = values;
	ins->nrows = 1;
	ins->bulk = true;
}

static bool only_columns(const inserting *x, const json *object)
{
	JSON_EACH (m, object) {
		const snap_field *f = snap_table_field(x->t, m->key);
		if (!f || f->kind != FIELD_COLUMN || !x->perm->cols[f->index]) return false;
	}
	return true;
}

/* A long list of plain objects in the variables: each column is one array, whatever the number of rows. */
static bool read_bulk(inserting *x, const input *in)
{
	plan_ctx *c = x->k->c;
	row_draft d = {.values = NEW_ARRAY(c->a, const val *, x->t->ncols), .at = path_index(c, x->at, 0)};
	JSON_EACH (m, in->j->first) {
		size_t index = snap_table_field(x->t, m->key)->index;
		const snap_column *col = &x->t->cols[index];
		value_type type = value_type_column(c, x->k->src, col);
		val *v = NEW(c->a, val);
		if (!value_read_column(c, &type, col->nullable, in, m->key, v)) return false;
		d.values[index] = v;
	}
	if (!check_given(x, &d)) return false;
	add_presets(x, &d);
	lay_out(x, &d, 1);
	x->out->bulk = true;
	return true;
}

static bool read_rows(inserting *x, const input *in)
{
	plan_ctx *c = x->k->c;
	bool uniform = in->j && !x->shown && plan_list_is_uniform(in->j);
	if (uniform && in->j->first->count && only_columns(x, in->j->first)) return read_bulk(x, in);
	input_list items;
	if (!input_items(c, in, &items)) return false;
	row_draft *rows = NEW_ARRAY(c->a, row_draft, items.n);
	for (size_t i = 0; i < items.n; i++) {
		rows[i].at = path_index(c, x->at, i);
		if (!read_row(x, &items.v[i], &rows[i])) return false;
	}
	lay_out(x, rows, items.n);
	if (items.n > SKELETON_LIST_MAX && !x->out->nested) make_arrays(x);
	return true;
}

/* Hasura v2: inserted as a list of one, but for object relationships that come before their parent. */
static bool read_single(inserting *x, const input *in)
{
	row_draft d = {.at = x->single ? x->at : path_index(x->k->c, x->at, 0)};
	if (!read_row(x, in, &d)) return false;
	lay_out(x, &d, 1);
	return true;
}

/* Rows shown to the webhook of this table are gathered over the whole mutation. */
static json *validation_rows(mutating *k, const snap_table *t, const snap_write_perm *perm)
{
	for (size_t i = 0; i < k->validations.n; i++)
		if (k->validations.v[i].table == t) return (json *)k->validations.v[i].input;
	json *list = json_new_array(k->c->a);
	plan_validation v = {.table = t, .definition = perm->validate_input, .input = list};
	vec_push(k->c->a, &k->validations, v);
	return list;
}

static bool read_insert(mutating *k, const insert_spec *s, plan_insert **out)
{
	plan_ctx *c = k->c;
	inserting x = {
		.k = k, .t = s->t, .at = s->at, .perm = insert_perm(c, k->src, s->t), .out = NEW(c->a, plan_insert)};
	x.single = s->rel && !s->rel->array && s->rel->insert_before;
	/* That kind determines the parent, the others are determined by it. */
	if (s->rel && !x.single) {
		str *names = NEW_ARRAY(c->a, str, s->rel->npairs);
		for (size_t i = 0; i < s->rel->npairs; i++)
			names[i] = s->rel->pairs[i].remote;
		x.given = names;
		x.ngiven = s->rel->npairs;
	}
	json *mine = x.perm->validate_input ? validation_rows(k, s->t, x.perm) : NULL;
	if (s->shown || mine) x.shown = s->shown ? s->shown : json_new_array(c->a);
	*x.out = (plan_insert){.source = k->src, .table = s->t, .path = path_text(c, s->at)};
	x.out->check = permit_filter(c, x.perm->check);
	if (!(s->one ? read_single(&x, s->data) : read_rows(&x, s->data))) return false;
	JSON_EACH (row, mine ? x.shown : NULL)
		json_push(mine, json_copy(c->a, row));
	*out = x.out;
	return true;
}

bool mutation_insert(mutating *k, bool one)
{
	plan_ctx *c = k->c;
	const str names[] = {one ? STR("object") : STR("objects"), STR("on_conflict")};
	str type = mutation_type(c, k->t, "_insert_input");
	input in, conflict;
	k->m->kind = MUT_INSERT;
	if (!sel_arguments(c, k->f, k->at, names, mutation_has_conflict(k->t) ? 2 : 1)) return false;
	if (!mutation_argument(k, names[0], one ? type_required(type) : type_list_required(type), &in)) return false;
	insert_spec s = {.t = k->t, .data = &in, .one = one, .at = in.at};
	if (!read_insert(k, &s, &k->m->insert)) return false;
	k->m->path = k->m->insert->path;
	if (!sel_argument(c, k->f, k->at, names[1], &conflict)) return true;
	if (!input_peel_value(c, &conflict, type_nullable(mutation_type(c, k->t, "_on_conflict")))) return false;
	return mutation_conflict(c, k->src, k->t, &conflict, &k->m->insert->conflict);
}
