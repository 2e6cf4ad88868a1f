/*
 * document: a parsed GraphQL request. The language only; it knows nothing of schemas or databases.
 * Source: GraphQL specification, October 2021, executable documents. Syntax errors carry graphql-js's wording and
 * positions in err->internal; what the client reads is Hasura's fixed text.
 * Ownership: all nodes live in the arena given to gq_parse. Names, numbers and strings without escapes point into the
 * text, which must outlive the document. Children are chains: first in the parent, then `next`.
 * Threads: a document belongs to one thread at a time; walking it changes nothing, except gq_select_operation.
 * Bounds: a parsed document nests at most gq_limits.depth levels: a plain recursion over one definition is safe;
 * after gq_select_operation the same holds, with fragments followed, for the operation chosen.
 */
#pragma once
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/map.h"
#include "base/str.h"
#include <stdbool.h>
#include <stdint.h>

struct json;

typedef enum gq_value_kind {
	GQ_VAR,
	GQ_INT,
	GQ_FLOAT,
	GQ_STRING,
	GQ_BOOL,
	GQ_NULL,
	GQ_ENUM,
	GQ_LIST,
	GQ_OBJECT,
} gq_value_kind;

/* A value; also an argument or an object field, which are values with a name. */
typedef struct gq_value gq_value;
struct gq_value {
	gq_value_kind kind;
	bool boolean;    /* GQ_BOOL */
	bool block;      /* GQ_STRING written as a block string */
	uint32_t pos;    /* byte offset of the value in the document's text */
	uint32_t count;  /* GQ_LIST, GQ_OBJECT: children */
	str text;        /* variable or enum: name; number: source text; string: decoded; bool, null: source text */
	str name;        /* argument or object field: its name; else empty */
	gq_value *first; /* GQ_LIST, GQ_OBJECT: first child */
	gq_value *next;  /* next argument, field or element */
};

typedef struct gq_directive gq_directive;
struct gq_directive {
	str name; /* without the @ */
	uint32_t pos;
	gq_value *args; /* chain */
	gq_directive *next;
};

typedef struct gq_type gq_type;
struct gq_type {
	str name;    /* named type; empty for a list */
	gq_type *of; /* list: the element type; else NULL */
	bool nonnull;
	uint32_t pos;
};

typedef enum gq_selection_kind { GQ_FIELD, GQ_SPREAD, GQ_INLINE } gq_selection_kind;

typedef struct gq_selection gq_selection;
struct gq_selection {
	gq_selection_kind kind;
	uint32_t pos;   /* first byte: the alias, the name or the dots */
	uint32_t index; /* counts the selections of the document, 0 … n_selections-1: for side tables */
	str alias;      /* GQ_FIELD: empty = none */
	str name;       /* GQ_FIELD: the field; GQ_SPREAD: the fragment; GQ_INLINE: the type condition, empty = none */
	gq_value *args; /* GQ_FIELD: chain */
	gq_directive *directives;
	gq_selection *first; /* GQ_FIELD, GQ_INLINE: sub-selections; NULL = no braces */
	gq_selection *next;
};

typedef struct gq_variable_def gq_variable_def;
struct gq_variable_def {
	str name; /* without the $ */
	uint32_t pos;
	gq_type *type;
	gq_value *default_value; /* NULL = none; holds no variables */
	gq_directive *directives;
	gq_variable_def *next;
};

typedef enum gq_operation_kind { GQ_QUERY, GQ_MUTATION, GQ_SUBSCRIPTION } gq_operation_kind;

typedef struct gq_operation gq_operation;
struct gq_operation {
	gq_operation_kind kind;
	bool shorthand; /* `{ … }` without the word query */
	uint32_t pos;
	uint32_t n_vars;
	str name; /* empty = anonymous */
	gq_variable_def *vars;
	gq_directive *directives;
	gq_selection *first;
	gq_operation *next;
	gq_variable_def *duplicate_var; /* the first variable whose name was taken already; NULL = none */
	map var_map;                    /* private to gq_find_variable: filled when there are many */
};

typedef struct gq_fragment gq_fragment;
struct gq_fragment {
	str name;
	str on; /* type condition */
	uint32_t pos;
	gq_directive *directives;
	gq_selection *first;
	gq_fragment *next;
	/* Private to gq_select_operation: state of its walk, and what it learnt. */
	uint8_t state;
	uint32_t height; /* levels of selection sets below, fragments followed */
	uint32_t weight; /* selections inside, fragments followed; saturates */
};

/* 0 in a member = its default. */
typedef struct gq_limits {
	uint32_t depth;      /* nesting of selection sets, lists and objects, fragments followed: 200; at most 2,000 */
	uint32_t tokens;     /* of the whole text: 1,000,000 */
	uint32_t selections; /* of one operation, fragments followed: 250,000 */
} gq_limits;

typedef struct gq_document {
	str text;
	gq_limits limits; /* those it was parsed with, defaults filled in */
	gq_operation *operations;
	gq_fragment *fragments; /* in source order, duplicates included */
	map fragment_map;       /* name -> gq_fragment *, the first of each name */
	gq_fragment *duplicate; /* the first fragment whose name was taken already; NULL = none */
	uint32_t n_operations;
	uint32_t n_selections;
	uint32_t n_spreads;
	uint32_t depth; /* deepest nesting met */
} gq_document;

/* The response key: the alias, or the name. */
static inline str gq_key(const gq_selection *field)
{
	return field->alias.n ? field->alias : field->name;
}

/* An argument or object field by name in a chain; NULL when absent. O(n). */
gq_value *gq_find(const gq_value *chain, str name);
/* The directive of that name in a chain; NULL when absent. */
gq_directive *gq_find_directive(const gq_directive *chain, str name);
gq_fragment *gq_find_fragment(const gq_document *doc, str name);
/* The definition of $name; NULL when there is none. */
gq_variable_def *gq_find_variable(const gq_operation *op, str name);

/*
 * Parses an executable document. limits may be NULL. A repeated argument or object field is a syntax error, as in
 * Hasura v2. Error: validation-failed at $.query, "not a valid graphql query", with the reason, line and column as a
 * string in err->internal; or a text of its own when a limit is passed.
 */
MUST_CHECK bool gq_parse(arena *a, str text, const gq_limits *limits, gq_document **out, error *err);
/* Parses a type reference alone (`[Int!]!`). False when text is none. */
MUST_CHECK bool gq_parse_type(arena *a, str text, gq_type **out);
/* Line and column, from 1, of a byte of a text; columns count UTF-16 units as graphql-js does. O(pos). */
void gq_position(str text, size_t pos, size_t *line, size_t *column);

/*
 * Chooses the operation to run and makes the checks that need no schema, in Hasura v2's order and words: which
 * operation, fragments defined once, spreads known and without cycle (only those the operation reaches), variables
 * defined once, plus the limits of depth and size with fragments followed.
 * operation_name.p NULL = absent. Error: validation-failed or parse-failed, path $ or $.selectionSet….
 */
MUST_CHECK bool gq_select_operation(gq_document *doc, str operation_name, const gq_operation **out, error *err);

typedef enum gq_location {
	GQ_ON_QUERY,
	GQ_ON_MUTATION,
	GQ_ON_SUBSCRIPTION,
	GQ_ON_FIELD,
	GQ_ON_SPREAD,
	GQ_ON_INLINE,
	GQ_ON_VARIABLE,
} gq_location;

/*
 * Each directive is known (skip, include, cached, _multiple_top_level_fields), allowed there, and used once. Arguments
 * are not looked at. Error: validation-failed at path (copied), Hasura v2's texts.
 */
MUST_CHECK bool gq_check_directives(const gq_directive *chain, gq_location where, str path, error *err);

/* Equal values; object fields without order, numbers by text, block and plain strings alike. */
bool gq_value_equal(const gq_value *a, const gq_value *b);
/* Equal chains of arguments, without order. O(n log n). */
bool gq_arguments_equal(const gq_value *a, const gq_value *b);
/* A constant as JSON; an enum becomes its name as string, a variable null. Text is shared with the value. */
struct json *gq_value_to_json(arena *a, const gq_value *v);

/* Canonical text on one line a definition: one blank between tokens where needed, no commas but in lists of values,
 * arguments and variables, every string quoted plainly. Parsing and printing it again gives the same bytes. */
void gq_print(buf *b, const gq_document *doc);
void gq_print_operation(buf *b, const gq_operation *op);
void gq_print_fragment(buf *b, const gq_fragment *f);
void gq_print_value(buf *b, const gq_value *v);
void gq_print_type(buf *b, const gq_type *t);
/* The text by which an allow list compares documents: as gq_print, with arguments and object fields sorted by name and
 * `__typename` left out (Hasura v2: not inside inline fragments). */
void gq_print_normalized(buf *b, const gq_document *doc);

/*
 * Hasura v2's parameterized_query_hash: SHA-1 in hex, NUL-terminated, of the selections with fragments inlined, aliases
 * and directives dropped, every leaf value null. variables: the request's object, or NULL; they matter by their shape.
 * op must come from gq_select_operation(doc). Arguments are taken sorted by name.
 */
void gq_parameterized_hash(const gq_document *doc, const gq_operation *op, const struct json *variables, char out[41]);
