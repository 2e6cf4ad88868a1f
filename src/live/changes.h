/*
 * changes: finds out which live queries may have a new answer, at the least cost the database allows (docs/realtime.md).
 *
 * A *hub* is shared by all workers and runs on a thread of its own: one feed per source, open only while somebody
 * watches. A *client* is one worker's end of it: groups (one per plan) and members (one per set of values) are
 * registered there, and their callbacks come on the worker's thread.
 *
 * Levels of a source, the best that works: LOGICAL (WAL, by a temporary slot), PROBE (one small statement per refetch
 * interval, only while somebody watches), POLL (nothing is known: whoever watches runs every refetch interval).
 * A group whose dependencies cannot be followed at the source's level is `polled` although the level is better.
 * Marks come when the change is visible to new statements, so a query run in the callback sees it.
 * A mark is a hint that may come too often and never too rarely; whatever was watched before a feed began, or while it
 * was lost, is marked once more when it is there.
 *
 * Threads: hub functions: any thread, unless said otherwise. Client, group and member functions: the worker's thread.
 */
#pragma once
#include "auth/session.h"
#include "exec/exec.h"
#include "loop/worker.h"
#include "plan/plan.h"

typedef enum changes_level { CHANGES_POLL, CHANGES_PROBE, CHANGES_LOGICAL } changes_level;

/* Why something is marked. */
typedef enum changes_why {
	CHANGES_BY_WAL,   /* a transaction touched it */
	CHANGES_BY_PROBE, /* the database changed, and the statistics name the table or cannot be sure yet */
	CHANGES_BY_TRUTH, /* the slow poll behind the level */
	CHANGES_BY_LEVEL, /* the feed began, was lost or changed its level: what happened meanwhile is not known */
} changes_why;

str changes_level_name(changes_level l); /* logical, probe, poll */
str changes_why_name(changes_why w);     /* wal, probe, truth, level */

/* ---- what a plan reads ---- */

typedef struct changes_dep {
	pg_oid oid; /* relation, as the plan names it: table, view, partitioned table … */
	str column; /* every row the plan reads of it has key `key` in this column; p NULL: any row counts */
	size_t key; /* index into keys */
} changes_dep;

/* A value all rows of a relation agree on; by type so that its texts can be compared. */
typedef struct changes_key {
	val value;
	pg_oid type; /* int2, int4, int8, uuid, text, varchar */
} changes_key;

typedef struct changes_deps {
	const changes_dep *rels;
	size_t nrels;
	const pg_oid *functions; /* called by the plan */
	size_t nfunctions;
	const changes_key *keys;
	size_t nkeys;
	const val
		*clocks; /* date and time values that come with the request: 'now' and the like make a member polled */
	size_t nclocks;
	bool clock; /* a filter of the plan itself says 'now', 'today', …: polled */
} changes_deps;

/* What the roots of p read: relations of all levels, filters, orders, computed fields, functions. All of it in a, nothing
 * points into the plan. O(size of the plan). */
const changes_deps *changes_deps_of_plan(arena *a, const plan *p);

/* ---- hub ---- */

/* What the level may be, and how decoding is done. */
typedef enum changes_mode { CHANGES_AUTO, CHANGES_MAX_PROBE, CHANGES_MAX_POLL } changes_mode;
typedef enum changes_plugin { CHANGES_TEST_DECODING, CHANGES_PGOUTPUT } changes_plugin;

typedef struct changes_config {
	changes_mode mode;
	changes_plugin plugin;     /* tried first */
	uint64_t probe_ms;         /* between probes: the refetch interval of live queries; 0: 1000 */
	uint64_t truth_logical_ms; /* 0: 300,000 */
	uint64_t truth_probe_ms;   /* 0: 60,000 */
	uint64_t max_wal_bytes;    /* WAL the slot may hold back before it is given up; 0: 1 GiB */
	uint64_t linger_ms;        /* a feed nobody watches any more stays open for so long; 0: 30,000 */
} changes_config;

typedef struct changes_hub changes_hub;

/* Starts its thread. shared gives the sources' connections and must outlive the hub. */
MUST_CHECK bool changes_hub_new(const changes_config *c, exec_shared *shared, changes_hub **out, error *err);
/* A new snapshot came: sources that are new get their level looked up (and logged), those that are gone are closed. A
 * reference is taken. */
void changes_hub_snapshot(changes_hub *h, snapshot *s);
/* Closes the feeds (slots and publications go), joins the thread, frees. After all clients are closed. */
void changes_hub_free(changes_hub *h);
/* For /dev/subscriptions: [{source, level, why, plugin, slot, watched_relations, marks, …}]. In a. */
json *changes_hub_info(changes_hub *h, arena *a);
/* Level of a source now; why (static text or in a) may be NULL. */
changes_level changes_hub_level(changes_hub *h, arena *a, str source, str *why);

/* ---- a worker's end ---- */

typedef struct changes_client changes_client;
typedef struct changes_group changes_group;
typedef struct changes_member changes_member;

changes_client *changes_client_new(changes_hub *h, worker *w);
/* Its groups must be gone. No callback comes afterwards. */
void changes_client_free(changes_client *c);

/*
 * A plan that is watched. The caller's memory; zero what is not set. deps must live as long as it is registered.
 * Callbacks only take note: they must not add or remove groups and members.
 */
struct changes_group {
	const changes_deps *deps;
	/* m: the member touched, NULL: all of them. */
	void (*dirty)(changes_group *g, changes_member *m, changes_why why);
	/* polled has changed; may be NULL. */
	void (*mode)(changes_group *g);
	void *data;
	/* To be read: nothing marks the group, it has to run every refetch interval; and why (static text). True right
	 * after changes_group_add, until the feed has answered. */
	bool polled;
	const char *polled_why;
	changes_level level;         /* of its source, now */
	struct changes_group_in *in; /* private */
};

struct changes_member {
	void *data;
	bool polled; /* one of its own values is 'now', 'today' …: it has to run every refetch interval */
	/* Private. */
	changes_group *group;
	struct changes_link *links;
	changes_member *next;
	changes_member *prev;
};

void changes_group_add(changes_client *c, const snap_source *src, changes_group *g);
/* Its members must be gone. */
void changes_group_remove(changes_group *g);
/*
 * The values of d->keys and d->clocks are bound here; what cannot be bound makes the member one that any change touches.
 * d: the dependencies of the member's own plan, whose values may come from other places than those of g->deps; NULL:
 * g->deps. It need not live on.
 */
void changes_member_add(
	changes_group *g, changes_member *m, const changes_deps *d, const session *s, const json *variables);
void changes_member_remove(changes_member *m);
