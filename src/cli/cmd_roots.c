/* cmd_roots: the commands of a project. */
#include "cli/cmd_console.h"
#include "cli/cmd_deploy.h"
#include "cli/cmd_init.h"
#include "cli/cmd_metadata.h"
#include "cli/cmd_migrate.h"
#include "cli/cmd_seed.h"
#include "cli/cmd_small.h"
#include "cli/cmd_status.h"

const cmd_spec *const cmd_roots[] = {&cmd_init, &cmd_console, &cmd_metadata, &cmd_migrate, &cmd_seed, &cmd_deploy,
	&cmd_status, &cmd_completion, &cmd_version, &cmd_actions, &cmd_scripts, &cmd_plugins, &cmd_update, NULL};
