/* build_in: what the files that build a snapshot share. Private to schema/. */
#pragma once
#include "schema/resolve.h"

typedef struct building {
	arena *a;
	snapshot *s;
	const metadata *md;
	const source_catalog *cats;
	size_t ncats;
	const snapshot *previous;
	issue_vec issues;
	VEC(const snap_table *) fresh;    /* not shared with the snapshot before */
	VEC(const snap_table *) clashing; /* named as inconsistent: nothing leads to them */
} building;

/* A function that cannot be in the schema. */
void build_function_issue(building *b, const snap_source *src, const md_function *md, str why);
/* collisions.c: finds tables whose GraphQL type is also something else's, before the roots are built. */
void build_collisions(building *b);
bool build_clashes(const building *b, const snap_table *t);
/* roots.c: whether names of a snapshot were asked for twice. */
bool build_had_conflicts(const snapshot *s);
/* roots.c: fills query_roots, mutation_roots and subscription_roots of b->s. */
void build_roots(building *b);
