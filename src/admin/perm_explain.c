/*
 * perm_explain: the operation weir_explain_permissions. Its args are those of /v1/graphql/explain, and a permission that is
 * not saved: it is put into a copy of the metadata, a snapshot is made of that, and nobody else ever sees it.
 */
#include "admin/perm_explain.h"
#include "admin/args.h"
#include "admin/depends.h"
#include "auth/auth.h"

static const char *const KINDS[MD_PERM_KINDS] = {[MD_PERM_SELECT] = "select",
	[MD_PERM_INSERT] = "insert",
	[MD_PERM_UPDATE] = "update",
	[MD_PERM_DELETE] = "delete"};

/* ---- the permission to try ---- */

typedef struct trial {
	str source;
	qname table;
	str role;
	md_perm_kind kind;
	json *entry; /* {role, permission} */
} trial;

static bool read_kind(candidate *c, const json *given, md_perm_kind *kind, error *err)
{
	str text = STR("select");
	if (!arg_opt_text(c, given, "type", &text, err)) return false;
	for (size_t k = 0; k < MD_PERM_KINDS; k++) {
		if (!str_eqz(text, KINDS[k])) continue;
		*kind = (md_perm_kind)k;
		return true;
	}
	return error_set(
		err, ERR_PARSE_FAILED, STR("$.type"), "type should be one of 'insert', 'select', 'update', 'delete'");
}

static bool read_trial(candidate *c, const json *given, const session *who, trial *t, error *err)
{
	const json *permission;
	t->role = who->role;
	if (!arg_object(c, given, "permission", err) || !arg_source(c, given, &t->source, err) ||
		!arg_qname(c, given, "table", &t->table, err) || !arg_opt_text(c, given, "role", &t->role, err) ||
		!read_kind(c, given, &t->kind, err) || !arg_member(c, given, "permission", &permission, err))
		return false;
	if (str_eqz(t->role, "admin"))
		return error_set(err, ERR_PARSE_FAILED, STR("$.role"),
			"the role admin has no permissions: it may do everything");
	t->entry = json_new_object(c->a);
	json_setz(t->entry, "role", json_new_str(c->a, t->role));
	json_setz(t->entry, "permission", json_copy(c->a, permission));
	return true;
}

/* What the new snapshot finds wrong with the permission itself. */
static bool check_trial(candidate *c, const trial *t, const snapshot *fresh, error *err)
{
	str type = str_cat(c->a, 2, str_from(KINDS[t->kind]), STR("_permission"));
	for (size_t i = 0; i < fresh->ninconsistencies; i++) {
		const snap_inconsistency *bad = &fresh->inconsistencies[i];
		if (str_eq(bad->type, type) && str_eq(bad->sub, t->role) && str_eq(bad->source, t->source) &&
			qname_eq(bad->object, t->table))
			return error_set(
				err, ERR_INVALID_CONFIGURATION, STR(""), "%.*s", STR_ARG(str_copy(c->a, bad->reason)));
	}
	return true;
}

static bool try_permission(candidate *c, const json *given, const session *who, snapshot **out, error *err)
{
	trial t = {.source = STR("default")};
	if (!read_trial(c, given, who, &t, err)) return false;
	const md_source *s = metadata_source(c->md, t.source);
	const md_table *table = s ? md_source_table(s, t.table) : NULL;
	if (!table) {
		str name = qname_display(c->a, t.table);
		return error_set(err, ERR_NOT_EXISTS, STR("$.table"), "table \"%.*s\" does not exist in source: %.*s",
			STR_ARG(name), STR_ARG(t.source));
	}
	json *doc = md_table_json(c->a, table);
	(void)edit_remove(c->a, doc, depends_perm_list(t.kind), "role", t.role);
	edit_append(c->a, doc, depends_perm_list(t.kind), t.entry);
	metadata *next;
	if (!edit_put_table(c->md, t.source, doc, &next, err)) return false;
	snapshot *fresh = candidate_build(c, next);
	metadata_unref(next);
	if (!check_trial(c, &t, fresh, err)) {
		snapshot_unref(fresh);
		return false;
	}
	*out = fresh;
	return true;
}

/* ---- the question ---- */

static bool read_question(candidate *c, const json *args, perm_question *q, error *err)
{
	const json *query;
	session *who;
	if (!arg_object(c, args, "args", err) || !arg_member(c, args, "query", &query, err) ||
		!auth_session_from_json(c->a, json_getz(args, "user"), &who, err))
		return false;
	q->who = who;
	q->variables = json_getz(query, "variables");
	q->operation_name = json_str_or(query, "operationName", STR_NULL);
	if (json_is_null(q->variables)) q->variables = NULL;
	if (q->variables && q->variables->kind != JSON_OBJECT)
		return error_set(err, ERR_PARSE_FAILED, STR("$.query.variables"), "expected an object");
	if (arg_object(c, query, "GraphQL request", err) && arg_nonempty(c, query, "query", &q->query, err))
		return true;
	error_prepend_path(err, STR("$.query"));
	return false;
}

static bool answer(candidate *c, const perm_question *q, buf *out, error *err)
{
	plan *p;
	perm_refusals refused = {0};
	if (!perm_plan(q, &p, &refused, err)) return false;
	perm_counter k = {.adm = c->adm, .a = c->a, .q = q};
	json *o = json_new_object(c->a);
	json_setz(o, "role", json_new_str(c->a, q->who->role));
	json_setz(o, "session", session_json(c->a, q->who));
	json_setz(o, "fields", perm_walk(&k, p, &refused));
	perm_count_end(&k);
	json_write(out, o);
	plan_free(p);
	return true;
}

bool perm_explain(candidate *c, const json *args, buf *out, error *err)
{
	perm_question q = {.a = c->a};
	snapshot *tried = NULL;
	const json *given = json_getz(args, "permission");
	if (!read_question(c, args, &q, err)) return false;
	if (!json_is_null(given) && !try_permission(c, given, q.who, &tried, err)) {
		error_prepend_path(err, STR("$.permission"));
		return false;
	}
	q.snap = tried ? tried : c->snap;
	bool ok = answer(c, &q, out, err);
	if (tried) snapshot_unref(tried);
	return ok;
}
