/*
 * statement: SQL text, the recipe for its parameters and the recipe by which its rows become JSON.
 * Ownership: everything lives in the arena of the plan it was made for; immutable. Threads: as the plan.
 */
#pragma once
#include "catalog/type_info.h"
#include "schema/bexp.h"

typedef struct statement {
	uint64_t id;     /* hash of the text, never 0: equal id means equal text */
	const char *sql; /* NUL-terminated */
	size_t sql_len;
	const val *params; /* $1, $2 …; the elems of a val are parameters of their own, so no param has any */
	size_t nparams;
	size_t ncols;
} statement;

/* What is written for one value of the response. */
typedef enum out_kind {
	OUT_TEXT,   /* text, JSON already */
	OUT_VALUE,  /* cell `col` by its codec; SQL NULL is null */
	OUT_OBJECT, /* fields, of the same row; null when cell `present` is NULL */
	OUT_LIST,   /* list of child over the rows of statement `stmt` (with keys: those that belong to this row) */
	OUT_FIRST,  /* child over the first such row, or `text` when there is none */
	OUT_ARRAYS /* list of child over parallel arrays: cells col … col+ncols-1 of this row hold one array each, and the
	               child's cells are their elements */
} out_kind;

#define OUT_ALWAYS SIZE_MAX

typedef struct out_node out_node;

typedef struct out_field {
	str head; /* `"alias":`, with a comma before it unless it is the first */
	const out_node *value;
} out_field;

struct out_node {
	out_kind kind;
	str text;       /* OUT_TEXT; OUT_FIRST: what stands for no row */
	codec codec;    /* OUT_VALUE: as written (never CODEC_TO_JSON, CODEC_GEOJSON) */
	size_t col;     /* OUT_VALUE, OUT_ARRAYS */
	size_t ncols;   /* OUT_ARRAYS */
	size_t present; /* OUT_OBJECT: cell, or OUT_ALWAYS */
	const out_field *fields;
	size_t nfields;
	size_t stmt; /* OUT_LIST, OUT_FIRST: index among the root's statements */
	const out_node *child;
	/* The statement's first nkeys cells are the key of its row; these cells of the current row must be equal as text.
	   nkeys = 0: all rows. */
	const size_t *keys;
	size_t nkeys;
};
