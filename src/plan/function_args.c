/* function_args: arguments of functions and computed fields. Hasura v2: Backends/Postgres/Schema/Select.hs, functionArgs. */
#include "plan/input.h"

typedef struct arg_slot {
	str gql; /* name in the input object; p NULL: not the user's */
	const cat_arg *arg;
	bool fixed; /* the table row: stands where it stands */
	bool given;
	val value;
} arg_slot;

typedef struct arg_list {
	plan_ctx *c;
	const snap_source *src;
	str type; /* of the input object */
	arg_slot *v;
	size_t n;
	fn_arg *out;
	size_t nout;
} arg_list;

static size_t user_args(const arg_list *l, bool *required)
{
	size_t n = 0;
	*required = false;
	for (size_t i = 0; i < l->n; i++) {
		if (!l->v[i].gql.p) continue;
		n++;
		*required |= !l->v[i].arg->has_default;
	}
	return n;
}

static bool read_object(arg_list *l, const input *in)
{
	plan_ctx *c = l->c;
	input_object o;
	if (!input_members(c, in, l->type, &o)) return false;
	for (size_t m = 0; m < o.n; m++) {
		arg_slot *slot = NULL;
		for (size_t i = 0; i < l->n; i++)
			if (l->v[i].gql.p && str_eq(l->v[i].gql, o.v[m].name)) slot = &l->v[i];
		if (!slot) return input_unknown_field(c, &o.v[m], l->type);
		value_type t = value_type_oid(c, l->src, slot->arg->type);
		if (!value_read(c, &t, true, &o.v[m].value, &slot->value)) return false;
		slot->given = true;
	}
	return true;
}

/* Leading arguments by position; after the first one left out, by name. */
static bool lay_out(arg_list *l, const plan_path *at)
{
	bool by_name = false;
	l->out = NEW_ARRAY(l->c->a, fn_arg, l->n);
	for (size_t i = 0; i < l->n; i++) {
		arg_slot *s = &l->v[i];
		if (s->fixed) {
			if (!by_name) continue;
			return plan_fail_code(
				l->c, ERR_NOT_SUPPORTED, at, "Only last set of positional arguments can be omitted");
		}
		if (!s->given) {
			if (!s->arg->has_default)
				return plan_fail_code(
					l->c, ERR_NOT_SUPPORTED, at, "Non default arguments cannot be omitted");
			by_name = true;
			continue;
		}
		if (by_name && !s->arg->name.n)
			return plan_fail_code(
				l->c, ERR_NOT_SUPPORTED, at, "Only last set of positional arguments can be omitted");
		fn_arg *a = &l->out[l->nout++];
		*a = (fn_arg){.value = s->value};
		if (by_name) a->name = s->arg->name;
	}
	return true;
}

static bool read_args(arg_list *l, const sel_field *f, const plan_path *at)
{
	plan_ctx *c = l->c;
	bool required;
	const plan_path *here = path_key(c, path_key(c, at, STR("args")), STR("args"));
	if (user_args(l, &required)) {
		input in;
		bool given = sel_argument(c, f, at, STR("args"), &in);
		if (!given && required) return plan_fail(c, here, "missing required field 'args'");
		in_type type = required ? type_required(l->type) : type_nullable(l->type);
		if (given && (!input_peel_value(c, &in, type) || !read_object(l, &in))) return false;
	}
	return lay_out(l, here);
}

static val session_value(plan_ctx *c, const snap_source *src, const cat_arg *arg)
{
	val v = {.kind = VAL_SESSION_JSON, .cast = cat_sql_type(c->a, src->cat, arg->type)};
	permit_val(c, &v);
	return v;
}

bool function_args(plan_ctx *c, const snap_source *src, const snap_function *fn, const sel_field *f,
	const plan_path *at, plan_from_function **out)
{
	arg_list l = {.c = c, .src = src, .type = fn->args_type, .n = fn->cat->nargs};
	l.v = NEW_ARRAY(c->a, arg_slot, l.n);
	for (size_t i = 0; i < l.n; i++) {
		l.v[i].arg = &fn->cat->args[i];
		if (i == fn->session_arg) {
			l.v[i].given = true;
			l.v[i].value = session_value(c, src, l.v[i].arg);
		} else {
			l.v[i].gql = fn->arg_names[i];
		}
	}
	if (!read_args(&l, f, at)) return false;
	*out = NEW(c->a, plan_from_function);
	**out = (plan_from_function){.fn = fn, .args = l.out, .nargs = l.nout};
	return true;
}

bool computed_args(plan_ctx *c, const snap_source *src, const snap_table *t, const snap_computed *cf,
	const sel_field *f, const plan_path *at, row_call *out)
{
	arg_list l = {.c = c, .src = src, .n = cf->fn->nargs};
	size_t unnamed = 0;
	l.type = str_cat(c->a, 4, cf->name, STR("_"), t->type, STR("_args"));
	l.v = NEW_ARRAY(c->a, arg_slot, l.n);
	for (size_t i = 0; i < l.n; i++) {
		l.v[i].arg = &cf->fn->args[i];
		l.v[i].fixed = i == cf->call.table_arg || i == cf->call.session_arg;
		if (l.v[i].fixed) continue;
		str name = l.v[i].arg->name;
		l.v[i].gql = name.n ? name : str_printf(c->a, "arg_%zu", ++unnamed);
	}
	if (!read_args(&l, f, at)) return false;
	*out = cf->call;
	out->args = l.out;
	out->nargs = l.nout;
	permit_call(c, out);
	return true;
}
