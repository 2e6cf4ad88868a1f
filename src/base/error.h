/*
 * error: what a fallible function says. `bool f(..., error *err)`: false = err is filled.
 * All text lives in err->a or longer. code is the engine's public code (Hasura v2: Base/Error.hs).
 */
#pragma once
#include "arena.h"
#include "str.h"
#include <stdbool.h>
#include <stdint.h>

#define MUST_CHECK __attribute__((warn_unused_result))

/* X(name, public code, HTTP status of the flat envelope) */
#define ERR_CODES(X)                                                           \
	X(ERR_UNEXPECTED, "unexpected", 500)                                   \
	X(ERR_VALIDATION_FAILED, "validation-failed", 400)                     \
	X(ERR_PARSE_FAILED, "parse-failed", 400)                               \
	X(ERR_INVALID_JSON, "invalid-json", 400)                               \
	X(ERR_UNEXPECTED_PAYLOAD, "unexpected-payload", 400)                   \
	X(ERR_NOT_FOUND, "not-found", 404)                                     \
	X(ERR_NOT_EXISTS, "not-exists", 400)                                   \
	X(ERR_ALREADY_EXISTS, "already-exists", 400)                           \
	X(ERR_ALREADY_TRACKED, "already-tracked", 400)                         \
	X(ERR_ALREADY_UNTRACKED, "already-untracked", 400)                     \
	X(ERR_ALREADY_INIT, "already-initialised", 400)                        \
	X(ERR_NOT_SUPPORTED, "not-supported", 400)                             \
	X(ERR_ACCESS_DENIED, "access-denied", 400)                             \
	X(ERR_PERMISSION_DENIED, "permission-denied", 400)                     \
	X(ERR_PERMISSION_ERROR, "permission-error", 400)                       \
	X(ERR_BAD_REQUEST, "bad-request", 400)                                 \
	X(ERR_INVALID_PARAMS, "invalid-params", 400)                           \
	X(ERR_INVALID_HEADERS, "invalid-headers", 400)                         \
	X(ERR_INVALID_JWT, "invalid-jwt", 400)                                 \
	X(ERR_JWT_INVALID_CLAIMS, "jwt-invalid-claims", 400)                   \
	X(ERR_JWT_MISSING_ROLE_CLAIMS, "jwt-missing-role-claims", 400)         \
	X(ERR_INVALID_CONFIGURATION, "invalid-configuration", 400)             \
	X(ERR_CONSTRAINT_ERROR, "constraint-error", 400)                       \
	X(ERR_CONSTRAINT_VIOLATION, "constraint-violation", 400)               \
	X(ERR_DATA_EXCEPTION, "data-exception", 400)                           \
	X(ERR_DEPENDENCY_ERROR, "dependency-error", 400)                       \
	X(ERR_CYCLIC_DEPENDENCY, "cyclic-dependency", 400)                     \
	X(ERR_COERCION, "coercion-error", 400)                                 \
	X(ERR_CONCURRENT_UPDATE, "concurrent-update", 400)                     \
	X(ERR_CONFLICT, "conflict", 409)                                       \
	X(ERR_POSTGRES, "postgres-error", 500)                                 \
	X(ERR_POSTGRES_MAX_CONNECTIONS, "postgres-max-connections-error", 500) \
	X(ERR_METHOD_NOT_ALLOWED, "method-not-allowed", 405)                   \
	X(ERR_START_FAILED, "start-failed", 400)                               \
	X(ERR_TIMEOUT, "timeout", 400)                                         \
	X(ERR_METADATA_WARNINGS, "metadata-warnings", 400)                     \
	X(ERR_DATA_CONNECTOR, "data-connector-error", 400)                     \
	X(ERR_BUSY, "busy", 400)                                               \
	X(ERR_TOO_LARGE, "bad-request", 413)

typedef enum error_code {
#define X(name, text, status) name,
	ERR_CODES(X)
#undef X
} error_code;

struct json;

typedef struct error {
	arena *a; /* where text goes; set by error_init */
	error_code code;
	int status; /* HTTP status of the flat envelope; 0 = the code's default */
	str path;   /* "$.args"; empty = "$" */
	str message;
	struct json *internal;   /* for admins and dev mode; NULL = none */
	struct json *extensions; /* replaces code/path in the GraphQL envelope when set; NULL = none */
	bool set;
} error;

void error_init(error *e, arena *a);
/* Fills e and returns false, so that callers write `return error_set(...)`. path "" keeps "$". */
bool error_set(error *e, error_code code, str path, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* Puts prefix before e->path's content: prefix "$.args" and path "$.x" make "$.args.x". */
void error_prepend_path(error *e, str prefix);
str error_code_text(error_code c);
int error_status(const error *e);
/* Path or "$". */
str error_path(const error *e);
