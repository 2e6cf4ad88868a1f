/* jwt_config: one token configuration (HASURA_GRAPHQL_JWT_SECRET), as data. Hasura v2: Server/Auth/JWT.hs. */
#pragma once
#include "auth/claims.h"
#include "auth/key_source.h"
#include "base/vec.h"

typedef enum jwt_place { JWT_AUTHORIZATION, JWT_COOKIE, JWT_CUSTOM_HEADER } jwt_place;

typedef struct jwt_config {
	key_set *keys;      /* NULL: from source */
	str jwk_url;        /* empty: keys */
	key_source *source; /* made by jwt_new */
	jwt_place place;
	str name; /* of the cookie, or of the header in lower case */
	bool has_audience;
	str_vec audience;
	str issuer; /* p NULL: any */
	uint64_t skew_ms;
	claims_rule claims;
} jwt_config;

/* From JSON; a keeps the texts, *out owns its keys. lenient: see auth_config. Error: invalid-configuration with Hasura's
 * text, without naming the flag. */
MUST_CHECK bool jwt_config_parse(arena *a, const json *j, bool lenient, jwt_config *out, error *err);
