/* functions: tracked functions. Hasura v2: Backends/Postgres/DDL/Function.hs. */
#include "schema/functions.h"
#include "schema/resolve.h"

typedef struct checking {
	arena *a;
	const catalog *cat;
	const snap_source *src;
	const md_function *md;
	const cat_function *fn;
	str_vec why;
} checking;

static void because(checking *c, str text)
{
	vec_push(c->a, &c->why, text);
}

static str all_reasons(checking *c)
{
	if (c->why.n == 1) return str_cat(c->a, 2, STR("because "), c->why.v[0]);
	str out = STR("for the following reasons:");
	for (size_t i = 0; i < c->why.n; i++)
		out = str_cat(c->a, 3, out, STR("\n  • "), c->why.v[i]);
	return str_cat(c->a, 2, out, STR("\n"));
}

static void check_arg_names(checking *c)
{
	str bad = STR("");
	for (size_t i = 0; i < c->fn->nargs; i++) {
		str n = c->fn->args[i].name;
		if (n.n && !str_is_name(n)) bad = bad.n ? str_cat(c->a, 3, bad, STR(","), n) : n;
	}
	if (bad.n)
		because(c,
			str_cat(c->a, 3, STR("the function arguments "), bad,
				STR(" are not in compliance with GraphQL spec")));
}

static size_t session_arg(checking *c)
{
	str name = c->md->session_argument;
	if (!name.p) return SIZE_MAX;
	for (size_t i = 0; i < c->fn->nargs; i++) {
		if (!str_eq(c->fn->args[i].name, name)) continue;
		if (!(cat_type_flags(c->cat, c->fn->args[i].type) & (TYPE_JSON | TYPE_JSONB)))
			because(c,
				str_printf(c->a, "given session argument \"%.*s\" is not of type json", STR_ARG(name)));
		return i;
	}
	because(c,
		str_printf(
			c->a, "given session argument \"%.*s\" not the input argument of the function", STR_ARG(name)));
	return SIZE_MAX;
}

static void check_shape(checking *c)
{
	const cat_function *fn = c->fn;
	const cat_type *ret = catalog_type(c->cat, fn->returns);
	if (!str_is_name(base_name(c->a, c->md->custom_name, fn->name)))
		because(c, STR("function name is not a legal GraphQL identifier"));
	if (fn->variadic) because(c, STR("function with \"VARIADIC\" parameters are not supported"));
	if (!c->md->has_response_table && (!ret || ret->kind != 'c'))
		because(c, STR("the function does not return a \"COMPOSITE\" type"));
	if (!c->md->has_response_table && !fn->returns_rel) because(c, STR("the function does not return a table"));
	if (fn->volatility != 'v' && str_eqz(c->md->exposed_as, "mutation"))
		because(c,
			STR("the function was requested to be exposed as a mutation, but is not marked VOLATILE. Maybe the "
			    "function was given the wrong volatility when it was defined?"));
}

static void names(checking *c, snap_function *out)
{
	str base = base_name(c->a, c->md->custom_name, c->fn->name);
	out->gql_name = c->md->custom_root_function.p ? c->md->custom_root_function : base;
	if (!out->single)
		out->aggregate_name = c->md->custom_root_aggregate.p ? c->md->custom_root_aggregate
								     : str_cat(c->a, 2, base, STR("_aggregate"));
	size_t user = c->fn->nargs - (out->session_arg != SIZE_MAX);
	if (user) out->args_type = str_cat(c->a, 2, base, STR("_args"));
	out->arg_names = NEW_ARRAY(c->a, str, c->fn->nargs);
	size_t unnamed = 0;
	for (size_t i = 0; i < c->fn->nargs; i++) {
		str n = c->fn->args[i].name;
		if (!n.n) n = str_printf(c->a, "arg_%zu", ++unnamed);
		out->arg_names[i] = n;
	}
}

static bool target_of(checking *c, snap_function *out)
{
	const cat_table *t = c->md->has_response_table ? catalog_table(c->cat, c->md->response_table)
						       : catalog_table_by_oid(c->cat, c->fn->returns_rel);
	if (t) out->target = t->name;
	return t && snap_source_table(c->src, t->name);
}

bool function_resolve(arena *a, const snap_source *src, const md_function *md, snap_function *out, str *why)
{
	str name = qname_display(a, md->name);
	const fn_list *list = catalog_functions(src->cat, md->name);
	if (!list || !list->n) {
		*why = str_printf(
			a, "in function \"%.*s\": no such function exists: \"%.*s\"", STR_ARG(name), STR_ARG(name));
		return false;
	}
	if (list->n > 1) {
		*why = str_printf(a,
			"in function \"%.*s\": function \"%.*s\" is overloaded. Overloaded functions are not supported",
			STR_ARG(name), STR_ARG(name));
		return false;
	}
	checking c = {.a = a, .cat = src->cat, .src = src, .md = md, .fn = list->v[0]};
	*out = (snap_function){.md = md, .cat = c.fn, .single = !c.fn->returns_set};
	check_shape(&c);
	check_arg_names(&c);
	out->session_arg = session_arg(&c);
	if (c.why.n) {
		str all = all_reasons(&c);
		*why = str_printf(a, "in function \"%.*s\": the function \"%.*s\" cannot be tracked %.*s",
			STR_ARG(name), STR_ARG(name), STR_ARG(all));
		return false;
	}
	if (!target_of(&c, out)) {
		str t = out->target.name.p ? qname_display(a, out->target) : name;
		*why = str_printf(a, "table \"%.*s\" is not tracked", STR_ARG(t));
		return false;
	}
	names(&c, out);
	bool is_volatile = c.fn->volatility == 'v';
	out->mutation = md->exposed_as.p ? str_eqz(md->exposed_as, "mutation") : is_volatile;
	out->volatile_read = is_volatile && !out->mutation;
	out->description = md->comment.p ? (md->comment.n ? md->comment : STR_NULL)
		: c.fn->comment.p        ? c.fn->comment
				  : str_printf(a, "execute function \"%.*s\" which returns \"%.*s\"", STR_ARG(name),
					    STR_ARG(qname_display(a, out->target)));
	return true;
}
