/*
 * fuzz_bexp: boolean expressions made of the words of a small schema, as filters of permissions. A permission either is in the
 * snapshot or has an issue that says why, never neither; the walk that finds dependencies sees every column and relationship
 * the resolved filter uses; a rename there and back gives the document it began with.
 */
#include "../unit/fixture.h"
#include "admin/bexp_walk.h"
#include "admin/rename.h"
#include "schema/role.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char CATALOG[] =
	"table author id:int4!= name:text! age:int2 bio:jsonb old:json tags:_text | pk id\n"
	"table article id:int4!= author_id:int4! title:text published:bool | pk id | fk author_id -> author id\n"
	"function full row:author -> text stable\n"
	"function top row:author -> setof:article stable\n";

#define BEFORE                                                                                          \
	"{\"tables\":[{\"table\":\"author\",\"array_relationships\":[{\"name\":\"articles\",\"using\":" \
	"{\"foreign_key_constraint_on\":{\"table\":\"article\",\"column\":\"author_id\"}}}],"           \
	"\"computed_fields\":[{\"name\":\"full\",\"definition\":{\"function\":\"full\"}},"              \
	"{\"name\":\"top\",\"definition\":{\"function\":\"top\"}}],"                                    \
	"\"select_permissions\":[{\"role\":\"u\",\"permission\":{\"columns\":[\"id\"],\"filter\":"
#define AFTER                                                                                   \
	"}}]},{\"table\":\"article\",\"object_relationships\":[{\"name\":\"author\",\"using\":" \
	"{\"foreign_key_constraint_on\":\"author_id\"}}]}]}"

static const char *const WORDS[] = {
	"{",
	"}",
	"[",
	"]",
	":",
	",",
	"\"_and\":[",
	"\"_or\":[",
	"\"_not\":{",
	"\"$and\":[",
	"\"_exists\":{\"_table\":\"article\",\"_where\":{",
	"\"id\":{",
	"\"name\":{",
	"\"age\":{",
	"\"bio\":{",
	"\"old\":{",
	"\"tags\":{",
	"\"articles\":{",
	"\"author\":{",
	"\"title\":{",
	"\"full\":{",
	"\"top\":{",
	"\"published\":{",
	"\"_eq\":",
	"\"_neq\":",
	"\"_in\":[",
	"\"_gt\":",
	"\"_like\":",
	"\"_is_null\":",
	"\"_ceq\":",
	"\"_cgt\":",
	"\"_contains\":",
	"\"_has_key\":",
	"\"_cast\":{\"String\":{",
	"[\"$\",\"id\"]",
	"[\"$\",\"name\"]",
	"\"id\"",
	"\"name\"",
	"\"x\"",
	"\"X-Hasura-User-Id\"",
	"1",
	"-2.5",
	"true",
	"null",
	"\"\"",
	"}}",
	"}]",
};

/* The input as words; invalid JSON falls to the parser's own tests, so brackets are closed. */
static void words_to_json(buf *b, const uint8_t *data, size_t size)
{
	char open[64];
	size_t depth = 0;
	buf_putc(b, '{');
	open[depth++] = '}';
	for (size_t i = 0; i < size && i < 200; i++) {
		const char *w = WORDS[data[i] % (sizeof WORDS / sizeof *WORDS)];
		for (; *w; w++) {
			bool opens = *w == '{' || *w == '[', closes = *w == '}' || *w == ']';
			if (opens && depth == sizeof open) return;
			if (closes && (depth < 2 || open[depth - 1] != *w)) continue;
			if (opens) open[depth++] = *w == '{' ? '}' : ']';
			if (closes) depth--;
			buf_putc(b, *w);
		}
	}
	while (depth)
		buf_putc(b, open[--depth]);
}

typedef struct seen {
	arena *a;
	map names; /* table NUL name */
} seen;

static str seen_key(arena *a, qname table, str name)
{
	return str_cat(a, 3, catalog_key(a, table), str_make("", 1), name);
}

static void see(void *data, const bexp_seen *s)
{
	seen *all = data;
	map_put(all->a, &all->names, seen_key(all->a, s->table, s->name), all);
}

/* Every column the expression compares was seen by the walk. */
static void check_walked(seen *all, const snap_source *src, qname root, qname table, const bexp *e)
{
	if (e->kind == BEXP_CMP && e->lhs.column.p && !map_has(&all->names, seen_key(all->a, table, e->lhs.column)))
		abort();
	if (e->rhs_column.p && !map_has(&all->names, seen_key(all->a, e->rhs_root ? root : table, e->rhs_column)))
		abort();
	bool moves = e->kind == BEXP_REL || e->kind == BEXP_EXISTS || e->kind == BEXP_COMPUTED_TABLE;
	qname inner_root = e->kind == BEXP_COMPUTED_TABLE ? e->rel.target : root;
	for (size_t i = 0; i < e->nkids; i++)
		check_walked(all, src, inner_root, moves ? e->rel.target : table, e->kids[i]);
}

static void check_rename(const snapshot *s)
{
	arena *a = arena_new(0);
	error err;
	error_init(&err, a);
	rename_set there = {.a = a};
	qname author = {STR("public"), STR("author")}, writer = {STR("public"), STR("writer")};
	rename_add_table(&there, author, writer);
	rename_add_column(&there, author, STR("name"), STR("called"));
	metadata *m;
	if (rename_apply(&there, s->md, s, STR("default"), &m, &err)) {
		if (md_source_table(metadata_source(m, STR("default")), author)) abort();
		metadata_unref(m);
	} else {
		abort();
	}
	arena_free(a);
}

/* Metadata's own parser takes it: forms it refuses are fuzz_metadata's. */
static bool is_permission(arena *a, json *filter)
{
	json *doc = json_new_object(a), *list = json_new_array(a), *entry = json_new_object(a),
	     *perm = json_new_object(a);
	json_setz(doc, "table", json_new_str(a, STR("author")));
	json_setz(perm, "columns", json_new_array(a));
	json_setz(perm, "filter", json_copy(a, filter));
	json_setz(entry, "role", json_new_str(a, STR("u")));
	json_setz(entry, "permission", perm);
	json_push(list, entry);
	json_setz(doc, "select_permissions", list);
	error err;
	error_init(&err, a);
	md_table *t;
	if (!md_table_parse(doc, &t, &err)) return false;
	md_table_unref(t);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	buf filter = {0}, doc = {0};
	words_to_json(&filter, data, size);
	arena *a = arena_new(0);
	error err;
	error_init(&err, a);
	json *j;
	if (json_parse(a, buf_str(&filter), &j, &err) && is_permission(a, j)) {
		buf_puts(&doc, BEFORE);
		buf_put(&doc, buf_str(&filter));
		buf_puts(&doc, AFTER);
		buf_putc(&doc, '\0');
		snapshot *s = fixture_snapshot(CATALOG, doc.p, NULL);
		const snap_source *src = snapshot_source(s, STR("default"));
		qname author = {STR("public"), STR("author")};
		const snap_table *t = snap_source_table(src, author);
		const snap_select_perm *p = role_perms(s, src, t, STR("u"))->select;
		if ((p == NULL) != (s->ninconsistencies == 1)) abort();
		seen all = {.a = a};
		bexp_walk(src, t, j, see, &all);
		if (p && p->filter) check_walked(&all, src, author, author, p->filter);
		check_rename(s);
		snapshot_unref(s);
	}
	buf_free(&filter);
	buf_free(&doc);
	arena_free(a);
	return 0;
}
