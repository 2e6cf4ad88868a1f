#include "admin/rename.h"
#include "admin/bexp_walk.h"

typedef struct renaming {
	const rename_set *set;
	arena *a;
	const snap_source *src;
	bool changed;
} renaming;

static str member_key(arena *a, qname table, str name)
{
	return str_cat(a, 3, catalog_key(a, table), str_make("", 1), name);
}

static void put_text(arena *a, map *m, str key, str to)
{
	str *v = NEW(a, str);
	*v = str_copy(a, to);
	map_put(a, m, key, v);
}

void rename_add_table(rename_set *r, qname from, qname to)
{
	qname *v = NEW(r->a, qname);
	*v = (qname){.schema = str_copy(r->a, to.schema), .name = str_copy(r->a, to.name)};
	map_put(r->a, &r->tables, catalog_key(r->a, from), v);
}

void rename_add_column(rename_set *r, qname table, str from, str to)
{
	put_text(r->a, &r->columns, member_key(r->a, table, from), to);
}

void rename_add_relationship(rename_set *r, qname table, str from, str to)
{
	put_text(r->a, &r->rels, member_key(r->a, table, from), to);
}

static const qname *new_table(const renaming *r, qname table)
{
	return r->set->tables.n ? map_get(&r->set->tables, catalog_key(r->a, table)) : NULL;
}

static const str *new_column(const renaming *r, qname table, str name)
{
	return r->set->columns.n ? map_get(&r->set->columns, member_key(r->a, table, name)) : NULL;
}

static const str *new_rel(const renaming *r, qname table, str name)
{
	return r->set->rels.n ? map_get(&r->set->rels, member_key(r->a, table, name)) : NULL;
}

/* ---- boolean expressions ---- */

/* at, which stays where it is in its list or object, becomes the name of the table. */
static void put_table(renaming *r, json *at, qname to)
{
	json *fresh = md_qname_json(r->a, to);
	fresh->key = at->key;
	fresh->next = at->next;
	*at = *fresh;
	r->changed = true;
}

static void seen(void *data, const bexp_seen *s)
{
	renaming *r = data;
	if (s->kind == REF_TABLE) {
		const qname *to = new_table(r, s->table);
		if (to) put_table(r, s->at, *to);
		return;
	}
	const str *to = s->kind == REF_REL ? new_rel(r, s->table, s->name)
		: s->kind == REF_COLUMN    ? new_column(r, s->table, s->name)
					   : NULL;
	if (!to) return;
	if (!s->as_key) s->at->text = *to;
	else s->at->key = s->suffix ? str_cat(r->a, 2, *to, str_from(s->suffix)) : *to;
	r->changed = true;
}

static void in_bexp(renaming *r, const snap_table *t, json *owner, const char *member)
{
	json *j = json_getz(owner, member);
	if (!j) return;
	bexp_walk(r->src, t, j, seen, r);
	/* Keys have changed: a copy indexes them anew. */
	if (r->changed) json_setz(owner, member, json_copy(r->a, j));
}

/* ---- lists and objects of column names ---- */

static void in_text(renaming *r, qname table, json *e)
{
	if (!json_is(e, JSON_STRING)) return;
	const str *to = new_column(r, table, e->text);
	if (!to) return;
	e->text = *to;
	r->changed = true;
}

static void in_list(renaming *r, qname table, json *list)
{
	in_text(r, table, list);
	JSON_EACH (e, json_is(list, JSON_ARRAY) ? list : NULL)
		in_text(r, table, e);
}

/* owner's member, an object by columns, with its keys renamed. */
static void in_keys(renaming *r, qname table, json *owner, const char *member)
{
	json *old = json_getz(owner, member);
	if (!json_is(old, JSON_OBJECT)) return;
	bool any = false;
	json *fresh = json_new_object(r->a);
	JSON_EACH (m, old) {
		const str *to = new_column(r, table, m->key);
		any |= to != NULL;
		json_set(fresh, to ? *to : m->key, json_copy(r->a, m));
	}
	if (!any) return;
	json_setz(owner, member, fresh);
	r->changed = true;
}

/* The texts of an object's members (column_mapping: local → remote). */
static void in_values(renaming *r, qname table, json *object)
{
	JSON_EACH (m, json_is(object, JSON_OBJECT) ? object : NULL)
		in_text(r, table, m);
}

static bool read_table(renaming *r, const json *j, qname *out)
{
	error err;
	error_init(&err, r->a);
	return j && md_qname_parse(r->a, j, out, &err);
}

static void in_table_name(renaming *r, json *owner, const char *member)
{
	qname q;
	if (!read_table(r, json_getz(owner, member), &q)) return;
	const qname *to = new_table(r, q);
	if (!to) return;
	json_setz(owner, member, md_qname_json(r->a, *to));
	r->changed = true;
}

/* ---- the parts of a table ---- */

static void in_permissions(renaming *r, const snap_table *t, json *doc)
{
	static const char *const LISTS[] = {
		"select_permissions", "insert_permissions", "update_permissions", "delete_permissions"};
	for (size_t i = 0; i < sizeof LISTS / sizeof *LISTS; i++) {
		JSON_EACH (e, json_getz(doc, LISTS[i])) {
			json *p = json_getz(e, "permission");
			if (!p) continue;
			in_bexp(r, t, p, "filter");
			in_bexp(r, t, p, "check");
			in_list(r, t->name, json_getz(p, "columns"));
			in_keys(r, t->name, p, "set");
		}
	}
}

static void in_fk(renaming *r, const snap_table *t, json *using)
{
	json *fk = json_getz(using, "foreign_key_constraint_on");
	qname remote;
	if (!json_is(fk, JSON_OBJECT)) {
		in_list(r, t->name, fk);
		return;
	}
	if (!read_table(r, json_getz(fk, "table"), &remote)) return;
	in_list(r, remote, json_getz(fk, "column"));
	in_list(r, remote, json_getz(fk, "columns"));
	in_table_name(r, fk, "table");
}

static void in_manual(renaming *r, const snap_table *t, json *using)
{
	json *manual = json_getz(using, "manual_configuration");
	qname remote;
	if (!manual) return;
	if (read_table(r, json_getz(manual, "remote_table"), &remote))
		in_values(r, remote, json_getz(manual, "column_mapping"));
	in_keys(r, t->name, manual, "column_mapping");
	in_table_name(r, manual, "remote_table");
}

static void in_relationships(renaming *r, const snap_table *t, json *doc)
{
	static const char *const LISTS[] = {"object_relationships", "array_relationships"};
	for (size_t i = 0; i < 2; i++) {
		JSON_EACH (e, json_getz(doc, LISTS[i])) {
			json *name = json_getz(e, "name");
			const str *to = name ? new_rel(r, t->name, name->text) : NULL;
			if (to) {
				name->text = *to;
				r->changed = true;
			}
			in_fk(r, t, json_getz(e, "using"));
			in_manual(r, t, json_getz(e, "using"));
		}
	}
}

static void in_table(renaming *r, const snap_table *t, json *doc)
{
	json *conf = json_getz(doc, "configuration");
	in_permissions(r, t, doc);
	in_relationships(r, t, doc);
	if (conf) {
		in_keys(r, t->name, conf, "column_config");
		in_keys(r, t->name, conf, "custom_column_names");
	}
	in_table_name(r, doc, "table");
}

/* ---- the source ---- */

/* Replaces *m by next, which may be NULL after an error. */
static bool step(metadata **m, metadata *next)
{
	metadata_unref(*m);
	*m = next;
	return next != NULL;
}

static bool in_functions(renaming *r, metadata **m, str source, error *err)
{
	const snap_source *src = r->src;
	for (size_t i = 0; r->set->tables.n && i < src->functions.n; i++) {
		const snap_function *fn = src->functions.items[i].value;
		if (!fn->md->has_response_table || !md_source_function(metadata_source(*m, source), fn->md->name))
			continue;
		json *doc = md_function_json(r->a, fn->md);
		r->changed = false;
		in_table_name(r, json_getz(json_getz(doc, "configuration"), "response"), "table");
		metadata *next = NULL;
		if (!r->changed) continue;
		if (!edit_put_function(*m, source, doc, &next, err)) return false;
		(void)step(m, next);
	}
	return true;
}

typedef VEC(json *) doc_vec;

bool rename_apply(const rename_set *set, const metadata *m, const snapshot *s, str source, metadata **out, error *err)
{
	renaming r = {.set = set, .a = set->a, .src = snapshot_source(s, source)};
	metadata *next = metadata_ref((metadata *)(uintptr_t)m);
	doc_vec docs = {0};
	/* Renamed tables leave first, then all come in: one may take another's name. */
	for (size_t i = 0; i < r.src->tables.n; i++) {
		const snap_table *t = r.src->tables.items[i].value;
		const md_table *md = md_source_table(metadata_source(m, source), t->name);
		if (!md) continue;
		json *doc = md_table_json(r.a, md);
		r.changed = false;
		in_table(&r, t, doc);
		if (!r.changed) continue;
		if (new_table(&r, t->name)) (void)step(&next, metadata_without_table(next, source, t->name));
		vec_push(r.a, &docs, doc);
	}
	bool ok = true;
	for (size_t i = 0; ok && i < docs.n; i++) {
		metadata *with = NULL;
		ok = edit_put_table(next, source, docs.v[i], &with, err);
		if (ok) (void)step(&next, with);
	}
	ok = ok && in_functions(&r, &next, source, err);
	if (ok) *out = next;
	else metadata_unref(next);
	return ok;
}
