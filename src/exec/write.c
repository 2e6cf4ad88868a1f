/*
 * write: rows to JSON, by the recipe sql/ made. One pass, one buffer; memory beside it: an index per statement of a deeper
 * level, and a scratch arena for rows that carry arrays.
 */
#include "exec/array_text.h"
#include "exec/step.h"

/* The rows of a statement by key: chains through next, in the statement's order. Row numbers count from 1; 0 is none. */
typedef struct group {
	exec_slice slice;
	size_t nkeys;
	size_t slots; /* power of two */
	uint32_t *head;
	uint32_t *tail;
	uint32_t *next;
} group;

typedef struct writer {
	arena *a;
	arena *scratch;
	const exec_rows *rows;
	group **groups;
	buf *b;
	size_t max;
	bool full;
} writer;

/* The row values are taken from: of a result, or one element of each of several arrays. */
typedef struct cursor {
	const pg_result *result;
	size_t row;
	size_t skip;
	str *const *arrays;
} cursor;

/* The rows of a statement that count. */
static exec_slice slice_of(const writer *w, size_t stmt)
{
	if (w->rows->slices && w->rows->slices[stmt].rows) return w->rows->slices[stmt];
	size_t skip = w->rows->slices ? w->rows->slices[stmt].skip : 0;
	return (exec_slice){.n = pg_result_rows(w->rows->results[stmt]), .skip = skip};
}

static size_t slice_row(const exec_slice *s, size_t i)
{
	return s->rows ? s->rows[i] : i;
}

static str cell(const cursor *c, size_t col)
{
	if (c->arrays) return c->arrays[col][c->row];
	col += c->skip;
	str v = pg_result_value(c->result, c->row, col);
	/* NULL has no length; few values have none. */
	if (!v.n && pg_result_is_null(c->result, c->row, col)) return STR_NULL;
	return v;
}

/* ---- keys ---- */

static str key_at(const group *g, const pg_result *r, size_t i, size_t key)
{
	return pg_result_value(r, slice_row(&g->slice, i), key + g->slice.skip);
}

static uint64_t key_hash(const group *g, const pg_result *r, size_t i)
{
	uint64_t h = hash_seed();
	for (size_t k = 0; k < g->nkeys; k++)
		h = str_hash(key_at(g, r, i, k), h);
	return h;
}

static bool same_key(const group *g, const pg_result *r, size_t x, size_t y)
{
	for (size_t k = 0; k < g->nkeys; k++)
		if (!str_eq(key_at(g, r, x, k), key_at(g, r, y, k))) return false;
	return true;
}

static void group_add(group *g, const pg_result *r, size_t i)
{
	size_t slot = key_hash(g, r, i) & (g->slots - 1);
	while (g->head[slot] && !same_key(g, r, g->head[slot] - 1, i))
		slot = (slot + 1) & (g->slots - 1);
	uint32_t number = (uint32_t)i + 1;
	if (g->head[slot]) g->next[g->tail[slot] - 1] = number;
	else g->head[slot] = number;
	g->tail[slot] = number;
}

static group *group_of(writer *w, const out_node *o)
{
	if (w->groups[o->stmt]) return w->groups[o->stmt];
	const pg_result *r = w->rows->results[o->stmt];
	group *g = NEW(w->a, group);
	g->slice = slice_of(w, o->stmt);
	size_t n = g->slice.n;
	g->nkeys = o->nkeys;
	g->slots = 8;
	while (g->slots < n * 2)
		g->slots *= 2;
	g->head = NEW_ARRAY(w->a, uint32_t, g->slots);
	g->tail = NEW_ARRAY(w->a, uint32_t, g->slots);
	g->next = NEW_ARRAY(w->a, uint32_t, n);
	for (size_t i = 0; i < n; i++)
		group_add(g, r, i);
	w->groups[o->stmt] = g;
	return g;
}

/* Number of the first row with the key of this row; 0: none. */
static size_t first_of_key(const group *g, const pg_result *r, const out_node *o, const cursor *c)
{
	uint64_t h = hash_seed();
	for (size_t i = 0; i < o->nkeys; i++) {
		str v = cell(c, o->keys[i]);
		if (!v.p) return 0;
		h = str_hash(v, h);
	}
	for (size_t slot = h & (g->slots - 1); g->head[slot]; slot = (slot + 1) & (g->slots - 1)) {
		bool same = true;
		for (size_t i = 0; i < o->nkeys && same; i++)
			same = str_eq(cell(c, o->keys[i]), key_at(g, r, g->head[slot] - 1, i));
		if (same) return g->head[slot];
	}
	return 0;
}

/* ---- writing ---- */

static void put(writer *w, const out_node *o, const cursor *c);

static void put_object(writer *w, const out_node *o, const cursor *c)
{
	if (o->present != OUT_ALWAYS && !cell(c, o->present).p) {
		buf_puts(w->b, "null");
		return;
	}
	buf_putc(w->b, '{');
	for (size_t i = 0; i < o->nfields; i++) {
		buf_put(w->b, o->fields[i].head);
		put(w, o->fields[i].value, c);
	}
	buf_putc(w->b, '}');
}

static bool room(writer *w)
{
	if (w->max && w->b->n > w->max) w->full = true;
	return !w->full;
}

static void put_list(writer *w, const out_node *o, const cursor *c)
{
	const pg_result *r = w->rows->results[o->stmt];
	exec_slice rows = slice_of(w, o->stmt);
	cursor in = {.result = r, .skip = rows.skip};
	buf_putc(w->b, '[');
	if (o->nkeys) {
		const group *g = group_of(w, o);
		size_t first = first_of_key(g, r, o, c);
		for (size_t row = first; row && room(w); row = g->next[row - 1]) {
			if (row != first) buf_putc(w->b, ',');
			in.row = slice_row(&rows, row - 1);
			put(w, o->child, &in);
		}
	} else {
		for (size_t i = 0; i < rows.n && room(w); i++) {
			if (i) buf_putc(w->b, ',');
			in.row = slice_row(&rows, i);
			put(w, o->child, &in);
		}
	}
	buf_putc(w->b, ']');
}

static void put_first(writer *w, const out_node *o, const cursor *c)
{
	const pg_result *r = w->rows->results[o->stmt];
	exec_slice rows = slice_of(w, o->stmt);
	size_t row = rows.n > 0;
	if (o->nkeys) row = first_of_key(group_of(w, o), r, o, c);
	if (!row) {
		buf_put(w->b, o->text);
		return;
	}
	cursor in = {.result = r, .row = slice_row(&rows, row - 1), .skip = rows.skip};
	put(w, o->child, &in);
}

static void put_arrays(writer *w, const out_node *o, const cursor *c)
{
	if (!w->scratch) w->scratch = arena_new(0);
	arena_reset(w->scratch);
	str **arrays = NEW_ARRAY(w->scratch, str *, o->ncols);
	size_t n = 0;
	for (size_t i = 0; i < o->ncols; i++) {
		str text = cell(c, o->col + i);
		size_t here = 0;
		if (text.p) arrays[i] = array_text_parse(w->scratch, text, &here);
		if (!i || here < n) n = here;
	}
	cursor in = {.arrays = arrays};
	buf_putc(w->b, '[');
	for (in.row = 0; in.row < n && room(w); in.row++) {
		if (in.row) buf_putc(w->b, ',');
		put(w, o->child, &in);
	}
	buf_putc(w->b, ']');
}

/* Depth: as deep as the document nests. */
static void put(writer *w, const out_node *o, const cursor *c)
{
	str v;
	switch (o->kind) {
	case OUT_TEXT: buf_put(w->b, o->text); break;
	case OUT_VALUE:
		v = cell(c, o->col);
		if (v.p) codec_write(w->b, o->codec, v);
		else buf_puts(w->b, "null");
		break;
	case OUT_OBJECT: put_object(w, o, c); break;
	case OUT_LIST: put_list(w, o, c); break;
	case OUT_FIRST: put_first(w, o, c); break;
	case OUT_ARRAYS: put_arrays(w, o, c); break;
	}
}

/* Row numbers are 32 bits wide in the index. */
static bool too_many_rows(const exec_rows *rows)
{
	for (size_t i = 0; i < rows->n; i++)
		if (pg_result_rows(rows->results[i]) >= UINT32_MAX) return true;
	return false;
}

bool exec_write(arena *a, const out_node *o, const exec_rows *rows, size_t max_bytes, buf *b, error *err)
{
	writer w = {
		.a = a, .rows = rows, .b = b, .max = max_bytes && max_bytes < SIZE_MAX - b->n ? b->n + max_bytes : 0};
	w.full = too_many_rows(rows);
	w.groups = NEW_ARRAY(a, group *, rows->n);
	size_t bytes = 0;
	for (size_t i = 0; i < rows->n && !rows->slices; i++)
		bytes += pg_result_bytes(rows->results[i]);
	buf_reserve(b, bytes);
	if (!w.full) put(&w, o, &(cursor){0});
	if (w.scratch) arena_free(w.scratch);
	if (!w.full) return true;
	return error_set(err, ERR_POSTGRES, STR(""), "the result is larger than %zu bytes", max_bytes);
}

void exec_write_row(const out_node *row, const pg_result *r, size_t i, buf *b)
{
	exec_rows none = {0};
	writer w = {.rows = &none, .b = b};
	cursor c = {.result = r, .row = i};
	put(&w, row, &c);
}
