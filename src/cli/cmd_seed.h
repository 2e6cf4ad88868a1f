/* cmd_seed: `seed` and `deploy`. */
#pragma once
#include "cli/project.h"

extern const cmd_spec cmd_seed;
/* Runs the seeds of a source in the order of their names; files (may be empty): only these. *count: how many ran. */
MUST_CHECK bool seed_apply_source(project *p, str source, const str_vec *files, size_t *count, error *err);
