/*
 * bexp_walk: the tables, columns, relationships and computed fields a boolean expression of the metadata names, with the table
 * each belongs to. For dependencies and renames: a visitor may change the key or the text it is shown.
 */
#pragma once
#include "admin/admin_in.h"

typedef enum bexp_ref { REF_TABLE, REF_COLUMN, REF_REL, REF_COMPUTED } bexp_ref;

typedef struct bexp_seen {
	bexp_ref kind;
	qname table; /* whose column, relationship …; REF_TABLE: the table itself */
	str name;
	/* Where the name is written: the key of `at`, its text, or (REF_TABLE) the whole value. */
	json *at;
	bool as_key;
	const char *suffix; /* of the key behind the name ("_aggregate"), or NULL */
	bool on_type;       /* compared with a literal, whose form hangs on the column's type */
} bexp_seen;

typedef void bexp_visit(void *data, const bexp_seen *s);

/* j: of table t in source src. Unknown names are skipped. Bounded depth. */
void bexp_walk(const snap_source *src, const snap_table *t, json *j, bexp_visit *visit, void *data);
/* The literal parts of presets and comparisons: does a value name no session variable? */
bool bexp_is_static(const json *value);
