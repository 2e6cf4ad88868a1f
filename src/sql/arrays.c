/*
 * arrays: a list inside few rows as one array per column, made by a lateral sub-select: cheaper for the database than JSON.
 * PostgreSQL: array_agg of arrays fails on NULL and empty ones, and box has a delimiter of its own: those go as JSON.
 */
#include "sql/select.h"

static bool has_array(const maker *m, pg_oid type)
{
	const cat_type *t = catalog_base_type(m->source->cat, type);
	return t && t->array && t->delim == ',' && !t->elem;
}

static bool array_cells(const maker *m, const plan_select *sel);

static bool array_cell(const maker *m, const plan_field *f)
{
	if (f->kind == PF_TYPENAME) return true;
	if (f->kind == PF_OBJECT) {
		/* the joined row's key says whether there is one */
		const cat_column *key =
			f->rel->npairs ? cat_table_column(f->select->table->cat, f->rel->pairs[0].remote) : NULL;
		return key && has_array(m, key->type) && array_cells(m, f->select);
	}
	if (f->kind != PF_COLUMN) return false;
	if (scalar_codec(m, f) == CODEC_TO_JSON || scalar_codec(m, f) == CODEC_GEOJSON) return true;
	return has_array(m, f->col->cat->type);
}

/* Depth: as deep as the document nests. */
static bool array_cells(const maker *m, const plan_select *sel)
{
	for (size_t i = 0; i < sel->nfields; i++)
		if (!array_cell(m, &sel->fields[i])) return false;
	return true;
}

bool arrays_allowed(const maker *m, const plan_select *sel)
{
	return sel->shape == SHAPE_LIST && !sel->function && array_cells(m, sel);
}

/* SELECT array_agg(x.c1) AS c1, … FROM (SELECT … AS c1 … in order) x */
static void put_arrays(sql_build *b, buf *text, const row_set *r, const cells *inner)
{
	buf list = {0};
	unsigned x = sql_alias(b);
	buf_puts(text, "SELECT ");
	size_t n = inner->exprs.n ? inner->exprs.n : 1;
	for (size_t i = 0; i < n; i++) {
		buf_puts(text, i ? ", array_agg(" : "array_agg(");
		sql_put_alias(text, x);
		buf_puts(text, ".c");
		buf_put_u64(text, i + 1);
		buf_puts(text, ") AS c");
		buf_put_u64(text, i + 1);
	}
	buf_puts(text, " FROM (");
	cells_write(inner, &list, true);
	rows_write(r, text, &list);
	buf_puts(text, ") ");
	sql_put_alias(text, x);
	buf_free(&list);
}

const out_node *arrays_list(cells *c, const place *p, const plan_select *sel, const snap_rel *rel)
{
	maker *m = c->m;
	row_set r;
	row_source src = {.rel = rel, .parent = p->row.alias};
	rows_begin(c->b, &r, sel, &src, select_deep(sel->fields, sel->nfields) ? ROWS_WRAP : 0);
	place at = {.row = r.row, .sel = sel};
	cells inner = {.m = m, .b = c->b, .r = &r, .json_only = true};
	const out_node *row = cells_object(&inner, &at, sel->fields, sel->nfields);
	/* One column at least, to know how many rows there are. */
	if (!inner.exprs.n) cells_add(&inner, STR("1"));
	buf *from = &c->r->from;
	buf_puts(from, " LEFT JOIN LATERAL (");
	put_arrays(c->b, from, &r, &inner);
	unsigned alias = sql_alias(c->b);
	buf_puts(from, ") ");
	sql_put_alias(from, alias);
	buf_puts(from, " ON true");
	out_node *o = NEW(m->a, out_node);
	o->kind = OUT_ARRAYS;
	o->ncols = inner.exprs.n;
	o->child = row;
	for (size_t i = 0; i < inner.exprs.n; i++) {
		buf cell = {0};
		sql_put_alias(&cell, alias);
		buf_puts(&cell, ".c");
		buf_put_u64(&cell, i + 1);
		size_t at_cell = cells_add(c, buf_str(&cell));
		if (!i) o->col = at_cell;
		buf_free(&cell);
	}
	rows_free(&r);
	return o;
}
