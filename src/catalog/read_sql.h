/*
 * read_sql: the statements of catalog/read.c. Private to catalog/.
 * Rows of one shape, so that one UNION ALL carries everything in one round trip and under one snapshot: k says what a row
 * tells, o is the oid of what it belongs to, p a number, n a name, t the rest. Columns of tables are by far the most rows:
 * their facts are packed into p, what is rare into t. Rows come in no particular order.
 * `IN (SELECT oid FROM rel)` and not a join: the planner knows nothing of rel's uniqueness, and a join then hashes all of
 * pg_attribute instead of rel (measured: 25 against 50 ms at 90,000 attributes).
 */
#pragma once

/* Kinds of rows. */
#define ROW_SERVER 'V'    /* p version, n database, t {DateStyle} */
#define ROW_SCHEMA 'S'    /* n */
#define ROW_EXTENSION 'X' /* n, t {version} */
#define ROW_OPCLASS 'O'   /* o: a default operator class of btree */
#define ROW_TABLE 'T'     /* o, p row type, n, t {schema, kind, partition, children, updatable bits} */
#define ROW_TABLE_EXT 'Z' /* o: belongs to an extension */
/* o table, p type<<16 | attnum<<2 | default<<1 | not null, n, t NULL or {typmod, identity, generated, collation} */
#define ROW_COLUMN 'A'
#define ROW_KEY 'K' /* o table, p index, n, t {flags, key columns, attnums, operator classes, collations} */
#define ROW_FK 'F' /* o table, p constraint, n, t {table, schema, name, columns, columns there, on update, on delete} */
#define ROW_FK_COLUMN 'G' /* o referenced table, p attnum, n */
#define ROW_CHECK 'C'     /* o table, n, t {definition} */
#define ROW_COMMENT 'D'   /* o table, p attnum or 0, t {comment} */
#define ROW_FUNCTION 'P'  /* o, p result type, n, t {schema, argument types, modes, names, defaults, flags, language} */
#define ROW_FUNCTION_EXT 'z'
#define ROW_FUNCTION_COMMENT 'd'
#define ROW_TYPE 'Y'  /* o, n, t {flags, base, element, array, table, schema} */
#define ROW_CAST 'J'  /* o: has a cast function to json or jsonb */
#define ROW_LABEL 'E' /* o enum, n, t {order} */

/* Hasura v2: pg_table_metadata.sql leaves out the same schemas. */
#define SQL_NS                                                                                                 \
	"ns AS MATERIALIZED (SELECT oid, nspname FROM pg_catalog.pg_namespace WHERE nspname NOT LIKE 'pg\\_%'" \
	" AND nspname NOT IN ('information_schema', 'hdb_catalog', 'hdb_lib', '_timescaledb_internal'))"

#define SQL_REL(from)                                                                                      \
	"rel AS MATERIALIZED (SELECT c.oid, n.nspname, c.relname, c.relkind, c.reltype, c.relispartition," \
	" c.relhassubclass FROM " from " WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p'))"

#define SQL_FN(from)                                                                                                   \
	"fn AS MATERIALIZED (SELECT p.oid, n.nspname, p.proname, p.proargtypes, p.proargmodes, p.proargnames,"         \
	" p.pronargdefaults, p.prorettype, p.proretset, p.provolatile, p.prokind, p.provariadic, p.prolang FROM " from \
	" WHERE p.prokind <> 'a')"

#define SQL_ALL_TABLES "pg_catalog.pg_class c JOIN ns n ON n.oid = c.relnamespace"
#define SQL_ALL_FUNCTIONS "pg_catalog.pg_proc p JOIN ns n ON n.oid = p.pronamespace"

#define SQL_WITH_ALL "WITH " SQL_NS ", " SQL_REL(SQL_ALL_TABLES) ", " SQL_FN(SQL_ALL_FUNCTIONS) " "

/* $1 schemas, $2 names. */
#define SQL_ASKED "asked AS MATERIALIZED (SELECT s, t FROM unnest($1::text[], $2::text[]) AS u(s, t))"

#define SQL_ASKED_TABLES                       \
	"asked o JOIN ns n ON n.nspname = o.s" \
	" JOIN pg_catalog.pg_class c ON c.relname = o.t AND c.relnamespace = n.oid"

#define SQL_ASKED_FUNCTIONS                    \
	"asked o JOIN ns n ON n.nspname = o.s" \
	" JOIN pg_catalog.pg_proc p ON p.proname = o.t AND p.pronamespace = n.oid"

#define SQL_WITH_ASKED "WITH " SQL_ASKED ", " SQL_NS ", " SQL_REL(SQL_ASKED_TABLES) ", " SQL_FN(SQL_ASKED_FUNCTIONS) " "

#define SQL_GLOBALS                                                                                               \
	"SELECT 'V'::\"char\" AS k, NULL::oid AS o, pg_catalog.current_setting('server_version_num')::int8 AS p," \
	" pg_catalog.current_database() AS n, ARRAY[pg_catalog.current_setting('DateStyle')] AS t"                \
	" UNION ALL SELECT 'S', NULL, NULL, nspname, NULL FROM ns"                                                \
	" UNION ALL SELECT 'X', NULL, NULL, extname, ARRAY[extversion] FROM pg_catalog.pg_extension"              \
	" UNION ALL SELECT 'O', c.oid, NULL, NULL, NULL FROM pg_catalog.pg_opclass c"                             \
	" JOIN pg_catalog.pg_am m ON m.oid = c.opcmethod WHERE m.amname = 'btree' AND c.opcdefault"

/* Partitions are no children here: a partitioned table's keys cover them. */
#define SQL_TABLES                                                                                             \
	" UNION ALL SELECT 'T', r.oid, r.reltype::int8, r.relname, ARRAY[r.nspname::text, r.relkind::text,"    \
	" r.relispartition::text, (r.relhassubclass AND r.relkind <> 'p' AND"                                  \
	" EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhparent = r.oid))::text,"                     \
	" CASE r.relkind WHEN 'v' THEN pg_catalog.pg_relation_is_updatable(r.oid, true) END::text] FROM rel r" \
	" UNION ALL SELECT 'Z', d.objid, NULL, NULL, NULL FROM pg_catalog.pg_depend d WHERE d.deptype = 'e'"   \
	" AND d.objsubid = 0 AND d.classid = 'pg_catalog.pg_class'::regclass AND d.objid IN (SELECT oid FROM rel)"

/* Collation 100 is the default one. */
#define SQL_COLUMNS                                                                                         \
	" UNION ALL SELECT 'A', a.attrelid, (a.atttypid::int8 << 16) | (a.attnum << 2)"                     \
	" | CASE WHEN a.atthasdef THEN 2 ELSE 0 END | CASE WHEN a.attnotnull THEN 1 ELSE 0 END, a.attname," \
	" CASE WHEN a.atttypmod <> -1 OR a.attidentity <> '' OR a.attgenerated <> ''"                       \
	" OR a.attcollation NOT IN (0, 100) THEN ARRAY[a.atttypmod::text, a.attidentity::text,"             \
	" a.attgenerated::text, a.attcollation::text] END FROM pg_catalog.pg_attribute a"                   \
	" WHERE a.attrelid IN (SELECT oid FROM rel) AND a.attnum > 0 AND NOT a.attisdropped"

#define SQL_KEYS                                                                                                   \
	" UNION ALL SELECT 'K', i.indrelid, i.indexrelid::int8, c.relname, ARRAY[pg_catalog.concat("               \
	"i.indisprimary::int, (k.oid IS NOT NULL)::int, (i.indpred IS NOT NULL)::int, (i.indisvalid AND"           \
	" i.indimmediate AND i.indisready AND i.indislive AND NOT i.indisexclusion AND i.indexprs IS NULL)::int,"  \
	" i.indisexclusion::int),"                                                                                 \
	" i.indnkeyatts::text, i.indkey::text, i.indclass::text, i.indcollation::text] FROM pg_catalog.pg_index i" \
	" JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid LEFT JOIN pg_catalog.pg_constraint k"                 \
	" ON k.conrelid = i.indrelid AND k.conindid = i.indexrelid AND k.contype IN ('p', 'u')"                    \
	" WHERE i.indrelid IN (SELECT oid FROM rel) AND i.indisunique"

/*
 * A foreign key to a partitioned table has a shadow for each of its partitions, on the same referencing table: those are
 * left out. A partition's copy of its parent's foreign key stays: its conparentid leads to another table.
 */
#define SQL_FKS                                                                                                     \
	" UNION ALL SELECT 'F', f.conrelid, f.oid::int8, f.conname, ARRAY[f.confrelid::text, tn.nspname::text,"     \
	" t.relname::text, f.conkey::text, f.confkey::text, f.confupdtype::text, f.confdeltype::text]"              \
	" FROM pg_catalog.pg_constraint f JOIN pg_catalog.pg_class t ON t.oid = f.confrelid"                        \
	" JOIN pg_catalog.pg_namespace tn ON tn.oid = t.relnamespace"                                               \
	" LEFT JOIN pg_catalog.pg_constraint p ON p.oid = f.conparentid"                                            \
	" WHERE f.conrelid IN (SELECT oid FROM rel) AND f.contype = 'f' AND p.conrelid IS DISTINCT FROM f.conrelid" \
	" UNION ALL SELECT 'G', a.attrelid, a.attnum, a.attname, NULL FROM pg_catalog.pg_attribute a"               \
	" WHERE (a.attrelid, a.attnum) IN (SELECT f.confrelid, pg_catalog.unnest(f.confkey)"                        \
	" FROM pg_catalog.pg_constraint f WHERE f.conrelid IN (SELECT oid FROM rel) AND f.contype = 'f')"

#define SQL_CHECKS                                                                                          \
	" UNION ALL SELECT 'C', c.conrelid, NULL, c.conname, ARRAY[pg_catalog.pg_get_constraintdef(c.oid)]" \
	" FROM pg_catalog.pg_constraint c WHERE c.conrelid IN (SELECT oid FROM rel) AND c.contype = 'c'"

#define SQL_COMMENTS                                                                                               \
	" UNION ALL SELECT 'D', d.objoid, d.objsubid, NULL, ARRAY[d.description] FROM pg_catalog.pg_description d" \
	" WHERE d.classoid = 'pg_catalog.pg_class'::regclass AND d.objoid IN (SELECT oid FROM rel)"                \
	" UNION ALL SELECT 'd', d.objoid, NULL, NULL, ARRAY[d.description] FROM pg_catalog.pg_description d"       \
	" WHERE d.classoid = 'pg_catalog.pg_proc'::regclass AND d.objoid IN (SELECT oid FROM fn)"

#define SQL_FUNCTIONS                                                                                              \
	" UNION ALL SELECT 'P', p.oid, p.prorettype::int8, p.proname, ARRAY[p.nspname::text, p.proargtypes::text," \
	" p.proargmodes::text, p.proargnames::text, p.pronargdefaults::text, pg_catalog.concat(p.provolatile,"     \
	" p.prokind, p.proretset::int, (p.provariadic <> 0)::int), l.lanname::text]"                               \
	" FROM fn p JOIN pg_catalog.pg_language l ON l.oid = p.prolang"                                            \
	" UNION ALL SELECT 'z', d.objid, NULL, NULL, NULL FROM pg_catalog.pg_depend d WHERE d.deptype = 'e'"       \
	" AND d.objsubid = 0 AND d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid IN (SELECT oid FROM fn)"

/* 114 json, 3802 jsonb. which, casts, labels: conditions on t, s and e. */
#define SQL_TYPES(which, casts, labels)                                                                              \
	"SELECT 'Y'::\"char\" AS k, t.oid AS o, NULL::int8 AS p, t.typname AS n, ARRAY[pg_catalog.concat(t.typtype," \
	" t.typcategory, t.typdelim, (t.typsend <> 0)::int, (t.typinput = 'pg_catalog.array_in'::regproc)::int),"    \
	" t.typbasetype::text, t.typelem::text, t.typarray::text,"                                                   \
	" CASE WHEN c.relkind <> 'c' THEN t.typrelid::text END, n.nspname::text] AS t"                               \
	" FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace"                        \
	" LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid WHERE " which                                        \
	" UNION ALL SELECT 'J', s.castsource, NULL, NULL, NULL FROM pg_catalog.pg_cast s"                            \
	" WHERE s.casttarget IN (114, 3802) AND s.castmethod = 'f'" casts                                            \
	" UNION ALL SELECT 'E', e.enumtypid, NULL, e.enumlabel, ARRAY[e.enumsortorder::text]"                        \
	" FROM pg_catalog.pg_enum e" labels

#define SQL_TABLES_AND_FUNCTIONS \
	SQL_GLOBALS SQL_TABLES SQL_COLUMNS SQL_KEYS SQL_FKS SQL_CHECKS SQL_COMMENTS SQL_FUNCTIONS

/* Everything. Composite types of the system's own tables are of no use to anyone. */
#define SQL_READ_ALL                          \
	SQL_WITH_ALL SQL_TABLES_AND_FUNCTIONS \
		" UNION ALL " SQL_TYPES("t.typtype <> 'c' OR t.typnamespace IN (SELECT oid FROM ns)", "", "")

#define SQL_READ_ASKED SQL_WITH_ASKED SQL_TABLES_AND_FUNCTIONS

/* $1: oids of types; with what they are made of. */
#define SQL_READ_TYPES                                                                                     \
	"WITH RECURSIVE ty(oid) AS (SELECT pg_catalog.unnest($1::oid[]) UNION SELECT v.x FROM ty"          \
	" JOIN pg_catalog.pg_type t ON t.oid = ty.oid,"                                                    \
	" LATERAL (VALUES (t.typbasetype), (t.typelem), (t.typarray)) AS v(x) WHERE v.x <> 0) " SQL_TYPES( \
		"t.oid IN (SELECT oid FROM ty)", " AND s.castsource IN (SELECT oid FROM ty)",              \
		" WHERE e.enumtypid IN (SELECT oid FROM ty)")
