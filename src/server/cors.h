/*
 * cors: which web pages may read our answers. Hasura v2: Server/Cors.hs, Middleware.hs.
 * The policy is immutable after parsing and may be shared by threads.
 */
#pragma once
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"

typedef enum cors_mode { CORS_ALLOW_ALL, CORS_LIST, CORS_DISABLED } cors_mode;

/* One allowed origin: scheme incl. "://", host (of a wildcard: what follows "*."), port or empty. */
typedef struct cors_domain {
	str scheme;
	str host;
	str port;
	bool wildcard;
} cors_domain;

typedef struct cors_policy {
	cors_mode mode;
	cors_domain *domains;
	size_t n;
} cors_policy;

/* "*" or a comma-separated list of scheme://[*.]host[:port]. Texts are copied into a. Error: ERR_INVALID_CONFIGURATION
 * naming the domain. */
MUST_CHECK bool cors_parse(arena *a, str list, cors_policy *out, error *err);
/* May a page of this Origin read the answer? O(domains). */
bool cors_allows(const cors_policy *p, str origin);
/* Appends the header lines of an answer to an allowed origin (whole lines). origin must have come through
 * the HTTP parser. */
void cors_put_headers(buf *b, str origin);
/* Appends what a preflight answer (204) has besides. requested: Access-Control-Request-Headers, echoed. */
void cors_put_preflight(buf *b, str requested);
