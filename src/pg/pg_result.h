/*
 * pg_result: rows as they came from PostgreSQL, in text format. Values point into libpq's memory and live as long as
 * the result. A result handed to a callback dies when the callback returns, unless taken with pg_job_take_result.
 * Threads: a result belongs to one thread at a time.
 */
#pragma once
#include "base/str.h"

typedef struct pg_result pg_result;
typedef unsigned int pg_oid;

/* What a connection told at its start; for the choice of codecs. */
typedef struct pg_server {
	int version;    /* 150020 */
	bool iso_dates; /* DateStyle begins with ISO */
	char date_style[32];
	char interval_style[32];
	char time_zone[64];
} pg_server;

void pg_result_free(pg_result *r); /* NULL is fine */
size_t pg_result_rows(const pg_result *r);
size_t pg_result_cols(const pg_result *r);
/* The cell's text; empty for SQL NULL (ask pg_result_is_null). row, col must be in range. NUL-terminated behind n. */
str pg_result_value(const pg_result *r, size_t row, size_t col);
bool pg_result_is_null(const pg_result *r, size_t row, size_t col);
pg_oid pg_result_type(const pg_result *r, size_t col);
str pg_result_name(const pg_result *r, size_t col);
/* Rows inserted, updated, deleted (or selected), from the command tag. */
uint64_t pg_result_affected(const pg_result *r);
/* The command tag, as "INSERT 0 1". */
str pg_result_command(const pg_result *r);
/* The statement returns rows (even when there are none): run_sql tells TuplesOk from CommandOk by it. */
bool pg_result_has_rows(const pg_result *r);
/* Bytes the result occupies. */
size_t pg_result_bytes(const pg_result *r);
