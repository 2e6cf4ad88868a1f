/* dispatch: from the request's body to the operations, for the three endpoints. */
#include "admin/args.h"
#include "admin/unserved_ops.h"
#include "base/jsonpath.h"

static const op *const TABLES[] = {ops_table, ops_relationship, ops_permission, ops_function, ops_metadata, ops_source,
	ops_role, ops_info, ops_sql, ops_crud, ops_collection};

enum { BULK_DEPTH = 16 };

/* One command object: where it is. */
typedef struct command {
	candidate *c;
	const json *body;
	str at;     /* "$", "$.args[0]" */
	str run_at; /* the same without "args": "$", "$[0]" */
	unsigned depth;
} command;

static bool run_command(const command *cmd, buf *out, error *err);

/* ---- finding the operation ---- */

static const op *find_op(str name, unsigned want, bool pg, bool version2)
{
	for (size_t t = 0; t < sizeof TABLES / sizeof *TABLES; t++) {
		for (const op *o = TABLES[t]; o->name; o++) {
			if (!(o->flags & want) || !str_eqz(name, o->name)) continue;
			if (want == OP_METADATA && !!(o->flags & OP_PG) != pg) continue;
			if (want == OP_V1 && version2 && !(o->flags & OP_VERSION_2)) continue;
			return o;
		}
	}
	return NULL;
}

static bool not_served(const command *cmd, str name, error *err)
{
	return error_set(
		err, ERR_NOT_SUPPORTED, cmd->at, "\"%.*s\" is not served by this version of Weir", STR_ARG(name));
}

/* Hasura v2: parseQueryType: <backend>_<command>. */
static bool find_prefixed(const command *cmd, str type, const op **out, error *err)
{
	size_t cut = str_find_char(type, '_');
	str prefix = cut == SIZE_MAX ? type : str_sub(type, 0, cut);
	str name = cut == SIZE_MAX ? STR("") : str_from_at(type, cut + 1);
	if (!str_is_name(prefix))
		return error_set(err, ERR_PARSE_FAILED, cmd->at,
			"unknown metadata command \"%.*s\"; \"%.*s\" was not recognized as a valid backend name",
			STR_ARG(type), STR_ARG(prefix));
	bool pg = str_eqz(prefix, "pg") || str_eqz(prefix, "postgres") || str_eqz(prefix, "alloy");
	*out = find_op(name, OP_METADATA, true, false);
	if (*out && pg) return true;
	if (unserved_pg_op(name) || (*out && !pg)) return not_served(cmd, type, err);
	if (pg) prefix = STR("postgres");
	return error_set(err, ERR_PARSE_FAILED, cmd->at, "unknown metadata command \"%.*s\" for backend %.*s",
		STR_ARG(name), STR_ARG(prefix));
}

static bool find_in_metadata(const command *cmd, str type, bool version2, const op **out, error *err)
{
	*out = find_op(type, OP_METADATA, false, version2);
	if (version2 && (!*out || !((*out)->flags & OP_VERSION_2)))
		return error_set(err, ERR_PARSE_FAILED, cmd->at,
			"parsing Hasura.Server.API.Metadata.Types.RQLMetadataV2 failed, expected tag field \"type\" to be one of "
			"[\"replace_metadata\",\"export_metadata\"], but found tag \"%.*s\"",
			STR_ARG(type));
	if (*out) return true;
	if (unserved_global_op(type)) return not_served(cmd, type, err);
	return find_prefixed(cmd, type, out, err);
}

static bool find_in_queries(const command *cmd, str type, bool version2, const op **out, error *err)
{
	bool v2 = cmd->c->req->path == ADMIN_V2_QUERY;
	str name = v2 && str_eqz(type, "pg_run_sql") ? STR("run_sql") : type;
	*out = find_op(name, v2 ? OP_V2 : OP_V1, false, version2);
	if (*out) return true;
	if (v2 ? unserved_v2_op(type) : unserved_pg_op(type) || unserved_global_op(type))
		return not_served(cmd, type, err);
	if (v2) return error_set(err, ERR_PARSE_FAILED, cmd->at, "Unrecognised RQLQuery type: %.*s", STR_ARG(type));
	return error_set(err, ERR_PARSE_FAILED, cmd->at,
		"parsing Hasura.Server.API.Query.RQLQueryV%d failed, expected tag field \"type\", but found tag \"%.*s\"",
		version2 ? 2 : 1, STR_ARG(type));
}

static bool read_version(const command *cmd, bool *version2, error *err)
{
	const json *v = json_getz(cmd->body, "version");
	*version2 = false;
	if (json_is_null(v) || cmd->c->req->path == ADMIN_V2_QUERY) return true;
	int64_t n = 0;
	str path = jsonpath_key(cmd->c->a, cmd->at, STR("version"));
	if (v->kind != JSON_NUMBER) return error_set(err, ERR_PARSE_FAILED, path, "expected a number for version");
	if (!json_to_i64(v, &n) || n < 1 || n > 2)
		return error_set(err, ERR_PARSE_FAILED, path, "expected 1 or 2, encountered %.*s", STR_ARG(v->text));
	*version2 = n == 2;
	return true;
}

static bool find_type(const command *cmd, str *type, error *err)
{
	static const char *const WHAT[] = {"RQLMetadata", "RQLQuery", "Object"};
	if (!json_is(cmd->body, JSON_OBJECT))
		return error_set(err, ERR_PARSE_FAILED, cmd->at,
			"parsing %s failed, expected Object, but encountered %s", WHAT[cmd->c->req->path],
			json_kind_name(cmd->body));
	const json *t = json_getz(cmd->body, "type");
	if (!t) return error_set(err, ERR_PARSE_FAILED, cmd->at, "key \"type\" not found");
	if (t->kind != JSON_STRING)
		return error_set(err, ERR_PARSE_FAILED, jsonpath_key(cmd->c->a, cmd->at, STR("type")),
			"parsing Text failed, expected String, but encountered %s", json_kind_name(t));
	*type = t->text;
	return true;
}

static bool resolve(const command *cmd, const op **out, error *err)
{
	str type = STR_NULL;
	bool version2;
	if (!find_type(cmd, &type, err) || !read_version(cmd, &version2, err)) return false;
	if (!cmd->c->req->operation.p) cmd->c->req->operation = type;
	cmd->c->version2 = version2;
	return cmd->c->req->path == ADMIN_V1_METADATA ? find_in_metadata(cmd, type, version2, out, err)
						      : find_in_queries(cmd, type, version2, out, err);
}

/* ---- where to run ---- */

static bool aside_command(const admin_request *r, const json *body, unsigned depth)
{
	str type = json_str_or(body, "type", STR(""));
	const json *args = json_getz(body, "args");
	bool rows = r->path == ADMIN_V2_QUERY && str_eqz(type, "bulk_atomic");
	if (str_eqz(type, "bulk") || str_eqz(type, "concurrent_bulk") || rows) {
		if (depth > BULK_DEPTH || !json_is(args, JSON_ARRAY)) return false;
		for (const json *e = args->first; e; e = e->next)
			if (!aside_command(r, e, depth + 1)) return false;
		return true;
	}
	if (str_eqz(type, "pg_run_sql")) type = STR("run_sql");
	const op *o = find_op(type, r->path == ADMIN_V2_QUERY ? OP_V2 : OP_V1, false, false);
	if (!o || !(o->flags & OP_ASIDE)) return false;
	return !str_eqz(type, "run_sql") || run_sql_is_plain(args);
}

bool dispatch_is_aside(const admin_request *r)
{
	return r->path == ADMIN_PG_DUMP || (r->path != ADMIN_V1_METADATA && aside_command(r, r->body, 0));
}

/* ---- who may ---- */

static bool is_bulk(str type)
{
	return str_eqz(type, "bulk") || str_eqz(type, "bulk_keep_going") || str_eqz(type, "concurrent_bulk");
}

static bool needs_admin(const candidate *c, const json *body, unsigned depth)
{
	if (c->req->path != ADMIN_V1_QUERY || depth > BULK_DEPTH) return true;
	str type = json_str_or(body, "type", STR(""));
	if (is_bulk(type)) {
		bool any = false;
		JSON_EACH (e, json_getz(body, "args"))
			any |= needs_admin(c, e, depth + 1);
		return any;
	}
	const op *o = find_op(type, OP_V1, false, false);
	return !o || !(o->flags & OP_ANY_ROLE);
}

static bool check_admin(const candidate *c, error *err)
{
	if (str_eqz(c->req->session->role, "admin") || !needs_admin(c, c->req->body, 0)) return true;
	return error_set(err, ERR_ACCESS_DENIED, STR("$.args"), "restricted access : admin only");
}

/* ---- running ---- */

/* Hasura v2: commandParser. */
static void wrap_arg_error(candidate *c, const op *o, error *err)
{
	if (!(o->flags & OP_PG) || c->req->path != ADMIN_V1_METADATA) return;
	err->message = str_printf(err->a,
		"Error when parsing command %s.\nSee our documentation at https://hasura.io/docs/latest/graphql/core/"
		"api-reference/metadata-api/index.html#metadata-apis.\nInternal error message: %.*s",
		o->name, STR_ARG(err->message));
}

static bool run_op(const command *cmd, const op *o, buf *out, error *err)
{
	candidate *c = cmd->c;
	const json *args = json_getz(cmd->body, "args");
	str args_at = jsonpath_key(c->a, cmd->at, STR("args"));
	if (!args) {
		if (!(o->flags & OP_NO_ARGS))
			return error_set(err, ERR_PARSE_FAILED, cmd->at, "key \"args\" not found");
		args = json_new_object(c->a);
	}
	if (o->flags & OP_MODIFIES) c->modifies = true;
	c->arg_error = false;
	str outer = c->args_at;
	c->args_at = args_at;
	bool ok = o->run(c, args, out, err);
	c->args_at = outer;
	if (ok) return true;
	if (c->arg_error) wrap_arg_error(c, o, err);
	/* Hasura v2: the parser of /v1/query loses "args", running /v2/query never had it. */
	admin_path without = c->arg_error ? ADMIN_V1_QUERY : ADMIN_V2_QUERY;
	error_prepend_path(err, c->req->path == without ? cmd->run_at : args_at);
	c->arg_error = false;
	return false;
}

/* ---- bulk ---- */

static void put_error(candidate *c, buf *out, const error *err)
{
	json *o = json_new_object(c->a);
	json_setz(o, "code", json_new_str(c->a, error_code_text(err->code)));
	json_setz(o, "error", json_new_str(c->a, err->message));
	json_setz(o, "path", json_new_str(c->a, error_path(err)));
	if (err->internal) json_setz(o, "internal", json_copy(c->a, err->internal));
	json_write(out, o);
}

static command sub_command(const command *cmd, const json *body, size_t i)
{
	arena *a = cmd->c->a;
	str list = jsonpath_key(a, cmd->at, STR("args"));
	return (command){.c = cmd->c,
		.body = body,
		.at = jsonpath_index(a, list, i),
		.run_at = jsonpath_index(a, cmd->run_at, i),
		.depth = cmd->depth + 1};
}

/* bulk_keep_going: what the failed command did is undone, the rest stays. */
static void keep_going(const command *sub, buf *out)
{
	candidate *c = sub->c;
	metadata *md = metadata_ref(c->md);
	snapshot *snap = snapshot_ref(c->snap);
	error err;
	error_init(&err, c->a);
	size_t n = out->n;
	if (run_command(sub, out, &err)) {
		metadata_unref(md);
		snapshot_unref(snap);
		return;
	}
	candidate_adopt(c, md, snap);
	out->n = n;
	put_error(c, out, &err);
}

static bool check_types(const command *cmd, const json *list, error *err)
{
	size_t i = 0;
	JSON_EACH (e, list) {
		const op *o;
		command sub = sub_command(cmd, e, i++);
		str type = STR_NULL;
		if (!find_type(&sub, &type, err)) return false;
		if (!is_bulk(type) && !str_eqz(type, "bulk_atomic") && !resolve(&sub, &o, err)) return false;
	}
	return true;
}

enum { BATCH_LEAST = 4 };

/* How many commands from here on may be done as one batch. */
static size_t batch_length(const command *cmd, const json *e, size_t i)
{
	size_t n = 0;
	error ignored;
	error_init(&ignored, cmd->c->a);
	for (; e && cmd->c->req->path == ADMIN_V1_METADATA; e = e->next, n++) {
		const op *o;
		str type = STR_NULL;
		command sub = sub_command(cmd, e, i + n);
		if (!find_type(&sub, &type, &ignored) || is_bulk(type) || str_eqz(type, "bulk_atomic")) break;
		if (!resolve(&sub, &o, &ignored) || !(o->flags & OP_BATCH)) break;
	}
	return n;
}

static bool batch_each(const command *cmd, const json *e, size_t i, size_t n, buf *out)
{
	error ignored;
	error_init(&ignored, cmd->c->a);
	for (size_t k = 0; k < n; k++, e = e->next) {
		command sub = sub_command(cmd, e, i + k);
		if (i + k) buf_putc(out, ',');
		if (!run_command(&sub, out, &ignored)) return false;
	}
	return true;
}

/* n commands with one snapshot at their end. False, and nothing done: one of them fails, or they do not fit; then they are run
   one by one, for the words that say which and why. A schema of thousands of tables is built once, not thousands of times. */
static bool run_batch(const command *cmd, const json *e, size_t i, size_t n, buf *out)
{
	candidate *c = cmd->c;
	metadata *md = metadata_ref(c->md);
	snapshot *snap = snapshot_ref(c->snap);
	size_t written = out->n;
	candidate_batch_begin(c);
	if (candidate_batch_end(c, batch_each(cmd, e, i, n, out))) {
		metadata_unref(md);
		snapshot_unref(snap);
		return true;
	}
	c->arg_error = false;
	out->n = written;
	candidate_adopt(c, md, snap);
	return false;
}

static bool run_bulk(const command *cmd, bool keep, buf *out, error *err)
{
	const json *list = json_getz(cmd->body, "args");
	str at = jsonpath_key(cmd->c->a, cmd->at, STR("args"));
	if (!list) return error_set(err, ERR_PARSE_FAILED, cmd->at, "key \"args\" not found");
	if (list->kind != JSON_ARRAY) return error_set(err, ERR_PARSE_FAILED, at, "parsing [] failed, expected Array");
	if (cmd->depth > BULK_DEPTH) return error_set(err, ERR_BAD_REQUEST, at, "bulk commands are nested too deeply");
	if (!check_types(cmd, list, err)) return false;
	buf_putc(out, '[');
	size_t i = 0, single = 0; /* up to single a batch was tried */
	for (const json *e = list->first; e; e = e->next, i++) {
		size_t n = i >= single ? batch_length(cmd, e, i) : 0;
		if (n >= BATCH_LEAST && run_batch(cmd, e, i, n, out)) {
			for (i += n - 1; --n; e = e->next) {
			}
			continue;
		}
		if (n) single = i + n;
		if (i) buf_putc(out, ',');
		command sub = sub_command(cmd, e, i);
		if (keep) keep_going(&sub, out);
		else if (!run_command(&sub, out, err)) return false;
	}
	buf_putc(out, ']');
	return true;
}

/* Hasura v2: runBulkAtomic. */
static bool run_atomic_each(const command *cmd, const json *list, error *err)
{
	buf ignored = {0};
	size_t i = 0;
	bool ok = true;
	for (const json *e = list->first; ok && e; e = e->next) {
		const op *o;
		command sub = sub_command(cmd, e, i++);
		ok = resolve(&sub, &o, err);
		if (ok && !(o->flags & OP_ATOMIC))
			ok = error_set(err, ERR_UNEXPECTED, jsonpath_key(cmd->c->a, cmd->at, STR("args")),
				"Bulk atomic does not support this command");
		ok = ok && run_op(&sub, o, &ignored, err);
	}
	buf_free(&ignored);
	return ok;
}

static bool run_atomic(const command *cmd, buf *out, error *err)
{
	candidate *c = cmd->c;
	const json *list = json_getz(cmd->body, "args");
	str at = jsonpath_key(c->a, cmd->at, STR("args"));
	if (!list) return error_set(err, ERR_PARSE_FAILED, cmd->at, "key \"args\" not found");
	if (list->kind != JSON_ARRAY) return error_set(err, ERR_PARSE_FAILED, at, "parsing [] failed, expected Array");
	snapshot *before = snapshot_ref(c->snap);
	c->atomic = true;
	bool ok = run_atomic_each(cmd, list, err);
	c->atomic = false;
	issue_list bad = ok ? candidate_new_issues(c->a, before, c->snap) : (issue_list){0};
	if (bad.n) {
		ok = error_set(err, ERR_BAD_REQUEST, at, "Schema inconsistency");
		err->internal = issues_json(c->a, &bad);
	}
	snapshot_unref(before);
	return ok && reply_success(out);
}

static bool only_rows(const command *cmd, error *err)
{
	const json *list = json_getz(cmd->body, "args");
	str at = jsonpath_key(cmd->c->a, cmd->at, STR("args"));
	size_t i = 0;
	if (cmd->c->tx || cmd->c->concurrent)
		return error_set(
			err, ERR_NOT_SUPPORTED, at, "a bulk_atomic cannot be inside another one or a concurrent_bulk");
	JSON_EACH (e, list) {
		const op *o;
		command sub = sub_command(cmd, e, i++);
		str type = STR_NULL;
		if (!find_type(&sub, &type, err)) return false;
		bool list_too = is_bulk(type) || str_eqz(type, "bulk_atomic");
		if (!list_too && !resolve(&sub, &o, err)) return false;
		if (list_too || !(o->flags & OP_ROWS))
			return error_set(err, ERR_NOT_SUPPORTED, sub.at,
				"bulk_atomic takes select, count, insert, update and delete, not \"%.*s\"",
				STR_ARG(type));
	}
	return true;
}

/* Weir's own: on /v2/query, one transaction of the source for all of them. */
static bool run_rows(const command *cmd, buf *out, error *err)
{
	candidate *c = cmd->c;
	crud_tx tx = {0};
	if (!only_rows(cmd, err)) return false;
	c->tx = &tx;
	bool ok = run_bulk(cmd, false, out, err) && crud_commit(c, err);
	if (!ok) crud_rollback(c);
	c->tx = NULL;
	return ok;
}

static bool run_command(const command *cmd, buf *out, error *err)
{
	str type = STR_NULL;
	const op *o;
	if (!find_type(cmd, &type, err)) return false;
	if (!cmd->c->req->operation.p) cmd->c->req->operation = type;
	bool keeps = cmd->c->req->path == ADMIN_V1_METADATA;
	if (str_eqz(type, "bulk")) return run_bulk(cmd, false, out, err);
	if (keeps && str_eqz(type, "bulk_atomic")) return run_atomic(cmd, out, err);
	if (keeps && str_eqz(type, "bulk_keep_going")) return run_bulk(cmd, true, out, err);
	if (cmd->c->req->path == ADMIN_V2_QUERY && str_eqz(type, "bulk_atomic")) return run_rows(cmd, out, err);
	if (cmd->c->req->path == ADMIN_V2_QUERY && str_eqz(type, "concurrent_bulk")) {
		cmd->c->concurrent = true;
		return run_bulk(cmd, false, out, err);
	}
	return resolve(cmd, &o, err) && run_op(cmd, o, out, err);
}

bool dispatch_run(candidate *c, error *err)
{
	if (c->req->path == ADMIN_PG_DUMP) return dump_run(c, &c->req->out, err);
	if (!check_admin(c, err)) return false;
	command cmd = {.c = c, .body = c->req->body, .at = STR("$"), .run_at = STR("$")};
	return run_command(&cmd, &c->req->out, err);
}
