/*
 * parser: recursive descent, one token ahead, straight into the arena. Every recursive rule enters through enter(), so
 * that the C stack is bounded by gq_limits.depth. Wording of errors: graphql-js 16.
 */
#include "base/json.h"
#include "graphql/document.h"
#include "graphql/lexer.h"

enum {
	DEPTH_DEFAULT = 200,
	TOKENS_DEFAULT = 1000000,
	SELECTIONS_DEFAULT = 250000,
	DEPTH_MOST = 2000, /* what any thread's stack holds */
	/* Chains longer than this look for repeated names in a map. */
	FEW_NAMES = 12,
};

typedef struct parser {
	arena *a;
	gq_lexer lx;
	gq_token tok; /* the token looked at; not consumed */
	gq_document *doc;
	uint32_t depth;
} parser;

/* The end of a chain of arguments or fields, and what is needed to refuse a repeated name. */
typedef struct named_chain {
	gq_value **end;
	gq_value *first;
	uint32_t n;
	map names;
} named_chain;

static bool parse_value(parser *p, bool constant, gq_value **out);
static bool parse_selection_set(parser *p, gq_selection **out);

static bool advance(parser *p)
{
	return gq_lexer_next(&p->lx, &p->tok);
}

static inline str token_text(const parser *p)
{
	return gq_token_text(&p->lx, &p->tok);
}

static bool fail_unexpected(parser *p)
{
	str found = gq_token_describe(p->lx.err->a, &p->lx, &p->tok);

	return gq_syntax_error(p->lx.err, p->lx.text, p->tok.pos, "Unexpected %.*s.", STR_ARG(found));
}

static bool fail_expected(parser *p, const char *what)
{
	str found = gq_token_describe(p->lx.err->a, &p->lx, &p->tok);

	return gq_syntax_error(p->lx.err, p->lx.text, p->tok.pos, "Expected %s, found %.*s.", what, STR_ARG(found));
}

static bool expect(parser *p, gq_token_kind kind)
{
	if (p->tok.kind != kind) return fail_expected(p, gq_token_kind_text(kind));
	return advance(p);
}

static bool at_keyword(const parser *p, str word)
{
	return p->tok.kind == GQ_T_NAME && str_eq(token_text(p), word);
}

static bool parse_name(parser *p, str *out)
{
	if (p->tok.kind != GQ_T_NAME) return fail_expected(p, "Name");
	*out = token_text(p);
	return advance(p);
}

/* One level deeper; leave() undoes it. */
static bool enter(parser *p)
{
	if (p->depth >= p->doc->limits.depth)
		return error_set(p->lx.err, ERR_VALIDATION_FAILED, STR("$.query"),
			"the query is nested deeper than %u levels", p->doc->limits.depth);
	p->depth++;
	if (p->depth > p->doc->depth) p->doc->depth = p->depth;
	return true;
}

static void leave(parser *p)
{
	p->depth--;
}

/* Appends v, unless its name is taken. Hasura v2 refuses repeated names while parsing. */
static bool chain_add(parser *p, named_chain *c, gq_value *v, uint32_t name_pos, const char *what)
{
	bool taken = false;

	if (c->n < FEW_NAMES) {
		taken = gq_find(c->first, v->name) != NULL;
	} else {
		if (c->n == FEW_NAMES)
			for (gq_value *w = c->first; w; w = w->next)
				map_put(p->a, &c->names, w->name, w);
		taken = !map_add(p->a, &c->names, v->name, v);
	}
	if (taken)
		return gq_syntax_error(p->lx.err, p->lx.text, name_pos, "There can be only one %s named \"%.*s\".",
			what, STR_ARG(v->name));
	if (c->n++ == 0) c->first = v;
	*c->end = v;
	c->end = &v->next;
	return true;
}

static bool parse_named_value(parser *p, bool constant, named_chain *c, const char *what)
{
	uint32_t pos = p->tok.pos;
	gq_value *v;
	str name;

	if (!parse_name(p, &name) || !expect(p, GQ_T_COLON) || !parse_value(p, constant, &v)) return false;
	v->name = name;
	return chain_add(p, c, v, pos, what);
}

static bool parse_variable(parser *p, bool constant, gq_value *v)
{
	uint32_t pos = p->tok.pos;

	if (!advance(p)) return false;
	if (constant && p->tok.kind == GQ_T_NAME)
		return gq_syntax_error(p->lx.err, p->lx.text, pos, "Unexpected variable \"$%.*s\" in constant value.",
			STR_ARG(token_text(p)));
	if (constant) return gq_syntax_error(p->lx.err, p->lx.text, pos, "Unexpected \"$\".");
	v->kind = GQ_VAR;
	return parse_name(p, &v->text);
}

static bool parse_list(parser *p, bool constant, gq_value *v)
{
	gq_value **end = &v->first;

	v->kind = GQ_LIST;
	if (!enter(p) || !advance(p)) return false;
	while (p->tok.kind != GQ_T_BRACKET_R) {
		if (!parse_value(p, constant, end)) return false;
		end = &(*end)->next;
		v->count++;
	}
	leave(p);
	return advance(p);
}

static bool parse_object(parser *p, bool constant, gq_value *v)
{
	named_chain c = {.end = &v->first};

	v->kind = GQ_OBJECT;
	if (!enter(p) || !advance(p)) return false;
	while (p->tok.kind != GQ_T_BRACE_R)
		if (!parse_named_value(p, constant, &c, "input field")) return false;
	v->count = c.n;
	leave(p);
	return advance(p);
}

static bool parse_scalar(parser *p, gq_value *v)
{
	switch (p->tok.kind) {
	case GQ_T_INT: v->kind = GQ_INT; break;
	case GQ_T_FLOAT: v->kind = GQ_FLOAT; break;
	case GQ_T_STRING:
	case GQ_T_BLOCK_STRING:
		v->kind = GQ_STRING;
		v->block = p->tok.kind == GQ_T_BLOCK_STRING;
		v->text = gq_string_decode(p->a, &p->lx, &p->tok);
		return advance(p);
	case GQ_T_NAME:
		v->boolean = at_keyword(p, STR("true"));
		v->kind = v->boolean || at_keyword(p, STR("false")) ? GQ_BOOL
			: at_keyword(p, STR("null"))                ? GQ_NULL
								    : GQ_ENUM;
		break;
	default: return fail_unexpected(p);
	}
	v->text = token_text(p);
	return advance(p);
}

static bool parse_value(parser *p, bool constant, gq_value **out)
{
	gq_value *v = NEW(p->a, gq_value);

	v->pos = p->tok.pos;
	*out = v;
	switch (p->tok.kind) {
	case GQ_T_DOLLAR: return parse_variable(p, constant, v);
	case GQ_T_BRACKET_L: return parse_list(p, constant, v);
	case GQ_T_BRACE_L: return parse_object(p, constant, v);
	default: return parse_scalar(p, v);
	}
}

static bool parse_arguments(parser *p, bool constant, gq_value **out)
{
	named_chain c = {.end = out};

	if (p->tok.kind != GQ_T_PAREN_L) return true;
	if (!advance(p)) return false;
	do {
		if (!parse_named_value(p, constant, &c, "argument")) return false;
	} while (p->tok.kind != GQ_T_PAREN_R);
	return advance(p);
}

static bool parse_directives(parser *p, bool constant, gq_directive **out)
{
	while (p->tok.kind == GQ_T_AT) {
		gq_directive *d = NEW(p->a, gq_directive);
		d->pos = p->tok.pos;
		if (!advance(p) || !parse_name(p, &d->name) || !parse_arguments(p, constant, &d->args)) return false;
		*out = d;
		out = &d->next;
	}
	return true;
}

static bool parse_type(parser *p, gq_type **out)
{
	gq_type *t = NEW(p->a, gq_type);

	t->pos = p->tok.pos;
	*out = t;
	if (p->tok.kind == GQ_T_BRACKET_L) {
		if (!enter(p) || !advance(p) || !parse_type(p, &t->of) || !expect(p, GQ_T_BRACKET_R)) return false;
		leave(p);
	} else if (!parse_name(p, &t->name)) {
		return false;
	}
	if (p->tok.kind != GQ_T_BANG) return true;
	t->nonnull = true;
	return advance(p);
}

static bool parse_field(parser *p, gq_selection *s)
{
	s->kind = GQ_FIELD;
	if (!parse_name(p, &s->name)) return false;
	if (p->tok.kind == GQ_T_COLON) {
		s->alias = s->name;
		if (!advance(p) || !parse_name(p, &s->name)) return false;
	}
	if (p->tok.kind == GQ_T_PAREN_L && !parse_arguments(p, false, &s->args)) return false;
	if (p->tok.kind == GQ_T_AT && !parse_directives(p, false, &s->directives)) return false;
	return p->tok.kind != GQ_T_BRACE_L || parse_selection_set(p, &s->first);
}

/* Behind the dots: `...Name`, `... on Type {`, `... {`. */
static bool parse_fragment_use(parser *p, gq_selection *s)
{
	bool on;

	if (!advance(p)) return false;
	on = at_keyword(p, STR("on"));
	if (!on && p->tok.kind == GQ_T_NAME) {
		s->kind = GQ_SPREAD;
		p->doc->n_spreads++;
		return parse_name(p, &s->name) && parse_directives(p, false, &s->directives);
	}
	s->kind = GQ_INLINE;
	if (on && (!advance(p) || !parse_name(p, &s->name))) return false;
	return parse_directives(p, false, &s->directives) && parse_selection_set(p, &s->first);
}

static bool parse_selection(parser *p, gq_selection **out)
{
	gq_selection *s = NEW(p->a, gq_selection);

	s->pos = p->tok.pos;
	s->index = p->doc->n_selections++;
	*out = s;
	return p->tok.kind == GQ_T_SPREAD ? parse_fragment_use(p, s) : parse_field(p, s);
}

static bool parse_selection_set(parser *p, gq_selection **out)
{
	if (p->tok.kind != GQ_T_BRACE_L) return fail_expected(p, "\"{\"");
	if (!enter(p) || !advance(p)) return false;
	do {
		if (!parse_selection(p, out)) return false;
		out = &(*out)->next;
	} while (p->tok.kind != GQ_T_BRACE_R);
	leave(p);
	return advance(p);
}

static bool parse_variable_def(parser *p, gq_variable_def **out)
{
	gq_variable_def *d = NEW(p->a, gq_variable_def);

	d->pos = p->tok.pos;
	*out = d;
	if (!expect(p, GQ_T_DOLLAR) || !parse_name(p, &d->name) || !expect(p, GQ_T_COLON) || !parse_type(p, &d->type))
		return false;
	if (p->tok.kind == GQ_T_EQUALS && (!advance(p) || !parse_value(p, true, &d->default_value))) return false;
	return parse_directives(p, true, &d->directives);
}

/* Counts d, already in the chain's place; remembers a repeated name for gq_select_operation. */
static void note_variable(parser *p, gq_operation *op, gq_variable_def *d)
{
	gq_variable_def *was = op->vars;
	bool taken;

	if (op->n_vars < FEW_NAMES) {
		while (was != d && !str_eq(was->name, d->name))
			was = was->next;
		taken = was != d;
	} else {
		if (op->n_vars == FEW_NAMES)
			for (; was != d; was = was->next)
				map_add(p->a, &op->var_map, was->name, was);
		taken = !map_add(p->a, &op->var_map, d->name, d);
	}
	if (taken && !op->duplicate_var) op->duplicate_var = d;
	op->n_vars++;
}

static bool parse_variable_defs(parser *p, gq_operation *op)
{
	gq_variable_def **end = &op->vars;

	if (p->tok.kind != GQ_T_PAREN_L) return true;
	if (!advance(p)) return false;
	do {
		if (!parse_variable_def(p, end)) return false;
		note_variable(p, op, *end);
		end = &(*end)->next;
	} while (p->tok.kind != GQ_T_PAREN_R);
	return advance(p);
}

static bool parse_operation(parser *p, gq_operation_kind kind, gq_operation **out)
{
	gq_operation *op = NEW(p->a, gq_operation);

	op->pos = p->tok.pos;
	op->kind = kind;
	op->shorthand = p->tok.kind == GQ_T_BRACE_L;
	*out = op;
	p->doc->n_operations++;
	if (op->shorthand) return parse_selection_set(p, &op->first);
	if (!advance(p)) return false;
	if (p->tok.kind == GQ_T_NAME && !parse_name(p, &op->name)) return false;
	return parse_variable_defs(p, op) && parse_directives(p, false, &op->directives) &&
		parse_selection_set(p, &op->first);
}

static bool parse_fragment(parser *p, gq_fragment **out)
{
	gq_fragment *f = NEW(p->a, gq_fragment);

	f->pos = p->tok.pos;
	*out = f;
	if (!advance(p)) return false;
	if (at_keyword(p, STR("on"))) return fail_unexpected(p);
	if (!parse_name(p, &f->name)) return false;
	if (!at_keyword(p, STR("on"))) return fail_expected(p, "\"on\"");
	if (!advance(p) || !parse_name(p, &f->on) || !parse_directives(p, false, &f->directives) ||
		!parse_selection_set(p, &f->first))
		return false;
	if (!map_add(p->a, &p->doc->fragment_map, f->name, f) && !p->doc->duplicate) p->doc->duplicate = f;
	return true;
}

static bool parse_definitions(parser *p)
{
	static const struct {
		str word;
		gq_operation_kind kind;
	} kinds[] = {
		{STR_INIT("query"), GQ_QUERY},
		{STR_INIT("mutation"), GQ_MUTATION},
		{STR_INIT("subscription"), GQ_SUBSCRIPTION},
	};
	gq_operation **op = &p->doc->operations;
	gq_fragment **fragment = &p->doc->fragments;

	do {
		size_t i = 0;
		if (at_keyword(p, STR("fragment"))) {
			if (!parse_fragment(p, fragment)) return false;
			fragment = &(*fragment)->next;
			continue;
		}
		while (i < 3 && !at_keyword(p, kinds[i].word))
			i++;
		if (i == 3 && p->tok.kind != GQ_T_BRACE_L) return fail_unexpected(p);
		if (!parse_operation(p, i < 3 ? kinds[i].kind : GQ_QUERY, op)) return false;
		op = &(*op)->next;
	} while (p->tok.kind != GQ_T_EOF);
	return true;
}

static gq_document *document_new(arena *a, str text, const gq_limits *limits)
{
	gq_document *doc = NEW(a, gq_document);

	doc->text = text;
	if (limits) doc->limits = *limits;
	if (!doc->limits.depth) doc->limits.depth = DEPTH_DEFAULT;
	if (doc->limits.depth > DEPTH_MOST) doc->limits.depth = DEPTH_MOST;
	if (!doc->limits.tokens) doc->limits.tokens = TOKENS_DEFAULT;
	if (!doc->limits.selections) doc->limits.selections = SELECTIONS_DEFAULT;
	return doc;
}

bool gq_parse(arena *a, str text, const gq_limits *limits, gq_document **out, error *err)
{
	parser p = {.a = a, .doc = document_new(a, text, limits)};

	*out = NULL;
	if (text.n > GQ_TEXT_MAX)
		return error_set(
			err, ERR_VALIDATION_FAILED, STR("$.query"), "the query is longer than %d bytes", GQ_TEXT_MAX);
	gq_lexer_init(&p.lx, text, p.doc->limits.tokens, err);
	if (!advance(&p) || !parse_definitions(&p)) return false;
	*out = p.doc;
	return true;
}

bool gq_parse_type(arena *a, str text, gq_type **out)
{
	error err;
	parser p = {.a = a, .doc = document_new(a, text, NULL)};

	error_init(&err, a);
	*out = NULL;
	if (text.n > GQ_TEXT_MAX) return false;
	gq_lexer_init(&p.lx, text, p.doc->limits.tokens, &err);
	return advance(&p) && parse_type(&p, out) && p.tok.kind == GQ_T_EOF;
}
