#include "pg/pg_result.h"
#include <libpq-fe.h>

/* pg_result is libpq's PGresult under a name that other rooms may use. */
static PGresult *pq(const pg_result *r)
{
	return (PGresult *)(uintptr_t)r;
}

void pg_result_free(pg_result *r)
{
	PQclear(pq(r));
}

size_t pg_result_rows(const pg_result *r)
{
	return (size_t)PQntuples(pq(r));
}

size_t pg_result_cols(const pg_result *r)
{
	return (size_t)PQnfields(pq(r));
}

str pg_result_value(const pg_result *r, size_t row, size_t col)
{
	return str_make(PQgetvalue(pq(r), (int)row, (int)col), (size_t)PQgetlength(pq(r), (int)row, (int)col));
}

bool pg_result_is_null(const pg_result *r, size_t row, size_t col)
{
	return PQgetisnull(pq(r), (int)row, (int)col);
}

pg_oid pg_result_type(const pg_result *r, size_t col)
{
	return PQftype(pq(r), (int)col);
}

str pg_result_name(const pg_result *r, size_t col)
{
	return str_from(PQfname(pq(r), (int)col));
}

uint64_t pg_result_affected(const pg_result *r)
{
	uint64_t n = 0;
	return str_to_u64(str_from(PQcmdTuples(pq(r))), &n) ? n : 0;
}

str pg_result_command(const pg_result *r)
{
	return str_from(PQcmdStatus(pq(r)));
}

bool pg_result_has_rows(const pg_result *r)
{
	ExecStatusType status = PQresultStatus(pq(r));
	return status == PGRES_TUPLES_OK || status == PGRES_SINGLE_TUPLE;
}

size_t pg_result_bytes(const pg_result *r)
{
	return PQresultMemorySize(pq(r));
}
