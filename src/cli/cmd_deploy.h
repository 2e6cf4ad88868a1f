/* cmd_deploy: a project onto a server. */
#pragma once
#include "cli/project.h"

extern const cmd_spec cmd_deploy;

/*
 * As part of a server's start: the project's metadata, its pending migrations, and metadata again when any ran; each only if
 * asked for (migrations_version: that of config.yaml whose layout they have, 0 for none). Says what it does to the command's log. Error: nothing more is done; the server must not start.
 */
MUST_CHECK bool deploy_at_start(const project *p, bool metadata, int migrations_version, error *err);
