/*
 * dev_subscriptions: GET /dev/subscriptions and /dev/subscriptions/extended, for admins: the live queries and streams of
 * all workers, each of which tells its own. Hasura v2: Execute/Subscription/State.hs; `weir` is Weir's own part.
 */
#include "server/each_worker.h"
#include "server/endpoints.h"

typedef struct part {
	buf live; /* elements, with a comma before each but the first */
	buf streams;
} part;

enum { POLLER_TEXT = 48 };

typedef struct question {
	bool extended;
	char poller[POLLER_TEXT];
	size_t poller_n;
	size_t limit;
} question;

static void put_elements(buf *b, const json *list)
{
	JSON_EACH (e, list) {
		if (b->n) buf_putc(b, ',');
		json_write(b, e);
	}
}

static void put_list(buf *b, void *const *parts, size_t n, bool streams)
{
	bool any = false;
	buf_putc(b, '[');
	for (size_t i = 0; i < n; i++) {
		const part *p = parts[i];
		str text = buf_str(streams ? &p->streams : &p->live);
		if (!text.n) continue;
		if (any) buf_putc(b, ',');
		any = true;
		buf_put(b, text);
	}
	buf_putc(b, ']');
}

static void answer(call *c, void *const *parts, size_t n)
{
	live_shared *live = c->srv->live;
	buf b = {0};
	buf_puts(&b, "{\"options\":");
	json_write(&b, live_options_info(live, c->a, false));
	buf_puts(&b, ",\"live_queries_map\":");
	put_list(&b, parts, n, false);
	buf_puts(&b, ",\"stream_queries_map\":");
	put_list(&b, parts, n, true);
	buf_puts(&b, ",\"stream_queries_options\":");
	json_write(&b, live_options_info(live, c->a, true));
	buf_puts(&b, ",\"weir\":{\"sources\":");
	json_write(&b, live_sources_info(live, c->a));
	buf_puts(&b, "}}");
	call_reply(c, &b);
}

static void tell(server_worker *sw, void *memory, const void *about)
{
	const question *q = about;
	part *p = memory;
	arena *a = arena_new(0);
	json *live = json_new_array(a), *streams = json_new_array(a);
	live_question ask = {.extended = q->extended, .poller = str_make(q->poller, q->poller_n), .limit = q->limit};
	live_worker_info(sw->live, a, &ask, live, streams);
	put_elements(&p->live, live);
	put_elements(&p->streams, streams);
	arena_free(a);
}

static void part_drop(void *memory)
{
	part *p = memory;
	buf_free(&p->live);
	buf_free(&p->streams);
}

/* ?poller_id=…&limit=…: of the console's inspector, which looks at one group among thousands. */
static void read_question(const call *c, question *q)
{
	str rest = c->req->query;
	uint64_t limit;
	q->extended = c->route->tag != 0;
	while (rest.n) {
		size_t at = str_find_char(rest, '&');
		str pair = str_sub(rest, 0, at);
		rest = at == SIZE_MAX ? STR_NULL : str_from_at(rest, at + 1);
		if (str_starts(pair, STR("limit=")) && str_to_u64(str_from_at(pair, 6), &limit)) q->limit = limit;
		if (!str_starts(pair, STR("poller_id="))) continue;
		str id = str_from_at(pair, 10);
		/* A longer one is nobody's. */
		q->poller_n = id.n < POLLER_TEXT ? id.n : POLLER_TEXT;
		memcpy(q->poller, id.p, q->poller_n);
	}
}

void dev_subscriptions_get(call *c)
{
	static const each_worker asks = {.size = sizeof(part), .tell = tell, .answer = answer, .drop = part_drop};
	error err;
	error_init(&err, c->a);
	if (call_check_admin(c, &err)) {
		question q = {0};
		read_question(c, &q);
		each_worker_ask(c, &asks, &q, sizeof q);
	} else {
		call_fail(c, &err);
	}
}
