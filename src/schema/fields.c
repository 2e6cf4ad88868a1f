#include "schema/resolve.h"

static snap_field *add_field(resolving *r, snap_field_kind kind, str name, size_t index)
{
	snap_field *f = NEW(r->a, snap_field);
	*f = (snap_field){.kind = kind, .name = name, .index = index};
	return map_add(r->a, &r->t->fields, name, f) ? f : NULL;
}

/* Does a relationship or computed field of this name meet a column? Hasura v2: RQL/DDL/Schema/Cache/Fields.hs. */
static bool meets_column(resolving *r, const char *type, str name, const json *raw)
{
	if (cat_table_column(r->cat, name)) {
		resolve_issue(r, type, name, raw, STR("field definition conflicts with postgres column"));
		return true;
	}
	const snap_field *f = map_get(&r->t->fields, name);
	if (!f || f->kind != FIELD_COLUMN) return false;
	str column = r->t->cols[f->index].cat->name;
	resolve_issue(r, type, name, raw,
		str_printf(r->a, "field definition conflicts with custom field name for postgres column \"%.*s\"",
			STR_ARG(column)));
	return true;
}

static const json *rel_raw(const md_table *md, str name)
{
	const md_relationship *rel = md_table_relationship(md, name);
	return rel ? rel->raw : NULL;
}

static const json *computed_raw(const md_table *md, str name)
{
	for (size_t i = 0; i < md->ncomputed; i++)
		if (str_eq(md->computed[i].name, name)) return md->computed[i].raw;
	return NULL;
}

static void drop_rel(snap_table *t, size_t i)
{
	memmove(&t->rels[i], &t->rels[i + 1], (t->nrels - i - 1) * sizeof *t->rels);
	t->nrels--;
}

static void add_relationships(resolving *r)
{
	snap_table *t = r->t;
	for (size_t i = 0; i < t->nrels;) {
		const snap_rel *rel = &t->rels[i];
		const char *type = rel->array ? "array_relation" : "object_relation";
		bool bad = meets_column(r, type, rel->name, rel_raw(r->md, rel->name));
		if (!bad && !add_field(r, rel->array ? FIELD_ARRAY : FIELD_OBJECT, rel->name, i)) {
			resolve_issue(r, type, rel->name, rel_raw(r->md, rel->name),
				str_printf(r->a, "conflicting definitions for field \"%.*s\"", STR_ARG(rel->name)));
			bad = true;
		}
		if (bad) {
			drop_rel(t, i);
			continue;
		}
		if (rel->array) add_field(r, FIELD_ARRAY_AGG, str_cat(r->a, 2, rel->name, STR("_aggregate")), i);
		i++;
	}
}

static void add_computed(resolving *r)
{
	snap_table *t = r->t;
	for (size_t i = 0; i < t->ncomputed; i++) {
		const snap_computed *c = &t->computed[i];
		const json *raw = computed_raw(r->md, c->name);
		if (meets_column(r, "computed_field", c->name, raw)) continue;
		if (!add_field(r, FIELD_COMPUTED, c->name, i)) {
			resolve_issue(r, "computed_field", c->name, raw,
				str_printf(r->a, "conflicting definitions for field \"%.*s\"", STR_ARG(c->name)));
			continue;
		}
		if (c->returns_table) add_field(r, FIELD_COMPUTED_AGG, str_cat(r->a, 2, c->name, STR("_aggregate")), i);
	}
}

void resolve_fields(resolving *r)
{
	for (size_t i = 0; i < r->t->ncols; i++)
		add_field(r, FIELD_COLUMN, r->t->cols[i].gql_name, i);
	add_relationships(r);
	add_computed(r);
}
