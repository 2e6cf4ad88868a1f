#include "schema/introspect_cache.h"
#include <pthread.h>

typedef struct introspect_cache {
	pthread_mutex_t lock;
	introspect_entry *newest, *oldest; /* few entries: one or two a role that asks */
	size_t bytes;
	introspect_types *types;
} introspect_cache;

void introspect_entry_unref(introspect_entry *e)
{
	if (!e || atomic_fetch_sub_explicit(&e->refs, 1, memory_order_acq_rel) != 1) return;
	buf_free(&e->key);
	buf_free(&e->json);
	blob_free(&e->gzip);
	mem_free(e);
}

static size_t entry_bytes(const introspect_entry *e)
{
	return sizeof *e + e->key.cap + e->json.cap + e->gzip.bytes.n;
}

static void unlink_entry(introspect_cache *c, introspect_entry *e)
{
	*(e->newer ? &e->newer->older : &c->newest) = e->older;
	*(e->older ? &e->older->newer : &c->oldest) = e->newer;
	e->newer = e->older = NULL;
}

static void push_newest(introspect_cache *c, introspect_entry *e)
{
	e->older = c->newest;
	e->newer = NULL;
	if (c->newest) c->newest->newer = e;
	else c->oldest = e;
	c->newest = e;
}

static void evict(introspect_cache *c, size_t limit)
{
	while (c->oldest && c->bytes > limit) {
		introspect_entry *e = c->oldest;
		unlink_entry(c, e);
		c->bytes -= entry_bytes(e);
		introspect_entry_unref(e);
	}
}

void introspect_types_unref(introspect_types *t)
{
	if (!t || atomic_fetch_sub_explicit(&t->refs, 1, memory_order_acq_rel) != 1) return;
	arena_free(t->a);
}

static void cache_free(void *data)
{
	introspect_cache *c = data;
	evict(c, 0);
	introspect_types_unref(c->types);
	pthread_mutex_destroy(&c->lock);
}

void *introspect_cache_new(arena *a)
{
	introspect_cache *c = NEW(a, introspect_cache);
	pthread_mutex_init(&c->lock, NULL);
	arena_on_free(a, cache_free, c);
	return c;
}

/* Found, with a reference for the caller, and the newest now. Under the lock. */
static introspect_entry *find(introspect_cache *c, str key)
{
	introspect_entry *e = c->newest;
	while (e && !str_eq(buf_str(&e->key), key))
		e = e->older;
	if (!e) return NULL;
	unlink_entry(c, e);
	push_newest(c, e);
	atomic_fetch_add_explicit(&e->refs, 1, memory_order_relaxed);
	return e;
}

introspect_entry *introspect_cache_get(void *cache, str key)
{
	introspect_cache *c = cache;
	pthread_mutex_lock(&c->lock);
	introspect_entry *e = find(c, key);
	pthread_mutex_unlock(&c->lock);
	return e;
}

introspect_entry *introspect_cache_put(void *cache, introspect_entry *e)
{
	introspect_cache *c = cache;
	pthread_mutex_lock(&c->lock);
	introspect_entry *faster = find(c, buf_str(&e->key));
	if (!faster) {
		atomic_fetch_add_explicit(&e->refs, 1, memory_order_relaxed);
		push_newest(c, e);
		c->bytes += entry_bytes(e);
		evict(c, INTROSPECT_CACHE_BYTES);
	}
	pthread_mutex_unlock(&c->lock);
	if (!faster) return e;
	introspect_entry_unref(e);
	return faster;
}

/* ---- types ---- */

static introspect_types *types_new(const snapshot *s, str role, bool backend)
{
	arena *a = arena_new(1 << 16);
	introspect_types *t = NEW(a, introspect_types);
	atomic_init(&t->refs, 1);
	t->a = a;
	t->role = str_copy(a, role);
	t->backend = backend;
	types_index_make(a, s, t->role, backend, &t->ix);
	return t;
}

introspect_types *introspect_types_get(void *cache, const snapshot *s, str role, bool backend)
{
	introspect_cache *c = cache;
	pthread_mutex_lock(&c->lock);
	introspect_types *t = c->types;
	bool same = t && t->backend == backend && str_eq(t->role, role);
	if (same) atomic_fetch_add_explicit(&t->refs, 1, memory_order_relaxed);
	pthread_mutex_unlock(&c->lock);
	if (same) return t;
	t = types_new(s, role, backend);
	atomic_fetch_add_explicit(&t->refs, 1, memory_order_relaxed);
	pthread_mutex_lock(&c->lock);
	introspect_types *old = c->types;
	c->types = t;
	pthread_mutex_unlock(&c->lock);
	introspect_types_unref(old);
	return t;
}
