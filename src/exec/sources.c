#include "exec/sources.h"
#include <pthread.h>

/* ---- shared by all workers: settings and caps ---- */

typedef struct shared_source shared_source;
struct shared_source {
	shared_source *next;
	char *name;
	uint64_t connection;
	pg_params *params;
	pg_limit *limit;
};

struct exec_shared {
	exec_config config;
	pthread_mutex_t lock;
	shared_source *sources;
};

exec_shared *exec_shared_new(const exec_config *c)
{
	exec_shared *s = mem_alloc(sizeof(*s));
	s->config = *c;
	if (!s->config.plan_cache_bytes) s->config.plan_cache_bytes = (size_t)32 << 20;
	if (!s->config.max_result_bytes) s->config.max_result_bytes = (size_t)1 << 30;
	if (!s->config.fast_ns) s->config.fast_ns = 2000000;
	pthread_mutex_init(&s->lock, NULL);
	return s;
}

const exec_config *exec_shared_config(const exec_shared *s)
{
	return &s->config;
}

static void shared_source_free(shared_source *x)
{
	pg_params_unref(x->params);
	pg_limit_unref(x->limit);
	mem_free(x->name);
	mem_free(x);
}

void exec_shared_free(exec_shared *s)
{
	while (s->sources) {
		shared_source *next = s->sources->next;
		shared_source_free(s->sources);
		s->sources = next;
	}
	pthread_mutex_destroy(&s->lock);
	mem_free(s);
}

/* Prepared statements are a large part of the speed: used unless the source says no. */
static bool wants_prepared(const snap_source *src)
{
	const json *info = json_getz(src->md->configuration, "connection_info");
	return json_bool_or(info, "use_prepared_statements", true);
}

static pg_params *resolve(exec_shared *s, const snap_source *src, arena *a, size_t *cap, error *err)
{
	md_connection c;
	if (!md_source_connection(a, src->md, &s->config.env, &c, err)) return NULL;
	pg_params_spec spec;
	pg_params_spec_init(&spec);
	spec.url = c.url;
	spec.dynamic_file = c.url_file;
	spec.sslmode = c.sslmode;
	spec.sslrootcert = c.sslrootcert;
	spec.sslcert = c.sslcert;
	spec.sslkey = c.sslkey;
	spec.sslpassword = c.sslpassword;
	spec.isolation = (pg_isolation)c.isolation;
	spec.use_prepared_statements = wants_prepared(src);
	spec.iso_dates = src->cat && src->cat->iso_dates;
	spec.pool.max_connections = c.max_connections > 0 ? (size_t)c.max_connections : 1;
	spec.pool.idle_timeout_s = c.idle_timeout_s > 0 ? (uint32_t)c.idle_timeout_s : 0;
	spec.pool.retries = c.retries > 0 ? (uint32_t)c.retries : 0;
	spec.pool.pool_timeout_ms = c.pool_timeout_ms > 0 ? (uint64_t)c.pool_timeout_ms : 0;
	spec.pool.connection_lifetime_s = c.connection_lifetime_s > 0 ? (uint64_t)c.connection_lifetime_s : 0;
	*cap = spec.pool.max_connections;
	return pg_params_new(&spec, err);
}

static shared_source *find_shared(exec_shared *s, const snap_source *src)
{
	for (shared_source *x = s->sources; x; x = x->next)
		if (str_eqz(src->name, x->name) && x->connection == src->connection) return x;
	return NULL;
}

/* Forgets older connections of the same name: pools that still drain hold their own references. */
static void replace_shared(exec_shared *s, shared_source *fresh)
{
	for (shared_source **at = &s->sources; *at;) {
		shared_source *x = *at;
		if (strcmp(x->name, fresh->name) != 0 || x->connection > fresh->connection) {
			at = &x->next;
			continue;
		}
		*at = x->next;
		shared_source_free(x);
	}
	fresh->next = s->sources;
	s->sources = fresh;
}

static shared_source *make_shared(exec_shared *s, const snap_source *src, error *err)
{
	arena *a = arena_new(0);
	size_t cap = 1;
	pg_params *params = resolve(s, src, a, &cap, err);
	arena_free(a);
	if (!params) return NULL;
	shared_source *x = mem_alloc(sizeof(*x));
	x->name = mem_alloc(src->name.n + 1);
	memcpy(x->name, src->name.p, src->name.n);
	x->connection = src->connection;
	x->params = params;
	x->limit = pg_limit_new(cap);
	replace_shared(s, x);
	return x;
}

bool exec_shared_source(exec_shared *s, const snap_source *src, pg_params **params, pg_limit **limit, error *err)
{
	pthread_mutex_lock(&s->lock);
	shared_source *x = find_shared(s, src);
	if (!x) x = make_shared(s, src, err);
	if (x) {
		*params = pg_params_ref(x->params);
		*limit = pg_limit_ref(x->limit);
	}
	pthread_mutex_unlock(&s->lock);
	return x != NULL;
}

/* ---- one worker's pools ---- */

typedef struct source_pool source_pool;
struct source_pool {
	source_pool *next;
	source_pools *owner;
	char *name;
	uint64_t connection;
	pg_pool *pool;
};

struct source_pools {
	exec_shared *shared;
	uv_loop_t *loop;
	source_pool *pools;
	size_t closing;
	bool closed;
	void (*on_closed)(void *data);
	void *data;
};

source_pools *source_pools_new(exec_shared *s, uv_loop_t *loop)
{
	source_pools *p = mem_alloc(sizeof(*p));
	p->shared = s;
	p->loop = loop;
	return p;
}

bool source_pools_get(source_pools *p, const snap_source *src, pg_pool **to, error *err)
{
	for (source_pool *x = p->pools; x; x = x->next) {
		if (x->connection != src->connection || !str_eqz(src->name, x->name)) continue;
		*to = x->pool;
		return true;
	}
	pg_params *params;
	pg_limit *limit;
	if (!exec_shared_source(p->shared, src, &params, &limit, err)) return false;
	source_pool *x = mem_alloc(sizeof(*x));
	x->owner = p;
	x->connection = src->connection;
	x->name = mem_alloc(src->name.n + 1);
	memcpy(x->name, src->name.p, src->name.n);
	x->pool = pg_pool_new(p->loop, params, limit, &p->shared->config.pool);
	pg_params_unref(params);
	pg_limit_unref(limit);
	x->next = p->pools;
	p->pools = x;
	*to = x->pool;
	return true;
}

void source_pools_each(const source_pools *p, void (*fn)(void *data, str source, const pg_pool *pool), void *data)
{
	for (const source_pool *x = p->pools; x; x = x->next)
		fn(data, str_from(x->name), x->pool);
}

static void finish(source_pools *p)
{
	if (!p->closed || p->closing) return;
	void (*on_closed)(void *) = p->on_closed;
	void *data = p->data;
	mem_free(p);
	if (on_closed) on_closed(data);
}

static void pool_closed(void *data)
{
	source_pool *x = data;
	source_pools *p = x->owner;
	mem_free(x->name);
	mem_free(x);
	p->closing--;
	finish(p);
}

static void close_pool(source_pool *x, bool drain)
{
	x->owner->closing++;
	pg_pool_close(x->pool, drain, pool_closed, x);
}

void source_pools_keep(source_pools *p, const snapshot *s)
{
	for (source_pool **at = &p->pools; *at;) {
		source_pool *x = *at;
		const snap_source *src = snapshot_source(s, str_from(x->name));
		if (src && src->connection == x->connection) {
			at = &x->next;
			continue;
		}
		*at = x->next;
		close_pool(x, true);
	}
}

void source_pools_close(source_pools *p, void (*closed)(void *data), void *data)
{
	p->on_closed = closed;
	p->data = data;
	p->closing++; /* so that nothing is finished before the loop ends */
	while (p->pools) {
		source_pool *x = p->pools;
		p->pools = x->next;
		close_pool(x, false);
	}
	p->closing--;
	p->closed = true;
	finish(p);
}
