/* perm_refuse: a plan of what is allowed, and a list of what is not. */
#include "admin/perm_explain.h"

#define MARK STR("__weir_refused_")

enum { REFUSALS_MAX = 500 };

/* Field names of a path: $.selectionSet.author.selectionSet.salary.args.where → author, salary. */
static str_vec steps_of(arena *a, str path)
{
	static const str set = STR_INIT(".selectionSet.");
	str_vec out = {0};
	str rest = str_starts(path, STR("$")) ? str_from_at(path, 1) : STR("");
	while (str_starts(rest, set)) {
		rest = str_from_at(rest, set.n);
		size_t n = 0;
		while (n < rest.n && rest.p[n] != '.' && rest.p[n] != '[')
			n++;
		str name = str_sub(rest, 0, n);
		vec_push(a, &out, name);
		rest = str_from_at(rest, n);
	}
	return out;
}

typedef struct marking {
	const gq_document *doc;
	str_vec steps;
	str alias;
	bool found;
} marking;

static void mark_field(marking *m, gq_selection *s)
{
	s->alias = m->alias;
	s->name = STR("__typename");
	s->args = NULL;
	s->directives = NULL;
	s->first = NULL;
	m->found = true;
}

/* Depth: bounded by gq_select_operation, fragments followed. */
static void mark(marking *m, gq_selection *s, size_t step)
{
	for (; s; s = s->next) {
		if (s->kind == GQ_SPREAD) {
			gq_fragment *f = gq_find_fragment(m->doc, s->name);
			if (f) mark(m, f->first, step);
		} else if (s->kind == GQ_INLINE) {
			mark(m, s->first, step);
		} else if (str_eq(s->name, m->steps.v[step])) {
			if (step + 1 == m->steps.n) mark_field(m, s);
			else mark(m, s->first, step + 1);
		}
	}
}

static bool take_down(
	const perm_question *q, gq_document *doc, const gq_operation *chosen, const error *e, perm_refusals *refused)
{
	marking m = {.doc = doc, .steps = steps_of(q->a, e->path)};
	if (!m.steps.n || refused->n == REFUSALS_MAX) return false;
	m.alias = str_printf(q->a, "%.*s%zu", STR_ARG(MARK), refused->n);
	mark(&m, chosen->first, 0);
	if (!m.found) return false;
	perm_refusal r = {.path = e->path, .name = m.steps.v[m.steps.n - 1], .message = e->message};
	r.reason = json_str_or(e->internal, "reason", e->message);
	vec_push(q->a, refused, r);
	return true;
}

bool perm_plan(const perm_question *q, plan **out, perm_refusals *refused, error *err)
{
	gq_document *doc;
	const gq_operation *chosen;
	if (!gq_parse(q->a, q->query, NULL, &doc, err) || !gq_select_operation(doc, q->operation_name, &chosen, err))
		return false;
	plan_request req = {.snap = q->snap,
		.role = q->who->role,
		.backend = q->who->backend,
		.introspection_allowed = true,
		.doc = doc,
		.op = chosen,
		.variables = q->variables,
		.explain_missing = true};
	for (;;) {
		error e;
		error_init(&e, q->a);
		if (plan_make(&req, out, &e)) return true;
		if (take_down(q, doc, chosen, &e, refused)) continue;
		*err = e;
		return false;
	}
}

const perm_refusal *perm_refusal_of(const perm_refusals *refused, str alias)
{
	if (!str_starts(alias, MARK)) return NULL;
	size_t n = 0;
	for (size_t i = MARK.n; i < alias.n; i++) {
		if (alias.p[i] < '0' || alias.p[i] > '9' || n > REFUSALS_MAX) return NULL;
		n = n * 10 + (size_t)(alias.p[i] - '0');
	}
	return n < refused->n ? &refused->v[n] : NULL;
}
