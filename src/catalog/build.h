/* build: rows → tables, functions and types. Private to catalog/. */
#pragma once
#include "catalog/rows.h"
#include "catalog/types.h"

typedef struct cat_build {
	arena *scratch;
	const cat_answer *rows;
	const catalog *previous; /* may be NULL: shared where fingerprints agree */
	cat_types *types;
} cat_build;

/* One table of a ROW_TABLE; NULL and err on an answer that makes no sense. A reference for the caller. */
cat_table *cat_build_table(const cat_build *b, const cat_row *row, error *err);
/* One function of a ROW_FUNCTION. `before`: the function of that oid in `previous`, or NULL. */
cat_function *cat_build_function(const cat_build *b, const cat_row *row, cat_function *before, error *err);
/* Type table of the ROW_TYPE, ROW_CAST and ROW_LABEL rows; keep: see cat_types_make. */
MUST_CHECK bool cat_build_types(
	arena *scratch, const cat_answer *rows, cat_types *previous, bool keep, cat_types **out, error *err);
