/* make: one operation → one plan. */
#include "plan/input.h"
#include "plan/introspect.h"
#include "plan/missing.h"

#define NO_QUERIES                                                                                                              \
	"There are no queries available to the current role. Either there are no sources or remote schemas configured, or the " \
	"current role doesn't have the required permissions."

static str root_type(gq_operation_kind kind)
{
	return kind == GQ_QUERY       ? STR("query_root")
		: kind == GQ_MUTATION ? STR("mutation_root")
				      : STR("subscription_root");
}

static bool placeholder(plan_ctx *c, const sel_field *f, const plan_path *at, plan_root *out)
{
	if (!sel_leaf(c, f, at) || !sel_arguments(c, f, at, NULL, 0)) return false;
	out->kind = ROOT_JSON;
	out->text = STR("\"" NO_QUERIES "\"");
	return true;
}

static bool mutation_field(plan_ctx *c, const sel_field *f, const plan_path *at, plan_root *out)
{
	const snap_root *r = role_mutation_root(c->snap, c->role, c->req->backend, f->name);
	if (!r) return sel_unknown(c, f, at, STR("mutation_root"), missing_root(c, GQ_MUTATION, f->name));
	if (r->kind == SNAP_ROOT_TABLE) {
		out->kind = ROOT_MUTATION;
		return mutation_root(c, r, f, at, out);
	}
	if (!root_rows(c, r, f, at, out)) return false;
	out->kind = ROOT_MUTATION_FUNCTION;
	return true;
}

/* The role's name is the client's own: the answer tells it nothing. */
static bool may_introspect(plan_ctx *c, const plan_path *at)
{
	return metadata_introspects(c->snap->md, c->role) ||
		plan_fail_code(
			c, ERR_ACCESS_DENIED, at, "introspection is disabled for the role \"%.*s\"", STR_ARG(c->role));
}

static bool query_field(plan_ctx *c, gq_operation_kind kind, const sel_field *f, const plan_path *at, plan_root *out)
{
	bool sub = kind == GQ_SUBSCRIPTION;
	const snap_root *r =
		sub ? role_subscription_root(c->snap, c->role, f->name) : role_query_root(c->snap, c->role, f->name);
	if (r) return root_rows(c, r, f, at, out);
	if (!sub && c->req->introspection_allowed && (str_eqz(f->name, "__schema") || str_eqz(f->name, "__type")))
		return may_introspect(c, at) && root_introspect(c, f, at, out);
	bool empty = !sub && str_eqz(f->name, "no_queries_available") && !role_has_queries(c->snap, c->role);
	return empty ? placeholder(c, f, at, out)
		     : sel_unknown(c, f, at, root_type(kind), missing_root(c, kind, f->name));
}

static bool root_field(plan_ctx *c, gq_operation_kind kind, const sel_field *f, const plan_path *at, plan_root *out)
{
	out->alias = f->key;
	out->name = f->name;
	if (str_eqz(f->name, "__typename")) {
		out->kind = ROOT_TYPENAME;
		out->text = root_type(kind);
		return true;
	}
	return kind == GQ_MUTATION ? mutation_field(c, f, at, out) : query_field(c, kind, f, at, out);
}

/* Hasura v2: Execute.hs. */
static bool check_subscription(plan_ctx *c)
{
	bool many = gq_find_directive(c->req->op->directives, STR("_multiple_top_level_fields")) != NULL;
	size_t streams = 0;
	for (size_t i = 0; i < c->p->nroots; i++) {
		many &= c->p->roots[i].kind == ROOT_ROWS;
		streams += c->p->roots[i].select && c->p->roots[i].select->stream;
	}
	if (c->p->nroots == 1) return true;
	if (!many) return plan_fail(c, NULL, "subscriptions must select one top level field");
	if (!streams) return true;
	return plan_fail_code(c, ERR_NOT_SUPPORTED, NULL,
		streams == c->p->nroots
			? "exactly one root field is allowed for streaming subscriptions"
			: "streaming and livequery subscriptions cannot be executed in the same subscription");
}

static bool read_roots(plan_ctx *c)
{
	const gq_operation *op = c->req->op;
	plan *p = c->p;
	const gq_selection *first = op->first;
	sel_set set = {.v = &first, .n = 1};
	const plan_path *at = path_key(c, NULL, STR("selectionSet"));
	sel_field_vec all;
	if (!sel_collect(c, root_type(op->kind), &set, at, &all)) return false;
	p->roots = NEW_ARRAY(c->a, plan_root, all.n);
	for (size_t i = 0; i < all.n; i++)
		if (!root_field(c, op->kind, &all.v[i], path_key(c, at, all.v[i].name), &p->roots[i])) return false;
	p->nroots = all.n;
	p->one_select_root = all.n == 1 && p->roots[0].kind == ROOT_ROWS;
	return op->kind != GQ_SUBSCRIPTION || check_subscription(c);
}

/* @cached(ttl: Int = 60, refresh: Boolean = false): accepted, without effect (Hasura v2 outside of its cloud). */
static bool check_cached(plan_ctx *c)
{
	static const str names[] = {STR_INIT("ttl"), STR_INIT("refresh")};
	const gq_directive *d = gq_find_directive(c->req->op->directives, STR("cached"));
	if (!d) return true;
	const plan_path *at = path_key(c, NULL, d->name), *args = path_key(c, at, STR("args"));
	for (const gq_value *v = d->args; v; v = v->next) {
		bool refresh = str_eq(v->name, names[1]), on;
		int64_t ttl;
		if (!refresh && !str_eq(v->name, names[0]))
			return plan_fail(c, at, "'cached' has no argument named '%.*s'", STR_ARG(v->name));
		input in = input_literal(v, path_key(c, args, v->name));
		if (!input_peel(c, &in, type_required(refresh ? STR("Boolean") : STR("Int")), true)) return false;
		if (refresh ? !input_bool(c, &in, &on) : !input_int(c, &in, &ttl)) return false;
	}
	return true;
}

static bool check_operation(plan_ctx *c)
{
	static const gq_location where[] = {
		[GQ_QUERY] = GQ_ON_QUERY, [GQ_MUTATION] = GQ_ON_MUTATION, [GQ_SUBSCRIPTION] = GQ_ON_SUBSCRIPTION};
	const gq_operation *op = c->req->op;
	if (op->kind == GQ_MUTATION && !role_has_mutations(c->snap, c->role, c->req->backend))
		return plan_fail(c, NULL, "no mutations exist") || missing_because(c, missing_mutations(c));
	if (op->kind == GQ_SUBSCRIPTION && !c->snap->subscription_roots.n)
		return plan_fail(c, NULL, "no subscriptions exist");
	return gq_check_directives(op->directives, where[op->kind], STR("$"), c->err) && check_cached(c);
}

static void finish(plan_ctx *c)
{
	plan *p = c->p;
	p->guards = c->guards.v;
	p->nguards = c->guards.n;
	p->checks = c->checks.v;
	p->nchecks = c->checks.n;
	p->cacheable = !c->once;
	str *names = NEW_ARRAY(c->a, str, c->session.n);
	for (size_t i = 0; i < c->session.n; i++)
		names[i] = c->session.items[i].key;
	p->session_vars = names;
	p->nsession_vars = c->session.n;
}

bool plan_make(const plan_request *req, plan **out, error *err)
{
	arena *a = arena_new(4096);
	plan_ctx c = {.a = a, .req = req, .snap = req->snap, .err = err};
	plan *p = NEW(a, plan);
	c.p = p;
	c.role = p->role = str_copy(a, req->role);
	p->a = a;
	p->snap = snapshot_ref((snapshot *)req->snap);
	p->kind = req->op->kind;
	p->operation_name = str_copy(a, req->op->name);
	if (!input_bind_variables(&c) || !check_operation(&c) || !read_roots(&c)) {
		plan_free(p);
		return false;
	}
	finish(&c);
	*out = p;
	return true;
}

void plan_free(plan *p)
{
	if (!p) return;
	snapshot_unref((snapshot *)p->snap);
	arena_free(p->a);
}
