/* perm_walk: a plan as a list of fields: what each is, which filter was added, how many rows it shows and hides. */
#include "admin/perm_explain.h"

typedef struct walk {
	perm_counter *k;
	arena *a;
	const plan *p;
	const perm_refusals *refused;
	json *list;
} walk;

/* A place in the answer: author.books */
static str below(walk *w, str path, str alias)
{
	return path.n ? str_cat(w->a, 3, path, STR("."), alias) : alias;
}

static json *entry(walk *w, str path, bool allowed)
{
	json *o = json_push(w->list, json_new_object(w->a));
	json_setz(o, "field", json_new_str(w->a, path));
	json_setz(o, "allowed", json_new_bool(w->a, allowed));
	return o;
}

/* Placeholders of what was refused; a plain __typename is everybody's. */
static void typename(walk *w, str path, str alias)
{
	const perm_refusal *r = perm_refusal_of(w->refused, alias);
	if (!r) return;
	json *o = entry(w, below(w, path, r->name), false);
	json_setz(o, "reason", json_new_str(w->a, r->reason));
	json_setz(o, "error", json_new_str(w->a, r->message));
	json_setz(o, "path", json_new_str(w->a, r->path));
}

/* ---- filters ---- */

static json *values_of(walk *w, const statement *st)
{
	json *list = json_new_array(w->a);
	for (size_t i = 0; i < st->nparams; i++) {
		const val *v = &st->params[i];
		bool named = v->kind == VAL_SESSION || v->kind == VAL_SESSION_OPT;
		const str *set = named ? session_get(w->k->q->who, v->text) : NULL;
		json *o = json_push(list, json_new_object(w->a));
		if (named) json_setz(o, "session", json_new_str(w->a, v->text));
		str text = set ? *set : v->text;
		bool known = v->kind == VAL_CONST || set;
		json_setz(o, "value", known ? json_new_str(w->a, text) : json_new_null(w->a));
	}
	return list;
}

static void put_filter(walk *w, json *o, const char *key, const snap_source *src, const bexp *e)
{
	if (!e || e->kind == BEXP_TRUE) {
		json_setz(o, key, json_new_null(w->a));
		return;
	}
	const statement *st = sql_condition(w->a, w->p->snap, src, e);
	json *f = json_setz(o, key, json_new_object(w->a));
	json_setz(f, "sql", json_new_str(w->a, str_make(st->sql, st->sql_len)));
	json_setz(f, "values", values_of(w, st));
}

/* The rule as it was written; a role that inherits has none of its own. */
static void put_rule(walk *w, json *o, const char *key, const snap_table *t, md_perm_kind kind, bool check)
{
	const md_permission *m = md_table_permission(t->md, kind, w->p->role);
	const json *rule = m ? (check ? m->check : m->filter) : NULL;
	if (rule) json_setz(o, key, json_copy(w->a, rule));
}

static json *also(walk *w, json *o, const char *where, qname table, const snap_source *src, const bexp *e)
{
	json *list = json_getz(o, "also_filtered");
	if (!list) list = json_setz(o, "also_filtered", json_new_array(w->a));
	json *f = json_push(list, json_new_object(w->a));
	json_setz(f, "in", json_new_str(w->a, str_from(where)));
	json_setz(f, "table", json_new_str(w->a, qname_display(w->a, table)));
	put_filter(w, f, "filter", src, e);
	return f;
}

/* Filters the role's permissions put inside the client's own condition. Depth: the condition's, as the request is deep. */
static void inside_where(walk *w, json *o, const snap_source *src, const bexp *e)
{
	for (size_t i = 0; e && i < e->nkids; i++) {
		const bexp *kid = e->kids[i];
		const bexp *role = kid->own_root ? kid : NULL;
		for (size_t n = 0; e->kind == BEXP_REL && kid->kind == BEXP_AND && !role && n < kid->nkids; n++)
			if (kid->kids[n]->own_root) role = kid->kids[n];
		if (e->kind == BEXP_REL && role) also(w, o, "where", e->rel.target, src, role);
		if (!kid->own_root) inside_where(w, o, src, kid);
	}
}

static void inside_order(walk *w, json *o, const plan_select *sel)
{
	for (size_t i = 0; i < sel->norder; i++)
		for (size_t k = 0; k < sel->order[i].npath; k++) {
			const order_step *s = &sel->order[i].path[k];
			if (s->filter && s->table) also(w, o, "order_by", s->table->name, sel->source, s->filter);
		}
}

/* ---- fields ---- */

static void walk_fields(
	walk *w, str path, const plan_select *sel, const plan_field *fields, size_t n, const sql_reach *reach);

/* Of lists: a single row has none. */
static void put_limit(walk *w, json *o, const plan_select *sel)
{
	const snap_select_perm *p = role_perms(w->p->snap, sel->source, sel->table, w->p->role)->select;
	if (p && p->has_limit && sel->shape != SHAPE_ONE) json_setz(o, "limit", json_new_i64(w->a, p->limit));
}

static void walk_select(walk *w, str path, const plan_select *sel, const sql_reach *reach, const char *uncounted)
{
	json *o = entry(w, path, true);
	json_setz(o, "table", json_new_str(w->a, qname_display(w->a, sel->table->name)));
	put_rule(w, o, "rule", sel->table, MD_PERM_SELECT, false);
	put_filter(w, o, "filter", sel->source, sel->filter);
	put_limit(w, o, sel);
	inside_where(w, o, sel->source, sel->where);
	inside_order(w, o, sel);
	if (reach) {
		json_setz(o, "rows", perm_count(w->k, reach));
	} else {
		json *rows = json_setz(o, "rows", json_new_object(w->a));
		json_setz(rows, "not_counted", json_new_str(w->a, str_from(uncounted)));
	}
	walk_fields(w, path, sel, sel->fields, sel->nfields, reach);
}

static void walk_scalar(walk *w, str path, const plan_select *sel, str column, const bexp *visible_if)
{
	json *o = entry(w, path, true);
	json_setz(o, "table", json_new_str(w->a, qname_display(w->a, sel->table->name)));
	json_setz(o, "column", json_new_str(w->a, column));
	if (visible_if) put_filter(w, o, "shown_if", sel->source, visible_if);
}

static void walk_aggregate(walk *w, str path, const plan_select *sel, const plan_field *f)
{
	for (size_t i = 0; i < f->naggs; i++) {
		const plan_agg *g = &f->aggs[i];
		str at = below(w, path, g->alias);
		if (g->kind == AGG_TYPENAME) typename(w, path, g->alias);
		if (g->kind == AGG_COUNT) (void)entry(w, at, true);
		for (size_t k = 0; g->kind == AGG_OP && k < g->ncols; k++) {
			const plan_agg_column *c = &g->cols[k];
			str name = c->col ? c->col->cat->name : c->computed ? c->computed->name : STR("");
			if (c->typename.p) typename(w, at, c->alias);
			else walk_scalar(w, below(w, at, c->alias), sel, name, c->visible_if);
		}
	}
}

static void walk_related(walk *w, str path, const plan_field *f, const sql_reach *reach)
{
	const char *why = "its parents' rows are not counted";
	sql_reach *next = NULL;
	if (reach) {
		next = NEW(w->a, sql_reach);
		*next = (sql_reach){.from = reach, .rel = f->rel, .sel = f->select};
	}
	walk_select(w, path, f->select, next, why);
}

static void walk_field(walk *w, str path, const plan_select *sel, const plan_field *f, const sql_reach *reach)
{
	str at = below(w, path, f->alias);
	switch (f->kind) {
	case PF_TYPENAME: typename(w, path, f->alias); break;
	case PF_COLUMN: walk_scalar(w, at, sel, f->col->cat->name, f->visible_if); break;
	case PF_COMPUTED: walk_scalar(w, at, sel, f->computed->name, f->visible_if); break;
	case PF_OBJECT:
	case PF_ARRAY:
	case PF_ARRAY_AGG: walk_related(w, at, f, reach); break;
	case PF_COMPUTED_ROWS: walk_select(w, at, f->select, NULL, "rows of a computed field"); break;
	case PF_NODES: walk_fields(w, at, sel, f->fields, f->nfields, reach); break;
	case PF_AGGREGATE: walk_aggregate(w, at, sel, f); break;
	}
}

/* Depth: the document's, bounded by gq_select_operation. */
static void walk_fields(
	walk *w, str path, const plan_select *sel, const plan_field *fields, size_t n, const sql_reach *reach)
{
	for (size_t i = 0; i < n; i++)
		walk_field(w, path, sel, &fields[i], reach);
}

/* ---- roots ---- */

static void walk_rows(walk *w, const plan_root *r)
{
	const plan_select *sel = r->select;
	bool may_run = r->kind == ROOT_ROWS && !(sel->function && sel->function->fn->volatile_read);
	sql_reach *reach = may_run ? NEW(w->a, sql_reach) : NULL;
	if (reach) reach->sel = sel;
	walk_select(w, r->alias, sel, reach, "the function would have to be run");
}

/* Rows an update or delete would touch, and those its filter keeps from it. */
static void count_targets(walk *w, json *o, const plan_mutation *m)
{
	bool update = m->kind == MUT_UPDATE && m->nupdates == 1;
	if (!update && m->kind != MUT_DELETE) return;
	plan_select *sel = NEW(w->a, plan_select);
	*sel = (plan_select){.source = m->source, .table = m->table, .filter = m->filter};
	sel->where = update ? m->updates[0].where : m->where;
	sql_reach reach = {.sel = sel};
	json_setz(o, "rows", perm_count(w->k, &reach));
}

static void walk_response(walk *w, const plan_root *r, const plan_mutation *m)
{
	const plan_select *one = m->returning;
	for (size_t i = 0; i < m->nresponse; i++) {
		const plan_response *f = &m->response[i];
		if (f->kind == MR_TYPENAME) typename(w, r->alias, f->alias);
		if (f->kind != MR_RETURNING) continue;
		walk_fields(w, below(w, r->alias, f->alias), f->select, f->select->fields, f->select->nfields, NULL);
	}
	if (m->one && one) walk_fields(w, r->alias, one, one->fields, one->nfields, NULL);
}

static void walk_mutation(walk *w, const plan_root *r)
{
	static const md_perm_kind kinds[] = {[MUT_INSERT] = MD_PERM_INSERT,
		[MUT_UPDATE] = MD_PERM_UPDATE,
		[MUT_UPDATE_MANY] = MD_PERM_UPDATE,
		[MUT_DELETE] = MD_PERM_DELETE};
	const plan_mutation *m = r->mutation;
	md_perm_kind kind = kinds[m->kind];
	const bexp *check = m->kind == MUT_INSERT ? m->insert->check : m->check;
	json *o = entry(w, r->alias, true);
	json_setz(o, "table", json_new_str(w->a, qname_display(w->a, m->table->name)));
	if (kind != MD_PERM_INSERT) {
		put_rule(w, o, "rule", m->table, kind, false);
		put_filter(w, o, "filter", m->source, m->filter);
	}
	if (kind != MD_PERM_DELETE) {
		const md_permission *p = md_table_permission(m->table->md, kind, w->p->role);
		put_rule(w, o, "check_rule", m->table, kind, true);
		put_filter(w, o, "check", m->source, check);
		if (p && p->set && p->set->count) json_setz(o, "presets", json_copy(w->a, p->set));
	}
	count_targets(w, o, m);
	walk_response(w, r, m);
}

json *perm_walk(perm_counter *k, const plan *p, const perm_refusals *refused)
{
	walk w = {.k = k, .a = k->a, .p = p, .refused = refused, .list = json_new_array(k->a)};
	for (size_t i = 0; i < p->nroots; i++) {
		const plan_root *r = &p->roots[i];
		switch (r->kind) {
		case ROOT_TYPENAME: typename(&w, STR(""), r->alias); break;
		case ROOT_JSON: (void)entry(&w, r->alias, true); break;
		case ROOT_ROWS:
		case ROOT_MUTATION_FUNCTION: walk_rows(&w, r); break;
		case ROOT_MUTATION: walk_mutation(&w, r); break;
		}
	}
	return w.list;
}
