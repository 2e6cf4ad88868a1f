#include "server/each_worker.h"

typedef struct asked asked;

typedef struct part {
	asked *of;
	server_worker *sw;
	void *memory;
} part;

/* On the heap: the client may leave while workers still answer. */
struct asked {
	const each_worker *q;
	call *c; /* NULL: has left */
	worker *home;
	void *about;
	size_t n;
	atomic_size_t left;
	part parts[];
};

static void asked_free(asked *a)
{
	for (size_t i = 0; i < a->n; i++) {
		if (a->q->drop) a->q->drop(a->parts[i].memory);
		mem_free(a->parts[i].memory);
	}
	mem_free(a->about);
	mem_free(a);
}

static void answer(void *arg)
{
	asked *a = arg;
	call *c = a->c;
	if (c) {
		void **parts = NEW_ARRAY(c->a, void *, a->n);
		for (size_t i = 0; i < a->n; i++)
			parts[i] = a->parts[i].memory;
		http_request_on_abort(c->req, NULL, NULL);
		a->q->answer(c, parts, a->n);
	}
	asked_free(a);
}

/* Of a worker that has ended nobody waits for an answer. */
static void part_done(asked *a)
{
	if (atomic_fetch_sub(&a->left, 1) == 1 && !worker_post(a->home, answer, a)) asked_free(a);
}

static void tell(void *arg)
{
	part *p = arg;
	/* NULL: the worker is about to end. */
	if (p->sw->live) p->of->q->tell(p->sw, p->memory, p->of->about);
	part_done(p->of);
}

static void aborted(void *data)
{
	asked *a = data;
	a->c = NULL;
}

void each_worker_ask(call *c, const each_worker *q, const void *about, size_t bytes)
{
	server *s = c->srv;
	size_t n = worker_group_count(s->group);
	asked *a = mem_alloc(size_add(sizeof *a, size_mul(n, sizeof a->parts[0])));
	a->q = q;
	a->c = c;
	a->home = c->sw->w;
	a->about = mem_alloc(bytes + 1);
	if (bytes) memcpy(a->about, about, bytes);
	a->n = n;
	/* One more, so that nobody is the last before all are asked. */
	atomic_init(&a->left, n + 1);
	http_request_on_abort(c->req, aborted, a);
	for (unsigned i = 0; i < n; i++) {
		a->parts[i] = (part){.of = a, .sw = &s->workers[i], .memory = mem_alloc(q->size)};
		if (!worker_post(worker_group_get(s->group, i), tell, &a->parts[i])) part_done(a);
	}
	part_done(a);
}
