/* permissions: Hasura v2: RQL/DDL/Permission.hs. */
#include "base/jsonpath.h"
#include "schema/resolve.h"
#include "schema/values.h"

static const char *const KIND_NAMES[MD_PERM_KINDS] = {"select", "insert", "update", "delete"};

/* ---- columns ---- */

static size_t column_index(const snap_table *t, str pg_name)
{
	for (size_t i = 0; i < t->ncols; i++)
		if (str_eq(t->cols[i].cat->name, pg_name)) return i;
	return SIZE_MAX;
}

static bool writable(const resolving *r, const cat_column *c, md_perm_kind kind)
{
	if (kind == MD_PERM_SELECT) return true;
	if (c->generated || c->identity == 'a') return false;
	return kind == MD_PERM_INSERT ? r->cat->insertable : c->updatable;
}

static bool *all_columns(resolving *r, md_perm_kind kind)
{
	bool *cols = NEW_ARRAY(r->a, bool, r->t->ncols ? r->t->ncols : 1);
	for (size_t i = 0; i < r->t->ncols; i++)
		cols[i] = writable(r, r->t->cols[i].cat, kind);
	return cols;
}

/* Why the name of a relationship or computed field is no good among the columns. */
static str only_columns(md_perm_kind kind)
{
	switch (kind) {
	case MD_PERM_INSERT:
		return STR(
			"Only table columns can have insert permissions defined, not relationships or other field types");
	case MD_PERM_UPDATE:
		return STR(
			"Only table columns can have update permissions defined, not relationships or other field types");
	default: return STR("permissions for relationships are automatically inferred");
	}
}

static bool listed_columns(resolving *r, const md_permission *p, bool *cols, error *err)
{
	for (size_t i = 0; i < p->columns.n; i++) {
		str name = p->columns.v[i];
		str path = jsonpath_index(r->a, STR("$.permission.columns"), i);
		const cat_column *c = cat_table_column(r->cat, name);
		if (!c) return no_such_column(r->md, name, only_columns(p->kind), path, err);
		if (!writable(r, c, p->kind)) {
			bool ins = p->kind == MD_PERM_INSERT;
			return error_set(err, ERR_UNEXPECTED, path,
				"Column \"%.*s\" is not %s and so cannot have %s permissions defined", STR_ARG(name),
				ins ? "insertable" : "updatable", ins ? "insert" : "update");
		}
		size_t at = column_index(r->t, name);
		if (at != SIZE_MAX) cols[at] = true;
	}
	return true;
}

static bool perm_columns(resolving *r, const md_permission *p, bool **out, error *err)
{
	if (p->columns.all) {
		*out = all_columns(r, p->kind);
		return true;
	}
	*out = NEW_ARRAY(r->a, bool, r->t->ncols ? r->t->ncols : 1);
	return listed_columns(r, p, *out, err);
}

/* ---- rows ---- */

static bool perm_rows(resolving *r, const json *j, const bexp **out, error *err)
{
	*out = NULL;
	if (!j || j->kind == JSON_NULL) return true;
	if (!bexp_parse(r, j, out, err)) return false;
	if ((*out)->kind == BEXP_TRUE) *out = NULL;
	return true;
}

/* ---- select ---- */

static const struct {
	const char *name;
	md_root_field root;
} ROOTS[] = {
	{"select", ROOT_SELECT},
	{"select_by_pk", ROOT_SELECT_BY_PK},
	{"select_aggregate", ROOT_SELECT_AGGREGATE},
	{"select_stream", ROOT_SELECT_STREAM},
};

static uint32_t root_mask(bool has, const str *names, size_t n)
{
	if (!has) return UINT32_MAX;
	uint32_t mask = 0;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < sizeof ROOTS / sizeof *ROOTS; k++)
			if (str_eqz(names[i], ROOTS[k].name)) mask |= 1U << ROOTS[k].root;
	return mask;
}

static bool pk_granted(const resolving *r, const bool *cols)
{
	if (!r->t->pk) return false;
	for (size_t i = 0; i < r->t->pk->ncols; i++) {
		const cat_column *c = cat_table_column_num(r->cat, r->t->pk->cols[i]);
		size_t at = c ? column_index(r->t, c->name) : SIZE_MAX;
		if (at == SIZE_MAX || !cols[at]) return false;
	}
	return true;
}

static bool check_roots(resolving *r, const md_permission *p, const snap_select_perm *s, error *err)
{
	uint32_t listed =
		(p->has_query_roots ? s->query_roots : 0) | (p->has_subscription_roots ? s->subscription_roots : 0);
	str table = qname_display(r->a, r->md->name);
	if ((listed & (1U << ROOT_SELECT_BY_PK)) && !pk_granted(r, s->cols))
		return error_set(err, ERR_VALIDATION_FAILED, STR("$.permission"),
			"The \"select_by_pk\" field cannot be included in the query_root_fields or "
			"subscription_root_fields because the role \"%.*s\" does not have access to the primary key of "
			"the table \"%.*s\" in the source \"%.*s\"",
			STR_ARG(p->role), STR_ARG(table), STR_ARG(r->source->name));
	if ((listed & (1U << ROOT_SELECT_AGGREGATE)) && !p->allow_aggregations)
		return error_set(err, ERR_VALIDATION_FAILED, STR("$.permission"),
			"The \"select_aggregate\" root field can only be enabled in the query_root_fields or  the "
			"subscription_root_fields when \"allow_aggregations\" is set to true");
	return true;
}

static bool no_such_computed(const resolving *r, str name, str path, error *err)
{
	const char *other = cat_table_column(r->cat, name) ? "column"
		: md_table_relationship(r->md, name)       ? "relationship"
							   : NULL;
	if (!other)
		return error_set(err, ERR_NOT_EXISTS, path, "computed field \"%.*s\" does not exist", STR_ARG(name));
	return error_set(err, ERR_UNEXPECTED_PAYLOAD, path, "expecting a computed field; but, \"%.*s\" is a %s",
		STR_ARG(name), other);
}

static bool perm_computed(resolving *r, const md_permission *p, bool *granted, error *err)
{
	for (size_t i = 0; i < p->ncomputed_fields; i++) {
		str path = jsonpath_index(r->a, STR("$.permission.computed_fields"), i);
		size_t at = 0;
		while (at < r->t->ncomputed && !str_eq(r->t->computed[at].name, p->computed_fields[i]))
			at++;
		if (at == r->t->ncomputed) return no_such_computed(r, p->computed_fields[i], path, err);
		const snap_computed *c = &r->t->computed[at];
		if (c->returns_table) {
			str target = qname_display(r->a, c->target);
			return error_set(err, ERR_NOT_SUPPORTED, path,
				"select permissions on computed field \"%.*s\" are auto-derived from the permissions on its "
				"returning table \"%.*s\" and cannot be specified manually",
				STR_ARG(c->name), STR_ARG(target));
		}
		granted[at] = true;
	}
	return true;
}

static bool select_perm(resolving *r, const md_permission *p, snap_perms *out, error *err)
{
	snap_select_perm *s = NEW(r->a, snap_select_perm);
	bool *cols, *computed = NEW_ARRAY(r->a, bool, r->t->ncomputed ? r->t->ncomputed : 1);
	if (!perm_rows(r, p->filter, &s->filter, err)) return false;
	if (!perm_columns(r, p, &cols, err) || !perm_computed(r, p, computed, err)) return false;
	s->cols = cols;
	s->computed = computed;
	if (p->has_limit && p->limit < 0)
		return error_set(err, ERR_NOT_SUPPORTED, STR("$.permission.limit"), "unexpected negative value");
	s->has_limit = p->has_limit;
	s->limit = p->limit;
	s->aggregations = p->allow_aggregations;
	s->query_roots = root_mask(p->has_query_roots, p->query_roots, p->nquery_roots);
	s->subscription_roots = root_mask(p->has_subscription_roots, p->subscription_roots, p->nsubscription_roots);
	if (!check_roots(r, p, s, err)) return false;
	out->select = s;
	return true;
}

/* ---- insert, update, delete ---- */

static bool presets(resolving *r, const md_permission *p, snap_write_perm *w, bool *cols, error *err)
{
	if (!p->set || !p->set->count) return true;
	snap_preset *set = NEW_ARRAY(r->a, snap_preset, p->set->count);
	JSON_EACH (m, p->set) {
		str path = jsonpath_key(r->a, STR("$.permission.set"), m->key);
		const cat_column *c = cat_table_column(r->cat, m->key);
		if (!c) {
			str table = qname_display(r->a, r->md->name);
			str why = str_printf(
				r->a, "column \"%.*s\" not found in table \"%.*s\"", STR_ARG(m->key), STR_ARG(table));
			return no_such_column(r->md, m->key, why, path, err);
		}
		size_t at = column_index(r->t, m->key);
		if (at == SIZE_MAX)
			return error_set(err, ERR_NOT_SUPPORTED, path,
				"column \"%.*s\" has no GraphQL name, so it cannot be preset", STR_ARG(m->key));
		snap_preset *one = &set[w->nset];
		one->col = at;
		const cat_type *base = catalog_base_type(r->sc->cat, c->type);
		const enum_rows *rows;
		const md_table *of = column_enum(r, r->cat, c, &rows);
		if (of && !val_enum(r, of, rows, m, path, err)) return false;
		if (!val_from_json(r, base ? base->oid : c->type, m, &one->value, err)) return false;
		cols[at] = false;
		w->nset++;
	}
	w->set = set;
	return true;
}

static bool view_allows(resolving *r, const md_permission *p, error *err)
{
	bool ok = p->kind == MD_PERM_INSERT ? r->cat->insertable
		: p->kind == MD_PERM_UPDATE ? r->cat->updatable
					    : r->cat->deletable;
	if (ok) return true;
	static const char *const CAN[] = {"", "insertable", "updatable", "deletable"};
	str name = qname_display(r->a, r->md->name);
	return error_set(err, ERR_NOT_SUPPORTED, STR(""),
		"\"%.*s\" is not %s and so cannot have %s permissions defined", STR_ARG(name), CAN[p->kind],
		KIND_NAMES[p->kind]);
}

static bool write_perm(resolving *r, const md_permission *p, snap_perms *out, error *err)
{
	snap_write_perm *w = NEW(r->a, snap_write_perm);
	if (!view_allows(r, p, err)) return false;
	if (!perm_rows(r, p->filter, &w->filter, err) || !perm_rows(r, p->check, &w->check, err)) return false;
	/* Not the same as none: rows that an upsert updates are then held to nothing, not to the insert's check. */
	bool always = p->kind == MD_PERM_UPDATE && !json_is_null(p->check) && !w->check;
	if (always) w->check = bexp_new(r->a, BEXP_TRUE);
	if (p->kind != MD_PERM_DELETE) {
		bool *cols;
		if (!perm_columns(r, p, &cols, err) || !presets(r, p, w, cols, err)) return false;
		w->cols = cols;
	}
	w->backend_only = p->backend_only;
	w->validate_input = p->validate_input;
	if (p->kind == MD_PERM_INSERT) out->insert = w;
	if (p->kind == MD_PERM_UPDATE) out->update = w;
	if (p->kind == MD_PERM_DELETE) out->del = w;
	return true;
}

static snap_perms *perms_of(resolving *r, str role)
{
	snap_perms *p = map_get(&r->t->perms, role);
	if (!p) map_put(r->a, &r->t->perms, role, p = NEW(r->a, snap_perms));
	return p;
}

static void one_permission(resolving *r, const md_permission *p)
{
	error err;
	error_init(&err, r->a);
	snap_perms *into = perms_of(r, p->role);
	bool ok = str_eqz(p->role, "admin")
		? error_set(&err, ERR_CONSTRAINT_VIOLATION, STR(""), "cannot define permission for admin role")
		: p->kind == MD_PERM_SELECT ? select_perm(r, p, into, &err)
					    : write_perm(r, p, into, &err);
	if (ok) return;
	resolve_issue(r, md_perm_type(p->kind), p->role, p->raw,
		issue_context(r->a, r->md->name, "permission for role", p->role, err.message));
}

static const snap_perms *admin_perms(resolving *r)
{
	snap_perms *p = NEW(r->a, snap_perms);
	snap_select_perm *s = NEW(r->a, snap_select_perm);
	bool *computed = NEW_ARRAY(r->a, bool, r->t->ncomputed ? r->t->ncomputed : 1);
	memset(computed, true, r->t->ncomputed);
	*s = (snap_select_perm){.cols = all_columns(r, MD_PERM_SELECT),
		.aggregations = true,
		.computed = computed,
		.query_roots = UINT32_MAX,
		.subscription_roots = UINT32_MAX};
	p->select = s;
	snap_write_perm *ins = NEW(r->a, snap_write_perm), *upd = NEW(r->a, snap_write_perm),
			*del = NEW(r->a, snap_write_perm);
	ins->cols = all_columns(r, MD_PERM_INSERT);
	upd->cols = all_columns(r, MD_PERM_UPDATE);
	p->insert = ins;
	p->update = upd;
	p->del = del;
	return p;
}

void resolve_permissions(resolving *r)
{
	r->t->admin = admin_perms(r);
	for (size_t k = 0; k < MD_PERM_KINDS; k++)
		for (size_t i = 0; i < r->md->nperms[k]; i++)
			one_permission(r, &r->md->perms[k][i]);
}
