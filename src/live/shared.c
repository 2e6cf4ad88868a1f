#include "live/live_internal.h"

enum { REFETCH_MS = 1000, BATCH_SIZE = 100 };

bool live_shared_new(const live_config *c, exec_shared *exec, live_shared **out, error *err)
{
	(void)err;
	live_shared *s = mem_alloc(sizeof *s);
	s->config = *c;
	s->exec = exec;
	if (!s->config.batch_size) s->config.batch_size = BATCH_SIZE;
	if (!s->config.stream_batch_size) s->config.stream_batch_size = BATCH_SIZE;
	if (!s->config.refetch_ms) s->config.refetch_ms = REFETCH_MS;
	if (!s->config.stream_refetch_ms) s->config.stream_refetch_ms = REFETCH_MS;
	*out = s;
	return true;
}

void live_shared_snapshot(live_shared *s, snapshot *snap)
{
	(void)s;
	(void)snap;
}

void live_shared_free(live_shared *s)
{
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
