#include "schema/role.h"
#include "schema/inherit.h"

static const snap_perms NO_PERMS;

const snap_perms *role_perms(const snapshot *s, const snap_source *src, const snap_table *t, str role)
{
	for (size_t i = 0; i < s->nclashing; i++)
		if (s->clashing[i] == t) return &NO_PERMS;
	if (str_eq(role, ROLE_ADMIN)) return t->admin;
	if (inherit_is_inherited(s, role)) return inherit_perms(s, src, t, role);
	const snap_perms *p = map_get(&t->perms, role);
	return p ? p : &NO_PERMS;
}

/* All primary-key columns granted. */
static bool pk_granted(const snap_table *t, const snap_select_perm *p)
{
	if (!t->pk || !p) return false;
	for (size_t k = 0; k < t->pk->ncols; k++) {
		bool ok = false;
		for (size_t i = 0; i < t->ncols; i++)
			ok |= t->cols[i].cat->attnum == t->pk->cols[k] && p->cols[i];
		if (!ok) return false;
	}
	return true;
}

static bool any_column(const snap_table *t, const snap_select_perm *p)
{
	for (size_t i = 0; i < t->ncols; i++)
		if (p->cols[i]) return true;
	return false;
}

static bool select_root(const snap_table *t, const snap_perms *p, md_root_field f, uint32_t mask)
{
	if (!p->select || !(mask & (1U << f))) return false;
	if (f == ROOT_SELECT_BY_PK) return pk_granted(t, p->select);
	if (f == ROOT_SELECT_AGGREGATE) return p->select->aggregations;
	/* A stream needs a column to begin at. */
	return f != ROOT_SELECT_STREAM || any_column(t, p->select);
}

static bool write_root(const snap_table *t, const snap_perms *p, md_root_field f, bool backend)
{
	const snap_write_perm *w = f <= ROOT_INSERT_ONE ? p->insert : f <= ROOT_UPDATE_MANY ? p->update : p->del;
	if (!w || (w->backend_only && !backend)) return false;
	if (f == ROOT_INSERT_ONE) return p->select != NULL;
	if (f == ROOT_UPDATE_BY_PK || f == ROOT_DELETE_BY_PK) return pk_granted(t, p->select);
	return true;
}

static bool has_role(const snap_function *fn, str role)
{
	for (size_t i = 0; i < fn->md->nroles; i++)
		if (str_eq(fn->md->roles[i], role)) return true;
	return false;
}

bool role_may_call(const snapshot *s, const snap_source *src, const snap_function *fn, str role)
{
	const snap_table *t = snap_source_table(src, fn->target);
	if (!t || t->hidden || !role_perms(s, src, t, role)->select) return false;
	if (str_eq(role, ROLE_ADMIN) || has_role(fn, role)) return true;
	if (inherit_any_parent_has(s, role, fn->md->roles, fn->md->nroles)) return true;
	return !fn->mutation && s->options.infer_function_permissions;
}

static bool function_root(const snapshot *s, const snap_root *r, str role)
{
	if (!role_may_call(s, r->source, r->fn, role)) return false;
	if (r->kind == SNAP_ROOT_FUNCTION) return true;
	const snap_table *t = snap_source_table(r->source, r->fn->target);
	return role_perms(s, r->source, t, role)->select->aggregations;
}

static bool may_query(const snapshot *s, const snap_root *r, str role, bool subscription)
{
	if (r->kind != SNAP_ROOT_TABLE) return function_root(s, r, role);
	const snap_perms *p = role_perms(s, r->source, r->table, role);
	if (!p->select) return false;
	return select_root(
		r->table, p, r->field, subscription ? p->select->subscription_roots : p->select->query_roots);
}

static bool may_mutate(const snapshot *s, const snap_root *r, str role, bool backend)
{
	if (r->kind != SNAP_ROOT_TABLE) return function_root(s, r, role);
	return write_root(r->table, role_perms(s, r->source, r->table, role), r->field, backend);
}

const snap_root *role_query_root(const snapshot *s, str role, str name)
{
	const snap_root *r = map_get(&s->query_roots, name);
	return r && may_query(s, r, role, false) ? r : NULL;
}

const snap_root *role_subscription_root(const snapshot *s, str role, str name)
{
	const snap_root *r = map_get(&s->subscription_roots, name);
	return r && may_query(s, r, role, true) ? r : NULL;
}

const snap_root *role_mutation_root(const snapshot *s, str role, bool backend, str name)
{
	const snap_root *r = map_get(&s->mutation_roots, name);
	return r && may_mutate(s, r, role, backend) ? r : NULL;
}

bool role_has_queries(const snapshot *s, str role)
{
	for (size_t i = 0; i < s->query_roots.n; i++)
		if (may_query(s, s->query_roots.items[i].value, role, false)) return true;
	return false;
}

bool role_has_mutations(const snapshot *s, str role, bool backend)
{
	for (size_t i = 0; i < s->mutation_roots.n; i++)
		if (may_mutate(s, s->mutation_roots.items[i].value, role, backend)) return true;
	return false;
}

static const snap_select_perm *target_perm(const snapshot *s, const snap_source *src, qname target, str role)
{
	const snap_table *t = snap_source_table(src, target);
	return t && !t->hidden ? role_perms(s, src, t, role)->select : NULL;
}

bool role_sees_field(const snapshot *s, const snap_source *src, const snap_table *t, const snap_field *f, str role)
{
	const snap_select_perm *p = role_perms(s, src, t, role)->select;
	if (!p) return false;
	if (f->kind == FIELD_COLUMN) return p->cols[f->index];
	if (f->kind == FIELD_COMPUTED && !t->computed[f->index].returns_table) return p->computed[f->index];
	bool computed = f->kind == FIELD_COMPUTED || f->kind == FIELD_COMPUTED_AGG;
	qname target = computed ? t->computed[f->index].target : t->rels[f->index].target;
	const snap_select_perm *tp = target_perm(s, src, target, role);
	bool agg = f->kind == FIELD_ARRAY_AGG || f->kind == FIELD_COMPUTED_AGG;
	return tp && (!agg || tp->aggregations);
}
