#include "live/live_internal.h"

enum { REFETCH_MS = 1000, BATCH_SIZE = 100 };

bool live_shared_new(const live_config *c, exec_shared *exec, live_shared **out, error *err)
{
	live_shared *s = mem_alloc(sizeof *s);
	s->config = *c;
	s->exec = exec;
	if (!s->config.batch_size) s->config.batch_size = BATCH_SIZE;
	if (!s->config.stream_batch_size) s->config.stream_batch_size = BATCH_SIZE;
	if (!s->config.refetch_ms) s->config.refetch_ms = REFETCH_MS;
	if (!s->config.stream_refetch_ms) s->config.stream_refetch_ms = REFETCH_MS;
	if (!s->config.changes.probe_ms) s->config.changes.probe_ms = s->config.refetch_ms;
	if (!changes_hub_new(&s->config.changes, exec, &s->changes, err)) {
		mem_free(s);
		return false;
	}
	*out = s;
	return true;
}

void live_shared_snapshot(live_shared *s, snapshot *snap)
{
	if (snap) changes_hub_snapshot(s->changes, snap);
}

void live_shared_free(live_shared *s)
{
	if (!s) return;
	changes_hub_free(s->changes);
	mem_free(s);
}

live_payload *live_payload_hold(live_payload *p)
{
	p->refs++;
	return p;
}

void live_payload_release(live_payload *p)
{
	if (p && !--p->refs) mem_free(p);
}
