/* mutation: the statements of mutation roots; update and delete. */
#include "sql/mutation_build.h"

/* ---- what is selected ---- */

static bool has_relationships(const plan_select *s)
{
	for (size_t i = 0; i < s->nfields; i++) {
		field_kind k = s->fields[i].kind;
		if (k == PF_OBJECT || k == PF_ARRAY || k == PF_ARRAY_AGG) return true;
	}
	return false;
}

/* Hasura v2: hasNestedFld; rows of nested inserts are always selected when all is inserted. Plain columns cannot tell. */
static bool needs_after(const plan_mutation *m, const plan_select *s)
{
	return m->insert && m->insert->nested ? select_deep(s->fields, s->nfields) : has_relationships(s);
}

static void gather_selects(mut_maker *mk)
{
	const plan_mutation *m = mk->m;
	mk->sels = NEW_ARRAY(mk->a, const plan_select *, m->nresponse + 1);
	if (m->one) mk->sels[mk->nsels++] = m->returning;
	for (size_t i = 0; i < m->nresponse; i++)
		if (m->response[i].kind == MR_RETURNING) mk->sels[mk->nsels++] = m->response[i].select;
	for (size_t i = 0; i < mk->nsels; i++)
		mk->after |= needs_after(m, mk->sels[i]);
}

static void make_items(mut_maker *mk)
{
	const plan_mutation *m = mk->m;
	sql_mutation *out = mk->out;
	size_t sel = 0;
	out->items = NEW_ARRAY(mk->a, mut_item, m->nresponse);
	out->nitems = m->nresponse;
	for (size_t i = 0; i < m->nresponse; i++) {
		const plan_response *r = &m->response[i];
		mut_item *item = &out->items[i];
		item->head = out_head(mk->a, r->alias, i == 0);
		item->kind = r->kind;
		if (r->kind == MR_TYPENAME) item->value = out_string(mk->a, r->text);
		if (r->kind == MR_RETURNING) item->value = mk->rows ? mk->rows[sel] : NULL;
		sel += r->kind == MR_RETURNING;
	}
	if (m->one && mk->rows) out->row = mk->rows[0];
}

/* ---- update, delete ---- */

static const struct {
	const char *op;
	const char *sql;
	bool value_first;
} operators[] = {
	{"inc", " + ", false},
	{"mul", " * ", false},
	{"append", " || ", false},
	{"prepend", " || ", true},
	{"delete_key", " - ", false},
	{"delete_elem", " - ", false},
	{"delete_at_path", " #- ", false},
};

static void put_set_value(sql_build *b, buf *text, const plan_set_item *item, unsigned alias)
{
	size_t n = sizeof operators / sizeof *operators, i = 0;
	if (str_eqz(item->op, "default")) {
		buf_puts(text, "DEFAULT");
		return;
	}
	while (i < n && !str_eqz(item->op, operators[i].op))
		i++;
	if (i == n) {
		sql_put_val(b, text, &item->value);
		return;
	}
	buf_putc(text, '(');
	if (operators[i].value_first) sql_put_val(b, text, &item->value);
	else sql_put_column(text, alias, item->col->cat->name);
	buf_puts(text, operators[i].sql);
	if (operators[i].value_first) sql_put_column(text, alias, item->col->cat->name);
	else sql_put_val(b, text, &item->value);
	buf_putc(text, ')');
}

void put_set_items(sql_build *b, buf *text, const plan_set_item *items, size_t n, unsigned alias)
{
	for (size_t i = 0; i < n; i++) {
		if (i) buf_puts(text, ", ");
		sql_put_ident(text, items[i].col->cat->name);
		buf_puts(text, " = ");
		put_set_value(b, text, &items[i], alias);
	}
}

static void put_where(change *ch, const bexp *where)
{
	buf cond = {0};
	if (sql_put_filters(&ch->b, &cond, ch->mk->m->filter, where, ch->alias)) {
		buf_puts(&ch->text, " WHERE ");
		buf_put(&ch->text, buf_str(&cond));
	}
	buf_free(&cond);
}

static void put_table_as(change *ch)
{
	sql_put_qname(&ch->text, ch->t->name);
	buf_puts(&ch->text, " AS ");
	sql_put_alias(&ch->text, ch->alias);
}

static void make_update(mut_maker *mk, const plan_update *u)
{
	change ch;
	if (!u->nitems) return;
	sql_change_begin(&ch, mk, mk->m->table, mk->m->path);
	ch.check = mk->m->check;
	buf_puts(&ch.text, "UPDATE ");
	put_table_as(&ch);
	buf_puts(&ch.text, " SET ");
	put_set_items(&ch.b, &ch.text, u->items, u->nitems, ch.alias);
	put_where(&ch, u->where);
	change_finish(&ch, true);
}

static void make_delete(mut_maker *mk)
{
	change ch;
	sql_change_begin(&ch, mk, mk->m->table, mk->m->path);
	buf_puts(&ch.text, "DELETE FROM ");
	put_table_as(&ch);
	put_where(&ch, mk->m->where);
	change_finish(&ch, true);
}

/* ---- parts ---- */

static void make_part(mut_maker *mk, size_t i)
{
	const plan_mutation *m = mk->m;
	mut_part *part = &mk->out->parts[mk->out->nparts++];
	part->first = mk->stmts.n;
	if (m->kind == MUT_INSERT) make_insert(mk, m->insert);
	else if (m->kind == MUT_DELETE) make_delete(mk);
	else make_update(mk, &m->updates[i]);
	part->n = mk->stmts.n - part->first;
}

/* Hasura v2: when no batch has anything to set, there is no answer to any. */
static size_t count_parts(const plan_mutation *m)
{
	if (m->kind != MUT_UPDATE_MANY) return 1;
	for (size_t i = 0; i < m->nupdates; i++)
		if (m->updates[i].nitems) return m->nupdates;
	return 0;
}

bool sql_make_mutation(plan *p, const plan_root *root, sql_root *r, error *err)
{
	sql_mutation *out = NEW(p->a, sql_mutation);
	mut_maker mk = {.a = p->a, .p = p, .m = root->mutation, .out = out};
	size_t n = count_parts(root->mutation);
	out->m = root->mutation;
	out->many = root->mutation->kind == MUT_UPDATE_MANY;
	out->parts = NEW_ARRAY(p->a, mut_part, n);
	gather_selects(&mk);
	for (size_t i = 0; i < n; i++)
		make_part(&mk, i);
	make_items(&mk);
	out->stmts = mk.stmts.v;
	out->nstmts = mk.stmts.n;
	r->stmts = NEW_ARRAY(p->a, const statement *, mk.stmts.n);
	for (size_t i = 0; i < mk.stmts.n; i++)
		r->stmts[i] = mk.stmts.v[i].st;
	r->nstmts = mk.stmts.n;
	r->mutation = out;
	r->read_write = true;
	return sql_check_sizes(r, err);
}
