#include "plan_print.h"

static void print_path(buf *b, const val_step *path, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		buf_putc(b, i ? '.' : '$');
		if (path[i].key.p) buf_put(b, path[i].key);
		else buf_put_u64(b, path[i].index);
	}
}

void print_val(buf *b, const val *v)
{
	static const char *const conv[] = {"", "json ", "array ", "jsons "};
	if (v->elems) {
		buf_putc(b, '(');
		for (size_t i = 0; i < v->nelems; i++) {
			if (i) buf_puts(b, ", ");
			print_val(b, &v->elems[i]);
		}
		buf_putc(b, ')');
		return;
	}
	buf_puts(b, conv[v->conv]);
	if (v->from_geojson) buf_puts(b, "geo ");
	if (v->cursor) buf_puts(b, "cursor ");
	switch (v->kind) {
	case VAL_CONST: buf_printf(b, "'%.*s'", STR_ARG(v->text)); break;
	case VAL_NULL: buf_puts(b, "null"); break;
	case VAL_VAR:
	case VAL_COLUMN: print_path(b, v->path, v->npath); break;
	case VAL_SESSION:
	case VAL_SESSION_OPT: buf_printf(b, "@%.*s", STR_ARG(v->text)); break;
	case VAL_SESSION_JSON: buf_puts(b, "@*"); break;
	}
	if (v->cast.n) buf_printf(b, "::%.*s", STR_ARG(v->cast));
}

static void print_call(buf *b, const row_call *c)
{
	buf_printf(b, "%.*s(", STR_ARG(c->function.name));
	for (size_t i = 0; i < c->nargs; i++) {
		if (i) buf_puts(b, ", ");
		if (c->args[i].name.p) buf_printf(b, "%.*s => ", STR_ARG(c->args[i].name));
		print_val(b, &c->args[i].value);
	}
	buf_putc(b, ')');
}

static void print_cmp(buf *b, const bexp *e)
{
	if (e->lhs.visible_if) {
		buf_puts(b, "[");
		print_bexp(b, e->lhs.visible_if);
		buf_puts(b, "]");
	}
	if (e->lhs.column.p) buf_put(b, e->lhs.column);
	else if (e->lhs.computed) print_call(b, e->lhs.computed);
	else buf_puts(b, "agg");
	if (e->lhs.cast.n) buf_printf(b, "::%.*s", STR_ARG(e->lhs.cast));
	if (e->op == CMP_IS_NULL) {
		buf_puts(b, e->is_null ? " is null" : " is not null");
		return;
	}
	buf_printf(b, " %.*s%s ", STR_ARG(cmp_op_name(e->op)), e->null_safe ? "?" : "");
	if (e->rhs_column.p) buf_printf(b, "%s%.*s", e->rhs_root ? "$." : "", STR_ARG(e->rhs_column));
	else print_val(b, &e->rhs);
	for (size_t i = 0; i < e->nextra; i++) {
		buf_puts(b, ", ");
		print_val(b, &e->extra[i]);
	}
}

static void print_kids(buf *b, const bexp *e, const char *sep)
{
	buf_putc(b, '(');
	for (size_t i = 0; i < e->nkids; i++) {
		if (i) buf_puts(b, sep);
		print_bexp(b, e->kids[i]);
	}
	buf_putc(b, ')');
}

static void print_agg(buf *b, const bexp *e)
{
	const bexp_agg *g = &e->agg;
	buf_printf(b, "%.*s%s(", STR_ARG(g->function), g->distinct ? " distinct" : "");
	for (size_t i = 0; i < g->ncolumns; i++)
		buf_printf(b, "%s%.*s", i ? ", " : "", STR_ARG(g->columns[i]));
	buf_printf(b, ") of %.*s", STR_ARG(e->rel.target.name));
	if (g->filter) {
		buf_puts(b, " where ");
		print_bexp(b, g->filter);
	}
	buf_puts(b, " having ");
	print_bexp(b, g->predicate);
}

void print_bexp(buf *b, const bexp *e)
{
	if (!e) {
		buf_puts(b, "none");
		return;
	}
	if (e->own_root) buf_puts(b, "own:");
	switch (e->kind) {
	case BEXP_TRUE: buf_puts(b, "true"); break;
	case BEXP_FALSE: buf_puts(b, "false"); break;
	case BEXP_AND: print_kids(b, e, " and "); break;
	case BEXP_OR:
		buf_puts(b, "or");
		print_kids(b, e, " or ");
		break;
	case BEXP_NOT:
		buf_puts(b, "not ");
		print_kids(b, e, " and ");
		break;
	case BEXP_CMP: print_cmp(b, e); break;
	case BEXP_REL:
		buf_printf(b, "exists %.*s on %.*s=%.*s ", STR_ARG(e->rel.target.name), STR_ARG(e->rel.pairs[0].local),
			STR_ARG(e->rel.pairs[0].remote));
		print_kids(b, e, " and ");
		break;
	case BEXP_EXISTS:
		buf_printf(b, "exists any %.*s ", STR_ARG(e->rel.target.name));
		print_kids(b, e, " and ");
		break;
	case BEXP_REL_AGG: print_agg(b, e); break;
	case BEXP_COMPUTED_TABLE:
		buf_puts(b, "exists ");
		print_call(b, e->lhs.computed);
		print_kids(b, e, " and ");
		break;
	}
}

static void print_order(buf *b, const plan_order *o)
{
	for (size_t i = 0; i < o->npath; i++)
		buf_printf(b, "%.*s.", o->path[i].rel ? (int)o->path[i].rel->name.n : 1,
			o->path[i].rel ? o->path[i].rel->name.p : "*");
	if (o->visible_if) {
		buf_putc(b, '[');
		print_bexp(b, o->visible_if);
		buf_putc(b, ']');
	}
	if (o->agg.p) buf_printf(b, "%.*s ", STR_ARG(o->agg));
	if (o->computed) print_call(b, &o->call);
	if (o->col) buf_put(b, o->col->cat->name);
	if (o->desc) buf_puts(b, " desc");
	if (o->nulls) buf_puts(b, o->nulls == NULLS_FIRST ? " nulls first" : " nulls last");
}

static void print_fields(buf *b, const plan_field *f, size_t n);

static void print_aggs(buf *b, const plan_field *f)
{
	buf_puts(b, " {");
	for (size_t i = 0; i < f->naggs; i++) {
		const plan_agg *g = &f->aggs[i];
		if (i) buf_puts(b, " ");
		buf_printf(b, "%.*s=", STR_ARG(g->alias));
		if (g->kind == AGG_TYPENAME) {
			buf_put(b, g->typename);
			continue;
		}
		buf_printf(b, "%.*s%s(", g->kind == AGG_COUNT ? 5 : (int)g->op.n,
			g->kind == AGG_COUNT ? "count" : g->op.p, g->distinct ? " distinct" : "");
		for (size_t k = 0; k < g->ncols; k++) {
			const plan_agg_column *col = &g->cols[k];
			if (k) buf_puts(b, ", ");
			if (col->alias.p) buf_printf(b, "%.*s=", STR_ARG(col->alias));
			if (col->computed) print_call(b, &col->call);
			else buf_put(b, col->typename.p ? col->typename : col->col->cat->name);
		}
		buf_puts(b, ")");
	}
	buf_puts(b, "}");
}

static void print_field(buf *b, const plan_field *f)
{
	buf_printf(b, "%.*s", STR_ARG(f->alias));
	if (f->visible_if) {
		buf_puts(b, "[");
		print_bexp(b, f->visible_if);
		buf_puts(b, "]");
	}
	switch (f->kind) {
	case PF_TYPENAME: buf_printf(b, "='%.*s'", STR_ARG(f->text)); break;
	case PF_COLUMN: buf_printf(b, "=%.*s", STR_ARG(f->col->cat->name)); break;
	case PF_OBJECT:
	case PF_ARRAY:
	case PF_ARRAY_AGG:
		buf_printf(b, "=rel %.*s ", STR_ARG(f->rel->name));
		print_select(b, f->select);
		break;
	case PF_COMPUTED:
		buf_puts(b, "=");
		print_call(b, &f->call);
		break;
	case PF_COMPUTED_ROWS:
		buf_puts(b, "=");
		print_call(b, &f->call);
		buf_puts(b, " ");
		print_select(b, f->select);
		break;
	case PF_NODES:
		buf_puts(b, "=nodes");
		print_fields(b, f->fields, f->nfields);
		break;
	case PF_AGGREGATE: print_aggs(b, f); break;
	}
	for (size_t i = 0; i < f->njson_path; i++)
		buf_printf(b, "#%.*s", STR_ARG(f->json_path[i]));
}

static void print_fields(buf *b, const plan_field *f, size_t n)
{
	buf_puts(b, " {");
	for (size_t i = 0; i < n; i++) {
		if (i) buf_puts(b, " ");
		print_field(b, &f[i]);
	}
	buf_puts(b, "}");
}

static void print_from(buf *b, const plan_select *s)
{
	static const char *const shapes[] = {"list", "one", "aggregate"};
	buf_printf(b, "%s %.*s", shapes[s->shape], STR_ARG(s->table->name.name));
	if (!s->function) return;
	row_call call = {
		.function = s->function->fn->cat->name, .args = s->function->args, .nargs = s->function->nargs};
	buf_puts(b, " from ");
	print_call(b, &call);
}

void print_select(buf *b, const plan_select *s)
{
	print_from(b, s);
	if (s->by_key) buf_puts(b, " by key");
	if (s->filter) {
		buf_puts(b, " filter ");
		print_bexp(b, s->filter);
	}
	if (s->where) {
		buf_puts(b, " where ");
		print_bexp(b, s->where);
	}
	for (size_t i = 0; i < s->ndistinct; i++)
		buf_printf(b, "%s%.*s", i ? ", " : " distinct ", STR_ARG(s->distinct[i]->cat->name));
	for (size_t i = 0; i < s->norder; i++) {
		buf_puts(b, i ? ", " : " order ");
		print_order(b, &s->order[i]);
	}
	if (s->has_limit) buf_printf(b, " limit %lld", (long long)s->limit);
	if (s->has_agg_limit && s->shape == SHAPE_AGGREGATE) buf_printf(b, " agg limit %lld", (long long)s->agg_limit);
	if (s->has_offset) buf_printf(b, " offset %lld", (long long)s->offset);
	if (s->stream) buf_puts(b, " stream");
	if (s->stream && s->stream->next) {
		buf_puts(b, " then ");
		print_bexp(b, s->stream->next->where);
	}
	print_fields(b, s->fields, s->nfields);
}

void print_plan(buf *b, const plan *p)
{
	for (size_t i = 0; i < p->nroots; i++) {
		const plan_root *r = &p->roots[i];
		if (i) buf_puts(b, "; ");
		buf_printf(b, "%.*s: ", STR_ARG(r->alias));
		if (r->select) print_select(b, r->select);
		else buf_put(b, r->text);
	}
}
