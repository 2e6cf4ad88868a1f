#include "metadata/store.h"

#include "base/clock.h"
#include "metadata/store_sql.h"
#include "pg/pg_sync.h"

#include <stdio.h>

struct metadata_store {
	pg_params *params;
	pg_sync *conn;   /* NULL: not connected */
	pg_sync *listen; /* the connection of metadata_store_wait; NULL: not connected */
	/* The write that was last seen: who and when. A version number alone may come again after the database lost commits. */
	int64_t seen_version;
	char seen[96];
};

bool metadata_store_open(str url, metadata_store **out, error *err)
{
	pg_params_spec spec;
	pg_params_spec_init(&spec);
	spec.url = url;
	pg_params *params = pg_params_new(&spec, err);
	if (!params) return false;
	metadata_store *s = mem_alloc(sizeof(*s));
	s->params = params;
	*out = s;
	return true;
}

void metadata_store_close(metadata_store *s)
{
	if (!s) return;
	pg_sync_close(s->conn);
	pg_sync_close(s->listen);
	pg_params_unref(s->params);
	mem_free(s);
}

/* ---- statements ---- */

static void hang_up(metadata_store *s)
{
	pg_sync_close(s->conn);
	s->conn = NULL;
}

static bool connected(metadata_store *s, error *err)
{
	if (s->conn && !pg_sync_alive(s->conn)) hang_up(s);
	if (!s->conn) s->conn = pg_sync_connect(s->params, 0, err);
	if (!s->conn) return false;
	pg_sync_set_deadline(s->conn, clock_mono_ns() + (uint64_t)STORE_TIME_LIMIT_MS * 1000000);
	return true;
}

/* Fills err from the statement that just failed; a connection to a server that cannot be written to is given up. */
static bool failed(metadata_store *s, const char *sql, error *err)
{
	const pg_error *e = pg_sync_error(s->conn);
	pg_statement_info info = {.sql = str_from(sql)};
	bool standby = pg_error_is(e, "25006");
	pg_sync_rollback(s->conn);
	(void)pg_error_map_query(pg_sync_error(s->conn), &info, STR(""), err);
	if (standby || !pg_sync_alive(s->conn)) hang_up(s);
	return false;
}

static bool was_cut(const metadata_store *s)
{
	return pg_sync_error(s->conn)->kind == PG_ERR_BROKEN;
}

/* A statement that may be sent again when the connection turns out to be dead. */
static pg_result *ask(metadata_store *s, const char *sql, size_t n, const char *const *values, error *err)
{
	for (int attempt = 0;; attempt++) {
		if (!connected(s, err)) return NULL;
		pg_result *r = pg_sync_query(s->conn, sql, n, values);
		if (r) return r;
		if (attempt == 0 && was_cut(s)) {
			hang_up(s);
			continue;
		}
		(void)failed(s, sql, err);
		return NULL;
	}
}

static int64_t number(const pg_result *r, size_t row, size_t col)
{
	int64_t v = 0;
	return str_to_i64(pg_result_value(r, row, col), &v) ? v : 0;
}

static str text(arena *a, const pg_result *r, size_t col)
{
	return pg_result_is_null(r, 0, col) ? STR_NULL : str_copy(a, pg_result_value(r, 0, col));
}

/* ---- init ---- */

/* Statements of init, inside its transaction. */
static bool run(metadata_store *s, const char *sql, error *err)
{
	return pg_sync_run(s->conn, sql) || failed(s, sql, err);
}

static bool run_with(metadata_store *s, const char *sql, const char *value, error *err)
{
	pg_result *r = pg_sync_query(s->conn, sql, 1, &value);
	if (!r) return failed(s, sql, err);
	pg_result_free(r);
	return true;
}

static bool begin(metadata_store *s, error *err)
{
	for (int attempt = 0;; attempt++) {
		if (!connected(s, err)) return false;
		if (pg_sync_begin(s->conn, PG_READ_COMMITTED, false)) return true;
		if (attempt == 0 && was_cut(s)) {
			hang_up(s);
			continue;
		}
		return failed(s, "BEGIN", err);
	}
}

static bool commit(metadata_store *s, error *err)
{
	return pg_sync_commit(s->conn) || failed(s, "COMMIT", err);
}

static bool set_version(metadata_store *s, error *err)
{
	char version[16];
	snprintf(version, sizeof(version), "%d", STORE_CATALOG_VERSION);
	return run_with(s, store_sql_set_version, version, err);
}

static bool create(metadata_store *s, bool schema_exists, str first, error *err)
{
	arena *a = arena_new(0);
	bool old = pg_sync_server(s->conn)->version < 130000;
	bool ok = (schema_exists || run(s, store_sql_create_schema, err)) &&
		(!old || run(s, store_sql_pgcrypto, err)) && run(s, store_sql_create, err) && set_version(s, err) &&
		run_with(s, store_sql_first, str_z(a, first), err);
	arena_free(a);
	return ok;
}

static bool refuse(metadata_store *s, str version, error *err)
{
	int64_t v;
	pg_sync_rollback(s->conn);
	if (str_to_i64(version, &v) && v > STORE_CATALOG_VERSION) {
		return error_set(err, ERR_NOT_SUPPORTED, STR(""),
			"Cannot use database previously used with a newer version of graphql-engine (expected a catalog "
			"version <=%d, but the current version is %.*s).",
			STORE_CATALOG_VERSION, STR_ARG(version));
	}
	return error_set(err, ERR_NOT_SUPPORTED, STR(""),
		"The catalog in schema hdb_catalog has version %.*s; Weir takes over versions %d to %d. Start a "
		"graphql-engine v2 once on this database to bring it to version %d.",
		STR_ARG(version), STORE_OLDEST_VERSION, STORE_CATALOG_VERSION, STORE_CATALOG_VERSION);
}

static bool migrate(metadata_store *s, int from, error *err)
{
	for (const store_step *step = store_steps; step->sql; step++)
		if (step->from >= from && !run(s, step->sql, err)) return false;
	return set_version(s, err);
}

static bool read_version(metadata_store *s, arena *a, str *out, error *err)
{
	pg_result *r = pg_sync_query(s->conn, store_sql_version, 0, NULL);
	if (!r) return failed(s, store_sql_version, err);
	*out = pg_result_rows(r) ? text(a, r, 0) : STR("(none)");
	pg_result_free(r);
	return true;
}

static bool take_over(metadata_store *s, str version, store_outcome *outcome, int *from, error *err)
{
	int64_t v;
	if (!str_to_i64(version, &v) || v < STORE_OLDEST_VERSION || v > STORE_CATALOG_VERSION)
		return refuse(s, version, err);
	*from = (int)v;
	*outcome = v == STORE_CATALOG_VERSION ? STORE_NOTHING_TO_DO : STORE_MIGRATED;
	return v == STORE_CATALOG_VERSION || migrate(s, (int)v, err);
}

static bool look(metadata_store *s, bool *schema, bool *version, error *err)
{
	pg_result *r = pg_sync_query(s->conn, store_sql_exists, 0, NULL);
	if (!r) return failed(s, store_sql_exists, err);
	*schema = str_eqz(pg_result_value(r, 0, 0), "t");
	*version = str_eqz(pg_result_value(r, 0, 1), "t");
	pg_result_free(r);
	return true;
}

bool metadata_store_init(metadata_store *s, str first, store_outcome *outcome, int *from, error *err)
{
	bool schema = false, version = false, ok;
	str found = STR_NULL;
	*from = 0;
	if (!begin(s, err) || !run(s, store_sql_lock, err) || !look(s, &schema, &version, err)) return false;
	if (version) {
		arena *a = arena_new(256);
		ok = read_version(s, a, &found, err) && take_over(s, found, outcome, from, err);
		arena_free(a);
	} else {
		ok = create(s, schema, first, err);
		*outcome = STORE_INITIALIZED;
	}
	return ok && commit(s, err);
}

/* ---- documents ---- */

bool metadata_store_load(metadata_store *s, arena *a, store_document *out, error *err)
{
	pg_result *r = ask(s, store_sql_load, 0, NULL, err);
	if (!r) return false;
	size_t rows = pg_result_rows(r);
	*out = (store_document){0};
	if (rows == 1) *out = (store_document){.resource_version = number(r, 0, 0), .metadata = text(a, r, 1)};
	pg_result_free(r);
	return rows <= 1 || error_set(err, ERR_UNEXPECTED, STR(""), "multiple rows in hdb_metadata table");
}

/* After a write that was never answered: did it arrive? An instance has one writer, so version and id tell. */
static bool arrived(metadata_store *s, arena *a, int64_t version, const char *instance)
{
	error err;
	error_init(&err, a);
	const char *values[] = {str_z(a, str_printf(a, "%lld", (long long)version)), instance};
	pg_result *r = ask(s, store_sql_saved, 2, values, &err);
	bool found = r && pg_result_rows(r) > 0;
	pg_result_free(r);
	return found;
}

static void remember(metadata_store *s, int64_t version, str write)
{
	s->seen_version = version;
	snprintf(s->seen, sizeof s->seen, "%.*s", STR_ARG(write));
}

/*
 * Sent again after a lost connection only when it did not arrive. Should the first one still be under way at the server, the
 * second waits for it and then finds another version: then the first has arrived.
 */
static bool save(metadata_store *s, arena *a, const char *const *values, int64_t expected, int64_t *version, error *err)
{
	*version = expected + 1;
	for (int attempt = 0;; attempt++) {
		if (!connected(s, err)) return false;
		pg_result *r = pg_sync_query(s->conn, store_sql_save, 5, values);
		bool stored = r && pg_result_rows(r) > 0;
		if (stored) *version = number(r, 0, 0);
		if (stored) remember(s, *version, pg_result_value(r, 0, 2));
		pg_result_free(r);
		if (stored) return true;
		if (!r && (attempt > 0 || !was_cut(s))) return failed(s, store_sql_save, err);
		if (!r) hang_up(s);
		if ((!r || attempt > 0) && arrived(s, a, expected + 1, values[3])) return true;
		if (r) break;
	}
	return error_set(err, ERR_CONFLICT, STR(""),
		"metadata resource version referenced (%s) did not match current version", values[1]);
}

bool metadata_store_save(metadata_store *s, int64_t expected, str document, str instance_id, str notification,
	int64_t *version, error *err)
{
	arena *a = arena_new(size_add(document.n, 1024));
	const char *values[] = {str_z(a, document), str_z(a, str_printf(a, "%lld", (long long)expected)),
		str_z(a, notification), str_z(a, instance_id), STORE_CHANNEL};
	bool ok = save(s, a, values, expected, version, err);
	arena_free(a);
	return ok;
}

/* The version is the one that is known, but written by somebody else, or at another time. */
static bool written_anew(const metadata_store *s, int64_t version, str write)
{
	return s->seen_version == version && s->seen[0] && write.n && !str_eqz(write, s->seen);
}

bool metadata_store_poll(metadata_store *s, arena *a, int64_t version, str instance_id, store_change *out, error *err)
{
	pg_result *r = ask(s, store_sql_poll, 0, NULL, err);
	if (!r) return false;
	*out = (store_change){0};
	if (pg_result_rows(r)) {
		int64_t told = number(r, 0, 1);
		out->resource_version = number(r, 0, 0);
		bool last = told == out->resource_version;
		bool ours = last && str_eq_nocase(pg_result_value(r, 0, 2), instance_id);
		/* A number that is lower: a crash took the last commits along, or a backup came back. */
		bool newer = out->resource_version > version && !ours;
		str write = last ? pg_result_value(r, 0, 4) : STR("");
		out->foreign = newer || out->resource_version < version ||
			(out->resource_version == version && written_anew(s, version, write));
		remember(s, out->resource_version, write);
		if (out->foreign && last && told == version + 1) out->notification = text(a, r, 3);
	}
	pg_result_free(r);
	return true;
}

/* ---- other instances ---- */

static void stop_listening(metadata_store *s)
{
	pg_sync_close(s->listen);
	s->listen = NULL;
}

static bool listening(metadata_store *s, error *err)
{
	if (s->listen && pg_sync_alive(s->listen)) return true;
	stop_listening(s);
	s->listen = pg_sync_connect(s->params, 0, err);
	if (!s->listen) return false;
	if (pg_sync_listen(s->listen, STR(STORE_CHANNEL))) return true;
	(void)pg_error_map_query(pg_sync_error(s->listen), NULL, STR(""), err);
	stop_listening(s);
	return false;
}

/* "<resource_version> <instance id>" */
static bool from_other(str payload, str instance_id)
{
	size_t blank = str_find_char(payload, ' ');
	return blank == SIZE_MAX || !str_eq_nocase(str_from_at(payload, blank + 1), instance_id);
}

bool metadata_store_wait(metadata_store *s, str instance_id, int timeout_ms, int wakeup_fd, bool *woken, error *err)
{
	uint64_t until = clock_mono_ns() + (uint64_t)(timeout_ms < 0 ? 0 : timeout_ms) * 1000000;
	*woken = false;
	if (!listening(s, err)) return false;
	pg_sync_set_wakeup(s->listen, wakeup_fd);
	arena *a = arena_new(256);
	for (;;) {
		pg_notify n;
		uint64_t now = clock_mono_ns();
		int left = timeout_ms < 0 ? -1 : now >= until ? 0 : (int)((until - now) / 1000000);
		int got = pg_sync_wait(s->listen, a, left, &n);
		*woken = got > 0 && from_other(n.payload, instance_id);
		if (got < 0) {
			(void)pg_error_map_query(pg_sync_error(s->listen), NULL, STR(""), err);
			stop_listening(s);
		}
		if (got <= 0 || *woken) {
			arena_free(a);
			return got >= 0;
		}
		arena_reset(a);
	}
}

/* ---- state of consoles ---- */

bool metadata_store_state(metadata_store *s, arena *a, store_state *out, error *err)
{
	pg_result *r = ask(s, store_sql_state, 0, NULL, err);
	if (!r) return false;
	bool found = pg_result_rows(r) > 0;
	if (found)
		*out = (store_state){.id = text(a, r, 0), .cli_state = text(a, r, 1), .console_state = text(a, r, 2)};
	pg_result_free(r);
	return found || error_set(err, ERR_UNEXPECTED, STR(""), "hdb_catalog.hdb_version is empty");
}

bool metadata_store_set_state(metadata_store *s, store_state_kind kind, str json_text, error *err)
{
	arena *a = arena_new(size_add(json_text.n, 64));
	const char *value = str_z(a, json_text);
	/* Setting a state twice is setting it once, so it may be sent again. */
	pg_result *r = ask(s, kind == STORE_STATE_CLI ? store_sql_set_cli : store_sql_set_console, 1, &value, err);
	pg_result_free(r);
	arena_free(a);
	return r != NULL;
}

bool metadata_store_try_lock(metadata_store *s, const char *key, bool *taken, error *err)
{
	pg_result *r = ask(s, store_sql_probe_try, 1, &key, err);
	*taken = r && str_eqz(pg_result_value(r, 0, 0), "t");
	pg_result_free(r);
	return r != NULL;
}

bool metadata_store_write(metadata_store *s, const char *sql, size_t n, const char *const *values, error *err)
{
	pg_result *r = ask(s, sql, n, values, err);
	pg_result_free(r);
	return r != NULL;
}

bool metadata_store_ping(metadata_store *s, error *err)
{
	pg_result *r = ask(s, store_sql_ping, 0, NULL, err);
	pg_result_free(r);
	return r != NULL;
}
