/*
 * mutation: what the files that plan mutations share. Private to plan/mutation*.c.
 * Hasura v2: GraphQL/Schema/{Mutation,Update,Update/Batch}.hs, Backends/Postgres/Schema/OnConflict.hs.
 */
#pragma once
#include "plan/input.h"

typedef VEC(plan_validation) validation_vec;

/* A root field of mutation_root under way. */
typedef struct mutating {
	plan_ctx *c;
	const snap_source *src;
	const snap_table *t;
	const sel_field *f;
	const plan_path *at;   /* of the field */
	const plan_path *args; /* at.args */
	plan_mutation *m;
	validation_vec validations;
} mutating;

/* <T> + suffix: names of input types. */
str mutation_type(plan_ctx *c, const snap_table *t, const char *suffix);
/* The argument `name`, peeled, which must be there. Error: missing required field 'x'. */
MUST_CHECK bool mutation_argument(mutating *k, str name, in_type type, input *out);
/* The member likewise. at: path of the object. */
MUST_CHECK bool mutation_member(plan_ctx *c, input_object *o, const plan_path *at, str name, in_type type, input *out);
/*
 * The value of a member that may be left out: a nullable variable may stand there even where null may not.
 * Hasura v2: fieldOptional.
 */
MUST_CHECK bool mutation_value(plan_ctx *c, const value_type *t, bool nullable, const input *given, val *out);
/* Its columns the role may write, as names for enums; n may be 0. */
void mutation_columns(plan_ctx *c, const snap_table *t, const bool *granted, str **names, size_t **indices, size_t *n);
/* Permission of the role to update t, for an upsert; NULL: none. */
const snap_write_perm *mutation_update_perm(plan_ctx *c, const snap_source *src, const snap_table *t);

MUST_CHECK bool mutation_insert(mutating *k, bool one);
/* on_conflict of an insert into t. in: peeled, not absent. */
MUST_CHECK bool mutation_conflict(
	plan_ctx *c, const snap_source *src, const snap_table *t, const input *in, const plan_conflict **out);
/* The table has constraints an upsert can name. */
bool mutation_has_conflict(const snap_table *t);
MUST_CHECK bool mutation_update(mutating *k, md_root_field field);
MUST_CHECK bool mutation_delete(mutating *k, bool by_pk);
