/* auth_settings: what auth/ needs of the server's settings; for the server and for `weir auth check`. */
#pragma once
#include "auth/auth.h"
#include "server/server_config.h"

/* Texts are those of g. */
auth_config auth_settings(const server_config *g);
