#include "auth/token_cache.h"

enum { WAYS = 4, SETS = TOKEN_CACHE_ENTRIES / WAYS };

typedef struct entry {
	unsigned char digest[TOKEN_DIGEST];
	arena *a; /* NULL: free */
	size_t bytes;
	verified v;
	unsigned generation, config;
	uint64_t used; /* count of the last use */
} entry;

struct token_cache {
	entry *entries; /* SETS times WAYS; made with the first token */
	size_t bytes;
	uint64_t clock;
};

token_cache *token_cache_new(void)
{
	return mem_alloc(sizeof(token_cache));
}

static void drop(token_cache *c, entry *e)
{
	if (!e->a) return;
	c->bytes -= e->bytes;
	arena_free(e->a);
	e->a = NULL;
}

static void drop_all(token_cache *c)
{
	for (size_t i = 0; c->entries && i < TOKEN_CACHE_ENTRIES; i++)
		drop(c, &c->entries[i]);
}

void token_cache_free(token_cache *c)
{
	if (!c) return;
	drop_all(c);
	mem_free(c->entries);
	mem_free(c);
}

/* The digest is evenly spread, and only verified tokens come in: no seed is needed. */
static entry *set_of(token_cache *c, const unsigned char *digest)
{
	size_t i = ((size_t)digest[0] | (size_t)digest[1] << 8) % SETS;
	return &c->entries[i * WAYS];
}

const verified *token_cache_get(token_cache *c, const unsigned char digest[TOKEN_DIGEST], uint64_t now_ms,
	unsigned generation, unsigned *config)
{
	entry *set = c->entries ? set_of(c, digest) : NULL;
	for (size_t i = 0; set && i < WAYS; i++) {
		entry *e = &set[i];
		if (!e->a || memcmp(e->digest, digest, TOKEN_DIGEST) != 0) continue;
		if (e->generation != generation || now_ms >= e->v.until_ms) {
			drop(c, e);
			return NULL;
		}
		e->used = ++c->clock;
		*config = e->config;
		return &e->v;
	}
	return NULL;
}

void token_cache_put(token_cache *c, const unsigned char digest[TOKEN_DIGEST], arena *a, const verified *v,
	unsigned generation, unsigned config)
{
	size_t bytes = arena_used(a);
	if (bytes > TOKEN_ENTRY_MAX) {
		arena_free(a);
		return;
	}
	if (!c->entries) c->entries = mem_alloc(size_mul(TOKEN_CACHE_ENTRIES, sizeof(entry)));
	if (c->bytes + bytes > TOKEN_CACHE_BYTES) drop_all(c);
	entry *set = set_of(c, digest), *victim = set;
	for (size_t i = 0; i < WAYS; i++) {
		entry *e = &set[i];
		if (!e->a || memcmp(e->digest, digest, TOKEN_DIGEST) == 0) {
			victim = e;
			break;
		}
		if (e->used < victim->used) victim = e;
	}
	drop(c, victim);
	*victim = (entry){
		.a = a, .bytes = bytes, .v = *v, .generation = generation, .config = config, .used = ++c->clock};
	memcpy(victim->digest, digest, TOKEN_DIGEST);
	c->bytes += bytes;
}
