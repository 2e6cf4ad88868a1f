/* bexp_ops: Hasura v2: Backends/Postgres/DDL/BoolExp.hs, as a table of operators. */
#include "schema/bexp_ops.h"
#include "base/jsonpath.h"
#include "schema/values.h"

/* What stands on the right. */
typedef enum rhs_kind {
	RHS_SAME, /* a value of the column's type */
	RHS_SAME_LIST,
	RHS_TEXT,
	RHS_TEXT_LIST,
	RHS_LTREE_LIST,
	RHS_LQUERY,
	RHS_LQUERY_LIST,
	RHS_LTXTQUERY,
	RHS_BOOL, /* _is_null */
	RHS_COLUMN,
	RHS_D_WITHIN
} rhs_kind;

/* What the column must be; the text is Hasura's. */
typedef enum guard { ANY_TYPE, STRING_TYPES, JSONB_ONLY, ARRAY_OR_JSONB, LTREE_ONLY, GEOMETRY_ONLY, GEO_TYPES } guard;

static const struct {
	uint32_t flags;
	const char *text;
} GUARDS[] = {
	[ANY_TYPE] = {0, ""},
	[STRING_TYPES] = {TYPE_STRINGY | TYPE_CITEXT, "\"varchar\", \"text\", \"citext\""},
	[JSONB_ONLY] = {TYPE_JSONB, "\"jsonb\""},
	[ARRAY_OR_JSONB] = {TYPE_ARRAY | TYPE_JSONB, "an array or JSONB"},
	[LTREE_ONLY] = {TYPE_LTREE, "\"ltree\""},
	[GEOMETRY_ONLY] = {TYPE_GEOMETRY, "\"geometry\""},
	[GEO_TYPES] = {TYPE_GEOMETRY | TYPE_GEOGRAPHY, "\"geometry\", \"geography\""},
};

typedef struct op_rule {
	rhs_kind rhs;
	guard guard;
	bool known; /* may stand in a permission */
} op_rule;

#define RULE(r, g)                                      \
	{                                               \
		.rhs = (r), .guard = (g), .known = true \
	}

static const op_rule RULES[CMP_OP_COUNT] = {
	[CMP_EQ] = RULE(RHS_SAME, ANY_TYPE),
	[CMP_NEQ] = RULE(RHS_SAME, ANY_TYPE),
	[CMP_IN] = RULE(RHS_SAME_LIST, ANY_TYPE),
	[CMP_NIN] = RULE(RHS_SAME_LIST, ANY_TYPE),
	[CMP_GT] = RULE(RHS_SAME, ANY_TYPE),
	[CMP_LT] = RULE(RHS_SAME, ANY_TYPE),
	[CMP_GTE] = RULE(RHS_SAME, ANY_TYPE),
	[CMP_LTE] = RULE(RHS_SAME, ANY_TYPE),
	[CMP_LIKE] = RULE(RHS_SAME, STRING_TYPES),
	[CMP_NLIKE] = RULE(RHS_SAME, STRING_TYPES),
	[CMP_ILIKE] = RULE(RHS_SAME, STRING_TYPES),
	[CMP_NILIKE] = RULE(RHS_SAME, STRING_TYPES),
	[CMP_SIMILAR] = RULE(RHS_SAME, STRING_TYPES),
	[CMP_NSIMILAR] = RULE(RHS_SAME, STRING_TYPES),
	[CMP_REGEX] = RULE(RHS_SAME, STRING_TYPES),
	[CMP_NREGEX] = RULE(RHS_SAME, STRING_TYPES),
	[CMP_IREGEX] = RULE(RHS_SAME, STRING_TYPES),
	[CMP_NIREGEX] = RULE(RHS_SAME, STRING_TYPES),
	[CMP_IS_NULL] = RULE(RHS_BOOL, ANY_TYPE),
	[CMP_CONTAINS] = RULE(RHS_SAME, ARRAY_OR_JSONB),
	[CMP_CONTAINED_IN] = RULE(RHS_SAME, ARRAY_OR_JSONB),
	[CMP_HAS_KEY] = RULE(RHS_TEXT, JSONB_ONLY),
	[CMP_HAS_KEYS_ANY] = RULE(RHS_TEXT_LIST, JSONB_ONLY),
	[CMP_HAS_KEYS_ALL] = RULE(RHS_TEXT_LIST, JSONB_ONLY),
	[CMP_ANCESTOR] = RULE(RHS_SAME, LTREE_ONLY),
	[CMP_ANCESTOR_ANY] = RULE(RHS_LTREE_LIST, LTREE_ONLY),
	[CMP_DESCENDANT] = RULE(RHS_SAME, LTREE_ONLY),
	[CMP_DESCENDANT_ANY] = RULE(RHS_LTREE_LIST, LTREE_ONLY),
	[CMP_MATCHES] = RULE(RHS_LQUERY, LTREE_ONLY),
	[CMP_MATCHES_ANY] = RULE(RHS_LQUERY_LIST, LTREE_ONLY),
	[CMP_MATCHES_FULLTEXT] = RULE(RHS_LTXTQUERY, LTREE_ONLY),
	[CMP_ST_CONTAINS] = RULE(RHS_SAME, GEOMETRY_ONLY),
	[CMP_ST_CROSSES] = RULE(RHS_SAME, GEOMETRY_ONLY),
	[CMP_ST_EQUALS] = RULE(RHS_SAME, GEOMETRY_ONLY),
	[CMP_ST_OVERLAPS] = RULE(RHS_SAME, GEOMETRY_ONLY),
	[CMP_ST_TOUCHES] = RULE(RHS_SAME, GEOMETRY_ONLY),
	[CMP_ST_WITHIN] = RULE(RHS_SAME, GEOMETRY_ONLY),
	[CMP_ST_INTERSECTS] = RULE(RHS_SAME, GEO_TYPES),
	[CMP_ST_3D_INTERSECTS] = RULE(RHS_SAME, GEOMETRY_ONLY),
	[CMP_ST_D_WITHIN] = RULE(RHS_D_WITHIN, GEO_TYPES),
	[CMP_ST_3D_D_WITHIN] = RULE(RHS_D_WITHIN, GEOMETRY_ONLY),
	[CMP_CEQ] = RULE(RHS_COLUMN, ANY_TYPE),
	[CMP_CNEQ] = RULE(RHS_COLUMN, ANY_TYPE),
	[CMP_CGT] = RULE(RHS_COLUMN, ANY_TYPE),
	[CMP_CLT] = RULE(RHS_COLUMN, ANY_TYPE),
	[CMP_CGTE] = RULE(RHS_COLUMN, ANY_TYPE),
	[CMP_CLTE] = RULE(RHS_COLUMN, ANY_TYPE),
};

static pg_oid named_type(const bexp_ops *o, const char *name)
{
	const cat_type *t = catalog_type_named(o->r->sc->cat, (qname){.name = str_from(name)});
	return t ? t->oid : 0;
}

static str type_name(const bexp_ops *o, pg_oid type)
{
	return cat_type_text(o->r->a, o->r->sc->cat, type);
}

static bool guard_type(const bexp_ops *o, const bexp_lhs *lhs, guard g, str path)
{
	if (g == ANY_TYPE || (cat_type_flags(o->r->sc->cat, lhs->type) & GUARDS[g].flags)) return true;
	str name = type_name(o, lhs->type);
	return error_set(o->err, ERR_UNEXPECTED_PAYLOAD, path,
		" is of type \"%.*s\"; this operator works only on columns of type %s", STR_ARG(name), GUARDS[g].text);
}

/* "col", ["col"] or ["$", "col"]: Hasura v2: decodeAndValidateRhsCol. */
static bool rhs_column(const bexp_ops *o, const bexp_lhs *lhs, const json *j, str path, bexp *e)
{
	const json *name = j;
	if (j->kind == JSON_ARRAY) {
		if (!j->count) return error_set(o->err, ERR_UNEXPECTED, path, "path cannot be empty");
		e->rhs_root = j->count == 2 && json_is(j->first, JSON_STRING) && str_eqz(j->first->text, "$");
		if (j->count > 1 && !e->rhs_root)
			return error_set(o->err, ERR_NOT_SUPPORTED, path,
				"Relationship references are not supported in column comparison RHS");
		name = j->last;
	}
	if (name->kind != JSON_STRING)
		return error_set(
			o->err, ERR_UNEXPECTED, path, "a boolean expression JSON must be either a string or an array");
	const bexp_scope *s = e->rhs_root ? &o->root : &o->current;
	const cat_column *c = cat_table_column(s->cat, name->text);
	if (!c)
		return no_such_column(
			s->md, name->text, STR("column operators can only compare postgres columns"), path, o->err);
	const cat_type *base = catalog_base_type(o->r->sc->cat, c->type);
	pg_oid type = base ? base->oid : c->type;
	e->rhs_column = c->name;
	if (type == lhs->type) return true;
	str lt = type_name(o, lhs->type), rt = type_name(o, type);
	return error_set(o->err, ERR_UNEXPECTED_PAYLOAD, path,
		"incompatible column types: \"%.*s\" has type \"%.*s\", but \"%.*s\" has type \"%.*s\"",
		STR_ARG(lhs->column), STR_ARG(lt), STR_ARG(c->name), STR_ARG(rt));
}

static bool rhs_d_within(const bexp_ops *o, const bexp_lhs *lhs, const json *j, str path, bexp *e)
{
	const json *distance = json_getz(j, "distance");
	const json *from = json_getz(j, "from");
	if (!distance || !from)
		return error_set(
			o->err, ERR_PARSE_FAILED, path, "key \"%s\" not found", distance ? "from" : "distance");
	bool geography = (cat_type_flags(o->r->sc->cat, lhs->type) & TYPE_GEOGRAPHY) != 0;
	const json *spheroid = json_getz(j, "use_spheroid");
	if (!val_from_json(o->r, lhs->type, from, &e->rhs, o->err)) return false;
	if (!val_from_json(o->r, named_type(o, "float8"), distance, &e->extra[0], o->err)) return false;
	e->nextra = 1;
	if (!geography) return true;
	if (!spheroid) spheroid = json_new_bool(o->r->a, true);
	e->nextra = 2;
	return val_from_json(o->r, named_type(o, "bool"), spheroid, &e->extra[1], o->err);
}

static bool rhs_value(const bexp_ops *o, const bexp_lhs *lhs, rhs_kind kind, const json *j, str path, bexp *e)
{
	switch (kind) {
	case RHS_SAME: return val_from_json(o->r, lhs->type, j, &e->rhs, o->err);
	case RHS_SAME_LIST: return val_list(o->r, lhs->type, j, path, &e->rhs, o->err);
	case RHS_TEXT: return val_from_json(o->r, named_type(o, "text"), j, &e->rhs, o->err);
	case RHS_TEXT_LIST: return val_list(o->r, named_type(o, "text"), j, path, &e->rhs, o->err);
	case RHS_LTREE_LIST: return val_list(o->r, named_type(o, "ltree"), j, path, &e->rhs, o->err);
	case RHS_LQUERY: return val_from_json(o->r, named_type(o, "lquery"), j, &e->rhs, o->err);
	case RHS_LQUERY_LIST: return val_list(o->r, named_type(o, "lquery"), j, path, &e->rhs, o->err);
	case RHS_LTXTQUERY: return val_from_json(o->r, named_type(o, "ltxtquery"), j, &e->rhs, o->err);
	case RHS_COLUMN: return rhs_column(o, lhs, j, path, e);
	case RHS_D_WITHIN: return rhs_d_within(o, lhs, j, path, e);
	case RHS_BOOL:
		if (j->kind != JSON_BOOL)
			return error_set(o->err, ERR_PARSE_FAILED, path,
				"parsing Bool failed, expected Boolean, but encountered %s", json_kind_name(j));
		e->is_null = j->boolean;
		return true;
	}
	return false;
}

/* The value or values of an operator on a reference to an enum table. */
static bool check_enum(const bexp_ops *o, rhs_kind kind, const json *j, str path)
{
	if (!o->enums || (kind != RHS_SAME && kind != RHS_SAME_LIST)) return true;
	if (kind == RHS_SAME) return val_enum(o->r, o->enum_table, o->enums, j, path, o->err);
	size_t i = 0;
	if (j->kind == JSON_ARRAY)
		JSON_EACH (e, j)
			if (!val_enum(o->r, o->enum_table, o->enums, e, jsonpath_index(o->r->a, path, i++), o->err))
				return false;
	return true;
}

static bool one_op(const bexp_ops *o, const bexp_lhs *lhs, cmp_op op, const json *j, str path, const bexp **out)
{
	bexp *e = bexp_new(o->r->a, BEXP_CMP);
	e->lhs = *lhs;
	e->op = op;
	e->null_safe = lhs->nullable && (op == CMP_EQ || op == CMP_NEQ);
	*out = e;
	bool ok = guard_type(o, lhs, RULES[op].guard, path) && check_enum(o, RULES[op].rhs, j, path) &&
		rhs_value(o, lhs, RULES[op].rhs, j, path, e);
	if (!ok && !o->err->path.n) o->err->path = path;
	return ok;
}

/* {"String" or a type name: {op: …}}; Hasura v2 knows jsonb → text and geometry ⇄ geography. */
static bool cast_ops(const bexp_ops *o, const bexp_lhs *lhs, const json *j, str path, const bexp **out)
{
	const bexp *all = NULL;
	uint32_t flags = cat_type_flags(o->r->sc->cat, lhs->type);
	JSON_EACH (m, j) {
		str to = str_eqz(m->key, "String") ? STR("text") : m->key;
		bool ok = ((flags & TYPE_JSONB) && str_eqz(to, "text")) ||
			((flags & TYPE_GEOMETRY) && str_eqz(to, "geography")) ||
			((flags & TYPE_GEOGRAPHY) && str_eqz(to, "geometry"));
		const cat_type *t = ok ? catalog_type_named(o->r->sc->cat, (qname){.name = to}) : NULL;
		if (!t) {
			str from = type_name(o, lhs->type);
			return error_set(o->err, ERR_UNEXPECTED_PAYLOAD, path,
				"cannot cast column of type \"%.*s\" to type \"%.*s\"", STR_ARG(from), STR_ARG(to));
		}
		bexp_lhs inner = *lhs;
		inner.type = t->oid;
		inner.cast = cat_sql_type(o->r->a, o->r->sc->cat, t->oid);
		const bexp *one;
		if (!bexp_ops_parse(o, &inner, m, jsonpath_key(o->r->a, path, m->key), &one)) return false;
		all = all ? bexp_and(o->r->a, all, one) : one;
	}
	*out = all ? all : bexp_new(o->r->a, BEXP_TRUE);
	return true;
}

static bool parse_member(const bexp_ops *o, const bexp_lhs *lhs, const json *m, str path, const bexp **out)
{
	bool marked = m->key.n > 1 && (m->key.p[0] == '_' || m->key.p[0] == '$');
	str word = marked ? str_from_at(m->key, 1) : STR("");
	if (str_eqz(word, "cast")) return cast_ops(o, lhs, m, path, out);
	cmp_op op = cmp_op_from(word);
	if (op == CMP_OP_COUNT || !RULES[op].known)
		return error_set(o->err, ERR_UNEXPECTED_PAYLOAD, path, "Unknown operator: %.*s", STR_ARG(m->key));
	return one_op(o, lhs, op, m, path, out);
}

bool bexp_ops_parse(const bexp_ops *o, const bexp_lhs *lhs, const json *j, str path, const bexp **out)
{
	if (cat_type_flags(o->r->sc->cat, lhs->type) & TYPE_JSON)
		return error_set(
			o->err, ERR_UNEXPECTED_PAYLOAD, path, "JSON column can not be part of boolean expression");
	if (j->kind != JSON_OBJECT) return one_op(o, lhs, CMP_EQ, j, path, out);
	const bexp *all = NULL;
	JSON_EACH (m, j) {
		const bexp *one;
		if (!parse_member(o, lhs, m, jsonpath_key(o->r->a, path, m->key), &one)) return false;
		all = all ? bexp_and(o->r->a, all, one) : one;
	}
	*out = all ? all : bexp_new(o->r->a, BEXP_TRUE);
	return true;
}
