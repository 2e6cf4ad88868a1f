/*
 * rename: names of tables, columns and relationships replaced wherever the metadata names them (Hasura v2:
 * RQL/DDL/Schema/Rename.hs). The snapshot tells what the names mean, as they were before; all renames happen at once, so that
 * names may also be swapped.
 */
#pragma once
#include "admin/admin_in.h"

typedef struct rename_set {
	arena *a;
	map tables;  /* catalog_key → qname * */
	map columns; /* catalog_key NUL column → str * */
	map rels;    /* catalog_key NUL relationship → str * */
} rename_set;

void rename_add_table(rename_set *r, qname from, qname to);
void rename_add_column(rename_set *r, qname table, str from, str to);
void rename_add_relationship(rename_set *r, qname table, str from, str to);

/* m with everything renamed: a new root. Errors: md_table_parse's, which do not happen to metadata that was parsed before. */
MUST_CHECK bool rename_apply(
	const rename_set *r, const metadata *m, const snapshot *s, str source, metadata **out, error *err);
