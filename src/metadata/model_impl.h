/* model_impl: making metadata objects; shared by the files of metadata/ only. */
#pragma once
#include "metadata/shape.h"

/* Takes over a (with the value in it). */
md_part *md_part_new(arena *a, json *value);
md_part *md_part_ref(md_part *p);
void md_part_unref(md_part *p);

/* The typed views of canonical JSON; everything in a, pointing into raw. They cannot fail: the shape has checked raw. */
md_table *md_table_view(arena *a, json *raw);
md_function *md_function_view(arena *a, json *raw);
qname md_qname_view(const json *canonical);

/* An empty source around own (takes over the reference); then tables and functions are added (references taken over). */
md_source *md_source_around(md_part *own);
void md_source_add_table(md_source *s, md_table *t);
void md_source_add_function(md_source *s, md_function *f);
/* postgres, alloy, citus, cockroach: tables are {schema, name} and have a typed view. */
bool md_kind_is_pg(str kind);

metadata *md_root_new(void);
/* References taken over. A source of that name must not be there yet. */
void md_root_put_source(metadata *m, md_source *s);
void md_root_put_part(metadata *m, str key, md_part *p);
/* Fills unserved and inherited_roles from the parts: last step of making a root. */
void md_root_finish(metadata *m);

/* Parsing with the place in the document. */
typedef struct parse_place {
	const shape_frame *frame;
	arena *scratch;
	error *err;
} parse_place;

bool md_table_parse_at(const parse_place *at, const json *j, md_table **out);
bool md_function_parse_at(const parse_place *at, const json *j, md_function **out);
/* previous (may be NULL) lends what is equal. */
bool md_source_parse_at(const parse_place *at, const json *j, const md_source *previous, md_source **out);
/* Tables and functions of a source from their lists; v1: functions are bare names. */
bool md_source_fill(const parse_place *at, const json *doc, bool v1, const md_source *previous, md_source *s);
/* *out NULL: the part is empty. */
bool md_part_parse_at(const parse_place *at, str key, const json *j, const md_part *previous, md_part **out);

/* Tables of s by (schema, name), functions likewise; sources of m, default first; arrays in a. */
const md_table **md_source_tables_sorted(arena *a, const md_source *s);
const md_function **md_source_functions_sorted(arena *a, const md_source *s);
const md_source **metadata_sources_sorted(arena *a, const metadata *m);
