/* cat_array: PostgreSQL's text form of one-dimensional arrays, {a,"b c",NULL}. Private to catalog/. */
#pragma once
#include "base/buf.h"
#include "base/vec.h"

/*
 * Appends the elements to out (SQL NULL: p NULL). Elements without escapes point into text, others live in a. Any dimensions
 * before the brace are skipped. False: malformed.
 */
bool cat_array_parse(arena *a, str text, str_vec *out);
/* Numbers of an int2[]'s or oid[]'s text ("{1,2}") or of a vector's ("1 2"). False: malformed. */
bool cat_array_numbers(arena *a, str text, int64_t **out, size_t *n);
/* Appends `{"…","…"}`. */
void cat_array_write(buf *b, const str *v, size_t n);
