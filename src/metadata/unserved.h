/*
 * unserved: what a metadata document asks for and this version of Weir does not serve. Each becomes an inconsistent object
 * named with the reason, so that nothing is silently ignored; the document keeps it.
 */
#pragma once
#include "metadata/metadata.h"

typedef enum md_unserved_class {
	MD_CLASS_SECURITY, /* it decides who may see or do what: serving without it would show more than was asked for */
	MD_CLASS_FEATURE,  /* clients miss fields, types, events or endpoints */
	MD_CLASS_OPERATIONS /* answers are the same without it: limits of pools, metrics, tracing, probes */
} md_unserved_class;

typedef struct md_unserved {
	const char *type;       /* Hasura's inconsistent-object type, or the part's own name where Hasura has none */
	str name;               /* Hasura's object name: `event_trigger x in table t in source default` */
	const json *definition; /* as Hasura shows it */
	str reason;             /* "actions are not served by this version of Weir" */
	md_unserved_class class_;
	str part;    /* key of the document part it is in: actions, event_triggers, customization, … */
	str source;  /* p NULL: a top-level part */
	qname table; /* name.p NULL: not of a table */
	str sub;     /* its own name inside the part; p NULL: the whole part */
} md_unserved;

typedef void md_unserved_fn(void *data, const md_unserved *u);

/* Calls fn for every such object, in document order. Texts and definitions live in a or in m. O(objects found + sources). */
void md_unserved_walk(arena *a, const metadata *m, md_unserved_fn *fn, void *data);
/* The same for one source. */
void md_source_unserved(arena *a, const md_source *s, md_unserved_fn *fn, void *data);
/* True if sources of this kind are served: postgres, alloy. */
bool md_kind_served(str kind);
/* A copy of m's part without this object, for drop_inconsistent_metadata. New root; the old one when it is not there. */
MUST_CHECK bool metadata_without_unserved(const metadata *m, const md_unserved *u, metadata **out, error *err);
