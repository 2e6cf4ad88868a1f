/* jwt: from the tokens in a request's headers to a session. Hasura v2: Server/Auth/JWT.hs processJwt. */
#pragma once
#include "auth/auth.h"
#include "auth/jwt_config.h"

typedef struct jwt jwt;               /* shared: the configurations */
typedef struct jwt_worker jwt_worker; /* per worker: keys in use, verified tokens */

enum { JWT_CONFIGS_MAX = 64 };

/* From the JSON texts of auth_config; NULL in *out when there are none. Error: "Fatal Error: …". */
MUST_CHECK bool jwt_new(const auth_config *c, jwt **out, error *err);
void jwt_free(jwt *j); /* NULL is fine */

/* fetches: this worker keeps the key sets fresh. */
jwt_worker *jwt_worker_new(jwt *j, uv_loop_t *loop, bool fetches);
void jwt_worker_free(jwt_worker *w); /* NULL is fine */

typedef enum jwt_outcome {
	JWT_NONE, /* no token where one is looked for */
	JWT_SESSION,
	JWT_FAILED,
} jwt_outcome;

/* Fills *out or *err. */
jwt_outcome jwt_authenticate(jwt_worker *w, auth_request *r, session **out, error *err);
