/*
 * enum_rows: the rows of a table that serves as a GraphQL enum (Hasura v2: Postgres/DDL/Table.hs): its text primary key gives
 * the values, one further text column, if any, their descriptions. Blocks: for the builder thread.
 */
#pragma once
#include "base/error.h"
#include "catalog/catalog.h"
#include "pg/pg_sync.h"

typedef struct enum_rows {
	str *values;   /* by name */
	str *comments; /* p NULL: none */
	size_t n;
	str error; /* p NULL: fine; else why the table cannot be an enum (Hasura's text) */
} enum_rows;

/* `expected one of the values "a", "b" for type "t", given "x"`. Hasura v2: parseScalarValueColumnTypeWithContext. */
str enum_value_refusal(arena *a, const str *values, size_t n, qname table, str given);
/* Reads them; everything in a. What is wrong with the table, or with reading it, is in the result's error. */
enum_rows *enum_rows_read(arena *a, pg_sync *pg, const catalog *c, const cat_table *t);
