/* ops_table: tracking tables and their settings. Hasura v2: Table/API.hs. */
#include "admin/args.h"
#include "admin/depends.h"
#include "base/jsonpath.h"

/* ---- track ---- */

typedef struct track_args {
	str source;
	qname table;
	json *doc; /* the table's metadata */
} track_args;

static bool copy_members(candidate *c, const json *args, json *doc)
{
	static const char *const KEYS[] = {"is_enum", "configuration", "apollo_federation_config", "logical_model"};
	for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS; i++) {
		const json *v = json_getz(args, KEYS[i]);
		if (!json_is_null(v)) json_setz(doc, KEYS[i], json_copy(c->a, v));
	}
	return true;
}

static bool check_document(candidate *c, track_args *t, error *err)
{
	md_table *parsed;
	if (!md_table_parse(t->doc, &parsed, err)) return arg_failed(c, err);
	md_table_unref(parsed);
	return true;
}

/* {table: …}, or the table's schema and name beside the other keys (Hasura v2: TrackTable's FromJSON, withoutOptions). */
static bool track_name(candidate *c, const json *args, qname *out, error *err)
{
	if (json_getz(args, "table") || !json_getz(args, "name")) return arg_qname(c, args, "table", out, err);
	return md_qname_parse(c->a, args, out, err) || arg_failed(c, err);
}

static bool track_read(candidate *c, const json *args, track_args *t, error *err)
{
	if (!arg_object(c, args, "TrackTableV2", err)) return false;
	if (!arg_source(c, args, &t->source, err) || !track_name(c, args, &t->table, err)) return false;
	t->doc = json_new_object(c->a);
	json_setz(t->doc, "table", md_qname_json(c->a, t->table));
	return copy_members(c, args, t->doc) && check_document(c, t, err);
}

/* Hasura v2: trackExistingTableOrViewPhase1. */
static bool may_track(candidate *c, const track_args *t, error *err)
{
	const snap_source *s;
	if (!find_source(c, t->source, &s, err)) return false;
	str name = qname_display(c->a, t->table);
	if (snap_source_table(s, t->table))
		return error_set(
			err, ERR_ALREADY_TRACKED, STR(""), "view/table already tracked: \"%.*s\"", STR_ARG(name));
	if (map_has(&s->functions, catalog_key(c->a, t->table)))
		return error_set(
			err, ERR_NOT_SUPPORTED, STR(""), "function with name \"%.*s\" already exists", STR_ARG(name));
	return true;
}

/* Looks at the named tables in the database before they are tracked: they may be new. */
static bool look_at(candidate *c, str source, const qname *names, size_t n, error *err)
{
	const md_source *s = metadata_source(c->md, source);
	return link_refresh(link_of(c->adm, s), names, n, err);
}

static bool track(candidate *c, track_args *t, buf *out, error *err)
{
	metadata *next;
	if (!may_track(c, t, err) || !look_at(c, t->source, &t->table, 1, err)) return false;
	if (!edit_put_table(c->md, t->source, t->doc, &next, err)) return false;
	return candidate_apply(c, next, object_table(c->a, t->source, t->table), err) && reply_success(out);
}

static bool track_table(candidate *c, const json *args, buf *out, error *err)
{
	track_args t;
	return track_read(c, args, &t, err) && track(c, &t, out, err);
}

/* The old endpoint's version 1: the name itself, or {table, is_enum}; no configuration. */
static bool track_table_v1(candidate *c, const json *args, buf *out, error *err)
{
	if (c->version2) return track_table(c, args, out, err);
	track_args t = {.source = STR("default")};
	if (json_getz(args, "table")) {
		if (!track_read(c, args, &t, err)) return false;
		json_remove(t.doc, STR("configuration"));
		return track(c, &t, out, err);
	}
	if (!md_qname_parse(c->a, args, &t.table, err)) return arg_failed(c, err);
	t.doc = json_new_object(c->a);
	json_setz(t.doc, "table", md_qname_json(c->a, t.table));
	return track(c, &t, out, err);
}

/* ---- several at once ---- */

typedef struct many {
	track_args *v;
	size_t n;
	bool allow_warnings;
} many;

static bool failed_warnings(candidate *c, const many *m, size_t tracked, const char *what, error *err)
{
	if (m->n && !tracked) {
		(void)error_set(err, ERR_INVALID_CONFIGURATION, STR(""), "all tables failed to %s", what);
		err->internal = c->warnings ? json_copy(c->a, c->warnings) : NULL;
		return true;
	}
	if (m->allow_warnings || !c->warnings) return false;
	(void)error_set(err, ERR_METADATA_WARNINGS, STR(""), "failed due to metadata warnings");
	err->internal = json_copy(c->a, c->warnings);
	return true;
}

static bool no_duplicates(candidate *c, const many *m, error *err)
{
	map seen = {0}, twice = {0};
	for (size_t i = 0; i < m->n; i++) {
		str name = str_cat(c->a, 3, m->v[i].source, STR("."), qname_display(c->a, m->v[i].table));
		if (!map_add(c->a, &seen, name, c)) map_put(c->a, &twice, name, c);
	}
	if (!twice.n) return true;
	map_sort(&twice);
	str list = STR("");
	for (size_t i = 0; i < twice.n; i++)
		list = str_cat(c->a, 3, list, i ? STR(", ") : STR(""), twice.items[i].key);
	return error_set(err, ERR_BAD_REQUEST, STR("$.tables"),
		"The following tables occur more than once in the request: %.*s", STR_ARG(list));
}

static bool many_read(candidate *c, const json *args, const char *what, many *m, error *err)
{
	const json *list;
	m->allow_warnings = true;
	if (!arg_object(c, args, what, err) || !arg_member(c, args, "tables", &list, err)) return false;
	if (list->kind != JSON_ARRAY) return arg_mismatch(c, "tables", "[]", "Array", list, err);
	return arg_opt_bool(c, args, "allow_warnings", &m->allow_warnings, err);
}

static void warn_table(candidate *c, const track_args *t, const char *code, str message)
{
	candidate_warn(c, code, object_table(c->a, t->source, t->table), "table", message);
}

/* Reads what the database has of all of them, one round trip per source. */
static bool look_at_all(candidate *c, const many *m, error *err)
{
	qname *names = NEW_ARRAY(c->a, qname, m->n);
	bool *done = NEW_ARRAY(c->a, bool, m->n);
	for (size_t i = 0; i < m->n; i++) {
		if (done[i] || !metadata_source(c->md, m->v[i].source)) continue;
		size_t n = 0;
		for (size_t k = i; k < m->n; k++) {
			if (!str_eq(m->v[k].source, m->v[i].source)) continue;
			done[k] = true;
			names[n++] = m->v[k].table;
		}
		if (!look_at(c, m->v[i].source, names, n, err)) return false;
	}
	return true;
}

static metadata *with_all(candidate *c, const many *m)
{
	metadata *next = metadata_ref(c->md);
	md_table **tables = NEW_ARRAY(c->a, md_table *, m->n);
	bool *done = NEW_ARRAY(c->a, bool, m->n);
	for (size_t i = 0; i < m->n; i++) {
		if (done[i]) continue;
		size_t n = 0;
		for (size_t k = i; k < m->n; k++) {
			if (done[k] || !str_eq(m->v[k].source, m->v[i].source)) continue;
			done[k] = true;
			error ignored;
			error_init(&ignored, c->a);
			if (md_table_parse(m->v[k].doc, &tables[n], &ignored)) n++; /* it was parsed before */
		}
		metadata *more = metadata_with_tables(next, m->v[i].source, tables, n);
		metadata_unref(next);
		next = more;
		while (n)
			md_table_unref(tables[--n]);
	}
	return next;
}

/* Takes those out of m whose own table is inconsistent in fresh; true if there were any. */
static bool take_out_failed(candidate *c, many *m, const issue_list *issues, const char *code)
{
	size_t kept = 0;
	for (size_t i = 0; i < m->n; i++) {
		str object = object_table(c->a, m->v[i].source, m->v[i].table);
		str reason = STR_NULL;
		for (size_t k = 0; k < issues->n; k++)
			if (str_eq(issues->v[k]->name, object)) reason = str_copy(c->a, issues->v[k]->reason);
		if (reason.p) warn_table(c, &m->v[i], code, reason);
		else m->v[kept++] = m->v[i];
	}
	bool any = kept != m->n;
	m->n = kept;
	return any;
}

/* Hasura v2: tryBuildSchemaCacheAndWarnOnFailingObjects. */
static bool apply_many(
	candidate *c, many *m, metadata *(*make)(candidate *c, const many *m), const char *code, error *err)
{
	for (int attempt = 0;; attempt++) {
		metadata *next = make(c, m);
		snapshot *fresh = candidate_build(c, next);
		issue_list issues = candidate_new_issues(c->a, c->snap, fresh);
		if (!issues.n) {
			candidate_adopt(c, next, fresh);
			return true;
		}
		bool again = attempt == 0 && take_out_failed(c, m, &issues, code);
		if (!again) {
			(void)error_set(err, ERR_UNEXPECTED, STR(""),
				"cannot continue due to newly found inconsistent metadata");
			err->status = 400;
			err->internal = issues_json(c->a, &issues);
		}
		snapshot_unref(fresh);
		metadata_unref(next);
		if (!again) return false;
	}
}

static bool read_each(candidate *c, const json *list, many *m, error *err)
{
	m->v = NEW_ARRAY(c->a, track_args, list->count);
	size_t i = 0;
	JSON_EACH (e, list) {
		if (!track_read(c, e, &m->v[i], err)) {
			error_prepend_path(err, jsonpath_index(c->a, STR("$.tables"), i));
			return false;
		}
		i++;
	}
	m->n = i;
	return true;
}

static bool track_tables(candidate *c, const json *args, buf *out, error *err)
{
	many m = {0};
	if (!many_read(c, args, "TrackTables", &m, err) || !read_each(c, json_getz(args, "tables"), &m, err))
		return false;
	if (!no_duplicates(c, &m, err)) return false;
	many all = m;
	size_t kept = 0;
	for (size_t i = 0; i < m.n; i++) {
		error one;
		error_init(&one, c->a);
		if (may_track(c, &m.v[i], &one)) m.v[kept++] = m.v[i];
		else warn_table(c, &m.v[i], "track-table-failed", one.message);
	}
	m.n = kept;
	if (m.n && (!look_at_all(c, &m, err) || !apply_many(c, &m, with_all, "track-table-failed", err))) return false;
	if (failed_warnings(c, &all, m.n, "track", err)) return false;
	return reply_success_warnings(c, out);
}

/* ---- untrack ---- */

typedef struct untrack_args {
	str source;
	qname table;
	bool cascade;
} untrack_args;

static bool untrack_read(candidate *c, const json *args, untrack_args *u, error *err)
{
	u->cascade = false;
	return arg_object(c, args, "UntrackTable", err) && arg_source(c, args, &u->source, err) &&
		arg_qname(c, args, "table", &u->table, err) && arg_opt_bool(c, args, "cascade", &u->cascade, err);
}

static bool is_tracked(candidate *c, const untrack_args *u, error *err)
{
	const snap_source *s = snapshot_source(c->snap, u->source);
	if (s && snap_source_table(s, u->table)) return true;
	str name = qname_display(c->a, u->table);
	return error_set(err, ERR_ALREADY_UNTRACKED, STR(""), "view/table already untracked: \"%.*s\"", STR_ARG(name));
}

static bool untrack_table(candidate *c, const json *args, buf *out, error *err)
{
	untrack_args u;
	if (!untrack_read(c, args, &u, err) || !is_tracked(c, &u, err)) return false;
	dep_list deps = depends_on_table(c->a, c->snap, u.source, u.table);
	if (deps.n && !u.cascade) return depends_error(&deps, err);
	metadata *purged, *next;
	if (!depends_purge(c->a, c->md, &deps, &purged, err)) return false;
	next = metadata_without_table(purged, u.source, u.table);
	metadata_unref(purged);
	return candidate_apply_drop(c, next, err) && reply_success(out);
}

static bool among(const untrack_args *v, size_t n, const dep_object *d)
{
	for (size_t i = 0; i < n; i++)
		if (d->table.name.p && str_eq(v[i].source, d->source) && qname_eq(v[i].table, d->table)) return true;
	return false;
}

/* Those that can go; the others become warnings. */
static size_t untrackable(candidate *c, untrack_args *v, size_t n, dep_list *all)
{
	size_t kept = 0;
	bool *ok = NEW_ARRAY(c->a, bool, n);
	for (size_t i = 0; i < n; i++) {
		dep_list deps = depends_on_table(c->a, c->snap, v[i].source, v[i].table), outside = {0};
		for (size_t k = 0; k < deps.n; k++)
			if (!among(v, n, &deps.v[k])) vec_push(c->a, &outside, deps.v[k]);
		ok[i] = !outside.n || v[i].cascade;
		for (size_t k = 0; ok[i] && k < deps.n; k++)
			vec_push(c->a, all, deps.v[k]);
		if (ok[i]) continue;
		error one;
		error_init(&one, c->a);
		(void)depends_error(&deps, &one);
		candidate_warn(
			c, "untrack-table-failed", object_table(c->a, v[i].source, v[i].table), "table", one.message);
	}
	for (size_t i = 0; i < n; i++)
		if (ok[i]) v[kept++] = v[i];
	return kept;
}

static bool untrack_all(candidate *c, const untrack_args *v, size_t n, const dep_list *deps, error *err)
{
	metadata *next;
	if (!depends_purge(c->a, c->md, deps, &next, err)) return false;
	for (size_t i = 0; i < n; i++) {
		metadata *less = metadata_without_table(next, v[i].source, v[i].table);
		metadata_unref(next);
		next = less;
	}
	return candidate_apply_drop(c, next, err);
}

static bool untrack_tables(candidate *c, const json *args, buf *out, error *err)
{
	many m = {0};
	if (!many_read(c, args, "UntrackTables", &m, err)) return false;
	const json *list = json_getz(args, "tables");
	untrack_args *v = NEW_ARRAY(c->a, untrack_args, list->count);
	m.v = NEW_ARRAY(c->a, track_args, list->count);
	size_t n = 0;
	JSON_EACH (e, list) {
		if (!untrack_read(c, e, &v[n], err)) {
			error_prepend_path(err, jsonpath_index(c->a, STR("$.tables"), n));
			return false;
		}
		m.v[n] = (track_args){.source = v[n].source, .table = v[n].table};
		n++;
	}
	m.n = n;
	if (!no_duplicates(c, &m, err)) return false;
	size_t kept = 0;
	for (size_t i = 0; i < n; i++) {
		error one;
		error_init(&one, c->a);
		if (is_tracked(c, &v[i], &one)) v[kept++] = v[i];
		else
			candidate_warn(c, "untrack-table-failed", object_table(c->a, v[i].source, v[i].table), "table",
				one.message);
	}
	dep_list deps = {0};
	kept = untrackable(c, v, kept, &deps);
	if (kept && !untrack_all(c, v, kept, &deps, err)) return false;
	if (failed_warnings(c, &m, kept, "untrack", err)) return false;
	return reply_success_warnings(c, out);
}

/* ---- settings ---- */

/* The table's JSON, changed by the caller; it must be tracked. */
static bool table_json(
	candidate *c, const json *args, const char *what, str *source, qname *table, json **j, error *err)
{
	const snap_table *t;
	if (!arg_object(c, args, what, err) || !arg_source(c, args, source, err) ||
		!arg_qname(c, args, "table", table, err))
		return false;
	if (!find_table(c, *source, *table, &t, err)) return false;
	*j = md_table_json(c->a, t->md);
	return true;
}

static bool put_and_apply(candidate *c, str source, qname table, const json *j, buf *out, error *err)
{
	metadata *next;
	if (!edit_put_table(c->md, source, j, &next, err)) return arg_failed(c, err);
	str object = object_table(c->a, source, table);
	return candidate_apply_fresh(c, next, object, source, &table, 1, err) && reply_success(out);
}

static bool set_table_is_enum(candidate *c, const json *args, buf *out, error *err)
{
	str source;
	qname table;
	json *j;
	bool is_enum;
	if (!arg_object(c, args, "SetTableIsEnum", err) || !arg_bool(c, args, "is_enum", &is_enum, err)) return false;
	if (!table_json(c, args, "SetTableIsEnum", &source, &table, &j, err)) return false;
	json_setz(j, "is_enum", json_new_bool(c->a, is_enum));
	link_forget_enums(link_of(c->adm, metadata_source(c->md, source)));
	return put_and_apply(c, source, table, j, out, err);
}

static bool set_table_customization(candidate *c, const json *args, buf *out, error *err)
{
	str source;
	qname table;
	json *j;
	const json *conf;
	if (!arg_object(c, args, "SetTableCustomization", err) || !arg_member(c, args, "configuration", &conf, err))
		return false;
	if (!table_json(c, args, "SetTableCustomization", &source, &table, &j, err)) return false;
	json_setz(j, "configuration", json_copy(c->a, conf));
	return put_and_apply(c, source, table, j, out, err);
}

/* Deprecated: root fields and column names only. */
static bool set_table_custom_fields(candidate *c, const json *args, buf *out, error *err)
{
	str source;
	qname table;
	json *j;
	if (!table_json(c, args, "SetTableCustomFields", &source, &table, &j, err)) return false;
	json *conf = json_new_object(c->a);
	const json *roots = json_getz(args, "custom_root_fields"), *names = json_getz(args, "custom_column_names");
	if (!json_is_null(roots)) json_setz(conf, "custom_root_fields", json_copy(c->a, roots));
	if (!json_is_null(names)) json_setz(conf, "custom_column_names", json_copy(c->a, names));
	json_setz(j, "configuration", conf);
	return put_and_apply(c, source, table, j, out, err);
}

#define MOD OP_MODIFIES

const op ops_table[] = {
	{"track_table", track_table, OP_METADATA | OP_PG | MOD},
	{"track_table", track_table_v1, OP_V1 | OP_VERSION_2 | MOD},
	{"add_existing_table_or_view", track_table_v1, OP_V1 | MOD},
	{"track_tables", track_tables, OP_METADATA | OP_PG | MOD},
	{"untrack_table", untrack_table, OP_METADATA | OP_PG | OP_V1 | MOD},
	{"untrack_tables", untrack_tables, OP_METADATA | OP_PG | MOD},
	{"set_table_is_enum", set_table_is_enum, OP_METADATA | OP_PG | OP_V1 | MOD},
	{"set_table_customization", set_table_customization, OP_METADATA | OP_PG | OP_V1 | MOD},
	{"set_table_custom_fields", set_table_custom_fields, OP_V1 | OP_VERSION_2 | MOD},
	{0},
};
