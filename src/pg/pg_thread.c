#include "pg/pg_thread.h"
#include "base/arena.h"
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { STACK_BYTES = 1 << 20, LAST_WAIT_S = 1 };

typedef struct helper {
	pthread_t thread;
	void (*fn)(void *);
	void *arg;
	bool ended; /* under threads.lock; its thread is about to return */
	struct helper *next;
} helper;

/* Those not joined yet: a singleton, as the exit of a process is one. */
static struct {
	pthread_mutex_t lock;
	pthread_once_t once;
	helper *first;
} threads = {.lock = PTHREAD_MUTEX_INITIALIZER, .once = PTHREAD_ONCE_INIT};

static void *enter(void *data)
{
	helper *h = data;
	h->fn(h->arg);
	pthread_mutex_lock(&threads.lock);
	h->ended = true;
	pthread_mutex_unlock(&threads.lock);
	return NULL;
}

static helper *take(bool only_ended)
{
	pthread_mutex_lock(&threads.lock);
	helper **at = &threads.first;
	while (*at && only_ended && !(*at)->ended)
		at = &(*at)->next;
	helper *h = *at;
	if (h) *at = h->next;
	pthread_mutex_unlock(&threads.lock);
	return h;
}

/*
 * What libpq leans on (Kerberos, OpenSSL) takes its locks apart in the destructors of exit(); a thread that still connects
 * would then run into them and abort the process. So the end waits for the helpers, and goes without the destructors when
 * one of them hangs.
 */
static void await_all(int status, void *arg)
{
	struct timespec until;
	(void)arg;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += LAST_WAIT_S;
	for (helper *h; (h = take(false)) != NULL; mem_free(h)) {
		if (pthread_timedjoin_np(h->thread, NULL, &until) == 0) continue;
		fflush(NULL);
		_exit(status);
	}
}

static void await_all_at_exit(void)
{
	(void)on_exit(await_all, NULL);
}

/* Joined rather than detached: only then is a thread known to be out of the libraries. */
static void join_ended(void)
{
	for (helper *h; (h = take(true)) != NULL; mem_free(h))
		pthread_join(h->thread, NULL);
}

static bool create(helper *h)
{
	pthread_attr_t attr;
	sigset_t all, before;
	sigfillset(&all);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	/* Signals belong to the main thread; a new thread inherits the mask. */
	pthread_sigmask(SIG_SETMASK, &all, &before);
	/* Under the lock: whoever finds it in the list finds its thread in it. */
	pthread_mutex_lock(&threads.lock);
	bool ok = pthread_create(&h->thread, &attr, enter, h) == 0;
	if (ok) {
		h->next = threads.first;
		threads.first = h;
	}
	pthread_mutex_unlock(&threads.lock);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return ok;
}

bool pg_thread_start(void (*fn)(void *), void *arg)
{
	pthread_once(&threads.once, await_all_at_exit);
	join_ended();
	helper *h = mem_alloc(sizeof(*h));
	*h = (helper){.fn = fn, .arg = arg};
	if (create(h)) return true;
	mem_free(h);
	return false;
}

struct pg_mailbox {
	uv_async_t async;
	pthread_mutex_t lock;
	atomic_uint refs;
	bool open; /* under lock */
	pg_task *first;
	void (*closed)(void *);
	void *data;
};

static void unref(pg_mailbox *b)
{
	if (atomic_fetch_sub(&b->refs, 1) != 1) return;
	pthread_mutex_destroy(&b->lock);
	mem_free(b);
}

static pg_task *take_all(pg_mailbox *b)
{
	pthread_mutex_lock(&b->lock);
	pg_task *t = b->first;
	b->first = NULL;
	pthread_mutex_unlock(&b->lock);
	return t;
}

static void on_async(uv_async_t *h)
{
	pg_mailbox *b = h->data;
	/* A done callback may close the mailbox; its memory stays until the handle is closed. */
	for (pg_task *t = take_all(b), *next; t; t = next) {
		next = t->next;
		(b->open ? t->done : t->drop)(t);
	}
}

static void work(void *arg)
{
	pg_task *t = arg;
	pg_mailbox *b = t->box;
	t->run(t);
	pthread_mutex_lock(&b->lock);
	bool open = b->open;
	if (open) {
		t->next = b->first;
		b->first = t;
		uv_async_send(&b->async);
	}
	pthread_mutex_unlock(&b->lock);
	if (!open) t->drop(t);
	unref(b);
}

bool pg_task_start(pg_mailbox *b, pg_task *t)
{
	t->box = b;
	atomic_fetch_add(&b->refs, 1);
	if (pg_thread_start(work, t)) return true;
	unref(b);
	return false;
}

pg_mailbox *pg_mailbox_new(uv_loop_t *loop)
{
	pg_mailbox *b = mem_alloc(sizeof(*b));
	pthread_mutex_init(&b->lock, NULL);
	atomic_init(&b->refs, 1);
	b->open = true;
	uv_async_init(loop, &b->async, on_async);
	b->async.data = b;
	uv_unref((uv_handle_t *)&b->async);
	return b;
}

static void on_closed(uv_handle_t *h)
{
	pg_mailbox *b = h->data;
	for (pg_task *t = take_all(b), *next; t; t = next) {
		next = t->next;
		t->drop(t);
	}
	if (b->closed) b->closed(b->data);
	unref(b);
}

void pg_mailbox_close(pg_mailbox *b, void (*closed)(void *), void *data)
{
	pthread_mutex_lock(&b->lock);
	b->open = false;
	pthread_mutex_unlock(&b->lock);
	b->closed = closed;
	b->data = data;
	uv_close((uv_handle_t *)&b->async, on_closed);
}
