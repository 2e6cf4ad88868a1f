/*
 * levels: a list inside many rows as a statement of its own, under the same snapshot. It selects the parents again, by a
 * semi-join, and brings the key along, by which exec gives each row to its parent.
 */
#include "sql/select.h"

bool level_repeatable(const maker *m, const plan_select *sel)
{
	if (!select_steady(m, sel)) return false;
	if (!select_bounded(sel)) return true;
	/* The primary key is appended to an order that is there; to impose one could change the plan for the worse. */
	return select_total_order(sel) || (sel->norder && sel->table->pk && !sel->table->cat->has_children);
}

enum {
	OID_BOOL = 16,
	OID_INT8 = 20,
	OID_INT2 = 21,
	OID_INT4 = 23,
	OID_OID = 26,
	OID_DATE = 1082,
	OID_TIMESTAMP = 1114,
	OID_TIMESTAMPTZ = 1184,
	OID_UUID = 2950
};

static bool integer(pg_oid t)
{
	return t == OID_INT2 || t == OID_INT4 || t == OID_INT8;
}

/* Equal by `=` exactly when equal as text (so not numeric, citext, char(n); text may have a collation that ignores case). */
static bool same_as_text(pg_oid x, pg_oid y)
{
	if (integer(x) && integer(y)) return true;
	return x == y &&
		(x == OID_UUID || x == OID_BOOL || x == OID_DATE || x == OID_TIMESTAMP || x == OID_TIMESTAMPTZ ||
			x == OID_OID);
}

static pg_oid column_type(const maker *m, const snap_table *t, str name)
{
	const cat_column *c = t ? cat_table_column(t->cat, name) : NULL;
	const cat_type *base = c ? catalog_base_type(m->source->cat, c->type) : NULL;
	return base ? base->oid : 0;
}

bool level_allowed(const maker *m, const place *p, const snap_rel *rel)
{
	if (!p->repeatable || !rel->npairs) return false;
	const snap_table *target = snap_source_table(m->source, rel->target);
	for (size_t i = 0; i < rel->npairs; i++) {
		pg_oid local = column_type(m, p->row.table, rel->pairs[i].local);
		if (!same_as_text(local, column_type(m, target, rel->pairs[i].remote))) return false;
	}
	return true;
}

/* ---- the parents again ---- */

static bool unfiltered(const bexp *e)
{
	return !e || e->kind == BEXP_TRUE;
}

/* The relationship follows a foreign key of the child, so that every key there is in the parent's table. */
static bool by_foreign_key(const snap_rel *rel, const cat_table *parent, const cat_table *child)
{
	for (size_t f = 0; child && f < child->nfks; f++) {
		const cat_fk *fk = &child->fks[f];
		if (fk->ref_oid != parent->oid || fk->ncols != rel->npairs) continue;
		size_t hits = 0;
		for (size_t i = 0; i < fk->ncols; i++)
			for (size_t k = 0; k < rel->npairs; k++)
				hits += rel->remote_nums[k] == fk->cols[i] && rel->local_nums[k] == fk->ref_nums[i];
		if (hits == rel->npairs) return true;
	}
	return false;
}

/* All rows of the parent's table are parents, and all rows of the child's table theirs. */
static bool whole(const level *of, const cat_table *child)
{
	const place *p = of->parent;
	const plan_select *sel = p->sel;
	if (p->up || select_bounded(sel) || !unfiltered(sel->filter) || !unfiltered(sel->where)) return false;
	if (p->of && !whole(p->of, sel->table->cat)) return false;
	return by_foreign_key(of->rel, sel->table->cat, child);
}

/* The joins from the statement's own row to the parent; returns the parent's alias. */
static unsigned join_path(sql_build *b, buf *from, const place *p, unsigned base)
{
	if (!p->up) return base;
	unsigned above = join_path(b, from, p->up, base);
	unsigned alias = sql_alias(b);
	buf_puts(from, " JOIN ");
	sql_put_qname(from, p->sel->table->name);
	buf_putc(from, ' ');
	sql_put_alias(from, alias);
	buf_puts(from, " ON ");
	sql_put_pairs(from, p->rel->pairs, p->rel->npairs, above, alias);
	buf cond = {0};
	if (sql_put_filters(b, &cond, p->sel->filter, p->sel->where, alias)) {
		buf_puts(from, " AND ");
		buf_put(from, buf_str(&cond));
	}
	buf_free(&cond);
	return alias;
}

void put_level_parents(sql_build *b, buf *text, const level *of, bool distinct)
{
	const place *base = of->parent;
	while (base->up)
		base = base->up;
	row_set r;
	row_source src = {.level = base->of};
	rows_begin(b, &r, base->sel, &src, ROWS_ANY_ORDER | ROWS_TOTAL | (of->parent->up || distinct ? ROWS_WRAP : 0u));
	unsigned alias = join_path(b, &r.from, of->parent, r.row.alias);
	buf list = {0};
	if (distinct) buf_puts(&list, "DISTINCT ");
	for (size_t i = 0; i < of->rel->npairs; i++) {
		if (i) buf_puts(&list, ", ");
		sql_put_column(&list, alias, of->rel->pairs[i].local);
		buf_puts(&list, " AS k");
		buf_put_u64(&list, i + 1);
	}
	rows_write(&r, text, &list);
	buf_free(&list);
	rows_free(&r);
}

bool put_level_condition(sql_build *b, buf *text, const level *of, unsigned alias)
{
	if (whole(of, of->sel->table->cat)) return false;
	size_t n = of->rel->npairs;
	if (n > 1) buf_putc(text, '(');
	for (size_t i = 0; i < n; i++) {
		if (i) buf_puts(text, ", ");
		sql_put_column(text, alias, of->rel->pairs[i].remote);
	}
	if (n > 1) buf_putc(text, ')');
	buf_puts(text, " IN (");
	put_level_parents(b, text, of, false);
	buf_putc(text, ')');
	return true;
}

/* ---- the list ---- */

/* A limit, offset or distinct for each parent: LATERAL over the distinct keys. */
static const out_node *bounded_level(maker *m, const level *of, size_t *index)
{
	const plan_select *sel = of->sel;
	*index = statement_reserve(m);
	sql_build b = maker_build(m);
	unsigned keys = sql_alias(&b);
	row_set r;
	row_source src = {.keys = of, .parent = keys};
	unsigned flags = select_deep(sel->fields, sel->nfields) ? ROWS_WRAP : 0u;
	if (select_needs_row(sel->fields, sel->nfields)) flags |= ROWS_WHOLE_ROW;
	rows_begin(&b, &r, sel, &src, flags);
	place *p = NEW(m->a, place);
	*p = (place){.row = r.row, .sel = sel, .of = of};
	cells c = {.m = m, .b = &b, .r = &r};
	for (size_t i = 0; i < of->rel->npairs; i++) {
		buf key = {0};
		sql_put_alias(&key, keys);
		buf_puts(&key, ".k");
		buf_put_u64(&key, i + 1);
		cells_add(&c, buf_str(&key));
		buf_free(&key);
	}
	const out_node *row = cells_object(&c, p, sel->fields, sel->nfields);
	buf text = {0}, list = {0};
	cells_write(&c, &list, true);
	unsigned each = sql_alias(&b);
	buf_puts(&text, "SELECT ");
	sql_put_alias(&text, each);
	buf_puts(&text, ".* FROM (");
	put_level_parents(&b, &text, of, true);
	buf_puts(&text, ") ");
	sql_put_alias(&text, keys);
	buf_puts(&text, " CROSS JOIN LATERAL (");
	rows_write(&r, &text, &list);
	buf_puts(&text, ") ");
	sql_put_alias(&text, each);
	m->stmts.v[*index] = sql_finish(&b, &text, c.exprs.n);
	buf_free(&list);
	buf_free(&text);
	rows_free(&r);
	return row;
}

const size_t *level_keys(cells *c, const place *p, const snap_rel *rel)
{
	size_t *keys = NEW_ARRAY(c->m->a, size_t, rel->npairs);
	for (size_t i = 0; i < rel->npairs; i++) {
		buf key = {0};
		sql_put_column(&key, p->row.alias, rel->pairs[i].local);
		keys[i] = cells_add(c, buf_str(&key));
		buf_free(&key);
	}
	return keys;
}

const out_node *level_list(cells *c, const place *p, const plan_select *sel, const snap_rel *rel)
{
	maker *m = c->m;
	level *of = NEW(m->a, level);
	*of = (level){.sel = sel, .rel = rel, .parent = p};
	size_t index;
	const out_node *row =
		select_bounded(sel) ? bounded_level(m, of, &index) : statement_of_rows(m, sel, of, &index);
	out_node *o = NEW(m->a, out_node);
	*o = *out_rows(m->a, OUT_LIST, index, row);
	o->keys = level_keys(c, p, rel);
	o->nkeys = rel->npairs;
	return o;
}
