/*
 * catalog: what one PostgreSQL database has. Read in one flat round trip (catalog/read.h), immutable afterwards.
 * Ownership: a catalog holds references on its tables, functions and type table; catalog_unref drops them. cat_table and
 * cat_function are reference-counted one by one, each with an arena of its own, so that a new catalog shares what did
 * not change.
 * Threads: read-only everywhere; reference counts are atomic.
 */
#pragma once
#include "base/arena.h"
#include "base/map.h"
#include "base/str.h"
#include "base/vec.h"
#include <stdatomic.h>

typedef uint32_t pg_oid;

/* Schema-qualified name of a table, function or type. */
typedef struct qname {
	str schema;
	str name;
} qname;

static inline bool qname_eq(qname a, qname b)
{
	return str_eq(a.name, b.name) && str_eq(a.schema, b.schema);
}
/* "t" in schema public, else "s.t": how Hasura v2 prints table and function names in messages. */
str qname_display(arena *a, qname q);
/*
 * The key under which maps hold a qualified name: schema, NUL, name; so keys sort by schema, then name. Lives in a.
 * Not for printing: qname_display is.
 */
str catalog_key(arena *a, qname name);

typedef struct cat_type {
	pg_oid oid;
	qname name;    /* as in pg_type: int4, _text, … */
	char kind;     /* typtype: b base, c composite, d domain, e enum, p pseudo, r range, m multirange */
	char category; /* typcategory */
	pg_oid base;   /* domain: the base type after following domains to the end; else 0 */
	pg_oid elem;   /* true array type: element type; else 0 */
	pg_oid array;  /* its array type, or 0 */
	pg_oid relid;  /* composite: its table, or 0 */
	char delim;    /* typdelim of the type itself */
	bool json_cast; /* pg_cast has a function to json or jsonb (of the base type, for a domain): to_json honours it */
	bool can_send; /* has a send function */
	str *labels;   /* enum labels in order */
	size_t nlabels;
} cat_type;

typedef struct cat_column {
	str name;
	int16_t attnum;
	pg_oid type;
	int32_t typmod;
	bool not_null;
	bool has_default;
	char identity;  /* 'a' always, 'd' by default, 0 none */
	char generated; /* 's' stored, 'v' virtual, 0 none */
	str comment;    /* p NULL: none */
	bool updatable; /* views: pg_column_is_updatable, triggers count; elsewhere true */
} cat_column;

/* A primary key, unique constraint or unique index. */
typedef struct cat_key {
	str name;
	pg_oid oid; /* of the index */
	bool primary;
	bool constraint; /* a constraint, so usable as ON CONSTRAINT */
	bool partial;    /* has a WHERE */
	bool provable; /* not partial, no expressions, valid, immediate, ready, b-tree of default operator classes and the
	                    columns' own collations: two rows can never agree on it, unless one of its columns is NULL */
	int16_t *cols; /* attnums, ncols of them, without INCLUDE columns; 0 stands for an expression */
	size_t ncols;
} cat_key;

typedef struct cat_fk {
	str name;
	pg_oid oid;
	pg_oid ref_oid;
	qname ref;
	int16_t *cols;     /* attnums here */
	str *ref_cols;     /* column names there, same order */
	int16_t *ref_nums; /* attnums there */
	size_t ncols;
	char on_update, on_delete; /* a r c n d as in pg_constraint */
} cat_fk;

typedef struct cat_check {
	str name;
	str definition; /* pg_get_constraintdef */
} cat_check;

typedef struct cat_table {
	atomic_int refs;
	arena *a;
	str key; /* catalog_key of name */
	pg_oid oid;
	qname name;
	char kind; /* relkind: r table, v view, m materialized view, f foreign, p partitioned */
	str comment;
	cat_column *cols; /* by attnum; dropped ones left out */
	size_t ncols;
	cat_key *keys; /* unique indexes and constraints: primary first, then by name */
	size_t nkeys;
	cat_fk *fks;
	size_t nfks;
	cat_check *checks;
	size_t nchecks;
	pg_oid row_type;   /* its composite type */
	bool has_children; /* INHERITS children (not partitions): its keys do not cover them */
	bool is_partition;
	/* Hasura v2: views by pg_relation_is_updatable with triggers, materialized views never, all else always. */
	bool insertable, updatable, deletable;
	bool from_extension;  /* belongs to an extension: Hasura does not offer it for tracking */
	uint64_t fingerprint; /* of everything above except comments' storage: equal = nothing changed */
} cat_table;

typedef struct cat_arg {
	str name; /* empty: unnamed */
	pg_oid type;
	char mode; /* i in, o out, b inout, v variadic, t table */
	bool has_default;
} cat_arg;

typedef struct cat_function {
	atomic_int refs;
	arena *a;
	str key; /* catalog_key of name */
	pg_oid oid;
	qname name;
	cat_arg *args; /* input arguments only (modes i, b, v) */
	size_t nargs;
	bool variadic;
	pg_oid returns;     /* type oid */
	pg_oid returns_rel; /* table whose row type it returns, or 0 */
	bool returns_set;
	bool returns_table; /* RETURNS TABLE(...) or OUT arguments */
	char volatility;    /* i s v */
	char kind;          /* f function, p procedure, a aggregate, w window */
	str language;
	str comment;
	bool from_extension;
	uint64_t fingerprint;
} cat_function;

/* A foreign key seen from the table it references. */
typedef struct cat_fk_ref {
	const cat_table *table; /* has the foreign key */
	const cat_fk *fk;
} cat_fk_ref;

typedef VEC(cat_function *) fn_list;

typedef struct catalog {
	atomic_int refs;
	arena *a;
	int version; /* server_version_num */
	str database;
	bool iso_dates; /* DateStyle is ISO: date, timestamp and timestamptz have a fixed text form */
	map tables;     /* catalog_key → cat_table * (tables, views …; not of system schemas), sorted by key */
	map functions;  /* catalog_key → fn_list * (overloads by oid; no aggregates), sorted by key */
	map extensions; /* name → char * version */
	map schemas;    /* name → non-NULL; not the system's */
	struct cat_types *types;  /* private, shared between catalogs */
	const cat_table **by_oid; /* private: tables by oid */
	cat_fk_ref *fk_refs;      /* private: foreign keys by referenced table */
	size_t nfk_refs;
} catalog;

catalog *catalog_ref(catalog *c);
void catalog_unref(catalog *c);
cat_table *cat_table_ref(cat_table *t);
void cat_table_unref(cat_table *t);
cat_function *cat_function_ref(cat_function *f);
void cat_function_unref(cat_function *f);

/* NULL when absent. O(1). */
const cat_table *catalog_table(const catalog *c, qname name);
const cat_table *catalog_table_by_oid(const catalog *c, pg_oid oid);
const fn_list *catalog_functions(const catalog *c, qname name);
const cat_type *catalog_type(const catalog *c, pg_oid oid);
/* By name as in pg_type, in a schema or (schema.p NULL) anywhere, pg_catalog first. */
const cat_type *catalog_type_named(const catalog *c, qname name);
/* Foreign keys that reference this table, by table oid and name; *n of them. O(log n). */
const cat_fk_ref *catalog_fks_to(const catalog *c, pg_oid table, size_t *n);
/* Type with domains resolved to their base; NULL when unknown. */
const cat_type *catalog_base_type(const catalog *c, pg_oid oid);

const cat_column *cat_table_column(const cat_table *t, str name);
const cat_column *cat_table_column_num(const cat_table *t, int16_t attnum);
/* The primary key, or NULL. */
const cat_key *cat_table_pk(const cat_table *t);
/*
 * True if no two rows can agree, by `=`, on these columns (any order): a provable key within them, no inheritance children.
 * Rows with NULL in them agree with nothing.
 */
bool cat_table_unique_on(const cat_table *t, const int16_t *attnums, size_t n);
