/*
 * mutation_insert: INSERT of many rows at once, and the list of statements of nested inserts. Order of the latter, Hasura v2
 * (Backends/Postgres/Execute/Insert.hs): object relationships the row refers to, the row, array relationships, object
 * relationships that refer to the row; depth first, row by row.
 */
#include "sql/mutation_build.h"

/* PostgreSQL takes 65,535 parameters; checks, conditions and what is returned have some too. */
enum { VALUES_MAX = 60000 };

/* A column whose value another statement's row gives. */
typedef struct linked {
	str column;
	size_t slot;
	const snap_table *from;
	str from_column;
} linked;

typedef VEC(linked) linked_vec;

/* One INSERT: rows from … to-1 of ins. */
typedef struct inserting {
	change *ch;
	const plan_insert *ins;
	size_t from;
	size_t to;
	const linked *links; /* those whose column no row gives itself */
	size_t nlinks;
} inserting;

static const catalog *catalog_of(const inserting *x)
{
	return x->ins->source->cat;
}

static void put_linked(const inserting *x, buf *text, const linked *l)
{
	const cat_column *to = cat_table_column(x->ins->table->cat, l->column);
	const cat_column *from = cat_table_column(l->from->cat, l->from_column);
	buf_puts(text, "((");
	put_slot(&x->ch->b, text, l->slot);
	buf_puts(text, ")::");
	sql_put_qname(text, l->from->name);
	buf_puts(text, ").");
	sql_put_ident(text, l->from_column);
	if (!to || !from || to->type == from->type) return;
	buf_puts(text, "::text::");
	buf_put(text, cat_sql_type(x->ch->mk->a, catalog_of(x), to->type));
}

static void put_columns(const inserting *x, buf *text)
{
	buf_puts(text, " (");
	for (size_t i = 0; i < x->ins->ncols; i++) {
		if (i) buf_puts(text, ", ");
		sql_put_ident(text, x->ins->cols[i]->cat->name);
	}
	for (size_t i = 0; i < x->nlinks; i++) {
		if (i || x->ins->ncols) buf_puts(text, ", ");
		sql_put_ident(text, x->links[i].column);
	}
	/* Several rows of defaults only: some column has to be named. */
	if (!x->ins->ncols && !x->nlinks) sql_put_ident(text, x->ins->table->cat->cols[0].name);
	buf_putc(text, ')');
}

static void put_row_values(const inserting *x, buf *text, const plan_row *row)
{
	buf_putc(text, '(');
	for (size_t i = 0; i < x->ins->ncols; i++) {
		if (i) buf_puts(text, ", ");
		if (row->values[i]) sql_put_val(&x->ch->b, text, row->values[i]);
		else buf_puts(text, "DEFAULT");
	}
	for (size_t i = 0; i < x->nlinks; i++) {
		if (i || x->ins->ncols) buf_puts(text, ", ");
		put_linked(x, text, &x->links[i]);
	}
	if (!x->ins->ncols && !x->nlinks) buf_puts(text, "DEFAULT");
	buf_putc(text, ')');
}

/* ---- a list in the variables: one array per column ---- */

static void put_bulk_value(const inserting *x, buf *text, size_t i, size_t *next)
{
	const val *v = x->ins->rows[0].values[i];
	if (!v->is_list) {
		sql_put_val(&x->ch->b, text, v);
		return;
	}
	bool as_text = str_eqz(v->cast, "text[]");
	++*next;
	if (v->from_geojson) buf_printf(text, "ST_GeomFromGeoJSON(u.c%zu)", *next);
	else buf_printf(text, "u.c%zu", *next);
	if (!as_text) return;
	buf_puts(text, "::");
	buf_put(text, x->ins->cols[i]->cast);
}

static void put_bulk(const inserting *x, buf *text)
{
	size_t next = 0;
	buf_puts(text, " SELECT ");
	for (size_t i = 0; i < x->ins->ncols; i++) {
		if (i) buf_puts(text, ", ");
		put_bulk_value(x, text, i, &next);
	}
	for (size_t i = 0; i < x->nlinks; i++) {
		buf_puts(text, ", ");
		put_linked(x, text, &x->links[i]);
	}
	buf_puts(text, " FROM unnest(");
	next = 0;
	for (size_t i = 0; i < x->ins->ncols; i++) {
		const val *v = x->ins->rows[0].values[i];
		if (!v->is_list) continue;
		if (next++) buf_puts(text, ", ");
		val array = *v;
		array.from_geojson = false;
		sql_put_val(&x->ch->b, text, &array);
	}
	buf_puts(text, ") AS u(");
	for (size_t i = 1; i <= next; i++)
		buf_printf(text, i > 1 ? ", c%zu" : "c%zu", i);
	buf_putc(text, ')');
}

/* ---- ON CONFLICT ---- */

static void put_conflict(change *ch, buf *text, const plan_conflict *k)
{
	buf_puts(text, " ON CONFLICT");
	if (k->constraint.p) {
		buf_puts(text, " ON CONSTRAINT ");
		sql_put_ident(text, k->constraint);
	}
	for (size_t i = 0; i < k->non; i++) {
		buf_puts(text, i ? ", " : " (");
		sql_put_ident(text, k->on[i]->cat->name);
	}
	if (k->non) buf_putc(text, ')');
	if (!k->nupdate) {
		buf_puts(text, " DO NOTHING");
		return;
	}
	buf_puts(text, " DO UPDATE SET ");
	for (size_t i = 0; i < k->nupdate; i++) {
		if (i) buf_puts(text, ", ");
		sql_put_ident(text, k->update[i]->cat->name);
		buf_puts(text, " = EXCLUDED.");
		sql_put_ident(text, k->update[i]->cat->name);
	}
	if (k->npresets) buf_puts(text, ", ");
	put_set_items(&ch->b, text, k->presets, k->npresets, ch->alias);
	buf cond = {0};
	if (sql_put_filters(&ch->b, &cond, k->filter, k->where, ch->alias)) {
		buf_puts(text, " WHERE ");
		buf_put(text, buf_str(&cond));
	}
	buf_free(&cond);
}

/* ---- one INSERT ---- */

static bool gives(const plan_insert *ins, str column)
{
	for (size_t i = 0; i < ins->ncols; i++)
		if (str_eq(ins->cols[i]->cat->name, column)) return true;
	return false;
}

/* Hasura v2: a preset wins over what a relationship determines. */
static const linked *links_of(arena *a, const plan_insert *ins, const linked_vec *links, size_t *n)
{
	linked *out = NEW_ARRAY(a, linked, links->n);
	*n = 0;
	for (size_t i = 0; i < links->n; i++)
		if (!gives(ins, links->v[i].column)) out[(*n)++] = links->v[i];
	return out;
}

static void write_insert(
	mut_maker *mk, change *ch, const plan_insert *ins, size_t from, size_t to, const linked_vec *links, str path)
{
	sql_change_begin(ch, mk, ins->table, path);
	ch->check = ins->check;
	ch->conflict = ins->conflict;
	inserting x = {.ch = ch, .ins = ins, .from = from, .to = to};
	x.links = links_of(mk->a, ins, links, &x.nlinks);
	buf *text = &ch->text;
	buf_puts(text, "INSERT INTO ");
	sql_put_qname(text, ins->table->name);
	buf_puts(text, " AS ");
	sql_put_alias(text, ch->alias);
	bool none = !ins->ncols && !x.nlinks;
	if (none && to - from == 1) {
		buf_puts(text, " DEFAULT VALUES");
	} else {
		put_columns(&x, text);
		if (ins->bulk) put_bulk(&x, text);
		else buf_puts(text, " VALUES ");
		for (size_t i = from; i < to && !ins->bulk; i++) {
			if (i > from) buf_puts(text, ", ");
			put_row_values(&x, text, &ins->rows[i]);
		}
	}
	if (ins->conflict) put_conflict(ch, text, ins->conflict);
}

/* All rows at once, or as many as a statement can take. */
static void insert_many(mut_maker *mk, const plan_insert *ins, const linked_vec *links, bool select)
{
	size_t per = VALUES_MAX / (ins->ncols + links->n + 1);
	if (!per) per = 1;
	for (size_t from = 0; from < ins->nrows; from += per) {
		size_t to = ins->nrows - from < per ? ins->nrows : from + per;
		change ch;
		write_insert(mk, &ch, ins, from, to, links, ins->path);
		change_finish(&ch, select);
	}
}

/* ---- nested ---- */

static void insert_any(mut_maker *mk, const plan_insert *ins, const linked_vec *links, bool select);

/* What another row knows of this one: its columns by the pairs of rel, in the direction asked for. */
static void link_pairs(
	mut_maker *mk, linked_vec *out, const snap_rel *rel, size_t slot, const snap_table *from, bool to_local)
{
	for (size_t i = 0; i < rel->npairs; i++) {
		linked l = {.slot = slot, .from = from};
		l.column = to_local ? rel->pairs[i].local : rel->pairs[i].remote;
		l.from_column = to_local ? rel->pairs[i].remote : rel->pairs[i].local;
		vec_push(mk->a, out, l);
	}
}

static bool has_after(const plan_row *row)
{
	for (size_t i = 0; i < row->nnested; i++)
		if (!row->nested[i].before) return true;
	return false;
}

static void insert_after(mut_maker *mk, const plan_insert *ins, const plan_row *row, size_t slot)
{
	for (int objects = 0; objects < 2; objects++)
		for (size_t i = 0; i < row->nnested; i++) {
			const plan_nested *n = &row->nested[i];
			if (n->before || n->rel->array == (objects == 1)) continue;
			linked_vec links = {0};
			link_pairs(mk, &links, n->rel, slot, ins->table, false);
			insert_any(mk, n->insert, &links, false);
		}
}

static str table_name(mut_maker *mk, const snap_table *t)
{
	return qname_display(mk->a, t->name);
}

/* One row and all that hangs on it. as: the object relationship it is inserted for before its parent, which then finds it in
   slot *slot; NULL: none. Depth: bounded by plan_enter. */
static void insert_row(mut_maker *mk, const plan_insert *ins, size_t index, const linked_vec *given,
	const plan_nested *as, size_t *slot, bool select)
{
	const plan_row *row = &ins->rows[index];
	linked_vec links = {0};
	for (size_t i = 0; i < row->nnested; i++) {
		const plan_nested *n = &row->nested[i];
		if (!n->before) continue;
		size_t s;
		linked_vec none = {0};
		insert_row(mk, n->insert, 0, &none, n, &s, false);
		link_pairs(mk, &links, n->rel, s, n->insert->table, true);
	}
	for (size_t i = 0; i < given->n; i++)
		vec_push(mk->a, &links, given->v[i]);
	bool after = has_after(row);
	change_row how = {.slot = as || after ? slot_take(mk) : SIZE_MAX, .select = select};
	str table = table_name(mk, ins->table);
	if (after) {
		how.no_row_path = row->path;
		how.no_row = str_printf(mk->a,
			"cannot proceed to insert array relations since insert to table \"%.*s\" affects zero rows",
			STR_ARG(table));
	} else if (as) {
		how.no_row_path = as->path;
		how.no_row = str_printf(mk->a,
			"cannot proceed to insert object relation \"%.*s\" since insert to table \"%.*s\" affects zero rows",
			STR_ARG(as->rel->name), STR_ARG(table));
	}
	change ch;
	write_insert(mk, &ch, ins, index, index + 1, &links, row->path);
	change_finish_row(&ch, &how);
	for (size_t i = 0; i < links.n - given->n; i++)
		slot_give(mk, links.v[i].slot);
	if (after) insert_after(mk, ins, row, how.slot);
	if (as) *slot = how.slot;
	else if (after) slot_give(mk, how.slot);
}

static void insert_any(mut_maker *mk, const plan_insert *ins, const linked_vec *links, bool select)
{
	if (!ins->nested) {
		insert_many(mk, ins, links, select);
		return;
	}
	for (size_t i = 0; i < ins->nrows; i++)
		insert_row(mk, ins, i, links, NULL, NULL, select);
	if (select && mk->kept) change_select_kept(mk, ins->path);
}

void make_insert(mut_maker *mk, const plan_insert *ins)
{
	linked_vec none = {0};
	insert_any(mk, ins, &none, true);
}
