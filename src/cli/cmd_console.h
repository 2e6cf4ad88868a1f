/* cmd_console: `console`. */
#pragma once
#include "cli/cmd.h"

extern const cmd_spec cmd_console;
