#include "live/live_internal.h"

live_worker *live_worker_new(live_shared *s, exec_worker *exec, worker *w)
{
	live_worker *l = mem_alloc(sizeof *l);
	l->shared = s;
	l->exec = exec;
	l->w = w;
	l->changes = changes_client_new(s->changes, w);
	l->scratch = arena_new(0);
	l->timer = mem_alloc(sizeof *l->timer);
	uv_timer_init(&w->loop, l->timer);
	l->timer->data = l;
	l->pace[false] = live_pace_of(l, s->config.refetch_ms);
	l->pace[true] = live_pace_of(l, s->config.stream_refetch_ms);
	timeout_list_init(&l->retries, s->config.refetch_ms > LIVE_RETRY_MS ? s->config.refetch_ms : LIVE_RETRY_MS);
	return l;
}

static void timer_closed(uv_handle_t *h)
{
	mem_free(h);
}

void live_worker_close(live_worker *w)
{
	if (!w) return;
	w->closing = true;
	while (w->subs)
		live_unsubscribe(w->subs);
	changes_client_free(w->changes);
	uv_close((uv_handle_t *)w->timer, timer_closed);
	if (w->snap) snapshot_unref(w->snap);
	htable_free(&w->groups);
	htable_free(&w->texts);
	htable_free(&w->shapes);
	buf_free(&w->out);
	arena_free(w->scratch);
	for (live_pace *p = w->paces, *next; p; p = next) {
		next = p->next;
		mem_free(p);
	}
	mem_free(w);
}

/* Hasura's buckets. */
const histogram_bounds live_time_bounds = {10,
	{"1.0e-6", "1.0e-4", "1.0e-2", "0.1", "0.3", "1.0", "3.0", "10.0", "30.0", "100.0"},
	{1000, 100000, 10000000, 100000000, 300000000, 1000000000, 3000000000, 10000000000, 30000000000, 100000000000}};

void live_worker_stats(const live_worker *w, live_stats *out)
{
	*out = w->stats;
	HTABLE_EACH(&w->groups, l)
	{
		const live_group *g = (const live_group *)l;
		out->of[g->shape->stream].failing += g->failing;
	}
}
