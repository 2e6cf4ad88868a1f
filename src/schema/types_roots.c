/* types_roots: root types, the introspection types, directives. Hasura v2: GraphQL/Schema/{Build,Introspect}.hs, GraphQL/Schema.hs. */
#include "schema/types_impl.h"

/* ---- fields of tables ---- */

static gref response(tgen *g)
{
	return ref_own(g, GF_MUTATION_RESPONSE, 0);
}

/* Type and arguments of the root field of g->t. */
static void table_field(tgen *g, gfield *f, md_root_field field)
{
	const char *updated = "filter the rows which have to be updated",
		   *deleted = "filter the rows which have to be deleted";
	switch (field) {
	case ROOT_SELECT:
		f->type = ref_own_list(g, GF_ROW, LIST_NONNULL);
		add_select_args(g, f, g->t);
		return;
	case ROOT_SELECT_AGGREGATE:
		f->type = ref_own(g, GF_AGGREGATE, NONNULL);
		add_select_args(g, f, g->t);
		return;
	case ROOT_SELECT_STREAM:
		f->type = ref_own_list(g, GF_ROW, LIST_NONNULL);
		add_arg(g, f, STR("batch_size"), "maximum number of rows returned in a single batch",
			ref_scalar("Int", NONNULL));
		add_arg(g, f, STR("cursor"), "cursor to stream the results returned by the query",
			ref_own_list(g, GF_STREAM_CURSOR, 2));
		add_arg(g, f, STR("where"), "filter the rows returned", ref_own(g, GF_BOOL_EXP, 0));
		return;
	case ROOT_INSERT:
		f->type = response(g);
		add_arg(g, f, STR("objects"), "the rows to be inserted",
			ref_own_list(g, GF_INSERT_INPUT, LIST_NONNULL));
		add_conflict_arg(g, f);
		return;
	case ROOT_INSERT_ONE:
		add_arg(g, f, STR("object"), "the row to be inserted", ref_own(g, GF_INSERT_INPUT, NONNULL));
		add_conflict_arg(g, f);
		break;
	case ROOT_UPDATE:
		f->type = response(g);
		add_arg(g, f, STR("where"), updated, ref_own(g, GF_BOOL_EXP, NONNULL));
		add_update_ops(g, f);
		return;
	case ROOT_UPDATE_BY_PK:
		add_arg(g, f, STR("pk_columns"), NULL, ref_own(g, GF_PK_COLUMNS, NONNULL));
		add_update_ops(g, f);
		break;
	case ROOT_UPDATE_MANY:
		f->type = ref_own_list(g, GF_MUTATION_RESPONSE, 0);
		add_arg(g, f, STR("updates"), "updates to execute, in order",
			ref_own_list(g, GF_UPDATES, LIST_NONNULL));
		return;
	case ROOT_DELETE:
		f->type = response(g);
		add_arg(g, f, STR("where"), deleted, ref_own(g, GF_BOOL_EXP, NONNULL));
		return;
	default: /* by primary key */ add_pk_columns(g, g->t, f); break;
	}
	f->type = ref_own(g, GF_ROW, 0);
}

/* ---- fields of functions ---- */

static str function_text(tgen *g, const snap_root *r)
{
	const snap_function *fn = r->fn;
	str name = qname_display(g->a, fn->md->name), table = qname_display(g->a, fn->target);
	if (r->kind == SNAP_ROOT_FUNCTION_AGG)
		return str_printf(g->a,
			"execute function \"%.*s\" and query aggregates on result of table type \"%.*s\"",
			STR_ARG(name), STR_ARG(table));
	if (fn->mutation)
		return str_printf(g->a, "execute VOLATILE function \"%.*s\" which returns \"%.*s\"", STR_ARG(name),
			STR_ARG(table));
	return fn->description;
}

static void function_field(tgen *g, const snap_root *r)
{
	const snap_function *fn = r->fn;
	gfield *f = add_field(g, r->name, function_text(g, r), (gref){0});
	if (r->kind == SNAP_ROOT_FUNCTION_AGG) f->type = ref_own(g, GF_AGGREGATE, NONNULL);
	else if (fn->single) f->type = ref_own(g, GF_ROW, 0);
	else f->type = ref_own_list(g, GF_ROW, LIST_NONNULL);
	add_function_args(g, f, fn, r->name);
	add_select_args(g, f, g->t);
}

/* ---- roots ---- */

static void root_field(tgen *g, const snap_root *r)
{
	g->src = r->source;
	g->t = r->kind == SNAP_ROOT_TABLE ? r->table : snap_source_table(r->source, r->fn->target);
	g->p = role_perms(g->x->s, g->src, g->t, g->x->role);
	if (r->kind != SNAP_ROOT_TABLE) {
		function_field(g, r);
		return;
	}
	gfield *f = add_field(g, r->name, g->t->roots[r->field].description, (gref){0});
	table_field(g, f, r->field);
}

void gen_query_root(tgen *g)
{
	const snapshot *s = g->x->s;
	for (size_t i = 0; i < s->query_roots.n; i++) {
		const snap_root *r = role_query_root(s, g->x->role, s->query_roots.items[i].key);
		if (r) root_field(g, r);
	}
	if (g->f.n) return;
	add_field(g, STR("no_queries_available"),
		STR("There are no queries available to the current role. Either there are no sources or remote schemas configured, or "
		    "the current role doesn't have the required permissions."),
		ref_scalar("String", NONNULL));
}

void gen_mutation_root(tgen *g)
{
	const snapshot *s = g->x->s;
	for (size_t i = 0; i < s->mutation_roots.n; i++) {
		const snap_root *r = role_mutation_root(s, g->x->role, g->x->backend, s->mutation_roots.items[i].key);
		if (r) root_field(g, r);
	}
}

void gen_subscription_root(tgen *g)
{
	const snapshot *s = g->x->s;
	for (size_t i = 0; i < s->subscription_roots.n; i++) {
		const snap_root *r = role_subscription_root(s, g->x->role, s->subscription_roots.items[i].key);
		if (r) root_field(g, r);
	}
}

/* ---- introspection types ---- */

gref types_meta_ref(introspect_type t, uint8_t nonnull)
{
	str name = introspect_type_name(t);
	return (gref){.name = name, .nonnull = nonnull, .of = {.family = GF_META, .op = (uint8_t)t, .scalar = name}};
}

static gref meta_field_type(const introspect_field *f)
{
	if (f->object) return types_meta_ref(f->of, 0);
	return str_eqz(f->name, "kind") ? types_meta_ref(META_TYPE_KIND, NONNULL) : ref_text(f->type);
}

void gen_meta(tgen *g)
{
	static const str kinds[] = {STR_INIT("ENUM"), STR_INIT("INPUT_OBJECT"), STR_INIT("INTERFACE"), STR_INIT("LIST"),
		STR_INIT("NON_NULL"), STR_INIT("OBJECT"), STR_INIT("SCALAR"), STR_INIT("UNION")};
	if (g->d->op == META_TYPE_KIND) {
		for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
			add_field(g, kinds[i], STR_NULL, (gref){0});
		return;
	}
	const introspect_field *m;
	for (size_t i = 0; (m = introspect_field_at(i)); i++) {
		if (m->in != g->d->op) continue;
		gfield *f = add_field(g, m->name, STR_NULL, meta_field_type(m));
		if (!m->deprecated_arg) continue;
		add_arg(g, f, STR("includeDeprecated"), NULL, ref_scalar("Boolean", 0));
		f->args[0].dflt = STR("false");
	}
}

/* ---- directives ---- */

static void directive_arg(types_ctx *x, gdirective *d, size_t n, const gfield *args)
{
	d->args = NEW_ARRAY(x->a, gfield, n);
	memcpy(d->args, args, n * sizeof *args);
	d->nargs = n;
}

void types_directives(types_ctx *x, gdirective out[TYPES_DIRECTIVES])
{
	const char *inclusion = "[\"FIELD\",\"FRAGMENT_SPREAD\",\"INLINE_FRAGMENT\"]";
	gfield condition = {.name = STR("if"), .type = ref_scalar("Boolean", NONNULL)};
	gfield cached[] = {
		{.name = STR("ttl"),
			.description = STR("measured in seconds"),
			.type = ref_scalar("Int", NONNULL),
			.dflt = STR("60")},
		{.name = STR("refresh"),
			.description = STR("refresh the cache entry"),
			.type = ref_scalar("Boolean", NONNULL),
			.dflt = STR("false")},
	};
	out[0] = (gdirective){STR("include"), STR("whether this query should be included"), inclusion, NULL, 0};
	out[1] = (gdirective){STR("skip"), STR("whether this query should be skipped"), inclusion, NULL, 0};
	out[2] = (gdirective){
		STR("cached"), STR("whether this query should be cached (Hasura Cloud only)"), "[\"QUERY\"]", NULL, 0};
	directive_arg(x, &out[0], 1, &condition);
	directive_arg(x, &out[1], 1, &condition);
	directive_arg(x, &out[2], 2, cached);
}
