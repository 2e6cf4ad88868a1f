/*
 * stream: what is different about streams. A run's rows are told to everyone in the cohort that takes results, whatever
 * was told before, and the cohort's cursor moves to the last of them: it becomes the cohort of those values, or joins the
 * one there is. Those who take nothing at the moment stay behind with the old cursor. No rows: nothing happens.
 *
 * A safe stream first asks how far it may go: up to the last row there is, once every transaction under way has ended
 * (settle.h). Then it runs, by as many batches as it takes, and tells the rows within that bound, which those that came
 * late are among.
 */
#include "live/live_internal.h"
#include "live/settle.h"

#include <stdlib.h>

/* PostgreSQL: now() is the time the first statement arrived, a moment before the transaction shows. */
enum { CLOCK_SETTLE_MS = 100 };

struct live_hold {
	settle_wait wait;
	live_cohort *c;
	char *bound;
	bool settled;
};

/* ---- forms ---- */

static bool same_str(str x, str y)
{
	return (x.p != NULL) == (y.p != NULL) && str_eq(x, y);
}

static bool same_val(const val *x, const val *y)
{
	bool same = x->kind == y->kind && x->conv == y->conv && x->from_geojson == y->from_geojson &&
		x->npath == y->npath && same_str(x->text, y->text) && same_str(x->cast, y->cast);
	for (size_t i = 0; i < x->npath && same; i++)
		same = x->path[i].index == y->path[i].index && same_str(x->path[i].key, y->path[i].key);
	return same;
}

/* Where form f finds its values among those of form o. */
static const size_t *values_from(arena *a, const statement *f, const statement *o)
{
	size_t *from = NEW_ARRAY(a, size_t, f->nparams);
	for (size_t i = 0; i < f->nparams; i++) {
		from[i] = SIZE_MAX;
		for (size_t k = 0; k < o->nparams && !f->params[i].cursor && !f->params[i].bound; k++)
			if (same_val(&f->params[i], &o->params[k])) from[i] = k;
	}
	return from;
}

static uint64_t settle_ms(pg_oid type)
{
	static const pg_oid clocks[] = {1082, 1083, 1114, 1184, 1266}; /* date, time, timestamp, timestamptz, timetz */
	for (size_t i = 0; i < sizeof clocks / sizeof *clocks; i++)
		if (clocks[i] == type) return CLOCK_SETTLE_MS;
	return 0;
}

void live_stream_form(live_shape *s, live_form *f, const plan_select *sel)
{
	live_stream *st = NEW(s->a, live_stream);
	const statement *stmt = f->stmts[0];
	const sql_live_root *root = &f->sql.roots[0];
	*st = (live_stream){.cursor = SIZE_MAX, .bound = SIZE_MAX, .cursor_cell = root->cursor};
	for (size_t i = 0; i < stmt->nparams; i++) {
		if (stmt->params[i].cursor) st->cursor = i;
		if (stmt->params[i].bound) st->bound = i;
	}
	st->column = str_copy(s->a, sel->stream->col->gql_name);
	st->reached_cell = root->reached;
	st->safe = sel->stream->safe;
	st->front = f >= s->fronts && f < s->fronts + LIVE_FORMS;
	st->settle_ms = settle_ms(sel->stream->col->type);
	st->limit = (uint64_t)sel->limit;
	st->from = values_from(s->a, stmt, s->forms[0].stmts[0]);
	f->stream = st;
}

/* ---- holding ---- */

/* Where a safe form has the bound among its values. */
static const char **bound_of(live_cohort *c)
{
	return &c->values[c->group->shape->forms[c->form].stream->bound];
}

uint8_t live_run_form(const live_cohort *c)
{
	const live_stream *st = c->group->shape->forms[c->form].stream;
	bool front = st && st->safe && !(c->hold && c->hold->settled);
	return front ? (uint8_t)(c->form + LIVE_FORMS) : c->form;
}

void live_stream_drop(live_cohort *c)
{
	live_hold *h = c->hold;
	if (!h) return;
	*bound_of(c) = NULL;
	settle_cancel(&h->wait);
	mem_free(h->bound);
	mem_free(h);
	c->hold = NULL;
}

static bool pool_of(void *data, pg_pool **out, error *err)
{
	live_source *src = data;
	live_worker *w = src->w;
	const snap_source *s = snapshot_source(w->snap, str_from(src->name));
	if (s && s->connection == src->connection) return exec_pool(w->exec, s, out, err);
	return error_set(err, ERR_NOT_EXISTS, STR(""), "the source \"%s\" is gone", src->name);
}

static void settled(settle_wait *wait, const error *err)
{
	live_hold *h = wait->data;
	live_cohort *c = h->c;
	if (!err) {
		h->settled = true;
		*bound_of(c) = h->bound;
		live_run_now(c, LIVE_BY_MORE);
		return;
	}
	live_stream_drop(c);
	if (c->state == COHORT_IDLE) live_cohort_ran(c, true);
	live_deliver_error(c, err);
}

static void hold(live_cohort *c, const live_stream *st, str cursor)
{
	live_group *g = c->group;
	live_source *src = g->source;
	if (!src->settler) src->settler = settler_new(g->w->w, pool_of, src);
	live_hold *h = mem_alloc(sizeof *h);
	h->c = c;
	h->bound = mem_alloc(cursor.n + 1);
	memcpy(h->bound, cursor.p, cursor.n);
	h->wait.done = settled;
	h->wait.data = h;
	c->hold = h;
	settle_begin(src->settler, &h->wait, st->settle_ms);
}

json *live_stream_info(arena *a, const live_cohort *c)
{
	const live_hold *h = c->hold;
	if (!h) return NULL;
	json *o = json_new_object(a);
	json_setz(o, "bound", json_new_str(a, str_copy(a, str_from(h->bound))));
	json *list = json_setz(o, "waits_for", json_new_array(a));
	for (size_t i = 0; i < h->wait.n; i++)
		json_push(list, json_new_str(a, str_copy(a, str_from(h->wait.names[i]))));
	return o;
}

/* ---- rows ---- */

/* Rows of one cohort's run. */
typedef struct run {
	const live_form *form;
	const live_stream *st;
	const pg_result *r;
	exec_slice slice;
	size_t n;     /* that are told now: the first ones */
	size_t total; /* that there were */
} run;

static size_t row_at(const run *x, size_t i)
{
	return x->slice.rows ? x->slice.rows[i] : i;
}

static str cell(const run *x, size_t i, size_t col)
{
	return pg_result_value(x->r, row_at(x, i), col + x->slice.skip);
}

/* How many of the rows are told; 0: none now. */
static size_t choose(live_cohort *c, const run *x)
{
	size_t n = 0;
	if (!x->st->safe) return x->total;
	if (x->st->front) {
		if (x->total && !c->hold) hold(c, x->st, cell(x, x->total - 1, x->st->cursor_cell));
		return 0;
	}
	while (n < x->total && str_eqz(cell(x, n, x->st->reached_cell), "t"))
		n++;
	/* The bound is reached, but for what came after it. */
	if (n < x->total || n < x->st->limit) live_stream_drop(c);
	return n;
}

static bool write_rows(live_worker *w, const run *x, error *err)
{
	const sql_live_root *root = &x->form->sql.roots[0];
	exec_slice slice = x->slice;
	arena_reset(w->scratch);
	if (!slice.rows) {
		uint32_t *all = NEW_ARRAY(w->scratch, uint32_t, x->n);
		for (size_t i = 0; i < x->n; i++)
			all[i] = (uint32_t)i;
		slice.rows = all;
	}
	slice.n = x->n;
	exec_rows rows = {.results = &x->r, .n = 1, .slices = &slice};
	buf_clear(&w->out);
	buf_puts(&w->out, "{\"data\":{\"");
	buf_put(&w->out, root->alias);
	buf_puts(&w->out, "\":");
	size_t max = exec_worker_config(w->exec)->max_result_bytes;
	if (!exec_write(w->scratch, root->out, &rows, max, &w->out, err)) return false;
	buf_puts(&w->out, "}}");
	return true;
}

/* ---- the cursor moves ---- */

/* What holds between two batches is the interval, whoever asks for the next one. */
static void cool(live_cohort *c)
{
	live_group *g = c->group;
	if (c->state == COHORT_IDLE && !timeout_armed(&c->cooling))
		timeout_arm(&g->pace->cooling, &c->cooling, live_now(g->w));
}

static void run_again(live_cohort *c, live_why why)
{
	cool(c);
	live_mark(c, why);
}

static const char **moved_values(arena *a, const live_cohort *c, const live_form *to, const char *cursor)
{
	const live_stream *st = to->stream;
	const char **v = NEW_ARRAY(a, const char *, to->nvalues);
	bool same = to == &c->group->shape->forms[c->form];
	for (size_t i = 0; i < to->nvalues; i++) {
		size_t from = same ? i : st->from[i];
		const char *text = i == st->cursor           ? cursor
			: i == st->bound || from == SIZE_MAX ? NULL
							     : c->values[from];
		v[i] = text ? str_z(a, str_from(text)) : NULL;
	}
	return v;
}

static int by_name(const void *x, const void *y)
{
	return str_cmp(((const session_var *)x)->name, ((const session_var *)y)->name);
}

/* The session of a cohort, as far as its values depend on it. */
static session *session_of(arena *a, const live_cohort *c)
{
	session *s = NEW(a, session);
	json *vars = NULL;
	error err;
	error_init(&err, a);
	s->role = c->group->shape->role;
	if (!c->session || !json_parse(a, str_copy(a, live_text_str(c->session)), &vars, &err)) return s;
	s->vars = NEW_ARRAY(a, session_var, vars->count);
	JSON_EACH (v, vars)
		s->vars[s->nvars++] = (session_var){.name = v->key, .value = v->text};
	if (s->nvars) qsort(s->vars, s->nvars, sizeof *s->vars, by_name);
	return s;
}

/* A cohort that was made for those who went on is watched as the one they come from. */
static void watch(arena *a, live_cohort *to, const live_sub *s)
{
	live_shape *shape;
	json *variables = NULL;
	error err;
	error_init(&err, a);
	if (s->variables && !json_parse(a, str_copy(a, live_text_str(s->variables)), &variables, &err)) return;
	/* Its own: the group's first one may take the same values from other places. No longer valid: it is told so. */
	if (!live_shape_again(a, s, &shape)) return;
	live_watch_cohort(to, shape, session_of(a, to), variables);
	live_shape_release(shape);
}

typedef struct move {
	arena *a;
	live_group *g;
	uint8_t form;
	const char **values;
	live_text *session;
	live_shown shown; /* of the cohort they come from */
	live_why why;     /* the next run, when again */
	bool again;
} move;

/* Looked up for each: what a callback does may have taken it away. */
static live_cohort *target(const move *m, const live_sub *s)
{
	size_t before = m->g->cohorts.n;
	live_cohort *to = live_cohort_of(m->g, m->form, m->values, m->session);
	if (m->g->cohorts.n > before) {
		watch(m->a, to, s);
		to->shown = m->shown;
		cool(to);
	}
	if (m->again) run_again(to, m->why);
	return to;
}

static void tell(live_sub *s, live_payload *p)
{
	s->cohort->group->pushes++;
	s->w->stats.pushes++;
	s->seen = (hash128){0};
	s->on->next(s->data, p);
}

/* Each goes over to the cohort of the new cursor; those that take nothing stay. */
static void tell_and_move(live_cohort *c, const move *m, live_payload *p)
{
	live_worker *w = c->group->w;
	c->missed = true;
	for (live_sub *s = c->subs; s; s = w->push_next) {
		w->push_next = s->next;
		if (s->paused || s->ended) continue;
		live_sub_move(s, target(m, s));
		tell(s, p);
	}
	w->push_next = NULL;
}

static void tell_all(live_cohort *c, live_payload *p)
{
	live_worker *w = c->group->w;
	for (live_sub *s = c->subs; s; s = w->push_next) {
		w->push_next = s->next;
		if (!s->ended) tell(s, p);
	}
	w->push_next = NULL;
}

static void go_on(live_cohort *c, const run *x, const char *cursor)
{
	live_worker *w = c->group->w;
	arena *a = arena_new(0);
	live_payload *p = live_payload_of(&w->out);
	uint8_t form = c->group->shape->nforms > 1 ? 1 : 0;
	const live_form *to = &c->group->shape->forms[form];
	bool more = x->n < x->total || x->total >= x->st->limit;
	move m = {.a = a, .g = c->group, .form = form, .session = c->session};
	m.values = moved_values(a, c, to, cursor);
	live_note_change(c, p->n);
	m.shown = c->shown;
	live_cohort_ran(c, false);
	cool(c);
	m.again = more || c->dirty;
	m.why = more ? LIVE_BY_MORE : (live_why)c->why;
	if (!c->npaused && live_cohort_become(c, form, m.values)) {
		if (c->hold) *bound_of(c) = c->hold->bound;
		if (more) run_again(c, LIVE_BY_MORE);
		tell_all(c, p);
	} else {
		if (m.session) m.session->refs++;
		tell_and_move(c, &m, p);
		live_text_release(w, m.session);
	}
	live_payload_release(p);
	arena_free(a);
}

void live_stream_answered(live_cohort *c, const live_form *f, const pg_result *r, const exec_slice *slice)
{
	live_worker *w = c->group->w;
	run x = {.form = f, .st = f->stream, .r = r, .total = slice ? slice->n : pg_result_rows(r)};
	if (slice) x.slice = *slice;
	x.n = choose(c, &x);
	if (!x.n) {
		live_cohort_ran(c, false);
		/* What the bound was is gone, and there are rows behind it. */
		if (x.total && !x.st->front) run_again(c, LIVE_BY_MORE);
		w->stats.unchanged++;
		return;
	}
	arena *a = arena_new(0);
	error err;
	error_init(&err, a);
	if (write_rows(w, &x, &err)) {
		go_on(c, &x, str_z(a, cell(&x, x.n - 1, x.st->cursor_cell)));
	} else {
		live_cohort_ran(c, true);
		live_deliver_error(c, &err);
	}
	arena_free(a);
}
