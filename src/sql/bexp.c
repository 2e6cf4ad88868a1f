/* bexp: boolean expressions as SQL conditions. */
#include "sql/build.h"

/* How an operator is written. */
typedef enum form {
	FORM_BINARY, /* lhs op rhs */
	FORM_EQ,     /* with the null-safe variant */
	FORM_NEQ,
	FORM_IN,
	FORM_NIN,
	FORM_IS_NULL,
	FORM_FUNCTION,  /* op(lhs, rhs, extra …) */
	FORM_EXTRA,     /* op(lhs, extra …) */
	FORM_EXTRA_SWAP /* op(lhs, extra[1], extra[0]) */
} form;

static form op_form(cmp_op op)
{
	switch (op) {
	case CMP_EQ:
	case CMP_CEQ: return FORM_EQ;
	case CMP_NEQ:
	case CMP_CNEQ: return FORM_NEQ;
	case CMP_IN: return FORM_IN;
	case CMP_NIN: return FORM_NIN;
	case CMP_IS_NULL: return FORM_IS_NULL;
	case CMP_ST_INTERSECTS_NBAND_GEOM: return FORM_EXTRA;
	case CMP_ST_INTERSECTS_GEOM_NBAND: return FORM_EXTRA_SWAP;
	default: return op >= CMP_ST_CONTAINS && op <= CMP_ST_INTERSECTS_RAST ? FORM_FUNCTION : FORM_BINARY;
	}
}

/* Where an expression stands. */
typedef struct scope {
	sql_build *b;
	unsigned row;
	unsigned root;
	const bexp_agg *agg; /* the left side is this aggregate over `row` */
} scope;

static void put(const scope *s, buf *out, const bexp *e);

static void put_agg(const scope *s, buf *out)
{
	const bexp_agg *g = s->agg;
	buf_put(out, g->function);
	buf_puts(out, g->distinct ? "(DISTINCT " : "(");
	if (!g->ncolumns) buf_putc(out, '*');
	/* count over several columns counts rows (Hasura v2: COUNT(("a", "b"))); corr and covar_samp take two arguments. */
	bool tuple = g->ncolumns > 1 && str_eqz(g->function, "count");
	if (tuple) buf_putc(out, '(');
	for (size_t i = 0; i < g->ncolumns; i++) {
		if (i) buf_puts(out, ", ");
		sql_put_column(out, s->row, g->columns[i]);
	}
	if (tuple) buf_putc(out, ')');
	buf_putc(out, ')');
}

static void put_lhs_bare(const scope *s, buf *out, const bexp_lhs *l)
{
	if (l->column.p) {
		sql_put_column(out, s->row, l->column);
	} else if (l->computed) {
		sql_row row = {.alias = s->row};
		sql_put_row_call(s->b, out, l->computed, &row);
	} else {
		put_agg(s, out);
	}
}

static void put_lhs(const scope *s, buf *out, const bexp_lhs *l)
{
	if (l->cast.n) buf_putc(out, '(');
	if (l->visible_if) {
		scope own = {.b = s->b, .row = s->row, .root = s->row};
		buf_puts(out, "CASE WHEN ");
		put(&own, out, l->visible_if);
		buf_puts(out, " THEN ");
		put_lhs_bare(s, out, l);
		buf_puts(out, " END");
	} else {
		put_lhs_bare(s, out, l);
	}
	if (l->cast.n) {
		buf_puts(out, ")::");
		buf_put(out, l->cast);
	}
}

static void put_rhs(const scope *s, buf *out, const bexp *e)
{
	if (e->op >= CMP_CEQ && e->op <= CMP_CLTE) {
		sql_put_column(out, e->rhs_root ? s->root : s->row, e->rhs_column);
		return;
	}
	sql_put_val(s->b, out, &e->rhs);
}

static void put_binary(const scope *s, buf *out, const bexp *e)
{
	buf_putc(out, '(');
	put_lhs(s, out, &e->lhs);
	buf_putc(out, ' ');
	buf_put(out, cmp_op_sql(e->op));
	buf_putc(out, ' ');
	put_rhs(s, out, e);
	buf_putc(out, ')');
}

/* lhs IS [NOT] NULL AND rhs IS [NOT] NULL */
static void put_both_null(const scope *s, buf *out, const bexp *e, bool lhs_null, bool rhs_null)
{
	buf_putc(out, '(');
	put_lhs(s, out, &e->lhs);
	buf_puts(out, lhs_null ? " IS NULL AND " : " IS NOT NULL AND ");
	put_rhs(s, out, e);
	buf_puts(out, rhs_null ? " IS NULL)" : " IS NOT NULL)");
}

static void put_equal(const scope *s, buf *out, const bexp *e, bool negated)
{
	if (!e->null_safe) {
		put_binary(s, out, e);
		return;
	}
	buf_putc(out, '(');
	put_binary(s, out, e);
	buf_puts(out, " OR ");
	if (negated) {
		put_both_null(s, out, e, true, false);
		buf_puts(out, " OR ");
		put_both_null(s, out, e, false, true);
	} else {
		put_both_null(s, out, e, true, true);
	}
	buf_putc(out, ')');
}

static void put_in(const scope *s, buf *out, const bexp *e, bool negated)
{
	const val *v = &e->rhs;
	if (v->elems && !v->nelems) {
		buf_puts(out, negated ? "true" : "false");
		return;
	}
	buf_putc(out, '(');
	put_lhs(s, out, &e->lhs);
	if (v->elems) {
		buf_puts(out, negated ? " NOT IN " : " IN ");
		sql_put_elems(s->b, out, v);
	} else {
		buf_puts(out, negated ? " <> ALL (" : " = ANY (");
		sql_put_val(s->b, out, v);
		buf_putc(out, ')');
	}
	buf_putc(out, ')');
}

static void put_function(const scope *s, buf *out, const bexp *e, form f)
{
	buf_put(out, cmp_op_sql(e->op));
	buf_putc(out, '(');
	put_lhs(s, out, &e->lhs);
	if (f == FORM_FUNCTION) {
		buf_puts(out, ", ");
		sql_put_val(s->b, out, &e->rhs);
	}
	for (size_t i = 0; i < e->nextra; i++) {
		buf_puts(out, ", ");
		sql_put_val(s->b, out, &e->extra[f == FORM_EXTRA_SWAP ? e->nextra - 1 - i : i]);
	}
	buf_putc(out, ')');
}

static void put_cmp(const scope *s, buf *out, const bexp *e)
{
	form f = op_form(e->op);
	switch (f) {
	case FORM_BINARY: put_binary(s, out, e); break;
	case FORM_EQ: put_equal(s, out, e, false); break;
	case FORM_NEQ: put_equal(s, out, e, true); break;
	case FORM_IN: put_in(s, out, e, false); break;
	case FORM_NIN: put_in(s, out, e, true); break;
	case FORM_IS_NULL:
		buf_putc(out, '(');
		put_lhs(s, out, &e->lhs);
		buf_puts(out, e->is_null ? " IS NULL)" : " IS NOT NULL)");
		break;
	case FORM_FUNCTION:
	case FORM_EXTRA:
	case FORM_EXTRA_SWAP: put_function(s, out, e, f); break;
	}
}

/* ---- other tables ---- */

void sql_put_pairs(buf *out, const join_pair *pairs, size_t n, unsigned local, unsigned remote)
{
	if (!n) buf_puts(out, "true");
	for (size_t i = 0; i < n; i++) {
		if (i) buf_puts(out, " AND ");
		buf_putc(out, '(');
		sql_put_column(out, remote, pairs[i].remote);
		buf_puts(out, " = ");
		sql_put_column(out, local, pairs[i].local);
		buf_putc(out, ')');
	}
}

static void put_exists(const scope *s, buf *out, const bexp *e)
{
	scope in = {.b = s->b, .row = sql_alias(s->b), .root = s->root};
	buf_puts(out, "EXISTS (SELECT 1 FROM ");
	if (e->kind == BEXP_COMPUTED_TABLE) {
		sql_row row = {.alias = s->row};
		sql_put_row_call(s->b, out, e->lhs.computed, &row);
	} else {
		sql_put_qname(out, e->rel.target);
	}
	buf_putc(out, ' ');
	sql_put_alias(out, in.row);
	buf_puts(out, " WHERE ");
	if (e->kind == BEXP_REL) {
		sql_put_pairs(out, e->rel.pairs, e->rel.npairs, s->row, in.row);
		if (e->nkids) buf_puts(out, " AND ");
	}
	if (e->nkids) put(&in, out, e->kids[0]);
	else if (e->kind != BEXP_REL) buf_puts(out, "true");
	buf_putc(out, ')');
}

/* A query without GROUP BY has one row, unless HAVING refuses it. */
static void put_rel_agg(const scope *s, buf *out, const bexp *e)
{
	scope in = {.b = s->b, .row = sql_alias(s->b), .root = s->root};
	buf_puts(out, "EXISTS (SELECT 1 FROM ");
	sql_put_qname(out, e->rel.target);
	buf_putc(out, ' ');
	sql_put_alias(out, in.row);
	buf_puts(out, " WHERE ");
	sql_put_pairs(out, e->rel.pairs, e->rel.npairs, s->row, in.row);
	if (e->agg.filter) {
		buf_puts(out, " AND ");
		put(&in, out, e->agg.filter);
	}
	buf_puts(out, " HAVING ");
	in.agg = &e->agg;
	if (e->agg.predicate) put(&in, out, e->agg.predicate);
	else buf_puts(out, "true");
	buf_putc(out, ')');
}

static void put_kids(const scope *s, buf *out, const bexp *e, const char *op, const char *none)
{
	if (!e->nkids) {
		buf_puts(out, none);
		return;
	}
	if (e->nkids > 1) buf_putc(out, '(');
	for (size_t i = 0; i < e->nkids; i++) {
		if (i) buf_puts(out, op);
		put(s, out, e->kids[i]);
	}
	if (e->nkids > 1) buf_putc(out, ')');
}

/* Depth: a bexp is as deep as the document or the metadata it was read from (graphql/document.h, JSON_MAX_DEPTH). */
static void put(const scope *outer, buf *out, const bexp *e)
{
	scope own = *outer;
	if (e->own_root) own.root = own.row;
	const scope *s = &own;
	switch (e->kind) {
	case BEXP_TRUE: buf_puts(out, "true"); break;
	case BEXP_FALSE: buf_puts(out, "false"); break;
	case BEXP_AND: put_kids(s, out, e, " AND ", "true"); break;
	case BEXP_OR: put_kids(s, out, e, " OR ", "false"); break;
	case BEXP_NOT:
		buf_puts(out, "(NOT ");
		put_kids(s, out, e, " AND ", "true");
		buf_putc(out, ')');
		break;
	case BEXP_CMP: put_cmp(s, out, e); break;
	case BEXP_REL:
	case BEXP_EXISTS:
	case BEXP_COMPUTED_TABLE: put_exists(s, out, e); break;
	case BEXP_REL_AGG: put_rel_agg(s, out, e); break;
	}
}

void sql_put_bexp(sql_build *b, buf *out, const bexp *e, unsigned row, unsigned root)
{
	scope s = {.b = b, .row = row, .root = root};
	put(&s, out, e);
}

bool sql_put_filters(sql_build *b, buf *out, const bexp *filter, const bexp *where, unsigned row)
{
	bool f = filter && filter->kind != BEXP_TRUE, w = where && where->kind != BEXP_TRUE;
	if (f) sql_put_bexp(b, out, filter, row, row);
	if (f && w) buf_puts(out, " AND ");
	if (w) sql_put_bexp(b, out, where, row, row);
	return f || w;
}
