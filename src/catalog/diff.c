#include "catalog/diff.h"

/* ---- tables ---- */

static bool ints_equal(const int16_t *a, const int16_t *b, size_t n)
{
	return n == 0 || memcmp(a, b, n * sizeof(*a)) == 0;
}

static bool keys_equal(const cat_table *x, const cat_table *y)
{
	if (x->nkeys != y->nkeys) return false;
	for (size_t i = 0; i < x->nkeys; i++) {
		const cat_key *a = &x->keys[i], *b = &y->keys[i];
		if (!str_eq(a->name, b->name) || a->primary != b->primary || a->constraint != b->constraint ||
			a->provable != b->provable || a->ncols != b->ncols || !ints_equal(a->cols, b->cols, a->ncols))
			return false;
	}
	return true;
}

static bool fks_equal(const cat_table *x, const cat_table *y)
{
	if (x->nfks != y->nfks) return false;
	for (size_t i = 0; i < x->nfks; i++) {
		const cat_fk *a = &x->fks[i], *b = &y->fks[i];
		if (!str_eq(a->name, b->name) || a->ref_oid != b->ref_oid || a->ncols != b->ncols) return false;
		if (!ints_equal(a->cols, b->cols, a->ncols) || !ints_equal(a->ref_nums, b->ref_nums, a->ncols))
			return false;
	}
	return true;
}

static void diff_column(arena *a, cat_table_change *ch, const cat_column *before, const cat_column *after)
{
	const cat_column_change pair = {.before = before, .after = after};
	if (!str_eq(before->name, after->name)) vec_push(a, &ch->col_renamed, pair);
	if (before->type != after->type || before->typmod != after->typmod) vec_push(a, &ch->retyped, pair);
	if (before->not_null != after->not_null) vec_push(a, &ch->nullability, pair);
}

/* Both lists are by attnum: one walk over the two. */
static void diff_columns(arena *a, cat_table_change *ch)
{
	const cat_table *x = ch->before, *y = ch->after;
	size_t i = 0, j = 0;
	while (i < x->ncols || j < y->ncols) {
		int from = i < x->ncols ? x->cols[i].attnum : INT16_MAX + 1;
		int to = j < y->ncols ? y->cols[j].attnum : INT16_MAX + 1;
		if (from < to) {
			vec_push(a, &ch->dropped, &x->cols[i]);
			i++;
		} else if (to < from) {
			vec_push(a, &ch->added, &y->cols[j]);
			j++;
		} else {
			diff_column(a, ch, &x->cols[i++], &y->cols[j++]);
		}
	}
}

static void diff_tables(arena *a, const catalog *before, const catalog *after, cat_diff *d)
{
	for (size_t i = 0; i < before->tables.n; i++) {
		const cat_table *x = before->tables.items[i].value;
		const cat_table *y = catalog_table_by_oid(after, x->oid);
		if (!y) vec_push(a, &d->tables_dropped, x);
		if (!y || x == y || x->fingerprint == y->fingerprint) continue;
		cat_table_change ch = {.before = x, .after = y, .renamed = !qname_eq(x->name, y->name)};
		ch.keys_changed = !keys_equal(x, y) || !fks_equal(x, y);
		diff_columns(a, &ch);
		vec_push(a, &d->tables_changed, ch);
	}
	for (size_t i = 0; i < after->tables.n; i++) {
		const cat_table *y = after->tables.items[i].value;
		if (!catalog_table_by_oid(before, y->oid)) vec_push(a, &d->tables_created, y);
	}
}

/* ---- functions ---- */

static bool args_equal(const cat_function *x, const cat_function *y)
{
	if (x->nargs != y->nargs) return false;
	for (size_t i = 0; i < x->nargs; i++) {
		const cat_arg *a = &x->args[i], *b = &y->args[i];
		if (!str_eq(a->name, b->name) || a->type != b->type || a->mode != b->mode ||
			a->has_default != b->has_default)
			return false;
	}
	return true;
}

/* oid → function, for one catalog. The key is the oid's bytes. */
static map functions_by_oid(arena *a, const catalog *c)
{
	map all = {0};
	for (size_t i = 0; i < c->functions.n; i++) {
		const fn_list *list = c->functions.items[i].value;
		for (size_t k = 0; k < list->n; k++)
			map_put(a, &all, str_make((const char *)&list->v[k]->oid, sizeof(pg_oid)), list->v[k]);
	}
	return all;
}

static void diff_function(arena *a, cat_diff *d, const cat_function *x, const cat_function *y)
{
	if (x == y || x->fingerprint == y->fingerprint) return;
	cat_function_change ch = {.before = x, .after = y, .renamed = !qname_eq(x->name, y->name)};
	ch.signature = !args_equal(x, y) || x->returns != y->returns || x->returns_set != y->returns_set ||
		x->returns_table != y->returns_table || x->returns_rel != y->returns_rel || x->kind != y->kind;
	ch.volatility = x->volatility != y->volatility;
	vec_push(a, &d->functions_changed, ch);
}

static void diff_overloads(arena *a, const catalog *before, const catalog *after, cat_diff *d)
{
	for (size_t i = 0; i < after->functions.n; i++) {
		const fn_list *now = after->functions.items[i].value;
		if (now->n < 2) continue;
		const fn_list *then = catalog_functions(before, now->v[0]->name);
		if (then && then->n > 1) continue;
		const cat_overload more = {.name = now->v[0]->name, .after = now};
		vec_push(a, &d->overloaded, more);
	}
}

static void diff_functions(arena *a, const catalog *before, const catalog *after, cat_diff *d)
{
	map old = functions_by_oid(a, before), now = functions_by_oid(a, after);
	for (size_t i = 0; i < old.n; i++) {
		const cat_function *x = old.items[i].value, *y = map_get(&now, old.items[i].key);
		if (y) diff_function(a, d, x, y);
		else vec_push(a, &d->functions_dropped, x);
	}
	for (size_t i = 0; i < now.n; i++) {
		const cat_function *y = now.items[i].value;
		if (!map_has(&old, now.items[i].key)) vec_push(a, &d->functions_created, y);
	}
	diff_overloads(a, before, after, d);
}

cat_diff *catalog_diff(arena *a, const catalog *before, const catalog *after)
{
	cat_diff *d = NEW(a, cat_diff);
	diff_tables(a, before, after, d);
	diff_functions(a, before, after, d);
	return d;
}

const cat_table_change *cat_diff_table(const cat_diff *d, qname before)
{
	for (size_t i = 0; i < d->tables_changed.n; i++)
		if (qname_eq(d->tables_changed.v[i].before->name, before)) return &d->tables_changed.v[i];
	return NULL;
}

bool cat_diff_empty(const cat_diff *d)
{
	return !d->tables_dropped.n && !d->tables_created.n && !d->tables_changed.n && !d->functions_dropped.n &&
		!d->functions_created.n && !d->functions_changed.n && !d->overloaded.n;
}
