/*
 * selection: the fields of a selection set. Hasura v2: GraphQL/Parser/Collect.hs.
 */
#include "plan/input.h"
#include "plan/missing.h"

typedef struct collecting {
	plan_ctx *c;
	str type;
	const plan_path *at;
	map by_key; /* response key → index + 1 in fields, as a pointer */
	sel_field_vec fields;
} collecting;

static bool merge(collecting *k, sel_field *old, const gq_selection *s)
{
	plan_ctx *c = k->c;
	if (!str_eq(old->name, s->name))
		return plan_fail(c, k->at, "selection of both '%.*s' and '%.*s' specify the same response name, '%.*s'",
			STR_ARG(old->name), STR_ARG(s->name), STR_ARG(old->key));
	if (!gq_arguments_equal(old->first->args, s->args))
		return plan_fail(c, k->at, "inconsistent arguments between multiple selections of field '%.*s'",
			STR_ARG(old->name));
	if (!s->first) return true;
	const gq_selection **v = NEW_ARRAY(c->a, const gq_selection *, old->sub.n + 1);
	if (old->sub.n) memcpy(v, old->sub.v, old->sub.n * sizeof *v);
	v[old->sub.n] = s->first;
	old->sub = (sel_set){.v = v, .n = old->sub.n + 1};
	return true;
}

static bool add_field(collecting *k, const gq_selection *s)
{
	plan_ctx *c = k->c;
	str key = gq_key(s);
	uintptr_t seen = (uintptr_t)map_get(&k->by_key, key);
	if (seen) return merge(k, &k->fields.v[seen - 1], s);
	sel_field f = {.key = str_copy(c->a, key), .name = str_copy(c->a, s->name), .first = s};
	if (s->first) {
		f.sub.v = NEW(c->a, const gq_selection *);
		f.sub.v[0] = s->first;
		f.sub.n = 1;
	}
	vec_push(c->a, &k->fields, f);
	map_put(c->a, &k->by_key, f.key, (void *)(uintptr_t)k->fields.n);
	return true;
}

/* The `if` of @skip or @include; absent directive: dflt. */
static bool condition(collecting *k, const gq_directive *d, bool *out)
{
	plan_ctx *c = k->c;
	const plan_path *at = path_key(c, k->at, d->name);
	const gq_value *arg = NULL;
	for (const gq_value *a = d->args; a; a = a->next) {
		if (!str_eqz(a->name, "if"))
			return plan_fail(
				c, at, "'%.*s' has no argument named '%.*s'", STR_ARG(d->name), STR_ARG(a->name));
		if (a->kind != GQ_VAR || !input_variable_unbound(c, a->text)) arg = a;
	}
	at = path_key(c, path_key(c, at, STR("args")), STR("if"));
	if (!arg) return plan_fail(c, at, "missing required field 'if'");
	input in = input_literal(arg, at);
	return input_peel_value(c, &in, type_required(STR("Boolean"))) && input_bool(c, &in, out);
}

static bool included(collecting *k, const gq_directive *chain, gq_location where, bool *out)
{
	*out = true;
	if (!chain) return true;
	if (!gq_check_directives(chain, where, path_text(k->c, k->at), k->c->err)) return false;
	bool skip = false, include = true;
	const gq_directive *d = gq_find_directive(chain, STR("skip"));
	if (d && !condition(k, d, &skip)) return false;
	d = gq_find_directive(chain, STR("include"));
	if (d && !condition(k, d, &include)) return false;
	*out = include && !skip;
	return true;
}

/* Depth: bounded by gq_select_operation, fragments followed. A fragment on another type does not apply (no error in Hasura v2). */
static bool collect(collecting *k, const gq_selection *s)
{
	for (; s; s = s->next) {
		bool take;
		gq_location where = s->kind == GQ_FIELD ? GQ_ON_FIELD
			: s->kind == GQ_SPREAD          ? GQ_ON_SPREAD
							: GQ_ON_INLINE;
		if (!included(k, s->directives, where, &take)) return false;
		if (!take) continue;
		if (s->kind == GQ_FIELD) {
			if (!add_field(k, s)) return false;
			continue;
		}
		const gq_fragment *f = s->kind == GQ_SPREAD ? gq_find_fragment(k->c->req->doc, s->name) : NULL;
		str on = f ? f->on : s->name;
		if (s->kind == GQ_SPREAD && !f)
			return plan_fail(k->c, k->at, "reference to undefined fragment \"%.*s\"", STR_ARG(s->name));
		if (on.n && !str_eq(on, k->type)) continue;
		if (!collect(k, f ? f->first : s->first)) return false;
	}
	return true;
}

bool sel_collect(plan_ctx *c, str type, const sel_set *set, const plan_path *at, sel_field_vec *out)
{
	collecting k = {.c = c, .type = type, .at = at};
	if (!set->n) return plan_fail(c, at, "missing selection set for '%.*s'", STR_ARG(type));
	for (size_t i = 0; i < set->n; i++)
		if (!collect(&k, set->v[i])) return false;
	*out = k.fields;
	return true;
}

bool sel_arguments(plan_ctx *c, const sel_field *f, const plan_path *at, const str *names, size_t n)
{
	for (const gq_value *a = f->first->args; a; a = a->next) {
		if (a->kind == GQ_VAR && input_variable_unbound(c, a->text)) continue;
		size_t i = 0;
		while (i < n && !str_eq(names[i], a->name))
			i++;
		if (i == n)
			return plan_fail(
				c, at, "'%.*s' has no argument named '%.*s'", STR_ARG(f->name), STR_ARG(a->name));
	}
	return true;
}

bool sel_leaf(plan_ctx *c, const sel_field *f, const plan_path *at)
{
	return !f->sub.n || plan_fail(c, at, "unexpected subselection set for non-object field");
}

bool sel_argument(plan_ctx *c, const sel_field *f, const plan_path *at, str name, input *out)
{
	const plan_path *here = path_key(c, path_key(c, at, STR("args")), name);
	*out = (input){.at = here};
	const gq_value *v = gq_find(f->first->args, name);
	if (!v || (v->kind == GQ_VAR && input_variable_unbound(c, v->text))) return false;
	*out = input_literal(v, here);
	return true;
}

bool sel_unknown(plan_ctx *c, const sel_field *f, const plan_path *at, str type, str reason)
{
	plan_fail(c, at, "field '%.*s' not found in type: '%.*s'", STR_ARG(f->name), STR_ARG(type));
	return missing_because(c, reason);
}
