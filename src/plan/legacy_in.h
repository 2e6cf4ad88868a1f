/* legacy_in: what the files of the older JSON API share. Private to plan/legacy*.c. */
#pragma once
#include "plan/input.h"
#include "plan/legacy.h"

typedef struct legacy {
	plan_ctx *c;
	const legacy_request *req;
	const snap_source *src;
	const snap_table *t;
	bool form;     /* the error at hand is about the form of args */
	size_t fields; /* made so far */
} legacy;

/* ---- the form of args: all false with form set ---- */

bool legacy_form(legacy *l, const plan_path *at, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* `parsing what failed, expected want, but encountered …` */
bool legacy_mismatch(legacy *l, const plan_path *at, const char *what, const char *want, const json *j);
/* A required member, null included. Error: key "x" not found. */
MUST_CHECK bool legacy_member(legacy *l, const json *o, const char *key, const plan_path *at, const json **out);
/* A list of texts; absent or null: *given is false. */
MUST_CHECK bool legacy_texts(legacy *l, const json *o, const char *key, str_vec *out, bool *given);
static inline const plan_path *legacy_at(legacy *l, const plan_path *up, const char *key)
{
	return path_key(l->c, up, str_from(key));
}

/* ---- tables, columns ---- */

const snap_rel *legacy_rel(const snap_table *t, str name);
/* The table's index of a column by its name in PostgreSQL; SIZE_MAX: none. */
size_t legacy_column(const snap_table *t, str name);
/* The role's permission to select from t. after: what Hasura puts behind the text. */
MUST_CHECK bool legacy_may_select(legacy *l, const snap_table *t, const char *after, const snap_select_perm **out);
/* Likewise through a relationship. */
MUST_CHECK bool legacy_may_follow(legacy *l, const snap_rel *rel, const plan_path *at, const snap_table **target);
/* A column by name, which granted has. what: select, update … */
MUST_CHECK bool legacy_granted(legacy *l, const snap_table *t, const bool *granted, const char *what, str name,
	const plan_path *at, size_t *out);
/* A field of that column, as the role sees it. */
plan_field legacy_field(legacy *l, const snap_table *t, size_t col);

/* ---- parts ---- */

/* The boolean expression j about t: checked, with the filters of what it leads to. *out NULL: all rows. */
MUST_CHECK bool legacy_where(legacy *l, const snap_table *t, const json *j, const plan_path *at, const bexp **out);
/* columns, where, order_by, limit, offset of o into s; permission filters included. at: path of o. */
MUST_CHECK bool legacy_rows(legacy *l, plan_select *s, const json *o, const plan_path *at);
MUST_CHECK bool legacy_order(legacy *l, plan_select *s, const json *j, const plan_path *at);
MUST_CHECK bool legacy_write(legacy *l, plan_mutation *m);
