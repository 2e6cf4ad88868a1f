/* jwt_verify: one token against one configuration: signature, registered claims, roles and variables. */
#pragma once
#include "auth/jws.h"
#include "auth/jwt_config.h"

typedef struct jwt_check {
	const jwt_config *config;
	const key_set *keys;
	bool lenient;    /* a token without aud or iss passes where they are configured, as in Hasura */
	uint64_t now_ms; /* wall clock */
} jwt_check;

/* scratch: for the token's parts; a: for *out. *unknown_kid: see jws_verify. Errors: invalid-jwt, jwt-invalid-claims,
 * jwt-missing-role-claims. */
MUST_CHECK bool jwt_verify(
	arena *scratch, arena *a, const jwt_check *c, str token, verified *out, bool *unknown_kid, error *err);
/* The token's issuer, not believed yet; p NULL: none or not readable. */
str jwt_peek_issuer(arena *scratch, str token);
