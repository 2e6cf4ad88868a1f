/*
 * collisions: two things that would be one GraphQL type. Hasura v2 refuses the change that brings the second
 * (Parser/Schema/Collect.hs, ConflictingDefinitions); here the table is named as inconsistent and has no root fields.
 */
#include "schema/build_in.h"

/* Names that types of every schema have. */
static const str RESERVED[] = {
	STR_INIT("Boolean"),
	STR_INIT("Float"),
	STR_INIT("Int"),
	STR_INIT("String"),
	STR_INIT("cursor_ordering"),
	STR_INIT("mutation_root"),
	STR_INIT("order_by"),
	STR_INIT("query_root"),
	STR_INIT("subscription_root"),
};

typedef bool has_type(const snap_table *t);

static bool always(const snap_table *t)
{
	return t->ncols > 0;
}

static bool is_enum(const snap_table *t)
{
	return t->is_enum;
}

static bool has_insert(const snap_table *t)
{
	return t->roots[ROOT_INSERT].name.p != NULL;
}

static bool has_update(const snap_table *t)
{
	return t->roots[ROOT_UPDATE].name.p != NULL;
}

static bool has_updates(const snap_table *t)
{
	return t->roots[ROOT_UPDATE_MANY].name.p != NULL;
}

static bool has_constraint(const snap_table *t)
{
	for (size_t i = 0; i < t->cat->nkeys; i++)
		if (t->cat->keys[i].constraint && has_insert(t)) return true;
	return false;
}

/* Types of a table that are called after it, where somebody could well call a table so. */
static const struct {
	str suffix;
	has_type *there;
} DERIVED[] = {
	{STR_INIT("_aggregate"), always},
	{STR_INIT("_aggregate_fields"), always},
	{STR_INIT("_bool_exp"), always},
	{STR_INIT("_constraint"), has_constraint},
	{STR_INIT("_enum"), is_enum},
	{STR_INIT("_insert_input"), has_insert},
	{STR_INIT("_mutation_response"), has_insert},
	{STR_INIT("_on_conflict"), has_constraint},
	{STR_INIT("_order_by"), always},
	{STR_INIT("_select_column"), always},
	{STR_INIT("_set_input"), has_update},
	{STR_INIT("_update_column"), has_constraint},
	{STR_INIT("_updates"), has_updates},
};

static const snap_source *source_of(const building *b, const snap_table *t)
{
	for (size_t i = 0; i < b->s->sources.n; i++) {
		const snap_source *src = b->s->sources.items[i].value;
		if (map_get(&src->tables, t->md->key) == t) return src;
	}
	return NULL;
}

static void clash(building *b, const snap_table *t, str with)
{
	const snap_source *src = source_of(b, t);
	if (build_clashes(b, t)) return;
	str table = qname_display(b->a, t->name);
	str name = str_printf(b->a, "%.*s in source %.*s", STR_ARG(table), STR_ARG(src->name));
	str why = str_printf(b->a,
		"found conflicting definitions for GraphQL type \"%.*s\": table \"%.*s\" and %.*s; give the table a custom name",
		STR_ARG(t->type), STR_ARG(table), STR_ARG(with));
	snap_inconsistency i = issue_make(b->a, "table", name, md_qname_json(b->a, t->name), why);
	i.source = src->name;
	i.object = t->name;
	vec_push(b->a, &b->issues, i);
	vec_push(b->a, &b->clashing, t);
}

static const snap_table *other(const map *types, str name, const snap_table *t)
{
	const snap_table *found = map_get(types, name);
	return found == t ? NULL : found;
}

static void check_table(building *b, const map *types, const snap_table *t)
{
	for (size_t i = 0; i < sizeof RESERVED / sizeof *RESERVED; i++)
		if (str_eq(RESERVED[i], t->type)) {
			clash(b, t, STR("a type of every schema"));
			return;
		}
	const snap_table *o = other(types, t->type, t);
	if (o) {
		clash(b, t, str_cat(b->a, 3, STR("table \""), qname_display(b->a, o->name), STR("\"")));
		return;
	}
	for (size_t i = 0; i < sizeof DERIVED / sizeof *DERIVED; i++) {
		str suffix = DERIVED[i].suffix;
		if (!str_ends(t->type, suffix)) continue;
		o = other(types, str_sub(t->type, 0, t->type.n - suffix.n), t);
		if (!o || !DERIVED[i].there(o)) continue;
		clash(b, t,
			str_printf(b->a, "the %.*s of table \"%.*s\"", STR_ARG(str_from_at(suffix, 1)),
				STR_ARG(qname_display(b->a, o->name))));
		return;
	}
}

/* Scalars that columns of tracked tables have, where a table is called like one. */
static void check_scalars(building *b, const map *types, const snap_source *src)
{
	map told = {0};
	for (size_t i = 0; i < src->tables.n; i++) {
		const snap_table *user = src->tables.items[i].value;
		for (size_t c = 0; c < user->ncols && !user->hidden; c++) {
			str scalar = user->cols[c].scalar;
			const snap_table *t = map_get(types, scalar);
			if (!t || user->cols[c].enum_type.p || !map_add(b->a, &told, scalar, b)) continue;
			clash(b, t,
				str_cat(b->a, 3, STR("the scalar of column \""), user->cols[c].gql_name, STR("\"")));
		}
	}
}

void build_collisions(building *b)
{
	map types = {0};
	size_t n = 0;
	for (size_t i = 0; i < b->s->sources.n; i++)
		n += ((const snap_source *)b->s->sources.items[i].value)->tables.n;
	map_reserve(b->a, &types, n);
	for (size_t i = 0; i < b->s->sources.n; i++) {
		const snap_source *src = b->s->sources.items[i].value;
		for (size_t k = 0; k < src->tables.n; k++) {
			snap_table *t = src->tables.items[k].value;
			if (!t->hidden) map_add(b->a, &types, t->type, t);
		}
	}
	for (size_t i = 0; i < b->s->sources.n; i++) {
		const snap_source *src = b->s->sources.items[i].value;
		for (size_t k = 0; k < src->tables.n; k++) {
			const snap_table *t = src->tables.items[k].value;
			if (!t->hidden) check_table(b, &types, t);
		}
		check_scalars(b, &types, src);
	}
}

bool build_clashes(const building *b, const snap_table *t)
{
	for (size_t i = 0; i < b->clashing.n; i++)
		if (b->clashing.v[i] == t) return true;
	return false;
}
