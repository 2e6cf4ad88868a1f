/* jwt_explain: steps for whoever asks why a token is taken or refused (weir auth check). What a token says of itself is
 * shown before anything of it is believed. */
#pragma once
#include "auth/auth.h"
#include "auth/jwt_config.h"

/* No token was found: where the configurations look for one. */
void jwt_explain_places(auth_request *r, const jwt_config *configs, size_t n);
/* What stands in the token. Nothing when it cannot be read: the refusal says why. */
void jwt_explain_token(auth_request *r, arena *scratch, str token, uint64_t now_ms);
