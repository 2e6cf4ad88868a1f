/*
 * dev_subscriptions: GET /dev/subscriptions and /dev/subscriptions/extended, for admins: the live queries and streams of
 * all workers, each of which tells its own. Hasura v2: Execute/Subscription/State.hs; `weir` is Weir's own part.
 */
#include "server/endpoints.h"

typedef struct part {
	struct question *q;
	server_worker *sw;
	buf live; /* elements, with a comma before each but the first */
	buf streams;
} part;

enum { POLLER_TEXT = 48 };

/* On the heap: the client may leave while workers still answer. */
typedef struct question {
	call *c; /* NULL: has left */
	worker *home;
	live_question ask;
	char poller[POLLER_TEXT]; /* behind ask.poller */
	size_t n;
	atomic_size_t left;
	part parts[];
} question;

static void question_free(question *q)
{
	for (size_t i = 0; i < q->n; i++) {
		buf_free(&q->parts[i].live);
		buf_free(&q->parts[i].streams);
	}
	mem_free(q);
}

static void put_elements(buf *b, const json *list)
{
	JSON_EACH (e, list) {
		if (b->n) buf_putc(b, ',');
		json_write(b, e);
	}
}

static void put_list(buf *b, const question *q, bool streams)
{
	bool any = false;
	buf_putc(b, '[');
	for (size_t i = 0; i < q->n; i++) {
		str text = buf_str(streams ? &q->parts[i].streams : &q->parts[i].live);
		if (!text.n) continue;
		if (any) buf_putc(b, ',');
		any = true;
		buf_put(b, text);
	}
	buf_putc(b, ']');
}

static void answer(void *arg)
{
	question *q = arg;
	call *c = q->c;
	if (!c) {
		question_free(q);
		return;
	}
	live_shared *live = c->srv->live;
	buf b = {0};
	http_request_on_abort(c->req, NULL, NULL);
	buf_puts(&b, "{\"options\":");
	json_write(&b, live_options_info(live, c->a, false));
	buf_puts(&b, ",\"live_queries_map\":");
	put_list(&b, q, false);
	buf_puts(&b, ",\"stream_queries_map\":");
	put_list(&b, q, true);
	buf_puts(&b, ",\"stream_queries_options\":");
	json_write(&b, live_options_info(live, c->a, true));
	buf_puts(&b, ",\"weir\":{\"sources\":");
	json_write(&b, live_sources_info(live, c->a));
	buf_puts(&b, "}}");
	question_free(q);
	call_reply(c, &b);
}

/* Of a worker that has ended nobody waits for an answer. */
static void part_done(question *q)
{
	if (atomic_fetch_sub(&q->left, 1) == 1 && !worker_post(q->home, answer, q)) question_free(q);
}

static void tell(void *arg)
{
	part *p = arg;
	arena *a = arena_new(0);
	json *live = json_new_array(a), *streams = json_new_array(a);
	if (p->sw->live) live_worker_info(p->sw->live, a, &p->q->ask, live, streams);
	put_elements(&p->live, live);
	put_elements(&p->streams, streams);
	arena_free(a);
	part_done(p->q);
}

/* ?poller_id=…&limit=…: of the console's inspector, which looks at one group among thousands. */
static void read_question(call *c, question *q)
{
	str rest = c->req->query;
	uint64_t limit;
	q->ask = (live_question){.extended = c->route->tag != 0};
	while (rest.n) {
		size_t at = str_find_char(rest, '&');
		str pair = str_sub(rest, 0, at);
		rest = at == SIZE_MAX ? STR_NULL : str_from_at(rest, at + 1);
		if (str_starts(pair, STR("limit=")) && str_to_u64(str_from_at(pair, 6), &limit)) q->ask.limit = limit;
		if (!str_starts(pair, STR("poller_id="))) continue;
		str id = str_from_at(pair, 10);
		/* A longer one is nobody's. */
		q->ask.poller = str_make(q->poller, id.n < POLLER_TEXT ? id.n : POLLER_TEXT);
		memcpy(q->poller, id.p, q->ask.poller.n);
	}
}

static void aborted(void *data)
{
	question *q = data;
	q->c = NULL;
}

void dev_subscriptions_get(call *c)
{
	error err;
	error_init(&err, c->a);
	if (!call_check_admin(c, &err)) {
		call_fail(c, &err);
		return;
	}
	server *s = c->srv;
	size_t n = worker_group_count(s->group);
	question *q = mem_alloc(size_add(sizeof *q, size_mul(n, sizeof q->parts[0])));
	q->c = c;
	q->home = c->sw->w;
	read_question(c, q);
	q->n = n;
	/* One more, so that nobody is the last before all are asked. */
	atomic_init(&q->left, n + 1);
	http_request_on_abort(c->req, aborted, q);
	for (unsigned i = 0; i < n; i++) {
		q->parts[i].q = q;
		q->parts[i].sw = &s->workers[i];
		if (!worker_post(worker_group_get(s->group, i), tell, &q->parts[i])) part_done(q);
	}
	part_done(q);
}
