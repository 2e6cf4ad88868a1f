#include "schema/bexp.h"

typedef struct op_row {
	str name;
	str sql;
} op_row;

static const op_row OPS[CMP_OP_COUNT] = {
#define X(id, text, sql_text) [id] = {STR_INIT(text), STR_INIT(sql_text)},
	CMP_OPS(X)
#undef X
};

/* Spellings of Hasura v2's permission language beside the names above. */
static const struct {
	str name;
	cmp_op op;
} SYNONYMS[] = {
	{STR_INIT("ne"), CMP_NEQ},
	{STR_INIT("cneq"), CMP_CNEQ},
};

str cmp_op_name(cmp_op op)
{
	return OPS[op].name;
}

str cmp_op_sql(cmp_op op)
{
	return OPS[op].sql;
}

cmp_op cmp_op_from(str name)
{
	for (size_t i = 0; i < CMP_OP_COUNT; i++)
		if (str_eq(OPS[i].name, name)) return (cmp_op)i;
	for (size_t i = 0; i < sizeof SYNONYMS / sizeof *SYNONYMS; i++)
		if (str_eq(SYNONYMS[i].name, name)) return SYNONYMS[i].op;
	return CMP_OP_COUNT;
}

bexp *bexp_new(arena *a, bexp_kind kind)
{
	bexp *e = NEW(a, bexp);
	e->kind = kind;
	return e;
}

static const bexp *join_two(arena *a, bexp_kind kind, const bexp *x, const bexp *y)
{
	bexp *e = bexp_new(a, kind);
	e->kids = NEW_ARRAY(a, const bexp *, 2);
	e->kids[0] = x;
	e->kids[1] = y;
	e->nkids = 2;
	return e;
}

const bexp *bexp_and(arena *a, const bexp *x, const bexp *y)
{
	if (!x || x->kind == BEXP_TRUE) return y;
	if (!y || y->kind == BEXP_TRUE) return x;
	return join_two(a, BEXP_AND, x, y);
}

const bexp *bexp_or(arena *a, const bexp *x, const bexp *y)
{
	if (!x || x->kind == BEXP_TRUE) return x;
	if (!y || y->kind == BEXP_TRUE) return y;
	return join_two(a, BEXP_OR, x, y);
}

static bool val_equal(const val *x, const val *y)
{
	if (x->kind != y->kind || x->conv != y->conv || !str_eq(x->text, y->text) || !str_eq(x->cast, y->cast) ||
		x->is_list != y->is_list || x->from_geojson != y->from_geojson || x->npath != y->npath ||
		x->nelems != y->nelems)
		return false;
	for (size_t i = 0; i < x->npath; i++)
		if (!str_eq(x->path[i].key, y->path[i].key) || x->path[i].index != y->path[i].index) return false;
	for (size_t i = 0; i < x->nelems; i++)
		if (!val_equal(&x->elems[i], &y->elems[i])) return false;
	return true;
}

static bool call_equal(const row_call *x, const row_call *y)
{
	if (!x || !y) return x == y;
	if (!qname_eq(x->function, y->function) || x->table_arg != y->table_arg || x->session_arg != y->session_arg ||
		x->nargs != y->nargs)
		return false;
	for (size_t i = 0; i < x->nargs; i++)
		if (!str_eq(x->args[i].name, y->args[i].name) || !val_equal(&x->args[i].value, &y->args[i].value))
			return false;
	return true;
}

static bool maybe_equal(const bexp *x, const bexp *y)
{
	return x && y ? bexp_equal(x, y) : x == y;
}

static bool lhs_equal(const bexp_lhs *x, const bexp_lhs *y)
{
	return str_eq(x->column, y->column) && x->type == y->type && str_eq(x->cast, y->cast) &&
		call_equal(x->computed, y->computed) && maybe_equal(x->visible_if, y->visible_if);
}

static bool rel_equal(const bexp_rel *x, const bexp_rel *y)
{
	if (!qname_eq(x->target, y->target) || x->npairs != y->npairs) return false;
	for (size_t i = 0; i < x->npairs; i++)
		if (!str_eq(x->pairs[i].local, y->pairs[i].local) || !str_eq(x->pairs[i].remote, y->pairs[i].remote))
			return false;
	return true;
}

static bool agg_equal(const bexp_agg *x, const bexp_agg *y)
{
	if (!str_eq(x->function, y->function) || x->distinct != y->distinct || x->ncolumns != y->ncolumns) return false;
	for (size_t i = 0; i < x->ncolumns; i++)
		if (!str_eq(x->columns[i], y->columns[i])) return false;
	return maybe_equal(x->filter, y->filter) && maybe_equal(x->predicate, y->predicate);
}

bool bexp_equal(const bexp *x, const bexp *y)
{
	if (x == y) return true;
	if (x->kind != y->kind || x->nkids != y->nkids || x->op != y->op || x->null_safe != y->null_safe ||
		x->is_null != y->is_null || x->nextra != y->nextra || x->rhs_root != y->rhs_root ||
		!str_eq(x->rhs_column, y->rhs_column))
		return false;
	if (!lhs_equal(&x->lhs, &y->lhs) || !val_equal(&x->rhs, &y->rhs) || !rel_equal(&x->rel, &y->rel) ||
		!agg_equal(&x->agg, &y->agg))
		return false;
	for (size_t i = 0; i < x->nextra; i++)
		if (!val_equal(&x->extra[i], &y->extra[i])) return false;
	for (size_t i = 0; i < x->nkids; i++)
		if (!bexp_equal(x->kids[i], y->kids[i])) return false;
	return true;
}
