#include "cli/diff_text.h"

#include "base/vec.h"

enum { CONTEXT = 3, EDITS_MAX = 20000 };

typedef struct side {
	str *line;
	size_t n;
} side;

typedef struct edit {
	char kind; /* ' ', '-', '+' */
	str line;
	size_t x, y; /* lines before it on both sides */
} edit;

typedef VEC(edit) edits;

static side cut(arena *a, str text)
{
	size_t n = 0;
	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == '\n';
	side s = {NEW_ARRAY(a, str, n + 1), 0};
	while (text.n) {
		size_t k = str_find_char(text, '\n');
		if (k == SIZE_MAX) k = text.n;
		s.line[s.n++] = str_sub(text, 0, k);
		text = str_from_at(text, k + 1);
	}
	return s;
}

/* E. Myers, "An O(ND) Difference Algorithm": one row of furthest points for each number of edits; rows are kept to walk back. */
typedef struct search {
	const side *x, *y;
	long offset;
	VEC(long *) rows;
} search;

static long furthest(const search *s, const long *v, long k, long d)
{
	bool down = k == -d || (k != d && v[s->offset + k - 1] < v[s->offset + k + 1]);
	long i = down ? v[s->offset + k + 1] : v[s->offset + k - 1] + 1, j = i - k;
	while (i < (long)s->x->n && j < (long)s->y->n && str_eq(s->x->line[i], s->y->line[j]))
		i++, j++;
	return i;
}

/* The number of edits; -1: too many. */
static long find(arena *a, search *s, long max)
{
	long *v = NEW_ARRAY(a, long, (size_t)(2 * max + 3));
	s->offset = max + 1;
	for (long d = 0; d <= max; d++) {
		for (long k = -d; k <= d; k += 2) {
			long i = furthest(s, v, k, d);
			v[s->offset + k] = i;
			if (i >= (long)s->x->n && i - k >= (long)s->y->n) return d;
		}
		long *row = NEW_ARRAY(a, long, (size_t)(2 * d + 3));
		memcpy(row, v + s->offset - d - 1, (size_t)(2 * d + 3) * sizeof *row);
		vec_push(a, &s->rows, row);
	}
	return -1;
}

static void push(arena *a, edits *out, char kind, str line, long x, long y)
{
	edit e = {kind, line, (size_t)x, (size_t)y};
	vec_push(a, out, e);
}

/* From the end to the beginning. */
static void walk_back(arena *a, const search *s, long d, edits *out)
{
	long i = (long)s->x->n, j = (long)s->y->n;
	for (; d > 0; d--) {
		const long *v = s->rows.v[d - 1] + d; /* v[k] of the row of d - 1 edits */
		long k = i - j;
		bool down = k == -d || (k != d && v[k - 1] < v[k + 1]);
		long from_k = down ? k + 1 : k - 1, from_i = v[from_k], from_j = from_i - from_k;
		while (i > from_i && j > from_j && i - 1 >= (down ? from_i : from_i + 1) &&
			j - 1 >= (down ? from_j + 1 : from_j)) {
			i--, j--;
			push(a, out, ' ', s->x->line[i], i, j);
		}
		if (down) j--, push(a, out, '+', s->y->line[j], i, j);
		else i--, push(a, out, '-', s->x->line[i], i, j);
	}
	while (i > 0)
		i--, j--, push(a, out, ' ', s->x->line[i], i, j);
}

static void all_of(arena *a, const side *x, const side *y, edits *out)
{
	for (size_t j = y->n; j-- > 0;)
		push(a, out, '+', y->line[j], (long)x->n, (long)j);
	for (size_t i = x->n; i-- > 0;)
		push(a, out, '-', x->line[i], (long)i, 0);
}

static void put_line(buf *out, const edit *e, bool color)
{
	const char *on = e->kind == '-' ? "\033[31m" : "\033[32m";
	bool painted = color && e->kind != ' ';
	if (painted) buf_puts(out, on);
	buf_putc(out, e->kind);
	buf_put(out, e->line);
	if (painted) buf_puts(out, "\033[0m");
	buf_putc(out, '\n');
}

/* v is in order; [from, to) is one piece with its context. */
static void put_hunk(buf *out, const edit *v, size_t from, size_t to, bool color)
{
	size_t x = 0, y = 0;
	for (size_t i = from; i < to; i++) {
		x += v[i].kind != '+';
		y += v[i].kind != '-';
	}
	if (color) buf_puts(out, "\033[36m");
	buf_printf(out, "@@ -%zu,%zu +%zu,%zu @@", v[from].x + (x > 0), x, v[from].y + (y > 0), y);
	buf_puts(out, color ? "\033[0m\n" : "\n");
	for (size_t i = from; i < to; i++)
		put_line(out, &v[i], color);
}

static void put_hunks(buf *out, const edit *v, size_t n, bool color)
{
	for (size_t i = 0; i < n;) {
		while (i < n && v[i].kind == ' ')
			i++;
		if (i == n) return;
		size_t from = i > CONTEXT ? i - CONTEXT : 0, last = i;
		for (; i < n && i - last <= 2 * CONTEXT; i++)
			if (v[i].kind != ' ') last = i;
		size_t to = last + 1 + CONTEXT < n ? last + 1 + CONTEXT : n;
		put_hunk(out, v, from, to, color);
		i = to;
	}
}

bool diff_text(arena *a, buf *out, str from_name, str to_name, str from, str to, bool color)
{
	if (str_eq(from, to)) return false;
	side x = cut(a, from), y = cut(a, to);
	search s = {.x = &x, .y = &y};
	size_t most = x.n + y.n < EDITS_MAX ? x.n + y.n : EDITS_MAX;
	if (most > 1500) most = 1500; /* rows of n² numbers: beyond that, all of one and all of the other */
	edits back = {0}, v = {0};
	long d = find(a, &s, (long)most);
	if (d >= 0) walk_back(a, &s, d, &back);
	else all_of(a, &x, &y, &back);
	for (size_t i = back.n; i-- > 0;)
		vec_push(a, &v, back.v[i]);
	buf_printf(out, "--- %.*s\n+++ %.*s\n", STR_ARG(from_name), STR_ARG(to_name));
	put_hunks(out, v.v, v.n, color);
	return true;
}
