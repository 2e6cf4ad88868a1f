/* types: families, names, references, and the walk over all types of a role. */
#include "schema/types_impl.h"
#include <stdlib.h>

/* ---- families ---- */

typedef struct family {
	const char *name;
	gkind kind;
	types_generator *fill;
	const char *description; /* NULL: none */
} family;

#define ALL_FIELDS " All fields are combined with a logical 'AND'."

static const family FAMILIES[] = {
	[GF_QUERY_ROOT] = {"query_root", G_OBJECT, gen_query_root, NULL},
	[GF_MUTATION_ROOT] = {"mutation_root", G_OBJECT, gen_mutation_root, "mutation root"},
	[GF_SUBSCRIPTION_ROOT] = {"subscription_root", G_OBJECT, gen_subscription_root, NULL},
	[GF_META] = {"$", G_OBJECT, gen_meta, NULL},
	[GF_SCALAR] = {"$", G_SCALAR, NULL, NULL},
	[GF_ORDER_BY_ENUM] = {"order_by", G_ENUM, gen_order_by_enum, "column ordering options"},
	[GF_CURSOR_ORDERING] = {"cursor_ordering", G_ENUM, gen_cursor_ordering, "ordering argument of a cursor"},
	[GF_COMPARISON] = {"$_comparison_exp", G_INPUT_OBJECT, gen_comparison,
		"Boolean expression to compare columns of type \"$\". All fields are combined with logical 'AND'."},
	[GF_CAST] = {"$_cast_exp", G_INPUT_OBJECT, gen_cast, NULL},
	[GF_GEO_INPUT] = {"#", G_INPUT_OBJECT, gen_geo_input, NULL},
	[GF_ROW] = {"@", G_OBJECT, gen_row, NULL},
	[GF_ENUM] = {"@_enum", G_ENUM, gen_enum_table, NULL},
	[GF_AGGREGATE] = {"@_aggregate", G_OBJECT, gen_aggregate, "aggregated selection of %"},
	[GF_AGGREGATE_FIELDS] = {"@_aggregate_fields", G_OBJECT, gen_aggregate_fields, "aggregate fields of %"},
	[GF_AGGREGATE_OP] = {"@_#_fields", G_OBJECT, gen_aggregate_op, "aggregate # on columns"},
	[GF_BOOL_EXP] = {"@_bool_exp", G_INPUT_OBJECT, gen_bool_exp,
		"Boolean expression to filter rows from the table %." ALL_FIELDS},
	[GF_ORDER_BY] = {"@_order_by", G_INPUT_OBJECT, gen_order_by, "Ordering options when selecting data from %."},
	[GF_SELECT_COLUMN] = {"@_select_column", G_ENUM, gen_select_column, "select columns of table %"},
	[GF_AGG_ORDER_BY] = {"@_aggregate_order_by", G_INPUT_OBJECT, gen_agg_order_by,
		"order by aggregate values of table %"},
	[GF_AGG_OP_ORDER_BY] = {"@_#_order_by", G_INPUT_OBJECT, gen_agg_op_order_by,
		"order by #() on columns of table %"},
	[GF_AGG_BOOL_EXP] = {"@_aggregate_bool_exp", G_INPUT_OBJECT, gen_agg_bool_exp, NULL},
	[GF_AGG_PREDICATE] = {"@_aggregate_bool_exp_#", G_INPUT_OBJECT, gen_agg_predicate, NULL},
	[GF_AGG_PREDICATE_ARGS] = {"@_aggregate_bool_exp_#_arguments", G_INPUT_OBJECT, gen_agg_predicate_args, NULL},
	[GF_AGG_PREDICATE_COLUMN] = {"@_select_column_@_aggregate_bool_exp_#_arguments_columns", G_ENUM,
		gen_agg_predicate_column, "select \"@_aggregate_bool_exp_#_arguments_columns\" columns of table %"},
	[GF_STREAM_CURSOR] = {"@_stream_cursor_input", G_INPUT_OBJECT, gen_stream_cursor,
		"Streaming cursor of the table \"@\""},
	[GF_STREAM_VALUE] = {"@_stream_cursor_value_input", G_INPUT_OBJECT, gen_stream_value,
		"Initial value of the column from where the streaming should start"},
	[GF_INSERT_INPUT] = {"@_insert_input", G_INPUT_OBJECT, gen_insert_input,
		"input type for inserting data into table %"},
	[GF_OBJ_REL_INSERT] = {"@_obj_rel_insert_input", G_INPUT_OBJECT, gen_obj_rel_insert,
		"input type for inserting object relation for remote table %"},
	[GF_ARR_REL_INSERT] = {"@_arr_rel_insert_input", G_INPUT_OBJECT, gen_arr_rel_insert,
		"input type for inserting array relation for remote table %"},
	[GF_ON_CONFLICT] = {"@_on_conflict", G_INPUT_OBJECT, gen_on_conflict, "on_conflict condition type for table %"},
	[GF_CONSTRAINT] = {"@_constraint", G_ENUM, gen_constraint, "unique or primary key constraints on table %"},
	[GF_UPDATE_COLUMN] = {"@_update_column", G_ENUM, gen_update_column, "update columns of table %"},
	[GF_UPDATE_OP] = {"@_#_input", G_INPUT_OBJECT, gen_update_op, NULL},
	[GF_PK_COLUMNS] = {"@_pk_columns_input", G_INPUT_OBJECT, gen_pk_columns, NULL},
	[GF_UPDATES] = {"@_updates", G_INPUT_OBJECT, gen_updates, NULL},
	[GF_MUTATION_RESPONSE] = {"@_mutation_response", G_OBJECT, gen_mutation_response,
		"response of any mutation on the table %"},
	[GF_FUNCTION_ARGS] = {"$", G_INPUT_OBJECT, gen_function_args, NULL},
	[GF_COMPUTED_ARGS] = {"$_@_args", G_INPUT_OBJECT, gen_computed_args, NULL},
};

static const str GEO_INPUTS[] = {STR_INIT("st_d_within_input"), STR_INIT("st_d_within_geography_input"),
	STR_INIT("st_intersects_nband_geom_input"), STR_INIT("st_intersects_geom_nband_input")};

static str op_name(const gdesc *d)
{
	if (d->family == GF_GEO_INPUT) return GEO_INPUTS[d->op];
	if (d->family == GF_UPDATE_OP) return types_update_ops[d->op].name;
	if (d->family == GF_AGGREGATE_OP || d->family == GF_AGG_OP_ORDER_BY) return types_agg_ops[d->op].name;
	return types_predicates[d->op].name;
}

static str part(types_ctx *x, char mark, const gdesc *d)
{
	switch (mark) {
	case '@': return d->t->type;
	case '#': return op_name(d);
	case '$': return d->scalar;
	default: {
		str table = qname_display(x->a, d->t->name);
		return str_cat(x->a, 3, STR("\""), table, STR("\""));
	}
	}
}

str types_expand(types_ctx *x, const char *pattern, const gdesc *d)
{
	str pieces[8];
	size_t n = 0, bytes = 0;
	for (const char *p = pattern; *p && n < 8; n++) {
		size_t plain = strcspn(p, "@#$%");
		pieces[n] = plain ? str_make(p, plain) : part(x, *p, d);
		p += plain ? plain : 1;
		bytes += pieces[n].n;
	}
	if (n == 1) return pieces[0];
	char *out = arena_bytes(x->a, bytes), *to = out;
	for (size_t i = 0; i < n; i++) {
		memcpy(to, pieces[i].p, pieces[i].n);
		to += pieces[i].n;
	}
	return str_make(out, bytes);
}

str types_name(types_ctx *x, const gdesc *d)
{
	if (d->family == GF_COMPARISON && d->list) return types_expand(x, "$_array_comparison_exp", d);
	return types_expand(x, FAMILIES[d->family].name, d);
}

/* ---- fields ---- */

static int by_name(const void *a, const void *b)
{
	return str_cmp(((const gfield *)a)->name, ((const gfield *)b)->name);
}

void sort_fields(gfield *v, size_t n)
{
	if (n > 1) qsort(v, n, sizeof *v, by_name);
}

gfield *add_field(tgen *g, str name, str description, gref type)
{
	gfield f = {.name = name, .description = description, .type = type};
	vec_push(g->a, &g->f, f);
	return &g->f.v[g->f.n - 1];
}

/* At most a dozen and a half: a table of its own size each time would be no better. */
void add_arg(tgen *g, gfield *f, str name, const char *description, gref type)
{
	if (f->nargs % 8 == 0) {
		gfield *more = NEW_ARRAY(g->a, gfield, f->nargs + 8);
		if (f->nargs) memcpy(more, f->args, f->nargs * sizeof *more);
		f->args = more;
	}
	f->args[f->nargs++] = (gfield){.name = name, .description = str_from(description), .type = type};
}

/* ---- references ---- */

gref ref_of(types_ctx *x, gdesc d, uint8_t nonnull)
{
	return (gref){.name = types_name(x, &d), .nonnull = nonnull, .of = d};
}

gref ref_list(types_ctx *x, gdesc d, uint8_t nonnull)
{
	gref r = ref_of(x, d, nonnull);
	r.lists = 1;
	return r;
}

static gref scalar(str name, uint8_t lists, uint8_t nonnull)
{
	return (gref){.name = name, .lists = lists, .nonnull = nonnull, .of = {.family = GF_SCALAR, .scalar = name}};
}

gref ref_scalar(const char *name, uint8_t nonnull)
{
	return scalar(str_from(name), 0, nonnull);
}

gref ref_scalar_list(const char *name, uint8_t nonnull)
{
	return scalar(str_from(name), 1, nonnull);
}

gref ref_text(const char *text)
{
	str s = str_from(text);
	bool nonnull = s.p[s.n - 1] == '!';
	return scalar(str_sub(s, 0, s.n - nonnull), 0, nonnull);
}

gref ref_enum(types_ctx *x, gfamily f, uint8_t nonnull)
{
	return ref_of(x, (gdesc){.family = (uint8_t)f}, nonnull);
}

gref ref_table(types_ctx *x, gfamily f, const snap_source *src, const snap_table *t, unsigned op, uint8_t nonnull)
{
	return ref_of(x, (gdesc){.family = (uint8_t)f, .op = (uint8_t)op, .src = src, .t = t}, nonnull);
}

gref ref_own(tgen *g, gfamily f, uint8_t nonnull)
{
	return ref_table(g->x, f, g->src, g->t, 0, nonnull);
}

gref ref_own_list(tgen *g, gfamily f, uint8_t nonnull)
{
	gref r = ref_own(g, f, nonnull);
	r.lists = 1;
	return r;
}

static gref enum_column(tgen *g, const snap_column *c, bool nullable)
{
	const snap_table *t = snap_source_table(g->src, c->enum_table);
	if (!t) return scalar(c->scalar, 0, !nullable);
	return ref_table(g->x, GF_ENUM, g->src, t, 0, !nullable);
}

gref ref_column(tgen *g, const snap_column *c, bool nullable)
{
	if (c->enum_type.p) return enum_column(g, c, nullable);
	return scalar(c->scalar, c->list, c->list ? (uint8_t)(NONNULL | (nullable ? 0 : 2)) : !nullable);
}

/* ---- what the role sees ---- */

const snap_select_perm *select_on(tgen *g, qname name, const snap_table **t)
{
	*t = snap_source_table(g->src, name);
	return *t ? role_perms(g->x->s, g->src, *t, g->x->role)->select : NULL;
}

uint32_t column_flags(const tgen *g, const snap_column *c)
{
	return c->enum_type.p ? 0 : cat_type_flags(g->src->cat, c->type);
}

bool any_selected(const snap_table *t, const snap_select_perm *p)
{
	for (size_t i = 0; p && i < t->ncols; i++)
		if (p->cols[i]) return true;
	return false;
}

/* ---- derivation ---- */

gkind types_kind(const gdesc *d)
{
	return d->family == GF_META && d->op == META_TYPE_KIND ? G_ENUM : FAMILIES[d->family].kind;
}

void types_derive(types_ctx *x, const gdesc *d, gtype *out)
{
	const family *f = &FAMILIES[d->family];
	tgen g = {.x = x, .a = x->a, .d = d, .src = d->src, .t = d->t, .out = out};
	*out = (gtype){.kind = types_kind(d), .name = types_name(x, d)};
	if (f->description) out->description = types_expand(x, f->description, d);
	if (d->t) g.p = role_perms(x->s, d->src, d->t, x->role);
	if (f->fill) f->fill(&g);
	sort_fields(g.f.v, g.f.n);
	for (size_t i = 0; i < g.f.n; i++)
		sort_fields(g.f.v[i].args, g.f.v[i].nargs);
	out->fields = g.f.v;
	out->n = g.f.n;
}

/* ---- all types ---- */

typedef struct walk {
	arena *a;     /* of the index */
	arena *names; /* of the set of names, and of what was found */
	types_ctx *x; /* its arena is emptied for each type */
	map seen;
	VEC(types_entry) found; /* in the order they were met */
} walk;

static void meet(walk *w, const gref *r)
{
	if (map_has(&w->seen, r->name)) return;
	types_entry e = {.name = str_copy(w->a, r->name), .desc = r->of};
	if (e.desc.family == GF_SCALAR) e.desc.scalar = e.name;
	map_put(w->names, &w->seen, e.name, w);
	vec_push(w->names, &w->found, e);
}

static void meet_fields(walk *w, const gfield *v, size_t n, gkind kind)
{
	if (kind == G_ENUM) return;
	for (size_t i = 0; i < n; i++) {
		meet(w, &v[i].type);
		meet_fields(w, v[i].args, v[i].nargs, G_OBJECT);
	}
}

static bool meet_root(walk *w, gfamily f)
{
	gdesc d = {.family = (uint8_t)f};
	gtype t;
	types_derive(w->x, &d, &t);
	if (!t.n) return false;
	gref r = {.name = t.name, .of = d};
	meet(w, &r);
	return true;
}

static int entry_by_name(const void *a, const void *b)
{
	return str_cmp(((const types_entry *)a)->name, ((const types_entry *)b)->name);
}

static void meet_roots(walk *w, types_index *out)
{
	meet_root(w, GF_QUERY_ROOT);
	out->has_mutation = meet_root(w, GF_MUTATION_ROOT);
	out->has_subscription = meet_root(w, GF_SUBSCRIPTION_ROOT);
	gdirective dirs[TYPES_DIRECTIVES];
	types_directives(w->x, dirs);
	for (size_t i = 0; i < TYPES_DIRECTIVES; i++)
		meet_fields(w, dirs[i].args, dirs[i].nargs, G_INPUT_OBJECT);
	gref schema = types_meta_ref(META_SCHEMA, 0);
	meet(w, &schema);
}

void types_index_make(arena *a, const snapshot *s, str role, bool backend, types_index *out)
{
	arena *names = arena_new(1 << 16), *scratch = arena_new(1 << 16);
	types_ctx x = {.a = scratch, .s = s, .role = role, .backend = backend};
	walk w = {.a = a, .names = names, .x = &x};
	meet_roots(&w, out);
	for (size_t i = 0; i < w.found.n; i++) {
		gtype t;
		gdesc d = w.found.v[i].desc;
		arena_reset(scratch);
		types_derive(&x, &d, &t);
		meet_fields(&w, t.fields, t.n, t.kind);
	}
	if (w.found.n) qsort(w.found.v, w.found.n, sizeof *w.found.v, entry_by_name);
	/* Indexes are kept: without what the list left behind as it grew. */
	out->v = NEW_ARRAY(a, types_entry, w.found.n);
	out->n = w.found.n;
	if (out->n) memcpy(out->v, w.found.v, out->n * sizeof *out->v);
	arena_free(names);
	arena_free(scratch);
}

const gdesc *types_index_find(const types_index *ix, str name)
{
	size_t from = 0, to = ix->n;
	while (from < to) {
		size_t mid = from + (to - from) / 2;
		int c = str_cmp(ix->v[mid].name, name);
		if (!c) return &ix->v[mid].desc;
		if (c < 0) from = mid + 1;
		else to = mid;
	}
	return NULL;
}
