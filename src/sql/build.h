/*
 * build: what all makers of SQL text share: names, parameters, boolean expressions, function calls, the fields of a row.
 * Private to sql/. Text is gathered in bufs; a sql_build belongs to one statement (its parameters and its aliases).
 * Rules: user text is a parameter, always; only names from the catalog (quoted), validated integers and GraphQL names
 * (as JSON keys) are written into SQL. Aliases are generated: t1, t2 …
 */
#pragma once
#include "sql/sql.h"

typedef VEC(val) val_vec;

typedef struct sql_build {
	arena *a;
	const snapshot *snap;
	const snap_source *source;
	val_vec params;
	unsigned aliases;
	/* Lists below are made by the database as JSON whatever the strategy (mutations, subselects). */
	bool json_only;
	bool multiplex; /* values are columns of a row of values, one row for each cohort (multiplex.h) */
} sql_build;

/* A row that is in reach: its alias, and how its whole row is written. */
typedef struct sql_row {
	unsigned alias;
	const snap_table *table; /* may be NULL inside boolean expressions */
	bool derived;            /* rows of a sub-select: the whole row is its column SQL_ROW_COLUMN */
} sql_row;

/* Column of a derived table that carries the whole row of its base (for functions that take a row). */
#define SQL_ROW_COLUMN "weir row"

sql_build sql_build_new(arena *a, const snapshot *snap, const snap_source *source);
/* The statement with this text (copied). ncols as selected. */
const statement *sql_finish(sql_build *b, const buf *text, size_t ncols);

unsigned sql_alias(sql_build *b);
void sql_put_alias(buf *out, unsigned alias);            /* t7 */
void sql_put_ident(buf *out, str name);                  /* "name" */
void sql_put_qname(buf *out, qname q);                   /* "s"."name" */
void sql_put_column(buf *out, unsigned alias, str name); /* t7."name" */
/* 'text' for text that no client chose (GraphQL names as JSON keys, enum type names). */
void sql_put_literal(buf *out, str text);
/* The whole row of r, of its table's row type. */
void sql_put_row(buf *out, const sql_row *r);
/* A value: ($n)::cast, NULL::cast, ST_GeomFromGeoJSON(…). Equal values share a parameter. */
void sql_put_val(sql_build *b, buf *out, const val *v);
/* (e1, e2, …) of v->elems, padded to 1, 2, 4, 8 … by repeating the last. nelems > 0. */
void sql_put_elems(sql_build *b, buf *out, const val *v);
/* fn(…) applied to a row. */
void sql_put_row_call(sql_build *b, buf *out, const row_call *call, const sql_row *row);
/* "s"."fn"(args) */
void sql_put_call(sql_build *b, buf *out, qname fn, const fn_arg *args, size_t nargs);

/*
 * A boolean expression, in parentheses where needed. row: the current table; root: the row `$` means.
 * Always a complete SQL condition (TRUE is written `true`).
 */
void sql_put_bexp(sql_build *b, buf *out, const bexp *e, unsigned row, unsigned root);
/* As above over a whole select: filter AND where; writes nothing and returns false when both are absent or TRUE. */
bool sql_put_filters(sql_build *b, buf *out, const bexp *filter, const bexp *where, unsigned row);
/* t1."a" = t2."b" AND …, local columns of `local`, remote ones of `remote`; `true` without pairs. */
void sql_put_pairs(buf *out, const join_pair *pairs, size_t n, unsigned local, unsigned remote);

/*
 * SELECT of the fields of several selects of one table (their filter, where, order and limits are not looked at) over the
 * rows in `array`, an SQL expression for text that is an array of the table's rows, in its order. Lists inside are made by
 * the database. Appends the text; *ncols cells; rows[i] describes a row of sels[i].
 */
void sql_select_fields(sql_build *b, buf *text, const plan_select *const *sels, size_t n, str array,
	const out_node **rows, size_t *ncols);

/* The statements of a mutation root (sql/mutation.c). */
MUST_CHECK bool sql_make_mutation(plan *p, const plan_root *root, sql_root *out, error *err);
/* More parameters or columns than PostgreSQL takes are refused. */
MUST_CHECK bool sql_check_sizes(const sql_root *r, error *err);
