#include "loop/http_client.h"
#include "base/buf.h"
#include "base/vec.h"
#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>

enum {
	RUNNING_DEFAULT = 64,
	WAITING_DEFAULT = 1024,
	TIMEOUT_DEFAULT_MS = 30000,
	CONNECT_MAX_MS = 10000,
	BODY_DEFAULT = 1 << 20,
	HEAD_DEFAULT = 64 << 10,
	QUEUE_TICK_MS = 100,
};

/* A socket of libcurl's that the loop watches. */
typedef struct watch {
	uv_poll_t poll;
	http_client *client;
	curl_socket_t fd;
	struct watch *next, *prev;
} watch;

struct http_call {
	http_client *client;
	http_call *next, *prev; /* in the client's running or waiting list */
	bool running;
	arena *a;
	CURL *easy;
	struct curl_slist *headers;
	uint64_t deadline_ms; /* of the loop's clock */
	size_t max_body, max_head, head_bytes;
	bool too_large;
	VEC(str_pair) got;
	buf body;
	void (*done)(const http_call_result *result, void *data);
	void *data;
	char why[CURL_ERROR_SIZE];
};

typedef struct call_list {
	http_call *first, *last;
	unsigned n;
} call_list;

struct http_client {
	uv_loop_t *loop;
	CURLM *multi;
	uv_timer_t timer; /* libcurl's own time-outs */
	uv_timer_t queue; /* ticks while calls wait for their turn */
	http_client_limits limits;
	call_list running, waiting;
	watch *watches;
	unsigned handles; /* not closed yet */
	bool closing;
};

static void curl_start(void)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT)) mem_fail("libcurl does not start");
}

/* libcurl starts once per process: the documented singleton. */
static pthread_once_t curl_once = PTHREAD_ONCE_INIT;

/* ---- lists ---- */

static void list_push(call_list *l, http_call *c)
{
	c->prev = l->last;
	c->next = NULL;
	if (l->last) l->last->next = c;
	else l->first = c;
	l->last = c;
	l->n++;
}

static void list_remove(call_list *l, http_call *c)
{
	if (c->prev) c->prev->next = c->next;
	else l->first = c->next;
	if (c->next) c->next->prev = c->prev;
	else l->last = c->prev;
	l->n--;
}

static void call_free(http_call *c)
{
	if (c->easy) curl_easy_cleanup(c->easy);
	curl_slist_free_all(c->headers);
	buf_free(&c->body);
	arena_free(c->a);
	mem_free(c);
}

/* ---- an end ---- */

static void queue_advance(http_client *c);

/* Takes the call out of its list and out of libcurl's hands. */
static void call_detach(http_call *call)
{
	http_client *c = call->client;
	if (call->running) curl_multi_remove_handle(c->multi, call->easy);
	list_remove(call->running ? &c->running : &c->waiting, call);
}

static void call_finish(http_call *call, http_failure failure, const char *why)
{
	http_client *c = call->client;
	http_call_result r = {.failure = failure, .why = why};
	call_detach(call);
	if (failure == HTTP_CALL_OK) {
		long status = 0;
		curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
		r.status = (int)status;
		r.headers = call->got.v;
		r.nheaders = call->got.n;
		r.body = buf_str(&call->body);
	}
	call->done(&r, call->data);
	call_free(call);
	if (!c->closing) queue_advance(c);
}

static http_failure failure_of(const http_call *call, CURLcode code)
{
	if (call->too_large) return HTTP_CALL_TOO_LARGE;
	switch (code) {
	case CURLE_OK: return HTTP_CALL_OK;
	case CURLE_OPERATION_TIMEDOUT: return HTTP_CALL_TIMEOUT;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_CONNECT:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE: return HTTP_CALL_CONNECT;
	default: return HTTP_CALL_BROKEN;
	}
}

static void collect_done(http_client *c)
{
	CURLMsg *m;
	int left;
	while (!c->closing && (m = curl_multi_info_read(c->multi, &left))) {
		http_call *call = NULL;
		CURLcode code = m->data.result;
		if (m->msg != CURLMSG_DONE) continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&call);
		http_failure f = failure_of(call, code);
		const char *why = f == HTTP_CALL_OK ? NULL
			: f == HTTP_CALL_TOO_LARGE  ? "the answer is too large"
			: call->why[0]              ? call->why
						    : curl_easy_strerror(code);
		call_finish(call, f, why);
	}
}

/* ---- libcurl's wishes to the loop ---- */

static void handle_closed(http_client *c)
{
	if (--c->handles == 0) mem_free(c);
}

static void watch_closed(uv_handle_t *h)
{
	watch *w = h->data;
	http_client *c = w->client;
	mem_free(w);
	handle_closed(c);
}

static void watch_close(watch *w)
{
	http_client *c = w->client;
	if (w->prev) w->prev->next = w->next;
	else c->watches = w->next;
	if (w->next) w->next->prev = w->prev;
	uv_poll_stop(&w->poll);
	uv_close((uv_handle_t *)&w->poll, watch_closed);
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
	watch *w = poll->data;
	http_client *c = w->client;
	int flags = 0, running;
	if (status < 0) flags = CURL_CSELECT_ERR;
	if (events & UV_READABLE) flags |= CURL_CSELECT_IN;
	if (events & UV_WRITABLE) flags |= CURL_CSELECT_OUT;
	curl_multi_socket_action(c->multi, w->fd, flags, &running);
	collect_done(c);
}

static watch *watch_new(http_client *c, curl_socket_t fd)
{
	watch *w = mem_alloc(sizeof *w);
	*w = (watch){.client = c, .fd = fd, .next = c->watches};
	if (uv_poll_init_socket(c->loop, &w->poll, fd)) {
		mem_free(w);
		return NULL;
	}
	w->poll.data = w;
	if (c->watches) c->watches->prev = w;
	c->watches = w;
	c->handles++;
	return w;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *socket)
{
	http_client *c = user;
	watch *w = socket;
	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (w) watch_close(w);
		curl_multi_assign(c->multi, fd, NULL);
		return 0;
	}
	if (!w) {
		w = watch_new(c, fd);
		if (!w) return -1;
		curl_multi_assign(c->multi, fd, w);
	}
	int events = 0;
	if (what != CURL_POLL_OUT) events |= UV_READABLE;
	if (what != CURL_POLL_IN) events |= UV_WRITABLE;
	return uv_poll_start(&w->poll, events, on_ready) ? -1 : 0;
}

static void on_timer(uv_timer_t *t)
{
	http_client *c = t->data;
	int running;
	curl_multi_socket_action(c->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	collect_done(c);
}

/* The loop's clock is cut to milliseconds: one more, for libcurl does not ask again for a timer that came too early. */
static int on_timeout_wish(CURLM *multi, long ms, void *user)
{
	http_client *c = user;
	(void)multi;
	if (ms < 0) return uv_timer_stop(&c->timer) ? -1 : 0;
	uv_update_time(c->loop);
	return uv_timer_start(&c->timer, on_timer, ms ? (uint64_t)ms + 1 : 0, 0) ? -1 : 0;
}

/* ---- what comes ---- */

static size_t on_header(char *p, size_t size, size_t n, void *user)
{
	http_call *call = user;
	str line = str_make(p, size * n);
	call->head_bytes = size_add(call->head_bytes, line.n);
	if (call->head_bytes > call->max_head) {
		call->too_large = true;
		return 0;
	}
	if (str_starts(line, STR("HTTP/"))) call->got.n = 0; /* of a redirect or an interim answer */
	size_t colon = str_find_char(line, ':');
	if (colon == SIZE_MAX || str_starts(line, STR("HTTP/"))) return line.n;
	str_pair h = {
		str_copy(call->a, str_sub(line, 0, colon)), str_copy(call->a, str_trim(str_from_at(line, colon + 1)))};
	vec_push(call->a, &call->got, h);
	return line.n;
}

static size_t on_body(char *p, size_t size, size_t n, void *user)
{
	http_call *call = user;
	size_t bytes = size * n;
	if (bytes > call->max_body - call->body.n) {
		call->too_large = true;
		return 0;
	}
	buf_put(&call->body, str_make(p, bytes));
	return bytes;
}

/* ---- a call ---- */

static bool header_allowed(str_pair h)
{
	for (size_t i = 0; i < h.name.n; i++) {
		unsigned char b = (unsigned char)h.name.p[i];
		if (b <= ' ' || b >= 127 || b == ':') return false;
	}
	for (size_t i = 0; i < h.value.n; i++)
		if (h.value.p[i] == '\r' || h.value.p[i] == '\n' || h.value.p[i] == '\0') return false;
	return h.name.n > 0;
}

static bool url_allowed(str url)
{
	if (!str_starts_nocase(url, STR("http://")) && !str_starts_nocase(url, STR("https://"))) return false;
	for (size_t i = 0; i < url.n; i++)
		if ((unsigned char)url.p[i] <= ' ' || url.p[i] == 127) return false;
	return true;
}

static void add_line(http_call *call, str line)
{
	struct curl_slist *more = curl_slist_append(call->headers, str_z(call->a, line));
	if (!more) mem_fail("out of memory");
	call->headers = more;
}

static bool has_header(const http_call_options *o, const char *name)
{
	for (size_t i = 0; i < o->nheaders; i++)
		if (str_eq_nocase(o->headers[i].name, str_from(name))) return true;
	return false;
}

/* A line without value takes libcurl's own header away; a name with ';' sends an empty value. */
static void set_headers(http_call *call, const http_call_options *o)
{
	for (size_t i = 0; i < o->nheaders; i++) {
		str_pair h = o->headers[i];
		add_line(call,
			h.value.n ? str_cat(call->a, 3, h.name, STR(": "), h.value)
				  : str_cat(call->a, 2, h.name, STR(";")));
	}
	if (!has_header(o, "Accept")) add_line(call, STR("Accept:"));
	if (!has_header(o, "Expect")) add_line(call, STR("Expect:"));
}

#define SET(option, value)                                                                       \
	do {                                                                                     \
		if (curl_easy_setopt(call->easy, (option), (value)) != CURLE_OK) return #option; \
	} while (0)

static const char *set_method(http_call *call, const http_call_options *o)
{
	bool body = o->body.p != NULL;
	if (body) {
		str copy = str_copy(call->a, o->body);
		SET(CURLOPT_POST, 1L);
		SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)copy.n);
		SET(CURLOPT_POSTFIELDS, copy.n ? copy.p : "");
	}
	if (strcmp(o->method, body ? "POST" : "GET") != 0) SET(CURLOPT_CUSTOMREQUEST, o->method);
	if (o->redirects && !body) {
		SET(CURLOPT_FOLLOWLOCATION, 1L);
		SET(CURLOPT_MAXREDIRS, (long)o->redirects);
		SET(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	}
	return NULL;
}

/* The variables that OpenSSL's own programs read; libcurl alone looks at the system's certificates only. */
static const char *set_trust(http_call *call)
{
	const char *file = getenv("SSL_CERT_FILE"), *dir = getenv("SSL_CERT_DIR");
	if (file && *file) SET(CURLOPT_CAINFO, file);
	if (dir && *dir) SET(CURLOPT_CAPATH, dir);
	return NULL;
}

/* NULL, or the name of what libcurl did not take. */
static const char *set_easy(http_call *call, const http_call_options *o)
{
	SET(CURLOPT_PRIVATE, call);
	SET(CURLOPT_ERRORBUFFER, call->why);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_URL, str_z(call->a, o->url));
	SET(CURLOPT_ACCEPT_ENCODING, "gzip");
	SET(CURLOPT_HEADERFUNCTION, on_header);
	SET(CURLOPT_HEADERDATA, call);
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_WRITEDATA, call);
	set_headers(call, o);
	SET(CURLOPT_HTTPHEADER, call->headers);
	const char *refused = set_trust(call);
	return refused ? refused : set_method(call, o);
}

static void call_run(http_call *call)
{
	http_client *c = call->client;
	uint64_t now = uv_now(c->loop), left = call->deadline_ms > now ? call->deadline_ms - now : 1;
	curl_easy_setopt(call->easy, CURLOPT_TIMEOUT_MS, (long)left);
	curl_easy_setopt(call->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)(left < CONNECT_MAX_MS ? left : CONNECT_MAX_MS));
	call->running = true;
	list_push(&c->running, call);
	if (curl_multi_add_handle(c->multi, call->easy)) mem_fail("libcurl refuses a call");
}

static void queue_advance(http_client *c)
{
	while (c->waiting.first && c->running.n < c->limits.running) {
		http_call *call = c->waiting.first;
		list_remove(&c->waiting, call);
		call_run(call);
	}
	if (!c->waiting.first) uv_timer_stop(&c->queue);
}

static void on_queue_tick(uv_timer_t *t)
{
	http_client *c = t->data;
	uint64_t now = uv_now(c->loop);
	for (http_call *call = c->waiting.first; call && !c->closing;) {
		if (call->deadline_ms > now) {
			call = call->next;
			continue;
		}
		call_finish(call, HTTP_CALL_TIMEOUT, "too many calls: its turn did not come in time");
		call = c->waiting.first; /* what its done did to the list is unknown */
	}
}

static http_call *refuse(http_call *call, const char **why, const char *text)
{
	*why = text;
	if (call) call_free(call);
	return NULL;
}

static http_call *call_new(http_client *c, const http_call_options *o)
{
	http_call *call = mem_alloc(sizeof *call);
	call->client = c;
	call->a = arena_new(1024);
	call->easy = curl_easy_init();
	if (!call->easy) mem_fail("out of memory");
	call->max_body = o->max_body ? o->max_body : BODY_DEFAULT;
	call->max_head = o->max_head ? o->max_head : HEAD_DEFAULT;
	call->done = o->done;
	call->data = o->data;
	uv_update_time(c->loop);
	call->deadline_ms = uv_now(c->loop) + (o->timeout_ms ? o->timeout_ms : TIMEOUT_DEFAULT_MS);
	return call;
}

http_call *http_client_start(http_client *c, const http_call_options *o, const char **why)
{
	if (c->closing) return refuse(NULL, why, "the client is closed");
	if (!url_allowed(o->url)) return refuse(NULL, why, "the URL does not begin with http:// or https://");
	for (size_t i = 0; i < o->nheaders; i++)
		if (!header_allowed(o->headers[i])) return refuse(NULL, why, "a header has forbidden characters");
	bool waits = c->running.n >= c->limits.running;
	if (waits && c->waiting.n >= c->limits.waiting) return refuse(NULL, why, "too many calls are waiting");
	http_call *call = call_new(c, o);
	if (set_easy(call, o)) return refuse(call, why, "libcurl refuses the call");
	if (!waits) {
		call_run(call);
		return call;
	}
	list_push(&c->waiting, call);
	if (!uv_is_active((uv_handle_t *)&c->queue))
		uv_timer_start(&c->queue, on_queue_tick, QUEUE_TICK_MS, QUEUE_TICK_MS);
	return call;
}

void http_call_cancel(http_call *call)
{
	http_client *c = call->client;
	call_detach(call);
	call_free(call);
	queue_advance(c);
}

/* ---- life ---- */

static void timer_closed(uv_handle_t *h)
{
	handle_closed(h->data);
}

http_client *http_client_new(uv_loop_t *loop, const http_client_limits *limits)
{
	http_client *c = mem_alloc(sizeof *c);
	pthread_once(&curl_once, curl_start);
	c->loop = loop;
	c->limits.running = limits && limits->running ? limits->running : RUNNING_DEFAULT;
	c->limits.waiting = limits && limits->waiting ? limits->waiting : WAITING_DEFAULT;
	c->multi = curl_multi_init();
	if (!c->multi || uv_timer_init(loop, &c->timer) || uv_timer_init(loop, &c->queue)) mem_fail("no HTTP client");
	c->timer.data = c->queue.data = c;
	c->handles = 2;
	curl_multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c);
	curl_multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, on_timeout_wish);
	curl_multi_setopt(c->multi, CURLMOPT_TIMERDATA, c);
	curl_multi_setopt(c->multi, CURLMOPT_MAXCONNECTS, (long)c->limits.running);
	return c;
}

void http_client_close(http_client *c)
{
	if (!c || c->closing) return;
	c->closing = true;
	while (c->waiting.first) {
		http_call *call = c->waiting.first;
		call_detach(call);
		call_free(call);
	}
	while (c->running.first) {
		http_call *call = c->running.first;
		call_detach(call);
		call_free(call);
	}
	curl_multi_cleanup(c->multi);
	c->multi = NULL;
	while (c->watches)
		watch_close(c->watches);
	uv_close((uv_handle_t *)&c->timer, timer_closed);
	uv_close((uv_handle_t *)&c->queue, timer_closed);
}

/* ---- results ---- */

void http_call_result_copy(arena *a, const http_call_result *from, http_call_result *to)
{
	str_pair *headers = NEW_ARRAY(a, str_pair, from->nheaders);
	for (size_t i = 0; i < from->nheaders; i++)
		headers[i] = (str_pair){str_copy(a, from->headers[i].name), str_copy(a, from->headers[i].value)};
	*to = *from;
	to->headers = headers;
	to->body = str_copy(a, from->body);
	to->why = from->why ? str_z(a, str_from(from->why)) : NULL;
}

str http_call_header(const http_call_result *r, str name)
{
	for (size_t i = 0; i < r->nheaders; i++)
		if (str_eq_nocase(r->headers[i].name, name)) return r->headers[i].value;
	return STR_NULL;
}

typedef struct wait_state {
	arena *a;
	http_call_result *out;
	http_client *client;
} wait_state;

static void wait_done(const http_call_result *r, void *data)
{
	wait_state *s = data;
	http_call_result_copy(s->a, r, s->out);
	http_client_close(s->client);
}

void http_call_wait(arena *a, const http_call_options *o, http_call_result *out)
{
	uv_loop_t loop;
	const char *why = NULL;
	http_call_options mine = *o;
	if (uv_loop_init(&loop)) mem_fail("no event loop");
	wait_state s = {.a = a, .out = out, .client = http_client_new(&loop, NULL)};
	mine.done = wait_done;
	mine.data = &s;
	if (!http_client_start(s.client, &mine, &why)) {
		*out = (http_call_result){.failure = HTTP_CALL_BROKEN, .why = why};
		http_client_close(s.client);
	}
	uv_run(&loop, UV_RUN_DEFAULT);
	uv_loop_close(&loop);
}
