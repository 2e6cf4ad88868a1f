/* cmd_metadata: the commands below `metadata`. */
#pragma once
#include "cli/cmd.h"

extern const cmd_spec cmd_metadata;
/* cmd_metadata.c */
extern const cmd_spec cmd_metadata_apply, cmd_metadata_export, cmd_metadata_reload, cmd_metadata_clear,
	cmd_metadata_build, cmd_metadata_validate;
/* cmd_metadata_diff.c */
extern const cmd_spec cmd_metadata_diff;
/* cmd_inconsistency.c */
extern const cmd_spec cmd_inconsistency;
/* metadata_watch.c */
extern const cmd_spec cmd_metadata_watch;
