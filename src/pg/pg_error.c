#include "pg/pg_error_in.h"

/* The text fields of an answer, where they come from and where they go. */
static const struct {
	int field;
	size_t at;
} texts[] = {
	{PG_DIAG_MESSAGE_PRIMARY, offsetof(pg_error, message)},
	{PG_DIAG_MESSAGE_DETAIL, offsetof(pg_error, detail)},
	{PG_DIAG_MESSAGE_HINT, offsetof(pg_error, hint)},
	{PG_DIAG_CONTEXT, offsetof(pg_error, context)},
	{PG_DIAG_SCHEMA_NAME, offsetof(pg_error, schema)},
	{PG_DIAG_TABLE_NAME, offsetof(pg_error, table)},
	{PG_DIAG_COLUMN_NAME, offsetof(pg_error, column)},
	{PG_DIAG_DATATYPE_NAME, offsetof(pg_error, datatype)},
	{PG_DIAG_CONSTRAINT_NAME, offsetof(pg_error, constraint)},
};

enum { TEXTS = sizeof(texts) / sizeof(texts[0]) };

static str *field(pg_error *e, size_t i)
{
	return (str *)(void *)((char *)e + texts[i].at);
}

void pg_error_clear(pg_error *e)
{
	mem_free(e->mem);
	*e = (pg_error){0};
}

void pg_error_move(pg_error *to, pg_error *from)
{
	pg_error_clear(to);
	*to = *from;
	*from = (pg_error){0};
}

void pg_error_from_result(pg_error *e, const PGresult *res)
{
	const char *found[TEXTS];
	size_t total = 1;
	pg_error_clear(e);
	e->kind = PG_ERR_SERVER;
	const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);
	if (state) memcpy(e->sqlstate, state, strnlen(state, 5));
	const char *position = PQresultErrorField(res, PG_DIAG_STATEMENT_POSITION);
	int64_t at;
	if (position && str_to_i64(str_from(position), &at) && at > 0 && at < INT32_MAX) e->position = (int)at;
	for (size_t i = 0; i < TEXTS; i++) {
		found[i] = PQresultErrorField(res, texts[i].field);
		/* PostgreSQL: an error made by libpq itself has only the whole message. */
		if (!found[i] && texts[i].field == PG_DIAG_MESSAGE_PRIMARY) found[i] = PQresultErrorMessage(res);
		if (found[i]) total = size_add(total, strlen(found[i]) + 1);
	}
	char *p = e->mem = mem_alloc(total);
	for (size_t i = 0; i < TEXTS; i++) {
		if (!found[i]) continue;
		size_t n = strlen(found[i]);
		memcpy(p, found[i], n + 1);
		*field(e, i) = str_make(p, n);
		p += n + 1;
	}
}

void pg_error_text(pg_error *e, pg_error_kind kind, const char *text)
{
	pg_error_clear(e);
	e->kind = kind;
	str t = str_trim(str_from(text));
	e->mem = mem_alloc(t.n + 1);
	memcpy(e->mem, t.p, t.n);
	e->message = str_make(e->mem, t.n);
}

void pg_error_from_conn(pg_error *e, pg_error_kind kind, const PGconn *c, const char *text)
{
	const char *said = c ? PQerrorMessage(c) : NULL;
	pg_error_text(e, kind, said && *said ? said : text);
}

pg_error *pg_error_copy(arena *a, const pg_error *e)
{
	pg_error *copy = NEW(a, pg_error);
	*copy = *e;
	copy->mem = NULL;
	for (size_t i = 0; i < TEXTS; i++) {
		str *s = field(copy, i);
		if (s->p) *s = str_copy(a, *s);
	}
	return copy;
}

bool pg_error_is(const pg_error *e, const char *sqlstate)
{
	return e->kind == PG_ERR_SERVER && strcmp(e->sqlstate, sqlstate) == 0;
}

bool pg_error_in_class(const pg_error *e, const char *cls)
{
	return e->kind == PG_ERR_SERVER && strncmp(e->sqlstate, cls, 2) == 0;
}
