/*
 * stream: <t>_stream, the rows of a table after a cursor. Hasura v2: GraphQL/Schema/SubscriptionStream.hs,
 * Translate/Select/Streaming.hs.
 */
#include "plan/input.h"

static const str BATCH_SIZE = STR_INIT("batch_size"), CURSOR = STR_INIT("cursor"), WHERE = STR_INIT("where");
static const str INITIAL_VALUE = STR_INIT("initial_value"), ORDERING = STR_INIT("ordering");

/* What the client gave for the cursor. */
typedef struct cursor {
	size_t n; /* columns named, in all elements of the list */
	size_t col;
	bool desc;
	val initial;
} cursor;

typedef struct stream_ctx {
	plan_ctx *c;
	plan_select *s;
	const snap_select_perm *perm;
	cursor cursor;
} stream_ctx;

static bool missing(plan_ctx *c, const plan_path *at, str name)
{
	return plan_fail(c, path_key(c, at, name), "missing required field '%.*s'", STR_ARG(name));
}

static bool read_ordering(stream_ctx *x, input_object *o, bool *desc)
{
	static const str names[] = {STR_INIT("ASC"), STR_INIT("DESC")};
	str type = STR("cursor_ordering");
	input *in = input_get(o, ORDERING);
	size_t i;
	*desc = false;
	if (!in) return true;
	if (!input_peel(x->c, in, type_nullable(type), false)) return false;
	if (input_kind(in) == IN_ABSENT) return true;
	if (!input_enum(x->c, in, type, names, 2, &i)) return false;
	*desc = i == 1;
	return true;
}

static bool read_column(stream_ctx *x, const input_member *m, str type, bool desc)
{
	plan_ctx *c = x->c;
	const snap_field *f = snap_table_field(x->s->table, m->name);
	if (!f || f->kind != FIELD_COLUMN || !permit_column(x->perm, f->index)) return input_unknown_field(c, m, type);
	const snap_column *col = &x->s->table->cols[f->index];
	value_type t = value_type_column(c, x->s->source, col);
	/* Its text is not what the value is read from, so that no round could say where the next one begins. */
	if (t.from_geojson)
		return plan_fail_code(c, ERR_NOT_SUPPORTED, m->value.at,
			"a column of type %.*s cannot be the cursor of a stream", STR_ARG(t.pg_name));
	x->cursor.n++;
	x->cursor.col = f->index;
	x->cursor.desc = desc;
	return value_read(c, &t, col->nullable, &m->value, &x->cursor.initial);
}

/* <t>_stream_cursor_value_input. */
static bool read_initial(stream_ctx *x, const plan_path *at, input *given, bool desc)
{
	plan_ctx *c = x->c;
	str type = str_cat(c->a, 2, x->s->table->type, STR("_stream_cursor_value_input"));
	input_object o;
	if (!given) return missing(c, at, INITIAL_VALUE);
	if (!input_peel_value(c, given, type_required(type)) || !input_members(c, given, type, &o)) return false;
	for (size_t i = 0; i < o.n; i++)
		if (!read_column(x, &o.v[i], type, desc)) return false;
	return true;
}

/* <t>_stream_cursor_input. */
static bool read_item(stream_ctx *x, input *in)
{
	static const str names[] = {STR_INIT("initial_value"), STR_INIT("ordering")};
	plan_ctx *c = x->c;
	str type = str_cat(c->a, 2, x->s->table->type, STR("_stream_cursor_input"));
	input_object o;
	bool desc;
	if (!input_peel_value(c, in, type_nullable(type))) return false;
	if (input_is_null(in)) return true;
	if (!input_members(c, in, type, &o) || !input_only(c, &o, type, names, 2)) return false;
	return read_ordering(x, &o, &desc) && read_initial(x, in->at, input_get(&o, INITIAL_VALUE), desc);
}

static bool read_cursor(stream_ctx *x, const sel_field *f, const plan_path *at)
{
	plan_ctx *c = x->c;
	const plan_path *args = path_key(c, at, STR("args"));
	input in;
	input_list items;
	in_type type = {.name = str_cat(c->a, 2, x->s->table->type, STR("_stream_cursor_input")), .lists = 1};
	if (!sel_argument(c, f, at, CURSOR, &in)) return missing(c, args, CURSOR);
	if (!input_peel_value(c, &in, type_with_null(type, false)) || !input_items(c, &in, &items)) return false;
	for (size_t i = 0; i < items.n; i++)
		if (!read_item(x, &items.v[i])) return false;
	if (!x->cursor.n) return plan_fail(c, args, "one streaming column field is expected");
	if (x->cursor.n > 1) return plan_fail(c, args, "multiple column cursors are not supported yet");
	return true;
}

static bool read_where(stream_ctx *x, const sel_field *f, const plan_path *at)
{
	plan_ctx *c = x->c;
	plan_select *s = x->s;
	input in;
	if (!sel_argument(c, f, at, WHERE, &in)) return true;
	if (!input_peel_value(c, &in, type_nullable(str_cat(c->a, 2, s->table->type, STR("_bool_exp"))))) return false;
	return input_is_null(&in) || where_read(c, s->source, s->table, &in, &s->where);
}

static bool read_batch_size(stream_ctx *x, const sel_field *f, const plan_path *at)
{
	plan_ctx *c = x->c;
	input in;
	if (!sel_argument(c, f, at, BATCH_SIZE, &in)) return missing(c, path_key(c, at, STR("args")), BATCH_SIZE);
	if (!input_peel_value(c, &in, type_required(STR("Int")))) return false;
	x->s->has_limit = true;
	return input_nonnegative(c, &in, &x->s->limit);
}

static bexp *of_column(const stream_ctx *x, cmp_op op)
{
	const snap_column *col = &x->s->table->cols[x->cursor.col];
	bexp *e = bexp_new(x->c->a, BEXP_CMP);
	e->lhs = (bexp_lhs){.column = col->cat->name, .type = col->type};
	e->lhs.visible_if = permit_column_filter(x->c, x->perm, x->cursor.col);
	e->op = op;
	return e;
}

/* The rows after a value, in order. */
static void bound_by_cursor(stream_ctx *x)
{
	plan_ctx *c = x->c;
	plan_select *s = x->s;
	plan_stream *st = NEW(c->a, plan_stream);
	plan_order *o = NEW(c->a, plan_order);
	const cursor *cur = &x->cursor;
	st->col = &s->table->cols[cur->col];
	st->visible_if = permit_column_filter(c, x->perm, cur->col);
	st->desc = cur->desc;
	st->ties = true;
	st->safe = md_source_safe_streams(s->source->md);
	st->bound = cur->initial;
	st->bound.kind = VAL_CONST;
	st->bound.text = STR("");
	st->bound.bound = true;
	*o = (plan_order){.kind = ORDER_COLUMN, .col = st->col, .visible_if = st->visible_if, .desc = cur->desc};
	s->order = o;
	s->norder = 1;
	s->stream = st;
	bexp *after = of_column(x, cur->desc ? CMP_LT : CMP_GT);
	after->rhs = cur->initial;
	after->rhs.cursor = true;
	const bexp *where = s->where;
	s->where = bexp_and(c->a, after, where);
	if (cur->initial.kind != VAL_NULL) return;
	/* From the start: the first round has no value to begin after. */
	after->rhs.kind = VAL_CONST;
	after->rhs.text = STR("");
	plan_select *next = NEW(c->a, plan_select);
	*next = *s;
	st->next = next;
	bexp *any = of_column(x, CMP_IS_NULL);
	s->where = bexp_and(c->a, any, where);
}

/* A row of a view may come to be seen long after its values were made: by what it is joined with, for instance. */
static bool check_safe(plan_ctx *c, const snap_root *r, const plan_path *at)
{
	char kind = r->table->cat->kind;
	if (kind == 'r' || kind == 'p' || !md_source_safe_streams(r->source->md)) return true;
	str name = qname_display(c->a, r->table->name);
	return plan_fail_code(c, ERR_NOT_SUPPORTED, at,
		"streams of source \"%.*s\" are safe ones, which are of tables alone: \"%.*s\" is none",
		STR_ARG(r->source->name), STR_ARG(name));
}

bool stream_root(plan_ctx *c, const snap_root *r, const sel_field *f, const plan_path *at, plan_root *out)
{
	str names[] = {BATCH_SIZE, CURSOR, WHERE};
	plan_select *s = select_new(c, r->source, r->table, SHAPE_LIST, at);
	stream_ctx x = {.c = c, .s = s, .perm = permit_select(c, r->source, r->table)};
	if (!sel_arguments(c, f, at, names, 3) || !check_safe(c, r, at)) return false;
	if (!read_where(&x, f, at) || !read_cursor(&x, f, at) || !read_batch_size(&x, f, at)) return false;
	permit_rows(c, s, true);
	if (!select_fields(c, s, f, at)) return false;
	bound_by_cursor(&x);
	out->select = s;
	return true;
}
