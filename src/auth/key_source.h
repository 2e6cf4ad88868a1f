/*
 * key_source: the key set behind a jwk_url, fetched again when its answer says that it is old. Shared by all workers:
 * they read the current set; one of them (worker 0) fetches. Whatever goes wrong, the old keys stay.
 */
#pragma once
#include "auth/jwk.h"
#include "loop/http_client.h"

typedef struct key_source key_source;

enum {
	KEY_REFRESH_MIN_MS = 10 * 1000,        /* not more often, whatever the answer says */
	KEY_REFRESH_MAX_MS = 24 * 3600 * 1000, /* at least so often */
	KEY_RETRY_MS = 60 * 1000,              /* after a failure. Hasura v2: updateJwkCtxThread */
	KEY_UNKNOWN_MS = 30 * 1000,            /* between fetches that tokens with unknown keys cause */
};

/* Fetches the set, waiting (up to 6 tries when nobody answers or the answer is a 5xx). generation counts changes of keys; it outlives the source.
 * Error: invalid-configuration with Hasura's text. */
MUST_CHECK bool key_source_new(str url, str version, _Atomic unsigned *generation, key_source **out, error *err);
void key_source_free(key_source *s); /* NULL is fine */
/* The current set, a reference for the caller. Any thread. */
key_set *key_source_keys(key_source *s);
/* A token names a key the set does not have: fetch soon. Any thread. */
void key_source_ask(key_source *s);

/* On the worker that fetches: starts a fetch when it is time. */
void key_source_tick(key_source *s, http_client *c);
/* Takes back a fetch that runs on c. Before c is closed. */
void key_source_cancel(key_source *s);

/* How long an answer's keys hold, in milliseconds; false: it does not say (or not readably). Hasura v2:
 * determineJwkExpiryLifetime. */
bool key_lifetime(str cache_control, str expires, uint64_t wall_ms, uint64_t *ms);
