/* value: finding, comparing and converting values, and the look-ups of a document. */
#include "graphql/value.h"
#include "base/json.h"
#include <stdlib.h>

gq_value *gq_find(const gq_value *chain, str name)
{
	for (const gq_value *v = chain; v; v = v->next)
		if (str_eq(v->name, name)) return (gq_value *)v;
	return NULL;
}

gq_directive *gq_find_directive(const gq_directive *chain, str name)
{
	for (const gq_directive *d = chain; d; d = d->next)
		if (str_eq(d->name, name)) return (gq_directive *)d;
	return NULL;
}

gq_fragment *gq_find_fragment(const gq_document *doc, str name)
{
	return map_get(&doc->fragment_map, name);
}

gq_variable_def *gq_find_variable(const gq_operation *op, str name)
{
	gq_variable_def *d = op->vars;

	if (op->var_map.n) return map_get(&op->var_map, name);
	while (d && !str_eq(d->name, name))
		d = d->next;
	return d;
}

static int by_name(const void *x, const void *y)
{
	const gq_value *a = *(const gq_value *const *)x, *b = *(const gq_value *const *)y;

	return str_cmp(a->name, b->name);
}

void gq_chain_sort(gq_chain *c, const gq_value *first)
{
	size_t i = 0;

	c->n = 0;
	for (const gq_value *v = first; v; v = v->next)
		c->n++;
	c->v = c->n <= GQ_CHAIN_FEW ? c->few : mem_alloc(size_mul(c->n, sizeof(*c->v)));
	for (const gq_value *v = first; v; v = v->next)
		c->v[i++] = v;
	if (c->n > 1) qsort(c->v, c->n, sizeof(*c->v), by_name);
}

void gq_chain_free(gq_chain *c)
{
	if (c->v != c->few) mem_free(c->v);
}

bool gq_arguments_equal(const gq_value *a, const gq_value *b)
{
	gq_chain x, y;
	bool equal;

	/* Nearly always both are written alike. */
	while (a && b && str_eq(a->name, b->name)) {
		if (!gq_value_equal(a, b)) return false;
		a = a->next;
		b = b->next;
	}
	if (!a || !b) return a == b;
	gq_chain_sort(&x, a);
	gq_chain_sort(&y, b);
	equal = x.n == y.n;
	for (size_t i = 0; equal && i < x.n; i++)
		equal = str_eq(x.v[i]->name, y.v[i]->name) && gq_value_equal(x.v[i], y.v[i]);
	gq_chain_free(&x);
	gq_chain_free(&y);
	return equal;
}

bool gq_value_equal(const gq_value *a, const gq_value *b)
{
	const gq_value *x, *y;

	if (a->kind != b->kind) return false;
	if (a->kind == GQ_OBJECT) return a->count == b->count && gq_arguments_equal(a->first, b->first);
	if (a->kind != GQ_LIST) return str_eq(a->text, b->text);
	if (a->count != b->count) return false;
	for (x = a->first, y = b->first; x && y; x = x->next, y = y->next)
		if (!gq_value_equal(x, y)) return false;
	return true;
}

json *gq_value_to_json(arena *a, const gq_value *v)
{
	json *j;

	switch (v->kind) {
	case GQ_INT:
	case GQ_FLOAT:
		/* GraphQL's numbers are JSON's. */
		return json_new_number(a, v->text);
	case GQ_STRING:
	case GQ_ENUM: return json_new_str(a, v->text);
	case GQ_BOOL: return json_new_bool(a, v->boolean);
	case GQ_LIST:
		j = json_new_array(a);
		for (const gq_value *c = v->first; c; c = c->next)
			json_push(j, gq_value_to_json(a, c));
		return j;
	case GQ_OBJECT:
		j = json_new_object(a);
		for (const gq_value *c = v->first; c; c = c->next)
			json_set(j, c->name, gq_value_to_json(a, c));
		return j;
	case GQ_VAR:
	case GQ_NULL: break;
	}
	return json_new_null(a);
}
