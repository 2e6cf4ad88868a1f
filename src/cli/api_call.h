/* api_call: one request to a Weir server, for commands. Blocks; straight to the server, whatever proxy is set. */
#pragma once
#include "base/error.h"
#include "base/json.h"

typedef struct api_target {
	str url;    /* "http://127.0.0.1:8080" */
	str secret; /* admin secret; empty: none */
} api_target;

/*
 * POSTs body (or GETs when it is NULL) and gives the status and the answer's text, in a; an answer with an error status
 * is no error here. Errors: ERR_UNEXPECTED with the reason when the server cannot be reached or says nothing in 60 s.
 */
bool api_call(arena *a, const api_target *to, const char *path, const json *body, long *status, str *answer, error *err)
	MUST_CHECK;

/* POST /v1/metadata {"type", "args"}; the parsed answer. A status other than 200 is an error with the server's text. */
bool api_metadata(arena *a, const api_target *to, const char *type, json *args, json **answer, error *err) MUST_CHECK;
