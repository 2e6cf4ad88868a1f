/* variables: what the operation declares against what the request gives and the document uses. Hasura v2: Execute/Resolve.hs. */
#include "plan/input.h"

typedef struct plan_var {
	const gq_variable_def *def;
	const json *j; /* given; NULL: default or none */
	bool unbound;  /* taken out of the query as if it had not been written */
	bool used;
	const val_step *path;
} plan_var;

in_type type_list_of(in_type t)
{
	t.lists++;
	return t;
}

in_type type_with_null(in_type t, bool nullable)
{
	uint8_t bit = (uint8_t)(1u << t.lists);
	t.nonnull = nullable ? (uint8_t)(t.nonnull & ~bit) : (uint8_t)(t.nonnull | bit);
	return t;
}

str type_text(arena *a, in_type t)
{
	str out = t.name;
	if (t.nonnull & 1) out = str_cat(a, 2, out, STR("!"));
	for (unsigned i = 1; i <= t.lists; i++)
		out = str_cat(a, 3, STR("["), out, t.nonnull & (1u << i) ? STR("]!") : STR("]"));
	return out;
}

static str declared_text(plan_ctx *c, const gq_type *t)
{
	buf b = {0};
	gq_print_type(&b, t);
	str out = str_copy(c->a, buf_str(&b));
	buf_free(&b);
	return out;
}

/* Names and depth of lists; Hasura v2 does not compare the nullability of elements. */
static bool compatible(in_type want, const gq_type *have)
{
	unsigned lists = want.lists;
	for (; have->of; have = have->of) {
		if (!lists) return false;
		lists--;
	}
	return !lists && str_eq(want.name, have->name);
}

static bool usable(plan_ctx *c, in_type want, const gq_variable_def *def, bool location_default)
{
	bool want_null = !(want.nonnull & (1u << want.lists));
	const gq_value *dflt = def->default_value;
	/* Hasura v2: with this flag a nullable variable without default counts as having one. */
	bool has_default =
		dflt ? dflt->kind != GQ_NULL : c->snap->options.no_null_unbound_variable_default && !def->type->nonnull;
	if (!want_null && !def->type->nonnull && !location_default && !has_default) return false;
	return compatible(want, def->type);
}

bool input_variable_unbound(plan_ctx *c, str name)
{
	const plan_var *v = map_get(&c->vars, name);
	return v && v->unbound;
}

bool input_peel(plan_ctx *c, input *in, in_type want, bool location_default)
{
	if (input_kind(in) != IN_VARIABLE) return true;
	const plan_var *v = map_get(&c->vars, in->g->text);
	if (!v) return plan_fail(c, NULL, "unbound variable \"%.*s\"", STR_ARG(in->g->text));
	if (!usable(c, want, v->def, location_default))
		return plan_fail(c, in->at, "variable '%.*s' is declared as '%.*s', but used where '%.*s' is expected",
			STR_ARG(v->def->name), STR_ARG(declared_text(c, v->def->type)), STR_ARG(type_text(c->a, want)));
	*in = (input){.at = in->at};
	if (v->j) {
		in->j = v->j;
		in->vpath = v->path;
		in->nvpath = 1;
	} else {
		in->g = v->def->default_value;
	}
	return true;
}

bool input_peel_value(plan_ctx *c, input *in, in_type want)
{
	static const gq_value null_literal = {.kind = GQ_NULL};
	str name = input_kind(in) == IN_VARIABLE ? in->g->text : STR("");
	if (!input_peel(c, in, want, false)) return false;
	if (input_kind(in) != IN_ABSENT) return true;
	in->g = &null_literal;
	if (!(want.nonnull & (1u << want.lists))) return true;
	return plan_fail(c, in->at,
		"no variable value specified for non-nullable variable no value specified for variable '%.*s'",
		STR_ARG(name));
}

/* ---- values with variables inside, as JSON ---- */

static json *literal_json(plan_ctx *c, const gq_value *v);

static json *variable_json(plan_ctx *c, str name)
{
	const plan_var *v = map_get(&c->vars, name);
	if (!v || (!v->j && !v->def->default_value)) return json_new_null(c->a);
	if (!v->j) return literal_json(c, v->def->default_value);
	input in = {.j = v->j, .vpath = v->path, .nvpath = 1};
	input_guard(c, &in);
	return json_copy(c->a, v->j);
}

/* Depth: the document's own. */
static json *literal_json(plan_ctx *c, const gq_value *v)
{
	if (v->kind == GQ_VAR) return variable_json(c, v->text);
	if (v->kind != GQ_LIST && v->kind != GQ_OBJECT) return gq_value_to_json(c->a, v);
	json *out = v->kind == GQ_LIST ? json_new_array(c->a) : json_new_object(c->a);
	for (const gq_value *e = v->first; e; e = e->next) {
		if (e->kind == GQ_VAR && input_variable_unbound(c, e->text)) continue;
		json *j = literal_json(c, e);
		if (v->kind == GQ_LIST) json_push(out, j);
		else json_set(out, e->name, j);
	}
	return out;
}

const json *input_json(plan_ctx *c, const input *in)
{
	if (in->g) return literal_json(c, in->g);
	return in->j ? in->j : json_new_null(c->a);
}

/* ---- binding ---- */

static bool bind_one(plan_ctx *c, const gq_variable_def *d)
{
	plan_var *v = NEW(c->a, plan_var);
	v->def = d;
	v->j = json_get(c->req->variables, d->name);
	bool nullable = !d->type->nonnull;
	if (v->j && !nullable && v->j->kind == JSON_NULL && !c->snap->options.null_in_nonnullable_variables)
		return plan_fail(c, NULL, "null value found for non-nullable type: \"%.*s\"",
			STR_ARG(declared_text(c, d->type)));
	if (!v->j && !d->default_value) {
		if (!nullable)
			return plan_fail(
				c, NULL, "expecting a value for non-nullable variable: \"%.*s\"", STR_ARG(d->name));
		v->unbound = c->snap->options.no_null_unbound_variable_default;
	}
	val_step *step = NEW(c->a, val_step);
	step->key = str_copy(c->a, d->name);
	v->path = step;
	map_put(c->a, &c->vars, d->name, v);
	return true;
}

static bool use_value(plan_ctx *c, const gq_value *v)
{
	for (; v; v = v->next) {
		if (v->kind == GQ_VAR) {
			plan_var *var = map_get(&c->vars, v->text);
			if (!var) return plan_fail(c, NULL, "unbound variable \"%.*s\"", STR_ARG(v->text));
			var->used = true;
		}
		if (v->first && !use_value(c, v->first)) return false;
	}
	return true;
}

static bool use_directives(plan_ctx *c, const gq_directive *d)
{
	for (; d; d = d->next)
		if (!use_value(c, d->args)) return false;
	return true;
}

/* Depth: bounded by gq_select_operation, each fragment is walked once. */
static bool use_selections(plan_ctx *c, const gq_selection *s)
{
	for (; s; s = s->next) {
		if (!use_value(c, s->args) || !use_directives(c, s->directives) || !use_selections(c, s->first))
			return false;
		if (s->kind != GQ_SPREAD || !map_add(c->a, &c->visited, s->name, c)) continue;
		const gq_fragment *f = gq_find_fragment(c->req->doc, s->name);
		if (f && !use_selections(c, f->first)) return false;
	}
	return true;
}

enum { MAX_EXTRA_NAMES = 4096 };

static bool check_given(plan_ctx *c)
{
	buf extra = {0};
	JSON_EACH (m, c->req->variables) {
		const plan_var *v = map_get(&c->vars, m->key);
		if (v && v->used) continue;
		if (extra.n) buf_puts(&extra, ", ");
		/* Enough to find the mistake; a request may hold a hundred thousand. */
		if (extra.n + m->key.n > MAX_EXTRA_NAMES) {
			buf_puts(&extra, "...");
			break;
		}
		buf_put(&extra, m->key);
	}
	bool ok = !extra.n ||
		plan_fail(c, NULL, "unexpected variables in variableValues: %.*s", STR_ARG(buf_str(&extra)));
	buf_free(&extra);
	return ok;
}

bool input_bind_variables(plan_ctx *c)
{
	for (const gq_variable_def *d = c->req->op->vars; d; d = d->next)
		if (!bind_one(c, d)) return false;
	return use_directives(c, c->req->op->directives) && use_selections(c, c->req->op->first) && check_given(c);
}
