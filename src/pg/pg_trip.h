/*
 * pg_trip: how long the way to the server and back takes, without what the server does there. For this room only.
 *
 * A bare Sync now and then says it: the server answers that at once. Never the statements: where all are slow, the quickest of
 * them says nothing of the way. They only prove that the way is no longer than they took. Taken is the smallest of
 * the last few, so a longer way is learnt slowly and a shorter one at once.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PG_TRIPS = 8 };

typedef struct pg_trip {
	uint64_t seen[PG_TRIPS]; /* ring: of each bare Sync, or less if something sent before the next one took less */
	size_t n;                /* so far */
	uint64_t asked_ns;       /* when the last bare Sync went */
	uint64_t answered_ns;    /* when the last one that counts came back */
	uint64_t near_ns;        /* when something last came back so soon that there is nothing to ask */
} pg_trip;

/* A bare Sync should go ahead of what is sent next. */
bool pg_trip_is_due(const pg_trip *t, uint64_t now);
void pg_trip_asked(pg_trip *t, uint64_t now);
/* The bare Sync sent then was answered now. Nothing was under way on its connection before it. */
void pg_trip_answered(pg_trip *t, uint64_t sent_ns, uint64_t now);
/* Anything sent then was answered now, with nothing under way before it. */
void pg_trip_bound(pg_trip *t, uint64_t sent_ns, uint64_t now);
/* 0: not known yet, or not worth speaking of. */
uint64_t pg_trip_ns(const pg_trip *t);
