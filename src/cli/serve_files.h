/* serve_files: --metadata-dir and --migrations-dir: files applied to the database before the first request is answered. */
#pragma once
#include "cli/options.h"
#include "server/server.h"

/* Nothing to do without the options. Error: a folder that is not there, what is wrong in its files, a migration that fails. */
MUST_CHECK bool serve_files_apply(arena *a, const options *o, server *s, error *err);
