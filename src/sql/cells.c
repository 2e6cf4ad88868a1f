/* cells: the fields of rows as plain columns, with the recipe by which exec writes them. */
#include "sql/select.h"

/* ---- recipes ---- */

const out_node *out_text(arena *a, str text)
{
	out_node *o = NEW(a, out_node);
	o->kind = OUT_TEXT;
	o->text = text;
	return o;
}

const out_node *out_string(arena *a, str text)
{
	buf b = {0};
	json_write_str(&b, text);
	const out_node *o = out_text(a, str_copy(a, buf_str(&b)));
	buf_free(&b);
	return o;
}

const out_node *out_value(arena *a, size_t cell, codec k)
{
	out_node *o = NEW(a, out_node);
	o->kind = OUT_VALUE;
	o->col = cell;
	o->codec = codec_written(k);
	return o;
}

const out_node *out_object(arena *a, const out_field *fields, size_t n, size_t present)
{
	out_node *o = NEW(a, out_node);
	o->kind = OUT_OBJECT;
	o->fields = fields;
	o->nfields = n;
	o->present = present;
	return o;
}

const out_node *out_rows(arena *a, out_kind kind, size_t stmt, const out_node *child)
{
	out_node *o = NEW(a, out_node);
	o->kind = kind;
	o->stmt = stmt;
	o->child = child;
	o->text = STR("null");
	return o;
}

/* Aliases are GraphQL names: nothing to escape. */
str out_head(arena *a, str alias, bool first)
{
	return str_cat(a, 4, first ? STR("") : STR(","), STR("\""), alias, STR("\":"));
}

/* ---- the select list ---- */

size_t cells_add(cells *c, str expr)
{
	void *found = map_get(&c->seen, expr);
	if (found) return (size_t)(uintptr_t)found - 1;
	str own = str_copy(c->b->a, expr);
	vec_push(c->b->a, &c->exprs, own);
	map_put(c->b->a, &c->seen, own, (void *)(uintptr_t)c->exprs.n);
	return c->exprs.n - 1;
}

/* Takes the text. */
static size_t add_buf(cells *c, buf *expr)
{
	size_t cell = cells_add(c, buf_str(expr));
	buf_free(expr);
	return cell;
}

void cells_write(const cells *c, buf *list, bool named)
{
	if (!c->exprs.n) buf_puts(list, "NULL AS c1");
	for (size_t i = 0; i < c->exprs.n; i++) {
		if (i) buf_puts(list, ", ");
		buf_put(list, c->exprs.v[i]);
		if (!named) continue;
		buf_puts(list, " AS c");
		buf_put_u64(list, i + 1);
	}
}

static const out_node *add_column(cells *c, unsigned alias, str name, codec k)
{
	buf expr = {0};
	sql_put_column(&expr, alias, name);
	return out_value(c->m->a, add_buf(c, &expr), k);
}

/* ---- fields ---- */

static const out_node *scalar(cells *c, const place *p, const plan_field *f)
{
	codec k = scalar_codec(c->m, f);
	buf bare = {0}, expr = {0};
	put_scalar(c->b, &bare, p, f);
	put_coded(&expr, k, buf_str(&bare));
	buf_free(&bare);
	return out_value(c->m->a, add_buf(c, &expr), k);
}

static void put_target(cells *c, buf *text, const plan_select *sel, const snap_rel *rel, unsigned parent,
	unsigned alias, const char *on)
{
	row_source none = {0};
	put_table(c->b, text, sel, &none, alias);
	buf_puts(text, on);
	sql_put_pairs(text, rel->pairs, rel->npairs, parent, alias);
	buf cond = {0};
	if (sql_put_filters(c->b, &cond, sel->filter, sel->where, alias)) {
		buf_puts(text, " AND ");
		buf_put(text, buf_str(&cond));
	}
	buf_free(&cond);
}

/* One row of several that may match: a lateral sub-select. */
static void put_any_one(cells *c, const plan_select *sel, const snap_rel *rel, unsigned parent, place *at)
{
	buf *from = &c->r->from;
	unsigned alias = at->row.alias;
	buf_puts(from, " LEFT JOIN LATERAL (SELECT ");
	sql_put_alias(from, alias);
	buf_puts(from, ".*");
	if (select_needs_row(sel->fields, sel->nfields)) {
		buf_puts(from, ", ");
		sql_put_row(from, &at->row);
		buf_puts(from, "::");
		sql_put_qname(from, sel->table->name);
		buf_puts(from, " AS ");
		sql_put_ident(from, STR(SQL_ROW_COLUMN));
		at->row.derived = true;
	}
	buf_puts(from, " FROM ");
	sql_row inside = at->row;
	inside.derived = false;
	put_target(c, from, sel, rel, parent, inside.alias, " WHERE ");
	buf_puts(from, " LIMIT 1) ");
	sql_put_alias(from, alias);
	buf_puts(from, " ON true");
}

/* An object relationship: a join; the referenced key, never NULL in a match, says whether there is a row. */
static const out_node *object(cells *c, const place *p, const plan_field *f)
{
	const snap_rel *rel = f->rel;
	if (!rel->npairs) {
		row_source src = {.rel = rel, .parent = p->row.alias};
		buf expr = {0};
		put_json(c->b, &expr, c->m, f->select, &src);
		return out_value(c->m->a, add_buf(c, &expr), CODEC_RAW);
	}
	place *at = NEW(c->m->a, place);
	*at = (place){.sel = f->select, .up = p, .rel = rel, .of = p->of, .guard = rel->pairs[0].remote};
	at->row = (sql_row){.alias = sql_alias(c->b), .table = f->select->table};
	at->repeatable = p->repeatable && rel->target_unique && select_steady(c->m, f->select);
	if (rel->target_unique) {
		buf_puts(&c->r->from, " LEFT JOIN ");
		put_target(c, &c->r->from, f->select, rel, p->row.alias, at->row.alias, " ON ");
	} else {
		put_any_one(c, f->select, rel, p->row.alias, at);
	}
	size_t present = add_column(c, at->row.alias, at->guard, CODEC_RAW)->col;
	const out_node *made = cells_object(c, at, f->select->fields, f->select->nfields);
	return out_object(c->m->a, made->fields, made->nfields, present);
}

static const out_node *list(cells *c, const place *p, const plan_select *sel, const snap_rel *rel)
{
	switch (strategy_list(c, p, sel, rel)) {
	case LIST_LEVEL: return level_list(c, p, sel, rel);
	case LIST_ARRAYS: return arrays_list(c, p, sel, rel);
	case LIST_JSON: break;
	}
	row_source src = {.rel = rel, .parent = p->row.alias};
	buf expr = {0};
	put_json(c->b, &expr, c->m, sel, &src);
	return out_value(c->m->a, add_buf(c, &expr), CODEC_RAW);
}

static const out_node *aggregate(cells *c, const place *p, const plan_field *f)
{
	const plan_select *sel = f->select;
	row_source src = {.rel = f->rel, .parent = p->row.alias};
	if (!aggregate_separable(c->m, sel)) {
		buf expr = {0};
		put_json(c->b, &expr, c->m, sel, &src);
		return out_value(c->m->a, add_buf(c, &expr), CODEC_RAW);
	}
	out_field *fields = NEW_ARRAY(c->m->a, out_field, sel->nfields);
	for (size_t i = 0; i < sel->nfields; i++) {
		const plan_field *part = &sel->fields[i];
		fields[i].head = out_head(c->m->a, part->alias, i == 0);
		if (part->kind == PF_NODES)
			fields[i].value = list(c, p, select_of_nodes(c->m->a, sel, part, false), f->rel);
		else if (part->kind == PF_AGGREGATE)
			fields[i].value = strategy_aggregate_level(c, p, sel, f->rel)
				? level_aggregate(c, p, sel, part, f->rel)
				: cells_aggregate(c, sel, part, &src);
		else fields[i].value = out_string(c->m->a, part->text);
	}
	return out_object(c->m->a, fields, sel->nfields, OUT_ALWAYS);
}

/* Rows of a function of this row. */
static const out_node *computed_rows(cells *c, const place *p, const plan_field *f)
{
	row_source src = {.call = &f->call, .call_row = &p->row};
	buf expr = {0};
	bool guard = p->guard.p != NULL;
	if (guard) {
		buf_puts(&expr, "CASE WHEN ");
		sql_put_column(&expr, p->row.alias, p->guard);
		buf_puts(&expr, " IS NOT NULL THEN ");
	}
	put_json(c->b, &expr, c->m, f->select, &src);
	if (guard) buf_puts(&expr, " END");
	return out_value(c->m->a, add_buf(c, &expr), CODEC_RAW);
}

static const out_node *field(cells *c, const place *p, const plan_field *f)
{
	switch (f->kind) {
	case PF_COLUMN:
	case PF_COMPUTED: return scalar(c, p, f);
	case PF_OBJECT: return object(c, p, f);
	case PF_ARRAY: return list(c, p, f->select, f->rel);
	case PF_ARRAY_AGG: return aggregate(c, p, f);
	case PF_COMPUTED_ROWS: return computed_rows(c, p, f);
	case PF_TYPENAME:
	case PF_NODES:
	case PF_AGGREGATE: break;
	}
	return out_string(c->m->a, f->text);
}

const out_node *cells_object(cells *c, const place *p, const plan_field *fields, size_t n)
{
	out_field *made = NEW_ARRAY(c->m->a, out_field, n);
	for (size_t i = 0; i < n; i++) {
		made[i].head = out_head(c->m->a, fields[i].alias, i == 0);
		made[i].value = field(c, p, &fields[i]);
	}
	return out_object(c->m->a, made, n, OUT_ALWAYS);
}

/* ---- statements ---- */

size_t statement_reserve(maker *m)
{
	const statement *none = NULL;
	vec_push(m->a, &m->stmts, none);
	return m->stmts.n - 1;
}

const out_node *statement_of_rows(maker *m, const plan_select *sel, const level *of, size_t *index)
{
	*index = statement_reserve(m);
	sql_build b = maker_build(m);
	bool many = strategy_many(m, sel, of);
	unsigned flags = 0;
	if (select_deep(sel->fields, sel->nfields)) flags |= ROWS_WRAP;
	if (select_needs_row(sel->fields, sel->nfields)) flags |= ROWS_WHOLE_ROW;
	if (many) flags |= ROWS_TOTAL;
	row_set r;
	row_source src = {.level = of};
	rows_begin(&b, &r, sel, &src, flags);
	place *p = NEW(m->a, place);
	*p = (place){.row = r.row, .sel = sel, .of = of, .repeatable = many};
	cells c = {.m = m, .b = &b, .r = &r, .many = many};
	for (size_t i = 0; of && i < of->rel->npairs; i++)
		add_column(&c, r.row.alias, of->rel->pairs[i].remote, CODEC_RAW);
	const out_node *row = cells_object(&c, p, sel->fields, sel->nfields);
	if (m->stream && !of) stream_cells(&c, p, sel->stream);
	buf text = {0}, columns = {0};
	cells_write(&c, &columns, false);
	rows_write(&r, &text, &columns);
	m->stmts.v[*index] = sql_finish(&b, &text, c.exprs.n ? c.exprs.n : 1);
	buf_free(&columns);
	buf_free(&text);
	rows_free(&r);
	return row;
}

/* A join may change the order of rows. */
static bool joins(const plan_field *fields, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (fields[i].kind == PF_OBJECT || fields[i].kind == PF_ARRAY_AGG) return true;
	return false;
}

static void put_array_rows(buf *from, const snap_table *t, str array, unsigned alias, bool ordered)
{
	if (ordered) {
		buf_puts(from, "(SELECT u.*, (u.*)::");
		sql_put_qname(from, t->name);
		buf_puts(from, " AS ");
		sql_put_ident(from, STR(SQL_ROW_COLUMN));
		buf_puts(from, ", row_number() OVER () AS ");
		sql_put_ident(from, STR("weir order"));
		buf_puts(from, " FROM ");
	}
	buf_puts(from, "unnest((");
	buf_put(from, array);
	buf_puts(from, ")::");
	sql_put_qname(from, t->name);
	buf_puts(from, ordered ? "[]) AS u) " : "[]) ");
	sql_put_alias(from, alias);
}

void sql_select_fields(sql_build *b, buf *text, const plan_select *const *sels, size_t n, str array,
	const out_node **rows, size_t *ncols)
{
	plan p = {.a = b->a, .snap = b->snap};
	maker m = {.a = b->a, .p = &p, .source = b->source, .strategy = SQL_JSON};
	m.stringify = b->snap->options.stringify_numerics;
	row_set r = {.row = {.alias = sql_alias(b), .table = sels[0]->table}};
	for (size_t i = 0; i < n; i++)
		r.row.derived |= joins(sels[i]->fields, sels[i]->nfields);
	put_array_rows(&r.from, r.row.table, array, r.row.alias, r.row.derived);
	if (r.row.derived) {
		sql_put_alias(&r.order, r.row.alias);
		buf_puts(&r.order, ".\"weir order\"");
	}
	cells c = {.m = &m, .b = b, .r = &r, .json_only = true};
	place *at = NEW_ARRAY(b->a, place, n);
	for (size_t i = 0; i < n; i++) {
		at[i] = (place){.row = r.row, .sel = sels[i]};
		rows[i] = cells_object(&c, &at[i], sels[i]->fields, sels[i]->nfields);
	}
	buf columns = {0};
	cells_write(&c, &columns, false);
	rows_write(&r, text, &columns);
	*ncols = c.exprs.n ? c.exprs.n : 1;
	buf_free(&columns);
	rows_free(&r);
}
