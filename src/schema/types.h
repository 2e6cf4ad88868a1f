/*
 * types: the GraphQL types of a role, as a function of (snapshot, role, backend): a type is derived when someone asks, nothing is
 * built before. A gdesc says which type is meant; deriving it gives its fields, whose types are gdescs again, so that walking
 * from the roots meets every type the role can see.
 * Sources: Hasura v2: GraphQL/Schema, Backends/Postgres/Instances/Schema.hs, Parser/Schema/Definition.hs (what is sorted).
 * Ownership: what derivation gives lives in the arena it was given; names of tables and columns point into the snapshot.
 * Threads: none of this changes the snapshot.
 */
#pragma once
#include "base/vec.h"
#include "schema/role.h"

typedef enum gkind { G_SCALAR, G_ENUM, G_INPUT_OBJECT, G_OBJECT } gkind;

/* Families of types; those of a table begin at GF_ROW. `op` of a gdesc picks the member of a family where there are several. */
typedef enum gfamily {
	GF_NONE,
	GF_QUERY_ROOT,
	GF_MUTATION_ROOT,
	GF_SUBSCRIPTION_ROOT,
	GF_META,   /* __Schema …: op */
	GF_SCALAR, /* scalar */
	GF_ORDER_BY_ENUM,
	GF_CURSOR_ORDERING,
	GF_COMPARISON, /* scalar, flags, list; with table: of its enum */
	GF_CAST,       /* scalar */
	GF_GEO_INPUT,  /* op: 0 st_d_within_input, 1 …_geography_input, 2 nband_geom, 3 geom_nband */
	GF_ROW,
	GF_ENUM, /* <T>_enum */
	GF_AGGREGATE,
	GF_AGGREGATE_FIELDS,
	GF_AGGREGATE_OP, /* op: index into types_agg_ops */
	GF_BOOL_EXP,
	GF_ORDER_BY,
	GF_SELECT_COLUMN,
	GF_AGG_ORDER_BY,
	GF_AGG_OP_ORDER_BY, /* op */
	GF_AGG_BOOL_EXP,
	GF_AGG_PREDICATE, /* op: index into the predicate functions */
	GF_AGG_PREDICATE_ARGS,
	GF_AGG_PREDICATE_COLUMN,
	GF_STREAM_CURSOR,
	GF_STREAM_VALUE,
	GF_INSERT_INPUT,
	GF_OBJ_REL_INSERT,
	GF_ARR_REL_INSERT,
	GF_ON_CONFLICT,
	GF_CONSTRAINT,
	GF_UPDATE_COLUMN,
	GF_UPDATE_OP, /* op: index into the update operators */
	GF_PK_COLUMNS,
	GF_UPDATES,
	GF_MUTATION_RESPONSE,
	GF_FUNCTION_ARGS, /* fn */
	GF_COMPUTED_ARGS, /* computed */
} gfamily;

/* Which type. Members that the family does not use are zero. */
typedef struct gdesc {
	uint8_t family;
	uint8_t op;
	bool list;
	uint32_t flags; /* TYPE_* of the PostgreSQL type, for comparisons */
	str scalar;
	const snap_source *src;
	const snap_table *t;
	const snap_function *fn;
	const snap_computed *computed;
} gdesc;

/* A type as it is used: name wrapped in `lists` lists; bit i of nonnull: `!` at level i, 0 innermost. */
typedef struct gref {
	str name;
	uint8_t lists;
	uint8_t nonnull;
	gdesc of;
} gref;

/* A field, an argument, an input field or an enum value (name and description only). */
typedef struct gfield gfield;
struct gfield {
	str name;
	str description; /* p NULL: none */
	gref type;
	str dflt;     /* default value as GraphQL writes it; p NULL: none */
	gfield *args; /* by name */
	size_t nargs;
};

typedef struct gtype {
	gkind kind;
	str name;
	str description; /* p NULL: none */
	gfield *fields;  /* by name: fields, input fields or enum values; none for scalars */
	size_t n;
} gtype;

/* Whose types, and where derivation puts what it makes. */
typedef struct types_ctx {
	arena *a;
	const snapshot *s;
	str role;
	bool backend; /* sees backend_only mutations */
} types_ctx;

/* The type meant by d. O(its fields). A root without fields: n = 0 (query_root never). */
void types_derive(types_ctx *x, const gdesc *d, gtype *out);
gkind types_kind(const gdesc *d);
/* Its name. */
str types_name(types_ctx *x, const gdesc *d);

/* ---- all types of a role ---- */

typedef struct types_entry {
	str name;
	gdesc desc;
} types_entry;

/* Every type reachable from the roots, the directives and the introspection types themselves, by name. */
typedef struct types_index {
	types_entry *v;
	size_t n;
	bool has_mutation;
	bool has_subscription;
} types_index;

/* Lives in a. O(all types of the role). */
void types_index_make(arena *a, const snapshot *s, str role, bool backend, types_index *out);
/* NULL when the role sees no type of this name. O(log n). */
const gdesc *types_index_find(const types_index *ix, str name);

/* ---- directives (Hasura v2: Parser/Directives.hs: those it advertises, in its order) ---- */

typedef struct gdirective {
	str name;
	str description;
	const char *locations; /* JSON list */
	gfield *args;
	size_t nargs;
} gdirective;

enum { TYPES_DIRECTIVES = 3 };
void types_directives(types_ctx *x, gdirective out[TYPES_DIRECTIVES]);
