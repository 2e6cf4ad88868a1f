#include "pg/pg_thread.h"
#include "base/arena.h"
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

enum { STACK_BYTES = 1 << 20 };

typedef struct start {
	void (*fn)(void *);
	void *arg;
} start;

static void *enter(void *data)
{
	start s = *(start *)data;
	mem_free(data);
	s.fn(s.arg);
	return NULL;
}

bool pg_thread_start(void (*fn)(void *), void *arg)
{
	start *s = mem_alloc(sizeof(*s));
	*s = (start){.fn = fn, .arg = arg};
	pthread_attr_t attr;
	pthread_t thread;
	sigset_t all, before;
	sigfillset(&all);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	/* Signals belong to the main thread; a new thread inherits the mask. */
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int rc = pthread_create(&thread, &attr, enter, s);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	if (rc != 0) mem_free(s);
	return rc == 0;
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
