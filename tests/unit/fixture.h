/*
 * fixture: catalogs and snapshots without PostgreSQL, from a few lines of text:
 *
 *   table author id:int4!= name:text! bio:jsonb tags:_text | pk id | unique name
 *   table s.article id:int4! author_id:int4! | pk id | fk author_id -> author id
 *   view author_names id:int4 name:text
 *   function find q:text lim:int4= -> setof:article stable        (args: name:type, "=": has a default, ":type": unnamed)
 *   function pages row:author -> int4 immutable
 *   type mood sad ok happy                                        (a PostgreSQL enum)
 *   values color red green                                        (rows of the enum table color)
 *
 * Columns: name:type, "!" NOT NULL, "=" has a default. Schema public unless named. Types by their name in pg_type.
 */
#pragma once
#include "catalog/catalog.h"
#include "schema/snapshot.h"

/* A new reference; mistakes in the text end the program. */
catalog *fixture_catalog(const char *text);
/*
 * A new reference. metadata: a document of version 3, or the inside of one source ({"tables": […], "functions": […]}, with
 * "inherited_roles" beside them if wanted), which then is "default". Every table's `table` may be a plain name.
 * options NULL: infer_function_permissions alone is on. previous may be NULL.
 */
snapshot *fixture_snapshot(const char *catalog_text, const char *metadata_json, const schema_options *options);
/* The same from a catalog that exists; its enum rows are given by the text. Takes no reference of the caller's away. */
snapshot *fixture_snapshot_of(catalog *c, const char *catalog_text, const char *metadata_json,
	const schema_options *options, const snapshot *previous);
