/*
 * bexp_parse: boolean expressions of the metadata (permission filters and checks) → bexp.
 * Sources: Hasura v2: RQL/IR/BoolExp.hs (form), RQL/DDL/Permission/Internal.hs and Backends/Postgres/DDL/BoolExp.hs (operators).
 */
#include "base/jsonpath.h"
#include "schema/bexp_ops.h"
#include "schema/resolve.h"

enum { MAX_DEPTH = 200 };

typedef struct parsing {
	resolving *r;
	bexp_scope root;
	size_t depth;
	error *err;
} parsing;

static bool parse(parsing *p, const bexp_scope *s, const json *j, str path, const bexp **out);

bool is_session_variable(str s)
{
	return str_starts_nocase(s, STR("x-hasura-")) || str_eq_nocase(s, STR("req_user_id"));
}

/* Names with the underscore or Hasura v1's dollar: "_and" and "$and" are the same word. */
static bool is_word(str key, const char *word)
{
	return key.n > 1 && (key.p[0] == '_' || key.p[0] == '$') && str_eqz(str_from_at(key, 1), word);
}

/* ---- and, or, not, exists ---- */

static bool parse_list(parsing *p, const bexp_scope *s, const json *j, str path, bexp_kind kind, const bexp **out)
{
	if (!json_is(j, JSON_ARRAY))
		return error_set(p->err, ERR_PARSE_FAILED, path,
			"parsing [] failed, expected Array, but encountered %s", json_kind_name(j));
	if (j->count == 0) {
		*out = bexp_new(p->r->a, kind == BEXP_AND ? BEXP_TRUE : BEXP_FALSE);
		return true;
	}
	bexp *e = bexp_new(p->r->a, kind);
	e->kids = NEW_ARRAY(p->r->a, const bexp *, j->count);
	JSON_EACH (c, j) {
		str at = jsonpath_index(p->r->a, path, e->nkids);
		if (!parse(p, s, c, at, &e->kids[e->nkids])) return false;
		e->nkids++;
	}
	*out = e;
	return true;
}

static bool parse_not(parsing *p, const bexp_scope *s, const json *j, str path, const bexp **out)
{
	bexp *e = bexp_new(p->r->a, BEXP_NOT);
	e->kids = NEW_ARRAY(p->r->a, const bexp *, 1);
	e->nkids = 1;
	*out = e;
	return parse(p, s, j, path, &e->kids[0]);
}

static bool parse_exists(parsing *p, const json *j, str path, const bexp **out)
{
	const json *table = json_getz(j, "_table");
	const json *where = json_getz(j, "_where");
	if (!table) return error_set(p->err, ERR_PARSE_FAILED, path, "key \"_table\" not found");
	if (!where) return error_set(p->err, ERR_PARSE_FAILED, path, "key \"_where\" not found");
	bexp *e = bexp_new(p->r->a, BEXP_EXISTS);
	if (!md_qname_parse(p->r->a, table, &e->rel.target, p->err)) return false;
	bexp_scope s;
	if (!resolve_target(p->r, e->rel.target, &s.md, &s.cat)) {
		str name = qname_display(p->r->a, e->rel.target);
		return error_set(p->err, ERR_NOT_EXISTS, jsonpath_key(p->r->a, path, STR("_table")),
			"table \"%.*s\" does not exist", STR_ARG(name));
	}
	e->kids = NEW_ARRAY(p->r->a, const bexp *, 1);
	e->nkids = 1;
	*out = e;
	return parse(p, &s, where, jsonpath_key(p->r->a, path, STR("_where")), &e->kids[0]);
}

/* ---- fields ---- */

static bool parse_column(
	parsing *p, const bexp_scope *s, const cat_column *col, const json *j, str path, const bexp **out)
{
	const cat_type *base = catalog_base_type(p->r->sc->cat, col->type);
	bexp_lhs lhs = {
		.column = col->name,
		.type = base ? base->oid : col->type,
		.nullable = s->cat->kind == 'v' || s->cat->kind == 'm' || !col->not_null,
	};
	bexp_ops ops = {.r = p->r, .current = *s, .root = p->root, .err = p->err};
	ops.enum_table = column_enum(p->r, s->cat, col, &ops.enums);
	return bexp_ops_parse(&ops, &lhs, j, path, out);
}

static bool parse_relationship(
	parsing *p, const bexp_scope *s, const md_relationship *rel, const json *j, str path, const bexp **out)
{
	snap_rel resolved;
	/* One that could not be made is no field of the table: Hasura v2: askFieldInfo. Its own issue says why. */
	if (!relationship_resolve(p->r, s->md, s->cat, rel, &resolved, p->err))
		return error_set(p->err, ERR_NOT_EXISTS, path, "\"%.*s\" does not exist", STR_ARG(rel->name));
	bexp_scope target;
	if (!resolve_target(p->r, resolved.target, &target.md, &target.cat)) return false;
	bexp *e = bexp_new(p->r->a, BEXP_REL);
	e->rel = (bexp_rel){.target = resolved.target, .pairs = resolved.pairs, .npairs = resolved.npairs};
	e->kids = NEW_ARRAY(p->r->a, const bexp *, 1);
	e->nkids = 1;
	*out = e;
	return parse(p, &target, j, path, &e->kids[0]);
}

static bool parse_computed(
	parsing *p, const bexp_scope *s, const md_computed_field *cf, const json *j, str path, const bexp **out)
{
	snap_computed c;
	if (!computed_resolve(p->r, s->cat, cf, &c, p->err)) return false;
	if (c.nuser_args)
		return error_set(p->err, ERR_UNEXPECTED_PAYLOAD, path,
			"Computed columns with input arguments can not be part of the where clause");
	row_call *call = NEW(p->r->a, row_call);
	*call = c.call;
	if (!c.returns_table) {
		bexp_lhs lhs = {.computed = call, .type = c.type, .nullable = true};
		bexp_ops ops = {.r = p->r, .current = *s, .root = p->root, .err = p->err};
		return bexp_ops_parse(&ops, &lhs, j, path, out);
	}
	bexp_scope target;
	if (!resolve_target(p->r, c.target, &target.md, &target.cat)) return false;
	bexp *e = bexp_new(p->r->a, BEXP_COMPUTED_TABLE);
	e->lhs.computed = call;
	e->rel.target = c.target;
	e->kids = NEW_ARRAY(p->r->a, const bexp *, 1);
	e->nkids = 1;
	*out = e;
	/* Hasura v2: the root of column comparisons is the function's table inside it. */
	parsing inner = {.r = p->r, .root = target, .depth = p->depth, .err = p->err};
	return parse(&inner, &target, j, path, &e->kids[0]);
}

static const md_computed_field *find_computed(const md_table *md, str name)
{
	for (size_t i = 0; i < md->ncomputed; i++)
		if (str_eq(md->computed[i].name, name)) return &md->computed[i];
	return NULL;
}

static bool parse_member(parsing *p, const bexp_scope *s, const json *m, str path, const bexp **out)
{
	str at = jsonpath_key(p->r->a, path, m->key);
	if (is_word(m->key, "and")) return parse_list(p, s, m, at, BEXP_AND, out);
	if (is_word(m->key, "or")) return parse_list(p, s, m, at, BEXP_OR, out);
	if (is_word(m->key, "not")) return parse_not(p, s, m, at, out);
	if (is_word(m->key, "exists")) return parse_exists(p, m, at, out);
	const cat_column *col = cat_table_column(s->cat, m->key);
	if (col) return parse_column(p, s, col, m, at, out);
	const md_relationship *rel = md_table_relationship(s->md, m->key);
	if (rel) return parse_relationship(p, s, rel, m, at, out);
	const md_computed_field *cf = find_computed(s->md, m->key);
	if (cf) return parse_computed(p, s, cf, m, at, out);
	return error_set(p->err, ERR_NOT_EXISTS, at, "\"%.*s\" does not exist", STR_ARG(m->key));
}

static bool parse(parsing *p, const bexp_scope *s, const json *j, str path, const bexp **out)
{
	if (!json_is(j, JSON_OBJECT))
		return error_set(p->err, ERR_PARSE_FAILED, path, "expected Object for a boolean expression");
	if (++p->depth > MAX_DEPTH)
		return error_set(p->err, ERR_PARSE_FAILED, path, "the expression is nested too deeply");
	const bexp *all = NULL;
	JSON_EACH (m, j) {
		const bexp *one;
		if (!parse_member(p, s, m, path, &one)) return false;
		all = all ? bexp_and(p->r->a, all, one) : one;
	}
	p->depth--;
	*out = all ? all : bexp_new(p->r->a, BEXP_TRUE);
	return true;
}

bool bexp_parse(resolving *r, const json *j, const bexp **out, error *err)
{
	parsing p = {.r = r, .root = {.md = r->md, .cat = r->cat}, .err = err};
	return parse(&p, &p.root, j, STR("$"), out);
}
