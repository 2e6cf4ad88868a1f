/*
 * input: what a client gave for an argument: a literal of the document or a value inside the request's variables, seen alike.
 * Everything structural that is read out of variables is remembered as a guard of the plan, unless the skeleton of the
 * variables covers it (plan_variables_skeleton): keys of objects, kinds, nulls, lengths of lists of objects.
 * Ownership: inputs live in the plan's arena; they point into document and variables, which outlive the making of the plan.
 */
#pragma once
#include "plan/build.h"

typedef enum in_kind {
	IN_ABSENT,
	IN_NULL,
	IN_BOOL,
	IN_INT,
	IN_FLOAT,
	IN_NUMBER,
	IN_STRING,
	IN_ENUM,
	IN_LIST,
	IN_OBJECT,
	IN_VARIABLE
} in_kind;

/* IN_INT, IN_FLOAT, IN_ENUM come from literals, IN_NUMBER from variables. */
struct input {
	const gq_value *g;     /* literal; may be a variable until peeled */
	const json *j;         /* else a value inside the variables … */
	const val_step *vpath; /* … found here */
	size_t nvpath;
	const plan_path *at;
};

/* A type as GraphQL writes it where a value is used: name, wrapped in `lists` lists; bit i of nonnull: `!` at level i, 0 innermost. */
struct in_type {
	str name;
	uint8_t lists;
	uint8_t nonnull;
};

static inline in_type type_nullable(str name)
{
	return (in_type){.name = name};
}
static inline in_type type_required(str name)
{
	return (in_type){.name = name, .nonnull = 1};
}
/* [name!] */
static inline in_type type_list(str name)
{
	return (in_type){.name = name, .lists = 1, .nonnull = 1};
}
/* [name!]! */
static inline in_type type_list_required(str name)
{
	return (in_type){.name = name, .lists = 1, .nonnull = 3};
}
/* T as the element of a list: [T!] … keeps what T says inside. */
in_type type_list_of(in_type t);
in_type type_with_null(in_type t, bool nullable);
str type_text(arena *a, in_type t);

typedef struct input_member {
	str name;
	input value;
} input_member;

typedef struct input_object {
	input_member *v;
	size_t n;
} input_object;

typedef struct input_list {
	input *v;
	size_t n;
	bool coerced; /* a single value, taken as a list of one */
} input_list;

input input_literal(const gq_value *g, const plan_path *at);
in_kind input_kind(const input *in);
/* "a string", "null", "an integer" …: Hasura v2's describeValue. */
const char *input_describe(const input *in);
static inline bool input_is_null(const input *in)
{
	in_kind k = input_kind(in);
	return k == IN_NULL || k == IN_ABSENT;
}

/*
 * Replaces a variable by its value (request's, default literal, or absent), after comparing its declared type with the
 * location's. Anything else stays. location_default: the location has a non-null default.
 */
MUST_CHECK bool input_peel(plan_ctx *c, input *in, in_type want, bool location_default);
/* As input_peel; absent becomes null at a nullable location, else an error. */
MUST_CHECK bool input_peel_value(plan_ctx *c, input *in, in_type want);

/* Members in written order, deliberately unbound variables left out. Error: expected an object for type … */
MUST_CHECK bool input_members(plan_ctx *c, const input *in, str type, input_object *out);
/* Elements; a single value counts as a list of one (GraphQL: list input coercion). Error at null. */
MUST_CHECK bool input_items(plan_ctx *c, const input *in, input_list *out);
input *input_get(input_object *o, str name);
/* The first member whose name is in none of the n names is refused: field 'x' not found in type: 'T'. */
MUST_CHECK bool input_only(plan_ctx *c, const input_object *o, str type, const str *names, size_t n);
bool input_unknown_field(plan_ctx *c, const input_member *m, str type);
bool input_mismatch(plan_ctx *c, const input *in, const char *expected, str type);

/* Leaves that shape the plan; from variables they become guards. */
MUST_CHECK bool input_bool(plan_ctx *c, const input *in, bool *out);
/* Int, 32 bits. */
MUST_CHECK bool input_int(plan_ctx *c, const input *in, int64_t *out);
/* limit: not negative. */
MUST_CHECK bool input_nonnegative(plan_ctx *c, const input *in, int64_t *out);
/* offset: 64 bits, digits in a string too. */
MUST_CHECK bool input_bigint(plan_ctx *c, const input *in, int64_t *out);
MUST_CHECK bool input_string(plan_ctx *c, const input *in, str *out);
/* Index of the enum value among names. */
MUST_CHECK bool input_enum(plan_ctx *c, const input *in, str type, const str *names, size_t n, size_t *out);
/* The whole value as JSON, with variables inside filled in (and guarded). */
const json *input_json(plan_ctx *c, const input *in);
/* The plan now depends on this value as it is. Nothing to do for literals. */
void input_guard(plan_ctx *c, const input *in);

/* Longer lists of scalars are all alike to the skeleton. */
enum { SKELETON_LIST_MAX = 8 };

/* The variable has no value and is taken out of the query, as if it had not been written (a flag of Hasura v2). */
bool input_variable_unbound(plan_ctx *c, str name);
/* Variables of the operation: declared, provided, used; errors of feature-map 1.18. Called once by plan_make. */
MUST_CHECK bool input_bind_variables(plan_ctx *c);
