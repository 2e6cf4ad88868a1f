/*
 * http_client: calls to the outside (authentication hooks, key sets, webhooks) on a worker's loop, by libcurl.
 *
 * A client belongs to one loop. A call is started, then `done` is called exactly once, later, never before
 * http_client_start returns; or the caller cancels it. Everything is bounded: calls at once and waiting, time in all
 * (waiting included), bytes of head and body (after decompression). Only http and https; redirects are followed only as
 * far as the caller says, and only for GET. Proxies come from the usual variables (http_proxy, https_proxy, no_proxy).
 *
 * Ownership: texts of the options are copied; what a result shows lives until `done` returns.
 * Threads: everything belongs to the loop's thread.
 */
#pragma once
#include "base/arena.h"
#include "base/pair.h"
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

typedef struct http_client http_client;
typedef struct http_call http_call;

typedef struct http_client_limits {
	unsigned running; /* calls at once; 0: 64 */
	unsigned waiting; /* further calls that may wait for their turn; 0: 1024 */
} http_client_limits;

typedef enum http_failure {
	HTTP_CALL_OK,      /* an answer came, whatever its status */
	HTTP_CALL_TIMEOUT, /* the time was over */
	HTTP_CALL_CONNECT, /* name, connection or TLS */
	HTTP_CALL_TOO_LARGE,
	HTTP_CALL_BROKEN, /* not HTTP, cut off, bad encoding */
} http_failure;

typedef struct http_call_result {
	http_failure failure;
	int status;
	const str_pair *headers; /* of the last answer, names as received */
	size_t nheaders;
	str body;
	const char *why; /* of a failure, for logs: names no secret */
} http_call_result;

typedef struct http_call_options {
	const char *method; /* static: "GET", "POST" */
	str url;
	const str_pair *headers; /* none of them with CR, LF or NUL: such a call is refused */
	size_t nheaders;
	str body;            /* sent unless p is NULL */
	uint64_t timeout_ms; /* 0: 30 s */
	size_t max_body;     /* 0: 1 MiB */
	size_t max_head;     /* 0: 64 KiB */
	unsigned redirects;  /* 0: none is followed */
	void (*done)(const http_call_result *result, void *data);
	void *data;
} http_call_options;

/* A client on loop. Closed by http_client_close. Aborts only when memory runs out. */
http_client *http_client_new(uv_loop_t *loop, const http_client_limits *limits);
/* Ends all calls without an answer and closes the handles; frees itself when the loop has closed them. NULL is fine. */
void http_client_close(http_client *c);

/* Starts a call. NULL: it was not started, *why says why (static text): a URL that is none, a forbidden header, too many
 * calls waiting. */
http_call *http_client_start(http_client *c, const http_call_options *o, const char **why);
/* Ends the call without calling done. Not from within its own done. */
void http_call_cancel(http_call *call);

/* A copy of a result in a. */
void http_call_result_copy(arena *a, const http_call_result *from, http_call_result *to);
/* First header of that name in any case; p NULL: none. */
str http_call_header(const http_call_result *r, str name);

/* One call on a loop of its own, waited for: at start, or in a command. The result lives in a (also its `why`). */
void http_call_wait(arena *a, const http_call_options *o, http_call_result *out);
