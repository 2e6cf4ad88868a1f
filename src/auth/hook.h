/*
 * hook: asks somebody else's service who sends a request. Hasura v2: Server/Auth/WebHook.hs. Whatever goes wrong is an
 * error, never a role. Bounded: calls at once and waiting (per worker), time, size of the answer; no redirect is followed.
 */
#pragma once
#include "auth/auth.h"
#include "loop/http_client.h"

enum { HOOK_RUNNING = 128, HOOK_WAITING = 1024, HOOK_BODY_MAX = 1 << 20, HOOK_TIMEOUT_MS = 30000 };

typedef struct hook_config {
	str url;
	bool post, send_body;
	uint64_t timeout_ms;
	str agent;
} hook_config;

/* Asks; r->call is set while it runs, and r->done is called later, or at once when the call cannot be started. */
void hook_ask(const hook_config *h, http_client *c, auth_request *r);
/* The session or error an answer stands for. */
MUST_CHECK bool hook_read_answer(const hook_config *h, auth_request *r, const http_call_result *answer,
	uint64_t wall_ms, session **out, error *err);
/* Is a client's header of this name passed on to webhooks? */
bool hook_passes_on(str name);
/* Method, headers and body of the call, in a. */
void hook_call(const hook_config *h, arena *a, const auth_request *r, http_call_options *out);
