/*
 * cache: plans by (snapshot, role, operation, shape of the variables), least recently used out first, within a byte cap
 * of which entries asked for only once have a small share.
 * One per worker. An entry lives as long as the cache or a request holds it.
 */
#pragma once
#include "exec/step.h"

typedef struct cached cached;
typedef struct plan_cache plan_cache;

/*
 * What an entry has learnt from its runs; changed by the worker's thread only. Durations grow with whatever else the machine
 * does, so the best one says whether a statement is quick, and only company it was bad for puts it aside for a while.
 */
typedef struct cached_history {
	uint64_t runs;
	uint64_t best_ns; /* of a job, without the network; forgotten slowly */
	unsigned alone;   /* so many runs more without company */
	unsigned penalty; /* how many it will be the next time */
	uint64_t *rows;   /* by root, decaying */
	unsigned remade;  /* how often the statements were made again */
} cached_history;

typedef struct cached_list {
	cached *newest;
	cached *oldest;
	size_t bytes;
} cached_list;

struct cached {
	plan *plan;
	cached_history history;
	char query_hash[41]; /* of its document with variables of its shape; for the log */
	size_t refs;
	/* Private. */
	uint64_t hash;
	str key;
	size_t bytes;
	cached_list *list; /* NULL: in no cache (any more) */
	cached *chain;
	cached *newer;
	cached *older;
};

plan_cache *plan_cache_new(size_t max_bytes);
void plan_cache_free(plan_cache *c); /* entries held by requests live on until released */
/*
 * The plan of a request: from the cache, or made now. *hit says which. Takes a reference. Error: the request's own
 * (validation, or a value of its variables).
 */
MUST_CHECK bool plan_cache_get(plan_cache *c, const exec_request *r, cached **out, bool *hit, error *err);
static inline cached *cached_hold(cached *e)
{
	e->refs++;
	return e;
}
void cached_release(cached *e);
/* Notes a run; makes the statements again when what was assumed of the number of rows turned out wrong. */
void cached_learn(plan_cache *c, cached *e, const cached_run *run, uint64_t fast_ns, const uint64_t *rows_by_root);
/* Quick enough to share a pipeline with others. */
bool cached_is_fast(const cached *e, uint64_t fast_ns);
void plan_cache_drop_others(plan_cache *c, uint64_t snapshot_id);
void plan_cache_stats(const plan_cache *c, exec_cache_stats *out);
