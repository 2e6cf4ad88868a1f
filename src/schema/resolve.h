/*
 * resolve: how one tracked table becomes a snap_table. Private to schema/. The stages, in order: names.c, columns.c, computed.c,
 * relationships.c, fields.c, permissions.c (with bexp_parse.c). All allocate in the table's own arena; what does not fit
 * becomes an issue of the table, kept with it so that a shared table keeps its issues.
 */
#pragma once
#include "base/vec.h"
#include "catalog/type_info.h"
#include "schema/bexp_read.h"

typedef VEC(snap_inconsistency) issue_vec;

/* A table this one was resolved against, as it was then. */
typedef struct table_dep {
	str key;
	const md_table *md;   /* NULL: not tracked */
	const cat_table *cat; /* NULL: not in the database */
	bool usable;          /* it is in the snapshot */
	uint64_t enum_mark;   /* of the values of an enum table, which permissions name; 0 for others */
} table_dep;

/* A function likewise; NULL when there was not exactly one. */
typedef struct function_dep {
	qname name;
	const cat_function *fn;
} function_dep;

typedef VEC(table_dep) table_dep_vec;
typedef VEC(function_dep) function_dep_vec;

/* What snap_table.deps points at. */
typedef struct table_deps {
	str source;
	const struct cat_types *types;
	schema_options options;
	table_dep_vec tables;
	function_dep_vec functions;
	issue_vec issues;
} table_deps;

typedef struct resolving {
	arena *a;
	const md_source *source;
	const source_catalog *sc;
	const schema_options *opt;
	const md_table *md;
	const cat_table *cat;
	snap_table *t;
	table_deps *deps;
	bool of_client; /* an expression of a client, not of a permission: no string is a session variable */
} resolving;

/* New table (one reference) or NULL when it cannot exist at all; then *issue says why. Builder thread. */
snap_table *resolve_table(const md_source *source, const source_catalog *sc, const md_table *md,
	const schema_options *opt, arena *scratch, snap_inconsistency *issue);
/* True if t can serve for this metadata and catalog as it is. O(its dependencies). */
bool resolve_still_fits(const snap_table *t, const md_source *source, const source_catalog *sc, const md_table *md,
	const schema_options *opt);

/* Stages. */
void resolve_names(resolving *r);
void resolve_columns(resolving *r);
void resolve_relationships(resolving *r);
void resolve_computed(resolving *r);
void resolve_fields(resolving *r);
void resolve_permissions(resolving *r);

/* The target as the source tracks it and the catalog has it (both non-NULL), with the dependency noted; false: not usable. */
bool resolve_target(resolving *r, qname name, const md_table **md, const cat_table **cat);
/* The one function of that name, with the dependency noted; NULL with *why. */
const cat_function *resolve_function(resolving *r, qname name, str *why);

/* Issues. kind of the object: object_relation, array_relation, select_permission, computed_field … */
void resolve_issue(resolving *r, const char *type, str object, const json *definition, str reason);
snap_inconsistency issue_make(arena *a, const char *type, str name, json *definition, str reason);
/* `in table "t": in relationship "r": ` + text */
str issue_context(arena *a, qname table, const char *what, str object, str text);
const char *md_perm_type(md_perm_kind k); /* select_permission … */

/* GraphQL base name of a table or function: custom name, name, or schema_name. */
str base_name(arena *a, str custom, qname name);
/* Is the enum usable as Hasura wants it? NULL rows: not read. */
const enum_rows *source_enum(const source_catalog *sc, const md_table *md);
/*
 * The usable enum table that a column of cat refers to by a foreign key of its own, *rows its values; NULL: none.
 * Hasura v2: RQL/DDL/Schema/Enum.hs.
 */
const md_table *column_enum(resolving *r, const cat_table *cat, const cat_column *c, const enum_rows **rows);

/*
 * Sets the error for a name of the table that should be a column and is not. why: what Hasura puts behind the text for a
 * relationship or a computed field. Always false. Hasura v2: askColInfo, assertColumnExists.
 */
MUST_CHECK bool no_such_column(const md_table *md, str name, str why, str path, error *err);

/* ---- boolean expressions of metadata (bexp_parse.c) ---- */

/* The table an expression is about, with its relationships and computed fields resolvable. */
typedef struct bexp_scope {
	const md_table *md;
	const cat_table *cat;
} bexp_scope;

/* JSON → bexp for the table being resolved. Error text without context; path from "$". */
MUST_CHECK bool bexp_parse(resolving *r, const json *j, const bexp **out, error *err);
/* A literal or session variable for a column of this type. */
MUST_CHECK bool val_from_json(resolving *r, pg_oid type, const json *j, val *out, error *err);
/* Relationship of any table of the source, resolved to target and pairs. */
MUST_CHECK bool relationship_resolve(
	resolving *r, const md_table *md, const cat_table *cat, const md_relationship *rel, snap_rel *out, error *err);
/* Computed field likewise. */
MUST_CHECK bool computed_resolve(
	resolving *r, const cat_table *cat, const md_computed_field *cf, snap_computed *out, error *err);
bool is_session_variable(str s);
