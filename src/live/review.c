/*
 * review: a new snapshot came. The operations of all subscriptions are planned again, some each turn of the loop; whose
 * statements and values stay what they were go on, the others are told.
 */
#include "base/clock.h"
#include "exec/step.h"
#include "live/live_internal.h"

enum { TURN_NS = 5000000 };

void live_worker_snapshot(live_worker *w, snapshot *snap)
{
	if (w->snap == snap) return;
	if (w->snap) snapshot_unref(w->snap);
	w->snap = snap ? snapshot_ref(snap) : NULL;
	HTABLE_EACH(&w->groups, g)
	live_shape_forget(w, ((live_group *)g)->shape);
	w->review_next = w->subs;
	w->reviewing = w->subs != NULL;
	if (w->reviewing) live_wake(w);
}

bool live_shape_again(arena *a, const live_sub *s, live_shape **out)
{
	live_worker *w = s->w;
	error err;
	error_init(&err, a);
	session who = {.role = s->cohort->group->shape->role, .backend = s->backend};
	exec_request q = {.a = a,
		.snap = w->snap,
		.session = &who,
		.query = live_text_str(s->query),
		.operation_name = live_text_str(s->operation_name),
		.subscription = true};
	json *variables = NULL;
	bool fine = !s->variables || json_parse(a, live_text_str(s->variables), &variables, &err);
	q.variables = variables;
	cached *entry;
	if (!fine || !exec_plan(w->exec, &q, &entry, &err)) return false;
	fine = live_shape_of(w, entry, out, &err);
	cached_release(entry);
	return fine;
}

static bool still_means(const live_sub *s)
{
	arena *a = arena_new(0);
	live_shape *shape;
	bool same = live_shape_again(a, s, &shape);
	if (same) {
		same = hash128_eq(shape->recipe, s->recipe);
		live_shape_release(shape);
	}
	arena_free(a);
	return same;
}

bool live_review_some(live_worker *w)
{
	uint64_t until = clock_mono_ns() + TURN_NS;
	const live_sub *like = NULL; /* the last one found undisturbed */
	while (w->review_next) {
		live_sub *s = w->review_next;
		w->review_next = s->wnext;
		bool same = like && s->query == like->query && s->operation_name == like->operation_name &&
			s->variables == like->variables && s->backend == like->backend &&
			hash128_eq(s->recipe, like->recipe);
		if (s->ended || same) continue;
		if (still_means(s)) {
			like = s;
		} else {
			s->ended = true;
			like = NULL;
			s->on->affected(s->data);
		}
		if (clock_mono_ns() > until) return w->review_next != NULL;
	}
	return false;
}
