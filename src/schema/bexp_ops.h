/* bexp_ops: the operators on one column or computed field in a permission. Private to schema/. */
#pragma once
#include "schema/resolve.h"

typedef struct bexp_ops {
	resolving *r;
	bexp_scope current;
	bexp_scope root;
	error *err;
	const md_table *enum_table; /* the column refers to; NULL: to none */
	const enum_rows *enums;     /* its values then */
} bexp_ops;

/* {op: value, …} or a bare value (equality) for lhs. */
MUST_CHECK bool bexp_ops_parse(const bexp_ops *o, const bexp_lhs *lhs, const json *j, str path, const bexp **out);
