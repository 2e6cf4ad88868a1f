/* subscribe: subscriptions, cohorts and groups come and go. */
#include "exec/step.h"
#include "live/live_internal.h"
#include "live/settle.h"

/* ---- texts many hold ---- */

live_text *live_text_of(live_worker *w, str s)
{
	hash128 key = hash128_of(s);
	hlink *found = htable_get(&w->texts, key);
	if (found) {
		live_text *t = (live_text *)found;
		t->refs++;
		return t;
	}
	live_text *t = mem_alloc(size_add(sizeof *t, s.n));
	t->link.key = key;
	t->refs = 1;
	t->n = s.n;
	memcpy(t->bytes, s.p, s.n);
	htable_put(&w->texts, &t->link);
	return t;
}

void live_text_release(live_worker *w, live_text *t)
{
	if (!t || --t->refs) return;
	htable_remove(&w->texts, &t->link);
	mem_free(t);
}

/* ---- sources ---- */

static live_source *source_of(live_worker *w, const live_shape *s)
{
	for (live_source *x = w->sources; x; x = x->next)
		if (x->connection == s->connection && str_eqz(s->source, x->name)) return x;
	live_source *x = mem_alloc(sizeof *x);
	x->name = mem_alloc(s->source.n + 1);
	memcpy(x->name, s->source.p, s->source.n);
	x->connection = s->connection;
	x->w = w;
	x->next = w->sources;
	w->sources = x;
	return x;
}

static void source_tidy(live_worker *w, live_source *src)
{
	if (src->groups) return;
	live_source **at = &w->sources;
	while (*at != src)
		at = &(*at)->next;
	*at = src->next;
	settler_free(src->settler);
	mem_free(src->name);
	mem_free(src);
}

/* ---- groups ---- */

/* A shape of this snapshot takes the place of an equal one that has lost its plan. */
static void adopt(live_group *g, live_shape *s)
{
	if (g->shape == s || (g->shape && g->shape->entry)) return;
	if (g->shape) live_shape_release(g->shape);
	s->refs++;
	g->shape = s;
	live_shape_keep(g->w, s);
}

/* 1, 2 or 5 times a power of ten, so that there are few and clients share groups. */
static uint64_t rounded(uint64_t ms)
{
	static const unsigned steps[] = {1, 2, 5};
	for (uint64_t ten = 1;; ten *= 10)
		for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
			if (ms <= ten * steps[i]) return ten * steps[i];
}

static hash128 group_key(const live_worker *w, const live_shape *s, const live_pace *pace)
{
	hash128 key = s->key;
	if (pace != w->pace[s->stream]) key.a ^= pace->ms * 0x9e3779b97f4a7c15u;
	return key;
}

static live_group *group_of(live_worker *w, live_shape *s, uint64_t interval_ms)
{
	live_pace *pace = interval_ms ? live_pace_of(w, rounded(interval_ms)) : w->pace[s->stream];
	hash128 key = group_key(w, s, pace);
	live_group *g = (live_group *)htable_get(&w->groups, key);
	if (g) {
		adopt(g, s);
		return g;
	}
	g = mem_alloc(sizeof *g);
	g->link.key = key;
	g->pace = pace;
	g->w = w;
	g->id = ++w->next_id;
	adopt(g, s);
	g->source = source_of(w, s);
	g->source->groups++;
	htable_put(&w->groups, &g->link);
	w->stats.groups++;
	w->stats.of[s->stream].groups++;
	live_watch_group(g);
	return g;
}

void live_group_tidy(live_group *g)
{
	live_worker *w = g->w;
	if (g->cohorts.n || g->running) return;
	live_group_polled(g, false);
	live_unwatch_group(g);
	htable_remove(&w->groups, &g->link);
	htable_free(&g->cohorts);
	w->stats.of[g->shape->stream].groups--;
	live_shape_forget(w, g->shape);
	live_shape_release(g->shape);
	g->source->groups--;
	source_tidy(w, g->source);
	w->stats.groups--;
	mem_free(g);
}

/* ---- cohorts ---- */

static hash128 values_key(uint8_t form, const char *const *values, size_t n)
{
	buf b = {0};
	buf_putc(&b, (char)form);
	for (size_t i = 0; i < n; i++) {
		buf_putc(&b, values[i] ? 'v' : '0');
		if (values[i]) buf_put(&b, str_make(values[i], strlen(values[i]) + 1));
	}
	hash128 key = hash128_of(buf_str(&b));
	buf_free(&b);
	return key;
}

static const char **copy_values(const char *const *values, size_t n)
{
	size_t bytes = size_mul(n, sizeof(char *)), at = bytes;
	for (size_t i = 0; i < n; i++)
		bytes = size_add(bytes, values[i] ? strlen(values[i]) + 1 : 0);
	const char **copy = mem_alloc(bytes ? bytes : 1);
	for (size_t i = 0; i < n; i++) {
		if (!values[i]) continue;
		char *to = (char *)copy + at;
		size_t len = strlen(values[i]) + 1;
		memcpy(to, values[i], len);
		copy[i] = to;
		at += len;
	}
	return copy;
}

live_cohort *live_cohort_of(live_group *g, uint8_t form, const char *const *values, live_text *used)
{
	size_t n = g->shape->forms[form].nvalues;
	hash128 key = values_key(form, values, n);
	live_cohort *c = (live_cohort *)htable_get(&g->cohorts, key);
	if (c) return c;
	c = mem_alloc(sizeof *c);
	c->link.key = key;
	c->group = g;
	c->form = form;
	c->values = copy_values(values, n);
	c->session = used;
	if (used) used->refs++;
	htable_put(&g->cohorts, &c->link);
	g->w->stats.cohorts++;
	return c;
}

bool live_cohort_become(live_cohort *c, uint8_t form, const char *const *values)
{
	live_group *g = c->group;
	size_t n = g->shape->forms[form].nvalues;
	hash128 key = values_key(form, values, n);
	if (htable_get(&g->cohorts, key)) return false;
	htable_remove(&g->cohorts, &c->link);
	mem_free((void *)c->values);
	c->link.key = key;
	c->form = form;
	c->values = copy_values(values, n);
	htable_put(&g->cohorts, &c->link);
	return true;
}

static void cohort_free(live_cohort *c)
{
	live_group *g = c->group;
	live_unschedule(c);
	live_batch_leave(c);
	live_unwatch_cohort(c);
	live_stream_drop(c);
	htable_remove(&g->cohorts, &c->link);
	live_text_release(g->w, c->session);
	g->w->stats.cohorts--;
	mem_free((void *)c->values);
	mem_free(c);
	live_group_tidy(g);
}

/* ---- subscriptions ---- */

static void join(live_sub *s, live_cohort *c)
{
	s->cohort = c;
	s->prev = NULL;
	s->next = c->subs;
	if (c->subs) c->subs->prev = s;
	c->subs = s;
	c->nsubs++;
	c->npaused += s->paused;
	c->nfresh += s->fresh;
}

static void leave(live_sub *s)
{
	live_cohort *c = s->cohort;
	if (!c) return;
	if (s->w->push_next == s) s->w->push_next = s->next;
	*(s->prev ? &s->prev->next : &c->subs) = s->next;
	if (s->next) s->next->prev = s->prev;
	c->nsubs--;
	c->npaused -= s->paused;
	c->nfresh -= s->fresh;
	s->cohort = NULL;
	if (!c->nsubs) cohort_free(c);
}

void live_sub_move(live_sub *s, live_cohort *c)
{
	if (s->cohort == c) return;
	live_cohort *from = s->cohort;
	/* The group must not go in between. */
	if (c) {
		s->cohort = NULL;
		if (s->w->push_next == s) s->w->push_next = s->next;
		*(s->prev ? &s->prev->next : &from->subs) = s->next;
		if (s->next) s->next->prev = s->prev;
		from->nsubs--;
		from->npaused -= s->paused;
		from->nfresh -= s->fresh;
		join(s, c);
		if (!from->nsubs) cohort_free(from);
		return;
	}
	leave(s);
}

static live_sub *sub_new(live_worker *w, const live_request *r, const live_shape *shape)
{
	live_sub *s = mem_alloc(sizeof *s);
	s->w = w;
	s->on = r->on;
	s->data = r->data;
	s->id = ++w->next_id;
	s->backend = r->session->backend;
	s->stream = shape->stream;
	s->fresh = true;
	s->recipe = shape->recipe;
	s->query = live_text_of(w, r->query);
	if (r->operation_name.p) s->operation_name = live_text_of(w, r->operation_name);
	if (r->variables) {
		buf b = {0};
		json_write(&b, r->variables);
		s->variables = live_text_of(w, buf_str(&b));
		buf_free(&b);
	}
	s->wnext = w->subs;
	if (w->subs) w->subs->wprev = s;
	w->subs = s;
	w->stats.subs++;
	w->stats.of[s->stream].subs++;
	return s;
}

/* Those of the session's variables the plan looks at, to be shown. */
static live_text *session_text(live_worker *w, const plan *p, const session *s)
{
	buf b = {0};
	buf_putc(&b, '{');
	for (size_t i = 0; i < p->nsession_vars; i++) {
		const str *v = session_get(s, p->session_vars[i]);
		if (!v) continue;
		if (b.n > 1) buf_putc(&b, ',');
		json_write_str(&b, p->session_vars[i]);
		buf_putc(&b, ':');
		json_write_str(&b, *v);
	}
	buf_putc(&b, '}');
	live_text *t = live_text_of(w, buf_str(&b));
	buf_free(&b);
	return t;
}

static bool bind_values(arena *a, const live_form *f, const live_request *r, const char ***out, error *err)
{
	const char **values = NEW_ARRAY(a, const char *, f->nvalues);
	for (size_t i = 0; i < f->nstmts; i++) {
		const statement *st = f->stmts[i];
		const char **to = values + f->values[i];
		if (!exec_bind_vals(a, st->params, st->nparams, r->session, r->variables, to, err)) return false;
	}
	*out = values;
	return true;
}

static bool begin(live_worker *w, arena *a, const live_request *r, live_shape *shape, live_sub **out, error *err)
{
	const char **values;
	if (!bind_values(a, &shape->forms[0], r, &values, err)) return false;
	live_sub *s = sub_new(w, r, shape);
	live_text *vars = session_text(w, shape->entry->plan, r->session);
	live_group *g = group_of(w, shape, r->interval_ms);
	live_cohort *c = live_cohort_of(g, 0, values, vars);
	live_text_release(w, vars);
	join(s, c);
	if (c->nsubs == 1) live_watch_cohort(c, shape, r->session, r->variables);
	live_run_now(c, LIVE_BY_SUBSCRIBE);
	*out = s;
	return true;
}

bool live_subscribe(live_worker *w, const live_request *r, live_sub **out, error *err)
{
	arena *a = arena_new(0);
	exec_request q = {.a = a,
		.snap = r->snap,
		.session = r->session,
		.query = r->query,
		.operation_name = r->operation_name,
		.variables = r->variables,
		.headers = r->headers,
		.nheaders = r->nheaders,
		.subscription = true,
		.explain_missing = r->explain_missing};
	cached *entry;
	live_shape *shape;
	bool fine = exec_plan(w->exec, &q, &entry, err);
	if (fine) {
		fine = live_shape_of(w, entry, &shape, err);
		if (fine) {
			fine = begin(w, a, r, shape, out, err);
			live_shape_release(shape);
		}
		cached_release(entry);
	}
	arena_free(a);
	return fine;
}

void live_unsubscribe(live_sub *s)
{
	if (!s) return;
	live_worker *w = s->w;
	leave(s);
	if (w->review_next == s) w->review_next = s->wnext;
	*(s->wprev ? &s->wprev->wnext : &w->subs) = s->wnext;
	if (s->wnext) s->wnext->wprev = s->wprev;
	live_text_release(w, s->query);
	live_text_release(w, s->operation_name);
	live_text_release(w, s->variables);
	w->stats.subs--;
	w->stats.of[s->stream].subs--;
	mem_free(s);
}

void live_pause(live_sub *s)
{
	if (s->paused) return;
	s->paused = true;
	if (s->cohort) s->cohort->npaused++;
}

void live_resume(live_sub *s)
{
	live_cohort *c = s->cohort;
	if (!s->paused) return;
	s->paused = false;
	if (!c) return;
	c->npaused--;
	if (c->missed || !hash128_eq(s->seen, c->result)) live_run_now(c, LIVE_BY_SUBSCRIBE);
}

bool live_is_stream(const live_sub *s)
{
	return s->cohort && s->cohort->group->shape->stream;
}
