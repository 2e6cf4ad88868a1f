/* print: a document as canonical text. Recursion is bounded by the depth the parser let through. */
#include "base/json.h"
#include "graphql/value.h"

typedef struct printer {
	buf *b;
	bool normal; /* for comparing: names sorted, __typename left out */
} printer;

static void print_value(const printer *p, const gq_value *v);
static void print_set(const printer *p, const gq_selection *first, bool strip);

static void print_named(const printer *p, const gq_value *v, bool *more)
{
	if (*more) buf_puts(p->b, ", ");
	*more = true;
	buf_put(p->b, v->name);
	buf_puts(p->b, ": ");
	print_value(p, v);
}

static void print_chain(const printer *p, const gq_value *first)
{
	bool more = false;
	gq_chain c;

	if (!p->normal) {
		for (const gq_value *v = first; v; v = v->next)
			print_named(p, v, &more);
		return;
	}
	gq_chain_sort(&c, first);
	for (size_t i = 0; i < c.n; i++)
		print_named(p, c.v[i], &more);
	gq_chain_free(&c);
}

static void print_list(const printer *p, const gq_value *first)
{
	buf_putc(p->b, '[');
	for (const gq_value *v = first; v; v = v->next) {
		print_value(p, v);
		if (v->next) buf_puts(p->b, ", ");
	}
	buf_putc(p->b, ']');
}

static void print_value(const printer *p, const gq_value *v)
{
	switch (v->kind) {
	case GQ_VAR:
		buf_putc(p->b, '$');
		buf_put(p->b, v->text);
		break;
	case GQ_STRING:
		/* JSON's escapes are all GraphQL escapes. */
		json_write_str(p->b, v->text);
		break;
	case GQ_LIST: print_list(p, v->first); break;
	case GQ_OBJECT:
		buf_putc(p->b, '{');
		print_chain(p, v->first);
		buf_putc(p->b, '}');
		break;
	default: buf_put(p->b, v->text);
	}
}

static void print_arguments(const printer *p, const gq_value *first)
{
	if (!first) return;
	buf_putc(p->b, '(');
	print_chain(p, first);
	buf_putc(p->b, ')');
}

static void print_directives(const printer *p, const gq_directive *first)
{
	for (const gq_directive *d = first; d; d = d->next) {
		buf_puts(p->b, " @");
		buf_put(p->b, d->name);
		print_arguments(p, d->args);
	}
}

static void print_selection(const printer *p, const gq_selection *s, bool strip)
{
	if (s->kind != GQ_FIELD) buf_puts(p->b, "...");
	if (s->kind == GQ_INLINE && s->name.n) buf_puts(p->b, " on ");
	if (s->alias.n) {
		buf_put(p->b, s->alias);
		buf_puts(p->b, ": ");
	}
	buf_put(p->b, s->name);
	print_arguments(p, s->args);
	print_directives(p, s->directives);
	/* Hasura v2: an inline fragment keeps its __typename. */
	if (s->first) print_set(p, s->first, strip && s->kind == GQ_FIELD);
}

static bool kept(const gq_selection *s, bool strip)
{
	return !(strip && s->kind == GQ_FIELD && str_eq(s->name, STR("__typename")));
}

/* " { a b }"; nothing when nothing is kept: Hasura v2 takes `a { __typename }` and `a` for the same. */
static void print_set(const printer *p, const gq_selection *first, bool strip)
{
	bool any = false;

	for (const gq_selection *s = first; s; s = s->next) {
		if (!kept(s, strip)) continue;
		buf_puts(p->b, any ? " " : " { ");
		any = true;
		print_selection(p, s, strip);
	}
	if (any) buf_puts(p->b, " }");
}

void gq_print_type(buf *b, const gq_type *t)
{
	if (t->of) {
		buf_putc(b, '[');
		gq_print_type(b, t->of);
		buf_putc(b, ']');
	} else {
		buf_put(b, t->name);
	}
	if (t->nonnull) buf_putc(b, '!');
}

static void print_variables(const printer *p, const gq_operation *op)
{
	if (!op->vars) return;
	buf_puts(p->b, op->name.n ? "(" : " (");
	for (const gq_variable_def *d = op->vars; d; d = d->next) {
		buf_putc(p->b, '$');
		buf_put(p->b, d->name);
		buf_puts(p->b, ": ");
		gq_print_type(p->b, d->type);
		if (d->default_value) {
			buf_puts(p->b, " = ");
			print_value(p, d->default_value);
		}
		print_directives(p, d->directives);
		if (d->next) buf_puts(p->b, ", ");
	}
	buf_putc(p->b, ')');
}

static void print_operation(const printer *p, const gq_operation *op)
{
	static const char *const words[] = {
		[GQ_QUERY] = "query", [GQ_MUTATION] = "mutation", [GQ_SUBSCRIPTION] = "subscription"};
	size_t start;

	if (!op->shorthand) {
		buf_puts(p->b, words[op->kind]);
		if (op->name.n) buf_putc(p->b, ' ');
		buf_put(p->b, op->name);
		print_variables(p, op);
		print_directives(p, op->directives);
		print_set(p, op->first, p->normal);
		return;
	}
	/* A shorthand starts with its brace. */
	start = p->b->n;
	print_set(p, op->first, p->normal);
	if (p->b->n > start) {
		memmove(p->b->p + start, p->b->p + start + 1, p->b->n - start - 1);
		p->b->n--;
	}
}

static void print_fragment(const printer *p, const gq_fragment *f)
{
	buf_puts(p->b, "fragment ");
	buf_put(p->b, f->name);
	buf_puts(p->b, " on ");
	buf_put(p->b, f->on);
	print_directives(p, f->directives);
	print_set(p, f->first, p->normal);
}

/* Definitions in the order of the source: two chains merged by position. */
static void print_document(const printer *p, const gq_document *doc)
{
	const gq_operation *op = doc->operations;
	const gq_fragment *f = doc->fragments;

	while (op || f) {
		if (op != doc->operations || f != doc->fragments) buf_putc(p->b, '\n');
		if (op && (!f || op->pos < f->pos)) {
			print_operation(p, op);
			op = op->next;
		} else {
			print_fragment(p, f);
			f = f->next;
		}
	}
}

void gq_print(buf *b, const gq_document *doc)
{
	print_document(&(printer){.b = b}, doc);
}

void gq_print_normalized(buf *b, const gq_document *doc)
{
	print_document(&(printer){.b = b, .normal = true}, doc);
}

void gq_print_operation(buf *b, const gq_operation *op)
{
	print_operation(&(printer){.b = b}, op);
}

void gq_print_fragment(buf *b, const gq_fragment *f)
{
	print_fragment(&(printer){.b = b}, f);
}

void gq_print_value(buf *b, const gq_value *v)
{
	print_value(&(printer){.b = b}, v);
}
