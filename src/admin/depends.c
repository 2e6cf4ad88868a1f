#include "admin/depends.h"
#include "admin/bexp_walk.h"
#include <stdlib.h>

typedef struct target {
	dep_kind kind;
	qname table;
	str name;
	qname function;
	bool on_type; /* only what hangs on the column's type */
} target;

/* The walk over one source, for one target. */
typedef struct probe {
	arena *a;
	const snap_source *src;
	const target *want;
	const snap_table *owner; /* whose objects are being looked at */
	bool hit;
	dep_list found;
} probe;

static void dep(probe *p, dep_kind kind, qname table, str name, bool on_type)
{
	const target *w = p->want;
	if (w->on_type && !on_type) return;
	if (w->kind == DEP_TABLE) p->hit |= qname_eq(w->table, table);
	else if (w->kind == kind) p->hit |= qname_eq(w->table, table) && str_eq(w->name, name);
}

static void seen(void *data, const bexp_seen *s)
{
	static const dep_kind KIND[] = {
		[REF_TABLE] = DEP_TABLE, [REF_COLUMN] = DEP_COLUMN, [REF_REL] = DEP_REL, [REF_COMPUTED] = DEP_COMPUTED};
	dep(data, KIND[s->kind], s->table, s->name, s->on_type);
}

static void record(probe *p, dep_object d)
{
	if (!p->hit) return;
	d.source = p->src->name;
	vec_push(p->a, &p->found, d);
}

static void probe_rel(probe *p, const snap_rel *r)
{
	p->hit = false;
	dep(p, DEP_TABLE, r->target, STR_NULL, false);
	for (size_t i = 0; i < r->npairs; i++) {
		dep(p, DEP_COLUMN, p->owner->name, r->pairs[i].local, false);
		dep(p, DEP_COLUMN, r->target, r->pairs[i].remote, false);
	}
	record(p, (dep_object){.kind = DEP_REL, .table = p->owner->name, .name = r->name});
}

static void probe_perm(probe *p, const md_permission *m)
{
	qname own = p->owner->name;
	p->hit = false;
	dep(p, DEP_TABLE, own, STR_NULL, false);
	if (m->filter) bexp_walk(p->src, p->owner, m->filter, seen, p);
	if (m->check) bexp_walk(p->src, p->owner, m->check, seen, p);
	for (size_t i = 0; i < m->columns.n; i++)
		dep(p, DEP_COLUMN, own, m->columns.v[i], false);
	for (size_t i = 0; i < m->ncomputed_fields; i++)
		dep(p, DEP_COMPUTED, own, m->computed_fields[i], false);
	JSON_EACH (v, m->set)
		dep(p, DEP_COLUMN, own, v->key, bexp_is_static(v));
	record(p, (dep_object){.kind = DEP_PERM, .table = own, .name = m->role, .perm = m->kind});
}

static void probe_computed(probe *p, const snap_computed *cf)
{
	p->hit = p->want->kind == DEP_FUNCTION && qname_eq(cf->fn->name, p->want->function);
	if (cf->returns_table) dep(p, DEP_TABLE, cf->target, STR_NULL, false);
	record(p, (dep_object){.kind = DEP_COMPUTED, .table = p->owner->name, .name = cf->name});
}

static void probe_table(probe *p, const snap_table *t)
{
	p->owner = t;
	for (size_t i = 0; i < t->nrels; i++)
		probe_rel(p, &t->rels[i]);
	for (size_t i = 0; i < t->ncomputed; i++)
		probe_computed(p, &t->computed[i]);
	for (size_t k = 0; k < MD_PERM_KINDS; k++)
		for (size_t i = 0; i < t->md->nperms[k]; i++)
			probe_perm(p, &t->md->perms[k][i]);
}

static dep_list probe_source(arena *a, const snapshot *s, str source, const target *want)
{
	probe p = {.a = a, .src = snapshot_source(s, source), .want = want};
	if (!p.src) return p.found;
	for (size_t i = 0; i < p.src->tables.n; i++)
		probe_table(&p, p.src->tables.items[i].value);
	for (size_t i = 0; i < p.src->functions.n; i++) {
		const snap_function *fn = p.src->functions.items[i].value;
		p.hit = false;
		dep(&p, DEP_TABLE, fn->target, STR_NULL, false);
		record(&p, (dep_object){.kind = DEP_FUNCTION, .function = fn->cat->name});
	}
	return p.found;
}

dep_list depends_on_table(arena *a, const snapshot *s, str source, qname table)
{
	target want = {.kind = DEP_TABLE, .table = table};
	dep_list all = probe_source(a, s, source, &want), outside = {0};
	for (size_t i = 0; i < all.n; i++)
		if (!all.v[i].table.name.p || !qname_eq(all.v[i].table, table)) vec_push(a, &outside, all.v[i]);
	return outside;
}

dep_list depends_on_column(arena *a, const snapshot *s, str source, qname table, str column)
{
	target want = {.kind = DEP_COLUMN, .table = table, .name = column};
	return probe_source(a, s, source, &want);
}

dep_list depends_on_type(arena *a, const snapshot *s, str source, qname table, str column)
{
	target want = {.kind = DEP_COLUMN, .table = table, .name = column, .on_type = true};
	return probe_source(a, s, source, &want);
}

dep_list depends_on_relationship(arena *a, const snapshot *s, str source, qname table, str rel)
{
	target want = {.kind = DEP_REL, .table = table, .name = rel};
	return probe_source(a, s, source, &want);
}

dep_list depends_on_computed(arena *a, const snapshot *s, str source, qname table, str field)
{
	target want = {.kind = DEP_COMPUTED, .table = table, .name = field};
	return probe_source(a, s, source, &want);
}

dep_list depends_on_function(arena *a, const snapshot *s, str source, qname fn)
{
	target want = {.kind = DEP_FUNCTION, .function = fn};
	return probe_source(a, s, source, &want);
}

static bool same(const dep_object *x, const dep_object *y)
{
	return x->kind == y->kind && str_eq(x->source, y->source) && qname_eq(x->table, y->table) &&
		str_eq(x->name, y->name) && x->perm == y->perm && qname_eq(x->function, y->function);
}

void depends_add(arena *a, dep_list *to, const dep_list *more)
{
	for (size_t i = 0; i < more->n; i++) {
		bool known = false;
		for (size_t k = 0; k < to->n && !known; k++)
			known = same(&to->v[k], &more->v[i]);
		if (!known) vec_push(a, to, more->v[i]);
	}
}

void depends_close(arena *a, const snapshot *s, dep_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		dep_object d = l->v[i];
		dep_list more = {0};
		if (d.kind == DEP_REL) more = depends_on_relationship(a, s, d.source, d.table, d.name);
		if (d.kind == DEP_COMPUTED) more = depends_on_computed(a, s, d.source, d.table, d.name);
		depends_add(a, l, &more);
	}
}

/* ---- texts ---- */

static const char *const PERM_CODES[MD_PERM_KINDS] = {[MD_PERM_SELECT] = "select",
	[MD_PERM_INSERT] = "insert",
	[MD_PERM_UPDATE] = "update",
	[MD_PERM_DELETE] = "delete"};

str depends_text(arena *a, const dep_object *d)
{
	str t = d->table.name.p ? qname_display(a, d->table) : STR("");
	str s = STR("");
	switch (d->kind) {
	case DEP_TABLE: s = str_cat(a, 2, STR("table "), t); break;
	case DEP_COLUMN: s = str_cat(a, 4, STR("column "), t, STR("."), d->name); break;
	case DEP_REL: s = str_cat(a, 4, STR("relationship "), t, STR("."), d->name); break;
	case DEP_PERM:
		s = str_cat(a, 6, STR("permission "), t, STR("."), d->name, STR("."), str_from(PERM_CODES[d->perm]));
		break;
	case DEP_COMPUTED: s = str_cat(a, 4, STR("computed field "), t, STR("."), d->name); break;
	case DEP_FUNCTION: s = str_cat(a, 2, STR("function "), qname_display(a, d->function)); break;
	}
	return str_cat(a, 4, s, STR(" in source \""), d->source, STR("\""));
}

static int by_text(const void *x, const void *y)
{
	return str_cmp(*(const str *)x, *(const str *)y);
}

str depends_texts(arena *a, const dep_list *l)
{
	str *v = NEW_ARRAY(a, str, l->n);
	for (size_t i = 0; i < l->n; i++)
		v[i] = depends_text(a, &l->v[i]);
	qsort(v, l->n, sizeof *v, by_text);
	str s = STR("");
	for (size_t i = 0; i < l->n; i++)
		s = str_cat(a, 3, s, i ? STR(", ") : STR(""), v[i]);
	return s;
}

bool depends_error(const dep_list *l, error *err)
{
	str list = depends_texts(err->a, l);
	return error_set(err, ERR_DEPENDENCY_ERROR, STR(""), "cannot drop due to the following dependent objects: %.*s",
		STR_ARG(list));
}

/* ---- purging ---- */

static const char *const PERM_LISTS[MD_PERM_KINDS] = {
	[MD_PERM_SELECT] = "select_permissions",
	[MD_PERM_INSERT] = "insert_permissions",
	[MD_PERM_UPDATE] = "update_permissions",
	[MD_PERM_DELETE] = "delete_permissions",
};

const char *depends_perm_list(md_perm_kind kind)
{
	return PERM_LISTS[kind];
}

static void drop_from_table(arena *a, json *j, const dep_object *d)
{
	if (d->kind == DEP_REL) {
		(void)edit_remove(a, j, "object_relationships", "name", d->name);
		(void)edit_remove(a, j, "array_relationships", "name", d->name);
	} else if (d->kind == DEP_COMPUTED) {
		(void)edit_remove(a, j, "computed_fields", "name", d->name);
	} else if (d->kind == DEP_PERM) {
		(void)edit_remove(a, j, PERM_LISTS[d->perm], "role", d->name);
	}
}

static bool purge_one(arena *a, metadata **m, const dep_object *d, error *err)
{
	metadata *next = NULL;
	if (d->kind == DEP_FUNCTION) {
		next = metadata_without_function(*m, d->source, d->function);
	} else {
		const md_source *s = metadata_source(*m, d->source);
		const md_table *t = s ? md_source_table(s, d->table) : NULL;
		if (!t) return true;
		json *j = md_table_json(a, t);
		drop_from_table(a, j, d);
		if (!edit_put_table(*m, d->source, j, &next, err)) return false;
	}
	metadata_unref(*m);
	*m = next;
	return true;
}

bool depends_purge(arena *a, const metadata *m, const dep_list *l, metadata **out, error *err)
{
	metadata *next = metadata_ref((metadata *)(uintptr_t)m);
	for (size_t i = 0; i < l->n; i++) {
		if (purge_one(a, &next, &l->v[i], err)) continue;
		metadata_unref(next);
		return false;
	}
	*out = next;
	return true;
}
