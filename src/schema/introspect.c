/*
 * introspect: renders answers. Everything is written as it is derived: one type is in memory at a time.
 * Hasura v2: GraphQL/Schema/Introspect.hs; its fields have the odd types that are repeated here (name: String! on __Type).
 */
#include "schema/introspect.h"
#include "base/json.h"
#include "schema/types.h"

/* ---- the introspection types ---- */

#define LEAF(t, n, text)                                     \
	{                                                    \
		.name = STR_INIT(n), .in = (t), .type = text \
	}
#define NODE(t, n, to)                                                     \
	{                                                                  \
		.name = STR_INIT(n), .in = (t), .object = true, .of = (to) \
	}
#define NODE_DEPRECATED(t, n, to)                                                                  \
	{                                                                                          \
		.name = STR_INIT(n), .in = (t), .object = true, .of = (to), .deprecated_arg = true \
	}

enum {
	S_DESCRIPTION,
	S_DIRECTIVES,
	S_MUTATION,
	S_QUERY,
	S_SUBSCRIPTION,
	S_TYPES,
	T_DESCRIPTION,
	T_ENUM_VALUES,
	T_FIELDS,
	T_INPUT_FIELDS,
	T_INTERFACES,
	T_KIND,
	T_NAME,
	T_OF_TYPE,
	T_POSSIBLE_TYPES,
	F_ARGS,
	F_DEPRECATION_REASON,
	F_DESCRIPTION,
	F_IS_DEPRECATED,
	F_NAME,
	F_TYPE,
	I_DEFAULT,
	I_DESCRIPTION,
	I_NAME,
	I_TYPE,
	E_DEPRECATION_REASON,
	E_DESCRIPTION,
	E_IS_DEPRECATED,
	E_NAME,
	D_ARGS,
	D_DESCRIPTION,
	D_IS_REPEATABLE,
	D_LOCATIONS,
	D_NAME,
	FIELD_COUNT
};

static const introspect_field FIELDS[FIELD_COUNT] = {
	[S_DESCRIPTION] = LEAF(META_SCHEMA, "description", "String!"),
	[S_DIRECTIVES] = NODE(META_SCHEMA, "directives", META_DIRECTIVE),
	[S_MUTATION] = NODE(META_SCHEMA, "mutationType", META_TYPE),
	[S_QUERY] = NODE(META_SCHEMA, "queryType", META_TYPE),
	[S_SUBSCRIPTION] = NODE(META_SCHEMA, "subscriptionType", META_TYPE),
	[S_TYPES] = NODE(META_SCHEMA, "types", META_TYPE),
	[T_DESCRIPTION] = LEAF(META_TYPE, "description", "String!"),
	[T_ENUM_VALUES] = NODE_DEPRECATED(META_TYPE, "enumValues", META_ENUM_VALUE),
	[T_FIELDS] = NODE_DEPRECATED(META_TYPE, "fields", META_FIELD),
	[T_INPUT_FIELDS] = NODE(META_TYPE, "inputFields", META_INPUT_VALUE),
	[T_INTERFACES] = NODE(META_TYPE, "interfaces", META_TYPE),
	[T_KIND] = LEAF(META_TYPE, "kind", "__TypeKind!"),
	[T_NAME] = LEAF(META_TYPE, "name", "String!"),
	[T_OF_TYPE] = NODE(META_TYPE, "ofType", META_TYPE),
	[T_POSSIBLE_TYPES] = NODE(META_TYPE, "possibleTypes", META_TYPE),
	[F_ARGS] = NODE(META_FIELD, "args", META_INPUT_VALUE),
	[F_DEPRECATION_REASON] = LEAF(META_FIELD, "deprecationReason", "String!"),
	[F_DESCRIPTION] = LEAF(META_FIELD, "description", "String!"),
	[F_IS_DEPRECATED] = LEAF(META_FIELD, "isDeprecated", "String!"),
	[F_NAME] = LEAF(META_FIELD, "name", "String!"),
	[F_TYPE] = NODE(META_FIELD, "type", META_TYPE),
	[I_DEFAULT] = LEAF(META_INPUT_VALUE, "defaultValue", "String!"),
	[I_DESCRIPTION] = LEAF(META_INPUT_VALUE, "description", "String!"),
	[I_NAME] = LEAF(META_INPUT_VALUE, "name", "String!"),
	[I_TYPE] = NODE(META_INPUT_VALUE, "type", META_TYPE),
	[E_DEPRECATION_REASON] = LEAF(META_ENUM_VALUE, "deprecationReason", "String!"),
	[E_DESCRIPTION] = LEAF(META_ENUM_VALUE, "description", "String!"),
	[E_IS_DEPRECATED] = LEAF(META_ENUM_VALUE, "isDeprecated", "String!"),
	[E_NAME] = LEAF(META_ENUM_VALUE, "name", "String!"),
	[D_ARGS] = NODE(META_DIRECTIVE, "args", META_INPUT_VALUE),
	[D_DESCRIPTION] = LEAF(META_DIRECTIVE, "description", "String!"),
	[D_IS_REPEATABLE] = LEAF(META_DIRECTIVE, "isRepeatable", "Boolean!"),
	[D_LOCATIONS] = LEAF(META_DIRECTIVE, "locations", "String!"),
	[D_NAME] = LEAF(META_DIRECTIVE, "name", "String!"),
};

str introspect_type_name(introspect_type t)
{
	static const str names[] = {
		[META_SCHEMA] = STR_INIT("__Schema"),
		[META_TYPE] = STR_INIT("__Type"),
		[META_FIELD] = STR_INIT("__Field"),
		[META_INPUT_VALUE] = STR_INIT("__InputValue"),
		[META_ENUM_VALUE] = STR_INIT("__EnumValue"),
		[META_DIRECTIVE] = STR_INIT("__Directive"),
		[META_TYPE_KIND] = STR_INIT("__TypeKind"),
	};
	return names[t];
}

const introspect_field *introspect_field_at(size_t i)
{
	return i < FIELD_COUNT ? &FIELDS[i] : NULL;
}

const introspect_field *introspect_field_find(introspect_type in, str name)
{
	for (size_t i = 0; i < FIELD_COUNT; i++)
		if (FIELDS[i].in == in && str_eq(FIELDS[i].name, name)) return &FIELDS[i];
	return NULL;
}

/* ---- keys ---- */

static void put_selection(buf *b, const introspect_sel *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		buf_put(b, v[i].key);
		buf_putc(b, ':');
		if (v[i].field) buf_put_u64(b, (uint64_t)(v[i].field - FIELDS));
		if (v[i].nsub) {
			buf_putc(b, '{');
			put_selection(b, v[i].sub, v[i].nsub);
			buf_putc(b, '}');
		}
		buf_putc(b, ' ');
	}
}

void introspect_query_key(arena *a, introspect_query *q)
{
	buf b = {0};
	buf_put(&b, q->alias);
	buf_putc(&b, ' ');
	put_selection(&b, q->sub, q->nsub);
	buf_printf(&b, "%c%c%zu:", q->backend ? 'b' : '-', q->type ? 't' : '-', q->role.n);
	buf_put(&b, q->role);
	if (q->type) buf_put(&b, q->type_name);
	q->key = str_copy(a, buf_str(&b));
	buf_free(&b);
}

/* ---- rendering ---- */

typedef struct rendering {
	introspect_writer w;
	buf *b; /* w.text */
	const introspect_query *q;
	const types_index *ix;
	types_ctx x; /* of the type being written */
	bool full;   /* over the limit: nothing more is written, the answer is an error */
} rendering;

/* A type in a position: as it is used (ref), with what is behind its name once somebody asks. */
typedef struct position {
	gref ref;
	unsigned level; /* lists left to take off */
	bool naked;     /* the ! of this level is off */
} position;

static void render_type(rendering *r, const introspect_sel *sel, size_t n, position p);

static size_t max_bytes(const introspect_query *q)
{
	return q->max_bytes ? q->max_bytes : INTROSPECT_MAX_BYTES;
}

/* A selection that goes round between types and fields grows with each turn: the answer is bounded, not the question. */
static void flush(rendering *r)
{
	introspect_writer_flush(&r->w);
	if (r->w.e->json_bytes > max_bytes(r->q)) r->full = true;
}

static void put_key(rendering *r, size_t i, const introspect_sel *s)
{
	buf_puts(r->b, i ? ",\"" : "\"");
	buf_put(r->b, s->key);
	buf_puts(r->b, "\":");
}

static void put_text(rendering *r, str s)
{
	if (s.p) json_write_str(r->b, s);
	else buf_puts(r->b, "null");
}

/* Names need no escapes. */
static void put_name(rendering *r, str s)
{
	buf_putc(r->b, '"');
	buf_put(r->b, s);
	buf_putc(r->b, '"');
}

static position top(gref ref)
{
	return (position){.ref = ref, .level = ref.lists};
}

static void render_value(rendering *r, const introspect_sel *sel, const gfield *f)
{
	buf_putc(r->b, '{');
	for (size_t i = 0; i < sel->nsub; i++) {
		const introspect_sel *s = &sel->sub[i];
		put_key(r, i, s);
		if (!s->field) put_name(r, introspect_type_name(META_INPUT_VALUE));
		else if (s->field == &FIELDS[I_NAME]) put_name(r, f->name);
		else if (s->field == &FIELDS[I_DESCRIPTION]) put_text(r, f->description);
		else if (s->field == &FIELDS[I_DEFAULT]) put_text(r, f->dflt);
		else render_type(r, s->sub, s->nsub, top(f->type));
	}
	buf_putc(r->b, '}');
}

static void render_enum_value(rendering *r, const introspect_sel *sel, const gfield *f)
{
	buf_putc(r->b, '{');
	for (size_t i = 0; i < sel->nsub; i++) {
		const introspect_sel *s = &sel->sub[i];
		put_key(r, i, s);
		if (!s->field) put_name(r, introspect_type_name(META_ENUM_VALUE));
		else if (s->field == &FIELDS[E_NAME]) put_name(r, f->name);
		else if (s->field == &FIELDS[E_DESCRIPTION]) put_text(r, f->description);
		else buf_puts(r->b, s->field == &FIELDS[E_IS_DEPRECATED] ? "false" : "null");
	}
	buf_putc(r->b, '}');
}

typedef void render_one(rendering *r, const introspect_sel *sel, const gfield *f);

static void render_list(rendering *r, const introspect_sel *sel, const gfield *v, size_t n, render_one *one)
{
	buf_putc(r->b, '[');
	for (size_t i = 0; i < n && !r->full; i++) {
		if (i) buf_putc(r->b, ',');
		one(r, sel, &v[i]);
	}
	buf_putc(r->b, ']');
}

static void render_field(rendering *r, const introspect_sel *sel, const gfield *f)
{
	buf_putc(r->b, '{');
	for (size_t i = 0; i < sel->nsub; i++) {
		const introspect_sel *s = &sel->sub[i];
		put_key(r, i, s);
		if (!s->field) put_name(r, introspect_type_name(META_FIELD));
		else if (s->field == &FIELDS[F_NAME]) put_name(r, f->name);
		else if (s->field == &FIELDS[F_DESCRIPTION]) put_text(r, f->description);
		else if (s->field == &FIELDS[F_ARGS]) render_list(r, s, f->args, f->nargs, render_value);
		else if (s->field == &FIELDS[F_TYPE]) render_type(r, s->sub, s->nsub, top(f->type));
		else buf_puts(r->b, s->field == &FIELDS[F_IS_DEPRECATED] ? "false" : "null");
	}
	buf_putc(r->b, '}');
	flush(r);
}

/* ---- types ---- */

static bool is_nonnull(const position *p)
{
	return !p->naked && (p->ref.nonnull >> p->level & 1);
}

static void put_kind(rendering *r, const position *p)
{
	static const char *const names[] = {[G_SCALAR] = "\"SCALAR\"",
		[G_ENUM] = "\"ENUM\"",
		[G_INPUT_OBJECT] = "\"INPUT_OBJECT\"",
		[G_OBJECT] = "\"OBJECT\""};
	if (is_nonnull(p)) buf_puts(r->b, "\"NON_NULL\"");
	else if (p->level) buf_puts(r->b, "\"LIST\"");
	else buf_puts(r->b, names[types_kind(&p->ref.of)]);
}

/* Takes the outermost ! or list off; false: there is none. */
static bool peel(position *p)
{
	if (is_nonnull(p)) {
		p->naked = true;
		return true;
	}
	if (!p->level) return false;
	p->level--;
	p->naked = false;
	return true;
}

/* What needs the definition: the lists of fields and so on of a type by its bare name. */
static void put_definition(rendering *r, const introspect_sel *s, const gtype *t)
{
	const introspect_field *f = s->field;
	if (f == &FIELDS[T_FIELDS] && t->kind == G_OBJECT) render_list(r, s, t->fields, t->n, render_field);
	else if (f == &FIELDS[T_INPUT_FIELDS] && t->kind == G_INPUT_OBJECT)
		render_list(r, s, t->fields, t->n, render_value);
	else if (f == &FIELDS[T_ENUM_VALUES] && t->kind == G_ENUM)
		render_list(r, s, t->fields, t->n, render_enum_value);
	else if (f == &FIELDS[T_INTERFACES] && t->kind == G_OBJECT) buf_puts(r->b, "[]");
	else buf_puts(r->b, "null");
}

static void put_type_member(rendering *r, const introspect_sel *s, const position *p, const gtype *def)
{
	const introspect_field *f = s->field;
	bool bare = !p->level && !is_nonnull(p);
	position inner = *p;
	if (!f) {
		put_name(r, introspect_type_name(META_TYPE));
	} else if (f == &FIELDS[T_KIND]) {
		put_kind(r, p);
	} else if (f == &FIELDS[T_NAME]) {
		put_text(r, bare ? p->ref.name : STR_NULL);
	} else if (f == &FIELDS[T_OF_TYPE]) {
		if (peel(&inner)) render_type(r, s->sub, s->nsub, inner);
		else buf_puts(r->b, "null");
	} else if (f == &FIELDS[T_DESCRIPTION]) {
		/* Hasura v2: also of a type with !, not of a list. */
		put_text(r, p->level || !def ? STR_NULL : def->description);
	} else if (bare && def) {
		put_definition(r, s, def);
	} else {
		buf_puts(r->b, "null");
	}
}

static bool needs_definition(const introspect_sel *sel, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const introspect_field *f = sel[i].field;
		if (f && f != &FIELDS[T_KIND] && f != &FIELDS[T_NAME] && f != &FIELDS[T_OF_TYPE]) return true;
	}
	return false;
}

/* A type inside another is derived in an arena of its own: the selection may go round and round, as deep as the document. */
static void render_derived(rendering *r, const introspect_sel *sel, size_t n, const position *p)
{
	gtype def;
	types_ctx outer = r->x;
	r->x.a = arena_new(0);
	types_derive(&r->x, &p->ref.of, &def);
	buf_putc(r->b, '{');
	for (size_t i = 0; i < n; i++) {
		put_key(r, i, &sel[i]);
		put_type_member(r, &sel[i], p, &def);
	}
	buf_putc(r->b, '}');
	arena_free(r->x.a);
	r->x = outer;
}

static void render_type(rendering *r, const introspect_sel *sel, size_t n, position p)
{
	if (needs_definition(sel, n) && !p.level) {
		render_derived(r, sel, n, &p);
		return;
	}
	buf_putc(r->b, '{');
	for (size_t i = 0; i < n; i++) {
		put_key(r, i, &sel[i]);
		put_type_member(r, &sel[i], &p, NULL);
	}
	buf_putc(r->b, '}');
}

/* ---- the schema ---- */

static position named(str name, gdesc d)
{
	return (position){.ref = {.name = name, .of = d}};
}

static void render_types(rendering *r, const introspect_sel *s)
{
	buf_putc(r->b, '[');
	for (size_t i = 0; i < r->ix->n && !r->full; i++) {
		if (i) buf_putc(r->b, ',');
		render_type(r, s->sub, s->nsub, named(r->ix->v[i].name, r->ix->v[i].desc));
		flush(r);
	}
	buf_putc(r->b, ']');
}

static void render_root(rendering *r, const introspect_sel *s, gfamily f, bool there)
{
	gdesc d = {.family = (uint8_t)f};
	if (there) render_type(r, s->sub, s->nsub, named(types_name(&r->x, &d), d));
	else buf_puts(r->b, "null");
}

static void render_directive(rendering *r, const introspect_sel *sel, const gdirective *d)
{
	buf_putc(r->b, '{');
	for (size_t i = 0; i < sel->nsub; i++) {
		const introspect_sel *s = &sel->sub[i];
		put_key(r, i, s);
		if (!s->field) put_name(r, introspect_type_name(META_DIRECTIVE));
		else if (s->field == &FIELDS[D_NAME]) put_name(r, d->name);
		else if (s->field == &FIELDS[D_DESCRIPTION]) put_text(r, d->description);
		else if (s->field == &FIELDS[D_LOCATIONS]) buf_puts(r->b, d->locations);
		else if (s->field == &FIELDS[D_ARGS]) render_list(r, s, d->args, d->nargs, render_value);
		else buf_puts(r->b, "false");
	}
	buf_putc(r->b, '}');
}

static void render_directives(rendering *r, const introspect_sel *s)
{
	gdirective all[TYPES_DIRECTIVES];
	types_directives(&r->x, all);
	buf_putc(r->b, '[');
	for (size_t i = 0; i < TYPES_DIRECTIVES; i++) {
		if (i) buf_putc(r->b, ',');
		render_directive(r, s, &all[i]);
	}
	buf_putc(r->b, ']');
}

static void render_schema(rendering *r)
{
	buf_putc(r->b, '{');
	for (size_t i = 0; i < r->q->nsub; i++) {
		const introspect_sel *s = &r->q->sub[i];
		put_key(r, i, s);
		if (!s->field) put_name(r, introspect_type_name(META_SCHEMA));
		else if (s->field == &FIELDS[S_TYPES]) render_types(r, s);
		else if (s->field == &FIELDS[S_QUERY]) render_root(r, s, GF_QUERY_ROOT, true);
		else if (s->field == &FIELDS[S_MUTATION]) render_root(r, s, GF_MUTATION_ROOT, r->ix->has_mutation);
		else if (s->field == &FIELDS[S_SUBSCRIPTION])
			render_root(r, s, GF_SUBSCRIPTION_ROOT, r->ix->has_subscription);
		else if (s->field == &FIELDS[S_DIRECTIVES]) render_directives(r, s);
		else buf_puts(r->b, "null");
	}
	buf_putc(r->b, '}');
}

/* All types are asked for once and the answer is kept; parts are asked for again and again. */
static bool wants_all(const introspect_query *q)
{
	for (size_t i = 0; i < q->nsub; i++)
		if (q->sub[i].field == &FIELDS[S_TYPES]) return true;
	return false;
}

static introspect_entry *render_with(const snapshot *s, const introspect_query *q, const types_index *ix)
{
	arena *a = arena_new(1 << 16);
	rendering r = {.q = q, .ix = ix, .x = {.a = a, .s = s, .role = q->role, .backend = q->backend}};
	introspect_writer_begin(&r.w, q->key, str_cat(a, 3, STR("{\"data\":{\""), q->alias, STR("\":")));
	r.b = &r.w.text;
	const gdesc *d = q->type ? types_index_find(ix, q->type_name) : NULL;
	if (!q->type) render_schema(&r);
	else if (d) render_type(&r, q->sub, q->nsub, named(q->type_name, *d));
	else buf_puts(r.b, "null");
	introspect_entry *e = introspect_writer_end(&r.w, STR("}}"));
	arena_free(a);
	if (!r.full) return e;
	introspect_entry_unref(e);
	return NULL;
}

static introspect_entry *render(const snapshot *s, const introspect_query *q)
{
	if (!wants_all(q)) {
		introspect_types *t = introspect_types_get(s->introspection_cache, s, q->role, q->backend);
		introspect_entry *e = render_with(s, q, &t->ix);
		introspect_types_unref(t);
		return e;
	}
	arena *a = arena_new(1 << 16);
	types_index ix;
	types_index_make(a, s, q->role, q->backend, &ix);
	introspect_entry *e = render_with(s, q, &ix);
	arena_free(a);
	return e;
}

introspect_entry *introspect_known(const snapshot *s, const introspect_query *q)
{
	return introspect_cache_get(s->introspection_cache, q->key);
}

bool introspect_answer(const snapshot *s, const introspect_query *q, introspect_entry **out, error *err)
{
	*out = introspect_known(s, q);
	if (*out) return true;
	introspect_entry *e = render(s, q);
	if (!e)
		return error_set(err, ERR_VALIDATION_FAILED, STR(""),
			"the answer to this introspection query is larger than %zu bytes", max_bytes(q));
	*out = introspect_cache_put(s->introspection_cache, e);
	return true;
}
