/*
 * introspect: answers __schema, __type(name:) and __typename from (snapshot, role), types derived on demand, all lists sorted by
 * name (Hasura v2: enum values keep their order).
 */
#pragma once
#include "base/buf.h"
#include "graphql/document.h"
#include "schema/role.h"

/* Who asks. */
typedef struct introspect_role {
	str role;
	bool backend; /* sees backend_only mutations */
} introspect_role;
