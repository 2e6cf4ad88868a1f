/* sources: a worker's pools, by source and connection. Private to exec/. */
#pragma once
#include "exec/exec.h"

typedef struct source_pools source_pools;

source_pools *source_pools_new(exec_shared *s, uv_loop_t *loop);
MUST_CHECK bool source_pools_get(source_pools *p, const snap_source *src, pg_pool **out, error *err);
void source_pools_each(const source_pools *p, void (*fn)(void *data, str source, const pg_pool *pool), void *data);
/* Drains pools of connections the snapshot does not have. */
void source_pools_keep(source_pools *p, const snapshot *s);
/* Closes all; closed(data) when the last handle is gone and p is freed. */
void source_pools_close(source_pools *p, void (*closed)(void *data), void *data);

const exec_config *exec_shared_config(const exec_shared *s);
