/* ops_function: tracked functions, their permissions, computed fields. Hasura v2: Function/API.hs, RQL/DDL/ComputedField.hs. */
#include "admin/args.h"
#include "admin/depends.h"

/* ---- track ---- */

typedef struct fn_args {
	str source;
	qname name;
	json *doc;
} fn_args;

static bool may_track(candidate *c, const fn_args *f, error *err)
{
	const snap_source *s = snapshot_source(c->snap, f->source);
	if (!s || !s->cat)
		return error_set(
			err, ERR_NOT_EXISTS, STR(""), "\"%.*s\" is not a known postgres source", STR_ARG(f->source));
	str name = qname_display(c->a, f->name);
	if (map_has(&s->functions, catalog_key(c->a, f->name)))
		return error_set(
			err, ERR_ALREADY_TRACKED, STR(""), "function already tracked: \"%.*s\"", STR_ARG(name));
	if (snap_source_table(s, f->name))
		return error_set(
			err, ERR_NOT_SUPPORTED, STR(""), "table with name \"%.*s\" already exists", STR_ARG(name));
	return true;
}

static bool track(candidate *c, const fn_args *f, buf *out, error *err)
{
	metadata *next;
	if (!may_track(c, f, err)) return false;
	if (!link_refresh(link_of(c->adm, metadata_source(c->md, f->source)), &f->name, 1, err)) return false;
	if (!edit_put_function(c->md, f->source, f->doc, &next, err)) return arg_failed(c, err);
	return candidate_apply(c, next, object_function(c->a, f->source, f->name), err) && reply_success(out);
}

static bool check_doc(candidate *c, const json *doc, error *err)
{
	md_function *f;
	if (!md_function_parse(doc, &f, err)) return arg_failed(c, err);
	md_function_unref(f);
	return true;
}

static bool track_function(candidate *c, const json *args, buf *out, error *err)
{
	fn_args f;
	str comment = STR_NULL;
	if (!arg_object(c, args, "TrackFunctionV2", err) || !arg_source(c, args, &f.source, err)) return false;
	if (!arg_qname(c, args, "function", &f.name, err) || !arg_opt_text(c, args, "comment", &comment, err))
		return false;
	f.doc = json_new_object(c->a);
	json_setz(f.doc, "function", md_qname_json(c->a, f.name));
	const json *conf = json_getz(args, "configuration");
	if (!json_is_null(conf)) json_setz(f.doc, "configuration", json_copy(c->a, conf));
	if (comment.p) json_setz(f.doc, "comment", json_new_str(c->a, comment));
	return check_doc(c, f.doc, err) && track(c, &f, out, err);
}

/* The old endpoint's version 1: the name itself. */
static bool track_function_v1(candidate *c, const json *args, buf *out, error *err)
{
	if (c->version2) return track_function(c, args, out, err);
	fn_args f = {.source = STR("default"), .doc = json_new_object(c->a)};
	if (!md_qname_parse(c->a, args, &f.name, err)) return arg_failed(c, err);
	json_setz(f.doc, "function", md_qname_json(c->a, f.name));
	return track(c, &f, out, err);
}

static bool untrack_function(candidate *c, const json *args, buf *out, error *err)
{
	str source = STR("default");
	qname name;
	const snap_function *fn;
	if (json_is(args, JSON_OBJECT) && !json_is_null(json_getz(args, "source"))) {
		if (!arg_source(c, args, &source, err) || !arg_qname(c, args, "function", &name, err)) return false;
	} else if (json_is(args, JSON_OBJECT) && json_getz(args, "function")) {
		if (!arg_qname(c, args, "function", &name, err)) return false;
	} else if (!md_qname_parse(c->a, args, &name, err)) {
		return arg_failed(c, err);
	}
	if (!find_function(c, source, name, &fn, err)) return false;
	return candidate_apply_drop(c, metadata_without_function(c->md, source, name), err) && reply_success(out);
}

static bool set_customization(candidate *c, const json *args, buf *out, error *err)
{
	str source;
	qname name;
	const json *conf;
	const snap_function *fn;
	if (!arg_object(c, args, "set function customization", err) || !arg_source(c, args, &source, err)) return false;
	if (!arg_qname(c, args, "function", &name, err) || !arg_member(c, args, "configuration", &conf, err))
		return false;
	if (!find_function(c, source, name, &fn, err)) return false;
	json *doc = md_function_json(c->a, fn->md);
	json_setz(doc, "configuration", json_copy(c->a, conf));
	metadata *next;
	if (!edit_put_function(c->md, source, doc, &next, err)) return arg_failed(c, err);
	return candidate_apply(c, next, object_function(c->a, source, name), err) && reply_success(out);
}

/* ---- permissions of functions ---- */

typedef struct fn_perm {
	str source;
	qname name;
	str role;
} fn_perm;

static bool perm_read(candidate *c, const json *args, fn_perm *p, error *err)
{
	return arg_object(c, args, "FunctionPermissionArgument", err) &&
		arg_qname(c, args, "function", &p->name, err) && arg_source(c, args, &p->source, err) &&
		arg_nonempty(c, args, "role", &p->role, err);
}

static bool has_role(const md_function *f, str role)
{
	for (size_t i = 0; i < f->nroles; i++)
		if (str_eq(f->roles[i], role)) return true;
	return false;
}

static str perm_object(arena *a, const fn_perm *p)
{
	str f = qname_display(a, p->name);
	return str_printf(a, "function_permission %.*s permission for function %.*s in source %.*s", STR_ARG(p->role),
		STR_ARG(f), STR_ARG(p->source));
}

static bool may_grant(candidate *c, const fn_perm *p, const snap_function *fn, error *err)
{
	str name = qname_display(c->a, p->name), target = qname_display(c->a, fn->target);
	if (has_role(fn->md, p->role))
		return error_set(err, ERR_ALREADY_EXISTS, STR(""),
			"permission of role \"%.*s\" already exists for function \"%.*s\" in source: \"%.*s\"",
			STR_ARG(p->role), STR_ARG(name), STR_ARG(p->source));
	const snap_table *t = snap_source_table(snapshot_source(c->snap, p->source), fn->target);
	if (!t)
		return error_set(err, ERR_NOT_EXISTS, STR(""),
			"function's return table \"%.*s\" not found in the cache", STR_ARG(target));
	if (map_has(&t->perms, p->role)) return true;
	return error_set(err, ERR_NOT_SUPPORTED, STR(""),
		"function permission can only be added when the function's return table \"%.*s\" has select permission configured "
		"for role: \"%.*s\"",
		STR_ARG(target), STR_ARG(p->role));
}

static bool create_permission(candidate *c, const json *args, buf *out, error *err)
{
	fn_perm p;
	const snap_function *fn;
	if (!perm_read(c, args, &p, err) || !find_function(c, p.source, p.name, &fn, err) || !may_grant(c, &p, fn, err))
		return false;
	json *doc = md_function_json(c->a, fn->md), *entry = json_new_object(c->a);
	json_setz(entry, "role", json_new_str(c->a, p.role));
	edit_append(c->a, doc, "permissions", entry);
	metadata *next;
	if (!edit_put_function(c->md, p.source, doc, &next, err)) return arg_failed(c, err);
	return candidate_apply(c, next, perm_object(c->a, &p), err) && reply_success(out);
}

static bool drop_permission(candidate *c, const json *args, buf *out, error *err)
{
	fn_perm p;
	if (!perm_read(c, args, &p, err)) return false;
	const md_source *s = metadata_source(c->md, p.source);
	const md_function *f = s ? md_source_function(s, p.name) : NULL;
	if (!f || !has_role(f, p.role)) {
		str name = qname_display(c->a, p.name);
		return error_set(err, ERR_NOT_EXISTS, STR(""),
			"permission of role \"%.*s\" does not exist for function \"%.*s\" in source: \"%.*s\"",
			STR_ARG(p.role), STR_ARG(name), STR_ARG(p.source));
	}
	json *doc = md_function_json(c->a, f);
	(void)edit_remove(c->a, doc, "permissions", "role", p.role);
	metadata *next;
	if (!edit_put_function(c->md, p.source, doc, &next, err)) return false;
	return candidate_apply(c, next, perm_object(c->a, &p), err) && reply_success(out);
}

/* ---- computed fields ---- */

static bool check_computed(candidate *c, qname table, const json *entry, error *err)
{
	json *doc = json_new_object(c->a);
	json_setz(doc, "table", md_qname_json(c->a, table));
	edit_append(c->a, doc, "computed_fields", json_copy(c->a, entry));
	md_table *t;
	if (md_table_parse(doc, &t, err)) {
		md_table_unref(t);
		return true;
	}
	str prefix = STR("$.computed_fields[0]");
	err->path =
		str_starts(err->path, prefix) ? str_cat(c->a, 2, STR("$"), str_from_at(err->path, prefix.n)) : STR("$");
	return arg_failed(c, err);
}

static void refresh_function(candidate *c, str source, const json *entry)
{
	const json *fn = json_getz(json_getz(entry, "definition"), "function");
	qname q;
	error ignored;
	error_init(&ignored, c->a);
	if (!fn || !md_qname_parse(c->a, fn, &q, &ignored)) return;
	error_init(&ignored, c->a);
	if (!link_refresh(link_of(c->adm, metadata_source(c->md, source)), &q, 1, &ignored)) return;
}

static bool add_computed_field(candidate *c, const json *args, buf *out, error *err)
{
	static const char *const KEYS[] = {"name", "definition", "comment"};
	str source;
	qname table;
	const snap_table *t;
	if (!arg_object(c, args, "AddComputedField", err) || !arg_source(c, args, &source, err)) return false;
	if (!arg_qname(c, args, "table", &table, err)) return false;
	json *entry = json_new_object(c->a);
	for (size_t i = 0; i < 3; i++) {
		const json *v = json_getz(args, KEYS[i]);
		if (v) json_setz(entry, KEYS[i], json_copy(c->a, v));
	}
	if (!check_computed(c, table, entry, err)) return false;
	if (!find_table(c, source, table, &t, err)) {
		error_prepend_path(err, STR("$.table"));
		return false;
	}
	str name = json_str_or(entry, "name", STR(""));
	json *doc = md_table_json(c->a, t->md);
	(void)edit_remove(c->a, doc, "computed_fields", "name", name);
	edit_append(c->a, doc, "computed_fields", entry);
	metadata *next;
	if (!edit_put_table(c->md, source, doc, &next, err)) return arg_failed(c, err);
	refresh_function(c, source, entry);
	return candidate_apply(c, next, object_in_table(c->a, "computed_field", name, source, table), err) &&
		reply_success(out);
}

/* Hasura v2: askComputedFieldInfo. */
static bool find_computed(candidate *c, const snap_table *t, str name, error *err)
{
	for (size_t i = 0; i < t->ncomputed; i++)
		if (str_eq(t->computed[i].name, name)) return true;
	const char *kind = cat_table_column(t->cat, name) ? "column" : NULL;
	for (size_t i = 0; i < t->nrels; i++)
		if (str_eq(t->rels[i].name, name)) kind = "relationship";
	str path = STR("$.name");
	(void)c;
	if (kind)
		return error_set(err, ERR_UNEXPECTED_PAYLOAD, path, "expecting a computed field; but, \"%.*s\" is a %s",
			STR_ARG(name), kind);
	return error_set(err, ERR_NOT_EXISTS, path, "computed field \"%.*s\" does not exist", STR_ARG(name));
}

static bool drop_computed_field(candidate *c, const json *args, buf *out, error *err)
{
	str source, name;
	qname table;
	bool cascade = false;
	const snap_table *t;
	if (!arg_object(c, args, "DropComputedField", err) || !arg_source(c, args, &source, err)) return false;
	if (!arg_qname(c, args, "table", &table, err) || !arg_nonempty(c, args, "name", &name, err)) return false;
	if (!arg_opt_bool(c, args, "cascade", &cascade, err)) return false;
	if (!find_table(c, source, table, &t, err)) {
		error_prepend_path(err, STR("$.table"));
		return false;
	}
	if (!find_computed(c, t, name, err)) return false;
	dep_list deps = depends_on_computed(c->a, c->snap, source, table, name);
	if (deps.n && !cascade) return depends_error(&deps, err);
	metadata *purged, *next;
	if (!depends_purge(c->a, c->md, &deps, &purged, err)) return false;
	json *doc = md_table_json(c->a, md_source_table(metadata_source(purged, source), table));
	(void)edit_remove(c->a, doc, "computed_fields", "name", name);
	bool ok = edit_put_table(purged, source, doc, &next, err);
	metadata_unref(purged);
	return ok && candidate_apply_drop(c, next, err) && reply_success(out);
}

#define PG (OP_METADATA | OP_PG | OP_MODIFIES)

const op ops_function[] = {
	{"track_function", track_function, PG},
	{"track_function", track_function_v1, OP_V1 | OP_VERSION_2 | OP_MODIFIES},
	{"untrack_function", untrack_function, PG | OP_V1},
	{"set_function_customization", set_customization, PG},
	{"create_function_permission", create_permission, PG},
	{"drop_function_permission", drop_permission, PG},
	{"add_computed_field", add_computed_field, PG | OP_V1},
	{"drop_computed_field", drop_computed_field, PG | OP_V1},
	{0},
};
