/* cmd_small: commands of a few lines. */
#pragma once
#include "cli/cmd.h"

extern const cmd_spec cmd_version, cmd_completion, cmd_plugins, cmd_update, cmd_actions, cmd_scripts;
