/* bexp_read: expressions in the metadata's boolean language that clients write (the older JSON API). */
#pragma once
#include "schema/snapshot.h"

/*
 * JSON → expression about t, without any permission in it. Everything lives in a, names in the snapshot that src belongs to.
 * No string means a session variable. Error: Hasura v2's, at paths from "$". O(size of j).
 */
MUST_CHECK bool bexp_read(arena *a, const snapshot *s, const snap_source *src, const snap_table *t, const json *j,
	const bexp **out, error *err);
