/* ops_relationship: relationships of tables. Hasura v2: RQL/DDL/Relationship.hs, Relationship/{Rename,Suggest}.hs. */
#include "admin/args.h"
#include "admin/depends.h"
#include "admin/rename.h"
#include "base/jsonpath.h"

/* ---- create ---- */

/* Strips the prefix of the made-up document a part was parsed in. */
static bool part_error(candidate *c, error *err, const char *prefix)
{
	str p = str_from(prefix);
	if (str_starts(err->path, p)) err->path = str_cat(c->a, 2, STR("$"), str_from_at(err->path, p.n));
	else err->path = STR("$");
	return arg_failed(c, err);
}

static const char *const LIST[] = {"object_relationships", "array_relationships"};

/* doc: the table as the candidate has it, for a batch, whose snapshot is of before. */
static bool field_taken(candidate *c, const snap_table *t, const json *doc, str name, error *err)
{
	bool taken = cat_table_column(t->cat, name) != NULL;
	for (size_t i = 0; i < t->nrels; i++)
		taken |= str_eq(t->rels[i].name, name);
	for (size_t i = 0; i < t->ncomputed; i++)
		taken |= str_eq(t->computed[i].name, name);
	if (c->batch) taken |= edit_find(doc, LIST[0], "name", name) || edit_find(doc, LIST[1], "name", name);
	if (!taken) return false;
	str table = qname_display(c->a, t->name);
	(void)error_set(err, ERR_ALREADY_EXISTS, STR(""), "field with name \"%.*s\" already exists in table \"%.*s\"",
		STR_ARG(name), STR_ARG(table));
	return true;
}

/* The relationship's entry as the table's document has it. */
static json *entry_of(candidate *c, const json *args)
{
	static const char *const KEYS[] = {"name", "using", "comment"};
	json *e = json_new_object(c->a);
	for (size_t i = 0; i < 3; i++) {
		const json *v = json_getz(args, KEYS[i]);
		if (v) json_setz(e, KEYS[i], json_copy(c->a, v));
	}
	return e;
}

/* Checks the form of the entry by itself, so that paths of errors begin at args. */
static bool check_entry(candidate *c, qname table, const char *list, const json *entry, const char *prefix, error *err)
{
	json *doc = json_new_object(c->a);
	json_setz(doc, "table", md_qname_json(c->a, table));
	edit_append(c->a, doc, list, json_copy(c->a, entry));
	md_table *t;
	if (!md_table_parse(doc, &t, err)) return part_error(c, err, prefix);
	md_table_unref(t);
	return true;
}

/* The tables a new relationship looks at. */
static size_t tables_of(candidate *c, qname table, const json *entry, qname names[2])
{
	const json *using = json_getz(entry, "using");
	const json *remote = json_getz(json_getz(using, "manual_configuration"), "remote_table");
	if (!remote) remote = json_getz(json_getz(using, "foreign_key_constraint_on"), "table");
	error ignored;
	error_init(&ignored, c->a);
	names[0] = table;
	return remote && md_qname_parse(c->a, remote, &names[1], &ignored) ? 2 : 1;
}

static bool create(candidate *c, const json *args, bool array, buf *out, error *err)
{
	static const char *const PREFIX[] = {"$.object_relationships[0]", "$.array_relationships[0]"};
	str source;
	qname table;
	const snap_table *t;
	if (!arg_object(c, args, "WithTable", err) || !arg_source(c, args, &source, err) ||
		!arg_qname(c, args, "table", &table, err))
		return false;
	json *entry = entry_of(c, args);
	if (!check_entry(c, table, LIST[array], entry, PREFIX[array], err)) return false;
	if (!find_table(c, source, table, &t, err)) return false;
	str name = json_str_or(entry, "name", STR(""));
	json *doc = md_table_json(c->a, md_source_table(metadata_source(c->md, source), table));
	if (field_taken(c, t, doc, name, err)) return false;
	edit_append(c->a, doc, LIST[array], entry);
	metadata *next;
	if (!edit_put_table(c->md, source, doc, &next, err)) return arg_failed(c, err);
	str object = object_in_table(c->a, array ? "array_relation" : "object_relation", name, source, table);
	qname names[2];
	size_t n = tables_of(c, table, entry, names);
	return candidate_apply_fresh(c, next, object, source, names, n, err) && reply_success(out);
}

static bool create_object(candidate *c, const json *args, buf *out, error *err)
{
	return create(c, args, false, out, err);
}

static bool create_array(candidate *c, const json *args, buf *out, error *err)
{
	return create(c, args, true, out, err);
}

/* ---- finding one ---- */

typedef struct rel_args {
	str source;
	qname table;
	str name;
	const snap_table *t;
	const snap_rel *rel;
} rel_args;

/* Hasura v2: askRelType. */
static bool find_rel(candidate *c, rel_args *r, error *err)
{
	if (!find_table(c, r->source, r->table, &r->t, err)) return false;
	for (size_t i = 0; i < r->t->nrels; i++) {
		if (!str_eq(r->t->rels[i].name, r->name)) continue;
		r->rel = &r->t->rels[i];
		return true;
	}
	if (cat_table_column(r->t->cat, r->name))
		return error_set(err, ERR_UNEXPECTED_PAYLOAD, STR(""),
			"expecting a relationship; but, \"%.*s\" is a postgres column; ", STR_ARG(r->name));
	return error_set(err, ERR_NOT_EXISTS, STR(""), "relationship \"%.*s\" does not exist", STR_ARG(r->name));
}

static bool rel_read(candidate *c, const json *args, const char *what, const char *key, rel_args *r, error *err)
{
	*r = (rel_args){0};
	return arg_object(c, args, what, err) && arg_source(c, args, &r->source, err) &&
		arg_qname(c, args, "table", &r->table, err) && arg_nonempty(c, args, key, &r->name, err);
}

static const char *list_of(const rel_args *r)
{
	return r->rel->array ? "array_relationships" : "object_relationships";
}

/* ---- drop, comment, rename ---- */

static bool drop_relationship(candidate *c, const json *args, buf *out, error *err)
{
	rel_args r;
	bool cascade = false;
	if (!rel_read(c, args, "DropRel", "relationship", &r, err) || !arg_opt_bool(c, args, "cascade", &cascade, err))
		return false;
	if (!find_rel(c, &r, err)) return false;
	dep_list deps = depends_on_relationship(c->a, c->snap, r.source, r.table, r.name);
	if (deps.n && !cascade) return depends_error(&deps, err);
	metadata *purged, *next;
	if (!depends_purge(c->a, c->md, &deps, &purged, err)) return false;
	json *doc = md_table_json(c->a, md_source_table(metadata_source(purged, r.source), r.table));
	(void)edit_remove(c->a, doc, list_of(&r), "name", r.name);
	bool ok = edit_put_table(purged, r.source, doc, &next, err);
	metadata_unref(purged);
	return ok && candidate_apply_drop(c, next, err) && reply_success(out);
}

static bool set_comment(candidate *c, const json *args, buf *out, error *err)
{
	rel_args r;
	str comment = STR_NULL;
	if (!rel_read(c, args, "SetRelComment", "relationship", &r, err) ||
		!arg_opt_text(c, args, "comment", &comment, err))
		return false;
	if (!find_rel(c, &r, err)) return false;
	json *doc = md_table_json(c->a, r.t->md);
	json *e = edit_find(doc, list_of(&r), "name", r.name);
	json_remove(e, STR("comment"));
	if (comment.p) json_setz(e, "comment", json_new_str(c->a, comment));
	metadata *next;
	if (!edit_put_table(c->md, r.source, doc, &next, err)) return false;
	str object =
		object_in_table(c->a, r.rel->array ? "array_relation" : "object_relation", r.name, r.source, r.table);
	return candidate_apply(c, next, object, err) && reply_success(out);
}

static bool rename_rel(candidate *c, const json *args, buf *out, error *err)
{
	rel_args r;
	str to;
	if (!rel_read(c, args, "RenameRel", "name", &r, err) || !arg_nonempty(c, args, "new_name", &to, err))
		return false;
	if (!find_rel(c, &r, err)) return false;
	error taken;
	error_init(&taken, c->a);
	str table = qname_display(c->a, r.table);
	if (field_taken(c, r.t, NULL, to, &taken))
		return error_set(err, ERR_ALREADY_EXISTS, STR(""),
			"cannot rename relationship \"%.*s\" to \"%.*s\" in table \"%.*s\" as a column/relationship with the name "
			"already exists",
			STR_ARG(r.name), STR_ARG(to), STR_ARG(table));
	metadata *next;
	rename_set set = {.a = c->a};
	rename_add_relationship(&set, r.table, r.name, to);
	if (!rename_apply(&set, c->md, c->snap, r.source, &next, err)) return false;
	return candidate_apply_drop(c, next, err) && reply_success(out);
}

/* ---- suggestions ---- */

typedef struct suggesting {
	candidate *c;
	const snap_source *src;
	map wanted; /* keys of tables; n 0 with all set: every one */
	bool all;
	bool omit_tracked;
	json *list;
} suggesting;

static json *mapping_json(arena *a, qname table, const str *columns, size_t n, str constraint)
{
	json *o = json_new_object(a), *list = json_new_array(a);
	for (size_t i = 0; i < n; i++)
		json_push(list, json_new_str(a, columns[i]));
	json_setz(o, "columns", list);
	if (constraint.p) json_setz(o, "constraint_name", json_new_str(a, constraint));
	json_setz(o, "table", md_qname_json(a, table));
	return o;
}

static void suggest(suggesting *s, const char *type, json *from, json *to)
{
	json *o = json_new_object(s->c->a);
	json_setz(o, "from", from);
	json_setz(o, "to", to);
	json_setz(o, "type", json_new_str(s->c->a, str_from(type)));
	json_push(s->list, o);
}

/* A relationship of t to target over exactly these pairs? */
static bool tracked(const snap_table *t, qname target, const str *local, const str *remote, size_t n)
{
	for (size_t i = 0; i < t->nrels; i++) {
		const snap_rel *r = &t->rels[i];
		if (r->npairs != n || !qname_eq(r->target, target)) continue;
		size_t same = 0;
		for (size_t k = 0; k < n; k++)
			for (size_t m = 0; m < n; m++)
				same += str_eq(r->pairs[k].local, local[m]) && str_eq(r->pairs[k].remote, remote[m]);
		if (same == n) return true;
	}
	return false;
}

/* The columns are all those of a unique constraint (Hasura v2: unique constraints, the primary key not among them). */
static bool is_unique(const cat_table *t, const cat_fk *fk)
{
	for (size_t i = 0; i < t->nkeys; i++) {
		const cat_key *k = &t->keys[i];
		if (k->primary || !k->constraint || k->ncols != fk->ncols) continue;
		size_t same = 0;
		for (size_t x = 0; x < k->ncols; x++)
			for (size_t y = 0; y < fk->ncols; y++)
				same += k->cols[x] == fk->cols[y];
		if (same == k->ncols) return true;
	}
	return false;
}

static void suggest_fk(suggesting *s, const snap_table *t, const cat_fk *fk)
{
	arena *a = s->c->a;
	const snap_table *other = snap_source_table(s->src, fk->ref);
	bool wanted =
		s->all || map_has(&s->wanted, catalog_key(a, t->name)) || map_has(&s->wanted, catalog_key(a, fk->ref));
	if (!other || !wanted) return;
	str *local = NEW_ARRAY(a, str, fk->ncols);
	for (size_t i = 0; i < fk->ncols; i++)
		local[i] = cat_table_column_num(t->cat, fk->cols[i])->name;
	if (!s->omit_tracked || !tracked(t, fk->ref, local, fk->ref_cols, fk->ncols))
		suggest(s, "object", mapping_json(a, t->name, local, fk->ncols, fk->name),
			mapping_json(a, fk->ref, fk->ref_cols, fk->ncols, STR_NULL));
	if (!s->omit_tracked || !tracked(other, t->name, fk->ref_cols, local, fk->ncols))
		suggest(s, is_unique(t->cat, fk) ? "object" : "array",
			mapping_json(a, fk->ref, fk->ref_cols, fk->ncols, STR_NULL),
			mapping_json(a, t->name, local, fk->ncols, fk->name));
}

static bool read_tables(suggesting *s, const json *args, error *err)
{
	const json *list = json_getz(args, "tables");
	s->all = json_is_null(list);
	if (s->all) return true;
	if (list->kind != JSON_ARRAY) return arg_mismatch(s->c, "tables", "[]", "Array", list, err);
	size_t i = 0;
	JSON_EACH (e, list) {
		qname q;
		if (!md_qname_parse(s->c->a, e, &q, err)) {
			error_prepend_path(err, jsonpath_index(s->c->a, STR("$.tables"), i));
			return arg_failed(s->c, err);
		}
		map_put(s->c->a, &s->wanted, catalog_key(s->c->a, q), s->c);
		i++;
	}
	return true;
}

static bool suggest_relationships(candidate *c, const json *args, buf *out, error *err)
{
	suggesting s = {.c = c, .list = json_new_array(c->a)};
	str source;
	if (!arg_object(c, args, "SuggestRels", err) || !arg_source(c, args, &source, err)) return false;
	if (!arg_opt_bool(c, args, "omit_tracked", &s.omit_tracked, err) || !read_tables(&s, args, err)) return false;
	s.src = snapshot_source(c->snap, source);
	if (!s.src || !s.src->cat)
		return error_set(err, ERR_UNEXPECTED, STR(""), "Couldn't find any schema source information");
	for (size_t i = 0; i < s.src->tables.n; i++) {
		const snap_table *t = s.src->tables.items[i].value;
		for (size_t k = 0; k < t->cat->nfks; k++)
			suggest_fk(&s, t, &t->cat->fks[k]);
	}
	json *answer = json_new_object(c->a);
	json_setz(answer, "relationships", s.list);
	return reply_json(out, answer);
}

#define REL (OP_METADATA | OP_PG | OP_V1 | OP_MODIFIES)

const op ops_relationship[] = {
	{"create_object_relationship", create_object, REL | OP_ATOMIC | OP_BATCH},
	{"create_array_relationship", create_array, REL | OP_ATOMIC | OP_BATCH},
	{"drop_relationship", drop_relationship, REL | OP_ATOMIC},
	{"set_relationship_comment", set_comment, REL},
	{"rename_relationship", rename_rel, REL},
	{"suggest_relationships", suggest_relationships, OP_METADATA | OP_PG},
	{0},
};
