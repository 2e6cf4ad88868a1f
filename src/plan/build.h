/*
 * build: what the files of plan/ share while they make one plan (queries and mutations). Private to plan/.
 * Every function that can fail fills ctx->err and returns false. Everything is allocated in the plan's arena.
 */
#pragma once
#include "base/jsonpath.h"
#include "base/vec.h"
#include "catalog/type_info.h"
#include "plan/plan.h"

/* Where we are, for errors: $.selectionSet.x.args.where.id._eq. Rendered only when needed. */
typedef struct plan_path {
	const struct plan_path *up; /* NULL: the root "$" */
	str key;                    /* p NULL: index */
	size_t index;
} plan_path;

typedef struct input input;
typedef struct in_type in_type;
struct plan_var;

typedef VEC(plan_guard) guard_vec;
typedef VEC(plan_check) check_vec;

typedef struct plan_ctx {
	arena *a;
	const plan_request *req;
	const snapshot *snap;
	str role;
	plan *p;
	error *err;
	map vars; /* name → struct plan_var * */
	guard_vec guards;
	map guarded; /* paths that have one */
	check_vec checks;
	map session;    /* names of session variables used */
	map noted;      /* filters whose session variables are collected */
	map visited;    /* fragments whose variables are collected */
	bool once;      /* the plan holds values of this request: not to be cached */
	unsigned depth; /* of relationships in selections and expressions */
} plan_ctx;

/* ---- errors ---- */

const plan_path *path_key(plan_ctx *c, const plan_path *up, str key);
const plan_path *path_index(plan_ctx *c, const plan_path *up, size_t i);
str path_text(plan_ctx *c, const plan_path *p);
/* Returns false. validation-failed. */
bool plan_fail(plan_ctx *c, const plan_path *at, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
bool plan_fail_code(plan_ctx *c, error_code code, const plan_path *at, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* ['a', 'b'] */
str plan_name_list(arena *a, const str *names, size_t n);

/* ---- fields (selection.c) ---- */

/* Sub-selections of one response key, merged: chains one after the other. */
typedef struct sel_set {
	const gq_selection **v; /* first of each chain */
	size_t n;
} sel_set;

/* One field of a selection set after merging. */
typedef struct sel_field {
	str key;  /* response key */
	str name; /* field name */
	const gq_selection *first;
	sel_set sub;
} sel_field;

typedef VEC(sel_field) sel_field_vec;

/*
 * Fields of a selection set on object type `type`, in response order: fragments inlined, @skip and @include applied, equal keys
 * merged. at: the path with "selectionSet" already in it. Error: missing selection set for 'T', conflicts.
 */
MUST_CHECK bool sel_collect(plan_ctx *c, str type, const sel_set *set, const plan_path *at, sel_field_vec *out);
/* Refuses arguments not in names: 'f' has no argument named 'x'. */
MUST_CHECK bool sel_arguments(plan_ctx *c, const sel_field *f, const plan_path *at, const str *names, size_t n);
/* Refuses sub-selections: unexpected subselection set for non-object field. */
MUST_CHECK bool sel_leaf(plan_ctx *c, const sel_field *f, const plan_path *at);
/* The argument, with path at.args.name; false when absent. */
bool sel_argument(plan_ctx *c, const sel_field *f, const plan_path *at, str name, input *out);
/* field 'x' not found in type: 'T'; reason (empty: none) goes to `internal` in dev mode. */
bool sel_unknown(plan_ctx *c, const sel_field *f, const plan_path *at, str type, str reason);

/* Fields of a row of t: fills *fields. at: path of the field that has the selection set. */
MUST_CHECK bool row_fields(plan_ctx *c, const snap_source *src, const snap_table *t, const sel_set *set,
	const plan_path *at, plan_field **fields, size_t *n);

/* ---- permissions (permission.c) ---- */

/* NULL: the role may not select from t. */
const snap_select_perm *permit_select(plan_ctx *c, const snap_source *src, const snap_table *t);
const snap_perms *permit_all(plan_ctx *c, const snap_source *src, const snap_table *t);
/* Puts the role's filter into a select, and its limit where limit says so: the one place that does. */
void permit_rows(plan_ctx *c, plan_select *s, bool limit);
/* Filter of the role on the rows of a related table, AND where (may be NULL); for BEXP_REL, order steps, aggregates. NULL: all. */
const bexp *permit_related(plan_ctx *c, const snap_source *src, const snap_table *t, const bexp *where);
/* A filter or check of a permission as it is used at the top of a statement; notes its session variables. */
const bexp *permit_filter(plan_ctx *c, const bexp *filter);
/* Notes the session variable of a preset. */
void permit_val(plan_ctx *c, const val *v);
void permit_call(plan_ctx *c, const row_call *call);
/* Redaction of a column for inherited roles; NULL: always visible. */
const bexp *permit_column_filter(plan_ctx *c, const snap_select_perm *p, size_t col);
const bexp *permit_computed_filter(plan_ctx *c, const snap_select_perm *p, size_t computed);
/* A column's as a condition to put anywhere. */
const bexp *permit_visible(plan_ctx *c, const snap_select_perm *p, size_t col);
bool permit_column(const snap_select_perm *p, size_t col);
/* The role's filter alone, for a join or subselect of its own; the same pointer each time. NULL: all rows. */
const bexp *permit_table(plan_ctx *c, const snap_source *src, const snap_table *t);

/* ---- values (scalar.c) ---- */

/* A type values are read for. */
typedef struct value_type {
	const snap_source *src;
	pg_oid oid;  /* base type */
	str name;    /* GraphQL scalar, of the element for lists; enum type name */
	str pg_name; /* in pg_type */
	bool list;   /* GraphQL list */
	str cast;
	val_conv conv;
	bool from_geojson;
	const struct value_rule *rule;
	const struct value_rule *elem; /* arrays: of their elements */
	const snap_table *enum_table;  /* values must be one of its */
} value_type;

value_type value_type_column(plan_ctx *c, const snap_source *src, const snap_column *col);
/* By oid: function arguments, results. */
value_type value_type_oid(plan_ctx *c, const snap_source *src, pg_oid oid);
/* One of PostgreSQL's own types by name: "text", "int4", … */
value_type value_type_named(plan_ctx *c, const snap_source *src, str pg_name);
in_type value_in_type(const value_type *t, bool nullable);
/*
 * Reads one value: literal → VAL_CONST (or VAL_NULL), a variable's leaf → VAL_VAR with a check. in is not peeled yet.
 * nullable: null gives VAL_NULL, absent variables give VAL_NULL too. Errors: Hasura v2's parsePGValue.
 */
MUST_CHECK bool value_read(plan_ctx *c, const value_type *t, bool nullable, const input *in, val *out);
/* A JSON value that is known when the plan is made (the older API): VAL_CONST or VAL_NULL. */
MUST_CHECK bool value_read_json(plan_ctx *c, const value_type *t, const json *j, const plan_path *at, val *out);
/* Reads [T!] as one array (is_list) with elems when it is short. */
MUST_CHECK bool value_read_list(plan_ctx *c, const value_type *t, const input *in, val *out);
/* Reads [T!] as a value of the array type (has_keys_any, delete_at_path, ltree arrays). */
MUST_CHECK bool value_read_array(plan_ctx *c, const value_type *t, const input *in, val *out);
/* A member of each object of a list inside the variables (plan_list_is_uniform) as one array: VAL_COLUMN. */
MUST_CHECK bool value_read_column(
	plan_ctx *c, const value_type *t, bool nullable, const input *list, str member, val *out);
/* The same of values known already: VAL_CONST and VAL_NULL only. */
val value_column_of(plan_ctx *c, const value_type *t, const val *const *values, size_t n);
/*
 * A long list of objects with the same keys in the same order and with scalars only: to the skeleton of the variables such
 * lists are all alike, whatever their length and their nulls.
 */
bool plan_list_is_uniform(const json *list);
/* The value at a path inside the variables; NULL: absent. */
const json *plan_value_at(const json *variables, const val_step *path, size_t n);

/* ---- arguments ---- */

/* <T>_bool_exp. in is peeled and not null. */
MUST_CHECK bool where_read(plan_ctx *c, const snap_source *src, const snap_table *t, const input *in, const bexp **out);
/* key = value for each column of the primary key: by_pk, pk_columns. Arguments or members are given by `get`. */
MUST_CHECK bool key_equalities(plan_ctx *c, const snap_source *src, const snap_table *t, const plan_path *args,
	bool (*get)(plan_ctx *c, void *data, str name, input *out), void *data, const bexp **out);
/* [<T>_order_by!], peeled and not null. */
MUST_CHECK bool order_read(
	plan_ctx *c, const snap_source *src, const snap_table *t, const input *in, const plan_order **out, size_t *n);
/* distinct_on, limit, offset, order_by, where of a list, an aggregate, a function. at: path of the field. */
MUST_CHECK bool select_args(plan_ctx *c, const sel_field *f, const plan_path *at, plan_select *s);
extern const str SELECT_ARG_NAMES[5];
/* `args` of a function; also those of a computed field. */
MUST_CHECK bool function_args(plan_ctx *c, const snap_source *src, const snap_function *fn, const sel_field *f,
	const plan_path *at, plan_from_function **out);
MUST_CHECK bool computed_args(plan_ctx *c, const snap_source *src, const snap_table *t, const snap_computed *cf,
	const sel_field *f, const plan_path *at, row_call *out);
/* Columns the role may select, as names (for enums); indices[i] is the column. */
void select_columns(plan_ctx *c, const snap_source *src, const snap_table *t, str **names, size_t **indices, size_t *n);

/* ---- selects ---- */

plan_select *select_new(
	plan_ctx *c, const snap_source *src, const snap_table *t, select_shape shape, const plan_path *at);
/* The sub-selection of f, by the shape of s. */
MUST_CHECK bool select_fields(plan_ctx *c, plan_select *s, const sel_field *f, const plan_path *at);
/* Arguments of a list, permissions, sub-selection. */
MUST_CHECK bool select_rows(plan_ctx *c, plan_select *s, const sel_field *f, const plan_path *at);
/* A scalar computed field: its arguments, and path for JSON. */
MUST_CHECK bool computed_scalar(plan_ctx *c, const snap_source *src, const snap_table *t, const snap_computed *cf,
	const sel_field *f, const plan_path *at, plan_field *out);
/* The sub-selection of an aggregate: aggregate, nodes. */
MUST_CHECK bool aggregate_fields(plan_ctx *c, plan_select *s, const sel_set *set, const plan_path *at);
/* A root field that reads rows; also functions in mutation_root. */
MUST_CHECK bool root_rows(plan_ctx *c, const snap_root *r, const sel_field *f, const plan_path *at, plan_root *out);
/* <t>_stream (stream.c). */
MUST_CHECK bool stream_root(plan_ctx *c, const snap_root *r, const sel_field *f, const plan_path *at, plan_root *out);
/* A root field of a table in mutation_root (mutation.c): fills out->mutation. */
MUST_CHECK bool mutation_root(plan_ctx *c, const snap_root *r, const sel_field *f, const plan_path *at, plan_root *out);

/* Bounds recursion over relationships and nested expressions; pairs with plan_leave. */
MUST_CHECK bool plan_enter(plan_ctx *c, const plan_path *at);
void plan_leave(plan_ctx *c);
