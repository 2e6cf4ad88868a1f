/* sql_error: what the server said of an SQL file, with the file's line. */
#pragma once
#include "cli/project.h"

/* Rewrites err's message: "seeds/1_a.sql, line 3: …; kept". text: what was sent. Returns false. */
bool sql_error_in_file(const project *p, str file, str text, const char *kept, error *err);
