/* cmd_status: the project and the server at one look. */
#pragma once
#include "cli/cmd.h"

extern const cmd_spec cmd_status;
