/*
 * changes_key: values that are compared by their texts: as PostgreSQL writes them into the stream of changes, and as
 * clients send them. Private to live/changes*.
 */
#pragma once
#include "catalog/catalog.h"

/* Types whose equality is that of their canonical texts (texts: under a deterministic collation). */
bool changes_key_type(pg_oid type);
/* Hash of a value under a key of this process; never 0. False: no text of this type (it will not match, or not so). */
bool changes_key_hash(pg_oid type, str value, uint64_t *hash);
/* Of a value as PostgreSQL writes it; never 0. */
uint64_t changes_key_hash_output(str value);
/* Of a column's name. */
uint64_t changes_column_hash(str name);

/* SQL type (of a cast) of dates and times, or arrays of them. */
bool changes_clock_type(str sql_type);
/* PostgreSQL: input texts of dates and times whose meaning moves: now, today, tomorrow, yesterday. */
bool changes_clock_text(str value);
