/*
 * legacy_where: boolean expressions of the older JSON API: what the metadata's language says, then what the role may name in
 * it. Hasura v2: RQL/DML/Internal.hs, checkSelPerm; stricter in two places: a column on the right side of a comparison and
 * the table of an $exists need a permission of their own.
 */
#include "plan/legacy_in.h"
#include "schema/bexp_read.h"

/* Where we are. root: the table `$` means. */
typedef struct walking {
	legacy *l;
	const plan_path *at;
	const snap_table *root;
} walking;

/* Depth: that of the parsed expression, which bexp_read bounds. */
static bool walk(const walking *w, const snap_table *t, const bexp *e, const bexp **out);

static bool walk_kids(const walking *w, const snap_table *t, bexp *e)
{
	const bexp **kids = NEW_ARRAY(w->l->c->a, const bexp *, e->nkids);
	for (size_t i = 0; i < e->nkids; i++)
		if (!walk(w, t, e->kids[i], &kids[i])) return false;
	e->kids = kids;
	return true;
}

static bool walk_computed(const walking *w, const snap_table *t, const bexp_lhs *lhs)
{
	plan_ctx *c = w->l->c;
	const snap_select_perm *p = permit_select(c, w->l->src, t);
	permit_call(c, lhs->computed);
	for (size_t i = 0; i < t->ncomputed; i++)
		if (qname_eq(t->computed[i].call.function, lhs->computed->function) && p && p->computed[i]) return true;
	return plan_fail_code(c, ERR_PERMISSION_DENIED, w->at,
		"role \"%.*s\" does not have permission to select a computed field", STR_ARG(c->role));
}

static bool walk_compare(const walking *w, const snap_table *t, bexp *e)
{
	plan_ctx *c = w->l->c;
	const snap_select_perm *p = permit_select(c, w->l->src, t);
	size_t col;
	if (e->rhs_column.p) {
		const snap_table *of = e->rhs_root ? w->root : t;
		const snap_select_perm *its = permit_select(c, w->l->src, of);
		if (!legacy_granted(w->l, of, its->cols, "select", e->rhs_column, w->at, &col)) return false;
		if (permit_column_filter(c, its, col))
			return plan_fail_code(c, ERR_NOT_SUPPORTED, w->at,
				"comparing with a column that is not visible in every row is not served by this version of "
				"Weir");
	}
	if (e->lhs.computed) return walk_computed(w, t, &e->lhs);
	if (!legacy_granted(w->l, t, p->cols, "select", e->lhs.column, w->at, &col)) return false;
	e->lhs.visible_if = permit_column_filter(c, p, col);
	return true;
}

/* The rows e leads to: those the role may see. */
static bool walk_into(const walking *w, const snap_table *target, bexp *e)
{
	plan_ctx *c = w->l->c;
	const bexp *inner;
	if (!plan_enter(c, w->at)) return false;
	walking in = *w;
	if (e->kind == BEXP_COMPUTED_TABLE) in.root = target;
	if (!walk(&in, target, e->kids[0], &inner)) return false;
	plan_leave(c);
	if (e->kind == BEXP_COMPUTED_TABLE) ((bexp *)inner)->own_root = true;
	const bexp *kid = permit_related(c, w->l->src, target, inner);
	e->nkids = kid ? 1 : 0;
	e->kids = NEW(c->a, const bexp *);
	e->kids[0] = kid;
	return true;
}

static bool same_pairs(const snap_rel *rel, const bexp_rel *r)
{
	if (!qname_eq(rel->target, r->target) || rel->npairs != r->npairs) return false;
	for (size_t i = 0; i < r->npairs; i++)
		if (!str_eq(rel->pairs[i].local, r->pairs[i].local) ||
			!str_eq(rel->pairs[i].remote, r->pairs[i].remote))
			return false;
	return true;
}

static bool walk_related(const walking *w, const snap_table *t, bexp *e)
{
	snap_rel unnamed = {.target = e->rel.target};
	const snap_rel *rel = &unnamed;
	const snap_table *target;
	for (size_t i = 0; i < t->nrels; i++)
		if (same_pairs(&t->rels[i], &e->rel)) rel = &t->rels[i];
	return legacy_may_follow(w->l, rel, w->at, &target) && walk_into(w, target, e);
}

static bool walk_other(const walking *w, const snap_table *t, bexp *e)
{
	plan_ctx *c = w->l->c;
	const snap_table *target = snap_source_table(w->l->src, e->rel.target);
	if (e->kind == BEXP_COMPUTED_TABLE && !walk_computed(w, t, &e->lhs)) return false;
	if (target && permit_select(c, w->l->src, target)) return walk_into(w, target, e);
	return plan_fail_code(c, ERR_PERMISSION_DENIED, w->at, "select on \"%.*s\" for role \"%.*s\" is not allowed. ",
		STR_ARG(qname_display(c->a, e->rel.target)), STR_ARG(c->role));
}

static bool walk(const walking *w, const snap_table *t, const bexp *given, const bexp **out)
{
	bexp *e = bexp_new(w->l->c->a, given->kind);
	*e = *given;
	*out = e;
	switch (e->kind) {
	case BEXP_AND:
	case BEXP_OR:
	case BEXP_NOT: return walk_kids(w, t, e);
	case BEXP_CMP: return walk_compare(w, t, e);
	case BEXP_REL: return walk_related(w, t, e);
	case BEXP_EXISTS:
	case BEXP_COMPUTED_TABLE: return walk_other(w, t, e);
	case BEXP_REL_AGG:
	case BEXP_TRUE:
	case BEXP_FALSE: break;
	}
	return true;
}

bool legacy_where(legacy *l, const snap_table *t, const json *j, const plan_path *at, const bexp **out)
{
	plan_ctx *c = l->c;
	const bexp *given;
	walking w = {.l = l, .at = at, .root = t};
	if (j->kind != JSON_OBJECT) return legacy_mismatch(l, at, "boolean expression", "Object", j);
	if (!bexp_read(c->a, c->snap, l->src, t, j, &given, c->err)) {
		error_prepend_path(c->err, path_text(c, at));
		/* Hasura v2: throw400 Unexpected. */
		if (c->err->code == ERR_UNEXPECTED) c->err->status = 400;
		return false;
	}
	if (!walk(&w, t, given, out)) return false;
	if ((*out)->kind == BEXP_TRUE) *out = NULL;
	return true;
}
