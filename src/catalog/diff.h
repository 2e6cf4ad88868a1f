/*
 * diff: what a run_sql changed. Identity is the oid (tables, functions) and the attnum (columns), so a rename is seen
 * as one.
 * The result lives in the arena given and points into both catalogs, which must outlive it.
 */
#pragma once
#include "catalog/catalog.h"

typedef struct cat_column_change {
	const cat_column *before;
	const cat_column *after; /* same attnum */
} cat_column_change;

typedef struct cat_table_change {
	const cat_table *before;
	const cat_table *after; /* same oid */
	bool renamed;           /* name or schema */
	bool keys_changed;      /* primary key, uniques or foreign keys differ */
	VEC(const cat_column *) dropped;
	VEC(const cat_column *) added;
	VEC(cat_column_change) col_renamed; /* may be in the other lists too */
	VEC(cat_column_change) retyped;     /* type or typmod */
	VEC(cat_column_change) nullability;
} cat_table_change;

typedef struct cat_function_change {
	const cat_function *before;
	const cat_function *after; /* same oid */
	bool renamed;
	bool signature; /* arguments, defaults or result */
	bool volatility;
} cat_function_change;

typedef struct cat_overload {
	qname name;
	const fn_list *after; /* more than one function now, one or none before */
} cat_overload;

typedef struct cat_diff {
	VEC(const cat_table *) tables_dropped; /* of `before`; in the order of its map, as all lists are */
	VEC(const cat_table *) tables_created;
	VEC(cat_table_change) tables_changed; /* renamed or altered in any way the fingerprint sees */
	VEC(const cat_function *) functions_dropped;
	VEC(const cat_function *) functions_created;
	VEC(cat_function_change) functions_changed;
	VEC(cat_overload) overloaded;
} cat_diff;

/* Shared tables cost a pointer comparison. O(tables + functions + columns of what changed). */
cat_diff *catalog_diff(arena *a, const catalog *before, const catalog *after);
/* The change of the table that had this name before; NULL: unchanged or dropped. O(changes). */
const cat_table_change *cat_diff_table(const cat_diff *d, qname before);
bool cat_diff_empty(const cat_diff *d);
