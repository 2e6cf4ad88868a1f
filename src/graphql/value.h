/* value: chains of named values in the order of their names; private to graphql/. */
#pragma once
#include "graphql/document.h"

enum { GQ_CHAIN_FEW = 16 };

/* Not to be copied: v may point into the struct itself. */
typedef struct gq_chain {
	const gq_value **v;
	size_t n;
	const gq_value *few[GQ_CHAIN_FEW];
} gq_chain;

/* Fills c with the values of the chain, sorted by name. gq_chain_free gives it back. */
void gq_chain_sort(gq_chain *c, const gq_value *first);
void gq_chain_free(gq_chain *c);
