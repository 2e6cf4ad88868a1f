#include "schema/bexp_read.h"
#include "schema/resolve.h"

bool bexp_read(arena *a, const snapshot *s, const snap_source *src, const snap_table *t, const json *j,
	const bexp **out, error *err)
{
	source_catalog sc = {.source = src->name, .cat = src->cat, .enums = src->enums};
	table_deps deps = {0};
	resolving r = {.a = a,
		.source = src->md,
		.sc = &sc,
		.opt = &s->options,
		.md = t->md,
		.cat = t->cat,
		.deps = &deps,
		.of_client = true};
	return bexp_parse(&r, j, out, err);
}
