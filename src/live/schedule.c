/*
 * schedule: which cohort runs when. A cohort that ran cools for the refetch interval; what is marked meanwhile runs at
 * its end. At rest nothing is armed and the timer sleeps.
 */
#include "live/live_internal.h"

enum {
	SOURCE_BATCHES = 8, /* at one source's database at once, of this worker */
	GROUP_BATCHES = 4,
	GRAIN_MIN_MS = 2, /* intervals end in steps, so that those who end about then share a batch */
	GRAIN_MAX_MS = 40,
	GRAINS = 32 /* of an interval */
};

uint64_t live_now(const live_worker *w)
{
	return uv_now(&w->w->loop);
}

/* Few: intervals that clients ask for are rounded. */
live_pace *live_pace_of(live_worker *w, uint64_t ms)
{
	for (live_pace *p = w->paces; p; p = p->next)
		if (p->ms == ms) return p;
	live_pace *p = mem_alloc(sizeof *p);
	p->ms = ms;
	timeout_list_init(&p->cooling, ms);
	timeout_list_init(&p->polls, ms);
	p->next = w->paces;
	w->paces = p;
	return p;
}

/* ---- the timer ---- */

static uint64_t first_deadline(const timeout_list *l)
{
	return l->head.next == &l->head ? UINT64_MAX : l->head.next->deadline;
}

static uint64_t grain(const live_worker *w)
{
	uint64_t g = w->shared->config.refetch_ms / GRAINS;
	return g < GRAIN_MIN_MS ? GRAIN_MIN_MS : g > GRAIN_MAX_MS ? GRAIN_MAX_MS : g;
}

static uint64_t next_deadline(const live_worker *w)
{
	uint64_t next = first_deadline(&w->retries);
	for (const live_pace *p = w->paces; p; p = p->next) {
		if (first_deadline(&p->cooling) < next) next = first_deadline(&p->cooling);
		if (first_deadline(&p->polls) < next) next = first_deadline(&p->polls);
	}
	if (next != UINT64_MAX) next += grain(w);
	for (const live_source *s = w->sources; s; s = s->next)
		if (s->blocked_ms && s->ready && s->blocked_ms < next) next = s->blocked_ms;
	return next;
}

static void fired(uv_timer_t *t);

static void set_timer(live_worker *w)
{
	uint64_t now = live_now(w), next = w->reviewing ? now : next_deadline(w);
	if (w->closing || w->flushing) return;
	if (next == UINT64_MAX) uv_timer_stop(w->timer);
	else uv_timer_start(w->timer, fired, next > now ? next - now : 0, 0);
}

void live_wake(live_worker *w)
{
	if (w->closing || w->flushing) return;
	if (uv_is_active((uv_handle_t *)w->timer) && !uv_timer_get_due_in(w->timer)) return;
	uv_timer_start(w->timer, fired, 0, 0);
}

/* ---- what is ready ---- */

static void source_queue(live_group *g)
{
	live_source *s = g->source;
	if (g->queued || !g->ready) return;
	g->queued = true;
	g->rnext = NULL;
	g->rprev = s->ready_last;
	*(s->ready_last ? &s->ready_last->rnext : &s->ready) = g;
	s->ready_last = g;
}

static void source_unqueue(live_group *g)
{
	live_source *s = g->source;
	if (!g->queued) return;
	g->queued = false;
	*(g->rprev ? &g->rprev->rnext : &s->ready) = g->rnext;
	*(g->rnext ? &g->rnext->rprev : &s->ready_last) = g->rprev;
	g->rprev = g->rnext = NULL;
}

static void ready(live_cohort *c, live_why why, bool front)
{
	live_group *g = c->group;
	if (c->nsubs && c->npaused == c->nsubs) {
		c->missed = true;
		c->state = COHORT_IDLE;
		return;
	}
	timeout_disarm(&c->cooling);
	c->dirty = c->missed = false;
	c->state = COHORT_READY;
	c->why = (uint8_t)why;
	if (front) {
		c->prev = NULL;
		c->next = g->ready;
		*(g->ready ? &g->ready->prev : &g->ready_last) = c;
		g->ready = c;
	} else {
		c->next = NULL;
		c->prev = g->ready_last;
		*(g->ready_last ? &g->ready_last->next : &g->ready) = c;
		g->ready_last = c;
	}
	source_queue(g);
	live_wake(g->w);
}

static void unready(live_cohort *c)
{
	live_group *g = c->group;
	*(c->prev ? &c->prev->next : &g->ready) = c->next;
	*(c->next ? &c->next->prev : &g->ready_last) = c->prev;
	c->prev = c->next = NULL;
	c->state = COHORT_IDLE;
	if (!g->ready) source_unqueue(g);
}

live_cohort *live_take_ready(live_group *g)
{
	live_cohort *c = g->ready;
	if (c) unready(c);
	return c;
}

void live_unschedule(live_cohort *c)
{
	timeout_disarm(&c->cooling);
	if (c->state == COHORT_READY) unready(c);
}

void live_requeue(live_cohort *c)
{
	c->state = COHORT_IDLE;
	c->again = c->urgent = false;
	ready(c, LIVE_BY_RETRY, true);
}

/* ---- marks ---- */

void live_mark(live_cohort *c, live_why why)
{
	if (c->state == COHORT_READY) return;
	if (c->state == COHORT_RUNNING) {
		c->again = true;
		c->why = (uint8_t)why;
	} else if (timeout_armed(&c->cooling)) {
		c->dirty = true;
		c->why = (uint8_t)why;
	} else {
		ready(c, why, false);
	}
}

void live_run_now(live_cohort *c, live_why why)
{
	if (c->state == COHORT_IDLE) ready(c, why, false);
	if (c->state != COHORT_RUNNING) return;
	c->again = c->urgent = true;
	c->why = (uint8_t)why;
}

void live_mark_group(live_group *g, live_why why)
{
	HTABLE_EACH(&g->cohorts, l)
	live_mark((live_cohort *)l, why);
}

static bool at_rest(const live_group *g)
{
	return !g->running && !g->ready;
}

static void arm_poll(live_group *g)
{
	if (!g->polled || !at_rest(g)) timeout_disarm(&g->poll);
	else if (!timeout_armed(&g->poll)) timeout_arm(&g->pace->polls, &g->poll, live_now(g->w));
}

void live_group_polled(live_group *g, bool polled)
{
	g->polled = polled;
	arm_poll(g);
}

void live_cohort_ran(live_cohort *c, bool failed)
{
	live_group *g = c->group;
	live_worker *w = g->w;
	bool again = c->again, urgent = c->urgent;
	c->again = c->urgent = false;
	c->state = COHORT_IDLE;
	if (again && urgent) {
		ready(c, (live_why)c->why, false);
		return;
	}
	timeout_list *list = &g->pace->cooling;
	if (failed) {
		list = &w->retries;
		c->why = LIVE_BY_RETRY;
	}
	c->dirty = again || failed;
	/* Of a polled group the next poll looks after everyone. */
	if (!g->polled || c->dirty) timeout_arm(list, &c->cooling, live_now(w));
}

/* ---- a turn ---- */

#define OF_LINK(link, type, member) ((type *)(void *)((char *)(link)-offsetof(type, member)))

static void cooled(live_worker *w, timeout_list *l)
{
	timeout_link *link;
	while ((link = timeout_expired(l, live_now(w)))) {
		live_cohort *c = OF_LINK(link, live_cohort, cooling);
		if (c->dirty) ready(c, (live_why)c->why, false);
	}
}

static void polled(live_worker *w, timeout_list *l)
{
	timeout_link *link;
	while ((link = timeout_expired(l, live_now(w)))) {
		live_group *g = OF_LINK(link, live_group, poll);
		HTABLE_EACH(&g->cohorts, c)
		live_run_now((live_cohort *)c, LIVE_BY_POLL);
		if (at_rest(g)) arm_poll(g); /* all are paused */
	}
}

static bool may_start(const live_source *s, uint64_t now)
{
	/* After a lost connection one job goes ahead to see. */
	if (s->lost && (s->running || s->blocked_ms > now)) return false;
	return s->running < SOURCE_BATCHES;
}

static live_group *next_group(const live_source *s)
{
	live_group *g = s->ready;
	while (g && g->running >= GROUP_BATCHES)
		g = g->rnext;
	return g;
}

/* In turn: who started a batch goes to the end. */
static void start_batches(live_worker *w, live_source *s)
{
	uint64_t now = live_now(w);
	live_group *g;
	if (s->blocked_ms && s->blocked_ms <= now) s->blocked_ms = 0;
	while (may_start(s, now) && (g = next_group(s))) {
		source_unqueue(g);
		live_batch_start(g);
		source_queue(g);
	}
}

static void fired(uv_timer_t *t)
{
	live_worker *w = t->data;
	w->flushing = true;
	cooled(w, &w->retries);
	for (live_pace *p = w->paces; p; p = p->next) {
		cooled(w, &p->cooling);
		polled(w, &p->polls);
	}
	if (w->reviewing) w->reviewing = live_review_some(w);
	for (live_source *s = w->sources; s; s = s->next)
		start_batches(w, s);
	w->flushing = false;
	set_timer(w);
}
