/* ops_permission: permissions of roles on tables. Hasura v2: RQL/DDL/Permission.hs. */
#include "admin/args.h"
#include "admin/depends.h"

static const char *const CODES[MD_PERM_KINDS] = {[MD_PERM_SELECT] = "select",
	[MD_PERM_INSERT] = "insert",
	[MD_PERM_UPDATE] = "update",
	[MD_PERM_DELETE] = "delete"};

static const char *const TYPES[MD_PERM_KINDS] = {
	[MD_PERM_SELECT] = "select_permission",
	[MD_PERM_INSERT] = "insert_permission",
	[MD_PERM_UPDATE] = "update_permission",
	[MD_PERM_DELETE] = "delete_permission",
};

typedef struct perm_args {
	str source;
	qname table;
	str role;
	const md_table *md;
} perm_args;

static bool perm_read(candidate *c, const json *args, const char *what, perm_args *p, error *err)
{
	return arg_object(c, args, what, err) && arg_source(c, args, &p->source, err) &&
		arg_qname(c, args, "table", &p->table, err) && arg_nonempty(c, args, "role", &p->role, err);
}

/* Hasura v2: askTableMetadata. */
static bool find_metadata(candidate *c, perm_args *p, error *err)
{
	const md_source *s = metadata_source(c->md, p->source);
	p->md = s ? md_source_table(s, p->table) : NULL;
	if (p->md) return true;
	str t = qname_display(c->a, p->table);
	return error_set(err, ERR_NOT_EXISTS, STR(""), "table \"%.*s\" does not exist in source: %.*s", STR_ARG(t),
		STR_ARG(p->source));
}

static json *entry_of(candidate *c, const json *args)
{
	static const char *const KEYS[] = {"role", "permission", "comment"};
	json *e = json_new_object(c->a);
	for (size_t i = 0; i < 3; i++) {
		const json *v = json_getz(args, KEYS[i]);
		if (v) json_setz(e, KEYS[i], json_copy(c->a, v));
	}
	return e;
}

static bool check_entry(candidate *c, qname table, md_perm_kind kind, const json *entry, error *err)
{
	json *doc = json_new_object(c->a);
	json_setz(doc, "table", md_qname_json(c->a, table));
	edit_append(c->a, doc, depends_perm_list(kind), json_copy(c->a, entry));
	md_table *t;
	if (md_table_parse(doc, &t, err)) {
		md_table_unref(t);
		return true;
	}
	str prefix = str_printf(c->a, "$.%s[0]", depends_perm_list(kind));
	err->path =
		str_starts(err->path, prefix) ? str_cat(c->a, 2, STR("$"), str_from_at(err->path, prefix.n)) : STR("$");
	return arg_failed(c, err);
}

static bool create(candidate *c, const json *args, md_perm_kind kind, buf *out, error *err)
{
	perm_args p;
	if (!perm_read(c, args, "WithTable", &p, err)) return false;
	json *entry = entry_of(c, args);
	if (!check_entry(c, p.table, kind, entry, err) || !find_metadata(c, &p, err)) return false;
	if (md_table_permission(p.md, kind, p.role) || str_eqz(p.role, "admin")) {
		str t = qname_display(c->a, p.table);
		return error_set(err, ERR_ALREADY_EXISTS, STR(""),
			"%s permission already defined on table \"%.*s\" with role \"%.*s\"", CODES[kind], STR_ARG(t),
			STR_ARG(p.role));
	}
	json *doc = md_table_json(c->a, p.md);
	edit_append(c->a, doc, depends_perm_list(kind), entry);
	metadata *next;
	if (!edit_put_table(c->md, p.source, doc, &next, err)) return arg_failed(c, err);
	str object = object_in_table(c->a, TYPES[kind], p.role, p.source, p.table);
	return candidate_apply_fresh(c, next, object, p.source, &p.table, 1, err) && reply_success(out);
}

static bool drop(candidate *c, const json *args, md_perm_kind kind, buf *out, error *err)
{
	perm_args p;
	if (!perm_read(c, args, "DropPerm", &p, err) || !find_metadata(c, &p, err)) return false;
	if (!md_table_permission(p.md, kind, p.role)) {
		str t = qname_display(c->a, p.table);
		return error_set(err, ERR_PERMISSION_DENIED, STR(""),
			"%s permission on \"%.*s\" for role \"%.*s\" does not exist", CODES[kind], STR_ARG(t),
			STR_ARG(p.role));
	}
	json *doc = md_table_json(c->a, p.md);
	(void)edit_remove(c->a, doc, depends_perm_list(kind), "role", p.role);
	metadata *next;
	if (!edit_put_table(c->md, p.source, doc, &next, err)) return false;
	return candidate_apply_drop(c, next, err) && reply_success(out);
}

/* ---- comment ---- */

static bool read_kind(candidate *c, const json *args, md_perm_kind *kind, error *err)
{
	str text;
	const char *key = json_getz(args, "permission") ? "permission" : "type";
	if (!arg_text(c, args, key, &text, err)) return false;
	for (size_t k = 0; k < MD_PERM_KINDS; k++) {
		if (!str_eqz(text, CODES[k])) continue;
		*kind = (md_perm_kind)k;
		return true;
	}
	c->arg_error = true;
	return error_set(err, ERR_PARSE_FAILED, str_printf(c->a, "$.%s", key),
		"perm_type should be one of 'insert', 'select', 'update', 'delete'");
}

static bool set_comment(candidate *c, const json *args, buf *out, error *err)
{
	perm_args p;
	md_perm_kind kind = MD_PERM_SELECT;
	str comment = STR_NULL;
	const snap_table *t;
	if (!perm_read(c, args, "SetPermComment", &p, err) || !read_kind(c, args, &kind, err)) return false;
	if (!arg_opt_text(c, args, "comment", &comment, err)) return false;
	if (!find_table(c, p.source, p.table, &t, err)) return false;
	json *doc = md_table_json(c->a, t->md);
	json *e = edit_find(doc, depends_perm_list(kind), "role", p.role);
	if (!e) {
		str name = qname_display(c->a, p.table);
		return error_set(err, ERR_PERMISSION_DENIED, STR(""),
			"\"%s\" permission on \"%.*s\" for role \"%.*s\" does not exist", CODES[kind], STR_ARG(name),
			STR_ARG(p.role));
	}
	json_remove(e, STR("comment"));
	if (comment.p) json_setz(e, "comment", json_new_str(c->a, comment));
	metadata *next;
	if (!edit_put_table(c->md, p.source, doc, &next, err)) return false;
	return candidate_apply(c, next, object_in_table(c->a, TYPES[kind], p.role, p.source, p.table), err) &&
		reply_success(out);
}

#define CREATE_AND_DROP(name, kind)                                                     \
	static bool create_##name(candidate *c, const json *args, buf *out, error *err) \
	{                                                                               \
		return create(c, args, kind, out, err);                                 \
	}                                                                               \
	static bool drop_##name(candidate *c, const json *args, buf *out, error *err)   \
	{                                                                               \
		return drop(c, args, kind, out, err);                                   \
	}

CREATE_AND_DROP(select, MD_PERM_SELECT)
CREATE_AND_DROP(insert, MD_PERM_INSERT)
CREATE_AND_DROP(update, MD_PERM_UPDATE)
CREATE_AND_DROP(delete, MD_PERM_DELETE)

#define PERM (OP_METADATA | OP_PG | OP_V1 | OP_MODIFIES)

const op ops_permission[] = {
	{"create_select_permission", create_select, PERM | OP_BATCH},
	{"create_insert_permission", create_insert, PERM | OP_BATCH},
	{"create_update_permission", create_update, PERM | OP_BATCH},
	{"create_delete_permission", create_delete, PERM | OP_BATCH},
	{"drop_select_permission", drop_select, PERM | OP_BATCH},
	{"drop_insert_permission", drop_insert, PERM | OP_BATCH},
	{"drop_update_permission", drop_update, PERM | OP_BATCH},
	{"drop_delete_permission", drop_delete, PERM | OP_BATCH},
	{"set_permission_comment", set_comment, PERM},
	{0},
};
