/*
 * collisions: two things that would be one GraphQL type. Hasura v2 refuses the change that brings the second
 * (Parser/Schema/Collect.hs, ConflictingDefinitions); here the table is named as inconsistent,
 * and nothing leads to it: no root field, relationship, function or nested insert.
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

/* What of y, a table with its own type, x is called like; p NULL: nothing. */
static str same_as(building *b, const snap_table *x, const snap_table *y)
{
	if (x == y || y->hidden) return STR_NULL;
	str table = qname_display(b->a, y->name);
	if (str_eq(x->type, y->type)) return str_cat(b->a, 3, STR("table \""), table, STR("\""));
	for (size_t i = 0; i < sizeof DERIVED / sizeof *DERIVED; i++) {
		str suffix = DERIVED[i].suffix;
		if (x->type.n == y->type.n + suffix.n && str_ends(x->type, suffix) && DERIVED[i].there(y))
			return str_printf(
				b->a, "the %.*s of table \"%.*s\"", STR_ARG(str_from_at(suffix, 1)), STR_ARG(table));
	}
	return STR_NULL;
}

static void check_pair(building *b, const snap_table *x, const snap_table *y)
{
	if (!str_starts(x->type, y->type)) return;
	str with = same_as(b, x, y);
	if (with.p) clash(b, x, with);
}

static void check_reserved(building *b, void *data, const snap_table *t)
{
	(void)data;
	for (size_t i = 0; i < sizeof RESERVED / sizeof *RESERVED; i++)
		if (str_eq(RESERVED[i], t->type)) clash(b, t, STR("a type of every schema"));
}

/* Columns of `user` whose scalar is called like table t. */
static void check_scalars(building *b, const snap_table *t, const snap_table *user)
{
	for (size_t c = 0; c < user->ncols; c++)
		if (!user->cols[c].enum_type.p && str_eq(user->cols[c].scalar, t->type))
			clash(b, t,
				str_cat(b->a, 3, STR("the scalar of column \""), user->cols[c].gql_name, STR("\"")));
}

/* ---- all tables ---- */

static void check_by_name(building *b, const map *types, const snap_table *t)
{
	const snap_table *o = map_get(types, t->type);
	if (o && o != t) check_pair(b, t, o);
	for (size_t i = 0; i < sizeof DERIVED / sizeof *DERIVED; i++) {
		str suffix = DERIVED[i].suffix;
		if (!str_ends(t->type, suffix)) continue;
		o = map_get(types, str_sub(t->type, 0, t->type.n - suffix.n));
		if (o) check_pair(b, t, o);
	}
	for (size_t c = 0; c < t->ncols; c++) {
		o = map_get(types, t->cols[c].scalar);
		if (o) check_scalars(b, o, t);
	}
}

typedef void table_visitor(building *b, void *data, const snap_table *t);

static void each_table(building *b, table_visitor *visit, void *data)
{
	for (size_t i = 0; i < b->s->sources.n; i++) {
		const snap_source *src = b->s->sources.items[i].value;
		for (size_t k = 0; k < src->tables.n; k++) {
			const snap_table *t = src->tables.items[k].value;
			if (!t->hidden) visit(b, data, t);
		}
	}
}

static void add_type(building *b, void *data, const snap_table *t)
{
	map_add(b->a, data, t->type, (void *)t);
}

static void visit_by_name(building *b, void *data, const snap_table *t)
{
	check_by_name(b, data, t);
}

/* A table that is new or has changed, among all. */
typedef struct newcomer {
	const snap_table *t;
	bool passed; /* what is visited now comes after it in the metadata */
} newcomer;

static void visit_with(building *b, void *data, const snap_table *t)
{
	newcomer *n = data;
	if (t == n->t) {
		n->passed = true;
	} else if (str_eq(t->type, n->t->type)) {
		/* The later one is named, as in check_by_name: what a document means must not hang on how it came about. */
		check_pair(b, n->passed ? t : n->t, n->passed ? n->t : t);
	} else {
		check_pair(b, n->t, t);
		check_pair(b, t, n->t);
	}
	check_scalars(b, n->t, t);
	check_scalars(b, t, n->t);
}

static void check_newcomer(building *b, const snap_table *t)
{
	newcomer n = {.t = t};
	if (!t->hidden) each_table(b, visit_with, &n);
}

void build_collisions(building *b)
{
	enum { FEW = 16 };
	/* What follows a snapshot without conflicts can only have brought some. */
	if (b->previous && !build_had_conflicts(b->previous) && b->fresh.n <= FEW) {
		for (size_t i = 0; i < b->fresh.n; i++)
			if (!b->fresh.v[i]->hidden) check_reserved(b, NULL, b->fresh.v[i]);
		for (size_t i = 0; i < b->fresh.n; i++)
			check_newcomer(b, b->fresh.v[i]);
		return;
	}
	map types = {0};
	each_table(b, check_reserved, NULL);
	each_table(b, add_type, &types);
	each_table(b, visit_by_name, &types);
}

bool build_clashes(const building *b, const snap_table *t)
{
	for (size_t i = 0; i < b->clashing.n; i++)
		if (b->clashing.v[i] == t) return true;
	return false;
}
