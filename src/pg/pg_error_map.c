/* The engine's words for PostgreSQL's errors. */
#include "base/json.h"
#include "pg/pg_error.h"

/* Hasura v2: Postgres/Execute/Types.hs. The first row whose SQLSTATE (or class) fits counts. */
typedef struct mapping {
	const char *sqlstate; /* five characters, or a class of two */
	error_code code;
	const char *prefix;  /* before the server's message */
	const char *instead; /* or all of the message */
} mapping;

static const mapping dml_rows[] = {
	{"23001", ERR_CONSTRAINT_VIOLATION, "Can not delete or update due to data being referred. ", NULL},
	{"23502", ERR_CONSTRAINT_VIOLATION, "Not-NULL violation. ", NULL},
	{"23503", ERR_CONSTRAINT_VIOLATION, "Foreign key violation. ", NULL},
	{"23505", ERR_CONSTRAINT_VIOLATION, "Uniqueness violation. ", NULL},
	{"23514", ERR_PERMISSION_ERROR, "Check constraint violation. ", NULL},
	{"23P01", ERR_CONSTRAINT_VIOLATION, "Exclusion violation. ", NULL},
	{"23", ERR_CONSTRAINT_VIOLATION, "", NULL},
	{"22025", ERR_BAD_REQUEST, "", NULL},
	{"22", ERR_DATA_EXCEPTION, "", NULL},
	{"42704", ERR_CONSTRAINT_ERROR, "", NULL},
	{"42P10", ERR_CONSTRAINT_ERROR, NULL, "there is no unique or exclusion constraint on target column(s)"},
};

static const mapping query_rows[] = {
	{"40001", ERR_CONCURRENT_UPDATE, NULL, "serialization failure due to concurrent update"},
	{"40", ERR_CONCURRENT_UPDATE, "", NULL},
};

/* Hasura v2: Base/Error.hs, instance FromPGConnErr. Parts of libpq's message. */
static const struct {
	const char *part;
	error_code code;
	const char *message;
	bool internal;
} conn_rows[] = {
	{"too many clients", ERR_POSTGRES_MAX_CONNECTIONS, "max connections reached on postgres", true},
	{"remaining connection slots are reserved", ERR_POSTGRES_MAX_CONNECTIONS, "max connections reached on postgres",
		true},
	{"root certificate file", ERR_POSTGRES, "root certificate error", false},
	{"certificate file", ERR_POSTGRES, "certificate error", false},
	{"private key file", ERR_POSTGRES, "private-key error", false},
};

static json *text_or_null(arena *a, str s)
{
	return s.p ? json_new_str(a, s) : json_new_null(a);
}

/* As the engine's `show` of a parameter: (Oid 23,Just ("7",Text)). */
static json *argument(arena *a, pg_oid type, const char *value)
{
	buf b = {0};
	buf_printf(&b, "(Oid %u,", type);
	if (!value) {
		buf_puts(&b, "Nothing)");
	} else {
		buf_puts(&b, "Just (\"");
		for (const char *p = value; *p; p++) {
			if (*p == '"' || *p == '\\') buf_putc(&b, '\\');
			buf_putc(&b, *p);
		}
		buf_puts(&b, "\",Text))");
	}
	json *j = json_new_str(a, str_copy(a, buf_str(&b)));
	buf_free(&b);
	return j;
}

json *pg_error_internal(arena *a, const pg_error *e, const pg_statement_info *st)
{
	json *o = json_new_object(a);
	json_setz(o, "statement", json_new_str(a, st ? st->sql : STR("")));
	json_setz(o, "prepared", json_new_bool(a, st && st->prepared));
	json *err = json_setz(o, "error", json_new_object(a));
	json_setz(err, "exec_status", json_new_str(a, STR("FatalError")));
	json_setz(err, "hint", text_or_null(a, e->hint));
	json_setz(err, "message", text_or_null(a, e->message));
	json_setz(err, "status_code",
		e->sqlstate[0] ? json_new_str(a, str_copy(a, str_from(e->sqlstate))) : json_new_null(a));
	json_setz(err, "description", text_or_null(a, e->detail));
	json *args = json_setz(o, "arguments", json_new_array(a));
	for (size_t i = 0; st && i < st->nargs; i++)
		json_push(args, argument(a, st->types ? st->types[i] : 0, st->args[i]));
	return o;
}

static bool map_connection(const pg_error *e, str path, error *err)
{
	for (size_t i = 0; i < sizeof(conn_rows) / sizeof(conn_rows[0]); i++) {
		if (str_find(e->message, str_from(conn_rows[i].part)) == SIZE_MAX) continue;
		error_set(err, conn_rows[i].code, path, "%s", conn_rows[i].message);
		if (conn_rows[i].internal) err->internal = json_new_str(err->a, str_copy(err->a, e->message));
		return false;
	}
	error_set(err, ERR_POSTGRES, path, "connection error");
	err->internal = json_new_str(err->a, str_copy(err->a, e->message));
	return false;
}

static bool map_rows(const mapping *rows, size_t n, const pg_error *e, str path, error *err)
{
	for (size_t i = 0; i < n; i++) {
		if (strncmp(e->sqlstate, rows[i].sqlstate, strlen(rows[i].sqlstate)) != 0) continue;
		if (rows[i].instead) error_set(err, rows[i].code, path, "%s", rows[i].instead);
		else error_set(err, rows[i].code, path, "%s%.*s", rows[i].prefix, STR_ARG(e->message));
		err->status = 400;
		return true;
	}
	return false;
}

/* The error's text in the arena of err: `internal` outlives e. */
static bool map_server(
	const mapping *rows, size_t n, const pg_error *e, const pg_statement_info *st, str path, error *err)
{
	const pg_error *kept = pg_error_copy(err->a, e);
	if (e->tx_control) {
		/* Hasura v2: Base/Error.hs, instance FromPGTxErr. */
		error_set(err, ERR_POSTGRES, path, "postgres tx error");
	} else {
		if (map_rows(rows, n, kept, path, err)) return false;
		error_set(err, ERR_UNEXPECTED, path, "database query error");
	}
	err->internal = pg_error_internal(err->a, kept, st);
	return false;
}

static bool map(const mapping *rows, size_t n, const pg_error *e, const pg_statement_info *st, str path, error *err)
{
	switch (e->kind) {
	case PG_ERR_SERVER: return map_server(rows, n, e, st, path, err);
	case PG_ERR_DEADLINE: return error_set(err, ERR_TIMEOUT, path, "%.*s", STR_ARG(e->message));
	case PG_ERR_TOO_LARGE:
	case PG_ERR_PROTOCOL: return error_set(err, ERR_POSTGRES, path, "%.*s", STR_ARG(e->message));
	default: return map_connection(e, path, err);
	}
}

bool pg_error_map_query(const pg_error *e, const pg_statement_info *st, str path, error *err)
{
	return map(query_rows, sizeof(query_rows) / sizeof(query_rows[0]), e, st, path, err);
}

bool pg_error_map_dml(const pg_error *e, const pg_statement_info *st, str path, error *err)
{
	return map(dml_rows, sizeof(dml_rows) / sizeof(dml_rows[0]), e, st, path, err);
}

bool pg_error_map_read(const pg_error *e, const pg_statement_info *st, str path, error *err)
{
	return pg_error_in_class(e, "40") ? pg_error_map_query(e, st, path, err) : pg_error_map_dml(e, st, path, err);
}
