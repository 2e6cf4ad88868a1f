/*
 * metadata: what the user declared. The canonical JSON of each object is the truth (kept verbatim, also the parts that are not
 * served yet); the typed view beside it is parsed from that JSON and is what schema/ reads. An edit changes the JSON of one
 * object and parses it again, so every family of operations is an edit of a small JSON value.
 * Ownership: metadata, md_source and md_table are immutable and reference-counted; an edit makes a new root that shares all
 * objects it did not touch. Each has an arena of its own. Threads: read-only everywhere; counts are atomic.
 */
#pragma once
#include "base/json.h"
#include "base/map.h"
#include "base/vec.h"
#include "catalog/catalog.h" /* qname */
#include <stdatomic.h>

/* A JSON value with an arena of its own, shared by the roots that hold it (top-level parts; what a source says of itself). */
typedef struct md_part {
	atomic_int refs;
	arena *a;
	json *value; /* canonical */
} md_part;

/* ---- parts of a table ---- */

typedef struct md_column_pair {
	str local;
	str remote;
} md_column_pair;

typedef enum md_rel_using {
	MD_USING_FK,        /* foreign_key_constraint_on: columns of this table (object) */
	MD_USING_FK_REMOTE, /* foreign_key_constraint_on: {table, column|columns} of the other table */
	MD_USING_MANUAL     /* manual_configuration */
} md_rel_using;

typedef struct md_relationship {
	str name;
	bool array;
	md_rel_using using;
	str *columns; /* MD_USING_FK: here; MD_USING_FK_REMOTE: in remote_table */
	size_t ncolumns;
	qname remote_table;      /* MD_USING_FK_REMOTE, MD_USING_MANUAL (name.p NULL with a native query target) */
	str remote_native_query; /* not served yet: an inconsistent object; p NULL: none */
	md_column_pair *mapping; /* MD_USING_MANUAL */
	size_t nmapping;
	str insertion_order; /* before_parent, after_parent, or p NULL */
	str comment;
	json *raw;
} md_relationship;

/* Columns of a permission: "*" or a list. */
typedef struct md_columns {
	bool all;
	str *v;
	size_t n;
} md_columns;

typedef enum md_perm_kind {
	MD_PERM_SELECT,
	MD_PERM_INSERT,
	MD_PERM_UPDATE,
	MD_PERM_DELETE,
	MD_PERM_KINDS
} md_perm_kind;

typedef struct md_permission {
	md_perm_kind kind;
	str role;
	str comment;
	md_columns columns;
	json *filter; /* select, update, delete */
	json *check;  /* insert, update; NULL: none */
	json *set;    /* insert, update: object column → literal or x-hasura-…; NULL: none */
	bool has_limit;
	int64_t limit;
	bool allow_aggregations;
	str *computed_fields;
	size_t ncomputed_fields;
	bool has_query_roots; /* false: all */
	str *query_roots;     /* select, select_by_pk, select_aggregate */
	size_t nquery_roots;
	bool has_subscription_roots;
	str *subscription_roots;
	size_t nsubscription_roots;
	bool backend_only;
	json *validate_input; /* NULL: none */
	json *raw;            /* the whole entry {role, permission, comment} */
} md_permission;

typedef struct md_computed_field {
	str name;
	qname function;
	str table_argument;   /* p NULL: first */
	str session_argument; /* p NULL: none */
	str comment;
	json *raw;
} md_computed_field;

/* Root fields in the order of Hasura's custom_root_fields. */
#define MD_ROOT_FIELDS(X)                            \
	X(ROOT_SELECT, "select")                     \
	X(ROOT_SELECT_BY_PK, "select_by_pk")         \
	X(ROOT_SELECT_AGGREGATE, "select_aggregate") \
	X(ROOT_SELECT_STREAM, "select_stream")       \
	X(ROOT_INSERT, "insert")                     \
	X(ROOT_INSERT_ONE, "insert_one")             \
	X(ROOT_UPDATE, "update")                     \
	X(ROOT_UPDATE_BY_PK, "update_by_pk")         \
	X(ROOT_UPDATE_MANY, "update_many")           \
	X(ROOT_DELETE, "delete")                     \
	X(ROOT_DELETE_BY_PK, "delete_by_pk")

typedef enum md_root_field {
#define X(name, text) name,
	MD_ROOT_FIELDS(X)
#undef X
		ROOT_FIELD_COUNT
} md_root_field;

/* A text that may be absent (p NULL: automatic) or explicitly empty. */
typedef struct md_custom_root {
	str name;    /* p NULL: automatic */
	str comment; /* p NULL: automatic; n 0: no description */
} md_custom_root;

typedef struct md_column_config {
	str column;
	str custom_name; /* p NULL: none */
	str comment;     /* p NULL: none */
} md_column_config;

typedef struct md_table {
	atomic_int refs;
	arena *a;
	str key;   /* catalog_key of name */
	json *raw; /* canonical: members in export order, defaults left out */
	qname name;
	bool is_enum;
	str custom_name; /* p NULL: none */
	str comment;     /* configuration.comment */
	md_custom_root roots[ROOT_FIELD_COUNT];
	md_column_config *columns;
	size_t ncolumns;
	md_relationship *rels; /* object relationships first, each kind by name */
	size_t nrels;
	md_computed_field *computed;
	size_t ncomputed;
	md_permission *perms[MD_PERM_KINDS]; /* by role */
	size_t nperms[MD_PERM_KINDS];
	/* Parts without a model yet, as written: event_triggers, remote_relationships, apollo_federation_config, logical_model. */
	map unserved; /* key → json * */
} md_table;

typedef struct md_function {
	atomic_int refs;
	arena *a;
	str key;
	json *raw;
	qname name;
	str custom_name;
	str custom_root_function, custom_root_aggregate;
	str session_argument;
	str exposed_as; /* "query", "mutation" or p NULL */
	str comment;
	bool has_response_table;
	qname response_table;
	str *roles; /* permissions */
	size_t nroles;
} md_function;

typedef struct md_source {
	atomic_int refs;
	arena *a;     /* of this struct and its maps only */
	md_part *own; /* what name, kind, raw, configuration and unserved point into */
	str name;
	str kind; /* postgres, alloy, citus, cockroach; or another engine's, then tables and functions are in unserved */
	json *raw; /* the source without tables and functions */
	json *configuration;
	map tables;              /* catalog_key(schema, name) → md_table *, sorted by (schema, name) on export */
	map functions;           /* → md_function * */
	map unserved;            /* customization, native_queries, logical_models, stored_procedures, … as written */
	size_t nunserved_tables; /* tables whose unserved is not empty */
} md_source;

typedef struct md_inherited_role {
	str name;
	str *parents;
	size_t nparents;
} md_inherited_role;

typedef struct metadata {
	atomic_int refs;
	arena *a;
	map sources; /* name → md_source * */
	md_inherited_role *inherited_roles;
	size_t ninherited_roles;
	map unserved; /* other top-level parts (actions, remote_schemas, …) as written, non-empty ones only: name → json * */
	map parts; /* name → md_part *: all top-level parts but sources, inherited_roles among them */
} metadata;

metadata *metadata_ref(metadata *m);
void metadata_unref(metadata *m);
md_table *md_table_ref(md_table *t);
void md_table_unref(md_table *t);
md_source *md_source_ref(md_source *s);
void md_source_unref(md_source *s);
md_function *md_function_ref(md_function *f);
void md_function_unref(md_function *f);

const md_source *metadata_source(const metadata *m, str name);
const md_table *md_source_table(const md_source *s, qname name);
const md_function *md_source_function(const md_source *s, qname name);
const md_relationship *md_table_relationship(const md_table *t, str name);
const md_permission *md_table_permission(const md_table *t, md_perm_kind kind, str role);
/* false: graphql_schema_introspection takes __schema and __type away from the role. */
bool metadata_introspects(const metadata *m, str role);

/* ---- JSON form (metadata/parse.c, metadata/export.c) ---- */

/* Reads v1, v2 or v3 (`version` decides; absent = 1). v1 and v2 need a configuration for source "default": taken from
   `previous` (its source default) or refused with Hasura's text. Paths in errors begin at "$". New reference. */
MUST_CHECK bool metadata_parse(const json *doc, const metadata *previous, metadata **out, error *err);
/* Pieces, for the edits: from the JSON of one object. New references. The JSON is copied. */
MUST_CHECK bool md_table_parse(const json *j, md_table **out, error *err);
MUST_CHECK bool md_function_parse(const json *j, md_function **out, error *err);
MUST_CHECK bool md_source_parse(const json *j, md_source **out, error *err); /* with its tables and functions */
/* {"schema","name"}, or a bare string in schema public. */
MUST_CHECK bool md_qname_parse(arena *a, const json *j, qname *out, error *err);
json *md_qname_json(arena *a, qname q);
/* v3 document in Hasura's order, empty parts left out: byte-stable (what it writes parses to what writes the same bytes). */
void metadata_write(buf *b, const metadata *m);
json *metadata_export(arena *a, const metadata *m); /* a deep copy */
/* The same as export_metadata shows it: without cron triggers that say include_in_metadata: false. */
void metadata_write_public(buf *b, const metadata *m);
metadata *metadata_empty(void);

/* ---- edits (metadata/edit.c): each gives a new root (one reference for the caller), sharing what it did not touch ---- */

metadata *metadata_with_source(
	const metadata *m, md_source *s); /* adds or replaces by name; takes a reference of its own */
metadata *metadata_without_source(const metadata *m, str name);
metadata *metadata_with_table(const metadata *m, str source, md_table *t); /* adds or replaces */
/* The same for many tables at once: one copy of the source. */
metadata *metadata_with_tables(const metadata *m, str source, md_table *const *tables, size_t n);
metadata *metadata_without_table(const metadata *m, str source, qname name);
metadata *metadata_with_function(const metadata *m, str source, md_function *f);
metadata *metadata_without_function(const metadata *m, str source, qname name);
/* For replace_metadata: what a document from metadata_write_public cannot hold stays: the hidden cron triggers of previous
   that fresh does not declare (Hasura v2: processCronTriggers). */
metadata *metadata_with_hidden(const metadata *fresh, const metadata *previous);
/* Top-level part (inherited_roles, actions, …) set from JSON, or removed with NULL. */
MUST_CHECK bool metadata_with_part(const metadata *m, str part, const json *value, metadata **out, error *err);
/* Edits of one table's JSON: copy in `a`, change it, md_table_parse it, metadata_with_table. */
json *md_table_json(arena *a, const md_table *t);
json *md_function_json(arena *a, const md_function *f);
json *md_source_json(arena *a, const md_source *s); /* without tables and functions */
/* What the source says of itself replaced by `own` (as md_source_json gives it, changed; a new name renames); tables and
   functions are shared with s. New reference. */
MUST_CHECK bool md_source_with_own(const md_source *s, const json *own, md_source **out, error *err);
/* The `definition` of an inconsistent object of a table (Hasura v2: WithTable): {source, table} and the members of object. */
json *md_with_table_json(arena *a, str source, qname table, const json *object);
/* A source as `HASURA_GRAPHQL_DATABASE_URL` makes it (Hasura v2: name default, settings as the server's flags or its defaults). */
typedef struct md_source_defaults {
	str url;                      /* the URL itself (from the command line); p NULL: url_env */
	str url_env;                  /* the variable that holds the URL */
	int64_t max_connections;      /* 50 */
	int64_t idle_timeout;         /* 180 s */
	int64_t retries;              /* 1 */
	int64_t connection_lifetime;  /* 600 s; 0: left out (never) */
	bool use_prepared_statements; /* true */
	str isolation_level;          /* read-committed */
} md_source_defaults;
/* Its streams deliver only what no transaction under way can come before (docs/realtime.md): configuration.weir.safe_streams. */
bool md_source_safe_streams(const md_source *s);
md_source_defaults md_source_defaults_hasura(str url_env);
/* New reference. */
/* NULL when isolation_level is none of the three. */
md_source *md_source_default(const md_source_defaults *d);
/* An empty source of that name, kind and configuration (checked as metadata_parse does). New reference. */
MUST_CHECK bool md_source_new(
	str name, str kind, const json *configuration, const json *customization, md_source **out, error *err);
