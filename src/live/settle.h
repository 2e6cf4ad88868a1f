/*
 * settle: tells when every transaction that is under way now has ended. Safe streams ask it, since whatever could still
 * bring a row before one that is seen already belongs to one of those (docs/realtime.md, Streaming).
 * One settler a source and worker; a look at the database serves all waits that began before it was sent. Nothing runs
 * while nobody waits.
 * Threads: the worker's. Waits are the caller's memory, zeroed.
 */
#pragma once
#include "base/error.h"
#include "loop/worker.h"
#include "pg/pg_pool.h"

typedef struct settler settler;
typedef struct settle_wait settle_wait;

struct settle_wait {
	/* Never from inside settle_begin. err: it cannot be told (a standby, no rights); NULL: all have ended. May begin and
	   cancel waits and free the settler. */
	void (*done)(settle_wait *w, const error *err);
	void *data;
	/* To be read: those that have not ended, as pg_locks names them; of prepared ones the xid after an x. */
	char **names;
	size_t n;
	/* Private. */
	settler *s;
	settle_wait *next;
	settle_wait *prev;
	uint64_t from_ms; /* of the loop */
	uint64_t after;   /* looks sent before it began */
	bool looked;
	bool prepared; /* the first ones have ended or were prepared: names are those prepared then */
};

/* pool gives the source's pool, which may be another one each time; false: err says why. */
settler *settler_new(worker *w, bool (*pool)(void *data, pg_pool **out, error *err), void *data);
/* Its waits are forgotten. NULL is fine. */
void settler_free(settler *s);
/*
 * after_ms: transactions that begin within this time count too. PostgreSQL: now() is taken a moment before the transaction
 * can be seen by others.
 */
void settle_begin(settler *s, settle_wait *w, uint64_t after_ms);
void settle_cancel(settle_wait *w); /* no-op when it is not under way */
