/*
 * types: the type table of a catalog. Private to catalog/. Immutable, reference-counted; catalogs share it when no type
 * changed.
 */
#pragma once
#include "catalog/catalog.h"

typedef struct cat_types {
	atomic_int refs;
	arena *a;
	cat_type *v; /* by oid */
	size_t n;
	uint32_t *by_name; /* indices into v: by name, pg_catalog first, then by schema */
	uint64_t fingerprint;
} cat_types;

cat_types *cat_types_ref(cat_types *t);
void cat_types_unref(cat_types *t); /* NULL is fine */
/* NULL when absent; t may be NULL. O(log n). */
const cat_type *cat_types_get(const cat_types *t, pg_oid oid);
const cat_type *cat_types_named(const cat_types *t, qname name);

/*
 * A table of copies of these types, with keep also of those of `previous` (may be NULL) that are not among them. In src,
 * `base` may be the direct base of a domain; the result's is the end of the chain. Gives a reference on `previous` when
 * nothing differs from it.
 */
cat_types *cat_types_make(const cat_type *src, size_t n, cat_types *previous, bool keep);
