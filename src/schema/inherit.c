#include "schema/inherit.h"
#include <pthread.h>

enum { MAX_PARENTS_DEPTH = 32 };

/* (table, role) → permissions. Lives as long as the snapshot. */
typedef struct inherit_cache {
	pthread_mutex_t lock;
	arena *a;
	map roles; /* role → map * of table pointer bytes → snap_perms * */
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

static const md_inherited_role *find_role(const metadata *md, str role)
{
	for (size_t i = 0; i < md->ninherited_roles; i++)
		if (str_eq(md->inherited_roles[i].name, role)) return &md->inherited_roles[i];
	return NULL;
}

bool inherit_is_inherited(const snapshot *s, str role)
{
	return s->md->ninherited_roles && find_role(s->md, role);
}

static bool any_parent(const metadata *md, const md_inherited_role *ir, const str *roles, size_t n, size_t depth)
{
	for (size_t i = 0; ir && depth < MAX_PARENTS_DEPTH && i < ir->nparents; i++) {
		for (size_t k = 0; k < n; k++)
			if (str_eq(roles[k], ir->parents[i])) return true;
		if (any_parent(md, find_role(md, ir->parents[i]), roles, n, depth + 1)) return true;
	}
	return false;
}

bool inherit_any_parent_has(const snapshot *s, str role, const str *roles, size_t n)
{
	return n && any_parent(s->md, find_role(s->md, role), roles, n, 0);
}

/* ---- combining ---- */

typedef struct parents {
	const snap_perms *v[64];
	size_t n;
} parents;

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
	const bexp *any = NULL;
	bool first = true, all_rows = false, everyone = true, redacted = false;
	for (size_t i = 0; i < ps->n; i++) {
		const snap_select_perm *p = ps->v[i]->select;
		if (!p) continue;
		grants g = grants_of(p, computed);
		if (!g.may[c]) {
			everyone = false;
			continue;
		}
		const bexp *rows = bexp_and(a, p->filter, g.shown ? g.shown[c] : NULL);
		redacted |= g.shown && g.shown[c];
		all_rows |= rows == NULL;
		any = first ? rows : bexp_or(a, any, rows);
		first = false;
	}
	*may = !first;
	*shown = first || all_rows || (everyone && !redacted) ? NULL : any;
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
	bool all = false;
	for (size_t i = 0; i < ps->n; i++) {
		const snap_select_perm *p = ps->v[i]->select;
		if (!p) continue;
		all |= p->filter == NULL;
		out->filter = n++ ? bexp_or(a, out->filter, p->filter) : p->filter;
		combine_limits(out, p);
	}
	if (!n) return NULL;
	if (all) out->filter = NULL;
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

static const snap_perms *perms_at(
	arena *a, const snapshot *s, const snap_table *t, str role, size_t depth, unsigned *conflicts);

static void collect(
	arena *a, const snapshot *s, const snap_table *t, const md_inherited_role *ir, size_t depth, parents *ps)
{
	for (size_t i = 0; i < ir->nparents && ps->n < sizeof ps->v / sizeof *ps->v; i++)
		ps->v[ps->n++] = perms_at(a, s, t, ir->parents[i], depth + 1, NULL);
}

static const snap_perms *perms_at(
	arena *a, const snapshot *s, const snap_table *t, str role, size_t depth, unsigned *conflicts)
{
	static const snap_perms none;
	const snap_perms *own = map_get(&t->perms, role);
	const md_inherited_role *ir = find_role(s->md, role);
	if (!ir || depth > MAX_PARENTS_DEPTH) return own ? own : &none;
	parents ps = {.n = 0};
	collect(a, s, t, ir, depth, &ps);
	snap_perms *out = NEW(a, snap_perms);
	if (own) *out = *own;
	if (!out->select) out->select = combine_select(a, t, &ps);
	bool conflict[MD_PERM_KINDS] = {false};
	if (!out->insert) out->insert = combine_write(t, &ps, MD_PERM_INSERT, &conflict[MD_PERM_INSERT]);
	if (!out->update) out->update = combine_write(t, &ps, MD_PERM_UPDATE, &conflict[MD_PERM_UPDATE]);
	if (!out->del) out->del = combine_write(t, &ps, MD_PERM_DELETE, &conflict[MD_PERM_DELETE]);
	for (size_t k = 0; conflicts && k < MD_PERM_KINDS; k++)
		*conflicts |= conflict[k] ? 1U << k : 0;
	return out;
}

const snap_perms *inherit_perms(const snapshot *s, const snap_source *src, const snap_table *t, str role)
{
	(void)src;
	inherit_cache *c = s->role_cache;
	pthread_mutex_lock(&c->lock);
	map *tables = map_get(&c->roles, role);
	if (!tables) {
		tables = NEW(c->a, map);
		map_put(c->a, &c->roles, str_copy(c->a, role), tables);
	}
	str key = str_make((const char *)&t, sizeof t);
	const snap_perms *p = map_get(tables, key);
	if (!p) {
		p = perms_at(c->a, s, t, role, 0, NULL);
		map_put(c->a, tables, str_copy(c->a, key), (void *)p);
	}
	pthread_mutex_unlock(&c->lock);
	return p;
}

/* ---- checks at build ---- */

static bool reaches(const metadata *md, str from, str to, size_t depth)
{
	const md_inherited_role *ir = find_role(md, from);
	for (size_t i = 0; ir && depth < MAX_PARENTS_DEPTH && i < ir->nparents; i++)
		if (str_eq(ir->parents[i], to) || reaches(md, ir->parents[i], to, depth + 1)) return true;
	return false;
}

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
		n += map_has(&t->perms, ir->parents[i]) || find_role(s->md, ir->parents[i]);
	return n > 1;
}

static void table_conflicts(const snapshot *s, const snap_source *src, const snap_table *t, const md_inherited_role *ir,
	arena *a, issue_vec *issues)
{
	static const char *const KINDS[] = {"select", "insert", "update", "delete"};
	if (!two_parents(s, t, ir)) return;
	arena *scratch = arena_new(0);
	unsigned conflicts = 0;
	perms_at(scratch, s, t, ir->name, 0, &conflicts);
	arena_free(scratch);
	str table = qname_display(a, t->name);
	for (size_t k = 0; k < MD_PERM_KINDS; k++) {
		if (!(conflicts & (1U << k))) continue;
		json *entity = json_new_object(a);
		json_setz(entity, "table", json_new_str(a, table));
		json_setz(entity, "source", json_new_str(a, src->name));
		json_setz(entity, "permission_type", json_new_str(a, str_from(KINDS[k])));
		snap_inconsistency i = {
			.type = STR("inherited role permission inconsistency"),
			.name = ir->name,
			.reason = str_printf(a,
				"Could not inherit permission for the role '%.*s' for the entity: '%s permission, table: "
				"%.*s, source: '%.*s''",
				STR_ARG(ir->name), KINDS[k], STR_ARG(table), STR_ARG(src->name)),
			.definition = entity,
		};
		vec_push(a, issues, i);
	}
}

void inherit_check(const snapshot *s, arena *a, issue_vec *issues)
{
	for (size_t r = 0; r < s->md->ninherited_roles; r++) {
		const md_inherited_role *ir = &s->md->inherited_roles[r];
		if (reaches(s->md, ir->name, ir->name, 0)) {
			role_issue(a, issues, ir,
				str_cat(a, 3, STR("found cycle(s) in roles: [\""), ir->name, STR("\"]")));
			continue;
		}
		for (size_t p = 0; p < ir->nparents; p++)
			if (!map_has(&s->roles, ir->parents[p]))
				role_issue(a, issues, ir,
					str_cat(a, 3, STR("parent role \""), ir->parents[p], STR("\" does not exist")));
		for (size_t i = 0; i < s->sources.n; i++) {
			const snap_source *src = s->sources.items[i].value;
			for (size_t t = 0; t < src->tables.n; t++)
				table_conflicts(s, src, src->tables.items[t].value, ir, a, issues);
		}
	}
}
