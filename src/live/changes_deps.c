/* What a plan reads. Equalities are followed through relationships: where author.id = $1 and a book's author_id is joined
 * with it, only books with author_id = $1 count. */
#include "live/changes.h"
#include "live/changes_key.h"

/* A column that equals a value in every row that counts. */
typedef struct bound {
	str column;
	size_t key;
} bound;

typedef VEC(bound) bounds;

typedef struct walk {
	arena *a;
	const catalog *cat;
	VEC(changes_dep) rels;
	VEC(pg_oid) functions;
	VEC(changes_key) keys;
	VEC(const val *) key_vals; /* beside keys */
	VEC(val) clocks;
	bool clock;
} walk;

static void walk_select(walk *w, const plan_select *s, const bounds *outer);
static void walk_bexp(walk *w, const bexp *e, const cat_table *t, const bounds *here);

/* ---- values ---- */

static val copy_val(arena *a, const val *v)
{
	val_step *path = NEW_ARRAY(a, val_step, v->npath);
	for (size_t i = 0; i < v->npath; i++)
		path[i] = (val_step){
			.key = v->path[i].key.p ? str_copy(a, v->path[i].key) : STR_NULL, .index = v->path[i].index};
	return (val){.kind = v->kind,
		.conv = v->conv,
		.text = str_copy(a, v->text),
		.path = path,
		.npath = v->npath,
		.cast = str_copy(a, v->cast)};
}

static void note_clock(walk *w, const val *v)
{
	for (size_t i = 0; i < v->nelems; i++)
		note_clock(w, &v->elems[i]);
	if (!changes_clock_type(v->cast)) return;
	if (v->kind == VAL_CONST) w->clock = w->clock || changes_clock_text(v->text);
	else if (v->kind != VAL_NULL && !v->cursor) vec_push(w->a, &w->clocks, copy_val(w->a, v));
}

static size_t key_of(walk *w, const val *v, pg_oid type)
{
	for (size_t i = 0; i < w->key_vals.n; i++)
		if (w->key_vals.v[i] == v && w->keys.v[i].type == type) return i;
	vec_push(w->a, &w->key_vals, v);
	vec_push(w->a, &w->keys, ((changes_key){copy_val(w->a, v), type}));
	return w->keys.n - 1;
}

/* ---- relations ---- */

static bool in_primary_key(const cat_table *t, str column)
{
	const cat_key *pk = cat_table_pk(t);
	const cat_column *c = cat_table_column(t, column);
	for (size_t i = 0; pk && c && i < pk->ncols; i++)
		if (pk->cols[i] == c->attnum) return true;
	return false;
}

/* Any one of them would be right. Of the primary key, because only the identity's values are told by updates and
 * deletes; of those the last, which most often is the finest. */
static const bound *choose(const cat_table *t, const bounds *b)
{
	const bound *found = NULL;
	for (size_t i = 0; i < b->n; i++)
		if (!found || in_primary_key(t, b->v[i].column)) found = &b->v[i];
	return found;
}

static void add_relation(walk *w, const cat_table *t, const bounds *b)
{
	if (!t) return;
	const bound *by = t->kind == 'r' || t->kind == 'p' ? choose(t, b) : NULL;
	for (size_t i = 0; i < w->rels.n; i++) {
		changes_dep *d = &w->rels.v[i];
		if (d->oid != t->oid) continue;
		if (!d->column.p || (by && str_eq(d->column, by->column) && d->key == by->key)) return;
		if (by) continue;
		/* Any row counts: this one stands for all that name values. */
		w->rels.v[i--] = w->rels.v[--w->rels.n];
	}
	changes_dep d = {.oid = t->oid};
	if (by) {
		d.column = str_copy(w->a, by->column);
		d.key = by->key;
	}
	vec_push(w->a, &w->rels, d);
}

static void add_function(walk *w, pg_oid oid)
{
	for (size_t i = 0; i < w->functions.n; i++)
		if (w->functions.v[i] == oid) return;
	vec_push(w->a, &w->functions, oid);
}

static void add_named_function(walk *w, qname name)
{
	const fn_list *all = catalog_functions(w->cat, name);
	for (size_t i = 0; all && i < all->n; i++)
		add_function(w, all->v[i]->oid);
}

static void walk_args(walk *w, const fn_arg *args, size_t n)
{
	for (size_t i = 0; i < n; i++)
		note_clock(w, &args[i].value);
}

static void walk_call(walk *w, const row_call *c)
{
	if (!c->function.name.p) return;
	add_named_function(w, c->function);
	walk_args(w, c->args, c->nargs);
}

/* ---- equalities ---- */

static bool is_equality(const bexp *e)
{
	return e->kind == BEXP_CMP && e->op == CMP_EQ && e->lhs.column.p && !e->lhs.cast.n && !e->lhs.visible_if &&
		!e->null_safe && !e->rhs.nelems && !e->rhs.cursor &&
		(e->rhs.kind == VAL_CONST || e->rhs.kind == VAL_VAR || e->rhs.kind == VAL_SESSION);
}

/* Of expressions that must all hold. */
static void find_equalities(walk *w, const bexp *e, bounds *to)
{
	if (!e) return;
	for (size_t i = 0; e->kind == BEXP_AND && i < e->nkids; i++)
		find_equalities(w, e->kids[i], to);
	if (!is_equality(e) || !changes_key_type(e->lhs.type)) return;
	vec_push(w->a, to, ((bound){e->lhs.column, key_of(w, &e->rhs, e->lhs.type)}));
}

/* What a join tells of the other side. */
static void cross(walk *w, const bounds *here, const join_pair *pairs, size_t n, const cat_table *there, bounds *to)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < here->n; k++) {
			const cat_column *c = there ? cat_table_column(there, pairs[i].remote) : NULL;
			const cat_type *t = c ? catalog_base_type(w->cat, c->type) : NULL;
			/* Of another type the same value may have another text. */
			if (t && str_eq(here->v[k].column, pairs[i].local) && t->oid == w->keys.v[here->v[k].key].type)
				vec_push(w->a, to, ((bound){pairs[i].remote, here->v[k].key}));
		}
}

/* ---- expressions ---- */

static void walk_target(walk *w, const bexp *e, const bounds *here, const bexp *inner, const bexp *more)
{
	const cat_table *t = catalog_table(w->cat, e->rel.target);
	bounds there = {0};
	cross(w, here, e->rel.pairs, e->rel.npairs, t, &there);
	find_equalities(w, inner, &there);
	add_relation(w, t, &there);
	walk_bexp(w, inner, t, &there);
	walk_bexp(w, more, t, &there);
}

static void walk_bexp(walk *w, const bexp *e, const cat_table *t, const bounds *here)
{
	static const bounds none = {0};
	if (!e) return;
	if (e->lhs.computed) walk_call(w, e->lhs.computed);
	walk_bexp(w, e->lhs.visible_if, t, here);
	switch (e->kind) {
	case BEXP_CMP:
		note_clock(w, &e->rhs);
		for (size_t i = 0; i < e->nextra && i < sizeof e->extra / sizeof *e->extra; i++)
			note_clock(w, &e->extra[i]);
		return;
	case BEXP_REL: walk_target(w, e, here, e->nkids ? e->kids[0] : NULL, NULL); return;
	case BEXP_EXISTS: walk_target(w, e, &none, e->nkids ? e->kids[0] : NULL, NULL); return;
	case BEXP_REL_AGG: walk_target(w, e, here, e->agg.filter, e->agg.predicate); return;
	default:
		for (size_t i = 0; i < e->nkids; i++)
			walk_bexp(w, e->kids[i], t, e->kind == BEXP_COMPUTED_TABLE ? &none : here);
	}
}

/* ---- selections ---- */

static void walk_order(walk *w, const plan_order *o, const cat_table *t, const bounds *outer)
{
	bounds here = *outer;
	for (size_t i = 0; i < o->npath; i++) {
		const order_step *s = &o->path[i];
		bounds there = {0};
		t = s->table->cat;
		cross(w, &here, s->rel->pairs, s->rel->npairs, t, &there);
		find_equalities(w, s->filter, &there);
		add_relation(w, t, &there);
		walk_bexp(w, s->filter, t, &there);
		here = there;
	}
	if (o->computed) add_function(w, o->computed->fn->oid);
	walk_args(w, o->call.args, o->call.nargs);
	walk_bexp(w, o->visible_if, t, &here);
}

static void walk_aggs(walk *w, const plan_field *f, const cat_table *t, const bounds *here)
{
	for (size_t i = 0; i < f->naggs; i++)
		for (size_t k = 0; k < f->aggs[i].ncols; k++) {
			const plan_agg_column *c = &f->aggs[i].cols[k];
			if (c->computed) add_function(w, c->computed->fn->oid);
			walk_args(w, c->call.args, c->call.nargs);
			walk_bexp(w, c->visible_if, t, here);
		}
}

static void walk_fields(walk *w, const plan_field *fields, size_t n, const cat_table *t, const bounds *here)
{
	for (size_t i = 0; i < n; i++) {
		const plan_field *f = &fields[i];
		bounds there = {0};
		if (f->computed) add_function(w, f->computed->fn->oid);
		walk_args(w, f->call.args, f->call.nargs);
		walk_bexp(w, f->visible_if, t, here);
		walk_aggs(w, f, t, here);
		walk_fields(w, f->fields, f->nfields, t, here);
		if (!f->select) continue;
		if (f->rel) cross(w, here, f->rel->pairs, f->rel->npairs, f->select->table->cat, &there);
		walk_select(w, f->select, &there);
	}
}

static void walk_select(walk *w, const plan_select *s, const bounds *outer)
{
	const cat_table *t = s->table->cat;
	bounds here = {0};
	for (size_t i = 0; i < outer->n; i++)
		vec_push(w->a, &here, outer->v[i]);
	find_equalities(w, s->where, &here);
	find_equalities(w, s->filter, &here);
	if (s->function) {
		add_function(w, s->function->fn->cat->oid);
		walk_args(w, s->function->args, s->function->nargs);
	} else {
		add_relation(w, t, &here);
	}
	walk_bexp(w, s->where, t, &here);
	walk_bexp(w, s->filter, t, &here);
	for (size_t i = 0; i < s->norder; i++)
		walk_order(w, &s->order[i], t, &here);
	for (size_t i = 0; s->distinct_visible && i < s->ndistinct; i++)
		walk_bexp(w, s->distinct_visible[i], t, &here);
	/* The form of a stream that follows (stream->next) reads the same. */
	if (s->stream) walk_bexp(w, s->stream->visible_if, t, &here);
	walk_fields(w, s->fields, s->nfields, t, &here);
}

const changes_deps *changes_deps_of_plan(arena *a, const plan *p)
{
	static const bounds none = {0};
	walk w = {.a = a};
	for (size_t i = 0; i < p->nroots; i++) {
		if (!p->roots[i].select) continue;
		w.cat = p->roots[i].select->source->cat;
		walk_select(&w, p->roots[i].select, &none);
	}
	changes_deps *d = NEW(a, changes_deps);
	*d = (changes_deps){.rels = w.rels.v,
		.nrels = w.rels.n,
		.functions = w.functions.v,
		.nfunctions = w.functions.n,
		.keys = w.keys.v,
		.nkeys = w.keys.n,
		.clocks = w.clocks.v,
		.nclocks = w.clocks.n,
		.clock = w.clock};
	return d;
}
