/* ops_sql: run_sql. */
#include "admin/args.h"
#include "admin/migrate_step.h"
#include "admin/run_sql.h"
#include "admin/split_sql.h"
#include "base/clock.h"
#include "catalog/read.h"

typedef struct sql_args {
	candidate *c;
	str sql;
	str source;
	bool cascade;
	bool check;
	bool read_only;
	bool no_transaction;
	bool exact; /* Weir's own, for the console: NULL is null, an error tells its position */
	db_link *link;
	pg_sync *pg;
	migrate_step *step; /* weir_migrate; NULL: run_sql */
} sql_args;

static bool sql_read(candidate *c, const json *args, sql_args *s, error *err)
{
	*s = (sql_args){.c = c};
	if (!arg_object(c, args, "RunSQL", err) || !arg_text(c, args, "sql", &s->sql, err) ||
		!arg_source(c, args, &s->source, err))
		return false;
	if (!arg_opt_bool(c, args, "cascade", &s->cascade, err) ||
		!arg_opt_bool(c, args, "read_only", &s->read_only, err))
		return false;
	if (!arg_opt_bool(c, args, "no_transaction", &s->no_transaction, err) ||
		!arg_opt_bool(c, args, "exact", &s->exact, err))
		return false;
	s->check = run_sql_has_ddl(s->sql);
	if (!arg_opt_bool(c, args, "check_metadata_consistency", &s->check, err)) return false;
	s->check = s->check && !s->read_only;
	return true;
}

bool run_sql_is_plain(const json *args)
{
	if (json_bool_or(args, "read_only", false)) return true;
	return !json_bool_or(args, "check_metadata_consistency", run_sql_has_ddl(json_str_or(args, "sql", STR(""))));
}

/* ---- answers ---- */

/* A statement's place in the text it was cut from, in characters as PostgreSQL counts. */
static int64_t position_in_text(const sql_args *s, str sql, int position)
{
	int64_t n = position;
	bool inside = sql.p >= s->sql.p && sql.p <= s->sql.p + s->sql.n;
	for (const char *p = s->sql.p; inside && p < sql.p; p++)
		n += ((unsigned char)*p & 0xc0) != 0x80;
	return n;
}

static bool sql_error(const sql_args *s, str sql, error *err)
{
	const pg_error *e = pg_error_copy(err->a, pg_sync_error(s->pg)); /* the connection goes before the answer */
	if (e->kind == PG_ERR_TOO_LARGE) return answer_too_large(s->c, err);
	pg_statement_info info = {.sql = sql};
	if (e->kind != PG_ERR_SERVER && e->kind != PG_ERR_PROTOCOL) return pg_error_map_query(e, &info, STR(""), err);
	(void)error_set(err, ERR_POSTGRES, STR(""), "query execution failed");
	err->status = 400;
	err->internal = pg_error_internal(err->a, e, &info);
	if (s->exact && e->position)
		json_setz(json_getz(err->internal, "error"), "position",
			json_new_i64(err->a, position_in_text(s, sql, e->position)));
	return false;
}

static void put_cell(buf *out, const pg_result *r, size_t row, size_t i, bool exact)
{
	if (!pg_result_is_null(r, row, i)) json_write_str(out, pg_result_value(r, row, i));
	else buf_puts(out, exact ? "null" : "\"NULL\"");
}

static void put_row(buf *out, const pg_result *r, size_t row, bool exact)
{
	buf_putc(out, '[');
	for (size_t i = 0; i < pg_result_cols(r); i++) {
		if (i) buf_putc(out, ',');
		put_cell(out, r, row, i, exact);
	}
	buf_putc(out, ']');
}

/* An answer as it grows; a statement's takes the place of the one before. */
typedef struct answer {
	buf *out;
	size_t at, max;
	bool exact;
	bool open; /* within the rows of a statement */
} answer;

static void put_names(answer *x, const pg_result *r)
{
	x->out->n = x->at;
	buf_puts(x->out, "{\"result_type\":\"TuplesOk\",\"result\":[[");
	for (size_t i = 0; i < pg_result_cols(r); i++) {
		if (i) buf_putc(x->out, ',');
		json_write_str(x->out, pg_result_name(r, i));
	}
	buf_putc(x->out, ']');
}

static void put_command_ok(answer *x)
{
	x->out->n = x->at;
	buf_puts(x->out, "{\"result_type\":\"CommandOk\",\"result\":null}");
}

/* False: the answer is larger than it may be. */
static bool put_next(void *data, const pg_result *r)
{
	answer *x = data;
	if (!pg_result_has_rows(r)) {
		put_command_ok(x);
		return true;
	}
	if (!x->open) put_names(x, r);
	x->open = pg_result_rows(r) > 0;
	if (x->open) {
		buf_putc(x->out, ',');
		put_row(x->out, r, 0, x->exact);
	} else {
		buf_puts(x->out, "]}");
	}
	return !x->max || x->out->n <= x->max;
}

/* ---- running ---- */

static bool exec_one(candidate *c, sql_args *s, str sql, buf *out, error *err)
{
	size_t max = c->adm->config.max_result_bytes;
	answer x = {.out = out, .at = out->n, .max = max, .exact = s->exact};
	pg_sync_set_max_bytes(s->pg, max);
	bool ok = pg_sync_each(s->pg, str_z(c->a, sql), put_next, &x);
	pg_sync_set_max_bytes(s->pg, 0);
	return ok || sql_error(s, sql, err);
}

/* Hasura v2: execMultipleStatements: one by one, so that each is a transaction of its own. */
static bool exec_each(candidate *c, sql_args *s, buf *out, error *err)
{
	str_vec list = {0};
	split_sql(c->a, s->sql, &list);
	if (!list.n) vec_push(c->a, &list, s->sql);
	size_t at = out->n;
	for (size_t i = 0; i < list.n; i++) {
		out->n = at;
		if (!exec_one(c, s, list.v[i], out, err)) return false;
	}
	return true;
}

static bool tx_error(const sql_args *s, error *err)
{
	return pg_error_map_query(pg_sync_error(s->pg), NULL, STR(""), err);
}

static pg_isolation isolation_of(const sql_args *s)
{
	return pg_params_isolation(s->link->params);
}

/* The text is the user's: it may run as long as it likes, until the server stops. */
static bool connect_for(candidate *c, sql_args *s, error *err)
{
	const snap_source *src;
	if (!find_source(c, s->source, &src, err)) return false;
	s->link = candidate_link(c, src->md);
	if (!s->link) return error_set(err, ERR_UNEXPECTED, STR(""), "the source has just been added: try again");
	link_hang_up(s->link);
	s->pg = link_connect(s->link, err);
	if (!s->pg) return false;
	pg_sync_set_deadline(s->pg, 0);
	pg_sync_set_wakeup(s->pg, c->adm->stop_fd);
	return true;
}

static bool run_plain(candidate *c, sql_args *s, buf *out, error *err)
{
	if (s->no_transaction) return exec_each(c, s, out, err);
	if (!pg_sync_begin(s->pg, isolation_of(s), s->read_only)) return tx_error(s, err);
	if (!exec_one(c, s, s->sql, out, err) || (s->step && !migrate_step_record(s->step, s->pg, err))) return false;
	return pg_sync_commit(s->pg) || tx_error(s, err);
}

/* ---- with a look at the metadata ---- */

/* Makes the metadata follow; the snapshot is built on what the open transaction sees. */
static bool follow(candidate *c, sql_args *s, const catalog *before, catalog *after, error *err)
{
	cat_diff *d = catalog_diff(c->a, before, after);
	metadata *next;
	if (!run_sql_follow(c, s->source, d, after, s->cascade, &next, err)) return false;
	catalog *old = s->link->cat ? catalog_ref(s->link->cat) : NULL;
	link_forget_enums(s->link);
	link_set_catalog(s->link, catalog_ref(after));
	if (candidate_apply_drop(c, next, err)) {
		if (old) catalog_unref(old);
		return true;
	}
	link_forget_enums(s->link);
	link_set_catalog(s->link, old);
	return false;
}

/* What the text did stays whatever comes now: it ran without a transaction, or ended the one it was given. */
static bool is_kept(const sql_args *s)
{
	return s->no_transaction || !pg_sync_in_tx(s->pg);
}

static bool exec_and_follow(candidate *c, sql_args *s, buf *out, error *err)
{
	catalog *before, *after = NULL;
	if (!catalog_read(s->pg, s->link->cat, NULL, 0, &before, err)) return false;
	bool ok = s->no_transaction ? exec_each(c, s, out, err) : exec_one(c, s, s->sql, out, err);
	bool kept = is_kept(s);
	error ignored;
	error_init(&ignored, c->a);
	if (ok || kept) ok = catalog_read(s->pg, before, NULL, 0, &after, ok ? err : &ignored) && ok;
	if (ok) ok = follow(c, s, before, after, err);
	if (!ok && kept && after) {
		/* The metadata does not follow, but the database has changed: what that makes inconsistent is to be seen. */
		link_forget_enums(s->link);
		link_set_catalog(s->link, catalog_ref(after));
		c->ran_sql = true;
	}
	if (after) catalog_unref(after);
	catalog_unref(before);
	return ok;
}

static bool run_in_tx(candidate *c, sql_args *s, buf *out, error *err)
{
	if (!pg_sync_begin(s->pg, isolation_of(s), false)) return tx_error(s, err);
	catalog *old = s->link->cat ? catalog_ref(s->link->cat) : NULL;
	bool ok = exec_and_follow(c, s, out, err) && (!s->step || migrate_step_record(s->step, s->pg, err));
	if (ok && pg_sync_in_tx(s->pg) && !pg_sync_commit(s->pg)) {
		ok = tx_error(s, err);
		link_forget_enums(s->link);
		link_set_catalog(s->link, old);
		old = NULL;
	}
	if (old) catalog_unref(old);
	return ok;
}

static bool run_checked(candidate *c, sql_args *s, buf *out, error *err)
{
	if (c->adm->config.maintenance)
		return error_set(err, ERR_UNEXPECTED, STR(""), "metadata cannot be modified in maintenance mode");
	c->modifies = true;
	bool ok = s->no_transaction ? exec_and_follow(c, s, out, err) : run_in_tx(c, s, out, err);
	c->ran_sql |= ok;
	candidate_source_reloaded(c, s->source);
	return ok;
}

static bool may_run(const candidate *c, const sql_args *s, error *err)
{
	if (c->adm->config.read_only && !s->read_only)
		return error_set(
			err, ERR_NOT_SUPPORTED, STR(""), "Cannot run write queries when read-only mode is enabled");
	if (c->aside && s->check)
		return error_set(err, ERR_UNEXPECTED, STR(""), "a look at the metadata was not expected");
	if (c->concurrent && s->check)
		return error_set(
			err, ERR_UNEXPECTED, STR(""), "Only read-only queries are allowed in a concurrent_bulk");
	return true;
}

static bool run_sql(candidate *c, const json *args, buf *out, error *err)
{
	sql_args s;
	if (!sql_read(c, args, &s, err) || !may_run(c, &s, err) || !connect_for(c, &s, err)) return false;
	bool ok = s.check ? run_checked(c, &s, out, err) : run_plain(c, &s, out, err);
	/* The text may have left settings, locks or temporary tables behind. */
	link_hang_up(s.link);
	return ok;
}

/* ---- migrations ---- */

static bool migrate_execute(candidate *c, sql_args *s, error *err)
{
	buf ignored = {0};
	bool ok = s->check ? run_checked(c, s, &ignored, err) : run_plain(c, s, &ignored, err);
	buf_free(&ignored);
	return ok;
}

/* Runs a migration's text and writes down that it has run: in one transaction where both are in one database. Weir's own. */
static bool weir_migrate(candidate *c, const json *args, buf *out, error *err)
{
	sql_args s;
	migrate_step step = {0};
	bool skip = false;
	if (!sql_read(c, args, &s, err) || !migrate_step_read(c, args, &step, err) ||
		!arg_opt_bool(c, args, "skip_execution", &skip, err) || !may_run(c, &s, err))
		return false;
	if (c->concurrent) return error_set(err, ERR_NOT_SUPPORTED, STR(""), "no migrations in a concurrent_bulk");
	if (!connect_for(c, &s, err)) return false;
	step.source = s.source;
	step.keeps = !s.no_transaction && !skip;
	s.step = &step;
	bool ok = migrate_step_begin(c, &step, s.pg, err);
	if (ok && !step.already && !skip) ok = migrate_execute(c, &s, err);
	if (ok && !step.already) ok = migrate_step_end(c, &step, err);
	else if (!ok) migrate_step_undo(c, &step);
	link_hang_up(s.link);
	return ok && migrate_step_reply(c, &step, out);
}

const op ops_sql[] = {{"run_sql", run_sql, OP_V1 | OP_V2 | OP_ASIDE}, {"weir_migrate", weir_migrate, OP_V2}, {0}};
