/*
 * introspect: the step of an introspection root. An answer that is known is there at once; another is rendered on libuv's
 * threads, so that nobody waits for the seconds a large schema takes.
 * The work holds the plan by itself: the request may leave while it runs.
 */
#include "exec/cache.h"
#include "exec/step.h"
#include "schema/introspect.h"

typedef struct rendering {
	uv_work_t work;
	exec_step *step; /* NULL: nobody waits any more */
	cached *plan;    /* holds the snapshot */
	const introspect_query *query;
	arena *a;
	introspect_entry *entry;
	error err;
	bool ok;
} rendering;

/* Of a step: the answer, or the work that makes it. */
typedef struct introspect_data {
	introspect_entry *entry;
	rendering *under_way;
} introspect_data;

static const introspect_query *query_of(const exec_step *s)
{
	return s->run->plan->roots[s->roots[0]].introspect;
}

static void render(uv_work_t *work)
{
	rendering *r = work->data;
	r->ok = introspect_answer(r->plan->plan->snap, r->query, &r->entry, &r->err);
}

/* On the worker's thread again. */
static void rendered(uv_work_t *work, int status)
{
	rendering *r = work->data;
	exec_step *s = r->step;
	bool ok = !status && r->ok;
	if (s) {
		introspect_data *d = s->data;
		d->under_way = NULL;
		d->entry = r->entry;
		if (!ok) error_set(&s->run->err, r->err.code, STR(""), "%.*s", STR_ARG(r->err.message));
	} else {
		introspect_entry_unref(r->entry);
	}
	cached_release(r->plan);
	arena_free(r->a);
	mem_free(r);
	if (s) exec_step_done(s, ok);
}

static rendering *begin(exec_step *s)
{
	rendering *r = mem_alloc(sizeof *r);
	r->work.data = r;
	r->step = s;
	r->plan = cached_hold(s->run->entry);
	r->query = query_of(s);
	r->a = arena_new(0);
	error_init(&r->err, r->a);
	return r;
}

static void introspect_start(exec_step *s)
{
	introspect_data *d = NEW(s->run->a, introspect_data);
	s->data = d;
	d->entry = introspect_known(s->run->snap, query_of(s));
	if (d->entry) {
		exec_step_done(s, true);
		return;
	}
	d->under_way = begin(s);
	if (uv_queue_work(exec_run_loop(s->run), &d->under_way->work, render, rendered))
		mem_fail("libuv takes no work");
}

static void introspect_cancel(exec_step *s)
{
	introspect_data *d = s->data;
	if (!d || !d->under_way) return;
	d->under_way->step = NULL;
	uv_cancel((uv_req_t *)&d->under_way->work); /* if it did not begin */
	d->under_way = NULL;
}

static bool introspect_write(exec_step *s, size_t i, buf *b, error *err)
{
	(void)i;
	(void)err;
	introspect_data *d = s->data;
	introspect_entry_json(d->entry, b);
	return true;
}

static void introspect_release(exec_step *s)
{
	introspect_data *d = s->data;
	if (d) introspect_entry_unref(d->entry);
	s->data = NULL;
}

introspect_entry *exec_introspect_take(exec_step *s)
{
	introspect_data *d = s->data;
	introspect_entry *e = d->entry;
	d->entry = NULL;
	return e;
}

const exec_step_kind exec_introspect_step = {.name = "introspect",
	.start = introspect_start,
	.cancel = introspect_cancel,
	.write = introspect_write,
	.release = introspect_release};
