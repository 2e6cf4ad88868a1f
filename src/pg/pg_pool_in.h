/*
 * pg_pool_in: the inside of pg_pool, for this room only.
 *
 *   pg_pool.c      life of the pool, submit, cancel          pg_conn.c   life of a connection: dial, poll, close
 *   pg_dispatch.c  queue → connections, when to open more    pg_send.c   statements → libpq, the list of expected answers
 *   pg_tick.c      deadlines, rescue, idle, lifetime         pg_recv.c   answers → jobs
 *   pg_heal.c      errors: fail, send again, give the connection up
 *
 * Callbacks run from pg_recv (poll phase) and from pg_pool_flush (prepare and check phase) and may call anything public;
 * therefore no loop keeps a pointer into a queue or a segment across a callback, connections are closed and pools torn
 * down only in pg_pool_flush.
 */
#pragma once
#include "base/clock.h"
#include "pg/pg_dial.h"
#include "pg/pg_params_in.h"
#include "pg/pg_pool.h"
#include "pg/pg_preps.h"
#include "pg/pg_thread.h"
#include "pg/pg_trip.h"
#include <assert.h>

typedef struct pg_conn pg_conn;
typedef struct pg_seg pg_seg;

#define PG_MS UINT64_C(1000000)
#define PG_SEC UINT64_C(1000000000)

enum {
	PG_TICK_MS = 10,        /* while there is work */
	PG_TICK_IDLE_MS = 250,  /* while there is none, but connections */
	PG_MAX_DIALS = 2,       /* at once */
	PG_MAX_STUCK_DIALS = 4, /* threads that outlived their deadline */
	PG_MAX_REPLANS = 3,
	PG_MAX_BROKEN = 1,  /* a read is sent again once */
	PG_DEAD_NAMES = 32, /* prepared statements closed together */
};

typedef enum job_state { JOB_FREE, JOB_QUEUED, JOB_SENT, JOB_FAILING } job_state;

typedef struct pg_queue {
	pg_job *first;
	pg_job *last;
	size_t n;
} pg_queue;

typedef enum pg_op_kind { OP_PARSE, OP_STMT, OP_CONTROL, OP_TRIP, OP_SYNC } pg_op_kind; /* OP_TRIP: a bare Sync */
typedef enum pg_control { CTL_BEGIN, CTL_COMMIT, CTL_ROLLBACK, CTL_CLOSE } pg_control;

/* One expected answer. */
typedef struct pg_op {
	uint8_t kind;
	uint8_t control;
	bool got;       /* its result came; the NULL that ends it has not */
	bool last;      /* the job is done with this one */
	uint32_t index; /* of the statement in its job */
	uint64_t id;    /* prepared statement, 0 = unnamed */
	uint64_t serial;
	pg_job *job; /* NULL: nobody waits for it */
} pg_op;

/* What goes under one Sync. */
struct pg_seg {
	pg_seg *next;
	pg_queue jobs; /* not answered yet */
	size_t njobs;  /* at the start */
	uint64_t sent_ns;
	uint64_t orphan_ns; /* since when nobody waits for it; 0 = someone does */
	bool fast;
	bool tx;    /* has BEGIN */
	bool house; /* ROLLBACK, DEALLOCATE: no jobs from the start */
	bool failed;
};

typedef struct pg_poll {
	uv_poll_t handle;
	pg_conn *conn; /* NULL when closed */
	pg_pool *pool;
} pg_poll;

typedef struct pg_dialing {
	pg_task task;
	pg_params *params;
	pg_limit *limit;
	pg_pool *pool;
	PGconn *pg;
	pg_error err;
	bool stuck; /* given up; only the thread is left */
	uint64_t since_ns;
	struct pg_dialing *next;
} pg_dialing;

typedef struct pg_cancelling pg_cancelling;

struct pg_conn {
	pg_pool *pool;
	pg_conn *next;
	pg_conn *prev;
	PGconn *pg;
	bool tls;
	pg_poll *io;
	uint64_t opened_ns;
	uint64_t expires_ns;  /* 0 = never */
	uint64_t idle_ns;     /* since when */
	uint64_t answered_ns; /* last Sync */
	uint64_t told_ns;     /* when `server` was last read */
	pg_op *ops;           /* ring */
	size_t ops_cap;
	size_t ops_head;
	size_t ops_n;
	pg_seg *seg_first;
	pg_seg *seg_last;
	size_t nsegs;
	size_t nslow;    /* segments that are not fast */
	size_t live;     /* jobs waiting here */
	size_t op_bytes; /* received for the answer at the head */
	uint64_t popped; /* answers so far */
	pg_preps preps;
	pg_server server;
	pg_cancelling *cancelling;
	uint64_t cancelled_ns; /* when the last cancel request was done */
	bool rolling_back;     /* ROLLBACK is on the way */
	bool rollback_due;     /* to be sent behind the next Sync */
	bool draining;         /* gets no more work */
	bool replaced;         /* its successor was asked for */
	bool writing;          /* waits for room in the socket */
	bool broken;
	bool proved;  /* it has answered */
	pg_error err; /* why */
};

struct pg_pool {
	uv_loop_t *loop;
	pg_params *params;
	pg_limit *limit;
	size_t max_conns;
	size_t depth;
	uint64_t fast_deadline_ns;
	size_t stmt_cache;
	size_t max_queue;
	uv_prepare_t prepare;
	uv_check_t check;
	uv_timer_t timer;
	bool ticking; /* the timer runs at PG_TICK_MS */
	pg_mailbox *mailbox;
	pg_queue fast;
	pg_queue slow; /* reads that need a connection to themselves */
	pg_queue write;
	pg_queue failing;
	pg_conn *conns;
	size_t nconns;
	pg_dialing *dials;
	size_t ndials; /* not counting stuck ones */
	size_t nstuck;
	size_t warm;    /* connections wanted without work */
	pg_conn *claim; /* runs dry for slow and write */
	pg_seg *free_segs;
	size_t in_flight;
	size_t timed; /* jobs with a timeout */
	uint64_t next_dial_ns;
	uint64_t dial_ns;   /* how long the last attempt took */
	uint64_t outage_ns; /* since when dialling fails; 0 = it does not */
	size_t fails;
	bool silent; /* the last attempt got no answer */
	bool ever;   /* was connected once */
	bool starving;
	bool dirty; /* flush has something to do */
	bool unnamed;
	bool explicit_tx; /* the server's defaults are not those of the source: implicit transactions are not tried */
	bool closing;
	bool drain;
	bool torn;     /* handles are being closed */
	void **answer; /* the results in the callback that runs now */
	size_t nanswer;
	size_t handles;
	uint64_t fast_seen_ns;
	uint64_t write_seen_ns;
	uint64_t batch_ns;      /* moving average of a shared batch */
	pg_trip trip;           /* the way to the server and back */
	uint64_t rescue_credit; /* in hundredths of a job */
	uint64_t readonly_ns;   /* when connections were last dropped for 25006 */
	uint64_t suspect_ns;    /* when a connection was last lost: older ones may have lost theirs, too */
	uint64_t yielded_ns;    /* when a connection was last given up for another worker */
	pg_server server;
	pg_pool_stats stats;
	void (*closed)(void *);
	void *closed_data;
};

/* pg_pool.c */
void pg_queue_push(pg_queue *q, pg_job *j);
void pg_queue_push_front(pg_queue *q, pg_job *j);
void pg_queue_remove(pg_queue *q, pg_job *j);
pg_queue *pg_pool_queue_of(pg_pool *p, const pg_job *j);
static inline size_t pg_pool_waiting(const pg_pool *p)
{
	return p->fast.n + p->slow.n + p->write.n;
}
/* To the queue it belongs in; front: it has waited before. */
void pg_pool_enqueue(pg_pool *p, pg_job *j, bool front);
/* Calls done with the error of this kind at the next flush. */
void pg_pool_fail_later(pg_pool *p, pg_job *j, pg_error_kind kind);
void pg_pool_torn_one(pg_pool *p); /* a handle was closed */
static inline bool pg_job_is_write(const pg_job *j)
{
	return j->mode == PG_WRITE_TX;
}

/* A transaction that begins with its first statement and ends with its Sync. */
static inline bool pg_job_is_implicit(const pg_job *j)
{
	return j->mode == PG_WRITE_TX && j->implicit && !j->pool->explicit_tx;
}

/* pg_dispatch.c */
void pg_pool_flush(pg_pool *p);
void pg_pool_maybe_open(pg_pool *p);
void pg_pool_dialed(pg_pool *p, pg_dialing *d);
/* No connection came about, or one that gave no answer at all (a pooler before a dead server). */
void pg_pool_dial_failed(pg_pool *p, const pg_error *e);

/* pg_tick.c */
void pg_pool_start_ticking(pg_pool *p);
void pg_pool_on_tick(uv_timer_t *t);

/* pg_conn.c */
void pg_conn_dial(pg_pool *p);
/* Takes a ready connection into the pool; false when the loop refuses it (closed then). */
bool pg_conn_adopt(pg_pool *p, PGconn *pg);
/* Frees it. Its jobs must be gone. */
void pg_conn_close(pg_conn *c);
void pg_conn_break(pg_conn *c, const char *why);
/* Writes what libpq holds back; watches the socket for what does not fit. */
void pg_conn_flush(pg_conn *c);
/* False when the peer has closed: asked before what must not be lost is written. */
bool pg_conn_peek(pg_conn *c);
static inline bool pg_conn_idle(const pg_conn *c)
{
	return c->nsegs == 0 && !c->broken && !c->cancelling;
}

/* pg_send.c: on failure the connection is marked broken. */
pg_seg *pg_send_open(pg_conn *c, bool fast, bool tx, bool house);
/* A bare Sync ahead of its jobs, when it is time to see how long the way is and nothing else is under way. */
void pg_send_trip(pg_conn *c, const pg_seg *s);
void pg_send_job(pg_conn *c, pg_seg *s, pg_job *j);
void pg_send_control(pg_conn *c, pg_control ctl, const char *sql, pg_job *j, bool last);
void pg_send_close(pg_conn *c, pg_seg *s);
/* Now, or behind the Sync that is awaited. */
void pg_send_rollback(pg_conn *c);
void pg_send_dead_names(pg_conn *c);
static inline pg_op *pg_ops_at(pg_conn *c, size_t i)
{
	return &c->ops[(c->ops_head + i) & (c->ops_cap - 1)];
}

/* pg_recv.c */
void pg_recv(pg_conn *c);

/* pg_heal.c */
/* Takes the job out of its segment; its expected answers go to nobody. */
void pg_job_detach(pg_job *j);
void pg_job_clear_results(pg_job *j);
/* Calls done and gives the job back. */
void pg_job_finish(pg_job *j);
void pg_job_fail(pg_job *j, const pg_error *e);
/* Again from the queue. */
void pg_job_replay(pg_job *j, bool alone);
/* An error answer to op, which is at the head. */
void pg_heal_answer(pg_conn *c, pg_op op, const PGresult *res);
/* Gives a broken connection up: its reads go back to the queue, its writes fail. */
void pg_heal_reap(pg_conn *c);

/* pg_cancel.c */
void pg_cancel_start(pg_conn *c);
/* The connection goes away under it. */
void pg_cancel_forget(pg_conn *c);
