#include "loop/worker.h"
#include "base/arena.h"
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>

enum {
	HOOKS_MAX = 16,
	CLOSE_GUARD_MS = 5000, /* a handle somebody forgot to close must not keep the process for ever */
};

typedef struct post {
	struct post *next;
	void (*fn)(void *arg);
	void *arg;
} post;

/* The head of the queue of a worker that has ended: pushing is over. */
static const post closed_mark;

static post *queue_closed(void)
{
	return (post *)(uintptr_t)&closed_mark; /* never written through */
}

typedef struct sleep_hook {
	void (*fn)(void *arg);
	void *arg;
} sleep_hook;

typedef enum worker_phase { PHASE_RUN, PHASE_DRAIN, PHASE_STOP } worker_phase;

struct worker_private {
	uv_thread_t thread;
	pthread_t self;
	_Atomic(post *) queue; /* newest first; taken whole and reversed */
	uv_async_t wake;
	uv_prepare_t prepare;
	uv_timer_t grace;
	uv_timer_t guard;
	sleep_hook hooks[HOOKS_MAX];
	unsigned hook_count;
	uint64_t held;
	worker_phase phase;
	unsigned started; /* services whose start hook succeeded */
	bool start_ok;
	error start_err;
	arena *start_arena;
};

struct worker_group {
	const char *name;
	unsigned count;
	worker *workers;
	struct worker_private *privs;
	worker_service services[HOOKS_MAX];
	unsigned service_count;
	uv_sem_t ready; /* one post per worker whose start hooks are done */
	atomic_uint_fast64_t grace_ms;
	bool running;
};

static void worker_finish(worker *w);

static post *queue_take(struct worker_private *p, post *leave)
{
	post *list = atomic_exchange_explicit(&p->queue, leave, memory_order_acq_rel);
	post *out = NULL;

	while (list && list != queue_closed()) {
		post *next = list->next;
		list->next = out;
		out = list;
		list = next;
	}
	return out;
}

static void queue_run(post *list)
{
	while (list) {
		post *next = list->next;
		list->fn(list->arg);
		mem_free(list);
		list = next;
	}
}

bool worker_post(worker *w, void (*fn)(void *arg), void *arg)
{
	post *item = mem_alloc(sizeof(*item));
	post *head = atomic_load_explicit(&w->priv->queue, memory_order_acquire);

	item->fn = fn;
	item->arg = arg;
	do {
		if (head == queue_closed()) {
			mem_free(item);
			return false;
		}
		item->next = head;
	} while (!atomic_compare_exchange_weak_explicit(
		&w->priv->queue, &head, item, memory_order_acq_rel, memory_order_acquire));
	/* Whoever made the queue non-empty wakes the loop; the others ride along. */
	if (!head) uv_async_send(&w->priv->wake);
	return true;
}

static void on_wake(uv_async_t *h)
{
	worker *w = h->data;

	queue_run(queue_take(w->priv, NULL));
}

static void on_prepare(uv_prepare_t *h)
{
	worker *w = h->data;

	for (unsigned i = 0; i < w->priv->hook_count; i++)
		w->priv->hooks[i].fn(w->priv->hooks[i].arg);
}

void worker_before_sleep(worker *w, void (*fn)(void *arg), void *arg)
{
	struct worker_private *p = w->priv;

	if (p->hook_count == HOOKS_MAX) __builtin_trap();
	p->hooks[p->hook_count++] = (sleep_hook){fn, arg};
}

bool worker_is_current(const worker *w)
{
	return pthread_equal(pthread_self(), w->priv->self) != 0;
}

void worker_hold(worker *w)
{
	w->priv->held++;
}

void worker_release(worker *w)
{
	w->priv->held--;
	if (w->priv->held == 0 && w->priv->phase == PHASE_DRAIN) worker_finish(w);
}

static void on_guard(uv_timer_t *h)
{
	uv_stop(h->loop);
}

static void on_grace(uv_timer_t *h)
{
	worker_finish(h->data);
}

/* The last phase: services close their handles, then the loop ends by itself. */
static void worker_finish(worker *w)
{
	struct worker_private *p = w->priv;

	if (p->phase == PHASE_STOP) return;
	p->phase = PHASE_STOP;
	w->draining = true;
	uv_timer_stop(&p->grace);
	while (p->started > 0) {
		const worker_service *s = &w->group->services[--p->started];
		if (s->stop) s->stop(w, s->ctx);
	}
	uv_unref((uv_handle_t *)&p->wake);
	uv_timer_start(&p->guard, on_guard, CLOSE_GUARD_MS, 0);
	uv_unref((uv_handle_t *)&p->guard);
}

static void worker_drain(void *arg)
{
	worker *w = arg;
	struct worker_private *p = w->priv;
	uint64_t grace = atomic_load(&w->group->grace_ms);
	bool first = p->phase == PHASE_RUN;

	if (p->phase == PHASE_STOP) return;
	if (first) {
		p->phase = PHASE_DRAIN;
		w->draining = true;
		p->held++; /* drain hooks may release the last hold: finish after them */
		for (unsigned i = 0; i < p->started; i++) {
			const worker_service *s = &w->group->services[i];
			if (s->drain) s->drain(w, s->ctx);
		}
		p->held--;
	}
	if (p->held == 0 || grace == 0) {
		worker_finish(w);
		return;
	}
	if (first || uv_timer_get_due_in(&p->grace) > grace) uv_timer_start(&p->grace, on_grace, grace, 0);
}

static bool worker_start_services(worker *w)
{
	struct worker_private *p = w->priv;

	for (unsigned i = 0; i < w->group->service_count; i++) {
		const worker_service *s = &w->group->services[i];
		if (!s->start(w, s->ctx, &p->start_err)) return false;
		p->started++;
	}
	return true;
}

static void worker_thread(void *arg)
{
	worker *w = arg;
	struct worker_private *p = w->priv;
	char name[16];

	p->self = pthread_self();
	snprintf(name, sizeof(name), "%.10s-%u", w->group->name, w->index);
	pthread_setname_np(p->self, name);
	p->start_ok = worker_start_services(w);
	if (!p->start_ok) worker_finish(w);
	uv_sem_post(&w->group->ready);
	uv_run(&w->loop, UV_RUN_DEFAULT);
	/* From here on posts are refused; those already in run now, so that no argument is lost. */
	queue_run(queue_take(p, queue_closed()));
}

static bool worker_init(worker_group *g, unsigned i, error *err)
{
	worker *w = &g->workers[i];
	struct worker_private *p = &g->privs[i];
	int rc = uv_loop_init(&w->loop);

	if (rc == 0) {
		rc = uv_async_init(&w->loop, &p->wake, on_wake);
		if (rc != 0) uv_loop_close(&w->loop);
	}
	if (rc != 0)
		return error_set(err, ERR_START_FAILED, STR_NULL, "cannot start worker %u: %s", i, uv_strerror(rc));
	w->group = g;
	w->index = i;
	w->priv = p;
	p->wake.data = w;
	uv_prepare_init(&w->loop, &p->prepare);
	p->prepare.data = w;
	uv_prepare_start(&p->prepare, on_prepare);
	uv_unref((uv_handle_t *)&p->prepare);
	uv_timer_init(&w->loop, &p->grace);
	p->grace.data = w;
	uv_timer_init(&w->loop, &p->guard);
	p->start_arena = arena_new(0);
	error_init(&p->start_err, p->start_arena);
	return true;
}

/* After the thread has ended: closes what is left; what others forgot stays open and is not freed under them. */
static void worker_close(worker *w)
{
	struct worker_private *p = w->priv;

	queue_run(queue_take(p, queue_closed()));
	uv_close((uv_handle_t *)&p->wake, NULL);
	uv_close((uv_handle_t *)&p->prepare, NULL);
	uv_close((uv_handle_t *)&p->grace, NULL);
	uv_close((uv_handle_t *)&p->guard, NULL);
	uv_run(&w->loop, UV_RUN_NOWAIT);
	uv_loop_close(&w->loop);
	arena_free(p->start_arena);
}

static unsigned core_count(void)
{
	cpu_set_t set;
	int n = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;

	return n < 1 ? 1 : n > WORKER_MAX ? WORKER_MAX : (unsigned)n;
}

bool worker_group_new(const char *name, unsigned count, worker_group **out, error *err)
{
	worker_group *g = mem_alloc(sizeof(*g));

	signal(SIGPIPE, SIG_IGN);
	g->name = name;
	if (count == 0) count = core_count();
	if (count > WORKER_MAX) count = WORKER_MAX;
	g->workers = mem_alloc(size_mul(count, sizeof(*g->workers)));
	g->privs = mem_alloc(size_mul(count, sizeof(*g->privs)));
	uv_sem_init(&g->ready, 0);
	for (; g->count < count; g->count++) {
		if (!worker_init(g, g->count, err)) {
			worker_group_free(g);
			return false;
		}
	}
	*out = g;
	return true;
}

void worker_group_add(worker_group *g, const worker_service *service)
{
	if (g->service_count == HOOKS_MAX) __builtin_trap();
	g->services[g->service_count++] = *service;
}

bool worker_group_start(worker_group *g, error *err)
{
	unsigned started = 0;
	const error *failed = NULL;

	for (; started < g->count; started++) {
		worker *w = &g->workers[started];
		if (uv_thread_create(&w->priv->thread, worker_thread, w) != 0) break;
	}
	for (unsigned i = 0; i < started; i++)
		uv_sem_wait(&g->ready);
	g->running = started == g->count;
	for (unsigned i = 0; i < started && !failed; i++) {
		if (!g->privs[i].start_ok) failed = &g->privs[i].start_err;
	}
	if (g->running && !failed) return true;
	worker_group_stop(g, 0);
	for (unsigned i = 0; i < started; i++)
		uv_thread_join(&g->privs[i].thread);
	g->running = false;
	if (!failed) return error_set(err, ERR_START_FAILED, STR_NULL, "cannot start a thread");
	return error_set(err, failed->code, STR_NULL, "%.*s", STR_ARG(failed->message));
}

void worker_group_stop(worker_group *g, uint64_t grace_ms)
{
	atomic_store(&g->grace_ms, grace_ms);
	for (unsigned i = 0; i < g->count; i++) {
		if (!worker_post(&g->workers[i], worker_drain, &g->workers[i])) continue; /* has ended already */
	}
}

void worker_group_join(worker_group *g)
{
	if (!g->running) return;
	for (unsigned i = 0; i < g->count; i++)
		uv_thread_join(&g->privs[i].thread);
	g->running = false;
}

void worker_group_free(worker_group *g)
{
	if (!g) return;
	for (unsigned i = 0; i < g->count; i++)
		worker_close(&g->workers[i]);
	uv_sem_destroy(&g->ready);
	mem_free(g->privs);
	mem_free(g->workers);
	mem_free(g);
}

unsigned worker_group_count(const worker_group *g)
{
	return g->count;
}

worker *worker_group_get(const worker_group *g, unsigned index)
{
	return &g->workers[index];
}

struct timer {
	uv_timer_t handle;
	void (*fn)(void *arg);
	void *arg;
};

static void on_timer(uv_timer_t *h)
{
	timer *t = h->data;

	t->fn(t->arg);
}

static void on_timer_closed(uv_handle_t *h)
{
	mem_free(h->data);
}

timer *timer_start(worker *w, uint64_t ms, uint64_t repeat_ms, void (*fn)(void *arg), void *arg)
{
	timer *t = mem_alloc(sizeof(*t));

	t->fn = fn;
	t->arg = arg;
	uv_timer_init(&w->loop, &t->handle);
	t->handle.data = t;
	uv_timer_start(&t->handle, on_timer, ms, repeat_ms);
	uv_unref((uv_handle_t *)&t->handle);
	return t;
}

void timer_again(timer *t, uint64_t ms, uint64_t repeat_ms)
{
	uv_timer_start(&t->handle, on_timer, ms, repeat_ms);
}

void timer_stop(timer *t)
{
	if (!t) return;
	uv_timer_stop(&t->handle);
	uv_close((uv_handle_t *)&t->handle, on_timer_closed);
}
