/*
 * introspect: answers __schema and __type(name:) from (snapshot, role), types derived on demand, all lists sorted by name.
 * The selection comes compiled (plan/introspect.c checks the document against introspect_fields), so that equal questions have
 * equal texts: these are the keys of the snapshot's cache of rendered answers.
 */
#pragma once
#include "base/buf.h"
#include "schema/introspect_cache.h"
#include "schema/role.h"

/* ---- the introspection types (Hasura v2: GraphQL/Schema/Introspect.hs) ---- */

typedef enum introspect_type {
	META_SCHEMA,
	META_TYPE,
	META_FIELD,
	META_INPUT_VALUE,
	META_ENUM_VALUE,
	META_DIRECTIVE,
	META_TYPE_KIND
} introspect_type;

typedef struct introspect_field {
	str name;
	introspect_type in;
	bool object; /* has a selection set, on type `of` */
	introspect_type of;
	const char *type;    /* as GraphQL writes it */
	bool deprecated_arg; /* takes includeDeprecated: Boolean = false */
} introspect_field;

str introspect_type_name(introspect_type t);
/* The field of an introspection type; NULL when there is none. */
const introspect_field *introspect_field_find(introspect_type in, str name);
/* The i-th field of all, in order of (type, name); NULL behind the last. */
const introspect_field *introspect_field_at(size_t i);

/* ---- a question ---- */

typedef struct introspect_sel introspect_sel;
struct introspect_sel {
	str key;                       /* response key */
	const introspect_field *field; /* NULL: __typename */
	const introspect_sel *sub;     /* field->object: nsub of them */
	size_t nsub;
};

typedef struct introspect_query {
	str role;
	bool backend;
	str alias; /* response key of the root field */
	bool type; /* __type(name:), else __schema */
	str type_name;
	const introspect_sel *sub;
	size_t nsub;
	str key;          /* introspect_query_key */
	size_t max_bytes; /* of the answer as JSON; 0: INTROSPECT_MAX_BYTES */
} introspect_query;

/* Fills q->key; lives in a. */
void introspect_query_key(arena *a, introspect_query *q);
/* The rendered answer if it is there: a reference for the caller, to be given back with introspect_entry_unref. Thread-safe. */
introspect_entry *introspect_known(const snapshot *s, const introspect_query *q);
/*
 * The same, rendered at need: takes long with many types (a second for thousands), so not for a thread that others wait for.
 * Thread-safe. Its gzip is that of the whole answer when this is the only root field: {"data":{alias: …}}.
 * Error: an answer over max_bytes.
 */
MUST_CHECK bool introspect_answer(const snapshot *s, const introspect_query *q, introspect_entry **out, error *err);
