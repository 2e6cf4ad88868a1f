/*
 * inherit: inherited roles: permissions combined from the parents', on demand, kept with the snapshot under a lock.
 * Private to schema/. Rules: Hasura v2: RQL/Types/Roles/Internal.hs (feature-map 4.6).
 */
#pragma once
#include "schema/resolve.h"
#include "schema/role.h"

bool inherit_is_inherited(const snapshot *s, str role);
const snap_perms *inherit_perms(const snapshot *s, const snap_source *src, const snap_table *t, str role);
/* True if one of the role's plain ancestors is in the list. */
bool inherit_any_parent_has(const snapshot *s, str role, const str *roles, size_t n);

void *inherit_cache_new(arena *a);
/* Issues: cycles, unknown parents, permissions that could not be inherited. */
void inherit_check(const snapshot *s, arena *a, issue_vec *issues);
