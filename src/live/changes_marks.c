#include "live/changes_marks.h"
#include <stdlib.h>

enum { FIRST_SLOTS = 16, FIRST_KEYS = 4 };

static size_t slot_of(const marks *m, pg_oid oid)
{
	return (size_t)((uint64_t)oid * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (m->nslots - 1);
}

static uint32_t *find(const marks *m, pg_oid oid)
{
	size_t at = slot_of(m, oid);
	while (m->slots[at] && m->v[m->slots[at] - 1].oid != oid)
		at = (at + 1) & (m->nslots - 1);
	return &m->slots[at];
}

static void grow(marks *m)
{
	if (m->n == m->cap) {
		m->cap = m->cap ? size_mul(m->cap, 2) : FIRST_SLOTS / 2;
		m->v = mem_realloc(m->v, size_mul(m->cap, sizeof *m->v));
	}
	if (m->nslots > m->n * 2) return;
	mem_free(m->slots);
	m->nslots = m->nslots ? m->nslots * 2 : FIRST_SLOTS;
	m->slots = mem_alloc(size_mul(m->nslots, sizeof *m->slots));
	for (size_t i = 0; i < m->n; i++)
		*find(m, m->v[i].oid) = (uint32_t)i + 1;
}

mark *marks_of(marks *m, pg_oid oid)
{
	grow(m);
	uint32_t *slot = find(m, oid);
	if (*slot) return &m->v[*slot - 1];
	m->v[m->n] = (mark){.oid = oid};
	*slot = (uint32_t)++m->n;
	return &m->v[m->n - 1];
}

static void drop_keys(mark_column *c)
{
	mem_free(c->keys);
	c->keys = NULL;
	c->n = c->cap = 0;
}

static void all_of(mark_column *c)
{
	drop_keys(c);
	c->all = true;
}

void mark_all(mark *k)
{
	k->all = true;
	for (size_t i = 0; i < k->ncols; i++)
		all_of(&k->cols[i]);
}

static int compare(const void *x, const void *y)
{
	uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;
	return a < b ? -1 : a > b;
}

static void tidy(mark_column *c)
{
	if (c->n < 2) return;
	qsort(c->keys, c->n, sizeof *c->keys, compare);
	size_t kept = 1;
	for (size_t i = 1; i < c->n; i++)
		if (c->keys[i] != c->keys[kept - 1]) c->keys[kept++] = c->keys[i];
	c->n = kept;
}

static void add_key(mark_column *c, uint64_t key)
{
	if (c->all || (c->n && c->keys[c->n - 1] == key)) return;
	if (c->n == MARK_KEYS) {
		tidy(c);
		/* Half of the room must come free, so that sorting stays rare. */
		if (c->n > MARK_KEYS / 2) {
			all_of(c);
			return;
		}
	}
	if (c->n == c->cap) {
		c->cap = c->cap ? c->cap * 2 : FIRST_KEYS;
		c->keys = mem_realloc(c->keys, size_mul(c->cap, sizeof *c->keys));
	}
	c->keys[c->n++] = key;
}

static mark_column *column_of(mark *k, uint64_t column)
{
	for (size_t i = 0; i < k->ncols; i++)
		if (k->cols[i].column == column) return &k->cols[i];
	/* One too many is not among cols: whoever watches it takes it for touched. */
	if (k->ncols == MARK_COLUMNS) return NULL;
	k->cols[k->ncols] = (mark_column){.column = column};
	return &k->cols[k->ncols++];
}

void mark_key(mark *k, uint64_t column, uint64_t key)
{
	mark_column *c = k->all ? NULL : column_of(k, column);
	if (!c) return;
	if (key) add_key(c, key);
	else all_of(c);
}

void mark_column_known(mark *k, uint64_t column)
{
	if (!k->all) (void)column_of(k, column);
}

/*
 * A column of only one of the two was not looked at in the other: its values there are not known. (What is looked at
 * changes only between batches, when somebody comes.)
 */
static void merge_one(mark *to, const mark *from, bool fresh)
{
	if (from->all) mark_all(to);
	for (size_t i = 0; i < to->ncols && !fresh && !to->all; i++) {
		bool known = false;
		for (size_t k = 0; k < from->ncols; k++)
			known = known || from->cols[k].column == to->cols[i].column;
		if (!known) all_of(&to->cols[i]);
	}
	for (size_t i = 0; i < from->ncols && !to->all; i++) {
		const mark_column *f = &from->cols[i];
		size_t before = to->ncols;
		mark_column *t = column_of(to, f->column);
		if (!t) continue;
		if (f->all || (to->ncols > before && !fresh)) all_of(t);
		for (size_t k = 0; k < f->n; k++)
			add_key(t, f->keys[k]);
	}
}

void marks_add(marks *to, const marks *from)
{
	for (size_t i = 0; i < from->n; i++) {
		size_t before = to->n;
		mark *t = marks_of(to, from->v[i].oid);
		merge_one(t, &from->v[i], to->n > before);
	}
}

void marks_tidy(marks *m)
{
	for (size_t i = 0; i < m->n; i++)
		for (size_t k = 0; k < m->v[i].ncols; k++)
			tidy(&m->v[i].cols[k]);
}

void marks_clear(marks *m)
{
	for (size_t i = 0; i < m->n; i++)
		for (size_t k = 0; k < m->v[i].ncols; k++)
			drop_keys(&m->v[i].cols[k]);
	m->n = 0;
	if (m->nslots) memset(m->slots, 0, m->nslots * sizeof *m->slots);
}

void marks_free(marks *m)
{
	marks_clear(m);
	mem_free(m->v);
	mem_free(m->slots);
	*m = (marks){0};
}
