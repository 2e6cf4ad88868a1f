/*
 * select: the parts from which one SELECT is put together. Private to sql/.
 *
 * A row_set is a SELECT without its list: where the rows come from, which, in what order, how many. What is selected is
 * added by one of two writers: cells.c (plain columns and a recipe, for exec to write) or json.c (a JSON value made by the
 * database). When a select is bounded (limit, offset, distinct) and what hangs on its rows is dear, the bounded rows are a
 * sub-select of their own, so that the dear part is done for them only.
 */
#pragma once
#include "sql/build.h"

typedef struct maker maker;
typedef struct place place;

/* The statements of one root under construction. */
struct maker {
	arena *a;
	const plan *p;
	const snap_source *source;
	bool stringify;
	sql_strategy strategy;
	uint64_t rows;  /* rows the root is thought to have */
	bool asked;     /* the number of rows decided something */
	bool multiplex; /* the multiplexed form of each statement */
	bool stream;    /* rows of a stream carry what the next round needs: */
	size_t cursor;  /* cell of the cursor's column, as text */
	size_t reached; /* safe streams: cell that says whether the row is within the bound */
	VEC(const statement *) stmts;
};

/* How the rows of a statement of a deeper level are bounded: those that belong to rows at `parent`. */
typedef struct level {
	const plan_select *sel;
	const snap_rel *rel;
	const place *parent;
} level;

/* A row in reach while fields are written. Lives as long as the statement is made, and longer for levels: in the arena. */
struct place {
	sql_row row;
	const plan_select *sel;
	const place *up;     /* the row it is an object relationship of; NULL: the statement's own rows */
	const snap_rel *rel; /* up to here */
	str guard;           /* column that is NULL when there is no such row; p NULL: there always is one */
	const level *of;     /* of the statement: NULL for the root's own */
	bool repeatable;     /* another statement may select the same rows again */
};

/* Where the rows of a select come from. */
typedef struct row_source {
	const snap_rel *rel; /* correlated by a relationship with the row `parent`; NULL: not */
	unsigned parent;
	const row_call *call; /* a function applied to call_row */
	const sql_row *call_row;
	const level *level; /* rows of the level's parents */
	const level *keys;  /* rows of one of the level's parents, whose keys are columns k1 … of alias `parent` */
	str cte;            /* rows of a common table expression: already bounded and filtered */
} row_source;

typedef struct row_set {
	sql_row row;
	buf head;  /* "DISTINCT ON (…) " or nothing */
	buf from;  /* with the joins made so far */
	buf where; /* a condition or nothing */
	buf order; /* a list or nothing */
	buf tail;  /* " LIMIT 1 OFFSET 2" or nothing */
} row_set;

enum {
	ROWS_WRAP = 1 << 0,      /* bounded rows become a sub-select */
	ROWS_WHOLE_ROW = 1 << 1, /* a derived table must carry the whole row */
	ROWS_TOTAL = 1 << 2,     /* append the primary key to the order when the rows are bounded */
	ROWS_ANY_ORDER = 1 << 3  /* only which rows matters, not their order */
};

/* Of a new statement of m. */
sql_build maker_build(const maker *m);
/* All statements of a root's select, and the recipe over them. */
const out_node *make_rows(maker *m, const plan_select *sel);

/* Begins a SELECT over sel's rows. Ends with rows_free. */
void rows_begin(sql_build *b, row_set *r, const plan_select *sel, const row_source *src, unsigned flags);
/* SELECT list FROM …; list as given. */
void rows_write(const row_set *r, buf *text, const buf *list);
void rows_free(row_set *r);
/* Limit, offset or distinct. */
bool select_bounded(const plan_select *sel);
/* Its fields need joins or sub-selects. */
bool select_deep(const plan_field *fields, size_t n);
/* Some field applies a function to the row itself. */
bool select_needs_row(const plan_field *fields, size_t n);
/* Its order leaves no two rows equal. */
bool select_total_order(const plan_select *sel);
/* "s"."t" tN, or a function call tN. */
void put_table(sql_build *b, buf *text, const plan_select *sel, const row_source *src, unsigned alias);
void put_condition(buf *where, bool *any);

/* ---- steady.c ---- */

/* The same rows come under the same snapshot whenever they are asked for, but for what bounds them. */
bool select_steady(const maker *m, const plan_select *sel);

/* ---- order.c ---- */

typedef struct order_item {
	str expr;
	str column; /* own column of the row; p NULL: an expression */
	bool desc;
	order_nulls nulls;
} order_item;

typedef VEC(order_item) order_items;

/* The ordering of sel over row; joins are appended to joins. */
void order_make(sql_build *b, const plan_select *sel, const sql_row *row, unsigned visible, bool total, buf *joins,
	order_items *items);
/* The order applies a function to the row itself. */
bool order_needs_row(const plan_select *sel);
/* A list after ORDER BY. derived: alias of a derived table that carries the expressions as columns order_column(i). */
void order_write(buf *text, const order_items *items, bool derived, unsigned alias);
void put_order_column(buf *text, size_t i);

/* ---- value.c: scalar values of a row ---- */

/* The SQL of a scalar field, before codec; with redaction and guard. */
void put_scalar(sql_build *b, buf *text, const place *p, const plan_field *f);
codec scalar_codec(const maker *m, const plan_field *f);
/* Written as a string although the type would be a number: --stringify-numeric-types. */
bool scalar_stringified(const maker *m, const plan_field *f);
/* Wraps an expression as a codec says: to_json(x), ST_AsGeoJSON(x, 15, 4)::json, x. */
void put_coded(buf *text, codec k, str expr);
/* count(…), or the operation of g over one result column. */
void put_aggregate(sql_build *b, buf *text, const plan_agg *g, const plan_agg_column *col, const sql_row *row);
codec aggregate_codec(const maker *m, const plan_agg *g, const plan_agg_column *col);
bool aggregate_stringified(const maker *m, const plan_agg *g, const plan_agg_column *col);

/* ---- cells.c: plain columns and a recipe ---- */

typedef struct cells {
	maker *m;
	sql_build *b;
	row_set *r;     /* joins are appended to its from */
	str_vec exprs;  /* the select list */
	map seen;       /* expression → cell + 1 */
	bool json_only; /* lists inside are made by the database */
	bool many;      /* levels may hang on these rows */
} cells;

size_t cells_add(cells *c, str expr);
/* The select list; named: each AS c1, c2 … (from = first number). Nothing selected: a NULL. */
void cells_write(const cells *c, buf *list, bool named);
/* The object of p's fields. */
const out_node *cells_object(cells *c, const place *p, const plan_field *fields, size_t n);

const out_node *out_text(arena *a, str text);
const out_node *out_string(arena *a, str text);
const out_node *out_value(arena *a, size_t cell, codec k);
const out_node *out_object(arena *a, const out_field *fields, size_t n, size_t present);
const out_node *out_rows(arena *a, out_kind kind, size_t stmt, const out_node *child);
str out_head(arena *a, str alias, bool first);

/* What a stream's rows carry beside their fields (stream.c). */
void stream_cells(cells *c, const place *p, const plan_stream *st);
const plan_select *stream_front(arena *a, const plan_select *sel);
/* The rows of a select as a statement of its own; *index is its number. The recipe is of one row; with a level, the row's
   first cells are its key. */
const out_node *statement_of_rows(maker *m, const plan_select *sel, const level *of, size_t *index);
/* Reserves a number; set with m->stmts.v[i]. */
size_t statement_reserve(maker *m);

/* ---- aggregate.c ---- */

/* The parts of an aggregate select as selects of their own. from_cte: over rows that are bounded already. */
const plan_select *select_of_nodes(arena *a, const plan_select *sel, const plan_field *nodes, bool from_cte);
const plan_select *select_of_aggregate(arena *a, const plan_select *sel, bool from_cte);
bool aggregate_has(const plan_select *sel, field_kind k);
bool aggregate_needs_row(const plan_select *sel);
/* Nodes, aggregates or the order ask for whole rows. */
bool aggregate_shared_row(const plan_select *sel);
bool aggregate_bounded(const plan_select *sel);
/* Nodes and aggregates may be read apart: they see the same rows whatever the plan. */
bool aggregate_separable(const maker *m, const plan_select *sel);
/* One PF_AGGREGATE field over sel's rows, as cells of a lateral join. */
const out_node *cells_aggregate(cells *c, const plan_select *sel, const plan_field *agg, const row_source *src);
/* The same as a statement of a level, grouped by the parents' key; sel's aggregates are not bounded. */
const out_node *level_aggregate(
	cells *c, const place *p, const plan_select *sel, const plan_field *agg, const snap_rel *rel);
const out_node *root_aggregate(maker *m, const plan_select *sel);

/* ---- json.c: values made by the database ---- */

/* An expression giving the JSON of sel: a list, an object or null, an aggregate object, by its shape. */
void put_json(sql_build *b, buf *text, maker *m, const plan_select *sel, const row_source *src);
/* An object from names and expressions; nothing is read from rows. */
typedef struct json_item {
	str alias;
	str expr;
} json_item;
typedef VEC(json_item) json_items;
void put_json_object(buf *text, const json_items *items);
void json_items_add(arena *a, json_items *items, str alias, buf *expr);

/* ---- levels.c, arrays.c, strategy.c ---- */

typedef enum list_form { LIST_JSON, LIST_LEVEL, LIST_ARRAYS } list_form;

/* Which form a list takes that hangs on p's rows. */
list_form strategy_list(cells *c, const place *p, const plan_select *sel, const snap_rel *rel);
/* Aggregates over rel's rows come as a statement for all of p's rows. */
bool strategy_aggregate_level(const cells *c, const place *p, const plan_select *sel, const snap_rel *rel);
/* Levels may hang on the rows of sel (asked before its statement is made). */
bool strategy_many(maker *m, const plan_select *sel, const level *of);
/* Another statement can select the same rows again. */
bool level_repeatable(const maker *m, const plan_select *sel);
bool level_allowed(const maker *m, const place *p, const snap_rel *rel);
/* Cells of p's row that hold the local columns of rel. */
const size_t *level_keys(cells *c, const place *p, const snap_rel *rel);
const out_node *level_list(cells *c, const place *p, const plan_select *sel, const snap_rel *rel);
/* The condition that binds rows of alias to a level's parents; false: none needed. */
bool put_level_condition(sql_build *b, buf *text, const level *of, unsigned alias);
/* SELECT [DISTINCT] the keys of a level's parents AS k1, k2 … */
void put_level_parents(sql_build *b, buf *text, const level *of, bool distinct);
bool arrays_allowed(const maker *m, const plan_select *sel);
const out_node *arrays_list(cells *c, const place *p, const plan_select *sel, const snap_rel *rel);
