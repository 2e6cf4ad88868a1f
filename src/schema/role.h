/*
 * role: what a role may do, as a function of (snapshot, table, role). Nothing is built per role until asked; inherited roles are
 * combined on demand and kept with the snapshot. Thread-safe.
 */
#pragma once
#include "schema/snapshot.h"

#define ROLE_ADMIN STR("admin")

/* Permissions of role on t; admin has all. NULL members: none. Never NULL itself. */
const snap_perms *role_perms(const snapshot *s, const snap_source *src, const snap_table *t, str role);
/* The root field `name` of operation kind (query, mutation, subscription map of s) if the role may use it, else NULL.
   backend: the request may use backend_only permissions. */
const snap_root *role_query_root(const snapshot *s, str role, str name);
const snap_root *role_subscription_root(const snapshot *s, str role, str name);
const snap_root *role_mutation_root(const snapshot *s, str role, bool backend, str name);
bool role_may_call(const snapshot *s, const snap_source *src, const snap_function *fn, str role);
/* May the role see this field of t's row type? (column granted, target selectable, aggregations allowed …) */
bool role_sees_field(const snapshot *s, const snap_source *src, const snap_table *t, const snap_field *f, str role);
/* Any root field at all? (mutation_root and subscription_root are absent when empty) */
bool role_has_mutations(const snapshot *s, str role, bool backend);
bool role_has_queries(const snapshot *s, str role);
