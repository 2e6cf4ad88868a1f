/*
 * console_http: the one connection of a browser to `weir console`: a request's head, and an answer. A thread for each
 * connection, one request on each; for one developer, not for a crowd.
 */
#pragma once
#include "base/json.h"
#include "base/pair.h"
#include "base/vec.h"

enum { CONSOLE_HEAD_MAX = 64 * 1024, CONSOLE_BODY_MAX = 64 * 1024 * 1024 };

typedef VEC(str_pair) console_headers_vec;

typedef struct console_request {
	arena *a;
	int fd;
	str method, target; /* target as sent */
	str path, query;
	console_headers_vec headers;
	str rest;     /* of the body, what came with the head */
	str body;     /* after console_read_body */
	bool upgrade; /* to WebSocket */
} console_request;

/* Reads the head; false: the client left, or it is no HTTP (answered). */
bool console_read_head(console_request *r);
/* Reads the body by its Content-Length. */
bool console_read_body(console_request *r);
/* p NULL: none. */
str console_header(const console_request *r, const char *name);
/* Value of a cookie, or of a parameter of the query, p NULL: none. */
str console_cookie(const console_request *r, const char *name);
str console_parameter(const console_request *r, const char *name);

/* An answer; more: further header lines, each with its line end, or "". */
void console_answer(const console_request *r, int status, const char *type, const char *more, str body);
void console_answer_json(const console_request *r, int status, const json *j);
/* {"error", "code", "path"} */
void console_answer_error(const console_request *r, int status, const char *code, str text);
bool console_write(int fd, str bytes);
