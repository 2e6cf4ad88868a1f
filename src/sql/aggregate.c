/* aggregate: <t>_aggregate {aggregate, nodes} as plain columns and rows. */
#include "sql/select.h"

const plan_select *select_of_nodes(arena *a, const plan_select *sel, const plan_field *nodes, bool from_cte)
{
	plan_select *s = NEW(a, plan_select);
	*s = *sel;
	s->shape = SHAPE_LIST;
	s->fields = nodes->fields;
	s->nfields = nodes->nfields;
	if (from_cte) {
		/* Its rows are bounded already, but for the role's own limit. */
		s->ndistinct = 0;
		s->has_offset = false;
	}
	return s;
}

/* The role's limit does not bound what aggregates see (Hasura v2). */
const plan_select *select_of_aggregate(arena *a, const plan_select *sel, bool from_cte)
{
	plan_select *s = NEW(a, plan_select);
	*s = *sel;
	s->has_limit = sel->has_agg_limit && !from_cte;
	s->limit = sel->agg_limit;
	if (from_cte) {
		s->ndistinct = 0;
		s->has_offset = false;
	}
	return s;
}

bool aggregate_has(const plan_select *sel, field_kind k)
{
	for (size_t i = 0; i < sel->nfields; i++)
		if (sel->fields[i].kind == k) return true;
	return false;
}

static bool agg_calls(const plan_field *f)
{
	for (size_t i = 0; i < f->naggs; i++)
		for (size_t k = 0; k < f->aggs[i].ncols; k++)
			if (f->aggs[i].cols[k].computed) return true;
	return false;
}

bool aggregate_needs_row(const plan_select *sel)
{
	for (size_t i = 0; i < sel->nfields; i++)
		if (sel->fields[i].kind == PF_AGGREGATE && agg_calls(&sel->fields[i])) return true;
	return false;
}

bool aggregate_shared_row(const plan_select *sel)
{
	for (size_t i = 0; i < sel->nfields; i++)
		if (sel->fields[i].kind == PF_NODES && select_needs_row(sel->fields[i].fields, sel->fields[i].nfields))
			return true;
	return aggregate_needs_row(sel) || order_needs_row(sel);
}

/* What bounds nodes and aggregates alike; the role's limit bounds nodes only. */
bool aggregate_bounded(const plan_select *sel)
{
	return sel->has_agg_limit || sel->has_offset || sel->ndistinct;
}

bool aggregate_separable(const maker *m, const plan_select *sel)
{
	size_t readers = 0;
	for (size_t i = 0; i < sel->nfields; i++)
		readers += sel->fields[i].kind == PF_NODES || sel->fields[i].kind == PF_AGGREGATE;
	if (readers < 2) return true;
	if (!select_steady(m, sel)) return false;
	return !aggregate_bounded(sel) || select_total_order(sel);
}

/* ---- the aggregates of one field ---- */

/* Adds an expression to what is selected, and says in which cell it will be. */
typedef struct agg_sink {
	cells *c;
	buf *inner;     /* list of the lateral sub-select; NULL: the cells are of the aggregating query itself */
	unsigned alias; /* of the sub-select */
	size_t n;
} agg_sink;

static size_t sink_add(agg_sink *s, str expr)
{
	if (!s->inner) return cells_add(s->c, expr);
	if (s->n) buf_puts(s->inner, ", ");
	buf_put(s->inner, expr);
	buf_puts(s->inner, " AS c");
	buf_put_u64(s->inner, ++s->n);
	buf name = {0};
	sql_put_alias(&name, s->alias);
	buf_puts(&name, ".c");
	buf_put_u64(&name, s->n);
	size_t cell = cells_add(s->c, buf_str(&name));
	buf_free(&name);
	return cell;
}

static const out_node *value(agg_sink *s, const plan_agg *g, const plan_agg_column *col, const sql_row *row)
{
	cells *c = s->c;
	codec k = aggregate_codec(c->m, g, col);
	buf bare = {0}, expr = {0};
	put_aggregate(c->b, &bare, g, col, row);
	put_coded(&expr, k, buf_str(&bare));
	const out_node *o = out_value(c->m->a, sink_add(s, buf_str(&expr)), k);
	buf_free(&bare);
	buf_free(&expr);
	return o;
}

static const out_node *operation(agg_sink *s, const plan_agg *g, const sql_row *row)
{
	arena *a = s->c->m->a;
	out_field *fields = NEW_ARRAY(a, out_field, g->ncols);
	for (size_t i = 0; i < g->ncols; i++) {
		const plan_agg_column *col = &g->cols[i];
		fields[i].head = out_head(a, col->alias, i == 0);
		fields[i].value = col->typename.p ? out_string(a, col->typename) : value(s, g, col, row);
	}
	return out_object(a, fields, g->ncols, OUT_ALWAYS);
}

static const out_node *aggregates(agg_sink *s, const plan_field *f, const sql_row *row)
{
	arena *a = s->c->m->a;
	out_field *fields = NEW_ARRAY(a, out_field, f->naggs);
	for (size_t i = 0; i < f->naggs; i++) {
		const plan_agg *g = &f->aggs[i];
		fields[i].head = out_head(a, g->alias, i == 0);
		if (g->kind == AGG_TYPENAME) fields[i].value = out_string(a, g->typename);
		else if (g->kind == AGG_COUNT) fields[i].value = value(s, g, NULL, row);
		else fields[i].value = operation(s, g, row);
	}
	return out_object(a, fields, f->naggs, OUT_ALWAYS);
}

static unsigned agg_flags(const plan_select *sel)
{
	return ROWS_WRAP | ROWS_ANY_ORDER | (aggregate_needs_row(sel) ? ROWS_WHOLE_ROW : 0u);
}

const out_node *cells_aggregate(cells *c, const plan_select *sel, const plan_field *agg, const row_source *src)
{
	row_set r;
	rows_begin(c->b, &r, select_of_aggregate(c->m->a, sel, false), src, agg_flags(sel));
	buf inner = {0};
	agg_sink s = {.c = c, .inner = &inner, .alias = sql_alias(c->b)};
	const out_node *o = aggregates(&s, agg, &r.row);
	if (s.n) {
		buf_puts(&c->r->from, " LEFT JOIN LATERAL (");
		rows_write(&r, &c->r->from, &inner);
		buf_puts(&c->r->from, ") ");
		sql_put_alias(&c->r->from, s.alias);
		buf_puts(&c->r->from, " ON true");
	}
	buf_free(&inner);
	rows_free(&r);
	return o;
}

/* ---- a level: the aggregates of many parents at once ---- */

/* What the aggregates of no rows are: counts are 0, everything else is null. */
static void put_of_nothing(buf *b, const plan_field *f)
{
	for (size_t i = 0; i < f->naggs; i++) {
		const plan_agg *g = &f->aggs[i];
		buf_puts(b, i ? ",\"" : "{\"");
		buf_put(b, g->alias);
		buf_puts(b, "\":");
		if (g->kind == AGG_TYPENAME) json_write_str(b, g->typename);
		if (g->kind == AGG_COUNT) buf_putc(b, '0');
		for (size_t k = 0; g->kind == AGG_OP && k < g->ncols; k++) {
			buf_puts(b, k ? ",\"" : "{\"");
			buf_put(b, g->cols[k].alias);
			buf_puts(b, "\":");
			if (g->cols[k].typename.p) json_write_str(b, g->cols[k].typename);
			else buf_puts(b, "null");
		}
		if (g->kind == AGG_OP) buf_puts(b, g->ncols ? "}" : "{}");
	}
	buf_puts(b, f->naggs ? "}" : "{}");
}

const out_node *level_aggregate(
	cells *c, const place *p, const plan_select *sel, const plan_field *agg, const snap_rel *rel)
{
	maker *m = c->m;
	const plan_select *base = select_of_aggregate(m->a, sel, false);
	level *of = NEW(m->a, level);
	*of = (level){.sel = base, .rel = rel, .parent = p};
	size_t index = statement_reserve(m);
	sql_build b = maker_build(m);
	row_set r;
	row_source src = {.level = of};
	rows_begin(&b, &r, base, &src, agg_flags(sel));
	cells own = {.m = m, .b = &b, .r = &r};
	buf group = {0};
	for (size_t i = 0; i < rel->npairs; i++) {
		buf key = {0};
		sql_put_column(&key, r.row.alias, rel->pairs[i].remote);
		buf_puts(&group, i ? ", " : " GROUP BY ");
		buf_put(&group, buf_str(&key));
		cells_add(&own, buf_str(&key));
		buf_free(&key);
	}
	agg_sink s = {.c = &own};
	out_node *o = NEW(m->a, out_node);
	*o = *out_rows(m->a, OUT_FIRST, index, aggregates(&s, agg, &r.row));
	buf text = {0}, list = {0}, nothing = {0};
	cells_write(&own, &list, false);
	rows_write(&r, &text, &list);
	buf_put(&text, buf_str(&group));
	m->stmts.v[index] = sql_finish(&b, &text, own.exprs.n);
	put_of_nothing(&nothing, agg);
	o->text = str_copy(m->a, buf_str(&nothing));
	o->keys = level_keys(c, p, rel);
	o->nkeys = rel->npairs;
	buf_free(&nothing);
	buf_free(&list);
	buf_free(&text);
	buf_free(&group);
	rows_free(&r);
	return o;
}

/* ---- the root ---- */

/* All PF_AGGREGATE fields of the root in one statement of one row. */
static size_t root_aggregates(maker *m, const plan_select *sel, out_field *fields)
{
	size_t index = statement_reserve(m);
	sql_build b = maker_build(m);
	row_set r;
	row_source src = {0};
	rows_begin(&b, &r, select_of_aggregate(m->a, sel, false), &src, agg_flags(sel));
	cells c = {.m = m, .b = &b, .r = &r};
	agg_sink s = {.c = &c};
	for (size_t i = 0; i < sel->nfields; i++)
		if (sel->fields[i].kind == PF_AGGREGATE)
			fields[i].value = out_rows(m->a, OUT_FIRST, index, aggregates(&s, &sel->fields[i], &r.row));
	buf text = {0}, list = {0};
	cells_write(&c, &list, false);
	rows_write(&r, &text, &list);
	buf_puts(&text, " HAVING true");
	m->stmts.v[index] = sql_finish(&b, &text, c.exprs.n ? c.exprs.n : 1);
	buf_free(&list);
	buf_free(&text);
	rows_free(&r);
	return index;
}

static const out_node *root_as_json(maker *m, const plan_select *sel)
{
	size_t index = statement_reserve(m);
	sql_build b = maker_build(m);
	buf text = {0};
	row_source src = {0};
	buf_puts(&text, "SELECT ");
	put_json(&b, &text, m, sel, &src);
	m->stmts.v[index] = sql_finish(&b, &text, 1);
	buf_free(&text);
	return out_rows(m->a, OUT_FIRST, index, out_value(m->a, 0, CODEC_RAW));
}

const out_node *root_aggregate(maker *m, const plan_select *sel)
{
	if (!aggregate_separable(m, sel) || m->strategy == SQL_JSON) return root_as_json(m, sel);
	out_field *fields = NEW_ARRAY(m->a, out_field, sel->nfields);
	if (aggregate_has(sel, PF_AGGREGATE)) root_aggregates(m, sel, fields);
	for (size_t i = 0; i < sel->nfields; i++) {
		const plan_field *f = &sel->fields[i];
		fields[i].head = out_head(m->a, f->alias, i == 0);
		if (f->kind == PF_NODES) {
			size_t index;
			const out_node *row = statement_of_rows(m, select_of_nodes(m->a, sel, f, false), NULL, &index);
			fields[i].value = out_rows(m->a, OUT_LIST, index, row);
		} else if (f->kind == PF_TYPENAME) {
			fields[i].value = out_string(m->a, f->text);
		}
	}
	return out_object(m->a, fields, sel->nfields, OUT_ALWAYS);
}
