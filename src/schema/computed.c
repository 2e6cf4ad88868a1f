#include "schema/resolve.h"

/* Hasura v2 collects every reason before it speaks: RQL/DDL/ComputedField.hs. */
typedef struct reasons {
	arena *a;
	str_vec v;
} reasons;

static str reasons_text(reasons *rs)
{
	if (rs->v.n == 1) return str_cat(rs->a, 2, STR("because "), rs->v.v[0]);
	str out = STR("for the following reasons:");
	for (size_t i = 0; i < rs->v.n; i++)
		out = str_cat(rs->a, 4, out, STR("\n  "), STR("• "), rs->v.v[i]);
	return str_cat(rs->a, 2, out, STR("\n"));
}

const cat_function *resolve_function(resolving *r, qname name, str *why)
{
	const fn_list *list = catalog_functions(r->sc->cat, name);
	size_t n = list ? list->n : 0;
	const cat_function *fn = n == 1 ? list->v[0] : NULL;
	function_dep dep = {.name = name, .fn = fn};
	vec_push(r->a, &r->deps->functions, dep);
	str display = qname_display(r->a, name);
	if (n == 0) *why = str_printf(r->a, "no such function exists: \"%.*s\"", STR_ARG(display));
	if (n > 1)
		*why = str_printf(r->a, "function \"%.*s\" is overloaded. Overloaded functions are not supported",
			STR_ARG(display));
	return fn;
}

static size_t find_arg(const cat_function *fn, str name)
{
	for (size_t i = 0; i < fn->nargs; i++)
		if (str_eq(fn->args[i].name, name)) return i;
	return SIZE_MAX;
}

static bool is_json_type(const catalog *c, pg_oid type)
{
	return (cat_type_flags(c, type) & (TYPE_JSON | TYPE_JSONB)) != 0;
}

static void check_table_arg(
	resolving *r, const cat_table *cat, const cat_function *fn, size_t arg, str which, reasons *rs)
{
	const cat_type *ty = catalog_type(r->sc->cat, fn->args[arg].type);
	str f = qname_display(r->a, fn->name);
	if (!ty || ty->kind != 'c') {
		str why = str_printf(
			r->a, "%.*s of the function \"%.*s\" is not COMPOSITE type", STR_ARG(which), STR_ARG(f));
		vec_push(r->a, &rs->v, why);
	}
	if (ty && ty->relid == cat->oid) return;
	str tname = ty ? qname_display(r->a, ty->name) : STR("unknown");
	str why = str_printf(r->a,
		"%.*s of the function \"%.*s\" of type \"%.*s\" is not the table to which the computed field is "
		"being added",
		STR_ARG(which), STR_ARG(f), STR_ARG(tname));
	vec_push(r->a, &rs->v, why);
}

static void resolve_table_arg(resolving *r, const cat_table *cat, const md_computed_field *cf, const cat_function *fn,
	snap_computed *out, reasons *rs)
{
	str f = qname_display(r->a, fn->name);
	out->call.table_arg = 0;
	if (cf->table_argument.p) {
		size_t at = find_arg(fn, cf->table_argument);
		if (at == SIZE_MAX) {
			str why = str_printf(r->a, "\"%.*s\" is not an input argument of the function \"%.*s\"",
				STR_ARG(cf->table_argument), STR_ARG(f));
			vec_push(r->a, &rs->v, why);
			return;
		}
		out->call.table_arg = at;
		check_table_arg(r, cat, fn, at, str_printf(r->a, "\"%.*s\" argument", STR_ARG(cf->table_argument)), rs);
	} else if (fn->nargs == 0) {
		vec_push(r->a, &rs->v, str_printf(r->a, "the function \"%.*s\" has no input arguments", STR_ARG(f)));
	} else {
		check_table_arg(r, cat, fn, 0, STR("first argument"), rs);
	}
}

static void resolve_session_arg(
	resolving *r, const md_computed_field *cf, const cat_function *fn, snap_computed *out, reasons *rs)
{
	out->call.session_arg = SIZE_MAX;
	if (!cf->session_argument.p) return;
	str f = qname_display(r->a, fn->name);
	size_t at = find_arg(fn, cf->session_argument);
	if (at == SIZE_MAX) {
		str why = str_printf(r->a, "\"%.*s\" is not an input argument of the function \"%.*s\"",
			STR_ARG(cf->session_argument), STR_ARG(f));
		vec_push(r->a, &rs->v, why);
		return;
	}
	if (!is_json_type(r->sc->cat, fn->args[at].type)) {
		str why = str_printf(r->a, "\"%.*s\" argument of the function \"%.*s\" is not of type JSON",
			STR_ARG(cf->session_argument), STR_ARG(f));
		vec_push(r->a, &rs->v, why);
	}
	out->call.session_arg = at;
	out->call.session_cast = cat_sql_type(r->a, r->sc->cat, fn->args[at].type);
}

static void resolve_return(resolving *r, const cat_function *fn, snap_computed *out, reasons *rs)
{
	str f = qname_display(r->a, fn->name);
	out->type = fn->returns;
	if (fn->returns_rel && fn->returns_set) {
		const cat_table *target = catalog_table_by_oid(r->sc->cat, fn->returns_rel);
		const md_table *md = NULL;
		const cat_table *cat = NULL;
		out->returns_table = true;
		if (target) out->target = target->name;
		if (target && resolve_target(r, target->name, &md, &cat)) return;
		str name = target ? qname_display(r->a, target->name) : STR("unknown");
		str why = str_printf(r->a,
			"the function \"%.*s\" returning set of table \"%.*s\" is not tracked or not found in database",
			STR_ARG(f), STR_ARG(name));
		vec_push(r->a, &rs->v, why);
		return;
	}
	const cat_type *ty = catalog_base_type(r->sc->cat, fn->returns);
	if (!ty || fn->returns_set || ty->kind == 'c' || ty->kind == 'p') {
		str tname = ty ? ty->name.name : STR("unknown");
		str why = str_printf(r->a, "the function \"%.*s\" returning type %.*s is not a BASE type", STR_ARG(f),
			STR_ARG(tname));
		vec_push(r->a, &rs->v, why);
		return;
	}
	out->type = ty->oid;
	bool no_lists = r->opt->disable_postgres_arrays;
	out->scalar = str_copy(r->a, cat_graphql_type(r->a, r->sc->cat, fn->returns, no_lists, &out->list));
}

bool computed_resolve(resolving *r, const cat_table *cat, const md_computed_field *cf, snap_computed *out, error *err)
{
	str why;
	*out = (snap_computed){.name = cf->name};
	const cat_function *fn = resolve_function(r, cf->function, &why);
	if (!fn) return error_set(err, ERR_NOT_EXISTS, STR(""), "%.*s", STR_ARG(why));
	reasons rs = {.a = r->a};
	if (!str_is_name(cf->name))
		vec_push(r->a, &rs.v, str_printf(r->a, "\"%.*s\" is not valid GraphQL name", STR_ARG(cf->name)));
	str f = qname_display(r->a, fn->name);
	if (fn->volatility == 'v')
		vec_push(r->a, &rs.v,
			str_printf(r->a,
				"the function \"%.*s\" is of type VOLATILE; cannot be added as a computed field",
				STR_ARG(f)));
	resolve_return(r, fn, out, &rs);
	resolve_table_arg(r, cat, cf, fn, out, &rs);
	resolve_session_arg(r, cf, fn, out, &rs);
	if (rs.v.n) {
		str t = qname_display(r->a, cat->name);
		return error_set(err, ERR_NOT_SUPPORTED, STR(""),
			"the computed field \"%.*s\" cannot be added to table \"%.*s\" %.*s", STR_ARG(cf->name),
			STR_ARG(t), STR_ARG(reasons_text(&rs)));
	}
	out->fn = fn;
	out->call.function = fn->name;
	out->nuser_args = fn->nargs - 1 - (out->call.session_arg != SIZE_MAX);
	if (cf->comment.p) out->comment = cf->comment.n ? cf->comment : STR_NULL;
	else if (fn->comment.p) out->comment = fn->comment;
	else out->comment = str_printf(r->a, "A computed field, executes function \"%.*s\"", STR_ARG(f));
	return true;
}

void resolve_computed(resolving *r)
{
	snap_table *t = r->t;
	t->computed = NEW_ARRAY(r->a, snap_computed, r->md->ncomputed);
	for (size_t i = 0; i < r->md->ncomputed; i++) {
		const md_computed_field *cf = &r->md->computed[i];
		error err;
		error_init(&err, r->a);
		if (computed_resolve(r, r->cat, cf, &t->computed[t->ncomputed], &err)) {
			cat_function_ref((cat_function *)t->computed[t->ncomputed].fn);
			t->ncomputed++;
		} else {
			resolve_issue(r, "computed_field", cf->name, cf->raw,
				issue_context(r->a, r->md->name, "computed field", cf->name, err.message));
		}
	}
}
