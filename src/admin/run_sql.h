/*
 * run_sql: what a run_sql did to the database, carried into the metadata: catalogs of before and after compared inside its own
 * transaction. Hasura v2: Backends/Postgres/DDL/RunSQL.hs, RQL/DDL/Schema/Diff.hs.
 */
#pragma once
#include "admin/admin_in.h"
#include "catalog/diff.h"

/* c->md with what the difference asks for: a new root. cascade: dependents are dropped too; else they are an error. */
MUST_CHECK bool run_sql_follow(
	candidate *c, str source, const cat_diff *d, const catalog *after, bool cascade, metadata **out, error *err);
/* Hasura v2: the words that make it look at the metadata. */
bool run_sql_has_ddl(str sql);
