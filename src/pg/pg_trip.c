#include "pg/pg_trip.h"

#define MS UINT64_C(1000000)

enum {
	ENOUGH = 3,      /* answers before anything is believed: the server may stand still for one */
	SOON_MS = 20,    /* between two, until there are enough */
	LATER_MS = 1000, /* and then; so long nothing is asked where something came back at once, too */
};
#define NEAR_NS (MS / 2)

bool pg_trip_is_due(const pg_trip *t, uint64_t now)
{
	if (t->near_ns && now - t->near_ns < LATER_MS * MS) return false;
	return !t->asked_ns || now - t->asked_ns >= (t->n < ENOUGH ? SOON_MS : LATER_MS) * MS;
}

void pg_trip_asked(pg_trip *t, uint64_t now)
{
	t->asked_ns = now;
}

void pg_trip_bound(pg_trip *t, uint64_t sent_ns, uint64_t now)
{
	uint64_t took = now - sent_ns, *last = &t->seen[(t->n + PG_TRIPS - 1) % PG_TRIPS];
	if (took < NEAR_NS) t->near_ns = now;
	if (t->n && took < *last) *last = took;
}

void pg_trip_answered(pg_trip *t, uint64_t sent_ns, uint64_t now)
{
	/* Those under way together may all have met one stillness of the server: they count as one. */
	if (!t->n || sent_ns >= t->answered_ns) {
		t->seen[t->n++ % PG_TRIPS] = now - sent_ns;
		t->answered_ns = now;
	}
	pg_trip_bound(t, sent_ns, now);
}

uint64_t pg_trip_ns(const pg_trip *t)
{
	if (t->n < ENOUGH) return 0;
	size_t n = t->n < PG_TRIPS ? t->n : PG_TRIPS;
	uint64_t least = t->seen[0];
	for (size_t i = 1; i < n; i++)
		if (t->seen[i] < least) least = t->seen[i];
	return least;
}
