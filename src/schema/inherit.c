#include "schema/inherit.h"
#include <pthread.h>

/* Roles above roles; who needs more has made a mistake. Bounds the recursions below. */
enum { MAX_PARENTS_DEPTH = 200 };

/* What snapshot.role_cache points at. Lives as long as the snapshot. */
typedef struct inherit_cache {
	map valid; /* name → md_inherited_role *: those that are consistent; filled by inherit_check */
	pthread_mutex_t lock;
	arena *a;
	map tables; /* bytes of the table's pointer → map * of role → snap_perms * */
} inherit_cache;

static void cache_free(void *data)
{
	inherit_cache *c = data;
	pthread_mutex_destroy(&c->lock);
	arena_free(c->a);
}

void *inherit_cache_new(arena *a)
{
	inherit_cache *c = NEW(a, inherit_cache);
	pthread_mutex_init(&c->lock, NULL);
	c->a = arena_new(0);
	arena_on_free(a, cache_free, c);
	return c;
}

static const md_inherited_role *find_role(const snapshot *s, str role)
{
	return map_get(&((const inherit_cache *)s->role_cache)->valid, role);
}

bool inherit_is_inherited(const snapshot *s, str role)
{
	return find_role(s, role) != NULL;
}

static bool any_parent(const snapshot *s, const md_inherited_role *ir, const str *roles, size_t n, map *seen, arena *a)
{
	for (size_t i = 0; ir && i < ir->nparents; i++) {
		for (size_t k = 0; k < n; k++)
			if (str_eq(roles[k], ir->parents[i])) return true;
		if (!map_add(a, seen, ir->parents[i], a)) continue;
		if (any_parent(s, find_role(s, ir->parents[i]), roles, n, seen, a)) return true;
	}
	return false;
}

bool inherit_any_parent_has(const snapshot *s, str role, const str *roles, size_t n)
{
	const md_inherited_role *ir = n ? find_role(s, role) : NULL;
	if (!ir) return false;
	arena *a = arena_new(0);
	map seen = {0};
	bool found = any_parent(s, ir, roles, n, &seen, a);
	arena_free(a);
	return found;
}

/* ---- combining ---- */

typedef struct parents {
	const snap_perms **v;
	size_t n;
} parents;

/* Alternatives, each once: roles above roles would else repeat their parents' filters without end. */
typedef struct any_of {
	VEC(const bexp *) v;
	bool all_rows;
} any_of;

static void any_add(arena *a, any_of *x, const bexp *e)
{
	if (!e || e->kind == BEXP_TRUE) {
		x->all_rows = true;
		return;
	}
	if (e->kind == BEXP_OR) {
		for (size_t i = 0; i < e->nkids; i++)
			any_add(a, x, e->kids[i]);
		return;
	}
	for (size_t i = 0; i < x->v.n; i++)
		if (bexp_equal(x->v.v[i], e)) return;
	vec_push(a, &x->v, e);
}

/* NULL: all rows. */
static const bexp *any_expression(arena *a, const any_of *x)
{
	if (x->all_rows) return NULL;
	if (x->v.n == 1) return x->v.v[0];
	bexp *e = bexp_new(a, x->v.n ? BEXP_OR : BEXP_FALSE);
	e->kids = x->v.v;
	e->nkids = x->v.n;
	return e;
}

/* What a permission grants by index: columns, or scalar computed fields. */
typedef struct grants {
	const bool *may;
	const bexp **shown;
} grants;

static grants grants_of(const snap_select_perm *p, bool computed)
{
	return computed ? (grants){p->computed, p->computed_filter} : (grants){p->cols, p->col_filter};
}

static void combine_grant(arena *a, const parents *ps, bool computed, size_t c, bool *may, const bexp **shown)
{
	any_of rows = {0};
	bool granted = false, everyone = true, redacted = false;
	for (size_t i = 0; i < ps->n; i++) {
		const snap_select_perm *p = ps->v[i]->select;
		if (!p) continue;
		grants g = grants_of(p, computed);
		if (!g.may[c]) {
			everyone = false;
			continue;
		}
		granted = true;
		redacted |= g.shown && g.shown[c];
		any_add(a, &rows, bexp_and(a, p->filter, g.shown ? g.shown[c] : NULL));
	}
	*may = granted;
	*shown = !granted || (everyone && !redacted) ? NULL : any_expression(a, &rows);
}

static void combine_limits(snap_select_perm *out, const snap_select_perm *p)
{
	if (p->has_limit && (!out->has_limit || p->limit > out->limit)) out->limit = p->limit;
	out->has_limit |= p->has_limit;
	out->aggregations |= p->aggregations;
	out->query_roots |= p->query_roots;
	out->subscription_roots |= p->subscription_roots;
}

static const snap_select_perm *combine_select(arena *a, const snap_table *t, const parents *ps)
{
	snap_select_perm *out = NEW(a, snap_select_perm);
	bool *cols = NEW_ARRAY(a, bool, t->ncols + 1), *computed = NEW_ARRAY(a, bool, t->ncomputed + 1);
	const bexp **shown = NEW_ARRAY(a, const bexp *, t->ncols + 1),
		   **computed_shown = NEW_ARRAY(a, const bexp *, t->ncomputed + 1);
	size_t n = 0;
	any_of rows = {0};
	for (size_t i = 0; i < ps->n; i++) {
		const snap_select_perm *p = ps->v[i]->select;
		if (!p) continue;
		n++;
		any_add(a, &rows, p->filter);
		combine_limits(out, p);
	}
	if (!n) return NULL;
	out->filter = any_expression(a, &rows);
	for (size_t c = 0; c < t->ncols; c++)
		combine_grant(a, ps, false, c, &cols[c], &shown[c]);
	for (size_t c = 0; c < t->ncomputed; c++)
		combine_grant(a, ps, true, c, &computed[c], &computed_shown[c]);
	out->cols = cols;
	out->computed = computed;
	out->col_filter = shown;
	out->computed_filter = computed_shown;
	return out;
}

static bool same_rows(const bexp *x, const bexp *y)
{
	return x && y ? bexp_equal(x, y) : x == y;
}

static bool write_equal(const snap_table *t, const snap_write_perm *x, const snap_write_perm *y)
{
	if (x->backend_only != y->backend_only || x->nset != y->nset || !same_rows(x->filter, y->filter) ||
		!same_rows(x->check, y->check) || !x->cols != !y->cols || !x->validate_input != !y->validate_input)
		return false;
	if (x->validate_input && !json_equal(x->validate_input, y->validate_input)) return false;
	if (x->cols && memcmp(x->cols, y->cols, t->ncols * sizeof *x->cols) != 0) return false;
	for (size_t i = 0; i < x->nset; i++) {
		bexp bx = {.kind = BEXP_CMP, .rhs = x->set[i].value}, by = {.kind = BEXP_CMP, .rhs = y->set[i].value};
		if (x->set[i].col != y->set[i].col || !bexp_equal(&bx, &by)) return false;
	}
	return true;
}

static const snap_write_perm *write_of(const snap_perms *p, md_perm_kind k)
{
	return k == MD_PERM_INSERT ? p->insert : k == MD_PERM_UPDATE ? p->update : p->del;
}

/* The one permission all parents that have one agree on; NULL also when they differ (*conflict). */
static const snap_write_perm *combine_write(const snap_table *t, const parents *ps, md_perm_kind k, bool *conflict)
{
	const snap_write_perm *one = NULL;
	*conflict = false;
	for (size_t i = 0; i < ps->n; i++) {
		const snap_write_perm *w = write_of(ps->v[i], k);
		if (!w) continue;
		if (one && !write_equal(t, one, w)) *conflict = true;
		one = w;
	}
	return *conflict ? NULL : one;
}

/* The permissions of roles on one table, each role's made once. */
typedef struct combining {
	arena *a;
	const snapshot *s;
	const snap_table *t;
	map *memo;        /* role → snap_perms * */
	bool writes_only; /* parents can differ in these only; selects are made for a role when it asks */
} combining;

static const snap_perms *perms_of(const combining *c, str role, unsigned *conflicts);

static parents parents_of(const combining *c, const md_inherited_role *ir)
{
	parents ps = {.v = NEW_ARRAY(c->a, const snap_perms *, ir->nparents)};
	for (size_t i = 0; i < ir->nparents; i++)
		ps.v[ps.n++] = perms_of(c, ir->parents[i], NULL);
	return ps;
}

static const snap_perms *combine(const combining *c, const md_inherited_role *ir, unsigned *conflicts)
{
	const snap_perms *own = map_get(&c->t->perms, ir->name);
	parents ps = parents_of(c, ir);
	snap_perms *out = NEW(c->a, snap_perms);
	bool conflict[MD_PERM_KINDS] = {false};
	if (own) *out = *own;
	if (!out->select && !c->writes_only) out->select = combine_select(c->a, c->t, &ps);
	if (!out->insert) out->insert = combine_write(c->t, &ps, MD_PERM_INSERT, &conflict[MD_PERM_INSERT]);
	if (!out->update) out->update = combine_write(c->t, &ps, MD_PERM_UPDATE, &conflict[MD_PERM_UPDATE]);
	if (!out->del) out->del = combine_write(c->t, &ps, MD_PERM_DELETE, &conflict[MD_PERM_DELETE]);
	for (size_t k = 0; conflicts && k < MD_PERM_KINDS; k++)
		*conflicts |= conflict[k] ? 1U << k : 0;
	return out;
}

/* Consistent roles form no cycle: the recursion ends, at most MAX_PARENTS_DEPTH deep. */
static const snap_perms *perms_of(const combining *c, str role, unsigned *conflicts)
{
	static const snap_perms none;
	const md_inherited_role *ir = find_role(c->s, role);
	if (!ir) {
		const snap_perms *own = map_get(&c->t->perms, role);
		return own ? own : &none;
	}
	const snap_perms *known = conflicts ? NULL : map_get(c->memo, role);
	if (known) return known;
	const snap_perms *made = combine(c, ir, conflicts);
	map_put(c->a, c->memo, ir->name, (void *)made);
	return made;
}

const snap_perms *inherit_perms(const snapshot *s, const snap_source *src, const snap_table *t, str role)
{
	(void)src;
	inherit_cache *c = s->role_cache;
	str key = str_make((const char *)&t, sizeof t);
	pthread_mutex_lock(&c->lock);
	map *memo = map_get(&c->tables, key);
	if (!memo) map_put(c->a, &c->tables, str_copy(c->a, key), memo = NEW(c->a, map));
	combining now = {.a = c->a, .s = s, .t = t, .memo = memo};
	const snap_perms *p = perms_of(&now, role, NULL);
	pthread_mutex_unlock(&c->lock);
	return p;
}

/* ---- checks at build ---- */

static json *role_json(arena *a, const md_inherited_role *ir)
{
	json *o = json_new_object(a), *set = json_new_array(a);
	json_setz(o, "role_name", json_new_str(a, ir->name));
	for (size_t i = 0; i < ir->nparents; i++)
		json_push(set, json_new_str(a, ir->parents[i]));
	json_setz(o, "role_set", set);
	return o;
}

static void role_issue(arena *a, issue_vec *issues, const md_inherited_role *ir, str why)
{
	snap_inconsistency i =
		issue_make(a, "inherited_role", str_cat(a, 2, STR("inherited role "), ir->name), role_json(a, ir), why);
	i.sub = ir->name;
	vec_push(a, issues, i);
}

/* Can parents differ here at all? Spares the work where fewer than two have anything. */
static bool two_parents(const snapshot *s, const snap_table *t, const md_inherited_role *ir)
{
	size_t n = 0;
	for (size_t i = 0; i < ir->nparents; i++)
		n += map_has(&t->perms, ir->parents[i]) || find_role(s, ir->parents[i]);
	return n > 1;
}

static void conflict_issue(arena *a, issue_vec *issues, str role, const char *kind, str table, str source)
{
	json *entity = json_new_object(a);
	json_setz(entity, "permission_type", json_new_str(a, str_from(kind)));
	json_setz(entity, "source", json_new_str(a, source));
	json_setz(entity, "table", json_new_str(a, table));
	snap_inconsistency i = {
		.type = STR("inherited role permission inconsistency"),
		.name = role,
		.reason = str_printf(a,
			"Could not inherit permission for the role '%.*s' for the entity: '%s permission, table: %.*s, "
			"source: '%.*s''",
			STR_ARG(role), kind, STR_ARG(table), STR_ARG(source)),
		.entity = entity,
	};
	vec_push(a, issues, i);
}

static void table_conflicts(const combining *c, const snap_source *src, arena *a, issue_vec *issues)
{
	static const char *const KINDS[] = {"select", "insert", "update", "delete"};
	for (size_t r = 0; r < c->s->md->ninherited_roles; r++) {
		const md_inherited_role *ir = find_role(c->s, c->s->md->inherited_roles[r].name);
		unsigned conflicts = 0;
		if (!ir || !two_parents(c->s, c->t, ir)) continue;
		(void)perms_of(c, ir->name, &conflicts);
		for (size_t k = 0; k < MD_PERM_KINDS; k++)
			if (conflicts & (1U << k))
				conflict_issue(a, issues, ir->name, KINDS[k], qname_display(a, c->t->name), src->name);
	}
}

static void source_conflicts(const snapshot *s, const snap_source *src, arena *a, issue_vec *issues)
{
	for (size_t t = 0; t < src->tables.n; t++) {
		arena *scratch = arena_new(0);
		map memo = {0};
		combining c = {
			.a = scratch, .s = s, .t = src->tables.items[t].value, .memo = &memo, .writes_only = true};
		table_conflicts(&c, src, a, issues);
		arena_free(scratch);
	}
}

/* ---- which inherited roles are consistent ---- */

typedef enum mark { UNSEEN, OPEN, DONE } mark;

typedef struct walk {
	arena *a;
	const snapshot *s;
	map index; /* name → its number + 1 in md->inherited_roles */
	mark *marks;
	bool *bad;
	issue_vec *issues;
	str_vec path; /* roles being walked, from the first to the current one */
} walk;

static size_t number_of(const walk *w, str role)
{
	return (size_t)(uintptr_t)map_get(&w->index, role);
}

/* Hasura v2: orderRoles: the roles of the cycle, the first again at the end. */
static void cycle_issue(walk *w, str back_to)
{
	size_t from = 0;
	while (!str_eq(w->path.v[from], back_to))
		from++;
	str list = STR("[");
	for (size_t i = from; i < w->path.n; i++) {
		w->bad[number_of(w, w->path.v[i]) - 1] = true;
		list = str_cat(w->a, 4, list, STR("\""), w->path.v[i], STR("\","));
	}
	list = str_cat(w->a, 4, list, STR("\""), back_to, STR("\"]"));
	const md_inherited_role *ir = &w->s->md->inherited_roles[number_of(w, back_to) - 1];
	role_issue(w->a, w->issues, ir, str_cat(w->a, 2, STR("found cycle(s) in roles: "), list));
}

static void visit(walk *w, size_t i)
{
	const md_inherited_role *ir = &w->s->md->inherited_roles[i];
	w->marks[i] = OPEN;
	vec_push(w->a, &w->path, ir->name);
	for (size_t p = 0; p < ir->nparents; p++) {
		size_t n = number_of(w, ir->parents[p]);
		if (!n) continue;
		if (w->marks[n - 1] == OPEN) cycle_issue(w, ir->parents[p]);
		else if (w->marks[n - 1] == UNSEEN && w->path.n < MAX_PARENTS_DEPTH) visit(w, n - 1);
		else if (w->marks[n - 1] == UNSEEN) w->bad[i] = true;
	}
	w->path.n--;
	w->marks[i] = DONE;
}

/* Hasura v2: resolveInheritedRole. */
static void check_parents(walk *w, size_t i)
{
	const md_inherited_role *ir = &w->s->md->inherited_roles[i];
	str missing = STR("");
	for (size_t p = 0; p < ir->nparents; p++)
		if (!map_has(&w->s->roles, ir->parents[p]))
			missing = str_cat(w->a, 3, missing, missing.n ? STR(", ") : STR(""), ir->parents[p]);
	if (!missing.n) return;
	w->bad[i] = true;
	role_issue(w->a, w->issues, ir,
		str_printf(w->a,
			"in inherited role %.*s: the following parent role(s) are not found: %.*s which are required to "
			"construct the inherited role: \"%.*s\"",
			STR_ARG(ir->name), STR_ARG(missing), STR_ARG(ir->name)));
}

void inherit_check(const snapshot *s, arena *a, issue_vec *issues)
{
	size_t n = s->md->ninherited_roles;
	if (!n) return;
	inherit_cache *cache = s->role_cache;
	walk w = {.a = a, .s = s, .issues = issues, .marks = NEW_ARRAY(a, mark, n), .bad = NEW_ARRAY(a, bool, n)};
	for (size_t i = 0; i < n; i++)
		map_put(a, &w.index, s->md->inherited_roles[i].name, (void *)(uintptr_t)(i + 1));
	for (size_t i = 0; i < n; i++)
		if (w.marks[i] == UNSEEN) visit(&w, i);
	for (size_t i = 0; i < n; i++)
		check_parents(&w, i);
	for (size_t i = 0; i < n; i++)
		if (!w.bad[i])
			map_put(a, &cache->valid, s->md->inherited_roles[i].name, (void *)&s->md->inherited_roles[i]);
	for (size_t i = 0; i < s->sources.n; i++)
		source_conflicts(s, s->sources.items[i].value, a, issues);
}
