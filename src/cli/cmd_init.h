/* cmd_init: `init`. */
#pragma once
#include "cli/cmd.h"

extern const cmd_spec cmd_init;
