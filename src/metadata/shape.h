/*
 * shape: the forms of metadata objects as data. A shape reads the JSON somebody sent and gives the canonical one: alternative
 * spellings made one, members in Hasura's export order, defaults left out, strictness and error texts as Hasura's parsers.
 * So each object is described once, and reading, checking and exporting follow from it.
 * Private to metadata/.
 */
#pragma once
#include "metadata/metadata.h"

enum { SHAPE_MAX_DEPTH = 200 };

/* Where in the document the parser is; frames live on the C stack. */
typedef struct shape_frame {
	const struct shape_frame *up;
	const char *key; /* NULL: an index */
	size_t index;
} shape_frame;

typedef struct shape_ctx {
	arena *a;       /* where the canonical JSON goes */
	arena *scratch; /* dies with the parse */
	error *err;
	const shape_frame *frame;
	map strings; /* in scratch: text → its one copy in a (column and role names repeat a lot) */
	map lists;   /* in scratch: text of a list of columns → its canonical array, whose elements others share */
	unsigned depth;
} shape_ctx;

/* Reads `in`, gives a new node in c->a; out NULL-able results mean "leave the member out". arg is the function's own. */
typedef bool shape_fn(shape_ctx *c, const void *arg, const json *in, json **out);

enum {
	M_REQUIRED = 1 << 0,   /* absent: `key "x" not found` */
	M_DROP_FALSE = 1 << 1, /* false is the default: left out */
	M_DROP_EMPTY = 1 << 2, /* [] and {} are left out */
	M_DROP_DEFAULT =
		1 << 3 /* equal to dflt: left out; without this flag dflt is put in when the member is absent */
};

typedef struct shape_member {
	const char *key;
	shape_fn *fn;
	const void *arg;
	unsigned flags;
	const char *dflt; /* JSON text, or NULL */
} shape_member;

typedef enum shape_unknown { UNKNOWN_DROP, UNKNOWN_KEEP, UNKNOWN_REFUSE } shape_unknown;

typedef struct shape_object {
	const char *context; /* of `parsing X failed, expected Object, but encountered Y` */
	bool generic;        /* Hasura derives this parser: a missing key also says `parsing X failed, ` */
	shape_unknown unknown;
	const shape_member *members;             /* in export order, ended by a NULL key */
	bool (*finish)(shape_ctx *c, json *out); /* NULL: none */
} shape_object;

typedef struct shape_list {
	shape_fn *fn;
	const void *arg;
	const char *sort_by; /* member whose text orders the elements; NULL: as given */
	const char *
		duplicates; /* `multiple declarations exist for the following <this>: `; NULL: the last one wins if sorted */
	bool nonempty;
} shape_list;

typedef struct shape_tags {
	const char *context;
	const char *const *tags; /* ended by NULL */
} shape_tags;

void shape_begin(shape_ctx *c, arena *a, arena *scratch, const shape_frame *frame, error *err);
/* False with err: parse-failed at the current path. */
bool shape_fail(shape_ctx *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* `parsing <context> failed, expected <want>, but encountered <kind of in>`. */
bool shape_mismatch(shape_ctx *c, const char *context, const char *want, const json *in);
/* "$.sources[0].tables[3]" of the current frame. */
str shape_path(const shape_ctx *c);
/* The one copy of s in c->a. */
str shape_intern(shape_ctx *c, str s);
json *shape_new_str(shape_ctx *c, str s);
/* Runs fn on the member or element with its frame pushed. */
bool shape_at_key(shape_ctx *c, const char *key, shape_fn *fn, const void *arg, const json *in, json **out);
bool shape_at_index(shape_ctx *c, size_t i, shape_fn *fn, const void *arg, const json *in, json **out);
/* Upper bound of the bytes a canonical copy of j takes: a hint for arenas. */
size_t shape_size(const json *j);
/* Sorts an array's elements by a member's text; stable. With `keep_last`, of equal ones only the last stays. */
void shape_sort(arena *scratch, json *arr, const char *member, bool keep_last);
/* The text an element is sorted and compared by: the member's text, or schema NUL name if it is a qualified name. */
str shape_sort_key(arena *scratch, const json *element, const char *member);

/* ---- the common shapes (arg) ---- */

shape_fn shape_do_object;   /* shape_object */
shape_fn shape_do_list;     /* shape_list */
shape_fn shape_do_any;      /* NULL: a copy with members sorted, as Hasura prints what it does not know closer */
shape_fn shape_do_any_list; /* NULL: an array of anything */
shape_fn shape_do_text;     /* NULL, or context name ("Text") */
shape_fn shape_do_nonempty; /* NULL */
shape_fn shape_do_name;     /* NULL: a GraphQL name */
shape_fn shape_do_bool;     /* NULL */
shape_fn shape_do_int;      /* NULL */
shape_fn shape_do_seconds;  /* NULL: a number, kept as written */
shape_fn shape_do_tag;      /* shape_tags */
shape_fn shape_do_tag_set;  /* shape_tags: a list of them, each once */
shape_fn shape_do_qname;    /* NULL: string or {schema, name} → {name, schema} */
shape_fn shape_do_comment;  /* NULL: string or null (null: left out) */
shape_fn shape_do_text_map; /* NULL: object of anything, keys sorted */
shape_fn shape_do_bool_exp; /* NULL: boolean expression of a permission */

extern const shape_list shape_texts; /* list of Text */
extern const shape_list shape_names; /* list of NonEmptyText */

/* ---- the documents' objects (shape_*.c) ---- */

extern const shape_object shape_table, shape_function, shape_inherited_role;
extern const shape_list shape_object_rels, shape_array_rels;
extern const shape_list shape_insert_perms, shape_select_perms, shape_update_perms, shape_delete_perms;
/* A source's own parts, without tables and functions: PostgreSQL's kinds, and any other engine's. */
extern const shape_object shape_source_pg, shape_source_other;
extern const shape_object shape_connection_info;

typedef struct shape_part {
	const char *key;
	shape_fn *fn;
	const void *arg;
	bool (*empty)(const json *canonical); /* left out of the document then */
} shape_part;
/* Top-level parts in export order, after version and sources; ended by a NULL key. */
extern const shape_part shape_parts[];
/* The part of that name, or one for parts nobody knows (kept as they are). */
shape_part shape_part_of(str key);
bool shape_empty_value(const json *j);
