/* mutation_change: what a statement that changes rows gives back. */
#include "sql/mutation_build.h"

/* A setting holds at most this many rows of a nested insert, so that appending stays cheap. */
enum { KEPT_IN_ONE = 128 };

/* ---- settings ---- */

size_t slot_take(mut_maker *mk)
{
	size_t i = 0;
	while (i < mk->nslots && mk->slots[i])
		i++;
	if (i == mk->nslots) {
		size_t more = mk->nslots ? mk->nslots * 2 : 8;
		bool *slots = NEW_ARRAY(mk->a, bool, more);
		if (mk->nslots) memcpy(slots, mk->slots, mk->nslots);
		mk->slots = slots;
		mk->nslots = more;
	}
	mk->slots[i] = true;
	return i;
}

void slot_give(mut_maker *mk, size_t slot)
{
	mk->slots[slot] = false;
}

static void put_name(sql_build *b, buf *text, const char *what, size_t n)
{
	val v = {.kind = VAL_CONST, .text = str_printf(b->a, "weir.%s_%zu", what, n), .cast = STR("text")};
	sql_put_val(b, text, &v);
}

void put_slot(sql_build *b, buf *text, size_t slot)
{
	buf_puts(text, "current_setting(");
	put_name(b, text, "row", slot);
	buf_putc(text, ')');
}

/* ---- errors on purpose ---- */

/* PostgreSQL folds constants when it plans, inside CASE too; pg_backend_pid() is not constant. */
static void put_raise(buf *text, const char *marker)
{
	buf_puts(text, "('");
	buf_puts(text, marker);
	buf_puts(text, "' || pg_backend_pid())::integer");
}

static void put_check_condition(change *ch, buf *text)
{
	const plan_conflict *k = ch->conflict;
	bool upsert = k && k->has_update_check;
	if (upsert) {
		/* Hasura v2: a row that was inserted has no xmax. */
		buf_puts(text, "CASE WHEN (");
		sql_put_alias(text, ch->alias);
		buf_puts(text, ".xmax = 0) THEN ");
	}
	if (ch->check) sql_put_bexp(&ch->b, text, ch->check, ch->alias, ch->alias);
	else buf_puts(text, "true");
	if (!upsert) return;
	buf_puts(text, " ELSE ");
	if (k->check) sql_put_bexp(&ch->b, text, k->check, ch->alias, ch->alias);
	else buf_puts(text, "true");
	buf_puts(text, " END");
}

static bool has_check(const change *ch)
{
	return ch->check || (ch->conflict && ch->conflict->check);
}

/* 1, or an error. What is neither true nor false is no permission. */
static void put_check(change *ch, buf *text)
{
	if (!has_check(ch)) {
		buf_putc(text, '1');
		return;
	}
	buf_puts(text, "CASE WHEN ");
	put_check_condition(ch, text);
	buf_puts(text, " THEN 1 ELSE ");
	put_raise(text, MUT_CHECK);
	buf_puts(text, " END");
}

/* ---- the rows ---- */

static void put_type(buf *text, const snap_table *t)
{
	sql_put_qname(text, t->name);
}

/* The whole row, of the table's row type. */
static void put_whole(change *ch, buf *text)
{
	buf_putc(text, '(');
	sql_put_alias(text, ch->alias);
	buf_puts(text, ".*)::");
	put_type(text, ch->t);
}

static maker maker_of(mut_maker *mk)
{
	maker m = {.a = mk->a, .p = mk->p, .source = mk->m->source, .strategy = SQL_JSON};
	m.stringify = mk->p->snap->options.stringify_numerics;
	return m;
}

static void read_cells(mut_maker *mk, cells *c, const place *at)
{
	const out_node **rows = NEW_ARRAY(mk->a, const out_node *, mk->nsels);
	for (size_t i = 0; i < mk->nsels; i++)
		rows[i] = cells_object(c, at, mk->sels[i]->fields, mk->sels[i]->nfields);
	/* Every statement of a root selects the same, in the same order. */
	if (!mk->rows) mk->rows = rows;
}

static mut_statement *push(mut_maker *mk, sql_build *b, buf *text, size_t ncols, str path)
{
	mut_statement s = {.st = sql_finish(b, text, ncols), .path = path};
	buf_free(text);
	vec_push(mk->a, &mk->stmts, s);
	return &mk->stmts.v[mk->stmts.n - 1];
}

/* ---- statements ---- */

void sql_change_begin(change *ch, mut_maker *mk, const snap_table *t, str path)
{
	*ch = (change){.mk = mk, .t = t, .path = path, .b = sql_build_new(mk->a, mk->p->snap, mk->m->source)};
	ch->alias = sql_alias(&ch->b);
}

/* The fields are columns of the changed rows, or functions of them: RETURNING gives them. */
static void finish_direct(change *ch, bool select)
{
	mut_maker *mk = ch->mk;
	maker m = maker_of(mk);
	cells c = {.m = &m, .b = &ch->b, .json_only = true};
	place at = {.row = {.alias = ch->alias, .table = ch->t}};
	if (select) read_cells(mk, &c, &at);
	buf check = {0};
	if (has_check(ch)) {
		put_check(ch, &check);
		cells_add(&c, buf_str(&check));
	}
	buf_free(&check);
	/* Typename alone needs a cell to count by. */
	if (c.exprs.n || select) {
		buf_puts(&ch->text, " RETURNING ");
		cells_write(&c, &ch->text, false);
	}
	mut_statement *s = push(mk, &ch->b, &ch->text, c.exprs.n ? c.exprs.n : select, ch->path);
	s->count = MUT_COUNT_TAG;
	s->rows = select;
}

static void wrap(buf *text)
{
	buf head = {0};
	buf_puts(&head, "WITH m AS (");
	buf_put(&head, buf_str(text));
	buf_free(text);
	*text = head;
}

static void put_returning_row(change *ch)
{
	wrap(&ch->text);
	buf_puts(&ch->text, " RETURNING ");
	put_whole(ch, &ch->text);
	buf_puts(&ch->text, " AS r, ");
	put_check(ch, &ch->text);
	buf_puts(&ch->text, " AS c");
}

/* SELECT of the fields over the rows of an array of the table's type, given as text. */
static void select_rows(mut_maker *mk, sql_build *b, str array, str path)
{
	buf text = {0};
	size_t ncols;
	const out_node **rows = NEW_ARRAY(mk->a, const out_node *, mk->nsels);
	sql_select_fields(b, &text, mk->sels, mk->nsels, array, rows, &ncols);
	if (!mk->rows) mk->rows = rows;
	push(mk, b, &text, ncols, path)->rows = true;
}

/* The rows are put away, and selected by the next statement, which sees what this one did. */
static void finish_after(change *ch)
{
	mut_maker *mk = ch->mk;
	size_t slot = slot_take(mk);
	put_returning_row(ch);
	buf_puts(&ch->text, ") SELECT count(m.c), set_config(");
	put_name(&ch->b, &ch->text, "row", slot);
	buf_puts(&ch->text, ", coalesce(array_agg(m.r)::text, '{}'), true) FROM m");
	push(mk, &ch->b, &ch->text, 2, ch->path)->count = MUT_COUNT_CELL;
	sql_build b = sql_build_new(mk->a, mk->p->snap, mk->m->source);
	buf array = {0};
	put_slot(&b, &array, slot);
	select_rows(mk, &b, buf_str(&array), ch->path);
	buf_free(&array);
	slot_give(mk, slot);
}

void change_finish(change *ch, bool select)
{
	if (select && ch->mk->nsels && ch->mk->after) finish_after(ch);
	else finish_direct(ch, select && ch->mk->nsels > 0);
}

/* ---- rows of nested inserts ---- */

/* The row as an element of an array literal. */
static void put_element(buf *text)
{
	buf_puts(text, "'\"' || replace(replace((m.r)::text, E'\\\\', E'\\\\\\\\'), '\"', E'\\\\\"') || '\"'");
}

/* Appends the row to those put away: the first of a setting begins it, whether there is a row or not. */
static void put_keep(change *ch)
{
	size_t n = ch->mk->kept++, slot = n / KEPT_IN_ONE;
	bool first = n % KEPT_IN_ONE == 0;
	buf_puts(&ch->text, first ? ", set_config(" : ", CASE WHEN m.c IS NOT NULL THEN set_config(");
	put_name(&ch->b, &ch->text, "rows", slot);
	if (first) {
		buf_puts(&ch->text, ", coalesce(");
		put_element(&ch->text);
		buf_puts(&ch->text, ", ''), true)");
		return;
	}
	buf_puts(&ch->text, ", coalesce(nullif(current_setting(");
	put_name(&ch->b, &ch->text, "rows", slot);
	buf_puts(&ch->text, "), '') || ',', '') || ");
	put_element(&ch->text);
	buf_puts(&ch->text, ", true) END");
}

static void put_into_slot(change *ch, size_t slot)
{
	buf_puts(&ch->text, ", set_config(");
	put_name(&ch->b, &ch->text, "row", slot);
	buf_puts(&ch->text, ", coalesce((m.r)::text, ");
	put_raise(&ch->text, MUT_NO_ROW);
	buf_puts(&ch->text, "::text), true)");
}

void change_finish_row(change *ch, const change_row *how)
{
	mut_maker *mk = ch->mk;
	bool select = how->select && mk->nsels, keep = select && mk->after;
	if (how->slot == SIZE_MAX && !keep) {
		finish_direct(ch, select);
		return;
	}
	put_returning_row(ch);
	maker m = maker_of(mk);
	cells c = {.m = &m, .b = &ch->b, .json_only = true};
	place at = {.row = {.alias = ch->alias, .table = ch->t}};
	if (select && !keep) read_cells(mk, &c, &at);
	for (size_t i = 0; i < c.exprs.n; i++) {
		buf_puts(&ch->text, ", ");
		buf_put(&ch->text, c.exprs.v[i]);
		buf_printf(&ch->text, " AS f%zu", i + 1);
	}
	buf_puts(&ch->text, ") SELECT ");
	for (size_t i = 0; i < c.exprs.n; i++)
		buf_printf(&ch->text, "m.f%zu, ", i + 1);
	buf_puts(&ch->text, "m.c");
	if (how->slot != SIZE_MAX) put_into_slot(ch, how->slot);
	if (keep) put_keep(ch);
	buf_puts(&ch->text, " FROM (VALUES (1)) AS one LEFT JOIN m ON true");
	size_t ncols = c.exprs.n + 1 + (how->slot != SIZE_MAX) + keep;
	mut_statement *s = push(mk, &ch->b, &ch->text, ncols, ch->path);
	s->count = MUT_COUNT_PRESENT;
	s->cell = c.exprs.n;
	s->rows = select && !keep;
	s->no_row = how->no_row;
	s->no_row_path = how->no_row_path;
}

void change_select_kept(mut_maker *mk, str path)
{
	sql_build b = sql_build_new(mk->a, mk->p->snap, mk->m->source);
	buf array = {0};
	buf_puts(&array, "'{' || array_to_string(ARRAY[");
	for (size_t i = 0; i * KEPT_IN_ONE < mk->kept; i++) {
		buf_puts(&array, i ? ", nullif(current_setting(" : "nullif(current_setting(");
		put_name(&b, &array, "rows", i);
		buf_puts(&array, "), '')");
	}
	buf_puts(&array, "], ',') || '}'");
	select_rows(mk, &b, buf_str(&array), path);
	buf_free(&array);
	mk->kept = 0;
}
