#include "live/settle.h"
#include "sql/live.h"

#include <stdlib.h>

/* Between two looks: growing; after a connection was lost. */
enum { FIRST_MS = 4, LONGEST_MS = 250, LOST_MS = 500 };

struct settler {
	worker *w;
	bool (*pool)(void *data, pg_pool **out, error *err);
	void *data;
	arena *a; /* of the statement */
	const statement *watch;
	settle_wait waits; /* heads of lists */
	settle_wait ready; /* those that are being told */
	timer *timer;
	uint64_t gap_ms;
	uint64_t due_ms;  /* loop time of the timer */
	uint64_t sent_ms; /* loop time of the newest look */
	uint64_t looks;   /* sent */
	pg_job job;
	pg_stmt stmt;
	bool running;
	bool telling;
	bool dying; /* freed when all are told */
};

static void send_look(settler *s);

/* ---- waits ---- */

static void list_init(settle_wait *head)
{
	head->next = head->prev = head;
}

static void list_add(settle_wait *head, settle_wait *w)
{
	w->next = head;
	w->prev = head->prev;
	w->prev->next = w;
	head->prev = w;
}

static void free_names(settle_wait *w)
{
	for (size_t i = 0; i < w->n; i++)
		mem_free(w->names[i]);
	mem_free(w->names);
	w->names = NULL;
	w->n = 0;
}

void settle_cancel(settle_wait *w)
{
	if (!w->s) return;
	w->prev->next = w->next;
	w->next->prev = w->prev;
	w->next = w->prev = NULL;
	w->s = NULL;
	free_names(w);
}

static void on_timer(void *arg)
{
	settler *s = arg;
	timer_stop(s->timer);
	s->timer = NULL;
	if (!s->running && s->waits.next != &s->waits) send_look(s);
}

static void look_in(settler *s, uint64_t ms)
{
	uint64_t due = uv_now(&s->w->loop) + ms;
	if (s->timer && s->due_ms <= due) return;
	s->due_ms = due;
	if (s->timer) timer_again(s->timer, ms, 0);
	else s->timer = timer_start(s->w, ms, 0, on_timer, s);
}

void settle_begin(settler *s, settle_wait *w, uint64_t after_ms)
{
	w->s = s;
	w->looked = w->prepared = false;
	w->from_ms = uv_now(&s->w->loop) + after_ms;
	w->after = s->looks;
	list_add(&s->waits, w);
	s->gap_ms = FIRST_MS;
	if (!s->running) look_in(s, after_ms);
}

/* ---- what a look says ---- */

typedef struct look {
	str *names;
	bool *prepared;
	size_t n;
} look;

static bool is_there(const look *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_eqz(l->names[i], name)) return true;
	return false;
}

static void take_names(settle_wait *w, const look *l, bool prepared)
{
	w->names = mem_alloc(size_mul(l->n + 1, sizeof *w->names));
	for (size_t i = 0; i < l->n; i++) {
		if (prepared && !l->prepared[i]) continue;
		char *copy = mem_alloc(l->names[i].n + 1);
		memcpy(copy, l->names[i].p, l->names[i].n);
		w->names[w->n++] = copy;
	}
}

static void keep_present(settle_wait *w, const look *l)
{
	size_t kept = 0;
	for (size_t i = 0; i < w->n; i++) {
		if (is_there(l, w->names[i])) w->names[kept++] = w->names[i];
		else mem_free(w->names[i]);
	}
	w->n = kept;
}

/* True: none of them is left. */
static bool has_settled(settle_wait *w, const look *l)
{
	if (!w->looked) {
		w->looked = true;
		take_names(w, l, false);
		return !w->n;
	}
	keep_present(w, l);
	if (w->n || w->prepared) return !w->n;
	/* One that ended may in truth have been prepared: it goes on under another name. */
	w->prepared = true;
	free_names(w);
	take_names(w, l, true);
	return !w->n;
}

static void tell(settler *s, const error *err)
{
	s->telling = true;
	while (s->ready.next != &s->ready) {
		settle_wait *w = s->ready.next;
		settle_cancel(w);
		w->done(w, err);
	}
	s->telling = false;
}

/* l NULL: all of them. */
static void move_ready(settler *s, const look *l)
{
	for (settle_wait *w = s->waits.next, *next; w != &s->waits; w = next) {
		next = w->next;
		/* One that began after the look was sent is not answered by it. */
		if (l && (w->after == s->looks || w->from_ms > s->sent_ms)) continue;
		if (l && !has_settled(w, l)) continue;
		w->prev->next = w->next;
		w->next->prev = w->prev;
		list_add(&s->ready, w);
	}
}

static void refuse(settler *s, const char *text)
{
	arena *a = arena_new(0);
	error err;
	error_init(&err, a);
	move_ready(s, NULL);
	if (!error_set(&err, ERR_NOT_SUPPORTED, STR(""), "%s", text)) tell(s, &err);
	arena_free(a);
}

static void read_look(arena *a, look *l, const pg_result *r)
{
	l->n = pg_result_rows(r);
	l->names = NEW_ARRAY(a, str, l->n);
	l->prepared = NEW_ARRAY(a, bool, l->n);
	for (size_t i = 0; i < l->n; i++) {
		l->names[i] = pg_result_value(r, i, 0);
		l->prepared[i] = str_eqz(pg_result_value(r, i, 1), "t");
	}
}

static void answer(settler *s, const pg_result *r)
{
	arena *a = arena_new(0);
	look l;
	read_look(a, &l, r);
	move_ready(s, &l);
	arena_free(a);
	tell(s, NULL);
}

static void looked(pg_job *job, const pg_result *const *results, size_t n, const pg_error *e)
{
	settler *s = job->data;
	uint64_t gap = s->gap_ms;
	s->running = false;
	s->gap_ms = gap * 2 > LONGEST_MS ? LONGEST_MS : gap * 2;
	if (e && e->kind != PG_ERR_SERVER) gap = LOST_MS;
	else if (e) refuse(s, "safe streams cannot be served: the database does not show its transactions");
	else if (n && pg_result_rows(results[0]) && pg_result_is_null(results[0], 0, 0))
		refuse(s, "safe streams are served from a primary database, and this is a standby");
	else answer(s, results[0]);
	if (s->dying) settler_free(s);
	else if (s->waits.next != &s->waits && !s->running) look_in(s, gap);
}

static void send_look(settler *s)
{
	pg_pool *pool;
	arena *a = arena_new(0);
	error err;
	error_init(&err, a);
	bool fine = s->pool(s->data, &pool, &err);
	arena_free(a);
	if (!fine) {
		look_in(s, LOST_MS);
		return;
	}
	s->stmt = (pg_stmt){.id = s->watch->id, .sql = s->watch->sql};
	s->job = (pg_job){.mode = PG_READ_ALONE, .stmts = &s->stmt, .nstmts = 1, .done = looked, .data = s};
	s->running = true;
	s->looks++;
	s->sent_ms = uv_now(&s->w->loop);
	pg_job_submit(pool, &s->job);
}

/* ---- life ---- */

settler *settler_new(worker *w, bool (*pool)(void *data, pg_pool **out, error *err), void *data)
{
	settler *s = mem_alloc(sizeof *s);
	*s = (settler){.w = w, .pool = pool, .data = data, .a = arena_new(1024), .gap_ms = FIRST_MS};
	s->watch = sql_stream_watch(s->a);
	list_init(&s->waits);
	list_init(&s->ready);
	return s;
}

void settler_free(settler *s)
{
	if (!s) return;
	while (s->waits.next != &s->waits)
		settle_cancel(s->waits.next);
	while (s->ready.next != &s->ready)
		settle_cancel(s->ready.next);
	s->dying = s->telling;
	if (s->dying) return;
	if (s->running) pg_job_cancel(&s->job);
	timer_stop(s->timer);
	arena_free(s->a);
	mem_free(s);
}
