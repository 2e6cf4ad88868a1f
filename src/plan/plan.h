/*
 * plan: a document bound to snapshot and role: checked, permission filters and presets inside, values still parameters.
 * sql/ makes statements of it, exec/ runs them. A plan is immutable, lives in its own arena and holds a reference on its
 * snapshot; plan caches share it within one worker.
 * The only place that adds permission filters is plan/permission.c.
 */
#pragma once
#include "base/buf.h"
#include "graphql/document.h"
#include "schema/role.h"

/* ---- rows of a table ---- */

typedef enum order_nulls { NULLS_DEFAULT, NULLS_FIRST, NULLS_LAST } order_nulls;

typedef enum order_kind { ORDER_COLUMN, ORDER_COMPUTED, ORDER_AGG, ORDER_COMPUTED_AGG } order_kind;

/* A relationship on the way to the ordering column. */
typedef struct order_step {
	const snap_rel *rel;
	const snap_table *table; /* target */
	const bexp *filter;      /* the role's filter on the target; NULL: none */
} order_step;

typedef struct plan_order {
	const order_step *path; /* object relationships; with ORDER_AGG the last step is the array relationship */
	size_t npath;
	order_kind kind;
	const snap_column *col;        /* ORDER_COLUMN, ORDER_AGG (NULL: count) */
	const bexp *visible_if;        /* inherited roles: the column counts as NULL where this fails */
	const snap_computed *computed; /* ORDER_COMPUTED, ORDER_COMPUTED_AGG */
	row_call call;                 /* with its arguments */
	str agg;                       /* count, max, min, sum, … */
	bool desc;
	order_nulls nulls;
} plan_order;

typedef struct plan_select plan_select;

typedef enum agg_kind { AGG_TYPENAME, AGG_COUNT, AGG_OP } agg_kind;

typedef struct plan_agg_column {
	str alias;
	str typename; /* set: __typename field with this value */
	const snap_column *col;
	const snap_computed *computed;
	row_call call;
	const bexp *visible_if;
} plan_agg_column;

/* A field of <T>_aggregate_fields. */
typedef struct plan_agg {
	str alias;
	agg_kind kind;
	str typename;                /* AGG_TYPENAME */
	str op;                      /* AGG_OP: sum, avg, max, … (SQL function name) */
	bool distinct;               /* AGG_COUNT */
	const plan_agg_column *cols; /* AGG_COUNT: columns (may be none); AGG_OP: result fields */
	size_t ncols;
} plan_agg;

typedef enum field_kind {
	PF_TYPENAME,      /* text */
	PF_COLUMN,        /* col, json_path */
	PF_OBJECT,        /* select: one row or null, by rel */
	PF_ARRAY,         /* select: list by rel */
	PF_ARRAY_AGG,     /* select: aggregate by rel */
	PF_COMPUTED,      /* scalar: call */
	PF_COMPUTED_ROWS, /* select.from is the function applied to this row; list, one or aggregate by select->shape */
	PF_NODES,         /* inside an aggregate: select's own rows, fields */
	PF_AGGREGATE      /* inside an aggregate: aggs */
} field_kind;

typedef struct plan_field {
	field_kind kind;
	str alias;
	str text; /* PF_TYPENAME */
	const snap_column *col;
	const str *json_path; /* steps of the path argument; NULL: whole value */
	size_t njson_path;
	const bexp *visible_if; /* inherited roles: null where this fails */
	const snap_rel *rel;
	const snap_computed *computed;
	row_call call;
	plan_select *select;
	/* PF_NODES: fields of the nodes; PF_AGGREGATE: aggs. */
	struct plan_field *fields;
	size_t nfields;
	const plan_agg *aggs;
	size_t naggs;
} plan_field;

typedef enum select_shape { SHAPE_LIST, SHAPE_ONE, SHAPE_AGGREGATE } select_shape;

typedef struct plan_from_function {
	const snap_function *fn;
	const fn_arg *args; /* in call order, session argument included */
	size_t nargs;
} plan_from_function;

/* <t>_stream: rows after a cursor, in its order, as many as the limit and those that tie with the last. */
typedef struct plan_stream {
	const snap_column *col;
	const bexp *visible_if; /* inherited roles: rows whose cursor the role may not see are not streamed */
	bool desc;
	bool ties; /* rows that tie with the last are not cut off */
	bool safe; /* the source's: only what no transaction under way can come before */
	val bound; /* safe: its place in statements */
	/* The initial value is null: the select has no cursor and is for the first rows; the same with one. NULL: the select
	   itself has the cursor, as a val marked so (val.cursor). */
	const plan_select *next;
} plan_stream;

struct plan_select {
	const snap_source *source;
	const snap_table *table;
	const plan_from_function *function; /* rows come from a function; NULL: from the table */
	select_shape shape;
	const bexp *filter; /* the role's; put here by plan_permit only; NULL: none */
	const bexp *where;  /* the client's (by_pk: the key equalities); NULL: none */
	const plan_order *order;
	size_t norder;
	const snap_column **distinct;
	size_t ndistinct;
	const bexp **distinct_visible; /* inherited roles: where the cell may be seen, else NULL; p NULL: everywhere */
	bool has_limit;
	int64_t limit;      /* client's, already min'ed with the role's (lists and nodes) */
	bool has_agg_limit; /* client's limit alone: bounds what aggregates see */
	int64_t agg_limit;
	bool has_offset;
	int64_t offset;
	const plan_stream *stream; /* NULL: not a stream */
	bool by_key;               /* where is an equality on a whole provable key: at most one row */
	plan_field *fields;        /* in response order */
	size_t nfields;
	str path; /* error path of this field: $.selectionSet.x */
};

/* ---- mutations ---- */

typedef struct plan_set_item {
	const snap_column *col;
	str op; /* "set", "inc", "append", "prepend", "delete_key", "delete_elem", "delete_at_path"; older API: "mul",
	                         "default" (without value) */
	val value;
} plan_set_item;

typedef struct plan_conflict {
	str constraint;         /* p NULL: any, or: */
	const snap_column **on; /* columns of an index (older API); none: any */
	size_t non;
	const snap_column **update; /* none: DO NOTHING */
	size_t nupdate;
	const plan_set_item *presets; /* of the update permission */
	size_t npresets;
	const bexp *filter; /* update permission's filter */
	const bexp *where;
	const bexp *check; /* update permission's check, for rows that were updated; NULL: none */
	bool has_update_check;
} plan_conflict;

typedef struct plan_insert plan_insert;

/* One object to insert: the values given, and what hangs on it. */
typedef struct plan_row {
	const val **values; /* by column index of the insert's cols; NULL: DEFAULT */
	struct plan_nested *nested;
	size_t nnested;
	str path; /* …args.objects[0] */
} plan_row;

typedef struct plan_nested {
	const snap_rel *rel;
	plan_insert *insert; /* object: one row; array: many */
	bool before;         /* before the parent */
	str path;
} plan_nested;

struct plan_insert {
	const snap_source *source;
	const snap_table *table;
	const snap_column **cols; /* columns any row gives, presets included */
	size_t ncols;
	plan_row *rows;
	size_t nrows;
	bool nested; /* some row has nested inserts: rows go one by one */
	bool bulk;   /* rows is one row: its values that are lists (is_list) have one element for each row to insert */
	const bexp *check; /* NULL: none */
	const plan_conflict *conflict;
	str path; /* …args.objects, ….rel.data: of errors that concern no single row */
};

typedef struct plan_update {
	const plan_set_item *items;
	size_t nitems;
	const bexp *where;
} plan_update;

typedef enum mutation_kind { MUT_INSERT, MUT_UPDATE, MUT_UPDATE_MANY, MUT_DELETE } mutation_kind;

/* A field of <T>_mutation_response. */
typedef enum response_kind { MR_TYPENAME, MR_AFFECTED_ROWS, MR_RETURNING } response_kind;

typedef struct plan_response {
	str alias;
	response_kind kind;
	str text;            /* MR_TYPENAME */
	plan_select *select; /* MR_RETURNING: fields of the rows; no filter, as in Hasura v2 */
} plan_response;

/* An input validation webhook of a permission, and what it is shown. Plans with one are made for one request. */
typedef struct plan_validation {
	const snap_table *table;
	const json *definition; /* {type, definition: {url, headers, timeout, forward_client_headers}} */
	const json *input;      /* list */
} plan_validation;

typedef struct plan_mutation {
	mutation_kind kind;
	const snap_source *source;
	const snap_table *table;
	plan_insert *insert;
	const plan_update *updates; /* MUT_UPDATE: one; MUT_UPDATE_MANY: each in order */
	size_t nupdates;
	const bexp *filter; /* update, delete: the role's; from plan_permit only */
	const bexp *where;  /* delete */
	const bexp *check;  /* update; NULL: none */
	bool one;           /* insert_one, by_pk: the answer is the row or null */
	const plan_validation *validations;
	size_t nvalidations;
	const plan_response *response; /* !one */
	size_t nresponse;
	plan_select *returning; /* one: fields of the row; its filter is NULL */
	str path;               /* of errors of the database: …args.objects, or $ */
} plan_mutation;

/* ---- root ---- */

typedef enum root_kind { ROOT_TYPENAME, ROOT_JSON, ROOT_ROWS, ROOT_MUTATION, ROOT_MUTATION_FUNCTION } root_kind;

typedef struct plan_root {
	str alias;
	str name; /* field name */
	root_kind kind;
	str text; /* ROOT_TYPENAME: the type; ROOT_JSON: the JSON (placeholder), unless: */
	const struct introspect_query *introspect; /* ROOT_JSON: asked of the schema when the plan runs; NULL: none */
	plan_select *select;                       /* ROOT_ROWS, ROOT_MUTATION_FUNCTION */
	plan_mutation *mutation;
} plan_root;

/* What of the request's variables is inside the plan: it fits another request only if these hold. */
typedef struct plan_guard {
	const val_step *path;
	size_t npath;
	str text; /* canonical JSON text of the value; "" = absent */
} plan_guard;

/* What a value read from the variables must be on every request, before SQL sees it (plan_check_variables). */
typedef struct plan_check {
	const val_step *path;
	size_t npath;
	str name;    /* GraphQL name of the type, for errors */
	str pg_name; /* its name in PostgreSQL, for errors */
	bool list;   /* a list of such values, none of them null */
	bool nullable;
	const struct value_rule *rule; /* how JSON is judged */
	const struct value_rule *elem; /* arrays: of the elements */
	str member;                    /* p set: the value is a list of objects, and this member of each is judged */
	const str *values;             /* enum tables: the values allowed */
	size_t nvalues;
	str at; /* error path */
} plan_check;

typedef struct plan {
	arena *a;
	const snapshot *snap;
	str role;
	gq_operation_kind kind;
	str operation_name;
	plan_root *roots;
	size_t nroots;
	plan_guard *guards;
	size_t nguards;
	plan_check *checks;
	size_t nchecks;
	bool cacheable;          /* false: holds a value that is no parameter and no guard */
	bool one_select_root;    /* subscription checks */
	void *statements;        /* sql/ puts its work here; freed with the arena */
	const str *session_vars; /* names used, lower case */
	size_t nsession_vars;
} plan;

/* A request as it came. variables may be NULL. */
typedef struct plan_request {
	const snapshot *snap;
	str role;
	bool backend; /* may use backend_only permissions */
	bool introspection_allowed;
	const gq_document *doc;
	const gq_operation *op;
	const json *variables;
	/* For error texts: false for the role's eyes only. */
	bool explain_missing; /* dev mode: say why a field is missing (in `internal`) */
} plan_request;

/*
 * Checks and binds. The plan's arena takes copies of what it needs of the document and the variables (guards, literals).
 * Errors: Hasura's codes, texts and paths (feature-map 1.18). O(size of the document + where it leads).
 */
MUST_CHECK bool plan_make(const plan_request *req, plan **out, error *err);
void plan_free(plan *p);
/* Hash of the variables' skeleton: keys, kinds, nulls, list lengths; not the scalar values. Equal skeleton and guards = same plan. */
uint64_t plan_variables_skeleton(const json *variables);
bool plan_guards_hold(const plan *p, const json *variables);
/*
 * Values inside the variables that SQL will get, against the types they were read for: on every cache hit. plan_make has
 * done it for its own request. Error: Hasura's text for the value, at its path. O(values).
 */
MUST_CHECK bool plan_check_variables(const plan *p, const json *variables, error *err);
