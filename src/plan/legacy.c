/* legacy: requests of the older JSON API: the form of their args, what a role may name, count. */
#include "plan/legacy_in.h"

/* ---- the form of args ---- */

bool legacy_form(legacy *l, const plan_path *at, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	str text = str_vprintf(l->c->a, fmt, ap);
	va_end(ap);
	l->form = true;
	return plan_fail_code(l->c, ERR_PARSE_FAILED, at, "%.*s", STR_ARG(text));
}

bool legacy_mismatch(legacy *l, const plan_path *at, const char *what, const char *want, const json *j)
{
	return legacy_form(l, at, "parsing %s failed, expected %s, but encountered %s", what, want, json_kind_name(j));
}

bool legacy_member(legacy *l, const json *o, const char *key, const plan_path *at, const json **out)
{
	*out = json_getz(o, key);
	return *out || legacy_form(l, at, "key \"%s\" not found", key);
}

bool legacy_texts(legacy *l, const json *o, const char *key, str_vec *out, bool *given)
{
	const json *list = json_getz(o, key);
	const plan_path *at = legacy_at(l, NULL, key);
	*given = !json_is_null(list);
	if (!*given) return true;
	if (list->kind != JSON_ARRAY) return legacy_mismatch(l, at, "[]", "Array", list);
	JSON_EACH (e, list) {
		if (e->kind != JSON_STRING)
			return legacy_mismatch(l, path_index(l->c, at, out->n), "Text", "String", e);
		vec_push(l->c->a, out, e->text);
	}
	return true;
}

/* ---- tables, columns ---- */

const snap_rel *legacy_rel(const snap_table *t, str name)
{
	for (size_t i = 0; i < t->nrels; i++)
		if (str_eq(t->rels[i].name, name)) return &t->rels[i];
	return NULL;
}

size_t legacy_column(const snap_table *t, str name)
{
	for (size_t i = 0; i < t->ncols; i++)
		if (str_eq(t->cols[i].cat->name, name)) return i;
	return SIZE_MAX;
}

bool legacy_may_select(legacy *l, const snap_table *t, const char *after, const snap_select_perm **out)
{
	plan_ctx *c = l->c;
	*out = permit_select(c, l->src, t);
	if (*out) return true;
	return plan_fail_code(c, ERR_PERMISSION_DENIED, NULL, "select on \"%.*s\" for role \"%.*s\" is not allowed. %s",
		STR_ARG(qname_display(c->a, t->name)), STR_ARG(c->role), after);
}

bool legacy_may_follow(legacy *l, const snap_rel *rel, const plan_path *at, const snap_table **target)
{
	plan_ctx *c = l->c;
	*target = snap_source_table(l->src, rel->target);
	if (*target && permit_select(c, l->src, *target)) return true;
	return plan_fail_code(c, ERR_PERMISSION_DENIED, at,
		"role \"%.*s\" does not have permission to read relationship \"%.*s\"; no permission on table \"%.*s\"",
		STR_ARG(c->role), STR_ARG(rel->name), STR_ARG(qname_display(c->a, rel->target)));
}

bool legacy_granted(legacy *l, const snap_table *t, const bool *granted, const char *what, str name,
	const plan_path *at, size_t *out)
{
	plan_ctx *c = l->c;
	*out = legacy_column(t, name);
	if (*out != SIZE_MAX && granted[*out]) return true;
	if (str_eq(c->role, ROLE_ADMIN))
		return plan_fail_code(c, ERR_PERMISSION_DENIED, at, "no such column exists: \"%.*s\"", STR_ARG(name));
	return plan_fail_code(c, ERR_PERMISSION_DENIED, at,
		"role \"%.*s\" does not have permission to %s column \"%.*s\"", STR_ARG(c->role), what, STR_ARG(name));
}

plan_field legacy_field(legacy *l, const snap_table *t, size_t col)
{
	plan_field f = {.kind = PF_COLUMN, .alias = t->cols[col].cat->name, .col = &t->cols[col]};
	f.visible_if = permit_column_filter(l->c, permit_select(l->c, l->src, t), col);
	return f;
}

/* ---- select, count ---- */

static bool read_select(legacy *l, plan_root *root)
{
	const snap_select_perm *perm;
	if (!legacy_may_select(l, l->t, "", &perm)) return false;
	root->kind = ROOT_ROWS;
	root->select = select_new(l->c, l->src, l->t, SHAPE_LIST, NULL);
	return legacy_rows(l, root->select, l->req->args, NULL);
}

/* Hasura v2: count(*) of the rows, or of the distinct combinations of columns, with NULLs. */
static void count_rows(legacy *l, plan_select *s)
{
	plan_agg *agg = NEW(l->c->a, plan_agg);
	*agg = (plan_agg){.alias = STR("count"), .kind = AGG_COUNT};
	s->fields = NEW(l->c->a, plan_field);
	s->fields[0] = (plan_field){.kind = PF_AGGREGATE, .alias = STR("aggregate"), .aggs = agg, .naggs = 1};
	s->nfields = 1;
}

static bool read_count(legacy *l, plan_root *root)
{
	static const char after[] = "; \"count\" is only allowed if the role has \"select\" permissions on the table";
	plan_ctx *c = l->c;
	const json *where = json_getz(l->req->args, "where");
	const snap_select_perm *perm;
	str_vec names = {0};
	bool given;
	plan_select *s = select_new(c, l->src, l->t, SHAPE_AGGREGATE, NULL);
	if (!legacy_texts(l, l->req->args, "distinct", &names, &given) || !legacy_may_select(l, l->t, after, &perm))
		return false;
	s->distinct = NEW_ARRAY(c->a, const snap_column *, names.n);
	for (size_t i = 0; i < names.n; i++) {
		size_t col;
		const plan_path *at = path_index(c, legacy_at(l, NULL, "distinct"), i);
		if (!legacy_granted(l, l->t, perm->cols, "select", names.v[i], at, &col)) return false;
		/* A column that is NULL for this role in some rows would tell by the count what it hides. */
		if (permit_column_filter(c, perm, col))
			return plan_fail_code(c, ERR_NOT_SUPPORTED, at,
				"\"distinct\" of a column that is not visible in every row is not served by this version "
				"of Weir");
		s->distinct[s->ndistinct++] = &l->t->cols[col];
	}
	if (!json_is_null(where) && !legacy_where(l, l->t, where, legacy_at(l, NULL, "where"), &s->where)) return false;
	permit_rows(c, s, false);
	count_rows(l, s);
	root->kind = ROOT_ROWS;
	root->select = s;
	return true;
}

/* ---- all ---- */

/* Hasura v2: only select and update say that it is the table. */
static bool find_table(legacy *l)
{
	plan_ctx *c = l->c;
	const json *name;
	qname q;
	if (l->req->args->kind != JSON_OBJECT) return legacy_mismatch(l, NULL, "query", "Object", l->req->args);
	if (!legacy_member(l, l->req->args, "table", NULL, &name)) return false;
	const plan_path *at = legacy_at(l, NULL, "table");
	if (!md_qname_parse(c->a, name, &q, c->err)) {
		c->err->path = path_text(c, at);
		l->form = true;
		return false;
	}
	l->t = snap_source_table(l->src, q);
	if (l->t) return true;
	bool told = l->req->op == LEGACY_SELECT || l->req->op == LEGACY_UPDATE;
	return plan_fail_code(
		c, ERR_NOT_EXISTS, told ? at : NULL, "table \"%.*s\" does not exist", STR_ARG(qname_display(c->a, q)));
}

static bool read_root(legacy *l, plan_root *root)
{
	static const char *const names[] = {"select", "count", "insert", "update", "delete"};
	root->alias = root->name = str_from(names[l->req->op]);
	if (!find_table(l)) return false;
	if (l->req->op == LEGACY_SELECT) return read_select(l, root);
	if (l->req->op == LEGACY_COUNT) return read_count(l, root);
	root->kind = ROOT_MUTATION;
	root->mutation = NEW(l->c->a, plan_mutation);
	return legacy_write(l, root->mutation);
}

static void finish(plan_ctx *c)
{
	plan *p = c->p;
	str *names = NEW_ARRAY(c->a, str, c->session.n);
	for (size_t i = 0; i < c->session.n; i++)
		names[i] = c->session.items[i].key;
	p->session_vars = names;
	p->nsession_vars = c->session.n;
}

bool legacy_plan(const legacy_request *req, plan **out, bool *form, error *err)
{
	arena *a = arena_new(4096);
	plan_request as = {.snap = req->snap, .role = req->role, .backend = req->backend, .variables = req->args};
	plan *p = NEW(a, plan);
	plan_ctx c = {.a = a, .req = &as, .snap = req->snap, .p = p, .err = err};
	legacy l = {.c = &c, .req = req, .src = req->source};
	c.role = p->role = str_copy(a, req->role);
	p->a = a;
	p->snap = snapshot_ref((snapshot *)req->snap);
	p->kind = req->op == LEGACY_SELECT || req->op == LEGACY_COUNT ? GQ_QUERY : GQ_MUTATION;
	p->roots = NEW(a, plan_root);
	p->nroots = 1;
	bool ok = read_root(&l, p->roots);
	*form = l.form;
	if (!ok) {
		/* Texts of errors may live in the plan's arena. */
		err->path = str_copy(err->a, error_path(err));
		plan_free(p);
		return false;
	}
	finish(&c);
	*out = p;
	return true;
}
