/*
 * pg_quote: names and values inside SQL text. Values belong in parameters; these are for what cannot be one.
 * Pure functions, any thread.
 */
#pragma once
#include "base/arena.h"
#include "base/buf.h"

/* "name", inner quotes doubled. A NUL byte ends the name (PostgreSQL has none in names). */
void pg_quote_ident(buf *b, str name);
/* "schema"."name" */
void pg_quote_qualified(buf *b, str schema, str name);
/* 'text'; with backslashes ` E'te\\xt'`, right under either setting of standard_conforming_strings. NUL bytes are dropped. */
void pg_quote_literal(buf *b, str text);
/* The text form of a one-dimensional array: {"a","b\"c",NULL}; an element with p == NULL is SQL NULL. n = 0: {}. */
void pg_quote_array(buf *b, const str *elems, size_t n);
str pg_quote_ident_str(arena *a, str name);
str pg_quote_array_str(arena *a, const str *elems, size_t n);
