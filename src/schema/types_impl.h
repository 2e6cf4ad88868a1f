/*
 * types_impl: what the files of types share. Private to types*.c. A generator fills the fields of one family; they are sorted
 * afterwards. Texts are patterns: @ the table's GraphQL name, # the member of the family (op), $ the scalar, % the table's name
 * in quotes.
 */
#pragma once
#include "catalog/type_info.h"
#include "schema/introspect.h"
#include "schema/types.h"

typedef VEC(gfield) gfield_vec;

typedef struct tgen {
	types_ctx *x;
	arena *a;
	const gdesc *d;
	const snap_source *src;
	const snap_table *t;
	const snap_perms *p; /* of the role on t; NULL without a table */
	gfield_vec f;
	gtype *out;
} tgen;

typedef struct types_op {
	str name;
	const char *description;       /* of the field; NULL: none */
	const char *input_description; /* of the type; NULL: the field's */
	uint32_t flags;                /* columns it is for: those with one of these TYPE_* bits; 0: all */
	const char *value;             /* type of its values; NULL: the column's */
} types_op;

extern const types_op types_agg_ops[];    /* avg … variance */
extern const types_op types_predicates[]; /* of aggregates of array relationships */
extern const types_op types_update_ops[];
enum { TYPES_AGG_OPS = 10, TYPES_PREDICATES = 11, TYPES_UPDATE_OPS = 7 };

/* ---- types.c ---- */

str types_expand(types_ctx *x, const char *pattern, const gdesc *d);
gfield *add_field(tgen *g, str name, str description, gref type);
/* An argument of a field; args are kept in order of name by finish. */
void add_arg(tgen *g, gfield *f, str name, const char *description, gref type);
void sort_fields(gfield *v, size_t n);

enum { NONNULL = 1, LIST_NONNULL = 3 }; /* bits of a named type, of [T!]! */

gref ref_of(types_ctx *x, gdesc d, uint8_t nonnull);
gref ref_list(types_ctx *x, gdesc d, uint8_t nonnull);
gref ref_scalar(const char *name, uint8_t nonnull);
gref ref_scalar_list(const char *name, uint8_t nonnull);
/* The type written in GraphQL: a named scalar with an optional "!". */
gref ref_text(const char *text);
gref ref_enum(types_ctx *x, gfamily family, uint8_t nonnull);
/* A family of g's table. */
gref ref_own(tgen *g, gfamily family, uint8_t nonnull);
gref ref_own_list(tgen *g, gfamily family, uint8_t nonnull);
gref ref_table(types_ctx *x, gfamily family, const snap_source *src, const snap_table *t, unsigned op, uint8_t nonnull);
gref types_meta_ref(introspect_type t, uint8_t nonnull);
gref ref_column(tgen *g, const snap_column *c, bool nullable);

/* The role's select permission on a table of g's source, with the table; NULL: none. */
const snap_select_perm *select_on(tgen *g, qname name, const snap_table **t);
/* Is column i of g's table in the role's select permission? */
static inline bool selects(const tgen *g, size_t i)
{
	return g->p->select && g->p->select->cols[i];
}
/* TYPE_* bits of a column; 0 for references to enum tables. */
uint32_t column_flags(const tgen *g, const snap_column *c);
bool any_selected(const snap_table *t, const snap_select_perm *p);

/* ---- generators ---- */

typedef void types_generator(tgen *g);
types_generator gen_row, gen_enum_table, gen_aggregate, gen_aggregate_fields, gen_aggregate_op, gen_select_column,
	gen_stream_cursor, gen_stream_value, gen_function_args, gen_computed_args;
types_generator gen_bool_exp, gen_order_by, gen_agg_order_by, gen_agg_op_order_by, gen_agg_bool_exp, gen_agg_predicate,
	gen_agg_predicate_args, gen_agg_predicate_column;
types_generator gen_comparison, gen_cast, gen_geo_input, gen_order_by_enum, gen_cursor_ordering;
types_generator gen_insert_input, gen_obj_rel_insert, gen_arr_rel_insert, gen_on_conflict, gen_constraint,
	gen_update_column, gen_update_op, gen_pk_columns, gen_updates, gen_mutation_response;
types_generator gen_query_root, gen_mutation_root, gen_subscription_root, gen_meta;

/* The five arguments of a selection of rows of t. */
void add_select_args(tgen *g, gfield *f, const snap_table *t);
void add_function_args(tgen *g, gfield *f, const snap_function *fn, str function);
/* Tables of the same kind: columns of the primary key as arguments or fields. */
void add_pk_columns(tgen *g, const snap_table *t, gfield *f);
/* _set … of g's table, as arguments of f or (NULL) fields. */
void add_update_ops(tgen *g, gfield *f);
void add_conflict_arg(tgen *g, gfield *f);
