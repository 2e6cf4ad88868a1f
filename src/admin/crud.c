/*
 * crud: select, count, insert, update, delete of /v1/query and /v2/query, on a connection of admin's to the source.
 * plan/ reads the args, sql/ makes the statements, exec/ binds them and writes the answer.
 * Weir's own: bulk_atomic of /v2/query runs several of them as one transaction, and "expected_rows" of update and delete
 * refuses, and so undoes, a change that meets another number of rows: who edits rows learns that somebody else did before.
 */
#include "admin/args.h"
#include "exec/step.h"
#include "plan/legacy.h"
#include "sql/mutation.h"

typedef struct crud {
	candidate *c;
	legacy_op what;
	const json *args;
	const json *expected; /* "expected_rows"; NULL: any number */
	str source;
	plan *plan;
	const sql_root *root;
	db_link *link;
	pg_sync *pg;
	const pg_result **results;
} crud;

static const session *who(const crud *k)
{
	return k->c->req->session;
}

/* ---- errors ---- */

/* Hasura v2: the session variables of a permission are asked for before anything is sent. */
static bool check_session(const crud *k, const statement *st, error *err)
{
	for (size_t i = 0; i < st->nparams; i++) {
		const val *v = &st->params[i];
		if (v->kind != VAL_SESSION || session_get(who(k), v->text)) continue;
		(void)error_set(
			err, ERR_NOT_FOUND, STR(""), "\"%.*s\" header is expected but not found", STR_ARG(v->text));
		err->status = 400;
		return false;
	}
	return true;
}

/* The connection, and with it the error's text, may go before the answer. */
static const pg_error *last_error(const crud *k, error *err)
{
	return pg_error_copy(err->a, pg_sync_error(k->pg));
}

static bool statement_failed(const crud *k, size_t i, const pg_stmt *sent, error *err)
{
	const pg_error *e = last_error(k, err);
	if (e->kind == PG_ERR_TOO_LARGE) return answer_too_large(k->c, err);
	pg_statement_info info = {.sql = str_from(sent->sql), .nargs = sent->nparams, .args = sent->values};
	const sql_mutation *m = k->root->mutation;
	if (m && i < m->nstmts && e->kind == PG_ERR_SERVER) return exec_mutation_failed(&m->stmts[i], e, &info, err);
	return pg_error_map_dml(e, &info, STR(""), err);
}

static bool tx_failed(const crud *k, error *err)
{
	pg_error *e = (pg_error *)last_error(k, err);
	e->tx_control = true;
	return pg_error_map_dml(e, NULL, STR(""), err);
}

/* ---- running ---- */

static bool run_statement(crud *k, const statement *st, size_t i, const pg_result **out, error *err)
{
	pg_stmt sent;
	if (!check_session(k, st, err) || !exec_bind(k->c->a, st, who(k), k->args, &sent, err)) return false;
	pg_sync_set_max_bytes(k->pg, k->c->adm->config.max_result_bytes);
	*out = pg_sync_query(k->pg, sent.sql, sent.nparams, sent.values);
	pg_sync_set_max_bytes(k->pg, 0);
	return *out || statement_failed(k, i, &sent, err);
}

/* Hands the session to triggers; only then the statements. */
static bool run_statements(crud *k, error *err)
{
	const pg_result *told = NULL;
	const statement *first = k->root->mutation ? plan_sql(k->plan)->session : NULL;
	if (first && !run_statement(k, first, SIZE_MAX, &told, err)) return false;
	pg_result_free((pg_result *)told);
	for (size_t i = 0; i < k->root->nstmts; i++)
		if (!run_statement(k, k->root->stmts[i], i, &k->results[i], err)) return false;
	return true;
}

/* As pools do (pg_dial.c): the database's style may have changed since the catalog was read. */
static bool settle_dates(crud *k)
{
	const catalog *cat = k->link->cat;
	if (!cat || !cat->iso_dates || pg_sync_server(k->pg)->iso_dates) return true;
	return pg_sync_run(k->pg, "SET LOCAL DateStyle TO 'ISO'");
}

/* A connection that died while it lay idle is no reason to fail. */
static bool begin(crud *k, bool writes, error *err)
{
	bool read_only = !writes;
	for (int attempt = 0;; attempt++) {
		bool old = k->link->pg != NULL;
		k->pg = link_connect(k->link, err);
		if (!k->pg) return false;
		pg_sync_set_wakeup(k->pg, k->c->adm->stop_fd);
		pg_isolation iso = pg_params_isolation(k->link->params);
		if (read_only && k->root->nstmts > 1 && iso == PG_READ_COMMITTED) iso = PG_REPEATABLE_READ;
		if (pg_sync_begin(k->pg, iso, read_only) && settle_dates(k)) return true;
		if (!old || attempt || pg_sync_alive(k->pg)) return tx_failed(k, err);
		link_hang_up(k->link);
	}
}

/* Inside bulk_atomic: the first one begins. */
static bool join_tx(crud *k, error *err)
{
	crud_tx *tx = k->c->tx;
	if (tx->pg && !str_eq(tx->source, k->source))
		return error_set(err, ERR_NOT_SUPPORTED, STR(""),
			"one transaction cannot span the sources \"%.*s\" and \"%.*s\": send a bulk_atomic for each",
			STR_ARG(tx->source), STR_ARG(k->source));
	k->pg = tx->pg;
	if (k->pg) return true;
	if (!begin(k, true, err)) return false;
	*tx = (crud_tx){.source = k->source, .pg = k->pg};
	return true;
}

bool crud_commit(candidate *c, error *err)
{
	crud_tx *tx = c->tx;
	if (!tx->pg) return true;
	crud k = {.c = c, .pg = tx->pg};
	bool ok = pg_sync_commit(tx->pg) || tx_failed(&k, err);
	if (!ok) pg_sync_rollback(tx->pg);
	pg_sync_set_wakeup(tx->pg, -1);
	return ok;
}

void crud_rollback(candidate *c)
{
	if (!c->tx->pg) return;
	pg_sync_rollback(c->tx->pg);
	pg_sync_set_wakeup(c->tx->pg, -1);
}

static bool check_expected(const crud *k, error *err)
{
	int64_t want = 0;
	if (!k->expected) return true;
	uint64_t n = exec_mutation_affected(k->root->mutation, k->results);
	if (json_to_i64(k->expected, &want) && want >= 0 && n == (uint64_t)want) return true;
	return error_set(err, ERR_CONFLICT, STR(""), "expected %lld row%s, but %llu %s it: nothing was changed",
		(long long)want, want == 1 ? "" : "s", (unsigned long long)n, n == 1 ? "meets" : "meet");
}

static bool run_tx(crud *k, error *err)
{
	if (k->c->tx) return join_tx(k, err) && run_statements(k, err) && check_expected(k, err);
	if (!begin(k, k->root->mutation != NULL, err)) return false;
	bool ok = run_statements(k, err) && check_expected(k, err) && (pg_sync_commit(k->pg) || tx_failed(k, err));
	if (!ok) pg_sync_rollback(k->pg);
	pg_sync_set_wakeup(k->pg, -1);
	return ok;
}

/* ---- the answer ---- */

/* {"aggregate":{"count":n}} without what is around the inner object. */
static const out_node *answer_node(const crud *k)
{
	const out_node *o = k->root->out;
	return k->what == LEGACY_COUNT && o->kind == OUT_OBJECT && o->nfields == 1 ? o->fields[0].value : o;
}

static bool write_count(crud *k, const exec_rows *rows, buf *out, error *err)
{
	static const str head = STR_INIT("{\"aggregate\":");
	buf b = {0};
	bool ok = exec_write(k->c->a, k->root->out, rows, 0, &b, err);
	if (ok) buf_put(out, str_sub(buf_str(&b), head.n, b.n - head.n - 1));
	buf_free(&b);
	return ok;
}

/* What the whole request's answer may still grow by, 0: any. What was committed is told, however long it is. */
static size_t room(const crud *k)
{
	size_t max = k->c->adm->config.max_result_bytes, n = k->c->req->out.n;
	if (!max || (k->root->mutation && !k->c->tx)) return 0;
	return max > n ? max - n : 1;
}

static bool write_rows(crud *k, buf *out, error *err)
{
	if (k->root->mutation) return exec_write_mutation(k->root->mutation, k->results, room(k), out, err);
	exec_rows rows = {.results = k->results, .n = k->root->nstmts};
	const out_node *o = answer_node(k);
	/* Made by the database as one JSON text. */
	if (k->what == LEGACY_COUNT && o == k->root->out) return write_count(k, &rows, out, err);
	return exec_write(k->c->a, o, &rows, room(k), out, err);
}

/* Nothing but its size can be wrong. */
static bool write_answer(crud *k, buf *out, error *err)
{
	error ignored;
	error_init(&ignored, k->c->a);
	return write_rows(k, out, &ignored) || answer_too_large(k->c, err);
}

static bool run_plan(crud *k, const snap_source *src, buf *out, error *err)
{
	if (!sql_make(k->plan, NULL, err)) return false;
	k->root = &plan_sql(k->plan)->roots[0];
	k->link = candidate_link(k->c, src->md);
	if (!k->link) return error_set(err, ERR_UNEXPECTED, STR(""), "the source has just been added: try again");
	k->results = NEW_ARRAY(k->c->a, const pg_result *, k->root->nstmts);
	bool ok = run_tx(k, err) && write_answer(k, out, err);
	for (size_t i = 0; i < k->root->nstmts; i++)
		pg_result_free((pg_result *)k->results[i]);
	return ok;
}

static bool read_expected(crud *k, error *err)
{
	int64_t n;
	if (k->what != LEGACY_UPDATE && k->what != LEGACY_DELETE) return true;
	const json *j = json_getz(k->args, "expected_rows");
	if (json_is_null(j)) return true;
	k->expected = j;
	if (j->kind == JSON_NUMBER && json_to_i64(j, &n) && n >= 0) return true;
	k->c->arg_error = true;
	return error_set(err, ERR_PARSE_FAILED, STR("$.expected_rows"), "expected a number of rows");
}

static bool run(candidate *c, legacy_op what, const json *args, buf *out, error *err)
{
	str source = STR("default");
	const snap_source *src;
	bool writes = what != LEGACY_SELECT && what != LEGACY_COUNT, form = false;
	crud k = {.c = c, .what = what, .args = args};
	if (args->kind == JSON_OBJECT && !arg_source(c, args, &source, err)) return false;
	if (writes && c->adm->config.read_only)
		return error_set(
			err, ERR_NOT_SUPPORTED, STR(""), "Cannot run write queries when read-only mode is enabled");
	if (writes && c->concurrent)
		return error_set(
			err, ERR_UNEXPECTED, STR(""), "Only read-only queries are allowed in a concurrent_bulk");
	if (!read_expected(&k, err) || !find_source(c, source, &src, err)) return false;
	k.source = source;
	legacy_request req = {.snap = c->snap,
		.source = src,
		.role = who(&k)->role,
		.backend = who(&k)->backend,
		.op = what,
		.args = args};
	if (!legacy_plan(&req, &k.plan, &form, err)) {
		c->arg_error = form;
		return false;
	}
	bool ok = run_plan(&k, src, out, err);
	/* It quotes the statement, which goes with the plan. */
	if (!ok && err->internal) err->internal = json_copy(err->a, err->internal);
	plan_free(k.plan);
	return ok;
}

#define CRUD(name, what)                                                       \
	static bool name(candidate *c, const json *args, buf *out, error *err) \
	{                                                                      \
		return run(c, what, args, out, err);                           \
	}
CRUD(crud_select, LEGACY_SELECT)
CRUD(crud_count, LEGACY_COUNT)
CRUD(crud_insert, LEGACY_INSERT)
CRUD(crud_update, LEGACY_UPDATE)
CRUD(crud_delete, LEGACY_DELETE)

#define ANY (OP_V1 | OP_V2 | OP_ANY_ROLE | OP_ASIDE | OP_ROWS)

const op ops_crud[] = {
	{"select", crud_select, ANY},
	{"count", crud_count, ANY},
	{"insert", crud_insert, ANY},
	{"update", crud_update, ANY},
	{"delete", crud_delete, ANY},
	{0},
};
