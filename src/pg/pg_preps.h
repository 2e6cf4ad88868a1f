/*
 * pg_preps: which statements one connection has prepared, by the caller's id; least recently used ones go.
 * For this room only.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PG_NAME_MAX = 48 };

typedef struct pg_prep pg_prep;
struct pg_prep {
	uint64_t id;
	uint64_t serial;
	char name[PG_NAME_MAX]; /* pg_preps_name */
	bool confirmed;         /* the server has said so */
	pg_prep *chain;
	pg_prep *older;
	pg_prep *newer;
};

typedef struct pg_preps {
	pg_prep **slots; /* NULL until the first */
	size_t nslots;
	size_t n;
	size_t cap;
	pg_prep *newest;
	pg_prep *oldest;
	uint64_t next;
	uint64_t nonce;
	uint64_t *dead; /* names to be closed at the server */
	size_t ndead;
	size_t dead_cap;
} pg_preps;

void pg_preps_init(pg_preps *p, size_t cap);
void pg_preps_free(pg_preps *p);
/* NULL when not prepared; found ones become the newest. O(1). */
pg_prep *pg_preps_get(pg_preps *p, uint64_t id);
/* A new entry, not confirmed yet; may let the oldest go. */
pg_prep *pg_preps_add(pg_preps *p, uint64_t id);
/* Forgets id if it still is that serial. close: its name exists at the server and is to be closed. */
void pg_preps_remove(pg_preps *p, uint64_t id, uint64_t serial, bool close);
void pg_preps_confirm(pg_preps *p, uint64_t id, uint64_t serial);
/*
 * The name at the server. It has a random part of the connection's own: behind a transaction pooler connections share
 * servers, and a name that meant another's text would run the wrong statement.
 */
void pg_preps_name(const pg_preps *p, uint64_t serial, char out[PG_NAME_MAX]);
