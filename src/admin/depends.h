/*
 * depends: what of the metadata hangs on what else, for drops with and without cascade. Hasura v2: getDependentObjs over
 * SchemaObjId; texts of reportSchemaObj.
 */
#pragma once
#include "admin/admin_in.h"

typedef enum dep_kind { DEP_TABLE, DEP_COLUMN, DEP_REL, DEP_PERM, DEP_COMPUTED, DEP_FUNCTION } dep_kind;

typedef struct dep_object {
	dep_kind kind;
	str source;
	qname table; /* DEP_FUNCTION: name.p NULL */
	str name;    /* column, relationship, role, computed field */
	md_perm_kind perm;
	qname function;
} dep_object;

typedef VEC(dep_object) dep_list;

/* Objects outside of the table that depend on it or on anything in it. */
dep_list depends_on_table(arena *a, const snapshot *s, str source, qname table);
/* Objects anywhere in the source that depend on this column, relationship or computed field, transitively. */
dep_list depends_on_column(arena *a, const snapshot *s, str source, qname table, str column);
/* Those that hang on the column's type (DROnType): literals compared with it or preset. */
dep_list depends_on_type(arena *a, const snapshot *s, str source, qname table, str column);
dep_list depends_on_relationship(arena *a, const snapshot *s, str source, qname table, str rel);
dep_list depends_on_computed(arena *a, const snapshot *s, str source, qname table, str field);
dep_list depends_on_function(arena *a, const snapshot *s, str source, qname fn);
/* Adds what depends on the relationships and computed fields in l, and so on. */
void depends_close(arena *a, const snapshot *s, dep_list *l);
void depends_add(arena *a, dep_list *to, const dep_list *more);

/* `cannot drop due to the following dependent objects: …`, false. */
bool depends_error(const dep_list *l, error *err);
/* Sorted, with commas. */
str depends_texts(arena *a, const dep_list *l);
/* The table's member that holds such permissions. */
const char *depends_perm_list(md_perm_kind kind);
str depends_text(arena *a, const dep_object *d);
/* metadata without these objects; a new reference. */
MUST_CHECK bool depends_purge(arena *a, const metadata *m, const dep_list *l, metadata **out, error *err);
