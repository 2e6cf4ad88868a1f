/*
 * changes_internal: what the files of changes share. On the hub's thread:
 *
 * changes_hub.c      the thread; sources come and go; orders of clients; what is shown
 * changes_feed.c     one source: its level, and how it gets from one to another
 * changes_stream.c   level LOGICAL: the stream of decoded changes, and when they are visible
 * changes_probe.c    level PROBE, and what of LOGICAL the WAL does not tell
 * changes_objects.c  what is watched, and the tables it is really made of
 * changes_publish.c  the publication that pgoutput wants
 *
 * and on the workers' threads: changes_client.c.
 */
#pragma once
#include "base/log.h"
#include "catalog/feed.h"
#include "live/changes.h"
#include "live/changes_marks.h"
#include "live/changes_wal.h"
#include "live/hash128.h"
#include "pg/pg_replication.h"
#include <stdatomic.h>

/* ---- what the two sides tell each other ---- */

typedef enum object_state { OBJECT_NEW, OBJECT_FOLLOWED, OBJECT_OUTSIDE } object_state;

typedef struct object_news {
	bool function;
	pg_oid oid;
	object_state state;
	const char *why; /* static; OBJECT_OUTSIDE */
} object_news;

/* Marks that several workers read; the last one frees them. */
typedef struct shared_marks {
	atomic_uint refs;
	marks m;
} shared_marks;

/* From the hub to one client. */
typedef struct changes_news {
	changes_client *client; /* a reference */
	void *source;           /* the client's own */
	changes_level level;
	changes_why why;
	bool everything;     /* of the source is marked */
	shared_marks *marks; /* NULL: none */
	size_t n;
	object_news objects[];
} changes_news;

changes_client *changes_client_ref(changes_client *c);
void changes_client_unref(changes_client *c);
/* To the client's thread. Takes news over. */
void changes_client_post(changes_news *news);
void changes_news_free(changes_news *news);

typedef enum watch_order_kind { WATCH, UNWATCH } watch_order_kind;

/* From a client to the hub. */
typedef struct watch_order {
	changes_hub *hub;
	changes_client *client; /* a reference */
	void *source;           /* the client's own */
	uint64_t connection;
	watch_order_kind kind;
	bool again; /* watched already: only another column */
	bool function;
	pg_oid oid;
	char column[64]; /* watched by value; empty: none. PostgreSQL: names have at most 63 bytes */
	char name[];     /* of the source */
} watch_order;

/* Any thread. Takes order over. */
void changes_hub_order(watch_order *order);

/* ---- watched things ---- */

typedef struct feed feed;
typedef struct watched watched;

typedef struct watched_column {
	char name[64];
	uint64_t hash;
} watched_column;

/* A relation or function of a plan. */
struct watched {
	hlink link; /* first; of the feed: by kind and oid */
	feed *f;
	bool function;
	pg_oid oid;
	size_t refs; /* clients */
	object_state state;
	const char *why;
	bool unseen;  /* the WAL does not tell of it: looked after by probes */
	hash128 made; /* of what it was found to be made from */
	watched_column cols[MARK_COLUMNS];
	size_t ncols;
	/* changes_probe.c */
	bool suspect;       /* something was committed since it was marked last */
	uint64_t marked_ms; /* loop time */
};

/* Who reads a table. */
typedef struct reader {
	watched *w;
	bool by_value; /* the table's rows are w's own: a table, a partition, a child */
} reader;

/* A column of a table whose values are told by the stream. */
typedef struct base_column {
	str name;
	uint64_t hash;
	size_t at; /* pgoutput: place in the stream's rows; SIZE_MAX: not told */
} base_column;

/* A table something watched is made of. */
typedef struct base_table {
	hlink by_name; /* first */
	hlink by_oid;
	pg_oid oid;
	qname name;
	char kind;
	bool has_identity;
	bool logged; /* to the WAL */
	VEC(reader) readers;
	base_column cols[MARK_COLUMNS]; /* of the identity, and watched by value */
	size_t ncols;
	bool counted; /* has statistics */
	uint64_t count;
	bool count_known;
} base_table;

/* A job of the feed: one statement at a time of each kind. */
typedef struct feed_job {
	pg_job job;
	pg_stmt stmt;
	arena *a; /* parameters */
	const char *values[2];
	bool busy;
} feed_job;

/* A client that watches something of the feed. */
typedef struct feed_client {
	struct feed_client *next;
	changes_client *client; /* a reference */
	void *source;
	size_t refs;
} feed_client;

typedef struct feed_stream {
	pg_replication *r;
	char slot[40];
	bool live; /* changes come */
	changes_plugin plugin;
	bool in_tx;
	uint32_t xid;
	marks tx;      /* of the transaction that is coming */
	marks pending; /* committed, perhaps not visible */
	VEC(uint32_t) xids;
	uint32_t newest; /* too many: until everything up to this one is over */
	bool many;
	bool fresh; /* something was committed since the last look */
	feed_job look;
	uint64_t looked_ms;
	uint64_t gap_ms;
	uint64_t at;         /* newest position heard of */
	uint64_t checked_at; /* position when the slot was looked at */
	feed_job slot_job;
	uint64_t strange[256]; /* hashes of names nobody watches */
	htable places;         /* pgoutput: of columns in rows, by relation */
} feed_stream;

struct feed {
	feed *next;
	changes_hub *hub;
	char *name;
	uint64_t connection;
	pg_params *params;
	pg_pool *pool;
	bool closing;
	unsigned open; /* things that close */
	/* What may be. */
	bool asked; /* facts are known */
	feed_facts facts;
	changes_level best;
	feed_job facts_job;
	/* What is. Under the hub's lock: level, why. */
	changes_level level;
	char why[256];
	uint64_t level_ms; /* wall clock */
	/* Written by one thread, shown by others. */
	atomic_uint_fast64_t n_marks, n_transactions, n_looks, n_probes, n_reopened;
	feed_client *clients;
	htable watched;
	atomic_size_t nwatched;
	atomic_size_t nunseen;
	/* changes_objects.c */
	arena *bases_arena;
	htable bases;
	htable bases_by_oid;
	VEC(base_table *) base_list;
	bool resolve_wanted;
	uint64_t resolved_ms;
	bool looked_up; /* once at least */
	feed_job resolve;
	feed_stream s;
	/* changes_probe.c */
	feed_job probe;
	feed_job counts;
	char snapshot[512]; /* what was visible at the last probe, or its hash; empty: not known */
	unsigned failures;
	/* changes_publish.c */
	feed_job publish;
	bool published;   /* the publication is there */
	bool publish_set; /* its tables have to be set anew */
	hash128 published_as;
	timer *probe_timer;
	timer *truth_timer;
	timer *look_timer;
	timer *retry_timer;
	timer *resolve_timer;
	timer *linger_timer;
	uint64_t backoff_ms;
};

struct changes_hub {
	changes_config config;
	exec_shared *shared;
	worker_group *group;
	worker *w;
	feed *feeds;
	uv_mutex_t lock; /* of what changes_hub_info reads */
	bool stopping;
};

/* ---- feed.c ---- */
feed *feed_new(changes_hub *h, const snap_source *src, pg_params *params);
/* Everything of it goes; the memory when its handles are closed. */
void feed_close(feed *f);
/* Somebody watches, or nobody does any more. */
void feed_wake(feed *f);
void feed_rest(feed *f);
void feed_set_level(feed *f, changes_level l, const char *why);
/* The same, of a level that works. */
void feed_level_reached(feed *f, changes_level l, const char *why);
/* The stream is over (it is closed): once more, later; refused: what is missing may be given one day. */
void feed_stream_failed(feed *f, bool refused);
/* One of the things that feed_close waits for. */
void feed_closed_one(void *feed);
/* Tells every client. marks NULL: everything is marked. Takes what is in m. */
void feed_tell(feed *f, marks *m, changes_why why);
void feed_tell_objects(feed *f, const object_news *v, size_t n);
/* One client that has just come: how things are. */
void feed_tell_client(feed *f, feed_client *c, const watched *w);
uint64_t feed_now(const feed *f);
/* Runs sql with text parameters (in j->a); false: j is busy or the feed has no connection. done gets the feed_job as
 * job->data; call feed_job_end in it first. */
bool feed_job_start(feed *f, feed_job *j, pg_mode mode, const char *sql, size_t n, pg_job_cb done);
void feed_job_cancel(feed_job *j);
arena *feed_job_arena(feed_job *j);
void feed_log(const feed *f, log_level l, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Starts or restarts *t; once. */
void feed_timer(feed *f, timer **t, uint64_t ms, void (*fn)(void *));
void feed_timer_stop(timer **t);

/* ---- objects.c ---- */
hash128 watched_key(bool function, pg_oid oid);
watched *feed_watch(feed *f, bool function, pg_oid oid, const char *column);
void feed_unwatch(feed *f, watched *w);
/* Sees to it that what is watched is looked up (again), soon. */
void feed_resolve(feed *f);
base_table *feed_base(feed *f, str schema, str name);
base_table *feed_base_oid(feed *f, pg_oid oid);
void feed_objects_free(feed *f);

/* ---- stream.c ---- */
void feed_stream_open(feed *f);
/* A new name for slot and publication. */
void feed_stream_name(feed *f);
void feed_stream_close(feed *f);
/* pgoutput: finds t's columns in its rows, if the stream has told. */
void feed_stream_places(feed *f, base_table *t);
/* The slot is looked at: how much WAL it holds back. */
void feed_stream_check(feed *f);

/* ---- probe.c ---- */
/* Probes are due as long as they are needed. */
void feed_probe_schedule(feed *f);
void feed_probe_stop(feed *f);

/* ---- publish.c ---- */
/* Makes the publication, then opens the stream. */
void feed_publish_begin(feed *f);
/* The tables have changed. */
void feed_publish_again(feed *f);
/* It goes, when the pool has time. */
void feed_publish_drop(feed *f);
