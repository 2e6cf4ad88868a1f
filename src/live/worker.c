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
	timeout_list_init(&l->cooling, s->config.refetch_ms);
	timeout_list_init(&l->polls, s->config.refetch_ms);
	timeout_list_init(&l->stream_cooling, s->config.stream_refetch_ms);
	timeout_list_init(&l->stream_polls, s->config.stream_refetch_ms);
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
	mem_free(w);
}

void live_worker_stats(const live_worker *w, live_stats *out)
{
	*out = w->stats;
}
