#include "admin/aside.h"
#include "base/clock.h"
#include <time.h>

#define SECOND UINT64_C(1000000000)

enum {
	ASIDE_THREADS = 8,
	ASIDE_CONNECTIONS = 4, /* idle ones a thread keeps */
	ASIDE_IDLE_S = 10
};

typedef struct aside_job {
	struct aside_job *next;
	arena *a; /* of the job and the copies of links */
	candidate c;
} aside_job;

/* A connection a thread keeps for the next request to the same link. */
typedef struct kept {
	uint64_t link;
	pg_sync *pg;
} kept;

typedef struct aside_thread {
	aside *owner;
	pthread_t id;
	kept kept[ASIDE_CONNECTIONS];
	size_t nkept;
} aside_thread;

struct aside {
	admin *adm;
	pthread_mutex_t lock;
	pthread_cond_t work;
	aside_job *first, **end;
	size_t waiting; /* threads without work */
	size_t nthreads;
	aside_thread threads[ASIDE_THREADS];
	bool stop;
};

/* ---- links of a request, its own ---- */

static db_link *copy_link(arena *a, const db_link *l)
{
	db_link *x = NEW(a, db_link);
	x->key = str_copy(a, l->key);
	x->id = l->id;
	x->params = l->params ? pg_params_ref(l->params) : NULL;
	x->cat = l->cat ? catalog_ref(l->cat) : NULL;
	x->why = str_copy(a, l->why);
	x->internal = l->internal ? json_copy(a, l->internal) : NULL;
	return x;
}

static void drop_links(aside_job *j)
{
	for (size_t i = 0; i < j->c.nlinks; i++) {
		db_link *l = j->c.links[i];
		pg_sync_close(l->pg);
		pg_params_unref(l->params);
		if (l->cat) catalog_unref(l->cat);
	}
}

static void take_kept(aside_thread *t, db_link *l)
{
	for (size_t i = 0; i < t->nkept; i++) {
		if (t->kept[i].link != l->id) continue;
		l->pg = t->kept[i].pg;
		t->kept[i] = t->kept[--t->nkept];
		return;
	}
}

static void keep(aside_thread *t, db_link *l)
{
	if (!l->pg || !pg_sync_alive(l->pg) || t->nkept == ASIDE_CONNECTIONS) return;
	t->kept[t->nkept++] = (kept){.link = l->id, .pg = l->pg};
	l->pg = NULL;
}

static void close_kept(aside_thread *t)
{
	while (t->nkept)
		pg_sync_close(t->kept[--t->nkept].pg);
}

/* ---- running ---- */

static void run_job(aside_thread *t, aside_job *j)
{
	admin_request *r = j->c.req;
	for (size_t i = 0; i < j->c.nlinks; i++)
		take_kept(t, j->c.links[i]);
	r->ok = dispatch_run(&j->c, &r->err);
	if (!r->ok) {
		buf_free(&r->out);
		r->out = (buf){0};
	}
	for (size_t i = 0; i < j->c.nlinks; i++)
		keep(t, j->c.links[i]);
	drop_links(j);
	candidate_end(&j->c);
	arena_free(j->a);
	r->done(r);
}

/* The next job; NULL: none came while connections may lie idle, or it is time to end. */
static aside_job *next_job(aside *s)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ASIDE_IDLE_S;
	int rc = 0;
	s->waiting++;
	while (!s->first && !s->stop && rc == 0)
		rc = pthread_cond_timedwait(&s->work, &s->lock, &until);
	s->waiting--;
	aside_job *j = s->stop ? NULL : s->first;
	if (!j) return NULL;
	s->first = j->next;
	if (!s->first) s->end = &s->first;
	return j;
}

static void *run(void *arg)
{
	aside_thread *t = arg;
	aside *s = t->owner;
	pthread_mutex_lock(&s->lock);
	while (!s->stop) {
		aside_job *j = next_job(s);
		pthread_mutex_unlock(&s->lock);
		if (j) run_job(t, j);
		else close_kept(t);
		pthread_mutex_lock(&s->lock);
	}
	pthread_mutex_unlock(&s->lock);
	close_kept(t);
	return NULL;
}

/* ---- life ---- */

aside *aside_new(admin *adm)
{
	aside *s = mem_alloc(sizeof(*s));
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->work, &attr);
	pthread_condattr_destroy(&attr);
	s->adm = adm;
	s->end = &s->first;
	return s;
}

static void refuse(aside_job *j)
{
	admin_request *r = j->c.req;
	r->ok = error_set(&r->err, ERR_UNEXPECTED, STR(""), "the server is stopping");
	drop_links(j);
	candidate_end(&j->c);
	arena_free(j->a);
	r->done(r);
}

void aside_free(aside *s)
{
	if (!s) return;
	pthread_mutex_lock(&s->lock);
	s->stop = true;
	pthread_cond_broadcast(&s->work);
	pthread_mutex_unlock(&s->lock);
	for (size_t i = 0; i < s->nthreads; i++)
		pthread_join(s->threads[i].id, NULL);
	while (s->first) {
		aside_job *j = s->first;
		s->first = j->next;
		refuse(j);
	}
	pthread_cond_destroy(&s->work);
	pthread_mutex_destroy(&s->lock);
	mem_free(s);
}

static aside_job *new_job(aside *s, admin_request *r)
{
	arena *a = arena_new(0);
	aside_job *j = NEW(a, aside_job);
	j->a = a;
	candidate_begin(&j->c, s->adm, r);
	j->c.links = NEW_ARRAY(a, db_link *, s->adm->links.n);
	for (size_t i = 0; i < s->adm->links.n; i++)
		j->c.links[j->c.nlinks++] = copy_link(a, s->adm->links.v[i]);
	j->c.aside = true;
	return j;
}

void aside_submit(aside *s, admin_request *r)
{
	aside_job *j = new_job(s, r);
	pthread_mutex_lock(&s->lock);
	*s->end = j;
	s->end = &j->next;
	if (!s->waiting && s->nthreads < ASIDE_THREADS) {
		aside_thread *t = &s->threads[s->nthreads];
		t->owner = s;
		if (pthread_create(&t->id, NULL, run, t) == 0) s->nthreads++;
	}
	bool nobody = s->nthreads == 0;
	pthread_cond_signal(&s->work);
	pthread_mutex_unlock(&s->lock);
	if (!nobody) return;
	/* No thread can be had: here, after all. */
	aside_thread here = {.owner = s};
	pthread_mutex_lock(&s->lock);
	j = next_job(s);
	pthread_mutex_unlock(&s->lock);
	if (j) run_job(&here, j);
	close_kept(&here);
}
