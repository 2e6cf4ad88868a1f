/* jws: a token in compact form, taken apart and its signature checked. RFC 7515. Nothing of the token is believed before
 * jws_verify says so. */
#pragma once
#include "auth/jwk.h"

typedef struct jws {
	str signed_part;         /* header.payload as sent */
	str signature;           /* bytes */
	str payload;             /* bytes */
	jws_algorithm algorithm; /* JWS_ALGORITHM_COUNT: none that is known, "none" included */
	str algorithm_text;
	str kid; /* empty: none */
} jws;

/* Takes token apart. Error: ERR_INVALID_JWT "Could not verify JWT: JWSError (…)", Hasura's texts. */
MUST_CHECK bool jws_parse(arena *a, str token, jws *out, error *err);
/* Checks the signature with the keys of s that may (algorithm; then the token's kid, when a key has it). *unknown_kid:
 * the token names a key that s does not have. Error: ERR_INVALID_JWT. */
MUST_CHECK bool jws_verify(const jws *t, const key_set *s, bool *unknown_kid, error *err);
/* The payload without any check of the signature, for choosing among configurations; false: not readable. */
bool jws_peek(arena *a, str token, str *payload);
