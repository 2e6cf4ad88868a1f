/*
 * bexp: a boolean expression bound to a table: the one form of permission filters, checks and GraphQL `where`.
 * It carries names and types, no pointers to other tables, so that it may be shared between snapshots.
 * Ownership: lives in the arena of whoever made it (a snap_table, a plan).
 */
#pragma once
#include "base/json.h"
#include "catalog/catalog.h"

/* ---- values ---- */

typedef enum val_kind {
	VAL_CONST,   /* text: PostgreSQL input text, known when the plan is made */
	VAL_NULL,    /* SQL NULL, known when the plan is made */
	VAL_VAR,     /* a JSON value inside the request's variables: path */
	VAL_COLUMN,  /* member `text` of each object of the list at path, as an array; conv is that of the elements */
	VAL_SESSION, /* session variable `text` (lower case); absent at run time: error */
	VAL_SESSION_OPT, /* session variable; absent at run time: NULL (session arguments, presets of functions) */
	VAL_SESSION_JSON /* all session variables as a JSON object */
} val_kind;

/* How a JSON value becomes PostgreSQL input text. */
typedef enum val_conv {
	CONV_SCALAR,    /* string: its text; number, boolean: as written */
	CONV_JSON,      /* serialised JSON (json, jsonb, geometry, geography …) */
	CONV_ARRAY,     /* JSON list (nested lists: more dimensions) → array literal; a string passes as it is */
	CONV_INT,       /* an integer however JSON writes it (1.0, 1e3): its digits; a string: its text */
	CONV_JSON_ARRAY /* JSON list → array literal whose elements are serialised JSON */
} val_conv;

/* One step into the variables: an object key, or an element when key.p is NULL. */
typedef struct val_step {
	str key;
	size_t index;
} val_step;

typedef struct val {
	val_kind kind;
	val_conv conv;
	str text;
	const val_step *path; /* VAL_VAR: first step names the variable */
	size_t npath;
	/* SQL type to cast to, ready for SQL ("integer", "text[]", "\"s\".\"my enum\""). Empty: none.
	   Geometry and geography take GeoJSON: from_geojson. */
	str cast;
	bool from_geojson;
	bool cursor;  /* of a stream: the value to begin with, whose place later values take */
	bool bound;   /* of a safe stream: the value up to which rows may be delivered; always given by who runs it */
	bool is_list; /* the cast is an array of the column's type: = ANY(…) */
	/* When the list is short and literal, its elements one by one: IN ($1, $2) (checks.md); NULL: one array. */
	struct val *elems;
	size_t nelems;
} val;

/* ---- operators ---- */

/* X(name, GraphQL name without "_", SQL operator or function) ; order matters nowhere */
#define CMP_OPS(X)                                                                   \
	X(CMP_EQ, "eq", "=")                                                         \
	X(CMP_NEQ, "neq", "<>")                                                      \
	X(CMP_IN, "in", "=")                                                         \
	X(CMP_NIN, "nin", "<>")                                                      \
	X(CMP_GT, "gt", ">")                                                         \
	X(CMP_LT, "lt", "<")                                                         \
	X(CMP_GTE, "gte", ">=")                                                      \
	X(CMP_LTE, "lte", "<=")                                                      \
	X(CMP_LIKE, "like", "LIKE")                                                  \
	X(CMP_NLIKE, "nlike", "NOT LIKE")                                            \
	X(CMP_ILIKE, "ilike", "ILIKE")                                               \
	X(CMP_NILIKE, "nilike", "NOT ILIKE")                                         \
	X(CMP_SIMILAR, "similar", "SIMILAR TO")                                      \
	X(CMP_NSIMILAR, "nsimilar", "NOT SIMILAR TO")                                \
	X(CMP_REGEX, "regex", "~")                                                   \
	X(CMP_NREGEX, "nregex", "!~")                                                \
	X(CMP_IREGEX, "iregex", "~*")                                                \
	X(CMP_NIREGEX, "niregex", "!~*")                                             \
	X(CMP_IS_NULL, "is_null", "IS NULL")                                         \
	X(CMP_CONTAINS, "contains", "@>")                                            \
	X(CMP_CONTAINED_IN, "contained_in", "<@")                                    \
	X(CMP_HAS_KEY, "has_key", "?")                                               \
	X(CMP_HAS_KEYS_ANY, "has_keys_any", "?|")                                    \
	X(CMP_HAS_KEYS_ALL, "has_keys_all", "?&")                                    \
	X(CMP_ANCESTOR, "ancestor", "@>")                                            \
	X(CMP_ANCESTOR_ANY, "ancestor_any", "@>")                                    \
	X(CMP_DESCENDANT, "descendant", "<@")                                        \
	X(CMP_DESCENDANT_ANY, "descendant_any", "<@")                                \
	X(CMP_MATCHES, "matches", "~")                                               \
	X(CMP_MATCHES_ANY, "matches_any", "?")                                       \
	X(CMP_MATCHES_FULLTEXT, "matches_fulltext", "@")                             \
	X(CMP_ST_CONTAINS, "st_contains", "ST_Contains")                             \
	X(CMP_ST_CROSSES, "st_crosses", "ST_Crosses")                                \
	X(CMP_ST_EQUALS, "st_equals", "ST_Equals")                                   \
	X(CMP_ST_INTERSECTS, "st_intersects", "ST_Intersects")                       \
	X(CMP_ST_3D_INTERSECTS, "st_3d_intersects", "ST_3DIntersects")               \
	X(CMP_ST_OVERLAPS, "st_overlaps", "ST_Overlaps")                             \
	X(CMP_ST_TOUCHES, "st_touches", "ST_Touches")                                \
	X(CMP_ST_WITHIN, "st_within", "ST_Within")                                   \
	X(CMP_ST_D_WITHIN, "st_d_within", "ST_DWithin")                              \
	X(CMP_ST_3D_D_WITHIN, "st_3d_d_within", "ST_3DDWithin")                      \
	X(CMP_ST_INTERSECTS_RAST, "st_intersects_rast", "ST_Intersects")             \
	X(CMP_ST_INTERSECTS_NBAND_GEOM, "st_intersects_nband_geom", "ST_Intersects") \
	X(CMP_ST_INTERSECTS_GEOM_NBAND, "st_intersects_geom_nband", "ST_Intersects") \
	/* permissions only: against another column */                               \
	X(CMP_CEQ, "ceq", "=")                                                       \
	X(CMP_CNEQ, "cne", "<>")                                                     \
	X(CMP_CGT, "cgt", ">")                                                       \
	X(CMP_CLT, "clt", "<")                                                       \
	X(CMP_CGTE, "cgte", ">=")                                                    \
	X(CMP_CLTE, "clte", "<=")

typedef enum cmp_op {
#define X(name, text, sql) name,
	CMP_OPS(X)
#undef X
		CMP_OP_COUNT
} cmp_op;

str cmp_op_name(cmp_op op); /* without the underscore */
str cmp_op_sql(cmp_op op);
/* Name without "_" or "$" → op; CMP_OP_COUNT when there is none. ("ne", "cneq" are accepted spellings.) */
cmp_op cmp_op_from(str name);

/* ---- expressions ---- */

typedef enum bexp_kind {
	BEXP_TRUE,
	BEXP_FALSE,
	BEXP_AND,           /* kids */
	BEXP_OR,            /* kids */
	BEXP_NOT,           /* kids[0] */
	BEXP_CMP,           /* lhs op rhs */
	BEXP_REL,           /* EXISTS row of rel.target joined by rel.pairs with kids[0] */
	BEXP_EXISTS,        /* EXISTS row of rel.target (no pairs) with kids[0] */
	BEXP_REL_AGG,       /* predicate over an aggregate of the rows of rel.target: agg */
	BEXP_COMPUTED_TABLE /* EXISTS row of the set function lhs.computed with kids[0] */
} bexp_kind;

typedef struct join_pair {
	str local; /* PostgreSQL column name */
	str remote;
} join_pair;

/* A correlated step to another table of the same source. */
typedef struct bexp_rel {
	qname target;
	const join_pair *pairs;
	size_t npairs;
} bexp_rel;

/* A function applied to a row of the table: computed fields. */
typedef struct row_call {
	qname function;
	size_t table_arg;          /* position of the row among the arguments (0-based) */
	size_t session_arg;        /* position of the session JSON, or SIZE_MAX */
	str session_cast;          /* "json" or "jsonb" */
	const struct fn_arg *args; /* user arguments in call order (NULL with BEXP) */
	size_t nargs;
} row_call;

/* One argument of a function call: positional, or named when name.p is set. */
typedef struct fn_arg {
	str name;
	val value;
} fn_arg;

typedef struct bexp_lhs {
	str column;               /* column of the current table, or p NULL with computed */
	const row_call *computed; /* scalar (BEXP_CMP) or set-returning (BEXP_COMPUTED_TABLE) */
	pg_oid type;              /* base type */
	str cast;                 /* from _cast: SQL type the column is cast to; empty: none */
	bool nullable;
	/* Inherited roles: the column counts as NULL unless this holds (plan/ fills it in); NULL: always visible. */
	const struct bexp *visible_if;
} bexp_lhs;

typedef struct bexp_agg {
	str function; /* count, bool_and, bool_or, avg, max … */
	bool distinct;
	const str *columns; /* arguments; none: count(*) */
	size_t ncolumns;
	const struct bexp *filter; /* on rows of the target (role filter included by plan/); NULL: none */
	const struct bexp
		*predicate; /* BEXP_AND/OR/NOT of BEXP_CMP whose lhs is the aggregate (column.p NULL, computed NULL) */
} bexp_agg;

typedef struct bexp bexp;
struct bexp {
	bexp_kind kind;
	const bexp **kids;
	size_t nkids;
	bexp_lhs lhs;
	cmp_op op;
	/* Null-safe equality, for permission literals on nullable columns: (a = b) OR (a IS NULL AND b IS NULL). */
	bool null_safe;
	/* A role's filter put inside another expression (below BEXP_REL, BEXP_EXISTS …): rhs_root in it means the table current
	   here. plan/permission.c sets it. */
	bool own_root;
	bool is_null; /* CMP_IS_NULL: IS NULL or (false) IS NOT NULL */
	val rhs;
	val extra[2]; /* st_d_within: distance (rhs is `from`), use_spheroid; raster forms: nband, geom */
	size_t nextra;
	str rhs_column; /* CMP_C*: column to compare with */
	bool rhs_root;  /* of the root table of the permission instead of the current one */
	bexp_rel rel;
	bexp_agg agg;
};

bexp *bexp_new(arena *a, bexp_kind kind);
/* AND of two, dropping TRUE and NULL (= TRUE); result may be one of them. */
const bexp *bexp_and(arena *a, const bexp *x, const bexp *y);
const bexp *bexp_or(arena *a, const bexp *x, const bexp *y);
/* Equal in structure and values (inherited roles compare permissions). */
bool bexp_equal(const bexp *x, const bexp *y);
