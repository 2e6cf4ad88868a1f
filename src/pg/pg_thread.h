/*
 * pg_thread: work that may block (connecting, cancelling) on threads of its own, so that a hung source cannot occupy a
 * thread another one needs. The process's end waits for them, up to 1 s. For this room only.
 */
#pragma once
#include <stdbool.h>
#include <uv.h>

/* Runs fn(arg) on a new thread with all signals blocked; false when no thread can be made. */
bool pg_thread_start(void (*fn)(void *), void *arg);

typedef struct pg_mailbox pg_mailbox;
typedef struct pg_task pg_task;

/* Embedded in what the work needs. */
struct pg_task {
	void (*run)(pg_task *t);  /* on the helper thread */
	void (*done)(pg_task *t); /* on the loop's thread, when the mailbox is still open; frees */
	void (*drop)(pg_task *t); /* on any thread, when it is not; frees, touches nothing of the loop */
	pg_mailbox *box;
	pg_task *next;
};

/* Where finished tasks come back to the loop. Does not keep the loop alive. */
pg_mailbox *pg_mailbox_new(uv_loop_t *loop);
/* Loop thread. Tasks under way end in drop. closed(data) when the handle is gone. */
void pg_mailbox_close(pg_mailbox *b, void (*closed)(void *), void *data);
/* False when no thread could be made: neither run nor done nor drop is called. */
bool pg_task_start(pg_mailbox *b, pg_task *t);
