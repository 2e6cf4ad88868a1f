/*
 * worker: the threads of the program. A worker_group has N workers; each is one thread with one libuv loop.
 *
 * Life: worker_group_new -> worker_group_add (services) -> worker_group_start -> … -> worker_group_stop (any thread)
 * -> worker_group_join -> worker_group_free. A *service* is what a room above puts on every worker: its hooks run on
 * the worker's own thread, start in the order of adding, drain likewise, stop in reverse order.
 *
 *   start  makes handles on w->loop; false fails the whole start (hooks of what had started are stopped again)
 *   drain  a graceful stop began: take no new work; finish what runs. Work that must finish holds the worker
 *          (worker_hold … worker_release)
 *   stop   nothing is held any more, or the grace is over: close all handles; the loop then runs until they are closed
 *
 * A group of one worker without listeners is also the "builder" thread for blocking work: worker_post to it.
 * Threads: all functions belong to the worker's own thread unless they say otherwise.
 */
#pragma once
#include "base/error.h"
#include "loop/timeouts.h"
#include <uv.h>

typedef struct worker worker;
typedef struct worker_group worker_group;

typedef struct worker_service {
	const char *name; /* for error messages; static text */
	bool (*start)(worker *w, void *ctx, error *err);
	void (*drain)(worker *w, void *ctx); /* may be NULL */
	void (*stop)(worker *w, void *ctx);  /* may be NULL */
	void *ctx;                           /* shared by all workers; per-worker state: an array indexed by w->index */
} worker_service;

/* What of a worker others may touch. */
struct worker {
	uv_loop_t loop;
	worker_group *group;
	unsigned index; /* 0 … count-1 */
	bool draining;  /* a graceful stop has begun */
	void *user;     /* for the floor that puts the server together; unused here */
	struct worker_private *priv;
};

enum { WORKER_MAX = 256 };

/* A group of `count` workers (0: one per core), not running yet. name (static, at most 10 characters) names the
 * threads. Ignores SIGPIPE for the process. Error: no loop could be made. */
MUST_CHECK bool worker_group_new(const char *name, unsigned count, worker_group **out, error *err);
/* Before worker_group_start. *service is copied. */
void worker_group_add(worker_group *g, const worker_service *service);
/* Starts the threads and waits until every start hook has run. On failure everything is stopped and joined. */
MUST_CHECK bool worker_group_start(worker_group *g, error *err);
/* Begins a graceful stop on every worker: drain hooks, then stop hooks once nothing is held or after grace_ms. A second
 * call with a shorter grace shortens the wait. Returns at once; any thread (no signal handler). */
void worker_group_stop(worker_group *g, uint64_t grace_ms);
/* Waits for the threads to end. Any thread but a worker. */
void worker_group_join(worker_group *g);
/* After worker_group_join (or when never started). Posted calls that came too late are dropped. */
void worker_group_free(worker_group *g);
unsigned worker_group_count(const worker_group *g);
worker *worker_group_get(const worker_group *g, unsigned index);

/* Runs fn(arg) on w's thread soon, in the order of posting (per poster). Any thread. False: the worker has ended and fn
 * will never run (arg stays the caller's). O(1), one small allocation, one wake-up for a burst. */
MUST_CHECK bool worker_post(worker *w, void (*fn)(void *arg), void *arg);
/* True when the calling thread is w's. */
bool worker_is_current(const worker *w);

/* Calls fn(arg) each time just before the loop sleeps: the place to send a tick's gathered work in one go. Stays for
 * the worker's life. */
void worker_before_sleep(worker *w, void (*fn)(void *arg), void *arg);

/* Work in flight that a graceful stop waits for. */
void worker_hold(worker *w);
void worker_release(worker *w);

/* A timer on the heap: fn(arg) after ms, then every repeat_ms (0: once). timer_stop ends and frees it, also inside fn;
 * NULL is fine. A once-timer must be stopped too. Timers do not keep a stopping worker alive, but must be stopped by
 * the stop hook. */
typedef struct timer timer;
timer *timer_start(worker *w, uint64_t ms, uint64_t repeat_ms, void (*fn)(void *arg), void *arg);
void timer_again(timer *t, uint64_t ms, uint64_t repeat_ms);
void timer_stop(timer *t);
