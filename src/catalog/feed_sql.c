/* The statements of catalog/feed.h. */
#include "catalog/feed.h"

/*
 * Providers that keep the attribute to themselves give membership of a role of their own.
 * PostgreSQL: with "*" (or our name) in synchronous_standby_names a logical WAL sender counts as standby: commits would
 * wait for us, and our word would stand for a copy that does not exist.
 */
const char feed_facts_sql[] =
	"SELECT pg_catalog.current_setting('server_version_num')::int,"
	" pg_catalog.current_setting('wal_level') = 'logical',"
	" EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname = current_user"
	" AND (r.rolsuper OR r.rolreplication))"
	" OR EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname IN ('rds_replication', 'rds_superuser')"
	" AND pg_catalog.pg_has_role(current_user, r.oid, 'MEMBER')),"
	" pg_catalog.pg_is_in_recovery(),"
	" pg_catalog.strpos(s.n, '*') > 0 OR pg_catalog.strpos(pg_catalog.lower(s.n), pg_catalog.lower($1)) > 0,"
	" pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE'),"
	" pg_catalog.current_setting('max_replication_slots')::int - (SELECT pg_catalog.count(*)"
	" FROM pg_catalog.pg_replication_slots)"
	" FROM (SELECT pg_catalog.current_setting('synchronous_standby_names')) s(n)";

/* txid_current_snapshot: the name that 12 has and 18 still has. */
const char feed_snapshot_sql[] = "SELECT pg_catalog.txid_current_snapshot()::text, pg_catalog.pg_is_in_recovery(),"
				 " CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()"
				 " ELSE pg_catalog.pg_current_wal_insert_lsn() END";

const char feed_counts_sql[] =
	"SELECT o, pg_catalog.pg_stat_get_tuples_inserted(o) + pg_catalog.pg_stat_get_tuples_updated(o)"
	" + pg_catalog.pg_stat_get_tuples_deleted(o) FROM pg_catalog.unnest($1::oid[]) AS u(o)";

const char feed_slot_sql[] =
	"SELECT pg_catalog.pg_wal_lsn_diff(CASE WHEN pg_catalog.pg_is_in_recovery()"
	" THEN pg_catalog.pg_last_wal_replay_lsn() ELSE pg_catalog.pg_current_wal_insert_lsn() END, s.restart_lsn)::bigint"
	" FROM pg_catalog.pg_replication_slots s WHERE s.slot_name = $1";

const char feed_stale_publications_sql[] =
	"SELECT p.pubname FROM pg_catalog.pg_publication p WHERE p.pubname ~ '^weir_live_[0-9a-f]{16}$'"
	" AND pg_catalog.pg_has_role(p.pubowner, 'MEMBER')"
	" AND NOT EXISTS (SELECT FROM pg_catalog.pg_replication_slots s WHERE s.slot_name = p.pubname)";

#define RULE_OF_VIEW                                                               \
	"pg_catalog.pg_rewrite r JOIN pg_catalog.pg_class v ON v.oid = r.ev_class" \
	" AND v.relkind = 'v'"

/* Things of kind `classid`, objid: the relations, functions and operators (by their functions) they refer to. */
#define REFERS(from, condition)                                                                    \
	"SELECT CASE d.refclassid WHEN 'pg_catalog.pg_class'::regclass THEN 'r' ELSE 'f' END,"     \
	" CASE d.refclassid WHEN 'pg_catalog.pg_operator'::regclass THEN (SELECT q.oprcode::oid"   \
	" FROM pg_catalog.pg_operator q WHERE q.oid = d.refobjid) ELSE d.refobjid END"             \
	" FROM " from " WHERE " condition " AND d.refclassid IN ('pg_catalog.pg_class'::regclass," \
	" 'pg_catalog.pg_proc'::regclass, 'pg_catalog.pg_operator'::regclass)"

/* A materialized view changes when it is refreshed, not when what it was made from does. */
#define WALK                                                                                                                                                                                              \
	"WITH RECURSIVE walk(rk, root, k, obj) AS ("                                                                                                                                                      \
	"SELECT 'r', o, 'r', o FROM pg_catalog.unnest($1::oid[]) AS u(o)"                                                                                                                                 \
	" UNION SELECT 'f', o, 'f', o FROM pg_catalog.unnest($2::oid[]) AS u(o)"                                                                                                                          \
	" UNION SELECT w.rk, w.root, n.k, n.obj FROM walk w CROSS JOIN LATERAL (" REFERS(RULE_OF_VIEW                                                                                                     \
		" JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::regclass"                                                                                                           \
		" AND d.objid = r.oid",                                                                                                                                                                   \
		"w.k = 'r' AND r.ev_class = w.obj") " UNION ALL " REFERS("pg_catalog.pg_policy p JOIN pg_catalog.pg_depend d"                                                                             \
									 " ON d.classid = 'pg_catalog.pg_policy'::regclass AND d.objid = p.oid",                                                          \
		"w.k = 'r' AND p.polrelid = w.obj") " UNION ALL " REFERS("pg_catalog.pg_depend d",                                                                                                        \
		"w.k = 'f' AND d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = w.obj") " UNION ALL SELECT 'r', i.inhrelid FROM pg_catalog.pg_inherits i WHERE w.k = 'r' AND i.inhparent = w.obj" \
												") n(k, obj))"

/* Stable functions whose answer changes without a write: now(), age(timestamp), current_setting(), the server's state. */
#define UNSTEADY                                                                      \
	"(p.provolatile = 'v' OR p.oid IN (1299, 2647, 2648, 1386, 2059, 2077, 3294)" \
	" OR p.provolatile = 's' AND p.oid < 16384 AND p.proname ~ '^(pg|txid|inet)_' AND p.proname !~ '^pg_get_')"

/* Built-in functions are in no pg_depend: they are found in the stored trees. SQLVALUEFUNCTION 0-8: CURRENT_DATE, … */
#define TREE_CLOCK                                                                                           \
	"t.tree ~ '[{]SQLVALUEFUNCTION :op [0-8] |[{]NEXTVALUEEXPR' OR EXISTS (SELECT FROM"                  \
	" pg_catalog.regexp_matches(t.tree, ':(?:funcid|opfuncid|aggfnoid|winfnoid) ([0-9]+)', 'g') AS m(v)" \
	" JOIN pg_catalog.pg_proc p ON p.oid = (m.v)[1]::oid WHERE " UNSTEADY ")"
#define TREE_SYSTEM                                                                             \
	"EXISTS (SELECT FROM pg_catalog.regexp_matches(t.tree, ':relid ([0-9]+)', 'g') AS m(v)" \
	" WHERE (m.v)[1]::bigint BETWEEN 1 AND 16383)"

/* prosqlbody came with 14: asked for by way of JSON, where a missing column is NULL. */
#define BODY "(pg_catalog.to_jsonb(f) ->> 'prosqlbody')"
#define TREES                                                                                    \
	"SELECT r.ev_action::text FROM " RULE_OF_VIEW " WHERE r.ev_class = c.oid"                \
	" UNION ALL SELECT y.polqual::text FROM pg_catalog.pg_policy y WHERE y.polrelid = c.oid" \
	" UNION ALL SELECT " BODY " WHERE f.oid IS NOT NULL"

#define FUNCTION_KNOWN \
	"(f.provolatile = 'i' OR f.provolatile = 's' AND (l.lanname IN ('internal', 'c') OR " BODY " IS NOT NULL))"

/* PostgreSQL: an index serves as identity when it is valid and immediate; INCLUDE columns are no part of it. */
#define IDENTITY_INDEX                                                                       \
	"pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisvalid AND i.indimmediate" \
	" AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident ELSE false END"

const char feed_depends_sql[] = WALK
	" SELECT w.rk, w.root, w.k, w.obj, n.nspname, coalesce(c.relname, f.proname), c.relkind, c.relpersistence,"
	" c.relreplident = 'f' OR EXISTS (SELECT FROM " IDENTITY_INDEX "),"
	" CASE WHEN w.k = 'f' AND (f.oid IS NULL OR NOT " FUNCTION_KNOWN ") THEN 'F'"
	" WHEN c.relkind = 'f' THEN 'X'"
	" WHEN c.oid < 16384 OR EXISTS (SELECT FROM (" TREES ") t(tree) WHERE " TREE_SYSTEM ") THEN 'S'"
	" WHEN EXISTS (SELECT FROM (" TREES ") t(tree) WHERE " TREE_CLOCK ") THEN 'C' ELSE '-' END,"
	" (SELECT pg_catalog.array_agg(a.attname::text) FROM pg_catalog.pg_attribute a"
	" LEFT JOIN pg_catalog.pg_collation k ON k.oid = a.attcollation"
	" WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND coalesce(k.collisdeterministic, true)"
	" AND (c.relreplident = 'f' OR EXISTS (SELECT FROM " IDENTITY_INDEX
	" AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1]))))"
	" FROM walk w LEFT JOIN pg_catalog.pg_class c ON w.k = 'r' AND c.oid = w.obj"
	" LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
	" LEFT JOIN pg_catalog.pg_proc f ON w.k = 'f' AND f.oid = w.obj"
	" LEFT JOIN pg_catalog.pg_language l ON l.oid = f.prolang";
