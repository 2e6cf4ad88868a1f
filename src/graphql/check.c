/*
 * check: which operation to run, and the rules of a document that need no schema.
 * Sources: Hasura v2 GraphQL/Transport/HTTP/Protocol.hs (choice), GraphQL/Execute/Inline.hs (fragments),
 * GraphQL/Execute/Resolve.hs (variables), GraphQL/Parser/Directives.hs.
 */
#include "base/vec.h"
#include "graphql/document.h"

enum { UNSEEN, WALKING, SEEN };

/* Found below a selection set: what a fragment costs whoever spreads it. */
typedef struct extent {
	uint32_t height;
	uint32_t weight;
} extent;

typedef VEC(gq_fragment *) fragment_stack;

typedef struct walk {
	gq_document *doc;
	error *err;
	uint32_t depth; /* levels above, fragments followed */
	fragment_stack stack;
} walk;

static bool walk_set(walk *w, const gq_selection *first, extent *out);

static bool fail_depth(walk *w)
{
	return error_set(w->err, ERR_VALIDATION_FAILED, STR(""),
		"the query is nested deeper than %u levels once its fragments are inlined", w->doc->limits.depth);
}

/* `a`, `a and b`, `a, b, and c`. Not quoted, as in Hasura v2. */
static bool fail_cycle(walk *w, const gq_fragment *f)
{
	buf b = {0};
	size_t from = w->stack.n;

	while (from > 0 && w->stack.v[from - 1] != f)
		from--;
	for (size_t i = from - 1; i < w->stack.n; i++) {
		bool last = i + 1 == w->stack.n;
		if (i >= from) buf_puts(&b, !last ? ", " : i == from ? " and " : ", and ");
		buf_put(&b, w->stack.v[i]->name);
	}
	error_set(w->err, ERR_VALIDATION_FAILED, STR(""), "the fragment definition(s) %.*s form a cycle",
		STR_ARG(buf_str(&b)));
	buf_free(&b);
	return false;
}

/* Hasura v2's paths name the field, not the response key, and the fragments passed. */
static bool prepend(walk *w, str name)
{
	error_prepend_path(w->err, str_printf(w->err->a, "$.selectionSet%s%.*s", name.n ? "." : "", STR_ARG(name)));
	return false;
}

static bool walk_fragment(walk *w, gq_fragment *f, extent *out)
{
	if (f->state == WALKING) return fail_cycle(w, f) || prepend(w, STR(""));
	if (f->state == UNSEEN) {
		extent e;
		f->state = WALKING;
		vec_push(w->err->a, &w->stack, f);
		if (!walk_set(w, f->first, &e)) return prepend(w, f->name);
		w->stack.n--;
		f->height = e.height;
		f->weight = e.weight;
		f->state = SEEN;
	}
	/* Proven elsewhere, perhaps nearer to the root. */
	if (w->depth + f->height > w->doc->limits.depth) return fail_depth(w) || prepend(w, f->name);
	*out = (extent){f->height, f->weight};
	return true;
}

static bool walk_selection(walk *w, const gq_selection *s, extent *out)
{
	*out = (extent){0};
	if (s->kind == GQ_SPREAD) {
		gq_fragment *f = gq_find_fragment(w->doc, s->name);
		if (f) return walk_fragment(w, f, out);
		error_set(w->err, ERR_VALIDATION_FAILED, STR(""), "reference to undefined fragment \"%.*s\"",
			STR_ARG(s->name));
		return prepend(w, STR(""));
	}
	if (!s->first || walk_set(w, s->first, out)) return true;
	return s->kind == GQ_FIELD ? prepend(w, s->name) : false;
}

static bool walk_set(walk *w, const gq_selection *first, extent *out)
{
	uint64_t weight = 0;
	uint32_t height = 0;

	if (w->depth >= w->doc->limits.depth) return fail_depth(w);
	w->depth++;
	for (const gq_selection *s = first; s; s = s->next) {
		extent e;
		if (!walk_selection(w, s, &e)) return false;
		if (e.height > height) height = e.height;
		weight += 1 + (uint64_t)e.weight;
		if (weight > UINT32_MAX) weight = UINT32_MAX;
	}
	w->depth--;
	*out = (extent){height + 1, (uint32_t)weight};
	return true;
}

static bool check_fragments(gq_document *doc, const gq_operation *op, error *err)
{
	walk w = {.doc = doc, .err = err};
	extent e = {0, doc->n_selections};

	if (doc->duplicate)
		return error_set(err, ERR_PARSE_FAILED, STR(""), "multiple definitions for fragment \"%.*s\"",
			STR_ARG(doc->duplicate->name));
	if (doc->n_spreads) {
		/* A walk that failed, for another operation, may have left fragments half walked. */
		for (gq_fragment *f = doc->fragments; f; f = f->next)
			if (f->state == WALKING) f->state = UNSEEN;
		if (!walk_set(&w, op->first, &e)) return false;
	}
	if (e.weight > doc->limits.selections)
		return error_set(err, ERR_VALIDATION_FAILED, STR(""),
			"the query has more than %u fields once its fragments are inlined", doc->limits.selections);
	return true;
}

static bool check_variables(const gq_operation *op, error *err)
{
	if (op->duplicate_var)
		return error_set(err, ERR_PARSE_FAILED, STR(""), "multiple definitions for variable \"%.*s\"",
			STR_ARG(op->duplicate_var->name));
	for (const gq_variable_def *d = op->vars; d; d = d->next)
		if (!gq_check_directives(d->directives, GQ_ON_VARIABLE, STR(""), err)) return false;
	return true;
}

/* NULL: err is filled. */
static const gq_operation *find_operation(const gq_document *doc, str name, error *err)
{
	const gq_operation *op = doc->operations;

	if (!name.p) {
		if (doc->n_operations == 1) return op;
		error_set(err, ERR_VALIDATION_FAILED, STR(""),
			"exactly one operation has to be present in the document "
			"when operationName is not specified");
		return NULL;
	}
	/* Hasura v2: only `{ … }` counts as anonymous here; `query { … }` is just never found. */
	for (op = doc->operations; op; op = op->next) {
		if (!op->shorthand) continue;
		error_set(err, ERR_VALIDATION_FAILED, STR(""),
			"operationName cannot be used when an anonymous operation exists in the document");
		return NULL;
	}
	for (op = doc->operations; op; op = op->next)
		if (op->name.n && str_eq(op->name, name)) return op;
	error_set(err, ERR_VALIDATION_FAILED, STR(""), "no such operation found in the document: \"%.*s\"",
		STR_ARG(name));
	return NULL;
}

bool gq_select_operation(gq_document *doc, str operation_name, const gq_operation **out, error *err)
{
	const gq_operation *op = find_operation(doc, operation_name, err);

	*out = NULL;
	if (!op || !check_fragments(doc, op, err) || !check_variables(op, err)) return false;
	*out = op;
	return true;
}

static const char *const location_text[] = {
	[GQ_ON_QUERY] = "a query",
	[GQ_ON_MUTATION] = "a mutation",
	[GQ_ON_SUBSCRIPTION] = "a subscription",
	[GQ_ON_FIELD] = "a field",
	/* Hasura v2 has made spreads inline fragments by then. */
	[GQ_ON_SPREAD] = "an inline fragment",
	[GQ_ON_INLINE] = "an inline fragment",
	[GQ_ON_VARIABLE] = "a variable definition",
};

#define ON(where) (1u << (where))

static const struct {
	str name;
	unsigned where;
} known[] = {
	{STR_INIT("include"), ON(GQ_ON_FIELD) | ON(GQ_ON_SPREAD) | ON(GQ_ON_INLINE)},
	{STR_INIT("skip"), ON(GQ_ON_FIELD) | ON(GQ_ON_SPREAD) | ON(GQ_ON_INLINE)},
	{STR_INIT("cached"), ON(GQ_ON_QUERY)},
	{STR_INIT("_multiple_top_level_fields"), ON(GQ_ON_SUBSCRIPTION)},
};

enum { N_KNOWN = sizeof(known) / sizeof(known[0]) };

static bool fail_repeated(const unsigned *used, str path, error *err)
{
	/* The order of names in Hasura's sets. */
	static const unsigned sorted[N_KNOWN] = {3, 2, 0, 1};
	str list = STR("");

	for (size_t i = 0; i < N_KNOWN; i++)
		if (used[sorted[i]] > 1)
			list = str_printf(err->a, "%.*s%s'%.*s'", STR_ARG(list), list.n ? ", " : "",
				STR_ARG(known[sorted[i]].name));
	return error_set(err, ERR_VALIDATION_FAILED, path, "the following directives are used more than once: [%.*s]",
		STR_ARG(list));
}

bool gq_check_directives(const gq_directive *chain, gq_location where, str path, error *err)
{
	unsigned used[N_KNOWN] = {0};
	bool repeated = false;

	for (const gq_directive *d = chain; d; d = d->next) {
		size_t i = 0;
		while (i < N_KNOWN && !str_eq(known[i].name, d->name))
			i++;
		if (i == N_KNOWN)
			return error_set(err, ERR_VALIDATION_FAILED, path,
				"directive '%.*s' is not defined in the schema", STR_ARG(d->name));
		if (!(known[i].where & ON(where)))
			return error_set(err, ERR_VALIDATION_FAILED, path, "directive '%.*s' is not allowed on %s",
				STR_ARG(d->name), location_text[where]);
		repeated |= ++used[i] > 1;
	}
	return !repeated || fail_repeated(used, path, err);
}
