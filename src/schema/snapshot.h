/*
 * snapshot: catalog × metadata, resolved and checked, with the list of what is inconsistent. Immutable, reference-counted,
 * swapped by one pointer; workers hold a reference for each request and cached plan.
 * A snap_table depends only on its own metadata, its own catalog table and those of the tables it names; it is shared with
 * the next snapshot when none of these changed (a change costs what it changes). So nothing in it points at other snap_tables:
 * they are looked up by name in the snap_source.
 * Threads: built on the builder thread; read-only everywhere.
 */
#pragma once
#include "catalog/catalog.h"
#include "catalog/enum_rows.h"
#include "metadata/metadata.h"
#include "schema/bexp.h"
#include <stdatomic.h>

/* Settings that shape the GraphQL schema and its values (from flags). */
typedef struct schema_options {
	bool stringify_numerics;
	bool boolean_null_collapse; /* --v1-boolean-null-collapse */
	bool null_in_nonnullable_variables;
	bool no_null_unbound_variable_default;
	bool infer_function_permissions;
	bool hide_update_many_fields;
	bool hide_aggregation_predicates;
	bool hide_stream_fields;
	bool disable_postgres_arrays;
	bool dev_mode;
	bool admin_internal_errors;
} schema_options;

typedef struct snap_column {
	const cat_column *cat;
	str gql_name;
	str scalar; /* GraphQL scalar of the (element) type: Int, String, bigint … ; with an enum table: "<t>_enum" */
	bool list;  /* PostgreSQL array: GraphQL list of scalar */
	bool nullable;
	str comment;      /* description in GraphQL, p NULL: none */
	pg_oid type;      /* base type oid (domains resolved) */
	str cast;         /* SQL type for parameters: "integer", "\"public\".\"my enum\"", "text[]" */
	qname enum_table; /* name.p NULL: not a reference to an enum table */
	str enum_type;    /* GraphQL enum type name then */
} snap_column;

typedef struct snap_rel {
	str name;
	bool array;
	qname target;
	join_pair *pairs;
	int16_t *local_nums;  /* attnums here, npairs */
	int16_t *remote_nums; /* attnums there */
	size_t npairs;
	bool nullable;      /* object relationship: GraphQL nullability (feature-map 1.3) */
	bool target_unique; /* at most one row of the target can match: flat join allowed */
	bool insert_before; /* nested insert: related row first (the foreign key is here) */
	str comment;
} snap_rel;

typedef struct snap_computed {
	str name;
	const cat_function *fn; /* kept alive by the snap_table's catalog reference */
	row_call call;          /* without user arguments */
	size_t nuser_args;      /* arguments the user gives */
	bool returns_table;
	qname target; /* returns_table: the tracked table */
	str scalar;   /* else: GraphQL scalar */
	bool list;
	pg_oid type;
	str comment;
} snap_computed;

/* What a selection may name on a row type. */
typedef enum snap_field_kind {
	FIELD_COLUMN,
	FIELD_OBJECT,
	FIELD_ARRAY,
	FIELD_ARRAY_AGG,
	FIELD_COMPUTED,
	FIELD_COMPUTED_AGG
} snap_field_kind;

typedef struct snap_field {
	snap_field_kind kind;
	str name;
	size_t index; /* into cols, rels or computed */
} snap_field;

/* ---- permissions of one role on one table ---- */

typedef struct snap_preset {
	size_t col; /* index into cols */
	val value;
} snap_preset;

typedef struct snap_select_perm {
	const bool *cols; /* by column index */
	/* Inherited roles: column visible only where this holds; NULL array or entry: everywhere. */
	const bexp **col_filter;
	const bexp *filter; /* NULL: all rows */
	bool has_limit;
	int64_t limit;
	bool aggregations;
	const bool *computed;         /* scalar computed fields granted, by index */
	const bexp **computed_filter; /* as col_filter */
	uint32_t query_roots;         /* bit per ROOT_SELECT … ROOT_SELECT_STREAM */
	uint32_t subscription_roots;
} snap_select_perm;

typedef struct snap_write_perm {
	const bool *cols;   /* insert, update: columns the client may give (presets taken out) */
	const bexp *filter; /* update, delete; NULL: all rows */
	const bexp *check;  /* insert, update; NULL: none */
	const snap_preset *set;
	size_t nset;
	bool backend_only;
	const json *validate_input; /* NULL: none */
} snap_write_perm;

typedef struct snap_perms {
	const snap_select_perm *select;
	const snap_write_perm *insert;
	const snap_write_perm *update;
	const snap_write_perm *del;
} snap_perms;

/* ---- tables ---- */

typedef struct snap_root_name {
	str name;        /* GraphQL field name; p NULL: not offered (no primary key, not insertable, …) */
	str description; /* p NULL: none */
} snap_root_name;

typedef struct snap_table {
	atomic_int refs;
	arena *a;
	const md_table *md;   /* holds a reference */
	const cat_table *cat; /* holds a reference */
	qname name;
	str gql_name; /* base of all names: custom_name, name, or schema_name */
	bool hidden; /* gql_name is no GraphQL name: tracked (run_sql, CRUD of the older API), but not in the GraphQL schema */
	str type; /* object type name (= gql_name today; source customization may differ later) */
	str description;
	snap_column *cols; /* in catalog order; those whose name is not a GraphQL name are left out */
	size_t ncols;
	snap_rel *rels;
	size_t nrels;
	snap_computed *computed;
	size_t ncomputed;
	map fields; /* GraphQL name → snap_field * */
	map perms;  /* role → snap_perms * (no entry for admin) */
	snap_root_name roots[ROOT_FIELD_COUNT];
	const cat_key *pk; /* NULL: none */
	const snap_perms *admin;
	/* Enum tables: values in order, with descriptions. */
	bool is_enum;
	str *enum_values;
	str *enum_comments;
	size_t nenum;
	void *deps; /* private to resolve.c: what it was made from */
} snap_table;

typedef struct snap_function {
	const md_function *md;
	const cat_function *cat;
	str gql_name;       /* root field */
	str aggregate_name; /* root field <fn>_aggregate; p NULL: not offered (single row) */
	str args_type;      /* <fn>_args; p NULL: no arguments */
	str description;
	qname target;       /* the tracked table whose rows it returns */
	bool single;        /* one row, not SETOF */
	bool mutation;      /* exposed in mutation_root */
	bool volatile_read; /* VOLATILE but exposed as query: read-write transaction of its own */
	size_t session_arg; /* index into cat->args, or SIZE_MAX */
	str *arg_names;     /* GraphQL name per catalog argument (session argument included) */
} snap_function;

typedef enum snap_root_kind { SNAP_ROOT_TABLE, SNAP_ROOT_FUNCTION, SNAP_ROOT_FUNCTION_AGG } snap_root_kind;

/* A root field: what a name in query_root or mutation_root means. */
typedef struct snap_root {
	snap_root_kind kind;
	str name;
	const struct snap_source *source;
	const snap_table *table; /* SNAP_ROOT_TABLE */
	md_root_field field;     /* SNAP_ROOT_TABLE */
	const snap_function *fn;
} snap_root;

typedef struct snap_source {
	str name;
	const md_source *md;
	catalog *cat;        /* NULL: its database could not be read; then it has no tables here */
	map tables;          /* catalog_key → snap_table * */
	map functions;       /* catalog_key → snap_function * */
	map enums;           /* catalog_key → enum_rows *, of the enum tables */
	uint64_t connection; /* changes when the connection settings or the style of dates do: exec/ makes new pools */
} snap_source;

typedef struct snap_inconsistency {
	str type;   /* table, object_relation, select_permission, source … */
	str name;   /* `table "t" in source "default"` style */
	str reason; /* with Hasura's prefix "Inconsistent object: " */
	json *definition;
	json *entity; /* permissions that could not be inherited; NULL: none */
	str message;  /* p NULL: none */
	json *internal;
	bool blocks; /* an apply that brings it is refused (Hasura's rules) */
	/* Two objects ask for one root field: of which type, its name, who; p NULL: another trouble. */
	str clash_type, clash_field, clash_between[2];
	/* What it is about, for drop_inconsistent_metadata and cascade. */
	str source;
	qname object;
	str sub; /* relationship, role, … */
} snap_inconsistency;

typedef struct snapshot {
	atomic_int refs;
	arena *a;
	uint64_t id; /* unique in this process: key of plan caches */
	int64_t resource_version;
	const metadata *md;
	schema_options options;
	map sources;     /* name → snap_source * */
	map query_roots; /* name → snap_root * (all roles; who may see it is asked of schema/role.h) */
	map mutation_roots;
	map subscription_roots; /* also select_stream */
	snap_inconsistency *inconsistencies;
	size_t ninconsistencies;
	/* Tables whose type is called like another: nobody has permissions on them, so that no way leads there. Few, mostly none. */
	const snap_table **clashing;
	size_t nclashing;
	void *roots;               /* private to roots.c: what the three maps point at */
	map roles;                 /* every role named in metadata (inherited ones too) → non-NULL */
	void *role_cache;          /* private to role.c: inherited roles, made on demand under a lock */
	void *introspection_cache; /* private to introspect.c */
} snapshot;

snapshot *snapshot_ref(snapshot *s);
void snapshot_unref(snapshot *s);

const snap_source *snapshot_source(const snapshot *s, str name);
const snap_table *snap_source_table(const snap_source *s, qname name);
const snap_field *snap_table_field(const snap_table *t, str gql_name);
const snap_column *snap_table_column(const snap_table *t, str pg_name);

/* ---- building (schema/build.c; builder thread) ---- */

/* One source's catalog as read, or why it could not be. */
typedef struct source_catalog {
	str source;
	catalog *cat; /* NULL with why */
	str why;      /* message of the connection error */
	json *internal;
	/* Rows of enum tables, read by admin/ before the build: catalog_key → enum_rows *. */
	map enums;
	uint64_t connection;
} source_catalog;

/*
 * Resolves everything. previous (may be NULL) lends what did not change. Never fails: what does not fit becomes an
 * inconsistency. New reference. Cost: proportional to what changed, plus a pointer comparison per table.
 */
snapshot *snapshot_build(const metadata *md, const source_catalog *cats, size_t ncats, const schema_options *opt,
	int64_t resource_version, const snapshot *previous);
