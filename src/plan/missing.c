#include "plan/missing.h"

static str no_select(plan_ctx *c, const char *kind, qname table)
{
	str name = qname_display(c->a, table);
	return str_printf(
		c->a, "no %s permission on table \"%.*s\" for role \"%.*s\"", kind, STR_ARG(name), STR_ARG(c->role));
}

str missing_field(plan_ctx *c, const snap_source *src, const snap_table *t, str name)
{
	if (!c->req->explain_missing) return STR("");
	const snap_field *f = snap_table_field(t, name);
	str table = qname_display(c->a, t->name);
	if (!f)
		return str_printf(c->a,
			"table \"%.*s\" has no column, relationship or computed field exposed as \"%.*s\"",
			STR_ARG(table), STR_ARG(name));
	bool computed = f->kind == FIELD_COMPUTED || f->kind == FIELD_COMPUTED_AGG;
	if (f->kind == FIELD_COLUMN || (computed && !t->computed[f->index].returns_table))
		return str_printf(c->a, "%s \"%.*s\" of table \"%.*s\" is not granted to role \"%.*s\"",
			computed ? "computed field" : "column", STR_ARG(name), STR_ARG(table), STR_ARG(c->role));
	qname target = computed ? t->computed[f->index].target : t->rels[f->index].target;
	const snap_table *tt = snap_source_table(src, target);
	if (!tt) return str_printf(c->a, "table \"%.*s\" is not tracked", STR_ARG(qname_display(c->a, target)));
	if (!permit_select(c, src, tt)) return no_select(c, "select", target);
	return str_printf(c->a, "aggregations are not allowed on table \"%.*s\" for role \"%.*s\"",
		STR_ARG(qname_display(c->a, target)), STR_ARG(c->role));
}

static const char *permission_kind(md_root_field f)
{
	if (f <= ROOT_SELECT_STREAM) return "select";
	if (f <= ROOT_INSERT_ONE) return "insert";
	return f <= ROOT_UPDATE_MANY ? "update" : "delete";
}

static bool has_permission(const snap_perms *p, md_root_field f)
{
	if (f <= ROOT_SELECT_STREAM) return p->select;
	if (f <= ROOT_INSERT_ONE) return p->insert;
	return f <= ROOT_UPDATE_MANY ? p->update : p->del;
}

str missing_root(plan_ctx *c, gq_operation_kind kind, str name)
{
	if (!c->req->explain_missing) return STR("");
	const map *roots = kind == GQ_QUERY ? &c->snap->query_roots
		: kind == GQ_MUTATION       ? &c->snap->mutation_roots
					    : &c->snap->subscription_roots;
	const snap_root *r = map_get(roots, name);
	if (!r) return STR("no tracked table or function offers this field");
	if (r->kind != SNAP_ROOT_TABLE) {
		str fn = qname_display(c->a, r->fn->cat->name);
		return str_printf(c->a, "function \"%.*s\" or the table it returns is not permitted to role \"%.*s\"",
			STR_ARG(fn), STR_ARG(c->role));
	}
	if (!has_permission(permit_all(c, r->source, r->table), r->field))
		return no_select(c, permission_kind(r->field), r->table->name);
	return str_printf(c->a, "the %s permission of role \"%.*s\" on table \"%.*s\" does not offer this field",
		permission_kind(r->field), STR_ARG(c->role), STR_ARG(qname_display(c->a, r->table->name)));
}
